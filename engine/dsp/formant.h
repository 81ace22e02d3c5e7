/* engine/dsp/formant.h - sends the formants of a voice where they should go and leaves its pitch alone.
 *
 * Frame by frame the spectral envelope is read off the voice as it was, stretched along frequency, and given to the
 * voice after its pitch was changed in place of the envelope that has; only levels change, so partials stay where they
 * are. Two signals side by side, each with an envelope of its own. */
#ifndef TD_DSP_FORMANT_H
#define TD_DSP_FORMANT_H

#include "engine/base/error.h"
#include "engine/base/lanes.h"
#include <stddef.h>

typedef struct td_formant td_formant;

/* pitch: of what is changed, over the voice's; formant: where one goes, over where the voice has it. TD_NOMEM. */
td_status td_formant_new(double rate_hz, double pitch, double formant, td_formant **out);
void td_formant_free(td_formant *f); /* NULL is welcome */
void td_formant_reset(td_formant *f);
size_t td_formant_latency(const td_formant *f); /* frames; silence after as many again */
/* voice: before its pitch was changed, of the same moment as x. At pitch 1 they are the same. */
td_v2 td_formant_pass(td_formant *f, td_v2 x, td_v2 voice);

#endif
