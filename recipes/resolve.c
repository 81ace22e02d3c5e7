#include "recipes/resolve.h"

#include "recipes/steps.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- steps as nodes ---------------------------------------------------------------------------------------------- */

static const char *base_name(const td_node *step, bool *given)
{
    const td_node *as = td_node_get(step, "as");
    *given = as && as->kind == TD_NODE_TEXT;
    if (*given) return as->text;
    if (step->kind == TD_NODE_TEXT) return step->text;
    size_t at = step->kind == TD_NODE_MAP ? td_step_processor_key(step) : 0;
    return step->kind == TD_NODE_MAP && at < step->n ? step->key[at]->text : "";
}

const char *td_step_name(td_messages *m, const td_node *chain, size_t i)
{
    bool given;
    const char *name = base_name(chain->value[i], &given);
    unsigned before = 0;
    for (size_t k = 0; k < i && !given; k++) {
        bool other_given;
        before += strcmp(base_name(chain->value[k], &other_given), name) == 0;
    }
    return before ? td_say(m, "%s-%u", name, before + 1) : name;
}

static size_t steps_of(td_messages *m, const td_node *section, const char **out, size_t room)
{
    const td_node *chain = td_node_get(section, "chain");
    size_t n = 0;
    for (; chain && chain->kind == TD_NODE_LIST && n < chain->n && n < room; n++) out[n] = td_step_name(m, chain, n);
    return n;
}

size_t td_all_steps(td_messages *m, const td_node *root, const char **out, size_t room)
{
    static const char *const places[] = { "groups", "returns", "tracks" };
    size_t n = steps_of(m, td_node_get(root, "mix"), out, room);
    for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
        const td_node *section = td_node_get(root, places[k]);
        for (size_t i = 0; section && i < section->n; i++) n += steps_of(m, section->value[i], out + n, room - n);
    }
    return n;
}

static size_t find_step(td_reader *r, const td_node *chain, const td_node *word)
{
    size_t n = chain ? chain->n : 0;
    const char **names = td_take(r, n, sizeof *names);
    if (!names) return n;
    for (size_t i = 0; i < n; i++) {
        names[i] = td_step_name(r->messages, chain, i);
        if (strcmp(names[i], word->text) == 0) return i;
    }
    td_mistake(r->messages, word, "unknown_step",
               n ? td_one_of(r->messages, word->text, names, n) : "there is no chain to edit", "no step '%s'",
               td_cut(r->messages, word->text));
    return n;
}

/* ---- merging ----------------------------------------------------------------------------------------------------- */

static bool set_member(td_reader *r, td_node *map, td_node *key, td_node *value)
{
    for (size_t i = 0; i < map->n; i++) {
        if (strcmp(map->key[i]->text, key->text) != 0) continue;
        map->key[i] = key;
        map->value[i] = value;
        key->parent = value->parent = map;
        return true;
    }
    if (td_node_append(r->arena, map, map->n, key, value)) return true;
    td_messages_break(r->messages);
    return false;
}

static td_node *new_node(td_reader *r, const td_node *like, td_node_kind kind, const char *text)
{
    td_node *n = td_take(r, 1, sizeof *n);
    if (!n) return NULL;
    *n = *like;
    n->kind = kind;
    n->text = text;
    n->plain = true;
    n->key = n->value = NULL;
    n->n = n->capacity = 0;
    return n;
}

/* Makes the value of `parent`'s i-th member a map of parameters: the short form names its first one. */
static td_node *as_map(td_reader *r, td_node *parent, size_t i, const td_processor *proc)
{
    td_node *value = parent->value[i];
    if (value->kind == TD_NODE_MAP) return value;
    td_node *map = new_node(r, value, TD_NODE_MAP, NULL);
    if (!map) return NULL;
    bool given = value->kind == TD_NODE_LIST || value->text[0];
    if (given && proc && proc->n_params) {
        td_node *key = new_node(r, value, TD_NODE_TEXT, proc->params[0].name);
        if (!key || !set_member(r, map, key, value)) return NULL;
    }
    parent->value[i] = map;
    map->parent = parent;
    return map;
}

/* A parameter drops the goal that decides it, and a goal its parameter: the child's word is the newer one. */
static void drop_rival(td_node *params, const td_processor *proc, const char *name)
{
    for (size_t i = 0; proc && i < proc->n_params; i++) {
        const td_param *goal = &proc->params[i];
        if (!goal->name || !goal->solves) continue;
        const char *rival = strcmp(goal->name, name) == 0     ? goal->solves
                            : strcmp(goal->solves, name) == 0 ? goal->name
                                                              : NULL;
        for (size_t k = 0; rival && k < params->n; k++)
            if (strcmp(params->key[k]->text, rival) == 0) td_node_remove(params, k--);
    }
}

static void merge_parameters(td_reader *r, td_node *params, td_node *change, const td_processor *proc)
{
    for (size_t i = 0; i < change->n; i++) {
        if (td_is_graph_key(change->key[i]->text)) continue;
        drop_rival(params, proc, change->key[i]->text);
        if (!set_member(r, params, change->key[i], change->value[i])) return;
    }
}

/* Changes to single bands of a step whose value is a list of them. */
static void merge_bands(td_reader *r, td_node *bands, td_node *change, const td_processor *proc)
{
    for (size_t i = 0; i < change->n; i++) {
        td_node *key = change->key[i];
        if (td_is_graph_key(key->text)) continue;
        const char *names[TD_PARTS_MAX];
        size_t n = 0, at = bands->n;
        for (size_t b = 0; b < bands->n && n < TD_PARTS_MAX; b++) {
            bool given;
            names[n++] = base_name(bands->value[b], &given);
            if (at == bands->n && strcmp(names[n - 1], key->text) == 0) at = b;
        }
        if (at == bands->n) {
            td_mistake(r->messages, key, "unknown_band", td_one_of(r->messages, key->text, names, n),
                       "the step has no band '%s'", td_cut(r->messages, key->text));
            continue;
        }
        const td_processor *part = proc && proc->parts ? td_part_find(proc, key->text) : NULL;
        td_node *band = bands->value[at];
        if (change->value[i]->kind != TD_NODE_MAP || band->kind != TD_NODE_MAP) {
            band = new_node(r, key, TD_NODE_MAP, NULL);
            if (!band || !set_member(r, band, key, change->value[i])) return;
            bands->value[at] = band;
            band->parent = bands;
        } else {
            td_node *params = as_map(r, band, 0, part);
            if (params) merge_parameters(r, params, change->value[i], part);
        }
    }
}

/* Merges a change into the chain's i-th step: graph keys beside the processor, all else into it. */
static void edit_step(td_reader *r, td_node *chain, size_t i, td_node *change)
{
    td_node *step = chain->value[i];
    if (step->kind == TD_NODE_TEXT) { /* "- tape" becomes "- tape: " */
        td_node *map = new_node(r, step, TD_NODE_MAP, NULL), *empty = new_node(r, step, TD_NODE_TEXT, "");
        if (!map || !empty || !set_member(r, map, step, empty)) return;
        chain->value[i] = map;
        map->parent = chain;
        step = map;
    }
    size_t at = td_step_processor_key(step);
    if (at == step->n) return; /* a mistake, and told when the chain is read */
    const td_processor *proc = td_processor_find(step->key[at]->text);
    if (change->kind != TD_NODE_MAP) {
        set_member(r, step, step->key[at], change);
        return;
    }
    if (step->value[at]->kind == TD_NODE_LIST) {
        merge_bands(r, step->value[at], change, proc);
    } else {
        td_node *params = as_map(r, step, at, proc);
        if (params) merge_parameters(r, params, change, proc);
    }
    for (size_t k = 0; k < change->n; k++)
        if (td_is_graph_key(change->key[k]->text) && !set_member(r, step, change->key[k], change->value[k])) return;
}

static void insert_step(td_reader *r, td_node *chain, td_node *entry)
{
    td_node *step = td_node_get(entry, "step"), *after = td_node_get(entry, "after"),
            *before = td_node_get(entry, "before");
    td_node *anchor = after ? after : before;
    if (!step || !anchor || (after && before) || entry->n != 2 || anchor->kind != TD_NODE_TEXT) {
        td_mistake(r->messages, entry, "bad_insert",
                   "write for example { after: glue, step: { tape: { drive: 2 dB } } }",
                   "an insertion needs 'step' and either 'after' or 'before'");
        return;
    }
    size_t at = find_step(r, chain, anchor);
    if (!chain || at == chain->n) return;
    if (!td_node_append(r->arena, chain, after ? at + 1 : at, NULL, step)) td_messages_break(r->messages);
}

static void apply_edit(td_reader *r, td_node *chain, td_node *edit)
{
    if (!td_want(r, edit, TD_NODE_MAP, "'edit'")) return;
    td_node *insert = td_node_get(edit, "insert");
    for (size_t i = 0; i < edit->n; i++) {
        if (edit->value[i] == insert) continue;
        size_t at = find_step(r, chain, edit->key[i]);
        if (!chain || at == chain->n) continue;
        td_node *change = edit->value[i];
        if (change->kind == TD_NODE_TEXT && strcmp(change->text, "off") == 0) {
            td_node *off = new_node(r, change, TD_NODE_TEXT, td_keep(r, td_step_name(r->messages, chain, at)));
            if (!off) return;
            off->off = true;
            off->parent = chain;
            chain->value[at] = off;
        } else {
            edit_step(r, chain, at, change);
        }
    }
    if (!insert || !td_want(r, insert, TD_NODE_LIST, "'insert'")) return;
    for (size_t i = 0; i < insert->n; i++) insert_step(r, chain, insert->value[i]);
}

/* What an edit may stand in: a section with a chain, found at fixed places of a recipe. */
typedef enum level { ROOT, SECTIONS, SECTION, KNOBS, PLAIN } level;

static level level_below(level here, const char *key)
{
    if (here == SECTIONS) return SECTION;
    if (here != ROOT) return PLAIN;
    if (strcmp(key, "groups") == 0 || strcmp(key, "returns") == 0) return SECTIONS;
    if (strcmp(key, "values") == 0) return KNOBS;
    bool chained = !strcmp(key, "mix") || !strcmp(key, "master") || !strcmp(key, "preview");
    return chained ? SECTION : PLAIN;
}

/* A knob's short form is its default: what else the parent says of it holds. */
static bool merge_default(td_reader *r, td_node *old, td_node *value)
{
    td_node *key = new_node(r, value, TD_NODE_TEXT, "default");
    return key && set_member(r, old, key, value);
}

static void merge(td_reader *r, td_node *into, td_node *from, level here)
{
    for (size_t i = 0; i < from->n; i++) {
        td_node *key = from->key[i], *value = from->value[i], *old = td_node_get(into, key->text);
        if (here == SECTION && strcmp(key->text, "edit") == 0) {
            td_node *chain = td_node_get(into, "chain");
            apply_edit(r, chain && chain->kind == TD_NODE_LIST ? chain : NULL, value);
        } else if (here == KNOBS && old && old->kind == TD_NODE_MAP && value->kind == TD_NODE_TEXT) {
            if (!merge_default(r, old, value)) return;
        } else if (old && old->kind == TD_NODE_MAP && value->kind == TD_NODE_MAP) {
            merge(r, old, value, level_below(here, key->text));
        } else if (!set_member(r, into, key, value)) {
            return;
        }
    }
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

/* The files that are being read, the innermost last. */
typedef struct trail {
    const char *file[TD_EXTENDS_MAX + 1];
    size_t n;
} trail;

bool td_is_path(const char *what)
{
    return strchr(what, '/') || td_ends_with(what, ".yaml") || td_ends_with(what, ".yml");
}

static td_node *load_text(td_reader *r, const td_library *l, trail *t, const char *file, const char *text,
                          size_t length);

static td_node *load_file(td_reader *r, const td_library *l, trail *t, const char *path, const td_node *asked)
{
    char *text;
    size_t length;
    td_error err = { 0 };
    td_status st = td_file_read(r->arena, path, TD_YAML_BYTES, &text, &length, &err);
    if (st == TD_OK) return load_text(r, l, t, path, text, length);
    if (st == TD_NOMEM)
        td_messages_break(r->messages);
    else if (asked)
        td_mistake(r->messages, asked, "unreadable", NULL, "'%s' %s", path, err.what);
    else
        td_mistake_file(r->messages, path, &err);
    return NULL;
}

const char *td_folder_of(td_messages *m, const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash ? td_say(m, "%.*s", slash == file ? 1 : (int)(slash - file), file) : ".";
}

const char *td_recipe_hint(td_messages *m, const td_library *l, const char *folder, const char *what)
{
    static const char *const ends[] = { "yaml", "yml" };
    for (size_t i = 0; folder && !strchr(what, '/') && i < 2; i++)
        if (td_is_file(td_say(m, "%s/%s.%s", folder, what, ends[i])))
            return td_say(m, "a file is named with its path: './%s.%s'", what, ends[i]);
    const char *names[256];
    const char *near = td_did_you_mean(m, what, names, l ? td_library_names(l, names, 256) : 0);
    return near ? near : "'topdown recipe list' lists them";
}

/* The file that `extends` means; NULL after a mistake. */
static const char *parent_path(td_reader *r, const td_library *l, const td_node *extends)
{
    const char *what = td_read_text(r, extends, "'extends'");
    if (!what) return NULL;
    if (td_is_path(what) && !r->remote) {
        const char *file = extends->doc->file, *slash = strrchr(file, '/');
        if (what[0] == '/' || !slash) return what;
        char *path =
            td_arena_printf(r->arena, "%.*s/%s", (int)(slash - file), file, what); /* as short as it was given */
        if (!path) td_messages_break(r->messages);
        return path;
    }
    const td_library_entry *entry = l ? td_library_find_base(l, what) : NULL;
    if (entry) return entry->path;
    const char *folder = r->remote ? NULL : td_folder_of(r->messages, extends->doc->file);
    td_mistake(r->messages, extends, "unknown_recipe", td_recipe_hint(r->messages, l, folder, what), "no recipe '%s'",
               td_cut(r->messages, what));
    return NULL;
}

static bool in_circle(td_reader *r, const trail *t, const char *path, const td_node *extends)
{
    char real[PATH_MAX];
    size_t i = 0;
    if (!realpath(path, real)) return false; /* and reading it will say why */
    while (i < t->n && t->file[i] && strcmp(t->file[i], real) != 0) i++;
    if (i < t->n) {
        td_text names = { 0 };
        for (; i < t->n; i++) td_text_addf(&names, "%s -> ", t->file[i] ? td_basename(t->file[i]) : "");
        td_mistake(r->messages, extends, "circle", NULL, "the recipes extend each other in a circle: %s%s",
                   td_text_or_empty(&names), td_basename(real));
        td_text_free(&names);
        return true;
    }
    if (t->n <= TD_EXTENDS_MAX) return false;
    td_mistake(r->messages, extends, "too_deep", NULL, "more than %d recipes extend each other", TD_EXTENDS_MAX);
    return true;
}

/* What names a recipe is its own and never its parent's. Tags say what kind of music it is for, and decide targets: a
 * child that says nothing is for the same. */
static void forget_identity(td_node *root)
{
    static const char *const own[] = { "name", "title", "description", "author", "revision" };
    for (size_t k = 0; k < sizeof own / sizeof *own; k++)
        for (size_t i = 0; i < root->n; i++)
            if (strcmp(root->key[i]->text, own[k]) == 0) td_node_remove(root, i--);
}

static td_node *load_text(td_reader *r, const td_library *l, trail *t, const char *file, const char *text,
                          size_t length)
{
    td_node *root = td_yaml_read(r->arena, file, text, length, r->messages);
    if (!root || !td_check_header(r->messages, root, "recipe/1")) return NULL;
    const td_node *extends = td_node_get(root, "extends");
    if (!extends) return root;
    char real[PATH_MAX];
    t->file[t->n++] = td_keep(r, realpath(file, real) ? real : file);
    const char *path = parent_path(r, l, extends);
    if (!path || in_circle(r, t, path, extends)) return NULL;
    td_node *base = load_file(r, l, t, path, extends);
    if (!base) return NULL;
    forget_identity(base);
    merge(r, base, root, ROOT);
    return base;
}

td_node *td_resolve(td_reader *r, const td_library *l, const char *file, const char *text, size_t length)
{
    return load_text(r, l, &(trail){ 0 }, file, text, length);
}

td_node *td_resolve_named(td_reader *r, const td_library *l, const char *what)
{
    if (td_is_path(what)) return load_file(r, l, &(trail){ 0 }, what, NULL);
    const td_library_entry *entry = l ? td_library_find(l, what) : NULL;
    if (entry) return load_file(r, l, &(trail){ 0 }, entry->path, NULL);
    td_error err = { 0 };
    td_fail(&err, TD_RECIPE, NULL, td_recipe_hint(r->messages, l, r->remote ? NULL : ".", what), "no recipe '%s'",
            td_cut(r->messages, what));
    td_mistake_file(r->messages, "topdown", &err);
    return NULL;
}
