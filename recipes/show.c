#include "recipes/parts.h"
#include "recipes/resolve.h"
#include "recipes/steps.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- recipe show --resolved -------------------------------------------------------------------------------------- */

typedef struct listing {
    const td_library *library;
    td_messages *messages;
    const td_reader *reader; /* has the knobs, where some are turned; */
    const td_node *set;      /* else NULL */
    struct {
        const char *path, *value, *origin;
    } * row;
    size_t n, capacity;
} listing;

/* "library pop-rock.yaml:27" or "house/rock.yaml:7" */
static const char *origin_of(const listing *l, const td_node *n)
{
    const td_library_entry *entry;
    size_t count = l->library ? td_library_entries(l->library, &entry) : 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(entry[i].path, n->doc->file) == 0 && strcmp(entry[i].from, "library") == 0)
            return td_say(l->messages, "library %s.yaml:%u", entry[i].name, n->line);
    return td_say(l->messages, "%s:%u", n->doc->file, n->line);
}

/* How far a knob is turned, as text; NULL: it stands where the recipe has it. */
static const char *turned(const listing *l, const char *name, size_t length)
{
    char text[80];
    for (size_t i = 0; l->set && i < l->reader->n_knobs; i++) {
        const td_knob *k = &l->reader->knob[i];
        if (strlen(k->name) != length || strncmp(k->name, name, length) || !td_node_get(l->set, k->name)) continue;
        if (k->text) return k->text;
        return td_say(l->messages, "%s", td_measure_text(l->reader->knob_measure[i], k->value, text, sizeof text));
    }
    return NULL;
}

/* "at most $glue" with the knob's value in its place. */
static const char *with_knob(const listing *l, const char *value)
{
    const char *at = l->set ? strchr(value, '$') : NULL;
    size_t n = 0;
    while (at && (isalnum((unsigned char)at[1 + n]) || at[1 + n] == '-' || at[1 + n] == '_')) n++;
    const char *now = at ? turned(l, at + 1, n) : NULL;
    return now ? td_say(l->messages, "%.*s%s%s", (int)(at - value), value, now, at + 1 + n) : value;
}

/* Of a knob's own row; NULL: it is no such row, or the knob is not turned. */
static const char *own_turn(const listing *l, const char *path)
{
    if (!td_starts_with(path, "values.")) return NULL;
    const char *name = path + strlen("values.");
    size_t n = strcspn(name, ".");
    return !name[n] || !strcmp(name + n, ".default") ? turned(l, name, n) : NULL;
}

static void list_row(listing *l, const char *path, const char *value, const td_node *at)
{
    void *rows = l->row;
    const char *own = own_turn(l, path);
    if (!td_grow(&rows, &l->capacity, l->n, sizeof *l->row)) {
        td_messages_break(l->messages);
        return;
    }
    l->row = rows;
    l->row[l->n].path = path;
    l->row[l->n].value = own ? own : with_knob(l, value);
    l->row[l->n++].origin = own ? l->set->doc->file : origin_of(l, at);
}

static bool all_texts(const td_node *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->value[i]->kind != TD_NODE_TEXT) return false;
    return true;
}

static const char *joined(listing *l, const td_node *list)
{
    td_text t = { 0 };
    for (size_t i = 0; i < list->n; i++) td_text_addf(&t, "%s%s", i ? ", " : "", list->value[i]->text);
    const char *text = td_say(l->messages, "%s", td_text_or_empty(&t));
    td_text_free(&t);
    return text;
}

static void list_node(listing *l, const char *path, const td_node *n);

static void list_map(listing *l, const char *path, const td_node *map)
{
    for (size_t i = 0; i < map->n; i++) {
        const char *key = map->key[i]->text;
        if (strcmp(key, "as") == 0 || strcmp(key, "topdown") == 0) continue; /* the path says it already */
        list_node(l, td_say(l->messages, "%s%s%s", path, path[0] ? "." : "", key), map->value[i]);
    }
}

/* What an entry of a list is called: a step and a band by its name, a fix by its own. */
static const char *entry_name(listing *l, const td_node *list, size_t i)
{
    const td_node *n = list->value[i], *fix = td_node_get(n, "fix");
    if (fix && fix->kind == TD_NODE_TEXT) return fix->text;
    const char *name = td_step_name(l->messages, list, i);
    return name[0] ? name : td_say(l->messages, "%zu", i + 1);
}

static void list_list(listing *l, const char *path, const td_node *list)
{
    const td_node *key = td_node_key(list);
    bool chain = key && strcmp(key->text, "chain") == 0;
    if (!chain && all_texts(list)) {
        list_row(l, path, joined(l, list), list);
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        const td_node *n = list->value[i];
        const char *entry = td_say(l->messages, "%s.%s", path, entry_name(l, list, i));
        if (n->kind == TD_NODE_TEXT)
            list_row(l, entry, n->off ? "off" : "all defaults", n);
        else if (!chain && n->n == 1 && n->kind == TD_NODE_MAP) /* a band, whose name stands in the path already */
            list_node(l, entry, n->value[0]);
        else
            list_node(l, entry, n);
    }
}

static void list_node(listing *l, const char *path, const td_node *n)
{
    if (n->kind == TD_NODE_MAP)
        list_map(l, path, n);
    else if (n->kind == TD_NODE_LIST)
        list_list(l, path, n);
    else
        list_row(l, path, n->text, n);
}

static void print_listing(const listing *l, td_text *out)
{
    size_t path = 0, value = 0;
    for (size_t i = 0; i < l->n; i++) {
        size_t own = td_width(l->row[i].path), said = td_width(l->row[i].value);
        if (own > path) path = own;
        if (said > value) value = said < 40 ? said : 40;
    }
    for (size_t i = 0; i < l->n; i++) {
        char safe[1024];
        td_printable(l->row[i].path, safe, sizeof safe);
        td_text_addf(out, "%-*s  ", td_filling(safe, path), safe);
        td_printable(l->row[i].value, safe, sizeof safe);
        td_text_addf(out, "%-*s  ", td_filling(safe, value), safe);
        td_text_addf(out, "%s\n", td_printable(l->row[i].origin, safe, sizeof safe));
    }
}

static void print_json(json_t *o, td_text *out)
{
    char *text = o ? json_dumps(o, JSON_INDENT(2)) : NULL;
    td_text_addf(out, "%s\n", text ? text : "");
    out->broken |= !text;
    free(text);
    json_decref(o);
}

static void print_listing_json(const listing *l, td_text *out)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < l->n; i++)
        json_array_append_new(rows, json_pack("{s:s, s:s, s:s}", "path", l->row[i].path, "value", l->row[i].value,
                                              "origin", l->row[i].origin));
    print_json(json_pack("{s:i, s:o}", "v", 1, "values", rows), out);
}

td_status td_recipe_resolved(const td_library *l, const char *what, const td_setting *set, size_t n_set, bool json,
                             td_text *out, td_messages *m)
{
    td_reader r = td_reader_new(m, false);
    td_node *root = r.arena ? td_resolve_named(&r, l, what) : NULL;
    td_node *settings = root && n_set ? td_set_nodes(&r, set, n_set) : NULL;
    listing list = { .library = l, .messages = m, .reader = &r, .set = settings };
    if (settings) td_recipe_make(&r, root, settings);
    if (root) list_map(&list, "", root);
    td_status st = td_reader_end(&r, TD_RECIPE);
    if (st == TD_OK) {
        (json ? print_listing_json : print_listing)(&list, out);
        td_arena_free(r.arena);
    }
    free(list.row);
    return st == TD_OK && out->broken ? TD_NOMEM : st;
}

/* ---- recipe processors ------------------------------------------------------------------------------------------- */

/* "frequency range", "goal", "gain" */
static void kind_text(const td_param *p, char *out, size_t size)
{
    const char *name = td_measure_name((td_measure)p->unit);
    name += td_starts_with(name, "an ") ? 3 : td_starts_with(name, "a ") ? 2 : 0;
    const char *after = p->span == 2 ? " range" : p->span > 2 ? " list" : "";
    snprintf(out, size, "%s%s", p->flags & TD_GOAL ? "goal" : name, p->flags & TD_GOAL ? "" : after);
}

static void bounds_text(const td_param *p, char *out, size_t size)
{
    td_wish range = { .kind = TD_WISH_RANGE, .a = p->min, .b = p->max };
    if (p->unit == TD_UNIT_SWITCH)
        snprintf(out, size, "on, off");
    else if (p->unit == TD_UNIT_FILE)
        snprintf(out, size, "a path");
    else if (p->unit != TD_UNIT_CHOICE)
        td_wish_text(p, &range, out, size);
    else
        for (size_t i = 0, used = 0; p->choices[i] && used < size; i++)
            used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "", p->choices[i]);
}

/* A parameter in words. */
typedef struct described {
    char kind[64], bounds[256];
    char value[256]; /* by default; empty: none */
} described;

static described describe(const td_processor *proc, size_t slot)
{
    const td_param *p = &proc->params[slot];
    described d = { 0 };
    double def[TD_VALUES_MAX];
    td_processor_defaults(proc, def);
    kind_text(p, d.kind, sizeof d.kind);
    bounds_text(p, d.bounds, sizeof d.bounds);
    if (!isnan(def[slot])) td_values_text(p, def + slot, d.value, sizeof d.value);
    return d;
}

static void parameter_line(td_text *out, const td_processor *proc, size_t slot)
{
    const td_param *p = &proc->params[slot];
    described d = describe(proc, slot);
    td_text_addf(out, "  %-18s %-17s %-24s", p->name, d.kind, d.bounds);
    if (d.value[0]) td_text_addf(out, " default %s;", d.value);
    if (p->flags & TD_GOAL) td_text_addf(out, " decides %s;", p->solves);
    if (p->flags & TD_SOLVABLE) td_text_add(out, " may be a range;");
    if (p->flags & TD_AUTO) td_text_add(out, " may be auto;");
    if (p->flags & TD_MEASURED) td_text_add(out, " may be measured;");
    td_text_addf(out, " %s\n", p->help ? p->help : "");
}

static void processor_text(td_text *out, const td_processor *p)
{
    td_text_addf(out, "%s - %s\n", p->name, p->help);
    if (p->stands_for) td_text_addf(out, "  stands for %s\n", p->stands_for);
    if (p->hears_key) td_text_add(out, "  hears a key\n");
    for (size_t i = 0; i < p->n_params; i++)
        if (p->params[i].name) parameter_line(out, p, i);
    for (size_t i = 0; p->parts && p->parts[i]; i++) {
        td_text_addf(out, "\n%s: ", p->parts_name ? p->parts_name : "band");
        processor_text(out, p->parts[i]);
    }
}

/* ---- the same as Markdown --------------------------------------------------------------------------------------- */

static void parameter_row(td_text *out, const td_processor *proc, size_t slot)
{
    const td_param *p = &proc->params[slot];
    described d = describe(proc, slot);
    td_text_addf(out, "| `%s` | %s", p->name, d.bounds);
    if (p->span > 2) td_text_add(out, ", a list");
    if (p->flags & TD_AUTO) td_text_add(out, ", `auto`");
    if (p->flags & TD_MEASURED) td_text_add(out, ", `measured`");
    if (p->flags & TD_GOAL)
        td_text_add(out, ", a wish");
    else if (p->flags & TD_SOLVABLE)
        td_text_add(out, ", a range");
    td_text_addf(out, " | %s | %s |\n", d.value, p->help ? p->help : "");
}

static void parameter_table(td_text *out, const td_processor *p)
{
    if (p->n_params) td_text_add(out, "\n| parameter | values | default | |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < p->n_params; i++)
        if (p->params[i].name) parameter_row(out, p, i);
    for (size_t i = 0; p->parts && p->parts[i]; i++) {
        td_text_addf(out, "\n`%s`, in `%s`: ", p->parts[i]->name, p->parts_name ? p->parts_name : "bands");
        td_text_addf(out, "%s.\n", p->parts[i]->help);
        parameter_table(out, p->parts[i]);
    }
}

static void processor_markdown(td_text *out, const td_processor *p)
{
    /* help begins small, for elsewhere it follows a dash */
    td_text_addf(out, "%c%s.", *p->help >= 'a' && *p->help <= 'z' ? *p->help - 'a' + 'A' : *p->help, p->help + 1);
    if (p->stands_for) td_text_addf(out, " Stands in for %s.", p->stands_for);
    td_text_add(out, p->hears_key ? " Hears a key.\n" : "\n");
    parameter_table(out, p);
}

static td_status no_processor(const char *name, td_error *err)
{
    const char *names[128], *near = td_nearest(name, names, td_step_names(names, 128));
    char hint[96];
    snprintf(hint, sizeof hint, near ? "did you mean '%s'?" : "'topdown recipe processors' lists them", near);
    return td_fail(err, TD_ARG, NULL, hint, "no processor '%s'", name);
}

td_status td_processors_text(const char *name, bool markdown, td_text *out, td_error *err)
{
    if (name) {
        const td_processor *p = td_processor_find(name);
        if (!p) return no_processor(name, err);
        (markdown ? processor_markdown : processor_text)(out, p);
        return TD_OK;
    }
    for (size_t i = 0; td_processors[i]; i++)
        if (!td_processors[i]->part) td_text_addf(out, "%-14s %s\n", td_processors[i]->name, td_processors[i]->help);
    return TD_OK;
}

/* ---- the same for programs --------------------------------------------------------------------------------------- */

static json_t *parameter_json(const td_processor *proc, size_t slot)
{
    const td_param *p = &proc->params[slot];
    described d = describe(proc, slot);
    return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:b, s:b, s:b, s:s?}", "name", p->name, "kind", d.kind, "values",
                     d.bounds, "default", d.value[0] ? d.value : NULL, "decides", p->flags & TD_GOAL ? p->solves : NULL,
                     "range", (p->flags & (TD_GOAL | TD_SOLVABLE)) != 0, "auto", (p->flags & TD_AUTO) != 0, "measured",
                     (p->flags & TD_MEASURED) != 0, "help", p->help);
}

static json_t *processor_json(const td_processor *p)
{
    json_t *params = json_array(), *parts = json_array();
    for (size_t i = 0; i < p->n_params; i++)
        if (p->params[i].name) json_array_append_new(params, parameter_json(p, i));
    for (size_t i = 0; p->parts && p->parts[i]; i++) json_array_append_new(parts, processor_json(p->parts[i]));
    return json_pack("{s:s, s:s, s:s?, s:b, s:o, s:o}", "name", p->name, "help", p->help, "stands_for", p->stands_for,
                     "hears_key", p->hears_key, "parameters", params, "bands", parts);
}

td_status td_processors_json(const char *const *names, size_t n, td_text *out, td_error *err)
{
    json_t *list = json_array();
    td_status st = TD_OK;
    for (size_t i = 0; i < n && !st; i++) {
        const td_processor *p = td_processor_find(names[i]);
        st = p ? TD_OK : no_processor(names[i], err);
        if (p) json_array_append_new(list, processor_json(p));
    }
    for (size_t i = 0; !n && td_processors[i]; i++)
        if (!td_processors[i]->part) json_array_append_new(list, processor_json(td_processors[i]));
    if (!st) print_json(json_pack("{s:i, s:O}", "v", 1, "processors", list), out);
    json_decref(list);
    return st;
}

void td_features_text(td_text *out)
{
    static const char *const arguments[] = { "", "(LOW to HIGH Hz)", "(ROLE)", "(STEP)" };
    for (const td_feature *f = td_features; f->name; f++) {
        char call[64];
        snprintf(call, sizeof call, "%s%s", f->name, arguments[f->argument]);
        td_text_addf(out, "%-28s %-5s %-18s %s\n", call, f->unit_name, f->scope, f->help);
    }
    td_text_add(
        out,
        "\nNo condition asks for what else is measured: the needle's highest reading (VU), which makes the mix bus's\n"
        "input trim; parts of the song and breaths, for `automation`; and of each file what `topdown check` says,\n"
        "such as duplicates, files exported without the silence in front, hum and clipping by their place.\n");
}

void td_features_json(td_text *out)
{
    static const char *const arguments[] = { NULL, "frequency range", "role", "step" };
    json_t *list = json_array();
    for (const td_feature *f = td_features; f->name; f++)
        json_array_append_new(list, json_pack("{s:s, s:s?, s:s, s:s, s:s}", "name", f->name, "argument",
                                              arguments[f->argument], "unit", f->unit_name, "scope", f->scope, "help",
                                              f->help));
    print_json(json_pack("{s:i, s:o}", "v", 1, "features", list), out);
}
