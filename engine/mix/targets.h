/* engine/mix/targets.h - what finished mixes look like, third octave by third octave.
 *
 * A prior and a sanity limit, never a judge: real mixes lie 3.3 dB (median) from their own genre's curve. Only what
 * lies outside a band's 25th to 75th percentile is worth a move. */
#ifndef TD_MIX_TARGETS_H
#define TD_MIX_TARGETS_H

#include "engine/meter/meter.h"

typedef struct td_target_curve {
    const char *name;
    float p25[TD_BANDS], p50[TD_BANDS], p75[TD_BANDS]; /* dB re the total of 100 Hz to 10 kHz */
} td_target_curve;

/* By name ("loud", "score" ...); NULL when there is none. */
const td_target_curve *td_target_find(const char *name);

/* `common` for a song of this percussiveness in dB (clamped to 2.5 standard deviations); NaN: as it is. */
td_target_curve td_target_common(double percussiveness_db);

#endif
