/* engine/base/pool.h - the one thread pool of a process.
 *
 * Work is a list of independent tasks; who runs which task never changes a result. Denormals are off in every task. */
#ifndef TD_BASE_POOL_H
#define TD_BASE_POOL_H

#include "engine/base/error.h"

typedef struct td_pool td_pool;

/* threads counts the caller too: 1 makes no thread at all, 0 takes one for each processor. */
td_status td_pool_new(unsigned threads, td_pool **out);
void td_pool_free(td_pool *p); /* NULL is welcome */
/* Once *stop is not 0, runs begin no further task and return TD_STOPPED. It is borrowed; NULL: nothing stops them. */
void td_pool_watch(td_pool *p, const volatile int *stop);
bool td_pool_stopped(const td_pool *p);
unsigned td_pool_threads(const td_pool *p);

typedef td_status (*td_task)(void *shared, size_t index, td_error *err);

/* Runs task(shared, 0..n-1, err), the caller helping, and returns when all have ended. Returns the status (and error)
 * of the lowest index that failed; later tasks may then have been skipped. A task may run tasks of its own: threads
 * that have nothing else to do help with them. Without a pool the caller does all of it. */
td_status td_pool_run(td_pool *p, size_t n, td_task task, void *shared, td_error *err);

#endif
