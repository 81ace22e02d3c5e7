#include "engine/base/units.h"
#include "engine/dsp/dsp.h"

enum { GAIN, GAIN_PARAMS };

static const td_param gain_params[GAIN_PARAMS] = {
    [GAIN] = { "gain", TD_UNIT_DB, -60, 24, 0, .flags = TD_SOLVABLE,
               .help = "level change, the same for both channels" },
};

typedef struct gain {
    float k;
} gain;

static td_status gain_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    (void)fmt, (void)err;
    gain *g = st;
    g->k = (float)td_from_db(set->value[GAIN]);
    return TD_OK;
}

static void gain_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)key, (void)gr;
    const gain *g = st;
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < frames; i++) ch[c][i] *= g->k;
}

static double gain_power_at(const void *st, double freq_hz)
{
    (void)freq_hz;
    const gain *g = st;
    return (double)g->k * g->k;
}

const td_processor td_gain = {
    .name = "gain",
    .help = "plain gain, where a chain needs a level of its own",
    .stands_for = "a trim plug-in",
    .params = gain_params,
    .n_params = GAIN_PARAMS,
    .state_size = sizeof(gain),
    .prepare = gain_prepare,
    .process = gain_process,
    .power_at = gain_power_at,
    .linear = true,
};
