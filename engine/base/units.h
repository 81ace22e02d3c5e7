/* engine/base/units.h - decibels and time. Full scale is 1.0. Silence is -INFINITY dB, a value and not an error. */
#ifndef TD_BASE_UNITS_H
#define TD_BASE_UNITS_H

#include "engine/base/maths.h"
#include <stdint.h>

static inline double td_from_db(double gain_db) /* amplitude */
{
    return td_exp10(gain_db / 20);
}
static inline double td_to_db(double amplitude) /* of a non-negative amplitude; 0 gives -INFINITY */
{
    return amplitude > 0 ? 20 * td_log10(amplitude) : -INFINITY;
}
static inline double td_power_db(double power)
{
    return power > 0 ? 10 * td_log10(power) : -INFINITY;
}
static inline double td_db_power(double db)
{
    return td_exp10(db / 10);
}
static inline double td_clamp(double x, double lo, double hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

/* To the nearest multiple of step (0: unchanged), the way plans round what they decide; never -0. */
double td_round_to(double x, double step);

/* Of n values, which it sorts; NaN for none. The median of an even number is the mean of the middle two; a percentile
 * is one of the values: the one nearest to `part` (0 to 1) of the way. */
double td_median(double *x, size_t n);
double td_percentile(double *x, size_t n, double part);

/* "m:ss" of a position, rounded down; hours become minutes. Returns out. */
const char *td_clock(double seconds, char out[16]);

#endif
