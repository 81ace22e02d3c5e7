/* jobs/store/tx.h - what the parts of the store share: one transaction at a time, and moving a job within it. */
#ifndef TD_JOBS_STORE_TX_H
#define TD_JOBS_STORE_TX_H

#include "jobs/store/db.h"
#include "jobs/store/store.h"
#include <pthread.h>

struct td_store {
    td_db *db;
    const char *public_url;
    const td_now *now;
    pthread_mutex_t lock;
    pthread_mutex_t doorbell; /* apart from `lock`: nobody sleeps while holding the queue */
    pthread_cond_t work;
    uint64_t rung;
};

/* A transaction under way. Its arena is gone when it ends; what the caller keeps is read into the caller's. */
typedef struct td_tx {
    td_store *store;
    td_arena *arena;
    td_error *err;
    int64_t now_ms;
} td_tx;

td_status td_tx_begin(td_store *s, td_tx *tx, td_error *err);
td_status td_tx_end(td_tx *tx, td_status st); /* commits on TD_OK, else rolls back; returns how that went */

/* rows NULL: nothing is asked back. Answers live as long as the transaction. */
#define TD_SQL(tx, rows, sql, ...) td_db_run((tx)->store->db, (tx)->arena, rows, (tx)->err, sql, __VA_ARGS__)

#define TD_JOB_COLUMN(name) ", " #name
#define TD_JOB_COLUMNS      "id" TD_JOB_TEXTS(TD_JOB_COLUMN) TD_JOB_NUMBERS(TD_JOB_COLUMN)

/* Row `row` of an answer whose columns are TD_JOB_COLUMNS; its text is copied into a. */
td_status td_job_read(const td_rows *rows, size_t row, td_arena *a, td_job *out);
/* out->id is NULL when there is no such job, or it is another client's. client NULL: any. */
td_status td_tx_job(td_tx *tx, const char *client, const char *id, td_arena *a, td_job *out);

/* Ends the lease of j, which was read in this transaction, where `land` says; posts the events of the state reached. */
td_status td_tx_leave(td_tx *tx, td_job *j, const td_ending *e, const td_landing *land);
/* The same for a lease whose holder is gone. */
td_status td_tx_crash(td_tx *tx, td_job *j, const char *why);

/* Before work becomes ready: a client that had none gets no credit for the time it was away. */
td_status td_tx_wake_client(td_tx *tx, const char *client);

/* Outbox rows for the state j has just reached: webhooks, and PUTs of the artefacts when it is done. */
td_status td_tx_announce(td_tx *tx, const td_job *j);

#endif
