#include "engine/base/maths.h"
#include "engine/dsp/dsp.h"

enum { POSITION, LAW, PARAMS };
enum { CONSTANT_POWER, COMPROMISE, LINEAR, BALANCE };

static const char *const laws[] = { "constant_power", "compromise", "linear", "balance", NULL };
/* clang-format off */
static const td_param params[PARAMS] = {
    [POSITION] = { "position", TD_UNIT_PAN, -100, 100, 0, .flags = TD_SOLVABLE, .help = "L100 to R100; C leaves it as it is" },
    [LAW] = { "law", TD_UNIT_CHOICE, 0, 3, CONSTANT_POWER, .choices = laws,
              .help = "how the sides trade: 3, 4.5 or 6 dB up at the ends; balance only lowers the far side" },
};
/* clang-format on */

typedef struct pan {
    float k[2];
} pan;

/* Both gains at p, 0 (left) to 1: the law as consoles print it, centre below 1. */
static void law_gains(unsigned law, double p, double *left, double *right)
{
    double power_l = td_cos(p * TD_PI / 2), power_r = td_sin(p * TD_PI / 2);
    switch (law) {
    case CONSTANT_POWER:
        *left = power_l, *right = power_r;
        break;
    case COMPROMISE: /* geometric mean of the two others */
        *left = sqrt(power_l * (1 - p)), *right = sqrt(power_r * p);
        break;
    case LINEAR:
        *left = 1 - p, *right = p;
        break;
    default:
        *left = fmin(1, 2 * (1 - p)), *right = fmin(1, 2 * p);
    }
}

static td_status pan_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    (void)fmt, (void)err;
    pan *s = st;
    unsigned law = (unsigned)set->value[LAW];
    double left, right, centre, same;
    law_gains(law, 0.5, &centre, &same);
    law_gains(law, (set->value[POSITION] + 100) / 200, &left, &right);
    s->k[0] = set->value[POSITION] == 0 ? 1 : (float)(left / centre);
    s->k[1] = set->value[POSITION] == 0 ? 1 : (float)(right / centre);
    return TD_OK;
}

static void pan_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)key, (void)gr;
    const pan *s = st;
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < frames; i++) ch[c][i] *= s->k[c];
}

static double pan_power_at(const void *st, double freq_hz)
{
    (void)freq_hz;
    const pan *s = st;
    return 0.5 * ((double)s->k[0] * (double)s->k[0] + (double)s->k[1] * (double)s->k[1]);
}

const td_processor td_pan = {
    .name = "pan",
    .help = "places a sound between left and right",
    .stands_for = "the pan knob of a console",
    .params = params,
    .n_params = PARAMS,
    .state_size = sizeof(pan),
    .prepare = pan_prepare,
    .process = pan_process,
    .power_at = pan_power_at,
    .linear = true,
};
