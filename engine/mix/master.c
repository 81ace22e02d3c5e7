#include "engine/mix/master.h"

#include "engine/dsp/limiter.h"
#include "engine/dsp/peaks.h"
#include "engine/meter/meter.h"
#include <stdio.h>
#include <stdlib.h>

#define CHUNK 4096 /* frames a pass handles at once */

static const double lookahead_ms = 2;
static const double sample_margin_db = 0.001;       /* the rounding of the product */
static const double aim_lu = 0.02;                  /* this near, loudness is reached */
static const double steepest = 1.2, flattest = 0.1; /* LU that a dB of drive can be believed to bring */
static const double spare_db = 4; /* how much more drive than the first guess the envelope is good for */
static const double usual_limiting_db = 6;
enum { MAX_PASSES = 8, LOUD_STEPS = 100, REPAIRS = 3, SPOTS = 64 };

typedef enum kind { SAMPLES, TRUE_PEAKS, KINDS } kind;

struct td_master {
    const td_scratch *premaster;
    unsigned rate_hz;
    char folder[256];
    size_t reach;
    uint64_t frames, loud_from, loud_to; /* the loudest 10 s */
    double loudness_lufs, peak[KINDS];   /* of the premaster */
    td_scratch *held[KINDS];             /* peaks held over the look-ahead; NULL: not yet needed */
    double floor;                        /* lower peaks between samples are not looked for */
};

/* Where, in what is held, the limiter has to go lower than it thought: peaks count `factor` times there. */
typedef struct spot {
    uint64_t from, to;
    double factor;
} spot;

/* What decides the sound of a pass. */
typedef struct pass {
    double drive, trim;    /* gain in front of and behind the limiter */
    double ceiling[KINDS]; /* 0: none of that kind */
    spot spot[SPOTS];
    size_t n_spots;
} pass;

typedef struct buffers {
    float audio[2][CHUNK], held[CHUNK], gain[CHUNK];
} buffers;

static td_status no_memory(td_error *err)
{
    return td_fail(err, TD_NOMEM, NULL, NULL, "master: out of memory");
}

static td_status stopped(const volatile int *stop, td_error *err)
{
    return stop && *stop ? td_fail(err, TD_STOPPED, NULL, NULL, "stopped") : TD_OK;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- the premaster as it is ------------------------------------------------------------------------------------- */

static void find_loudest(td_master *m, const float *step, size_t n)
{
    double sum = 0, most = -1;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)step[i] - (i >= LOUD_STEPS ? (double)step[i - LOUD_STEPS] : 0);
        if (sum <= most) continue;
        most = sum;
        at = i + 1;
    }
    double step_frames = m->rate_hz / 10.0;
    m->loud_to = n > 0 ? (uint64_t)((double)at * step_frames) : m->frames;
    m->loud_from = at > LOUD_STEPS ? (uint64_t)((double)(at - LOUD_STEPS) * step_frames) : 0;
}

static td_status measure_premaster(td_master *m, buffers *b, td_loudness *loudness, td_true_peak *peak, td_error *err)
{
    const float *const ch[2] = { b->audio[0], b->audio[1] };
    for (uint64_t at = 0; at < m->frames; at += CHUNK) {
        size_t n = smaller(CHUNK, m->frames - at);
        td_status st = td_scratch_read(m->premaster, (int64_t)at, (float *[]){ b->audio[0], b->audio[1] }, n, err);
        if (!st && td_loudness_add(loudness, ch, n)) st = no_memory(err);
        if (st) return st;
        td_true_peak_add(peak, ch, n);
    }
    td_true_peak_end(peak);
    size_t n;
    const float *step = td_loudness_steps(loudness, &n);
    find_loudest(m, step, n);
    m->loudness_lufs = td_loudness_integrated(loudness);
    m->peak[SAMPLES] = td_sample_peak_max(peak);
    m->peak[TRUE_PEAKS] = td_true_peak_max(peak);
    return TD_OK;
}

td_status td_master_new(const td_scratch *premaster, unsigned rate_hz, const char *scratch_folder, td_master **out,
                        td_error *err)
{
    *out = NULL;
    td_master *m = calloc(1, sizeof *m);
    buffers *b = td_calloc2(1, 1, sizeof *b);
    td_loudness *loudness = NULL;
    td_true_peak *peak = NULL;
    td_status st = m && b ? TD_OK : no_memory(err);
    if (!st) {
        *m = (td_master){ .premaster = premaster,
                          .rate_hz = rate_hz,
                          .reach = td_limit_reach(lookahead_ms, rate_hz),
                          .frames = td_scratch_length(premaster) };
        snprintf(m->folder, sizeof m->folder, "%s", scratch_folder);
        if (td_loudness_new(rate_hz, 2, &loudness) || td_true_peak_new(2, 16, &peak)) st = no_memory(err);
    }
    if (!st) st = measure_premaster(m, b, loudness, peak, err);
    td_loudness_free(loudness);
    td_true_peak_free(peak);
    free(b);
    if (st)
        td_master_free(m);
    else
        *out = m;
    return st;
}

void td_master_free(td_master *m)
{
    if (!m) return;
    for (int k = 0; k < KINDS; k++) td_scratch_free(m->held[k]);
    free(m);
}

/* ---- the envelope: peaks, held ---------------------------------------------------------------------------------- */

/* What is held begins `reach` frames in front of the sound and ends as many behind it: place i holds frame i - reach.
 * late: of the results. */
static td_status build_held(const td_master *m, td_peaks *peaks, td_hold *hold, size_t late, td_scratch *to,
                            const volatile int *stop, buffers *b, td_error *err)
{
    float *const ch[2] = { b->audio[0], b->audio[1] };
    uint64_t end = m->frames + late + m->reach, first = late - m->reach;
    for (uint64_t at = 0; at < end; at += CHUNK) {
        size_t n = smaller(CHUNK, end - at), drop = at < first ? smaller(first - at, n) : 0;
        td_status st = td_scratch_read(m->premaster, (int64_t)at, ch, n, err);
        if (!st) st = stopped(stop, err);
        if (st) return st;
        if (peaks) td_peaks_run(peaks, (const float *const *)ch, (float)m->floor, n, ch);
        for (size_t i = 0; i < n; i++) b->gain[i] = fmaxf(fabsf(ch[0][i]), fabsf(ch[1][i]));
        td_hold_run(hold, b->gain, n, b->gain);
        if (n > drop) st = td_scratch_append(to, (const float *[]){ b->gain + drop }, n - drop, err);
        if (st) return st;
    }
    return TD_OK;
}

static td_status make_held(td_master *m, kind k, const volatile int *stop, buffers *b, td_error *err)
{
    td_peaks *peaks = NULL;
    td_hold hold = { 0 };
    td_scratch *to = NULL;
    td_status st = td_hold_init(&hold, m->reach) ? no_memory(err) : TD_OK;
    if (!st && k == TRUE_PEAKS && td_peaks_new(m->rate_hz, &peaks)) st = no_memory(err);
    if (!st) st = td_scratch_new(m->folder, 1, &to, err);
    if (!st) st = build_held(m, peaks, &hold, m->reach + (peaks ? TD_PEAKS_LATENCY : 0), to, stop, b, err);
    td_hold_fini(&hold);
    td_peaks_free(peaks);
    td_scratch_free(m->held[k]);
    m->held[k] = st ? NULL : to;
    if (st) td_scratch_free(to);
    return st;
}

/* Makes what a pass needs: once, or again when the drive has outgrown the floor. */
static td_status need_held(td_master *m, const pass *p, const volatile int *stop, buffers *b, td_error *err)
{
    td_status st = TD_OK;
    double floor = p->ceiling[TRUE_PEAKS] / p->drive;
    if (p->ceiling[SAMPLES] > 0 && !m->held[SAMPLES]) st = make_held(m, SAMPLES, stop, b, err);
    if (st || !(floor > 0) || (m->held[TRUE_PEAKS] && floor >= m->floor)) return st;
    m->floor = floor * td_from_db(-spare_db);
    return make_held(m, TRUE_PEAKS, stop, b, err);
}

/* ---- gain over time --------------------------------------------------------------------------------------------- */

/* A limiter's gains in turn. They are smoothed over `reach` frames on either side, so those in front are fed first. */
typedef struct gains {
    td_ride ride;
    uint64_t next; /* place of what is fed next in what is held */
} gains;

static void apply_spots(const pass *p, uint64_t at, float *over, size_t n)
{
    for (size_t s = 0; s < p->n_spots; s++) {
        const spot *q = &p->spot[s];
        size_t from = q->from > at ? smaller(q->from - at, n) : 0, to = q->to > at ? smaller(q->to - at, n) : 0;
        for (size_t i = from; i < to; i++) over[i] *= (float)q->factor;
    }
}

static td_status gains_feed(gains *g, const td_master *m, const pass *p, size_t n, buffers *b, td_error *err)
{
    float *over = b->gain, *held = b->held; /* how far peaks exceed their ceilings, linear */
    memset(over, 0, n * sizeof *over);
    for (int k = 0; k < KINDS; k++) {
        if (!(p->ceiling[k] > 0)) continue;
        float scale = (float)(p->drive / p->ceiling[k]);
        td_status st = td_scratch_read(m->held[k], (int64_t)g->next, &held, n, err);
        if (st) return st;
        for (size_t i = 0; i < n; i++) over[i] = held[i] * scale > over[i] ? held[i] * scale : over[i];
    }
    apply_spots(p, g->next, over, n);
    td_ride_run(&g->ride, over, 1, n, b->gain);
    g->next += n;
    return TD_OK;
}

static td_status gains_begin(gains *g, const td_master *m, const pass *p, uint64_t at, buffers *b, td_error *err)
{
    *g = (gains){ .next = at };
    if (td_ride_init(&g->ride, m->reach, INFINITY, m->rate_hz)) return no_memory(err);
    return gains_feed(g, m, p, 2 * m->reach, b, err);
}

/* ---- how much the loudest 10 s are limited ---------------------------------------------------------------------- */

enum { BINS = 4000 }; /* of 0.01 dB */

/* 95 % of the frames counted lie at or below the result. */
static double percentile_95(const uint32_t *count)
{
    uint64_t all = 0, seen = 0;
    size_t i = BINS;
    for (size_t k = 0; k < BINS; k++) all += count[k];
    while (i > 0 && seen <= all / 20) seen += count[--i];
    return (double)i * 0.01;
}

/* The gain does not begin from rest there, so it runs in for 3 s. */
static td_status limiting_of(const td_master *m, const pass *p, buffers *b, double *p95_db, td_error *err)
{
    uint32_t *count = calloc(BINS, sizeof *count);
    if (!count) return no_memory(err);
    uint64_t run_in = smaller(m->loud_from, 3 * (uint64_t)m->rate_hz), at = m->loud_from - run_in;
    gains g;
    td_status st = gains_begin(&g, m, p, at, b, err);
    while (!st && at < m->loud_to) {
        bool counts = at >= m->loud_from;
        size_t n = smaller(CHUNK, (counts ? m->loud_to : m->loud_from) - at);
        st = gains_feed(&g, m, p, n, b, err);
        for (size_t i = 0; counts && i < n; i++)
            count[(size_t)fmin(100 * -td_level_db((double)b->gain[i]) + 0.5, BINS - 1)]++;
        at += n;
    }
    td_ride_fini(&g.ride);
    *p95_db = percentile_95(count);
    free(count);
    return st;
}

/* ---- one pass --------------------------------------------------------------------------------------------------- */

typedef struct meters {
    td_loudness *loudness;
    td_true_peak *peak; /* NULL: not asked */
    td_scratch *to;     /* NULL: nothing is written */
    pass *learn;        /* gets a spot wherever the true peak exceeds true_peak; NULL: nothing is learnt */
    size_t known;       /* spots it had before */
    double true_peak;
    float lowest_gain;
} meters;

/* Joins its neighbour, or whatever came last when there is no room. */
static void add_spot(pass *p, size_t known, spot s)
{
    spot *last = p->n_spots > known || p->n_spots == SPOTS ? &p->spot[p->n_spots - 1] : NULL;
    if (last && (s.from <= last->to || p->n_spots == SPOTS))
        *last = (spot){ smaller(last->from, s.from), s.to, fmax(last->factor, s.factor) };
    else
        p->spot[p->n_spots++] = s;
}

/* In tiles, so that a peak is placed within a few milliseconds: what the meter says lies up to 192 frames back. */
static void learn_spots(meters *t, const buffers *b, uint64_t at, size_t n, uint64_t reach)
{
    enum { TILE = 64, LATE = 192 };
    for (size_t i = 0; i < n; i += TILE) {
        td_true_peak_add(t->peak, (const float *[]){ b->audio[0] + i, b->audio[1] + i }, smaller(TILE, n - i));
        double peak = td_true_peak_take(t->peak);
        if (peak <= t->true_peak) continue;
        uint64_t before = LATE, here = at + i; /* from frames to places: + reach */
        add_spot(t->learn, t->known,
                 (spot){ here > before ? here - before : 0, here + TILE + 2 * reach, peak / t->true_peak });
    }
}

static void apply_gain(const pass *p, bool limited, buffers *b, size_t n)
{
    double gain = p->drive * p->trim;
    for (int c = 0; c < 2; c++) {
        float *x = b->audio[c];
        for (size_t i = 0; limited && i < n; i++) x[i] = (float)((double)x[i] * (gain * (double)b->gain[i]));
        for (size_t i = 0; !limited && i < n; i++) x[i] = (float)((double)x[i] * gain);
    }
}

static td_status run_chunk(const td_master *m, const pass *p, gains *g, uint64_t at, size_t n, meters *t, buffers *b,
                           td_error *err)
{
    const float *const ch[2] = { b->audio[0], b->audio[1] };
    td_status st = g ? gains_feed(g, m, p, n, b, err) : TD_OK;
    if (!st) st = td_scratch_read(m->premaster, (int64_t)at, (float *[]){ b->audio[0], b->audio[1] }, n, err);
    if (st) return st;
    apply_gain(p, g != NULL, b, n);
    for (size_t i = 0; g && i < n; i++) t->lowest_gain = b->gain[i] < t->lowest_gain ? b->gain[i] : t->lowest_gain;
    if (td_loudness_add(t->loudness, ch, n)) return no_memory(err);
    if (t->learn)
        learn_spots(t, b, at, n, m->reach);
    else if (t->peak)
        td_true_peak_add(t->peak, ch, n);
    return t->to ? td_scratch_append(t->to, ch, n, err) : TD_OK;
}

static td_status run_pass(const td_master *m, const pass *p, meters *t, const volatile int *stop, buffers *b,
                          td_error *err)
{
    bool limited = p->ceiling[SAMPLES] > 0 || p->ceiling[TRUE_PEAKS] > 0;
    pass now = *p; /* what is learnt on the way holds for the next */
    gains g = { 0 };
    td_status st = limited ? gains_begin(&g, m, &now, 0, b, err) : TD_OK;
    td_loudness_reset(t->loudness);
    if (t->peak) td_true_peak_reset(t->peak);
    t->lowest_gain = 1;
    for (uint64_t at = 0; at < m->frames && !st; at += CHUNK) {
        st = stopped(stop, err);
        if (!st) st = run_chunk(m, &now, limited ? &g : NULL, at, smaller(CHUNK, m->frames - at), t, b, err);
    }
    if (t->peak) td_true_peak_end(t->peak);
    td_ride_fini(&g.ride);
    return st;
}

/* ---- the drive -------------------------------------------------------------------------------------------------- */

/* Why loudness gave way. */
typedef enum yield { NOT_AT_ALL, TO_LIMITING, TO_FLATNESS } yield;

/* A target being met. */
typedef struct work {
    td_master *m;
    const td_target *target;
    const volatile int *stop;
    td_error *err;
    buffers *b;
    meters meters;
    pass pass;
    bool limited;
    double p95_db;
    unsigned passes;
    yield yielded;
} work;

static double limiting_allowed(const td_target *t)
{
    return t->limiting_db > 0 ? t->limiting_db : usual_limiting_db;
}

static td_status set_drive(work *w, double drive_db)
{
    w->pass.drive = td_from_db(drive_db);
    td_status st = need_held(w->m, &w->pass, w->stop, w->b, w->err);
    return st ? st : limiting_of(w->m, &w->pass, w->b, &w->p95_db, w->err);
}

/* The drive between two that is limited as much as is allowed. */
static td_status find_bound(work *w, double low_db, double high_db, double *drive_db)
{
    td_status st = TD_OK;
    while (!st && high_db - low_db > 0.005) {
        double middle = 0.5 * (low_db + high_db);
        st = set_drive(w, middle);
        if (w->p95_db > limiting_allowed(w->target))
            high_db = middle;
        else
            low_db = middle;
    }
    *drive_db = low_db;
    return st ? st : set_drive(w, low_db);
}

static td_status try_drive(work *w, double *drive_db, double *lufs)
{
    td_status st = set_drive(w, *drive_db);
    if (!st && w->p95_db > limiting_allowed(w->target)) {
        w->yielded = TO_LIMITING;
        st = find_bound(w, *drive_db - w->p95_db - 6, *drive_db, drive_db);
    }
    if (!st) st = run_pass(w->m, &w->pass, &w->meters, w->stop, w->b, w->err);
    w->passes++;
    *lufs = td_loudness_integrated(w->meters.loudness);
    return st;
}

/* Loudness rises with drive, ever less: a secant finds it from below. */
static td_status solve_drive(work *w, double drive_db)
{
    double wanted = w->target->loudness_lufs, before_db = 0, before = 0, slope = 1;
    while (w->passes < MAX_PASSES) {
        double lufs;
        td_status st = try_drive(w, &drive_db, &lufs);
        if (st) return st;
        double missing = wanted - lufs;
        if (fabs(missing) <= aim_lu || (w->yielded && missing > 0)) return TD_OK;
        w->yielded = NOT_AT_ALL;
        if (w->passes > 1) slope = (lufs - before) / (drive_db - before_db);
        if (w->passes > 1 && missing > 0 && slope < flattest) {
            w->yielded = TO_FLATNESS;
            return TD_OK;
        }
        before_db = drive_db;
        before = lufs;
        drive_db += missing / td_clamp(slope, flattest, steepest);
    }
    return TD_OK;
}

/* ---- the result ------------------------------------------------------------------------------------------------- */

static bool too_high(const work *w)
{
    return w->meters.true_peak > 0 && td_true_peak_max(w->meters.peak) > w->meters.true_peak;
}

static td_status write_pass(work *w)
{
    td_scratch_free(w->meters.to);
    w->meters.to = NULL;
    td_status st = td_scratch_new(w->m->folder, 2, &w->meters.to, w->err);
    if (!st) st = run_pass(w->m, &w->pass, &w->meters, w->stop, w->b, w->err);
    w->passes++;
    return st;
}

/* The limiter aims below its target; should the meter of reports find a peak above it all the same, the limiter goes
 * lower there, and at last everything does. */
static td_status write_and_verify(work *w)
{
    td_status st = write_pass(w);
    for (int i = 0; !st && too_high(w) && w->limited && i < REPAIRS; i++) {
        w->meters.known = w->pass.n_spots;
        w->meters.learn = &w->pass;
        td_scratch *written = w->meters.to;
        w->meters.to = NULL;
        st = run_pass(w->m, &w->pass, &w->meters, w->stop, w->b, w->err);
        w->meters.to = written;
        w->meters.learn = NULL;
        if (!st) st = write_pass(w);
    }
    if (st || !too_high(w)) return st;
    w->pass.trim = 0.9999 * w->meters.true_peak / td_true_peak_max(w->meters.peak);
    return write_pass(w);
}

static void explain(const work *w, td_master_result *r)
{
    double wanted = w->target->loudness_lufs, off = r->loudness_lufs - wanted;
    r->reached = isnan(wanted) || fabs(off) <= 0.1;
    if (r->reached) return;
    if (!isfinite(w->m->loudness_lufs))
        snprintf(r->missed, sizeof r->missed, "the mix is silent");
    else if (w->yielded == TO_LIMITING)
        snprintf(r->missed, sizeof r->missed, "%.1f LUFS instead of %.1f: more would need over %.1f dB of limiting",
                 r->loudness_lufs, wanted, limiting_allowed(w->target));
    else if (w->yielded == TO_FLATNESS)
        snprintf(r->missed, sizeof r->missed, "%.1f LUFS instead of %.1f: driven harder it gets no louder",
                 r->loudness_lufs, wanted);
    else
        snprintf(r->missed, sizeof r->missed, "%+.2f LU off after %u passes", off, w->passes);
}

static void report(const work *w, td_master_result *r)
{
    const meters *t = &w->meters;
    *r = (td_master_result){ .drive_db = td_to_db(w->pass.drive * w->pass.trim),
                             .loudness_lufs = td_loudness_integrated(t->loudness),
                             .range_lu = td_loudness_range(t->loudness),
                             .max_momentary_lufs = td_loudness_max_momentary(t->loudness),
                             .max_short_lufs = td_loudness_max_short_term(t->loudness),
                             .true_peak_dbtp = td_to_db(td_true_peak_max(t->peak)),
                             .peak_dbfs = td_to_db(td_sample_peak_max(t->peak)),
                             .limiting_max_db = fmax(0, -td_to_db((double)t->lowest_gain)),
                             .limiting_p95_db = w->limited ? w->p95_db : 0,
                             .passes = w->passes };
    r->plr_db = r->true_peak_dbtp - r->loudness_lufs;
    explain(w, r);
}

/* The drive that needs no limiter: to the loudness, or up to the ceilings where none is asked for. */
static double plain_drive_db(const work *w)
{
    const td_master *m = w->m;
    if (!isnan(w->target->loudness_lufs))
        return isfinite(m->loudness_lufs) ? w->target->loudness_lufs - m->loudness_lufs : 0;
    double drive = INFINITY;
    for (int k = 0; k < KINDS; k++)
        if (w->pass.ceiling[k] > 0 && m->peak[k] > 0) drive = fmin(drive, w->pass.ceiling[k] / m->peak[k]);
    return isfinite(drive) ? td_to_db(drive) : 0;
}

static void set_ceilings(work *w)
{
    const td_target *t = w->target;
    w->pass = (pass){ .drive = 1, .trim = 1 };
    if (!isnan(t->peak_dbfs)) w->pass.ceiling[SAMPLES] = td_from_db(t->peak_dbfs - sample_margin_db);
    if (isnan(t->true_peak_dbtp)) return;
    w->pass.ceiling[TRUE_PEAKS] = td_from_db(t->true_peak_dbtp - TD_TRUE_PEAK_MARGIN_DB);
    w->meters.true_peak = td_from_db(t->true_peak_dbtp);
}

static td_status meet(work *w)
{
    set_ceilings(w);
    double drive_db = plain_drive_db(w);
    w->pass.drive = td_from_db(drive_db);
    for (int k = 0; k < KINDS; k++)
        w->limited = w->limited || (w->pass.ceiling[k] > 0 && !isnan(w->target->loudness_lufs) &&
                                    w->m->peak[k] * w->pass.drive > w->pass.ceiling[k]);
    if (!w->limited) w->pass.ceiling[SAMPLES] = w->pass.ceiling[TRUE_PEAKS] = 0;
    td_status st = w->limited ? solve_drive(w, drive_db) : TD_OK;
    if (!st && td_true_peak_new(2, 16, &w->meters.peak)) st = no_memory(w->err);
    return st ? st : write_and_verify(w);
}

td_status td_master_render(td_master *m, const td_target *target, const volatile int *stop, td_scratch **audio,
                           td_master_result *result, td_error *err)
{
    *audio = NULL;
    work *w = calloc(1, sizeof *w);
    buffers *b = td_calloc2(1, 1, sizeof *b);
    td_status st = w && b ? TD_OK : no_memory(err);
    if (!st) {
        *w = (work){ .m = m, .target = target, .stop = stop, .err = err, .b = b };
        if (td_loudness_new(m->rate_hz, 2, &w->meters.loudness)) st = no_memory(err);
        if (!st) st = meet(w);
        if (!st) report(w, result);
        td_loudness_free(w->meters.loudness);
        td_true_peak_free(w->meters.peak);
        if (st)
            td_scratch_free(w->meters.to);
        else
            *audio = w->meters.to;
    }
    free(w);
    free(b);
    return st;
}
