#include "engine/dsp/downward.h"

td_status td_downward_prepare(td_downward *d, const td_format *fmt, double threshold_db, double ratio, double knee_db,
                              const double value[TD_DOWNWARD_PARAMS], td_error *err)
{
    double rate_hz = td_pick_rate(fmt);
    td_detector_set(&d->detector, TD_DETECT_ENVELOPE, value[TD_DOWNWARD_LOW_CUT], 0, fmt->rate_hz);
    if (value[TD_DOWNWARD_HIGH_CUT] > 0) td_detector_high_cut(&d->detector, value[TD_DOWNWARD_HIGH_CUT], fmt->rate_hz);
    td_knee_set(&d->knee, -threshold_db, 1, knee_db);
    d->knee.slope = isinf(ratio) ? 1e6 : ratio - 1;
    d->open_db = threshold_db + knee_db / 2;
    d->close_db = d->open_db - value[TD_DOWNWARD_HYSTERESIS];
    d->range_db = value[TD_DOWNWARD_RANGE];
    d->attack = td_share(value[TD_DOWNWARD_ATTACK], rate_hz);
    d->release = td_share(value[TD_DOWNWARD_RELEASE], rate_hz);
    d->hold = (size_t)rint(value[TD_DOWNWARD_HOLD] * 0.001 * rate_hz);
    size_t ahead = (size_t)rint(value[TD_DOWNWARD_LOOKAHEAD] * 0.001 * fmt->rate_hz);
    td_status st = td_delayline_init(&d->delay, ahead);
    td_downward_reset(d);
    return st == TD_OK ? TD_OK : td_no_memory(err);
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

const td_dynamics td_downward_dynamics = { .detectors = detectors, .sense = sense, .react = react };
