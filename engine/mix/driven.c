#include "engine/mix/driven.h"

#include "engine/dsp/limiter.h"
#include "engine/dsp/peaks.h"
#include <stdlib.h>

#define CHUNK 4096 /* frames handled at once */

enum { REACH = 8 }; /* grains of look-ahead: 2 ms */

static const double spare_db = 4; /* how much more drive than that of now held peaks are good for */
static const size_t loud_steps = 100;

struct td_driven {
    const td_scratch *premaster;
    unsigned rate_hz;
    char *folder;
    size_t grain;                        /* frames of a quarter of a millisecond: within one, gain hardly moves */
    uint64_t frames, loud_from, loud_to; /* the loudest 10 s */
    double loudness_lufs, sample_peak, true_peak; /* of the premaster; true peak: NaN while nobody has asked */
    td_scratch *power;                            /* of each grain, K-weighted energy */
    td_scratch *held[TD_PEAK_KINDS];              /* a place a grain; NULL: not yet needed */
    double floor;                                 /* lower peaks between samples were not looked for */
    float audio[2][CHUNK], near[CHUNK], over[CHUNK], gain[CHUNK];
};

static td_status stopped(const volatile int *stop, td_error *err)
{
    return stop && *stop ? td_fail(err, TD_STOPPED, NULL, NULL, "stopped") : TD_OK;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static td_status read_audio(td_driven *d, uint64_t at, size_t n, td_error *err)
{
    return td_scratch_read(d->premaster, (int64_t)at, (float *[]){ d->audio[0], d->audio[1] }, n, err);
}

/* ---- the premaster as it is ------------------------------------------------------------------------------------- */

static void find_loudest(td_driven *d, const float *step, size_t n)
{
    double sum = 0, most = -1, step_frames = d->rate_hz / 10.0;
    size_t end = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)step[i] - (i >= loud_steps ? (double)step[i - loud_steps] : 0);
        if (sum <= most) continue;
        most = sum;
        end = i + 1;
    }
    d->loud_from = end > loud_steps ? (uint64_t)((double)(end - loud_steps) * step_frames) : 0;
    d->loud_to = n > 0 ? (uint64_t)((double)end * step_frames) : d->frames;
}

/* As many frames as whole grains fill a chunk with. */
static size_t whole_chunk(const td_driven *d)
{
    return CHUNK / d->grain * d->grain;
}

static float sum_of(const float *x, size_t n)
{
    float sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i];
    return sum;
}

/* The largest of each grain of two channels, n frames that begin with one. Returns how many grains. */
static size_t grain_peaks(const td_driven *d, const float *l, const float *r, size_t n, float *peak)
{
    size_t grains = 0;
    for (size_t i = 0; i < n; i += d->grain) {
        size_t all = smaller(d->grain, n - i);
        peak[grains++] = fmaxf(td_largest(l + i, all), td_largest(r + i, all));
    }
    return grains;
}

typedef struct premeasure {
    td_k_power *power;
    float *step; /* K-weighted power of each whole 100 ms */
    size_t n_steps;
    double energy; /* of the 100 ms under way */
} premeasure;

/* K-weighted power of n frames from frame `at` on, into steps. */
static void add_steps(const td_driven *d, premeasure *m, uint64_t at, const float *power, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint64_t end = (m->n_steps + 1) * (uint64_t)d->rate_hz / 10;
        size_t part = smaller(end - (at + i), n - i);
        for (size_t k = 0; k < part; k++) m->energy += (double)power[i + k];
        i += part;
        if (at + i < end) return;
        m->step[m->n_steps++] = (float)(m->energy / (0.1 * d->rate_hz));
        m->energy = 0;
    }
}

/* n frames that begin with a grain. */
static td_status keep_power(td_driven *d, premeasure *m, uint64_t at, size_t n, td_error *err)
{
    size_t grains = 0;
    td_k_power_run(m->power, d->audio[0], d->audio[1], n, d->near);
    add_steps(d, m, at, d->near, n);
    for (size_t i = 0; i < n; i += d->grain) d->gain[grains++] = sum_of(d->near + i, smaller(d->grain, n - i));
    return td_scratch_append(d->power, (const float *[]){ d->gain }, grains, err);
}

static td_status measure(td_driven *d, premeasure *m, td_error *err)
{
    float peak = 0;
    for (uint64_t at = 0; at < d->frames; at += whole_chunk(d)) {
        size_t n = smaller(whole_chunk(d), d->frames - at);
        td_status st = read_audio(d, at, n, err);
        if (!st) st = keep_power(d, m, at, n, err);
        if (st) return st;
        for (int c = 0; c < 2; c++) peak = fmaxf(peak, td_largest(d->audio[c], n));
    }
    find_loudest(d, m->step, m->n_steps);
    d->loudness_lufs = td_gated_loudness(m->step, m->n_steps);
    d->sample_peak = (double)peak;
    return TD_OK;
}

td_status td_driven_new(const td_scratch *premaster, unsigned rate_hz, const char *folder, td_driven **out,
                        td_error *err)
{
    *out = NULL;
    td_driven *d = calloc(1, sizeof *d);
    if (!d) return td_no_memory(err);
    d->premaster = premaster;
    d->rate_hz = rate_hz;
    d->grain = rate_hz / 4000;
    d->frames = td_scratch_length(premaster);
    d->folder = strdup(folder);
    d->true_peak = NAN;
    premeasure m = { 0 };
    m.step = calloc((size_t)(d->frames * 10 / rate_hz) + 1, sizeof *m.step);
    bool made = d->folder && m.step && !td_k_power_new(rate_hz, &m.power);
    td_status st = made ? td_scratch_new(folder, 1, &d->power, err) : td_no_memory(err);
    if (!st) st = measure(d, &m, err);
    td_k_power_free(m.power);
    free(m.step);
    if (st)
        td_driven_free(d);
    else
        *out = d;
    return st;
}

void td_driven_free(td_driven *d)
{
    if (!d) return;
    td_scratch_free(d->power);
    for (int k = 0; k < TD_PEAK_KINDS; k++) td_scratch_free(d->held[k]);
    free(d->folder);
    free(d);
}

double td_driven_loudness(const td_driven *d)
{
    return d->loudness_lufs;
}

double td_driven_sample_peak(const td_driven *d)
{
    return d->sample_peak;
}

static td_status measure_true_peak(td_driven *d, td_true_peak *meter, td_error *err)
{
    for (uint64_t at = 0; at < d->frames; at += CHUNK) {
        size_t n = smaller(CHUNK, d->frames - at);
        td_status st = read_audio(d, at, n, err);
        if (st) return st;
        td_true_peak_add(meter, (const float *const[]){ d->audio[0], d->audio[1] }, n);
    }
    td_true_peak_end(meter);
    d->true_peak = td_true_peak_max(meter);
    return TD_OK;
}

td_status td_driven_true_peak(td_driven *d, double *peak, td_error *err)
{
    td_true_peak *meter = NULL;
    td_status st = TD_OK;
    if (isnan(d->true_peak)) {
        st = td_true_peak_new(2, 16, &meter) ? td_no_memory(err) : TD_OK;
        if (!st) td_true_peak_soften(meter);
        if (!st) st = measure_true_peak(d, meter, err);
        td_true_peak_free(meter);
    }
    *peak = d->true_peak;
    return st;
}

/* ---- peaks, held ------------------------------------------------------------------------------------------------ */

/* What is held begins REACH grains in front of the sound and ends as many behind it: place i holds grain i - REACH. */
static td_status hold_peaks(td_driven *d, td_peaks *peaks, td_hold *hold, td_scratch *to, const volatile int *stop,
                            td_error *err)
{
    float *const ch[2] = { d->audio[0], d->audio[1] };
    uint64_t late = peaks ? TD_PEAKS_LATENCY : 0, end = d->frames + 2 * REACH * d->grain;
    td_status st = read_audio(d, 0, late, err);
    if (!st && peaks) td_peaks_run(peaks, (const float *const *)ch, (float)d->floor, late, ch);
    for (uint64_t at = 0; !st && at < end; at += whole_chunk(d)) {
        size_t n = smaller(whole_chunk(d), end - at), grains;
        st = stopped(stop, err);
        if (!st) st = read_audio(d, at + late, n, err);
        if (st) break;
        if (peaks) td_peaks_run(peaks, (const float *const *)ch, (float)d->floor, n, ch);
        grains = grain_peaks(d, ch[0], ch[1], n, d->over);
        td_hold_run(hold, d->over, grains, d->over);
        st = td_scratch_append(to, (const float *[]){ d->over }, grains, err);
    }
    return st;
}

static td_status make_held(td_driven *d, td_peak_kind kind, const volatile int *stop, td_error *err)
{
    td_peaks *peaks = NULL;
    td_hold hold = { 0 };
    td_scratch *to = NULL;
    bool made = !td_hold_init(&hold, REACH) && (kind == TD_SAMPLES || !td_peaks_new(d->rate_hz, &peaks));
    td_status st = made ? td_scratch_new(d->folder, 1, &to, err) : td_no_memory(err);
    if (!st) st = hold_peaks(d, peaks, &hold, to, stop, err);
    td_hold_fini(&hold);
    td_peaks_free(peaks);
    td_scratch_free(d->held[kind]);
    d->held[kind] = st ? NULL : to;
    if (st) td_scratch_free(to);
    return st;
}

td_status td_driven_prepare(td_driven *d, const td_pass *p, const volatile int *stop, td_error *err)
{
    if (!(p->drive > 0) || !isfinite(p->drive)) return td_fail(err, TD_ARG, NULL, NULL, "a drive without end");
    td_status st = TD_OK;
    double floor = p->ceiling[TD_TRUE_PEAKS] / p->drive;
    if (p->ceiling[TD_SAMPLES] > 0 && !d->held[TD_SAMPLES]) st = make_held(d, TD_SAMPLES, stop, err);
    if (st || !(floor > 0) || (d->held[TD_TRUE_PEAKS] && floor >= d->floor)) return st;
    d->floor = floor * td_from_db(-spare_db);
    return make_held(d, TD_TRUE_PEAKS, stop, err);
}

/* ---- gain over time --------------------------------------------------------------------------------------------- */

/* The limiter's gains in turn. They are smoothed over its reach on either side, so those in front are fed first. */
typedef struct gains {
    td_ride ride;
    uint64_t next; /* frame's place of what is fed next in what is held */
} gains;

static void apply_spots(const td_driven *d, const td_pass *p, uint64_t at, float *over, size_t n)
{
    for (size_t s = 0; s < p->n_spots; s++) {
        uint64_t begin = p->spot[s].from / d->grain, end = p->spot[s].to / d->grain + 1;
        size_t from = begin > at ? smaller(begin - at, n) : 0, to = end > at ? smaller(end - at, n) : 0;
        for (size_t i = from; i < to; i++) over[i] *= (float)p->spot[s].factor;
    }
}

/* How far peaks exceed their ceilings, linear, n grains from a place on into d->over. */
static td_status read_over(td_driven *d, const td_pass *p, uint64_t place, size_t n, td_error *err)
{
    float *over = d->over, *held = d->near;
    memset(over, 0, n * sizeof *over);
    for (int k = 0; k < TD_PEAK_KINDS; k++) {
        if (!(p->ceiling[k] > 0)) continue;
        float scale = (float)(p->drive / p->ceiling[k]);
        td_status st = td_scratch_read(d->held[k], (int64_t)place, &held, n, err);
        if (st) return st;
        for (size_t i = 0; i < n; i++) over[i] = held[i] * scale > over[i] ? held[i] * scale : over[i];
    }
    apply_spots(d, p, place, over, n);
    return TD_OK;
}

/* Gains of n more frames into d->gain. */
static td_status gains_feed(gains *g, td_driven *d, const td_pass *p, size_t n, td_error *err)
{
    uint64_t first = g->next / d->grain, end = (g->next + n + d->grain - 1) / d->grain;
    td_status st = read_over(d, p, first, (size_t)(end - first), err);
    if (st) return st;
    size_t of_grain = (size_t)(g->next % d->grain);
    for (size_t i = 0, k = 0; i < n; k++, of_grain = 0)
        for (; of_grain < d->grain && i < n; of_grain++) d->gain[i++] = d->over[k];
    td_ride_run(&g->ride, d->gain, 1, n, d->gain);
    g->next += n;
    return TD_OK;
}

enum { AHEAD = 2 * REACH }; /* grains, at whose own rate gains come so much later */

/* Whatever comes of it, td_ride_fini frees. */
static td_status ride_of_grains(const td_driven *d, td_ride *ride, td_error *err)
{
    double rate_hz = (double)d->rate_hz / (double)d->grain;
    return td_ride_init(ride, REACH, INFINITY, rate_hz) ? td_no_memory(err) : TD_OK;
}

/* From frame `at` on. Whatever comes of it, td_ride_fini frees. */
static td_status gains_begin(gains *g, td_driven *d, const td_pass *p, uint64_t at, td_error *err)
{
    *g = (gains){ .next = at };
    if (td_ride_init(&g->ride, REACH * d->grain, INFINITY, d->rate_hz)) return td_no_memory(err);
    return gains_feed(g, d, p, 2 * REACH * d->grain, err);
}

/* ---- how much the loudest 10 s are limited ---------------------------------------------------------------------- */

enum { BINS = 4000 }; /* of 0.01 dB */

/* 95 % of what was counted lies at or below the result. */
static double percentile_95(const uint32_t *count)
{
    uint64_t all = 0, seen = 0;
    size_t i = BINS;
    for (size_t k = 0; k < BINS; k++) all += count[k];
    while (i > 0 && seen <= all / 20) seen += count[--i];
    return (double)i * 0.01;
}

static void count_reductions(uint32_t *count, const float *gain, size_t n)
{
    for (size_t i = 0; i < n; i++) count[(size_t)fmin(100 * -td_level_db((double)gain[i]) + 0.5, BINS - 1)]++;
}

/* The gain does not begin from rest there, so it runs in for 3 s. */
static uint64_t run_in(const td_driven *d)
{
    return d->loud_from - smaller(d->loud_from, 3 * (uint64_t)d->rate_hz);
}

static td_status count_frames(td_driven *d, const td_pass *p, uint32_t *count, td_error *err)
{
    uint64_t at = run_in(d);
    gains g;
    td_status st = gains_begin(&g, d, p, at, err);
    while (!st && at < d->loud_to) {
        bool counts = at >= d->loud_from;
        size_t n = smaller(CHUNK, (counts ? d->loud_to : d->loud_from) - at);
        st = gains_feed(&g, d, p, n, err);
        if (counts) count_reductions(count, d->gain, n);
        at += n;
    }
    td_ride_fini(&g.ride);
    return st;
}

/* The ride at the grains' own rate. */
static td_status count_grains(td_driven *d, const td_pass *p, uint32_t *count, td_error *err)
{
    uint64_t begin = run_in(d) / d->grain, from = d->loud_from / d->grain + AHEAD, end = d->loud_to / d->grain + AHEAD;
    td_ride ride = { 0 };
    td_status st = ride_of_grains(d, &ride, err);
    for (uint64_t at = begin; !st && at < end;) {
        bool counts = at >= from;
        size_t n = smaller(CHUNK, (counts ? end : from < end ? from : end) - at);
        st = read_over(d, p, at, n, err);
        if (st) break;
        td_ride_run(&ride, d->over, 1, n, d->gain);
        if (counts) count_reductions(count, d->gain, n);
        at += n;
    }
    td_ride_fini(&ride);
    return st;
}

td_status td_driven_limiting(td_driven *d, const td_pass *p, bool about, double *p95_db, td_error *err)
{
    uint32_t *count = calloc(BINS, sizeof *count);
    if (!count) return td_no_memory(err);
    td_status st = about ? count_grains(d, p, count, err) : count_frames(d, p, count, err);
    *p95_db = percentile_95(count);
    free(count);
    return st;
}

/* ---- loudness without playing ------------------------------------------------------------------------------------ */

static td_status estimate_steps(td_driven *d, const td_pass *p, td_ride *ride, float *k, size_t n_steps, td_error *err)
{
    uint64_t end = d->frames / d->grain + AHEAD;
    for (uint64_t grain = 0; grain < end; grain += CHUNK) {
        size_t n = smaller(CHUNK, end - grain);
        td_status st = read_over(d, p, grain, n, err);
        if (!st) st = td_scratch_read(d->power, (int64_t)grain - AHEAD, (float *[]){ d->near }, n, err);
        if (st) return st;
        td_ride_run(ride, d->over, 1, n, d->gain);
        for (size_t i = 0; i < n; i++) {
            uint64_t step = grain + i < AHEAD ? 0 : (grain + i - AHEAD) * d->grain * 10 / d->rate_hz;
            if (step < n_steps) k[step] += d->gain[i] * d->gain[i] * d->near[i];
        }
    }
    return TD_OK;
}

td_status td_driven_estimate(td_driven *d, const td_pass *p, double *lufs, td_error *err)
{
    size_t n = (size_t)(d->frames * 10 / d->rate_hz);
    float *k = calloc(n + 1, sizeof *k);
    td_ride ride = { 0 };
    td_status st = k ? ride_of_grains(d, &ride, err) : td_no_memory(err);
    if (!st) st = estimate_steps(d, p, &ride, k, n, err);
    if (!st) {
        td_scale(k, (float)(10 * p->drive * p->drive * p->trim * p->trim / d->rate_hz), n);
        *lufs = td_gated_loudness(k, n);
    }
    td_ride_fini(&ride);
    free(k);
    return st;
}

/* ---- a pass ----------------------------------------------------------------------------------------------------- */

/* Joins its neighbour, or whatever came last when there is no room. */
static void add_spot(td_pass *p, size_t known, td_spot s)
{
    bool full = p->n_spots == TD_SPOTS;
    td_spot *last = p->n_spots > known || full ? &p->spot[p->n_spots - 1] : NULL;
    if (last && (s.from <= last->to || full))
        *last = (td_spot){ smaller(last->from, s.from), s.to, fmax(last->factor, s.factor) };
    else
        p->spot[p->n_spots++] = s;
}

/* In tiles, so that a peak is placed within a few milliseconds: what the meter says lies up to LATE frames back. From
 * frames to places it is the reach on, and as many to either side have to go lower. */
static void learn_spots(td_driven *d, td_listeners *l, uint64_t at, size_t n)
{
    enum { TILE = 64, LATE = 192 };
    for (size_t i = 0; i < n; i += TILE) {
        td_true_peak_add(l->peak, (const float *[]){ d->audio[0] + i, d->audio[1] + i }, smaller(TILE, n - i));
        double peak = td_true_peak_take(l->peak);
        uint64_t here = at + i, from = here > LATE ? here - LATE : 0;
        if (peak > l->true_peak)
            add_spot(l->learn, l->known, (td_spot){ from, here + TILE + 2 * REACH * d->grain, peak / l->true_peak });
    }
}

static void apply_gain(td_driven *d, const td_pass *p, bool limited, size_t n)
{
    double gain = p->drive * p->trim;
    for (int c = 0; c < 2; c++) {
        float *x = d->audio[c];
        for (size_t i = 0; limited && i < n; i++) x[i] = (float)((double)x[i] * (gain * (double)d->gain[i]));
        for (size_t i = 0; !limited && i < n; i++) x[i] = (float)((double)x[i] * gain);
    }
}

static float lowest(float so_far, const float *gain, size_t n)
{
    for (size_t i = 0; i < n; i++) so_far = gain[i] < so_far ? gain[i] : so_far;
    return so_far;
}

static td_status play_chunk(td_driven *d, const td_pass *p, gains *g, uint64_t at, td_listeners *l, td_error *err)
{
    const float *const ch[2] = { d->audio[0], d->audio[1] };
    size_t n = smaller(CHUNK, d->frames - at);
    td_status st = g ? gains_feed(g, d, p, n, err) : TD_OK;
    if (!st) st = read_audio(d, at, n, err);
    if (st) return st;
    apply_gain(d, p, g != NULL, n);
    if (g) l->lowest_gain = lowest(l->lowest_gain, d->gain, n);
    if (td_loudness_add(l->loudness, ch, n)) return td_no_memory(err);
    if (l->learn)
        learn_spots(d, l, at, n);
    else if (l->peak)
        td_true_peak_add(l->peak, ch, n);
    return l->to ? td_scratch_append(l->to, ch, n, err) : TD_OK;
}

td_status td_driven_play(td_driven *d, const td_pass *p, td_listeners *l, const volatile int *stop, td_error *err)
{
    bool limited = p->ceiling[TD_SAMPLES] > 0 || p->ceiling[TD_TRUE_PEAKS] > 0;
    td_pass now = *p; /* what is learnt on the way holds for the next */
    gains g = { 0 };
    td_status st = limited ? gains_begin(&g, d, &now, 0, err) : TD_OK;
    td_loudness_reset(l->loudness);
    if (l->peak) td_true_peak_reset(l->peak);
    l->lowest_gain = 1;
    for (uint64_t at = 0; at < d->frames && !st; at += CHUNK) {
        st = stopped(stop, err);
        if (!st) st = play_chunk(d, &now, limited ? &g : NULL, at, l, err);
    }
    if (l->peak) td_true_peak_end(l->peak);
    td_ride_fini(&g.ride);
    return st;
}
