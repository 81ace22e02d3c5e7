#include "engine/mix/decide/decide.h"

#include "engine/base/row.h"
#include "engine/base/units.h"
#include "engine/mix/feed.h"
#include <stdlib.h>
#include <string.h>

/* A chain changes colour and dynamics, not the balance. */

enum { FEWEST = 4, PLACE_STEPS = 10, WARM_STEPS = 5 }; /* steps of 100 ms */
enum { EARS = 2 };                                     /* a bus has at most: a chain costs more than a place */

/* A bus in front of its chain and behind it. */
typedef struct ear {
    td_feed *feed;
    float gain;              /* of staging */
    const td_scratch *ready; /* what the steps in front of `chain` made of it; NULL: there are none */
    int64_t at;
    td_chain *chain;
    td_loudness *dry, *wet;
} ear;

static void ear_fini(ear *e)
{
    td_feed_free(e->feed);
    td_chain_free(e->chain);
    td_loudness_free(e->dry);
    td_loudness_free(e->wet);
}

/* Steps that were played before, and no key among them, are not played again. */
static size_t played_steps(const td_decider *d, size_t bus)
{
    const td_behind *b = &d->behind[bus];
    for (size_t i = 0; b->sound && i < b->steps; i++)
        if (d->plan->bus[bus].chain.step[i].n_keys) return 0;
    return b->sound ? b->steps : 0;
}

static td_status ear_init(ear *e, td_decider *d, size_t bus, const td_plan_chain *chain, td_error *err)
{
    td_format fmt = td_format_of(d->session, d->plan);
    size_t played = played_steps(d, bus);
    td_plan_chain rest = { chain->step + played, chain->n_steps - played };
    e->gain = (float)td_from_db(d->plan->bus[bus].clip_gain_db);
    e->ready = played ? d->behind[bus].sound : NULL;
    TD_TRY(td_feed_bus(d->survey, d->session, d->plan, bus, &e->feed, err));
    TD_TRY(td_chain_of_plan(&rest, SIZE_MAX, &fmt, &e->chain, err));
    if (td_loudness_new(d->session->rate_hz, 2, &e->dry) || td_loudness_new(d->session->rate_hz, 2, &e->wet))
        return td_no_memory(err);
    return TD_OK;
}

/* One block on: what it is dry counts until `frames` of it were heard, what leaves the chain once its latency is out.
 */
static td_status ear_block(ear *e, size_t at, size_t n, size_t frames, td_error *err)
{
    float block[2][TD_BLOCK], *to[2] = { block[0], block[1] };
    size_t latency = td_chain_latency(e->chain), late = at < latency ? latency - at : 0;
    size_t dry = at < frames ? frames - at : 0;
    if (dry > n) dry = n;
    if (late > n) late = n;
    TD_TRY(td_feed_read(e->feed, to, n, err));
    for (size_t c = 0; c < 2; c++) td_scale(block[c], e->gain, n);
    if (td_loudness_add(e->dry, (const float *const *)to, dry)) return td_no_memory(err);
    if (e->ready) TD_TRY(td_scratch_read(e->ready, e->at + (int64_t)at, to, n, err));
    td_chain_process(e->chain, to, NULL, NULL, n);
    const float *const wet[2] = { block[0] + late, block[1] + late };
    return td_loudness_add(e->wet, wet, n - late) ? td_no_memory(err) : TD_OK;
}

static double power_of_place(const td_loudness *m)
{
    size_t n;
    const float *k = td_loudness_steps(m, &n);
    double sum = 0;
    for (size_t i = WARM_STEPS; i < n; i++) sum += (double)k[i];
    return sum;
}

/* The K powers of a place, after some warm-up that does not count. */
static td_status hear_place(ear *e, int64_t at, size_t step, double *before, double *after, td_error *err)
{
    size_t frames = (WARM_STEPS + PLACE_STEPS) * step, all = frames + td_chain_latency(e->chain);
    int64_t from = at - (int64_t)(WARM_STEPS * step);
    TD_TRY(td_feed_seek(e->feed, e->at = from, err));
    td_chain_reset(e->chain);
    td_chain_place(e->chain, from);
    td_loudness_reset(e->dry);
    td_loudness_reset(e->wet);
    for (size_t done = 0, n; done < all; done += n) {
        n = all - done < TD_BLOCK ? all - done : TD_BLOCK;
        TD_TRY(ear_block(e, done, n, frames, err));
    }
    *before = power_of_place(e->dry);
    *after = power_of_place(e->wet);
    return TD_OK;
}

td_status td_spread_places(const td_decider *d, size_t signal, size_t piece_steps, int64_t *at, size_t *n,
                           td_error *err)
{
    const td_signal *s = td_survey_signal(d->survey, signal);
    unsigned char *own = calloc(s->steps + 1, 1);
    if (!own) return td_no_memory(err);
    size_t active = td_gated_frames(s->k, s->steps, own), seen = 0, most = active / (4 * piece_steps);
    int64_t last = INT64_MIN / 2;
    most = most < FEWEST ? FEWEST : most > TD_PLACES ? TD_PLACES : most;
    *n = 0;
    for (size_t i = 0; i < s->steps && *n < most; i++) {
        if (!own[i] || seen++ < active * *n / most) continue;
        int64_t where = (int64_t)((double)i * TD_STEP_S * d->session->rate_hz);
        if (where - last < (int64_t)(piece_steps * d->session->rate_hz / 10)) continue;
        at[(*n)++] = last = where;
    }
    free(own);
    return TD_OK;
}

td_status td_chain_unkeyed(const td_decider *d, const td_plan_chain *chain, td_plan_chain *out, td_error *err)
{
    *out = (td_plan_chain){ .step = td_arena_array(d->arena, chain->n_steps + 1, sizeof *out->step) };
    if (!out->step) return td_no_memory(err);
    for (size_t i = 0; i < chain->n_steps; i++)
        if (!chain->step[i].n_keys) out->step[out->n_steps++] = chain->step[i];
    return TD_OK;
}

/* Places of a bus, each heard for itself. */
typedef struct tour {
    td_decider *d;
    size_t bus;
    const td_plan_chain *chain;
    int64_t at[TD_PLACES];
    size_t n;
    double before[TD_PLACES], after[TD_PLACES];
} tour;

static td_status tour_places(void *shared, size_t index, td_error *err)
{
    tour *r = shared;
    ear e = { 0 };
    td_status st = index < r->n ? ear_init(&e, r->d, r->bus, r->chain, err) : TD_OK;
    for (size_t i = index; !st && i < r->n; i += EARS)
        st = hear_place(&e, r->at[i], r->d->session->rate_hz / 10, &r->before[i], &r->after[i], err);
    ear_fini(&e);
    return st;
}

/* Through `chain`, which is the bus's but for what a key drives. */
static td_status measure_makeup(td_decider *d, size_t bus, const td_plan_chain *chain, td_error *err)
{
    tour r = { .d = d, .bus = bus, .chain = chain };
    double before = 0, after = 0;
    if (chain->n_steps) TD_TRY(td_spread_places(d, td_survey_bus(d->survey, bus), PLACE_STEPS, r.at, &r.n, err));
    if (r.n) TD_TRY(td_pool_run(d->wish->pool, EARS, tour_places, &r, err));
    for (size_t i = 0; i < r.n; i++) {
        before += r.before[i];
        after += r.after[i];
    }
    if (before > 0 && after > 0) d->plan->bus[bus].makeup_db = td_round_to(td_power_db(before / after), 0.1);
    return TD_OK;
}

static double k_power(const td_band_power *p)
{
    double sum = 0;
    for (size_t i = 0; i < TD_BANDS; i++) sum += td_k_weight_power(td_band_hz(i)) * (p->ll[i] + p->rr[i]);
    return sum;
}

td_status td_low_cut_loss(td_decider *d, size_t bus, const td_plan_chain *chain, double *lost_lu, td_error *err)
{
    td_band_power p;
    double before, after;
    *lost_lu = 0;
    TD_TRY(td_survey_bands(d->survey, td_survey_bus(d->survey, bus), NULL, &p, err));
    before = k_power(&p);
    for (size_t i = 0; i < chain->n_steps; i++) {
        td_plan_part part[TD_PARTS_MAX];
        td_plan_step cuts = chain->step[i];
        td_plan_chain alone = { &cuts, 1 };
        double power[TD_BANDS];
        if (strcmp(cuts.proc->name, "eq")) continue;
        cuts.part = part;
        cuts.n_parts = 0;
        for (size_t k = 0; k < chain->step[i].n_parts; k++)
            if (!strcmp(chain->step[i].part[k].proc->name, "low_cut")) part[cuts.n_parts++] = chain->step[i].part[k];
        TD_TRY(td_chain_power(d, &alone, power, err));
        td_bands_scale(&p, power);
    }
    after = k_power(&p);
    if (after > 0) *lost_lu = td_power_db(before / after);
    return TD_OK;
}

/* What clears lows makes a bus softer by less; who loses more was carried by them, and the rest of it pushed up would
 * not be what was delivered. */
#define CUT_LU 1.5

td_status td_decide_makeup(td_decider *d, size_t bus, td_error *err)
{
    td_plan_bus *p = &d->plan->bus[bus];
    td_plan_chain chain;
    double lost_lu;
    TD_TRY(td_chain_unkeyed(d, &p->chain, &chain, err));
    TD_TRY(measure_makeup(d, bus, &chain, err));
    TD_TRY(td_low_cut_loss(d, bus, &p->chain, &lost_lu, err));
    if (!(lost_lu > CUT_LU)) return TD_OK;
    p->makeup_db = td_round_to(p->makeup_db - lost_lu, 0.1);
    return td_decide_note(d, TD_NOTE_DECISION, "%s: its low cut takes %.1f LU, and no make-up brings them back",
                          p->name, lost_lu);
}
