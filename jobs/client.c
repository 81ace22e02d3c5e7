#include "jobs/jobs.h"

#include "engine/base/json.h"
#include "jobs/home.h"
#include "jobs/ids.h"
#include "jobs/net/net.h"
#include "jobs/order/folder.h"
#include "jobs/spec.h"
#include "jobs/view.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRIES    4
#define POLL_MS  1000
#define ANSWER_S 60

/* A server and the right to ask it. */
typedef struct remote {
    const td_client_options *options;
    td_arena *arena;
    const char *server, *key_file;
    char *authorization;
} remote;

/* ---- asking ------------------------------------------------------------------------------------------------------ */

static td_status open_remote(const td_client_options *o, remote *out, td_error *err)
{
    const char *server = o->server ? o->server : getenv("TOPDOWN_SERVER");
    const char *key_file = o->key_file ? o->key_file : getenv("TOPDOWN_KEY_FILE");
    char *key;
    *out = (remote){ .options = o, .arena = td_arena_new(), .server = server ? server : TD_DEFAULT_SERVER };
    if (!out->arena) return TD_NOMEM;
    if (!key_file) key_file = TD_DEFAULT_DATA "/api-key";
    out->key_file = key_file;
    td_status st = td_file_read(out->arena, key_file, 1 << 20, &key, NULL, err);
    if (st) {
        if (err) snprintf(err->hint, sizeof err->hint, "--key FILE names the server's api-key");
        return st;
    }
    char id[40];
    key[strcspn(key, "\r\n")] = 0;
    if (!td_key_parse(key, id))
        return td_fail(err, TD_ARG, key_file,
                       "--key FILE names the server's api-key, or what 'topdown key add' printed",
                       "holds no key: td_, an id, and 43 characters");
    out->authorization = td_arena_printf(out->arena, "Authorization: Bearer %s", key);
    return out->authorization ? TD_OK : TD_NOMEM;
}

/* What a refusal says, for one line: detail, then the first mistakes. */
static td_status refused(const remote *c, long status, const json_t *answer, td_error *err)
{
    const char *detail = json_string_value(json_object_get(answer, "detail"));
    const char *title = json_string_value(json_object_get(answer, "title"));
    const json_t *first = json_array_get(json_object_get(answer, "errors"), 0);
    const char *hint = json_string_value(json_object_get(first, "hint"));
    if (status == 401)
        hint = td_arena_printf(c->arena, "--key FILE names this server's api-key; asked with that of %s", c->key_file);
    td_status st = status == 401 || status == 403                    ? TD_DENIED
                   : status == 429 || status == 503 || status == 507 ? TD_BUSY
                   : status == 422                                   ? TD_JOB
                   : status >= 500                                   ? TD_REMOTE
                                                                     : TD_FAILED;
    return td_fail(err, st, c->server, hint, "%s%s%s", title ? title : "the server refused", detail ? ": " : "",
                   detail ? detail : "");
}

static bool is_stopped(const remote *c)
{
    return c->options->stop && *c->options->stop;
}

static bool stop_asking(void *user, int64_t moved)
{
    (void)moved;
    return is_stopped(user);
}

/* One request, sent again when the answer did not come: reading harms nothing, and what changes things carries a key.
 */
static td_status ask(const remote *c, const char *method, const char *path, const char *body,
                     const char *idempotency_key, json_t **out, td_error *err)
{
    static const td_net_policy anywhere = { .allow_private = true }; /* the user named the server */
    const char *url = td_arena_printf(c->arena, "%s%s", c->server, path);
    const char *key = td_arena_printf(c->arena, "Idempotency-Key: %s", idempotency_key ? idempotency_key : "");
    const char *headers[] = { c->authorization, "Content-Type: application/json", key };
    td_net_request r = { .method = method,
                         .url = url,
                         .header = headers,
                         .n_headers = idempotency_key ? 3 : 2,
                         .body = body,
                         .body_length = body ? strlen(body) : 0,
                         .timeout_s = ANSWER_S,
                         .stop = stop_asking,
                         .user = (void *)c };
    td_net_answer answer;
    td_status st = url && key ? TD_REMOTE : TD_NOMEM;
    *out = NULL;
    for (int i = 0; st == TD_REMOTE && i < TRIES && !is_stopped(c); i++) {
        if (i) usleep(500000u << i);
        st = td_net_do(&anywhere, &r, TD_NET_TEXT_MAX, &answer, err);
    }
    if (st == TD_REMOTE && !err->hint[0])
        snprintf(err->hint, sizeof err->hint, "--server URL or $TOPDOWN_SERVER says where it listens, if not at %s",
                 c->server);
    if (st) return st;
    *out = json_loadb(answer.text ? answer.text : "", answer.text_length, 0, NULL);
    free(answer.text);
    if (answer.status / 100 == 2 && *out) return TD_OK;
    st = refused(c, answer.status, *out, err);
    json_decref(*out);
    *out = NULL;
    return st;
}

static void close_remote(remote *c)
{
    td_arena_free(c->arena);
}

/* ---- showing ----------------------------------------------------------------------------------------------------- */

static void print_raw(json_t *o)
{
    char *text = json_dumps(o, TD_JSON_LINE);
    puts(text ? text : "{}");
    fflush(stdout);
    free(text);
}

static void print_text(td_text *t)
{
    fputs(td_text_or_empty(t), stdout);
    fflush(stdout);
    td_text_free(t);
}

static void show(const remote *c, json_t *j, const json_t *deliveries)
{
    td_text t = { 0 };
    if (c->options->json) {
        print_raw(j);
        return;
    }
    td_view_job(j, deliveries, td_now_ms(NULL), &t);
    print_text(&t);
}

static void show_list(const remote *c, json_t *answer)
{
    td_text t = { 0 };
    if (c->options->json) {
        print_raw(answer);
        return;
    }
    td_view_jobs(answer, td_now_ms(NULL), &t);
    print_text(&t);
}

/* ---- submit ------------------------------------------------------------------------------------------------------ */

static const char *absolute(td_arena *a, const char *folder, const char *path)
{
    char full[PATH_MAX];
    const char *joined = path[0] == '/' ? path : td_arena_printf(a, "%s/%s", folder, path);
    return joined && realpath(joined, full) ? td_arena_strdup(a, full) : NULL;
}

/* A recipe of the library is a name; one beside the job file is a path of this machine. */
static td_status absolute_recipes(td_arena *a, json_t *spec, const char *folder, td_error *err)
{
    size_t i;
    json_t *one, *recipes = json_object_get(spec, "recipes");
    json_array_foreach(recipes, i, one)
    {
        const char *name = json_string_value(json_is_object(one) ? json_object_get(one, "recipe") : one);
        if (!name || !(strchr(name, '/') || td_ends_with(name, ".yaml") || td_ends_with(name, ".yml"))) continue;
        const char *path = absolute(a, folder, name);
        if (!path) return td_fail(err, TD_JOB, name, NULL, "there is no such recipe file");
        if (json_is_object(one))
            json_object_set_new(one, "recipe", json_string(path));
        else
            json_array_set_new(recipes, i, json_string(path));
    }
    return TD_OK;
}

static td_status absolute_stems(td_arena *a, json_t *spec, const char *folder, td_error *err)
{
    td_spec_input in[TD_SPEC_INPUTS];
    size_t n;
    const char *stems;
    td_status st = td_spec_inputs(spec, in, &n, &stems, err);
    for (size_t i = 0; !st && i < n; i++) {
        if (td_place_of(in[i].address) != TD_PLACE_PATH) continue;
        const char *path = absolute(a, folder, in[i].address);
        if (!path) return td_fail(err, TD_JOB, in[i].address, NULL, "there is no such file");
        td_spec_input_set(&in[i], path);
    }
    if (st || !stems) return st;
    const char *path = absolute(a, folder, stems);
    if (!path) return td_fail(err, TD_JOB, stems, NULL, "there is no such folder");
    json_t *value = json_string(path);
    return (json_is_string(json_object_get(spec, "stems"))
                ? json_object_set_new(spec, "stems", value)
                : json_object_set_new(json_object_get(spec, "stems"), "folder", value))
               ? TD_NOMEM
               : TD_OK;
}

/* ---- roles said beside the job file ------------------------------------------------------------------------------ */

/* The stems of a job: first those its list names, in its order, then the others of its folder. */
static td_status job_stems(td_arena *a, const json_t *spec, const char *folder, td_stem_wish **stem, size_t *n,
                           td_error *err)
{
    const json_t *stems = json_object_get(spec, "stems"), *one;
    const char *inside = json_string_value(json_is_string(stems) ? stems : json_object_get(stems, "folder"));
    size_t i, most = json_array_size(json_is_array(stems) ? stems : json_object_get(stems, "files"));
    td_stem_wish *all = td_arena_array(a, most + TD_STEMS_MAX, sizeof *all), *found = NULL;
    if (!all) return td_no_memory(err);
    *stem = all;
    *n = 0;
    json_array_foreach(json_is_array(stems) ? stems : json_object_get(stems, "files"), i, one)
    {
        const char *file = json_string_value(json_is_object(one) ? json_object_get(one, "file") : one);
        all[(*n)++] = (td_stem_wish){ .file = file ? file : "" };
    }
    const char *path = inside ? absolute(a, folder, inside) : NULL;
    size_t below = 0;
    td_status st = path ? td_stems_in_folder(path, a, &found, &below, err) : TD_OK;
    for (i = 0; !st && i < below; i++) {
        size_t k = 0;
        while (k < most && strcmp(all[k].file, found[i].name) != 0) k++;
        if (k == most) all[(*n)++] = (td_stem_wish){ .file = found[i].name };
    }
    return st || *n <= TD_STEMS_MAX ? st : td_fail(err, TD_ARG, NULL, NULL, "more than %d stems", TD_STEMS_MAX);
}

/* The list of files, made where the job has none. */
static json_t *files_of(json_t *spec)
{
    json_t *stems = json_object_get(spec, "stems");
    if (json_is_array(stems)) return stems;
    if (json_is_string(stems)) {
        json_object_set_new(spec, "stems", json_pack("{s:O}", "folder", stems));
        stems = json_object_get(spec, "stems");
    }
    if (!json_object_get(stems, "files")) json_object_set_new(stems, "files", json_array());
    return json_object_get(stems, "files");
}

static td_status say_roles(const remote *c, json_t *spec, const char *folder, td_error *err)
{
    const td_client_options *o = c->options;
    td_stem_wish *stem = NULL;
    size_t n = 0;
    if (!o->n_roles) return TD_OK;
    td_status st = job_stems(c->arena, spec, folder, &stem, &n, err);
    for (size_t i = 0; !st && i < o->n_roles; i++) st = td_stem_say_role(stem, n, o->role[i], c->arena, err);
    for (size_t i = 0; !st && i < n; i++) {
        json_t *files = files_of(spec), *entry = json_array_get(files, i);
        if (!stem[i].role) continue;
        if (json_is_object(entry))
            json_object_set_new(entry, "role", json_string(stem[i].role));
        else if (entry)
            json_array_set_new(files, i, json_pack("{s:s, s:s}", "file", stem[i].file, "role", stem[i].role));
        else
            json_array_append_new(files, json_pack("{s:s, s:s}", "file", stem[i].file, "role", stem[i].role));
    }
    return st;
}

static td_status read_job_file(const remote *c, const char *file, char **body, td_error *err)
{
    char *text, folder[PATH_MAX];
    size_t length;
    td_status st = td_file_read(c->arena, file, TD_SPEC_BYTES, &text, &length, err);
    if (st) return st;
    td_messages *m = td_messages_new();
    json_t *spec = m ? td_spec_read(text, length, m) : NULL;
    if (!spec) st = m && td_messages_count(m) ? td_messages_error(m, TD_JOB, err) : TD_NOMEM;
    snprintf(folder, sizeof folder, "%.*s", (int)(td_basename(file) - file), file);
    if (!folder[0]) snprintf(folder, sizeof folder, ".");
    if (!st) st = absolute_recipes(c->arena, spec, folder, err);
    if (!st) st = say_roles(c, spec, folder, err);
    if (!st) st = absolute_stems(c->arena, spec, folder, err);
    char *dump = st ? NULL : json_dumps(spec, JSON_INDENT(1));
    *body = td_arena_strdup(c->arena, dump);
    free(dump);
    json_decref(spec);
    td_messages_free(m);
    return st ? st : *body ? TD_OK : TD_NOMEM;
}

static void show_progress(const remote *c, json_t *j, char last[32])
{
    const char *stage = td_view_text(j, "stage", td_view_text(j, "state", "?"));
    const char *waits = td_view_text(j, "waiting", NULL);
    if (waits) stage = "waiting";
    int percent = (int)(100 * json_number_value(json_object_get(j, "progress")));
    bool terminal = isatty(STDERR_FILENO);
    if (c->options->json) {
        print_raw(j);
    } else if (!c->options->quiet && waits && strcmp(last, stage)) {
        fprintf(stderr, "%swaiting: %s\n", terminal ? "\r" : "", waits);
    } else if (!c->options->quiet && terminal) {
        fprintf(stderr, "\r%-12s %3d %%", stage, percent);
    } else if (!c->options->quiet && strcmp(last, stage)) {
        fprintf(stderr, "%s %d %%\n", stage, percent);
    }
    snprintf(last, 32, "%s", stage);
}

static td_status rest_of(const char *state)
{
    static const struct {
        const char *state;
        td_status status;
    } rests[] = { { "done", TD_OK }, { "failed", TD_FAILED }, { "held", TD_JOB }, { "cancelled", TD_STOPPED } };
    for (size_t i = 0; i < sizeof rests / sizeof rests[0]; i++)
        if (!strcmp(rests[i].state, state)) return rests[i].status;
    return TD_STATUS_COUNT; /* not at rest */
}

static void clear_line(const remote *c)
{
    if (!c->options->json && !c->options->quiet && isatty(STDERR_FILENO)) fputs("\r\033[K", stderr);
}

static td_status leave(const remote *c, const char *id, td_error *err)
{
    char hint[160];
    clear_line(c);
    snprintf(hint, sizeof hint, "topdown status %s shows it, topdown cancel %s ends it", id, id);
    return td_fail(err, TD_STOPPED, id, hint, "the job goes on, only the waiting for it ended");
}

static td_status wait_for(const remote *c, const char *id, td_error *err)
{
    const char *path = td_arena_printf(c->arena, "/v1/jobs/%s", id);
    char last[32] = "";
    for (;;) {
        json_t *j;
        td_status st = is_stopped(c) ? TD_STOPPED : ask(c, "GET", path, NULL, NULL, &j, err);
        if (is_stopped(c)) {
            if (!st) json_decref(j);
            return leave(c, id, err);
        }
        if (st) return st;
        td_status rest = rest_of(td_view_text(j, "state", "?"));
        if (!rest && json_is_object(json_object_get(j, "problem"))) rest = TD_PARTIAL;
        if (rest == TD_STATUS_COUNT) {
            show_progress(c, j, last);
            json_decref(j);
            usleep(POLL_MS * 1000); /* a signal ends it early */
            continue;
        }
        clear_line(c);
        show(c, j, NULL);
        if (rest)
            td_fail(err, rest, id, NULL, "%s: %s", td_view_text(j, "state", "?"),
                    td_view_text(json_object_get(j, "problem"), "detail", "no reason is known"));
        json_decref(j);
        return rest;
    }
}

/* What would be sent; judged as `topdown job check` does, but for recipes, which are the server's. */
static td_status show_request(const td_client_options *o, const char *job_file, td_error *err)
{
    remote c = { .options = o, .arena = td_arena_new() };
    td_messages *m = td_messages_new();
    td_order *order = NULL;
    char *body;
    td_status st = c.arena && m ? td_order_load(NULL, job_file, &order, m) : td_no_memory(err);
    if (st && m) td_messages_error(m, st, err);
    if (!st) st = read_job_file(&c, job_file, &body, err);
    if (!st) puts(body);
    td_order_free(order);
    td_messages_free(m);
    close_remote(&c);
    return st;
}

td_status td_submit(const td_client_options *o, const char *job_file, const char *idempotency_key, bool wait,
                    td_error *err)
{
    remote c;
    char *body, fresh[TD_ID_SIZE];
    json_t *j = NULL;
    if (o->dry) return show_request(o, job_file, err);
    td_status st = open_remote(o, &c, err);
    if (!st) st = read_job_file(&c, job_file, &body, err);
    if (!idempotency_key) idempotency_key = td_id_new("submit_", td_now_ms(NULL), fresh);
    if (!st) st = ask(&c, "POST", "/v1/jobs", body, idempotency_key, &j, err);
    if (!st) {
        const char *id = td_arena_strdup(c.arena, td_view_text(j, "id", ""));
        if (o->json)
            print_raw(j);
        else
            printf("%s %s\n%s/v1/jobs/%s\n", id, td_view_text(j, "state", "?"), c.server, id);
        if (json_is_true(json_object_get(j, "late")))
            fprintf(stderr, "topdown: warning: %s: begun now, it misses its deliver_by\n", id);
        fflush(stdout);
        if (wait) st = wait_for(&c, id, err);
    }
    json_decref(j);
    close_remote(&c);
    return st;
}

/* ---- the others -------------------------------------------------------------------------------------------------- */

/* Opens the service for a call about one job. */
static td_status open_for(const td_client_options *o, const char *job, remote *c, td_error *err)
{
    *c = (remote){ 0 };
    if (!td_id_valid(job)) return td_fail(err, TD_ARG, job, "topdown status lists them", "is no job id");
    return open_remote(o, c, err);
}

/* What is to be told of a job; *out is an array, newest first. */
static td_status ask_deliveries(const remote *c, const char *job, json_t **out, td_error *err)
{
    const char *path = td_arena_printf(c->arena, "/v1/deliveries?job=%s", job);
    json_t *answer;
    *out = NULL;
    td_status st = path ? ask(c, "GET", path, NULL, NULL, &answer, err) : TD_NOMEM;
    if (st) return st;
    *out = json_incref(json_object_get(answer, "data"));
    json_decref(answer);
    return TD_OK;
}

static td_status show_in_full(const remote *c, const char *job, td_error *err)
{
    const char *path = td_arena_printf(c->arena, "/v1/jobs/%s", job);
    json_t *j = NULL, *deliveries = NULL;
    td_status st = path ? ask(c, "GET", path, NULL, NULL, &j, err) : TD_NOMEM;
    if (!st) st = ask_deliveries(c, job, &deliveries, err);
    if (!st) {
        json_object_set(j, "deliveries", deliveries);
        show(c, j, deliveries);
    }
    json_decref(deliveries);
    json_decref(j);
    return st;
}

td_status td_status_show(const td_client_options *o, const char *job, td_error *err)
{
    remote c;
    json_t *answer;
    td_status st = job ? open_for(o, job, &c, err) : open_remote(o, &c, err);
    if (!st && job) st = show_in_full(&c, job, err);
    if (!st && !job && !(st = ask(&c, "GET", "/v1/jobs", NULL, NULL, &answer, err))) {
        show_list(&c, answer);
        json_decref(answer);
    }
    close_remote(&c);
    return st;
}

/* What a held job is answered; NULL: nothing. */
static td_status answer_of(const remote *c, const char **out, td_error *err)
{
    const td_client_options *o = c->options;
    json_t *roles = json_object();
    *out = NULL;
    for (size_t i = 0; i < o->n_roles; i++) {
        const char *equal = strrchr(o->role[i], '=');
        if (!equal || equal == o->role[i]) {
            json_decref(roles);
            return td_fail(err, TD_ARG, "--role", "write for example --role 'Track 7.wav=vocals.lead'",
                           "'%s' is no FILE=ROLE", o->role[i]);
        }
        const char *file = td_arena_strndup(c->arena, o->role[i], (size_t)(equal - o->role[i]));
        if (file) json_object_set_new(roles, file, json_string(equal + 1));
    }
    char *text = o->n_roles ? json_dumps(roles, 0) : NULL;
    *out = text ? td_arena_printf(c->arena, "{\"roles\":%s}", text) : NULL;
    free(text);
    json_decref(roles);
    return o->n_roles && !*out ? td_no_memory(err) : TD_OK;
}

static td_status change(const td_client_options *o, const char *job, const char *verb, td_error *err)
{
    remote c;
    json_t *j;
    const char *answer;
    td_status st = open_for(o, job, &c, err);
    const char *path = st ? NULL : td_arena_printf(c.arena, "/v1/jobs/%s/%s", job, verb);
    if (!st) st = answer_of(&c, &answer, err);
    if (!st) st = ask(&c, "POST", path, answer, NULL, &j, err);
    if (!st) {
        show(&c, j, NULL);
        json_decref(j);
    }
    close_remote(&c);
    return st;
}

td_status td_cancel(const td_client_options *o, const char *job, td_error *err)
{
    return change(o, job, "cancel", err);
}

td_status td_retry(const td_client_options *o, const char *job, td_error *err)
{
    return change(o, job, "retry", err);
}

static td_status replay(const remote *c, const json_t *deliveries, size_t *n, td_error *err)
{
    td_status st = TD_OK;
    size_t i;
    json_t *one, *answer;
    *n = 0;
    json_array_foreach(deliveries, i, one)
    {
        if (st || !td_view_is_undelivered(one)) continue;
        const char *path = td_arena_printf(c->arena, "/v1/deliveries/%s/replay", td_view_text(one, "id", "?"));
        st = path ? ask(c, "POST", path, NULL, NULL, &answer, err) : TD_NOMEM;
        if (st) continue;
        if (c->options->json) print_raw(answer);
        json_decref(answer);
        ++*n;
    }
    return st;
}

td_status td_retry_deliveries(const td_client_options *o, const char *job, td_error *err)
{
    remote c;
    size_t n = 0;
    json_t *deliveries = NULL;
    td_status st = open_for(o, job, &c, err);
    if (!st) st = ask_deliveries(&c, job, &deliveries, err);
    if (!st && !json_array_size(deliveries))
        st = td_fail(err, TD_FAILED, job, "topdown status shows a job with its deliveries", "nothing is delivered yet");
    if (!st) st = replay(&c, deliveries, &n, err);
    if (!st && !o->json)
        printf("%s: %zu of %zu deliveries sent again; topdown status %s shows them\n", job, n,
               json_array_size(deliveries), job);
    json_decref(deliveries);
    close_remote(&c);
    return st;
}
