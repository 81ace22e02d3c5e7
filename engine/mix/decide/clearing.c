#include "engine/mix/decide/decide.h"

#include "engine/base/units.h"
#include "engine/mix/masking.h"
#include "engine/mix/stemsum.h"
#include <stdlib.h>

/* Taste leaves room on both sides of a usual place. Where the stems' proportions are lost nobody has said where in it a
 * fader stood, so it goes where the groups cover least of each other: half a decibel at a time, one after the other,
 * groups by their faders and drums inside their kit. Spectra are the stems' own, where levels and positions put them:
 * what chains will change is not known yet. */

enum { GLIMPSES = 400 }; /* steps of the song that are looked at, spread evenly over what sounds */
enum { PASSES = 2 };

#define STRIDE_DB 0.5
#define WORTH     0.0002 /* part of the whole a stride must uncover; less is nobody's reason */

/* What is moved as one: a bus, or a stem of the kit that is looked into. */
typedef struct player {
    size_t bus;
    td_masking_frame *frame; /* per glimpse, at the gain it has been given so far */
    double gain;             /* as power, on top of that */
    double loudness;         /* K-weighted power, of stems */
} player;

typedef struct view {
    const td_decider *d;
    size_t kit; /* the bus whose stems are players and which stays as loud as it is; SIZE_MAX: none */
    size_t step[GLIMPSES], n;
    player *player;
    size_t n_players;
    td_masking_frame *frame;
    unsigned char *active; /* n of each bus: it plays */
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

/* What planned level and position make of a stem as the survey heard it. */
static td_sides power_moved(const td_decider *d, size_t stem)
{
    const td_plan_stem *p = &d->plan->stem[stem];
    const td_stem *t = &d->session->stem[stem];
    unsigned channels = t->path_right ? 2 : t->info.channels;
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
    for (size_t i = 0; i < v->n; i++) {
        td_band_frame f;
        TD_TRY(td_survey_band_frames(d->survey, td_survey_stem(d->survey, stem), v->step[i], 1, &f, err));
        for (size_t k = 0; k < TD_BANDS; k++) {
            to->frame[i].side[0][k] += (float)(gain * moved.left) * f.ll[k];
            to->frame[i].side[1][k] += (float)(gain * moved.right) * f.rr[k];
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
    for (size_t i = 0; i < v->n; i++) v->active[bus * v->n + i] = v->step[i] < s->steps && own[v->step[i]];
    free(own);
    return TD_OK;
}

/* Buses first, in their order; the kit's own is then empty, and its stems follow in theirs. */
static td_status look(view *v, td_error *err)
{
    const td_session *s = v->d->session;
    size_t buses = v->d->plan->n_buses, most = buses + s->n_stems;
    TD_TRY(choose_steps(v, err));
    v->player = calloc(most, sizeof *v->player);
    v->frame = td_calloc2(most, v->n + 1, sizeof *v->frame);
    v->active = calloc(buses * v->n + 1, 1);
    if (!v->player || !v->frame || !v->active) return td_no_memory(err);
    for (size_t i = 0; i < most; i++) v->player[i] = (player){ .bus = i, .frame = v->frame + i * v->n, .gain = 1 };
    v->n_players = buses;
    for (size_t i = 0; i < s->n_stems; i++) {
        size_t bus = s->stem[i].bus;
        if (bus >= buses) continue;
        player *p = &v->player[bus == v->kit ? v->n_players++ : bus];
        p->bus = bus;
        p->loudness = td_stem_power(v->d, i) * td_db_power(v->d->plan->stem[i].gain_db - s->stem[i].level_db);
        TD_TRY(look_at_stem(v, i, p, err));
    }
    for (size_t b = 0; b < buses; b++) TD_TRY(mark_playing(v, b, err));
    return TD_OK;
}

/* What keeps the kit as loud as it was. */
static double kit_gain(const view *v)
{
    double before = 0, after = 0;
    for (size_t i = v->d->plan->n_buses; i < v->n_players; i++) {
        before += v->player[i].loudness;
        after += v->player[i].gain * v->player[i].loudness;
    }
    return after > 0 ? before / after : 1;
}

static void add_up(const view *v, size_t glimpse, td_masking_frame *bus)
{
    double held = kit_gain(v);
    for (size_t b = 0; b < v->d->plan->n_buses; b++) bus[b] = (td_masking_frame){ 0 };
    for (size_t p = 0; p < v->n_players; p++) {
        const td_masking_frame *f = &v->player[p].frame[glimpse];
        size_t b = v->player[p].bus;
        float gain = (float)(v->player[p].gain * (b == v->kit ? held : 1));
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
    for (size_t i = 0; !st && i < v->n; i++) {
        add_up(v, i, now);
        if (td_masking_add(&m, now)) st = td_no_memory(err);
    }
    for (size_t b = 0; b < m.n_buses; b++) share[b] = td_masked_part(&m, b, v->active + b * v->n, v->n);
    *out = td_masked_whole(&m, share);
    td_masking_fini(&m);
    return st;
}

/* As far one way as every stride uncovers something. */
static td_status walk(view *v, player *p, double stride_db, double room_db, double *moved_db, double *least,
                      td_error *err)
{
    while (room_db >= STRIDE_DB) {
        double before = p->gain, now;
        p->gain *= td_db_power(stride_db);
        TD_TRY(covered(v, &now, err));
        if (!(now < *least - WORTH)) {
            p->gain = before;
            return TD_OK;
        }
        *least = now;
        *moved_db += stride_db;
        room_db -= STRIDE_DB;
    }
    return TD_OK;
}

static td_status search(view *v, player *p, size_t n, const td_leeway *room, td_uncovered *out, td_error *err)
{
    double least;
    TD_TRY(covered(v, &least, err));
    out->before = least;
    for (int pass = 0; pass < PASSES; pass++) {
        for (size_t i = 0; i < n; i++) {
            double *moved = &out->moved_db[i], was = *moved;
            TD_TRY(walk(v, &p[i], STRIDE_DB, room[i].up_db - *moved, moved, &least, err));
            if (*moved == was) TD_TRY(walk(v, &p[i], -STRIDE_DB, room[i].down_db + *moved, moved, &least, err));
        }
    }
    out->after = least;
    return TD_OK;
}

td_status td_uncover(td_decider *d, size_t kit, const td_leeway *room, td_uncovered *out, td_error *err)
{
    view v = { .d = d, .kit = kit };
    size_t buses = d->plan->n_buses;
    out->before = out->after = NAN;
    td_status st = look(&v, err);
    if (!st && kit == SIZE_MAX) st = search(&v, v.player, buses, room, out, err);
    if (!st && kit != SIZE_MAX) st = search(&v, v.player + buses, v.n_players - buses, room, out, err);
    if (!st && kit != SIZE_MAX)
        for (size_t i = 0; i < v.n_players - buses; i++) out->moved_db[i] += td_power_db(kit_gain(&v));
    free(v.player);
    free(v.frame);
    free(v.active);
    return st;
}
