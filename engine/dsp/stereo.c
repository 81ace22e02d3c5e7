#include "engine/dsp/biquad.h"
#include "engine/dsp/dsp.h"

#include <string.h>

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
    td_biquad shelf[2];    /* first order, below and above the mid range */
    td_biquad cut[2];      /* mono_below: fourth order */
    bool cuts;
    td_v2 shelf_state[2][2], cut_state[2][2];
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
    s->cuts = !isnan(v[MONO_BELOW]);
    s->wire = s->mid == 1 && s->low == 0 && s->high == 0 && !s->cuts;
    td_prototype below = td_low_pass(v[MID_RANGE], 0), above = td_high_pass(v[MID_RANGE + 1], 0);
    s->shelf[0] = td_biquad_bilinear(&below, fmt->rate_hz);
    s->shelf[1] = td_biquad_bilinear(&above, fmt->rate_hz);
    for (unsigned i = 0; i < 2 && s->cuts; i++) {
        td_prototype cut = td_high_pass(v[MONO_BELOW], td_butterworth_q(4, i));
        s->cut[i] = td_biquad_bilinear(&cut, fmt->rate_hz);
    }
    return TD_OK;
}

static double new_side(stereo *s, double side)
{
    td_v2 x = td_v2_set(side), y = s->mid * x;
    if (s->low != 0) y += s->low * td_biquad_step(&s->shelf[0], s->shelf_state[0], x);
    if (s->high != 0) y += s->high * td_biquad_step(&s->shelf[1], s->shelf_state[1], x);
    for (unsigned i = 0; i < 2 && s->cuts; i++) y = td_biquad_step(&s->cut[i], s->cut_state[i], y);
    return y[0];
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
    memset(s->shelf_state, 0, sizeof s->shelf_state);
    memset(s->cut_state, 0, sizeof s->cut_state);
}

static size_t stereo_tail(const void *st)
{
    const stereo *s = st;
    size_t frames = 0;
    for (unsigned i = 0; i < 2; i++) {
        frames += td_biquad_ring(&s->shelf[i]);
        if (s->cuts) frames += td_biquad_ring(&s->cut[i]);
    }
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
};
