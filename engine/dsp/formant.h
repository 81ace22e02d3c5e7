/* engine/dsp/formant.h - moves the formants of a voice and leaves its pitch alone.
 *
 * Frame by frame the spectral envelope is read off and stretched along frequency; what lies between is multiplied, so
 * partials stay where they are. Two signals side by side, each with an envelope of its own. */
#ifndef TD_DSP_FORMANT_H
#define TD_DSP_FORMANT_H

#include "engine/base/error.h"
#include "engine/base/lanes.h"
#include <stddef.h>

typedef struct td_formant td_formant;

/* ratio: where a formant goes, over where it is. TD_NOMEM. */
td_status td_formant_new(double rate_hz, double ratio, td_formant **out);
void td_formant_free(td_formant *f); /* NULL is welcome */
void td_formant_reset(td_formant *f);
size_t td_formant_latency(const td_formant *f); /* frames; silence after as many again */
td_v2 td_formant_pass(td_formant *f, td_v2 x);

#endif
