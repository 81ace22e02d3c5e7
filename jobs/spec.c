#include "jobs/spec.h"

#include "jobs/net/webhook.h"
#include "recipes/yaml.h"
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
    json_t *out = root ? to_json(root) : NULL;
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

static td_status allow_file(const td_spec_rules *r, const char *path, bool folder, td_error *err)
{
    int fd;
    if (!r->files)
        return td_fail(err, TD_JOB, path, "give an https address",
                       "files of the server may not be named with this key");
    td_status st = td_roots_open(r->roots, path, folder, &fd, err);
    if (!st) close(fd);
    return st ? TD_JOB : TD_OK;
}

static td_status allow_input(const td_spec_rules *r, const char *address, int64_t *local, td_error *err)
{
    switch (td_place_of(address)) {
    case TD_PLACE_HTTPS:
    case TD_PLACE_HTTP:
        return td_net_allowed(r->net, address, err) ? TD_JOB : TD_OK;
    case TD_PLACE_PATH:
        ++*local;
        return allow_file(r, address, false, err);
    default:
        return td_fail(err, TD_JOB, address, "give an https address", "is no address this service fetches from");
    }
}

/* A recipe that is a file is read by this process, so it asks for the same right as a stem. */
static td_status allow_recipes(const td_spec_rules *r, const json_t *spec, int64_t *local, td_error *err)
{
    size_t i;
    json_t *one;
    td_status st = TD_OK;
    if (!r->files) return st; /* td_order_parse refuses them, and says where */
    json_array_foreach(json_object_get(spec, "recipes"), i, one)
    {
        const char *name = json_string_value(json_is_object(one) ? json_object_get(one, "recipe") : one);
        bool file = name && (strchr(name, '/') || td_ends_with(name, ".yaml") || td_ends_with(name, ".yml"));
        if (!st && file) st = allow_file(r, name, false, err);
        *local += file;
    }
    return st;
}

static td_status allow_inputs(const td_spec_rules *r, json_t *spec, int64_t *local, td_error *err)
{
    td_spec_input in[TD_SPEC_INPUTS];
    size_t n;
    const char *folder;
    td_status st = td_spec_inputs(spec, in, &n, &folder, err);
    if (!st && folder) {
        ++*local;
        st = allow_file(r, folder, true, err);
    }
    for (size_t i = 0; !st && i < n; i++) st = allow_input(r, in[i].address, local, err);
    return st;
}

static td_status allow_hook(const td_spec_rules *r, const td_order_hook *h, td_arena *a, td_error *err)
{
    char *text;
    td_webhook_keys keys;
    if (td_net_allowed(r->net, h->url, err)) return TD_JOB;
    if (td_home_credential(r->home, h->secret ? h->secret : TD_OWN_CREDENTIAL, a, &text, err)) return TD_JOB;
    td_status st = td_webhook_keys_parse(text, &keys, err);
    td_webhook_keys_wipe(&keys);
    memset(text, 0, strlen(text));
    return st ? TD_JOB : TD_OK;
}

static td_status allow_outgoing(const td_spec_rules *r, const td_order *o, td_arena *a, td_error *err)
{
    if (o->n_hooks > HOOKS_MAX) return td_fail(err, TD_JOB, "/notify", NULL, "more than %d addresses", HOOKS_MAX);
    td_status st = TD_OK;
    for (size_t i = 0; !st && i < o->n_hooks; i++) st = allow_hook(r, &o->hook[i], a, err);
    if (st || !o->deliver_to) return st;
    return td_net_allowed(r->net, o->deliver_to, err) ? TD_JOB : TD_OK;
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

static td_status take_tags(td_arena *a, const td_order *o, td_submission *out, td_error *err)
{
    const char **pairs = td_arena_array(a, 2 * o->n_tags + 1, sizeof *pairs);
    json_t *tags = json_object();
    for (size_t i = 0; pairs && i < o->n_tags; i++) {
        pairs[2 * i] = td_arena_strdup(a, o->tag[i].key);
        pairs[2 * i + 1] = td_arena_strdup(a, o->tag[i].value);
        json_object_set_new(tags, o->tag[i].key, json_string(o->tag[i].value));
    }
    out->tags = dumped(a, tags);
    out->tag = pairs;
    out->n_tags = o->n_tags;
    if (!pairs || !out->tags) return TD_NOMEM;
    if (strlen(out->tags) > TAGS_BYTES) return td_fail(err, TD_JOB, "/tags", NULL, "more than %d bytes", TAGS_BYTES);
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

static td_status take_order(const td_order *o, const json_t *spec, int64_t now_ms, td_arena *a, td_submission *out,
                            td_error *err)
{
    static const int64_t priorities[] = { [TD_PRIORITY_LOW] = 20, [TD_PRIORITY_NORMAL] = 50, [TD_PRIORITY_HIGH] = 80 };
    const char *title = o->title ? o->title : o->name;
    if (title && strlen(title) > TITLE_BYTES)
        return td_fail(err, TD_JOB, "/title", NULL, "more than %d bytes", TITLE_BYTES);
    char *text = json_dumps(spec, JSON_COMPACT);
    out->spec = td_arena_strdup(a, text);
    free(text);
    out->title = td_arena_strdup(a, title);
    out->deliver_to = td_arena_strdup(a, o->deliver_to);
    out->hooks = o->n_hooks ? hooks_text(a, o) : NULL;
    out->mixes = (int64_t)o->n_mixes;
    out->priority = priorities[o->priority];
    out->cost = (int64_t)(o->n_stems ? o->n_stems : 1) * (int64_t)(o->n_mixes ? o->n_mixes : 1);
    out->run_at_ms = moment_ms(o->not_before, now_ms);
    out->latest_start_ms = latest_start_ms(o, now_ms);
    return out->spec ? take_tags(a, o, out, err) : TD_NOMEM;
}

td_status td_spec_submission(const td_spec_rules *rules, const char *text, size_t length, int64_t now_ms, td_arena *a,
                             td_submission *out, td_messages *m, td_error *err)
{
    td_order *order = NULL;
    *out = (td_submission){ 0 };
    json_t *spec = td_spec_read(text, length, m);
    if (!spec) return td_messages_count(m) ? TD_JOB : TD_NOMEM;
    td_status st = allow_recipes(rules, spec, &out->local_files, err);
    if (!st) st = td_order_parse(rules->library, rules->files ? "/job" : NULL, text, length, &order, m);
    if (!st) st = allow_inputs(rules, spec, &out->local_files, err);
    if (!st) st = allow_outgoing(rules, order, a, err);
    if (!st) st = take_order(order, spec, now_ms, a, out, err);
    td_order_free(order);
    json_decref(spec);
    return st;
}
