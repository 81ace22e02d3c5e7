#include "engine/mix/decide/decide.h"

#include "engine/base/fft.h"
#include "engine/base/units.h"
#include "engine/dsp/solve.h"
#include "engine/mix/stemsum.h"
#include <stdlib.h>
#include <string.h>

/* Faders read from a rough mix: rough and buses at 12 kHz, aligned to a fraction of a sample, whitened by what predicts
 * the rough, then y = sum of t(n) g x by least squares, where t is one gain per 100 ms (compressors, rides). Plain
 * least squares miss by 1 dB behind a compressor and by 18 dB when they are 10 ms late. */

enum {
    RATE = 12000,
    ORDER = 24,            /* of the prediction */
    FRAME = RATE / 10,     /* one gain */
    ENVELOPE = RATE / 100, /* a step of the coarse alignment */
    SEARCH = 60 * 100,     /* how many of them the rough may begin later or earlier */
    LONGEST = 1 << 19,     /* of them are looked at: 87 minutes */
    GUESSES = 6,           /* lags the coarse one leaves to the fine one */
    PASSAGE = 32768,       /* 2.7 s, for the fine one */
    TRIES = 5,
    NEAR = RATE / 10, /* a bus may stand off the others by this */
    TAPS = 16,        /* on each side of a point between samples */
    ROUNDS = 4,
    PIECES = 8
};
#define PIECE_S    30.0
#define STEADY_DB  2.0 /* by how much pieces may disagree */
#define MOST_DB    12.0
#define SOFTEST_LU -30.0
#define SWIFT_HZ   25.0 /* the swiftest onsets that are looked at: a lag between two steps of 10 ms stays one lag */
#define CLEARLY    1.02 /* a guess must agree so much better than a likelier one */

typedef struct rough {
    td_decider *d;
    size_t n;                            /* buses; sound[n] is the rough, sound[n + 1] the sum of all buses */
    td_scratch *sound[TD_BUSES_MAX + 2]; /* at 12 kHz */
    double late[TD_BUSES_MAX];           /* where a bus's start lies in the rough, samples */
    double predict[ORDER + 1];
    size_t frames;
    double *gram, *cross, *energy, *t; /* a frame each: n x n, n, 1, 1 */
} rough;

/* ---- sound at 12 kHz --------------------------------------------------------------------------------------------- */

static td_status open_all(const rough *r, td_source **source, td_error *err)
{
    const td_session *s = r->d->session;
    for (size_t i = 0; i < s->n_stems; i++)
        if (s->stem[i].bus < r->n) TD_TRY(td_stem_open(&s->stem[i], RATE, &source[i], err));
    return td_stem_open(s->rough, RATE, &source[s->n_stems], err);
}

/* The next block of what belongs to one bus (index n: of the rough), as the survey summed it. */
static td_status next_block(rough *r, td_source **source, size_t b, bool *more, td_error *err)
{
    const td_session *s = r->d->session;
    double left[TD_BLOCK] = { 0 }, right[TD_BLOCK] = { 0 }, *sum[2] = { left, right };
    float one[2][TD_BLOCK], *to[2] = { one[0], one[1] };
    for (size_t i = 0; i <= s->n_stems; i++) {
        size_t got = 0, bus = i < s->n_stems ? s->stem[i].bus : r->n;
        if (!source[i] || bus != b) continue;
        const td_stem *t = i < s->n_stems ? &s->stem[i] : s->rough;
        unsigned channels = td_source_channels(source[i]);
        TD_TRY(td_source_read(source[i], to, TD_BLOCK, &got, err));
        td_stem_add(sum, (const float *const *)to, channels, td_stem_sides(channels, t->level_db, t->pan, t->flip),
                    got);
        *more = *more || got;
    }
    td_stem_store((const double *const *)sum, to, TD_BLOCK);
    return td_scratch_append(r->sound[b], (const float *const *)to, TD_BLOCK, err);
}

static td_status sum_buses(const rough *r, td_error *err)
{
    float *const block = malloc(4 * TD_BLOCK * sizeof *block), *sum[2] = { block, block ? block + TD_BLOCK : NULL };
    float *one[2] = { block ? block + 2 * TD_BLOCK : NULL, block ? block + 3 * TD_BLOCK : NULL };
    td_status st = block ? TD_OK : td_no_memory(err);
    for (uint64_t at = 0; !st && at < td_scratch_length(r->sound[0]); at += TD_BLOCK) {
        memset(block, 0, 2 * TD_BLOCK * sizeof *block);
        for (size_t b = 0; !st && b < r->n; b++) {
            st = td_scratch_read(r->sound[b], (int64_t)at, one, TD_BLOCK, err);
            for (size_t i = 0; !st && i < 2 * TD_BLOCK; i++) block[i] += block[2 * TD_BLOCK + i];
        }
        if (!st) st = td_scratch_append(r->sound[r->n + 1], (const float *const *)sum, TD_BLOCK, err);
    }
    free(block);
    return st;
}

static td_status load(rough *r, td_error *err)
{
    td_source *source[TD_STEMS_MAX + 1] = { 0 };
    td_status st = open_all(r, source, err);
    for (size_t b = 0; !st && b <= r->n + 1; b++) st = td_scratch_new(r->d->wish->scratch_folder, 2, &r->sound[b], err);
    for (bool more = true; !st && more;) {
        more = false;
        for (size_t b = 0; !st && b <= r->n; b++) st = next_block(r, source, b, &more, err);
    }
    for (size_t i = 0; i <= r->d->session->n_stems; i++) td_source_close(source[i]);
    return st ? st : sum_buses(r, err);
}

/* n samples of a sound from any point in time, between samples by a windowed sinc. */
static td_status read_at(const td_scratch *s, double at, float *const *out, size_t n, td_error *err)
{
    double tap[2 * TAPS], whole = floor(at), part = at - whole;
    size_t room = n + 2 * TAPS;
    float *x = malloc(2 * room * sizeof *x), *plane[2] = { x, x ? x + room : NULL };
    td_status st = x ? td_scratch_read(s, (int64_t)whole - TAPS + 1, plane, room, err) : td_no_memory(err);
    for (int k = 0; k < 2 * TAPS; k++) {
        double u = k - TAPS + 1 - part, w = td_cos(TD_PI * u / (2 * TAPS + 2));
        tap[k] = fabs(u) < 1e-9 ? 1 : td_sin(TD_PI * u) / (TD_PI * u) * w * w;
    }
    for (unsigned c = 0; !st && c < 2; c++)
        for (size_t i = 0; i < n; i++) {
            double sum = 0;
            for (size_t k = 0; k < 2 * TAPS; k++) sum += tap[k] * (double)plane[c][i + k];
            out[c][i] = (float)sum;
        }
    free(x);
    return st;
}

/* ---- where the rough begins -------------------------------------------------------------------------------------- */

static int falling(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (y > x) - (y < x);
}

/* Rises of the log level, one per 10 ms, into a lane. */
static td_status onsets(const rough *r, size_t sound, td_v2 *out, size_t lane, size_t n, td_error *err)
{
    float one[2][ENVELOPE], *to[2] = { one[0], one[1] };
    double before = 0;
    for (size_t i = 0; i < n; i++) {
        double power = 1e-8;
        TD_TRY(td_scratch_read(r->sound[sound], (int64_t)i * ENVELOPE, to, ENVELOPE, err));
        for (size_t k = 0; k < ENVELOPE; k++) {
            double x = (double)one[0][k] + (double)one[1][k];
            power += x * x / ENVELOPE;
        }
        double level = td_power_db(power);
        out[i][lane] = i ? fmax(0, level - before) : 0;
        before = level;
    }
    return TD_OK;
}

/* The correlation of a signal's two lanes with all frequencies between two bins weighing the same, into lane 0; x: a
 * circle of n. */
static void whitened_correlation(td_fft *fft, td_v2 *x, td_v2 *re, td_v2 *im, size_t n, size_t low, size_t high)
{
    td_fft_forward(fft, x, re, im);
    for (size_t i = 0; i <= n / 2; i++) {
        double p = re[i][0] * re[i][1] + im[i][0] * im[i][1], q = re[i][0] * im[i][1] - im[i][0] * re[i][1];
        double size = sqrt(p * p + q * q), k = i < low || i > high || !(size > 0) ? 0 : 1 / size;
        re[i] = td_v2_set(k * p);
        im[i] = td_v2_set(k * q);
    }
    td_fft_inverse(fft, re, im, x);
}

/* Lags at which onsets meet, the likeliest first; at last none, which is commonest. Whitened, for what a beat repeats
 * would leave no lag standing out. */
static td_status coarse(const rough *r, double lag[GUESSES], td_error *err)
{
    size_t n = (size_t)td_scratch_length(r->sound[0]) / ENVELOPE, circle = 16, n_lags = 0;
    if (n > LONGEST) n = LONGEST;
    while (circle < 2 * n) circle *= 2;
    long reach = n / 2 < SEARCH ? (long)(n / 2) : SEARCH, apart = NEAR / ENVELOPE / 2;
    td_v2 *x = calloc(3 * circle, sizeof *x);
    td_fft *fft = NULL;
    td_status st = x ? td_fft_new(circle, &fft) : td_no_memory(err);
    if (!st) st = onsets(r, r->n + 1, x, 0, n, err);
    if (!st) st = onsets(r, r->n, x, 1, n, err);
    if (!st)
        whitened_correlation(fft, x, x + circle, x + 2 * circle, circle, 1, (size_t)(SWIFT_HZ / 100 * (double)circle));
    while (!st && n_lags + 1 < GUESSES) {
        long best = 0;
        for (long k = -reach; k <= reach; k++)
            if (x[(size_t)(k + (long)circle) % circle][0] > x[(size_t)(best + (long)circle) % circle][0]) best = k;
        lag[n_lags++] = (double)best * ENVELOPE;
        for (long k = best - apart; k <= best + apart; k++) x[(size_t)(k + (long)circle) % circle][0] = -INFINITY;
    }
    if (!st) lag[n_lags] = 0;
    td_fft_free(fft);
    free(x);
    return st;
}

/* Where a sound meets the rough, and how well. */
typedef struct meeting {
    double lag, height; /* NaN and 0: nowhere */
} meeting;

/* Both from `at` (of the stems) on: the lag of the highest correlation within NEAR of what is known, with a parabola
 * through its neighbours, if it stands out. */
static td_status fine(const rough *r, td_fft *fft, td_v2 *work, size_t sound, double at, double known, meeting *out,
                      td_error *err)
{
    float *a = malloc(4 * PASSAGE * sizeof *a), *one[2] = { a, a ? a + PASSAGE : NULL };
    float *two[2] = { a ? a + 2 * PASSAGE : NULL, a ? a + 3 * PASSAGE : NULL };
    td_v2 *x = work;
    td_status st = a ? td_scratch_read(r->sound[sound], (int64_t)at, one, PASSAGE, err) : td_no_memory(err);
    if (!st) st = td_scratch_read(r->sound[r->n], (int64_t)floor(at + known), two, PASSAGE, err);
    *out = (meeting){ .lag = NAN };
    for (size_t i = 0; !st && i < PASSAGE; i++) {
        double w = 0.5 - 0.5 * td_cos(2 * TD_PI * (double)i / PASSAGE);
        x[i][0] = w * ((double)one[0][i] + (double)one[1][i]);
        x[i][1] = w * ((double)two[0][i] + (double)two[1][i]);
    }
    free(a);
    if (st) return st;
    whitened_correlation(fft, x, work + PASSAGE, work + 2 * PASSAGE, PASSAGE, 60 * PASSAGE / RATE,
                         5500 * (size_t)PASSAGE / RATE);
    double power = 0, highest = 0;
    int best = 0;
    for (int k = -NEAR; k <= NEAR; k++) {
        double v = fabs(x[(size_t)(k + PASSAGE) % PASSAGE][0]);
        power += v * v / (2 * NEAR + 1);
        if (v <= highest) continue;
        highest = v;
        best = k;
    }
    if (!(highest > 8 * sqrt(power))) return TD_OK;
    double l = x[(size_t)(best - 1 + PASSAGE) % PASSAGE][0], m = x[(size_t)(best + PASSAGE) % PASSAGE][0];
    double n = x[(size_t)(best + 1 + PASSAGE) % PASSAGE][0], bend = l - 2 * m + n;
    out->lag = floor(at + known) - at + best + (bend != 0 ? td_clamp(0.5 * (l - n) / bend, -0.5, 0.5) : 0);
    out->height = highest;
    return TD_OK;
}

static int later(const void *a, const void *b)
{
    const meeting *x = a, *y = b;
    return (x->lag > y->lag) - (x->lag < y->lag);
}

/* The middle of what a sound's loudest passages say, if two or more, and half of them, agree to a sample. */
static td_status agree(const rough *r, td_fft *fft, td_v2 *work, size_t sound, double known, meeting *out,
                       td_error *err)
{
    const td_survey *v = r->d->survey;
    const td_signal *s = td_survey_signal(v, sound < r->n ? td_survey_bus(v, sound) : td_survey_sum(v));
    meeting found[TRIES];
    size_t n = 0, agreed = 0;
    for (size_t i = 0; i < TRIES && i < TD_PASSAGES && s->passage[i].frames; i++) {
        double at = floor((double)s->passage[i].at * RATE / r->d->session->rate_hz);
        TD_TRY(fine(r, fft, work, sound, at, known, &found[n], err));
        n += !isnan(found[n].lag);
    }
    qsort(found, n, sizeof *found, later);
    *out = (meeting){ .lag = n ? found[n / 2].lag : NAN };
    for (size_t i = 0; i < n; i++) {
        if (fabs(found[i].lag - out->lag) >= 1) continue;
        out->height += found[i].height;
        agreed++;
    }
    if (agreed < 2 || 2 * agreed < n) *out = (meeting){ .lag = NAN };
    return TD_OK;
}

/* A bus that cannot be told from the others lies where all together do. */
static td_status align_with(rough *r, td_fft *fft, td_v2 *work, bool *found, td_error *err)
{
    double guess[GUESSES];
    meeting all = { .lag = NAN }, one;
    TD_TRY(coarse(r, guess, err));
    for (size_t i = 0; i < GUESSES; i++) {
        TD_TRY(agree(r, fft, work, r->n + 1, guess[i], &one, err));
        if (one.height > CLEARLY * all.height) all = one;
    }
    *found = !isnan(all.lag);
    for (size_t b = 0; *found && b < r->n; b++) {
        TD_TRY(agree(r, fft, work, b, all.lag, &one, err));
        r->late[b] = isnan(one.lag) ? all.lag : one.lag;
    }
    return TD_OK;
}

static td_status align(rough *r, bool *found, td_error *err)
{
    td_fft *fft = NULL;
    td_v2 *work = malloc(3 * PASSAGE * sizeof *work);
    td_status st = !work || td_fft_new(PASSAGE, &fft) ? td_no_memory(err) : align_with(r, fft, work, found, err);
    td_fft_free(fft);
    free(work);
    return st;
}

/* ---- the fit ----------------------------------------------------------------------------------------------------- */

/* Linear prediction from the rough's autocorrelation: what is left of any signal then has nearly the same weight at all
 * frequencies, and an equaliser on the rough does hardly any harm. */
static td_status learn_whitening(rough *r, td_error *err)
{
    double corr[ORDER + 1] = { 0 }, a[ORDER * ORDER], b[ORDER];
    float one[2][FRAME], *to[2] = { one[0], one[1] };
    for (uint64_t at = 0; at < td_scratch_length(r->sound[r->n]); at += FRAME) {
        TD_TRY(td_scratch_read(r->sound[r->n], (int64_t)at, to, FRAME, err));
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

static td_status whitened(const rough *r, const td_scratch *s, double at, double *out, td_error *err)
{
    float x[2][FRAME + ORDER], *to[2] = { x[0], x[1] };
    TD_TRY(read_at(s, at - ORDER, to, FRAME + ORDER, err));
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < FRAME; i++) {
            double sum = 0;
            for (size_t k = 0; k <= ORDER; k++) sum += r->predict[k] * (double)x[c][ORDER + i - k];
            out[c * FRAME + i] = sum;
        }
    return TD_OK;
}

/* Products of all signals in a frame; all a fit needs. Time is the rough's. */
static td_status multiply(void *shared, size_t f, td_error *err)
{
    const rough *r = shared;
    double *x = td_calloc2(r->n + 1, 2 * FRAME, sizeof *x), *y = x ? x + r->n * 2 * FRAME : NULL;
    double start = (double)f * FRAME, *g = r->gram + f * r->n * r->n, *c = r->cross + f * r->n;
    td_status st = x ? whitened(r, r->sound[r->n], start, y, err) : td_no_memory(err);
    for (size_t b = 0; !st && b < r->n; b++) st = whitened(r, r->sound[b], start - r->late[b], x + b * 2 * FRAME, err);
    for (size_t b = 0; !st && b < r->n; b++) {
        const double *p = x + b * 2 * FRAME;
        for (size_t i = 0; i < 2 * FRAME; i++) c[b] += p[i] * y[i];
        for (size_t k = 0; k <= b; k++) {
            const double *q = x + k * 2 * FRAME;
            double sum = 0;
            for (size_t i = 0; i < 2 * FRAME; i++) sum += p[i] * q[i];
            g[b * r->n + k] = g[k * r->n + b] = sum;
        }
    }
    for (size_t i = 0; !st && i < 2 * FRAME; i++) r->energy[f] += y[i] * y[i];
    free(x);
    return st;
}

static double frame_gain(const rough *r, const double *g, size_t f)
{
    double up = 0, down = 0;
    for (size_t b = 0; b < r->n; b++) {
        up += g[b] * r->cross[f * r->n + b];
        for (size_t k = 0; k < r->n; k++) down += g[b] * g[k] * r->gram[(f * r->n + b) * r->n + k];
    }
    return down > 0 ? td_clamp(up / down, 0.1, 10) : 1;
}

static double middle_of(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* Gains over frames [from, to): faders and the gain of each frame in turns. False where they cannot be told apart. */
static bool fit(rough *r, size_t from, size_t to, double *g)
{
    double a[TD_BUSES_MAX * TD_BUSES_MAX];
    for (size_t f = from; f < to; f++) r->t[f] = 1;
    for (int round = 0; round < ROUNDS; round++) {
        double trace = 0;
        memset(a, 0, sizeof a);
        memset(g, 0, r->n * sizeof *g);
        for (size_t f = from; f < to; f++) {
            double t = r->t[f];
            for (size_t i = 0; i < r->n * r->n; i++) a[i] += t * t * r->gram[f * r->n * r->n + i];
            for (size_t b = 0; b < r->n; b++) g[b] += t * r->cross[f * r->n + b];
        }
        for (size_t b = 0; b < r->n; b++) trace += a[b * r->n + b];
        for (size_t b = 0; b < r->n; b++) a[b * r->n + b] += 1e-9 * trace; /* silent buses get 0 */
        if (!td_solve(a, g, r->n)) return false;
        double before = 1;
        for (size_t f = from; f < to; f++) r->t[f] = frame_gain(r, g, f);
        for (size_t f = from; f + 1 < to; f++) { /* median of three; the last keeps its own */
            double raw = r->t[f];
            if (f > from) r->t[f] = middle_of(before, raw, r->t[f + 1]);
            before = raw;
        }
    }
    return true;
}

static double residual_db(const rough *r, const double *g)
{
    double left = 0, all = 0;
    for (size_t f = 0; f < r->frames; f++) {
        double t = r->t[f];
        all += r->energy[f];
        left += r->energy[f];
        for (size_t b = 0; b < r->n; b++) {
            left -= 2 * t * g[b] * r->cross[f * r->n + b];
            for (size_t k = 0; k < r->n; k++) left += t * t * g[b] * g[k] * r->gram[(f * r->n + b) * r->n + k];
        }
    }
    return all > 0 ? td_power_db(fmax(left, 0) / all) : 0;
}

static double median_of(double *x, size_t n)
{
    qsort(x, n, sizeof *x, falling);
    return n ? x[n / 2] : NAN;
}

/* How much of a bus there is in some frames, against all buses. */
static double presence(const rough *r, size_t bus, size_t from, size_t to)
{
    double own = 0, all = 0;
    for (size_t f = from; f < to; f++)
        for (size_t b = 0; b < r->n; b++) {
            double x = r->gram[(f * r->n + b) * r->n + b];
            all += x;
            own += b == bus ? x : 0;
        }
    return all > 0 ? own / all : 0;
}

/* Median absolute deviation of a bus's fader over pieces of the song, dB; NaN: it sounds in too few to say. */
static void disagreement(rough *r, const double *whole, double *mad)
{
    size_t length = (size_t)fmin(PIECE_S * 10, (double)r->frames / 3), pieces = length ? r->frames / length : 0;
    double off[TD_BUSES_MAX][PIECES], g[TD_BUSES_MAX], common[TD_BUSES_MAX];
    size_t n[TD_BUSES_MAX] = { 0 };
    if (pieces > PIECES) pieces = PIECES;
    for (size_t p = 0; p < pieces; p++) {
        size_t from = p * (r->frames - length) / (pieces > 1 ? pieces - 1 : 1), k = 0;
        if (!fit(r, from, from + length, g)) continue;
        for (size_t b = 0; b < r->n; b++)
            if (g[b] > 0 && whole[b] > 0 && presence(r, b, from, from + length) > 1e-3)
                common[k++] = td_to_db(g[b] / whole[b]);
        double shift = median_of(common, k);
        for (size_t b = 0; b < r->n; b++)
            if (presence(r, b, from, from + length) > 1e-3)
                off[b][n[b]++] = g[b] > 0 && whole[b] > 0 ? fabs(td_to_db(g[b] / whole[b]) - shift) : INFINITY;
    }
    for (size_t b = 0; b < r->n; b++) mad[b] = n[b] ? median_of(off[b], n[b]) : NAN;
}

/* ---- faders ------------------------------------------------------------------------------------------------------ */

/* What of a fit its own pieces bear out, if two buses or more can be held against each other. */
static td_status trust(rough *r, const double *g, const td_rough **out, td_error *err)
{
    td_rough *t = td_arena_alloc(r->d->arena, sizeof *t);
    size_t n = 0;
    if (!t) return td_no_memory(err);
    t->fit_db = residual_db(r, g);
    disagreement(r, g, t->apart_db);
    for (size_t b = 0; b < r->n; b++) {
        bool steady = g[b] > 0 && t->apart_db[b] <= STEADY_DB;
        t->move_db[b] = steady ? td_to_db(g[b]) : NAN;
        t->later_s[b] = r->late[b] / RATE;
        n += steady;
    }
    *out = n > 1 || n == r->n ? t : NULL;
    return TD_OK;
}

static td_status solve(rough *r, const td_rough **out, td_error *err)
{
    double g[TD_BUSES_MAX] = { 0 };
    TD_TRY(learn_whitening(r, err));
    r->frames = (size_t)(td_scratch_length(r->sound[r->n]) / FRAME);
    r->gram = td_calloc2(r->frames, r->n * r->n, sizeof(double));
    r->cross = td_calloc2(r->frames, r->n, sizeof(double));
    r->energy = td_calloc2(r->frames, 1, sizeof(double));
    r->t = td_calloc2(r->frames, 1, sizeof(double));
    if (!r->gram || !r->cross || !r->energy || !r->t) return td_no_memory(err);
    TD_TRY(td_pool_run(r->d->wish->pool, r->frames, multiply, r, err));
    return fit(r, 0, r->frames, g) ? trust(r, g, out, err) : TD_OK;
}

td_status td_read_rough(td_decider *d, const td_rough **out, td_error *err)
{
    rough r = { .d = d, .n = d->plan->n_buses };
    bool found = false;
    *out = NULL;
    if (!d->session->rough) return TD_OK;
    td_status st = load(&r, err);
    if (!st) st = align(&r, &found, err);
    if (!st && found) st = solve(&r, out, err);
    for (size_t b = 0; b <= r.n + 1; b++) td_scratch_free(r.sound[b]);
    free(r.gram);
    free(r.cross);
    free(r.energy);
    free(r.t);
    return st;
}

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
        double x = td_clamp(move[b] - common, -MOST_DB, MOST_DB), fader_db = delivered_db[b] + x;
        shift[n_shifts++] = fader_db - p->bus[b].fader_db;
        p->bus[b].fader_db = td_round_to(fader_db, 0.01);
        p->bus[b].fader_reason = td_arena_printf(
            d->arena, "%+.1f dB from the rough mix (fit %.1f dB, pieces agree within %.1f dB; starts %.3f s later)", x,
            r->fit_db, r->apart_db[b], r->later_s[b]);
        if (!p->bus[b].fader_reason) return td_no_memory(err);
    }
    double with_them = n_shifts ? median_of(shift, n_shifts) : 0;
    for (size_t b = 0; b < p->n_buses; b++)
        if (isnan(move[b])) TD_TRY(stand_beside(d, b, with_them));
    return TD_OK;
}
