#include "engine/mix/decide/decide.h"

#include "engine/base/units.h"
#include "engine/dsp/section.h"
#include <stdlib.h>

/* A breath is noise by itself: it has little below 500 Hz, lasts longer than a consonant, and silence parts it from
 * what is sung. An s belongs to its vowel, so one at the end of a phrase is none. */

#define HOP_S      0.01
#define LOW_HZ     500  /* a voice has its fundamental and its strongest partials there */
#define HIGH_HZ    1500 /* noise of air */
#define AIR_DB     3.0  /* how far the high lies over the low */
#define UNDER_DB   6.0  /* under what is sung: louder is a consonant */
#define FAINT_DB   45.0 /* under what is sung: softer nobody hears */
#define QUIET_DB   6.0  /* how far what parts it lies below it */
#define SILENCE_DB -90.0

enum { LEAST = 12, MOST = 100, GAP = 2, BEFORE = 4, BEHIND = 2 }; /* hops: 120 ms to 1 s, its holes, its neighbours */

typedef struct hop {
    float all, low, high; /* power */
} hop;

typedef struct listener {
    td_feed *feed;
    td_section low, high;
    hop *hop;
    size_t n, frames; /* frames a hop */
} listener;

static td_status open_feed(td_decider *d, const td_site *site, td_feed **out, td_error *err)
{
    if (site->kind == TD_SITE_BUS) return td_feed_bus(d->survey, d->session, d->plan, site->index, out, err);
    return td_feed_new(d->survey, d->session, d->plan, false, &site->index, 1, NULL, out, err);
}

static void hear_frames(listener *l, size_t at, float *const *ch, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t h = (at + i) / l->frames;
        if (h >= l->n) return;
        td_v2 x = { (double)ch[0][i], (double)ch[1][i] };
        td_v2 low = td_section_pass(&l->low, x), high = td_section_pass(&l->high, x);
        l->hop[h].all += (float)(x[0] * x[0] + x[1] * x[1]);
        l->hop[h].low += (float)(low[0] * low[0] + low[1] * low[1]);
        l->hop[h].high += (float)(high[0] * high[0] + high[1] * high[1]);
    }
}

static td_status listen(td_decider *d, const td_site *site, listener *l, td_error *err)
{
    double rate = d->session->rate_hz;
    float one[2][TD_BLOCK], *ch[2] = { one[0], one[1] };
    l->frames = (size_t)rint(HOP_S * rate);
    l->n = (size_t)(d->session->frames / l->frames);
    l->hop = td_arena_array(d->arena, l->n + 1, sizeof *l->hop);
    l->low = td_section_bilinear(td_low_pass(LOW_HZ, 0.7071), rate);
    l->high = td_section_bilinear(td_high_pass(HIGH_HZ, 0.7071), rate);
    td_status st = l->hop ? open_feed(d, site, &l->feed, err) : td_no_memory(err);
    for (uint64_t at = 0; !st && at < d->session->frames; at += TD_BLOCK) {
        size_t n = d->session->frames - at < TD_BLOCK ? (size_t)(d->session->frames - at) : TD_BLOCK;
        st = td_feed_read(l->feed, ch, n, err);
        if (!st) hear_frames(l, (size_t)at, ch, n);
    }
    td_feed_free(l->feed);
    for (size_t h = 0; !st && h < l->n; h++) {
        l->hop[h].all /= (float)l->frames;
        l->hop[h].low /= (float)l->frames;
        l->hop[h].high /= (float)l->frames;
    }
    return st;
}

/* What is sung: the mean of hops no more than 10 dB below the mean of all that sound. */
static double sung_power(const listener *l)
{
    double gate = td_db_power(SILENCE_DB), mean = 0;
    for (int pass = 0; pass < 2; pass++) {
        double sum = 0;
        size_t n = 0;
        for (size_t h = 0; h < l->n; h++) {
            if ((double)l->hop[h].all < gate) continue;
            sum += (double)l->hop[h].all;
            n++;
        }
        mean = n ? sum / (double)n : 0;
        gate = mean / 10;
    }
    return mean;
}

static bool is_air(const hop *h, double sung)
{
    double x = (double)h->all;
    return x > sung * td_db_power(-FAINT_DB) && x < sung * td_db_power(-UNDER_DB) && x > td_db_power(SILENCE_DB) &&
           (double)h->high > (double)h->low * td_db_power(AIR_DB);
}

static bool quiet_between(const listener *l, size_t from, size_t to, double limit)
{
    for (size_t h = from; h < to && h < l->n; h++)
        if ((double)l->hop[h].all > limit) return false;
    return true;
}

/* The end of a run of air that begins at `from`; small holes belong to it. */
static size_t run_of(const listener *l, size_t from, double sung)
{
    size_t end = from + 1;
    for (size_t h = from + 1; h < l->n && h <= end + GAP; h++)
        if (is_air(&l->hop[h], sung)) end = h + 1;
    return end;
}

static bool is_breath(const listener *l, size_t from, size_t to, double sung, td_breath *out)
{
    double sum = 0, mean;
    for (size_t h = from; h < to; h++) sum += (double)l->hop[h].all;
    mean = sum / (double)(to - from);
    *out = (td_breath){ (double)from * HOP_S, (double)to * HOP_S, td_power_db(mean / sung) };
    double limit = mean * td_db_power(-QUIET_DB);
    return to - from >= LEAST && to - from <= MOST &&
           quiet_between(l, from > BEFORE ? from - BEFORE : 0, from, limit) && quiet_between(l, to, to + BEHIND, limit);
}

td_status td_find_breaths(td_decider *d, const td_site *site, td_breath **out, size_t *n, td_error *err)
{
    listener l = { .n = 0 };
    *n = 0;
    TD_TRY(listen(d, site, &l, err));
    double sung = sung_power(&l);
    *out = td_arena_array(d->arena, l.n / LEAST + 1, sizeof **out);
    if (!*out) return td_no_memory(err);
    for (size_t h = 0, to; h < l.n; h = to) {
        to = h + 1;
        if (!is_air(&l.hop[h], sung)) continue;
        to = run_of(&l, h, sung);
        if (is_breath(&l, h, to, sung, &(*out)[*n])) ++*n;
    }
    return TD_OK;
}
