/* engine/dsp/downward.h - what gate and expander share: less gain for what is quiet.
 *
 * Open is a state: it begins at the threshold and ends when the level has stayed below the threshold less hysteresis
 * for the hold time. While open, the gain is whole; closed, it follows the curve down to the range. */
#ifndef TD_DSP_DOWNWARD_H
#define TD_DSP_DOWNWARD_H

#include "engine/dsp/delayline.h"
#include "engine/dsp/dynamics.h"

/* The rows both have, one after the other. They differ in what is set by default. */
enum {
    TD_DOWNWARD_RANGE,
    TD_DOWNWARD_HYSTERESIS,
    TD_DOWNWARD_ATTACK,
    TD_DOWNWARD_HOLD,
    TD_DOWNWARD_RELEASE,
    TD_DOWNWARD_LOOKAHEAD,
    TD_DOWNWARD_LOW_CUT,
    TD_DOWNWARD_HIGH_CUT,
    TD_DOWNWARD_PARAMS
};

/* clang-format off */
#define TD_DOWNWARD_ROWS(range_db, attack_ms, release_ms)                                                              \
    { "range", TD_UNIT_DB, 0, 90, range_db, .flags = TD_SOLVABLE, .help = "how much quieter it gets, at most" },       \
    { "hysteresis", TD_UNIT_DB, 0, 20, 4, .help = "closes so much below where it opens" },                             \
    { "attack", TD_UNIT_MS, 0.05, 100, attack_ms, .step = 0.01, .help = "63 % of the way open" },                      \
    { "hold", TD_UNIT_MS, 0, 2000, 40, .help = "stays open for so long after the level fell" },                        \
    { "release", TD_UNIT_MS, 5, 5000, release_ms, .help = "63 % of the way closed" },                                  \
    { "lookahead", TD_UNIT_MS, 0, 20, 2, .help = "opens so much before the sound" },                                   \
    { "detector_low_cut", TD_UNIT_HZ, 20, 10000, NAN, .help = "it hears only what lies above; not set: all" },         \
    { "detector_high_cut", TD_UNIT_HZ, 50, 20000, NAN, .help = "it hears only what lies below; not set: all" }
/* clang-format on */

typedef struct td_downward {
    td_detector detector;
    td_delayline delay;
    td_knee knee; /* of levels turned upside down */
    double open_db, close_db, range_db;
    double attack, release; /* share a frame */
    size_t hold, quiet;     /* frames below: how many close it; how many so far */
    bool open;
    double s; /* reduction, dB */
    float power[2][TD_BLOCK], level[TD_BLOCK];
} td_downward;

/* value: of the rows above. ratio INFINITY: closed is the whole range. TD_NOMEM. */
td_status td_downward_prepare(td_downward *d, const td_format *fmt, double threshold_db, double ratio, double knee_db,
                              const double value[TD_DOWNWARD_PARAMS], td_error *err);

/* Callbacks of td_processor and its td_dynamics; the state is a td_downward. */
void td_downward_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames);
void td_downward_reset(void *st);
size_t td_downward_latency(const void *st);
void td_downward_destroy(void *st);
extern const td_dynamics td_downward_dynamics;

#endif
