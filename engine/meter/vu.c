#include "engine/meter/meter.h"

#include "engine/base/base.h"
#include <stdlib.h>

/* A needle is a second-order low-pass. These two reach 99 % of a step in 300 ms and go 1.25 % over: the overshoot
 * exp(-pi z / sqrt(1 - z^2)) gives the damping, the time the frequency. */
#define DAMPING     0.8127
#define NEEDLE_RADS 13.512

struct td_vu {
    double rate_hz, b, a1, a2; /* b (1 + 2 z + z^2) / (1 + a1 z + a2 z^2), bilinear */
    double x1, x2, y1, y2, max, sum;
    uint64_t frames, max_at;
};

td_status td_vu_new(double rate_hz, td_vu **out)
{
    *out = NULL;
    if (!(rate_hz >= 100 && rate_hz <= 384000)) return TD_ARG;
    td_vu *m = calloc(1, sizeof *m);
    if (!m) return TD_NOMEM;
    double k = td_tan(NEEDLE_RADS / (2 * rate_hz)), a0 = 1 + 2 * DAMPING * k + k * k;
    m->rate_hz = rate_hz;
    m->b = k * k / a0 * (TD_PI / 2); /* the mean of a rectified sine is 2/pi of its peak */
    m->a1 = 2 * (k * k - 1) / a0;
    m->a2 = (1 - 2 * DAMPING * k + k * k) / a0;
    *out = m;
    return TD_OK;
}

void td_vu_free(td_vu *m)
{
    free(m);
}

void td_vu_add(td_vu *m, const float *left, const float *right, size_t frames)
{
    double x1 = m->x1, x2 = m->x2, y1 = m->y1, y2 = m->y2, max = m->max, sum = m->sum;
    for (size_t i = 0; i < frames; i++) {
        double x = 0.5 * (fabs((double)left[i]) + fabs((double)right[i]));
        double y = m->b * (x + x1 + x1 + x2) - m->a2 * y2 - m->a1 * y1;
        if (y > max) {
            max = y;
            m->max_at = m->frames + i;
        }
        sum += y;
        x2 = x1, x1 = x, y2 = y1, y1 = y;
    }
    m->x1 = x1, m->x2 = x2, m->y1 = y1, m->y2 = y2, m->max = max, m->sum = sum;
    m->frames += frames;
}

double td_vu_max_dbfs(const td_vu *m)
{
    return td_to_db(m->max);
}

double td_vu_max_at(const td_vu *m)
{
    return (double)m->max_at / m->rate_hz;
}

double td_vu_mean_dbfs(const td_vu *m)
{
    return m->frames ? td_to_db(fmax(m->sum, 0) / (double)m->frames) : -INFINITY;
}
