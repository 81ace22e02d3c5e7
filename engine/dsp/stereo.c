#include "engine/dsp/dsp.h"
#include "engine/dsp/section.h"

enum { WIDTH, LOW, MID, HIGH, MID_RANGE, MONO_BELOW = MID_RANGE + 2, PARAMS };

/* clang-format off */
static const td_param params[PARAMS] = {
    [WIDTH] = { "width", TD_UNIT_PERCENT, 0, 200, 100, .flags = TD_AUTO | TD_SOLVABLE,
                .help = "0 is mono, 100 as it is; auto: by role; in mono nothing changes at any width" },
    [LOW] = { "low", TD_UNIT_PERCENT, 0, 200, NAN, .help = "width of the lows; not set: width" },
    [MID] = { "mid", TD_UNIT_PERCENT, 0, 200, NAN, .help = "width of the mid range; not set: width" },
    [HIGH] = { "high", TD_UNIT_PERCENT, 0, 200, NAN, .help = "width of the highs; not set: width" },
    [MID_RANGE] = { "mid_range", TD_UNIT_HZ, 50, 15000, 250, .span = 2, .help = "where lows end and highs begin" },
    [MID_RANGE + 1] = { .unit = TD_UNIT_HZ, .min = 50, .max = 15000, .def = 5000 },
    [MONO_BELOW] = { "mono_below", TD_UNIT_HZ, 20, 500, NAN, .flags = TD_SOLVABLE,
                     .help = "takes the sides out below, 24 dB/oct; nothing moves into the middle" },
};
/* clang-format on */

/* Left and right are mid plus and minus side. Only the side is filtered, so the mono sum stays what it was. */
typedef struct stereo {
    bool wire;
    double mid, low, high; /* of the side; low and high are what the shelves add to mid */
    td_section shelf[2];   /* first order, below and above the mid range */
    td_section cut[2];     /* mono_below: fourth order */
    size_t n_cuts;         /* 2 or none */
} stereo;

static double either(double value, double fallback)
{
    return (isnan(value) ? fallback : value) / 100;
}

static td_status stereo_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    (void)err;
    stereo *s = st;
    const double *v = set->value;
    double width = isinf(v[WIDTH]) ? 100 : v[WIDTH];
    s->mid = either(v[MID], width);
    s->low = either(v[LOW], width) - s->mid;
    s->high = either(v[HIGH], width) - s->mid;
    s->n_cuts = isnan(v[MONO_BELOW]) ? 0 : 2;
    s->wire = s->mid == 1 && s->low == 0 && s->high == 0 && s->n_cuts == 0;
    s->shelf[0] = td_section_bilinear(td_low_pass(v[MID_RANGE], 0), fmt->rate_hz);
    s->shelf[1] = td_section_bilinear(td_high_pass(v[MID_RANGE + 1], 0), fmt->rate_hz);
    for (unsigned i = 0; i < s->n_cuts; i++)
        s->cut[i] = td_section_bilinear(td_high_pass(v[MONO_BELOW], td_butterworth_q(4, i)), fmt->rate_hz);
    return TD_OK;
}

static double new_side(stereo *s, double side)
{
    td_v2 x = td_v2_set(side), y = s->mid * x;
    if (s->low != 0) y += s->low * td_section_pass(&s->shelf[0], x);
    if (s->high != 0) y += s->high * td_section_pass(&s->shelf[1], x);
    return td_section_pass_all(s->cut, s->n_cuts, y)[0];
}

static void stereo_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)key, (void)gr;
    stereo *s = st;
    for (size_t i = 0; i < frames && !s->wire; i++) {
        td_v2 x = td_v2_load(ch, i);
        double side = 0.5 * (x[0] - x[1]), change = new_side(s, side) - side;
        td_v2_store(ch, i, x + (td_v2){ change, -change });
    }
}

static void stereo_reset(void *st)
{
    stereo *s = st;
    td_section_clear(s->shelf, 2);
    td_section_clear(s->cut, s->n_cuts);
}

static size_t stereo_tail(const void *st)
{
    const stereo *s = st;
    size_t frames = 0;
    for (unsigned i = 0; i < 2; i++) frames += td_section_ring(&s->shelf[i]);
    for (unsigned i = 0; i < s->n_cuts; i++) frames += td_section_ring(&s->cut[i]);
    return s->wire ? 0 : frames;
}

const td_processor td_stereo = {
    .name = "stereo",
    .help = "narrower or wider, as a whole or by range; a mono lower end",
    .stands_for = "a stereo imager such as Ozone Imager",
    .params = params,
    .n_params = PARAMS,
    .state_size = sizeof(stereo),
    .prepare = stereo_prepare,
    .process = stereo_process,
    .reset = stereo_reset,
    .tail = stereo_tail,
    .linear = true,
};
