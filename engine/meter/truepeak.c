#include "engine/meter/meter.h"

#include "engine/base/base.h"
#include <stdlib.h>
#include <string.h>

/* Work goes in tiles (base/between.h). No point can exceed what the samples in reach and their sharpest bend allow, nor
 * the largest in reach times the sum of the filter's absolute weights: where that stays below the maximum so far, the
 * tile, or its remaining doublings, are left out. */
#define CHANNELS 2

/* An own design for each meter, so that 8 and 16 times are two witnesses. Other people's meters decide whether a
 * delivery holds, so these two look at the Annex's points as well and never read less. */
typedef struct design {
    unsigned over, doublings;
    bool annex;
    td_doubling_design doubling[TD_DOUBLINGS_MAX];
} design;

static const design designs[] = {
    { 4, 2, false, { { 24, 80 }, { 6, 80 } } },
    { 8, 3, true, { { 32, 100 }, { 7, 90 }, { 5, 90 } } },
    { 16, 4, true, { { 48, 110 }, { 8, 100 }, { 6, 100 }, { 5, 100 } } },
};

struct td_true_peak {
    unsigned channels;
    bool annex, soft;
    size_t filled;                                   /* frames of the tile after */
    float x[CHANNELS][3 * TD_TILE + TD_TILE_MARGIN]; /* the tile before, the tile, the tile after */
    float recent, max, sample_max;
    td_between between;
};

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
    m->annex = d->annex;
    if (td_between_set(&m->between, d->doubling, d->doublings)) {
        td_true_peak_free(m);
        return TD_NOMEM;
    }
    *out = m;
    return TD_OK;
}

void td_true_peak_soften(td_true_peak *m)
{
    m->soft = true;
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

static float annex_peak(td_between *b, const float *x)
{
    float peak = 0;
    for (unsigned p = 0; p < TD_ANNEX_PHASES; p++) peak = fmaxf(peak, td_largest(td_between_annex(b, p, x), TD_TILE));
    return peak;
}

static float soft_peak(td_between *b, const float *x)
{
    float peak = 0;
    for (unsigned p = 0; p < TD_SOFT_PHASES; p++) peak = fmaxf(peak, td_largest(td_between_soft(b, p, x), TD_TILE));
    return peak;
}

/* The soft points differ from the tile's own by what is in the top octave: far less than 2 dB where music peaks. */
static const float soft_reach = 1.26f;

/* The tile in the middle of x: all its points, or as many doublings as can still matter. */
static float measure_tile(td_true_peak *m, const float *x, float max)
{
    td_between *b = &m->between;
    size_t n;
    const float *points = td_between_begin(b, x + TD_TILE, &n);
    float peak = td_largest(points, n);
    max = fmaxf(max, peak);
    if (!td_between_exceeds(b, points, n, peak, max)) return max;
    if (m->annex && peak * b->annex_growth > max) max = fmaxf(max, annex_peak(b, x + TD_TILE));
    for (unsigned i = 0; i < b->doublings; i++) {
        max = fmaxf(max, peak);
        if (peak * b->growth[i] <= max) return max;
        points = td_between_double(b, i, points, &n);
        peak = td_largest(points, n);
    }
    if (m->soft && peak * soft_reach > max) peak = fmaxf(peak, soft_peak(b, x + TD_TILE));
    return fmaxf(max, peak);
}

static void next_tile(td_true_peak *m)
{
    for (unsigned c = 0; c < m->channels; c++) {
        m->recent = measure_tile(m, m->x[c], m->recent);
        memmove(m->x[c], m->x[c] + TD_TILE, 2 * TD_TILE * sizeof(float));
    }
    m->filled = 0;
}

void td_true_peak_add(td_true_peak *m, const float *const *ch, size_t frames)
{
    for (size_t at = 0; at < frames;) {
        size_t room = TD_TILE - m->filled, n = room < frames - at ? room : frames - at;
        for (unsigned c = 0; c < m->channels; c++) {
            memcpy(m->x[c] + 2 * TD_TILE + m->filled, ch[c] + at, n * sizeof(float));
            m->sample_max = fmaxf(m->sample_max, td_largest(ch[c] + at, n));
        }
        m->filled += n;
        at += n;
        if (m->filled == TD_TILE) next_tile(m);
    }
}

void td_true_peak_end(td_true_peak *m)
{
    static const float silence[3 * TD_TILE];
    const float *const ch[CHANNELS] = { silence, silence };
    td_true_peak_add(m, ch, 3 * TD_TILE - m->filled);
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
