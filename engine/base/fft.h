/* engine/base/fft.h - Fourier transform of two real signals at once in double, or of eight in float.
 *
 * Our own, for one reason: libraries choose other code on other processors, and a mix has to be the same bytes
 * everywhere. Signals (left and right) run side by side in SIMD lanes. A transform belongs to one thread at a time (it
 * holds work space). */
#ifndef TD_BASE_FFT_H
#define TD_BASE_FFT_H

#include "engine/base/error.h"
#include "engine/base/lanes.h"

typedef struct td_fft td_fft;

/* n real samples, a power of two from 16 to 2^20; TD_ARG otherwise. */
td_status td_fft_new(size_t n, td_fft **out);
void td_fft_free(td_fft *f); /* NULL is welcome */

/* x[n] to bins 0..n/2 (n/2 + 1 of them), unscaled: X[k] = sum x[i] exp(-2 pi j k i / n). x is left alone. */
void td_fft_forward(td_fft *f, const td_v2 *x, td_v2 *re, td_v2 *im);
/* The way back, scaled by 1/n, so that inverse(forward(x)) is x. re and im are left alone. */
void td_fft_inverse(td_fft *f, const td_v2 *re, const td_v2 *im, td_v2 *x);

/* The same for eight, to measure by: what it adds lies 130 dB below the signal. */
typedef struct td_fft8 td_fft8;
td_status td_fft8_new(size_t n, td_fft8 **out);
void td_fft8_free(td_fft8 *f);
void td_fft8_forward(td_fft8 *f, const td_f8 *x, td_f8 *re, td_f8 *im);

#endif
