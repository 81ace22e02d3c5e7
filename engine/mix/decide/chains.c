#include "engine/mix/decide/decide.h"

#include "engine/base/units.h"
#include <stdio.h>
#include <string.h>

/* ---- values ------------------------------------------------------------------------------------------------------ */

typedef struct value_notes {
    td_text reason; /* joined by "; " */
    td_origin origin;
    td_plan_how *how;
} value_notes;

static const char as_written[] = "as written";

td_status td_decide_how(td_decider *d, td_plan_how *how, td_origin by, const char *name)
{
    const char ***list = by == TD_SOLVED ? &how->solved : by == TD_FROM_KNOB ? &how->knob : &how->written;
    size_t *n = by == TD_SOLVED ? &how->n_solved : by == TD_FROM_KNOB ? &how->n_knobs : &how->n_written;
    const char **grown = td_arena_array(d->arena, *n + 1, sizeof *grown);
    if (!grown) return TD_NOMEM;
    if (*n) memcpy(grown, *list, *n * sizeof *grown);
    grown[(*n)++] = name;
    *list = grown;
    return TD_OK;
}

/* A parameter's value has an origin of its own; name NULL: of one that another stands for, or of the whole. */
static void because(td_decider *d, value_notes *n, td_origin origin, const char *name, const char *text)
{
    if (origin != TD_AS_WRITTEN && n->origin != TD_SOLVED) n->origin = origin;
    if (origin != TD_AS_WRITTEN && name && td_decide_how(d, n->how, origin, name)) n->reason.broken = true;
    if (!text) return;
    if (n->reason.length) td_text_add(&n->reason, "; ");
    td_text_add(&n->reason, text);
}

/* The frequency a condition found, as a band a third of an octave to each side where a band is asked for. */
static void take_measured(const td_range_case *c, double *value, size_t slot, value_notes *n, td_decider *d)
{
    const td_answer *f = c->found;
    if (!c->param->name) return; /* a band's upper edge came with its lower one */
    bool is_q = !strcmp(c->param->name, "q");
    double x = is_q ? f->q : f->at_hz;
    if (isnan(x)) x = 4; /* a q: narrow enough to leave the neighbours alone */
    x = td_clamp(x, c->param->min, c->param->max);
    if (c->param->span == 2) {
        value[slot] = td_param_round(c->param, td_clamp(x / 1.26, c->param->min, c->param->max));
        value[slot + 1] = td_param_round(c->param, td_clamp(x * 1.26, c->param->min, c->param->max));
    } else {
        value[slot] = td_param_round(c->param, x);
    }
    because(d, n, TD_SOLVED, c->param->name,
            td_arena_printf(d->arena, "%s %s it was measured, %.4g%s", c->param->name,
                            c->param->span == 2 ? "around where"
                            : is_q              ? "as"
                                                : "where",
                            x, is_q ? "" : " Hz"));
}

static bool any_measured(const td_processor *proc, const td_wish *value)
{
    for (size_t i = 0; i < proc->n_params; i++)
        if (value[i].kind == TD_WISH_MEASURED) return true;
    return false;
}

static bool asks_measured(const td_step_wish *w)
{
    bool any = any_measured(w->proc, w->value);
    for (size_t i = 0; i < w->n_parts; i++) any |= any_measured(w->part[i].proc, w->part[i].value);
    return any;
}

static td_status take_value(td_decider *d, const td_range_case *c, double *value, size_t slot, value_notes *n,
                            td_error *err)
{
    const td_wish *w = c->wish;
    const char *reason = NULL;
    switch (w->kind) {
    case TD_WISH_NONE:
        return TD_OK;
    case TD_WISH_VALUE:
        value[slot] = w->a;
        if (w->knob)
            because(d, n, TD_FROM_KNOB, c->param->name,
                    td_arena_printf(d->arena, "%s from %s", c->param->name ? c->param->name : "", w->knob));
        return TD_OK;
    case TD_WISH_NOTES:
        value[slot] = td_clamp(td_round_to(w->a * 240000 / d->plan->tempo_bpm, 0.1), c->param->min, c->param->max);
        because(d, n, TD_SOLVED, c->param->name,
                td_arena_printf(d->arena, "%s %.1f ms at %g bpm", c->param->name, value[slot], d->plan->tempo_bpm));
        return TD_OK;
    case TD_WISH_AUTO:
        if (c->param->flags & TD_AUTO && !(c->param->flags & TD_SOLVABLE)) {
            value[slot] = INFINITY;
            return TD_OK;
        }
        /* what the planner resolves */ /* fall through */
    case TD_WISH_RANGE:
        if (c->param->span == 2 &&
            w->kind == TD_WISH_RANGE) { /* a band written as a range is two numbers, not a choice */
            value[slot] = w->a;
            value[slot + 1] = w->b;
            return TD_OK;
        }
        TD_TRY(td_solve_range(d, c, value, &value[slot], &reason, err));
        because(d, n, TD_SOLVED, c->param->name, reason);
        return TD_OK;
    case TD_WISH_MEASURED:
        take_measured(c, value, slot, n, d);
        return TD_OK;
    default: /* goals are solved when all else stands */
        return TD_OK;
    }
}

/* First what stands, then what depends on it (a range may look at a written frequency). */
static td_status take_values(td_decider *d, td_range_case *c, const td_wish *wish, double *value, value_notes *n,
                             td_error *err)
{
    td_processor_defaults(c->proc, value);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < c->proc->n_params; i++) {
            const td_param *p = &c->proc->params[i];
            bool late = wish[i].kind == TD_WISH_RANGE || wish[i].kind == TD_WISH_AUTO;
            if (late != (pass == 1) || (p->flags & (TD_GOAL | TD_PLANNED))) continue;
            c->param = p;
            c->wish = &wish[i];
            size_t decided = n->how->n_solved + n->how->n_knobs;
            TD_TRY(take_value(d, c, value, i, n, err));
            bool said = wish[i].kind != TD_WISH_NONE && p->name && n->how->n_solved + n->how->n_knobs == decided;
            if (said && value[i] == p->def && td_decide_how(d, n->how, TD_AS_WRITTEN, p->name))
                return td_no_memory(err);
        }
    return TD_OK;
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static double value_of(const td_processor *p, const double *value, const char *name)
{
    int slot = td_param_find(p, name);
    return slot < 0 ? NAN : value[slot];
}

/* A part that would change nothing: a bell or shelf of 0 dB. */
static bool idle_part(const td_plan_part *p)
{
    double gain = value_of(p->proc, p->value, "gain");
    return gain == 0 && strcmp(p->proc->name, "band") != 0;
}

#define FLOOR_LU 0.5

/* A cut that clears a bus of what others play lower would take the floor from a mix in which nobody does. What lies
 * under an instrument is no floor: rumble has no say in how loud it is. */
static td_status takes_the_floor(td_decider *d, const td_site *site, const td_plan_step *step, const td_plan_part *p,
                                 double *share, bool *out, td_error *err)
{
    td_plan_part cut = *p;
    td_plan_step alone = *step;
    td_plan_chain chain = { &alone, 1 };
    double lost_lu;
    alone.part = &cut;
    alone.n_parts = 1;
    *out = false;
    if (site->kind != TD_SITE_BUS || strcmp(p->proc->name, "low_cut")) return TD_OK;
    TD_TRY(td_low_cut_loss(d, site->index, &chain, &lost_lu, err));
    TD_TRY(td_band_share(d, site, 0, value_of(p->proc, p->value, "at"), share, err));
    *out = lost_lu > FLOOR_LU && *share > 0.5;
    return TD_OK;
}

static td_status take_part(td_decider *d, td_range_case *c, const td_part_wish *w, td_plan_step *step, value_notes *n,
                           td_error *err)
{
    td_plan_part *p = &step->part[step->n_parts];
    value_notes own = { .origin = TD_AS_WRITTEN, .how = &p->how };
    *p = (td_plan_part){ .proc = w->proc, .goal = td_no_goal };
    p->value = td_arena_array(d->arena, p->proc->n_params + 1, sizeof(double));
    if (!p->value) return td_no_memory(err);
    c->part = w;
    c->proc = p->proc;
    td_status st = take_values(d, c, w->value, p->value, &own, err);
    p->reason = own.reason.length ? td_arena_strdup(d->arena, own.reason.data) : as_written;
    bool broken = own.reason.broken || !p->reason;
    td_text_free(&own.reason);
    if (st || broken) return st ? st : td_no_memory(err);
    bool floor;
    double share;
    TD_TRY(takes_the_floor(d, c->site, step, p, &share, &floor, err));
    if (floor)
        return td_decide_note(d, TD_NOTE_NOT_USED, "%s %s low_cut: %.0f %% of the mix below %.4g Hz is %s",
                              c->site->name, c->step->name, share * 100, value_of(p->proc, p->value, "at"),
                              c->site->name);
    if (own.origin != TD_AS_WRITTEN && n->origin != TD_SOLVED) n->origin = own.origin;
    if (idle_part(p))
        return td_decide_note(d, TD_NOTE_NOT_USED, "%s %s %s: changes nothing (%s)", c->site->name, c->step->name,
                              p->proc->name, p->reason);
    step->n_parts++;
    return TD_OK;
}

/* A shelf that was left to us, where the match cuts within an octave of it. */
static size_t fought_shelf(const td_plan_step *step, size_t matched)
{
    for (size_t i = 0; i < matched; i++) {
        const td_plan_part *s = &step->part[i];
        bool shelf = !strcmp(s->proc->name, "high_shelf") || !strcmp(s->proc->name, "low_shelf");
        if (!shelf || s->reason == as_written || !(value_of(s->proc, s->value, "gain") > 0)) continue;
        for (size_t k = matched; k < step->n_parts; k++) {
            const td_plan_part *b = &step->part[k];
            double octaves = td_log2(value_of(b->proc, b->value, "at") / value_of(s->proc, s->value, "at"));
            if (value_of(b->proc, b->value, "gain") < 0 && fabs(octaves) <= 1) return i;
        }
    }
    return SIZE_MAX;
}

static td_status take_match(td_decider *d, const td_range_case *c, const td_part_wish *w, td_plan_step *step,
                            td_error *err)
{
    size_t before = step->n_parts, most = td_parts_most(step->proc);
    TD_TRY(td_decide_match(d, c->site, w, step, most - before, err));
    size_t shelf = fought_shelf(step, before);
    if (shelf == SIZE_MAX) return TD_OK;
    TD_TRY(td_decide_note(d, TD_NOTE_NOT_USED, "%s %s %s: match cuts within an octave of it", c->site->name,
                          c->step->name, step->part[shelf].proc->name));
    memmove(step->part + shelf, step->part + shelf + 1, (before - shelf - 1) * sizeof *step->part);
    step->n_parts = before - 1;
    return td_decide_match(d, c->site, w, step, most - before + 1, err);
}

/* A match comes last, wherever it is written: it answers what the other parts leave, and their order is not heard. */
static td_status take_parts(td_decider *d, td_range_case *c, td_plan_step *step, value_notes *n, td_error *err)
{
    const td_step_wish *w = c->step;
    size_t most = td_parts_most(w->proc);
    step->part = td_arena_array(d->arena, most, sizeof *step->part);
    if (!step->part) return td_no_memory(err);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < w->n_parts; i++) {
            size_t before = step->n_parts;
            bool match = !strcmp(w->part[i].proc->name, "match");
            if (match != (pass == 1)) continue;
            if (before == most)
                return td_fail(err, TD_RECIPE, c->site->name, "split the step in two", "%s has more than %zu parts",
                               w->name, most);
            if (!match) {
                TD_TRY(take_part(d, c, &w->part[i], step, n, err));
                continue;
            }
            TD_TRY(take_match(d, c, &w->part[i], step, err));
            if (step->n_parts >= before) n->origin = TD_SOLVED;
        }
    return TD_OK;
}

/* Remarks about a step start alike. Returns where the first of them stood. */
static size_t forget_remarks(td_plan *p, const td_site *site, const char *step)
{
    char own[96], match[96];
    size_t kept = 0, first = p->n_notes;
    snprintf(own, sizeof own, "%s %s ", site->name, step);
    snprintf(match, sizeof match, "%s match: ", site->name);
    for (size_t i = 0; i < p->n_notes; i++) {
        const char *text = p->note[i].text;
        if (!strncmp(text, own, strlen(own)) || !strncmp(text, match, strlen(match)))
            first = first < kept ? first : kept;
        else
            p->note[kept++] = p->note[i];
    }
    p->n_notes = kept;
    return first < kept ? first : kept;
}

td_status td_decide_parts_again(td_decider *d, const td_site *site, const td_step_wish *wish, td_plan_step *step,
                                td_error *err)
{
    value_notes notes = { .origin = TD_AS_WRITTEN };
    td_answer found;
    td_range_case c = { .site = site, .step = wish, .proc = wish->proc };
    td_plan *p = d->plan;
    if (asks_measured(wish)) {
        TD_TRY(td_evaluate(d, site, wish->when, &found, err));
        c.found = &found;
    }
    size_t place = forget_remarks(p, site, wish->name), n = p->n_notes;
    step->n_parts = 0;
    td_status st = take_parts(d, &c, step, &notes, err);
    td_text_free(&notes.reason);
    for (; n < p->n_notes; n++, place++) { /* new remarks where the old ones stood */
        td_plan_note note = p->note[n];
        memmove(p->note + place + 1, p->note + place, (n - place) * sizeof note);
        p->note[place] = note;
    }
    return st;
}

static td_status take_keys(td_decider *d, const td_step_wish *w, td_plan_step *step, td_error *err)
{
    size_t index[TD_STEMS_MAX];
    bool taken[TD_STEMS_MAX] = { false };
    step->key = td_arena_array(d->arena, d->session->n_stems + 1, sizeof *step->key);
    if (!step->key) return td_no_memory(err);
    for (size_t k = 0; k < w->n_keys; k++) {
        size_t n = td_keys_meant(d, w->key[k], index);
        for (size_t i = 0; i < n; i++) {
            if (taken[index[i]]) continue;
            taken[index[i]] = true;
            const char *name = td_arena_strdup(d->arena, d->session->stem[index[i]].name);
            if (!name) return td_no_memory(err);
            step->key[step->n_keys++] = name;
        }
    }
    return TD_OK;
}

/* A mono track has one side, which hears both of what drives it. */
static td_status link_mono(td_decider *d, const td_site *site, td_plan_step *step, td_error *err)
{
    int link = td_param_find(step->proc, "link");
    if (link < 0 || !step->n_keys || site->kind != TD_SITE_STEM || step->value[link] == 100) return TD_OK;
    if (td_stem_channels(&d->session->stem[site->index]) != 1) return TD_OK;
    step->value[link] = 100;
    if (td_decide_how(d, &step->how, TD_SOLVED, "link")) return td_no_memory(err);
    return td_decide_note(d, TD_NOTE_DECISION, "%s %s: link 100 %%, for a mono track hears both sides of its key",
                          site->name, step->name);
}

/* Steps that are neutral with the values they got. */
static const char *idle_step(const td_plan_step *s, const td_step_wish *w)
{
    if (s->proc->timed && !s->n_parts) return s->reason;
    if (w->n_parts && !s->n_parts) return "none of its bands has anything to do";
    if (!strcmp(s->proc->name, "stereo") && value_of(s->proc, s->value, "width") == 100 &&
        isnan(value_of(s->proc, s->value, "mono_below")))
        return "the width stays as it is";
    if (!strcmp(s->proc->name, "pitch") && value_of(s->proc, s->value, "pitch") == 0 &&
        value_of(s->proc, s->value, "formant") == 0)
        return "0 semitones";
    if (!strcmp(s->proc->name, "gain") && value_of(s->proc, s->value, "gain") == 0) return "0 dB";
    return NULL;
}

/* A reduction of nothing, by a threshold that waits for it, and no gain behind it. */
static bool takes_nothing(const td_processor *proc, const td_wish *value)
{
    bool nothing = false;
    for (size_t i = 0; i < proc->n_params; i++) {
        const td_param *p = &proc->params[i];
        if (p->flags & TD_GOAL && value[i].kind != TD_WISH_NONE)
            nothing = !strcmp(p->solves, "threshold") && value[i].kind != TD_WISH_AT_LEAST && value[i].a == 0 &&
                      !(value[i].kind == TD_WISH_RANGE && value[i].b != 0);
    }
    int makeup = td_param_find(proc, "makeup");
    bool louder = makeup >= 0 && value[makeup].kind != TD_WISH_NONE && value[makeup].a != 0;
    return nothing && !louder;
}

static bool asks_nothing(const td_step_wish *w)
{
    bool nothing = w->n_parts || takes_nothing(w->proc, w->value);
    for (size_t i = 0; i < w->n_parts; i++) nothing = nothing && takes_nothing(w->part[i].proc, w->part[i].value);
    return nothing;
}

/* A width that is left to us, where there is none. */
static td_status no_width(td_decider *d, const td_site *site, const td_step_wish *w, bool *out, td_error *err)
{
    int width = strcmp(w->proc->name, "stereo") ? -1 : td_param_find(w->proc, "width");
    *out = false;
    if (width < 0 || (w->value[width].kind != TD_WISH_AUTO && w->value[width].kind != TD_WISH_RANGE)) return TD_OK;
    return td_sides_alike(d, site, out, err);
}

static td_status decide_step(td_decider *d, const td_site *site, const td_step_wish *w, const td_answer *found,
                             td_plan_step *step, td_error *err)
{
    value_notes notes = { .origin = TD_AS_WRITTEN, .how = &step->how };
    if (found && found->holds && found->text[0]) because(d, &notes, TD_AS_WRITTEN, NULL, found->text);
    *step = (td_plan_step){ .name = td_arena_strdup(d->arena, w->name), /* a plan outlives its recipe */
                            .proc = w->proc,
                            .file = td_arena_strdup(d->arena, w->file),
                            .blend = w->blend,
                            .bypass = w->bypass,
                            .note = td_arena_strdup(d->arena, w->note),
                            .goal = td_no_goal };
    step->value = td_arena_array(d->arena, w->proc->n_params + 1, sizeof(double));
    if (!step->value || !step->name || (w->file && !step->file)) return td_no_memory(err);
    td_range_case c = { .site = site, .step = w, .proc = w->proc, .found = found };
    td_status st = take_values(d, &c, w->value, step->value, &notes, err);
    if (!st) st = take_parts(d, &c, step, &notes, err);
    if (!st) st = take_keys(d, w, step, err);
    if (!st) st = link_mono(d, site, step, err);
    step->origin = notes.origin;
    step->reason = notes.reason.length ? td_arena_strdup(d->arena, notes.reason.data) : as_written;
    bool broken = notes.reason.broken || !step->reason;
    td_text_free(&notes.reason);
    if (!st && broken) st = td_no_memory(err);
    if (!st) st = td_decide_moves(d, site, w, step, err);
    if (!st) st = td_decide_rider(d, site, step, err);
    if (!st) st = td_solve_goals(d, site, w, step, err);
    if (!st && step->origin != TD_AS_WRITTEN && !strcmp(step->reason, as_written))
        step->reason = "decided band by band";
    return st;
}

static td_status not_used(td_decider *d, const td_site *site, const td_step_wish *w, const char *why)
{
    return td_decide_note(d, TD_NOTE_NOT_USED, "%s %s: %s", site->name, w->name, why);
}

td_status td_decide_chain(td_decider *d, const td_site *site, const td_chain_wish *wish, const td_fix_wish *fix,
                          const td_answer *found, td_error *err)
{
    td_plan_chain *chain = site->chain;
    td_plan_step *grown = td_arena_array(d->arena, chain->n_steps + wish->n_steps + 1, sizeof *grown);
    if (!grown) return td_no_memory(err);
    if (chain->n_steps) memcpy(grown, chain->step, chain->n_steps * sizeof *grown);
    chain->step = grown;
    for (size_t i = 0; i < wish->n_steps; i++) {
        TD_TRY(td_decide_go_on(d->wish, err));
        const td_step_wish *w = &wish->step[i];
        td_plan_step *step = &chain->step[chain->n_steps];
        td_answer own;
        const td_answer *f = found;
        if (w->when) {
            TD_TRY(td_evaluate(d, site, w->when, &own, err));
            if (!own.holds) {
                TD_TRY(td_decide_note(d, TD_NOTE_NOT_USED, "%s %s: %s, asked was %s", site->name, w->name, own.text,
                                      w->when_text));
                continue;
            }
            f = &own;
        }
        size_t scrap[TD_STEMS_MAX], keys = 0;
        for (size_t k = 0; k < w->n_keys; k++) keys += td_keys_meant(d, w->key[k], scrap);
        if (w->n_keys && !keys) {
            TD_TRY(td_decide_note(d, TD_NOTE_NOT_USED, "%s %s: no stem that sounds is %s, which should drive it",
                                  site->name, w->name, w->key[0]));
            continue;
        }
        if (asks_measured(w) && (!f || isnan(f->at_hz))) { /* of several conditions one held that finds nothing */
            TD_TRY(not_used(d, site, w, "what it is for was not found: nothing was measured"));
            continue;
        }
        if (asks_nothing(w)) {
            TD_TRY(not_used(d, site, w, "0 dB of gain reduction are asked for: it would change nothing"));
            continue;
        }
        bool alike;
        TD_TRY(no_width(d, site, w, &alike, err));
        if (alike) {
            TD_TRY(not_used(d, site, w, "both sides are alike: nothing to widen"));
            continue;
        }
        TD_TRY(decide_step(d, site, w, f, step, err));
        const char *idle = idle_step(step, w);
        if (idle) {
            TD_TRY(not_used(d, site, w, idle));
            continue;
        }
        if (fix) {
            step->origin = TD_FROM_FIX;
            step->name = td_arena_printf(d->arena, "%s%s%s", fix->name, wish->n_steps > 1 ? "-" : "",
                                         wish->n_steps > 1 ? w->name : "");
            if (!step->name) return td_no_memory(err);
        }
        chain->n_steps++;
    }
    return TD_OK;
}
