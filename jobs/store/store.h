/* jobs/store/store.h - the queue: every promise about jobs is kept by one transaction of this file.
 *
 * A move of a job checks the state it leaves in the statement that changes it. Whoever holds a lease names its fence in
 * everything they write: once the lease is someone else's, nothing of theirs lands.
 *
 * Threads: any; calls follow one another under a lock of the store. Processes: any number of one machine.
 * Arenas:  what is read back lives in the caller's arena. */
#ifndef TD_JOBS_STORE_STORE_H
#define TD_JOBS_STORE_STORE_H

#include "jobs/ids.h"
#include "jobs/job.h"

#define TD_LEASE_MS           60000
#define TD_HEARTBEAT_MS       15000
#define TD_ENDPOINT_IN_FLIGHT 4

typedef struct td_store td_store;

/* public_url stands before "/v1/jobs/..." in events; borrowed, like now, for the store's life. TD_DISK. */
td_status td_store_open(const char *path, const char *public_url, const td_now *now, td_store **out, td_error *err);
void td_store_close(td_store *s); /* NULL is welcome */

/* ---- clients and keys -------------------------------------------------------------------------------------------- */

enum { /* scopes of a key */
       TD_SCOPE_SUBMIT = 1,
       TD_SCOPE_READ = 2,
       TD_SCOPE_CANCEL = 4,
       TD_SCOPE_FILES = 8, /* may name files of the server's file roots */
       TD_SCOPE_ALL = 15,
       TD_SCOPES = 4,
};

typedef struct td_client_limits {
    int64_t weight, max_running, max_queued;
} td_client_limits;

/* Makes the client or changes its limits; NULL: the usual ones, or those it has. */
td_status td_store_client(td_store *s, const char *id, const td_client_limits *limits, td_error *err);

typedef struct td_key {
    const char *id, *client_id, *secret_sha256; /* what is stored of the secret */
    unsigned scopes;
    int64_t created_ms, revoked_ms; /* as read; revoked_ms 0: it is good */
} td_key;

/* Records a key; an id that exists stays as it is. */
td_status td_store_key_add(td_store *s, const td_key *key, td_error *err);
/* The same, and it is the client's only key from now on: all others are revoked. An id that exists takes this secret
 * and these scopes, and is good again. */
td_status td_store_key_only(td_store *s, const td_key *key, td_error *err);
/* *found: there was one of that id, and it was good. */
td_status td_store_key_withdraw(td_store *s, const char *id, bool *found, td_error *err);
/* All keys, by client and age. */
td_status td_store_keys(td_store *s, td_arena *a, td_key **out, size_t *n, td_error *err);

/* *out is zeroed when there is none, or it is revoked. */
td_status td_store_key(td_store *s, const char *id, td_arena *a, td_key *out, td_error *err);

/* ---- jobs -------------------------------------------------------------------------------------------------------- */

typedef struct td_submission {
    const char *client_id, *parent_id, *idem_key; /* idem_key NULL: no other call can mean the same job */
    const char *request_sha256, *spec, *title, *tags, *hooks, *deliver_to;
    const char *const *tag; /* n_tags pairs of key and value, for filters */
    size_t n_tags;
    int64_t mixes, local_files, priority, cost, run_at_ms, latest_start_ms;
} td_submission;

typedef enum td_submitted {
    TD_SUBMIT_CREATED,
    TD_SUBMIT_REPLAYED,  /* the same key and call were here before: *job is that job */
    TD_SUBMIT_DIFFERENT, /* the same key came with another call */
    TD_SUBMIT_FULL,      /* the client's max_queued jobs wait already */
} td_submitted;

/* Only asks: *how is REPLAYED or DIFFERENT when the key was used before, and *job that job; else CREATED. */
td_status td_store_known(td_store *s, const td_submission *b, td_arena *a, td_job *job, td_submitted *how,
                         td_error *err);
td_status td_store_submit(td_store *s, const td_submission *b, td_arena *a, td_job *job, td_submitted *how,
                          td_error *err);

/* job->id is NULL when the client has no such job. client NULL: any client's. */
td_status td_store_job(td_store *s, const char *client, const char *id, td_arena *a, td_job *job, td_error *err);

typedef struct td_job_filter {
    const char *client, *state; /* state: a word for people; NULL: all */
    const char *tag, *tag_value;
    int64_t since_ms;
    const char *after; /* id: only older ones */
    size_t limit;
} td_job_filter;

td_status td_store_jobs(td_store *s, const td_job_filter *f, td_arena *a, td_job **out, size_t *n, td_error *err);

/* The end at once for a job nobody runs; else its worker is told. *to is the state it is in afterwards: CANCELLED,
 * LEASED (the flag is set), or the final state that was faster. job->id NULL: no such job. */
td_status td_store_cancel(td_store *s, const char *client, const char *id, td_arena *a, td_job *job, td_error *err);
/* held -> ready. spec: the job file with what was answered; NULL: as it was. *job is the job afterwards; TD_JOB: it was
 * in another state. */
td_status td_store_release(td_store *s, const char *client, const char *id, const char *spec, td_arena *a, td_job *job,
                           td_error *err);

/* ---- leases ------------------------------------------------------------------------------------------------------ */

/* Claims the fairest job that needs at most bytes_free of disk. job->id is NULL when there is none. One call in eight
 * should pass `reverse`, which walks the queues from the last. */
td_status td_store_claim(td_store *s, const char *worker, int64_t bytes_free, bool reverse, td_arena *a, td_job *job,
                         td_error *err);

/* Prolongs the lease by TD_LEASE_MS and tells how far it is. TD_STOPPED: the lease is lost. stage NULL: unchanged. */
td_status td_store_renew(td_store *s, const char *id, int64_t fence, const char *stage, int64_t progress, bool *cancel,
                         td_error *err);

/* Ends the attempt; *to is where the job went. TD_STOPPED: the lease was lost, nothing changed. */
td_status td_store_end(td_store *s, const char *id, int64_t fence, const td_ending *e, td_job_state *to, td_error *err);

/* A real size is known: jobs that go back to the queue are claimed only where they fit. */
td_status td_store_needs(td_store *s, const char *id, int64_t fence, int64_t bytes, td_error *err);

/* Housekeeping, by every process every few seconds: what waits long enough becomes ready, leases that ran out are taken
 * back, counters are compared with what they count. */
typedef struct td_kept {
    int64_t promoted, rescued, repaired, outbox_rescued;
} td_kept;
td_status td_store_keep(td_store *s, td_kept *kept, td_error *err);

/* The leases of a worker known to be dead, at once. */
td_status td_store_rescue_worker(td_store *s, const char *worker, int64_t *rescued, td_error *err);

td_status td_store_worker_seen(td_store *s, const char *worker, bool draining, td_error *err);

/* Deletes final jobs that ended before `before_ms` and all whose deliveries ended too, at most `most`; *ids, *clients
 * name them. */
td_status td_store_forget(td_store *s, int64_t before_ms, size_t most, td_arena *a, const char ***ids,
                          const char ***clients, size_t *n, td_error *err);

/* Sleeps until work was submitted in this process or timeout_ms passed. */
void td_store_wait(td_store *s, int64_t timeout_ms);
void td_store_wake(td_store *s);

typedef struct td_queue_counts {
    int64_t by_state[TD_JOB_STATES], workers, deliveries;
    int64_t longest_ms; /* that a job waits which waits now, as its own WAITED counts */
} td_queue_counts;
td_status td_store_counts(td_store *s, const char *client, td_queue_counts *out, td_error *err);

/* Writes a row and takes it back: the queue can be written to. */
td_status td_store_probe(td_store *s, td_error *err);

/* ---- results ----------------------------------------------------------------------------------------------------- */

td_status td_store_artefacts(td_store *s, const char *job, td_arena *a, td_artefact **out, size_t *n, td_error *err);

/* ---- outbox: what goes out, each row with a life of its own ------------------------------------------------------ */

typedef struct td_outbox {
    const char *id, *job_id, *kind; /* "put" or "webhook" */
    const char *event;              /* webhook: "job.done"; put: the output's name */
    const char *url, *credential;   /* credential: a name, or NULL */
    const char *body;               /* webhook */
    const char *path, *sha256;      /* put: below the objects folder */
    const char *state, *last_error; /* blocked, ready, leased, sent, dead */
    int64_t bytes, attempt, fence, last_status, next_ms, created_ms, done_ms;
} td_outbox;

td_status td_store_outbox_claim(td_store *s, td_arena *a, td_outbox *out, td_error *err); /* out->id NULL: none due */
td_status td_store_outbox_renew(td_store *s, const td_outbox *o, td_error *err);          /* TD_STOPPED: lost */

typedef enum td_sent {
    TD_SENT_OK,
    TD_SENT_RETRY,
    TD_SENT_DEAD, /* no retry helps */
    TD_SENT_GONE, /* 410: the whole endpoint is done with */
} td_sent;

/* TD_STOPPED: the row's lease was lost. */
td_status td_store_outbox_end(td_store *s, const td_outbox *o, td_sent how, int64_t status, const char *error,
                              int64_t retry_after_s, td_error *err);
/* When the next row is due; INT64_MAX: none. */
td_status td_store_deliveries(td_store *s, const char *client, const char *job, size_t limit, td_arena *a,
                              td_outbox **out, size_t *n, td_error *err);
/* Sends a row again under its id, whatever became of it. *found false: the client has none of that id. */
td_status td_store_outbox_replay(td_store *s, const char *client, const char *id, bool *found, td_error *err);

#endif
