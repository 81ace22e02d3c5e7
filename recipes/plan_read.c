#include "recipes/plan_rows.h"
#include "recipes/quote.h"
#include "recipes/steps.h"

#include <stdlib.h>
#include <string.h>

/* A text with its foreign bytes back in place. */
static const char *take_text(td_reader *r, const td_node *n)
{
    char *s = n->kind == TD_NODE_TEXT ? td_unquoted(r->arena, n->text) : NULL;
    if (n->kind != TD_NODE_TEXT)
        td_mistake(r->messages, n, "wrong_kind", NULL, "this has to be a text, not %s", td_node_what(r->messages, n));
    else if (!s)
        td_messages_break(r->messages);
    return s;
}

static void take_number(td_reader *r, const td_node *n, const td_row *w, double *out)
{
    bool bound = w->least != w->most;
    td_field f = { .name = w->name,
                   .measure = w->measure,
                   .min = bound ? w->least : (double)NAN,
                   .max = bound ? w->most : (double)NAN };
    td_read_number(r, n, &f, out);
}

/* Seconds and per cent are read here, without the detour over another unit that could cost the last bit. */
static void take_suffixed(td_reader *r, const td_node *n, const td_row *w, double *out)
{
    const char *suffix = w->kind == TD_ROW_SECONDS ? " s" : " %", *text = n->kind == TD_NODE_TEXT ? n->text : "";
    char *end;
    double x = strtod(text, &end);
    bool bare = w->kind == TD_ROW_PORTION && end != text && !*end;
    if (end == text || !(bare || strcmp(end, suffix) == 0) || !isfinite(x)) {
        td_mistake(r->messages, n, "wrong_kind", td_say(r->messages, "write for example 30%s", suffix),
                   "'%s' needs a number with '%s', not %s", w->name, suffix + 1, td_node_what(r->messages, n));
        return;
    }
    if (w->least != w->most && !(x >= w->least && x <= w->most))
        td_mistake(r->messages, n, "out_of_range", td_say(r->messages, "%g to %g%s", w->least, w->most, suffix),
                   "%s is out of range for '%s'", text, w->name);
    *out = w->kind == TD_ROW_PORTION && !bare ? x / 100 : x;
}

static void take_long(td_reader *r, const td_node *n, const td_row *w, uint64_t *out)
{
    const char *text = n->kind == TD_NODE_TEXT ? n->text : "";
    size_t digits = strspn(text, "0123456789");
    if (!digits || digits > 18 || text[digits])
        td_mistake(r->messages, n, "wrong_kind", NULL, "'%s' has to be a whole number, not %s", w->name,
                   td_node_what(r->messages, n));
    else if ((*out = strtoull(text, NULL, 10)) < (uint64_t)w->least || *out > (uint64_t)w->most)
        td_mistake(r->messages, n, "out_of_range", td_say(r->messages, "%.0f to %.0f", w->least, w->most),
                   "%s is out of range for '%s'", text, w->name);
}

static void take_slot(td_reader *r, const td_node *n, const td_field *f, double *out)
{
    td_wish wish;
    if (n->kind == TD_NODE_TEXT && strcmp(n->text, "none") == 0)
        *out = NAN;
    else if (td_read_wish(r, n, f, &wish)) /* the flags leave numbers and auto only */
        *out = wish.kind == TD_WISH_AUTO ? INFINITY : wish.a;
}

static void take_value(td_reader *r, const td_node *n, const td_processor *proc, size_t slot, double *value,
                       const char **file)
{
    const td_param *p = &proc->params[slot];
    td_field f = td_field_of(p, proc->name);
    f.flags &= TD_AUTO;
    unsigned slots = td_slots(p);
    bool none = n->kind == TD_NODE_TEXT && strcmp(n->text, "none") == 0;
    for (unsigned i = 0; i < slots; i++)
        if (none || slots > 1) value[slot + i] = NAN;
    if (none) return;
    if (p->unit == TD_UNIT_FILE && file) {
        *file = take_text(r, n);
        value[slot] = 1;
    } else if (n->kind == TD_NODE_LIST && n->n <= slots && slots > 1) {
        for (size_t i = 0; i < n->n; i++) take_slot(r, n->value[i], &f, &value[slot + i]);
    } else if (slots == 2) {
        td_wish range[2];
        if (!td_read_range(r, n, &f, range)) return;
        for (int i = 0; i < 2; i++) value[slot + (size_t)i] = range[i].kind == TD_WISH_AUTO ? INFINITY : range[i].a;
    } else {
        take_slot(r, n, &f, &value[slot]);
    }
}

static double *take_values(td_reader *r, const td_node *n, const td_processor *proc, const char **file)
{
    double *value = td_take(r, proc->n_params, sizeof *value);
    if (!value) return NULL;
    td_processor_defaults(proc, value);
    bool empty = n->kind == TD_NODE_TEXT && !n->text[0];
    if (empty || !td_want(r, n, TD_NODE_MAP, td_say(r->messages, "what follows %s", proc->name))) return value;
    for (size_t i = 0; i < n->n; i++) {
        int slot = td_param_find(proc, n->key[i]->text);
        if (slot >= 0) {
            take_value(r, n->value[i], proc, (size_t)slot, value, file);
            continue;
        }
        const char *names[TD_VALUES_MAX];
        size_t known = 0;
        for (size_t k = 0; k < proc->n_params && known < TD_VALUES_MAX; k++)
            if (proc->params[k].name) names[known++] = proc->params[k].name;
        td_mistake(r->messages, n->key[i], "unknown_parameter", td_one_of(r->messages, n->key[i]->text, names, known),
                   "%s has no parameter '%s'", proc->name, td_cut(r->messages, n->key[i]->text));
    }
    return value;
}

static void take_one(td_reader *r, const td_node *n, const td_row *w, char *into);

static const td_row *find_row(const td_row *rows, const char *name)
{
    for (; rows->name; rows++)
        if (strcmp(rows->name, name) == 0) return rows;
    return NULL;
}

static void set_absent(const td_row *rows, char *into)
{
    for (const td_row *w = rows; w->name; w++) {
        if (w->kind == TD_ROW_INSIDE) set_absent(w->rows, into + w->at);
        if (w->kind == TD_ROW_NUMBER || w->kind == TD_ROW_SECONDS || w->kind == TD_ROW_PORTION)
            *(double *)(into + w->at) = w->absent;
    }
}

static size_t row_names(const td_row *rows, const char **out, size_t room)
{
    size_t n = 0;
    for (; n < room && rows[n].name; n++) out[n] = rows[n].name;
    return n;
}

static void unknown_key(td_reader *r, const td_node *key, const char *const *names, size_t n)
{
    td_mistake(r->messages, key, "unknown_key", td_one_of(r->messages, key->text, names, n),
               "a plan has no key '%s' here", td_cut(r->messages, key->text));
}

/* Of several keys that could be the processor, one may be a row's name misspelt. */
static bool mistook_row(td_reader *r, const td_node *map, const td_row *beside)
{
    const char *names[32];
    size_t n = row_names(beside, names, 31);
    if (beside == td_step_rows) names[n++] = "bands";
    for (size_t i = 0; map->kind == TD_NODE_MAP && i < map->n; i++) {
        const char *key = map->key[i]->text, *near = td_nearest(key, names, n);
        if (!near || !strcmp(near, key) || td_processor_find(key)) continue;
        unknown_key(r, map->key[i], names, n);
        return true;
    }
    return false;
}

/* The key of a step or band that is none of the rows beside it: the processor. map->n after a mistake. */
static size_t find_processor_key(td_reader *r, const td_node *map, const td_row *beside)
{
    size_t found = map->kind == TD_NODE_MAP ? map->n : 0, count = 0;
    for (size_t i = 0; map->kind == TD_NODE_MAP && i < map->n; i++) {
        const char *key = map->key[i]->text;
        if (find_row(beside, key) || (beside == td_step_rows && strcmp(key, "bands") == 0)) continue;
        found = i;
        count++;
    }
    if (count == 1) return found;
    if (!count || !mistook_row(r, map, beside))
        td_mistake(r->messages, map, "no_processor", NULL, "this has to hold exactly one processor");
    return map->n;
}

static void take_beside(td_reader *r, const td_node *map, const td_row *beside, void *into)
{
    for (size_t i = 0; i < map->n; i++) {
        const td_row *w = find_row(beside, map->key[i]->text);
        if (w) take_one(r, map->value[i], w, into);
    }
}

static const td_processor *take_part_name(td_reader *r, const td_node *key, const td_processor *of)
{
    const char *names[32];
    const td_processor *part = td_part_find(of, key->text);
    if (!part)
        td_mistake(r->messages, key, "unknown_band",
                   td_one_of(r->messages, key->text, names, td_part_names(of, names, 32)), "%s has no band '%s'",
                   of->name, td_cut(r->messages, key->text));
    return part;
}

static void take_parts(td_reader *r, const td_node *list, td_plan_step *step)
{
    if (!td_want(r, list, TD_NODE_LIST, "'bands'")) return;
    size_t most = td_parts_most(step->proc);
    if (list->n > most)
        td_mistake(r->messages, list->value[most], "too_many", NULL, "%s takes at most %zu bands", step->proc->name,
                   most);
    step->part = td_take(r, list->n, sizeof *step->part);
    for (size_t i = 0; step->part && i < list->n && i < most; i++) {
        const td_node *n = list->value[i];
        size_t at = find_processor_key(r, n, td_part_rows);
        if (at == n->n) continue;
        td_plan_part *part = &step->part[step->n_parts];
        set_absent(td_part_rows, (char *)part);
        part->proc = take_part_name(r, n->key[at], step->proc);
        if (!part->proc) continue;
        part->value = take_values(r, n->value[at], part->proc, NULL);
        take_beside(r, n, td_part_rows, part);
        step->n_parts++;
    }
}

static void check_step(td_reader *r, const td_node *n, const td_plan_step *step)
{
    td_part part[TD_POINTS_MAX];
    for (size_t i = 0; i < step->n_parts; i++) part[i] = (td_part){ step->part[i].proc, step->part[i].value };
    td_settings set = { .value = step->value, .part = part, .n_parts = step->n_parts, .file = step->file };
    td_error err = { 0 };
    if (td_messages_errors(r->messages) > r->before || td_messages_broken(r->messages)) return;
    if (td_settings_check(step->proc, &set, &err) != TD_OK)
        td_mistake(r->messages, n, "bad_settings", err.hint[0] ? td_say(r->messages, "%s", err.hint) : NULL, "%s",
                   err.what);
}

static bool take_step(td_reader *r, const td_node *n, td_plan_step *step)
{
    set_absent(td_step_rows, (char *)step);
    size_t at = find_processor_key(r, n, td_step_rows);
    if (at == n->n) return false;
    step->proc = td_processor_find(n->key[at]->text);
    if (!step->proc) {
        const char *names[128], *word = n->key[at]->text;
        const char *near = td_did_you_mean(r->messages, word, names, td_step_names(names, 128));
        td_mistake(r->messages, n->key[at], "unknown_processor", near ? near : "'topdown recipe processors' lists them",
                   "no processor '%s'", td_cut(r->messages, n->key[at]->text));
        return false;
    }
    step->name = step->proc->name;
    step->value = take_values(r, n->value[at], step->proc, &step->file);
    const td_node *bands = td_node_get(n, "bands");
    if (bands) take_parts(r, bands, step);
    take_beside(r, n, td_step_rows, step);
    const td_node *key = td_node_get(n, "key");
    if (key) td_check_key(r, key, step->proc);
    check_step(r, n, step);
    return true;
}

static void take_chain(td_reader *r, const td_node *list, td_plan_chain *chain)
{
    if (!td_want(r, list, TD_NODE_LIST, "a chain")) return;
    chain->step = td_take(r, list->n, sizeof *chain->step);
    for (size_t i = 0; chain->step && i < list->n; i++)
        if (take_step(r, list->value[i], &chain->step[chain->n_steps])) chain->n_steps++;
}

/* Every row of a map; other keys are mistakes, and so are needed ones that are not there. */
static void take_map(td_reader *r, const td_node *map, const td_row *rows, void *into)
{
    if (!td_want(r, map, TD_NODE_MAP, "this part of a plan")) return;
    for (const td_row *w = rows; w->name; w++)
        if (w->needed && !td_node_get(map, w->name))
            td_mistake(r->messages, map, "missing", NULL, "'%s' is missing here", w->name);
    for (size_t i = 0; i < map->n; i++) {
        const td_row *w = find_row(rows, map->key[i]->text);
        if (w) {
            take_one(r, map->value[i], w, into);
            continue;
        }
        const char *names[32];
        unknown_key(r, map->key[i], names, row_names(rows, names, 32));
    }
}

static void take_list(td_reader *r, const td_node *list, const td_row *w, void *at, size_t *count)
{
    if (!td_want(r, list, TD_NODE_LIST, td_say(r->messages, "'%s'", w->name))) return;
    char *element = td_take(r, list->n, w->size);
    if (!element) return;
    *(void **)at = element;
    for (size_t i = 0; i < list->n; i++, element += w->size) {
        set_absent(w->rows, element);
        take_map(r, list->value[i], w->rows, element);
    }
    *count = list->n;
}

static void take_one(td_reader *r, const td_node *n, const td_row *w, char *into)
{
    char *at = into + w->at;
    size_t *count = (size_t *)(into + w->count_at);
    int word;
    switch (w->kind) {
    case TD_ROW_TEXT:
        *(const char **)at = take_text(r, n);
        if (w->hash && *(const char **)at && !td_is_sha256(*(const char **)at))
            td_mistake(r->messages, n, "wrong_kind", "leave it as 'topdown plan' wrote it",
                       "'%s' has to be a SHA-256: 64 digits, 0 to 9 and a to f", w->name);
        break;
    case TD_ROW_TEXTS:
        if (!td_want(r, n, TD_NODE_LIST, td_say(r->messages, "'%s'", w->name))) break;
        *(const char ***)at = td_take(r, n->n, sizeof(char *));
        for (size_t i = 0; *(const char ***)at && i < n->n; i++) {
            const char *text = take_text(r, n->value[i]);
            if (text) (*(const char ***)at)[(*count)++] = text;
        }
        break;
    case TD_ROW_NUMBER:
        take_number(r, n, w, (double *)at);
        break;
    case TD_ROW_SECONDS:
    case TD_ROW_PORTION:
        take_suffixed(r, n, w, (double *)at);
        break;
    case TD_ROW_WHOLE:
        td_read_whole(r, n, td_say(r->messages, "'%s'", w->name), (unsigned)w->least,
                      w->most > 0 ? (unsigned)w->most : 100000000, (unsigned *)at);
        break;
    case TD_ROW_LONG:
        take_long(r, n, w, (uint64_t *)at);
        break;
    case TD_ROW_FLAG:
        td_read_switch(r, n, td_say(r->messages, "'%s'", w->name), (bool *)at);
        break;
    case TD_ROW_WORD:
        word = td_read_word(r, n, td_say(r->messages, "'%s'", w->name), w->words);
        if (word >= 0) *(int *)at = word;
        break;
    case TD_ROW_INSIDE:
        take_map(r, n, w->rows, at);
        break;
    case TD_ROW_LIST:
        take_list(r, n, w, at, count);
        break;
    case TD_ROW_CHAIN:
        take_chain(r, n, (td_plan_chain *)at);
        break;
    }
}

/* ---- what a plan says about itself ------------------------------------------------------------------------------- */

typedef struct names {
    const char *what; /* "return" */
    const char **name;
    size_t n;
} names;

static void known(td_reader *r, const td_node *n, const names *of)
{
    const char *text = n && n->kind == TD_NODE_TEXT ? take_text(r, n) : NULL;
    if (!text) return;
    for (size_t i = 0; i < of->n; i++)
        if (strcmp(of->name[i], text) == 0) return;
    td_mistake(r->messages, n, "unknown_name", td_one_of(r->messages, text, of->name, of->n), "the plan has no %s '%s'",
               of->what, td_cut(r->messages, text));
}

static void check_ride(td_reader *r, const td_node *list, const td_breakpoint *ride, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (ride[i].at_s <= ride[i - 1].at_s)
            td_mistake(r->messages, list->value[i], "out_of_order", "the moments of a ride follow each other",
                       "this moment does not come after the one before it");
}

static void check_sends(td_reader *r, const td_node *place, const names *returns)
{
    const td_node *list = td_node_get(place, "sends");
    for (size_t i = 0; list && i < list->n; i++) known(r, td_node_get(list->value[i], "to"), returns);
}

/* So sound cannot run in a circle. */
static void check_order(td_reader *r, const td_node *place, const td_plan *p, size_t at)
{
    const td_node *list = td_node_get(place, "sends");
    for (size_t i = 0; i < p->ret[at].n_sends; i++)
        for (size_t k = 0; k <= at; k++)
            if (strcmp(p->ret[k].name, p->ret[at].send[i].to) == 0)
                td_mistake(r->messages, td_node_get(list->value[i], "to"), "out_of_order",
                           "a return sends to those that stand below it, so that none hears itself",
                           k < at ? "'%s' stands above this return" : "'%s' would send to itself",
                           td_cut(r->messages, p->ret[k].name));
}

static void check_keys(td_reader *r, const td_node *chain, const names *stems)
{
    for (size_t i = 0; chain && i < chain->n; i++) {
        const td_node *key = td_node_get(chain->value[i], "key");
        for (size_t k = 0; key && k < key->n; k++) known(r, key->value[k], stems);
    }
}

/* Names of an array of structs that begin with them. */
static names names_of(td_reader *r, const char *what, const void *array, size_t n, size_t size, size_t at)
{
    names out = { what, td_take(r, n, sizeof(char *)), 0 };
    for (size_t i = 0; out.name && i < n; i++)
        out.name[out.n++] = *(const char *const *)((const char *)array + i * size + at);
    return out;
}

#define NAMES_OF(r, what, array, n, type) names_of(r, what, array, n, sizeof(type), offsetof(type, name))

static void check_preview(td_reader *r, const td_node *preview, const td_plan *p)
{
    const td_node *format = preview ? td_node_get(preview, "format") : NULL,
                  *bits = preview ? td_node_get(preview, "bits") : NULL;
    const char *name = p->preview_format;
    unsigned length;
    if (format && !td_read_format(r, format, &name)) return;
    if (bits && name && !td_format_lossy(name)) td_read_bits(r, bits, name, &length);
}

static void check_path(td_reader *r, const td_node *path)
{
    if (path && path->kind == TD_NODE_TEXT && !path->text[0])
        td_mistake(r->messages, path, "missing", "write where the stem's file lies, or leave the line out",
                   "a path is empty");
}

/* Whom it names has to be there, and time goes forward: a person may have edited it. */
static void check_plan(td_reader *r, const td_node *root, const td_plan *p)
{
    if (td_messages_errors(r->messages) > r->before || td_messages_broken(r->messages)) return;
    names returns = NAMES_OF(r, "return", p->ret, p->n_rets, td_plan_return);
    names buses = NAMES_OF(r, "bus", p->bus, p->n_buses, td_plan_bus);
    names stems = NAMES_OF(r, "stem", p->stem, p->n_stems, td_plan_stem);
    for (size_t i = 0; i < p->n_stems; i++) {
        const td_node *n = td_node_get(root, "stems")->value[i];
        check_path(r, td_node_get(n, "path"));
        check_path(r, td_node_get(n, "path_right"));
        known(r, td_node_get(n, "bus"), &buses);
        check_sends(r, n, &returns);
        check_keys(r, td_node_get(n, "chain"), &stems);
        check_ride(r, td_node_get(n, "ride"), p->stem[i].ride, p->stem[i].n_ride);
    }
    for (size_t i = 0; i < p->n_buses; i++) {
        const td_node *n = td_node_get(root, "buses")->value[i];
        check_sends(r, n, &returns);
        check_keys(r, td_node_get(n, "chain"), &stems);
        check_ride(r, td_node_get(n, "ride"), p->bus[i].ride, p->bus[i].n_ride);
    }
    for (size_t i = 0; i < p->n_rets; i++) {
        const td_node *n = td_node_get(root, "returns")->value[i];
        check_sends(r, n, &returns);
        check_order(r, n, p, i);
        check_keys(r, td_node_get(n, "chain"), &stems);
    }
    check_keys(r, td_node_get(root, "mix"), &stems);
    check_keys(r, td_node_get(root, "master_chain"), &stems);
    check_keys(r, td_node_get(root, "preview_chain"), &stems);
    check_preview(r, td_node_get(root, "preview"), p);
}

/* Whether it sounds other than it was written to. */
static bool is_edited(td_reader *r, td_plan *p)
{
    char now[TD_SHA256_HEX] = "";
    const char *written = p->written_hash;
    p->written_hash = NULL;
    if (written && td_plan_hash(p, now)) td_messages_break(r->messages);
    return written && strcmp(now, written) != 0;
}

/* Whoever edits what is there for reading, and nothing else, would wait in vain to hear it. */
static void tell_decided(td_reader *r, const td_node *root, td_plan *p, bool edited)
{
    size_t first = p->n_decided, n = 0;
    if (td_plan_tell_hands(p)) td_messages_break(r->messages);
    for (size_t i = p->n_decided; i-- > 0;)
        if (p->decided[i].settings) first = i, n++;
    if (n && !edited)
        td_caution(r->messages, td_node_get(root, "decided")->value[first], "not_in_force",
                   "edit the plan, this list is for reading",
                   "the plan above says otherwise than this%s: the plan counts",
                   n > 1 ? td_say(r->messages, " and %zu more below", n - 1) : "");
    p->n_decided = 0;
}

static td_plan *read_plan(td_reader *r, const char *file, const char *text, size_t length)
{
    td_node *root = td_yaml_read_plan(r->arena, file, text, length, r->messages);
    if (!root || !td_check_header(r->messages, root, "plan/1")) return NULL;
    for (size_t i = 0; i < root->n; i++)
        if (strcmp(root->key[i]->text, "topdown") == 0) td_node_remove(root, i--);
    td_plan *plan = td_take(r, 1, sizeof *plan);
    if (!plan) return NULL;
    set_absent(td_plan_rows, (char *)plan);
    take_map(r, root, td_plan_rows, plan);
    plan->arena = r->arena;
    check_plan(r, root, plan);
    if (td_messages_errors(r->messages) > r->before) return plan;
    bool edited = is_edited(r, plan);
    tell_decided(r, root, plan, edited);
    plan->revised += edited; /* its files want names of their own */
    return plan;
}

td_status td_plan_read(const char *file, const char *text, size_t length, td_plan **out, td_messages *m)
{
    td_reader r = td_reader_new(m, false);
    td_plan *plan = r.arena ? read_plan(&r, file, text, length) : NULL;
    td_status st = td_reader_end(&r, TD_RECIPE);
    *out = st == TD_OK ? plan : NULL;
    return st;
}

td_status td_plan_load(const char *path, td_plan **out, td_messages *m)
{
    *out = NULL;
    td_arena *a = td_arena_new();
    char *text;
    size_t length;
    td_status st = td_document_load(a, path, TD_PLAN_BYTES, &text, &length, m);
    if (!st) st = td_plan_read(path, text, length, out, m);
    if (!st) (*out)->read_from = td_arena_strdup((*out)->arena, path);
    td_arena_free(a);
    return st;
}

/* ---- how much of it is read -------------------------------------------------------------------------------------- */

typedef struct longest {
    const td_plan_step *step;
    const char *where;
} longest;

static void look_at(longest *l, const td_plan_chain *c, const char *where)
{
    for (size_t i = 0; i < c->n_steps; i++)
        if (!l->step || c->step[i].n_parts > l->step->n_parts) *l = (longest){ &c->step[i], where };
}

static td_status too_large(const td_plan *p, td_error *err)
{
    longest l = { NULL, "" };
    look_at(&l, &p->mix, "mix");
    for (size_t i = 0; i < p->n_stems; i++) look_at(&l, &p->stem[i].chain, p->stem[i].name);
    for (size_t i = 0; i < p->n_buses; i++) look_at(&l, &p->bus[i].chain, p->bus[i].name);
    for (size_t i = 0; i < p->n_rets; i++) look_at(&l, &p->ret[i].chain, p->ret[i].name);
    return td_fail(err, TD_RECIPE, NULL, "fewer points, or the step on a bus instead of its stems",
                   "the plan would be too large to be read again: '%s' on %s alone has %zu parts",
                   l.step ? l.step->name : "", l.where, l.step ? l.step->n_parts : 0);
}

/* What is no larger than any other document cannot have too many parts. */
td_status td_plan_is_readable(const td_plan *p, td_error *err)
{
    td_text t = { 0 };
    td_plan *again = NULL;
    td_messages *m = td_messages_new();
    td_status st = m && !td_plan_write(p, &t) ? TD_OK : td_no_memory(err);
    if (!st && t.length > TD_YAML_BYTES) st = td_plan_read("plan", t.data, t.length, &again, m);
    if (st == TD_RECIPE) too_large(p, err);
    if (st == TD_NOMEM) td_no_memory(err);
    td_plan_free(again);
    td_messages_free(m);
    td_text_free(&t);
    return st;
}
