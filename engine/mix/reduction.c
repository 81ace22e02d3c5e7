#include "engine/mix/reduction.h"

#include "engine/base/memory.h"
#include "engine/base/row.h"
#include "engine/base/units.h"
#include <stdlib.h>
#include <string.h>

enum {
    BINS = 800,   /* of 0.05 dB: 0 to 40 dB */
    LEVELS = 121, /* of 1 dB: 0 is -90 dBFS and below, 120 is +30 dBFS and above */
    ACTIVE = 30,  /* dB below the highest window that still count as active */
};

struct td_reduction {
    double rate_hz;
    unsigned stride, phase;
    bool peaks;               /* count steps, not values */
    size_t window, in_window; /* 0.2 s, in values */
    size_t step, in_step;     /* 0.1 s */
    float window_peak, step_max;
    uint64_t at;
    double max;
    uint64_t max_at;
    uint32_t now[BINS]; /* the window under way */
    float *steps;
    size_t n_steps, room;
    bool holds[LEVELS];
    uint32_t count[LEVELS][BINS]; /* finished windows, by their input's peak; unset where a level holds nothing */
};

td_status td_reduction_new(double rate_hz, unsigned stride, bool peaks, td_reduction **out)
{
    *out = NULL;
    td_reduction *r = malloc(sizeof *r);
    if (!r) return TD_NOMEM;
    memset(r, 0, offsetof(td_reduction, count)); /* of the rest a song fills a few levels */
    r->rate_hz = rate_hz;
    r->stride = stride ? stride : 1;
    r->peaks = peaks;
    r->window = (size_t)(rate_hz * 0.2);
    r->step = (size_t)(rate_hz * 0.1);
    *out = r;
    return TD_OK;
}

void td_reduction_free(td_reduction *r)
{
    if (!r) return;
    free(r->steps);
    free(r);
}

static void count(td_reduction *r, float change_db)
{
    int bin = (int)(fabsf(change_db) * 20);
    r->now[bin < BINS ? bin : BINS - 1]++;
}

/* A level's counts, to be added to. */
static uint32_t *counts_of(td_reduction *r, size_t level)
{
    if (!r->holds[level]) memset(r->count[level], 0, sizeof r->count[level]);
    r->holds[level] = true;
    return r->count[level];
}

static bool any(const uint32_t *count)
{
    uint32_t all = 0;
    for (size_t i = 0; i < BINS; i++) all |= count[i];
    return all;
}

static void end_window(td_reduction *r)
{
    double db = td_to_db((double)r->window_peak) + 90;
    size_t level = db > 0 ? (size_t)db : 0;
    if (level >= LEVELS) level = LEVELS - 1;
    if (any(r->now)) {
        uint32_t *of_level = counts_of(r, level);
        for (size_t i = 0; i < BINS; i++) of_level[i] += r->now[i];
    }
    memset(r->now, 0, sizeof r->now);
    r->in_window = 0;
    r->window_peak = 0;
}

static void end_step(td_reduction *r)
{
    void *steps = r->steps;
    /* when memory runs out the drawing ends early; the figures stay right */
    if (td_grow(&steps, &r->room, r->n_steps, sizeof *r->steps)) {
        r->steps = steps;
        r->steps[r->n_steps++] = r->step_max;
    }
    if (r->peaks) count(r, r->step_max);
    r->in_step = 0;
    r->step_max = 0;
}

/* n frames of one step and one window. */
static void add_run(td_reduction *r, const float *change_db, const float *left, const float *right, size_t n)
{
    float most = td_largest(change_db, n), in = td_largest(left, n);
    if (right) in = fmaxf(in, td_largest(right, n));
    r->window_peak = fmaxf(r->window_peak, in);
    r->step_max = fmaxf(r->step_max, most);
    if ((double)most > r->max) {
        size_t i = 0;
        while (fabsf(change_db[i]) < most) i++;
        r->max = (double)most;
        r->max_at = r->at + i;
    }
    r->at += n;
    if (r->peaks) return;
    size_t i = r->phase;
    for (; i < n; i += r->stride) count(r, change_db[i]);
    r->phase = (unsigned)(i - n);
}

void td_reduction_add(td_reduction *r, const float *change_db, const float *left, const float *right, size_t n)
{
    for (size_t at = 0, run; at < n; at += run) {
        run = n - at;
        if (r->step - r->in_step < run) run = r->step - r->in_step;
        if (r->window - r->in_window < run) run = r->window - r->in_window;
        add_run(r, change_db + at, left + at, right ? right + at : NULL, run);
        r->in_step += run;
        r->in_window += run;
        if (r->in_step == r->step) end_step(r);
        if (r->in_window == r->window) end_window(r);
    }
}

double td_reduction_max(const td_reduction *r)
{
    return r->max;
}

double td_reduction_max_at(const td_reduction *r)
{
    return (double)r->max_at / r->rate_hz;
}

/* The lowest level that counts as active: 30 dB below the highest window that held anything. */
static size_t active_from(const td_reduction *r)
{
    for (size_t level = LEVELS; level-- > 1;)
        if (r->holds[level]) return level > ACTIVE ? level - ACTIVE : 1;
    return LEVELS;
}

/* Of all active time, by bin; returns how much there is. */
static uint64_t active_bins(const td_reduction *r, uint64_t *bin)
{
    uint64_t all = 0;
    memset(bin, 0, BINS * sizeof *bin);
    for (size_t level = active_from(r); level < LEVELS; level++)
        for (size_t i = 0; i < BINS && r->holds[level]; i++) bin[i] += r->count[level][i];
    for (size_t i = 0; i < BINS; i++) all += bin[i];
    return all;
}

double td_reduction_percentile(const td_reduction *r, double part)
{
    uint64_t bin[BINS], all = active_bins(r, bin), sum = 0;
    if (!all) return 0;
    double want = part * (double)all;
    for (size_t i = 0; i < BINS; i++) {
        if ((double)(sum + bin[i]) >= want && bin[i])
            return fmin(r->max, ((double)i + (want - (double)sum) / (double)bin[i]) / 20);
        sum += bin[i];
    }
    return BINS / 20.0;
}

double td_reduction_idle(const td_reduction *r)
{
    uint64_t bin[BINS], all = active_bins(r, bin);
    double part = all ? (double)(bin[0] + bin[1]) / (double)all : 1;
    return r->max < 0.1 ? part : fmin(part, 0.999);
}

const float *td_reduction_steps(const td_reduction *r, size_t *n)
{
    *n = r->n_steps;
    return r->steps;
}

/* ---- as bytes ---------------------------------------------------------------------------------------------------- */

static void put(td_text *to, const void *data, size_t bytes)
{
    td_text_addn(to, data, bytes);
}

/* Most levels never occur; LEVELS ends the list of those that do. */
void td_reduction_pack(const td_reduction *r, td_text *to)
{
    uint64_t steps = r->n_steps, level = 0;
    put(to, &r->max, sizeof r->max);
    put(to, &r->max_at, sizeof r->max_at);
    for (; level < LEVELS; level++) {
        if (!r->holds[level]) continue;
        put(to, &level, sizeof level);
        put(to, r->count[level], sizeof r->count[level]);
    }
    put(to, &level, sizeof level);
    put(to, &steps, sizeof steps);
    put(to, r->steps, r->n_steps * sizeof *r->steps);
}

static bool take(const char **from, const char *end, void *to, size_t bytes)
{
    if ((size_t)(end - *from) < bytes) return false;
    if (bytes) memcpy(to, *from, bytes);
    *from += bytes;
    return true;
}

bool td_reduction_unpack(td_reduction *r, const char **from, const char *end)
{
    uint64_t steps, level;
    if (!take(from, end, &r->max, sizeof r->max) || !take(from, end, &r->max_at, sizeof r->max_at)) return false;
    for (;;) {
        if (!take(from, end, &level, sizeof level) || level > LEVELS) return false;
        if (level == LEVELS) break;
        if (!take(from, end, counts_of(r, level), sizeof r->count[level])) return false;
    }
    if (!take(from, end, &steps, sizeof steps) || steps > (size_t)(end - *from) / sizeof *r->steps) return false;
    if (!(r->steps = td_calloc2((size_t)steps + 1, 1, sizeof *r->steps))) return false;
    r->n_steps = r->room = (size_t)steps;
    return take(from, end, r->steps, (size_t)steps * sizeof *r->steps);
}
