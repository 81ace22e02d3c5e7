/* engine/base/halfband.h - the filter that doubles a rate: a point in the middle between each two samples.
 *
 *     mid[j] = sum over k < half of h[k] (x[j - k] + x[j + 1 + k])
 *
 * The ideal one under a Kaiser window; direct current passes exactly. Half the width of its transition is about
 * (attenuation_db - 8) / (14.36 * (4 half - 2)) of the doubled rate, on both sides of a quarter of it. */
#ifndef TD_BASE_HALFBAND_H
#define TD_BASE_HALFBAND_H

#include <stddef.h>

/* attenuation_db: above 50. */
void td_half_band(size_t half, double attenuation_db, double *h);

#endif
