#include "engine/base/memory.h"
#include "engine/base/units.h"
#include "engine/dsp/delayline.h"
#include "engine/dsp/dsp.h"
#include "engine/dsp/linear_phase.h"
#include "engine/dsp/section.h"

#include <stdlib.h>

/* ---- bands ------------------------------------------------------------------------------------------------------ */

#define BAND_MAX 8 /* prototypes of a 96 dB/oct cut */

/* clang-format off */
#define FREQUENCY(def, text)  { "at", TD_UNIT_HZ, 10, 20000, def, .flags = TD_SOLVABLE | TD_MEASURED, .help = text }
#define DECIBELS(text)        { "gain", TD_UNIT_DB, -24, 24, 0, .flags = TD_SOLVABLE, .help = text }
#define WIDTH(max, def, text) { "q", TD_UNIT_NUMBER, 0.1, max, def, .flags = TD_MEASURED, .help = text }

enum { AT, SLOPE, CUT_Q, CUT_PARAMS };
#define CUT_ROWS(def, side)                                                                                            \
    {                                                                                                                  \
        [AT] = FREQUENCY(def, "corner: 3 dB down here"),                                                               \
        [SLOPE] = { "slope", TD_UNIT_SLOPE, 6, 96, 12, .help = "how steep it falls " side " the corner" },             \
        [CUT_Q] = WIDTH(10, NAN, "resonance at the corner, 0.71 is none; not set: flat to the corner"),                 \
    }
static const td_param low_cut_params[CUT_PARAMS] = CUT_ROWS(80, "below");
static const td_param high_cut_params[CUT_PARAMS] = CUT_ROWS(12000, "above");

enum { GAIN = 1, Q, RANGE, BELL_PARAMS = RANGE + 2, SHELF_PARAMS = Q + 1 };
#define SHELF_ROWS(def, side)                                                                                          \
    {                                                                                                                  \
        [AT] = FREQUENCY(def, "half of the gain is reached here"),                                                     \
        [GAIN] = DECIBELS("of everything " side),                                                                      \
        [Q] = WIDTH(4, 0.71, "0.71 is steepest without overshoot"),                                                    \
    }
static const td_param low_shelf_params[SHELF_PARAMS] = SHELF_ROWS(100, "below");
static const td_param high_shelf_params[SHELF_PARAMS] = SHELF_ROWS(10000, "above");
static const td_param bell_params[BELL_PARAMS] = {
    [AT] = FREQUENCY(1000, "centre"),
    [GAIN] = DECIBELS("at the centre"),
    [Q] = WIDTH(40, 1, "centre over bandwidth; higher is narrower"),
    [RANGE] = { "range", TD_UNIT_HZ, 10, 20000, NAN, .flags = TD_MEASURED, .span = 2,
                .help = "its two edges, instead of centre and q" },
    [RANGE + 1] = { .unit = TD_UNIT_HZ, .min = 10, .max = 20000, .def = NAN },
};

enum { NARROW_Q = 1, NARROW_PARAMS };
static const td_param notch_params[NARROW_PARAMS] = {
    [AT] = FREQUENCY(1000, "what is taken out"),
    [NARROW_Q] = WIDTH(100, 10, "higher is narrower"),
};
static const td_param band_pass_params[NARROW_PARAMS] = {
    [AT] = FREQUENCY(1000, "what is left"),
    [NARROW_Q] = WIDTH(40, 1, "higher is narrower"),
};

enum { TILT_PARAMS = GAIN + 1 };
static const td_param tilt_params[TILT_PARAMS] = {
    [AT] = FREQUENCY(1000, "pivot: stays as it is"),
    [GAIN] = DECIBELS("at the top, and as much less at the bottom"),
};

enum { TARGET, STRENGTH, FROM, MATCH_PARAMS };
static const char *const targets[] = { "auto", "loud", "common", "score", "folk", "ambient", "hybrid", "light", "elec",
                                       "rock", NULL };
static const td_param match_params[MATCH_PARAMS] = {
    [TARGET] = { "target", TD_UNIT_CHOICE, 0, 9, 0, .choices = targets,
                 .help = "the kind of music whose tone is the aim; auto finds the nearest" },
    [STRENGTH] = { "strength", TD_UNIT_PERCENT, 0, 100, 50, .help = "how much of the way there" },
    [FROM] = { "from", TD_UNIT_HZ, 50, 1000, 50, .help = "what is below is left alone: a floor that is meant to be there" },
};
/* clang-format on */

static size_t cut(const double *v, td_prototype (*make)(double, double), td_prototype *out)
{
    unsigned order = (unsigned)rint(v[SLOPE] / 6), n = 0;
    for (unsigned i = 0; i < order / 2; i++) {
        bool resonates = i + 1 == order / 2 && !isnan(v[CUT_Q]);
        out[n++] = make(v[AT], td_butterworth_q(order, i) * (resonates ? v[CUT_Q] / sqrt(0.5) : 1));
    }
    if (order % 2) out[n++] = make(v[AT], 0);
    return n;
}

static size_t low_cut(const double *v, td_prototype *out)
{
    return cut(v, td_high_pass, out);
}

static size_t high_cut(const double *v, td_prototype *out)
{
    return cut(v, td_low_pass, out);
}

static size_t low_shelf(const double *v, td_prototype *out)
{
    out[0] = td_low_shelf(v[AT], v[Q], v[GAIN]);
    return v[GAIN] != 0;
}

static size_t high_shelf(const double *v, td_prototype *out)
{
    out[0] = td_high_shelf(v[AT], v[Q], v[GAIN]);
    return v[GAIN] != 0;
}

static size_t bell(const double *v, td_prototype *out)
{
    bool by_range = !isnan(v[RANGE]);
    double at = by_range ? sqrt(v[RANGE] * v[RANGE + 1]) : v[AT];
    out[0] = td_bell(at, by_range ? at / (v[RANGE + 1] - v[RANGE]) : v[Q], v[GAIN]);
    return v[GAIN] != 0;
}

static size_t notch(const double *v, td_prototype *out)
{
    out[0] = td_notch(v[AT], v[NARROW_Q]);
    return 1;
}

static size_t band_pass(const double *v, td_prototype *out)
{
    out[0] = td_band_pass(v[AT], v[NARROW_Q]);
    return 1;
}

static size_t tilt(const double *v, td_prototype *out)
{
    out[0] = td_tilt(v[AT], v[GAIN]);
    return v[GAIN] != 0;
}

/* clang-format off */
#define PART(id, rows, text)                                                                                           \
    const td_processor td_eq_##id = { .name = #id, .help = text, .part = true, .params = id##_params, .n_params = rows }
PART(band_pass, NARROW_PARAMS, "leaves one band, to hear or to send it alone");
PART(bell, BELL_PARAMS, "lifts or lowers around a frequency");
PART(high_cut, CUT_PARAMS, "takes away what is above");
PART(high_shelf, SHELF_PARAMS, "lifts or lowers all above a frequency");
PART(low_cut, CUT_PARAMS, "takes away what is below");
PART(low_shelf, SHELF_PARAMS, "lifts or lowers all below a frequency");
PART(match, MATCH_PARAMS, "brings the tone nearer to what its kind of music has; the plan holds the bells it takes");
PART(notch, NARROW_PARAMS, "takes out one frequency altogether");
PART(tilt, TILT_PARAMS, "brighter and thinner, or darker and fuller, around a pivot");
/* clang-format on */

static const struct {
    const td_processor *part;
    size_t (*prototypes)(const double *value, td_prototype *out);
} kinds[] = {
    { &td_eq_band_pass, band_pass },   { &td_eq_bell, bell },       { &td_eq_high_cut, high_cut },
    { &td_eq_high_shelf, high_shelf }, { &td_eq_low_cut, low_cut }, { &td_eq_low_shelf, low_shelf },
    { &td_eq_notch, notch },           { &td_eq_tilt, tilt },
};

/* ---- the step --------------------------------------------------------------------------------------------------- */

enum { PHASE, CHANNEL, EQ_PARAMS };
enum { MINIMUM, LINEAR };
enum { STEREO, MID, SIDE, LEFT, RIGHT };
static const char *const phases[] = { "minimum", "linear", NULL };
static const char *const channels[] = { "stereo", "mid", "side", "left", "right", NULL };
static const td_param eq_params[EQ_PARAMS] = {
    [PHASE] = { "phase", TD_UNIT_CHOICE, 0, 1, MINIMUM, .choices = phases,
                .help = "linear keeps waveforms in shape, but rings before transients too" },
    [CHANNEL] = { "channel", TD_UNIT_CHOICE, 0, 4, STEREO, .choices = channels, .help = "what it works on" },
};

typedef struct eq {
    double rate_hz;
    unsigned channel;
    td_biquad *section;
    td_section *row; /* the same, running; shared, it can be longer */
    size_t n, room, n_row;
    bool linear;
    td_linear_phase whole; /* linear: instead of the sections, whose magnitude it has */
    td_delayline dry;      /* linear: what the channel choice leaves alone */
} eq;

static double sections_power(const void *st, double freq_hz)
{
    const eq *e = st;
    double power = 1;
    for (size_t i = 0; i < e->n; i++) power *= td_biquad_power(&e->section[i], freq_hz, e->rate_hz);
    return power;
}

static td_status add_band(eq *e, const td_part *part, td_error *err)
{
    td_prototype proto[BAND_MAX];
    size_t n = 0, kind = 0;
    if (part->proc == &td_eq_match)
        return td_fail(err, TD_RECIPE, NULL, "make a plan of it first",
                       "eq: match has no sound of its own: it stands for "
                       "the bells a plan finds");
    while (kinds[kind].part != part->proc) kind++;
    n = kinds[kind].prototypes(part->value, proto);
    for (size_t i = 0; i < n; i++) {
        void *grown = e->section;
        if (!td_grow(&grown, &e->room, e->n + TD_MATCH_MAX, sizeof *e->section)) return TD_NOMEM;
        e->section = grown;
        e->n += td_biquad_match(&proto[i], e->rate_hz, e->section + e->n);
    }
    return TD_OK;
}

static td_status eq_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    eq *e = st;
    td_status status = TD_OK;
    e->rate_hz = fmt->rate_hz;
    e->channel = (unsigned)set->value[CHANNEL];
    e->linear = set->value[PHASE] == LINEAR;
    for (size_t i = 0; i < set->n_parts && status == TD_OK; i++) status = add_band(e, &set->part[i], err);
    if (status == TD_RECIPE) return status;
    if (status == TD_OK && !(e->row = td_calloc2(e->n, 1, sizeof *e->row))) status = TD_NOMEM;
    for (size_t i = 0; i < e->n && status == TD_OK; i++) e->row[i] = td_section_of(&e->section[i]);
    e->n_row = e->n;
    if (status == TD_OK && e->linear) status = td_linear_phase_init(&e->whole, sections_power, e, e->rate_hz, 0);
    if (status == TD_OK && e->linear) status = td_delayline_init(&e->dry, e->whole.latency);
    return status == TD_OK ? status : td_no_memory(err);
}

/* Left and right, or mid and side, of a frame. */
static td_v2 lanes(const eq *e, float *const *ch, size_t i)
{
    td_v2 x = td_v2_load(ch, i);
    if (e->channel != MID && e->channel != SIDE) return x;
    return (td_v2){ 0.5 * (x[0] + x[1]), 0.5 * (x[0] - x[1]) };
}

/* Puts the change of one lane, y - x, where it belongs: what it does not concern stays as it was. */
static void put(const eq *e, float *const *ch, float *const *dry, const td_v2 *y, size_t frames)
{
    /* clang-format off */
    static const td_v2 to[][2] = { /* what the change of each lane adds to left and right */
        [MID] = { { 1, 1 }, { 0, 0 } }, [SIDE] = { { 0, 0 }, { 1, -1 } },
        [LEFT] = { { 1, 0 }, { 0, 0 } }, [RIGHT] = { { 0, 0 }, { 0, 1 } },
    };
    /* clang-format on */
    for (size_t i = 0; i < frames; i++) {
        td_v2 change = y[i] - lanes(e, dry, i);
        td_v2 out = td_v2_load(dry, i) + to[e->channel][0] * change[0] + to[e->channel][1] * change[1];
        td_v2_store(ch, i, out);
    }
}

static void eq_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)key, (void)gr;
    eq *e = st;
    td_v2 x[TD_BLOCK];
    float late[2][TD_BLOCK], *const late_ch[2] = { late[0], late[1] };
    if (e->linear) {
        if (e->channel != STEREO) td_delayline_process(&e->dry, (const float *const *)ch, late_ch, frames);
        td_linear_phase_process(&e->whole, ch, frames);
        if (e->channel == STEREO) return;
    }
    if (e->channel == STEREO)
        td_v2_load_all((const float *const *)ch, x, frames);
    else
        for (size_t i = 0; i < frames; i++) x[i] = lanes(e, ch, i);
    if (!e->linear) td_section_run(e->row, e->n_row, x, frames);
    if (e->channel != STEREO)
        put(e, ch, e->linear ? late_ch : ch, x, frames);
    else
        td_v2_store_all(ch, x, frames);
}

/* A section of each lane's own; where one has no more of them, it passes. */
static td_status eq_share(void *st, const void *other, bool now, bool *shared)
{
    static const td_biquad pass = { .b0 = 1 };
    eq *e = st;
    const eq *o = other;
    *shared = !e->linear && !o->linear && e->channel == STEREO && o->channel == STEREO;
    if (!*shared || !now) return TD_OK;
    size_t n = e->n > o->n ? e->n : o->n;
    td_section *row = td_calloc2(n + 1, 1, sizeof *row);
    if (!row) return TD_NOMEM;
    for (size_t i = 0; i < n; i++) {
        td_section a = td_section_of(i < e->n ? &e->section[i] : &pass);
        td_section b = td_section_of(i < o->n ? &o->section[i] : &pass);
        row[i] = (td_section){ .b0 = { a.b0[0], b.b0[0] },
                               .c1 = { a.c1[0], b.c1[0] },
                               .c2 = { a.c2[0], b.c2[0] },
                               .a1 = { a.a1[0], b.a1[0] },
                               .a2 = { a.a2[0], b.a2[0] } };
    }
    free(e->row);
    e->row = row;
    e->n_row = n;
    return TD_OK;
}

static void eq_reset(void *st)
{
    eq *e = st;
    td_section_clear(e->row, e->n_row);
    if (!e->linear) return;
    td_linear_phase_reset(&e->whole);
    td_delayline_reset(&e->dry);
}

static size_t eq_latency(const void *st)
{
    const eq *e = st;
    return e->linear ? e->whole.latency : 0;
}

static size_t eq_tail(const void *st)
{
    const eq *e = st;
    size_t frames = 0;
    for (size_t i = 0; i < e->n; i++) frames += td_biquad_ring(&e->section[i]);
    return e->linear ? e->whole.half : frames;
}

static double eq_power_at(const void *st, double freq_hz)
{
    const eq *e = st;
    double power = sections_power(e, freq_hz);
    switch (e->channel) { /* of a signal alike in both channels */
    case SIDE:
        return 1;
    case LEFT:
    case RIGHT:
        return 0.5 * (1 + power);
    default:
        return power;
    }
}

static void eq_destroy(void *st)
{
    eq *e = st;
    free(e->section);
    free(e->row);
    td_linear_phase_fini(&e->whole);
    td_delayline_fini(&e->dry);
}

static const td_processor *const eq_parts[] = {
    &td_eq_low_cut, &td_eq_high_cut, &td_eq_low_shelf, &td_eq_high_shelf, &td_eq_bell,
    &td_eq_notch,   &td_eq_tilt,     &td_eq_band_pass, &td_eq_match,      NULL
};

const td_processor td_eq = {
    .name = "eq",
    .help = "equaliser: cuts, shelves, bells, as many as it takes",
    .stands_for = "a parametric equaliser such as Pro-Q",
    .params = eq_params,
    .n_params = EQ_PARAMS,
    .parts = eq_parts,
    .parts_name = "bands",
    .state_size = sizeof(eq),
    .prepare = eq_prepare,
    .process = eq_process,
    .reset = eq_reset,
    .latency = eq_latency,
    .tail = eq_tail,
    .destroy = eq_destroy,
    .power_at = eq_power_at,
    .share = eq_share,
    .linear = true,
};
