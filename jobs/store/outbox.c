#include "jobs/store/tx.h"

#include "engine/base/json.h"
#include "jobs/job_json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENDPOINT_PATIENCE_MS (5 * 86400000LL)
#define EVENT_BYTES          20000 /* what every receiver takes */

#define OUTBOX_COLUMNS                                                                                                \
    "o.id, o.job_id, o.kind, o.event, o.url, e.credential, o.body, o.path, o.sha256, o.state, o.last_error, o.bytes," \
    " o.attempt, o.fence, o.last_status, o.next_ms, o.created_ms, o.done_ms"

static td_status read_row(const td_rows *rows, size_t row, td_arena *a, td_outbox *o)
{
    const char **text[] = { &o->id,   &o->job_id, &o->kind,   &o->event, &o->url,       &o->credential,
                            &o->body, &o->path,   &o->sha256, &o->state, &o->last_error };
    int64_t *number[] = {
        &o->bytes, &o->attempt, &o->fence, &o->last_status, &o->next_ms, &o->created_ms, &o->done_ms
    };
    const size_t texts = sizeof text / sizeof text[0];
    for (size_t c = 0; c < texts; c++) {
        const char *cell = td_cell(rows, row, c);
        *text[c] = td_arena_strdup(a, cell);
        if (cell && !*text[c]) return TD_NOMEM;
    }
    for (size_t c = 0; c < sizeof number / sizeof number[0]; c++) *number[c] = td_cell_number(rows, row, texts + c);
    if (o->credential && !o->credential[0]) o->credential = NULL;
    return TD_OK;
}

/* ---- announcing -------------------------------------------------------------------------------------------------- */

static td_status endpoint(td_tx *tx, const char *client, const char *url, const char *credential, const char **id)
{
    char fresh[TD_ID_SIZE];
    td_rows rows;
    td_status st =
        TD_SQL(tx, &rows,
               "INSERT INTO endpoint (id, client_id, url, credential) VALUES ($1, $2, $3, $4)"
               " ON CONFLICT (client_id, url, credential) DO UPDATE SET url=excluded.url RETURNING id",
               TD_T(td_id_new("ep_", tx->now_ms, fresh)), TD_T(client), TD_T(url), TD_T(credential ? credential : ""));
    *id = st ? NULL : td_cell(&rows, 0, 0);
    return st;
}

/* Hundreds of refused stems: who is told of the job asks for the rest. */
static char *without_message(json_t *body, char *text)
{
    json_t *problem = json_object_get(json_object_get(body, "data"), "problem");
    json_object_del(problem, "message");
    json_object_del(problem, "refused");
    free(text);
    return json_dumps(body, TD_JSON_LINE);
}

/* The body of an event: built once, stored, sent unchanged under one id. */
static char *event_body(td_tx *tx, const td_job *j, const char *event)
{
    char stamp[32], finished[32];
    td_job_state state = td_job_state_of(j->state);
    json_t *tags = j->tags ? json_loads(j->tags, 0, NULL) : NULL;
    char *url = td_arena_printf(tx->arena, "%s/v1/jobs/%s", tx->store->public_url ? tx->store->public_url : "", j->id);
    json_t *body = json_pack(
        "{s:s, s:s, s:{s:s, s:s?, s:s, s:s?, s:o?, s:s, s:o?}}", "type", event, "timestamp",
        td_rfc3339(tx->now_ms, stamp), "data", "id", j->id, "title", j->title, "state", td_job_state_people(state),
        "finished_at", j->finished_ms ? td_rfc3339(j->finished_ms, finished) : NULL, "tags",
        tags ? tags : json_object(), "url", url ? url : "", "problem", j->error_text ? td_job_problem(j) : NULL);
    char *text = body ? json_dumps(body, TD_JSON_LINE) : NULL;
    if (text && strlen(text) > EVENT_BYTES) text = without_message(body, text);
    char *kept = td_arena_strdup(tx->arena, text);
    free(text);
    json_decref(body);
    return kept;
}

static bool wants(const json_t *hook, const char *event)
{
    const json_t *events = json_object_get(hook, "events");
    size_t i;
    json_t *one;
    if (!json_array_size(events)) return strcmp(event, "job.started") != 0; /* by default, what needs a reader */
    json_array_foreach(events, i, one)
    {
        if (!strcmp(json_string_value(one), event)) return true;
    }
    return false;
}

static td_status post_hook(td_tx *tx, const td_job *j, const json_t *hook, const char *event, const char *body,
                           bool blocked)
{
    const char *url = json_string_value(json_object_get(hook, "url")), *at;
    char id[TD_ID_SIZE];
    td_status st = endpoint(tx, j->client_id, url, json_string_value(json_object_get(hook, "secret")), &at);
    if (st) return st;
    return TD_SQL(
        tx, NULL,
        "INSERT INTO outbox (id, client_id, endpoint_id, job_id, kind, event, url, body, state, next_ms, created_ms)"
        " SELECT $1, $2, $3, $4, 'webhook', $5, $6, $7, $8, $9, $9 FROM endpoint WHERE id=$3 AND disabled_ms IS NULL",
        TD_T(td_id_new("evt_", tx->now_ms, id)), TD_T(j->client_id), TD_T(at), TD_T(j->id), TD_T(event), TD_T(url),
        TD_T(body), TD_T(blocked ? "blocked" : "ready"), TD_N(tx->now_ms));
}

/* One PUT an output. A prefix that was given up for an earlier job is tried again: the client asked for it anew. */
static td_status put_results(td_tx *tx, const td_job *j, bool *any)
{
    td_rows rows;
    const char *at;
    *any = false;
    if (!j->deliver_to) return TD_OK;
    td_status st = endpoint(tx, j->client_id, j->deliver_to, NULL, &at);
    if (!st)
        st = TD_SQL(tx, &rows, "SELECT name, path, sha256, bytes FROM artefact WHERE job_id=$1 ORDER BY name",
                    TD_T(j->id));
    for (size_t i = 0; !st && i < rows.n; i++) {
        char id[TD_ID_SIZE];
        *any = true;
        st = TD_SQL(
            tx, NULL,
            "INSERT INTO outbox (id, client_id, endpoint_id, job_id, kind, event, url, path, sha256, bytes, state,"
            " next_ms, created_ms) VALUES ($1, $2, $3, $4, 'put', $5, $6, $7, $8, $9, 'ready', $10, $10)",
            TD_T(td_id_new("put_", tx->now_ms, id)), TD_T(j->client_id), TD_T(at), TD_T(j->id),
            TD_T(td_cell(&rows, i, 0)), TD_T(j->deliver_to), TD_T(td_cell(&rows, i, 1)), TD_T(td_cell(&rows, i, 2)),
            TD_N(td_cell_number(&rows, i, 3)), TD_N(tx->now_ms));
    }
    return st;
}

td_status td_tx_announce(td_tx *tx, const td_job *j)
{
    bool puts = false;
    td_job_state state = td_job_state_of(j->state);
    const char *event = td_job_state_event(state);
    td_status st = state == TD_JOB_DONE ? put_results(tx, j, &puts) : TD_OK;
    if (st || !event || !j->hooks) return st;
    char *body = event_body(tx, j, event);
    json_t *hooks = json_loads(j->hooks, 0, NULL), *hook;
    size_t i;
    if (!body || !hooks) st = TD_NOMEM;
    json_array_foreach(hooks, i, hook)
    {
        if (!st && wants(hook, event)) st = post_hook(tx, j, hook, event, body, puts);
    }
    json_decref(hooks);
    return st;
}

/* ---- sending ----------------------------------------------------------------------------------------------------- */

static td_status claim(td_tx *tx, td_arena *a, td_outbox *out)
{
    char sql[1024];
    td_rows rows;
    snprintf(sql, sizeof sql,
             "SELECT o.id FROM outbox o JOIN endpoint e ON e.id=o.endpoint_id WHERE o.state='ready' AND o.next_ms<=$1"
             " AND $2 > (SELECT count(*) FROM outbox f WHERE f.endpoint_id=o.endpoint_id AND f.state='leased')"
             " ORDER BY o.next_ms, o.id LIMIT 1%s",
             tx->store->db->engine->skip_lock);
    td_status st = TD_SQL(tx, &rows, sql, TD_N(tx->now_ms), TD_N(TD_ENDPOINT_IN_FLIGHT));
    if (st || !rows.n) return st;
    const char *id = td_cell(&rows, 0, 0);
    st = TD_SQL(tx, NULL,
                "UPDATE outbox SET state='leased', fence=fence+1, attempt=attempt+1, lease_until_ms=$2 WHERE id=$1",
                TD_T(id), TD_N(tx->now_ms + TD_LEASE_MS));
    if (!st)
        st = TD_SQL(tx, &rows,
                    "SELECT " OUTBOX_COLUMNS " FROM outbox o JOIN endpoint e ON e.id=o.endpoint_id WHERE o.id=$1",
                    TD_T(id));
    return st ? st : read_row(&rows, 0, a, out);
}

td_status td_store_outbox_claim(td_store *s, td_arena *a, td_outbox *out, td_error *err)
{
    td_tx tx;
    *out = (td_outbox){ 0 };
    td_status st = td_tx_begin(s, &tx, err);
    return st ? st : td_tx_end(&tx, claim(&tx, a, out));
}

td_status td_store_outbox_renew(td_store *s, const td_outbox *o, td_error *err)
{
    td_tx tx;
    td_rows rows;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = TD_SQL(&tx, &rows, "UPDATE outbox SET lease_until_ms=$3 WHERE id=$1 AND fence=$2 AND state='leased'",
                TD_T(o->id), TD_N(o->fence), TD_N(tx.now_ms + TD_LEASE_MS));
    if (!st && !rows.changed) st = TD_STOPPED;
    return td_tx_end(&tx, st);
}

static char *body_with_delivery(td_tx *tx, const char *body, const td_rows *dead)
{
    json_t *o = json_loads(body, 0, NULL), *data = json_object_get(o, "data");
    json_object_set_new(data, "delivery", json_string(dead->n ? "incomplete" : "complete"));
    json_t *names = json_array();
    for (size_t i = 0; i < dead->n; i++) json_array_append_new(names, json_string(td_cell(dead, i, 0)));
    if (dead->n) json_object_set(data, "undelivered", names);
    char *text = json_dumps(o, TD_JSON_LINE), *kept = td_arena_strdup(tx->arena, text);
    free(text);
    json_decref(names);
    json_decref(o);
    return kept;
}

/* The last PUT of a job has ended: its job.done may go out, and says what arrived. */
static td_status unblock(td_tx *tx, const char *job)
{
    td_rows blocked, dead;
    td_status st =
        TD_SQL(tx, &blocked,
               "SELECT id, body FROM outbox WHERE job_id=$1 AND state='blocked' AND NOT EXISTS"
               " (SELECT 1 FROM outbox p WHERE p.job_id=$1 AND p.kind='put' AND p.state IN ('ready','leased'))",
               TD_T(job));
    if (st || !blocked.n) return st;
    st = TD_SQL(tx, &dead,
                "SELECT event FROM outbox WHERE job_id=$1 AND kind='put' AND state='dead' ORDER BY event LIMIT 50",
                TD_T(job));
    for (size_t i = 0; !st && i < blocked.n; i++) {
        const char *body = body_with_delivery(tx, td_cell(&blocked, i, 1), &dead);
        if (!body) return TD_NOMEM;
        st = TD_SQL(tx, NULL, "UPDATE outbox SET state='ready', body=$2, next_ms=$3 WHERE id=$1",
                    TD_T(td_cell(&blocked, i, 0)), TD_T(body), TD_N(tx->now_ms));
    }
    return st;
}

static td_status note_endpoint(td_tx *tx, const char *outbox_id, td_sent how)
{
    static const char *const of = " WHERE id=(SELECT endpoint_id FROM outbox WHERE id=$1)";
    char sql[512];
    td_status st;
    if (how == TD_SENT_OK) {
        snprintf(sql, sizeof sql, "UPDATE endpoint SET first_failure_ms=NULL%s", of);
        return TD_SQL(tx, NULL, sql, TD_T(outbox_id));
    }
    snprintf(sql, sizeof sql, "UPDATE endpoint SET first_failure_ms=COALESCE(first_failure_ms, $2)%s", of);
    st = TD_SQL(tx, NULL, sql, TD_T(outbox_id), TD_N(tx->now_ms));
    snprintf(sql, sizeof sql,
             "UPDATE endpoint SET disabled_ms=$2, disabled_why=CASE WHEN $3=1 THEN 'gone' ELSE 'failing' END%s"
             " AND disabled_ms IS NULL AND ($3=1 OR first_failure_ms<$4)",
             of);
    if (!st)
        st = TD_SQL(tx, NULL, sql, TD_T(outbox_id), TD_N(tx->now_ms), TD_N(how == TD_SENT_GONE),
                    TD_N(tx->now_ms - ENDPOINT_PATIENCE_MS));
    if (!st)
        st = TD_SQL(
            tx, NULL,
            "UPDATE outbox SET state='dead', done_ms=$2, last_error='the address was given up' WHERE kind='webhook'"
            " AND state IN ('ready','blocked') AND endpoint_id IN (SELECT e.id FROM endpoint e JOIN outbox o"
            " ON o.endpoint_id=e.id WHERE o.id=$1 AND e.disabled_ms IS NOT NULL)",
            TD_T(outbox_id), TD_N(tx->now_ms));
    return st;
}

static td_status end(td_tx *tx, const td_outbox *o, td_sent how, int64_t status, const char *error,
                     int64_t retry_after_s)
{
    bool hook = !strcmp(o->kind, "webhook");
    td_rows rows;
    int64_t wait = how == TD_SENT_RETRY ? td_schedule_ms(hook ? &td_webhook_schedule : &td_job_schedule,
                                                         (size_t)(o->attempt - 1), retry_after_s, td_jitter())
                                        : -1;
    const char *state = how == TD_SENT_OK ? "sent" : wait < 0 ? "dead" : "ready";
    td_status st = TD_SQL(tx, &rows,
                          "UPDATE outbox SET state=$3, next_ms=$4, lease_until_ms=NULL, last_status=$5, last_error=$6,"
                          " done_ms=$7 WHERE id=$1 AND fence=$2 AND state='leased'",
                          TD_T(o->id), TD_N(o->fence), TD_T(state), TD_N(tx->now_ms + (wait < 0 ? 0 : wait)),
                          status ? TD_N(status) : TD_T(NULL), TD_T(error), wait < 0 ? TD_N(tx->now_ms) : TD_T(NULL));
    if (!st && !rows.changed) return TD_STOPPED;
    if (!st && hook) st = note_endpoint(tx, o->id, how);
    if (!st && !hook && wait < 0) st = unblock(tx, o->job_id);
    return st;
}

td_status td_store_outbox_end(td_store *s, const td_outbox *o, td_sent how, int64_t status, const char *error,
                              int64_t retry_after_s, td_error *err)
{
    td_tx tx;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = td_tx_end(&tx, end(&tx, o, how, status, error, retry_after_s));
    if (!st) td_store_wake(s);
    return st;
}

/* ---- looking back ------------------------------------------------------------------------------------------------ */

td_status td_store_deliveries(td_store *s, const char *client, const char *job, size_t limit, td_arena *a,
                              td_outbox **out, size_t *n, td_error *err)
{
    td_tx tx;
    td_rows rows;
    *out = NULL;
    *n = 0;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = TD_SQL(&tx, &rows,
                "SELECT " OUTBOX_COLUMNS " FROM outbox o JOIN endpoint e ON e.id=o.endpoint_id WHERE o.client_id=$1"
                " AND ($2 IS NULL OR o.job_id=$2) ORDER BY o.created_ms DESC, o.id DESC LIMIT $3",
                TD_T(client), TD_T(job), TD_N((int64_t)limit));
    if (!st && rows.n && !(*out = td_arena_array(a, rows.n, sizeof **out))) st = TD_NOMEM;
    for (size_t i = 0; !st && i < rows.n; i++) st = read_row(&rows, i, a, &(*out)[i]);
    *n = st ? 0 : rows.n;
    return td_tx_end(&tx, st);
}

td_status td_store_outbox_replay(td_store *s, const char *client, const char *id, bool *found, td_error *err)
{
    td_tx tx;
    td_rows rows;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = TD_SQL(&tx, &rows,
                "UPDATE outbox SET state='ready', attempt=0, next_ms=$3, done_ms=NULL"
                " WHERE id=$1 AND client_id=$2 AND state IN ('ready','sent','dead')",
                TD_T(id), TD_T(client), TD_N(tx.now_ms));
    if (!st) *found = rows.changed > 0;
    if (!st && *found)
        st = TD_SQL(&tx, NULL,
                    "UPDATE endpoint SET disabled_ms=NULL, first_failure_ms=NULL"
                    " WHERE id=(SELECT endpoint_id FROM outbox WHERE id=$1)",
                    TD_T(id));
    st = td_tx_end(&tx, st);
    td_store_wake(s);
    return st;
}
