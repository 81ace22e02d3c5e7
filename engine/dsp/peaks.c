#include "engine/dsp/peaks.h"

#include "engine/base/base.h"
#include <stdlib.h>
#include <string.h>

/* Work goes in tiles: the tile in the middle is measured when the one after it is complete.
 *
 *     x:  [ tile before | tile | tile after, being filled ]        out: what the tile before the last one reached */
struct td_peaks {
    size_t filled;
    float x[2][3 * TD_TILE + TD_TILE_MARGIN], out[2][TD_TILE];
    td_between between;
};

/* Not the meter's: detection and verification are two witnesses. */
static const td_doubling_design design[] = { { 48, 90 }, { 8, 90 }, { 5, 90 }, { 4, 90 } };

td_status td_peaks_new(double rate_hz, td_peaks **out)
{
    td_peaks *p = *out = td_calloc2(1, 1, sizeof *p);
    if (p && td_between_set(&p->between, design, rate_hz < 64000 ? 4 : 3) == TD_OK) return TD_OK;
    free(p);
    *out = NULL;
    return TD_NOMEM;
}

void td_peaks_free(td_peaks *p)
{
    free(p);
}

void td_peaks_reset(td_peaks *p)
{
    p->filled = 0;
    memset(p->x, 0, sizeof p->x);
    memset(p->out, 0, sizeof p->out);
}

/* most[i] = the larger of itself and |x[i]| */
static void merge(float *most, const float *x)
{
    for (size_t i = 0; i < TD_TILE; i += 4)
        *(td_fu *)(most + i) = td_larger(*(td_fu *)(most + i), *(const td_fu *)(x + i));
}

/* most[i] = the largest of itself and |x[i * step]| .. |x[i * step + step - 1]| */
static void gather(float *most, const float *x, size_t step)
{
    float largest[TD_TILE];
    for (size_t i = 0; i < TD_TILE; i++) largest[i] = td_largest(x + i * step, step);
    merge(most, largest);
}

static void measure_tile(td_peaks *p, const float *x, float floor, float *most)
{
    td_between *b = &p->between;
    size_t n;
    const float *points = td_between_begin(b, x, &n);
    float peak = td_largest(points, n);
    memset(most, 0, TD_TILE * sizeof *most);
    merge(most, x);
    if (!td_between_exceeds(b, points, n, peak, floor)) return;
    for (unsigned i = 0; i < TD_ANNEX_PHASES && peak * b->annex_growth > floor; i++)
        merge(most, td_between_annex(b, i, x));
    for (unsigned i = 0; i < b->doublings; i++) {
        if (peak * b->growth[i] <= floor) return;
        points = td_between_double(b, i, points, &n);
        peak = td_largest(points, n);
    }
    gather(most, points, (size_t)1 << b->doublings);
}

void td_peaks_run(td_peaks *p, const float *const *in, float floor, size_t frames, float *const *peak)
{
    for (size_t at = 0; at < frames;) {
        size_t room = TD_TILE - p->filled, n = room < frames - at ? room : frames - at;
        for (unsigned c = 0; c < 2; c++) {
            memcpy(p->x[c] + 2 * TD_TILE + p->filled, in[c] + at, n * sizeof(float));
            memcpy(peak[c] + at, p->out[c] + p->filled, n * sizeof(float));
        }
        p->filled += n;
        at += n;
        if (p->filled < TD_TILE) continue;
        for (unsigned c = 0; c < 2; c++) {
            measure_tile(p, p->x[c] + TD_TILE, floor, p->out[c]);
            memmove(p->x[c], p->x[c] + TD_TILE, 2 * TD_TILE * sizeof(float));
        }
        p->filled = 0;
    }
}
