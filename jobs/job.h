/* jobs/job.h - a job as the queue keeps it: its states, the legal moves between them, and its row.
 *
 *      submit --> waiting --> ready --> leased --> done | failed | cancelled
 *                    ^          ^         |  |
 *                    |          +- return-+  +--> held --> ready
 *                    +---- retry ---------+
 *
 * The README draws it in full; the table below is what the code goes by. */
#ifndef TD_JOBS_JOB_H
#define TD_JOBS_JOB_H

#include "engine/base/base.h"

/* code, word in the queue, word for people and the API, event sent on arrival */
#define TD_JOB_STATE_MAP(X)                                                                    \
    X(WAITING, "waiting", "queued", NULL)         /* until run_at_ms */                        \
    X(READY, "ready", "queued", NULL)             /* whoever claims it first */                \
    X(LEASED, "leased", "running", "job.started") /* a worker's, until lease_until_ms */       \
    X(HELD, "held", "held", "job.held")           /* needs an answer: error_text says which */ \
    X(DONE, "done", "done", "job.done")           /* results are stored and durable */         \
    X(FAILED, "failed", "failed", "job.failed")                                                \
    X(CANCELLED, "cancelled", "cancelled", "job.cancelled")

struct td_job;

typedef enum td_job_state {
#define X(code, word, people, event) TD_JOB_##code,
    TD_JOB_STATE_MAP(X)
#undef X
        TD_JOB_STATES
} td_job_state;

const char *td_job_state_word(td_job_state s);
const char *td_job_state_people(td_job_state s);
const char *td_job_state_event(td_job_state s); /* NULL: none */
td_job_state td_job_state_of(const char *word); /* TD_JOB_STATES: no such word */
bool td_job_state_final(td_job_state s);
/* Whether a job that is not begun yet would miss its deliver_by, were it begun now. */
bool td_job_late(const struct td_job *j, int64_t now_ms);

typedef struct td_move {
    td_job_state from, to;
    const char *name;
} td_move;

extern const td_move td_moves[]; /* ends with a NULL name */
bool td_move_legal(td_job_state from, td_job_state to);

/* The stages of a running job in their order, with the share of the whole that each takes. */
typedef struct td_stage {
    const char *name;
    double from, to;
} td_stage;

extern const td_stage td_stages[]; /* ends with a NULL name */
/* How far the whole job is when `stage` is at `fraction`; -1 for a stage that is none. */
double td_stage_progress(const char *stage, double fraction);

/* A job's row. Text is the arena's it was read into, NULL for NULL. Times are UTC milliseconds, 0 for NULL.
 *   run_at_ms        waiting: when it becomes ready; else when it last did
 *   latest_start_ms  when it must start to be done by its deliver_by; INT64_MAX without one
 *   lease_until_ms   leased: when the lease ends; else 0
 *   started_ms       when its last attempt began
 *   ran_ms           all attempts that have ended, together
 *   progress         thousandths
 *   hooks            JSON: [{ "url", "secret", "events" }];  tags, result: JSON objects */
/* clang-format off */
#define TD_JOB_TEXTS(X)                                                                                       \
    X(parent_id) X(client_id) X(queue) X(idem_key) X(request_sha256) X(spec) X(title) X(tags) X(hooks)        \
    X(deliver_to) X(engine) X(state) X(stage) X(worker_id) X(error_code) X(error_text) X(result)
#define TD_JOB_NUMBERS(X)                                                                                     \
    X(mixes) X(local_files) X(priority) X(cost) X(bytes_needed) X(run_at_ms) X(latest_start_ms) X(attempt)    \
    X(max_attempts) X(crashes) X(fence) X(lease_until_ms) X(cancel_requested) X(progress) X(created_ms)       \
    X(updated_ms) X(started_ms) X(finished_ms) X(ran_ms)
/* clang-format on */

typedef struct td_job {
    const char *id;
#define X(name) const char *name;
    TD_JOB_TEXTS(X)
#undef X
#define X(name) int64_t name;
    TD_JOB_NUMBERS(X)
#undef X
} td_job;

/* ---- how an attempt ends ----------------------------------------------------------------------------------------- */

typedef enum td_end_kind {
    TD_END_DONE,
    TD_END_PERMANENT, /* no retry mends it */
    TD_END_TRANSIENT, /* the other side may heal: again after a while, until the attempts are used up */
    TD_END_TIMEOUT,   /* one retry */
    TD_END_CRASH,     /* the child died of a signal, or the worker with its lease; the third makes it poison */
    TD_END_RETURNED,  /* drain: back unharmed, no attempt spent */
    TD_END_HELD,      /* needs an answer */
} td_end_kind;

typedef struct td_artefact {
    const char *name, *path, *kind, *sha256; /* path below the objects folder */
    int64_t bytes;
} td_artefact;

typedef struct td_ending {
    td_end_kind kind;
    const char *code, *text; /* for people; NULL when done */
    int64_t retry_after_s;   /* what the other side asked for; 0 */
    const char *result;      /* JSON. done: { "session", "mixes", "files" }; held: { "refused", "message", "stems" } */
    const td_artefact *artefact;
    size_t n_artefacts;
    int64_t bytes_in; /* read from outside */
} td_ending;

/* Where an ending leads. */
typedef struct td_landing {
    td_job_state to;
    int64_t wait_ms;           /* before it is ready again; 0: at once */
    int64_t attempts, crashes; /* what is added to the job's counters */
    const char *outcome;       /* word of the attempt's row */
    const char *code;          /* of the job; NULL: the ending's */
} td_landing;

/* The rules of retrying. timeouts: how many attempts of this job timed out before. jitter in [-1, 1) spreads retries.
 */
td_landing td_job_land(const td_job *j, const td_ending *e, int64_t timeouts, double jitter);

/* The k-th delay (from 0) of a schedule, spread by +- spread * jitter, at least what the other side asked for;
 * -1 when the schedule is used up. */
typedef struct td_schedule {
    const int64_t *delay_ms;
    size_t n;
    double spread;
    int64_t most_asked_ms; /* a Retry-After counts up to this */
} td_schedule;

extern const td_schedule td_job_schedule, td_webhook_schedule;
int64_t td_schedule_ms(const td_schedule *s, size_t k, int64_t asked_s, double jitter);

#endif
