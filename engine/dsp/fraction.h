/* engine/dsp/fraction.h - the sound between two samples: a windowed sinc at any fraction of one.
 *
 * Flat within 0.02 dB up to 0.4 of the rate, what it adds below -75 dB. For delays that move while they sound. */
#ifndef TD_DSP_FRACTION_H
#define TD_DSP_FRACTION_H

#include "engine/base/error.h"

#define TD_FRACTION_TAPS   32
#define TD_FRACTION_PHASES 256

typedef struct td_fraction {
    float (*tap)[TD_FRACTION_TAPS]; /* a row for every phase from 0 to 1, both included */
} td_fraction;

td_status td_fraction_init(td_fraction *f); /* TD_NOMEM */
void td_fraction_fini(td_fraction *f);      /* also on zeroed storage */

/* The sound `at` (0 <= at < 1) after x[TAPS / 2 - 1]; x has TAPS samples. */
static inline float td_fraction_read(const td_fraction *f, const float *x, double at)
{
    double phase = at * TD_FRACTION_PHASES;
    int row = (int)phase;
    float part = (float)(phase - row);
    const float *a = f->tap[row], *b = f->tap[row + 1];
    float sum[4] = { 0 };
    for (int i = 0; i < TD_FRACTION_TAPS; i += 4)
        for (int k = 0; k < 4; k++) sum[k] += (a[i + k] + part * (b[i + k] - a[i + k])) * x[i + k];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

#endif
