/* engine/base/maths.h - the same numbers on every x86-64 machine.
 *
 * libm picks other code where the processor has fused multiply-add, so its last digit differs between machines, and
 * a mix must not. These functions are plain C in double, compiled without contraction: additions, multiplications,
 * divisions and square roots only, which IEEE 754 fixes to the bit. Accuracy: relative error below 1e-15 unless said
 * otherwise. engine/ calls these and sqrt, fabs, floor, ceil, rint, trunc, fmin, fmax, isfinite; nothing else of
 * math.h.
 *
 * Domain errors give NaN, overflow gives infinity, as in math.h; errno is not touched. */
#ifndef TD_BASE_MATHS_H
#define TD_BASE_MATHS_H

#include <math.h>
#include <stddef.h>

#define TD_PI 3.14159265358979323846

double td_exp(double x);
double td_exp2(double x);
double td_exp10(double x);
double td_log(double x);
double td_log2(double x);
double td_log10(double x);
double td_pow(double x, double y); /* x >= 0 */
double td_sin(double x);           /* |x| <= 1e9, reduced in three parts */
double td_cos(double x);
double td_tan(double x);
double td_atan(double x);
double td_atan2(double y, double x);
double td_cosh(double x);
double td_tanh(double x);
/* y[i] = td_log10(x[i]), many abreast; x positive and no denormal. y may be x. */
void td_log10_row(const double *x, double *y, size_t n);
double td_bessel_i0(double x); /* of Kaiser windows; |x| <= 50 */

/* Turns denormal numbers off (flush to zero, denormals are zero) for the calling thread and returns what was set
 * before, for td_denormals_restore. Every thread that touches audio does so: silence must not cost more than sound. */
unsigned td_denormals_off(void);
void td_denormals_restore(unsigned before);

#endif
