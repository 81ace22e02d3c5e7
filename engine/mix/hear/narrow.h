/* engine/mix/hear/narrow.h - what stands out in twelfths of an octave: a resonance, mains hum. Room-internal. */
#ifndef TD_HEAR_NARROW_H
#define TD_HEAR_NARROW_H

#include "engine/mix/survey.h"

/* What was found, and where: NaN where nothing was. */
typedef struct td_found {
    double value, at_hz, q;
} td_found;

#define TD_NOT_FOUND ((td_found){ NAN, NAN, NAN })

/* The twelfth between low_hz and high_hz that stands out most over its neighbours: value is by how many dB it does in
 * 60 % of the active frames. Found only when it keeps its place while what else is strongest moves through at least
 * five notes: a held note is no resonance. */
td_status td_find_resonance(const td_survey *s, size_t signal, double low_hz, double high_hz, td_found *out,
                            td_error *err);

/* Harmonics of 50 or 60 Hz in what never stops: value is their power against the mean square of active frames, in dB.
 * Heard in pauses; where there are hardly any, below what moves. */
td_status td_find_hum(const td_survey *s, size_t signal, td_found *out, td_error *err);

#endif
