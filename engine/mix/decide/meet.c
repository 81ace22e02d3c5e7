#include "engine/mix/decide/rough.h"

#include "engine/base/fft.h"
#include "engine/base/units.h"
#include "engine/mix/stemsum.h"
#include <stdlib.h>
#include <string.h>

/* Where a rough mix begins, to a fraction of a sample: a fit that is 10 ms late misses by 18 dB. */

enum {
    RATE = TD_ROUGH_HZ,
    ENVELOPE = RATE / 100, /* a step of the coarse alignment */
    SEARCH = 60 * 100,     /* how many of them the rough may begin later or earlier */
    LONGEST = 1 << 19,     /* of them are looked at: 87 minutes */
    GUESSES = 6,           /* lags the coarse one leaves to the fine one */
    PASSAGE = 32768,       /* 2.7 s, for the fine one */
    TRIES = 5,
    NEAR = RATE / 10, /* a bus may stand off the others by this */
    CHUNK = 5 * RATE  /* read between two looks at whether to go on */
};
#define MOST_OF_IT 0.9  /* reading, of all there is to do */
#define SWIFT_HZ   25.0 /* the swiftest onsets that are looked at: a lag between two steps of 10 ms stays one lag */
#define CLEARLY    1.02 /* a guess must agree so much better than a likelier one */

/* ---- sound at 12 kHz --------------------------------------------------------------------------------------------- */

typedef struct loading {
    td_meeting *m;
    td_source *source[TD_STEMS_MAX + 1]; /* the last is the rough's */
    bool more[TD_STEMS_MAX + 1];         /* by part */
} loading;

static td_status open_all(loading *l, td_error *err)
{
    const td_session *s = l->m->d->session;
    const char *folder = l->m->d->wish->scratch_folder;
    for (size_t i = 0; i < s->n_stems; i++)
        if (l->m->part[i] < l->m->n) TD_TRY(td_stem_open(&s->stem[i], RATE, &l->source[i], err));
    for (size_t p = 0; p < l->m->n; p++) TD_TRY(td_scratch_new(folder, 2, &l->m->sound[p], err));
    TD_TRY(td_scratch_new(folder, 2, &l->m->rough, err));
    return td_stem_open(s->rough, RATE, &l->source[s->n_stems], err);
}

/* The next block of a part (n: of the rough), as the survey summed it. */
static td_status next_block(loading *l, size_t part, td_error *err)
{
    const td_session *s = l->m->d->session;
    double left[TD_BLOCK] = { 0 }, right[TD_BLOCK] = { 0 }, *sum[2] = { left, right };
    float one[2][TD_BLOCK], *to[2] = { one[0], one[1] };
    for (size_t i = 0; i <= s->n_stems; i++) {
        size_t got = 0, its = i < s->n_stems ? l->m->part[i] : l->m->n;
        if (!l->source[i] || its != part) continue;
        const td_stem *t = i < s->n_stems ? &s->stem[i] : s->rough;
        unsigned channels = td_source_channels(l->source[i]);
        TD_TRY(td_source_read(l->source[i], to, TD_BLOCK, &got, err));
        td_stem_add(sum, (const float *const *)to, channels, td_stem_sides(channels, t->level_db, t->pan, t->flip),
                    got);
        l->more[part] = l->more[part] || got;
    }
    td_stem_store((const double *const *)sum, to, TD_BLOCK);
    td_scratch *into = part < l->m->n ? l->m->sound[part] : l->m->rough;
    return td_scratch_append(into, (const float *const *)to, TD_BLOCK, err);
}

static td_status load_chunk(void *shared, size_t part, td_error *err)
{
    loading *l = shared;
    td_status st = TD_OK;
    l->more[part] = false;
    for (size_t at = 0; !st && at < CHUNK; at += TD_BLOCK) st = next_block(l, part, err);
    return st;
}

static td_status load_all(loading *l, td_error *err)
{
    const td_plan_wish *w = l->m->d->wish;
    double all_s = fmax((double)w->session->frames, (double)w->session->rough->frames) / w->session->rate_hz;
    for (bool more = true; more;) {
        double read_s = (double)td_scratch_length(l->m->rough) / RATE;
        if (w->progress) w->progress(w->user, "rough", MOST_OF_IT * fmin(read_s / fmax(all_s, 1), 1));
        TD_TRY(td_pool_run(w->pool, l->m->n + 1, load_chunk, l, err));
        more = false;
        for (size_t p = 0; p <= l->m->n; p++) more = more || l->more[p];
    }
    return TD_OK;
}

static td_status load(td_meeting *m, td_error *err)
{
    loading *l = calloc(1, sizeof *l);
    if (!l) return td_no_memory(err);
    l->m = m;
    td_status st = open_all(l, err);
    if (!st) st = load_all(l, err);
    for (size_t i = 0; i <= m->d->session->n_stems; i++) td_source_close(l->source[i]);
    free(l);
    return st;
}

void td_meeting_end(td_meeting *m)
{
    for (size_t p = 0; p < m->n; p++) td_scratch_free(m->sound[p]);
    td_scratch_free(m->rough);
}

/* Both sides together of all parts of a bus; bus SIZE_MAX: of all buses. */
static td_status read_bus(const td_meeting *m, size_t bus, int64_t at, float *out, size_t n, td_error *err)
{
    float *one = malloc(2 * n * sizeof *one), *const to[2] = { one, one ? one + n : NULL };
    td_status st = one ? TD_OK : td_no_memory(err);
    memset(out, 0, n * sizeof *out);
    for (size_t p = 0; !st && p < m->n; p++) {
        if (bus != SIZE_MAX && m->bus[p] != bus) continue;
        st = td_scratch_read(m->sound[p], at, to, n, err);
        for (size_t i = 0; !st && i < n; i++) out[i] += to[0][i] + to[1][i];
    }
    free(one);
    return st;
}

static td_status read_rough(const td_meeting *m, int64_t at, float *out, size_t n, td_error *err)
{
    float *right = malloc(n * sizeof *right), *const to[2] = { out, right };
    td_status st = right ? td_scratch_read(m->rough, at, to, n, err) : td_no_memory(err);
    for (size_t i = 0; !st && i < n; i++) out[i] += right[i];
    free(right);
    return st;
}

/* ---- where the rough begins -------------------------------------------------------------------------------------- */

/* Rises of the log level, one per 10 ms, into a lane: of all parts together, or of the rough. */
static td_status onsets(const td_meeting *m, bool of_rough, td_v2 *out, size_t lane, size_t n, td_error *err)
{
    enum { AT_ONCE = 500 };
    float *x = malloc(AT_ONCE * ENVELOPE * sizeof *x);
    double before = 0;
    td_status st = x ? TD_OK : td_no_memory(err);
    for (size_t i = 0; !st && i < n; i++) {
        const float *step = x + i % AT_ONCE * ENVELOPE;
        double power = 1e-8;
        if (i % AT_ONCE == 0) {
            st = td_decide_go_on(m->d->wish, err);
            int64_t at = (int64_t)i * ENVELOPE;
            if (!st && of_rough) st = read_rough(m, at, x, AT_ONCE * ENVELOPE, err);
            if (!st && !of_rough) st = read_bus(m, SIZE_MAX, at, x, AT_ONCE * ENVELOPE, err);
        }
        for (size_t k = 0; !st && k < ENVELOPE; k++) power += (double)step[k] * (double)step[k] / ENVELOPE;
        double level = td_power_db(power);
        out[i][lane] = i ? fmax(0, level - before) : 0;
        before = level;
    }
    free(x);
    return st;
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
static td_status coarse(const td_meeting *m, double lag[GUESSES], td_error *err)
{
    size_t n = (size_t)td_scratch_length(m->rough) / ENVELOPE, circle = 16, n_lags = 0;
    if (n > LONGEST) n = LONGEST;
    while (circle < 2 * n) circle *= 2;
    long reach = n / 2 < SEARCH ? (long)(n / 2) : SEARCH, apart = NEAR / ENVELOPE / 2;
    td_v2 *x = calloc(3 * circle, sizeof *x);
    td_fft *fft = NULL;
    td_status st = x ? td_fft_new(circle, &fft) : td_no_memory(err);
    if (!st) st = onsets(m, false, x, 0, n, err);
    if (!st) st = onsets(m, true, x, 1, n, err);
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
typedef struct place {
    double lag, height; /* NaN and 0: nowhere */
} place;

/* Work space of one search. */
typedef struct bench {
    td_fft *fft;
    td_v2 *x; /* 3 PASSAGE */
    float *one, *two;
} bench;

/* Both from `at` (of the stems) on: the lag of the highest correlation within NEAR of what is known, with a parabola
 * through its neighbours, if it stands out. */
static td_status fine(const td_meeting *m, const bench *b, size_t bus, double at, double known, place *out,
                      td_error *err)
{
    td_v2 *x = b->x;
    TD_TRY(read_bus(m, bus, (int64_t)at, b->one, PASSAGE, err));
    TD_TRY(read_rough(m, (int64_t)floor(at + known), b->two, PASSAGE, err));
    *out = (place){ .lag = NAN };
    for (size_t i = 0; i < PASSAGE; i++) {
        double w = 0.5 - 0.5 * td_cos(2 * TD_PI * (double)i / PASSAGE);
        x[i][0] = w * (double)b->one[i];
        x[i][1] = w * (double)b->two[i];
    }
    whitened_correlation(b->fft, x, x + PASSAGE, x + 2 * PASSAGE, PASSAGE, 60 * PASSAGE / RATE,
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
    double l = x[(size_t)(best - 1 + PASSAGE) % PASSAGE][0], c = x[(size_t)(best + PASSAGE) % PASSAGE][0];
    double n = x[(size_t)(best + 1 + PASSAGE) % PASSAGE][0], bend = l - 2 * c + n;
    out->lag = floor(at + known) - at + best + (bend != 0 ? td_clamp(0.5 * (l - n) / bend, -0.5, 0.5) : 0);
    out->height = highest;
    return TD_OK;
}

static int later(const void *a, const void *b)
{
    const place *x = a, *y = b;
    return (x->lag > y->lag) - (x->lag < y->lag);
}

/* The middle of what the loudest passages of a bus (SIZE_MAX: of all) say, if two or more, and half of them, agree to a
 * sample. */
static td_status agree(const td_meeting *m, const bench *b, size_t bus, double known, place *out, td_error *err)
{
    const td_survey *v = m->d->survey;
    const td_signal *s = td_survey_signal(v, bus == SIZE_MAX ? td_survey_sum(v) : td_survey_bus(v, bus));
    place found[TRIES];
    size_t n = 0, agreed = 0;
    for (size_t i = 0; i < TRIES && i < TD_PASSAGES && s->passage[i].frames; i++) {
        double at = floor((double)s->passage[i].at * RATE / m->d->session->rate_hz);
        TD_TRY(fine(m, b, bus, at, known, &found[n], err));
        n += !isnan(found[n].lag);
    }
    qsort(found, n, sizeof *found, later);
    *out = (place){ .lag = n ? found[n / 2].lag : NAN };
    for (size_t i = 0; i < n; i++) {
        if (fabs(found[i].lag - out->lag) >= 1) continue;
        out->height += found[i].height;
        agreed++;
    }
    if (agreed < 2 || 2 * agreed < n) *out = (place){ .lag = NAN };
    return TD_OK;
}

/* Places that are looked for side by side: of all buses about each guess, or of each bus about one. */
typedef struct search {
    const td_meeting *m;
    bool each_bus;
    double known[GUESSES];
    place found[TD_BUSES_MAX];
} search;

static td_status look(void *shared, size_t i, td_error *err)
{
    search *s = shared;
    bench b = { .x = malloc(3 * PASSAGE * sizeof *b.x), .one = malloc(2 * PASSAGE * sizeof *b.one) };
    td_status st = b.x && b.one && !td_fft_new(PASSAGE, &b.fft) ? TD_OK : td_no_memory(err);
    if (!st) b.two = b.one + PASSAGE;
    if (!st) st = agree(s->m, &b, s->each_bus ? i : SIZE_MAX, s->known[s->each_bus ? 0 : i], &s->found[i], err);
    td_fft_free(b.fft);
    free(b.one);
    free(b.x);
    return st;
}

/* A bus that cannot be told from the others lies where all together do. */
static td_status align(td_meeting *m, bool *found, td_error *err)
{
    search s = { .m = m };
    td_pool *pool = m->d->wish->pool;
    place all = { .lag = NAN };
    TD_TRY(coarse(m, s.known, err));
    TD_TRY(td_pool_run(pool, GUESSES, look, &s, err));
    for (size_t i = 0; i < GUESSES; i++)
        if (s.found[i].height > CLEARLY * all.height) all = s.found[i];
    *found = !isnan(all.lag);
    if (!*found) return TD_OK;
    s.each_bus = true;
    s.known[0] = all.lag;
    TD_TRY(td_pool_run(pool, m->d->plan->n_buses, look, &s, err));
    for (size_t b = 0; b < m->d->plan->n_buses; b++) m->late[b] = isnan(s.found[b].lag) ? all.lag : s.found[b].lag;
    return TD_OK;
}

td_status td_meet_rough(td_meeting *m, bool *found, td_error *err)
{
    *found = false;
    TD_TRY(load(m, err));
    return align(m, found, err);
}
