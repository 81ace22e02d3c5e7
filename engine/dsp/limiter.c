#include "engine/dsp/limiter.h"

#include "engine/dsp/delayline.h"
#include "engine/dsp/peaks.h"
#include <stdlib.h>

/* ---- hold ------------------------------------------------------------------------------------------------------- */

size_t td_limit_reach(double lookahead_ms, double rate_hz)
{
    return (size_t)fmax(1, rint(lookahead_ms * 0.001 * rate_hz));
}

td_status td_hold_init(td_hold *h, size_t reach)
{
    *h = (td_hold){ .past = 2 * reach + 1 };
    size_t room = h->past + TD_BLOCK;
    h->in = td_calloc2(3, room, sizeof *h->in);
    if (!h->in) return TD_NOMEM;
    h->work[0] = h->in + room;
    h->work[1] = h->in + 2 * room;
    return TD_OK;
}

void td_hold_fini(td_hold *h)
{
    free(h->in);
    *h = (td_hold){ .past = 0 };
}

void td_hold_reset(td_hold *h)
{
    memset(h->in, 0, h->past * sizeof *h->in);
}

static void larger_of_two(float *restrict out, const float *x, size_t apart, size_t n)
{
    for (size_t i = 0; i < n; i++) out[i] = x[i] > x[i - apart] ? x[i] : x[i - apart];
}

/* The largest of 2, 4, 8 ... neighbours, each from two of the step before, and at last from two that overlap. */
static void hold_block(td_hold *h, const float *peak, size_t frames, float *held)
{
    size_t window = h->past + 1, end = h->past + frames, span = 1;
    memcpy(h->in + h->past, peak, frames * sizeof *peak);
    const float *x = h->in;
    for (unsigned turn = 0; 2 * span <= window; turn ^= 1) {
        float *next = h->work[turn];
        size_t from = 2 * span - 1;
        larger_of_two(next + from, x + from, span, end - from);
        x = next;
        span *= 2;
    }
    larger_of_two(held, x + h->past, window - span, frames);
    memmove(h->in, h->in + frames, h->past * sizeof *h->in);
}

void td_hold_run(td_hold *h, const float *peak, size_t frames, float *held)
{
    for (size_t at = 0, n; at < frames; at += n) {
        n = frames - at < TD_BLOCK ? frames - at : TD_BLOCK;
        hold_block(h, peak + at, n, held + at);
    }
}

/* ---- ride ------------------------------------------------------------------------------------------------------- */

#define UNIT_BITS   28   /* of a gain of 1: three boxes of 2600 frames still fit 63 bits */
#define RELEASED_DB 1e-5 /* what is left of a reduction when it ends: inaudible, and the sound is exact again */

static const double fast_ms = 30, slow_ms = 400, charge_ms = 200, part = 0.7;

td_status td_ride_init(td_ride *r, size_t reach, double release_ms, double rate_hz)
{
    *r = (td_ride){ .reach = reach, .whole = (int64_t)1 << UNIT_BITS };
    bool automatic = isinf(release_ms);
    td_stores_set(&r->stores, 0, automatic ? fast_ms : release_ms, slow_ms, charge_ms, automatic ? part : 0, rate_hz);
    size_t all = 2 * reach + 1 + TD_RIDE_BOXES - 1; /* together they span 2 reach + 1 */
    for (unsigned i = 0; i < TD_RIDE_BOXES; i++) {
        struct td_ride_box *b = &r->box[i];
        b->length = (all + i) / TD_RIDE_BOXES;
        b->ring = td_calloc2(1, b->length, sizeof *b->ring);
        if (!b->ring) return TD_NOMEM;
        r->whole *= (int64_t)b->length;
    }
    td_ride_reset(r);
    return TD_OK;
}

void td_ride_fini(td_ride *r)
{
    for (unsigned i = 0; i < TD_RIDE_BOXES; i++) {
        free(r->box[i].ring);
        r->box[i].ring = NULL;
    }
}

void td_ride_reset(td_ride *r)
{
    int64_t one = (int64_t)1 << UNIT_BITS;
    for (unsigned i = 0; i < TD_RIDE_BOXES; i++) {
        struct td_ride_box *b = &r->box[i];
        for (size_t k = 0; k < b->length; k++) b->ring[k] = one;
        b->at = 0;
        b->sum = one *= (int64_t)b->length;
    }
    r->stores.s = r->stores.slow = 0;
    r->idle = 2 * r->reach + 1;
}

static void box_run(struct td_ride_box *b, int64_t *x, size_t n)
{
    int64_t sum = b->sum;
    for (size_t i = 0; i < n;) {
        int64_t *restrict ring = b->ring + b->at;
        size_t end = b->length - b->at < n - i ? i + b->length - b->at : n;
        b->at = end - i + b->at < b->length ? end - i + b->at : 0;
        for (; i < end; i++) {
            int64_t in = x[i];
            sum += in - *ring;
            *ring++ = in;
            x[i] = sum;
        }
    }
    b->sum = sum;
}

/* How far down the gain is asked to be, before smoothing. */
static void release_run(td_ride *r, const float *held, double scale, size_t n, double *down_db)
{
    td_stores stores = r->stores;
    double wanted_db = 0;
    for (size_t i = 0; i < n; i++) {
        double over = (double)held[i] * scale;
        if (i == 0 || held[i] != held[i - 1]) wanted_db = over > 1 ? td_level_db(over) : 0;
        down_db[i] = td_stores_step(&stores, wanted_db);
        r->idle++;
        if (down_db[i] >= RELEASED_DB)
            r->idle = 0;
        else
            down_db[i] = stores.s = stores.slow = 0;
    }
    r->stores = stores;
}

/* Rounded down, so that the ceiling holds. */
TD_WIDE static void units_of(const double *down_db, size_t n, int64_t *unit)
{
    double gain[TD_BLOCK];
    for (size_t i = 0; i < n; i++) gain[i] = td_db_gain(-down_db[i]) * ((int64_t)1 << UNIT_BITS);
    for (size_t i = 0; i < n; i++) unit[i] = (int64_t)gain[i];
}

TD_WIDE static void shares_of(const int64_t *x, int64_t whole, size_t n, float *share)
{
    double per = 1 / (double)whole;
    for (size_t i = 0; i < n; i++) share[i] = (float)((double)x[i] * per);
}

static bool asks_nothing(const float *held, double scale, size_t frames)
{
    float largest = 0;
    for (size_t i = 0; i < frames; i++) largest = held[i] > largest ? held[i] : largest;
    return (double)largest * scale <= 1;
}

/* At most TD_BLOCK. */
static void ride_block(td_ride *r, const float *held, double scale, size_t n, float *gain)
{
    double down_db[TD_BLOCK];
    int64_t x[TD_BLOCK];
    if (r->idle > 2 * r->reach && asks_nothing(held, scale, n)) { /* the boxes hold nothing but ones */
        for (size_t i = 0; i < n; i++) gain[i] = 1;
        return;
    }
    release_run(r, held, scale, n, down_db);
    units_of(down_db, n, x);
    for (unsigned k = 0; k < TD_RIDE_BOXES; k++) box_run(&r->box[k], x, n);
    shares_of(x, r->whole, n, gain);
}

void td_ride_run(td_ride *r, const float *held, double scale, size_t frames, float *gain)
{
    for (size_t at = 0, n; at < frames; at += n) {
        n = frames - at < TD_BLOCK ? frames - at : TD_BLOCK;
        ride_block(r, held + at, scale, n, gain + at);
    }
}

/* ---- processor -------------------------------------------------------------------------------------------------- */

enum { DRIVE, GAIN_REDUCTION, CEILING, LOOKAHEAD, RELEASE, TRUE_PEAK, LINK, PARAMS };

/* clang-format off */
static const td_param params[PARAMS] = {
    [DRIVE] = { "drive", TD_UNIT_DB, -12, 36, 0, .flags = TD_SOLVABLE, .help = "gain in front of the ceiling" },
    [GAIN_REDUCTION] = { "gain_reduction", TD_UNIT_DB, 0, 24, NAN, .flags = TD_GOAL, .solves = "drive",
        .help = "how far peaks are held down; decides the drive" },
    [CEILING] = { "ceiling", TD_UNIT_DBFS, -40, 0, -1, .help = "no peak leaves above it" },
    [LOOKAHEAD] = { "lookahead", TD_UNIT_MS, 0.5, 10, 1.5,
        .help = "how long before and after a peak the gain is down; 3 to 5 ms keep bass cleaner" },
    [RELEASE] = { "release", TD_UNIT_MS, 5, 2000, INFINITY, .flags = TD_AUTO,
        .help = "63 % of the way back; auto: soon after a peak, late after long limiting" },
    [TRUE_PEAK] = { "true_peak", TD_UNIT_SWITCH, 0, 1, 1,
        .help = "on: the ceiling holds between the samples too" },
    [LINK] = { "link", TD_UNIT_PERCENT, 0, 100, 100, .help = "100: both sides move together and the image stays" },
};
/* clang-format on */

typedef struct limiter {
    td_peaks *peaks; /* NULL: samples only */
    td_hold hold[2];
    td_ride ride[2];
    td_delayline delay;
    size_t sides;              /* 1 when linked as a whole */
    double link, drive, scale; /* scale: of held levels against the ceiling */
    float level[2][TD_BLOCK];
} limiter;

static void limiter_reset(void *st)
{
    limiter *l = st;
    if (l->peaks) td_peaks_reset(l->peaks);
    for (size_t i = 0; i < l->sides; i++) {
        td_hold_reset(&l->hold[i]);
        td_ride_reset(&l->ride[i]);
    }
    td_delayline_reset(&l->delay);
}

static td_status limiter_allocate(limiter *l, size_t reach, size_t pick, double release_ms, const td_format *fmt)
{
    size_t slow_reach = reach / pick > 1 ? reach / pick : 1;
    td_status st = td_delayline_init(&l->delay, 2 * reach + (l->peaks ? TD_PEAKS_LATENCY : 0));
    for (size_t i = 0; i < l->sides && st == TD_OK; i++) {
        st = td_hold_init(&l->hold[i], reach);
        if (st == TD_OK) st = td_ride_init(&l->ride[i], slow_reach, release_ms, td_pick_rate(fmt));
    }
    return st;
}

static td_status limiter_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    limiter *l = st;
    const double *value = set->value;
    bool true_peak = value[TRUE_PEAK] > 0;
    l->link = value[LINK] / 100;
    l->sides = l->link < 1 ? 2 : 1;
    l->drive = td_from_db(value[DRIVE]);
    l->scale = td_from_db(value[DRIVE] - value[CEILING] + (true_peak ? TD_TRUE_PEAK_MARGIN_DB : 0));
    size_t reach = td_limit_reach(value[LOOKAHEAD], fmt->rate_hz);
    td_status status = true_peak ? td_peaks_new(fmt->rate_hz, &l->peaks) : TD_OK;
    if (status == TD_OK) status = limiter_allocate(l, reach, fmt->pick > 1 ? fmt->pick : 1, value[RELEASE], fmt);
    return status == TD_OK ? TD_OK : td_no_memory(err);
}

static void limiter_destroy(void *st)
{
    limiter *l = st;
    td_peaks_free(l->peaks);
    for (size_t i = 0; i < 2; i++) {
        td_hold_fini(&l->hold[i]);
        td_ride_fini(&l->ride[i]);
    }
    td_delayline_fini(&l->delay);
}

static size_t limiter_detectors(const void *st)
{
    return ((const limiter *)st)->sides;
}

/* What lies `link` of the way, in decibels, from a side's own peak to the larger one. */
static void link_sides(float *left, float *right, double link, size_t frames)
{
    for (size_t i = 0; i < frames; i++) {
        float loud = left[i] > right[i] ? left[i] : right[i];
        double loud_db = td_level_db((double)loud), l_db = td_level_db((double)left[i]);
        double r_db = td_level_db((double)right[i]);
        left[i] = left[i] == loud ? loud : (float)td_db_gain(l_db + link * (loud_db - l_db));
        right[i] = right[i] == loud ? loud : (float)td_db_gain(r_db + link * (loud_db - r_db));
    }
}

static void find_levels(limiter *l, const float *const *in, float floor, size_t frames, float *const *level)
{
    float *peak[2] = { level[0], l->sides > 1 ? level[1] : l->level[1] };
    if (l->peaks) {
        td_peaks_run(l->peaks, in, floor, frames, peak);
    } else {
        for (unsigned c = 0; c < 2; c++)
            for (size_t i = 0; i < frames; i++) peak[c][i] = fabsf(in[c][i]);
    }
    if (l->sides > 1) {
        link_sides(peak[0], peak[1], l->link, frames);
    } else {
        for (size_t i = 0; i < frames; i++) peak[0][i] = peak[0][i] > peak[1][i] ? peak[0][i] : peak[1][i];
    }
    for (size_t i = 0; i < l->sides; i++) td_hold_run(&l->hold[i], peak[i], frames, level[i]);
}

static void limiter_sense(void *st, const float *const *in, const float *const *key, size_t frames, float *const *level)
{
    find_levels(st, key ? key : in, 0, frames, level);
}

static void limiter_react(void *st, size_t detector, const float *level, size_t frames, float *gr_db)
{
    limiter *l = st;
    td_ride_run(&l->ride[detector], level, l->scale, frames, gr_db);
    for (size_t i = 0; i < frames; i++) gr_db[i] = (float)-td_level_db((double)gr_db[i]);
}

static void limiter_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    limiter *l = st;
    float *change[2] = { gr ? gr[0] : l->level[0], gr && l->sides > 1 ? gr[1] : l->level[1] };
    const float *const *heard = key ? key : (const float *const *)ch;
    find_levels(l, heard, (float)(0.999 / l->scale), frames, change);
    for (size_t i = 0; i < l->sides; i++) limiter_react(l, i, change[i], frames, change[i]);
    td_delayline_process(&l->delay, (const float *const *)ch, ch, frames);
    td_gain_apply(ch, change[0], l->sides > 1 ? change[1] : NULL, l->drive, frames);
}

static size_t limiter_latency(const void *st)
{
    return ((const limiter *)st)->delay.frames;
}

static const td_dynamics dynamics = { .detectors = limiter_detectors, .sense = limiter_sense, .react = limiter_react };

const td_processor td_limiter = {
    .name = "limiter",
    .help = "maximizer: holds every peak below a ceiling and brings the rest up to it",
    .stands_for = "Ozone Maximizer, Pro-L 2, L2",
    .params = params,
    .n_params = PARAMS,
    .state_size = sizeof(limiter),
    .prepare = limiter_prepare,
    .process = limiter_process,
    .reset = limiter_reset,
    .latency = limiter_latency,
    .destroy = limiter_destroy,
    .dynamics = &dynamics,
    .peaks = true,
};
