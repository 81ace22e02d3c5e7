#include "engine/dsp/downward.h"

enum { THRESHOLD, RATIO, KNEE, SHARED, PARAMS = SHARED + TD_DOWNWARD_PARAMS };

/* clang-format off */
static const td_param params[PARAMS] = {
    [THRESHOLD] = { "threshold", TD_UNIT_DBFS, -90, 0, -40, .help = "middle of the knee, as the peak level of a sine" },
    [RATIO] = { "ratio", TD_UNIT_RATIO, 1, 20, 2, .help = "what lies 1 dB below the threshold leaves so many below" },
    [KNEE] = { "knee", TD_UNIT_DB, 0, 24, 6, .help = "width of the bend" },
    [SHARED] = TD_DOWNWARD_ROWS(12, 1, 200),
};
/* clang-format on */

static td_status expander_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    const double *value = set->value;
    return td_downward_prepare(st, fmt, value[THRESHOLD], value[RATIO], value[KNEE], value + SHARED, err);
}

const td_processor td_expander = {
    .name = "expander",
    .help = "makes quiet passages quieter: less room, noise and bleed",
    .stands_for = "SSL channel expander, Pro-G",
    .params = params,
    .n_params = PARAMS,
    .state_size = sizeof(td_downward),
    .prepare = expander_prepare,
    .process = td_downward_process,
    .reset = td_downward_reset,
    .latency = td_downward_latency,
    .destroy = td_downward_destroy,
    .dynamics = &td_downward_dynamics,
    .hears_key = true,
};
