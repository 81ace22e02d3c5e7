#include "jobs/spec.h"

#include "jobs/net/webhook.h"
#include "jobs/order/folder.h"
#include "recipes/diag.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOOKS_MAX   16
#define TAGS_BYTES  4096
#define TITLE_BYTES 512

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static json_t *to_json(const td_node *n)
{
    if (n->kind == TD_NODE_TEXT) return json_string(n->text);
    json_t *out = n->kind == TD_NODE_MAP ? json_object() : json_array();
    for (size_t i = 0; i < n->n; i++) {
        json_t *value = to_json(n->value[i]);
        int bad = n->kind == TD_NODE_MAP ? json_object_set_new(out, n->key[i]->text, value)
                                         : json_array_append_new(out, value);
        if (bad) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

json_t *td_spec_read(const char *text, size_t length, td_messages *m)
{
    td_arena *a = td_arena_new();
    const td_node *root = a ? td_yaml_read(a, "job", text, length, m) : NULL;
    json_t *out = root && !td_messages_errors(m) ? to_json(root) : NULL;
    td_arena_free(a);
    return out;
}

/* ---- inputs ------------------------------------------------------------------------------------------------------ */

static td_status add_input(td_spec_input in[TD_SPEC_INPUTS], size_t *n, td_spec_input one, bool folder, td_error *err)
{
    bool inside = folder && one.address && td_place_of(one.address) == TD_PLACE_PATH && one.address[0] != '/';
    if (!one.address || inside) return TD_OK; /* a file of the folder, by its name */
    if (*n == TD_SPEC_INPUTS) return td_fail(err, TD_JOB, "/stems", NULL, "more than %d files", TD_SPEC_INPUTS);
    in[(*n)++] = one;
    return TD_OK;
}

static td_spec_input member(json_t *object, const char *key)
{
    return (td_spec_input){ .holder = object,
                            .key = key,
                            .address = json_string_value(json_object_get(object, key)),
                            .sha256 = json_string_value(json_object_get(object, "sha256")) };
}

td_status td_spec_inputs(json_t *spec, td_spec_input in[TD_SPEC_INPUTS], size_t *n, const char **folder, td_error *err)
{
    json_t *stems = json_object_get(spec, "stems"), *one;
    json_t *files = json_is_array(stems) ? stems : json_object_get(stems, "files");
    *n = 0;
    *folder = json_is_string(stems) ? json_string_value(stems) : json_string_value(json_object_get(stems, "folder"));
    td_status st = TD_OK;
    size_t i;
    json_array_foreach(files, i, one)
    {
        td_spec_input plain = { .holder = files, .index = i, .address = json_string_value(one) };
        if (!st) st = add_input(in, n, json_is_object(one) ? member(one, "file") : plain, *folder != NULL, err);
    }
    static const char *const single[] = { "rough", "reference" };
    for (size_t s = 0; !st && s < 2; s++) {
        json_t *value = json_object_get(spec, single[s]);
        st = add_input(in, n, json_is_object(value) ? member(value, "file") : member(spec, single[s]), false, err);
        if (json_is_string(value) && *n && in[*n - 1].key == single[s]) in[*n - 1].sha256 = NULL;
    }
    return st;
}

void td_spec_input_set(const td_spec_input *in, const char *address)
{
    if (in->key)
        json_object_set_new(in->holder, in->key, json_string(address));
    else
        json_array_set_new(in->holder, in->index, json_string(address));
    if (in->sha256) json_object_del(in->holder, "sha256"); /* checked; the child's language does not know it */
}

void td_spec_strip(json_t *spec)
{
    static const char *const members[] = { "notify", "deliver", "deliver_by", "not_before", "priority", "client" };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) json_object_del(spec, members[i]);
}

/* ---- what the service allows ------------------------------------------------------------------------------------- */

/* One judgement: all that is refused is told at its place. */
typedef struct judging {
    const td_spec_rules *rules;
    const td_node *root;
    td_messages *messages;
    td_arena *arena;
    td_spec_input input[TD_SPEC_INPUTS];
} judging;

static const td_node *scalar(const td_node *n, const char *text)
{
    if (n->kind == TD_NODE_TEXT) return strcmp(n->text, text) ? NULL : n;
    const td_node *found = NULL;
    for (size_t i = 0; i < n->n && !found; i++) found = scalar(n->value[i], text);
    return found;
}

/* Where a text stands below a member of the document, else the member, else the document; text NULL: the member. */
static const td_node *place_of(const judging *j, const char *member, const char *text)
{
    const td_node *section = td_node_get(j->root, member), *found = section && text ? scalar(section, text) : NULL;
    return found ? found : section ? section : j->root;
}

static const td_node *place_of_input(const judging *j, const char *address)
{
    static const char *const members[] = { "stems", "rough", "reference" };
    const td_node *found = NULL;
    for (size_t i = 0; i < 3 && !found; i++) {
        const td_node *section = td_node_get(j->root, members[i]);
        found = section ? scalar(section, address) : NULL;
    }
    return found ? found : j->root;
}

static void refuse(judging *j, const td_node *at, const td_error *err)
{
    td_messages *m = j->messages;
    td_mistake(m, at, "not_allowed", err->hint[0] ? td_say(m, "%s", err->hint) : NULL, "%s%s%s", err->where,
               err->where[0] ? ": " : "", err->what);
}

static td_status allow_file(const td_spec_rules *r, const char *path, bool folder, td_error *err)
{
    int fd;
    if (!r->files)
        return td_fail(err, TD_JOB, path, "give an https address",
                       "files of the server may not be named with this key");
    td_status st = td_roots_open(r->roots, path, folder, &fd, err);
    if (!st) close(fd);
    return st;
}

static td_status allow_input(const td_spec_rules *r, const char *address, int64_t *local, td_error *err)
{
    switch (td_place_of(address)) {
    case TD_PLACE_HTTPS:
    case TD_PLACE_HTTP:
        return td_net_allowed(r->net, address, err);
    case TD_PLACE_PATH:
        ++*local;
        return allow_file(r, address, false, err);
    default:
        return td_fail(err, TD_JOB, address, "give an https address", "is no address this service fetches from");
    }
}

/* A recipe that is a file is read by this process, so it asks for the same right as a stem. */
static void allow_recipes(judging *j, const json_t *spec, int64_t *local)
{
    size_t i;
    json_t *one;
    td_error err;
    if (!j->rules->files) return; /* td_order_parse refuses them, and says where */
    json_array_foreach(json_object_get(spec, "recipes"), i, one)
    {
        const char *name = json_string_value(json_is_object(one) ? json_object_get(one, "recipe") : one);
        bool file = name && (strchr(name, '/') || td_ends_with(name, ".yaml") || td_ends_with(name, ".yml"));
        if (file && allow_file(j->rules, name, false, &err)) refuse(j, place_of(j, "recipes", name), &err);
        *local += file;
    }
}

static void allow_inputs(judging *j, json_t *spec, int64_t *local)
{
    size_t n;
    const char *folder;
    td_error err;
    if (td_spec_inputs(spec, j->input, &n, &folder, &err)) refuse(j, place_of(j, "stems", NULL), &err);
    if (folder) {
        ++*local;
        if (allow_file(j->rules, folder, true, &err)) refuse(j, place_of(j, "stems", folder), &err);
    }
    for (size_t i = 0; i < n; i++) {
        const char *address = j->input[i].address;
        if (allow_input(j->rules, address, local, &err)) refuse(j, place_of_input(j, address), &err);
    }
}

static void allow_hook(judging *j, const td_order_hook *h)
{
    char *text;
    td_webhook_keys keys;
    td_error err = { 0 };
    if (td_net_allowed(j->rules->net, h->url, &err)) refuse(j, place_of(j, "notify", h->url), &err);
    td_status st = td_home_credential(j->rules->home, h->secret ? h->secret : TD_OWN_CREDENTIAL, j->arena, &text, &err);
    if (!st) {
        st = td_webhook_keys_parse(text, &keys, &err);
        td_webhook_keys_wipe(&keys);
        memset(text, 0, strlen(text));
    }
    if (st) refuse(j, place_of(j, "notify", h->secret), &err);
}

static void allow_outgoing(judging *j, const td_order *o)
{
    td_error err;
    if (o->n_hooks > HOOKS_MAX)
        refuse(j, place_of(j, "notify", NULL),
               (td_fail(&err, TD_JOB, NULL, NULL, "more than %d addresses", HOOKS_MAX), &err));
    for (size_t i = 0; i < o->n_hooks && i < HOOKS_MAX; i++) allow_hook(j, &o->hook[i]);
    if (o->deliver_to && td_net_allowed(j->rules->net, o->deliver_to, &err))
        refuse(j, place_of(j, "deliver", o->deliver_to), &err);
}

/* ---- the submission ---------------------------------------------------------------------------------------------- */

static const char *dumped(td_arena *a, json_t *o)
{
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    const char *kept = td_arena_strdup(a, text);
    free(text);
    json_decref(o);
    return kept;
}

static const char *hooks_text(td_arena *a, const td_order *o)
{
    json_t *hooks = json_array();
    for (size_t i = 0; i < o->n_hooks; i++) {
        const td_order_hook *h = &o->hook[i];
        json_t *events = json_array();
        for (size_t e = 0; e < h->n_events; e++) json_array_append_new(events, json_string(h->event[e]));
        json_array_append_new(hooks, json_pack("{s:s, s:s, s:o}", "url", h->url, "secret",
                                               h->secret ? h->secret : TD_OWN_CREDENTIAL, "events", events));
    }
    return dumped(a, hooks);
}

static td_status take_tags(judging *j, const td_order *o, td_submission *out)
{
    const char **pairs = td_arena_array(j->arena, 2 * o->n_tags + 1, sizeof *pairs);
    json_t *tags = json_object();
    td_error err;
    for (size_t i = 0; pairs && i < o->n_tags; i++) {
        pairs[2 * i] = td_arena_strdup(j->arena, o->tag[i].key);
        pairs[2 * i + 1] = td_arena_strdup(j->arena, o->tag[i].value);
        json_object_set_new(tags, o->tag[i].key, json_string(o->tag[i].value));
    }
    out->tags = dumped(j->arena, tags);
    out->tag = pairs;
    out->n_tags = o->n_tags;
    if (!pairs || !out->tags) return TD_NOMEM;
    if (strlen(out->tags) > TAGS_BYTES)
        refuse(j, place_of(j, "tags", NULL),
               (td_fail(&err, TD_JOB, NULL, NULL, "more than %d bytes", TAGS_BYTES), &err));
    return TD_OK;
}

static int64_t moment_ms(td_moment m, int64_t now_ms)
{
    if (m.kind == TD_MOMENT_TIME) return m.unix_s * 1000;
    return m.kind == TD_MOMENT_CLOCK ? td_next_clock_ms(m.minute, now_ms) : 0;
}

/* When it must start to be done in time: a minute for the fetching and one a mix. */
static int64_t latest_start_ms(const td_order *o, int64_t now_ms)
{
    int64_t by = moment_ms(o->deliver_by, now_ms);
    return by ? by - (1 + (int64_t)o->n_mixes) * 60000 : INT64_MAX;
}

static td_status take_order(judging *j, const td_order *o, const json_t *spec, int64_t now_ms, td_submission *out)
{
    static const int64_t priorities[] = { [TD_PRIORITY_LOW] = 20, [TD_PRIORITY_NORMAL] = 50, [TD_PRIORITY_HIGH] = 80 };
    const char *title = o->title ? o->title : o->name;
    td_error err;
    if (title && strlen(title) > TITLE_BYTES)
        refuse(j, place_of(j, o->title ? "title" : "name", NULL),
               (td_fail(&err, TD_JOB, NULL, NULL, "more than %d bytes", TITLE_BYTES), &err));
    char *text = json_dumps(spec, JSON_COMPACT);
    out->spec = td_arena_strdup(j->arena, text);
    free(text);
    out->title = td_arena_strdup(j->arena, title);
    out->deliver_to = td_arena_strdup(j->arena, o->deliver_to);
    out->hooks = o->n_hooks ? hooks_text(j->arena, o) : NULL;
    out->mixes = (int64_t)o->n_mixes;
    out->priority = priorities[o->priority];
    out->cost = (int64_t)(o->n_stems ? o->n_stems : 1) * (int64_t)(o->n_mixes ? o->n_mixes : 1);
    out->run_at_ms = moment_ms(o->not_before, now_ms);
    out->latest_start_ms = latest_start_ms(o, now_ms);
    return out->spec ? take_tags(j, o, out) : TD_NOMEM;
}

/* What the service does not do is judged once the language is right, but for recipes: reading those is doing. */
static td_status judge(judging *j, const char *text, size_t length, json_t *spec, int64_t now_ms, td_submission *out)
{
    td_order *order = NULL;
    allow_recipes(j, spec, &out->local_files);
    if (td_messages_errors(j->messages)) return TD_JOB;
    td_status st =
        td_order_parse(j->rules->library, j->rules->files ? "/job" : NULL, text, length, &order, j->messages);
    if (st) return st;
    allow_inputs(j, spec, &out->local_files);
    allow_outgoing(j, order);
    st = take_order(j, order, spec, now_ms, out);
    td_order_free(order);
    td_messages_sort(j->messages);
    return st ? st : td_messages_errors(j->messages) ? TD_JOB : TD_OK;
}

td_status td_spec_submission(const td_spec_rules *rules, const char *text, size_t length, int64_t now_ms, td_arena *a,
                             td_submission *out, td_messages *m)
{
    *out = (td_submission){ 0 };
    judging *j = td_arena_alloc(a, sizeof *j);
    if (!j) return TD_NOMEM;
    *j = (judging){ .rules = rules, .messages = m, .arena = a };
    j->root = td_yaml_read(a, rules->files ? "/job" : "job", text, length, m);
    json_t *spec = j->root ? to_json(j->root) : NULL;
    if (!spec) return td_messages_count(m) ? TD_JOB : TD_NOMEM;
    td_status st = judge(j, text, length, spec, now_ms, out);
    json_decref(spec);
    return st;
}

int64_t td_spec_not_before_ms(const char *spec, int64_t then_ms)
{
    td_order *order = NULL;
    td_messages *m = td_messages_new();
    td_status st = m ? td_order_parse(NULL, "/job", spec, strlen(spec), &order, m) : TD_NOMEM;
    int64_t at_ms = st ? 0 : moment_ms(order->not_before, then_ms);
    td_order_free(order);
    td_messages_free(m);
    return at_ms;
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

#define ANSWERS "x-roles" /* which the language passes over */

/* The stems as a mix will gather them, by where their files lie. None: they are not known. */
typedef struct held_stems {
    td_stem_wish *stem;
    size_t n;
    td_arena *arena;
} held_stems;

static td_status read_stems(const json_t *held, held_stems *out, td_error *err)
{
    const json_t *files = json_object_get(held, "stems"), *file;
    size_t i;
    out->stem = td_arena_array(out->arena, json_array_size(files) + 1, sizeof *out->stem);
    if (!out->stem) return td_no_memory(err);
    json_array_foreach(files, i, file)
    {
        const char *path = td_arena_strdup(out->arena, json_string_value(file));
        if (path) out->stem[out->n++] = (td_stem_wish){ .file = path };
    }
    return TD_OK;
}

static td_status add_answer(json_t *answers, const held_stems *stems, const char *file, const json_t *role,
                            td_error *err)
{
    td_error own = { 0 };
    const char *word = json_string_value(role);
    const char *said = td_arena_printf(stems->arena, "%s=%s", file, word ? word : "");
    if (!said) return td_no_memory(err);
    td_status st = stems->n ? td_stem_say_role(stems->stem, stems->n, said, stems->arena, &own)
                            : td_role_check(word ? word : "", &own);
    if (st == TD_ARG) return td_fail(err, TD_JOB, NULL, own.hint, "%s", own.what);
    if (st) return td_no_memory(err);
    if (json_array_size(answers) == TD_SPEC_ROLES)
        return td_fail(err, TD_JOB, "roles", NULL, "more than %d are answered", TD_SPEC_ROLES);
    return json_array_append_new(answers, json_string(said)) ? td_no_memory(err) : TD_OK;
}

static td_status take_answers(json_t *spec, const held_stems *stems, json_t *said, td_error *err)
{
    const char *file;
    json_t *role, *roles = json_object_get(said, "roles"), *answers = json_object_get(spec, ANSWERS);
    if (!json_is_object(roles) || json_object_size(said) != 1)
        return td_fail(err, TD_JOB, NULL, NULL, "an answer is {\"roles\":{\"FILE\":\"ROLE\"}}");
    td_status st = TD_OK;
    if (!json_is_array(answers) && json_object_set_new(spec, ANSWERS, answers = json_array())) st = td_no_memory(err);
    json_object_foreach(roles, file, role)
    {
        if (!st) st = add_answer(answers, stems, file, role, err);
    }
    return st;
}

td_status td_spec_answer(const char *spec, const char *held, const char *answer, size_t length, td_arena *a,
                         const char **out, td_error *err)
{
    *out = NULL;
    if (!length) return TD_OK;
    json_t *said = json_loadb(answer, length, JSON_REJECT_DUPLICATES, NULL), *kept = json_loads(spec, 0, NULL);
    json_t *result = held ? json_loads(held, 0, NULL) : NULL;
    held_stems stems = { .arena = a };
    td_status st = read_stems(result, &stems, err);
    if (!st) st = take_answers(kept, &stems, said, err);
    if (!st && !(*out = dumped(a, json_incref(kept)))) st = td_no_memory(err);
    json_decref(result);
    json_decref(said);
    json_decref(kept);
    return st;
}

const char **td_spec_roles(const char *spec, td_arena *a)
{
    json_t *kept = json_loads(spec, 0, NULL), *one;
    const json_t *answers = json_object_get(kept, ANSWERS);
    const char **role = td_arena_array(a, json_array_size(answers) + 1, sizeof *role);
    size_t i, n = 0;
    json_array_foreach(answers, i, one)
    {
        const char *said = json_string_value(one);
        if (role && said && (role[n] = td_arena_strdup(a, said))) n++;
    }
    json_decref(kept);
    return role;
}
