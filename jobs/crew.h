/* jobs/crew.h - the threads of one process that run jobs and deliver results, and how they stop.
 *
 *   worker threads   claim, gather, run the child, publish, end        crew.c, run.c
 *   one keeper       renews every lease, rescues, promotes, sweeps     crew.c, sweep.c
 *   posters          PUTs and webhooks, apart from the workers         post.c */
#ifndef TD_JOBS_CREW_H
#define TD_JOBS_CREW_H

#include "jobs/files.h"
#include "jobs/home.h"
#include "jobs/net/net.h"
#include <pthread.h>
#include <stdatomic.h>

typedef struct td_crew_config {
    td_store *store;
    const td_home *home; /* with its slot taken when there are workers */
    td_net_policy net;
    td_roots roots;
    const char *recipes;       /* handed to children as --recipes; NULL */
    const char *child_program; /* NULL: this program */
    int64_t child_memory_bytes;
    const char *const *child_readable; /* what a caged child may read beside its folder; NULL: children are not caged */
    unsigned workers, posters;
} td_crew_config;

typedef struct td_crew td_crew;

/* A job under way, as its worker tells it and the keeper reads it. */
typedef struct td_run {
    pthread_mutex_t lock;
    bool active, changed;
    char job[TD_ID_SIZE], stage[24];
    int64_t fence, progress, renewed_ms;
    atomic_bool cancelled, lost, returned; /* reasons to stop */
} td_run;

typedef enum td_shift { TD_SHIFT_WORK, TD_SHIFT_DRAIN, TD_SHIFT_OVER } td_shift;

struct td_crew {
    td_crew_config config;
    atomic_int shift; /* td_shift */
    td_run *run;      /* one a worker */
    pthread_t *thread;
    size_t n_threads;
    atomic_uint next_run, busy;
    bool disk_short; /* the keeper has said so */
};

td_status td_crew_start(const td_crew_config *config, td_crew **out, td_error *err);
/* Nothing new is begun. Running jobs go on. */
void td_crew_drain(td_crew *c);
unsigned td_crew_busy(const td_crew *c); /* jobs that run now */
/* Kills the children, hands their leases back, waits for every thread and frees. NULL is welcome. */
void td_crew_stop(td_crew *c);

/* ---- what the parts share ---------------------------------------------------------------------------------------- */

bool td_run_stop(void *run); /* a reason to stop is there */
void td_run_tell(td_run *r, const char *stage, double fraction);
/* One claimed job from its claim to its end. */
void td_run_job(td_crew *c, td_run *r, const td_job *j);
void *td_poster(void *crew);
/* Removes scratch folders and results that no job names. */
void td_sweep(const td_crew *c);

#endif
