#include "recipes/plan_rows.h"

#include "engine/base/json.h"
#include <stdio.h>
#include <string.h>

/* One number of a plan: where it stands, what it is, and how it came to be. Texts may be NULL, numbers NaN. */
typedef struct entry {
    const char *step, *what, *parameter, *unit, *text, *wish, *reason;
    size_t band; /* from 1; 0: of the step itself */
    td_origin origin;
    json_t *value; /* taken over */
    double measured, at_s, after;
} entry;

typedef struct numbers {
    json_t *list;
    const char *kind, *place; /* "group", "drums" */
} numbers;

static const char *const origins[] = {
    [TD_AS_WRITTEN] = "as-written", [TD_SOLVED] = "solved", [TD_FROM_KNOB] = "knob", [TD_FROM_FIX] = "fix"
};

static json_t *known(double x)
{
    return td_json_number(x, 0.001);
}

static void add(numbers *n, const entry *e)
{
    static const char as_written[] = "as written";
    bool said = e->reason && !strcmp(e->reason, as_written) && e->origin != TD_FROM_FIX; /* in a step that was solved */
    td_origin origin = said ? TD_AS_WRITTEN : e->origin;
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
    json_object_set_new(o, "reason", td_json_text(e->reason));
    json_array_append_new(n->list, o);
}

/* A number of a place itself. */
static void add_number(numbers *n, entry e, td_measure m, double value)
{
    char text[80];
    if (isnan(value)) return;
    e.value = isfinite(value) ? json_real(value) : json_null();
    e.unit = td_measure_unit(m);
    e.text = td_measure_text(m, value, text, sizeof text);
    add(n, &e);
}

#define PLAIN .measured = NAN, .at_s = NAN, .after = NAN

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static bool is_solved(const td_processor *proc, const td_param *p, const td_plan_goal *g)
{
    for (size_t i = 0; i < proc->n_params && !isnan(g->asked_db); i++)
        if (proc->params[i].solves && !strcmp(proc->params[i].solves, p->name)) return true;
    return false;
}

/* A number, or the word that stands for one: "auto", a choice. */
static json_t *value_json(const td_param *p, double value, const char *text)
{
    if (p->unit == TD_UNIT_SWITCH) return json_boolean(value != 0);
    bool word = p->unit == TD_UNIT_CHOICE || p->unit == TD_UNIT_FILE || !isfinite(value);
    return word ? td_json_text(text) : json_real(value);
}

/* What a goal asks for was measured where it is greatest; the rest of its step is as the recipe has it. */
static void add_goal(entry *e, const td_plan_goal *g, char *wish, size_t size)
{
    char asked[32];
    bool over_time = td_goal_over_time(g);
    snprintf(wish, size, "%s %s dB", over_time ? "about" : "at most", td_number_text(g->asked_db, asked, sizeof asked));
    e->wish = wish;
    e->measured = g->max_db;
    e->at_s = g->at_s;
    e->after = over_time ? g->p95_db : g->max_db;
}

static void add_values(numbers *n, const entry *common, const td_processor *proc, const double *value, const char *file,
                       const td_plan_goal *g)
{
    for (size_t i = 0; i < proc->n_params; i++) {
        const td_param *p = &proc->params[i];
        bool is_file = p->unit == TD_UNIT_FILE;
        char text[256], wish[64];
        if (!p->name || isnan(value[i]) || (is_file && !file)) continue;
        entry e = *common;
        e.parameter = p->name;
        e.unit = td_measure_unit((td_measure)p->unit);
        e.text = is_file ? file : td_value_text(p, value[i], text, sizeof text);
        e.value = value_json(p, value[i], e.text);
        if (is_solved(proc, p, g))
            add_goal(&e, g, wish, sizeof wish);
        else if (!isnan(g->asked_db) && e.origin == TD_SOLVED)
            e.origin = TD_AS_WRITTEN, e.reason = NULL; /* the goal's is about what it decides */
        add(n, &e);
    }
}

static void add_chain(numbers *n, const td_plan_chain *chain)
{
    for (size_t i = 0; i < chain->n_steps; i++) {
        const td_plan_step *s = &chain->step[i];
        entry e = { .step = s->name, .what = s->proc->name, .origin = s->origin, .reason = s->reason, PLAIN };
        add_values(n, &e, s->proc, s->value, s->file, &s->goal);
        e.parameter = "blend";
        if (s->blend < 1) add_number(n, e, TD_UNIT_PERCENT, 100 * s->blend);
        for (size_t k = 0; k < s->n_parts; k++) {
            const td_plan_part *p = &s->part[k];
            e.what = p->proc->name;
            e.reason = p->reason ? p->reason : s->reason;
            e.band = k + 1;
            add_values(n, &e, p->proc, p->value, NULL, &p->goal);
        }
    }
}

/* ---- places ------------------------------------------------------------------------------------------------------ */

static void add_gain(numbers *n, const char *step, double db, td_origin origin, const char *reason)
{
    add_number(n, (entry){ .step = step, .parameter = "gain", .origin = origin, .reason = reason, PLAIN }, TD_UNIT_DB,
               db);
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
    add_gain(n, "staging", b->clip_gain_db, TD_SOLVED, NULL);
    add_chain(n, &b->chain);
    add_gain(n, "makeup", b->makeup_db, TD_SOLVED, b->makeup_reason);
    add_gain(n, "fader", b->fader_db, TD_SOLVED, b->fader_reason);
    add_ride(n, b->ride, b->n_ride);
    add_sends(n, b->send, b->n_sends);
}

static void add_track(numbers *n, const td_plan_stem *s)
{
    n->kind = "track";
    n->place = s->name;
    add_gain(n, "level", s->gain_db, TD_SOLVED, s->reason);
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
