#include "engine/mix/render.h"

#include "engine/base/row.h"
#include "engine/base/units.h"
#include "engine/mix/board.h"
#include "engine/mix/kept.h"
#include "engine/mix/residual.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the desk: lanes, stems with sends of their own, and boards ------------------------------------------------- */

enum { FRAMES_MAX = 16 }; /* spectra a chunk can bring: one every 800 frames at 8 kHz, and those of the song's end */

typedef struct strip { /* of a bus */
    float *out[2][2];  /* per side of the double buffer, per channel */
    td_loudness *loudness;
    td_vu *vu;
    float peak;
    double square; /* sums of both channels */
    td_bands *work;
    td_spectrum *spectrum;
    td_band_power bands;
    td_masking_frame frame[FRAMES_MAX]; /* spectra not yet held against the other buses' */
    size_t n_frames;
} strip;

typedef struct extra { /* a stem with a send of its own; its bus may not be heard */
    td_feed *feed;
    float *out[2][2];
} extra;

/* Where a sound leaves a board. */
typedef struct outlet {
    float *out[2];
    td_scratch *to;
    size_t drop;   /* frames of latency still to drop */
    uint64_t left; /* frames still wanted */
} outlet;

/* A board and where its sound goes. */
typedef struct take {
    td_board *board;
    const td_board *lead;
    const float **pair; /* the sources of the block under way */
    const float *const **source;
    float *in[2];
    outlet mix, way[TD_WAYS]; /* of a way that is not played: out NULL */
} take;

typedef struct desk {
    const td_render_wish *wish;
    const td_plan *plan;
    td_arena *arena;
    strip *strip;
    td_lane *lane[TD_BUSES_MAX]; /* NULL: not heard */
    td_kept kept;
    td_stem_send *send;
    size_t n_sends;
    extra *extra;
    take *take; /* the mix, versions, then parts, which follow the mix */
    size_t n_takes, n_parts;
    bool measuring;
    int64_t at; /* where in the song it begins */
    td_masking masking;
    td_vu *vu;
    td_loudness *loudness;
    float peak;
    int side;           /* which half of the double buffer the buses fill */
    size_t chunk, last; /* frames of the chunk being filled, and of the one being mixed */
    uint64_t frames;    /* of buses, in all */
    /* where the mix goes, n frames from `skip` on */
    td_status (*sink)(struct desk *d, const outlet *o, size_t skip, size_t n, td_error *err);
    float *const *to; /* a passage, and how much of it is filled */
    size_t filled;
} desk;

static void take_fini(take *t)
{
    td_board_free(t->board);
    free(t->pair);
    free(t->source);
    for (size_t c = 0; c < 2; c++) {
        free(t->in[c]);
        free(t->mix.out[c]);
        for (td_way k = 0; k < TD_WAYS; k++) free(t->way[k].out[c]);
    }
}

static void desk_free(desk *d)
{
    if (!d) return;
    for (size_t b = 0; d->strip && b < d->plan->n_buses; b++) {
        strip *u = &d->strip[b];
        td_lane_free(d->lane[b]);
        for (int k = 0; k < 4; k++) free(u->out[k / 2][k % 2]);
        td_loudness_free(u->loudness);
        td_vu_free(u->vu);
        td_spectrum_free(u->spectrum);
        td_bands_free(u->work);
    }
    for (size_t i = 0; d->extra && i < d->n_sends; i++) {
        td_feed_free(d->extra[i].feed);
        for (int k = 0; k < 4; k++) free(d->extra[i].out[k / 2][k % 2]);
    }
    for (size_t i = 0; d->take && i < d->n_takes; i++) take_fini(&d->take[i]);
    td_masking_fini(&d->masking);
    td_vu_free(d->vu);
    td_loudness_free(d->loudness);
    td_arena_free(d->arena);
    free(d);
}

static bool alloc_pair(float *pair[2], size_t n)
{
    pair[0] = td_calloc2(n, 1, sizeof(float));
    pair[1] = td_calloc2(n, 1, sizeof(float));
    return pair[0] && pair[1];
}

static void add_bands(void *user, size_t frame, const td_band_frame *bands, const float *twelfth)
{
    strip *u = user;
    td_band_power *sum = &u->bands;
    (void)frame;
    (void)twelfth;
    if (u->n_frames < FRAMES_MAX) u->frame[u->n_frames++] = td_masking_powers(bands);
    for (size_t i = 0; i < TD_BANDS; i++) {
        sum->ll[i] += (double)bands->ll[i];
        sum->rr[i] += (double)bands->rr[i];
        sum->lr[i] += (double)bands->lr[i];
    }
}

static td_status lane_open(const td_render_wish *w, size_t b, td_lane **out, td_error *err)
{
    const td_behind *behind = w->behind && w->behind[b].sound ? &w->behind[b] : NULL;
    return td_lane_from(behind, w->survey, w->session, w->plan, b, SIZE_MAX, out, err);
}

static td_status strip_init(desk *d, size_t b, td_error *err)
{
    const td_render_wish *w = d->wish;
    strip *u = &d->strip[b];
    if (!td_render_hears(w, b)) return TD_OK;
    td_status st = d->lane[b] ? TD_OK : lane_open(w, b, &d->lane[b], err);
    if (st) return st;
    if (!alloc_pair(u->out[0], TD_CHUNK) || !alloc_pair(u->out[1], TD_CHUNK)) return td_no_memory(err);
    if (!d->measuring) return TD_OK;
    unsigned rate = w->session->rate_hz;
    if (td_loudness_new(rate, 2, &u->loudness) || td_vu_new(rate, &u->vu) || td_bands_new(rate, &u->work) ||
        td_spectrum_new(rate, 2, add_bands, u, &u->spectrum))
        return td_no_memory(err);
    return d->kept.thawed[b] ? TD_OK : td_lane_watch(d->lane[b], err);
}

static td_status extras_init(desk *d, td_error *err)
{
    const td_render_wish *w = d->wish;
    td_status st = td_stem_sends(w->session, d->plan, d->arena, &d->send, &d->n_sends, err);
    if (!st && !(d->extra = td_arena_array(d->arena, d->n_sends + 1, sizeof *d->extra))) st = td_no_memory(err);
    for (size_t i = 0; !st && i < d->n_sends; i++) {
        extra *e = &d->extra[i];
        if (!td_render_hears(w, d->send[i].bus)) continue;
        st = td_feed_new(w->survey, w->session, d->plan, true, &d->send[i].stem, 1, NULL, &e->feed, err);
        if (!st && (!alloc_pair(e->out[0], TD_CHUNK) || !alloc_pair(e->out[1], TD_CHUNK))) st = td_no_memory(err);
    }
    return st;
}

static td_status outlet_init(const desk *d, outlet *o, size_t latency, td_error *err)
{
    o->drop = latency;
    o->left = d->plan->frames;
    return alloc_pair(o->out, TD_BLOCK) ? TD_OK : td_no_memory(err);
}

/* A take more: its board hears `heard` and plays the first so many ways, of those that have steps. */
static td_status take_add(desk *d, const bool *heard, td_board_role role, td_way ways, td_error *err)
{
    take *t = &d->take[d->n_takes++];
    size_t n = d->plan->n_buses + d->n_sends;
    td_board_wish wish = { .session = d->wish->session,
                           .survey = d->wish->survey,
                           .plan = d->plan,
                           .heard = heard,
                           .role = role,
                           .measuring = d->measuring && t == d->take,
                           .at = d->at };
    for (td_way k = 0; d->measuring && k < ways; k++) wish.way[k] = d->plan->way[k].n_steps > 0;
    td_status st = td_board_new(&wish, d->send, d->n_sends, &t->board, err);
    if (!st) st = outlet_init(d, &t->mix, td_board_latency(t->board), err);
    for (td_way k = 0; !st && k < ways; k++)
        if (wish.way[k]) st = outlet_init(d, &t->way[k], td_board_way_latency(t->board, k), err);
    if (st) return st;
    t->pair = calloc(n + 1, 2 * sizeof *t->pair);
    t->source = calloc(n + 1, sizeof *t->source);
    if (!t->pair || !t->source || !alloc_pair(t->in, TD_BLOCK)) return td_no_memory(err);
    for (size_t i = 0; i < n; i++) t->source[i] = t->pair + 2 * i;
    if (role == TD_BOARD_FOLLOWS) t->lead = d->take[0].board;
    return TD_OK;
}

static td_status takes_init(desk *d, td_error *err)
{
    const td_render_wish *w = d->wish;
    bool heard[TD_BUSES_MAX];
    td_status st = take_add(d, w->heard, w->parts ? TD_BOARD_LEADS : TD_BOARD_PLAYS, TD_WAYS, err);
    for (size_t i = 0; !st && i < w->n_versions; i++) {
        for (size_t b = 0; b < d->plan->n_buses; b++) heard[b] = w->version[i][b] && td_render_hears(w, b);
        st = take_add(d, heard, TD_BOARD_PLAYS, TD_TO_MASTER + 1, err);
    }
    for (size_t k = 0; !st && w->parts && k < d->plan->n_buses; k++, d->n_parts++) {
        for (size_t b = 0; b < d->plan->n_buses; b++) heard[b] = b == k && td_render_hears(w, b);
        st = take_add(d, heard, TD_BOARD_FOLLOWS, 0, err);
    }
    return st;
}

static size_t longest_latency(const td_board *b)
{
    size_t longest = 0;
    for (td_way k = 0; k < TD_WAYS; k++) {
        size_t latency = td_board_way_latency(b, k);
        if (latency > longest) longest = latency;
    }
    return longest;
}

/* Takes up what is kept, and has the stems of all else decoded. */
static td_status strips_ready(desk *d, td_error *err)
{
    const td_render_wish *w = d->wish;
    bool wanted[TD_STEMS_MAX] = { 0 };
    d->frames = d->plan->frames + longest_latency(d->take[0].board);
    td_status st = td_kept_thaw(&d->kept, w, d->frames, d->lane, err);
    for (size_t i = 0; i < w->session->n_stems; i++) {
        unsigned b = w->session->stem[i].bus;
        wanted[i] = b < d->plan->n_buses && td_render_hears(w, b) && !d->kept.thawed[b];
    }
    return st ? st : td_survey_ready(w->survey, w->pool, wanted, err);
}

/* Not measuring, it has no takes yet. */
static td_status desk_new(const td_render_wish *w, bool measuring, desk **out, td_error *err)
{
    *out = NULL;
    if (w->plan->n_buses > TD_BUSES_MAX || w->plan->n_buses != w->session->n_buses ||
        w->plan->n_stems != w->session->n_stems)
        return td_fail(err, TD_RECIPE, "plan", "plan these stems anew", "has other stems or buses than the session");
    desk *d = calloc(1, sizeof *d);
    if (!d) return td_no_memory(err);
    d->wish = w;
    d->plan = w->plan;
    d->measuring = measuring;
    td_masking_init(&d->masking, w->session);
    d->arena = td_arena_new();
    d->strip = d->arena ? td_arena_array(d->arena, w->plan->n_buses + 1, sizeof *d->strip) : NULL;
    d->take = d->arena ? td_arena_array(d->arena, 1 + w->n_versions + w->plan->n_buses, sizeof *d->take) : NULL;
    td_status st = d->strip && d->take ? TD_OK : td_no_memory(err);
    if (!st) st = extras_init(d, err);
    if (!st && measuring) st = takes_init(d, err);
    if (!st && measuring) st = strips_ready(d, err);
    for (size_t b = 0; !st && b < w->plan->n_buses; b++) st = strip_init(d, b, err);
    if (!st && measuring) td_kept_freeze(&d->kept);
    if (!st && measuring &&
        (td_vu_new(w->session->rate_hz, &d->vu) || td_loudness_new(w->session->rate_hz, 2, &d->loudness)))
        st = td_no_memory(err);
    if (st) {
        desk_free(d);
        return st;
    }
    *out = d;
    return TD_OK;
}

/* ---- one chunk -------------------------------------------------------------------------------------------------- */

static float peak_of(const float *const *ch, size_t n)
{
    return fmaxf(td_largest(ch[0], n), td_largest(ch[1], n));
}

static td_status pull_extras(desk *d, size_t bus, td_error *err)
{
    td_status st = TD_OK;
    for (size_t i = 0; i < d->n_sends; i++) {
        extra *e = &d->extra[i];
        for (size_t at = 0; !st && e->feed && d->send[i].bus == bus && at < d->chunk; at += TD_BLOCK) {
            float *to[2] = { e->out[d->side][0] + at, e->out[d->side][1] + at };
            st = td_feed_read(e->feed, to, d->chunk - at < TD_BLOCK ? d->chunk - at : TD_BLOCK, err);
        }
    }
    return st;
}

static td_status pull_bus(desk *d, size_t b, td_error *err)
{
    strip *u = &d->strip[b];
    if (!d->lane[b]) return TD_OK;
    float *const *out = u->out[d->side];
    td_status st = td_lane_pull(d->lane[b], out, d->chunk, err);
    return st ? st : pull_extras(d, b, err);
}

#define ABREAST 4 /* buses are measured so many at a time: their eight channels share a filter */

/* The chunk before, of buses that are ready. */
static td_status measure_buses(desk *d, size_t first, td_error *err)
{
    td_loudness *loudness[ABREAST];
    const float *const *heard[ABREAST];
    size_t n = 0;
    for (size_t b = first; b < first + ABREAST && b < d->plan->n_buses; b++) {
        strip *u = &d->strip[b];
        const float *const *ch = (const float *const *)u->out[!d->side];
        if (!d->lane[b]) continue;
        u->peak = fmaxf(u->peak, peak_of(ch, d->last));
        u->square += td_squares(ch[0], d->last) + td_squares(ch[1], d->last);
        td_vu_add(u->vu, ch[0], ch[1], d->last);
        td_spectrum_add(u->spectrum, u->work, ch, d->last);
        loudness[n] = u->loudness;
        heard[n++] = ch;
    }
    return td_loudness_add_all(loudness, heard, n, d->last) ? td_no_memory(err) : TD_OK;
}

static void point_at(const desk *d, take *t, size_t at)
{
    size_t n = d->plan->n_buses;
    for (size_t c = 0; c < 2; c++) {
        for (size_t b = 0; b < n; b++) t->pair[2 * b + c] = d->lane[b] ? d->strip[b].out[!d->side][c] + at : NULL;
        for (size_t i = 0; i < d->n_sends; i++)
            t->pair[2 * (n + i) + c] = d->extra[i].feed ? d->extra[i].out[!d->side][c] + at : NULL;
    }
}

static td_status pour(desk *d, outlet *o, size_t n, td_error *err)
{
    size_t skip = o->drop < n ? o->drop : n, keep = n - skip < o->left ? n - skip : (size_t)o->left;
    o->drop -= skip;
    o->left -= keep;
    return keep ? d->sink(d, o, skip, keep, err) : TD_OK;
}

/* Boards mix the chunk before, from buses that are ready. */
static td_status run_take(desk *d, take *t, td_error *err)
{
    td_status st = TD_OK;
    for (size_t at = 0; !st && at < d->last; at += TD_BLOCK) {
        size_t n = d->last - at < TD_BLOCK ? d->last - at : TD_BLOCK;
        point_at(d, t, at);
        float *const *out = d->to ? NULL : t->mix.out; /* passages end in front of the mix bus */
        if ((st = td_board_run(t->board, t->lead, t->source, at, n, t->in, out, err))) break;
        if (d->vu && t == d->take) td_vu_add(d->vu, t->in[0], t->in[1], n);
        st = pour(d, &t->mix, n, err);
        for (td_way k = 0; !st && k < TD_WAYS; k++) {
            if (!t->way[k].out[0]) continue;
            st = td_board_go_on(t->board, k, (const float *const *)t->mix.out, n, t->way[k].out, err);
            if (!st) st = pour(d, &t->way[k], n, err);
        }
    }
    return st;
}

static td_status chunk_task(void *shared, size_t index, td_error *err)
{
    desk *d = shared;
    size_t boards = d->n_takes - d->n_parts, buses = d->plan->n_buses;
    if (index < boards) return run_take(d, &d->take[index], err);
    if (index < boards + buses) return d->chunk ? pull_bus(d, index - boards, err) : TD_OK;
    return measure_buses(d, (index - boards - buses) * ABREAST, err);
}

static td_status part_task(void *shared, size_t index, td_error *err)
{
    desk *d = shared;
    return run_take(d, &d->take[d->n_takes - d->n_parts + index], err);
}

/* Holds the spectra that came in against each other: all buses have as many. */
static td_status mask(desk *d, td_error *err)
{
    td_masking_frame frame[TD_BUSES_MAX] = { 0 };
    size_t n = 0;
    for (size_t b = 0; b < d->plan->n_buses; b++) n = d->strip[b].n_frames > n ? d->strip[b].n_frames : n;
    for (size_t i = 0; i < n; i++) {
        for (size_t b = 0; b < d->plan->n_buses; b++)
            if (d->lane[b]) frame[b] = d->strip[b].frame[i];
        if (td_masking_add(&d->masking, frame)) return td_no_memory(err);
    }
    for (size_t b = 0; b < d->plan->n_buses; b++) d->strip[b].n_frames = 0;
    return TD_OK;
}

/* Runs `frames` frames of buses, and all that is made of them behind. */
static td_status desk_run(desk *d, uint64_t frames, td_error *err)
{
    const td_render_wish *w = d->wish;
    size_t tasks = d->n_takes - d->n_parts + d->plan->n_buses;
    if (d->measuring) tasks += (d->plan->n_buses + ABREAST - 1) / ABREAST;
    d->frames = frames;
    for (uint64_t at = 0; at < frames || d->last; at += d->chunk) {
        d->chunk = frames - at < TD_CHUNK ? (size_t)(frames - at) : TD_CHUNK;
        td_status st = td_pool_run(w->pool, tasks, chunk_task, d, err);
        if (!st && d->n_parts) st = td_pool_run(w->pool, d->n_parts, part_task, d, err);
        if (!st) st = mask(d, err);
        if (st) return st;
        if (w->stop && *w->stop) return td_fail(err, TD_STOPPED, NULL, NULL, "stopped while rendering");
        d->last = d->chunk;
        d->side = !d->side;
        if (w->progress) w->progress(w->user, "rendering", (double)at / (double)frames);
    }
    return TD_OK;
}

/* ---- whole songs ------------------------------------------------------------------------------------------------ */

static td_status to_scratch(desk *d, const outlet *o, size_t skip, size_t n, td_error *err)
{
    const float *out[2] = { o->out[0] + skip, o->out[1] + skip };
    if (o == &d->take->mix) {
        d->peak = fmaxf(d->peak, peak_of(out, n));
        if (td_loudness_add(d->loudness, out, n)) return td_no_memory(err);
    }
    return o->to ? td_scratch_append(o->to, out, n, err) : TD_OK;
}

struct td_render_keep {
    desk *desk; /* the watches the report's figures live in */
};

static void reach(td_rendered *r, const char *place, const td_plan_chain *chain, const td_watch *w, const td_lane *l)
{
    const td_session *song = r->keep->desk->wish->session;
    double end_s = (double)song->frames / song->rate_hz;
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
                .planned = k < step->n_parts ? step->part[k].goal : step->goal,
                .max_db = td_reduction_max(g),
                .max_at_s = fmin(td_reduction_max_at(g), end_s), /* a gate may close in the tail */
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
    const strip *u = &d->strip[b];
    td_bus_reached *t = &r->bus[r->n_buses++];
    *t = (td_bus_reached){ .name = p->name,
                           .peak_before_dbfs = p->peak_dbfs,
                           .clip_gain_db = p->clip_gain_db,
                           .peak_after_dbfs = p->peak_dbfs + p->clip_gain_db,
                           .peak_played_dbfs = NAN };
    if (!d->lane[b]) return;
    td_spectrum_end(d->strip[b].spectrum, d->strip[b].work);
    t->bands = u->bands;
    double peak, square;
    td_lane_staged(d->lane[b], &peak, &square);
    t->peak_played_dbfs = td_to_db(peak);
    t->crest_before_db = t->peak_played_dbfs - td_power_db(square);
    t->crest_after_db = td_to_db((double)u->peak) - td_power_db(u->square / (2 * (double)d->frames));
    t->loudness_lufs = td_loudness_integrated(u->loudness);
    t->vu_max_dbfs = td_vu_max_dbfs(u->vu);
    t->vu_mean_dbfs = td_vu_mean_dbfs(u->vu);
    t->k = td_loudness_steps(u->loudness, &t->steps);
}

static td_status collect(desk *d, td_rendered *r, td_error *err)
{
    const td_plan *p = d->plan;
    size_t most = p->mix.n_steps;
    for (td_way k = 0; k < TD_WAYS; k++) most += p->way[k].n_steps;
    for (size_t b = 0; b < p->n_buses; b++) most += p->bus[b].chain.n_steps;
    for (size_t i = 0; i < p->n_rets; i++) most += p->ret[i].chain.n_steps;
    r->step = td_arena_array(d->arena, most * TD_DETECTORS_MAX + 1, sizeof *r->step);
    r->bus = td_arena_array(d->arena, p->n_buses + 1, sizeof *r->bus);
    if (!r->step || !r->bus) return td_no_memory(err);
    reach(r, "mix", &p->mix, td_board_watch(d->take[0].board), NULL);
    for (size_t b = 0; b < p->n_buses; b++) {
        r->n_thawed += d->kept.thawed[b];
        if (d->lane[b]) reach(r, p->bus[b].name, &p->bus[b].chain, NULL, d->lane[b]);
        bus_figures(r, d, b);
    }
    for (size_t i = 0; i < p->n_rets; i++)
        reach(r, p->ret[i].name, &p->ret[i].chain, td_board_return_watch(d->take[0].board, i), NULL);
    for (td_way k = 0; k < TD_WAYS; k++)
        reach(r, td_way_names[k], &p->way[k], td_board_way_watch(d->take[0].board, k), NULL);
    td_status st = mask(d, err); /* what the end of the song brought */
    if (st) return st;
    r->masking = &d->masking;
    r->premaster_lufs = td_loudness_integrated(d->loudness);
    r->premaster_peak_dbfs = td_to_db((double)d->peak);
    r->vu_max_dbfs = td_vu_max_dbfs(d->vu);
    r->vu_mean_dbfs = td_vu_mean_dbfs(d->vu);
    return TD_OK;
}

/* A scratch for every take, and for every way of the mix; of a version nobody asks what it was before. */
static td_status spread(desk *d, td_rendered *r, td_error *err)
{
    const td_render_wish *w = d->wish;
    r->n_versions = w->n_versions;
    r->version = td_arena_array(d->arena, w->n_versions + 1, sizeof *r->version);
    r->part = td_arena_array(d->arena, d->n_parts + 1, sizeof *r->part);
    if (!r->version || !r->part) return td_no_memory(err);
    td_status st = TD_OK;
    for (size_t i = 0; !st && i < d->n_takes; i++) {
        size_t plain = d->n_takes - d->n_parts;
        td_scratch **to = i == 0 ? &r->premaster : i < plain ? &r->version[i - 1] : &r->part[i - plain];
        st = td_scratch_new(w->scratch_folder, 2, to, err);
        take *t = &d->take[i];
        *(i && t->way[TD_TO_MASTER].out[0] ? &t->way[TD_TO_MASTER].to : &t->mix.to) = *to;
    }
    for (td_way k = 0; !st && k < TD_WAYS; k++) {
        if (!d->plan->way[k].n_steps) continue;
        st = td_scratch_new(w->scratch_folder, 2, &r->way[k], err);
        d->take->way[k].to = r->way[k];
    }
    return st;
}

static td_status rendered_new(desk *d, td_rendered **out, td_error *err)
{
    td_rendered *r = calloc(1, sizeof *r);
    struct td_render_keep *keep = calloc(1, sizeof *keep);
    if (!r || !keep) {
        free(r);
        free(keep);
        desk_free(d);
        return td_no_memory(err);
    }
    keep->desk = d;
    r->keep = keep;
    r->residual_peak_dbfs = r->residual_lufs = NAN;
    *out = r;
    return TD_OK;
}

/* The first bus whose kept sound broke. */
static const char *broken_bus(const desk *d)
{
    for (size_t b = 0; b < d->plan->n_buses; b++)
        if (d->lane[b] && td_lane_broke(d->lane[b])) return d->plan->bus[b].name;
    return NULL;
}

static td_status render(const td_render_wish *wish, td_rendered **out, const char **broke, td_error *err)
{
    *out = NULL;
    desk *d;
    td_rendered *r = NULL;
    td_status st = desk_new(wish, true, &d, err);
    if (st || (st = rendered_new(d, &r, err))) return st;
    d->sink = to_scratch;
    st = spread(d, r, err);
    if (!st) st = desk_run(d, d->frames, err);
    if (!st) st = td_session_unchanged(wish->session, err);
    if (!st) td_kept_end(&d->kept);
    if (!st && wish->parts) st = td_residual_make(r, d->n_parts, wish->session->rate_hz, wish->scratch_folder, err);
    if (!st) st = collect(d, r, err);
    if (st) {
        *broke = broken_bus(d);
        td_rendered_free(r);
        return st;
    }
    if (wish->progress) wish->progress(wish->user, "rendering", 1);
    *out = r;
    return TD_OK;
}

/* What is kept was judged before it is played, but files change, and disks fail: then all is made anew. */
td_status td_render(const td_render_wish *wish, td_rendered **out, td_error *err)
{
    const char *broke = NULL, *none = NULL;
    td_render_wish anew = *wish;
    td_status st = render(wish, out, &broke, err);
    anew.keep_folder = NULL;
    if (broke) st = render(&anew, out, &none, err);
    if (!st) (*out)->broke = broke;
    return st;
}

void td_rendered_free(td_rendered *r)
{
    if (!r) return;
    td_scratch_free(r->premaster);
    for (td_way k = 0; k < TD_WAYS; k++) td_scratch_free(r->way[k]);
    for (size_t i = 0; r->version && i < r->n_versions; i++) td_scratch_free(r->version[i]);
    for (size_t b = 0; r->part && b < r->keep->desk->n_parts; b++) td_scratch_free(r->part[b]);
    td_scratch_free(r->residual);
    desk_free(r->keep->desk);
    free(r->keep);
    free(r);
}

const td_scratch *td_rendered_to(const td_rendered *r, td_way way)
{
    const td_plan *p = r->keep->desk->plan;
    const td_scratch *sound = r->way[td_plan_way(p, way) - p->way];
    return sound ? sound : r->premaster;
}

/* ---- passages --------------------------------------------------------------------------------------------------- */

static td_status to_passage(desk *d, const outlet *o, size_t skip, size_t n, td_error *err)
{
    (void)o;
    (void)err;
    for (size_t c = 0; c < 2; c++) memcpy(d->to[c] + d->filled, d->take->in[c] + skip, n * sizeof(float));
    d->filled += n;
    return TD_OK;
}

struct td_player {
    desk *desk;
};

td_status td_player_new(const td_render_wish *wish, td_player **out, td_error *err)
{
    td_player *p = calloc(1, sizeof *p);
    td_status st = p ? desk_new(wish, false, &p->desk, err) : td_no_memory(err);
    if (st) free(p);
    *out = st ? NULL : p;
    return st;
}

void td_player_free(td_player *p)
{
    if (p) desk_free(p->desk);
    free(p);
}

static td_status desk_seek(desk *d, int64_t at, td_error *err)
{
    td_status st = TD_OK;
    d->at = at;
    for (size_t b = 0; !st && b < d->plan->n_buses; b++)
        if (d->lane[b]) st = td_lane_seek(d->lane[b], at, err);
    for (size_t k = 0; !st && k < d->n_sends; k++)
        if (d->extra[k].feed) st = td_feed_seek(d->extra[k].feed, at, err);
    return st;
}

/* Lanes can begin anywhere; boards are made where they begin. */
td_status td_player_play(td_player *p, int64_t at, size_t n, size_t warm, float *const *in, td_error *err)
{
    desk *d = p->desk;
    take *t = d->take;
    td_status st = desk_seek(d, at - (int64_t)warm, err);
    if (!st) st = takes_init(d, err);
    if (!st) {
        d->to = in;
        d->filled = 0;
        d->sink = to_passage;
        t->mix.drop = warm + td_board_latency_to_mix(t->board); /* what is heard is in front of the mix bus */
        t->mix.left = n;
        st = desk_run(d, n + t->mix.drop, err);
    }
    take_fini(t);
    *t = (take){ 0 };
    d->n_takes = 0;
    return st;
}
