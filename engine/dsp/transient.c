#include "engine/dsp/delayline.h"
#include "engine/dsp/dynamics.h"

/* Two pairs of followers of the level in dB (the differential envelopes of the SPL Transient Designer): a quick and a
 * slow rise tell an onset, a quick and a slow fall tell what rings on. Differences of decibels do not know the level,
 * so there is no threshold. */

enum { ATTACK, SUSTAIN, LOOKAHEAD, PARAMS };

/* clang-format off */
static const td_param params[PARAMS] = {
    [ATTACK] = { "attack", TD_UNIT_DB, -15, 15, 0, .flags = TD_SOLVABLE, .help = "how much onsets gain or lose" },
    [SUSTAIN] = { "sustain", TD_UNIT_DB, -24, 24, 0, .flags = TD_SOLVABLE,
        .help = "how much what rings on gains or loses" },
    [LOOKAHEAD] = { "lookahead", TD_UNIT_MS, 0, 10, 1, .help = "the gain moves so much before the onset" },
};
/* clang-format on */

static const double floor_db = -100; /* silence: below it levels are alike */
static const double quick_ms = 0.5, onset_ms = 20, fall_ms = 30, between_ms = 80, ring_ms = 600;
static const double onset_full_db = 6, ring_full_db = 8;   /* differences that bring 63 % of the gain */
static const double onset_most_db = 24, ring_most_db = 36; /* no slow one lags further: silence in front adds nothing */
static const double smooth_ms = 1;

typedef struct transient {
    td_detector detector;
    td_delayline delay;
    td_ballistics rise_quick, rise_slow, fall_quick, fall_slow;
    double attack_db, sustain_db, smooth, gain_db;
    float power[2][TD_BLOCK], level[TD_BLOCK];
} transient;

static void transient_reset(void *st)
{
    transient *t = st;
    td_detector_reset(&t->detector);
    td_delayline_reset(&t->delay);
    t->rise_quick.s = t->rise_slow.s = t->fall_quick.s = t->fall_slow.s = floor_db;
    t->gain_db = 0;
}

static td_status transient_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    transient *t = st;
    double rate_hz = td_pick_rate(fmt);
    t->attack_db = set->value[ATTACK];
    t->sustain_db = set->value[SUSTAIN];
    t->smooth = td_share(smooth_ms, rate_hz);
    td_detector_set(&t->detector, TD_DETECT_ENVELOPE, 0, 0, fmt->rate_hz);
    td_ballistics_set(&t->rise_quick, quick_ms, between_ms, rate_hz);
    td_ballistics_set(&t->rise_slow, onset_ms, between_ms, rate_hz);
    td_ballistics_set(&t->fall_quick, quick_ms, fall_ms, rate_hz);
    td_ballistics_set(&t->fall_slow, quick_ms, ring_ms, rate_hz);
    if (td_delayline_init(&t->delay, (size_t)rint(set->value[LOOKAHEAD] * 0.001 * fmt->rate_hz)) != TD_OK)
        return td_no_memory(err);
    transient_reset(t);
    return TD_OK;
}

static void transient_destroy(void *st)
{
    td_delayline_fini(&((transient *)st)->delay);
}

static size_t detectors(const void *st)
{
    (void)st;
    return 1;
}

static void sense(void *st, const float *const *in, const float *const *key, size_t frames, float *const *level)
{
    transient *t = st;
    float *power[2] = { t->power[0], t->power[1] };
    td_detector_run(&t->detector, key ? key : in, frames, power);
    td_link_run((const float *const *)power, 1, frames, level[0], NULL);
}

/* 0 to 1: how far a difference of envelopes has come to its full effect. */
static double effect(double difference_db, double full_db)
{
    return difference_db > 0 ? 1 - td_db_gain(-8.685889638 * difference_db / full_db) : 0; /* 1 - e^-x */
}

static void react(void *st, size_t detector, const float *level, size_t frames, float *gr_db)
{
    (void)detector;
    transient *t = st;
    td_level_run(level, frames, gr_db);
    for (size_t i = 0; i < frames; i++) {
        double x = fmax((double)gr_db[i], floor_db);
        double up = td_ballistics_branch(&t->rise_quick, x), down = td_ballistics_branch(&t->fall_quick, x);
        t->rise_slow.s = fmax(t->rise_slow.s, up - onset_most_db);
        t->fall_slow.s = fmin(t->fall_slow.s, down + ring_most_db);
        double onset = up - td_ballistics_branch(&t->rise_slow, x);
        double ring = td_ballistics_branch(&t->fall_slow, x) - down;
        double gain_db = t->attack_db * effect(onset, onset_full_db) + t->sustain_db * effect(ring, ring_full_db);
        t->gain_db += t->smooth * (gain_db - t->gain_db);
        gr_db[i] = (float)-t->gain_db;
    }
}

static void transient_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    transient *t = st;
    float *change = gr ? gr[0] : t->level;
    sense(t, (const float *const *)ch, key, frames, &change);
    react(t, 0, change, frames, change);
    td_delayline_process(&t->delay, (const float *const *)ch, ch, frames);
    td_gain_apply(ch, change, NULL, 1, frames);
}

static size_t transient_latency(const void *st)
{
    return ((const transient *)st)->delay.frames;
}

static const td_dynamics dynamics = { .detectors = detectors, .sense = sense, .react = react };

const td_processor td_transient = {
    .name = "transient",
    .help = "shapes onsets and what rings on, at any level alike",
    .stands_for = "SPL Transient Designer",
    .params = params,
    .n_params = PARAMS,
    .state_size = sizeof(transient),
    .prepare = transient_prepare,
    .process = transient_process,
    .reset = transient_reset,
    .latency = transient_latency,
    .destroy = transient_destroy,
    .dynamics = &dynamics,
    .hears_key = true,
};
