/* engine/dsp/delayline.h - two channels of sound, a whole number of frames later. */
#ifndef TD_DSP_DELAYLINE_H
#define TD_DSP_DELAYLINE_H

#include "engine/base/error.h"
#include <stddef.h>

typedef struct td_delayline {
    float *ring[2];
    size_t frames, at;
} td_delayline;

/* A delay of 0 frames is a wire and owns nothing. TD_NOMEM. */
td_status td_delayline_init(td_delayline *d, size_t frames);
void td_delayline_fini(td_delayline *d); /* also after a failed init, or on zeroed storage */
void td_delayline_reset(td_delayline *d);
/* out may be in. */
void td_delayline_process(td_delayline *d, const float *const *in, float *const *out, size_t frames);

#endif
