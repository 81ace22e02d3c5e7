/* engine/dsp/curve.h - a bent line through the origin, and its mean between two samples.
 *
 * First-order antiderivative anti-aliasing (Parker, Zavalishin, Le Bivic, DAFx-16): instead of f at each sample, the
 * mean of f on the way from one sample to the next, (F(b) - F(a)) / (b - a). F stands in a table of cubic pieces, so
 * any f will do; what is shaped is the derivative of the pieces, which differs from f by less than 1e-7. Outside the
 * table f stays at its end values. The result is half a sample late (TD_OVERSAMPLE_MEANS of oversample.h). */
#ifndef TD_DSP_CURVE_H
#define TD_DSP_CURVE_H

#include "engine/base/error.h"
#include "engine/base/lanes.h"

/* What curves are calibrated to: the peak of a sine of -18 dBFS, which reads 0 VU. */
#define TD_VU_PEAK 0.12589254117941673

#define TD_CURVE_REACH 16   /* the table spans -16 to 16 */
#define TD_CURVE_CELLS 2048 /* pieces in it */

typedef struct td_curve {
    double (*cell)[4]; /* F in a cell: c0 + c1 t + c2 t^2 + c3 t^3, t from 0 to 1 */
    double low, high;  /* f beyond the ends */
} td_curve;

typedef double td_shape(double x, double bend); /* f; what `bend` means is the shape's own */

td_status td_curve_init(td_curve *c, td_shape *f, double bend); /* TD_NOMEM */
void td_curve_fini(td_curve *c);                                /* also on zeroed storage */

/* The last sample and F there: what the mean needs to know. Zeroed is silence. */
typedef struct td_curve_past {
    td_v2 x, integral;
} td_curve_past;

/* Where x lies: the four polynomial coefficients of both lanes, and t. x within the table. */
typedef struct td_curve_piece {
    td_v2 c0, c1, c2, c3, t;
} td_curve_piece;

static inline td_curve_piece td_curve_find(const td_curve *c, td_v2 x)
{
    const double per = (double)TD_CURVE_CELLS / (2 * TD_CURVE_REACH);
    td_v2 at = (x + td_v2_set(TD_CURVE_REACH)) * td_v2_set(per);
    int l = (int)at[0], r = (int)at[1];
    const td_v2 *a = (const td_v2 *)c->cell[l], *b = (const td_v2 *)c->cell[r];
    return (td_curve_piece){
        .c0 = { a[0][0], b[0][0] },
        .c1 = { a[0][1], b[0][1] },
        .c2 = { a[1][0], b[1][0] },
        .c3 = { a[1][1], b[1][1] },
        .t = at - (td_v2){ l, r },
    };
}

static inline td_v2 td_curve_inside(td_v2 x)
{
    return td_v2_max(td_v2_min(x, td_v2_set(TD_CURVE_REACH)), td_v2_set(-TD_CURVE_REACH));
}

static inline td_v2 td_curve_integral(const td_curve *c, td_v2 x)
{
    td_v2 in = td_curve_inside(x), over = x - in;
    td_curve_piece p = td_curve_find(c, in);
    td_v2 y = ((p.c3 * p.t + p.c2) * p.t + p.c1) * p.t + p.c0;
    return y + over * td_v2_select(over > td_v2_set(0), td_v2_set(c->high), td_v2_set(c->low));
}

static inline td_v2 td_curve_value(const td_curve *c, td_v2 x)
{
    const double per = (double)TD_CURVE_CELLS / (2 * TD_CURVE_REACH);
    td_curve_piece p = td_curve_find(c, td_curve_inside(x));
    return ((td_v2_set(3) * p.c3 * p.t + td_v2_set(2) * p.c2) * p.t + p.c1) * td_v2_set(per);
}

/* The mean of f from the sample before to x. Where they are too near for a quotient, f in the middle is the same within
 * 1e-9. */
static inline td_v2 td_curve_mean(const td_curve *c, td_curve_past *past, td_v2 x)
{
    td_v2 step = x - past->x, integral = td_curve_integral(c, x), rise = integral - past->integral;
    td_m2 wide = td_v2_abs(step) > td_v2_set(1e-4);
    td_v2 y = rise / td_v2_select(wide, step, td_v2_set(1));
    if (!(wide[0] & wide[1])) y = td_v2_select(wide, y, td_curve_value(c, td_v2_set(0.5) * (x + past->x)));
    *past = (td_curve_past){ x, integral };
    return y;
}

/* The one or the other, as the oversampling is made for it; nothing but x is known of the past in a draft. */
static inline td_v2 td_curve_bend(const td_curve *c, td_curve_past *past, td_v2 x, bool draft)
{
    if (!draft) return td_curve_mean(c, past, x);
    past->x = x;
    return td_curve_value(c, x);
}

#endif
