#include "engine/mix/render.h"

#include "engine/base/units.h"
#include "engine/dsp/delayline.h"
#include "engine/mix/flow.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 8 * TD_BLOCK };

/* ---- the desk: lanes, returns and the mix bus -------------------------------------------------------------------- */

typedef struct desk_send {
    size_t ret;
    float gain;
} desk_send;

/* A stem's own send, beside those of its bus: a feed of that stem alone. */
typedef struct stem_send {
    td_feed *feed;
    size_t ret;
    float gain;
} stem_send;

typedef struct desk_bus {
    td_lane *lane; /* NULL: not heard */
    desk_send *send;
    size_t n_sends;
    float *out[2][2]; /* per side of the double buffer, per channel */
    td_loudness *loudness;
    td_vu *vu;
    float peak;
    double square; /* sums of both channels */
} desk_bus;

typedef struct desk_return {
    td_chain *chain;
    float gain;
    td_delayline later; /* to the slowest return */
    td_watch *watch;
    float *in[2];
} desk_return;

typedef struct desk {
    const td_render_wish *wish;
    const td_plan *plan;
    td_arena *arena;
    desk_bus *bus;
    desk_return *ret;
    stem_send *stem;
    size_t n_stem_sends;
    td_delayline dry; /* the dry sum waits for the slowest return */
    td_chain *mix;
    td_watch *watch;
    float trim;
    size_t latency; /* returns and mix bus together */
    bool measuring;
    td_vu *vu;
    td_loudness *loudness;
    float peak;
    double *sum[2];
    float *block[2], *tap[2];
    int side;           /* which half of the double buffer the buses fill */
    size_t chunk, last; /* frames of the chunk being filled, and of the one being mixed */
    uint64_t frames;    /* of buses, in all */
    /* where the mix bus's output goes */
    td_status (*sink)(struct desk *d, size_t n, td_error *err);
    size_t drop;   /* frames of latency still to drop */
    uint64_t left; /* frames still wanted */
    td_scratch *premaster;
    float *const *to; /* a passage, and how much of it is filled */
    size_t filled;
} desk;

static void desk_free(desk *d)
{
    if (!d) return;
    for (size_t b = 0; d->bus && b < d->plan->n_buses; b++) {
        desk_bus *u = &d->bus[b];
        td_lane_free(u->lane);
        for (int k = 0; k < 4; k++) free(u->out[k / 2][k % 2]);
        td_loudness_free(u->loudness);
        td_vu_free(u->vu);
    }
    for (size_t r = 0; d->ret && r < d->plan->n_rets; r++) {
        td_chain_free(d->ret[r].chain);
        td_delayline_fini(&d->ret[r].later);
        td_watch_free(d->ret[r].watch);
        free(d->ret[r].in[0]);
        free(d->ret[r].in[1]);
    }
    for (size_t i = 0; i < d->n_stem_sends; i++) td_feed_free(d->stem[i].feed);
    td_delayline_fini(&d->dry);
    td_chain_free(d->mix);
    td_watch_free(d->watch);
    td_vu_free(d->vu);
    td_loudness_free(d->loudness);
    for (size_t c = 0; c < 2; c++) {
        free(d->sum[c]);
        free(d->block[c]);
        free(d->tap[c]);
    }
    td_arena_free(d->arena);
    free(d);
}

static td_status no_memory(td_error *err)
{
    return td_fail(err, TD_NOMEM, NULL, "fewer threads or shorter songs need less", "memory is short");
}

static bool alloc_pair(float *pair[2], size_t n)
{
    pair[0] = td_calloc2(n, 1, sizeof(float));
    pair[1] = td_calloc2(n, 1, sizeof(float));
    return pair[0] && pair[1];
}

static size_t return_index(const td_plan *p, const char *name)
{
    for (size_t r = 0; r < p->n_rets; r++)
        if (!strcmp(p->ret[r].name, name)) return r;
    return SIZE_MAX;
}

static td_status desk_bus_init(desk *d, size_t b, td_error *err)
{
    const td_render_wish *w = d->wish;
    const td_plan_bus *p = &d->plan->bus[b];
    desk_bus *u = &d->bus[b];
    if (w->heard && !w->heard[b]) return TD_OK;
    td_status st = td_lane_new(w->survey, w->session, d->plan, b, SIZE_MAX, &u->lane, err);
    if (st) return st;
    if (!alloc_pair(u->out[0], CHUNK) || !alloc_pair(u->out[1], CHUNK)) return no_memory(err);
    if (!(u->send = td_arena_array(d->arena, p->n_sends + 1, sizeof *u->send))) return no_memory(err);
    for (size_t i = 0; i < p->n_sends; i++) {
        size_t r = return_index(d->plan, p->send[i].to);
        if (r == SIZE_MAX)
            return td_fail(err, TD_RECIPE, "plan", NULL, "bus '%s' sends to '%s', which is no return", p->name,
                           p->send[i].to);
        u->send[u->n_sends++] = (desk_send){ r, (float)td_from_db(p->send[i].level_db) };
    }
    if (!d->measuring) return TD_OK;
    unsigned rate = w->session->rate_hz;
    if (td_loudness_new(rate, 2, &u->loudness) || td_vu_new(rate, &u->vu)) return no_memory(err);
    return td_lane_watch(u->lane, err);
}

static td_status desk_stem_sends(desk *d, td_error *err)
{
    const td_plan *p = d->plan;
    size_t n = 0;
    for (size_t i = 0; i < p->n_stems; i++) n += p->stem[i].n_sends;
    if (!(d->stem = td_arena_array(d->arena, n + 1, sizeof *d->stem))) return no_memory(err);
    for (size_t i = 0; i < p->n_stems; i++) {
        unsigned b = d->wish->session->stem[i].bus;
        if (b >= p->n_buses || !d->bus[b].lane) continue;
        double gain_db = p->bus[b].clip_gain_db + p->bus[b].makeup_db + p->bus[b].fader_db;
        for (size_t k = 0; k < p->stem[i].n_sends; k++) {
            stem_send *s = &d->stem[d->n_stem_sends];
            s->ret = return_index(p, p->stem[i].send[k].to);
            s->gain = (float)td_from_db(p->stem[i].send[k].level_db + gain_db);
            if (s->ret == SIZE_MAX)
                return td_fail(err, TD_RECIPE, "plan", NULL, "'%s' is no return", p->stem[i].send[k].to);
            td_status st = td_feed_new(d->wish->survey, d->wish->session, p, true, &i, 1, NULL, &s->feed, err);
            if (st) return st;
            d->n_stem_sends++;
        }
    }
    return TD_OK;
}

static td_status desk_returns(desk *d, const td_format *fmt, td_error *err)
{
    size_t slowest = 0;
    for (size_t r = 0; r < d->plan->n_rets; r++) {
        desk_return *t = &d->ret[r];
        td_status st = td_chain_of_plan(&d->plan->ret[r].chain, SIZE_MAX, fmt, &t->chain, err);
        if (st) return st;
        if (!alloc_pair(t->in, CHUNK)) return no_memory(err);
        if (d->measuring && td_watch_new(&d->plan->ret[r].chain, t->chain, fmt->rate_hz, &t->watch))
            return no_memory(err);
        t->gain = (float)td_from_db(d->plan->ret[r].fader_db);
        size_t latency = td_chain_latency(t->chain);
        if (latency > slowest) slowest = latency;
    }
    for (size_t r = 0; r < d->plan->n_rets; r++)
        if (td_delayline_init(&d->ret[r].later, slowest - td_chain_latency(d->ret[r].chain))) return no_memory(err);
    if (td_delayline_init(&d->dry, slowest)) return no_memory(err);
    d->latency = slowest;
    return TD_OK;
}

static td_status desk_new(const td_render_wish *w, bool measuring, desk **out, td_error *err)
{
    *out = NULL;
    desk *d = calloc(1, sizeof *d);
    if (!d) return no_memory(err);
    if (w->plan->n_buses > TD_BUSES_MAX || w->plan->n_buses != w->session->n_buses ||
        w->plan->n_stems != w->session->n_stems) {
        free(d);
        return td_fail(err, TD_RECIPE, "plan", "plan these stems anew", "has other stems or buses than the session");
    }
    d->wish = w;
    d->plan = w->plan;
    d->measuring = measuring;
    d->arena = td_arena_new();
    d->bus = d->arena ? td_arena_array(d->arena, w->plan->n_buses + 1, sizeof *d->bus) : NULL;
    d->ret = d->arena ? td_arena_array(d->arena, w->plan->n_rets + 1, sizeof *d->ret) : NULL;
    bool good = d->bus && d->ret && alloc_pair(d->block, TD_BLOCK) && alloc_pair(d->tap, TD_BLOCK);
    for (size_t c = 0; c < 2; c++) good = (d->sum[c] = td_calloc2(TD_BLOCK, 1, sizeof(double))) && good;
    td_status st = good ? TD_OK : no_memory(err);
    td_format fmt = { .rate_hz = w->session->rate_hz, .tempo_bpm = w->plan->tempo_bpm };
    for (size_t b = 0; !st && b < w->plan->n_buses; b++) st = desk_bus_init(d, b, err);
    if (!st) st = desk_stem_sends(d, err);
    if (!st) st = desk_returns(d, &fmt, err);
    if (!st) st = td_chain_of_plan(&w->plan->mix, SIZE_MAX, &fmt, &d->mix, err);
    if (!st && measuring &&
        (td_watch_new(&w->plan->mix, d->mix, fmt.rate_hz, &d->watch) || td_vu_new(fmt.rate_hz, &d->vu) ||
         td_loudness_new(w->session->rate_hz, 2, &d->loudness)))
        st = no_memory(err);
    if (st) {
        desk_free(d);
        return st;
    }
    d->trim = (float)td_from_db(w->plan->trim_db);
    d->latency += td_chain_latency(d->mix);
    d->drop = d->latency;
    *out = d;
    return TD_OK;
}

/* ---- one chunk ------------------------------------------------------------------------------------------------------
 */

static float peak_of(float *const *ch, size_t n)
{
    float peak = 0;
    for (size_t c = 0; c < 2; c++)
        for (size_t i = 0; i < n; i++) peak = fabsf(ch[c][i]) > peak ? fabsf(ch[c][i]) : peak;
    return peak;
}

static td_status run_bus(desk *d, size_t b, td_error *err)
{
    desk_bus *u = &d->bus[b];
    if (!u->lane) return TD_OK;
    float *const *out = u->out[d->side];
    td_status st = td_lane_pull(u->lane, out, d->chunk, err);
    if (st || !d->measuring) return st;
    float peak = peak_of(out, d->chunk);
    if (peak > u->peak) u->peak = peak;
    for (size_t c = 0; c < 2; c++)
        for (size_t i = 0; i < d->chunk; i++) u->square += (double)out[c][i] * (double)out[c][i];
    td_vu_add(u->vu, out[0], out[1], d->chunk);
    return td_loudness_add(u->loudness, (const float *const *)out, d->chunk) ? no_memory(err) : TD_OK;
}

/* What the returns are sent: from the buses as they stand after their faders, then from single stems. */
static td_status fill_returns(desk *d, float *const *const *from, size_t n, td_error *err)
{
    for (size_t r = 0; r < d->plan->n_rets; r++)
        for (size_t c = 0; c < 2; c++) memset(d->ret[r].in[c], 0, n * sizeof(float));
    for (size_t b = 0; b < d->plan->n_buses; b++)
        for (size_t s = 0; s < d->bus[b].n_sends; s++) {
            const desk_send *send = &d->bus[b].send[s];
            for (size_t c = 0; c < 2; c++)
                for (size_t i = 0; i < n; i++) d->ret[send->ret].in[c][i] += send->gain * from[b][c][i];
        }
    for (size_t k = 0; k < d->n_stem_sends; k++) {
        stem_send *s = &d->stem[k];
        td_status st = td_feed_read(s->feed, d->tap, n, err);
        if (st) return st;
        for (size_t c = 0; c < 2; c++)
            for (size_t i = 0; i < n; i++) d->ret[s->ret].in[c][i] += s->gain * d->tap[c][i];
    }
    return TD_OK;
}

static void add_to_sum(desk *d, float *const *ch, double gain, size_t n)
{
    for (size_t c = 0; c < 2; c++)
        for (size_t i = 0; i < n; i++) d->sum[c][i] += gain * (double)ch[c][i];
}

static void run_return(desk *d, desk_return *t, size_t n)
{
    if (t->watch)
        for (size_t c = 0; c < 2; c++) memcpy(d->tap[c], t->in[c], n * sizeof(float));
    td_chain_process(t->chain, t->in, NULL, t->watch ? td_watch_taps(t->watch) : NULL, n);
    if (t->watch) td_watch_count(t->watch, d->tap[0], d->tap[1], n);
    td_delayline_process(&t->later, (const float *const *)t->in, t->in, n);
    add_to_sum(d, t->in, (double)t->gain, n);
}

/* One block of the mix bus, from buses that are ready. */
static td_status mix_block(desk *d, size_t at, size_t n, td_error *err)
{
    float *pair[TD_BUSES_MAX][2], *const *from[TD_BUSES_MAX];
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        for (size_t c = 0; c < 2; c++) pair[b][c] = d->bus[b].lane ? d->bus[b].out[!d->side][c] + at : NULL;
        from[b] = pair[b];
    }
    td_status st = fill_returns(d, from, n, err);
    if (st) return st;
    for (size_t c = 0; c < 2; c++) memset(d->sum[c], 0, n * sizeof(double));
    for (size_t b = 0; b < d->plan->n_buses; b++)
        if (d->bus[b].lane) add_to_sum(d, from[b], 1, n);
    for (size_t c = 0; c < 2; c++)
        for (size_t i = 0; i < n; i++) d->block[c][i] = (float)d->sum[c][i];
    td_delayline_process(&d->dry, (const float *const *)d->block, d->block, n);
    for (size_t c = 0; c < 2; c++)
        for (size_t i = 0; i < n; i++) d->sum[c][i] = (double)d->block[c][i];
    for (size_t r = 0; r < d->plan->n_rets; r++) run_return(d, &d->ret[r], n);
    for (size_t c = 0; c < 2; c++)
        for (size_t i = 0; i < n; i++) d->block[c][i] = (float)d->sum[c][i] * d->trim;
    for (size_t c = 0; c < 2; c++) memcpy(d->tap[c], d->block[c], n * sizeof(float));
    td_chain_process(d->mix, d->block, NULL, d->watch ? td_watch_taps(d->watch) : NULL, n);
    if (d->watch) td_watch_count(d->watch, d->tap[0], d->tap[1], n);
    if (d->vu) td_vu_add(d->vu, d->tap[0], d->tap[1], n);
    return d->sink(d, n, err);
}

static td_status mix_chunk(desk *d, td_error *err)
{
    for (size_t at = 0; at < d->last; at += TD_BLOCK) {
        td_status st = mix_block(d, at, d->last - at < TD_BLOCK ? d->last - at : TD_BLOCK, err);
        if (st) return st;
    }
    return TD_OK;
}

/* Task 0 mixes the chunk before; the others fill this one. */
static td_status desk_task(void *shared, size_t index, td_error *err)
{
    desk *d = shared;
    if (index == 0) return mix_chunk(d, err);
    return d->chunk ? run_bus(d, index - 1, err) : TD_OK;
}

/* Runs `frames` frames of buses (and all of the mix bus behind them). */
static td_status desk_run(desk *d, uint64_t frames, td_error *err)
{
    const td_render_wish *w = d->wish;
    d->frames = frames;
    for (uint64_t at = 0; at < frames || d->last; at += d->chunk) {
        d->chunk = frames - at < CHUNK ? (size_t)(frames - at) : CHUNK;
        td_status st = td_pool_run(w->pool, d->plan->n_buses + 1, desk_task, d, err);
        if (st) return st;
        if (w->stop && *w->stop) return td_fail(err, TD_STOPPED, NULL, NULL, "stopped while rendering");
        d->last = d->chunk;
        d->side = !d->side;
        if (w->progress) w->progress(w->user, "rendering", (double)at / (double)frames);
    }
    return TD_OK;
}

/* ---- whole songs
 * ----------------------------------------------------------------------------------------------------- */

static td_status to_premaster(desk *d, size_t n, td_error *err)
{
    size_t skip = d->drop < n ? d->drop : n;
    d->drop -= skip;
    n -= skip;
    if (n > d->left) n = (size_t)d->left;
    d->left -= n;
    if (!n) return TD_OK;
    const float *out[2] = { d->block[0] + skip, d->block[1] + skip };
    float peak = peak_of((float *const *)out, n);
    if (peak > d->peak) d->peak = peak;
    if (td_loudness_add(d->loudness, out, n)) return no_memory(err);
    return td_scratch_append(d->premaster, out, n, err);
}

struct td_render_keep {
    desk *desk; /* the watches the report's figures live in */
};

static void reach(td_rendered *r, const char *place, const td_plan_chain *chain, const td_watch *w, const td_lane *l)
{
    for (size_t s = 0; s < chain->n_steps; s++) {
        for (size_t k = 0; k < TD_DETECTORS_MAX; k++) {
            const td_reduction *g = l ? td_lane_reduction(l, s, k) : td_watch_reduction(w, s, k);
            if (!g) break;
            td_step_reached *t = &r->step[r->n_steps++];
            const td_plan_step *step = &chain->step[s];
            bool many = l ? td_lane_reduction(l, s, 1) != NULL : td_watch_reduction(w, s, 1) != NULL;
            *t = (td_step_reached){
                .place = place,
                .step = many ? td_arena_printf(r->keep->desk->arena, "%s.%zu", step->name, k + 1) : step->name,
                .asked_db = step->asked_db,
                .max_db = td_reduction_max(g),
                .max_at_s = td_reduction_max_at(g),
                .p95_db = td_reduction_percentile(g, 0.95),
                .p50_db = td_reduction_percentile(g, 0.5),
                .idle = td_reduction_idle(g),
            };
            t->steps = td_reduction_steps(g, &t->n_steps);
        }
    }
}

static void bus_figures(td_rendered *r, desk *d, size_t b)
{
    const td_plan_bus *p = &d->plan->bus[b];
    const desk_bus *u = &d->bus[b];
    td_bus_reached *t = &r->bus[r->n_buses++];
    *t = (td_bus_reached){ .name = p->name,
                           .peak_before_dbfs = p->peak_dbfs,
                           .clip_gain_db = p->clip_gain_db,
                           .peak_after_dbfs = p->peak_dbfs + p->clip_gain_db,
                           .peak_played_dbfs = NAN };
    if (!u->lane) return;
    double peak, square;
    td_lane_staged(u->lane, &peak, &square);
    t->peak_played_dbfs = td_to_db(peak);
    t->crest_before_db = t->peak_played_dbfs - td_power_db(square);
    t->crest_after_db = td_to_db((double)u->peak) - td_power_db(u->square / (2 * (double)d->frames));
    t->loudness_lufs = td_loudness_integrated(u->loudness);
    t->vu_max_dbfs = td_vu_max_dbfs(u->vu);
}

static td_status collect(desk *d, td_rendered *r, td_error *err)
{
    const td_plan *p = d->plan;
    size_t most = p->mix.n_steps;
    for (size_t b = 0; b < p->n_buses; b++) most += p->bus[b].chain.n_steps;
    for (size_t i = 0; i < p->n_rets; i++) most += p->ret[i].chain.n_steps;
    r->step = td_arena_array(d->arena, most * TD_DETECTORS_MAX + 1, sizeof *r->step);
    r->bus = td_arena_array(d->arena, p->n_buses + 1, sizeof *r->bus);
    if (!r->step || !r->bus) return no_memory(err);
    reach(r, "mix", &p->mix, d->watch, NULL);
    for (size_t b = 0; b < p->n_buses; b++) {
        if (d->bus[b].lane) reach(r, p->bus[b].name, &p->bus[b].chain, NULL, d->bus[b].lane);
        bus_figures(r, d, b);
    }
    for (size_t i = 0; i < p->n_rets; i++) reach(r, p->ret[i].name, &p->ret[i].chain, d->ret[i].watch, NULL);
    r->premaster_lufs = td_loudness_integrated(d->loudness);
    r->premaster_peak_dbfs = td_to_db((double)d->peak);
    r->vu_max_dbfs = td_vu_max_dbfs(d->vu);
    return TD_OK;
}

td_status td_render(const td_render_wish *wish, td_rendered **out, td_error *err)
{
    *out = NULL;
    desk *d;
    td_status st = desk_new(wish, true, &d, err);
    if (st) return st;
    td_rendered *r = calloc(1, sizeof *r);
    struct td_render_keep *keep = calloc(1, sizeof *keep);
    if (!r || !keep) {
        free(r);
        free(keep);
        desk_free(d);
        return no_memory(err);
    }
    keep->desk = d;
    r->keep = keep;
    st = td_scratch_new(wish->scratch_folder, 2, &r->premaster, err);
    if (!st) {
        d->premaster = r->premaster;
        d->sink = to_premaster;
        d->left = wish->plan->frames;
        st = desk_run(d, wish->plan->frames + d->latency, err);
    }
    if (!st) st = collect(d, r, err);
    if (st) {
        td_rendered_free(r);
        return st;
    }
    if (wish->progress) wish->progress(wish->user, "rendering", 1);
    *out = r;
    return TD_OK;
}

void td_rendered_free(td_rendered *r)
{
    if (!r) return;
    td_scratch_free(r->premaster);
    desk_free(r->keep->desk);
    free(r->keep);
    free(r);
}

/* ---- passages
 * --------------------------------------------------------------------------------------------------------- */

static td_status to_passage(desk *d, size_t n, td_error *err)
{
    (void)err;
    size_t skip = d->drop < n ? d->drop : n;
    d->drop -= skip;
    n -= skip;
    if (n > d->left) n = (size_t)d->left;
    d->left -= n;
    for (size_t c = 0; c < 2; c++) memcpy(d->to[c] + d->filled, d->tap[c] + skip, n * sizeof(float));
    d->filled += n;
    return TD_OK;
}

td_status td_render_passage(const td_render_wish *wish, int64_t at, size_t n, size_t warm, float *const *in,
                            td_error *err)
{
    desk *d;
    td_status st = desk_new(wish, false, &d, err);
    for (size_t b = 0; !st && b < wish->plan->n_buses; b++)
        if (d->bus[b].lane) st = td_lane_seek(d->bus[b].lane, at - (int64_t)warm, err);
    for (size_t k = 0; !st && k < d->n_stem_sends; k++) st = td_feed_seek(d->stem[k].feed, at - (int64_t)warm, err);
    if (!st) {
        d->to = in;
        d->sink = to_passage;
        d->drop = warm + d->latency - td_chain_latency(d->mix); /* what is heard is in front of the mix bus */
        d->left = n;
        st = desk_run(d, n + d->drop, err);
    }
    desk_free(d);
    return st;
}
