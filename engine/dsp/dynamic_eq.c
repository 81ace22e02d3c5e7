#include "engine/dsp/dynamics.h"
#include "engine/dsp/section.h"

#include <string.h>

enum { AT, Q, SHAPE, THRESHOLD, GAIN_REDUCTION, RATIO, KNEE, ATTACK, RELEASE, DEPTH, DIRECTION, PARAMS };
enum { BELL, LOW_SHELF, HIGH_SHELF };
enum { CUT, LIFT };

static const char *const shapes[] = { "bell", "low_shelf", "high_shelf", NULL };
static const char *const directions[] = { "cut", "lift", NULL };

/* clang-format off */
static const td_param params[PARAMS] = {
    [AT] = { "at", TD_UNIT_HZ, 20, 20000, 1000, .flags = TD_SOLVABLE | TD_MEASURED, .help = "centre of the bell, corner of a shelf" },
    [Q] = { "q", TD_UNIT_NUMBER, 0.2, 20, 1, .flags = TD_MEASURED, .help = "of the bell; higher is narrower" },
    [SHAPE] = { "shape", TD_UNIT_CHOICE, 0, 2, BELL, .choices = shapes, .help = "what moves" },
    [THRESHOLD] = { "threshold", TD_UNIT_DBFS, -90, 20, -30, .help = "level within the band at which it begins to move" },
    [GAIN_REDUCTION] = { "gain_reduction", TD_UNIT_DB, 0, 24, NAN, .flags = TD_GOAL | TD_SOLVABLE, .solves = "threshold",
                         .help = "how far it moves; decides the threshold" },
    [RATIO] = { "ratio", TD_UNIT_RATIO, 1, INFINITY, 3, .help = "above the knee" },
    [KNEE] = { "knee", TD_UNIT_DB, 0, 40, 6, .help = "width of the bend" },
    [ATTACK] = { "attack", TD_UNIT_MS, 0.1, 1000, 10, .help = "63 % of the way" },
    [RELEASE] = { "release", TD_UNIT_MS, 5, 5000, 120, .help = "63 % of the way back" },
    [DEPTH] = { "depth", TD_UNIT_DB, 0.5, 24, 12, .help = "further it does not go" },
    [DIRECTION] = { "direction", TD_UNIT_CHOICE, 0, 1, CUT, .choices = directions, .help = "cut: less when loud; lift: more" },
};
/* clang-format on */

/* y = x + k (H x - x): H is the matched bell or shelf at full depth, k from 0 to 1. At the centre that is any gain
 * between 1 and full depth, and no coefficient ever moves. */
typedef struct dynamic_eq {
    td_section full[TD_MATCH_MAX], band[TD_MATCH_MAX];
    size_t n_full, n_band;
    td_detector detector;
    td_knee knee;
    td_ballistics fresh, ballistics;
    double depth_db, sign; /* sign: of the reduction as reported */
    double per_full;       /* k for a change of gain by 1 */
    float level[TD_BLOCK];
} dynamic_eq;

static td_prototype shape_of(const double *v, double gain_db)
{
    if (v[SHAPE] == LOW_SHELF) return td_low_shelf(v[AT], sqrt(0.5), gain_db);
    if (v[SHAPE] == HIGH_SHELF) return td_high_shelf(v[AT], sqrt(0.5), gain_db);
    return td_bell(v[AT], v[Q], gain_db);
}

static td_prototype band_of(const double *v) /* what the detector listens to */
{
    if (v[SHAPE] == LOW_SHELF) return td_low_pass(v[AT], sqrt(0.5));
    if (v[SHAPE] == HIGH_SHELF) return td_high_pass(v[AT], sqrt(0.5));
    return td_band_pass(v[AT], v[Q]);
}

static void dynamic_eq_reset(void *st)
{
    dynamic_eq *d = st;
    td_section_clear(d->full, d->n_full);
    td_section_clear(d->band, d->n_band);
    td_detector_reset(&d->detector);
    d->ballistics = d->fresh;
}

static td_status dynamic_eq_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    (void)err;
    dynamic_eq *d = st;
    const double *v = set->value;
    d->sign = v[DIRECTION] == LIFT ? -1 : 1;
    d->depth_db = v[DEPTH];
    d->per_full = 1 / (td_from_db(-d->sign * v[DEPTH]) - 1);
    if (!fmt->pick) {
        td_section_append(d->full, &d->n_full, shape_of(v, -d->sign * v[DEPTH]), fmt->rate_hz);
        td_section_append(d->band, &d->n_band, band_of(v), fmt->rate_hz);
    }
    td_detector_set(&d->detector, TD_DETECT_ENVELOPE, 0, 0, fmt->rate_hz);
    td_knee_set(&d->knee, v[THRESHOLD], v[RATIO], v[KNEE]);
    td_ballistics_set(&d->fresh, v[ATTACK], v[RELEASE], td_pick_rate(fmt));
    dynamic_eq_reset(d);
    return TD_OK;
}

static size_t dynamic_eq_detectors(const void *st)
{
    (void)st;
    return 1;
}

static void dynamic_eq_sense(void *st, const float *const *in, const float *const *key, size_t frames,
                             float *const *level)
{
    dynamic_eq *d = st;
    const float *const *heard = key ? key : in;
    td_v2 x[TD_BLOCK];
    float band[2][TD_BLOCK], *const ch[2] = { band[0], band[1] };
    for (size_t i = 0; i < frames; i++) x[i] = (td_v2){ (double)heard[0][i], (double)heard[1][i] };
    td_section_run(d->band, d->n_band, x, frames);
    td_v2_store_all(ch, x, frames);
    td_detector_run(&d->detector, (const float *const *)ch, frames, ch);
    td_link_run((const float *const *)ch, 1, frames, level[0], NULL);
}

static void dynamic_eq_react(void *st, size_t detector, const float *level, size_t frames, float *gr_db)
{
    (void)detector;
    dynamic_eq *d = st;
    td_knee_run(&d->knee, level, frames, gr_db);
    for (size_t i = 0; i < frames; i++) {
        double wanted = fmin((double)gr_db[i], d->depth_db);
        gr_db[i] = (float)(d->sign * td_ballistics_branch(&d->ballistics, wanted));
    }
}

static void dynamic_eq_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    dynamic_eq *d = st;
    float *reduction[1] = { gr ? gr[0] : d->level };
    dynamic_eq_sense(d, (const float *const *)ch, key, frames, reduction);
    dynamic_eq_react(d, 0, reduction[0], frames, reduction[0]);
    td_v2 full[TD_BLOCK];
    td_v2_load_all((const float *const *)ch, full, frames);
    td_section_run(d->full, d->n_full, full, frames);
    for (size_t i = 0; i < frames; i++) {
        double k = (td_db_gain(-(double)reduction[0][i]) - 1) * d->per_full;
        td_v2 x = td_v2_load(ch, i);
        td_v2_store(ch, i, x + k * (full[i] - x));
    }
}

static size_t dynamic_eq_tail(const void *st)
{
    const dynamic_eq *d = st;
    size_t frames = 0;
    for (size_t i = 0; i < d->n_full; i++) frames += td_section_ring(&d->full[i]);
    return frames;
}

static const td_dynamics dynamics = { .detectors = dynamic_eq_detectors,
                                      .sense = dynamic_eq_sense,
                                      .react = dynamic_eq_react };

const td_processor td_dynamic_eq = {
    .name = "dynamic_eq",
    .help = "a bell or shelf that moves only when its band gets loud",
    .stands_for = "a dynamic equaliser such as Pro-Q or F6",
    .params = params,
    .n_params = PARAMS,
    .state_size = sizeof(dynamic_eq),
    .prepare = dynamic_eq_prepare,
    .process = dynamic_eq_process,
    .reset = dynamic_eq_reset,
    .tail = dynamic_eq_tail,
    .dynamics = &dynamics,
    .hears_key = true,
};
