#include "engine/dsp/delayline.h"
#include "engine/dsp/limiter.h"
#include "engine/dsp/oversample.h"
#include "engine/dsp/rest.h"

/* What a clipper takes away is nothing most of the time. So only that is oversampled and filtered, and subtracted from
 * the delayed sound: below the knee samples pass to the bit, and the rest keeps its full bandwidth. */

enum { DRIVE, GAIN_REDUCTION, CEILING, KNEE, PARAMS };

/* clang-format off */
static const td_param params[PARAMS] = {
    [DRIVE] = { "drive", TD_UNIT_DB, -12, 36, 0, .flags = TD_SOLVABLE, .help = "gain in front of the ceiling" },
    [GAIN_REDUCTION] = { "gain_reduction", TD_UNIT_DB, 0, 24, NAN, .flags = TD_GOAL, .solves = "drive",
        .help = "how much of the peaks is cut off; decides the drive" },
    [CEILING] = { "ceiling", TD_UNIT_DBFS, -40, 0, -1, .help = "where peaks are cut off" },
    [KNEE] = { "knee", TD_UNIT_DB, 0, 12, 1, .help = "how far below the ceiling the cut begins to bend; 0: hard" },
};
/* clang-format on */

#define LEAST_RATE_HZ 384000 /* hard corners: 8 times 48 kHz */
#define HOLD_REACH    4      /* frames: picks of every 8th see every peak */

/* The curve is x - g(x): g is 0 up to 1 - w, bends quadratically up to 1 + w and rises as x does from there, so that
 * the curve ends at 1. G is its integral. Both of a magnitude. */
typedef struct corner {
    double start, width; /* 1 - w, 2 w */
    double per2, per3;   /* 1 / (4 w), 1 / (12 w); 0 when hard */
} corner;

typedef struct clipper {
    corner corner;
    td_oversample *over;
    unsigned factor;
    bool draft;
    td_v2 past, past_integral;
    size_t calm; /* frames since the knee was last reached */
    td_delayline delay;
    td_rest rest;
    td_hold hold;
    double drive, ceiling;
    td_v2 x[TD_OVERSAMPLE_FRAMES];
    float level[TD_BLOCK];
} clipper;

/* ---- the corner ------------------------------------------------------------------------------------------------- */

static corner corner_of(double knee_db)
{
    double start = td_from_db(-knee_db), w = 1 - start;
    return (corner){ start, 2 * w, w > 0 ? 1 / (4 * w) : 0, w > 0 ? 1 / (12 * w) : 0 };
}

static double taken(const corner *c, double x)
{
    double t = td_clamp(x - c->start, 0, c->width);
    return t * t * c->per2 + fmax(x - c->start - c->width, 0);
}

/* The mean of g between two samples: first-order antiderivative anti-aliasing (Parker, Zavalishin, Le Bivic, DAFx-16).
 */
static td_v2 integral(const corner *c, td_v2 x)
{
    td_v2 zero = td_v2_set(0), width = td_v2_set(c->width), a = td_v2_abs(x) - td_v2_set(c->start);
    td_v2 t = td_v2_min(td_v2_max(a, zero), width), over = td_v2_max(a - width, zero);
    return t * t * t * td_v2_set(c->per3) + over * (t * td_v2_set(0.5) + over * td_v2_set(0.5));
}

static td_v2 value(const corner *c, td_v2 x)
{
    td_v2 y = { taken(c, fabs(x[0])), taken(c, fabs(x[1])) };
    return td_v2_select(x < td_v2_set(0), -y, y);
}

static void take_means(clipper *k, td_v2 *x, size_t n)
{
    td_v2 past = k->past, past_integral = k->past_integral;
    for (size_t i = 0; i < n; i++) {
        td_v2 now = integral(&k->corner, x[i]), step = x[i] - past;
        td_m2 wide = td_v2_abs(step) > td_v2_set(1e-5);
        td_v2 y = (now - past_integral) / td_v2_select(wide, step, td_v2_set(1));
        if (!(wide[0] & wide[1])) y = td_v2_select(wide, y, value(&k->corner, td_v2_set(0.5) * (x[i] + past)));
        past = x[i];
        past_integral = now;
        x[i] = y;
    }
    k->past = past;
    k->past_integral = past_integral;
}

static void take_points(clipper *k, td_v2 *x, size_t n)
{
    k->past = x[n - 1];
    for (size_t i = 0; i < n; i++) x[i] = value(&k->corner, x[i]);
}

/* ---- processor -------------------------------------------------------------------------------------------------- */

static void clear(clipper *k)
{
    td_oversample_reset(k->over);
    td_delayline_reset(&k->delay);
    k->past = k->past_integral = td_v2_set(0);
    k->calm = k->rest.hold;
}

static void clipper_reset(void *st)
{
    clipper *k = st;
    k->rest = td_rest_init(2 * td_oversample_latency(k->over));
    clear(k);
    td_hold_reset(&k->hold);
}

static td_status clipper_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    clipper *k = st;
    td_oversample_for shaper = fmt->draft ? TD_OVERSAMPLE_DRAFT : TD_OVERSAMPLE_MEANS;
    k->draft = fmt->draft;
    k->corner = corner_of(set->value[KNEE]);
    k->drive = td_from_db(set->value[DRIVE]);
    k->ceiling = td_from_db(set->value[CEILING]);
    k->factor = td_oversample_factor(fmt->rate_hz, LEAST_RATE_HZ, shaper);
    td_status ok = td_oversample_new(fmt->rate_hz, k->factor, shaper, &k->over);
    if (ok == TD_OK) ok = td_delayline_init(&k->delay, td_oversample_latency(k->over));
    if (ok == TD_OK) ok = td_hold_init(&k->hold, HOLD_REACH);
    if (ok != TD_OK) return td_fail(err, ok, NULL, NULL, "clipper: cannot be made at %g Hz", fmt->rate_hz);
    clipper_reset(k);
    return TD_OK;
}

static void clipper_destroy(void *st)
{
    clipper *k = st;
    td_oversample_free(k->over);
    td_delayline_fini(&k->delay);
    td_hold_fini(&k->hold);
}

static size_t clipper_detectors(const void *st)
{
    (void)st;
    return 1;
}

static void clipper_sense(void *st, const float *const *in, const float *const *key, size_t frames, float *const *level)
{
    const float *const *heard = key ? key : in;
    for (size_t i = 0; i < frames; i++) level[0][i] = fmaxf(fabsf(heard[0][i]), fabsf(heard[1][i]));
    td_hold_run(&((clipper *)st)->hold, level[0], frames, level[0]);
}

static void clipper_react(void *st, size_t detector, const float *level, size_t frames, float *gr_db)
{
    (void)detector;
    const clipper *k = st;
    for (size_t i = 0; i < frames; i++) {
        double x = (double)level[i] * k->drive / k->ceiling;
        gr_db[i] = x > k->corner.start ? (float)-td_level_db(1 - taken(&k->corner, x) / x) : 0;
    }
}

/* Whether anything is taken of these n samples, or of the way to the first. */
TD_WIDE static bool reaches_knee(const clipper *k, const td_v2 *x, size_t n)
{
    td_v2 most = td_v2_abs(k->past);
    for (size_t i = 0; i < n; i++) most = td_v2_max(most, td_v2_abs(x[i]));
    return most[0] > k->corner.start || most[1] > k->corner.start;
}

/* x, at the base rate, becomes what is taken of it. Long after the knee was last reached that is nothing, and mostly
 * the first doubling tells. */
static void take(clipper *k, td_v2 *x, size_t n)
{
    size_t many = n * k->factor;
    bool rests = k->calm >= k->rest.hold;
    td_v2 *over =
        rests ? td_oversample_up_above(k->over, x, n, k->corner.start, &k->past) : td_oversample_up(k->over, x, n);
    if (over && reaches_knee(k, over, many)) {
        k->calm = 0;
        (k->draft ? take_points : take_means)(k, over, many);
    } else {
        if (over) k->past = over[many - 1];
        k->past_integral = td_v2_set(0);
        memset(x, 0, n * sizeof *x);
        if (rests) return;
        memset(over, 0, many * sizeof *over);
        k->calm += n;
    }
    td_oversample_down(k->over, x, n);
}

static void run(clipper *k, float *const *ch, size_t n)
{
    td_v2 *x = k->x, scale = td_v2_set(k->drive / k->ceiling);
    for (size_t i = 0; i < n; i++) x[i] = td_v2_load(ch, i) * scale;
    take(k, x, n);
    td_delayline_process(&k->delay, (const float *const *)ch, ch, n);
    for (size_t i = 0; i < n; i++)
        td_v2_store(ch, i, td_v2_load(ch, i) * td_v2_set(k->drive) - x[i] * td_v2_set(k->ceiling));
}

static void clipper_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    clipper *k = st;
    if (gr) {
        clipper_sense(k, (const float *const *)ch, key, frames, gr);
        clipper_react(k, 0, gr[0], frames, gr[0]);
    }
    for (size_t at = 0, n; (n = td_rest_run(&k->rest, ch, &at, frames, TD_OVERSAMPLE_FRAMES)) > 0; at += n) {
        run(k, (float *[]){ ch[0] + at, ch[1] + at }, n);
        if (td_rest_over(&k->rest)) clear(k);
    }
}

static size_t clipper_latency(const void *st)
{
    return td_oversample_latency(((const clipper *)st)->over);
}

static const td_dynamics dynamics = { .detectors = clipper_detectors, .sense = clipper_sense, .react = clipper_react };

const td_processor td_clipper = {
    .name = "clipper",
    .help = "cuts off the tips of peaks: louder drums without a limiter's pumping",
    .stands_for = "converter clipping, StandardCLIP, KClip",
    .params = params,
    .n_params = PARAMS,
    .state_size = sizeof(clipper),
    .prepare = clipper_prepare,
    .process = clipper_process,
    .reset = clipper_reset,
    .latency = clipper_latency,
    .tail = clipper_latency,
    .destroy = clipper_destroy,
    .dynamics = &dynamics,
    .peaks = true,
    .bends = true,
};
