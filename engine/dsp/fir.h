/* engine/dsp/fir.h - long symmetric filters: linear phase, by overlap-save with one transform size. */
#ifndef TD_DSP_FIR_H
#define TD_DSP_FIR_H

#include "engine/base/fft.h"
#include "engine/base/lanes.h"

typedef struct td_fir {
    td_fft *fft;
    size_t half, hop, fill; /* taps reach half to both sides; frames between transforms; frames since the last */
    double *gain;           /* spectrum of the kernel around its centre: real */
    td_v2 *in, *out, *re, *im;
} td_fir;

/* |H|^2 at a frequency, whatever ctx is. */
typedef double td_power_fn(const void *ctx, double freq_hz);

/* A linear-phase filter of this magnitude, as long as it takes: within 0.03 dB from 20 Hz to 20 kHz wherever it passes
 * more than -40 dB, unless that takes more than 2.7 s. TD_NOMEM. */
td_status td_fir_init(td_fir *f, td_power_fn *power, const void *ctx, double rate_hz);
void td_fir_fini(td_fir *f); /* also after a failed init, or on zeroed storage */
void td_fir_reset(td_fir *f);
void td_fir_process(td_fir *f, td_v2 *x, size_t frames); /* in place, td_fir_latency frames later */
size_t td_fir_latency(const td_fir *f);

#endif
