#include "engine/mix/plan.h"

#include <stdio.h>
#include <string.h>

const td_plan_goal td_no_goal = { NAN, NAN, NAN, NAN };

bool td_goal_over_time(const td_plan_goal *g)
{
    return fabs(g->p95_db - g->asked_db) < fabs(g->max_db - g->asked_db);
}

void td_plan_free(td_plan *p)
{
    if (p) td_arena_free(p->arena); /* the plan itself lives in it */
}

const char td_silent_stem[] = "silent: left out";

bool td_plan_stem_plays(const td_plan_stem *s)
{
    return s->bus && !(s->reason && !strcmp(s->reason, td_silent_stem));
}

size_t td_plan_playing(const td_plan *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_stems; i++) n += td_plan_stem_plays(&p->stem[i]);
    return n;
}

double td_ride_db(const td_breakpoint *ride, size_t n, double at_s)
{
    if (!n) return 0;
    size_t i = 0;
    while (i < n && ride[i].at_s <= at_s) i++;
    if (!i || i == n) return ride[i ? n - 1 : 0].gain_db;
    const td_breakpoint *p = &ride[i - 1], *q = &ride[i];
    return p->gain_db + (q->gain_db - p->gain_db) * (at_s - p->at_s) / (q->at_s - p->at_s);
}

/* ---- hash: every member that decides sound, each with its kind and length, so that no two plans read alike ------- */

static void add_number(td_sha256 *h, double x)
{
    if (isnan(x)) x = NAN;
    x += 0.0; /* -0 counts as 0 */
    td_sha256_add(h, isnan(x) ? (const void *)"not-set." : (const void *)&x, 8);
}

static void add_count(td_sha256 *h, uint64_t n)
{
    td_sha256_add(h, &n, sizeof n);
}

static void add_text(td_sha256 *h, const char *s)
{
    add_count(h, s ? strlen(s) + 1 : 0);
    if (s) td_sha256_add(h, s, strlen(s));
}

static void add_values(td_sha256 *h, const td_processor *proc, const double *value)
{
    add_text(h, proc->name);
    add_count(h, proc->n_params);
    for (size_t i = 0; i < proc->n_params; i++) add_number(h, value[i]);
}

static void add_chain(td_sha256 *h, const td_plan_chain *c)
{
    add_count(h, c->n_steps);
    for (size_t i = 0; i < c->n_steps; i++) {
        const td_plan_step *s = &c->step[i];
        add_values(h, s->proc, s->value);
        add_count(h, s->n_parts);
        for (size_t k = 0; k < s->n_parts; k++) add_values(h, s->part[k].proc, s->part[k].value);
        add_text(h, s->file);
        add_count(h, s->n_keys);
        for (size_t k = 0; k < s->n_keys; k++) add_text(h, s->key[k]);
        add_number(h, s->blend);
        add_count(h, s->bypass);
    }
}

static void add_sends(td_sha256 *h, const td_plan_send *send, size_t n)
{
    add_count(h, n);
    for (size_t i = 0; i < n; i++) {
        add_text(h, send[i].to);
        add_number(h, send[i].level_db);
    }
}

static void add_ride(td_sha256 *h, const td_breakpoint *ride, size_t n)
{
    add_count(h, n);
    for (size_t i = 0; i < n; i++) {
        add_number(h, ride[i].at_s);
        add_number(h, ride[i].gain_db);
    }
}

static void add_stem(td_sha256 *h, const td_plan_stem *s)
{
    add_text(h, s->sha256);
    add_text(h, s->bus);
    add_number(h, s->gain_db);
    add_number(h, s->pan);
    add_count(h, s->flip);
    add_chain(h, &s->chain);
    add_ride(h, s->ride, s->n_ride);
    add_sends(h, s->send, s->n_sends);
}

static void add_bus(td_sha256 *h, const td_plan_bus *b)
{
    add_text(h, b->name);
    add_number(h, b->clip_gain_db);
    add_chain(h, &b->chain);
    add_number(h, b->makeup_db);
    add_number(h, b->fader_db);
    add_ride(h, b->ride, b->n_ride);
    add_sends(h, b->send, b->n_sends);
}

td_status td_plan_hash(const td_plan *p, char out[TD_SHA256_HEX])
{
    td_sha256 *h;
    td_status st = td_sha256_new(&h);
    if (st) return st;
    add_text(h, "topdown plan/1");
    add_text(h, p->session_hash);
    add_count(h, p->rate_hz);
    add_count(h, p->frames);
    add_number(h, p->tempo_bpm);
    for (size_t i = 0; i < p->n_stems; i++)
        if (p->stem[i].bus) add_stem(h, &p->stem[i]); /* what takes no part decides nothing */
    add_count(h, p->n_buses);
    for (size_t i = 0; i < p->n_buses; i++) add_bus(h, &p->bus[i]);
    add_count(h, p->n_rets);
    for (size_t i = 0; i < p->n_rets; i++) {
        add_text(h, p->ret[i].name);
        add_chain(h, &p->ret[i].chain);
        add_number(h, p->ret[i].fader_db);
        add_sends(h, p->ret[i].send, p->ret[i].n_sends);
    }
    add_number(h, p->trim_db);
    add_chain(h, &p->mix);
    for (td_way k = 0; k < TD_WAYS; k++) {
        const td_plan_chain *way = td_plan_way(p, k);
        if (!way->n_steps) continue; /* as before there were any */
        add_text(h, td_way_names[k]);
        add_chain(h, way);
    }
    td_sha256_hex(h, out);
    return TD_OK;
}

const td_plan_chain *td_plan_way(const td_plan *p, td_way to)
{
    return &p->way[p->way[to].step ? to : TD_TO_MASTER];
}

double td_plan_ordered_tempo(const td_plan *p)
{
    return p->tempo_from && strcmp(p->tempo_from, "job") == 0 ? p->tempo_bpm : 0;
}

/* ---- one bus ----------------------------------------------------------------------------------------------------- */

size_t td_plan_keys(const td_plan *p, const td_session *s, const td_plan_step *step, size_t *index)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_stems; i++) {
        if (s->stem[i].bus >= p->n_buses) continue;
        for (size_t k = 0; k < step->n_keys; k++) {
            if (strcmp(step->key[k], s->stem[i].name)) continue;
            index[n++] = i;
            break;
        }
    }
    return n;
}

/* A stem as it is staged. */
static void add_staged(td_sha256 *h, const td_plan *p, const td_session *s, size_t i)
{
    const td_plan_stem *t = &p->stem[i];
    add_text(h, s->stem[i].sha256);
    add_number(h, t->gain_db);
    add_number(h, t->pan);
    add_count(h, t->flip);
    add_ride(h, t->ride, t->n_ride);
}

static void add_keys(td_sha256 *h, const td_plan *p, const td_session *s, const td_plan_step *step)
{
    size_t index[TD_STEMS_MAX], n = td_plan_keys(p, s, step, index);
    add_count(h, n);
    for (size_t i = 0; i < n; i++) {
        add_number(h, p->bus[s->stem[index[i]].bus].clip_gain_db);
        add_staged(h, p, s, index[i]);
    }
}

/* A chain, what its files hold and what drives it. */
static td_status add_played(td_sha256 *h, const td_plan *p, const td_session *s, const td_plan_chain *c, td_error *err)
{
    td_status st = TD_OK;
    add_chain(h, c);
    for (size_t i = 0; !st && i < c->n_steps; i++) {
        char content[TD_SHA256_HEX];
        add_keys(h, p, s, &c->step[i]);
        if (!c->step[i].file) continue;
        st = td_sha256_file(c->step[i].file, content, NULL, err);
        if (!st) add_text(h, content);
    }
    return st;
}

td_status td_plan_bus_hash(const td_plan *p, const td_session *s, size_t bus, char out[TD_SHA256_HEX], td_error *err)
{
    const td_plan_bus *b = &p->bus[bus];
    td_sha256 *h;
    td_status st = td_sha256_new(&h);
    if (st) return td_no_memory(err);
    add_text(h, "topdown bus/1");
    add_count(h, s->rate_hz);
    add_number(h, p->tempo_bpm);
    for (size_t i = 0; !st && i < s->n_stems; i++) {
        if (s->stem[i].bus != bus) continue;
        add_staged(h, p, s, i);
        st = add_played(h, p, s, &p->stem[i].chain, err);
    }
    add_number(h, b->clip_gain_db);
    if (!st) st = add_played(h, p, s, &b->chain, err);
    td_sha256_hex(h, out);
    return st;
}

/* ---- counts ------------------------------------------------------------------------------------------------------ */

td_decision_count td_decisions_count(const td_decision *d, size_t n)
{
    td_decision_count c = { .all = n };
    for (size_t i = 0; i < n; i++) {
        c.solved += d[i].origin == TD_SOLVED;
        c.written += d[i].origin == TD_AS_WRITTEN || d[i].origin == TD_FROM_KNOB;
        c.fixes += d[i].origin == TD_FROM_FIX;
    }
    return c;
}
