#include "engine/base/units.h"

#include <stdio.h>
#include <stdlib.h>

double td_round_to(double x, double step)
{
    if (!(step > 0) || !isfinite(x)) return x;
    /* steps are decimal: divide by the whole number of steps in one where that is exact, so 0.1 * 3 reads 0.3 */
    double per = rint(1 / step);
    double r = per >= 1 && fabs(per * step - 1) < 1e-9 ? rint(x * per) / per : rint(x / step) * step;
    return r + 0.0;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double td_median(double *x, size_t n)
{
    if (!n) return NAN;
    qsort(x, n, sizeof *x, ascending);
    return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

double td_percentile(double *x, size_t n, double part)
{
    if (!n) return NAN;
    qsort(x, n, sizeof *x, ascending);
    return x[(size_t)((double)(n - 1) * part + 0.5)];
}

const char *td_clock(double seconds, char out[16])
{
    unsigned s = seconds > 0 && seconds < 1e6 ? (unsigned)seconds : 0;
    snprintf(out, 16, "%u:%02u", s / 60, s % 60);
    return out;
}
