#include "engine/base/memory.h"
#include "engine/base/units.h"
#include "engine/dsp/dsp.h"
#include "engine/dsp/rest.h"
#include "engine/dsp/solve.h"

#include <stdlib.h>
#include <string.h>

enum { SENSITIVITY, LENGTH, DECLICK_PARAMS };

/* clang-format off */
static const td_param declick_params[DECLICK_PARAMS] = {
    [SENSITIVITY] = { "sensitivity", TD_UNIT_PERCENT, 0, 100, 10, .flags = TD_SOLVABLE,
        .help = "how small a click may be: from 30 times down to 6 times what the sound does by itself" },
    [LENGTH] = { "length", TD_UNIT_MS, 0.1, 2, 1, .help = "what lasts longer is no click" },
};
/* clang-format on */

/* The sound is followed by an autoregressive model, window by window. A click is where both the prediction from before
 * and the one from behind fail: the first fails from its start on, the other up to its end. What is missing is then
 * what makes the model's errors around it least (Janssen, Veldhuis and Vries 1986). All else passes untouched.
 *
 *     [ MARGIN | HOP: clicks that start here are mended | MARGIN ]   one window of a channel; it moves by HOP
 */
enum { ORDER = 24, HOP = 1024, MARGIN = 512, WINDOW = HOP + 2 * MARGIN, GAP_MAX = 256, NEAR = 32, AROUND = 200 };

#define SMALLEST 1e-4 /* an error below -80 dBFS is no click */
#define CROWD    10   /* so many a second are no clicks but the edges of a wave */
#define LEFT     0.04 /* of the error that found a click: at most so much where it was mended */
#define NOISE    1.5  /* deviation of the usual error, over the median the smaller of two has */

typedef struct channel {
    float x[WINDOW + HOP]; /* a window, and what comes behind it */
    double crowd;          /* candidates, forgotten within a second */
} channel;

typedef struct work work;

typedef struct declick {
    channel channel[2];
    work *work;
    double threshold, forget;
    int longest; /* samples a click may have */
    size_t fill; /* frames since the window moved */
    double taper[WINDOW];
    td_rest rest;
} declick;

struct work {
    double a[ORDER + 1]; /* error e[n] = sum a[i] x[n - i], a[0] = 1 */
    double b[ORDER + 1]; /* autocorrelation of a */
    double error[WINDOW], order[WINDOW];
    float was[WINDOW];
    double matrix[GAP_MAX * GAP_MAX], gap[GAP_MAX];
};

/* ---- the model -------------------------------------------------------------------------------------------------- */

/* Levinson and Durbin on the autocorrelation of the tapered window; false where there is nothing to follow. */
static bool fit(const declick *d, const float *x, work *w)
{
    double r[ORDER + 1] = { 0 }, t[WINDOW];
    for (int i = 0; i < WINDOW; i++) t[i] = (double)x[i] * d->taper[i];
    for (int k = 0; k <= ORDER; k++)
        for (int i = k; i < WINDOW; i++) r[k] += t[i] * t[i - k];
    if (r[0] < 1e-12 * WINDOW) return false;
    double left = r[0] *= 1 + 1e-9, *a = w->a;
    memset(a, 0, sizeof w->a);
    a[0] = 1;
    for (int k = 1; k <= ORDER; k++) {
        double sum = 0, before[ORDER + 1];
        for (int i = 0; i < k; i++) sum += a[i] * r[k - i];
        double reflect = -sum / left;
        memcpy(before, a, sizeof before);
        for (int i = 1; i <= k; i++) a[i] = before[i] + reflect * before[k - i];
        left *= 1 - reflect * reflect;
    }
    for (int k = 0; k <= ORDER; k++) {
        w->b[k] = 0;
        for (int i = k; i <= ORDER; i++) w->b[k] += a[i] * a[i - k];
    }
    return true;
}

/* The smaller one of both predictions' errors, sample by sample; 0 where one of them has not enough to go by. */
static void find_errors(const float *x, work *w)
{
    for (int n = 0; n < WINDOW; n++) {
        double from_before = 0, from_behind = 0;
        bool inside = n >= ORDER && n < WINDOW - ORDER;
        for (int i = 0; inside && i <= ORDER; i++) {
            from_before += w->a[i] * (double)x[n - i];
            from_behind += w->a[i] * (double)x[n + i];
        }
        w->error[n] = fmin(fabs(from_before), fabs(from_behind));
    }
}

/* ---- clicks ----------------------------------------------------------------------------------------------------- */

/* The value in the middle of x[0..n), which is put in order as far as that takes (Hoare's FIND). */
static double median(double *x, int n)
{
    int low = 0, high = n - 1, middle = n / 2;
    while (low < high) {
        double pivot = x[middle];
        int i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot) i++;
            while (x[j] > pivot) j--;
            if (i > j) break;
            double other = x[i];
            x[i++] = x[j];
            x[j--] = other;
        }
        if (j < middle) low = i;
        if (i > middle) high = j;
    }
    return x[middle];
}

/* Puts what the model expects into x[from .. from + n). */
static void mend(float *x, int from, int n, work *w)
{
    for (int i = 0; i < n; i++) {
        w->gap[i] = 0;
        for (int k = 1; k <= ORDER; k++) {
            if (i - k < 0) w->gap[i] -= w->b[k] * (double)x[from + i - k];
            if (i + k >= n) w->gap[i] -= w->b[k] * (double)x[from + i + k];
        }
        for (int j = 0; j <= i; j++) w->matrix[i * n + j] = i - j <= ORDER ? w->b[i - j] : 0;
    }
    if (!td_solve(w->matrix, w->gap, (size_t)n)) return;
    for (int i = 0; i < n; i++) x[from + i] = (float)w->gap[i];
}

/* The energy of the prediction's errors in x[from .. from + n), and as far behind as it reaches. */
static double misses(const float *x, const work *w, int from, int n)
{
    double sum = 0;
    for (int i = from; i < from + n + ORDER; i++) {
        double error = 0;
        for (int k = 0; k <= ORDER; k++) error += w->a[k] * (double)x[i - k];
        sum += error * error;
    }
    return sum;
}

/* A click was added to a sound that goes on beneath it: what is put in its place joins both sides, and nearly all of
 * the error beyond the usual is gone. Where the sound itself turns, as under the beater of a kick, nothing joins them,
 * and all stays as it was. */
static void mend_if_joined(float *x, int from, int n, work *w, double usual)
{
    float was[GAP_MAX];
    memcpy(was, x + from, (size_t)n * sizeof *was);
    double before = misses(x, w, from, n), noise = (n + ORDER) * NOISE * NOISE * usual * usual;
    mend(x, from, n, w);
    if (misses(x, w, from, n) - noise > LEFT * LEFT * before) memcpy(x + from, was, (size_t)n * sizeof *was);
}

/* The usual error on one side of a click; large in the noise of a drum. */
static double beside(const work *w, int from)
{
    double sum = 0;
    for (int n = from; n < from + NEAR; n++) sum += w->error[n] / NEAR;
    return sum;
}

static double power(const float *x)
{
    double sum = 0;
    for (int n = 0; n < AROUND; n++) sum += (double)x[n] * (double)x[n];
    return sum;
}

/* A click leaves the sound as it was, calm and as loud; a stroke begins like one, but goes on. */
static bool is_click(const declick *d, const float *x, const work *w, double usual, int from, int last)
{
    if (last - from + 3 > d->longest) return false;
    if (fmax(beside(w, from - 1 - NEAR), beside(w, last + 2)) > fmax(SMALLEST, 4 * usual)) return false;
    return power(x + last + 2) < 4 * power(x + from - 1 - AROUND) + SMALLEST * SMALLEST * AROUND;
}

/* Where the click around n begins and ends: as far as errors of a quarter of the limit go on. */
static void grow(const work *w, double limit, int n, int *from, int *last)
{
    *from = *last = n;
    for (int i = n - 1; i >= n - ORDER; i--)
        if (w->error[i] > limit / 4) *from = i;
    for (int i = n + 1; i < WINDOW - AROUND - 2 && i - *last <= ORDER / 2; i++)
        if (w->error[i] > limit / 4) *last = i;
}

/* Mends, by the model there is, the clicks whose start is found in the middle of the window; `sure`: only where the
 * sound goes on. Returns how many were found. */
static int sweep(declick *d, float *x, bool sure)
{
    work *w = d->work;
    int found = 0;
    find_errors(x, w);
    memcpy(w->order, w->error, sizeof w->order);
    double usual = 1.4826 * median(w->order, WINDOW); /* a Gaussian's deviation from its median */
    double limit = fmax(SMALLEST, d->threshold * usual);
    for (int n = MARGIN, from, last; n < MARGIN + HOP; n++) {
        if (w->error[n] <= limit) continue;
        grow(w, limit, n, &from, &last);
        n = last;
        if (!is_click(d, x, w, usual, from, last)) continue;
        found++;
        mend_if_joined(x, from - 1, last - from + 3, w, sure ? usual : (double)INFINITY);
    }
    return found;
}

/* The window has moved. Clicks spoil the model that finds them: where there are any, a second model is made of the
 * mended sound, and mends the sound as it was. */
static void search(declick *d, channel *c)
{
    work *w = d->work;
    c->crowd *= d->forget;
    if (!fit(d, c->x, w)) return;
    memcpy(w->was, c->x, sizeof w->was);
    int found = sweep(d, c->x, false);
    if (found == 0) return;
    bool single = c->crowd + found <= CROWD && fit(d, c->x, w);
    memcpy(c->x, w->was, sizeof w->was);
    c->crowd += single ? sweep(d, c->x, true) : found;
}

/* ---- the processor ---------------------------------------------------------------------------------------------- */

static void clear(declick *d)
{
    for (unsigned c = 0; c < 2; c++) d->channel[c] = (channel){ .crowd = 0 };
    d->fill = 0;
}

static void declick_reset(void *st)
{
    declick *d = st;
    clear(d);
    d->rest = td_rest_init(HOP + MARGIN + (size_t)d->longest);
}

static td_status declick_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    declick *d = st;
    d->threshold = 30 * td_pow(0.2, set->value[SENSITIVITY] / 100);
    d->longest = (int)fmin(GAP_MAX, set->value[LENGTH] / 1000 * fmt->rate_hz);
    d->forget = td_exp(-HOP / fmt->rate_hz);
    for (int i = 0; i < WINDOW; i++) d->taper[i] = 0.5 - 0.5 * td_cos(2 * TD_PI * (i + 0.5) / WINDOW);
    d->work = td_calloc2(1, sizeof *d->work, 1);
    if (!d->work) return td_no_memory(err);
    declick_reset(d);
    return TD_OK;
}

static void declick_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)key, (void)gr;
    declick *d = st;
    for (size_t at = 0, n; (n = td_rest_run(&d->rest, ch, &at, frames, HOP - d->fill)) > 0; at += n) {
        for (unsigned k = 0; k < 2; k++) {
            channel *c = &d->channel[k];
            memcpy(c->x + WINDOW + d->fill, ch[k] + at, n * sizeof c->x[0]);
            memcpy(ch[k] + at, c->x + MARGIN + d->fill, n * sizeof c->x[0]);
            if (d->fill + n < HOP) continue;
            memmove(c->x, c->x + HOP, WINDOW * sizeof c->x[0]);
            search(d, c);
        }
        d->fill = (d->fill + n) % HOP;
        if (td_rest_over(&d->rest)) clear(d);
    }
}

static size_t declick_latency(const void *st)
{
    (void)st;
    return HOP + MARGIN;
}

static size_t declick_tail(const void *st)
{
    const declick *d = st;
    return (size_t)d->longest;
}

static void declick_destroy(void *st)
{
    declick *d = st;
    free(d->work);
}

const td_processor td_declick = {
    .name = "declick",
    .help = "mends single clicks of a millisecond and less; what is no click passes untouched",
    .stands_for = "RX De-click class repair, light",
    .params = declick_params,
    .n_params = DECLICK_PARAMS,
    .state_size = sizeof(declick),
    .prepare = declick_prepare,
    .process = declick_process,
    .reset = declick_reset,
    .latency = declick_latency,
    .tail = declick_tail,
    .destroy = declick_destroy,
};
