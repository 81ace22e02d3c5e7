#include "engine/mix/flow.h"

#include "engine/base/row.h"
#include "engine/base/units.h"
#include "engine/mix/keys.h"
#include "engine/mix/stemsum.h"
#include <stdlib.h>
#include <string.h>

enum { AHEAD = 16 * TD_BLOCK }; /* frames read from disk at once */

/* ---- sources: one stem, or one scratch, from any position -------------------------------------------------------- */

typedef struct source {
    const td_scratch *scratch; /* else the file itself */
    const td_stem *stem;
    unsigned rate_hz;
    td_source *file;
    int64_t file_at; /* where the file stands */
    unsigned channels;
    int64_t at; /* the next frame to give */
    float *buffer[2];
    size_t have, used;
} source;

static void source_fini(source *s)
{
    td_source_close(s->file);
    free(s->buffer[0]);
    free(s->buffer[1]);
}

static td_status source_init(source *s, td_error *err)
{
    for (unsigned c = 0; c < s->channels; c++)
        if (!(s->buffer[c] = td_calloc2(AHEAD, 1, sizeof(float)))) return td_no_memory(err);
    return TD_OK;
}

static void source_seek(source *s, int64_t at)
{
    s->at = at;
    s->have = s->used = 0;
}

/* Takes the file to frame `at`: at once where it is plain PCM; else forwards by dropping, backwards by opening again.
 */
static td_status file_go(source *s, int64_t at, td_error *err)
{
    if (s->file && s->file_at > at && td_source_seek(s->file, (uint64_t)at)) s->file_at = at;
    if (s->file && s->file_at > at) {
        td_source_close(s->file);
        s->file = NULL;
    }
    if (!s->file) {
        td_status st = td_source_open(s->stem->path, s->stem->path_right, s->rate_hz, &s->file, err);
        if (st) return st;
        s->file_at = 0;
    }
    if (s->file_at < at && td_source_seek(s->file, (uint64_t)at)) s->file_at = at;
    while (s->file_at < at) {
        size_t want = at - s->file_at < AHEAD ? (size_t)(at - s->file_at) : AHEAD, got;
        td_status st = td_source_read(s->file, s->buffer, want, &got, err);
        if (st || !got) return st;
        s->file_at += (int64_t)got;
    }
    return TD_OK;
}

static td_status file_fill(source *s, td_error *err)
{
    size_t lead = s->at < 0 ? (-s->at < AHEAD ? (size_t)-s->at : AHEAD) : 0, done = lead;
    for (unsigned c = 0; c < s->channels; c++) memset(s->buffer[c], 0, lead * sizeof(float));
    td_status st = done < AHEAD ? file_go(s, s->at + (int64_t)lead, err) : TD_OK;
    while (!st && done < AHEAD && s->file_at == s->at + (int64_t)done) {
        float *to[2] = { s->buffer[0] + done, s->channels == 2 ? s->buffer[1] + done : NULL };
        size_t got = 0;
        st = td_source_read(s->file, to, AHEAD - done, &got, err);
        if (!got) break;
        s->file_at += (int64_t)got;
        done += got;
    }
    for (unsigned c = 0; c < s->channels; c++) memset(s->buffer[c] + done, 0, (AHEAD - done) * sizeof(float));
    return st;
}

static td_status source_fill(source *s, td_error *err)
{
    td_status st = s->scratch ? td_scratch_read(s->scratch, s->at, s->buffer, AHEAD, err) : file_fill(s, err);
    if (st) return st;
    s->have = AHEAD;
    s->used = 0;
    s->at += AHEAD;
    return TD_OK;
}

/* The next n frames, the caller's to change until it reads again: where they lie, or together in `own` where they lie
 * apart. */
static td_status source_read(source *s, float *const *own, size_t n, float **out, td_error *err)
{
    td_status st = s->used == s->have ? source_fill(s, err) : TD_OK;
    bool together = s->have - s->used >= n;
    for (unsigned c = 0; c < s->channels; c++) out[c] = together ? s->buffer[c] + s->used : own[c];
    for (size_t done = 0; !st && !together && done < n;) {
        size_t m = s->have - s->used < n - done ? s->have - s->used : n - done;
        for (unsigned c = 0; c < s->channels; c++) memcpy(own[c] + done, s->buffer[c] + s->used, m * sizeof(float));
        s->used += m;
        done += m;
        if (done < n) st = source_fill(s, err);
    }
    if (together) s->used += n;
    return st;
}

/* ---- rides: gain over time --------------------------------------------------------------------------------------- */

typedef struct ride {
    const td_breakpoint *point;
    size_t n, now; /* now: the breakpoint at or before what is played */
    double rate_hz;
} ride;

/* As td_ride_db, for moments that only move on. */
static double ride_db(ride *r, int64_t at)
{
    double t = (double)at / r->rate_hz;
    while (r->now + 1 < r->n && r->point[r->now + 1].at_s <= t) r->now++;
    const td_breakpoint *p = r->point + r->now;
    if (r->now + 1 == r->n || t <= p->at_s) return p->gain_db;
    return p->gain_db + (p[1].gain_db - p->gain_db) * (t - p->at_s) / (p[1].at_s - p->at_s);
}

/* Plays n frames from `at` on at gain times the ride. */
static void ride_run(ride *r, int64_t at, float gain, float *const *ch, unsigned channels, size_t n)
{
    double db = NAN;
    float g = gain;
    for (size_t i = 0; i < n; i++) {
        double now = ride_db(r, at + (int64_t)i);
        if (now != db) g = gain * (float)td_from_db(db = now);
        for (unsigned c = 0; c < channels; c++) ch[c][i] *= g;
    }
}

/* ---- feeds ------------------------------------------------------------------------------------------------------- */

typedef struct stem_in {
    source from;
    td_sides sides;
    td_chain *chain;      /* of its fixes; NULL */
    td_keys *keys;        /* of that */
    struct stem_in *mate; /* a later mono stem that shares the chain; NULL */
    float *ready;         /* of such a mate: its block, from its sharer's turn to its own; else NULL */
    ride ride;
} stem_in;

struct td_feed {
    stem_in *stem;
    size_t n;
    int64_t at; /* the next frame to give */
    float *work[2];
    double *sum[2];
};

void td_feed_free(td_feed *f)
{
    if (!f) return;
    for (size_t i = 0; i < f->n; i++) {
        source_fini(&f->stem[i].from);
        td_chain_free(f->stem[i].chain);
        td_keys_free(f->stem[i].keys);
    }
    for (size_t c = 0; c < 2; c++) {
        free(f->work[c]);
        free(f->sum[c]);
    }
    free(f->stem);
    free(f);
}

static td_status stem_in_init(stem_in *in, td_survey *survey, const td_session *session, const td_plan *plan,
                              bool fixes, size_t i, double gain_db, td_error *err)
{
    const td_stem *s = &session->stem[i];
    td_status st = td_survey_stem_audio(survey, i, &in->from.scratch, err);
    if (st) return st;
    in->from.stem = s;
    in->from.rate_hz = session->rate_hz;
    in->from.channels = in->from.scratch ? td_scratch_planes(in->from.scratch) : td_stem_channels(s);
    if ((st = source_init(&in->from, err))) return st;
    in->sides = (td_sides){ 1, 1 };
    if (!plan) return TD_OK;
    const td_plan_stem *p = &plan->stem[i];
    in->sides = td_stem_sides(in->from.channels, p->gain_db + gain_db, p->pan, p->flip);
    in->ride = (ride){ .point = p->ride, .n = p->n_ride, .rate_hz = session->rate_hz };
    if (!fixes || !p->chain.n_steps) return TD_OK;
    td_format fmt = { .rate_hz = session->rate_hz, .tempo_bpm = plan->tempo_bpm };
    st = td_chain_of_plan(&p->chain, SIZE_MAX, &fmt, &in->chain, err);
    return st ? st : td_keys_new(survey, session, plan, &p->chain, &in->keys, err);
}

static bool may_share(const stem_in *in)
{
    return in->chain && !in->keys && in->from.channels == 1;
}

/* Mono stems two by two, where their fixes allow. */
static td_status share_chains(td_feed *f, td_error *err)
{
    for (size_t i = 0; i < f->n; i++) {
        stem_in *in = &f->stem[i];
        if (!may_share(in)) continue;
        for (size_t k = i + 1; k < f->n; k++) {
            stem_in *other = &f->stem[k];
            bool shared = false;
            if (!may_share(other)) continue;
            td_status st = td_chain_share(in->chain, other->chain, &shared);
            if (st) return td_no_memory(err);
            if (!shared) continue;
            td_chain_free(other->chain);
            other->chain = NULL;
            in->mate = other;
            break;
        }
    }
    return TD_OK;
}

td_status td_feed_new(td_survey *survey, const td_session *session, const td_plan *plan, bool fixes,
                      const size_t *index, size_t n, const double *gain_db, td_feed **out, td_error *err)
{
    *out = NULL;
    td_feed *f = calloc(1, sizeof *f);
    td_status st = f ? TD_OK : td_no_memory(err);
    if (!st && !(f->stem = calloc(n ? n : 1, sizeof *f->stem))) st = td_no_memory(err);
    for (size_t c = 0; !st && c < 2; c++) {
        f->work[c] = td_calloc2(TD_BLOCK, 1, sizeof(float));
        f->sum[c] = td_calloc2(TD_BLOCK, 1, sizeof(double));
        if (!f->work[c] || !f->sum[c]) st = td_no_memory(err);
    }
    for (size_t i = 0; !st && i < n; i++) {
        f->n = i + 1;
        st = stem_in_init(&f->stem[i], survey, session, plan, fixes, index[i], gain_db ? gain_db[i] : 0, err);
    }
    if (!st) st = share_chains(f, err);
    if (!st) st = td_feed_seek(f, 0, err);
    if (st) {
        td_feed_free(f);
        return st;
    }
    *out = f;
    return TD_OK;
}

td_status td_feed_bus(td_survey *survey, const td_session *session, const td_plan *plan, size_t bus, td_feed **out,
                      td_error *err)
{
    size_t index[TD_STEMS_MAX], n = 0;
    for (size_t i = 0; i < session->n_stems; i++)
        if (session->stem[i].bus == bus) index[n++] = i;
    return td_feed_new(survey, session, plan, true, index, n, NULL, out, err);
}

/* The next n frames of a stem after its fixes, before level and pan. A mono stem with fixes runs beside its mate, or as
 * two equal sides, of which the first is its sound. */
static td_status stem_read(stem_in *in, float *const *work, size_t n, float **out, td_error *err)
{
    const float *const *const *keys;
    out[0] = in->ready;
    in->ready = NULL;
    if (out[0]) return TD_OK;
    td_status st = source_read(&in->from, work, n, out, err);
    if (st || !in->chain) return st;
    if (in->mate) {
        st = source_read(&in->mate->from, work + 1, n, out + 1, err);
        in->mate->ready = out[1];
    } else if (in->from.channels == 1)
        out[1] = memcpy(work[1], out[0], n * sizeof(float));
    if (!st) st = td_keys_read(in->keys, n, &keys, err);
    if (!st) td_chain_process(in->chain, out, keys, NULL, n);
    return st;
}

td_status td_feed_seek(td_feed *f, int64_t at, td_error *err)
{
    f->at = at;
    for (size_t i = 0; i < f->n; i++) {
        stem_in *in = &f->stem[i];
        source_seek(&in->from, at);
        in->ride.now = 0;
        in->ready = NULL;
        if (!in->chain) continue;
        td_status st = td_keys_seek(in->keys, at, err);
        td_chain_reset(in->chain);
        td_chain_place(in->chain, at);
        for (size_t left = td_chain_latency(in->chain);
             !st && left;) { /* read ahead by the latency, and drop what comes */
            size_t n = left < TD_BLOCK ? left : TD_BLOCK;
            float *scrap[2];
            st = stem_read(in, f->work, n, scrap, err);
            left -= n;
        }
        if (st) return st;
    }
    return TD_OK;
}

td_status td_feed_read(td_feed *f, float *const *out, size_t n, td_error *err)
{
    for (size_t c = 0; c < 2; c++) memset(f->sum[c], 0, n * sizeof(double));
    for (size_t i = 0; i < f->n; i++) {
        stem_in *in = &f->stem[i];
        float *ch[2];
        td_status st = stem_read(in, f->work, n, ch, err);
        if (st) return st;
        if (in->ride.n) ride_run(&in->ride, f->at, 1, ch, in->from.channels, n);
        td_stem_add(f->sum, (const float *const *)ch, in->from.channels, in->sides, n);
    }
    f->at += (int64_t)n;
    td_stem_store((const double *const *)f->sum, out, n);
    return TD_OK;
}

/* ---- chains of a plan -------------------------------------------------------------------------------------------- */

td_settings td_step_settings(const td_plan_step *s, td_part *part)
{
    for (size_t i = 0; i < s->n_parts; i++) part[i] = (td_part){ s->part[i].proc, s->part[i].value };
    return (td_settings){ .value = s->value, .part = part, .n_parts = s->n_parts, .file = s->file };
}

td_status td_chain_of_plan(const td_plan_chain *wish, size_t steps, const td_format *fmt, td_chain **out, td_error *err)
{
    size_t n = wish->n_steps < steps ? wish->n_steps : steps;
    size_t parts = 0;
    for (size_t i = 0; i < n; i++) parts += wish->step[i].n_parts;
    td_step *step = calloc(n + 1, sizeof *step);
    td_part *part = calloc(parts + 1, sizeof *part), *next = part;
    td_status st = step && part ? TD_OK : td_no_memory(err);
    for (size_t i = 0; !st && i < n; i++) {
        const td_plan_step *s = &wish->step[i];
        step[i] = (td_step){
            .proc = s->proc,
            .set = td_step_settings(s, next),
            .blend = s->blend,
            .bypass = s->bypass,
            .keyed = s->n_keys > 0,
        };
        next += s->n_parts;
    }
    if (!st) st = td_chain_new(fmt, step, n, out, err);
    free(step);
    free(part);
    return st;
}

/* ---- counting gain changes --------------------------------------------------------------------------------------- */

struct td_watch {
    size_t steps;
    size_t *detectors;        /* per step */
    td_reduction **reduction; /* TD_DETECTORS_MAX a step */
    float **row;              /* the arrays a block is written to */
    float *const **taps;      /* per step; NULL: it has no detector */
};

void td_watch_free(td_watch *w)
{
    if (!w) return;
    for (size_t i = 0; i < w->steps * TD_DETECTORS_MAX; i++) {
        if (w->reduction) td_reduction_free(w->reduction[i]);
        if (w->row) free(w->row[i]);
    }
    free(w->detectors);
    free(w->reduction);
    free(w->row);
    free(w->taps);
    free(w);
}

td_status td_watch_new(const td_plan_chain *wish, td_chain *chain, double rate_hz, td_watch **out)
{
    *out = NULL;
    size_t n = wish->n_steps;
    td_watch *w = calloc(1, sizeof *w);
    if (!w) return TD_NOMEM;
    w->detectors = calloc(n + 1, sizeof *w->detectors);
    w->reduction = calloc(n + 1, TD_DETECTORS_MAX * sizeof *w->reduction);
    w->row = calloc(n + 1, TD_DETECTORS_MAX * sizeof *w->row);
    w->taps = calloc(n + 1, sizeof *w->taps);
    td_status st = w->detectors && w->reduction && w->row && w->taps ? TD_OK : TD_NOMEM;
    if (!st) w->steps = n;
    for (size_t i = 0; !st && i < n; i++) {
        const td_dynamics *d = wish->step[i].proc->dynamics;
        if (!d) continue;
        w->detectors[i] = d->detectors(td_unit_raw(td_chain_unit(chain, i)));
        w->taps[i] = w->row + i * TD_DETECTORS_MAX;
        for (size_t k = 0; !st && k < w->detectors[i]; k++) {
            size_t at = i * TD_DETECTORS_MAX + k;
            st = td_reduction_new(rate_hz, 8, wish->step[i].proc->peaks, &w->reduction[at]);
            if (!(w->row[at] = td_calloc2(TD_BLOCK, 1, sizeof(float)))) st = TD_NOMEM;
        }
    }
    if (st) {
        td_watch_free(w);
        return st;
    }
    *out = w;
    return TD_OK;
}

float *const *const *td_watch_taps(td_watch *w)
{
    return w->taps;
}

void td_watch_count(td_watch *w, const float *left, const float *right, size_t n)
{
    for (size_t i = 0; i < w->steps; i++)
        for (size_t k = 0; k < w->detectors[i]; k++) {
            size_t at = i * TD_DETECTORS_MAX + k;
            td_reduction_add(w->reduction[at], w->row[at], left, right, n);
        }
}

void td_watch_pack(const td_watch *w, td_text *to)
{
    for (size_t i = 0; i < w->steps * TD_DETECTORS_MAX; i++)
        if (w->reduction[i]) td_reduction_pack(w->reduction[i], to);
}

bool td_watch_unpack(td_watch *w, const char **from, const char *end)
{
    for (size_t i = 0; i < w->steps * TD_DETECTORS_MAX; i++)
        if (w->reduction[i] && !td_reduction_unpack(w->reduction[i], from, end)) return false;
    return true;
}

const td_reduction *td_watch_reduction(const td_watch *w, size_t step, size_t detector)
{
    if (!w || step >= w->steps || detector >= w->detectors[step]) return NULL;
    return w->reduction[step * TD_DETECTORS_MAX + detector];
}

/* ---- lanes ------------------------------------------------------------------------------------------------------- */

struct td_lane {
    const td_plan_bus *bus;
    double rate_hz;
    float clip, fader; /* linear */
    td_feed *in;
    source ready; /* what steps in front of `chain` made of it before; then there is no feed */
    td_chain *chain;
    td_keys *keys;
    td_watch *watch;
    bool whole;
    int64_t at; /* the next frame to give */
    ride ride;
    float *dry[2]; /* the chain's input, for counting */
    float staged_peak;
    double staged_square;
    uint64_t staged_frames;
    td_frozen *from, *to; /* the sound behind the chain: kept already, being kept; NULL */
    bool broke;           /* `from` did not last */
};

void td_lane_free(td_lane *l)
{
    if (!l) return;
    td_feed_free(l->in);
    source_fini(&l->ready);
    td_chain_free(l->chain);
    td_keys_free(l->keys);
    for (size_t c = 0; c < 2; c++) free(l->dry[c]);
    td_watch_free(l->watch);
    td_frozen_free(l->from);
    td_frozen_free(l->to);
    free(l);
}

/* The lane with that chain, which is the bus's or a part of it; it has no stems yet. */
static td_status lane_alloc(const td_session *session, const td_plan *plan, size_t bus, const td_plan_chain *chain,
                            td_lane **out, td_error *err)
{
    td_lane *l = *out = calloc(1, sizeof *l);
    if (!l) return td_no_memory(err);
    l->bus = &plan->bus[bus];
    l->rate_hz = session->rate_hz;
    l->ride = (ride){ .point = l->bus->ride, .n = l->bus->n_ride, .rate_hz = l->rate_hz };
    l->clip = (float)td_from_db(l->bus->clip_gain_db);
    l->fader = (float)td_from_db(l->bus->makeup_db + l->bus->fader_db);
    td_format fmt = { .rate_hz = session->rate_hz, .tempo_bpm = plan->tempo_bpm };
    return td_chain_of_plan(chain, SIZE_MAX, &fmt, &l->chain, err);
}

td_status td_lane_from(const td_behind *behind, td_survey *survey, const td_session *session, const td_plan *plan,
                       size_t bus, size_t steps, td_lane **out, td_error *err)
{
    td_lane *l;
    td_plan_chain chain = plan->bus[bus].chain;
    if (steps < chain.n_steps) chain.n_steps = steps;
    if (behind) chain = (td_plan_chain){ chain.step + behind->steps, chain.n_steps - behind->steps };
    *out = NULL;
    td_status st = lane_alloc(session, plan, bus, &chain, &l, err);
    if (!st) st = td_keys_new(survey, session, plan, &chain, &l->keys, err);
    if (!st && behind) {
        l->ready.scratch = behind->sound;
        l->ready.channels = 2;
        st = source_init(&l->ready, err);
    } else if (!st)
        st = td_feed_bus(survey, session, plan, bus, &l->in, err);
    if (!st) {
        l->whole = steps == SIZE_MAX;
        st = td_lane_seek(l, 0, err);
    }
    if (st) {
        td_lane_free(l);
        return st;
    }
    *out = l;
    return TD_OK;
}

td_status td_lane_new(td_survey *survey, const td_session *session, const td_plan *plan, size_t bus, size_t steps,
                      td_lane **out, td_error *err)
{
    return td_lane_from(NULL, survey, session, plan, bus, steps, out, err);
}

td_status td_lane_watch(td_lane *l, td_error *err)
{
    for (size_t c = 0; c < 2; c++)
        if (!(l->dry[c] = td_calloc2(TD_BLOCK, 1, sizeof(float)))) return td_no_memory(err);
    td_status st = td_watch_new(&l->bus->chain, l->chain, l->rate_hz, &l->watch);
    return st ? td_no_memory(err) : TD_OK;
}

const td_reduction *td_lane_reduction(const td_lane *l, size_t step, size_t detector)
{
    return td_watch_reduction(l->watch, step, detector);
}

static void note_staged(td_lane *l, float *const *out, size_t n)
{
    for (size_t c = 0; c < 2; c++) {
        memcpy(l->dry[c], out[c], n * sizeof(float));
        l->staged_peak = fmaxf(l->staged_peak, td_largest(out[c], n));
        l->staged_square += td_squares(out[c], n);
    }
    l->staged_frames += n;
}

void td_lane_staged(const td_lane *l, double *peak, double *square)
{
    *peak = (double)l->staged_peak;
    *square = l->staged_frames ? l->staged_square / (2 * (double)l->staged_frames) : 0;
}

/* What enters the chain: the stems with their clip gain, or what steps in front made of them. */
static td_status lane_input(td_lane *l, float *const *out, size_t n, td_error *err)
{
    float *ready[2];
    if (l->in) {
        td_status st = td_feed_read(l->in, out, n, err);
        for (size_t c = 0; c < 2; c++) td_scale(out[c], l->clip, n);
        return st;
    }
    td_status st = source_read(&l->ready, out, n, ready, err);
    for (size_t c = 0; c < 2 && !st; c++)
        if (ready[c] != out[c]) memcpy(out[c], ready[c], n * sizeof(float));
    return st;
}

/* One block in at the chain's own time, one out. */
static td_status lane_block(td_lane *l, float *const *out, size_t n, td_error *err)
{
    const float *const *const *keys;
    td_status st = lane_input(l, out, n, err);
    if (!st) st = td_keys_read(l->keys, n, &keys, err);
    if (st) return st;
    if (l->watch) note_staged(l, out, n);
    td_chain_process(l->chain, out, keys, l->watch ? td_watch_taps(l->watch) : NULL, n);
    if (l->watch) td_watch_count(l->watch, l->dry[0], l->dry[1], n);
    return TD_OK;
}

td_status td_lane_seek(td_lane *l, int64_t at, td_error *err)
{
    float *scrap[2] = { malloc(TD_BLOCK * sizeof(float)), malloc(TD_BLOCK * sizeof(float)) };
    td_status st = scrap[0] && scrap[1] ? TD_OK : td_no_memory(err);
    if (!st && l->in) st = td_feed_seek(l->in, at, err);
    if (!l->in) source_seek(&l->ready, at);
    if (!st) st = td_keys_seek(l->keys, at, err);
    td_chain_reset(l->chain);
    td_chain_place(l->chain, at);
    for (size_t left = td_chain_latency(l->chain); !st && left;) {
        size_t n = left < TD_BLOCK ? left : TD_BLOCK;
        st = lane_block(l, scrap, n, err);
        left -= n;
    }
    free(scrap[0]);
    free(scrap[1]);
    l->at = at;
    l->ride.now = 0;
    return st;
}

static void lane_fader(td_lane *l, float *const *out, size_t n)
{
    if (l->ride.n) {
        ride_run(&l->ride, l->at, l->fader, out, 2, n);
        return;
    }
    for (size_t c = 0; c < 2; c++) td_scale(out[c], l->fader, n);
}

td_status td_lane_pull(td_lane *l, float *const *out, size_t n, td_error *err)
{
    for (size_t done = 0; done < n;) {
        size_t m = n - done < TD_BLOCK ? n - done : TD_BLOCK;
        float *to[2] = { out[0] + done, out[1] + done };
        td_status st = TD_OK;
        l->broke = l->from && !td_frozen_read(l->from, to, m);
        if (l->broke) st = td_fail(err, TD_DISK, l->bus->name, NULL, "its kept sound cannot be read");
        if (!l->from) st = lane_block(l, to, m, err);
        if (st) return st;
        if (l->to) td_frozen_write(l->to, (const float *const *)to, m);
        if (l->whole) lane_fader(l, to, m);
        l->at += (int64_t)m;
        done += m;
    }
    return TD_OK;
}

/* ---- kept sound -------------------------------------------------------------------------------------------------- */

/* Counted by the chain's own time, of what went in: they are of the sound, as it is. */
typedef struct staged {
    double square;
    uint64_t frames;
    float peak;
    uint32_t none;
} staged;

void td_lane_freeze(td_lane *l, td_frozen *to)
{
    l->to = to;
}

void td_lane_frozen(td_lane *l)
{
    td_text t = { 0 };
    staged s = { .square = l->staged_square, .frames = l->staged_frames, .peak = l->staged_peak };
    if (!l->to) return;
    td_text_addn(&t, (const char *)&s, sizeof s);
    td_watch_pack(l->watch, &t);
    if (!t.broken) td_frozen_commit(l->to, t.data, t.length);
    td_text_free(&t);
}

bool td_lane_broke(const td_lane *l)
{
    return l->broke;
}

static bool recall(td_lane *l)
{
    size_t n;
    const char *at = td_frozen_figures(l->from, &n), *end = at + n;
    staged s;
    if (n < sizeof s) return false;
    memcpy(&s, at, sizeof s);
    at += sizeof s;
    l->staged_square = s.square;
    l->staged_frames = s.frames;
    l->staged_peak = s.peak;
    return td_watch_unpack(l->watch, &at, end) && at == end;
}

td_status td_lane_thaw(td_frozen *from, const td_session *session, const td_plan *plan, size_t bus, td_lane **out,
                       td_error *err)
{
    td_lane *l;
    td_status st = lane_alloc(session, plan, bus, &plan->bus[bus].chain, &l, err);
    if (l) l->whole = true;
    *out = NULL;
    if (l)
        l->from = from;
    else
        td_frozen_free(from);
    if (!st) st = td_lane_watch(l, err);
    if (!st && recall(l)) *out = l;
    if (!*out) td_lane_free(l);
    return st;
}
