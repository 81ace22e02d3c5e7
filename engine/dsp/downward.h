/* engine/dsp/downward.h - what gate and expander share: less gain for what is quiet.
 *
 * Open is a state: it begins at the threshold and ends when the level has stayed below the threshold less hysteresis
 * for the hold time. While open, the gain is whole; closed, it follows the curve down to the range. */
#ifndef TD_DSP_DOWNWARD_H
#define TD_DSP_DOWNWARD_H

#include "engine/dsp/delayline.h"
#include "engine/dsp/dynamics.h"

typedef struct td_downward_settings {
    double threshold_db, hysteresis_db, range_db;
    double ratio, knee_db; /* ratio INFINITY: closed is the whole range */
    double attack_ms, hold_ms, release_ms, lookahead_ms;
    double low_cut_hz, high_cut_hz; /* of the detector; NaN: none */
} td_downward_settings;

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

/* Callbacks of td_processor and its td_dynamics; the state is a td_downward. */
td_status td_downward_prepare(td_downward *d, const td_format *fmt, const td_downward_settings *set);
void td_downward_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames);
void td_downward_reset(void *st);
size_t td_downward_latency(const void *st);
void td_downward_destroy(void *st);
extern const td_dynamics td_downward_dynamics;

#endif
