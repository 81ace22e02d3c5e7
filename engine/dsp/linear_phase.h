/* engine/dsp/linear_phase.h - filters with a wanted magnitude and no phase but a delay. */
#ifndef TD_DSP_LINEAR_PHASE_H
#define TD_DSP_LINEAR_PHASE_H

#include "engine/dsp/convolve.h"

/* |H|^2 at a frequency, whatever ctx is. */
typedef double td_power_fn(const void *ctx, double freq_hz);

typedef struct td_linear_phase {
    td_convolver *convolver;
    size_t half;    /* taps reach half to both sides of the middle one */
    size_t latency; /* frames: half and what the convolver waits for */
} td_linear_phase;

/* As long as it takes, but at least `half` to both sides: within 0.03 dB from 20 Hz to 20 kHz wherever more than -40 dB
 * passes, unless that takes 2^17 frames. TD_NOMEM. */
td_status td_linear_phase_init(td_linear_phase *f, td_power_fn *power, const void *ctx, double rate_hz, size_t half);
void td_linear_phase_fini(td_linear_phase *f); /* also after a failed init, or on zeroed storage */
void td_linear_phase_reset(td_linear_phase *f);
void td_linear_phase_process(td_linear_phase *f, float *const *ch, size_t frames); /* in place */

#endif
