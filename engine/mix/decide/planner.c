#include "engine/mix/planner.h"

#include "engine/base/units.h"
#include "engine/mix/decide/decide.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- from session and recipe: what is known before anything is decided ------------------------------------------- */

static td_status copy_stems(td_decider *d, td_error *err)
{
    td_plan *p = d->plan;
    const td_session *s = d->session;
    p->n_stems = s->n_stems;
    p->stem = td_arena_array(d->arena, s->n_stems + 1, sizeof *p->stem);
    if (!p->stem) return td_no_memory(err);
    for (size_t i = 0; i < s->n_stems; i++) {
        const td_stem *t = &s->stem[i];
        td_plan_stem *q = &p->stem[i];
        *q = (td_plan_stem){ .gain_db = t->level_db, .pan = t->pan, .flip = t->flip };
        q->name = td_arena_strdup(d->arena, t->name);
        q->path = td_arena_strdup(d->arena, t->path);
        q->path_right = td_arena_strdup(d->arena, t->path_right);
        q->role = td_arena_strdup(d->arena, t->role.name);
        q->bus = t->bus < s->n_buses ? td_arena_strdup(d->arena, s->bus[t->bus].name) : NULL;
        q->sha256 = td_arena_strdup(d->arena, t->sha256);
        if (t->role.guess)
            q->reason =
                td_arena_printf(d->arena, "role guessed: %s; say it with --role, or in the job file", t->role.why);
        else if (t->role.source == TD_ROLE_UNKNOWN)
            q->reason = td_arena_strdup(d->arena, t->role.why);
        if (!q->name || !q->path || !q->role || !q->sha256) return td_no_memory(err);
    }
    p->n_buses = s->n_buses;
    p->bus = td_arena_array(d->arena, s->n_buses + 1, sizeof *p->bus);
    if (!p->bus) return td_no_memory(err);
    for (size_t b = 0; b < s->n_buses; b++) {
        p->bus[b].name = td_arena_strdup(d->arena, s->bus[b].name);
        p->bus[b].group = td_arena_strdup(d->arena, s->bus[b].group);
        if (!p->bus[b].name || !p->bus[b].group) return td_no_memory(err);
    }
    return TD_OK;
}

/* The song's last sound and room for tails, the same for every recipe: versions of one session have one length. */
static uint64_t length(const td_decider *d)
{
    const td_signal *sum = td_survey_signal(d->survey, td_survey_sum(d->survey));
    uint64_t tail = TD_TAIL_S * (uint64_t)d->session->rate_hz, end = d->session->frames;
    if (!isnan(sum->last_sound_s)) {
        uint64_t last = (uint64_t)(sum->last_sound_s * d->session->rate_hz) + tail;
        if (last > end) end = last;
    }
    return end;
}

/* The order wins, and the plan says so. */
static td_status take_target(td_decider *d, const char *what, const td_target *order, const td_target *recipe,
                             td_target *out, td_error *err)
{
    *out = order ? td_target_over(order, recipe) : *recipe;
    const char *now = td_target_text(d->arena, out), *was = td_target_text(d->arena, recipe);
    if (out->named && !(out->named = td_arena_strdup(d->arena, out->named))) return td_no_memory(err);
    if (!now || !was) return td_no_memory(err);
    if (!strcmp(now, was)) return TD_OK;
    return td_decide_note(d, TD_NOTE_DECISION, "%s %s by the order; the recipe says %s", what, now, was);
}

static td_status copy_head(td_decider *d, td_error *err)
{
    td_plan *p = d->plan;
    const td_recipe *r = d->recipe;
    p->recipe = td_arena_strdup(d->arena, r->name);
    p->recipe_title = td_arena_strdup(d->arena, r->title);
    p->label = td_arena_strdup(d->arena, d->wish->label ? d->wish->label : r->name);
    p->recipe_revision = r->revision;
    p->recipe_hash = td_arena_strdup(d->arena, r->hash);
    p->recipe_path = td_arena_strdup(d->arena, d->wish->recipe_path);
    p->session_hash = td_arena_strdup(d->arena, d->session->hash);
    p->title = td_arena_strdup(d->arena, d->session->title);
    p->artist = td_arena_strdup(d->arena, d->session->artist);
    p->rate_hz = d->session->rate_hz;
    p->frames = length(d);
    TD_TRY(take_target(d, "master", d->wish->master, &r->master, &p->master, err));
    TD_TRY(take_target(d, "preview", d->wish->preview, &r->preview, &p->preview, err));
    p->preview_format = td_arena_strdup(d->arena, r->preview_format ? r->preview_format : "wav");
    p->preview_bits = r->preview_bits;
    if (!p->recipe || !p->label || !p->recipe_hash || !p->session_hash || !p->preview_format) return td_no_memory(err);
    return TD_OK;
}

static bool has_notes(const td_processor *proc, const td_wish *value)
{
    for (size_t k = 0; k < proc->n_params; k++)
        if (value[k].kind == TD_WISH_NOTES) return true;
    return false;
}

static bool uses_notes(const td_chain_wish *c)
{
    for (size_t i = 0; i < c->n_steps; i++) {
        const td_step_wish *w = &c->step[i];
        if (has_notes(w->proc, w->value)) return true;
        for (size_t k = 0; k < w->n_parts; k++)
            if (has_notes(w->part[k].proc, w->part[k].value)) return true;
    }
    return false;
}

static td_status take_tempo(td_decider *d)
{
    const td_recipe *r = d->recipe;
    bool asked = uses_notes(&r->mix);
    for (td_way k = 0; k < TD_WAYS; k++) asked = asked || uses_notes(&r->way[k]);
    for (size_t i = 0; i < r->n_groups; i++) asked = asked || uses_notes(&r->group[i].chain);
    for (size_t i = 0; i < r->n_rets; i++) asked = asked || uses_notes(&r->ret[i].chain);
    for (size_t i = 0; i < r->n_fixes; i++) asked = asked || uses_notes(&r->fix[i].chain);
    const char *from = d->session->tempo_from;
    d->plan->tempo_bpm = d->session->tempo_bpm > 0 ? d->session->tempo_bpm : td_survey_tempo(d->survey);
    if (!(d->session->tempo_bpm > 0)) from = "estimate";
    if (!(d->plan->tempo_bpm > 0)) {
        d->plan->tempo_bpm = 120;
        from = "default";
    }
    d->plan->tempo_from = td_arena_strdup(d->arena, from);
    if (!asked || (from && !strcmp(from, "job"))) return TD_OK;
    bool said = from && !strcmp(from, "file name");
    return td_decide_note(
        d, said ? TD_NOTE_DECISION : TD_NOTE_WARNING, "tempo %.4g bpm (%s)%s", d->plan->tempo_bpm, from,
        said ? "" : ": nobody said one, and note lengths depend on it; say it with --tempo, or in the job file");
}

/* A tenth of the song's time, and 10 s; excerpts shorter than 40 s are asked for a quarter. */
static void learn_playing(td_decider *d)
{
    double all = (double)td_survey_signal(d->survey, td_survey_sum(d->survey))->active_steps;
    double enough = fmax(0.1 * all, fmin(10 / TD_STEP_S, 0.25 * all));
    for (size_t i = 0; enough > 0 && i < d->session->n_stems; i++)
        d->playing.stem[i] = (double)td_survey_signal(d->survey, td_survey_stem(d->survey, i))->active_steps / enough;
    for (size_t b = 0; enough > 0 && b < d->session->n_buses; b++)
        d->playing.bus[b] = (double)td_survey_signal(d->survey, td_survey_bus(d->survey, b))->active_steps / enough;
}

/* ---- storeys ----------------------------------------------------------------------------------------------------- */

static td_status decide_mix_bus(td_decider *d, td_error *err)
{
    d->taken_db = td_arena_array(d->arena, d->recipe->mix.n_steps + 1, sizeof *d->taken_db);
    if (!d->taken_db) return td_no_memory(err);
    for (size_t i = 0; i < d->recipe->mix.n_steps; i++) d->taken_db[i] = NAN;
    td_site site = {
        .kind = TD_SITE_MIX, .signal = td_survey_sum(d->survey), .chain = &d->plan->mix, .name = "mix", .role = "mix"
    };
    TD_TRY(td_decide_chain(d, &site, &d->recipe->mix, NULL, NULL, err));
    return td_decide_ways(d, err);
}

/* Each bus is decided by itself: on its own arena and with its own notes, so that all can be decided side by side. */
typedef struct group_task {
    td_decider *d;
    td_decider own[TD_BUSES_MAX];
    td_plan plan[TD_BUSES_MAX];
    size_t order[TD_BUSES_MAX]; /* the most work first */
} group_task;

static td_status decide_group(void *shared, size_t index, td_error *err)
{
    group_task *t = shared;
    size_t b = t->order[index];
    td_decider *d = &t->own[b];
    td_plan_bus *p = &t->d->plan->bus[b];
    const td_group_wish *g = td_group_for(d, p);
    if (!g || td_is_silent(p->peak_dbfs)) return TD_OK;
    td_site site = { .kind = TD_SITE_BUS,
                     .index = b,
                     .signal = td_survey_bus(d->survey, b),
                     .chain = &p->chain,
                     .name = p->name,
                     .role = p->name };
    td_answer f;
    if (g->when) {
        TD_TRY(td_evaluate(d, &site, g->when, &f, err));
        if (!f.holds)
            return td_decide_note(d, TD_NOTE_NOT_USED, "group %s: %s, asked was %s", p->name, f.text, g->when_text);
    }
    TD_TRY(td_decide_chain(d, &site, &g->chain, NULL, g->when ? &f : NULL, err));
    TD_TRY(td_decide_sends(d, g->send, g->n_sends, &p->send, &p->n_sends, err));
    return td_decide_makeup(d, b, err);
}

static td_status keep_unfixed(td_decider *d, td_error *err)
{
    td_plan_stem *copy = td_arena_array(d->arena, d->plan->n_stems + 1, sizeof *copy);
    if (!copy) return td_no_memory(err);
    memcpy(copy, d->plan->stem, d->plan->n_stems * sizeof *copy);
    d->unfixed = copy;
    return TD_OK;
}

static bool staged_anew(const td_decider *d, size_t stem)
{
    const td_plan_stem *a = &d->unfixed[stem], *b = &d->plan->stem[stem];
    bool moved = a->pan != b->pan && !(isnan(a->pan) && isnan(b->pan));
    return moved || a->gain_db != b->gain_db || a->flip != b->flip || a->n_ride != b->n_ride;
}

/* Whether fixes changed what a group hears: a stem of it, or how one is staged that drives a step of it. */
static bool hears_fixes(const td_decider *d, size_t bus)
{
    const td_plan *p = d->plan;
    const td_plan_chain *chain = &p->bus[bus].chain;
    bool any = false;
    for (size_t i = 0; i < p->n_stems; i++)
        any |= d->session->stem[i].bus == bus &&
               (staged_anew(d, i) || p->stem[i].chain.n_steps != d->unfixed[i].chain.n_steps);
    for (size_t i = 0; i < chain->n_steps; i++) {
        size_t key[TD_STEMS_MAX], n = td_plan_keys(p, d->session, &chain->step[i], key);
        for (size_t k = 0; k < n; k++) any |= staged_anew(d, key[k]);
    }
    return any;
}

/* Levels are as fixes left them, and layers that fought each other in the survey's bus add up, once one is turned. */
static void ease_fixed(td_decider *d, size_t b)
{
    const float *bus = td_survey_signal(d->survey, td_survey_bus(d->survey, b))->ms;
    for (size_t i = 0; i < d->steps; i++) {
        double before = 0, after = 0;
        for (size_t k = 0; k < d->session->n_stems; k++) {
            if (d->session->stem[k].bus != b) continue;
            double p = (double)td_survey_signal(d->survey, td_survey_stem(d->survey, k))->ms[i];
            before += p;
            after += p * td_db_power(d->plan->stem[k].gain_db - d->unfixed[k].gain_db);
        }
        double heard = fmin(before, (double)bus[i]);
        d->eased[b][i] = heard > 0 ? (float)(after / heard) : 1;
    }
}

/* Fixes change what reaches a group's detectors: goals and make-up are found again, and nothing else. */
static td_status solve_group_again(void *shared, size_t index, td_error *err)
{
    group_task *t = shared;
    size_t b = t->order[index];
    td_decider *d = &t->own[b];
    td_plan_bus *p = &t->d->plan->bus[b];
    const td_group_wish *g = td_group_for(d, p);
    bool solved = false;
    if (!hears_fixes(d, b)) return TD_OK;
    td_scratch_free(d->behind[b].sound);
    d->behind[b] = (td_behind){ 0 };
    ease_fixed(d, b);
    for (size_t i = 0; g && i < p->chain.n_steps; i++) {
        td_plan_chain before = { p->chain.step, i };
        td_site site = { .kind = TD_SITE_BUS,
                         .index = b,
                         .signal = td_survey_bus(d->survey, b),
                         .chain = &before,
                         .name = p->name,
                         .role = p->name };
        for (size_t k = 0; k < g->chain.n_steps; k++) {
            const td_step_wish *w = &g->chain.step[k];
            if (strcmp(w->name, p->chain.step[i].name) || !td_goals_asked(w)) continue;
            TD_TRY(td_solve_goals(d, &site, w, &p->chain.step[i], err));
            solved = true;
        }
    }
    return solved ? td_decide_makeup(d, b, err) : TD_OK;
}

/* Roughly: a goal has its bus played, up to where it stands. */
static size_t effort(const td_decider *d, size_t b)
{
    const td_group_wish *g = td_group_for(d, &d->plan->bus[b]);
    size_t stems = 0, sum = 0;
    for (size_t i = 0; i < d->session->n_stems; i++) stems += d->session->stem[i].bus == b;
    for (size_t k = 0; g && k < g->chain.n_steps; k++)
        if (td_goals_asked(&g->chain.step[k])) sum += stems + k;
    return sum;
}

static void order_groups(group_task *t)
{
    for (size_t b = 0; b < t->d->plan->n_buses; b++) {
        size_t at = b;
        for (; at && effort(t->d, t->order[at - 1]) < effort(t->d, b); at--) t->order[at] = t->order[at - 1];
        t->order[at] = b;
    }
}

static td_status each_group(td_decider *d, td_task decide_one, td_error *err)
{
    group_task *t = calloc(1, sizeof *t);
    if (!t) return td_no_memory(err);
    t->d = d;
    order_groups(t);
    td_status st = TD_OK;
    size_t n = d->plan->n_buses;
    for (size_t b = 0; !st && b < n; b++) {
        t->own[b] = *d;
        t->plan[b] = *d->plan; /* shares buses and stems; notes are its own */
        t->plan[b].note = NULL;
        t->plan[b].n_notes = 0;
        t->own[b].plan = &t->plan[b];
        t->own[b].arena = td_arena_new();
        if (!t->own[b].arena) st = td_no_memory(err);
    }
    if (!st) st = td_pool_run(d->wish->pool, n, decide_one, t, err);
    for (size_t b = 0; b < n; b++) {
        for (size_t i = 0; !st && i < t->plan[b].n_notes; i++)
            if (td_decide_note(d, (int)t->plan[b].note[i].kind, "%s", t->plan[b].note[i].text)) st = td_no_memory(err);
        td_arena_join(d->arena, t->own[b].arena);
    }
    free(t);
    return st;
}

static td_status ease_nobody(td_decider *d, td_error *err)
{
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        if (!(d->eased[b] = td_arena_array(d->arena, d->steps + 1, sizeof(float)))) return td_no_memory(err);
        for (size_t i = 0; i < d->steps; i++) d->eased[b][i] = 1;
    }
    return TD_OK;
}

static td_status not_used_groups(td_decider *d)
{
    for (size_t i = 0; i < d->recipe->n_groups; i++) {
        bool used = false;
        for (size_t b = 0; b < d->plan->n_buses; b++)
            used = used || td_group_for(d, &d->plan->bus[b]) == &d->recipe->group[i];
        if (!used && td_decide_note(d, TD_NOTE_NOT_USED, "groups.%s: no stems", d->recipe->group[i].bus))
            return TD_NOMEM;
    }
    return TD_OK;
}

static bool sends_to(const td_plan_send *send, size_t n, const char *ret)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(send[i].to, ret)) return true;
    return false;
}

static bool is_fed(const td_plan *p, const char *ret)
{
    bool fed = false;
    for (size_t i = 0; i < p->n_buses; i++) fed |= sends_to(p->bus[i].send, p->bus[i].n_sends, ret);
    for (size_t i = 0; i < p->n_stems; i++) fed |= sends_to(p->stem[i].send, p->stem[i].n_sends, ret);
    for (size_t i = 0; i < p->n_rets; i++) fed |= sends_to(p->ret[i].send, p->ret[i].n_sends, ret);
    return fed;
}

/* A return nobody sends to is left out. wish: of those that are not. */
static td_status set_up_returns(td_decider *d, const td_group_wish **wish, td_error *err)
{
    td_plan *p = d->plan;
    for (size_t i = 0; i < d->recipe->n_rets; i++) {
        const td_group_wish *g = &d->recipe->ret[i];
        if (!is_fed(p, g->bus)) {
            TD_TRY(td_decide_note(d, TD_NOTE_NOT_USED, "returns.%s: nothing is sent to it", g->bus));
            continue;
        }
        td_plan_return *r = &p->ret[p->n_rets];
        *r = (td_plan_return){ .name = td_arena_strdup(d->arena, g->bus), .reason = "as written" };
        if (!r->name) return td_no_memory(err);
        if (g->level_db.kind == TD_WISH_VALUE) r->fader_db = g->level_db.a;
        TD_TRY(td_decide_sends(d, g->send, g->n_sends, &r->send, &r->n_sends, err));
        wish[p->n_rets++] = g;
    }
    return TD_OK;
}

static td_status decide_returns(td_decider *d, td_error *err)
{
    td_plan *p = d->plan;
    const td_group_wish **wish = td_arena_array(d->arena, d->recipe->n_rets + 1, sizeof *wish);
    p->ret = td_arena_array(d->arena, d->recipe->n_rets + 1, sizeof *p->ret);
    if (!p->ret || !wish) return td_no_memory(err);
    TD_TRY(set_up_returns(d, wish, err));
    for (size_t i = 0; i < p->n_rets; i++) {
        td_site site = { .kind = TD_SITE_RETURN,
                         .index = i,
                         .signal = td_survey_sum(d->survey),
                         .chain = &p->ret[i].chain,
                         .name = p->ret[i].name,
                         .role = "returns" };
        TD_TRY(td_decide_chain(d, &site, &wish[i]->chain, NULL, NULL, err));
    }
    return TD_OK;
}

static td_status reach(const td_plan_wish *w, double fraction, td_error *err)
{
    if (w->progress) w->progress(w->user, "planning", fraction);
    return td_decide_go_on(w, err);
}

static td_status decide(td_decider *d, td_error *err)
{
    TD_TRY(copy_head(d, err));
    TD_TRY(copy_stems(d, err));
    learn_playing(d);
    for (size_t i = 0; i < d->wish->n_warnings; i++)
        TD_TRY(td_decide_note(d, TD_NOTE_WARNING, "%s", d->wish->warning[i]));
    TD_TRY(td_tell_stems(d, err));
    TD_TRY(td_tell_reference(d));
    TD_TRY(take_tempo(d));
    TD_TRY(td_find_sections(d, err));
    TD_TRY(td_classify(d, err));
    TD_TRY(td_choose_balance(d, err));
    TD_TRY(td_decide_places(d, err));
    TD_TRY(td_decide_staging(d, err));
    TD_TRY(td_decide_balance(d, err));
    TD_TRY(td_choose_curve(d, err));
    TD_TRY(reach(d->wish, 0.2, err));
    TD_TRY(ease_nobody(d, err));
    TD_TRY(decide_mix_bus(d, err));
    TD_TRY(td_measure_asked(d, err));
    TD_TRY(reach(d->wish, 0.4, err));
    TD_TRY(each_group(d, decide_group, err));
    TD_TRY(not_used_groups(d));
    TD_TRY(reach(d->wish, 0.8, err));
    TD_TRY(keep_unfixed(d, err));
    TD_TRY(td_decide_fixes(d, err));
    TD_TRY(each_group(d, solve_group_again, err));
    TD_TRY(td_warn_of_cancelling(d, err));
    TD_TRY(td_settle_opposed(d, err));
    TD_TRY(decide_returns(d, err));
    TD_TRY(td_decide_shares(d, err));
    TD_TRY(td_decide_check(d, err));
    return reach(d->wish, 1, err);
}

td_status td_plan_make(const td_plan_wish *wish, td_plan **out, td_error *err)
{
    *out = NULL;
    td_arena *a = td_arena_new();
    td_plan *p = a ? td_arena_alloc(a, sizeof *p) : NULL;
    td_decider d = {
        .wish = wish, .session = wish->session, .survey = wish->survey, .recipe = wish->recipe, .plan = p, .arena = a
    };
    d.steps = td_survey_signal(wish->survey, td_survey_sum(wish->survey))->steps;
    d.active = a ? td_arena_alloc(a, d.steps + 1) : NULL;
    d.behind = a ? td_arena_array(a, TD_BUSES_MAX, sizeof *d.behind) : NULL;
    if (!p || !d.active || !d.behind) {
        td_arena_free(a);
        return td_no_memory(err);
    }
    p->arena = a;
    p->draft = true;
    td_status st = decide(&d, err);
    if (!st && td_arena_broken(a)) st = td_no_memory(err); /* a reason may be missing, or the right side of a pair */
    p->draft = false;
    td_scratch_free(d.sum);
    for (size_t b = 0; b < TD_BUSES_MAX; b++) td_scratch_free(d.behind[b].sound);
    if (st) {
        td_plan_free(p);
        return st;
    }
    *out = p;
    return TD_OK;
}

td_status td_plan_undecided(const td_plan_wish *wish, td_plan **out, td_error *err)
{
    *out = NULL;
    td_arena *a = td_arena_new();
    td_plan *p = a ? td_arena_alloc(a, sizeof *p) : NULL;
    td_decider d = {
        .wish = wish, .session = wish->session, .survey = wish->survey, .recipe = wish->recipe, .plan = p, .arena = a
    };
    td_status st = p ? copy_head(&d, err) : td_no_memory(err);
    if (!st && td_arena_broken(a)) st = td_no_memory(err);
    if (st) {
        td_arena_free(a);
        return st;
    }
    p->arena = a;
    *out = p;
    return TD_OK;
}
