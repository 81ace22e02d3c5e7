#include "engine/mix/lane.h"

#include "engine/base/row.h"
#include "engine/base/units.h"
#include "engine/mix/keys.h"
#include "engine/mix/reel.h"
#include "engine/mix/riding.h"
#include <stdlib.h>
#include <string.h>

struct td_lane {
    const td_plan_bus *bus;
    double rate_hz;
    float clip, fader; /* linear */
    td_feed *in;
    td_reel ready; /* what steps in front of `chain` made of it before; then there is no feed */
    td_chain *chain;
    td_keys *keys;
    td_watch *watch;
    bool whole;
    int64_t at; /* the next frame to give */
    td_riding ride;
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
    td_reel_fini(&l->ready);
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
    l->ride = (td_riding){ .point = l->bus->ride, .n = l->bus->n_ride, .rate_hz = l->rate_hz };
    l->clip = (float)td_from_db(l->bus->clip_gain_db);
    l->fader = (float)td_from_db(l->bus->makeup_db + l->bus->fader_db);
    td_format fmt = td_format_of(session, plan);
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
        st = td_reel_init(&l->ready, err);
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
    td_status st = td_reel_read(&l->ready, out, n, ready, err);
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
    if (!l->in) td_reel_seek(&l->ready, at);
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
        td_riding_run(&l->ride, l->at, l->fader, out, 2, n);
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
