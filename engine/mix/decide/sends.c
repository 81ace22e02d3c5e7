#include "engine/mix/decide/response.h"
#include "engine/mix/decide/sender.h"

#include "engine/base/row.h"
#include "engine/base/units.h"
#include <stdlib.h>
#include <string.h>

/* A send's level alone does not tell how much is heard: what a return takes off below and above, how often it repeats
 * and what the source is made of move that by several dB. So a recipe may say how far the wet sound is to lie under the
 * dry (about 9 LU was preferred, as loud as the dry disliked: Pestana and Reiss 2014). What a linear return makes of
 * the powers of a bus or a stem its response tells. Else places of the dry sound go through the return one after the
 * other, and silence behind them: what of one place still sounds in the next is counted all the same. */

enum { PIECE_STEPS = 10, WARM_STEPS = 3 }; /* of 100 ms: what is heard of a place, and what is dropped before it */

#define LEAST_DB (-60.0)
#define MOST_DB  12.0

/* A level still to be found stands at what is asked for; it has no reason yet. */
td_status td_decide_sends(td_decider *d, const td_send_wish *wish, size_t n, td_plan_send **out, size_t *n_out,
                          td_error *err)
{
    td_plan_send *send = td_arena_array(d->arena, n + 1, sizeof *send);
    if (!send) return td_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        bool share = wish[i].level_db.kind == TD_WISH_ABOUT;
        send[i] = (td_plan_send){ .to = td_arena_strdup(d->arena, wish[i].to),
                                  .level_db = wish[i].level_db.a,
                                  .reason = share ? NULL : "as written" };
        if (!send[i].to) return td_no_memory(err);
    }
    *out = send;
    *n_out = n;
    return TD_OK;
}

/* ---- what is sent ------------------------------------------------------------------------------------------------ */

typedef struct share {
    td_plan_send *send;
    const td_plan_return *ret;
    td_plan_chain chain;           /* of the return, but for what a key drives: that is meant to be gone at times */
    const td_band_power *response; /* of that; NULL: it is to be played */
    double heard_db;               /* wet against dry, at the level the send has; NaN: nothing sounds */
} share;

typedef struct source {
    const char *name;
    size_t bus, stem;          /* stem SIZE_MAX: all of the bus */
    const td_plan_return *ret; /* or what leaves this one */
    size_t signal;             /* that tells when it sounds */
    share *share;              /* where it is sent to */
    size_t shares;
    td_sender sound;
} source;

/* ---- what is foretold -------------------------------------------------------------------------------------------- */

/* A stem's powers over the song, each step times its weight; NULL: alike. */
static td_status weigh_bands(const td_decider *d, size_t stem, const float *weight, td_band_power *out, td_error *err)
{
    enum { BATCH = 32 };
    td_band_frame frame[BATCH];
    size_t signal = td_survey_stem(d->survey, stem), steps = td_survey_signal(d->survey, signal)->steps;
    if (!weight) return td_survey_bands(d->survey, signal, NULL, out, err);
    *out = (td_band_power){ 0 };
    if (steps > d->steps) steps = d->steps;
    for (size_t at = 0, n; at < steps; at += n) {
        n = steps - at < BATCH ? steps - at : BATCH;
        TD_TRY(td_survey_band_frames(d->survey, signal, at, n, frame, err));
        for (size_t i = 0; i < n; i++)
            for (size_t b = 0; b < TD_BANDS; b++) {
                out->ll[b] += (double)(weight[at + i] * frame[i].ll[b]);
                out->rr[b] += (double)(weight[at + i] * frame[i].rr[b]);
                out->lr[b] += (double)(weight[at + i] * frame[i].lr[b]);
            }
    }
    return TD_OK;
}

/* Adds a stem as it stands in its bus now: the survey heard it as it was delivered. */
static td_status add_stem(const td_decider *d, size_t stem, const float *weight, td_band_power *sum, td_error *err)
{
    td_sides moved = td_stem_moved(d, stem);
    td_band_power own;
    double fixes[TD_BANDS];
    TD_TRY(weigh_bands(d, stem, weight, &own, err));
    TD_TRY(td_chain_power(d, &d->plan->stem[stem].chain, fixes, err));
    for (size_t i = 0; i < TD_BANDS; i++) {
        sum->ll[i] += moved.left * moved.left * fixes[i] * own.ll[i];
        sum->rr[i] += moved.right * moved.right * fixes[i] * own.rr[i];
        sum->lr[i] += moved.left * moved.right * fixes[i] * own.lr[i];
    }
    return TD_OK;
}

/* By band, for colour alone counts: what detectors, make-up and faders do to its level they do to wet and dry. */
static td_status sound_of(const td_decider *d, const source *from, td_band_power *out, td_error *err)
{
    double power[TD_BANDS];
    *out = (td_band_power){ 0 };
    if (from->stem != SIZE_MAX) return add_stem(d, from->stem, NULL, out, err);
    for (size_t i = 0; i < d->session->n_stems; i++)
        if (d->session->stem[i].bus == from->bus) TD_TRY(add_stem(d, i, d->eased[from->bus], out, err));
    TD_TRY(td_chain_power(d, &d->plan->bus[from->bus].chain, power, err));
    td_bands_scale(out, power);
    return TD_OK;
}

static td_status foretell(const td_decider *d, const source *from, td_error *err)
{
    td_band_power sound;
    TD_TRY(sound_of(d, from, &sound, err));
    for (size_t i = 0; i < from->shares; i++) {
        share *s = &from->share[i];
        if (s->response) s->heard_db = td_response_db(s->response, &sound) + s->send->level_db + s->ret->fader_db;
    }
    return TD_OK;
}

/* ---- what is heard ----------------------------------------------------------------------------------------------- */

typedef struct ear {
    share *of;
    float level; /* of the send */
    td_chain *chain;
    td_loudness *wet;
} ear;

typedef struct ears {
    ear *ear; /* one a send that nobody foretells */
    size_t n;
    td_loudness *dry;
} ears;

static void close_ears(ears *e)
{
    for (size_t i = 0; i < e->n; i++) {
        td_loudness_free(e->ear[i].wet);
        td_chain_free(e->ear[i].chain);
    }
    td_loudness_free(e->dry);
    free(e->ear);
}

static td_status open_ear(ear *e, share *of, const td_format *fmt, td_error *err)
{
    e->of = of;
    e->level = (float)td_from_db(of->send->level_db);
    TD_TRY(td_chain_of_plan(&of->chain, SIZE_MAX, fmt, &e->chain, err));
    return td_loudness_new((unsigned)fmt->rate_hz, 2, &e->wet) ? td_no_memory(err) : TD_OK;
}

static td_status open_ears(ears *e, const td_decider *d, const source *from, td_error *err)
{
    td_format fmt = td_format_of(d->session, d->plan);
    e->ear = calloc(from->shares, sizeof *e->ear);
    if (!e->ear || td_loudness_new((unsigned)fmt.rate_hz, 2, &e->dry)) return td_no_memory(err);
    for (size_t i = 0; i < from->shares; i++)
        if (!from->share[i].response) TD_TRY(open_ear(&e->ear[e->n++], &from->share[i], &fmt, err));
    return TD_OK;
}

/* n at most TD_BLOCK. */
static td_status hear_return(ear *e, const float *const *dry, size_t n, td_error *err)
{
    float block[2][TD_BLOCK], *sound[2] = { block[0], block[1] };
    for (size_t c = 0; c < 2; c++) {
        memcpy(block[c], dry[c], n * sizeof(float));
        td_scale(block[c], e->level, n);
    }
    td_chain_process(e->chain, sound, NULL, NULL, n);
    return td_loudness_add(e->wet, (const float *const *)sound, n) ? td_no_memory(err) : TD_OK;
}

static td_status hear_place(ears *e, source *from, size_t step, td_error *err)
{
    float block[2][TD_BLOCK], *to[2] = { block[0], block[1] };
    for (size_t left = (WARM_STEPS + PIECE_STEPS) * step, n; left; left -= n) {
        bool counts = left <= PIECE_STEPS * step;
        size_t until = counts ? left : left - PIECE_STEPS * step;
        n = until < TD_BLOCK ? until : TD_BLOCK;
        TD_TRY(td_sender_read(&from->sound, to, n, err));
        if (!counts) continue;
        if (td_loudness_add(e->dry, (const float *const *)to, n)) return td_no_memory(err);
        for (size_t i = 0; i < e->n; i++) TD_TRY(hear_return(&e->ear[i], (const float *const *)to, n, err));
    }
    return TD_OK;
}

/* Down to -40 dB, a third of the way: what rings on after that is no part of the sum. */
static td_status hear_tail(ear *e, size_t step, td_error *err)
{
    static const float silence[TD_BLOCK];
    const float *const none[2] = { silence, silence };
    for (size_t left = td_chain_latency(e->chain) + td_chain_tail(e->chain) / 3 + step, n; left; left -= n) {
        n = left < TD_BLOCK ? left : TD_BLOCK;
        TD_TRY(hear_return(e, none, n, err));
    }
    return TD_OK;
}

static double power(const td_loudness *m)
{
    size_t n;
    const float *k = td_loudness_steps(m, &n);
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)k[i];
    return sum;
}

static td_status hear_all(const td_decider *d, source *from, ears *e, td_error *err)
{
    size_t step = d->session->rate_hz / 10, n;
    int64_t at[TD_PLACES];
    TD_TRY(td_spread_places(d, from->signal, PIECE_STEPS, at, &n, err));
    for (size_t i = 0; i < n; i++) {
        TD_TRY(td_sender_seek(&from->sound, at[i] - (int64_t)(WARM_STEPS * step), err));
        TD_TRY(hear_place(e, from, step, err));
    }
    double dry = power(e->dry);
    for (size_t i = 0; i < e->n; i++) {
        TD_TRY(hear_tail(&e->ear[i], step, err));
        double wet = power(e->ear[i].wet);
        share *s = e->ear[i].of;
        s->heard_db = dry > 0 && wet > 0 ? td_power_db(wet / dry) + s->ret->fader_db : NAN;
    }
    return TD_OK;
}

static td_status play(const td_decider *d, source *from, ears *e, td_error *err)
{
    TD_TRY(from->ret ? td_sender_open_return(d, from->ret, &from->sound, err)
                     : td_sender_open(d, from->bus, from->stem, &from->sound, err));
    return hear_all(d, from, e, err);
}

typedef struct share_task {
    td_decider *d;
    source *source;
    share *share;
    size_t sources, shares;
    struct known *known; /* by return */
} share_task;

static td_status measure(void *shared, size_t index, td_error *err)
{
    const share_task *t = shared;
    source *from = &t->source[index];
    ears e = { 0 };
    td_status st = open_ears(&e, t->d, from, err);
    if (!st && e.n) st = play(t->d, from, &e, err);
    if (!st && e.n < from->shares) st = foretell(t->d, from, err);
    close_ears(&e);
    td_sender_close(&from->sound);
    return st;
}

/* ---- responses --------------------------------------------------------------------------------------------------- */

typedef struct known {
    td_plan_chain chain; /* of a return, but for what a key drives */
    bool asked, linear;
    td_band_power response;
} known;

static td_status respond(void *shared, size_t index, td_error *err)
{
    const share_task *t = shared;
    known *k = &t->known[index];
    td_format fmt = td_format_of(t->d->session, t->d->plan);
    return k->asked && k->linear ? td_chain_response(&fmt, &k->chain, &k->response, err) : TD_OK;
}

/* Of linear returns that a bus or a stem asks for a share. */
static td_status hear_responses(share_task *t, td_error *err)
{
    const td_plan *p = t->d->plan;
    for (size_t i = 0; i < t->shares; i++) t->known[t->share[i].ret - p->ret].asked = true;
    TD_TRY(td_pool_run(t->d->wish->pool, p->n_rets, respond, t, err));
    for (size_t i = 0; i < t->shares; i++) {
        const known *k = &t->known[t->share[i].ret - p->ret];
        if (k->linear) t->share[i].response = &k->response;
    }
    return TD_OK;
}

static td_status know_returns(share_task *t, td_error *err)
{
    const td_plan *p = t->d->plan;
    if (!(t->known = td_arena_array(t->d->arena, p->n_rets + 1, sizeof *t->known))) return td_no_memory(err);
    for (size_t r = 0; r < p->n_rets; r++) {
        TD_TRY(td_chain_unkeyed(t->d, &p->ret[r].chain, &t->known[r].chain, err));
        t->known[r].linear = td_chain_linear(&t->known[r].chain);
    }
    return TD_OK;
}

/* ---- levels ------------------------------------------------------------------------------------------------------ */

static td_status set_level(td_decider *d, const share *s, const char *who, td_error *err)
{
    td_plan_send *p = s->send;
    double asked = p->level_db;
    if (isnan(s->heard_db)) {
        p->reason = td_arena_printf(d->arena, "about %.3g LU wanted, but nothing is heard of it: sent as that", asked);
    } else {
        double level = td_round_to(td_clamp(asked + asked - s->heard_db, LEAST_DB, MOST_DB), 0.1);
        double reached = s->heard_db + level - asked;
        p->reason = td_arena_printf(d->arena, "about %.3g LU wanted: %s is heard %.1f LU under %s dry%s", asked, p->to,
                                    -reached, who, fabs(reached - asked) > 0.1 ? "; held at the limit" : "");
        p->level_db = level;
        p->asked_lu = asked;
        p->heard_lu = td_round_to(reached, 0.1);
    }
    return p->reason ? TD_OK : td_no_memory(err);
}

static const td_plan_return *return_of(const td_plan *p, const char *name)
{
    for (size_t i = 0; i < p->n_rets; i++)
        if (!strcmp(p->ret[i].name, name)) return &p->ret[i];
    return NULL;
}

/* Those of a source's sends that ask for a share. */
static void collect(share_task *t, const source *of, td_plan_send *send, size_t n)
{
    source *from = &t->source[t->sources];
    *from = *of;
    from->share = t->share + t->shares;
    for (size_t i = 0; i < n; i++) {
        const td_plan_return *ret = return_of(t->d->plan, send[i].to);
        if (send[i].reason || !ret) continue;
        share *s = &from->share[from->shares++];
        *s = (share){ .send = &send[i], .ret = ret, .chain = t->known[ret - t->d->plan->ret].chain, .heard_db = NAN };
    }
    t->shares += from->shares;
    t->sources += from->shares > 0;
}

static td_status measure_and_set(share_task *t, td_error *err)
{
    TD_TRY(td_pool_run(t->d->wish->pool, t->sources, measure, t, err));
    for (size_t i = 0; i < t->sources; i++)
        for (size_t k = 0; k < t->source[i].shares; k++)
            TD_TRY(set_level(t->d, &t->source[i].share[k], t->source[i].name, err));
    t->sources = t->shares = 0;
    return TD_OK;
}

/* The loudest of what reaches a return: it sounds when that does. What effects on the way make of it does not count. */
typedef struct loudest {
    size_t signal;
    double db;
} loudest;

static void offer(const td_plan *p, loudest *l, size_t signal, double db, const td_plan_send *send, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t r = 0; r < p->n_rets; r++)
            if (!strcmp(p->ret[r].name, send[i].to) && db + send[i].level_db > l[r].db)
                l[r] = (loudest){ signal, db + send[i].level_db };
}

static double signal_db(const td_decider *d, size_t signal)
{
    const td_signal *s = td_survey_signal(d->survey, signal);
    double sum = 0;
    for (size_t i = 0; i < s->steps; i++) sum += (double)s->k[i];
    return td_power_db(sum);
}

static td_status find_loudest(const td_decider *d, loudest **out, td_error *err)
{
    const td_plan *p = d->plan;
    loudest *l = *out = td_arena_array(d->arena, p->n_rets + 1, sizeof *l);
    if (!l) return td_no_memory(err);
    for (size_t r = 0; r < p->n_rets; r++) l[r] = (loudest){ td_survey_sum(d->survey), -INFINITY };
    for (size_t b = 0; b < p->n_buses; b++) {
        size_t signal = td_survey_bus(d->survey, b);
        offer(p, l, signal, signal_db(d, signal) + td_bus_gain_db(d, b), p->bus[b].send, p->bus[b].n_sends);
    }
    for (size_t i = 0; i < p->n_stems; i++) {
        size_t signal = td_survey_stem(d->survey, i);
        offer(p, l, signal, signal_db(d, signal) + td_stem_gain_db(d, i), p->stem[i].send, p->stem[i].n_sends);
    }
    for (size_t r = 0; r < p->n_rets; r++)
        offer(p, l, l[r].signal, l[r].db + p->ret[r].fader_db, p->ret[r].send, p->ret[r].n_sends);
    return TD_OK;
}

/* What a return lets out is known once all that reaches it is. */
static td_status decide_onward(share_task *t, td_error *err)
{
    const td_plan *p = t->d->plan;
    loudest *l;
    TD_TRY(find_loudest(t->d, &l, err));
    for (size_t r = 0; r < p->n_rets; r++) {
        source from = { .name = p->ret[r].name, .ret = &p->ret[r], .signal = l[r].signal };
        collect(t, &from, p->ret[r].send, p->ret[r].n_sends);
        TD_TRY(measure_and_set(t, err));
    }
    return TD_OK;
}

td_status td_decide_shares(td_decider *d, td_error *err)
{
    td_plan *p = d->plan;
    size_t most = 0;
    for (size_t b = 0; b < p->n_buses; b++) most += p->bus[b].n_sends;
    for (size_t i = 0; i < p->n_stems; i++) most += p->stem[i].n_sends;
    for (size_t i = 0; i < p->n_rets; i++) most += p->ret[i].n_sends;
    share_task t = { .d = d, .share = td_arena_array(d->arena, most + 1, sizeof *t.share) };
    t.source = td_arena_array(d->arena, most + 1, sizeof *t.source);
    if (!t.share || !t.source) return td_no_memory(err);
    TD_TRY(know_returns(&t, err));
    for (size_t b = 0; b < p->n_buses; b++) {
        source from = { .name = p->bus[b].name, .bus = b, .stem = SIZE_MAX, .signal = td_survey_bus(d->survey, b) };
        collect(&t, &from, p->bus[b].send, p->bus[b].n_sends);
    }
    for (size_t i = 0; i < p->n_stems; i++) {
        source from = {
            .name = p->stem[i].name, .bus = d->session->stem[i].bus, .stem = i, .signal = td_survey_stem(d->survey, i)
        };
        if (from.bus < p->n_buses) collect(&t, &from, p->stem[i].send, p->stem[i].n_sends);
    }
    TD_TRY(hear_responses(&t, err));
    TD_TRY(measure_and_set(&t, err));
    return decide_onward(&t, err);
}
