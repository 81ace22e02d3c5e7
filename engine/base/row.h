/* engine/base/row.h - rows of samples. */
#ifndef TD_BASE_ROW_H
#define TD_BASE_ROW_H

#include "engine/base/lanes.h"

static inline td_f4 td_larger(td_f4 peaks, td_fu x)
{
    return (td_f4)_mm_max_ps((__m128)peaks, (__m128)((td_mu)x & 0x7fffffff));
}

/* The largest magnitude; of numbers, for a NaN would hide what came before it. */
static inline float td_largest(const float *x, size_t n)
{
    td_f4 peaks[4] = { 0 };
    float peak = 0;
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (size_t k = 0; k < 4; k++) peaks[k] = td_larger(peaks[k], *(const td_fu *)(x + i + 4 * k));
    for (; i + 4 <= n; i += 4) peaks[0] = td_larger(peaks[0], *(const td_fu *)(x + i));
    for (; i < n; i++) peak = fabsf(x[i]) > peak ? fabsf(x[i]) : peak;
    peaks[0] = td_larger(td_larger(peaks[0], peaks[1]), td_larger(peaks[2], peaks[3]));
    for (int k = 0; k < 4; k++) peak = peaks[0][k] > peak ? peaks[0][k] : peak;
    return peak;
}

/* The largest second difference, x[i - 1] - 2 x[i] + x[i + 1], of n numbers: how sharply they bend. */
static inline float td_sharpest(const float *x, size_t n)
{
    td_f4 peaks = { 0 };
    float peak = 0;
    size_t i = 1;
    for (; i + 5 <= n; i += 4) {
        td_fu before = *(const td_fu *)(x + i - 1), here = *(const td_fu *)(x + i), after = *(const td_fu *)(x + i + 1);
        peaks = td_larger(peaks, before - here + (after - here));
    }
    for (; i + 1 < n; i++) peak = fmaxf(peak, fabsf(x[i - 1] - x[i] + (x[i + 1] - x[i])));
    for (int k = 0; k < 4; k++) peak = peaks[k] > peak ? peaks[k] : peak;
    return peak;
}

static inline void td_scale(float *x, float gain, size_t n)
{
    for (size_t i = 0; i < n; i++) x[i] *= gain;
}

/* The sum of squares. */
static inline double td_squares(const float *x, size_t n)
{
    td_v2 sum[4] = { 0 };
    double rest = 0;
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t k = 0; k < 4; k++) {
            td_v2 v = { (double)x[i + 2 * k], (double)x[i + 2 * k + 1] };
            sum[k] += v * v;
        }
    for (; i < n; i++) rest += (double)x[i] * (double)x[i];
    sum[0] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    return sum[0][0] + sum[0][1] + rest;
}

#endif
