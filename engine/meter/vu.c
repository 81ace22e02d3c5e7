#include "engine/meter/meter.h"

#include "engine/base/base.h"
#include <stdlib.h>

/* A needle is a second-order low-pass. These two reach 99 % of a step in 300 ms and go 1.25 % over: the overshoot
 * exp(-pi z / sqrt(1 - z^2)) gives the damping, the time the frequency. */
#define DAMPING     0.8127
#define NEEDLE_RADS 13.512
#define GROUP       8    /* frames, whose mean the needle is shown at once: it moves at 2 Hz, */
#define FAST_HZ     8000 /* from this rate on */

typedef struct needle {
    double b, a1, a2; /* b (1 + 2 z + z^2) / (1 + a1 z + a2 z^2), bilinear */
    double x1, x2, y1, y2, max, sum;
    uint64_t shown; /* readings */
} needle;

struct td_vu {
    size_t group, n_held;
    float held[2][GROUP]; /* of the group under way */
    needle needle;
};

td_status td_vu_new(double rate_hz, td_vu **out)
{
    *out = NULL;
    if (!(rate_hz >= 100 && rate_hz <= 384000)) return TD_ARG;
    td_vu *m = calloc(1, sizeof *m);
    if (!m) return TD_NOMEM;
    m->group = rate_hz >= FAST_HZ ? GROUP : 1;
    double k = td_tan(NEEDLE_RADS * (double)m->group / (2 * rate_hz)), a0 = 1 + 2 * DAMPING * k + k * k;
    m->needle.b = k * k / a0 * (TD_PI / 2); /* the mean of a rectified sine is 2/pi of its peak */
    m->needle.a1 = 2 * (k * k - 1) / a0;
    m->needle.a2 = (1 - 2 * DAMPING * k + k * k) / a0;
    *out = m;
    return TD_OK;
}

void td_vu_free(td_vu *m)
{
    free(m);
}

static void show(needle *n, double x)
{
    double y = n->b * (x + n->x1 + n->x1 + n->x2) - n->a2 * n->y2 - n->a1 * n->y1;
    if (y > n->max) n->max = y;
    n->sum += y;
    n->shown++;
    n->x2 = n->x1, n->x1 = x, n->y2 = n->y1, n->y1 = y;
}

static double magnitudes(const float *left, const float *right)
{
    td_f4 sum = { 0 };
    for (size_t i = 0; i < GROUP; i += 4) {
        td_mu l = *(const td_mu *)(left + i) & 0x7fffffff, r = *(const td_mu *)(right + i) & 0x7fffffff;
        sum += (td_f4)l + (td_f4)r;
    }
    return ((double)sum[0] + (double)sum[1]) + ((double)sum[2] + (double)sum[3]);
}

static void show_groups(td_vu *m, const float *left, const float *right, size_t groups)
{
    needle n = m->needle;
    for (size_t i = 0; i < groups; i++) show(&n, magnitudes(left + i * GROUP, right + i * GROUP) / (2 * GROUP));
    m->needle = n;
}

void td_vu_add(td_vu *m, const float *left, const float *right, size_t frames)
{
    size_t i = 0;
    for (; i < frames && m->group == 1; i++) show(&m->needle, 0.5 * (fabs((double)left[i]) + fabs((double)right[i])));
    while (i < frames) {
        size_t whole = m->n_held ? 0 : (frames - i) / GROUP;
        show_groups(m, left + i, right + i, whole);
        i += whole * GROUP;
        for (; i < frames && m->n_held < GROUP; i++, m->n_held++) {
            m->held[0][m->n_held] = left[i];
            m->held[1][m->n_held] = right[i];
        }
        if (m->n_held < GROUP) return;
        show_groups(m, m->held[0], m->held[1], 1);
        m->n_held = 0;
    }
}

double td_vu_max_dbfs(const td_vu *m)
{
    return td_to_db(m->needle.max);
}

double td_vu_mean_dbfs(const td_vu *m)
{
    return m->needle.shown ? td_to_db(fmax(m->needle.sum, 0) / (double)m->needle.shown) : -INFINITY;
}
