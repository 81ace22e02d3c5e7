#include "engine/meter/meter.h"

#include "engine/base/base.h"
#include <stdlib.h>
#include <string.h>

/* ---- K weighting ------------------------------------------------------------------------------------------------ */

/* ITU-R BS.1770 prints coefficients for 48 kHz only. These are the analogue filters behind them, which the bilinear
 * transform turns into the printed digits at 48 kHz and into their like at any other rate. */
#define SHELF_HZ      1681.974450955533
#define SHELF_GAIN_DB 3.999843853973347
#define SHELF_Q       0.7071752369554196
#define SHELF_BAND    0.4996667741545416 /* exponent of the gain in the middle term */
#define PASS_HZ       38.13547087602444
#define PASS_Q        0.5003270373238773

typedef struct weighting {
    double b0, b1, b2, a1, a2; /* high shelf */
    double c1, c2;             /* high-pass; its numerator is 1, -2, 1 */
} weighting;

static weighting weighting_at(double rate_hz)
{
    weighting w;
    double k = td_tan(TD_PI * SHELF_HZ / rate_hz), high = td_from_db(SHELF_GAIN_DB), middle = td_pow(high, SHELF_BAND);
    double a0 = 1 + k / SHELF_Q + k * k;
    w.b0 = (high + middle * k / SHELF_Q + k * k) / a0;
    w.b1 = 2 * (k * k - high) / a0;
    w.b2 = (high - middle * k / SHELF_Q + k * k) / a0;
    w.a1 = 2 * (k * k - 1) / a0;
    w.a2 = (1 - k / SHELF_Q + k * k) / a0;
    k = td_tan(TD_PI * PASS_HZ / rate_hz);
    a0 = 1 + k / PASS_Q + k * k;
    w.c1 = 2 * (k * k - 1) / a0;
    w.c2 = (1 - k / PASS_Q + k * k) / a0;
    return w;
}

/* Direct form I: the recursion waits for one product and one difference only, where the transposed form waits for
 * three operations. Four channels share a register: of two stereo signals, of four mono ones, or of fewer beside
 * silence; another four fill the wait. */
#define QUAD 4
#define WIDE (2 * QUAD)
typedef struct filter {
    td_v4 x1, x2, y1, y2, z1, z2; /* input, shelved, weighted: one and two frames ago */
} filter;

/* *v becomes the weighted frame. */
static inline __attribute__((always_inline)) void weigh(const weighting *w, filter *f, td_v4 *v)
{
    td_v4 x = *v;
    td_v4 y = w->b0 * x + w->b1 * f->x1 + w->b2 * f->x2 - w->a2 * f->y2 - w->a1 * f->y1;
    td_v4 z = y + f->y2 - (f->y1 + f->y1) - w->c2 * f->z2 - w->c1 * f->z1;
    f->x2 = f->x1, f->x1 = x, f->y2 = f->y1, f->y1 = y, f->z2 = f->z1, f->z1 = z;
    *v = z;
}

/* energy += the weighted frames' squares, of one quad or of two */
static inline __attribute__((always_inline)) void
weigh_quads(const weighting *given, filter *state, const float *const *x, size_t frames, td_v4 *energy, size_t quads)
{
    const weighting w = *given;
    filter f[2] = { state[0], state[quads - 1] };
    td_v4 sum[2] = { energy[0], energy[quads - 1] };
    size_t i = 0;
    for (; i + 4 <= frames; i += 4) {
        td_f4 four[2][4];
        for (size_t q = 0; q < quads; q++) td_f4_frames(x + q * QUAD, i, four[q]);
        for (size_t k = 0; k < 4; k++) {
            for (size_t q = 0; q < quads; q++) {
                td_v4 v = TD_DOUBLES(four[q][k]);
                weigh(&w, &f[q], &v);
                sum[q] += v * v;
            }
        }
    }
    for (; i < frames; i++) {
        for (size_t q = 0; q < quads; q++) {
            const float *const *of = x + q * QUAD;
            td_v4 v = { (double)of[0][i], (double)of[1][i], (double)of[2][i], (double)of[3][i] };
            weigh(&w, &f[q], &v);
            sum[q] += v * v;
        }
    }
    for (size_t q = 0; q < quads; q++) {
        state[q] = f[q];
        energy[q] = sum[q];
    }
}

TD_WIDE static void weigh_four(const weighting *w, filter *f, const float *const *x, size_t frames, td_v4 *energy)
{
    weigh_quads(w, f, x, frames, energy, 1);
}

TD_WIDE static void weigh_eight(const weighting *w, filter *f, const float *const *x, size_t frames, td_v4 *energy)
{
    weigh_quads(w, f, x, frames, energy, 2);
}

/* |b0 + b1 z + b2 z^2|^2 on the unit circle */
static double power_of(double b0, double b1, double b2, double cos1)
{
    double cos2 = 2 * cos1 * cos1 - 1;
    return b0 * b0 + b1 * b1 + b2 * b2 + 2 * (b0 * b1 + b1 * b2) * cos1 + 2 * b0 * b2 * cos2;
}

double td_k_weight_power(double freq_hz)
{
    weighting w = weighting_at(48000);
    double c = td_cos(TD_PI * td_clamp(freq_hz / 24000, 0, 1));
    return power_of(w.b0, w.b1, w.b2, c) / power_of(1, w.a1, w.a2, c) * power_of(1, -2, 1, c) /
           power_of(1, w.c1, w.c2, c);
}

/* ---- figures from powers of 100 ms ------------------------------------------------------------------------------ */

#define BLOCK   4  /* steps of 100 ms in a gating block */
#define SHORT   30 /* and in a short-term window */
#define SILENCE -70.0

static double lufs(double power)
{
    return td_power_db(power) - 0.691;
}

static double power_at(double loudness_lufs)
{
    return td_db_power(loudness_lufs + 0.691);
}

static double mean_of(const float *k, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)k[i];
    return sum / (double)n;
}

/* The mean of those windows of `width` steps that reach gate; 0 when none does. */
static double mean_above(const float *k, size_t n, size_t width, double gate)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i + width <= n; i++) {
        double p = mean_of(k + i, width);
        if (p < gate) continue;
        sum += p;
        count++;
    }
    return count ? sum / (double)count : 0;
}

/* Above silence and above `relative_db` below the mean of what is above silence. */
static double gate_of(const float *k, size_t n, size_t width, double silence, double relative_db)
{
    return fmax(silence, mean_above(k, n, width, silence) * td_db_power(relative_db));
}

double td_gated_loudness(const float *k, size_t n)
{
    return lufs(mean_above(k, n, BLOCK, gate_of(k, n, BLOCK, power_at(SILENCE), -10)));
}

/* What is silence beside the loudest block: as far below it as -70 LUFS usually lies below a track's. */
#define SILENT_LU      (-50)
#define NOTHING_SOUNDS -80.0

static double own_gate(const float *k, size_t n)
{
    double loudest = 0;
    for (size_t i = 0; i + BLOCK <= n; i++) loudest = fmax(loudest, mean_of(k + i, BLOCK));
    return loudest < power_at(NOTHING_SOUNDS) ? INFINITY : gate_of(k, n, BLOCK, loudest * td_db_power(SILENT_LU), -10);
}

double td_own_loudness(const float *k, size_t n)
{
    return lufs(mean_above(k, n, BLOCK, own_gate(k, n)));
}

size_t td_gated_frames(const float *k, size_t n, unsigned char *active)
{
    double gate = own_gate(k, n);
    size_t marked_to = 0, count = 0;
    if (active) memset(active, 0, n);
    for (size_t i = 0; i + BLOCK <= n; i++) {
        if (mean_of(k + i, BLOCK) < gate) continue;
        size_t from = marked_to > i ? marked_to : i;
        marked_to = i + BLOCK;
        count += marked_to - from;
        if (active) memset(active + from, 1, marked_to - from);
    }
    return count;
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

double td_gated_range(const float *k, size_t n)
{
    if (n < SHORT) return 0;
    float *window = malloc((n - SHORT + 1) * sizeof *window);
    if (!window) return NAN;
    double gate = gate_of(k, n, SHORT, power_at(SILENCE), -20);
    size_t count = 0;
    for (size_t i = 0; i + SHORT <= n; i++) {
        double p = mean_of(k + i, SHORT);
        if (p >= gate) window[count++] = (float)p;
    }
    double range = 0;
    if (count) {
        qsort(window, count, sizeof *window, ascending);
        double low = (double)window[(size_t)((double)(count - 1) * 0.10 + 0.5)];
        double high = (double)window[(size_t)((double)(count - 1) * 0.95 + 0.5)];
        range = td_power_db(high / low);
    }
    free(window);
    return range;
}

/* ---- the meter -------------------------------------------------------------------------------------------------- */

#define TICKS 300 /* of 10 ms in a short-term window: maxima are looked for on this grid */

typedef struct channel {
    double x1, x2, y1, y2, z1, z2; /* a lane of a filter */
    double energy;                 /* of the tick under way */
} channel;

struct td_loudness {
    weighting w;
    channel channel[2];
    unsigned rate_hz, channels;
    uint64_t frames, ticks; /* so far; full ones */
    double tick[10];        /* energies of the last ten ticks */
    double tenth[TICKS];    /* energy of the 100 ms that ended with a tick, for the last 300 ticks */
    double momentary, short_term, max_momentary, max_short_term; /* powers */
    float *step;
    size_t n_steps, capacity;
};

td_status td_loudness_new(unsigned rate_hz, unsigned channels, td_loudness **out)
{
    *out = NULL;
    if (rate_hz < 8000 || rate_hz > 384000 || channels < 1 || channels > 2) return TD_ARG;
    td_loudness *m = td_calloc2(1, 1, sizeof *m);
    if (!m) return TD_NOMEM;
    m->w = weighting_at(rate_hz);
    m->rate_hz = rate_hz;
    m->channels = channels;
    *out = m;
    return TD_OK;
}

void td_loudness_free(td_loudness *m)
{
    if (!m) return;
    free(m->step);
    free(m);
}

void td_loudness_reset(td_loudness *m)
{
    *m = (td_loudness){
        .w = m->w, .rate_hz = m->rate_hz, .channels = m->channels, .step = m->step, .capacity = m->capacity
    };
}

/* Powers of the last `tenths` times 100 ms. */
static double window_power(const td_loudness *m, size_t tenths)
{
    double sum = 0;
    for (size_t i = 0; i < tenths; i++) sum += m->tenth[(m->ticks + TICKS - 1 - 10 * i) % TICKS];
    return sum / (0.1 * (double)tenths * (double)m->rate_hz);
}

static void close_tick(td_loudness *m)
{
    m->tick[m->ticks % 10] = m->channel[0].energy + m->channel[1].energy;
    m->channel[0].energy = m->channel[1].energy = 0;
    double tenth = 0;
    for (size_t i = 1; i <= 10; i++) tenth += m->tick[(m->ticks + i) % 10];
    m->tenth[m->ticks % TICKS] = tenth;
    m->ticks++;
    m->momentary = window_power(m, BLOCK);
    m->short_term = window_power(m, SHORT);
    m->max_momentary = fmax(m->max_momentary, m->momentary);
    m->max_short_term = fmax(m->max_short_term, m->short_term);
    if (m->ticks % 10 == 0) m->step[m->n_steps++] = (float)(tenth / (0.1 * (double)m->rate_hz));
}

/* Channels on their way through one filter. */
typedef struct lanes {
    channel *of[WIDE];
    const float *x[WIDE];
    size_t n;
} lanes;

static void lanes_run(const weighting *w, const lanes *l, size_t at, size_t frames)
{
    size_t quads = l->n > QUAD ? 2 : 1;
    filter f[2] = { 0 };
    td_v4 energy[2] = { 0 };
    const float *x[WIDE];
    for (size_t k = 0; k < WIDE; k++) x[k] = l->x[k < l->n ? k : 0] + at;
    for (size_t k = 0; k < l->n; k++) {
        const channel *c = l->of[k];
        filter *to = &f[k / QUAD];
        size_t i = k % QUAD;
        to->x1[i] = c->x1, to->x2[i] = c->x2, to->y1[i] = c->y1, to->y2[i] = c->y2, to->z1[i] = c->z1,
        to->z2[i] = c->z2;
        energy[k / QUAD][i] = c->energy;
    }
    (quads == 2 ? weigh_eight : weigh_four)(w, f, x, frames, energy);
    for (size_t k = 0; k < l->n; k++) {
        const filter *now = &f[k / QUAD];
        size_t i = k % QUAD;
        *l->of[k] =
            (channel){ now->x1[i], now->x2[i], now->y1[i], now->y2[i], now->z1[i], now->z2[i], energy[k / QUAD][i] };
    }
}

/* Up to the end of a tick, all of the meters, which are equally far. */
static void add_part(td_loudness *const *m, const float *const *const *ch, size_t n, size_t at, size_t frames)
{
    lanes l = { .n = 0 };
    for (size_t i = 0; i < n; i++) {
        if (l.n + m[i]->channels > WIDE) {
            lanes_run(&m[0]->w, &l, at, frames);
            l.n = 0;
        }
        for (unsigned c = 0; c < m[i]->channels; c++, l.n++) {
            l.of[l.n] = &m[i]->channel[c];
            l.x[l.n] = ch[i][c];
        }
    }
    lanes_run(&m[0]->w, &l, at, frames);
}

td_status td_loudness_add_all(td_loudness *const *m, const float *const *const *ch, size_t n, size_t frames)
{
    for (size_t at = 0; n && at < frames;) {
        uint64_t tick_end = (m[0]->ticks + 1) * m[0]->rate_hz / 100, missing = tick_end - m[0]->frames;
        size_t part = missing < frames - at ? (size_t)missing : frames - at;
        for (size_t i = 0; i < n; i++)
            if (!td_grow((void **)&m[i]->step, &m[i]->capacity, m[i]->n_steps, sizeof *m[i]->step)) return TD_NOMEM;
        add_part(m, ch, n, at, part);
        at += part;
        for (size_t i = 0; i < n; i++) {
            m[i]->frames += part;
            if (m[i]->frames == tick_end) close_tick(m[i]);
        }
    }
    return TD_OK;
}

td_status td_loudness_add(td_loudness *m, const float *const *ch, size_t frames)
{
    return td_loudness_add_all(&m, &ch, 1, frames);
}

double td_loudness_integrated(const td_loudness *m)
{
    return td_gated_loudness(m->step, m->n_steps);
}

double td_loudness_range(const td_loudness *m)
{
    return td_gated_range(m->step, m->n_steps);
}

double td_loudness_momentary(const td_loudness *m)
{
    return lufs(m->momentary);
}

double td_loudness_short_term(const td_loudness *m)
{
    return lufs(m->short_term);
}

double td_loudness_max_momentary(const td_loudness *m)
{
    return lufs(m->max_momentary);
}

double td_loudness_max_short_term(const td_loudness *m)
{
    return lufs(m->max_short_term);
}

const float *td_loudness_steps(const td_loudness *m, size_t *n)
{
    *n = m->n_steps;
    return m->step;
}

/* ---- weighted power, frame by frame ----------------------------------------------------------------------------- */

struct td_k_power {
    weighting w;
    filter filter;
};

td_status td_k_power_new(unsigned rate_hz, td_k_power **out)
{
    *out = NULL;
    if (rate_hz < 8000 || rate_hz > 384000) return TD_ARG;
    td_k_power *m = td_calloc2(1, 1, sizeof *m);
    if (!m) return TD_NOMEM;
    m->w = weighting_at(rate_hz);
    *out = m;
    return TD_OK;
}

void td_k_power_free(td_k_power *m)
{
    free(m);
}

/* Two of the four lanes idle: the filter waits for itself, not for them. */
TD_WIDE static void weigh_powers(const weighting *given, filter *state, const float *left, const float *right,
                                 size_t frames, float *power)
{
    const weighting w = *given;
    filter f = *state;
    for (size_t i = 0; i < frames; i++) {
        td_v4 v = { (double)left[i], (double)right[i] };
        weigh(&w, &f, &v);
        power[i] = (float)(v[0] * v[0] + v[1] * v[1]);
    }
    *state = f;
}

void td_k_power_run(td_k_power *m, const float *left, const float *right, size_t frames, float *power)
{
    weigh_powers(&m->w, &m->filter, left, right, frames, power);
}
