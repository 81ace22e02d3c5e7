#include "engine/mix/decide/decide.h"

#include "engine/base/units.h"
#include "engine/mix/masking.h"
#include "engine/mix/roles.h"
#include <stdlib.h>

/* Taste leaves room on both sides of a usual place. Where the stems' proportions are lost nobody has said where in it a
 * fader stood, so it goes where the groups cover less of each other, as far as that is worth the way: all at once,
 * groups by their faders, stems inside their group. Spectra are the stems' own, where levels and positions put them:
 * what chains will change is not known yet, but for ducks, which follow their key and nothing else. */

enum { GLIMPSES = 600 }; /* steps of the song that are looked at, roughly, spread evenly over what sounds */
enum { PARTS = 8 };      /* of them, looked at side by side */

/* What a move must bring, of the whole: a quarter of a hundredth at 3 dB, growing with the square of the way. So the
 * best place follows the stems without a jump, and lies far from where a fader stood only for what is heard. */
#define COST_AT_3_DB 0.0025
#define LEAST_DB     0.4 /* of such a way; less is nobody's reason to touch a fader */

#define BEAT_DB 3 /* kick and snare are parted, against what is usual, by no more than this, or than they stood */

/* What is moved as one: a bus, or a stem of the bus that is looked into. */
typedef struct player {
    size_t bus, stem;
    struct player *first;    /* whose move it shares: microphones of one drum that of the first of them */
    td_masking_frame *frame; /* per glimpse, at the gain it has been given so far */
    double moved_db;         /* on top of that */
    double gain, loudness;   /* as power; K-weighted, of stems */
    double slope;            /* of the whole, a decibel */
    double part[PARTS];      /* of that: what each part of the glimpses says */
} player;

typedef struct view {
    const td_decider *d;
    double fader_db[TD_BUSES_MAX]; /* as they will stand */
    size_t inside; /* the bus whose stems are players and which stays as loud as it is; SIZE_MAX: none */
    size_t *step, n;
    player *player, *of_stem[TD_STEMS_MAX];
    size_t n_players;
    td_masking masking;
    td_masking_frame *frame;
    unsigned char *active;       /* steps of each bus: it plays */
    float *ducked;               /* n of each bus: what its chain's keys leave of it, as power */
    double weight[TD_BUSES_MAX]; /* of a glimpse in which it plays, in the whole */
} view;

static void mark_playing(const view *v, size_t bus)
{
    const td_signal *s = td_survey_signal(v->d->survey, td_survey_bus(v->d->survey, bus));
    td_gated_frames(s->k, s->steps < v->d->steps ? s->steps : v->d->steps, v->active + bus * v->d->steps);
}

static bool plays(const view *v, size_t bus, size_t step)
{
    return v->active[bus * v->d->steps + step];
}

static bool somebody_plays(const view *v, size_t step)
{
    for (size_t b = 0; b < v->d->plan->n_buses; b++)
        if (plays(v, b, step)) return true;
    return false;
}

/* By the golden ratio: steps that were equally far apart would meet a song of 120 bpm on its beats alone. And by their
 * own number, so that a song of which a little more sounds is looked at where it was. */
static td_status choose_steps(view *v, td_error *err)
{
    static const double golden = 0.6180339887498949;
    size_t sounding = 0;
    v->step = td_calloc2(v->d->steps + 1, 1, sizeof *v->step);
    if (!v->step) return td_no_memory(err);
    for (size_t i = 0; i < v->d->steps; i++) sounding += somebody_plays(v, i);
    for (size_t i = 0; i < v->d->steps; i++) {
        double turns = golden * (double)i;
        if ((turns - floor(turns)) * (double)sounding < GLIMPSES && somebody_plays(v, i)) v->step[v->n++] = i;
    }
    return TD_OK;
}

/* Who hardly plays has less of a say, and soon none. */
static void weigh_buses(view *v)
{
    double all = 0;
    for (size_t b = 0; b < v->d->plan->n_buses; b++) {
        size_t playing = 0;
        double say = v->masking.weight[b] * td_clamp(2 * v->d->playing.bus[b] - 1, 0, 1);
        for (size_t i = 0; i < v->n; i++) playing += plays(v, b, v->step[i]);
        v->weight[b] = playing ? say / (double)playing : 0;
        all += playing ? say : 0;
    }
    for (size_t b = 0; b < v->d->plan->n_buses && all > 0; b++) v->weight[b] /= all;
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

static size_t part_begins(const view *v, size_t part)
{
    return v->n * part / PARTS;
}

static td_status look_at_stem(const view *v, size_t stem, size_t part, td_error *err)
{
    const td_decider *d = v->d;
    const player *to = v->of_stem[stem];
    td_sides moved = td_stem_moved(d, stem);
    double gain = td_db_power(d->plan->bus[to->bus].clip_gain_db + v->fader_db[to->bus]);
    const float *ducked = v->ducked + to->bus * v->n;
    for (size_t i = part_begins(v, part); i < part_begins(v, part + 1); i++) {
        td_band_frame f;
        TD_TRY(td_survey_band_frames(d->survey, td_survey_stem(d->survey, stem), v->step[i], 1, &f, err));
        double left = gain * (double)ducked[i] * moved.left * moved.left,
               right = gain * (double)ducked[i] * moved.right * moved.right;
        for (size_t k = 0; k < TD_BANDS; k++) {
            to->frame[i].side[0][k] += (float)left * f.ll[k];
            to->frame[i].side[1][k] += (float)right * f.rr[k];
        }
    }
    return TD_OK;
}

static td_status look_at_part(void *shared, size_t part, td_error *err)
{
    const view *v = shared;
    for (size_t i = 0; i < v->d->session->n_stems; i++)
        if (v->of_stem[i]) TD_TRY(look_at_stem(v, i, part, err));
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
    const td_decider *d = v->d;
    const td_session *s = d->session;
    size_t buses = d->plan->n_buses, most = buses + s->n_stems;
    td_masking_init(&v->masking, s);
    td_masking_led_by(&v->masking, s, td_find_lead(s, &d->playing).bus);
    v->active = td_calloc2(buses + 1, d->steps + 1, 1);
    if (!v->active) return td_no_memory(err);
    for (size_t b = 0; b < buses; b++) mark_playing(v, b);
    TD_TRY(choose_steps(v, err));
    weigh_buses(v);
    v->player = calloc(most, sizeof *v->player);
    v->frame = td_calloc2(most, v->n + 1, sizeof *v->frame);
    v->ducked = td_calloc2(buses, v->n + 1, sizeof *v->ducked);
    if (!v->player || !v->frame || !v->ducked) return td_no_memory(err);
    for (size_t b = 0; b < buses; b++) TD_TRY(foresee_ducks(v, b, err));
    for (size_t i = 0; i < most; i++)
        v->player[i] = (player){ .bus = i, .frame = v->frame + i * v->n, .first = &v->player[i] };
    v->n_players = buses;
    for (size_t i = 0; i < s->n_stems; i++) {
        size_t bus = s->stem[i].bus;
        if (bus >= buses) continue;
        player *p = v->of_stem[i] = &v->player[bus == v->inside ? v->n_players++ : bus];
        p->bus = bus;
        p->stem = i;
        if (bus == v->inside) p->first = first_of_drum(v, p);
        p->loudness = td_stem_power(d, i) * td_db_power(d->plan->stem[i].gain_db - s->stem[i].level_db);
    }
    return td_pool_run(d->wish->pool, PARTS, look_at_part, v, err);
}

/* ---- the search -------------------------------------------------------------------------------------------------- */

/* Gains of moves; returns what keeps the bus that is looked into as loud as it was. */
static double set_gains(view *v)
{
    double before = 0, after = 0;
    for (size_t i = 0; i < v->n_players; i++) v->player[i].gain = td_db_power(v->player[i].first->moved_db);
    for (size_t i = v->d->plan->n_buses; i < v->n_players; i++) {
        before += v->player[i].loudness;
        after += v->player[i].gain * v->player[i].loudness;
    }
    double held = after > 0 ? before / after : 1;
    for (size_t i = v->d->plan->n_buses; i < v->n_players; i++) v->player[i].gain *= held;
    return held;
}

static void add_up(const view *v, size_t glimpse, td_masking_frame *bus)
{
    for (size_t b = 0; b < v->d->plan->n_buses; b++) bus[b] = (td_masking_frame){ 0 };
    for (size_t p = 0; p < v->n_players; p++) {
        const td_masking_frame *f = &v->player[p].frame[glimpse];
        td_masking_frame *to = &bus[v->player[p].bus];
        float gain = (float)v->player[p].gain;
        for (size_t side = 0; side < 2; side++)
            for (size_t k = 0; k < TD_BANDS; k++) to->side[side][k] += gain * f->side[side][k];
    }
}

static double along(const td_masking_slope *slope, const td_masking_frame *f)
{
    double sum = 0;
    for (size_t side = 0; side < 2; side++)
        for (size_t k = 0; k < TD_BANDS; k++) sum += slope->side[side][k] * (double)f->side[side][k];
    return sum;
}

/* What one stem gains in its bus, all of it lose. */
static void hold_slopes(player *p, size_t n)
{
    double all = 0, power = 0;
    for (size_t i = 0; i < n; i++) {
        all += p[i].slope;
        power += p[i].gain * p[i].loudness;
    }
    for (size_t i = 0; i < n && power > 0; i++) p[i].slope -= all * p[i].gain * p[i].loudness / power;
}

typedef struct looking {
    const view *v;
    player *p;
    size_t n;
} looking;

static td_status find_part(void *shared, size_t part, td_error *err)
{
    const looking *l = shared;
    const view *v = l->v;
    td_masking_frame now[TD_BUSES_MAX];
    td_masking_slope slope[TD_BUSES_MAX];
    double weight[TD_BUSES_MAX];
    (void)err;
    for (size_t k = 0; k < l->n; k++) l->p[k].part[part] = 0;
    for (size_t i = part_begins(v, part); i < part_begins(v, part + 1); i++) {
        add_up(v, i, now);
        for (size_t b = 0; b < v->d->plan->n_buses; b++) weight[b] = plays(v, b, v->step[i]) ? v->weight[b] : 0;
        td_masked_softly(&v->masking, now, weight, slope);
        for (size_t k = 0; k < l->n; k++) l->p[k].part[part] += along(&slope[l->p[k].bus], &l->p[k].frame[i]);
    }
    return TD_OK;
}

/* How much more of all groups a decibel more of each player covers, with the moves as they stand. */
static td_status find_slopes(view *v, player *p, size_t n, td_error *err)
{
    static const double a_decibel = 0.23025850929940458; /* of a power: ln 10 / 10 */
    looking l = { v, p, n };
    set_gains(v);
    TD_TRY(td_pool_run(v->d->wish->pool, PARTS, find_part, &l, err));
    for (size_t k = 0; k < n; k++) {
        double sum = 0;
        for (size_t i = 0; i < PARTS; i++) sum += p[k].part[i];
        p[k].slope = a_decibel * p[k].gain * sum;
    }
    if (v->inside != SIZE_MAX) hold_slopes(p, n);
    for (size_t k = 0; k < n; k++)
        if (p[k].first != &p[k]) p[k].first->slope += p[k].slope;
    return TD_OK;
}

/* Where a decibel more would cost what it brings, if each brought as much as this one; and near by not at all. */
static double worth_db(double slope)
{
    double far_db = slope / (-2 * COST_AT_3_DB / 9);
    return fabs(far_db) > LEAST_DB ? far_db - LEAST_DB * LEAST_DB / far_db : 0;
}

static double usual_db(const td_leeway *room)
{
    return (room->up_db - room->down_db) / 2;
}

static size_t find_drum(const view *v, const player *p, size_t n, const char *role)
{
    size_t i = 0;
    while (i < n && !td_role_covers(role, v->d->session->stem[p[i].stem].role.name)) i++;
    return i;
}

/* A kit whose kick and snare are far apart is another kit, whatever it uncovers. */
static void keep_beat(const view *v, player *p, size_t n, const td_leeway *room)
{
    if (v->inside == SIZE_MAX) return;
    size_t kick = find_drum(v, p, n, "drums.kick"), snare = find_drum(v, p, n, "drums.snare");
    if (kick == n || snare == n) return;
    double stood = usual_db(&room[snare]) - usual_db(&room[kick]), most = fmax(BEAT_DB, fabs(stood));
    double parted = p[kick].moved_db - p[snare].moved_db;
    if (fabs(stood + parted) <= most) return;
    double part = (copysign(most, stood + parted) - stood) / parted;
    p[kick].moved_db *= part;
    p[snare].moved_db *= part;
}

/* Half of the way there, and looked at again. So many turns, and no search for the very best: each follows what it is
 * given without a jump, and so does the place where they end. */
enum { TURNS = 6 };

static td_status turn(view *v, player *p, size_t n, const td_leeway *room, td_uncovered *out, td_error *err)
{
    double was_db[TD_STEMS_MAX], slope[TD_STEMS_MAX];
    for (size_t i = 0; i < n; i++) {
        was_db[i] = p[i].moved_db;
        slope[i] = p[i].slope;
        double there_db = td_clamp(worth_db(p[i].slope), -room[i].down_db, room[i].up_db);
        p[i].moved_db += (there_db - p[i].moved_db) / 2;
    }
    keep_beat(v, p, n, room);
    TD_TRY(find_slopes(v, p, n, err));
    for (size_t i = 0; i < n; i++) out->part[i] -= (slope[i] + p[i].slope) / 2 * (p[i].moved_db - was_db[i]);
    return TD_OK;
}

static td_status search(view *v, player *p, size_t n, const td_leeway *room, td_uncovered *out, td_error *err)
{
    TD_TRY(find_slopes(v, p, n, err));
    for (size_t k = 0; k < TURNS; k++) TD_TRY(turn(v, p, n, room, out, err));
    for (size_t i = 0; i < n; i++) {
        out->moved_db[i] = td_round_to(p[i].first->moved_db, 0.1);
        out->part[i] = out->part[p[i].first - p];
    }
    return TD_OK;
}

/* Faders as they will stand: the lead at its place, everybody with the recipe's offset. */
static void look_ahead(const td_decider *d, double fader_db[TD_BUSES_MAX])
{
    td_lead lead = td_find_lead(d->session, &d->playing);
    double ratio = lead.bus != SIZE_MAX ? td_bus_context(d, lead.bus, lead.bus, NULL) : NAN;
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        bool placed = b == lead.bus && !isnan(ratio);
        fader_db[b] = d->plan->bus[b].fader_db + (placed ? td_usual_lead_lu(d->recipe, lead.sings) - ratio +
                                                               td_lead_offset_db(d->recipe, d->session, lead)
                                                         : td_recipe_offset_db(d->recipe, d->session, b));
    }
}

td_status td_uncover(td_decider *d, size_t inside, const td_leeway *room, td_uncovered *out, td_error *err)
{
    view v = { .d = d, .inside = inside };
    size_t buses = d->plan->n_buses;
    look_ahead(d, v.fader_db);
    td_status st = look(&v, err);
    if (!st && inside == SIZE_MAX) st = search(&v, v.player, buses, room, out, err);
    if (!st && inside != SIZE_MAX) st = search(&v, v.player + buses, v.n_players - buses, room, out, err);
    if (!st && inside != SIZE_MAX) out->held_db = td_power_db(set_gains(&v));
    td_masking_fini(&v.masking);
    free(v.step);
    free(v.player);
    free(v.frame);
    free(v.active);
    free(v.ducked);
    return st;
}

const char *td_uncovers(const td_decider *d, double part)
{
    return part < 0.0005 ? "for masking, with the others"
                         : td_arena_printf(d->arena, "for masking, which uncovers %.1f %% of the groups", 100 * part);
}
