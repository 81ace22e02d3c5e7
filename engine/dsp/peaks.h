/* engine/dsp/peaks.h - how high the sound goes between its samples, frame by frame, for what has to stay below.
 *
 * 16 points a frame (8 from 64 kHz on) by half-band doubling, and the points of the meter that ITU-R BS.1770 Annex 2
 * describes, which others will hold the result against. Results do not depend on where blocks are cut. */
#ifndef TD_DSP_PEAKS_H
#define TD_DSP_PEAKS_H

#include "engine/base/error.h"
#include <stddef.h>

#define TD_PEAKS_LATENCY 128

typedef struct td_peaks td_peaks;

td_status td_peaks_new(double rate_hz, td_peaks **out); /* TD_NOMEM */
void td_peaks_free(td_peaks *p);                        /* NULL is welcome */
void td_peaks_reset(td_peaks *p);

/* peak[c][i]: the largest magnitude from frame n up to (not including) the next, n = i - TD_PEAKS_LATENCY; zeros stand
 * in front of the sound. Points between samples are looked for only where one could exceed `floor`; below it the sample
 * stands alone. peak may be in. */
void td_peaks_run(td_peaks *p, const float *const *in, float floor, size_t frames, float *const *peak);

#endif
