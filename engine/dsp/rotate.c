#include "engine/base/lanes.h"
#include "engine/base/maths.h"
#include "engine/dsp/dsp.h"

enum { ANGLE, PARAMS };

/* clang-format off */
static const td_param params[PARAMS] = {
    [ANGLE] = { "angle", TD_UNIT_DEGREE, -90, 90, 0, .step = 0.1, .flags = TD_SOLVABLE,
                .help = "moves the whole picture to the right; 45 takes the middle hard right" },
};
/* clang-format on */

typedef struct rotate {
    double cosine, sine;
} rotate;

static td_status rotate_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    (void)fmt, (void)err;
    rotate *r = st;
    r->cosine = td_cos(set->value[ANGLE] * TD_PI / 180);
    r->sine = td_sin(set->value[ANGLE] * TD_PI / 180);
    return TD_OK;
}

static void rotate_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)key, (void)gr;
    const rotate *r = st;
    for (size_t i = 0; i < frames; i++) {
        td_v2 x = td_v2_load(ch, i), across = { -x[1], x[0] };
        td_v2_store(ch, i, r->cosine * x + r->sine * across);
    }
}

const td_processor td_rotate = {
    .name = "rotate",
    .help = "turns a stereo picture as a whole, no side gets lost: for lopsided pairs of microphones",
    .stands_for = "the rotation of a stereo tool",
    .params = params,
    .n_params = PARAMS,
    .state_size = sizeof(rotate),
    .prepare = rotate_prepare,
    .process = rotate_process,
    .linear = true,
};
