#include "engine/mix/decide/decide.h"

#include "engine/base/row.h"
#include "engine/base/units.h"
#include "engine/mix/stemsum.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- levels inside a bus ----------------------------------------------------------------------------------------- */

/* Marks the steps in which a stem plays; returns how many. */
static size_t playing(const td_decider *d, size_t stem, unsigned char *steps)
{
    const td_signal *s = td_survey_signal(d->survey, td_survey_stem(d->survey, stem));
    memset(steps, 0, s->steps);
    return td_gated_frames(s->k, s->steps, steps);
}

/* What all layers of a drum make together while one of them plays, dB over a layer at 0 dB. */
static td_status layers_db(const td_decider *d, size_t stem, double *out, td_error *err)
{
    const td_stem *t = &d->session->stem[stem];
    unsigned char *own = calloc(d->steps + 1, 1), *other = calloc(d->steps + 1, 1);
    td_status st = own && other ? TD_OK : td_no_memory(err);
    size_t n = st ? 0 : playing(d, stem, own);
    double power = td_db_power(td_usual_layer_db(t->role.name));
    for (size_t i = 0; n && i < d->session->n_stems; i++) {
        const td_stem *u = &d->session->stem[i];
        if (i == stem || u->bus != t->bus || !td_usual_one_drum(t->role.name, u->role.name)) continue;
        size_t both = 0;
        playing(d, i, other);
        for (size_t k = 0; k < d->steps; k++) both += own[k] && other[k];
        power += (double)both / (double)n * td_db_power(td_usual_layer_db(u->role.name));
    }
    *out = td_power_db(power);
    free(own);
    free(other);
    return st;
}

/* Where a stem stands in its bus while it plays, LU. */
static td_status usual_inside(const td_decider *d, size_t stem, double *out, td_error *err)
{
    const char *role = d->session->stem[stem].role.name;
    double layers = 0;
    if (td_usual_one_drum(role, role)) TD_TRY(layers_db(d, stem, &layers, err));
    *out = td_usual_inside_lu(role) + td_usual_layer_db(role) - layers;
    return TD_OK;
}

static td_status active_loudness(const td_decider *d, size_t stem, double *out, td_error *err)
{
    const td_signal *s = td_survey_signal(d->survey, td_survey_stem(d->survey, stem));
    unsigned char *own = calloc(s->steps + 1, 1);
    if (!own) return td_no_memory(err);
    double sum = 0;
    size_t n = playing(d, stem, own);
    for (size_t i = 0; n && i < s->steps; i++)
        if (own[i]) sum += (double)s->k[i];
    free(own);
    *out = n ? td_power_db(sum / (double)n) + d->session->stem[stem].level_db : NAN;
    return TD_OK;
}

static int ascending(const void *p, const void *q)
{
    double a = *(const double *)p, b = *(const double *)q;
    return (a > b) - (a < b);
}

/* By how much gains on the stems of a bus make it louder. */
static double louder_db(const td_decider *d, const size_t *stem, const double *gain_db, size_t n)
{
    double before = 0, after = 0;
    for (size_t k = 0; k < n; k++) {
        double power = td_stem_power(d, stem[k]);
        before += power;
        after += power * td_db_power(gain_db[k]);
    }
    return before > 0 && after > 0 ? td_power_db(after / before) : 0;
}

/* alone_db is its own, and has a reason; held_db is everybody's in the bus, which keeps it as loud. Both are told. */
static td_status set_level(td_decider *d, size_t stem, double alone_db, double held_db, const char *why, td_error *err)
{
    td_plan_stem *p = &d->plan->stem[stem];
    double gain_db = td_round_to(alone_db + held_db, 0.1), own_db = td_round_to(alone_db, 0.1);
    char own[32] = "", held[96] = "";
    if (gain_db == 0) return TD_OK;
    p->gain_db = td_round_to(p->gain_db + gain_db, 0.1);
    if (fabs(gain_db - own_db) >= 0.05) {
        if (own_db != 0) snprintf(own, sizeof own, "%+.1f ", own_db);
        snprintf(held, sizeof held, "%s%+.1f with all of them, which stay as loud", own_db != 0 ? ", and " : "",
                 gain_db - own_db);
    }
    p->reason = td_arena_printf(d->arena, "%s%s%+.1f dB inside %s: %s%s%s", p->reason ? p->reason : "",
                                p->reason ? "; " : "", gain_db, p->bus, own, own_db != 0 ? why : "", held);
    return p->reason ? TD_OK : td_no_memory(err);
}

/* A stem among those of its bus that are heard. Microphones of one drum keep their proportions: what is left to taste
 * is the drum's. */
typedef struct member {
    size_t stem;
    double usual_lu, off_db; /* where it stands in its bus, and what is missing */
    double drum_off_db;      /* what its drum misses, all its microphones together */
    bool first;              /* of them */
} member;

static void know_drum(const td_decider *d, member *m, size_t n, size_t which)
{
    const td_stem *stem = d->session->stem;
    double stands = 0, should = 0;
    m[which].first = true;
    for (size_t k = 0; k < n; k++) {
        if (k != which && !td_usual_one_drum(stem[m[which].stem].role.name, stem[m[k].stem].role.name)) continue;
        should += td_db_power(m[k].usual_lu);
        stands += td_db_power(m[k].usual_lu - m[k].off_db);
        if (k < which) m[which].first = false;
    }
    m[which].drum_off_db = td_power_db(should / stands);
}

/* How far a stem may be off before it is moved, LU: in seven kits their makers had balanced, 36 drums stand 6 LU
 * (standard deviation) from these places, half of them farther off than 3.3. */
#define INSIDE_TASTE_LU 3.0

/* The stems of a bus that are heard, and what brings each to its usual place among them. */
typedef struct levelled {
    size_t stem[TD_STEMS_MAX], n;
    double gain_db[TD_STEMS_MAX];
} levelled;

/* room: what taste leaves each of them, by stem. */
static td_status usual_levels(const td_decider *d, size_t bus, double taste_lu, td_leeway *room, levelled *out,
                              td_error *err)
{
    double drum_off[TD_STEMS_MAX];
    size_t n = 0, drums = 0;
    member m[TD_STEMS_MAX] = { 0 };
    for (size_t i = 0; i < d->session->n_stems; i++) {
        if (d->session->stem[i].bus != bus) continue;
        double x = NAN;
        TD_TRY(active_loudness(d, i, &x, err));
        if (isnan(x)) continue;
        m[n].stem = out->stem[n] = i;
        TD_TRY(usual_inside(d, i, &m[n].usual_lu, err));
        m[n].off_db = m[n].usual_lu - x;
        n++;
    }
    out->n = n;
    for (size_t k = 0; k < n; k++) {
        know_drum(d, m, n, k);
        if (m[k].first) drum_off[drums++] = m[k].drum_off_db;
    }
    qsort(drum_off, drums, sizeof *drum_off, ascending);
    double middle = drums ? drum_off[drums / 2] : 0;
    for (size_t k = 0; k < n; k++) {
        double left = td_clamp(m[k].drum_off_db - middle, -taste_lu, taste_lu);
        out->gain_db[k] = td_clamp(m[k].off_db - middle - left, -12, 12);
        room[m[k].stem] = (td_leeway){ taste_lu + left, taste_lu - left };
    }
    return TD_OK;
}

/* Stems stand towards each other as is usual; the bus stays as loud as it was: its own place is the fader's matter. */
static td_status levels_inside(td_decider *d, size_t bus, double taste_lu, td_leeway *room, td_error *err)
{
    levelled l;
    TD_TRY(usual_levels(d, bus, taste_lu, room, &l, err));
    if (l.n < 2) return TD_OK;
    double louder = louder_db(d, l.stem, l.gain_db, l.n);
    for (size_t k = 0; k < l.n; k++) {
        const char *why = td_arena_printf(d->arena, "to a usual place for %s", d->plan->stem[l.stem[k]].role);
        if (!why) return td_no_memory(err);
        TD_TRY(set_level(d, l.stem[k], l.gain_db[k], -louder, why, err));
    }
    return TD_OK;
}

/* ---- levels as in a rough mix ------------------------------------------------------------------------------------ */

/* What those of a bus gain by their usual levels that stand in the rough together. */
static double louder_together(const td_decider *d, const levelled *l)
{
    levelled u = { .n = 0 };
    for (size_t k = 0; k < l->n; k++) {
        if (!d->rough->stem[l->stem[k]].together) continue;
        u.stem[u.n] = l->stem[k];
        u.gain_db[u.n++] = l->gain_db[k];
    }
    return louder_db(d, u.stem, u.gain_db, u.n);
}

/* From usual levels to those of the rough; who is not found in it stands beside the others. False: nobody is. */
static bool level_as_rough(const td_decider *d, levelled *l)
{
    double off[TD_STEMS_MAX], together_db = louder_together(d, l);
    size_t found = 0;
    for (size_t k = 0; k < l->n; k++) {
        const td_rough_stem *r = &d->rough->stem[l->stem[k]];
        if (!isnan(r->move_db)) off[found++] = r->together ? r->move_db - together_db : r->move_db - l->gain_db[k];
    }
    if (!found) return false;
    qsort(off, found, sizeof *off, ascending);
    for (size_t k = 0; k < l->n; k++) {
        const td_rough_stem *r = &d->rough->stem[l->stem[k]];
        if (isnan(r->move_db))
            l->gain_db[k] += off[found / 2];
        else
            l->gain_db[k] = r->together ? l->gain_db[k] + r->move_db - together_db : r->move_db;
    }
    return true;
}

static const char *rough_reason(const td_decider *d, size_t stem, bool held)
{
    const td_rough_stem *r = &d->rough->stem[stem];
    char limit[40] = "";
    if (held) snprintf(limit, sizeof limit, "; held at the limit of %.0f dB", td_rough_most_db(d));
    if (isnan(r->move_db)) return td_arena_printf(d->arena, "beside the others, not found in the rough mix%s", limit);
    return td_arena_printf(d->arena, "%s in the rough mix (pieces agree within %.1f dB)%s",
                           r->together ? "with others of its group, as they stand" : "as it stands", r->apart_db,
                           limit);
}

/* Stems stand towards each other as in the rough mix; how loud all of them are in it is the fader's matter. usual: who
 * is not found goes to its usual place beside them. */
static td_status levels_of_rough(td_decider *d, size_t bus, bool usual, double taste_lu, td_leeway *room, td_error *err)
{
    levelled l;
    TD_TRY(usual_levels(d, bus, taste_lu, room, &l, err));
    for (size_t k = 0; k < l.n && !usual; k++) l.gain_db[k] = 0;
    if (!level_as_rough(d, &l)) return usual ? levels_inside(d, bus, taste_lu, room, err) : TD_OK;
    double most_db = td_rough_most_db(d), louder = louder_db(d, l.stem, l.gain_db, l.n);
    for (size_t k = 0; k < l.n; k++) {
        double inside_db = l.gain_db[k] - louder, moved_db = td_clamp(inside_db, -most_db, most_db);
        const char *why = rough_reason(d, l.stem[k], moved_db != inside_db);
        if (!why) return td_no_memory(err);
        TD_TRY(set_level(d, l.stem[k], moved_db, 0, why, err));
        if (isnan(d->rough->stem[l.stem[k]].move_db))
            TD_TRY(td_decide_note(d, TD_NOTE_WARNING,
                                  "rough: %s not found in the rough mix: stands beside the others of %s",
                                  d->plan->stem[l.stem[k]].name, d->plan->bus[bus].name));
    }
    d->rough->move_db[bus] = louder;
    return TD_OK;
}

static void weigh_again(td_decider *d, size_t bus)
{
    size_t stem[TD_STEMS_MAX], n = 0;
    double gain_db[TD_STEMS_MAX];
    for (size_t i = 0; i < d->session->n_stems; i++) {
        if (d->session->stem[i].bus != bus) continue;
        gain_db[n] = d->plan->stem[i].gain_db - d->session->stem[i].level_db;
        stem[n++] = i;
    }
    d->inside_db[bus] = louder_db(d, stem, gain_db, n);
}

/* In front of it, how the groups stand is known, if roughly. room: by stem. */
static td_status clear_inside(td_decider *d, size_t bus, const td_leeway *room, td_error *err)
{
    double moved_db[TD_STEMS_MAX] = { 0 }, part[TD_STEMS_MAX] = { 0 };
    td_leeway own[TD_STEMS_MAX];
    td_uncovered u = { .moved_db = moved_db, .part = part };
    size_t stem[TD_STEMS_MAX], n = 0;
    for (size_t i = 0; i < d->session->n_stems; i++) {
        if (d->session->stem[i].bus != bus) continue;
        own[n] = room[i];
        stem[n++] = i;
    }
    if (n < 2) return TD_OK;
    TD_TRY(td_uncover(d, bus, own, &u, err));
    for (size_t k = 0; k < n; k++) {
        const char *why = td_uncovers(d, part[k]);
        if (!why) return td_no_memory(err);
        TD_TRY(set_level(d, stem[k], moved_db[k], u.held_db, why, err));
    }
    weigh_again(d, bus);
    return TD_OK;
}

/* ---- what both did to the buses ---------------------------------------------------------------------------------- */

/* How much louder a stem's louder side became since the survey. */
static double side_gain(const td_decider *d, size_t stem)
{
    const td_stem *s = &d->session->stem[stem];
    const td_plan_stem *p = &d->plan->stem[stem];
    unsigned channels = td_stem_channels(s);
    td_sides before = td_stem_sides(channels, s->level_db, s->pan, false);
    td_sides now = td_stem_sides(channels, p->gain_db, p->pan, false);
    return fmax(now.left, now.right) / fmax(before.left, before.right);
}

/* How high a bus may peak in each step: as if its stems peaked at once and on one side. */
static void peaks_at_most(const td_decider *d, size_t bus, float *most)
{
    for (size_t i = 0; i < d->session->n_stems; i++) {
        if (d->session->stem[i].bus != bus) continue;
        const td_signal *heard = td_survey_signal(d->survey, td_survey_stem(d->survey, i));
        float gain = (float)side_gain(d, i);
        for (size_t k = 0; k < heard->steps && k < d->steps; k++) most[k] += gain * heard->peak[k];
    }
}

static size_t highest(const float *most, size_t n)
{
    size_t where = 0;
    for (size_t i = 1; i < n; i++)
        if (most[i] > most[where]) where = i;
    return where;
}

static td_status peak_of_step(td_feed *feed, uint64_t at, uint64_t end, float *peak, td_error *err)
{
    float left[TD_BLOCK], right[TD_BLOCK], *to[2] = { left, right };
    TD_TRY(td_feed_seek(feed, (int64_t)at, err));
    for (size_t n; at < end; at += n) {
        n = end - at < TD_BLOCK ? (size_t)(end - at) : TD_BLOCK;
        TD_TRY(td_feed_read(feed, to, n, err));
        *peak = fmaxf(*peak, fmaxf(td_largest(left, n), td_largest(right, n)));
    }
    return TD_OK;
}

typedef struct peak_task {
    td_decider *d;
    const bool *changed;
} peak_task;

/* Steps are heard from the one that may peak highest on, until none left can exceed what was heard. */
static td_status find_peak(void *shared, size_t bus, td_error *err)
{
    const peak_task *t = shared;
    td_decider *d = t->d;
    uint64_t rate_hz = d->session->rate_hz;
    float peak = 0, *most = NULL;
    td_feed *feed = NULL;
    if (!t->changed[bus]) return TD_OK;
    td_status st = td_feed_bus(d->survey, d->session, d->plan, bus, &feed, err);
    if (!st && !(most = td_calloc2(d->steps + 1, 1, sizeof *most))) st = td_no_memory(err);
    if (!st) peaks_at_most(d, bus, most);
    for (size_t i; !st && most[i = highest(most, d->steps + 1)] > peak; most[i] = 0)
        st = peak_of_step(feed, i * rate_hz / 10, (i + 1) * rate_hz / 10, &peak, err);
    td_feed_free(feed);
    free(most);
    d->peak_dbfs[bus] = td_to_db((double)peak);
    return st;
}

/* Where a group is told to stand; the order's word about a stem wins. */
static td_status place_group(td_decider *d, size_t bus, const td_group_wish *g, td_error *err)
{
    for (size_t i = 0; i < d->session->n_stems; i++) {
        td_plan_stem *p = &d->plan->stem[i];
        if (d->session->stem[i].bus != bus || !isnan(p->pan)) continue;
        p->pan = g->place;
        p->reason = td_arena_printf(d->arena, "%s%splaced with all of %s, as written", p->reason ? p->reason : "",
                                    p->reason ? "; " : "", g->bus);
        if (!p->reason) return td_no_memory(err);
    }
    return TD_OK;
}

td_status td_decide_places(td_decider *d, td_error *err)
{
    td_balance balance = d->rough ? d->without_rough : d->plan->balance;
    bool placing = balance == TD_BALANCE_LOUDNESS || balance == TD_BALANCE_FOCUS;
    bool changed[TD_BUSES_MAX] = { 0 }, clears[TD_BUSES_MAX] = { 0 };
    td_leeway room[TD_STEMS_MAX] = { 0 };
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        const td_group_wish *g = td_group_for(d, &d->plan->bus[b]);
        bool kit = td_proportions_lost(d) && !strcmp(d->plan->bus[b].name, "drums");
        /* no stem says how loud it was meant; an effect's loudness says nothing about its neighbours */
        bool level = d->print == TD_NORMALISED && strcmp(d->plan->bus[b].name, "fx") != 0;
        bool usual = placing && (kit || level);
        clears[b] = usual && !d->rough;
        d->peak_dbfs[b] = NAN;
        if (g && g->pan == TD_PAN_GIVEN) {
            TD_TRY(place_group(d, b, g, err));
            changed[b] = true;
        }
        usual = usual || (g && g->inside_loudness);
        bool of_rough = d->rough && d->rough->by_stem;
        if (!usual && !of_rough) continue;
        double taste_lu = g && g->inside_loudness && !clears[b] ? 0 : INSIDE_TASTE_LU;
        TD_TRY(of_rough ? levels_of_rough(d, b, usual, taste_lu, room, err) : levels_inside(d, b, taste_lu, room, err));
        weigh_again(d, b);
        changed[b] = true;
    }
    if (td_proportions_lost(d)) { /* who stands where depends on how loud everybody will be */
        TD_TRY(td_decide_staging(d, err));
        TD_TRY(td_guess_balance(d, err));
        TD_TRY(td_decide_positions(d, changed, err));
    }
    for (size_t b = 0; b < d->plan->n_buses; b++)
        if (clears[b]) TD_TRY(clear_inside(d, b, room, err));
    peak_task t = { d, changed };
    return td_pool_run(d->wish->pool, d->plan->n_buses, find_peak, &t, err);
}
