#include "engine/meter/meter.h"

#include "engine/base/base.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The points between samples come from a cascade of half-band filters, each of which doubles the rate: the first has to
 * cut between the signal and its image and is long, the others have ever more room and are short. A stage keeps its
 * input and puts a point in the middle of each two:
 *
 *     mid[j] = sum over k < half of h[k] (x[j - k] + x[j + 1 + k])
 *
 * Work goes in tiles of 64 samples. No point can exceed the largest sample in reach times the sum of the filter's
 * absolute weights: where that stays below the maximum so far, the tile, or its remaining stages, are left out. */
#define TILE       64
#define STAGES_MAX 4
#define HALF_MAX   48
#define CHANNELS   2
#define MARGIN     64 /* zeros or neighbours around what a stage reads; more than any half */
#define POINTS_MAX (TILE * 16 + MARGIN)

/* Other people's meters decide whether a delivery holds, and most follow the Recommendation's own filter: four phases
 * of twelve taps, which lets images of the top octave through and so reads up to 0.3 dB more on hiss. The meters of 8
 * and 16 times look at its points as well, so that they never read less. */
#define ANNEX_TAPS   12
#define ANNEX_PHASES 3 /* and the samples themselves */

/* An own design for each meter, so that 8 and 16 times are two witnesses. Kaiser windows of this attenuation. */
typedef struct design {
    unsigned over, stages;
    struct {
        size_t half;
        double attenuation_db;
    } stage[STAGES_MAX];
} design;

static const design designs[] = {
    { 4, 2, { { 24, 80 }, { 6, 80 } } },
    { 8, 3, { { 32, 100 }, { 7, 90 }, { 5, 90 } } },
    { 16, 4, { { 48, 110 }, { 8, 100 }, { 6, 100 }, { 5, 100 } } },
};

typedef struct stage {
    size_t half;
    float h[HALF_MAX];
    size_t n;    /* points it doubles for a tile */
    size_t skip; /* the first of them in what the stage before left */
} stage;

struct td_true_peak {
    unsigned channels, stages;
    stage stage[STAGES_MAX];
    float growth[STAGES_MAX]; /* by which points still missing can exceed the largest in front of a stage */
    float annex[ANNEX_PHASES][ANNEX_TAPS], annex_growth; /* growth 0: not looked at */
    size_t reach;                                        /* samples a tile's points look at on its left */
    size_t filled;                                       /* frames of the tile after */
    float x[CHANNELS][3 * TILE + MARGIN];                /* the tile before, the tile, the tile after */
    float recent, max, sample_max;
    float mid[POINTS_MAX], points[2][POINTS_MAX];
};

/* ---- design ----------------------------------------------------------------------------------------------------- */

static void design_stage(stage *s, size_t half, double attenuation_db)
{
    double h[HALF_MAX];
    td_half_band(half, attenuation_db, h);
    s->half = half;
    for (size_t k = 0; k < half; k++) s->h[k] = (float)h[k];
}

/* sinc under a Hann window of six samples on either side, for the points at 1/4, 2/4, 3/4 after a sample */
static void design_annex(td_true_peak *m)
{
    for (int p = 0; p < ANNEX_PHASES; p++) {
        float sum = 0;
        for (int k = 0; k < ANNEX_TAPS; k++) {
            double t = k - 5 - (p + 1) / 4.0;
            double h = td_sin(TD_PI * t) / (TD_PI * t) * (0.5 + 0.5 * td_cos(TD_PI * t / 6));
            m->annex[p][k] = (float)h;
            sum += fabsf((float)h);
        }
        m->annex_growth = fmaxf(m->annex_growth, sum * 1.0001f);
    }
}

/* From the last stage back: which points each has to double so that the tile's own are complete. */
static void plan_tile(td_true_peak *m)
{
    ptrdiff_t from = 0, to = TILE << m->stages;
    for (size_t i = m->stages; i-- > 0;) {
        stage *s = &m->stage[i];
        ptrdiff_t first = from >> 1, last = (to + 1) >> 1;
        if (i + 1 < m->stages) m->stage[i + 1].skip = (size_t)(from - 2 * first);
        s->n = (size_t)(last - first);
        from = first - (ptrdiff_t)s->half + 1;
        to = last + (ptrdiff_t)s->half;
    }
    m->reach = (size_t)-from;
}

/* ---- doubling --------------------------------------------------------------------------------------------------- */

typedef float lanes4 __attribute__((vector_size(16), aligned(4)));
typedef int mask4 __attribute__((vector_size(16), aligned(4)));

static inline lanes4 magnitude(lanes4 a)
{
    return (lanes4)((mask4)a & (mask4){ INT_MAX, INT_MAX, INT_MAX, INT_MAX });
}

/* n points from x[0], and those between them, to z[2 n]; x is read from -half to n + half + 8, mid written to n + 8. */
static void double_points(const stage *s, const float *x, size_t n, float *mid, float *z)
{
    for (size_t j = 0; j < n; j += 8) {
        lanes4 a = { 0 }, b = { 0 };
        for (size_t k = 0; k < s->half; k++) {
            const float *left = x + j - k, *right = x + j + 1 + k;
            lanes4 h = { s->h[k], s->h[k], s->h[k], s->h[k] };
            a += h * (*(const lanes4 *)left + *(const lanes4 *)right);
            b += h * (*(const lanes4 *)(left + 4) + *(const lanes4 *)(right + 4));
        }
        *(lanes4 *)(mid + j) = a;
        *(lanes4 *)(mid + j + 4) = b;
    }
    for (size_t j = 0; j < n; j++) {
        z[2 * j] = x[j];
        z[2 * j + 1] = mid[j];
    }
}

static inline lanes4 larger(lanes4 peaks, lanes4 x)
{
    lanes4 a = magnitude(x);
    mask4 more = a > peaks;
    return (lanes4)((more & (mask4)a) | (~more & (mask4)peaks));
}

static float largest_of(lanes4 peaks)
{
    float peak = 0;
    for (int k = 0; k < 4; k++) peak = peaks[k] > peak ? peaks[k] : peak;
    return peak;
}

static float largest(const float *x, size_t n)
{
    lanes4 peaks = { 0 };
    size_t i = 0;
    for (; i + 4 <= n; i += 4) peaks = larger(peaks, *(const lanes4 *)(x + i));
    float peak = largest_of(peaks);
    for (; i < n; i++) peak = fabsf(x[i]) > peak ? fabsf(x[i]) : peak;
    return peak;
}

/* The largest sum of absolute weights by which a point is made from those in front of stage `first`: the response to
 * one impulse, taken apart by position. */
static td_status find_growth(td_true_peak *m, unsigned first)
{
    enum { LENGTH = 4 * MARGIN };
    size_t room = ((size_t)LENGTH << STAGES_MAX) + 2 * MARGIN;
    float *buffer = td_calloc2(3, room, sizeof *buffer);
    if (!buffer) return TD_NOMEM;
    float *x = buffer, *z = buffer + room, *mid = buffer + 2 * room;
    size_t n = LENGTH, phases = (size_t)1 << (m->stages - first);
    x[MARGIN + LENGTH / 2] = 1;
    for (unsigned i = first; i < m->stages; i++, n *= 2) {
        double_points(&m->stage[i], x + MARGIN, n, mid, z + MARGIN);
        float *swap = x;
        x = z, z = swap;
        memset(x + MARGIN + 2 * n, 0, MARGIN * sizeof *x);
    }
    for (size_t p = 0; p < phases; p++) {
        float sum = 0;
        for (size_t k = p; k < n; k += phases) sum += fabsf(x[MARGIN + k]);
        m->growth[first] = fmaxf(m->growth[first], sum * 1.0001f); /* and the rounding of the points themselves */
    }
    free(buffer);
    return TD_OK;
}

/* ---- the meter -------------------------------------------------------------------------------------------------- */

static const design *design_of(unsigned over)
{
    for (size_t i = 0; i < sizeof designs / sizeof *designs; i++)
        if (designs[i].over == over) return &designs[i];
    return NULL;
}

td_status td_true_peak_new(unsigned channels, unsigned over, td_true_peak **out)
{
    *out = NULL;
    const design *d = design_of(over);
    if (!d || channels < 1 || channels > CHANNELS) return TD_ARG;
    td_true_peak *m = td_calloc2(1, 1, sizeof *m);
    if (!m) return TD_NOMEM;
    m->channels = channels;
    m->stages = d->stages;
    for (unsigned i = 0; i < d->stages; i++) design_stage(&m->stage[i], d->stage[i].half, d->stage[i].attenuation_db);
    plan_tile(m);
    if (over > 4) design_annex(m);
    for (unsigned i = 0; i < d->stages; i++) {
        if (find_growth(m, i) == TD_OK) continue;
        td_true_peak_free(m);
        return TD_NOMEM;
    }
    *out = m;
    return TD_OK;
}

void td_true_peak_free(td_true_peak *m)
{
    free(m);
}

void td_true_peak_reset(td_true_peak *m)
{
    memset(m->x, 0, sizeof m->x);
    m->filled = 0;
    m->recent = m->max = m->sample_max = 0;
}

static float annex_peak(const td_true_peak *m, const float *x, size_t n)
{
    lanes4 peaks = { 0 };
    for (size_t j = 0; j < n; j += 4) {
        lanes4 y[ANNEX_PHASES] = { 0 };
        for (size_t k = 0; k < ANNEX_TAPS; k++) {
            lanes4 v = *(const lanes4 *)(x + j + k - 5);
            for (size_t p = 0; p < ANNEX_PHASES; p++) y[p] += v * m->annex[p][k];
        }
        for (size_t p = 0; p < ANNEX_PHASES; p++) peaks = larger(peaks, y[p]);
    }
    return largest_of(peaks);
}

/* The tile in the middle of x: all its points, or as many stages as can still matter. */
static float measure_tile(td_true_peak *m, const float *x, float max)
{
    const float *points = x + TILE - m->reach;
    size_t n = m->stage[0].n + 2 * m->stage[0].half - 1;
    if (largest(points, n) * m->annex_growth > max) max = fmaxf(max, annex_peak(m, x + TILE, TILE));
    for (unsigned i = 0; i < m->stages; i++) {
        const stage *s = &m->stage[i];
        float peak = largest(points, n), *next = m->points[i % 2];
        max = fmaxf(max, peak);
        if (peak * m->growth[i] <= max) return max;
        double_points(s, points + s->skip + s->half - 1, s->n, m->mid, next);
        points = next;
        n = 2 * s->n;
    }
    return fmaxf(max, largest(points, n));
}

static void next_tile(td_true_peak *m)
{
    for (unsigned c = 0; c < m->channels; c++) {
        m->recent = measure_tile(m, m->x[c], m->recent);
        memmove(m->x[c], m->x[c] + TILE, 2 * TILE * sizeof(float));
    }
    m->filled = 0;
}

void td_true_peak_add(td_true_peak *m, const float *const *ch, size_t frames)
{
    for (size_t at = 0; at < frames;) {
        size_t room = TILE - m->filled, n = room < frames - at ? room : frames - at;
        for (unsigned c = 0; c < m->channels; c++) {
            memcpy(m->x[c] + 2 * TILE + m->filled, ch[c] + at, n * sizeof(float));
            m->sample_max = fmaxf(m->sample_max, largest(ch[c] + at, n));
        }
        m->filled += n;
        at += n;
        if (m->filled == TILE) next_tile(m);
    }
}

void td_true_peak_end(td_true_peak *m)
{
    static const float silence[3 * TILE];
    const float *const ch[CHANNELS] = { silence, silence };
    td_true_peak_add(m, ch, 3 * TILE - m->filled);
}

double td_true_peak_max(const td_true_peak *m)
{
    return (double)fmaxf(m->max, m->recent);
}

double td_true_peak_take(td_true_peak *m)
{
    double recent = (double)m->recent;
    m->max = fmaxf(m->max, m->recent);
    m->recent = 0;
    return recent;
}

double td_sample_peak_max(const td_true_peak *m)
{
    return (double)m->sample_max;
}
