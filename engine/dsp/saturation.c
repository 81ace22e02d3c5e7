#include "engine/base/memory.h"
#include "engine/base/units.h"
#include "engine/dsp/curve.h"
#include "engine/dsp/dsp.h"
#include "engine/dsp/oversample.h"
#include "engine/dsp/rest.h"
#include "engine/dsp/section.h"

#include <stdlib.h>
#include <string.h>

enum { MODEL, DRIVE, TONE, LOW_CUT, HIGH_CUT, AUTO_LEVEL, SATURATION_PARAMS };
enum { TUBE, DIODE, TRANSFORMER, TRIODE, PENTODE };

static const char *const model_names[] = { "tube", "diode", "transformer", "triode", "pentode", NULL };

/* clang-format off */
static const td_param saturation_params[SATURATION_PARAMS] = {
    [MODEL] = { "model", TD_UNIT_CHOICE, 0, PENTODE, TUBE, .choices = model_names,
        .help = "tube warm, diode bright, transformer full, triode soft and even, pentode hard and odd" },
    [DRIVE] = { "drive", TD_UNIT_DB, 0, 30, 3, .flags = TD_SOLVABLE,
        .help = "how hard the curve is driven; at 6 dB a sine of 0 VU (-18 dBFS) is distorted by 1 %" },
    [TONE] = { "tone", TD_UNIT_DB, -6, 6, 0,
        .help = "tilts what comes out around 1 kHz: bright above 0, dark below" },
    [LOW_CUT] = { "low_cut", TD_UNIT_HZ, 20, 1000, NAN,
        .help = "keeps what lies below out of the curve, 12 dB/oct; not set: off" },
    [HIGH_CUT] = { "high_cut", TD_UNIT_HZ, 1000, 20000, NAN,
        .help = "rounds off what the curve adds, 12 dB/oct; not set: off" },
    [AUTO_LEVEL] = { "auto_level", TD_UNIT_SWITCH, 0, 1, 1,
        .help = "keeps the loudness of the input, so that drive changes colour and not level" },
};
/* clang-format on */

/* ---- the curves ------------------------------------------------------------------------------------------------- */
/* All pass the origin with slope 1. Only asymmetry makes even harmonics. */

static double biased_tanh(double x, double bias)
{
    double rest = td_tanh(bias);
    return (td_tanh(x + bias) - rest) / (1 - rest * rest);
}

static double root(double x, double bend)
{
    (void)bend;
    return x / sqrt(1 + x * x);
}

static double triode_shape(double x, double bend)
{
    (void)bend;
    return x > 0 ? 1 - td_exp(-x) : td_tanh(x);
}

static double cubic(double x, double bend)
{
    (void)bend;
    double in = td_clamp(x, -1, 1);
    return in - in * in * in / 3;
}

/* one_percent: the sine's amplitude that the curve distorts by 1 % (harmonics 2 to 9 by power; the test finds it
 * again). Before the curve stands a first-order step, low_db below and high_db above freq_hz; after it the same turned
 * over: what is lifted saturates first, and the response stays flat. */
/* clang-format off */
static const struct model {
    td_shape *shape;
    double bend, one_percent, freq_hz, low_db, high_db;
} models[] = {
    [TUBE] =        { biased_tanh,  0.048, 0.2988, 1000, 0, 0 },
    [DIODE] =       { root,         0,     0.2894, 2000, 0, 4.5 },
    [TRANSFORMER] = { biased_tanh,  0.020, 0.3419, 120,  2, 0 },
    [TRIODE] =      { triode_shape, 0,     0.0797, 1000, 0, 0 },
    [PENTODE] =     { cubic,        0,     0.3413, 1000, 0, 0 },
};
/* clang-format on */

#define AT_ONE_PERCENT_DB 6.0 /* the drive at which 0 VU is distorted by 1 % */

/* ---- level ------------------------------------------------------------------------------------------------------ */

#define LEVEL_S     3.0  /* what the loudness means remember */
#define GAIN_S      0.05 /* how fast the gain follows them */
#define LEVEL_STEP  64   /* frames between two looks at them */
#define LEVEL_FLOOR 1e-8 /* mean square below which the curve counts as straight */

/* Loudness in and out, both leaking alike, so that their ratio is right from the first sound on and holds in pauses. */
typedef struct follower {
    td_section ear[2];                                  /* on input and output: a rough K weighting */
    double *late;                                       /* the input's powers, until their frames come out */
    size_t latency, at, until;                          /* until: frames to the next look */
    double leak, ease, straight, mean[2], gain, target; /* straight: the curve's gain where it does not bend */
} follower;

static td_status follower_init(follower *f, double straight, size_t latency, double rate_hz)
{
    *f = (follower){ .latency = latency, .straight = straight };
    f->ear[0] = f->ear[1] = td_section_ear(rate_hz);
    f->leak = 1 - td_exp(-1 / (LEVEL_S * rate_hz));
    f->ease = 1 - td_exp(-1 / (GAIN_S * rate_hz));
    f->late = td_calloc2(latency, 1, sizeof *f->late);
    return f->late ? TD_OK : TD_NOMEM;
}

static void follower_reset(follower *f)
{
    f->mean[0] = f->mean[1] = 0;
    f->at = f->until = 0;
    f->gain = f->target = 1 / f->straight;
}

static double heard(td_section *ear, td_v2 x)
{
    td_v2 y = td_section_pass(ear, x);
    return y[0] * y[0] + y[1] * y[1];
}

/* Frame by frame: dry as it goes in, x as it came out of the curve and goes on. */
static void follow(follower *f, const td_v2 *dry, td_v2 *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double in = f->late[f->at];
        f->late[f->at] = heard(&f->ear[0], dry[i]);
        f->at = f->at + 1 == f->latency ? 0 : f->at + 1;
        f->mean[0] += f->leak * (in - f->mean[0]);
        f->mean[1] += f->leak * (heard(&f->ear[1], x[i]) - f->mean[1]);
        if (f->until-- == 0) {
            double floor_out = LEVEL_FLOOR * f->straight * f->straight;
            f->target = sqrt((f->mean[0] + LEVEL_FLOOR) / (f->mean[1] + floor_out));
            f->until = LEVEL_STEP - 1;
        }
        f->gain += f->ease * (f->target - f->gain);
        x[i] *= td_v2_set(f->gain);
    }
}

/* ---- the processor ---------------------------------------------------------------------------------------------- */

#define DC_HZ  5.0
#define TAIL_S 0.4 /* ln(1e5) / (2 pi 5 Hz): until what asymmetry left behind is below -100 dB */

typedef struct saturation {
    td_oversample *over;
    unsigned factor;
    bool draft;
    td_curve curve;
    td_curve_past past;
    td_section before[1 + TD_MATCH_MAX], after[1 + 2 * TD_MATCH_MAX];
    size_t n_before, n_after;
    bool follows;
    double into, out; /* gains before the curve, and after it when nothing follows */
    follower level;
    td_rest rest;
    size_t tail;
    td_v2 dry[TD_OVERSAMPLE_FRAMES], x[TD_OVERSAMPLE_FRAMES]; /* work space */
} saturation;

/* So fast that what folds back stays below -90 dB up to 6 dB of drive (peaks of -6 dBFS), and below -70 dB at any;
 * near 6 dB four times 44.1 kHz do not reach it. */
static double least_rate(double drive_db)
{
    return drive_db <= 5 ? 176400 : drive_db <= 6 ? 192000 : drive_db <= 18 ? 352800 : 705600;
}

static void set_filters(saturation *s, const struct model *m, const double *value, double rate_hz)
{
    td_prototype lift = td_first_shelf(m->freq_hz, m->low_db, m->high_db), back = lift;
    back.inverted = true;
    if (!isnan(value[LOW_CUT]))
        td_section_append(s->before, &s->n_before, td_high_pass(value[LOW_CUT], sqrt(0.5)), rate_hz);
    if (m->low_db != m->high_db) s->before[s->n_before++] = td_section_bilinear(lift, rate_hz);
    s->after[s->n_after++] = td_section_both(back, td_high_pass(DC_HZ, 0), rate_hz);
    if (value[TONE] != 0) td_section_append(s->after, &s->n_after, td_tilt(1000, value[TONE]), rate_hz);
    if (!isnan(value[HIGH_CUT]))
        td_section_append(s->after, &s->n_after, td_low_pass(value[HIGH_CUT], sqrt(0.5)), rate_hz);
}

static void clear(saturation *s)
{
    td_oversample_reset(s->over);
    s->past = (td_curve_past){ 0 };
    td_section_clear(s->before, s->n_before);
    td_section_clear(s->after, s->n_after);
    td_section_clear(s->level.ear, 2);
    memset(s->level.late, 0, s->level.latency * sizeof *s->level.late);
}

static void saturation_reset(void *st)
{
    saturation *s = st;
    clear(s);
    follower_reset(&s->level);
    s->rest = td_rest_init(td_oversample_latency(s->over) + s->tail);
}

static td_status saturation_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    saturation *s = st;
    const double *value = set->value;
    td_oversample_for shaper = fmt->draft ? TD_OVERSAMPLE_DRAFT : TD_OVERSAMPLE_MEANS;
    const struct model *m = &models[(size_t)value[MODEL]];
    double level = m->one_percent / TD_VU_PEAK * td_from_db(-AT_ONE_PERCENT_DB);
    s->draft = fmt->draft;
    s->into = level * td_from_db(value[DRIVE]);
    s->out = 1 / level;
    s->follows = value[AUTO_LEVEL] != 0;
    s->tail = (size_t)(TAIL_S * fmt->rate_hz);
    s->factor = td_oversample_factor(fmt->rate_hz, least_rate(value[DRIVE]), shaper);
    set_filters(s, m, value, fmt->rate_hz);
    td_status ok = td_oversample_new(fmt->rate_hz, s->factor, shaper, &s->over);
    if (ok == TD_OK) ok = td_curve_init(&s->curve, m->shape, m->bend);
    if (ok == TD_OK) ok = follower_init(&s->level, s->into, td_oversample_latency(s->over), fmt->rate_hz);
    if (ok != TD_OK) return td_fail(err, ok, NULL, NULL, "saturation: cannot be made at %g Hz", fmt->rate_hz);
    saturation_reset(s);
    return TD_OK;
}

static void bend(saturation *s, td_v2 *x, size_t n)
{
    td_curve_past past = s->past;
    for (size_t i = 0; i < n; i++) x[i] = td_curve_bend(&s->curve, &past, x[i], s->draft);
    s->past = past;
}

static void run(saturation *s, float *const *ch, size_t at, size_t n)
{
    td_v2 *dry = s->dry, *x = s->x;
    for (size_t i = 0; i < n; i++) {
        dry[i] = td_v2_load(ch, at + i);
        x[i] = dry[i] * td_v2_set(s->into);
    }
    td_section_run(s->before, s->n_before, x, n);
    bend(s, td_oversample_up(s->over, x, n), n * s->factor);
    td_oversample_down(s->over, x, n);
    td_section_run(s->after, s->n_after, x, n);
    if (s->follows) follow(&s->level, dry, x, n);
    td_v2 out = td_v2_set(s->follows ? 1 : s->out);
    for (size_t i = 0; i < n; i++) td_v2_store(ch, at + i, x[i] * out);
}

static void saturation_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)key, (void)gr;
    saturation *s = st;
    for (size_t at = 0, n; (n = td_rest_run(&s->rest, ch, &at, frames, TD_OVERSAMPLE_FRAMES)) > 0; at += n) {
        run(s, ch, at, n);
        if (td_rest_over(&s->rest)) clear(s);
    }
}

static size_t saturation_latency(const void *st)
{
    const saturation *s = st;
    return td_oversample_latency(s->over);
}

static size_t saturation_tail(const void *st)
{
    const saturation *s = st;
    return s->tail;
}

static void saturation_destroy(void *st)
{
    saturation *s = st;
    td_oversample_free(s->over);
    td_curve_fini(&s->curve);
    free(s->level.late);
}

const td_processor td_saturation = {
    .name = "saturation",
    .help = "harmonics of tubes, diodes and transformers, at the loudness of the input",
    .stands_for = "Decapitator class drive, console and tube preamplifiers",
    .params = saturation_params,
    .n_params = SATURATION_PARAMS,
    .state_size = sizeof(saturation),
    .prepare = saturation_prepare,
    .process = saturation_process,
    .reset = saturation_reset,
    .latency = saturation_latency,
    .tail = saturation_tail,
    .destroy = saturation_destroy,
    .bends = true,
};
