#include "engine/mix/decide/rough.h"

#include "engine/base/units.h"
#include "engine/dsp/solve.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Faders read from a rough mix: rough and parts whitened by what predicts the rough, then y = sum of t(n) g x by least
 * squares, where t is one gain per 100 ms (compressors, rides). Plain least squares miss by 1 dB behind a compressor.
 * Each side is fitted apart, for a rough pans what was delivered in mono. */

enum {
    ORDER = 24,                /* of the prediction */
    FRAME = TD_ROUGH_HZ / 10,  /* one gain */
    TAPS = 16,                 /* on each side of a point between samples */
    FILTER = 2 * TAPS + ORDER, /* both */
    ROUNDS = 4,
    PIECES = 8
};
#define PIECE_S    30.0
#define STEADY_DB  2.0   /* by how much pieces may disagree */
#define FAINT_DB   -20.0 /* over what the fit leaves: softer ones follow its errors, alike in all pieces of a loop */
#define ABSENT_DB  -40.0 /* who is not in the rough at all */
#define SOUNDS     0.1   /* of its mean power: less is silence */
#define PRESENT    1e-3  /* of the power of all in a piece: a part with less says nothing there */
#define ROOM_BYTES 256e6 /* what products may take in memory */
#define SOFTEST_LU -30.0

/* What is solved for: columns of one part, or of several that stay together. */
typedef struct rough {
    td_meeting *meet;
    td_decider *d;
    size_t n, n_columns; /* parts */
    size_t column[TD_STEMS_MAX];
    double predict[ORDER + 1];
    size_t frames;
    float *gram, *cross; /* by frame and side: n x n, n */
    double *energy, *t;  /* by frame */
    double *sum, *small; /* n x n, what is solved */
} rough;

/* A gain for each side of each column. */
typedef double gains[2][TD_STEMS_MAX];

/* ---- products ---------------------------------------------------------------------------------------------------- */

/* Linear prediction from the rough's autocorrelation: what is left of any signal then has nearly the same weight at all
 * frequencies, and an equaliser on the rough does hardly any harm. */
static td_status learn_whitening(rough *r, td_error *err)
{
    double corr[ORDER + 1] = { 0 }, a[ORDER * ORDER], b[ORDER];
    float one[2][FRAME], *to[2] = { one[0], one[1] };
    for (size_t f = 0; f < r->frames; f++) {
        TD_TRY(td_decide_go_on(r->d->wish, err));
        TD_TRY(td_scratch_read(r->meet->rough, (int64_t)(f * FRAME), to, FRAME, err));
        for (unsigned c = 0; c < 2; c++)
            for (size_t k = 0; k <= ORDER; k++)
                for (size_t i = k; i < FRAME; i++) corr[k] += (double)one[c][i] * (double)one[c][i - k];
    }
    for (size_t i = 0; i < ORDER; i++) {
        b[i] = corr[i + 1];
        for (size_t k = 0; k < ORDER; k++) a[i * ORDER + k] = corr[i > k ? i - k : k - i] * (i == k ? 1 + 1e-6 : 1);
    }
    r->predict[0] = 1;
    bool known = td_solve(a, b, ORDER);
    for (size_t i = 0; i < ORDER; i++) r->predict[i + 1] = known ? -b[i] : 0;
    return TD_OK;
}

TD_WIDE static void filtered(const float *x, const double *tap, double *out)
{
    memset(out, 0, FRAME * sizeof *out);
    for (size_t k = 0; k < FILTER; k++)
        for (size_t i = 0; i < FRAME; i++) out[i] += tap[k] * (double)x[i + k];
}

/* A frame from any point in time, between samples by a windowed sinc, and whitened: one side after the other. */
static td_status whitened(const rough *r, const td_scratch *s, double at, double *out, td_error *err)
{
    double tap[FILTER] = { 0 }, whole = floor(at), part = at - whole;
    float x[2][FRAME + FILTER], *to[2] = { x[0], x[1] };
    for (int k = 0; k < 2 * TAPS; k++) {
        double u = k - TAPS + 1 - part, w = td_cos(TD_PI * u / (2 * TAPS + 2));
        double sinc = fabs(u) < 1e-9 ? 1 : td_sin(TD_PI * u) / (TD_PI * u) * w * w;
        for (int p = 0; p <= ORDER; p++) tap[k + ORDER - p] += r->predict[p] * sinc;
    }
    TD_TRY(td_scratch_read(s, (int64_t)whole - ORDER - TAPS + 1, to, FRAME + FILTER, err));
    for (unsigned c = 0; c < 2; c++) filtered(x[c], tap, out + c * FRAME);
    return TD_OK;
}

TD_WIDE static double product(const double *a, const double *b)
{
    double sum[4] = { 0 };
    for (size_t i = 0; i < FRAME; i += 4)
        for (size_t k = 0; k < 4; k++) sum[k] += a[i + k] * b[i + k];
    return sum[0] + sum[1] + (sum[2] + sum[3]);
}

/* Products of all signals in a frame; all a fit needs. Time is the rough's. x: by signal and side, the rough last. */
static void multiply(rough *r, size_t f, const double *x)
{
    const size_t n = r->n;
    for (size_t side = 0; side < 2; side++) {
        float *g = r->gram + (2 * f + side) * n * n, *c = r->cross + (2 * f + side) * n;
        const double *y = x + (2 * n + side) * FRAME;
        r->energy[f] += product(y, y);
        for (size_t a = 0; a < n; a++) {
            const double *own = x + (2 * a + side) * FRAME;
            double power = product(own, own);
            if (!(power > 0)) continue;
            g[a * n + a] = (float)power;
            c[a] = (float)product(own, y);
            for (size_t b = 0; b < a; b++)
                if (g[b * n + b] > 0) g[a * n + b] = g[b * n + a] = (float)product(own, x + (2 * b + side) * FRAME);
        }
    }
}

static td_status multiply_task(void *shared, size_t f, td_error *err)
{
    rough *r = shared;
    double *x = td_calloc2(r->n + 1, 2 * FRAME, sizeof *x), start = (double)f * FRAME;
    td_status st = x ? whitened(r, r->meet->rough, start, x + r->n * 2 * FRAME, err) : td_no_memory(err);
    for (size_t p = 0; !st && p < r->n; p++)
        st = whitened(r, r->meet->sound[p], start - r->meet->late[r->meet->bus[p]], x + p * 2 * FRAME, err);
    if (!st) multiply(r, f, x);
    free(x);
    return st;
}

/* ---- the fit ----------------------------------------------------------------------------------------------------- */

/* By how much all columns together are louder in a frame. */
static double frame_gain(const rough *r, const gains g, size_t f)
{
    double up = 0, down = 0;
    for (size_t side = 0; side < 2; side++) {
        const float *gram = r->gram + (2 * f + side) * r->n * r->n, *cross = r->cross + (2 * f + side) * r->n;
        for (size_t a = 0; a < r->n; a++) {
            double sum = 0;
            for (size_t b = 0; b < r->n; b++) sum += g[side][r->column[b]] * (double)gram[a * r->n + b];
            up += g[side][r->column[a]] * (double)cross[a];
            down += g[side][r->column[a]] * sum;
        }
    }
    return down > 0 ? td_clamp(up / down, 0.1, 10) : 1;
}

static double middle_of(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* The gain of each frame, with faders known; the median of three, the last keeps its own. */
static void fit_frames(rough *r, size_t from, size_t to, const gains g)
{
    double before = 1;
    for (size_t f = from; f < to; f++) r->t[f] = frame_gain(r, g, f);
    for (size_t f = from; f + 1 < to; f++) {
        double raw = r->t[f];
        if (f > from) r->t[f] = middle_of(before, raw, r->t[f + 1]);
        before = raw;
    }
}

/* The columns of one side, with the gain of each frame known. False where they cannot be told apart. */
static bool fit_side(rough *r, size_t from, size_t to, size_t side, double *g)
{
    const size_t n = r->n, columns = r->n_columns;
    double trace = 0;
    memset(r->sum, 0, n * n * sizeof *r->sum);
    memset(r->small, 0, columns * columns * sizeof *r->small);
    memset(g, 0, columns * sizeof *g);
    for (size_t f = from; f < to; f++) {
        const float *gram = r->gram + (2 * f + side) * n * n, *cross = r->cross + (2 * f + side) * n;
        double t = r->t[f];
        for (size_t i = 0; i < n * n; i++) r->sum[i] += t * t * (double)gram[i];
        for (size_t p = 0; p < n; p++) g[r->column[p]] += t * (double)cross[p];
    }
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++) r->small[r->column[a] * columns + r->column[b]] += r->sum[a * n + b];
    for (size_t c = 0; c < columns; c++) trace += r->small[c * columns + c];
    if (!(trace > 0)) return true;                                                  /* nothing on this side */
    for (size_t c = 0; c < columns; c++) r->small[c * columns + c] += 1e-9 * trace; /* silent ones get 0 */
    return td_solve(r->small, g, columns);
}

/* Over frames [from, to): faders and the gain of each frame in turns. */
static bool fit(rough *r, size_t from, size_t to, gains g)
{
    for (size_t f = from; f < to; f++) r->t[f] = 1;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t side = 0; side < 2; side++)
            if (!fit_side(r, from, to, side, g[side])) return false;
        fit_frames(r, from, to, g);
    }
    return true;
}

/* What the fit leaves of a frame of the rough. */
static double frame_left(const rough *r, const gains g, size_t f)
{
    double left = r->energy[f], t = r->t[f];
    for (size_t side = 0; side < 2; side++) {
        const float *gram = r->gram + (2 * f + side) * r->n * r->n, *cross = r->cross + (2 * f + side) * r->n;
        for (size_t a = 0; a < r->n; a++) {
            double own = t * g[side][r->column[a]], sum = 0;
            for (size_t b = 0; b < r->n; b++) sum += t * g[side][r->column[b]] * (double)gram[a * r->n + b];
            left += own * (sum - 2 * (double)cross[a]);
        }
    }
    return fmax(left, 0);
}

static double residual_db(const rough *r, const gains g)
{
    double left = 0, all = 0;
    for (size_t f = 0; f < r->frames; f++) {
        all += r->energy[f];
        left += frame_left(r, g, f);
    }
    return all > 0 ? td_power_db(left / all) : 0;
}

/* Power of each column over frames, by side, and of all. */
static double weigh_columns(const rough *r, size_t from, size_t to, gains power)
{
    double all = 0;
    memset(power, 0, 2 * sizeof *power);
    for (size_t f = from; f < to; f++)
        for (size_t side = 0; side < 2; side++)
            for (size_t p = 0; p < r->n; p++) {
                double x = (double)r->gram[((2 * f + side) * r->n + p) * r->n + p];
                power[side][r->column[p]] += x;
                all += x;
            }
    return all;
}

/* One gain for both sides, dB: of the power, as a constant-power pan keeps it. NaN: upside down, or not there. */
static double gain_of(const gains g, const gains power, size_t c)
{
    double sum = 0, up = 0, all = power[0][c] + power[1][c];
    for (size_t side = 0; side < 2; side++) {
        up += g[side][c] * power[side][c];
        sum += g[side][c] * g[side][c] * power[side][c];
    }
    return up > 0 ? td_power_db(sum / all) : NAN;
}

static int falling(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (y > x) - (y < x);
}

static double median_of(double *x, size_t n)
{
    qsort(x, n, sizeof *x, falling);
    return n ? x[n / 2] : NAN;
}

/* What most of the power says, of gains against the whole; NaN: none is known. A few faint ones may err together, and
 * are not to drag along what is heard. */
static double common_shift(const rough *r, const double *gain_db, const gains g, const gains power)
{
    double heard[TD_STEMS_MAX], all = 0, below = 0, shift = NAN;
    for (size_t c = 0; c < r->n_columns; c++) {
        heard[c] = isnan(gain_db[c]) ? 0 : g[0][c] * g[0][c] * power[0][c] + g[1][c] * g[1][c] * power[1][c];
        all += heard[c];
    }
    for (double before = -INFINITY; 2 * below < all;) { /* their median, each by its power */
        shift = INFINITY;
        for (size_t c = 0; c < r->n_columns; c++)
            if (heard[c] > 0 && gain_db[c] > before) shift = fmin(shift, gain_db[c]);
        for (size_t c = 0; c < r->n_columns; c++)
            if (heard[c] > 0 && gain_db[c] == shift) below += heard[c];
        before = shift;
    }
    return shift;
}

/* What the pieces of a song say of each column. */
typedef struct pieces {
    double off[TD_STEMS_MAX][PIECES];
    size_t n[TD_STEMS_MAX];
    gains g, power;
    double gain[TD_STEMS_MAX];
} pieces;

/* Holds a piece against the whole; what all have in common is no disagreement. */
static void hear_piece(rough *r, size_t from, size_t to, const double *whole_db, pieces *p)
{
    double all = weigh_columns(r, from, to, p->power);
    if (!fit(r, from, to, p->g)) return;
    for (size_t c = 0; c < r->n_columns; c++) {
        bool there = p->power[0][c] + p->power[1][c] > PRESENT * all;
        p->gain[c] = there ? gain_of(p->g, p->power, c) - whole_db[c] : NAN;
    }
    double shift = common_shift(r, p->gain, p->g, p->power);
    for (size_t c = 0; c < r->n_columns; c++) {
        if (!(p->power[0][c] + p->power[1][c] > PRESENT * all)) continue;
        p->off[c][p->n[c]++] = isnan(p->gain[c]) ? INFINITY : fabs(p->gain[c] - shift);
    }
}

/* Median absolute deviation of a column's fader over pieces of the song, dB; NaN: it sounds in too few to say. */
static td_status disagreement(rough *r, const double *whole_db, double *apart_db, td_error *err)
{
    size_t length = (size_t)fmin(PIECE_S * 10, (double)r->frames / 3), n = length ? r->frames / length : 0;
    pieces *p = calloc(1, sizeof *p);
    if (!p) return td_no_memory(err);
    if (n > PIECES) n = PIECES;
    td_status st = TD_OK;
    for (size_t i = 0; !st && i < n; i++) {
        size_t from = i * (r->frames - length) / (n > 1 ? n - 1 : 1);
        hear_piece(r, from, from + length, whole_db, p);
        st = td_decide_go_on(r->d->wish, err);
    }
    for (size_t c = 0; c < r->n_columns; c++) apart_db[c] = p->n[c] ? median_of(p->off[c], p->n[c]) : NAN;
    free(p);
    return st;
}

/* ---- what the pieces bear out ------------------------------------------------------------------------------------ */

/* One fit of all columns: their faders, by how much pieces of the song differ, how far they stand over the rest. */
typedef struct fitted {
    gains g, power;
    double db[TD_STEMS_MAX], apart_db[TD_STEMS_MAX], over_db[TD_STEMS_MAX], left_db;
    double all; /* power */
} fitted;

/* How far each column stands over what the fit leaves, in the frames in which it sounds. */
static void hold_against_rest(const rough *r, fitted *out)
{
    double own[TD_STEMS_MAX] = { 0 }, rest[TD_STEMS_MAX] = { 0 };
    for (size_t f = 0; f < r->frames; f++) {
        double power[TD_STEMS_MAX] = { 0 }, heard[TD_STEMS_MAX] = { 0 }, left = frame_left(r, out->g, f);
        for (size_t side = 0; side < 2; side++)
            for (size_t p = 0; p < r->n; p++) {
                double x = (double)r->gram[((2 * f + side) * r->n + p) * r->n + p], g = out->g[side][r->column[p]];
                power[r->column[p]] += x;
                heard[r->column[p]] += x * g * g * r->t[f] * r->t[f];
            }
        for (size_t c = 0; c < r->n_columns; c++) {
            if (!(power[c] * (double)r->frames > SOUNDS * (out->power[0][c] + out->power[1][c]))) continue;
            own[c] += heard[c];
            rest[c] += left;
        }
    }
    for (size_t c = 0; c < r->n_columns; c++) out->over_db[c] = td_power_db(own[c] / fmax(rest[c], 1e-30));
}

/* known: the columns can be told apart. */
static td_status fit_all(rough *r, fitted *out, bool *known, td_error *err)
{
    *known = fit(r, 0, r->frames, out->g);
    if (!*known) return TD_OK;
    out->all = weigh_columns(r, 0, r->frames, out->power);
    out->left_db = residual_db(r, out->g);
    hold_against_rest(r, out);
    for (size_t c = 0; c < r->n_columns; c++) out->db[c] = gain_of(out->g, out->power, c);
    return disagreement(r, out->db, out->apart_db, err);
}

static bool is_steady(const fitted *f, size_t c)
{
    return !isnan(f->db[c]) && f->apart_db[c] <= STEADY_DB && f->over_db[c] > ABSENT_DB;
}

/* Of whom so little is heard that an error would say as much, the most it may be. */
static double told_db(const fitted *f, size_t c)
{
    return f->db[c] + fmax(0, FAINT_DB - f->over_db[c]);
}

/* The parts of a bus that pieces disagree about stay together, as one column. False: nothing changes by it. */
static bool join_unsteady(rough *r, const fitted *f)
{
    size_t joined[TD_BUSES_MAX], before = r->n_columns;
    for (size_t b = 0; b < TD_BUSES_MAX; b++) joined[b] = SIZE_MAX;
    r->n_columns = 0;
    for (size_t p = 0; p < r->n; p++) {
        size_t bus = r->meet->bus[p];
        bool steady = is_steady(f, p);
        if (!steady && joined[bus] == SIZE_MAX) joined[bus] = r->n_columns++;
        r->column[p] = steady ? r->n_columns++ : joined[bus];
    }
    return r->n_columns < before;
}

/* How many of the buses that play are in the rough; of a single bus, its stems. */
static void count_found(const rough *r, const fitted *f, td_rough *t)
{
    bool sounds[TD_STEMS_MAX] = { false }, found[TD_STEMS_MAX] = { false };
    t->of_stems = r->d->plan->n_buses == 1;
    for (size_t p = 0; p < r->n; p++) {
        size_t c = r->column[p], at = t->of_stems ? p : r->meet->bus[p];
        sounds[at] = sounds[at] || f->power[0][c] + f->power[1][c] > PRESENT * f->all;
        found[at] = found[at] || is_steady(f, c);
    }
    for (size_t i = 0; i < TD_STEMS_MAX; i++) {
        t->n_sounding += sounds[i];
        t->n_found += sounds[i] && found[i];
    }
}

/* What of a fit its own pieces bear out. */
static void trust(const rough *r, const fitted *f, td_rough *t)
{
    size_t members[TD_STEMS_MAX] = { 0 };
    for (size_t p = 0; p < r->n; p++) members[r->column[p]]++;
    count_found(r, f, t);
    t->fit_db = f->left_db;
    t->by_stem = r->meet->by_stem;
    for (size_t b = 0; b < r->d->plan->n_buses; b++) {
        t->move_db[b] = NAN;
        t->later_s[b] = r->meet->late[b] / TD_ROUGH_HZ;
    }
    for (size_t i = 0; i < r->d->session->n_stems; i++) {
        size_t p = r->meet->part[i], c = p < r->n ? r->column[p] : 0;
        bool found = p < r->n && is_steady(f, c);
        t->stem[i] = (td_rough_stem){ found ? told_db(f, c) : NAN, f->apart_db[c], found && members[c] > 1 };
        if (!found) continue;
        size_t bus = r->meet->bus[p];
        t->move_db[bus] = told_db(f, c);
        t->apart_db[bus] = fmax(t->apart_db[bus], f->apart_db[c]);
    }
}

static td_status make_room(rough *r, td_error *err)
{
    size_t n = r->n;
    r->gram = td_calloc2(2 * r->frames, n * n, sizeof *r->gram);
    r->cross = td_calloc2(2 * r->frames, n, sizeof *r->cross);
    r->energy = td_calloc2(r->frames, 1, sizeof *r->energy);
    r->t = td_calloc2(r->frames, 1, sizeof *r->t);
    r->sum = td_calloc2(n, n, sizeof *r->sum);
    r->small = td_calloc2(n, n, sizeof *r->small);
    return r->gram && r->cross && r->energy && r->t && r->sum && r->small ? TD_OK : td_no_memory(err);
}

/* Every part by itself; then what its pieces disagree about together with its likes. */
static td_status solve(rough *r, td_rough *out, td_error *err)
{
    bool known = false;
    for (size_t p = 0; p < r->n; p++) r->column[p] = p;
    r->n_columns = r->n;
    fitted *f = calloc(1, sizeof *f);
    td_status st = f ? fit_all(r, f, &known, err) : td_no_memory(err);
    for (size_t p = 0; !st && !known && p < r->n; p++) f->db[p] = NAN;
    if (!st && join_unsteady(r, f)) st = fit_all(r, f, &known, err);
    if (!st && known) trust(r, f, out);
    free(f);
    return st;
}

static td_status fit_parts(rough *r, td_rough *out, td_error *err)
{
    r->frames = (size_t)(td_scratch_length(r->meet->rough) / FRAME);
    TD_TRY(make_room(r, err));
    TD_TRY(learn_whitening(r, err));
    TD_TRY(td_pool_run(r->d->wish->pool, r->frames, multiply_task, r, err));
    return solve(r, out, err);
}

/* Stems one by one where nobody knows how loud they were meant, and there is room for all their products. */
static void choose_parts(td_meeting *m)
{
    const td_session *s = m->d->session;
    double frames = (double)s->rough->frames * 10 / s->rate_hz, n = (double)s->n_stems;
    m->by_stem = td_proportions_lost(m->d) && frames * n * n * 2 * sizeof(float) < ROOM_BYTES;
    m->n = m->by_stem ? 0 : m->d->plan->n_buses;
    for (size_t b = 0; b < m->n; b++) m->bus[b] = b;
    for (size_t i = 0; i < s->n_stems; i++) {
        unsigned bus = s->stem[i].bus;
        m->part[i] = bus >= s->n_buses ? SIZE_MAX : m->by_stem ? m->n : bus;
        if (m->by_stem && bus < s->n_buses) m->bus[m->n++] = bus;
    }
}

static td_status read_all(td_decider *d, td_rough *out, td_error *err)
{
    td_meeting m = { .d = d };
    rough r = { .meet = &m, .d = d };
    bool found = false;
    choose_parts(&m);
    r.n = m.n;
    td_status st = td_meet_rough(&m, &found, err);
    if (!st && found) st = fit_parts(&r, out, err);
    td_meeting_end(&m);
    free(r.gram);
    free(r.cross);
    free(r.energy);
    free(r.t);
    free(r.sum);
    free(r.small);
    return st;
}

/* Stems, survey and rough say it all, so one plan's reading is the next one's. */
td_status td_read_rough(td_decider *d, td_rough **out, td_error *err)
{
    td_rough **kept = d->wish->rough, *r = td_arena_alloc(d->arena, sizeof *r);
    if (!r) return td_no_memory(err);
    *out = r;
    if (kept && *kept)
        *r = **kept;
    else
        TD_TRY(read_all(d, r, err));
    if (kept && !*kept && (*kept = malloc(sizeof *r))) **kept = *r; /* without memory it is read again */
    return TD_OK;
}

/* ---- faders ------------------------------------------------------------------------------------------------------ */

static td_status stand_beside(td_decider *d, size_t bus, double shift_db)
{
    td_plan_bus *p = &d->plan->bus[bus];
    const char *otherwise = td_balance_name(d->without_rough);
    p->fader_db = td_round_to(p->fader_db + shift_db, 0.01);
    p->fader_reason = td_arena_printf(d->arena, "not found in the rough mix; %s: %s", otherwise, p->fader_reason);
    return td_decide_note(d, TD_NOTE_WARNING,
                          "rough: %s not found in the rough mix: stands beside the others as '%s' has it", p->name,
                          otherwise);
}

/* Where the song begins in the rough mix, when not with it. */
static const char *begins(double later_s, char out[48])
{
    *out = 0;
    if (later_s >= 0.0005) snprintf(out, 48, "; it begins %.3f s late", later_s);
    if (later_s <= -0.0005) snprintf(out, 48, "; it begins %.3f s into the song", -later_s);
    return out;
}

/* Faders of printed stems stand near each other; raw and normalised ones are as far apart as their peaks are alike. */
double td_rough_most_db(const td_decider *d)
{
    return td_proportions_lost(d) ? 40 : 12;
}

td_status td_decide_rough(td_decider *d, const double *delivered_db, td_error *err)
{
    const td_rough *r = d->rough;
    td_plan *p = d->plan;
    double move[TD_BUSES_MAX], sorted[TD_BUSES_MAX], shift[TD_BUSES_MAX], active;
    size_t n = 0, n_shifts = 0;
    for (size_t b = 0; b < p->n_buses; b++) {
        move[b] = td_bus_context(d, b, SIZE_MAX, &active) > SOFTEST_LU ? r->move_db[b] : NAN;
        if (!isnan(move[b])) sorted[n++] = move[b];
    }
    double common = median_of(sorted, n);
    for (size_t b = 0; b < p->n_buses; b++) {
        if (isnan(move[b])) continue;
        double most_db = td_rough_most_db(d), asked_db = move[b] - common;
        double x = td_clamp(asked_db, -most_db, most_db), fader_db = delivered_db[b] + x;
        char limit[40] = "", when[48];
        if (x != asked_db) snprintf(limit, sizeof limit, "; held at the limit of %.0f dB", most_db);
        shift[n_shifts++] = fader_db - p->bus[b].fader_db;
        p->bus[b].fader_db = td_round_to(fader_db, 0.01);
        p->bus[b].fader_reason =
            td_arena_printf(d->arena, "%+.1f dB from the rough mix (fit %.1f dB, pieces agree within %.1f dB%s)%s", x,
                            r->fit_db, r->apart_db[b], begins(r->later_s[b], when), limit);
        if (!p->bus[b].fader_reason) return td_no_memory(err);
    }
    double with_them = n_shifts ? median_of(shift, n_shifts) : 0;
    for (size_t b = 0; b < p->n_buses; b++)
        if (isnan(move[b])) TD_TRY(stand_beside(d, b, with_them));
    return TD_OK;
}
