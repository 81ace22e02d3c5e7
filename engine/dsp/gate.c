#include "engine/dsp/downward.h"

enum { THRESHOLD, SHARED, PARAMS = SHARED + TD_DOWNWARD_PARAMS };

static const td_param params[PARAMS] = {
    [THRESHOLD] = { "threshold", TD_UNIT_DBFS, -90, 0, -40, .help = "opens from here on, as the peak level of a sine" },
    [SHARED] = TD_DOWNWARD_ROWS(20, 0.5, 120),
};

static td_status gate_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    return td_downward_prepare(st, fmt, set->value[THRESHOLD], INFINITY, 0, set->value + SHARED, err);
}

const td_processor td_gate = {
    .name = "gate",
    .help = "shuts out what bleeds in between the notes",
    .stands_for = "SSL channel gate, Drawmer DS201",
    .params = params,
    .n_params = PARAMS,
    .state_size = sizeof(td_downward),
    .prepare = gate_prepare,
    .process = td_downward_process,
    .reset = td_downward_reset,
    .latency = td_downward_latency,
    .destroy = td_downward_destroy,
    .dynamics = &td_downward_dynamics,
    .hears_key = true,
};
