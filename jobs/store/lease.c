#include "jobs/store/tx.h"

#include <stdio.h>
#include <string.h>

/* ---- claiming ---------------------------------------------------------------------------------------------------- */

/* The client that has had least by weight. Whether a job fits this worker's disk is asked here and in take(): else a
 * client whose next job is too large would stand before all others. */
static td_status pick_client(td_tx *tx, const char *queue, int64_t bytes_free, const char **client)
{
    char sql[640];
    td_rows rows;
    snprintf(sql, sizeof sql,
             "SELECT c.id FROM client c WHERE c.running<c.max_running AND EXISTS"
             " (SELECT 1 FROM job j WHERE j.state='ready' AND j.queue=$1 AND j.client_id=c.id AND j.bytes_needed<=$2)"
             " ORDER BY c.vtime, c.id LIMIT 1%s",
             tx->store->db->engine->lock_row);
    td_status st = TD_SQL(tx, &rows, sql, TD_T(queue), TD_N(bytes_free));
    *client = !st && rows.n ? td_cell(&rows, 0, 0) : NULL;
    return st;
}

/* That client's best job. Apart from pick_client: one statement would see one snapshot, and the job chosen in it may be
 * taken by the time the client's row is free. */
static td_status take(td_tx *tx, const char *queue, const char *client, const char *worker, int64_t bytes_free,
                      td_arena *a, td_job *job)
{
    char sql[1280];
    td_rows rows;
    snprintf(sql, sizeof sql,
             "UPDATE job SET state='leased', worker_id=$1, lease_until_ms=$2, fence=fence+1, attempt=attempt+1,"
             " started_ms=$3, updated_ms=$3, progress=0, stage='fetching', engine=$4 WHERE id ="
             " (SELECT id FROM job WHERE state='ready' AND queue=$5 AND client_id=$6 AND bytes_needed<=$7"
             "  ORDER BY priority DESC, latest_start_ms, run_at_ms, id LIMIT 1%s) RETURNING " TD_JOB_COLUMNS,
             tx->store->db->engine->skip_lock);
    td_status st = TD_SQL(tx, &rows, sql, TD_T(worker), TD_N(tx->now_ms + TD_LEASE_MS), TD_N(tx->now_ms),
                          TD_T(TD_VERSION), TD_T(queue), TD_T(client), TD_N(bytes_free));
    return st || !rows.n ? st : td_job_read(&rows, 0, a, job);
}

static td_status charge(td_tx *tx, const td_job *job)
{
    td_status st =
        TD_SQL(tx, NULL, "UPDATE client SET running=running+1, vtime=vtime+CAST($2 AS BIGINT)*1000/weight WHERE id=$1",
               TD_T(job->client_id), TD_N(job->cost));
    if (!st)
        st = TD_SQL(tx, NULL,
                    "INSERT INTO attempt (job_id, fence, worker_id, engine, started_ms) VALUES ($1, $2, $3, $4, $5)",
                    TD_T(job->id), TD_N(job->fence), TD_T(job->worker_id), TD_T(job->engine), TD_N(tx->now_ms));
    return st || job->fence > 1 ? st : td_tx_announce(tx, job);
}

static td_status claim(td_tx *tx, const char *worker, int64_t bytes_free, bool reverse, td_arena *a, td_job *job)
{
    td_rows queues;
    td_status st = TD_SQL(tx, &queues,
                          "SELECT name FROM queue q WHERE max_running>=1000000 OR max_running >"
                          " (SELECT count(*) FROM job WHERE state='leased' AND queue=q.name) ORDER BY rank*$1, name",
                          TD_N(reverse ? -1 : 1));
    for (size_t i = 0; !st && !job->id && i < queues.n; i++) {
        const char *queue = td_cell(&queues, i, 0), *client;
        st = pick_client(tx, queue, bytes_free, &client);
        if (!st && client) st = take(tx, queue, client, worker, bytes_free, a, job);
        if (!st && job->id) st = charge(tx, job);
    }
    return st;
}

td_status td_store_claim(td_store *s, const char *worker, int64_t bytes_free, bool reverse, td_arena *a, td_job *job,
                         td_error *err)
{
    td_tx tx;
    *job = (td_job){ 0 };
    td_status st = td_tx_begin(s, &tx, err);
    return st ? st : td_tx_end(&tx, claim(&tx, worker, bytes_free, reverse, a, job));
}

/* ---- holding ----------------------------------------------------------------------------------------------------- */

td_status td_store_renew(td_store *s, const char *id, int64_t fence, const char *stage, int64_t progress, bool *cancel,
                         td_error *err)
{
    td_tx tx;
    td_rows rows;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = TD_SQL(&tx, &rows,
                "UPDATE job SET lease_until_ms=$3, stage=COALESCE($4, stage), progress=$5, updated_ms=$6"
                " WHERE id=$1 AND fence=$2 AND state='leased' RETURNING cancel_requested",
                TD_T(id), TD_N(fence), TD_N(tx.now_ms + TD_LEASE_MS), TD_T(stage), TD_N(progress), TD_N(tx.now_ms));
    if (!st && !rows.n) st = TD_STOPPED;
    if (!st) *cancel = td_cell_number(&rows, 0, 0) != 0;
    return td_tx_end(&tx, st);
}

td_status td_store_needs(td_store *s, const char *id, int64_t fence, int64_t bytes, td_error *err)
{
    td_tx tx;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = TD_SQL(&tx, NULL, "UPDATE job SET bytes_needed=$3 WHERE id=$1 AND fence=$2 AND state='leased'", TD_T(id),
                TD_N(fence), TD_N(bytes));
    return td_tx_end(&tx, st);
}

/* ---- leaving ----------------------------------------------------------------------------------------------------- */

/* The move itself, all counters with it. */
static td_status move(td_tx *tx, td_job *j, const td_ending *e, const td_landing *land)
{
    bool final = td_job_state_final(land->to), done = land->to == TD_JOB_DONE;
    td_rows rows;
    if (!td_move_legal(TD_JOB_LEASED, land->to)) return td_fail(tx->err, TD_FAILED, j->id, NULL, "no such move");
    bool wanted = land->to == TD_JOB_CANCELLED; /* how a worker let go of the job is no problem of the job's */
    const char *code = wanted ? NULL : land->code ? land->code : e->code, *text = wanted ? NULL : e->text;
    td_status st = TD_SQL(
        tx, &rows,
        "UPDATE job SET state=$3, worker_id=NULL, lease_until_ms=NULL, stage=NULL, run_at_ms=$4, attempt=attempt+$5,"
        " crashes=crashes+$6, error_code=$7, error_text=$8, finished_ms=$9, result=$10, progress=$11, updated_ms=$12,"
        " ran_ms=ran_ms+$12-started_ms"
        " WHERE id=$1 AND fence=$2 AND state='leased' RETURNING " TD_JOB_COLUMNS,
        TD_T(j->id), TD_N(j->fence), TD_T(td_job_state_word(land->to)), TD_N(tx->now_ms + land->wait_ms),
        TD_N(land->attempts), TD_N(land->crashes), TD_T(code), TD_T(text), final ? TD_N(tx->now_ms) : TD_T(NULL),
        TD_T(e->result), TD_N(done ? 1000 : 0), TD_N(tx->now_ms));
    if (!st && !rows.n) return TD_STOPPED;
    if (!st) st = TD_SQL(tx, NULL, "UPDATE client SET running=running-1 WHERE id=$1 AND running>0", TD_T(j->client_id));
    if (!st)
        st = TD_SQL(tx, NULL,
                    "UPDATE attempt SET ended_ms=$3, outcome=$4, error_code=$5, error_text=$6, bytes_in=$7"
                    " WHERE job_id=$1 AND fence=$2",
                    TD_T(j->id), TD_N(j->fence), TD_N(tx->now_ms), TD_T(land->outcome), TD_T(code), TD_T(text),
                    TD_N(e->bytes_in));
    return st ? st : td_job_read(&rows, 0, tx->arena, j);
}

static td_status keep_artefacts(td_tx *tx, const td_job *j, const td_ending *e)
{
    td_status st = TD_OK;
    for (size_t i = 0; !st && i < e->n_artefacts; i++) {
        const td_artefact *f = &e->artefact[i];
        st = TD_SQL(tx, NULL,
                    "INSERT INTO artefact (job_id, name, kind, path, bytes, sha256) VALUES ($1, $2, $3, $4, $5, $6)",
                    TD_T(j->id), TD_T(f->name), TD_T(f->kind), TD_T(f->path), TD_N(f->bytes), TD_T(f->sha256));
    }
    return st;
}

td_status td_tx_leave(td_tx *tx, td_job *j, const td_ending *e, const td_landing *land)
{
    td_status st = move(tx, j, e, land);
    if (!st && land->to == TD_JOB_DONE) st = keep_artefacts(tx, j, e);
    if (!st && (td_job_state_final(land->to) || land->to == TD_JOB_HELD)) st = td_tx_announce(tx, j);
    return st;
}

static td_status end(td_tx *tx, const char *id, int64_t fence, const td_ending *e, td_job_state *to)
{
    td_job j;
    td_rows rows;
    td_status st = td_tx_job(tx, NULL, id, tx->arena, &j);
    if (st) return st;
    if (!j.id || j.fence != fence || strcmp(j.state, "leased")) return TD_STOPPED;
    st = TD_SQL(tx, &rows, "SELECT count(*) FROM attempt WHERE job_id=$1 AND outcome='timeout'", TD_T(id));
    if (st) return st;
    td_landing land = td_job_land(&j, e, td_cell_number(&rows, 0, 0), td_jitter());
    *to = land.to;
    return td_tx_leave(tx, &j, e, &land);
}

td_status td_store_end(td_store *s, const char *id, int64_t fence, const td_ending *e, td_job_state *to, td_error *err)
{
    td_tx tx;
    *to = TD_JOB_LEASED;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = td_tx_end(&tx, end(&tx, id, fence, e, to));
    if (!st) td_store_wake(s); /* a quota may be free again, and there may be something to deliver */
    return st;
}

/* ---- taking back ------------------------------------------------------------------------------------------------- */

td_status td_tx_crash(td_tx *tx, td_job *j, const char *why)
{
    td_ending e = { .kind = TD_END_CRASH, .code = "crash", .text = why };
    td_landing land = td_job_land(j, &e, 0, 0);
    return td_tx_leave(tx, j, &e, &land);
}

static td_status rescue(td_tx *tx, td_rows *expired, const char *why, int64_t *rescued)
{
    td_status st = TD_OK;
    for (size_t i = 0; !st && i < expired->n; i++) {
        td_job j;
        st = td_job_read(expired, i, tx->arena, &j);
        if (!st) st = td_tx_crash(tx, &j, why);
        if (!st) ++*rescued;
    }
    return st;
}

td_status td_store_rescue_worker(td_store *s, const char *worker, int64_t *rescued, td_error *err)
{
    td_tx tx;
    td_rows rows;
    *rescued = 0;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = TD_SQL(&tx, &rows, "SELECT " TD_JOB_COLUMNS " FROM job WHERE state='leased' AND worker_id=$1", TD_T(worker));
    if (!st) st = rescue(&tx, &rows, "the worker ended while it ran the job", rescued);
    return td_tx_end(&tx, st);
}

static td_status promote(td_tx *tx, int64_t *promoted)
{
    td_rows rows;
    td_status st = TD_SQL(tx, &rows, "SELECT DISTINCT client_id FROM job WHERE state='waiting' AND run_at_ms<=$1",
                          TD_N(tx->now_ms));
    for (size_t i = 0; !st && i < rows.n; i++) st = td_tx_wake_client(tx, td_cell(&rows, i, 0));
    if (st || !rows.n) return st;
    st = TD_SQL(tx, &rows, "UPDATE job SET state='ready', updated_ms=$1 WHERE state='waiting' AND run_at_ms<=$1",
                TD_N(tx->now_ms));
    if (!st) *promoted = rows.changed;
    return st;
}

static td_status keep(td_tx *tx, td_kept *kept)
{
    td_rows rows;
    td_status st = promote(tx, &kept->promoted);
    if (!st)
        st = TD_SQL(tx, &rows, "SELECT " TD_JOB_COLUMNS " FROM job WHERE state='leased' AND lease_until_ms<$1",
                    TD_N(tx->now_ms));
    if (!st) st = rescue(tx, &rows, "the worker was not heard of for a minute", &kept->rescued);
    if (!st)
        st = TD_SQL(tx, &rows,
                    "UPDATE outbox SET state='ready', lease_until_ms=NULL WHERE state='leased' AND lease_until_ms<$1",
                    TD_N(tx->now_ms));
    if (st) return st;
    kept->outbox_rescued = rows.changed;
    st = TD_SQL(tx, &rows,
                "UPDATE client SET running=(SELECT count(*) FROM job WHERE state='leased' AND client_id=client.id)"
                " WHERE running<>(SELECT count(*) FROM job WHERE state='leased' AND client_id=client.id)");
    if (!st) kept->repaired = rows.changed;
    return st;
}

td_status td_store_keep(td_store *s, td_kept *kept, td_error *err)
{
    td_tx tx;
    *kept = (td_kept){ 0 };
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = td_tx_end(&tx, keep(&tx, kept));
    if (!st && (kept->promoted || kept->rescued || kept->outbox_rescued)) td_store_wake(s);
    return st;
}

td_status td_store_worker_seen(td_store *s, const char *worker, bool draining, td_error *err)
{
    td_tx tx;
    td_status st = td_tx_begin(s, &tx, err);
    if (st) return st;
    st = TD_SQL(&tx, NULL,
                "INSERT INTO worker (id, engine, seen_ms, draining) VALUES ($1, $2, $3, $4)"
                " ON CONFLICT (id) DO UPDATE SET engine=$2, seen_ms=$3, draining=$4",
                TD_T(worker), TD_T(TD_VERSION), TD_N(tx.now_ms), TD_N(draining));
    return td_tx_end(&tx, st);
}
