#include "engine/base/between.h"

#include "engine/base/maths.h"
#include "engine/base/memory.h"
#include "engine/base/row.h"
#include <stdlib.h>
#include <string.h>

/* So many eights of points, each waiting for its own last sum. */
static inline __attribute__((always_inline)) void double_eights(const td_doubling *d, const float *x, float *z,
                                                                const size_t eights)
{
    td_f8 between[4] = { 0 };
    for (size_t k = 0; k < d->half; k++)
        for (size_t e = 0; e < eights; e++)
            between[e] += d->h[k] * (*(const td_f8 *)(x + 8 * e - k) + *(const td_f8 *)(x + 8 * e + 1 + k));
    for (size_t e = 0; e < eights; e++, z += 16) {
        td_f8 at = *(const td_f8 *)(x + 8 * e);
        *(td_f8 *)z = __builtin_shufflevector(at, between[e], 0, 8, 1, 9, 2, 10, 3, 11);
        *(td_f8 *)(z + 8) = __builtin_shufflevector(at, between[e], 4, 12, 5, 13, 6, 14, 7, 15);
    }
}

/* n points from x[0], and those between them, to z[2 n]; x is read from -half to n + half + 8, z written to 2 n + 16.
 */
TD_WIDE static void double_points(const td_doubling *d, const float *x, size_t n, float *z)
{
    size_t j = 0;
    for (; j + 24 < n; j += 32) double_eights(d, x + j, z + 2 * j, 4);
    for (; j + 8 < n; j += 16) double_eights(d, x + j, z + 2 * j, 2);
    for (; j < n; j += 8) double_eights(d, x + j, z + 2 * j, 1);
}

/* ---- design ----------------------------------------------------------------------------------------------------- */

/* The ideal half-band under a Kaiser window (1974); direct current passes exactly. */
static void design_half_band(td_doubling *d, const td_doubling_design *design)
{
    double beta = 0.1102 * (design->attenuation_db - 8.7), h[48], sum = 0;
    d->half = design->half;
    for (size_t k = 0; k < d->half; k++) {
        double t = (double)k + 0.5, edge = t / (double)d->half;
        h[k] = (k % 2 ? -1 : 1) / (TD_PI * t) * td_bessel_i0(beta * sqrt(1 - edge * edge));
        sum += 2 * h[k];
    }
    for (size_t k = 0; k < d->half; k++) d->h[k] = (float)(h[k] / sum);
}

/* A point made from n samples by weights, of which number `at` and the next stand on either side of it, is also made
 * from these two alone, as on a straight line, and a sum of second differences: what is left of the weights then has
 * neither a sum nor a moment, so summing it up twice gives the weights of those. Sound near its peaks is mostly
 * straight. */
static void find_bend(td_between *b, const float *weight, size_t n, size_t at)
{
    const double rounding = 1.0001; /* of the points themselves */
    double sum = 0, moment = 0, slope = 0, bend = 0, all = 0;
    for (size_t k = 0; k < n; k++) {
        sum += (double)weight[k];
        moment += ((double)k - (double)at) * (double)weight[k];
    }
    for (size_t k = 0; k < n; k++) {
        slope += (double)weight[k] - (k == at ? sum - moment : k == at + 1 ? moment : 0);
        bend += slope;
        all += fabs(bend);
    }
    b->straight = fmaxf(b->straight, (float)((fabs(sum - moment) + fabs(moment)) * rounding));
    b->bend = fmaxf(b->bend, (float)(all * rounding));
}

/* sinc under a Hann window of six samples on either side, for the points at 1/4, 2/4, 3/4 after a sample */
static void design_annex(td_between *b)
{
    for (int p = 0; p < TD_ANNEX_PHASES; p++) {
        float sum = 0;
        for (int k = 0; k < TD_ANNEX_TAPS; k++) {
            double t = k - 5 - (p + 1) / 4.0;
            double h = td_sin(TD_PI * t) / (TD_PI * t) * (0.5 + 0.5 * td_cos(TD_PI * t / 6));
            b->annex[p][k] = (float)h;
            sum += fabsf((float)h);
        }
        b->annex_growth = fmaxf(b->annex_growth, sum * 1.0001f);
        find_bend(b, b->annex[p], TD_ANNEX_TAPS, TD_ANNEX_TAPS / 2 - 1);
    }
}

static void design_soft(td_between *b)
{
    enum { HALF = TD_SOFT_TAPS / 2 };
    static const double beta = 9;
    for (int p = 0; p < TD_SOFT_PHASES; p++) {
        for (int k = 0; k < TD_SOFT_TAPS; k++) {
            double t = k - (HALF - 1) - (p + 1) / (TD_SOFT_PHASES + 1.0), edge = t / HALF;
            double window = td_bessel_i0(beta * sqrt(1 - edge * edge)) / td_bessel_i0(beta);
            b->soft[p][k] = (float)(td_sin(TD_PI * t) / (TD_PI * t) * window);
        }
        find_bend(b, b->soft[p], TD_SOFT_TAPS, HALF - 1);
    }
}

/* From the last doubling back: which points each has to double so that the tile's own are complete. */
static void plan_tile(td_between *b)
{
    ptrdiff_t from = 0, to = TD_TILE << b->doublings;
    size_t inside = 0; /* of the next doubling: its first point behind what it reads */
    for (unsigned i = b->doublings; i-- > 0;) {
        td_doubling *d = &b->doubling[i];
        ptrdiff_t first = from >> 1, last = (to + 1) >> 1;
        if (i + 1 < b->doublings) b->doubling[i + 1].first = (size_t)(from - 2 * first) + inside;
        inside = d->half - 1;
        d->n = (size_t)(last - first);
        from = first - (ptrdiff_t)inside;
        to = last + (ptrdiff_t)d->half;
    }
    b->doubling[0].first = inside;
    b->reach = (size_t)-from;
}

/* The largest sum of absolute weights by which a point is made from those in front of a doubling: the response to one
 * impulse, taken apart by position. */
static td_status find_growth(td_between *b, unsigned doubling)
{
    enum { LENGTH = 4 * TD_TILE_MARGIN };
    size_t room = ((size_t)LENGTH << TD_DOUBLINGS_MAX) + 2 * TD_TILE_MARGIN;
    float *buffer = td_calloc2(2, room, sizeof *buffer);
    if (!buffer) return TD_NOMEM;
    float *x = buffer, *z = buffer + room;
    size_t n = LENGTH, phases = (size_t)1 << (b->doublings - doubling);
    x[TD_TILE_MARGIN + LENGTH / 2] = 1;
    for (unsigned i = doubling; i < b->doublings; i++, n *= 2) {
        double_points(&b->doubling[i], x + TD_TILE_MARGIN, n, z + TD_TILE_MARGIN);
        float *swap = x;
        x = z, z = swap;
        memset(x + TD_TILE_MARGIN + 2 * n, 0, TD_TILE_MARGIN * sizeof *x);
    }
    for (size_t p = 0; p < phases; p++) {
        float sum = 0, weight[LENGTH]; /* an impulse meets the weights from behind */
        for (size_t k = 0; k < LENGTH; k++) {
            weight[LENGTH - 1 - k] = x[TD_TILE_MARGIN + k * phases + p];
            sum += fabsf(x[TD_TILE_MARGIN + k * phases + p]);
        }
        b->growth[doubling] = fmaxf(b->growth[doubling], sum * 1.0001f); /* and the rounding of the points themselves */
        if (doubling == 0) find_bend(b, weight, LENGTH, LENGTH / 2 - 1);
    }
    free(buffer);
    return TD_OK;
}

td_status td_between_set(td_between *b, const td_doubling_design *design, unsigned doublings)
{
    memset(b, 0, sizeof *b);
    b->doublings = doublings;
    for (unsigned i = 0; i < doublings; i++) design_half_band(&b->doubling[i], &design[i]);
    design_annex(b);
    design_soft(b);
    plan_tile(b);
    td_status st = TD_OK;
    for (unsigned i = 0; i < doublings && st == TD_OK; i++) st = find_growth(b, i);
    return st;
}

/* ---- points ----------------------------------------------------------------------------------------------------- */

const float *td_between_begin(const td_between *b, const float *x, size_t *n)
{
    *n = b->doubling[0].n + 2 * b->doubling[0].half - 1;
    return x - b->reach;
}

bool td_between_exceeds(const td_between *b, const float *samples, size_t n, float peak, float level)
{
    if (peak * (b->straight + 4 * b->bend) <= level) return false; /* no bend is sharper than four samples */
    return peak * b->straight + td_sharpest(samples, n) * b->bend > level;
}

const float *td_between_double(td_between *b, unsigned i, const float *points, size_t *n)
{
    const td_doubling *d = &b->doubling[i];
    float *z = b->points[i % 2];
    double_points(d, points + d->first, d->n, z);
    *n = 2 * d->n;
    return z;
}

/* Between the two samples in the middle of the taps. */
TD_WIDE static void filter_tile(const float *h, size_t taps, const float *x, float *y)
{
    enum { ABREAST = 4 };
    x -= taps / 2 - 1;
    for (size_t j = 0; j < TD_TILE; j += 8 * ABREAST) {
        td_f8 sum[ABREAST] = { 0 };
        for (size_t k = 0; k < taps; k++)
            for (size_t e = 0; e < ABREAST; e++) sum[e] += *(const td_f8 *)(x + j + 8 * e + k) * h[k];
        for (size_t e = 0; e < ABREAST; e++) *(td_f8 *)(y + j + 8 * e) = sum[e];
    }
}

const float *td_between_annex(td_between *b, unsigned phase, const float *x)
{
    filter_tile(b->annex[phase], TD_ANNEX_TAPS, x, b->phase);
    return b->phase;
}

const float *td_between_soft(td_between *b, unsigned phase, const float *x)
{
    filter_tile(b->soft[phase], TD_SOFT_TAPS, x, b->phase);
    return b->phase;
}
