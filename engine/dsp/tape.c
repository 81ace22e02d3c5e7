#include "engine/base/units.h"
#include "engine/dsp/curve.h"
#include "engine/dsp/dsp.h"
#include "engine/dsp/oversample.h"
#include "engine/dsp/rest.h"
#include "engine/dsp/section.h"

#include <string.h>

enum { DRIVE, SPEED, CALIBRATION, BIAS, HEAD_BUMP, TAPE_PARAMS };

static const char *const speed_names[] = { "7.5 ips", "15 ips", "30 ips", NULL };
static const char *const bias_names[] = { "normal", "under", "over", NULL };

/* clang-format off */
static const td_param tape_params[TAPE_PARAMS] = {
    [DRIVE] = { "drive", TD_UNIT_DB, -12, 18, 0, .flags = TD_SOLVABLE,
        .help = "how much hotter than 0 VU (-18 dBFS) the tape is hit; taken back behind it" },
    [SPEED] = { "speed", TD_UNIT_CHOICE, 0, 2, 1, .choices = speed_names,
        .help = "slow: low bump, soft top; fast: bump an octave higher, open top" },
    [CALIBRATION] = { "calibration", TD_UNIT_DB, 0, 12, 6,
        .help = "operating level over 185 nWb/m: the higher, the sooner the tape gives way" },
    [BIAS] = { "bias", TD_UNIT_CHOICE, 0, 2, 0, .choices = bias_names,
        .help = "under: bright and grainy; over: darker and smoother" },
    [HEAD_BUMP] = { "head_bump", TD_UNIT_PERCENT, 0, 200, 100,
        .help = "how much of the playback head's low bump is heard" },
};

/* What a speed brings: the bump's frequency, the treble's emphasis on tape (the time constant of AES 30 ips, IEC 15 and
 * 7.5 ips), the tape's own speed. */
static const struct speed {
    double bump_hz, emphasis_us, metres_per_s;
} speeds[] = {
    { 32,  70,   0.1905 },
    { 62,  35,   0.381 },
    { 120, 17.5, 0.762 },
};

/* Bias mends hysteresis: what is left of it, and the treble it costs (dB above 8 kHz). */
static const struct bias {
    double hysteresis, treble_db;
} biases[] = {
    { 0.010, 0 },
    { 0.028, 0.8 },
    { 0.002, -0.8 },
};
/* clang-format on */

#define AT_0_VU    0.46 /* field of a sine at 0 VU, calibration +6 dB: 0.3 % of third harmonic at 15 ips */
#define REMANENCE  0.01
#define COERCIVITY 0.25    /* halved field over which magnetisation follows */
#define FORGET_S   0.02    /* bias erases what a field left behind */
#define GAP_M      2.5e-6  /* of the playback head */
#define SPACING_M  0.25e-6 /* tape to head, beyond what the playback equaliser makes good */
#define LOSS_MAX   32      /* pairs of taps of the loss filter at most: 1/3 ms, so 16 at 48 kHz */
#define TAIL_S     0.5

/* The curve tape follows under high-frequency bias is its anhysteretic one (Jiles and Atherton 1986): Langevin's
 * function coth x - 1/x, here with slope 1 at 0. `bend` is a trace of remanence, whence the even harmonics. Fields are
 * halved, so that the table reaches twice as far. */
static double langevin(double x)
{
    if (fabs(x) < 0.05) return x - x * x * x / 15;
    return 3 / td_tanh(x) - 3 / x;
}

static double anhysteretic(double x, double bend)
{
    return (langevin(2 * x + bend) - langevin(bend)) / 2;
}

/* Magnetisation that stays behind: moves towards the curve only as far as the field moves, and only in its direction
 * (Jiles and Atherton's irreversible part without coupling). */
typedef struct hysteresis {
    double share, forget;
    td_v2 left;
} hysteresis;

typedef struct tape {
    td_oversample *over;
    unsigned factor;
    bool draft;
    td_curve curve;
    td_curve_past past;
    hysteresis hyst;
    td_section record, play[4];
    td_v2 loss[LOSS_MAX + 1];                        /* the middle tap, then those on both sides */
    td_v2 head[2 * LOSS_MAX + TD_OVERSAMPLE_FRAMES]; /* what it has read: 2 n_loss of history, then a block */
    size_t n_loss;
    double into, out;
    size_t tail;
    td_rest rest;
} tape;

/* Playback loss at a frequency (Wallace 1951): spacing and gap, both without phase. */
static double loss_at(double freq_hz, double metres_per_s)
{
    double k = 2 * TD_PI * freq_hz / metres_per_s, half = k * GAP_M / 2;
    return td_exp(-k * SPACING_M) * (half > 0 ? td_sin(half) / half : 1);
}

/* The symmetric filter with that response: its Fourier series, faded out by a Hann window. */
static void design_loss(tape *t, double metres_per_s, double rate_hz)
{
    enum { POINTS = 512 };
    double sum = 0, n = fmin(LOSS_MAX, rint(rate_hz / 3000));
    t->n_loss = (size_t)n;
    for (int k = 0; k <= n; k++) {
        double c = 0;
        for (int i = 0; i < POINTS; i++) {
            double turn = (i + 0.5) / POINTS;
            c += loss_at(turn * rate_hz / 2, metres_per_s) * td_cos(TD_PI * turn * k) / POINTS;
        }
        c *= 0.5 + 0.5 * td_cos(TD_PI * k / (n + 1));
        t->loss[k] = td_v2_set(c);
        sum += k ? 2 * c : c;
    }
    for (int k = 0; k <= n; k++) t->loss[k] /= td_v2_set(sum);
}

/* Treble reaches the end of the curve first: it is lifted in front, over three octaves from the emphasis's corner, and
 * taken back behind. There follow the treble that bias moves, the head's bump, the dip above it and the fall below it.
 */
static void set_filters(tape *t, const double *value, double rate_hz)
{
    const struct speed *v = &speeds[(size_t)value[SPEED]];
    double bump = value[HEAD_BUMP] / 100, treble_db = biases[(size_t)value[BIAS]].treble_db;
    td_prototype lift = { 1e6 / (2 * TD_PI * v->emphasis_us), { 1, 1, 0 }, { 1, 0.125, 0 }, false }, back = lift;
    back.inverted = true;
    t->record = td_section_bilinear(lift, rate_hz);
    t->play[0] = td_section_both(back, td_first_shelf(8000, 0, treble_db), rate_hz);
    t->play[1] = td_section_bilinear(td_bell(v->bump_hz, 1.1, 1.2 * bump), rate_hz);
    t->play[2] = td_section_bilinear(td_bell(2.2 * v->bump_hz, 1.2, -0.4 * bump), rate_hz);
    t->play[3] = td_section_bilinear(td_high_pass(v->bump_hz / 4, sqrt(0.5)), rate_hz);
    design_loss(t, v->metres_per_s, rate_hz);
}

static void clear(tape *t)
{
    td_oversample_reset(t->over);
    t->past = (td_curve_past){ 0 };
    t->hyst.left = td_v2_set(0);
    td_section_clear(&t->record, 1);
    td_section_clear(t->play, 4);
    memset(t->head, 0, sizeof t->head);
}

static size_t tape_latency(const void *st)
{
    const tape *t = st;
    return td_oversample_latency(t->over) + t->n_loss;
}

static void tape_reset(void *st)
{
    tape *t = st;
    clear(t);
    t->rest = td_rest_init(tape_latency(t) + t->tail);
}

static td_status tape_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    tape *t = st;
    const double *value = set->value;
    td_oversample_for shaper = fmt->draft ? TD_OVERSAMPLE_DRAFT : TD_OVERSAMPLE_MEANS;
    double hot_db = value[DRIVE] + value[CALIBRATION] - 6;
    t->draft = fmt->draft;
    t->into = AT_0_VU / 2 / TD_VU_PEAK * td_from_db(hot_db);
    t->factor = td_oversample_factor(fmt->rate_hz, hot_db <= 12 ? 352800 : 705600, shaper);
    t->tail = (size_t)(TAIL_S * fmt->rate_hz);
    t->hyst.share = biases[(size_t)value[BIAS]].hysteresis;
    t->hyst.forget = 1 - td_exp(-1 / (FORGET_S * fmt->rate_hz * t->factor));
    t->out = 1 / (t->into * (1 - t->hyst.share)); /* what is quiet leaves nothing behind, and passes at its level */
    set_filters(t, value, fmt->rate_hz);
    td_status ok = td_oversample_new(fmt->rate_hz, t->factor, shaper, &t->over);
    if (ok == TD_OK) ok = td_curve_init(&t->curve, anhysteretic, REMANENCE);
    if (ok != TD_OK) return td_fail(err, ok, NULL, NULL, "tape: cannot be made at %g Hz", fmt->rate_hz);
    tape_reset(t);
    return TD_OK;
}

static void magnetise(tape *t, td_v2 *x, size_t n)
{
    td_curve_past past = t->past;
    td_v2 left = t->hyst.left, share = td_v2_set(t->hyst.share), forget = td_v2_set(t->hyst.forget);
    for (size_t i = 0; i < n; i++) {
        td_v2 step = x[i] - past.x, far = td_v2_abs(step);
        td_v2 y = td_curve_bend(&t->curve, &past, x[i], t->draft), away = y - left;
        td_v2 follow = far / (td_v2_set(COERCIVITY) + far);
        left += (td_v2_select(away * step > td_v2_set(0), follow, td_v2_set(0)) + forget) * away;
        x[i] = y + share * (left - y);
    }
    t->past = past;
    t->hyst.left = left;
}

static void play_back(tape *t, float *const *ch, size_t at, size_t n)
{
    td_v2 out = td_v2_set(t->out);
    for (size_t i = 0; i < n; i++) {
        const td_v2 *low = t->head + t->n_loss + i, *high = low;
        td_v2 y = t->loss[0] * *low;
        for (size_t k = 1; k <= t->n_loss; k++) y += t->loss[k] * (*--low + *++high);
        td_v2_store(ch, at + i, y * out);
    }
    memmove(t->head, t->head + n, 2 * t->n_loss * sizeof *t->head);
}

static void run(tape *t, float *const *ch, size_t at, size_t n)
{
    td_v2 *x = t->head + 2 * t->n_loss;
    for (size_t i = 0; i < n; i++) x[i] = td_v2_load(ch, at + i) * td_v2_set(t->into);
    td_section_run(&t->record, 1, x, n);
    magnetise(t, td_oversample_up(t->over, x, n), n * t->factor);
    td_oversample_down(t->over, x, n);
    td_section_run(t->play, 4, x, n);
    play_back(t, ch, at, n);
}

static void tape_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)key, (void)gr;
    tape *t = st;
    for (size_t at = 0, n; (n = td_rest_run(&t->rest, ch, &at, frames, TD_OVERSAMPLE_FRAMES)) > 0; at += n) {
        run(t, ch, at, n);
        if (td_rest_over(&t->rest)) clear(t);
    }
}

static size_t tape_tail(const void *st)
{
    const tape *t = st;
    return t->tail;
}

static void tape_destroy(void *st)
{
    tape *t = st;
    td_oversample_free(t->over);
    td_curve_fini(&t->curve);
}

const td_processor td_tape = {
    .name = "tape",
    .help = "a mastering tape machine: soft peaks, a little third harmonic, a low bump and a gentle top",
    .stands_for = "Ampex ATR-102",
    .params = tape_params,
    .n_params = TAPE_PARAMS,
    .state_size = sizeof(tape),
    .prepare = tape_prepare,
    .process = tape_process,
    .reset = tape_reset,
    .latency = tape_latency,
    .tail = tape_tail,
    .destroy = tape_destroy,
    .bends = true,
};
