#include "engine/dsp/downward.h"

td_status td_downward_prepare(td_downward *d, const td_format *fmt, const td_downward_settings *set)
{
    double rate_hz = td_pick_rate(fmt);
    td_detector_set(&d->detector, TD_DETECT_ENVELOPE, set->low_cut_hz, 0, fmt->rate_hz);
    if (set->high_cut_hz > 0) td_detector_high_cut(&d->detector, set->high_cut_hz, fmt->rate_hz);
    td_knee_set(&d->knee, -set->threshold_db, 1, set->knee_db);
    d->knee.slope = isinf(set->ratio) ? 1e6 : set->ratio - 1;
    d->open_db = set->threshold_db + set->knee_db / 2;
    d->close_db = d->open_db - set->hysteresis_db;
    d->range_db = set->range_db;
    d->attack = td_share(set->attack_ms, rate_hz);
    d->release = td_share(set->release_ms, rate_hz);
    d->hold = (size_t)rint(set->hold_ms * 0.001 * rate_hz);
    td_status st = td_delayline_init(&d->delay, (size_t)rint(set->lookahead_ms * 0.001 * fmt->rate_hz));
    td_downward_reset(d);
    return st;
}

void td_downward_reset(void *st)
{
    td_downward *d = st;
    td_detector_reset(&d->detector);
    td_delayline_reset(&d->delay);
    d->open = false;
    d->quiet = 0;
    d->s = d->range_db;
}

static size_t detectors(const void *st)
{
    (void)st;
    return 1;
}

static void sense(void *st, const float *const *in, const float *const *key, size_t frames, float *const *level)
{
    td_downward *d = st;
    float *power[2] = { d->power[0], d->power[1] };
    td_detector_run(&d->detector, key ? key : in, frames, power);
    td_link_run((const float *const *)power, 1, frames, level[0], NULL);
}

static double wanted(td_downward *d, double level_db)
{
    if (level_db >= d->open_db) d->open = true;
    d->quiet = level_db < d->close_db ? d->quiet + 1 : 0;
    if (d->quiet > d->hold) d->open = false;
    return d->open ? 0 : fmin(d->range_db, td_knee_reduction(&d->knee, -level_db));
}

static void react(void *st, size_t detector, const float *level, size_t frames, float *gr_db)
{
    (void)detector;
    td_downward *d = st;
    td_level_run(level, frames, gr_db);
    for (size_t i = 0; i < frames; i++) {
        double c = wanted(d, (double)gr_db[i]);
        d->s += (c < d->s ? d->attack : d->release) * (c - d->s);
        if (d->s < 1e-5 && c == 0) d->s = 0; /* open is exact */
        gr_db[i] = (float)d->s;
    }
}

void td_downward_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    td_downward *d = st;
    float *change = gr ? gr[0] : d->level;
    sense(d, (const float *const *)ch, key, frames, &change);
    react(d, 0, change, frames, change);
    td_delayline_process(&d->delay, (const float *const *)ch, ch, frames);
    td_gain_apply(ch, change, NULL, 1, frames);
}

size_t td_downward_latency(const void *st)
{
    return ((const td_downward *)st)->delay.frames;
}

void td_downward_destroy(void *st)
{
    td_delayline_fini(&((td_downward *)st)->delay);
}

const td_dynamics td_downward_dynamics = { detectors, sense, react };
