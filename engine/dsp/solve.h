/* engine/dsp/solve.h - small systems of equations, as least squares leave them. */
#ifndef TD_DSP_SOLVE_H
#define TD_DSP_SOLVE_H

#include <stdbool.h>
#include <stddef.h>

/* Solves the symmetric positive definite a x = b (n by n, the lower triangle counts) in place, by Cholesky; x returns
 * in b. False, b then worthless, when a is not positive definite. */
bool td_solve(double *a, double *b, size_t n);

#endif
