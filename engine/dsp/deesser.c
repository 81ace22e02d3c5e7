#include "engine/dsp/dynamics.h"
#include "engine/dsp/section.h"

#include <stdlib.h>

enum { RANGE, DEPTH = RANGE + 2, THRESHOLD, GAIN_REDUCTION, MODE, RATIO, ATTACK, RELEASE, LOOKAHEAD, PARAMS };
enum { SPLIT, WIDE };

static const char *const modes[] = { "split", "wide", NULL };

/* clang-format off */
static const td_param params[PARAMS] = {
    [RANGE] = { "range", TD_UNIT_HZ, 1000, 20000, 5000, .flags = TD_MEASURED, .span = 2,
                .help = "where the voice's s lies: about 4.5 to 10 kHz, lower for low voices" },
    [RANGE + 1] = { .unit = TD_UNIT_HZ, .min = 1000, .max = 20000, .def = 9000 },
    [DEPTH] = { "depth", TD_UNIT_DB, 0, 24, 6, .flags = TD_SOLVABLE, .help = "the largest reduction" },
    [THRESHOLD] = { "threshold", TD_UNIT_DB, -40, 0, -8, .solved_min = -10,
                    .help = "the range against the whole, above which it is an s: soft and loud ones alike" },
    [GAIN_REDUCTION] = { "gain_reduction", TD_UNIT_DB, 0, 24, NAN, .flags = TD_GOAL | TD_SOLVABLE, .solves = "threshold",
                         .help = "how far an s is lowered; decides the threshold, not below -10 dB: what lies lower is no s" },
    [MODE] = { "mode", TD_UNIT_CHOICE, 0, 1, SPLIT, .choices = modes, .help = "split lowers the range, wide the whole voice" },
    [RATIO] = { "ratio", TD_UNIT_RATIO, 1, INFINITY, 4, .help = "above the threshold" },
    [ATTACK] = { "attack", TD_UNIT_MS, 0.1, 20, 0.7, .help = "63 % of the way down" },
    [RELEASE] = { "release", TD_UNIT_MS, 5, 500, 50, .help = "63 % of the way back" },
    [LOOKAHEAD] = { "lookahead", TD_UNIT_MS, 1, 10, 2.5, .help = "the gain moves so much before the sound" },
};
/* clang-format on */

/* Two symmetric filters' worth of sound: the band, and the rest, which is the delayed sound without the band. They add
 * up exactly whatever the band's gain, and the filter's delay is the look-ahead. */
typedef struct deesser {
    size_t half;  /* the filter's delay */
    size_t reach; /* of its taps to both sides of the middle one */
    td_v2 *tap;   /* reach + 1: from the middle outwards */
    td_v2 *past;  /* the last 2 half frames, then the block */
    bool wide;
    td_section band[4 * TD_MATCH_MAX]; /* of the detector: 24 dB/oct on both sides */
    size_t n_band;
    td_v2 mean_band, mean_all; /* squares */
    double share;
    td_knee knee;
    td_ballistics fresh, ballistics;
    double depth_db, attack_ms;
    float level[TD_BLOCK];
} deesser;

static const double window_ms = 2, silence = 1e-5; /* square of a level: -50 dBFS count for half */

/* Kaiser's window on the difference of two sincs; beta 5: its sides are 53 dB down. */
static void band_taps(double low, double high, size_t reach, td_v2 *tap) /* edges in cycles a frame */
{
    for (size_t i = 0; i <= reach; i++) {
        double t = (double)i, edge = t / (double)(reach + 1),
               window = td_bessel_i0(5 * sqrt(1 - edge * edge)) / td_bessel_i0(5);
        double ideal =
            i == 0 ? 2 * (high - low) : (td_sin(2 * TD_PI * high * t) - td_sin(2 * TD_PI * low * t)) / (TD_PI * t);
        tap[i] = td_v2_set(ideal * window);
    }
}

static void deesser_reset(void *st)
{
    deesser *d = st;
    memset(d->past, 0, (2 * d->half + TD_BLOCK) * sizeof *d->past);
    td_section_clear(d->band, d->n_band);
    d->mean_band = d->mean_all = td_v2_set(0);
    d->ballistics = d->fresh;
}

static td_status deesser_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    deesser *d = st;
    const double *v = set->value;
    double rate = fmt->rate_hz, low = v[RANGE], high = fmin(v[RANGE + 1], 0.45 * rate);
    /* long enough for edges a third as wide as the lower one is high; as much longer as the look-ahead allows */
    double least = 4.8 * rate / low, most = fmax(v[LOOKAHEAD] * 0.001 * rate, least);
    d->half = (size_t)ceil(most);
    d->reach = fmt->draft ? (size_t)ceil(least) : d->half;
    d->tap = td_calloc2(d->reach + 1, 1, sizeof *d->tap);
    d->past = td_calloc2(2 * d->half + TD_BLOCK, 1, sizeof *d->past);
    if (!d->tap || !d->past) return td_no_memory(err);
    double edge = 0.15 * low; /* so that the range itself is whole */
    band_taps((low - edge) / rate, fmin(high + edge, 0.5 * rate) / rate, d->reach, d->tap);
    d->wide = v[MODE] == WIDE;
    for (unsigned i = 0; i < 2 && !fmt->pick; i++) {
        td_section_append(d->band, &d->n_band, td_high_pass(low, td_butterworth_q(4, i)), rate);
        td_section_append(d->band, &d->n_band, td_low_pass(high, td_butterworth_q(4, i)), rate);
    }
    d->share = td_share(window_ms, rate);
    d->depth_db = v[DEPTH];
    d->attack_ms = v[ATTACK];
    td_knee_set(&d->knee, v[THRESHOLD], v[RATIO], 3);
    td_ballistics_set(&d->fresh, v[ATTACK], v[RELEASE], td_pick_rate(fmt));
    deesser_reset(d);
    return TD_OK;
}

static size_t deesser_detectors(const void *st)
{
    (void)st;
    return 1;
}

/* The range's share of the sound, as an amplitude: 1 when there is nothing else. */
static void deesser_sense(void *st, const float *const *in, const float *const *key, size_t frames, float *const *level)
{
    deesser *d = st;
    const float *const *heard = key ? key : in;
    td_v2 x[TD_BLOCK];
    for (size_t i = 0; i < frames; i++) x[i] = (td_v2){ (double)heard[0][i], (double)heard[1][i] };
    td_section_run(d->band, d->n_band, x, frames);
    for (size_t i = 0; i < frames; i++) {
        td_v2 all = { (double)heard[0][i], (double)heard[1][i] };
        d->mean_band += d->share * (x[i] * x[i] - d->mean_band);
        d->mean_all += d->share * (all * all - d->mean_all);
        double band = d->mean_band[0] + d->mean_band[1], whole = d->mean_all[0] + d->mean_all[1];
        level[0][i] = (float)sqrt(band / (whole + silence));
    }
}

static void deesser_react(void *st, size_t detector, const float *level, size_t frames, float *gr_db)
{
    (void)detector;
    deesser *d = st;
    td_ballistics own = d->ballistics;
    double depth_db = d->depth_db;
    td_knee_run(&d->knee, level, frames, gr_db);
    for (size_t i = 0; i < frames; i++) {
        double wanted = (double)gr_db[i];
        gr_db[i] = (float)td_ballistics_branch(&own, wanted < depth_db ? wanted : depth_db);
    }
    d->ballistics = own;
}

/* Four sums abreast, two a register: one would wait for itself at every tap. */
static inline __attribute__((always_inline)) td_v2 band_of(const td_v2 *tap, size_t reach, const td_v2 *middle)
{
    td_v4 sum[2] = { TD_V4(tap[0] * middle[0], td_v2_set(0)) };
    size_t k = 1;
    for (; k + 3 <= reach; k += 4)
        for (size_t i = 0; i < 2; i++) {
            size_t at = k + 2 * i;
            td_v4 after = *(const td_v4 *)(middle + at), before = *(const td_v4 *)(middle - at - 1);
            sum[i] += *(const td_v4 *)(tap + at) * (after + TD_V4(TD_HIGH(before), TD_LOW(before)));
        }
    td_v2 first = TD_LOW(sum[0]);
    for (; k <= reach; k++) first += tap[k] * (middle[k] + middle[-(ptrdiff_t)k]);
    return (first + TD_HIGH(sum[0])) + (TD_LOW(sum[1]) + TD_HIGH(sum[1]));
}

TD_WIDE static void lower(const deesser *d, const float *reduction_db, float *const *ch, size_t frames)
{
    for (size_t i = 0; i < frames; i++) {
        const td_v2 *middle = d->past + d->half + i;
        double change = td_db_gain(-(double)reduction_db[i]) - 1;
        td_v2 moved = d->wide || change == 0 ? middle[0] : band_of(d->tap, d->reach, middle);
        td_v2_store(ch, i, middle[0] + change * moved);
    }
}

static void deesser_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    deesser *d = st;
    float *reduction[1] = { gr ? gr[0] : d->level };
    deesser_sense(d, (const float *const *)ch, key, frames, reduction);
    deesser_react(d, 0, reduction[0], frames, reduction[0]);
    for (size_t i = 0; i < frames; i++) d->past[2 * d->half + i] = td_v2_load(ch, i);
    lower(d, reduction[0], ch, frames);
    memmove(d->past, d->past + frames, 2 * d->half * sizeof *d->past);
}

static size_t deesser_latency(const void *st)
{
    return ((const deesser *)st)->half;
}

static void deesser_destroy(void *st)
{
    deesser *d = st;
    free(d->tap);
    free(d->past);
}

/* What it hears moves no faster than the means it is made of. */
static double deesser_attack_ms(const void *st)
{
    return fmax(((const deesser *)st)->attack_ms, window_ms);
}

static const td_dynamics dynamics = { deesser_detectors, deesser_sense, deesser_react, deesser_attack_ms };

const td_processor td_deesser = {
    .name = "deesser",
    .help = "lowers sharp s and t of a voice, and nothing else",
    .stands_for = "a de-esser such as Pro-DS",
    .params = params,
    .n_params = PARAMS,
    .state_size = sizeof(deesser),
    .prepare = deesser_prepare,
    .process = deesser_process,
    .reset = deesser_reset,
    .latency = deesser_latency,
    .tail = deesser_latency,
    .destroy = deesser_destroy,
    .dynamics = &dynamics,
    .hears_key = true,
};
