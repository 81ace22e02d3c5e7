#include "engine/dsp/curve.h"

#include "engine/base/maths.h"
#include "engine/base/memory.h"
#include <stdlib.h>

/* Integral of f over a cell of width h from x: Gauss and Legendre with three points, exact to x^5. */
static double area(td_shape *f, double bend, double x, double h)
{
    double middle = x + h / 2, off = h / 2 * sqrt(0.6);
    return h / 18 * (5 * f(middle - off, bend) + 8 * f(middle, bend) + 5 * f(middle + off, bend));
}

/* One piece: F from `from` on, the slopes of F at both ends (f times the width), and what F gains (Hermite). */
static void fill(double cell[4], double from, double slope_low, double slope_high, double gain)
{
    cell[0] = from;
    cell[1] = slope_low;
    cell[2] = 3 * gain - 2 * slope_low - slope_high;
    cell[3] = slope_low + slope_high - 2 * gain;
}

td_status td_curve_init(td_curve *c, td_shape *f, double bend)
{
    const double h = 2.0 * TD_CURVE_REACH / TD_CURVE_CELLS;
    *c = (td_curve){ .low = f(-TD_CURVE_REACH, bend), .high = f(TD_CURVE_REACH, bend) };
    c->cell = td_calloc2(TD_CURVE_CELLS + 1, 1, sizeof *c->cell); /* one more for x at the very end */
    if (!c->cell) return TD_NOMEM;
    /* outwards from 0, where F is 0, so that rounding is smallest where the sound is */
    double up = 0, down = 0;
    for (int i = 0; i <= TD_CURVE_CELLS / 2; i++) {
        double x = i * h, over = area(f, bend, x, h), under = area(f, bend, -x - h, h);
        fill(c->cell[TD_CURVE_CELLS / 2 + i], up, h * f(x, bend), h * f(x + h, bend), over);
        up += over;
        down -= under;
        if (i < TD_CURVE_CELLS / 2)
            fill(c->cell[TD_CURVE_CELLS / 2 - 1 - i], down, h * f(-x - h, bend), h * f(-x, bend), under);
    }
    return TD_OK;
}

void td_curve_fini(td_curve *c)
{
    free(c->cell);
    *c = (td_curve){ 0 };
}
