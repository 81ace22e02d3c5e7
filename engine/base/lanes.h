/* engine/base/lanes.h - left and right side by side in one SIMD register.
 *
 * Recursive filters cannot run ahead along time, but the two channels are independent: one register of two doubles
 * holds both, and every x86-64 machine has it, so there is one path and one result. */
#ifndef TD_BASE_LANES_H
#define TD_BASE_LANES_H

#include <math.h>
#include <stddef.h>

typedef double td_v2 __attribute__((vector_size(16)));
typedef float td_f4 __attribute__((vector_size(16)));     /* four signals, where single precision will do */
typedef long long td_m2 __attribute__((vector_size(16))); /* masks of comparisons: all ones or zero */

static inline td_v2 td_v2_set(double x)
{
    return (td_v2){ x, x };
}
static inline td_v2 td_v2_load(float *const *ch, size_t i)
{
    return (td_v2){ (double)ch[0][i], (double)ch[1][i] };
}
static inline void td_v2_store(float *const *ch, size_t i, td_v2 v)
{
    ch[0][i] = (float)v[0];
    ch[1][i] = (float)v[1];
}
static inline td_v2 td_v2_select(td_m2 mask, td_v2 a, td_v2 b) /* mask ? a : b */
{
    return (td_v2)((mask & (td_m2)a) | (~mask & (td_m2)b));
}
static inline td_v2 td_v2_abs(td_v2 a)
{
    return (td_v2)((td_m2)a & (td_m2){ 0x7fffffffffffffffLL, 0x7fffffffffffffffLL });
}
static inline td_v2 td_v2_max(td_v2 a, td_v2 b)
{
    return td_v2_select(a > b, a, b);
}
static inline td_v2 td_v2_min(td_v2 a, td_v2 b)
{
    return td_v2_select(a < b, a, b);
}

#endif
