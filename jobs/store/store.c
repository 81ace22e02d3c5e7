#include "jobs/store/tx.h"

#include "jobs/store/schema.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- transactions ------------------------------------------------------------------------------------------------ */

td_status td_tx_begin(td_store *s, td_tx *tx, td_error *err)
{
    *tx = (td_tx){ .store = s, .err = err, .arena = td_arena_new() };
    if (!tx->arena) return TD_NOMEM;
    pthread_mutex_lock(&s->lock);
    td_status st = s->db->engine->script(s->db, s->db->engine->begin, err);
    tx->now_ms = td_now_ms(s->now);
    if (st) {
        pthread_mutex_unlock(&s->lock);
        td_arena_free(tx->arena);
    }
    return st;
}

td_status td_tx_end(td_tx *tx, td_status st)
{
    td_store *s = tx->store;
    if (st == TD_OK) st = s->db->engine->script(s->db, "COMMIT", tx->err);
    if (st != TD_OK) s->db->engine->script(s->db, "ROLLBACK", NULL);
    pthread_mutex_unlock(&s->lock);
    td_arena_free(tx->arena);
    return st;
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static td_status migrate(td_tx *tx)
{
    td_rows rows;
    td_status st = TD_SQL(tx, NULL, "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)");
    if (!st) st = TD_SQL(tx, &rows, "SELECT max(version) FROM schema_version");
    if (st) return st;
    size_t have = (size_t)td_cell_number(&rows, 0, 0);
    if (have > td_schema_version)
        return td_fail(tx->err, TD_FAILED, "queue", "run the newer topdown", "made by a newer topdown (version %zu)",
                       have);
    for (size_t v = have; st == TD_OK && v < td_schema_version; v++)
        st = tx->store->db->engine->script(tx->store->db, td_schema[v], tx->err);
    if (!st) st = TD_SQL(tx, NULL, "DELETE FROM schema_version");
    if (!st) st = TD_SQL(tx, NULL, "INSERT INTO schema_version VALUES ($1)", TD_N((int64_t)td_schema_version));
    return st;
}

td_status td_store_open(const char *path, const char *public_url, const td_now *now, td_store **out, td_error *err)
{
    *out = NULL;
    td_store *s = calloc(1, sizeof *s);
    if (!s) return TD_NOMEM;
    s->public_url = public_url;
    s->now = now;
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->doorbell, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->work, &attr);
    pthread_condattr_destroy(&attr);
    td_tx tx;
    td_status st = td_db_open_sqlite(path, &s->db, err);
    if (!st) st = td_tx_begin(s, &tx, err);
    if (!st) st = td_tx_end(&tx, migrate(&tx));
    if (st) {
        td_store_close(s);
        return st;
    }
    *out = s;
    return TD_OK;
}

void td_store_close(td_store *s)
{
    if (!s) return;
    td_db_close(s->db);
    pthread_cond_destroy(&s->work);
    pthread_mutex_destroy(&s->doorbell);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

void td_store_wake(td_store *s)
{
    pthread_mutex_lock(&s->doorbell);
    s->rung++;
    pthread_cond_broadcast(&s->work);
    pthread_mutex_unlock(&s->doorbell);
}

void td_store_wait(td_store *s, int64_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + timeout_ms % 1000 * 1000000;
    until.tv_sec += timeout_ms / 1000 + ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&s->doorbell);
    uint64_t before = s->rung;
    while (s->rung == before && pthread_cond_timedwait(&s->work, &s->doorbell, &until) == 0) continue;
    pthread_mutex_unlock(&s->doorbell);
}

/* ---- clients and keys -------------------------------------------------------------------------------------------- */

td_status td_store_client(td_store *s, const char *id, const td_client_limits *l, td_error *err)
{
    td_tx tx;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    if (l)
        st = TD_SQL(&tx, NULL,
                    "INSERT INTO client (id, name, weight, max_running, max_queued) VALUES ($1, $1, $2, $3, $4)"
                    " ON CONFLICT (id) DO UPDATE SET weight=$2, max_running=$3, max_queued=$4",
                    TD_T(id), TD_N(l->weight), TD_N(l->max_running), TD_N(l->max_queued));
    else
        st = TD_SQL(&tx, NULL, "INSERT INTO client (id, name) VALUES ($1, $1) ON CONFLICT (id) DO NOTHING", TD_T(id));
    return td_tx_end(&tx, st);
}

/* known: what becomes of a key whose id is there already. */
static td_status put_key(td_tx *tx, const td_key *k, const char *known)
{
    char sql[320];
    snprintf(sql, sizeof sql,
             "INSERT INTO api_key (id, client_id, secret_sha256, scopes, created_ms) VALUES ($1, $2, $3, $4, $5)"
             " ON CONFLICT (id) DO %s",
             known);
    return TD_SQL(tx, NULL, sql, TD_T(k->id), TD_T(k->client_id), TD_T(k->secret_sha256), TD_N(k->scopes),
                  TD_N(tx->now_ms));
}

td_status td_store_key_add(td_store *s, const td_key *k, td_error *err)
{
    td_tx tx;
    td_status st = td_tx_begin(s, &tx, err);
    return st ? st : td_tx_end(&tx, put_key(&tx, k, "NOTHING"));
}

td_status td_store_key_only(td_store *s, const td_key *k, td_error *err)
{
    td_tx tx;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = put_key(&tx, k, "UPDATE SET client_id=$2, secret_sha256=$3, scopes=$4, revoked_ms=NULL");
    if (!st)
        st = TD_SQL(&tx, NULL, "UPDATE api_key SET revoked_ms=$3 WHERE client_id=$2 AND id<>$1 AND revoked_ms IS NULL",
                    TD_T(k->id), TD_T(k->client_id), TD_N(tx.now_ms));
    return td_tx_end(&tx, st);
}

td_status td_store_key_withdraw(td_store *s, const char *id, bool *found, td_error *err)
{
    td_tx tx;
    td_rows rows;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = TD_SQL(&tx, &rows, "UPDATE api_key SET revoked_ms=$2 WHERE id=$1 AND revoked_ms IS NULL", TD_T(id),
                TD_N(tx.now_ms));
    *found = !st && rows.changed > 0;
    return td_tx_end(&tx, st);
}

#define KEY_COLUMNS "id, client_id, secret_sha256, scopes, created_ms, revoked_ms"

static td_status read_key(const td_rows *rows, size_t row, td_arena *a, td_key *out)
{
    *out = (td_key){ .id = td_arena_strdup(a, td_cell(rows, row, 0)),
                     .client_id = td_arena_strdup(a, td_cell(rows, row, 1)),
                     .secret_sha256 = td_arena_strdup(a, td_cell(rows, row, 2)),
                     .scopes = (unsigned)td_cell_number(rows, row, 3),
                     .created_ms = td_cell_number(rows, row, 4),
                     .revoked_ms = td_cell_number(rows, row, 5) };
    return out->id && out->client_id && out->secret_sha256 ? TD_OK : TD_NOMEM;
}

td_status td_store_keys(td_store *s, td_arena *a, td_key **out, size_t *n, td_error *err)
{
    td_tx tx;
    td_rows rows;
    *n = 0;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = TD_SQL(&tx, &rows, "SELECT " KEY_COLUMNS " FROM api_key ORDER BY client_id, created_ms, id");
    *out = st ? NULL : td_arena_array(a, rows.n + 1, sizeof **out);
    if (!st && !*out) st = TD_NOMEM;
    for (; !st && *n < rows.n; ++*n) st = read_key(&rows, *n, a, *out + *n);
    return td_tx_end(&tx, st);
}

td_status td_store_key(td_store *s, const char *id, td_arena *a, td_key *out, td_error *err)
{
    *out = (td_key){ 0 };
    td_tx tx;
    td_rows rows;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = TD_SQL(&tx, &rows, "SELECT " KEY_COLUMNS " FROM api_key WHERE id=$1 AND revoked_ms IS NULL", TD_T(id));
    if (!st && rows.n) st = read_key(&rows, 0, a, out);
    return td_tx_end(&tx, st);
}

/* ---- reading jobs ------------------------------------------------------------------------------------------------ */

td_status td_job_read(const td_rows *rows, size_t row, td_arena *a, td_job *out)
{
    size_t c = 0;
    bool good = true;
    *out = (td_job){ 0 };
    out->id = td_arena_strdup(a, td_cell(rows, row, c++));
#define X(name)                                            \
    out->name = td_arena_strdup(a, td_cell(rows, row, c)); \
    good = good && (out->name || !td_cell(rows, row, c));  \
    c++;
    TD_JOB_TEXTS(X)
#undef X
#define X(name) out->name = td_cell_number(rows, row, c++);
    TD_JOB_NUMBERS(X)
#undef X
    return out->id && good ? TD_OK : TD_NOMEM;
}

td_status td_tx_job(td_tx *tx, const char *client, const char *id, td_arena *a, td_job *out)
{
    td_rows rows;
    *out = (td_job){ 0 };
    td_status st =
        TD_SQL(tx, &rows, "SELECT " TD_JOB_COLUMNS " FROM job WHERE id=$1 AND client_id=COALESCE($2, client_id)",
               TD_T(id), TD_T(client));
    return st || !rows.n ? st : td_job_read(&rows, 0, a, out);
}

td_status td_store_job(td_store *s, const char *client, const char *id, td_arena *a, td_job *job, td_error *err)
{
    td_tx tx;
    td_status st = td_tx_begin(s, &tx, err);
    return st ? st : td_tx_end(&tx, td_tx_job(&tx, client, id, a, job));
}

td_status td_store_jobs(td_store *s, const td_job_filter *f, td_arena *a, td_job **out, size_t *n, td_error *err)
{
    td_tx tx;
    td_rows rows = { 0 };
    *out = NULL;
    *n = 0;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = TD_SQL(
        &tx, &rows,
        "SELECT " TD_JOB_COLUMNS " FROM job WHERE client_id=$1 AND created_ms>=$2"
        " AND ($3 IS NULL OR id<$3)"
        " AND ($4 IS NULL OR CASE state WHEN 'waiting' THEN 'queued' WHEN 'ready' THEN 'queued'"
        "                    WHEN 'leased' THEN 'running' ELSE state END = $4)"
        " AND ($5 IS NULL OR EXISTS (SELECT 1 FROM job_tag t WHERE t.job_id=job.id AND t.name=$5 AND t.value=$6))"
        " ORDER BY id DESC LIMIT $7",
        TD_T(f->client), TD_N(f->since_ms), TD_T(f->after), TD_T(f->state), TD_T(f->tag), TD_T(f->tag_value),
        TD_N((int64_t)f->limit));
    if (!st && rows.n && !(*out = td_arena_array(a, rows.n, sizeof **out))) st = TD_NOMEM;
    for (size_t i = 0; st == TD_OK && i < rows.n; i++) st = td_job_read(&rows, i, a, &(*out)[i]);
    *n = st ? 0 : rows.n;
    return td_tx_end(&tx, st);
}

td_status td_store_artefacts(td_store *s, const char *job, td_arena *a, td_artefact **out, size_t *n, td_error *err)
{
    td_tx tx;
    td_rows rows;
    *out = NULL;
    *n = 0;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = TD_SQL(&tx, &rows, "SELECT name, path, kind, sha256, bytes FROM artefact WHERE job_id=$1 ORDER BY name",
                TD_T(job));
    if (!st && rows.n && !(*out = td_arena_array(a, rows.n, sizeof **out))) st = TD_NOMEM;
    for (size_t i = 0; st == TD_OK && i < rows.n; i++) {
        td_artefact *f = &(*out)[i];
        const char **text[] = { &f->name, &f->path, &f->kind, &f->sha256 };
        for (size_t c = 0; c < 4 && !st; c++)
            if (!(*text[c] = td_arena_strdup(a, td_cell(&rows, i, c)))) st = TD_NOMEM;
        f->bytes = td_cell_number(&rows, i, 4);
    }
    *n = st ? 0 : rows.n;
    return td_tx_end(&tx, st);
}

td_status td_store_counts(td_store *s, const char *client, td_queue_counts *out, td_error *err)
{
    *out = (td_queue_counts){ 0 };
    td_tx tx;
    td_rows rows;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = TD_SQL(&tx, &rows, "SELECT state, count(*), min(created_ms+ran_ms) FROM job WHERE client_id=$1 GROUP BY state",
                TD_T(client));
    for (size_t i = 0; !st && i < rows.n; i++) {
        td_job_state state = td_job_state_of(td_cell(&rows, i, 0));
        if (state == TD_JOB_STATES) continue;
        out->by_state[state] = td_cell_number(&rows, i, 1);
        int64_t waited_ms = tx.now_ms - td_cell_number(&rows, i, 2);
        if ((state == TD_JOB_WAITING || state == TD_JOB_READY) && waited_ms > out->longest_ms)
            out->longest_ms = waited_ms;
    }
    if (!st) st = TD_SQL(&tx, &rows, "SELECT count(*) FROM worker WHERE seen_ms>$1", TD_N(tx.now_ms - TD_LEASE_MS));
    if (!st) out->workers = td_cell_number(&rows, 0, 0);
    if (!st)
        st = TD_SQL(&tx, &rows,
                    "SELECT count(*) FROM outbox WHERE client_id=$1 AND state IN ('blocked','ready','leased')",
                    TD_T(client));
    if (!st) out->deliveries = td_cell_number(&rows, 0, 0);
    return td_tx_end(&tx, st);
}

td_status td_store_probe(td_store *s, td_error *err)
{
    td_tx tx;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    /* there and back: SQLite writes no page for the value that is there already */
    for (int i = 0; i < 2 && !st; i++) st = TD_SQL(&tx, NULL, "UPDATE schema_version SET version=-version");
    return td_tx_end(&tx, st);
}

/* ---- submitting and taking back ---------------------------------------------------------------------------------- */

td_status td_tx_wake_client(td_tx *tx, const char *client)
{
    return TD_SQL(tx, NULL,
                  "UPDATE client SET vtime = (SELECT max(c.vtime) FROM (SELECT o.vtime FROM client o WHERE o.id=$1"
                  "   UNION ALL SELECT min(b.vtime) FROM client b WHERE b.id<>$1 AND EXISTS"
                  "     (SELECT 1 FROM job j WHERE j.client_id=b.id AND j.state IN ('ready','leased'))) c)"
                  " WHERE id=$1 AND NOT EXISTS"
                  "   (SELECT 1 FROM job j WHERE j.client_id=$1 AND j.state IN ('ready','leased'))",
                  TD_T(client));
}

/* Whether this call was made before; *how stays as it is when not. */
static td_status known(td_tx *tx, const td_submission *b, td_arena *a, td_job *job, td_submitted *how)
{
    td_rows rows;
    td_status st = TD_SQL(tx, &rows, "SELECT id, request_sha256 FROM job WHERE client_id=$1 AND idem_key=$2",
                          TD_T(b->client_id), TD_T(b->idem_key));
    if (st || !rows.n) return st;
    *how = strcmp(td_cell(&rows, 0, 1), b->request_sha256) ? TD_SUBMIT_DIFFERENT : TD_SUBMIT_REPLAYED;
    return td_tx_job(tx, b->client_id, td_cell(&rows, 0, 0), a, job);
}

static td_status full(td_tx *tx, const td_submission *b, td_submitted *how)
{
    td_rows rows;
    td_status st = TD_SQL(tx, &rows,
                          "SELECT 1 FROM client WHERE id=$1 AND max_queued <="
                          " (SELECT count(*) FROM job WHERE client_id=$1 AND state IN ('waiting','ready','held'))",
                          TD_T(b->client_id));
    if (!st && rows.n) *how = TD_SUBMIT_FULL;
    return st;
}

static td_status insert(td_tx *tx, const td_submission *b, td_arena *a, td_job *job)
{
    char id[TD_ID_SIZE];
    td_rows rows;
    td_id_new("job_", tx->now_ms, id);
    int64_t run_at_ms = b->run_at_ms > tx->now_ms ? b->run_at_ms : tx->now_ms;
    td_status st = td_tx_wake_client(tx, b->client_id);
    if (!st)
        st = TD_SQL(
            tx, &rows,
            "INSERT INTO job (id, parent_id, client_id, queue, idem_key, request_sha256, spec, title, tags, hooks,"
            " deliver_to, mixes, local_files, state, priority, cost, run_at_ms, latest_start_ms, created_ms,"
            " updated_ms) VALUES ($1, $2, $3, 'default', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,"
            " $17, $18, $18) RETURNING " TD_JOB_COLUMNS,
            TD_T(id), TD_T(b->parent_id), TD_T(b->client_id), TD_T(b->idem_key), TD_T(b->request_sha256), TD_T(b->spec),
            TD_T(b->title), TD_T(b->tags), TD_T(b->hooks), TD_T(b->deliver_to), TD_N(b->mixes), TD_N(b->local_files),
            TD_T(td_job_state_word(run_at_ms > tx->now_ms ? TD_JOB_WAITING : TD_JOB_READY)), TD_N(b->priority),
            TD_N(b->cost), TD_N(run_at_ms), TD_N(b->latest_start_ms), TD_N(tx->now_ms));
    if (!st) st = td_job_read(&rows, 0, a, job);
    for (size_t i = 0; i < b->n_tags && !st; i++)
        st = TD_SQL(tx, NULL, "INSERT INTO job_tag (job_id, name, value) VALUES ($1, $2, $3)", TD_T(id),
                    TD_T(b->tag[2 * i]), TD_T(b->tag[2 * i + 1]));
    return st;
}

td_status td_store_known(td_store *s, const td_submission *b, td_arena *a, td_job *job, td_submitted *how,
                         td_error *err)
{
    td_tx tx;
    *job = (td_job){ 0 };
    *how = TD_SUBMIT_CREATED;
    td_status st = td_tx_begin(s, &tx, err);
    return st ? st : td_tx_end(&tx, known(&tx, b, a, job, how));
}

td_status td_store_submit(td_store *s, const td_submission *b, td_arena *a, td_job *job, td_submitted *how,
                          td_error *err)
{
    td_tx tx;
    *job = (td_job){ 0 };
    *how = TD_SUBMIT_CREATED;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = known(&tx, b, a, job, how);
    if (!st && *how == TD_SUBMIT_CREATED) st = full(&tx, b, how);
    if (!st && *how == TD_SUBMIT_CREATED) st = insert(&tx, b, a, job);
    st = td_tx_end(&tx, st);
    if (!st && *how == TD_SUBMIT_CREATED) td_store_wake(s);
    return st;
}

static td_status cancel(td_tx *tx, const char *client, const char *id, td_arena *a, td_job *job)
{
    td_rows rows;
    td_status st = TD_SQL(tx, &rows,
                          "UPDATE job SET state='cancelled', finished_ms=$3, updated_ms=$3, error_code=NULL,"
                          " error_text=NULL WHERE id=$1 AND client_id=$2 AND state IN ('waiting','ready','held')",
                          TD_T(id), TD_T(client), TD_N(tx->now_ms));
    bool ended = !st && rows.changed;
    if (!st && !ended)
        st = TD_SQL(tx, NULL,
                    "UPDATE job SET cancel_requested=1, updated_ms=$3 WHERE id=$1 AND client_id=$2 AND state='leased'",
                    TD_T(id), TD_T(client), TD_N(tx->now_ms));
    if (!st) st = td_tx_job(tx, client, id, a, job);
    return st || !ended ? st : td_tx_announce(tx, job);
}

td_status td_store_cancel(td_store *s, const char *client, const char *id, td_arena *a, td_job *job, td_error *err)
{
    td_tx tx;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = cancel(&tx, client, id, a, job);
    st = td_tx_end(&tx, st);
    td_store_wake(s);
    return st;
}

td_status td_store_release(td_store *s, const char *client, const char *id, const char *spec, td_arena *a, td_job *job,
                           td_error *err)
{
    td_tx tx;
    td_rows rows = { 0 };
    *job = (td_job){ 0 };
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = td_tx_wake_client(&tx, client);
    if (!st)
        st = TD_SQL(&tx, &rows,
                    "UPDATE job SET state='ready', run_at_ms=$3, updated_ms=$3, error_code=NULL, error_text=NULL,"
                    " spec=COALESCE($4, spec) WHERE id=$1 AND client_id=$2 AND state='held'",
                    TD_T(id), TD_T(client), TD_N(tx.now_ms), TD_T(spec));
    if (!st) st = td_tx_job(&tx, client, id, a, job);
    if (!st && job->id && !rows.changed) st = td_fail(err, TD_JOB, id, NULL, "the job is not held");
    st = td_tx_end(&tx, st);
    td_store_wake(s);
    return st;
}

/* ---- forgetting -------------------------------------------------------------------------------------------------- */

td_status td_store_forget(td_store *s, int64_t before_ms, size_t most, td_arena *a, const char ***ids,
                          const char ***clients, size_t *n, td_error *err)
{
    td_tx tx;
    td_rows rows;
    *n = 0;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = TD_SQL(&tx, &rows,
                "DELETE FROM job WHERE id IN (SELECT j.id FROM job j WHERE j.finished_ms<$1 AND NOT EXISTS"
                " (SELECT 1 FROM outbox o WHERE o.job_id=j.id AND o.state IN ('blocked','ready','leased')) LIMIT $2)"
                " RETURNING id, client_id",
                TD_N(before_ms), TD_N((int64_t)most));
    *ids = st ? NULL : td_arena_array(a, rows.n + 1, sizeof **ids);
    *clients = st ? NULL : td_arena_array(a, rows.n + 1, sizeof **clients);
    if (!st && (!*ids || !*clients)) st = TD_NOMEM;
    for (size_t i = 0; !st && i < rows.n; i++) {
        (*ids)[i] = td_arena_strdup(a, td_cell(&rows, i, 0));
        (*clients)[i] = td_arena_strdup(a, td_cell(&rows, i, 1));
        if (!(*ids)[i] || !(*clients)[i]) st = TD_NOMEM;
    }
    if (!st) *n = rows.n;
    return td_tx_end(&tx, st);
}
