#include "jobs/http/api.h"

#include "jobs/http/problem.h"
#include "jobs/job_json.h"
#include "jobs/log.h"
#include "jobs/results.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define JSON            "application/json"
#define IDEMPOTENCY_MAX 255
#define FAILURES_MAX    10
#define FAILURES_MS     60000
#define PROBE_MS        1000
#define LIMIT_DEFAULT   50
#define LIMIT_MAX       200

static td_api *api_of(const td_http_request *r)
{
    return r->user;
}

static const td_key *key_of(const td_http_request *r)
{
    return r->caller;
}

const char *td_scope_name(unsigned scope)
{
    static const char *const names[] = { "submit", "read", "cancel", "files" };
    return names[__builtin_ctz(scope)];
}

/* The queue did not answer as it should: the client hears that it may come back, the log hears why. */
static void unavailable(const td_http_request *r, td_http_reply *p, td_status st, const td_error *err)
{
    char text[1400];
    td_tell(.level = TD_LOG_ERROR, .msg = "request failed", .request_id = r->id, .code = td_status_name(st),
            .detail = td_error_text(err, text, sizeof text));
    td_problem_reply(r, p, TD_PROBLEM_SERVER, NULL, "%s", td_status_name(st));
}

/* ---- who asks ---------------------------------------------------------------------------------------------------- */

/* Counts a wrong key of this address; true when it had too many within a minute. */
static bool too_many(td_api *api, const char *peer)
{
    int64_t now_ms = td_steady_ms();
    size_t place = 0, i;
    pthread_mutex_lock(&api->peers_lock);
    for (i = 0; i < TD_PEERS && strcmp(api->peer[i].peer, peer) != 0; i++)
        if (api->peer[i].since_ms < api->peer[place].since_ms) place = i;
    bool known = i < TD_PEERS;
    if (known) place = i;
    if (!known || now_ms - api->peer[place].since_ms > FAILURES_MS) {
        snprintf(api->peer[place].peer, sizeof api->peer[place].peer, "%s", peer);
        api->peer[place].since_ms = now_ms;
        api->peer[place].failures = 0;
    }
    bool over = ++api->peer[place].failures > FAILURES_MAX;
    pthread_mutex_unlock(&api->peers_lock);
    return over;
}

/* The key behind the request, or NULL. Unknown ids cost the same hash and comparison as wrong secrets. */
static td_status find_key(const td_http_request *r, td_key **out, td_error *err)
{
    const char *given = td_http_header(r, "Authorization");
    char id[40] = "", hash[TD_SHA256_HEX], nothing[TD_SHA256_HEX] = "";
    *out = NULL;
    if (!given || strncasecmp(given, "Bearer ", 7) != 0 || !td_key_parse(given + 7, id)) return TD_OK;
    td_key *key = td_arena_alloc(r->arena, sizeof *key);
    td_status st = key ? td_store_key(api_of(r)->store, id, r->arena, key, err) : TD_NOMEM;
    if (!st) st = td_sha256_of(given + 7, strlen(given + 7), hash);
    if (st) return st;
    const char *stored = key->id && strlen(key->secret_sha256) == sizeof hash - 1 ? key->secret_sha256 : nothing;
    if (CRYPTO_memcmp(stored, hash, sizeof hash) == 0 && key->id) *out = key;
    return TD_OK;
}

static void lacks_scope(const td_http_request *r, td_http_reply *p, unsigned scope)
{
    td_problem_reply(r, p, TD_PROBLEM_SCOPE, NULL, "the scope '%s' is needed", td_scope_name(scope));
}

/* A good key is let in whatever its address did before: behind a proxy everyone has the same one. */
static bool admit(td_http_request *r, const td_http_route *route, td_http_reply *p)
{
    td_key *key;
    td_error err = { 0 };
    if (!route->tag) return true;
    td_status st = find_key(r, &key, &err);
    const char *stranger = td_http_query_unknown(r, route->query);
    if (st)
        unavailable(r, p, st, &err);
    else if (!key && too_many(api_of(r), r->peer))
        td_problem_reply(r, p, TD_PROBLEM_TOO_MANY, NULL, "more than %d within a minute", FAILURES_MAX);
    else if (!key)
        td_problem_reply(r, p, TD_PROBLEM_KEY, NULL, "the key is missing, unknown or revoked");
    else if (!(key->scopes & route->tag))
        lacks_scope(r, p, route->tag);
    else if (stranger)
        td_problem_reply(r, p, TD_PROBLEM_REQUEST, NULL, "%.40s: there is no such parameter here%s%s", stranger,
                         route->query ? ", but " : "", route->query ? route->query : "");
    else
        r->caller = key;
    return r->caller != NULL;
}

/* ---- submitting -------------------------------------------------------------------------------------------------- */

/* Why nothing that needs so many bytes of disk is begun; NULL: it is. Clients are not told where the folder lies. */
static const char *short_of_disk(const td_http_request *r, int64_t needs_bytes)
{
    char text[1600];
    td_disk d = td_disk_of(api_of(r)->rules.home->dir);
    const char *why = td_disk_short(&d, "the service's folder", needs_bytes, text, sizeof text);
    return why ? td_arena_strdup(r->arena, why) : NULL;
}

static const char *why_waiting(const td_http_request *r, const td_job *j)
{
    return td_job_state_of(j->state) == TD_JOB_READY ? short_of_disk(r, j->bytes_needed) : NULL;
}

static void send_job(const td_http_request *r, td_http_reply *p, unsigned status, const td_job *j)
{
    td_json_reply(r, p, status, JSON, td_job_json(r->arena, j, why_waiting(r, j)));
}

/* The job as the answer to its submission had it: what has happened to it since is not told. */
static td_job as_submitted(const td_job *j)
{
    td_job first = *j;
    first.run_at_ms = j->parent_id ? 0 : td_spec_not_before_ms(j->spec, j->created_ms);
    first.state = td_job_state_word(first.run_at_ms > j->created_ms ? TD_JOB_WAITING : TD_JOB_READY);
    first.error_code = first.result = NULL;
    first.progress = first.attempt = first.cancel_requested = 0;
    if (first.latest_start_ms >= j->created_ms) first.latest_start_ms = INT64_MAX; /* it was not late then */
    first.started_ms = first.finished_ms = first.ran_ms = 0;
    return first;
}

static void send_created(const td_http_request *r, td_http_reply *p, const td_job *j, td_submitted how)
{
    if (how == TD_SUBMIT_DIFFERENT) {
        td_problem_reply(r, p, TD_PROBLEM_IDEMPOTENCY, NULL, "it belongs to %s", j->id);
    } else if (how == TD_SUBMIT_FULL) {
        td_problem_reply(r, p, TD_PROBLEM_FULL, NULL, "the client's limit of waiting jobs is reached");
    } else {
        td_http_add_header(p, "Location", td_arena_printf(r->arena, "/v1/jobs/%s", j->id));
        if (how == TD_SUBMIT_REPLAYED) td_http_add_header(p, "Idempotency-Replayed", "true");
        td_job first = as_submitted(j);
        send_job(r, p, 201, &first);
        bool late = td_job_late(j, td_now_ms(NULL));
        td_tell(.level = late ? TD_LOG_WARN : TD_LOG_INFO, .code = late ? "late" : NULL,
                .msg = how == TD_SUBMIT_REPLAYED ? "submitted again" : "submitted", .job = j->id, .request_id = r->id,
                .detail = j->title);
    }
}

static json_t *messages_of(const td_messages *m)
{
    td_text text = { 0 };
    td_messages_json(m, &text);
    json_t *all = json_loads(td_text_or_empty(&text), 0, NULL);
    td_text_free(&text);
    return all;
}

static void send_mistakes(const td_http_request *r, td_http_reply *p, td_problem kind, const td_messages *m)
{
    const td_message *first = NULL;
    for (size_t i = 0; i < td_messages_count(m) && !first; i++)
        if (!td_messages_at(m, i)->warning) first = td_messages_at(m, i);
    if (first)
        td_problem_reply(r, p, kind, messages_of(m), "line %u: %s", first->line, first->detail);
    else
        unavailable(r, p, TD_NOMEM, &(td_error){ .status = TD_NOMEM });
}

/* "key", as structured headers write strings, or plain. NULL: missing or unfit. */
static const char *idempotency_key(const td_http_request *r)
{
    const char *key = td_http_header(r, "Idempotency-Key");
    size_t n = key ? strlen(key) : 0;
    for (size_t i = 0; i < n; i++)
        if (key[i] < 0x20 || key[i] > 0x7e) return NULL;
    return n && n <= IDEMPOTENCY_MAX ? key : NULL;
}

/* The same key may come again with the same call only: the path has the operation and the job it is about. */
static td_status hash_call(const td_http_request *r, char hash[TD_SHA256_HEX])
{
    td_sha256 *h;
    td_status st = td_sha256_new(&h);
    if (st) return st;
    td_sha256_add(h, r->path, strlen(r->path) + 1);
    td_sha256_add(h, r->body, r->length);
    td_sha256_hex(h, hash);
    return TD_OK;
}

/* Whether the call is a new one, and new ones are taken; else the reply is filled. A call that was made before is
 * answered before anything is judged: it does not depend on what the service allows today. */
static bool is_new_call(const td_http_request *r, td_http_reply *p, const td_submission *call)
{
    td_job job;
    td_submitted how;
    td_error err = { 0 };
    td_status st = td_store_known(api_of(r)->store, call, r->arena, &job, &how, &err);
    if (st)
        unavailable(r, p, st, &err);
    else if (how != TD_SUBMIT_CREATED)
        send_created(r, p, &job, how);
    else if (atomic_load(&api_of(r)->draining))
        td_problem_reply(r, p, TD_PROBLEM_DRAINING, NULL, "no new jobs are taken");
    else
        return true;
    return false;
}

/* A new order: judged, then kept. */
static void take_order(const td_http_request *r, td_http_reply *p, const td_submission *call)
{
    td_submission b;
    td_job job;
    td_submitted how;
    td_error err = { 0 };
    td_spec_rules rules = api_of(r)->rules;
    rules.files = (key_of(r)->scopes & TD_SCOPE_FILES) != 0;
    td_messages *m = td_messages_new();
    td_status st = m ? td_spec_submission(&rules, r->body, r->length, td_now_ms(NULL), r->arena, &b, m) : TD_NOMEM;
    if (!st) {
        b.client_id = call->client_id;
        b.idem_key = call->idem_key;
        b.request_sha256 = call->request_sha256;
        st = td_store_submit(api_of(r)->store, &b, r->arena, &job, &how, &err);
    }
    if (st == TD_JOB)
        send_mistakes(r, p, TD_PROBLEM_JOB, m);
    else if (st)
        unavailable(r, p, st, &err);
    else
        send_created(r, p, &job, how);
    td_messages_free(m);
}

static void post_job(const td_http_request *r, td_http_reply *p)
{
    char hash[TD_SHA256_HEX];
    td_submission call = { .client_id = key_of(r)->client_id, .idem_key = idempotency_key(r), .request_sha256 = hash };
    td_status st = hash_call(r, hash);
    if (!call.idem_key)
        td_problem_reply(r, p, TD_PROBLEM_KEY_MISSING, NULL, "a header of 1 to %d printable characters",
                         IDEMPOTENCY_MAX);
    else if (st)
        unavailable(r, p, st, &(td_error){ .status = st });
    else if (is_new_call(r, p, &call))
        take_order(r, p, &call);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* The client's own job of that id; else the reply is filled. */
static bool find_job_of(const td_http_request *r, td_http_reply *p, const char *id, td_job *j)
{
    td_error err = { 0 };
    *j = (td_job){ 0 };
    td_status st =
        td_id_valid(id) ? td_store_job(api_of(r)->store, key_of(r)->client_id, id, r->arena, j, &err) : TD_OK;
    if (st)
        unavailable(r, p, st, &err);
    else if (!j->id)
        td_problem_reply(r, p, TD_PROBLEM_NOT_FOUND, NULL, "no job %.40s", id);
    return !st && j->id;
}

static bool find_job(const td_http_request *r, td_http_reply *p, td_job *j)
{
    return find_job_of(r, p, r->part[0], j);
}

static void get_job(const td_http_request *r, td_http_reply *p)
{
    td_job j;
    if (!find_job(r, p, &j)) return;
    const char *etag =
        td_arena_printf(r->arena, "\"%lld-%lld-%s%s%s\"", (long long)j.updated_ms, (long long)j.fence, j.state,
                        why_waiting(r, &j) ? "-waiting" : "", td_job_late(&j, td_now_ms(NULL)) ? "-late" : "");
    const char *known = td_http_header(r, "If-None-Match");
    td_http_add_header(p, "ETag", etag);
    if (known && etag && !strcmp(known, etag))
        p->status = 304;
    else
        send_job(r, p, 200, &j);
}

static json_t *queue_json(const td_http_request *r, const td_queue_counts *q)
{
    int64_t waiting = q->by_state[TD_JOB_WAITING] + q->by_state[TD_JOB_READY];
    const char *why = short_of_disk(r, 0);
    if (!why && waiting && !q->workers) why = "no worker is at work: start 'topdown work', or serve with --work 1";
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:s?}", "queued", (json_int_t)waiting, "running",
                     (json_int_t)q->by_state[TD_JOB_LEASED], "held", (json_int_t)q->by_state[TD_JOB_HELD], "done",
                     (json_int_t)q->by_state[TD_JOB_DONE], "failed", (json_int_t)q->by_state[TD_JOB_FAILED],
                     "oldest_queued_s", (double)q->longest_ms / 1000, "workers", (json_int_t)q->workers, "deliveries",
                     (json_int_t)q->deliveries, "waiting", why);
}

/* What is wrong with a state that a list is asked for; NULL: nothing. Waiting and ready are one to people. */
static const char *judge_state(const td_http_request *r, const char *word)
{
    const char *all = "state:";
    for (td_job_state s = 0; s < TD_JOB_STATES; s++) {
        const char *known = td_job_state_people(s);
        if (!strcmp(known, word)) return NULL;
        if (s != TD_JOB_READY) all = td_arena_printf(r->arena, "%s%s %s", all, s ? "," : "", known);
        if (!all) return "state: no such one";
    }
    return all;
}

/* False: a filter is nonsense, and the reply says so. */
static bool read_filter(const td_http_request *r, td_http_reply *p, td_job_filter *f)
{
    const char *limit = td_http_query(r, "limit"), *since = td_http_query(r, "since");
    *f = (td_job_filter){ .client = key_of(r)->client_id,
                          .state = td_http_query(r, "state"),
                          .after = td_http_query(r, "after"),
                          .limit = LIMIT_DEFAULT };
    f->tag_value = td_http_query_prefix(r, "tag.", &f->tag);
    const char *wrong = NULL;
    if (limit) {
        char *end;
        long n = strtol(limit, &end, 10);
        if (*end || n < 1 || n > LIMIT_MAX) wrong = "limit: 1 to 200";
        f->limit = (size_t)n;
    }
    if (f->state) wrong = judge_state(r, f->state);
    if (since && (f->since_ms = td_rfc3339_read(since)) < 0) wrong = "since: a time as 2026-11-20T20:41:07Z";
    if (f->after && !td_id_valid(f->after)) wrong = "after: what 'next' of the page before said";
    if (!wrong) return true;
    td_problem_reply(r, p, TD_PROBLEM_REQUEST, NULL, "%s", wrong);
    return false;
}

/* The next page asks for the same jobs. NULL where memory is short: then `next` in the body has to do. */
static const char *next_link(const td_http_request *r, const td_job_filter *f, size_t page, const char *next)
{
    const char *const filters[][2] = { { "state", f->state },
                                       { "since", td_http_query(r, "since") },
                                       { f->tag ? td_arena_printf(r->arena, "tag.%s", f->tag) : NULL, f->tag_value } };
    td_text t = { 0 };
    td_text_addf(&t, "</v1/jobs?limit=%zu&after=%s", page, next);
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        if (!filters[i][0] || !filters[i][1]) continue;
        const char *name = td_net_escape(r->arena, filters[i][0]), *value = td_net_escape(r->arena, filters[i][1]);
        if (name && value)
            td_text_addf(&t, "&%s=%s", name, value);
        else
            t.broken = true;
    }
    td_text_add(&t, ">; rel=\"next\"");
    const char *link = t.broken ? NULL : td_arena_strdup(r->arena, t.data);
    td_text_free(&t);
    return link;
}

static void get_jobs(const td_http_request *r, td_http_reply *p)
{
    td_job_filter f;
    td_job *jobs;
    size_t n;
    td_queue_counts counts;
    td_error err = { 0 };
    if (!read_filter(r, p, &f)) return;
    size_t page = f.limit++; /* one more tells whether there is a next page */
    td_status st = td_store_jobs(api_of(r)->store, &f, r->arena, &jobs, &n, &err);
    if (!st) st = td_store_counts(api_of(r)->store, f.client, &counts, &err);
    if (st) {
        unavailable(r, p, st, &err);
        return;
    }
    json_t *data = json_array();
    for (size_t i = 0; i < n && i < page; i++)
        json_array_append_new(data, td_job_json(r->arena, &jobs[i], why_waiting(r, &jobs[i])));
    const char *next = n > page ? jobs[page - 1].id : NULL;
    if (next) td_http_add_header(p, "Link", next_link(r, &f, page, next));
    td_json_reply(r, p, 200, JSON,
                  json_pack("{s:o, s:s?, s:o}", "data", data, "next", next, "queue", queue_json(r, &counts)));
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

static bool find_outputs(const td_http_request *r, td_http_reply *p, td_artefact **f, size_t *n)
{
    td_job j;
    td_error err = { 0 };
    if (!find_job(r, p, &j)) return false;
    td_status st = td_store_artefacts(api_of(r)->store, j.id, r->arena, f, n, &err);
    if (st) unavailable(r, p, st, &err);
    return st == TD_OK;
}

static void get_outputs(const td_http_request *r, td_http_reply *p)
{
    td_artefact *f;
    size_t n;
    if (!find_outputs(r, p, &f, &n)) return;
    json_t *data = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(data, json_pack("{s:s, s:s, s:I, s:s}", "name", f[i].name, "kind", f[i].kind, "bytes",
                                              (json_int_t)f[i].bytes, "sha256", f[i].sha256));
    td_json_reply(r, p, 200, JSON, json_pack("{s:o}", "data", data));
}

static const char *type_of(const char *name)
{
    static const char *const types[][2] = { { ".wav", "audio/wav" },
                                            { ".flac", "audio/flac" },
                                            { ".mp3", "audio/mpeg" },
                                            { ".opus", "audio/ogg" },
                                            { ".json", "application/json" },
                                            { ".yaml", "application/yaml" },
                                            { ".html", "text/html; charset=utf-8" } };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (td_ends_with(name, types[i][0])) return types[i][1];
    return "application/octet-stream";
}

static void send_file(const td_http_request *r, td_http_reply *p, const td_artefact *f)
{
    char path[1700], digest[48];
    td_home_path(api_of(r)->rules.home, path, sizeof path, "objects/%s", f->path);
    p->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (p->fd < 0) {
        td_error err;
        td_fail(&err, TD_DISK, f->name, NULL, "cannot be read: %s", strerror(errno));
        unavailable(r, p, TD_DISK, &err);
        return;
    }
    p->fd_bytes = f->bytes;
    p->type = type_of(f->name);
    td_http_add_header(p, "Repr-Digest",
                       td_arena_printf(r->arena, "sha-256=:%s:", td_digest_base64(f->sha256, digest)));
    td_http_add_header(p, "ETag", td_arena_printf(r->arena, "\"%s\"", f->sha256));
    td_http_add_header(p, "Content-Disposition",
                       td_arena_printf(r->arena, "attachment; filename*=UTF-8''%s", td_net_escape(r->arena, f->name)));
    td_http_add_header(p, "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox");
}

static void get_named(const td_http_request *r, td_http_reply *p, const char *name)
{
    td_artefact *f;
    size_t n;
    if (!find_outputs(r, p, &f, &n)) return;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(f[i].name, name)) {
            send_file(r, p, &f[i]);
            return;
        }
    td_problem_reply(r, p, TD_PROBLEM_NOT_FOUND, NULL, "the job has no output '%.200s'", name);
}

static void get_output(const td_http_request *r, td_http_reply *p)
{
    get_named(r, p, r->part[1]);
}

static void get_report(const td_http_request *r, td_http_reply *p)
{
    get_named(r, p, "report.json");
}

/* ---- changing ---------------------------------------------------------------------------------------------------- */

static void post_cancel(const td_http_request *r, td_http_reply *p)
{
    td_job j;
    td_error err = { 0 };
    if (!find_job(r, p, &j)) return;
    td_status st = td_store_cancel(api_of(r)->store, key_of(r)->client_id, r->part[0], r->arena, &j, &err);
    if (st) {
        unavailable(r, p, st, &err);
        return;
    }
    td_job_state state = td_job_state_of(j.state);
    if (state == TD_JOB_DONE || state == TD_JOB_FAILED)
        td_problem_reply(r, p, TD_PROBLEM_STATE, NULL, "the job is %s", td_job_state_people(state));
    else
        send_job(r, p, state == TD_JOB_LEASED ? 202 : 200, &j);
}

/* Lets it go on, with what the body answers. */
static void release(const td_http_request *r, td_http_reply *p, const td_job *held)
{
    td_job j;
    td_error err = { 0 };
    const char *spec;
    td_status st = td_spec_answer(held->spec, held->result, r->body, r->length, r->arena, &spec, &err);
    if (st == TD_JOB) {
        td_problem_reply(r, p, TD_PROBLEM_REQUEST, NULL, "%s%s%s%s%s", err.where, err.where[0] ? ": " : "", err.what,
                         err.hint[0] ? "; " : "", err.hint);
        return;
    }
    if (!st) st = td_store_release(api_of(r)->store, key_of(r)->client_id, r->part[0], spec, r->arena, &j, &err);
    if (st == TD_JOB)
        td_problem_reply(r, p, TD_PROBLEM_STATE, NULL, "%s", err.what);
    else if (st)
        unavailable(r, p, st, &err);
    else
        send_job(r, p, 200, &j);
}

/* The old job's order under the call's name. */
static td_status copy_order(const td_http_request *r, const td_job *old, td_submission *b)
{
    json_t *tags = old->tags ? json_loads(old->tags, 0, NULL) : NULL, *value;
    const char **pairs = td_arena_array(r->arena, 2 * json_object_size(tags) + 1, sizeof *pairs), *name;
    b->parent_id = old->id;
    b->spec = old->spec;
    b->title = old->title;
    b->tags = old->tags;
    b->hooks = old->hooks;
    b->deliver_to = old->deliver_to;
    b->tag = pairs;
    b->mixes = old->mixes;
    b->local_files = old->local_files;
    b->priority = old->priority;
    b->cost = old->cost;
    b->latest_start_ms = INT64_MAX;
    bool good = pairs != NULL;
    json_object_foreach(tags, name, value)
    {
        if (!good) break;
        pairs[2 * b->n_tags] = td_arena_strdup(r->arena, name);
        pairs[2 * b->n_tags + 1] = td_arena_strdup(r->arena, json_string_value(value));
        good = pairs[2 * b->n_tags] && pairs[2 * b->n_tags + 1];
        b->n_tags++;
    }
    json_decref(tags);
    return good ? TD_OK : TD_NOMEM;
}

/* The same order once more, as a new job that names the old one. */
static void submit_again(const td_http_request *r, td_http_reply *p, const td_job *old)
{
    char hash[TD_SHA256_HEX];
    td_job job;
    td_submitted how;
    td_error err = { 0 };
    td_submission b = { .client_id = key_of(r)->client_id, .idem_key = idempotency_key(r), .request_sha256 = hash };
    td_status st = hash_call(r, hash);
    if (!st && !is_new_call(r, p, &b)) return;
    if (old->local_files && !(key_of(r)->scopes & TD_SCOPE_FILES)) {
        lacks_scope(r, p, TD_SCOPE_FILES);
        return;
    }
    if (!st) st = copy_order(r, old, &b);
    if (!st) st = td_store_submit(api_of(r)->store, &b, r->arena, &job, &how, &err);
    if (st)
        unavailable(r, p, st, &err);
    else
        send_created(r, p, &job, how);
}

static void post_retry(const td_http_request *r, td_http_reply *p)
{
    td_job j;
    if (!find_job(r, p, &j)) return;
    td_job_state state = td_job_state_of(j.state);
    if (state == TD_JOB_HELD)
        release(r, p, &j);
    else if (r->length)
        td_problem_reply(r, p, TD_PROBLEM_STATE, NULL, "the job is %s and asks nothing", td_job_state_people(state));
    else if (td_job_state_final(state))
        submit_again(r, p, &j);
    else
        td_problem_reply(r, p, TD_PROBLEM_STATE, NULL, "the job is %s", td_job_state_people(state));
}

/* ---- deliveries -------------------------------------------------------------------------------------------------- */

static void get_deliveries(const td_http_request *r, td_http_reply *p)
{
    td_job j;
    td_outbox *rows;
    size_t n;
    td_error err = { 0 };
    const char *job = td_http_query(r, "job");
    if (job && !find_job_of(r, p, job, &j)) return;
    td_status st =
        td_store_deliveries(api_of(r)->store, key_of(r)->client_id, job, LIMIT_MAX, r->arena, &rows, &n, &err);
    if (st) {
        unavailable(r, p, st, &err);
        return;
    }
    json_t *data = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(data, td_outbox_json(&rows[i]));
    td_json_reply(r, p, 200, JSON, json_pack("{s:o}", "data", data));
}

static void post_replay(const td_http_request *r, td_http_reply *p)
{
    bool found = false;
    td_error err = { 0 };
    td_status st = td_id_valid(r->part[0])
                       ? td_store_outbox_replay(api_of(r)->store, key_of(r)->client_id, r->part[0], &found, &err)
                       : TD_OK;
    if (st)
        unavailable(r, p, st, &err);
    else if (!found)
        td_problem_reply(r, p, TD_PROBLEM_NOT_FOUND, NULL, "no delivery %.40s", r->part[0]);
    else
        td_json_reply(r, p, 202, JSON, json_pack("{s:s, s:s}", "id", r->part[0], "state", "ready"));
}

/* ---- recipes ----------------------------------------------------------------------------------------------------- */

static void get_recipes(const td_http_request *r, td_http_reply *p)
{
    const td_library_entry *e;
    size_t n = td_library_entries(api_of(r)->rules.library, &e);
    json_t *data = json_array();
    for (size_t i = 0; i < n; i++)
        if (!e[i].shadowed)
            json_array_append_new(data, json_pack("{s:s, s:s?, s:s?, s:i, s:b}", "name", e[i].name, "title", e[i].title,
                                                  "extends", e[i].extends, "revision", (int)e[i].revision, "broken",
                                                  (int)e[i].broken));
    td_json_reply(r, p, 200, JSON, json_pack("{s:o}", "data", data));
}

static void post_recipe_check(const td_http_request *r, td_http_reply *p)
{
    td_recipe *recipe = NULL;
    td_messages *m = td_messages_new();
    td_status st =
        m ? td_recipe_parse(api_of(r)->rules.library, NULL, r->body, r->length, NULL, 0, &recipe, m) : TD_NOMEM;
    if (st && st != TD_RECIPE)
        unavailable(r, p, st, &(td_error){ .status = st });
    else
        td_json_reply(r, p, 200, JSON,
                      json_pack("{s:i, s:b, s:o}", "v", 1, "ok", st == TD_OK, "messages", messages_of(m)));
    td_recipe_free(recipe);
    td_messages_free(m);
}

/* ---- probes ------------------------------------------------------------------------------------------------------ */

static void send_word(const td_http_request *r, td_http_reply *p, unsigned status, const char *word, const char *detail)
{
    td_json_reply(r, p, status, JSON, json_pack("{s:s, s:s*}", "status", word, "detail", detail));
}

static void get_healthz(const td_http_request *r, td_http_reply *p)
{
    send_word(r, p, 200, "alive", NULL);
}

/* Anyone may ask, and asking writes: what was found out holds for a second. */
static bool is_writable(td_api *api)
{
    pthread_mutex_lock(&api->probe_lock);
    int64_t now_ms = td_steady_ms();
    if (!api->probed_ms || now_ms - api->probed_ms >= PROBE_MS) {
        api->writable = td_store_probe(api->store, NULL) == TD_OK;
        api->probed_ms = now_ms;
    }
    bool writable = api->writable;
    pthread_mutex_unlock(&api->probe_lock);
    return writable;
}

static void get_readyz(const td_http_request *r, td_http_reply *p)
{
    td_api *api = api_of(r);
    const char *disk = short_of_disk(r, 0);
    if (atomic_load(&api->draining))
        send_word(r, p, 503, "draining", NULL);
    else if (disk)
        send_word(r, p, 503, "disk short", disk);
    else if (!is_writable(api))
        send_word(r, p, 503, "queue not writable", NULL);
    else
        send_word(r, p, 200, "ready", NULL);
}

/* Without a key, since editors ask. */
static void get_schema(const td_http_request *r, td_http_reply *p)
{
    static const struct {
        const char *name;
        td_status (*make)(td_text *out);
    } schemas[] = { { "recipe-1.json", td_recipe_schema }, { "job-1.json", td_order_schema } };
    size_t i = 0, n = sizeof schemas / sizeof schemas[0];
    while (i < n && strcmp(schemas[i].name, r->part[0])) i++;
    if (i == n) {
        td_problem_refuse(r, 404, p);
        return;
    }
    td_text t = { 0 };
    td_status st = schemas[i].make(&t);
    p->type = "application/schema+json";
    p->body = st ? NULL : td_arena_strdup(r->arena, t.data);
    p->length = t.length;
    if (!p->body) unavailable(r, p, TD_NOMEM, &(td_error){ .status = TD_NOMEM });
    td_text_free(&t);
}

static void get_problem(const td_http_request *r, td_http_reply *p)
{
    if (!td_problem_page(r, p, r->part[0])) td_problem_refuse(r, 404, p);
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

const td_http_route td_api_routes[] = {
    { "POST", "/v1/jobs", TD_SCOPE_SUBMIT, TD_SPEC_BYTES, false, post_job, "hands in a job file; 201", NULL },
    { "GET", "/v1/jobs", TD_SCOPE_READ, 0, false, get_jobs, "jobs, newest first, and the queue",
      "limit after state since tag." },
    { "GET", "/v1/jobs/{}", TD_SCOPE_READ, 0, false, get_job, "one job; ETag", NULL },
    { "GET", "/v1/jobs/{}/outputs", TD_SCOPE_READ, 0, false, get_outputs, "its results", NULL },
    { "GET", "/v1/jobs/{}/outputs/{}", TD_SCOPE_READ, 0, false, get_output, "one of them; ranges", NULL },
    { "GET", "/v1/jobs/{}/report", TD_SCOPE_READ, 0, false, get_report, "its report.json", NULL },
    { "POST", "/v1/jobs/{}/cancel", TD_SCOPE_CANCEL, 4096, false, post_cancel,
      "ends it; 202 while a worker must let go", NULL },
    { "POST", "/v1/jobs/{}/retry", TD_SCOPE_SUBMIT, 65536, false, post_retry,
      "lets a held job go on, with answers; orders a finished one anew, 201", NULL },
    { "GET", "/v1/deliveries", TD_SCOPE_READ, 0, false, get_deliveries, "webhooks and PUTs, newest first; ?job=ID",
      "job" },
    { "POST", "/v1/deliveries/{}/replay", TD_SCOPE_SUBMIT, 4096, false, post_replay, "sends one again; 202", NULL },
    { "GET", "/v1/recipes", TD_SCOPE_READ, 0, false, get_recipes, "recipes by name", NULL },
    { "POST", "/v1/recipes/check", TD_SCOPE_READ, TD_SPEC_BYTES, false, post_recipe_check,
      "judges a recipe, the body; 200 with ok and messages", NULL },
    { "GET", "/v1/schema/{}", 0, 0, false, get_schema, "recipe-1.json and job-1.json, for editors", NULL },
    { "GET", "/healthz", 0, 0, false, get_healthz, "the process lives", NULL },
    { "GET", "/readyz", 0, 0, false, get_readyz, "takes jobs; 503 says why not", NULL },
    { "GET", "/problems/{}", 0, 0, false, get_problem, "what to do about a problem", NULL },
    { NULL, NULL, 0, 0, false, NULL, NULL, NULL },
};

void td_api_init(td_api *api)
{
    *api = (td_api){ 0 };
    pthread_mutex_init(&api->peers_lock, NULL);
    pthread_mutex_init(&api->probe_lock, NULL);
}

void td_api_fini(td_api *api)
{
    pthread_mutex_destroy(&api->probe_lock);
    pthread_mutex_destroy(&api->peers_lock);
}

td_status td_api_start(td_api *api, const char *listen, td_http **out, td_error *err)
{
    td_http_config config = {
        .listen = listen, .routes = td_api_routes, .admit = admit, .refuse = td_problem_refuse, .user = api
    };
    return td_http_start(&config, out, err);
}
