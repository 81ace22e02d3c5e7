#include "engine/dsp/fdn.h"

#include "engine/base/lanes.h"
#include "engine/base/random.h"
#include "engine/base/units.h"
#include "engine/dsp/ring.h"

enum { LINES = 16, CELL = 32 }; /* CELL: frames between two looks at the drift; the shortest line is longer */

/* Primes, 30 to 100 ms at 48 kHz. */
static const double lengths[LINES] = { 1447, 1567, 1697, 1847, 1993, 2161, 2339, 2539,
                                       2749, 2971, 3221, 3491, 3779, 4091, 4441, 4801 };

typedef float block[LINES][CELL]; /* a cell of sound in all lines */

/* One diffuser: every channel late by its own time, then all mixed with signs of their own. */
typedef struct diffuser {
    td_ring ring[LINES];
    size_t late[LINES];
    float sign[LINES]; /* with the matrix's 1/4 */
} diffuser;

/* A line whose length swings as a sine: a phasor turned once a cell, and between cells four taps of an interpolator
 * that move in straight lines. */
typedef struct drift {
    double from, pace; /* cycles: where it stands when the song begins, and how far it goes in a cell */
    double re, im, turn_re, turn_im;
    size_t late; /* whole samples, of this cell */
    float tap[4], slope[4];
} drift;

struct td_fdn {
    diffuser diffuser[TD_FDN_STEPS];
    size_t n_diffusers;
    td_ring line[LINES];
    size_t length[LINES];
    drift drift[LINES];
    double depth;                                                 /* of the drift, in samples */
    float through[LINES], past[LINES], keep[LINES], state[LINES]; /* damping, with the matrix's 1/4 */
    float out[2][LINES];
    int64_t at;     /* in the song, of what comes next */
    size_t in_cell; /* frames since the cell began */
    double ring_s;
};

/* ---- design ----------------------------------------------------------------------------------------------------- */

static bool prime(size_t n)
{
    for (size_t d = 2; d * d <= n; d++)
        if (n % d == 0) return false;
    return n > 1;
}

static size_t next_prime(double from)
{
    size_t n = from < 2 * CELL ? 2 * CELL : (size_t)from;
    while (!prime(n)) n++;
    return n;
}

/* A line's damping is g (1 + s/z) / (1 + s/p), with what 1 kHz and 8 kHz have to lose on one way through. p is 4 kHz,
 * or lower where one pole has to work hard. As y = through x + state; state = past x + keep state. */
static void design_damping(td_fdn *f, const td_fdn_design *d, size_t i)
{
    double pass_s = (double)f->length[i] / d->rate_hz, w1 = td_tan(TD_PI * 1000 / d->rate_hz);
    double w8 = td_tan(TD_PI * 8000 / d->rate_hz), wp = td_tan(TD_PI * 4000 / d->rate_hz), u1, u8, r;
    double mid = td_exp10(-3 * pass_s / d->decay_s), high = td_exp10(-3 * pass_s / (d->decay_s * d->high_decay));
    for (;; wp *= 0.9) { /* r = (p/z)^2, from |H(8k) / H(1k)|^2 */
        u1 = w1 * w1 / (wp * wp), u8 = w8 * w8 / (wp * wp);
        double q = high * high / (mid * mid) * (1 + u8) / (1 + u1);
        r = (q - 1) / (u8 - q * u1);
        if (r > 0 || wp < w1 / 8) break;
    }
    r = td_clamp(r, 0, 1);
    double g = mid * sqrt((1 + u1) / (1 + r * u1)), zero = sqrt(r) / wp, pole = 1 / wp, keep = (pole - 1) / (pole + 1);
    double through = g * (1 + zero) / (1 + pole), past = g * (1 - zero) / (1 + pole) + keep * through;
    f->through[i] = (float)(through / 4);
    f->past[i] = (float)(past / 4);
    f->keep[i] = (float)keep;
    f->ring_s = fmax(f->ring_s, -5 * pass_s / td_log10(g));
}

/* Each channel's time lies in its own sixteenth of the step, in random order. */
static td_status design_diffuser(diffuser *s, double spread, td_random *random)
{
    size_t order[LINES] = { 0 };
    td_status st = TD_OK;
    for (size_t i = 0; i < LINES; i++) {
        size_t k = td_random_next(random) % (i + 1);
        order[i] = order[k];
        order[k] = i;
    }
    for (size_t i = 0; i < LINES && st == TD_OK; i++) {
        double part = (double)order[i] + 0.5 + td_random_uniform(random);
        s->late[i] = (size_t)(spread * part / LINES);
        s->sign[i] = td_random_next(random) & 1 ? 0.25f : -0.25f;
        st = td_ring_init(&s->ring[i], s->late[i] + CELL);
    }
    return st;
}

/* Every second line, each at its own pace of 3.3 to 1 s. */
static void design_drift(td_fdn *f, double rate_hz, td_random *random)
{
    for (size_t i = 1; i < LINES; i += 2) {
        drift *d = &f->drift[i];
        double hz = 0.3 + 0.7 * (td_random_uniform(random) + 0.5);
        *d = (drift){ .from = td_random_uniform(random), .pace = hz * CELL / rate_hz };
        d->turn_re = td_cos(2 * TD_PI * d->pace);
        d->turn_im = td_sin(2 * TD_PI * d->pace);
    }
}

/* Two sums with no product, each scaled so that over all passes, of which each keeps g^2 of the energy, as much comes
 * out of a stereo sound as went in. */
static void design_out(td_fdn *f, const td_fdn_design *d)
{
    static const float left[LINES] = { 1, 1, -1, 1, 1, -1, -1, -1, 1, -1, 1, 1, -1, -1, 1, -1 };
    double kept = 0;
    for (size_t i = 0; i < LINES; i++) kept += td_exp10(-6 * (double)f->length[i] / (d->rate_hz * d->decay_s)) / LINES;
    for (size_t i = 0; i < LINES; i++) {
        f->out[0][i] = left[i] * (float)sqrt((1 - kept) / 2);
        f->out[1][i] = i % 2 ? -f->out[0][i] : f->out[0][i];
    }
}

td_status td_fdn_new(const td_fdn_design *d, td_fdn **out)
{
    td_fdn *f = *out = calloc(1, sizeof *f);
    if (!f) return TD_NOMEM;
    td_random random;
    td_random_seed(&random, 960); /* of the first 1200, what rings least and decays evenly */
    double spread_s = 0;
    td_status st = TD_OK;
    for (size_t i = 0; i < TD_FDN_STEPS && d->diffusion_ms[i] > 0 && st == TD_OK; i++) {
        st = design_diffuser(&f->diffuser[f->n_diffusers++], d->diffusion_ms[i] / 1000 * d->rate_hz, &random);
        spread_s += d->diffusion_ms[i] / 1000;
    }
    f->depth = d->drift_ms / 1000 * d->rate_hz;
    design_drift(f, d->rate_hz, &random);
    double least = 2 * CELL + f->depth;
    for (size_t i = 0; i < LINES && st == TD_OK; i++) {
        f->length[i] = next_prime(fmax(lengths[i] * d->size * d->rate_hz / 48000, least));
        least = (double)f->length[i] + 1;
        st = td_ring_init(&f->line[i], f->length[i] + (size_t)f->depth + CELL + 4);
        if (st == TD_OK) design_damping(f, d, i);
    }
    f->ring_s += spread_s + (double)f->length[LINES - 1] / d->rate_hz;
    design_out(f, d);
    if (st == TD_OK) {
        td_fdn_reset(f);
        return TD_OK;
    }
    td_fdn_free(f);
    *out = NULL;
    return st;
}

void td_fdn_free(td_fdn *f)
{
    if (!f) return;
    for (size_t i = 0; i < LINES; i++) {
        td_ring_fini(&f->line[i]);
        for (size_t k = 0; k < TD_FDN_STEPS; k++) td_ring_fini(&f->diffuser[k].ring[i]);
    }
    free(f);
}

double td_fdn_ring_s(const td_fdn *f)
{
    return f->ring_s;
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

/* Hadamard's matrix of 16, not scaled, as two steps of four by four. */
TD_WIDE static void hadamard(block x, size_t n)
{
    for (size_t h = 1; h < LINES; h *= 4)
        for (size_t i = 0; i < LINES; i++) {
            if (i / h % 4 != 0) continue;
            float *restrict a = x[i], *restrict b = x[i + h], *restrict c = x[i + 2 * h], *restrict d = x[i + 3 * h];
            for (size_t t = 0; t < n; t++) {
                float p = a[t] + b[t], q = a[t] - b[t], r = c[t] + d[t], s = c[t] - d[t];
                a[t] = p + r, b[t] = q + s, c[t] = p - r, d[t] = q - s;
            }
        }
}

static void diffuse(diffuser *s, block x, size_t n)
{
    for (size_t i = 0; i < LINES; i++) {
        td_ring_write(&s->ring[i], x[i], n);
        td_ring_read(&s->ring[i], s->late[i] + n, x[i], n);
        for (size_t t = 0; t < n; t++) x[i][t] *= s->sign[i];
    }
    hadamard(x, n);
}

/* Lagrange's cubic through the samples at -1, 0, 1, 2, read at `at`, newest last. */
static void lagrange(double at, double tap[4])
{
    tap[3] = -at * (at - 1) * (at - 2) / 6;
    tap[2] = (at + 1) * (at - 1) * (at - 2) / 2;
    tap[1] = -(at + 1) * at * (at - 2) / 2;
    tap[0] = (at + 1) * at * (at - 1) / 6;
}

/* A new cell: where the line's length is now, and where it will be at the cell's end. */
static void move(drift *d, double length, double depth)
{
    double now = length + depth * d->im, re = d->re * d->turn_re - d->im * d->turn_im, from[4], to[4];
    d->im = d->re * d->turn_im + d->im * d->turn_re;
    d->re = re;
    double then = length + depth * d->im, whole = floor(fmin(now, then));
    lagrange(now - whole, from);
    lagrange(then - whole, to);
    d->late = (size_t)whole;
    for (int k = 0; k < 4; k++) {
        d->tap[k] = (float)from[k];
        d->slope[k] = (float)((to[k] - from[k]) / CELL);
    }
}

static void place(td_fdn *f, int64_t frame)
{
    int64_t cell = frame / CELL - (frame % CELL < 0);
    f->at = frame;
    f->in_cell = (size_t)(frame - cell * CELL);
    for (size_t i = 1; i < LINES; i += 2) {
        drift *d = &f->drift[i];
        double cycles = d->from + d->pace * (double)cell, angle = 2 * TD_PI * (cycles - floor(cycles));
        d->re = td_cos(angle);
        d->im = td_sin(angle);
        if (f->in_cell) move(d, (double)f->length[i], f->depth);
    }
}

void td_fdn_reset(td_fdn *f)
{
    for (size_t i = 0; i < LINES; i++) {
        td_ring_clear(&f->line[i]);
        for (size_t k = 0; k < f->n_diffusers; k++) td_ring_clear(&f->diffuser[k].ring[i]);
        f->state[i] = 0;
    }
    place(f, 0);
}

TD_WIDE static void read_drifting(const td_ring *line, const drift *d, size_t in_cell, float *y, size_t n)
{
    float x[CELL + 3];
    td_ring_read(line, d->late + 2, x, n + 3);
    for (size_t t = 0; t < n; t++) {
        float at = (float)(in_cell + t);
        y[t] = (d->tap[0] + d->slope[0] * at) * x[t] + (d->tap[1] + d->slope[1] * at) * x[t + 1] +
               (d->tap[2] + d->slope[2] * at) * x[t + 2] + (d->tap[3] + d->slope[3] * at) * x[t + 3];
    }
}

/* All lines abreast, for each waits on its own last sample. */
TD_WIDE static void damp_lines(td_fdn *f, block y, size_t n)
{
    float state[LINES];
    memcpy(state, f->state, sizeof state);
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < LINES; i++) {
            float x = y[i][t];
            y[i][t] = f->through[i] * x + state[i];
            state[i] = f->past[i] * x + f->keep[i] * state[i];
        }
    memcpy(f->state, state, sizeof state);
}

TD_WIDE static void sum_lines(const td_fdn *f, block y, float *const *ch, size_t n)
{
    for (unsigned c = 0; c < 2; c++) {
        for (size_t t = 0; t < n; t++) ch[c][t] = 0;
        for (size_t i = 0; i < LINES; i++)
            for (size_t t = 0; t < n; t++) ch[c][t] += f->out[c][i] * y[i][t];
    }
}

static void run(td_fdn *f, float *const *ch, size_t n)
{
    const float share = 0.35355339f; /* of a channel in its eight lines: 1/sqrt 8 */
    block x, y;
    for (size_t i = 0; i < LINES; i++) {
        for (size_t t = 0; t < n; t++) x[i][t] = share * ch[i % 2][t];
        if (i % 2 && f->in_cell == 0) move(&f->drift[i], (double)f->length[i], f->depth);
        if (i % 2)
            read_drifting(&f->line[i], &f->drift[i], f->in_cell, y[i], n);
        else
            td_ring_read(&f->line[i], f->length[i], y[i], n);
    }
    for (size_t k = 0; k < f->n_diffusers; k++) diffuse(&f->diffuser[k], x, n);
    sum_lines(f, y, ch, n);
    damp_lines(f, y, n);
    hadamard(y, n);
    for (size_t i = 0; i < LINES; i++) {
        for (size_t t = 0; t < n; t++) x[i][t] += y[i][t];
        td_ring_write(&f->line[i], x[i], n);
    }
    f->in_cell = (f->in_cell + n) % CELL;
}

void td_fdn_process(td_fdn *f, int64_t frame, float *const *ch, size_t frames)
{
    if (frame != f->at) place(f, frame);
    f->at += (int64_t)frames;
    for (size_t at = 0, n; at < frames; at += n) {
        n = frames - at < CELL - f->in_cell ? frames - at : CELL - f->in_cell;
        run(f, (float *const[]){ ch[0] + at, ch[1] + at }, n);
    }
}
