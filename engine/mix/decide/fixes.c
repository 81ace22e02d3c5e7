#include "engine/mix/decide/decide.h"

#include "engine/base/units.h"
#include "engine/mix/features.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A track is touched only if it disturbs in the whole: a measured fix needs, beside its own condition, a test in
 * context, and at most three fixes and a tenth of the tracks are made by such rules. Taken alone, the conditions fire
 * on 22 to 63 % of all tracks; in context on 1 to 8 %. */

typedef struct candidate {
    const td_fix_wish *fix;
    size_t stem;
    td_answer found;
    double excess_db; /* how far the mix stands out there: what is kept when there are too many */
    bool measured, drop;
} candidate;

static bool meant(const td_fix_wish *f, const char *role)
{
    bool in = false;
    for (size_t i = 0; i < f->n_roles; i++) in = in || td_role_covers(f->roles[i], role);
    for (size_t i = 0; i < f->n_except; i++)
        if (td_role_covers(f->except[i], role)) return false;
    return in;
}

static int feature_of(const td_answer *f, const char *name)
{
    return f->compare && !strcmp(td_features[f->compare->feature].name, name);
}

static td_status ask(td_decider *d, const td_site *site, const char *feature, double low_hz, double high_hz,
                     double *out, td_error *err)
{
    int index = td_feature_find(feature);
    td_condition c = { .kind = TD_COND_COMPARE, .feature = index, .low_hz = low_hz, .high_hz = high_hz };
    td_answer f;
    *out = NAN;
    if (index < 0) return TD_OK;
    TD_TRY(td_evaluate(d, site, &c, &f, err));
    *out = f.value;
    return TD_OK;
}

static bool turns(const td_fix_wish *f)
{
    for (size_t i = 0; i < f->chain.n_steps; i++)
        if (!strcmp(f->chain.step[i].proc->name, "rotate")) return true;
    return false;
}

/* The axes along which a picture is strongest and weakest, as an angle of 0 to 90 degrees. */
static double axis_deg(double ll, double rr, double lr)
{
    double deg = td_atan2(ll - rr, 2 * lr) / 2 * 180 / TD_PI;
    return deg < 0 ? deg + 90 : deg;
}

/* A pair whose gains differ leans as much in every octave, and a picture that was turned was turned in all of them; one
 * that holds a placed instrument does neither. An octave 20 dB under the whole says nothing. */
static bool leans_throughout(const td_band_power *p)
{
    double ll = 0, rr = 0, lr = 0;
    for (size_t i = 0; i < TD_BANDS; i++) ll += p->ll[i], rr += p->rr[i], lr += p->lr[i];
    double lean_db = td_power_db(ll / rr), axis = axis_deg(ll, rr, lr);
    for (size_t i = 0; i + 2 < TD_BANDS; i += 3) {
        double l = p->ll[i] + p->ll[i + 1] + p->ll[i + 2], r = p->rr[i] + p->rr[i + 1] + p->rr[i + 2];
        if (l + r < (ll + rr) / 100) continue;
        double turned = fabs(axis_deg(l, r, p->lr[i] + p->lr[i + 1] + p->lr[i + 2]) - axis);
        if (fmin(turned, 90 - turned) > 5 && !(fabs(td_power_db(l / r) - lean_db) <= 3)) return false;
    }
    return true;
}

/* Whoever printed the stems placed what is in them. */
static td_status may_turn(td_decider *d, const td_site *site, const char **why, td_error *err)
{
    td_band_power p;
    TD_TRY(td_survey_bands(d->survey, site->signal, NULL, &p, err));
    if (d->print != TD_RAW)
        *why = "these are no raw tracks: it may have been placed so";
    else if (!leans_throughout(&p))
        *why = "not as much in every octave: it may have been placed so";
    return TD_OK;
}

/* An 808 that is cut off before it rests holds 50 Hz as steadily as the mains; a voice does not, however loud it is. */
static bool may_hold_hum(const char *role, double hum_db)
{
    static const char *const low[] = { "bass", "synths", "keys", "percussion", "drums", "fx", "other" };
    if (td_role_covers("drums.kick", role)) return true;
    for (size_t i = 0; i < sizeof low / sizeof *low; i++)
        if (td_role_covers(low[i], role)) return hum_db > -20;
    return false;
}

/* Of the mix's power where a fix would work; NULL: no memory. */
static const char *too_little(td_decider *d, double share_db, double least_db)
{
    return td_arena_printf(d->arena, "it makes only %.0f %% of the mix there, and it takes more than %.0f %%",
                           td_db_power(share_db) * 100, td_db_power(least_db) * 100);
}

/* The test in context; *why is set when it refuses. */
static td_status in_context(td_decider *d, const td_site *site, candidate *c, const char **why, td_error *err)
{
    const td_answer *f = &c->found;
    double share = NAN, excess = NAN, pause = NAN;
    char beside[32];
    *why = NULL;
    c->measured = true;
    if (feature_of(f, "rumble")) {
        TD_TRY(ask(d, site, "share", 25, 40, &share, err));
        TD_TRY(ask(d, site, "pause_level", 0, 0, &pause, err));
        c->excess_db = share;
        if (f->value > -15)
            *why = "that low is its music";
        else if (!(share > -10))
            *why = too_little(d, share, -10);
        else if (!(pause > -20))
            *why = "it rests when the instrument rests";
    } else if (feature_of(f, "excess") || feature_of(f, "resonance")) {
        bool narrow = feature_of(f, "resonance");
        double low = narrow && !isnan(f->at_hz) ? f->at_hz / 1.12 : f->compare->low_hz;
        double high = narrow && !isnan(f->at_hz) ? f->at_hz * 1.12 : f->compare->high_hz;
        TD_TRY(ask(d, site, "share", low, high, &share, err));
        TD_TRY(ask(d, site, "mix_excess", low, high, &excess, err));
        c->excess_db = excess;
        double least_share_db = narrow ? -3 : -6, least_excess_db = narrow ? 3 : 2;
        if (!(share > least_share_db))
            *why = too_little(d, share, least_share_db);
        else if (!(excess > least_excess_db))
            *why = td_arena_printf(d->arena, "the mix stands %s '%s' there, and it takes more than %g dB above it",
                                   td_above_below(excess, "dB", beside), d->curve_name, least_excess_db);
    } else if (feature_of(f, "sibilance")) {
        c->excess_db = f->value - f->limit;
    } else if (feature_of(f, "hum") && may_hold_hum(site->role, f->value)) {
        *why = "its own notes lie there";
    } else if (turns(c->fix)) {
        c->measured = false;
        TD_TRY(may_turn(d, site, why, err));
    } else {
        c->measured = false; /* hum, alignment and the like have physical tests */
    }
    return TD_OK;
}

static td_site site_of(td_decider *d, size_t stem)
{
    return (td_site){
        .kind = TD_SITE_STEM,
        .index = stem,
        .signal = td_survey_stem(d->survey, stem),
        .chain = &d->plan->stem[stem].chain,
        .name = d->session->stem[stem].name,
        .role = d->session->stem[stem].role.name,
    };
}

/* Of the tracks a fix does not fire on, the one whose refusing comparison is closest. */
typedef struct near_miss {
    double off;
    char text[192];
} near_miss;

td_status td_fix_fires(td_decider *d, const td_fix_wish *fix, size_t stem, bool *out, td_error *err)
{
    td_site site = site_of(d, stem);
    td_answer f;
    *out = meant(fix, site.role);
    if (!*out || !fix->when) return TD_OK;
    TD_TRY(td_evaluate(d, &site, fix->when, &f, err));
    *out = f.holds;
    return TD_OK;
}

static td_status consider(td_decider *d, const td_fix_wish *fix, size_t stem, candidate *c, bool *fires,
                          near_miss *nearest, td_error *err)
{
    td_site site = site_of(d, stem);
    *c = (candidate){ .fix = fix, .stem = stem, .found = { .holds = true, .at_hz = NAN, .q = NAN, .value = NAN } };
    *fires = true;
    if (!fix->when) return TD_OK;
    TD_TRY(td_evaluate(d, &site, fix->when, &c->found, err));
    *fires = c->found.holds;
    if (!*fires) {
        if (fabs(c->found.value - c->found.limit) < nearest->off) {
            nearest->off = fabs(c->found.value - c->found.limit);
            snprintf(nearest->text, sizeof nearest->text, "%s (%s)", site.name, c->found.text);
        }
        return TD_OK;
    }
    const char *why;
    TD_TRY(in_context(d, &site, c, &why, err));
    if (!why) return TD_OK;
    *fires = false;
    return td_decide_note(d, TD_NOTE_NOT_USED, "fix %s: %s has it (%s), but %s", fix->name, site.name, c->found.text,
                          why);
}

static int by_excess(const void *a, const void *b)
{
    const candidate *x = *(candidate *const *)a, *y = *(candidate *const *)b;
    return (y->excess_db > x->excess_db) - (y->excess_db < x->excess_db);
}

/* At most three measured fixes, on at most a tenth of the tracks (one at least). */
static td_status limit(td_decider *d, candidate *c, size_t n, td_error *err)
{
    candidate **m = td_arena_array(d->arena, n + 1, sizeof *m);
    size_t k = 0, most = d->session->n_stems / 10;
    if (!m) return td_no_memory(err);
    if (most < 1) most = 1;
    if (most > 3) most = 3;
    for (size_t i = 0; i < n; i++)
        if (c[i].measured) m[k++] = &c[i];
    qsort(m, k, sizeof(candidate *), by_excess);
    for (size_t i = most; i < k; i++) {
        m[i]->drop = true;
        TD_TRY(td_decide_note(d, TD_NOTE_NOT_MADE, "fix %s on %s: %s; %zu measured fixes are enough for %zu tracks",
                              m[i]->fix->name, d->session->stem[m[i]->stem].name, m[i]->found.text, most,
                              d->session->n_stems));
    }
    return TD_OK;
}

/* `align`: an align step in front of the track's other fixes, where moving it makes the sum of both stronger. */
static td_status align(td_decider *d, const td_site *site, const td_fix_wish *f, td_error *err)
{
    size_t index[TD_STEMS_MAX], n = td_stems_meant(d->session, f->align, index);
    const td_processor *proc = td_processor_find("align");
    if (!n)
        return td_decide_note(d, TD_NOTE_NOT_USED, "fix %s: %s stays where it is, for no stem is %s", f->name,
                              site->name, f->align);
    if (index[0] == site->index)
        return td_decide_note(d, TD_NOTE_NOT_USED, "fix %s: %s is what others are aligned to", f->name, site->name);
    td_offset offset;
    TD_TRY(td_measure_offset(d, index[0], site->index, &offset, err));
    if (isnan(offset.later_ms))
        return td_decide_note(d, TD_NOTE_NOT_USED,
                              "fix %s: %s stays where it is, for nothing steady enough is heard in it and in %s alike",
                              f->name, site->name, d->session->stem[index[0]].name);
    td_plan_step *step = td_arena_array(d->arena, site->chain->n_steps + 1, sizeof *step);
    if (!step) return td_no_memory(err);
    if (site->chain->n_steps) memcpy(step + 1, site->chain->step, site->chain->n_steps * sizeof *step);
    int slot = td_param_find(proc, "delay");
    *step = (td_plan_step){
        .name = td_arena_strdup(d->arena, f->name), .proc = proc, .blend = 1, .origin = TD_FROM_FIX, .goal = td_no_goal
    };
    step->value = td_arena_array(d->arena, proc->n_params, sizeof(double));
    if (!step->value) return td_no_memory(err);
    td_processor_defaults(proc, step->value);
    step->value[slot] = td_param_round(&proc->params[slot], -offset.later_ms);
    step->value[td_param_find(proc, "flip")] = offset.flip;
    const char *reference = d->session->stem[index[0]].name;
    if (offset.flip && fabs(offset.later_ms) < 0.005)
        step->reason = td_arena_printf(d->arena, "upside down against %s: turned, their sum gains %.1f dB below 400 Hz",
                                       reference, offset.gain_db);
    else
        step->reason = td_arena_printf(d->arena, "%.2f ms %s than %s%s: aligned, their sum gains %.1f dB below 400 Hz",
                                       fabs(offset.later_ms), offset.later_ms > 0 ? "later" : "earlier", reference,
                                       offset.flip ? " and upside down" : "", offset.gain_db);
    if (!step->reason || !step->name) return td_no_memory(err);
    site->chain->step = step;
    site->chain->n_steps++;
    return TD_OK;
}

static td_status add_move(td_decider *d, const candidate *c, td_plan_move move, td_error *err)
{
    td_plan_stem *p = &d->plan->stem[c->stem];
    td_plan_move *grown = td_arena_array(d->arena, p->n_moves + 1, sizeof *grown);
    move.fix = td_arena_strdup(d->arena, c->fix->name); /* a plan outlives its recipe */
    move.reason = c->found.text[0] ? td_arena_strdup(d->arena, c->found.text) : "as written";
    if (!grown || !move.fix || !move.reason) return td_no_memory(err);
    if (p->n_moves) memcpy(grown, p->move, p->n_moves * sizeof *grown);
    p->move = grown;
    p->move[p->n_moves++] = move;
    return TD_OK;
}

/* All of them before the first chain is decided: a stem drives others as it is staged. */
static td_status stage(td_decider *d, const candidate *c, td_error *err)
{
    td_plan_stem *p = &d->plan->stem[c->stem];
    const td_fix_wish *f = c->fix;
    bool placed = !isnan(f->pan) || (f->pan_auto && !isnan(p->pan)); /* automatic places are known by now */
    if (f->level_db.kind == TD_WISH_VALUE) {
        p->gain_db += f->level_db.a;
        TD_TRY(add_move(d, c, (td_plan_move){ .what = TD_MOVE_LEVEL, .gain_db = f->level_db.a }, err));
    }
    if (!isnan(f->pan)) p->pan = f->pan;
    if (placed) TD_TRY(add_move(d, c, (td_plan_move){ .what = TD_MOVE_PAN }, err));
    if (!f->flip) return TD_OK;
    p->flip = !p->flip;
    return add_move(d, c, (td_plan_move){ .what = TD_MOVE_POLARITY }, err);
}

static td_status apply(td_decider *d, const candidate *c, td_error *err)
{
    td_site site = site_of(d, c->stem);
    td_plan_stem *p = &d->plan->stem[c->stem];
    const td_fix_wish *f = c->fix;
    size_t steps = p->chain.n_steps, notes = d->plan->n_notes;
    if (f->n_sends) TD_TRY(td_decide_sends(d, f->send, f->n_sends, &p->send, &p->n_sends, err));
    if (f->align) TD_TRY(align(d, &site, f, err));
    TD_TRY(td_decide_chain(d, &site, &f->chain, f, &c->found, err));
    bool moved = false;
    for (size_t i = 0; i < p->n_moves; i++) moved |= !strcmp(p->move[i].fix, f->name);
    if (moved || f->n_sends || p->chain.n_steps > steps || d->plan->n_notes > notes) return TD_OK;
    return td_decide_note(d, TD_NOTE_NOT_USED, "fix %s: nothing is to be done to %s", f->name, site.name);
}

td_status td_decide_fixes(td_decider *d, td_error *err)
{
    size_t most = d->recipe->n_fixes * d->session->n_stems, n = 0;
    candidate *c = td_arena_array(d->arena, most + 1, sizeof *c);
    if (!c) return td_no_memory(err);
    for (size_t f = 0; f < d->recipe->n_fixes; f++) {
        const td_fix_wish *fix = &d->recipe->fix[f];
        size_t asked = 0, before = n;
        near_miss nearest = { .off = INFINITY };
        for (size_t i = 0; i < d->session->n_stems; i++) {
            const td_stem *s = &d->session->stem[i];
            if (s->bus >= d->plan->n_buses || !meant(fix, s->role.name)) continue;
            bool fires;
            asked++;
            TD_TRY(consider(d, fix, i, &c[n], &fires, &nearest, err));
            n += fires;
        }
        if (!asked)
            TD_TRY(td_decide_note(d, TD_NOTE_NOT_USED, "fix %s: no stem it is for", fix->name));
        else if (n == before && isfinite(nearest.off))
            TD_TRY(td_decide_note(d, TD_NOTE_NOT_USED, "fix %s: no track; nearest was %s, asked was %s", fix->name,
                                  nearest.text, fix->when_text));
        else if (n == before)
            TD_TRY(td_decide_note(d, TD_NOTE_NOT_USED, "fix %s: no track, asked was %s", fix->name,
                                  fix->when_text ? fix->when_text : "nothing"));
    }
    TD_TRY(limit(d, c, n, err));
    for (size_t i = 0; i < n; i++)
        if (!c[i].drop) TD_TRY(stage(d, &c[i], err));
    for (size_t i = 0; i < n; i++)
        if (!c[i].drop) TD_TRY(apply(d, &c[i], err));
    return TD_OK;
}
