#include "recipes/steps.h"

#include "recipes/resolve.h"
#include <stdio.h>
#include <string.h>

enum { STEPS_MAX = 64 };

/* ---- parameters -------------------------------------------------------------------------------------------------- */

/* Whose values are being read: a step, or a band of one. */
typedef struct owner {
    const td_processor *proc;
    td_wish *value;
    const char **file;   /* of a file parameter; NULL where there can be none */
    const td_node *when; /* the condition beside it, or around it; NULL */
} owner;

static void read_file(td_reader *r, const td_node *n, const td_param *p, owner *o, size_t slot)
{
    if (!td_read_text(r, n, td_say(r->messages, "'%s' of %s", p->name, o->proc->name)) || !o->file) return;
    if (r->remote) {
        td_mistake(r->messages, n, "no_files", NULL, "a recipe that is not on this machine cannot name files here");
        return;
    }
    *o->file = td_beside(r, n->doc->file, n->text);
    if (*o->file && !td_is_file(*o->file))
        td_mistake(r->messages, n, "no_file", "a path is read from the recipe's folder on", "there is no file '%s'",
                   td_cut(r->messages, n->text));
    o->value[slot] = (td_wish){ .kind = TD_WISH_VALUE, .a = 1 };
}

static void read_several(td_reader *r, const td_node *n, const td_param *p, owner *o, size_t slot)
{
    td_field f = td_field_of(p, o->proc->name);
    if (n->kind == TD_NODE_TEXT) {
        td_read_wish(r, n, &f, &o->value[slot]);
        return;
    }
    if (!td_want(r, n, TD_NODE_LIST, td_say(r->messages, "'%s' of %s", p->name, o->proc->name))) return;
    if (n->n > p->span)
        td_mistake(r->messages, n->value[p->span], "too_many", NULL, "'%s' of %s takes at most %u values", p->name,
                   o->proc->name, p->span);
    for (size_t i = 0; i < n->n && i < p->span; i++) td_read_wish(r, n->value[i], &f, &o->value[slot + i]);
}

static void read_parameter(td_reader *r, const td_node *n, owner *o, size_t slot)
{
    const td_param *p = &o->proc->params[slot];
    td_field f = td_field_of(p, o->proc->name);
    if (p->unit == TD_UNIT_FILE)
        read_file(r, n, p, o, slot);
    else if (p->span > 2)
        read_several(r, n, p, o, slot);
    else if (p->span == 2)
        td_read_range(r, n, &f, &o->value[slot]);
    else
        td_read_wish(r, n, &f, &o->value[slot]);
    if (o->value[slot].kind != TD_WISH_MEASURED) return;
    if (!o->when)
        td_mistake(r->messages, n, "needs_condition", "add a 'when' that finds it",
                   "'%s' of %s is 'measured', and there is no condition to measure it", p->name, o->proc->name);
    else if (!td_condition_finds(o->when))
        td_mistake(r->messages, n, "needs_condition",
                   td_say(r->messages, "these find one: %s", td_finding_features(r->messages)),
                   "'%s' of %s is 'measured', and its condition finds no frequency", p->name, o->proc->name);
}

/* Tells of it, and gives it the name that was meant, where there is one and it is not taken. */
static bool mend_parameter(td_reader *r, const td_node *map, td_node *key, const td_processor *proc)
{
    const char *names[TD_VALUES_MAX + 1];
    size_t n = 0;
    for (size_t i = 0; i < proc->n_params && n < TD_VALUES_MAX; i++)
        if (proc->params[i].name) names[n++] = proc->params[i].name;
    if (proc->parts_name) names[n++] = proc->parts_name;
    const char *hint = td_is_graph_key(key->text)
                           ? td_say(r->messages, "'%s' stands beside %s, not inside it", key->text, proc->name)
                           : td_one_of(r->messages, key->text, names, n);
    td_mistake(r->messages, key, "unknown_parameter", hint, "%s has no parameter '%s'", proc->name,
               td_cut(r->messages, key->text));
    if (!proc->part) td_messages_about(r->messages, proc->name);
    const char *near = td_is_graph_key(key->text) ? NULL : td_nearest(key->text, names, n);
    if (!near || td_node_get(map, near)) return false;
    key->text = near;
    return true;
}

/* A parameter and the goal that decides it exclude each other. */
static void check_goals(td_reader *r, const td_node *map, const owner *o)
{
    for (size_t i = 0; i < o->proc->n_params; i++) {
        const td_param *goal = &o->proc->params[i];
        if (!goal->name || !goal->solves || o->value[i].kind == TD_WISH_NONE) continue;
        int decided = td_param_find(o->proc, goal->solves);
        if (decided < 0 || o->value[decided].kind == TD_WISH_NONE) continue;
        td_mistake(r->messages, td_node_key(td_node_get(map, goal->solves)), "excluded", "leave one of them out",
                   "'%s' is decided by '%s'", goal->solves, goal->name);
    }
}

/* A range stands for the middle of a band and how wide it is. */
static void check_place(td_reader *r, const td_node *map, const td_processor *proc)
{
    int range = td_param_find(proc, "range");
    const td_node *at = td_node_get(map, "at");
    if (at && range >= 0 && proc->params[range].unit == TD_UNIT_HZ && td_node_get(map, "range"))
        td_mistake(r->messages, td_node_key(at), "excluded", "leave one of them out", "'at' is decided by 'range'");
}

static void read_parameters(td_reader *r, td_node *map, owner *o)
{
    for (size_t i = 0; i < map->n; i++) {
        td_node *key = map->key[i];
        bool parts = o->proc->parts_name && strcmp(key->text, o->proc->parts_name) == 0;
        int slot = parts ? -1 : td_param_find(o->proc, key->text);
        if (slot < 0 && !parts && mend_parameter(r, map, key, o->proc)) slot = td_param_find(o->proc, key->text);
        if (slot >= 0) read_parameter(r, map->value[i], o, (size_t)slot);
    }
    check_goals(r, map, o);
    check_place(r, map, o->proc);
}

/* What stands behind a processor's or band's name: its parameters, or the first of them alone. */
static void read_settings(td_reader *r, td_node *n, owner *o)
{
    if (n->kind == TD_NODE_MAP)
        read_parameters(r, n, o);
    else if (n->kind == TD_NODE_TEXT && n->plain && !n->text[0])
        return; /* "- tape:" is "- tape" */
    else if (o->proc->n_params)
        read_parameter(r, n, o, 0);
    else
        td_mistake(r->messages, n, "unknown_parameter", NULL, "%s has no parameters", o->proc->name);
}

/* ---- bands ------------------------------------------------------------------------------------------------------- */

size_t td_part_names(const td_processor *proc, const char **out, size_t room)
{
    size_t n = 0;
    for (; n < room && proc->parts && proc->parts[n]; n++) out[n] = proc->parts[n]->name;
    return n;
}

/* Which band an entry is, or after a mistake the one that was meant, and where its settings stand (NULL: all defaults).
 * NULL: none. */
static const td_processor *part_of(td_reader *r, td_node *n, const td_processor *proc, td_node **settings)
{
    const char *names[32];
    size_t known = td_part_names(proc, names, 32);
    const td_node *word = n;
    *settings = NULL;
    if (n->kind == TD_NODE_MAP && n->n == 1) {
        word = n->key[0];
        *settings = n->value[0];
    }
    const td_processor *part = word->kind == TD_NODE_TEXT ? td_part_find(proc, word->text) : NULL;
    if (!part && known == 1 && n->kind == TD_NODE_MAP) { /* one kind of band needs no name */
        *settings = n;
        return proc->parts[0];
    }
    if (n->kind == TD_NODE_MAP && n->n != 1)
        td_mistake(r->messages, n->n ? n->key[1] : n, "bad_band", "begin each with '- '", "an entry of %s is one band",
                   proc->name);
    else if (word->kind != TD_NODE_TEXT)
        td_mistake(r->messages, n, "bad_band", td_one_of(r->messages, "", names, known),
                   "an entry of %s is a band, not %s", proc->name, td_node_what(r->messages, n));
    else if (!part)
        td_mistake(r->messages, word, "unknown_band", td_one_of(r->messages, word->text, names, known),
                   "%s has no band '%s'", proc->name, td_cut(r->messages, word->text));
    const char *near = !part && word->kind == TD_NODE_TEXT ? td_nearest(word->text, names, known) : NULL;
    return near ? td_part_find(proc, near) : part;
}

static void read_parts(td_reader *r, td_node *list, const td_node *when, td_step_wish *step)
{
    if (!td_want(r, list, TD_NODE_LIST, td_say(r->messages, "the bands of %s", step->proc->name))) return;
    size_t most = td_parts_most(step->proc), n = list->n < most ? list->n : most;
    if (list->n > n)
        td_mistake(r->messages, list->value[n], "too_many", NULL, "%s takes at most %zu %s", step->proc->name, most,
                   step->proc->parts_name ? step->proc->parts_name : "bands");
    step->part = td_take(r, n, sizeof *step->part);
    for (size_t i = 0; step->part && i < n; i++) {
        td_node *settings;
        const td_processor *proc = part_of(r, list->value[i], step->proc, &settings);
        td_wish *value = proc ? td_take(r, proc->n_params, sizeof *value) : NULL;
        if (!value) continue;
        step->part[step->n_parts++] = (td_part_wish){ proc, value, (int)list->value[i]->line };
        if (settings) read_settings(r, settings, &(owner){ proc, value, NULL, when });
    }
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

size_t td_step_names(const char **out, size_t room)
{
    size_t n = 0;
    for (size_t i = 0; td_processors[i] && n < room; i++)
        if (!td_processors[i]->part) out[n++] = td_processors[i]->name;
    return n;
}

static void read_as(td_reader *r, td_node *n, void *into)
{
    td_step_wish *step = into;
    const char *name = td_read_text(r, n, "'as'");
    if (name && (strcmp(name, "insert") == 0 || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_")]))
        td_mistake(r->messages, n, "bad_name", "letters a to z, digits and '-'", "'%s' cannot be a step's name",
                   td_cut(r->messages, name));
    else if (name)
        step->name = name;
}

void td_check_key(td_reader *r, const td_node *n, const td_processor *proc)
{
    const char *names[32];
    size_t hear = 0;
    for (size_t i = 0; td_processors[i] && hear < sizeof names / sizeof *names; i++)
        if (td_processors[i]->hears_key) names[hear++] = td_processors[i]->name;
    if (!proc->hears_key)
        td_mistake(r->messages, td_node_key(n), "no_key",
                   td_say(r->messages, "leave it out, or take %s", td_one_of(r->messages, "", names, hear)),
                   "%s hears no key", proc->name);
    else if (n->kind == TD_NODE_LIST && !n->n)
        td_mistake(r->messages, n, "empty", "leave it out, or name a track, a role or a bus", "'key' names nobody");
}

static void read_key(td_reader *r, td_node *n, void *into)
{
    td_step_wish *step = into;
    step->key = td_read_texts(r, n, "'key'", &step->n_keys);
    if (step->proc) td_check_key(r, n, step->proc);
}

static void read_blend(td_reader *r, td_node *n, void *into)
{
    static const td_field blend = { .name = "blend", .measure = TD_UNIT_PERCENT, .min = 0, .max = 100 };
    double percent;
    if (td_read_number(r, n, &blend, &percent)) ((td_step_wish *)into)->blend = percent / 100;
}

static void read_when(td_reader *r, td_node *n, void *into)
{
    td_step_wish *step = into;
    td_read_condition(r, n, &step->when, &step->when_text);
}

const td_member td_graph_members[] = {
    TD_WHOLE("as", read_as),
    TD_WHOLE("key", read_key),
    TD_WHOLE("blend", read_blend),
    TD_WHOLE("when", read_when),
    TD_MEMBER(td_step_wish, "bypass", td_member_switch, bypass),
    TD_MEMBER(td_step_wish, "note", td_member_text, note),
    { 0 },
};

static const td_member *graph_member(const char *key)
{
    const td_member *member = td_graph_members;
    while (member->name && strcmp(member->name, key) != 0) member++;
    return member->name ? member : NULL;
}

bool td_is_graph_key(const char *key)
{
    return graph_member(key) || td_starts_with(key, "x-");
}

size_t td_step_processor_key(const td_node *n)
{
    size_t first = n->n;
    for (size_t i = n->n; i-- > 0;)
        if (!td_is_graph_key(n->key[i]->text)) first = i;
    return first;
}

/* After a mistake the one that was meant, so that its parameters are judged as well; NULL: none. */
static const td_processor *find_processor(td_reader *r, const td_node *word)
{
    const td_processor *proc = td_processor_find(word->text);
    if (proc) return proc;
    const char *names[128];
    size_t n = td_step_names(names, 120);
    n += td_member_names(td_graph_members, names + n, 128 - n);
    const char *near = td_did_you_mean(r->messages, word->text, names, n);
    td_mistake(r->messages, word, "unknown_processor", near ? near : "'topdown recipe processors' lists them",
               "no processor '%s'", td_cut(r->messages, word->text));
    const char *meant = near ? td_nearest(word->text, names, n) : NULL;
    return meant ? td_processor_find(meant) : NULL;
}

/* "whne" beside a processor is no second one. */
static void mend_graph_keys(td_reader *r, td_node *step)
{
    const char *names[128];
    size_t n = td_step_names(names, 120);
    n += td_member_names(td_graph_members, names + n, 128 - n);
    for (size_t i = 0; i < step->n && step->n > 1; i++) {
        const char *key = step->key[i]->text;
        if (td_is_graph_key(key) || td_processor_find(key)) continue;
        const char *near = td_nearest(key, names, n);
        if (!near || !graph_member(near) || td_node_get(step, near)) continue;
        td_mistake(r->messages, step->key[i], "unknown_key", td_say(r->messages, "did you mean '%s'?", near),
                   "a step has no key '%s'", td_cut(r->messages, key));
        step->key[i]->text = near;
    }
}

/* Everything beside the processor; a second key that is neither is a mistake. */
static void read_graph(td_reader *r, td_node *n, size_t processor, td_step_wish *step)
{
    for (size_t i = 0; i < n->n; i++) {
        const td_member *member = graph_member(n->key[i]->text);
        if (member)
            member->read(r, n->value[i], (char *)step + member->at);
        else if (i == processor || td_starts_with(n->key[i]->text, "x-"))
            continue;
        else if (!td_processor_find(n->key[i]->text))
            find_processor(r, n->key[i]);
        else
            td_mistake(r->messages, n->key[i], "two_processors", "begin each step with '- '",
                       "a step has one processor, this one has '%s' already", n->key[processor]->text);
    }
}

static void read_processor(td_reader *r, td_node *n, const td_node *when, td_step_wish *step)
{
    owner o = { step->proc, step->value, &step->file, when };
    if (step->proc->parts && n->kind == TD_NODE_LIST) {
        read_parts(r, n, o.when, step);
        return;
    }
    if (step->proc->parts && n->kind == TD_NODE_TEXT && n->text[0]) {
        td_mistake(r->messages, n, "wrong_kind",
                   td_say(r->messages, "write for example [ %s ]", step->proc->parts[0]->name),
                   "%s needs a list, not %s", step->proc->name, td_node_what(r->messages, n));
        return;
    }
    read_settings(r, n, &o);
    td_node *parts = step->proc->parts_name ? td_node_get(n, step->proc->parts_name) : NULL;
    if (parts) read_parts(r, parts, o.when, step);
}

static bool read_step(td_reader *r, td_node *n, const td_node *when, td_step_wish *step)
{
    *step = (td_step_wish){ .blend = 1, .line = (int)n->line };
    if (n->kind == TD_NODE_LIST) {
        td_mistake(r->messages, n, "wrong_kind", NULL, "a step has to be a processor, not a list");
        return false;
    }
    if (n->kind == TD_NODE_MAP) mend_graph_keys(r, n);
    size_t at = n->kind == TD_NODE_MAP ? td_step_processor_key(n) : 0;
    if (n->kind == TD_NODE_MAP && at == n->n) {
        td_mistake(r->messages, n, "no_processor", "write for example '- tape'", "a step without a processor");
        return false;
    }
    const td_node *word = n->kind == TD_NODE_MAP ? n->key[at] : n;
    const td_node *own = n->kind == TD_NODE_MAP ? td_node_get(n, "when") : NULL;
    step->proc = find_processor(r, word);
    if (n->kind == TD_NODE_MAP) read_graph(r, n, at, step);
    step->value = step->proc ? td_take(r, step->proc->n_params, sizeof *step->value) : NULL;
    if (!step->value) return false;
    if (n->kind == TD_NODE_MAP) read_processor(r, n->value[at], own ? own : when, step);
    return true;
}

static bool name_taken(const td_chain_wish *chain, const char *name)
{
    for (size_t i = 0; i < chain->n_steps; i++)
        if (strcmp(chain->step[i].name, name) == 0) return true;
    return false;
}

static bool name_step(td_reader *r, const td_node *list, size_t i, const td_chain_wish *chain, td_step_wish *step)
{
    if (!step->name) step->name = td_keep(r, td_step_name(r->messages, list, i));
    if (!step->name) return false;
    if (!name_taken(chain, step->name)) return true;
    const td_node *as = td_node_get(list->value[i], "as");
    td_mistake(r->messages, as ? as : list->value[i], "repeated_name", "give one of them another 'as'",
               "the chain has a step '%s' already", step->name);
    return false;
}

void td_read_chain(td_reader *r, td_node *list, const td_node *when, td_chain_wish *out)
{
    if (!td_want(r, list, TD_NODE_LIST, "a chain")) return;
    size_t n = list->n < STEPS_MAX ? list->n : STEPS_MAX;
    if (list->n > n)
        td_mistake(r->messages, list->value[n], "too_many", NULL, "a chain has at most %d steps", STEPS_MAX);
    out->step = td_take(r, n, sizeof *out->step);
    for (size_t i = 0; out->step && i < n; i++) {
        td_step_wish *step = &out->step[out->n_steps];
        if (list->value[i]->off) continue;
        if (read_step(r, list->value[i], when, step) && name_step(r, list, i, out, step)) out->n_steps++;
    }
}

const char *td_near_role(td_messages *m, const char *role)
{
    const char *const *names;
    size_t n = td_role_names(&names);
    const char *near = td_did_you_mean(m, role, names, n);
    for (size_t i = 0; !near && i < n; i++) {
        const char *dot = strrchr(names[i], '.'), *last = dot ? dot + 1 : names[i];
        if (td_nearest(role, &last, 1)) near = td_say(m, "did you mean '%s'?", names[i]);
    }
    return near;
}

void td_check_role(td_reader *r, const td_node *n, const char *role, const char *label)
{
    if (strcmp(role, "all") == 0 || td_role_known(role)) return;
    const char *hint = td_near_role(r->messages, role);
    td_caution(r->messages, n, "unknown_role", hint ? hint : "'topdown help roles' lists them", "%s: no role '%s'",
               label, td_cut(r->messages, role));
}
