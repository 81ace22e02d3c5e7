/* engine/dsp/convolve.h - a long stereo filter, left by left and right by right: partitions of equal size,
 * overlap-save.
 *
 * Late by its partition, about a quarter of the filter: nobody plays live here, and large transforms are the cheap
 * ones. */
#ifndef TD_DSP_CONVOLVE_H
#define TD_DSP_CONVOLVE_H

#include "engine/base/error.h"
#include <stddef.h>

typedef struct td_convolver td_convolver;

/* Copies frames >= 1 samples of both channels. TD_NOMEM. */
td_status td_convolver_new(const float *const *filter, size_t frames, td_convolver **out);
void td_convolver_free(td_convolver *c); /* NULL is welcome */
void td_convolver_reset(td_convolver *c);
size_t td_convolver_latency(const td_convolver *c);
void td_convolver_process(td_convolver *c, float *const *ch, size_t frames); /* in place */

#endif
