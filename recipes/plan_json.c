#include "recipes/plan_rows.h"

#include "engine/base/json.h"
#include <stdio.h>
#include <string.h>

/* One number of a plan: where it stands, what it is, and how it came to be. Texts may be NULL, numbers NaN. */
typedef struct entry {
    const char *step, *what, *parameter, *unit, *text, *wish, *reason;
    size_t band;   /* from 1; 0: of the step itself */
    int origin;    /* td_origin, NOBODYS */
    json_t *value; /* taken over */
    double measured, at_s, after;
} entry;

typedef struct numbers {
    json_t *list;
    const char *kind, *place; /* "group", "drums" */
} numbers;

enum { NOBODYS = TD_FROM_FIX + 1 }; /* the processor's own, or none: beside td_origin */
static const char *const origins[] = { [TD_AS_WRITTEN] = "as-written",
                                       [TD_SOLVED] = "solved",
                                       [TD_FROM_KNOB] = "knob",
                                       [TD_FROM_FIX] = "fix",
                                       [NOBODYS] = "default" };
static const char as_written[] = "as written";

static json_t *known(double x)
{
    return td_json_number(x, 0.001);
}

static void add(numbers *n, const entry *e)
{
    bool said = e->reason && !strcmp(e->reason, as_written); /* which is no reason */
    bool hands = e->reason && td_starts_with(e->reason, TD_BY_HAND) && !e->wish;
    bool decided = e->origin == TD_SOLVED || e->origin == TD_FROM_KNOB;
    int origin = (said && decided) || hands ? TD_AS_WRITTEN : e->origin;
    const char *wish = e->wish ? e->wish : origin == TD_AS_WRITTEN ? as_written : NULL;
    json_t *o = json_pack("{s:s, s:o, s:s?, s:s?, s:o}", "kind", n->kind, "place", td_json_text(n->place), "step",
                          e->step, "what", e->what, "band", e->band ? json_integer((json_int_t)e->band) : json_null());
    json_object_set_new(o, "parameter", td_json_text(e->parameter));
    json_object_set_new(o, "value", e->value);
    json_object_set_new(o, "unit", td_json_text(e->unit && *e->unit ? e->unit : NULL));
    json_object_set_new(o, "text", td_json_text(e->text));
    json_object_set_new(o, "origin", json_string(origins[origin]));
    json_object_set_new(o, "wish", td_json_text(wish));
    json_object_set_new(o, "measured", known(e->measured));
    json_object_set_new(o, "at_s", known(e->at_s));
    json_object_set_new(o, "after", known(e->after));
    json_object_set_new(o, "reason", td_json_text(said || origin == NOBODYS ? NULL : e->reason));
    json_array_append_new(n->list, o);
}

/* A number of a place itself. Gains have a sign. */
static void add_number(numbers *n, entry e, td_measure m, double value)
{
    char text[80] = "+";
    if (isnan(value)) return;
    e.value = isfinite(value) ? json_real(value) : json_null();
    e.unit = td_measure_unit(m);
    size_t sign = m == TD_UNIT_DB && value > 0;
    td_measure_text(m, value, text + sign, sizeof text - sign);
    e.text = text;
    add(n, &e);
}

#define PLAIN .measured = NAN, .at_s = NAN, .after = NAN

/* ---- steps ------------------------------------------------------------------------------------------------------- */

/* A step, or a band of one. */
typedef struct settled {
    const td_processor *proc;
    const double *value;
    const char *file;
    const td_plan_how *how;
    const td_plan_goal *goal;
    bool whole; /* of a step that was solved: the planner made all of this band */
} settled;

static bool is_solved(const settled *s, const td_param *p)
{
    const td_processor *proc = s->proc;
    for (size_t i = 0; i < proc->n_params && !isnan(s->goal->asked_db); i++)
        if (proc->params[i].solves && !strcmp(proc->params[i].solves, p->name)) return true;
    return false;
}

static bool has_name(const char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i], name)) return true;
    return false;
}

/* Whose a value is. A fix has no knobs, and what it brings along counts as its own. */
static void add_origin(entry *e, const settled *s, const td_param *p, double value)
{
    const td_plan_how *h = s->how;
    bool solved = is_solved(s, p) || has_name(h->solved, h->n_solved, p->name);
    bool turned = has_name(h->knob, h->n_knobs, p->name);
    bool hands = e->reason && td_starts_with(e->reason, TD_BY_HAND); /* which of a step's values, nobody noted */
    if (!solved && !turned && value == p->def && !has_name(h->written, h->n_written, p->name)) {
        e->origin = NOBODYS;
    } else if (solved || turned || s->whole) {
        if (e->origin != TD_FROM_FIX) e->origin = turned ? TD_FROM_KNOB : TD_SOLVED;
    } else if (e->origin != TD_FROM_FIX) {
        bool others = e->origin != TD_AS_WRITTEN || !isnan(s->goal->asked_db);
        e->origin = TD_AS_WRITTEN;
        if (others && !hands) e->reason = NULL; /* it is about what was decided */
    }
}

/* A number, or the word that stands for one: "auto", a choice. */
static json_t *value_json(const td_param *p, double value, const char *text)
{
    if (p->unit == TD_UNIT_SWITCH) return json_boolean(value != 0);
    bool word = p->unit == TD_UNIT_CHOICE || p->unit == TD_UNIT_FILE || !isfinite(value);
    return word ? td_json_text(text) : json_real(value);
}

/* "About" was measured over the time, "at most" where it is greatest; the rest of its step is as the recipe has it. */
static void add_goal(entry *e, const td_plan_goal *g, char *wish, size_t size)
{
    char asked[32];
    bool over_time = td_goal_over_time(g);
    snprintf(wish, size, "%s %s dB", over_time ? "about" : "at most", td_number_text(g->asked_db, asked, sizeof asked));
    e->wish = wish;
    e->measured = e->after = over_time ? g->p95_db : g->max_db;
    e->at_s = over_time ? NAN : g->at_s;
}

static void add_values(numbers *n, const entry *common, const settled *s)
{
    for (size_t i = 0; i < s->proc->n_params; i++) {
        const td_param *p = &s->proc->params[i];
        bool is_file = p->unit == TD_UNIT_FILE;
        char text[256], wish[64];
        if (!p->name || isnan(s->value[i]) || (is_file && !s->file)) continue;
        entry e = *common;
        e.parameter = p->name;
        e.text = is_file ? s->file : td_values_text(p, s->value + i, text, sizeof text);
        e.value = value_json(p, s->value[i], e.text);
        e.unit = json_is_real(e.value) ? td_measure_unit((td_measure)p->unit) : NULL;
        add_origin(&e, s, p, s->value[i]);
        if (is_solved(s, p)) add_goal(&e, s->goal, wish, sizeof wish);
        add(n, &e);
    }
}

/* A band that the planner put there itself has a reason, though nothing in it was solved by name. */
static bool is_planners(const td_plan_step *s, const td_plan_part *p)
{
    bool said = p->reason && (!strcmp(p->reason, as_written) || td_starts_with(p->reason, TD_BY_HAND));
    return s->origin == TD_SOLVED && !said && !p->how.n_solved && !p->how.n_knobs && isnan(p->goal.asked_db);
}

static void add_chain(numbers *n, const td_plan_chain *chain)
{
    for (size_t i = 0; i < chain->n_steps; i++) {
        const td_plan_step *s = &chain->step[i];
        entry e = { .step = s->name, .what = s->proc->name, .origin = s->origin, .reason = s->reason, PLAIN };
        add_values(n, &e, &(settled){ s->proc, s->value, s->file, &s->how, &s->goal, false });
        entry blend = { .step = s->name, .what = s->proc->name, .parameter = "blend", PLAIN };
        if (s->blend < 1) add_number(n, blend, TD_UNIT_PERCENT, 100 * s->blend);
        for (size_t k = 0; k < s->n_parts; k++) {
            const td_plan_part *p = &s->part[k];
            e.what = p->proc->name;
            e.reason = p->reason ? p->reason : s->reason;
            e.band = k + 1;
            add_values(n, &e, &(settled){ p->proc, p->value, NULL, &p->how, &p->goal, is_planners(s, p) });
        }
    }
}

/* ---- places ------------------------------------------------------------------------------------------------------ */

static void add_gain(numbers *n, const char *step, double db, int origin, const char *reason)
{
    add_number(n, (entry){ .step = step, .parameter = "gain", .origin = origin, .reason = reason, PLAIN }, TD_UNIT_DB,
               db);
}

/* A gain whose figure was brought from one level to another. */
static void add_brought(numbers *n, const char *step, double db, double measured, double after, const char *reason)
{
    entry e = { .step = step, .parameter = "gain", .origin = TD_SOLVED, .reason = reason, PLAIN };
    e.measured = measured;
    e.after = after;
    add_number(n, e, TD_UNIT_DB, db);
}

/* Turned until so much is heard of it beside the dry sound. */
static void add_sends(numbers *n, const td_plan_send *send, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const td_plan_send *s = &send[i];
        char wish[64], asked[32];
        bool sought = s->asked_lu != 0;
        snprintf(wish, sizeof wish, "about %s LU", td_number_text(s->asked_lu, asked, sizeof asked));
        add_number(n,
                   (entry){ .step = "send",
                            .what = s->to,
                            .parameter = "level",
                            .origin = sought ? TD_SOLVED : TD_AS_WRITTEN,
                            .wish = sought ? wish : NULL,
                            .measured = NAN,
                            .at_s = NAN,
                            .after = sought ? s->heard_lu : NAN,
                            .reason = s->reason },
                   TD_UNIT_DB, s->level_db);
    }
}

static void add_ride(numbers *n, const td_breakpoint *ride, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_number(n,
                   (entry){ .step = "ride",
                            .parameter = "gain",
                            .origin = TD_SOLVED,
                            .measured = NAN,
                            .at_s = ride[i].at_s,
                            .after = NAN },
                   TD_UNIT_DB, ride[i].gain_db);
}

static void add_mix(numbers *n, const td_plan *p)
{
    n->kind = n->place = "mix";
    add_gain(n, "trim", p->trim_db, TD_SOLVED, p->trim_reason);
    add_chain(n, &p->mix);
}

static void add_group(numbers *n, const td_plan_bus *b)
{
    n->kind = "group";
    n->place = b->name;
    add_brought(n, "staging", b->clip_gain_db, b->peak_dbfs, b->peak_dbfs + b->clip_gain_db, NULL);
    add_chain(n, &b->chain);
    bool idle = !b->chain.n_steps && b->makeup_db == 0 && !b->makeup_reason;
    add_gain(n, "makeup", b->makeup_db, idle ? NOBODYS : TD_SOLVED,
             b->makeup_reason ? b->makeup_reason : TD_MAKEUP_REASON);
    add_brought(n, "fader", b->fader_db, b->fader_from_db, b->fader_db, b->fader_reason);
    add_ride(n, b->ride, b->n_ride);
    add_sends(n, b->send, b->n_sends);
}

static void add_track(numbers *n, const td_plan_stem *s)
{
    n->kind = "track";
    n->place = s->name;
    add_gain(n, "level", s->gain_db, s->gain_db == 0 ? NOBODYS : TD_SOLVED, s->reason);
    add_number(n, (entry){ .step = "pan", .parameter = "pan", .origin = TD_SOLVED, .reason = s->reason, PLAIN },
               TD_UNIT_PAN, s->pan);
    for (size_t i = 0; i < s->n_moves; i++)
        if (s->move[i].what == TD_MOVE_LEVEL)
            add_gain(n, s->move[i].fix, s->move[i].gain_db, TD_FROM_FIX, s->move[i].reason);
    add_chain(n, &s->chain);
    add_ride(n, s->ride, s->n_ride);
    add_sends(n, s->send, s->n_sends);
}

static void add_return(numbers *n, const td_plan_return *r)
{
    n->kind = "return";
    n->place = r->name;
    add_chain(n, &r->chain);
    add_gain(n, "fader", r->fader_db, TD_AS_WRITTEN, r->reason);
    add_sends(n, r->send, r->n_sends);
}

static void add_way(numbers *n, const td_plan *p, td_way way, const td_target *t)
{
    static const entry target = { .step = "target", .origin = TD_AS_WRITTEN, PLAIN };
    entry loudness = target, true_peak = target, peak = target;
    loudness.parameter = "loudness";
    true_peak.parameter = "true_peak";
    peak.parameter = "peak";
    n->kind = n->place = td_way_names[way];
    add_chain(n, &p->way[way]);
    add_number(n, loudness, TD_MEASURE_LUFS, t->loudness_lufs);
    add_number(n, true_peak, TD_MEASURE_DBTP, t->true_peak_dbtp);
    add_number(n, peak, (td_measure)TD_UNIT_DBFS, t->peak_dbfs);
}

json_t *td_plan_numbers(const td_plan *p)
{
    numbers n = { .list = json_array() };
    add_mix(&n, p);
    for (size_t i = 0; i < p->n_buses; i++) add_group(&n, &p->bus[i]);
    for (size_t i = 0; i < p->n_stems; i++) add_track(&n, &p->stem[i]);
    for (size_t i = 0; i < p->n_rets; i++) add_return(&n, &p->ret[i]);
    add_way(&n, p, TD_TO_MASTER, &p->master);
    add_way(&n, p, TD_TO_PREVIEW, &p->preview);
    return n.list;
}
