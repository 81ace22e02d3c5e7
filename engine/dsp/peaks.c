#include "engine/dsp/peaks.h"

#include "engine/base/base.h"
#include <stdlib.h>
#include <string.h>

/* Work goes in tiles: the tile in the middle is measured when the one after it is complete.
 *
 *     x:  [ tile before | tile | tile after, being filled ]        out: what the tile before the last one reached
 *
 * The first doubling has to cut between the sound and its image and is long, the others have ever more room. */
#define TILE         64
#define STAGES_MAX   4
#define HALF_MAX     48
#define MARGIN       16 /* read past the end by the last lanes */
#define POINTS_MAX   ((TILE << (STAGES_MAX - 1)) + 64)
#define ANNEX_PHASES 3 /* and the samples themselves */
#define ANNEX_TAPS   12

static const size_t halves[STAGES_MAX] = { 48, 8, 5, 4 };
static const double attenuation_db = 90;

typedef struct stage {
    float h[HALF_MAX];
    size_t half, n; /* points doubled for a tile */
    size_t first;   /* the first of them in what the stage before left */
} stage;

struct td_peaks {
    unsigned stages;
    stage stage[STAGES_MAX];
    size_t reach; /* frames a tile's points look at on its left */
    float annex[ANNEX_PHASES][ANNEX_TAPS];
    float growth; /* no point exceeds the largest sample in reach times this */
    size_t filled;
    float x[2][3 * TILE + MARGIN], out[2][TILE];
    float points[2][POINTS_MAX], middle[POINTS_MAX];
};

typedef float v4 __attribute__((vector_size(16), aligned(4)));

/* ---- design ----------------------------------------------------------------------------------------------------- */

/* sinc under a Hann window of six samples on either side, for the points at 1/4, 2/4, 3/4 after a sample */
static void design_annex(td_peaks *p)
{
    for (int i = 0; i < ANNEX_PHASES; i++)
        for (int k = 0; k < ANNEX_TAPS; k++) {
            double t = k - 5 - (i + 1) / 4.0;
            double window = 0.5 + 0.5 * td_cos(TD_PI * t / 6);
            p->annex[i][k] = (float)(td_sin(TD_PI * t) / (TD_PI * t) * window);
        }
}

/* From the last stage back: which points each has to double so that the tile's own are complete. */
static void design_stages(td_peaks *p)
{
    ptrdiff_t from = 0, to = TILE << p->stages;
    for (size_t i = p->stages; i-- > 0;) {
        stage *s = &p->stage[i];
        double h[HALF_MAX];
        s->half = halves[i];
        td_half_band(s->half, attenuation_db, h);
        for (size_t k = 0; k < s->half; k++) s->h[k] = (float)h[k];
        ptrdiff_t first = from >> 1, last = (to + 1) >> 1;
        if (i + 1 < p->stages) p->stage[i + 1].first = (size_t)(from - 2 * first) + p->stage[i + 1].half - 1;
        s->n = (size_t)(last - first);
        from = first - (ptrdiff_t)s->half + 1;
        to = last + (ptrdiff_t)s->half;
    }
    p->stage[0].first = p->stage[0].half - 1;
    p->reach = (size_t)-from;
}

/* fmaxf would look for NaN, which is slow and keeps loops from vectorising */
static inline float larger(float a, float b)
{
    return a > b ? a : b;
}

/* ---- points ----------------------------------------------------------------------------------------------------- */

/* The points in the middle after x[0] .. x[n - 1]; x is read to n + half + 8, mid written to n + 8. */
static void middles(const stage *s, const float *x, size_t n, float *mid)
{
    for (size_t j = 0; j < n; j += 8) {
        v4 a = { 0 }, b = { 0 };
        for (size_t k = 0; k < s->half; k++) {
            const float *left = x + j - k, *right = x + j + 1 + k;
            v4 h = { s->h[k], s->h[k], s->h[k], s->h[k] };
            a += h * (*(const v4 *)left + *(const v4 *)right);
            b += h * (*(const v4 *)(left + 4) + *(const v4 *)(right + 4));
        }
        *(v4 *)(mid + j) = a;
        *(v4 *)(mid + j + 4) = b;
    }
}

/* most[i] = the largest of itself and |x[i * step]| .. |x[i * step + step - 1]| */
static void gather(float *most, const float *x, size_t step)
{
    for (size_t k = 0; k < step; k++)
        for (size_t i = 0; i < TILE; i++) most[i] = larger(most[i], fabsf(x[i * step + k]));
}

static void add_annex(td_peaks *p, const float *x, float *most)
{
    for (size_t i = 0; i < ANNEX_PHASES; i++) {
        for (size_t j = 0; j < TILE; j += 8) {
            v4 a = { 0 }, b = { 0 };
            for (size_t k = 0; k < ANNEX_TAPS; k++) {
                a += *(const v4 *)(x + j + k - 5) * p->annex[i][k];
                b += *(const v4 *)(x + j + k - 1) * p->annex[i][k];
            }
            *(v4 *)(p->middle + j) = a;
            *(v4 *)(p->middle + j + 4) = b;
        }
        gather(most, p->middle, 1);
    }
}

static void add_cascade(td_peaks *p, const float *x, float *most)
{
    const float *points = x - p->reach;
    for (unsigned i = 0; i < p->stages; i++) {
        const stage *s = &p->stage[i];
        float *next = p->points[i % 2];
        points += s->first;
        middles(s, points, s->n, p->middle);
        if (i + 1 == p->stages) {
            gather(most, points, (size_t)1 << i);
            gather(most, p->middle, (size_t)1 << i);
            return;
        }
        for (size_t j = 0; j < s->n; j++) {
            next[2 * j] = points[j];
            next[2 * j + 1] = p->middle[j];
        }
        points = next;
    }
}

static void measure_tile(td_peaks *p, unsigned c, float floor)
{
    const float *x = p->x[c] + TILE;
    float *most = p->out[c], largest = 0;
    for (size_t i = 0; i < TILE; i++) most[i] = fabsf(x[i]);
    for (size_t i = 0; i < TILE + 2 * p->reach + 1; i++) largest = larger(largest, fabsf(*(x - p->reach + i)));
    if (largest * p->growth > floor) {
        add_annex(p, x, most);
        add_cascade(p, x, most);
    }
    memmove(p->x[c], p->x[c] + TILE, 2 * TILE * sizeof *x);
}

/* ---- the meter -------------------------------------------------------------------------------------------------- */

/* One sample of 1 at each place in reach: what a frame then shows, summed, bounds what any samples can make of it. */
static float find_growth(td_peaks *p)
{
    float sum[TILE] = { 0 }, growth = 0;
    for (size_t at = 0; at < 3 * TILE; at++) {
        td_peaks_reset(p);
        p->x[0][at] = 1;
        measure_tile(p, 0, -1);
        for (size_t i = 0; i < TILE; i++) sum[i] += p->out[0][i];
    }
    for (size_t i = 0; i < TILE; i++) growth = larger(growth, sum[i]);
    td_peaks_reset(p);
    return growth * 1.0001f; /* and the rounding of the points themselves */
}

td_status td_peaks_new(double rate_hz, td_peaks **out)
{
    td_peaks *p = *out = td_calloc2(1, 1, sizeof *p);
    if (!p) return TD_NOMEM;
    p->stages = rate_hz < 64000 ? 4 : 3;
    design_stages(p);
    design_annex(p);
    p->growth = find_growth(p);
    return TD_OK;
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

void td_peaks_run(td_peaks *p, const float *const *in, float floor, size_t frames, float *const *peak)
{
    for (size_t at = 0; at < frames;) {
        size_t room = TILE - p->filled, n = room < frames - at ? room : frames - at;
        for (unsigned c = 0; c < 2; c++) {
            memcpy(p->x[c] + 2 * TILE + p->filled, in[c] + at, n * sizeof(float));
            memcpy(peak[c] + at, p->out[c] + p->filled, n * sizeof(float));
        }
        p->filled += n;
        at += n;
        if (p->filled < TILE) continue;
        for (unsigned c = 0; c < 2; c++) measure_tile(p, c, floor);
        p->filled = 0;
    }
}
