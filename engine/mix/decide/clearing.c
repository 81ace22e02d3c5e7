#include "engine/mix/decide/decide.h"

#include "engine/base/units.h"
#include "engine/mix/masking.h"
#include "engine/mix/stemsum.h"
#include <stdlib.h>

/* Taste leaves room on both sides of a usual place. Where the stems' proportions are lost nobody has said where in it a
 * fader stood, so it goes where the groups cover least of each other: one after the other, groups by their faders and
 * stems inside their group. Spectra are the stems' own, where levels and positions put them: what chains will change is
 * not known yet, but for ducks, which follow their key and nothing else. */

enum { GLIMPSES = 400 }; /* steps of the song that are looked at, spread evenly over what sounds */

#define SPARSE   0.1    /* of the time; who plays less has no say in the balance of groups either */
#define WORTH_DB 0.0002 /* part of the whole a decibel must uncover; less is nobody's reason */

/* What is moved as one: a bus, or a stem of the bus that is looked into. */
typedef struct player {
    size_t bus, stem;
    struct player *first;    /* whose gain it shares: microphones of one drum that of the first of them */
    td_masking_frame *frame; /* per glimpse, at the gain it has been given so far */
    double gain;             /* as power, on top of that */
    double loudness;         /* K-weighted power, of stems */
} player;

typedef struct view {
    const td_decider *d;
    size_t inside; /* the bus whose stems are players and which stays as loud as it is; SIZE_MAX: none */
    size_t step[GLIMPSES], n;
    player *player;
    size_t n_players;
    td_masking_frame *frame;
    unsigned char *active;     /* n of each bus: it plays */
    float *ducked;             /* n of each bus: what its chain's keys leave of it, as power */
    bool counts[TD_BUSES_MAX]; /* it plays often enough to have a say in the whole */
} view;

/* By the golden ratio: steps that were equally far apart would meet a song of 120 bpm on its beats alone. */
static td_status choose_steps(view *v, td_error *err)
{
    static const double golden = 0.6180339887498949;
    size_t sounding = 0, *at = td_calloc2(v->d->steps + 1, 1, sizeof *at);
    if (!at) return td_no_memory(err);
    for (size_t i = 0; i < v->d->steps; i++)
        if (v->d->active[i]) at[sounding++] = i;
    v->n = sounding < GLIMPSES ? sounding : GLIMPSES;
    for (size_t i = 0; i < v->n; i++) {
        double turns = golden * (double)i;
        v->step[i] = at[(size_t)((turns - floor(turns)) * (double)sounding)];
    }
    free(at);
    return TD_OK;
}

/* ---- ducks ------------------------------------------------------------------------------------------------------- */

/* What drives a step, dB, per step of the song: the loudest of its keys. Returns the highest. Mean
 * squares, for the detector smooths, and a click of 1 ms moves it less than its peak says. */
static double follow_keys(const td_decider *d, const td_step_wish *w, float *level_db)
{
    double most = -INFINITY;
    for (size_t i = 0; i < d->steps; i++) level_db[i] = -INFINITY;
    for (size_t k = 0; k < w->n_keys; k++) {
        size_t stem[TD_STEMS_MAX], n = td_keys_meant(d, w->key[k], stem);
        for (size_t i = 0; i < n; i++) {
            const td_signal *s = td_survey_signal(d->survey, td_survey_stem(d->survey, stem[i]));
            double gain_db = d->plan->stem[stem[i]].gain_db - d->session->stem[stem[i]].level_db;
            for (size_t t = 0; t < s->steps && t < d->steps; t++)
                level_db[t] = fmaxf(level_db[t], (float)(td_power_db((double)s->ms[t]) + gain_db));
        }
    }
    for (size_t i = 0; i < d->steps; i++) most = fmax(most, (double)level_db[i]);
    return most;
}

/* As written; NaN: the planner decides it, or there is none. */
static double value_of(const td_decider *d, const td_step_wish *w, const char *param)
{
    int i = td_param_find(w->proc, param);
    if (i < 0) return NAN;
    const td_wish *x = &w->value[i];
    return x->kind == TD_WISH_NONE    ? w->proc->params[i].def
           : x->kind == TD_WISH_NOTES ? x->a * 240000 / d->plan->tempo_bpm
                                      : x->a;
}

/* As deep as is asked for where the key is loudest, less by the ratio where it is softer, and let go as it will be. */
static td_status duck_by(view *v, size_t bus, const td_step_wish *w, td_error *err)
{
    const td_decider *d = v->d;
    double depth_db = value_of(d, w, "gain_reduction"), ratio = value_of(d, w, "ratio"),
           release_ms = value_of(d, w, "release");
    if (!w->n_keys || w->when || w->bypass || !(depth_db > 0) || !(ratio > 1)) return TD_OK;
    float *level_db = td_calloc2(d->steps + 1, 1, sizeof *level_db);
    if (!level_db) return td_no_memory(err);
    double most_db = follow_keys(d, w, level_db), down_db = 0;
    double held = release_ms > 0 ? td_exp(-1000 * TD_STEP_S / release_ms) : 0;
    for (size_t t = 0; t < d->steps; t++) { /* in place: from here on it is the reduction */
        down_db = fmax(down_db * held, depth_db - (most_db - (double)level_db[t]) * (1 - 1 / ratio));
        level_db[t] = (float)fmax(down_db, 0);
    }
    for (size_t i = 0; i < v->n; i++) v->ducked[bus * v->n + i] *= (float)td_db_power(-(double)level_db[v->step[i]]);
    free(level_db);
    return TD_OK;
}

static td_status foresee_ducks(view *v, size_t bus, td_error *err)
{
    const td_group_wish *g = td_group_for(v->d, &v->d->plan->bus[bus]);
    for (size_t i = 0; i < v->n; i++) v->ducked[bus * v->n + i] = 1;
    for (size_t i = 0; g && i < g->chain.n_steps; i++) TD_TRY(duck_by(v, bus, &g->chain.step[i], err));
    return TD_OK;
}

/* ---- what is looked at ------------------------------------------------------------------------------------------- */

/* What planned level and position make of a stem as the survey heard it. */
static td_sides power_moved(const td_decider *d, size_t stem)
{
    const td_plan_stem *p = &d->plan->stem[stem];
    const td_stem *t = &d->session->stem[stem];
    unsigned channels = td_stem_channels(t);
    td_sides heard = td_stem_sides(channels, t->level_db, t->pan, false);
    td_sides placed = td_stem_sides(channels, p->gain_db, p->pan, false);
    double left = heard.left > 0 ? placed.left / heard.left : 0,
           right = heard.right > 0 ? placed.right / heard.right : 0;
    return (td_sides){ left * left, right * right };
}

static td_status look_at_stem(view *v, size_t stem, player *to, td_error *err)
{
    const td_decider *d = v->d;
    td_sides moved = power_moved(d, stem);
    double gain = td_db_power(td_bus_gain_db(d, to->bus));
    const float *ducked = v->ducked + to->bus * v->n;
    for (size_t i = 0; i < v->n; i++) {
        td_band_frame f;
        TD_TRY(td_survey_band_frames(d->survey, td_survey_stem(d->survey, stem), v->step[i], 1, &f, err));
        double left = gain * (double)ducked[i] * moved.left, right = gain * (double)ducked[i] * moved.right;
        for (size_t k = 0; k < TD_BANDS; k++) {
            to->frame[i].side[0][k] += (float)left * f.ll[k];
            to->frame[i].side[1][k] += (float)right * f.rr[k];
        }
    }
    return TD_OK;
}

static td_status mark_playing(view *v, size_t bus, td_error *err)
{
    const td_signal *s = td_survey_signal(v->d->survey, td_survey_bus(v->d->survey, bus));
    unsigned char *own = calloc(s->steps + 1, 1);
    if (!own) return td_no_memory(err);
    td_gated_frames(s->k, s->steps, own);
    size_t playing = 0;
    for (size_t i = 0; i < v->n; i++) playing += v->active[bus * v->n + i] = v->step[i] < s->steps && own[v->step[i]];
    v->counts[bus] = (double)playing >= SPARSE * (double)v->n;
    free(own);
    return TD_OK;
}

static player *first_of_drum(const view *v, player *p)
{
    const td_stem *stem = v->d->session->stem;
    for (player *q = v->player + v->d->plan->n_buses; q < p; q++)
        if (td_usual_one_drum(stem[q->stem].role.name, stem[p->stem].role.name)) return q;
    return p;
}

/* Buses first, in their order; the one looked into is then empty, and its stems follow in theirs. */
static td_status look(view *v, td_error *err)
{
    const td_session *s = v->d->session;
    size_t buses = v->d->plan->n_buses, most = buses + s->n_stems;
    TD_TRY(choose_steps(v, err));
    v->player = calloc(most, sizeof *v->player);
    v->frame = td_calloc2(most, v->n + 1, sizeof *v->frame);
    v->active = calloc(buses * v->n + 1, 1);
    v->ducked = td_calloc2(buses, v->n + 1, sizeof *v->ducked);
    if (!v->player || !v->frame || !v->active || !v->ducked) return td_no_memory(err);
    for (size_t b = 0; b < buses; b++) TD_TRY(foresee_ducks(v, b, err));
    for (size_t i = 0; i < most; i++) v->player[i] = (player){ .bus = i, .frame = v->frame + i * v->n, .gain = 1 };
    for (size_t i = 0; i < most; i++) v->player[i].first = &v->player[i];
    v->n_players = buses;
    for (size_t i = 0; i < s->n_stems; i++) {
        size_t bus = s->stem[i].bus;
        if (bus >= buses) continue;
        player *p = &v->player[bus == v->inside ? v->n_players++ : bus];
        p->bus = bus;
        p->stem = i;
        if (bus == v->inside) p->first = first_of_drum(v, p);
        p->loudness = td_stem_power(v->d, i) * td_db_power(v->d->plan->stem[i].gain_db - s->stem[i].level_db);
        TD_TRY(look_at_stem(v, i, p, err));
    }
    for (size_t b = 0; b < buses; b++) TD_TRY(mark_playing(v, b, err));
    return TD_OK;
}

/* ---- the search -------------------------------------------------------------------------------------------------- */

/* What keeps the bus that is looked into as loud as it was. */
static double held_gain(const view *v)
{
    double before = 0, after = 0;
    for (size_t i = v->d->plan->n_buses; i < v->n_players; i++) {
        before += v->player[i].loudness;
        after += v->player[i].first->gain * v->player[i].loudness;
    }
    return after > 0 ? before / after : 1;
}

static void add_up(const view *v, size_t glimpse, td_masking_frame *bus)
{
    double held = held_gain(v);
    for (size_t b = 0; b < v->d->plan->n_buses; b++) bus[b] = (td_masking_frame){ 0 };
    for (size_t p = 0; p < v->n_players; p++) {
        const td_masking_frame *f = &v->player[p].frame[glimpse];
        size_t b = v->player[p].bus;
        float gain = (float)(v->player[p].first->gain * (b == v->inside ? held : 1));
        for (size_t side = 0; side < 2; side++)
            for (size_t k = 0; k < TD_BANDS; k++) bus[b].side[side][k] += gain * f->side[side][k];
    }
}

/* How much of all groups is covered with the gains as they stand. */
static td_status covered(const view *v, double *out, td_error *err)
{
    td_masking m;
    td_masking_frame now[TD_BUSES_MAX];
    double share[TD_BUSES_MAX];
    td_status st = TD_OK;
    td_masking_init(&m, v->d->session);
    td_masking_led_by(&m, v->d->session, td_find_lead(v->d->session, &v->d->playing).bus);
    for (size_t i = 0; !st && i < v->n; i++) {
        add_up(v, i, now);
        if (td_masking_add(&m, now)) st = td_no_memory(err);
    }
    for (size_t b = 0; b < m.n_buses; b++)
        share[b] = v->counts[b] ? td_masked_part(&m, b, v->active + b * v->n, v->n) : NAN;
    *out = td_masked_whole(&m, share);
    td_masking_fini(&m);
    return st;
}

/* As far one way as every stride uncovers something, or comes nearer to where it stood and covers nothing. */
static td_status walk(view *v, player *p, double stride_db, double room_db, double *moved_db, double *least,
                      td_error *err)
{
    double length_db = fabs(stride_db);
    while (room_db >= length_db) {
        double before = p->gain, now;
        p->gain *= td_db_power(stride_db);
        TD_TRY(covered(v, &now, err));
        if (!(now + WORTH_DB * fabs(*moved_db + stride_db) < *least + WORTH_DB * fabs(*moved_db))) {
            p->gain = before;
            return TD_OK;
        }
        *least = now;
        *moved_db += stride_db;
        room_db -= length_db;
    }
    return TD_OK;
}

/* Long strides first: half a decibel often uncovers nothing where three do. */
static td_status search(view *v, player *p, size_t n, const td_leeway *room, td_uncovered *out, td_error *err)
{
    static const double strides_db[] = { 3, 2, 1, 0.5 };
    double least;
    TD_TRY(covered(v, &least, err));
    out->before = least;
    for (size_t k = 0; k < sizeof strides_db / sizeof strides_db[0]; k++) {
        for (size_t i = 0; i < n; i++) {
            double *moved = &out->moved_db[i], was = *moved, stride_db = strides_db[k];
            if (p[i].first != &p[i]) continue;
            TD_TRY(walk(v, &p[i], stride_db, room[i].up_db - *moved, moved, &least, err));
            if (*moved == was) TD_TRY(walk(v, &p[i], -stride_db, room[i].down_db + *moved, moved, &least, err));
        }
    }
    for (size_t i = 0; i < n; i++) out->moved_db[i] = out->moved_db[p[i].first - p];
    out->after = least;
    return TD_OK;
}

td_status td_uncover(td_decider *d, size_t inside, const td_leeway *room, td_uncovered *out, td_error *err)
{
    view v = { .d = d, .inside = inside };
    size_t buses = d->plan->n_buses;
    out->before = out->after = NAN;
    td_status st = look(&v, err);
    if (!st && inside == SIZE_MAX) st = search(&v, v.player, buses, room, out, err);
    if (!st && inside != SIZE_MAX) st = search(&v, v.player + buses, v.n_players - buses, room, out, err);
    if (!st && inside != SIZE_MAX) out->held_db = td_power_db(held_gain(&v));
    free(v.player);
    free(v.frame);
    free(v.active);
    free(v.ducked);
    return st;
}
