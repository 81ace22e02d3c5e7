#include "engine/mix/feed.h"

#include "engine/mix/chaining.h"
#include "engine/mix/keys.h"
#include "engine/mix/reel.h"
#include "engine/mix/riding.h"
#include "engine/mix/stemsum.h"
#include <stdlib.h>
#include <string.h>

typedef struct stem_in {
    td_reel from;
    td_sides sides;
    td_chain *chain;      /* of its fixes; NULL */
    td_keys *keys;        /* of that */
    struct stem_in *mate; /* a later mono stem that shares the chain; NULL */
    float *ready;         /* of such a mate: its block, from its sharer's turn to its own; else NULL */
    td_riding ride;
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
        td_reel_fini(&f->stem[i].from);
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
    in->from.survey = survey;
    in->from.index = i;
    in->from.rate_hz = session->rate_hz;
    in->from.channels = in->from.scratch ? td_scratch_planes(in->from.scratch) : td_stem_channels(s);
    if ((st = td_reel_init(&in->from, err))) return st;
    in->sides = (td_sides){ 1, 1 };
    if (!plan) return TD_OK;
    const td_plan_stem *p = &plan->stem[i];
    in->sides = td_stem_sides(in->from.channels, p->gain_db + gain_db, p->pan, p->flip);
    in->ride = (td_riding){ .point = p->ride, .n = p->n_ride, .rate_hz = session->rate_hz };
    if (!fixes || !p->chain.n_steps) return TD_OK;
    td_format fmt = td_format_of(session, plan);
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
    td_status st = td_reel_read(&in->from, work, n, out, err);
    if (st || !in->chain) return st;
    if (in->mate) {
        st = td_reel_read(&in->mate->from, work + 1, n, out + 1, err);
        in->mate->ready = out[1];
    } else if (in->from.channels == 1)
        out[1] = memcpy(work[1], out[0], n * sizeof(float));
    if (!st) st = td_keys_read(in->keys, n, &keys, err);
    if (!st) td_chain_process(in->chain, out, keys, NULL, n);
    return st;
}

/* Reads ahead by the latency of the fixes, and drops what comes. */
static td_status stem_go(stem_in *in, float *const *work, int64_t at, td_error *err)
{
    td_status st = td_keys_seek(in->keys, at, err);
    td_chain_reset(in->chain);
    td_chain_place(in->chain, at);
    for (size_t left = td_chain_latency(in->chain); !st && left;) {
        size_t n = left < TD_BLOCK ? left : TD_BLOCK;
        float *scrap[2];
        st = stem_read(in, work, n, scrap, err);
        left -= n;
    }
    return st;
}

td_status td_feed_seek(td_feed *f, int64_t at, td_error *err)
{
    td_status st = TD_OK;
    f->at = at;
    for (size_t i = 0; !st && i < f->n; i++) {
        stem_in *in = &f->stem[i];
        td_reel_seek(&in->from, at);
        in->ride.now = 0;
        in->ready = NULL;
        if (in->chain) st = stem_go(in, f->work, at, err);
    }
    return st;
}

td_status td_feed_read(td_feed *f, float *const *out, size_t n, td_error *err)
{
    for (size_t c = 0; c < 2; c++) memset(f->sum[c], 0, n * sizeof(double));
    for (size_t i = 0; i < f->n; i++) {
        stem_in *in = &f->stem[i];
        float *ch[2];
        td_status st = stem_read(in, f->work, n, ch, err);
        if (st) return st;
        if (in->ride.n) td_riding_run(&in->ride, f->at, 1, ch, in->from.channels, n);
        td_stem_add(f->sum, (const float *const *)ch, in->from.channels, in->sides, n);
    }
    f->at += (int64_t)n;
    td_stem_store((const double *const *)f->sum, out, n);
    return TD_OK;
}
