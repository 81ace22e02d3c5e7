#include "engine/dsp/downward.h"

enum { THRESHOLD, RATIO, KNEE, RANGE, HYSTERESIS, ATTACK, HOLD, RELEASE, LOOKAHEAD, LOW_CUT, HIGH_CUT, PARAMS };

/* clang-format off */
static const td_param params[PARAMS] = {
    [THRESHOLD] = { "threshold", TD_UNIT_DBFS, -90, 0, -40, .help = "middle of the knee, as the peak level of a sine" },
    [RATIO] = { "ratio", TD_UNIT_RATIO, 1, 20, 2, .help = "what lies 1 dB below the threshold leaves so many below" },
    [KNEE] = { "knee", TD_UNIT_DB, 0, 24, 6, .help = "width of the bend" },
    [RANGE] = { "range", TD_UNIT_DB, 0, 90, 12, .flags = TD_SOLVABLE, .help = "no quieter than this" },
    [HYSTERESIS] = { "hysteresis", TD_UNIT_DB, 0, 20, 4, .help = "once open, it waits for so much less" },
    [ATTACK] = { "attack", TD_UNIT_MS, 0.05, 100, 1, .step = 0.01, .help = "63 % of the way up" },
    [HOLD] = { "hold", TD_UNIT_MS, 0, 2000, 40, .help = "stays up for so long after the level fell" },
    [RELEASE] = { "release", TD_UNIT_MS, 5, 5000, 200, .help = "63 % of the way down" },
    [LOOKAHEAD] = { "lookahead", TD_UNIT_MS, 0, 20, 2, .help = "rises so much before the sound" },
    [LOW_CUT] = { "detector_low_cut", TD_UNIT_HZ, 20, 10000, NAN, .help = "it hears only what lies above; not set: all" },
    [HIGH_CUT] = { "detector_high_cut", TD_UNIT_HZ, 50, 20000, NAN,
        .help = "it hears only what lies below; not set: all" },
};
/* clang-format on */

static td_status expander_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    const double *value = set->value;
    td_status ok = td_downward_prepare(st, fmt,
                                       &(td_downward_settings){ .threshold_db = value[THRESHOLD],
                                                                .hysteresis_db = value[HYSTERESIS],
                                                                .range_db = value[RANGE],
                                                                .ratio = value[RATIO],
                                                                .knee_db = value[KNEE],
                                                                .attack_ms = value[ATTACK],
                                                                .hold_ms = value[HOLD],
                                                                .release_ms = value[RELEASE],
                                                                .lookahead_ms = value[LOOKAHEAD],
                                                                .low_cut_hz = value[LOW_CUT],
                                                                .high_cut_hz = value[HIGH_CUT] });
    return ok == TD_OK ? TD_OK : td_no_memory(err);
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
};
