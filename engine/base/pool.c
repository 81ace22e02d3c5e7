#include "engine/base/pool.h"

#include "engine/base/maths.h"
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct td_pool {
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    pthread_t *thread;
    unsigned n_threads;
    bool quit;
    const volatile int *stop; /* NULL: nobody can */
    /* the run under way */
    unsigned long run; /* counts runs, so that a sleeper sees a new one */
    td_task task;
    void *shared;
    size_t next, end, working;
    size_t failed_at;
    td_error failed;
};

static td_status run_task(td_pool *p, size_t i, td_error *err)
{
    if (td_pool_stopped(p)) return td_fail(err, TD_STOPPED, NULL, NULL, "stopped");
    return p->task(p->shared, i, err);
}

/* Takes tasks until none is left; called with the lock held. */
static void work(td_pool *p)
{
    while (p->next < p->end) {
        size_t i = p->next++;
        p->working++;
        pthread_mutex_unlock(&p->lock);
        td_error err = { 0 };
        td_status st = run_task(p, i, &err);
        pthread_mutex_lock(&p->lock);
        p->working--;
        if (st && (p->failed.status == TD_OK || i < p->failed_at)) {
            p->failed = err;
            p->failed.status = st;
            p->failed_at = i;
            p->next = p->end;
        }
    }
}

static void *sleeper(void *arg)
{
    td_pool *p = arg;
    td_denormals_off();
    pthread_mutex_lock(&p->lock);
    for (unsigned long seen = 0; !p->quit;) {
        if (p->run == seen) {
            pthread_cond_wait(&p->wake, &p->lock);
            continue;
        }
        seen = p->run;
        work(p);
        if (!p->working && p->next >= p->end) pthread_cond_broadcast(&p->done);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

td_status td_pool_new(unsigned threads, td_pool **out)
{
    *out = NULL;
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    if (!threads) threads = online > 0 ? (unsigned)online : 1;
    if (threads > 256) threads = 256;
    td_pool *p = calloc(1, sizeof *p);
    if (!p) return TD_NOMEM;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    pthread_cond_init(&p->done, NULL);
    p->thread = calloc(threads, sizeof *p->thread);
    if (!p->thread) {
        td_pool_free(p);
        return TD_NOMEM;
    }
    /* a thread that cannot be made is a thread less, not a failure: the caller works too */
    while (p->n_threads + 1 < threads && pthread_create(&p->thread[p->n_threads], NULL, sleeper, p) == 0)
        p->n_threads++;
    *out = p;
    return TD_OK;
}

void td_pool_free(td_pool *p)
{
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    p->quit = true;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->n_threads; i++) pthread_join(p->thread[i], NULL);
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p->thread);
    free(p);
}

void td_pool_watch(td_pool *p, const volatile int *stop)
{
    p->stop = stop;
}

bool td_pool_stopped(const td_pool *p)
{
    return p->stop && *p->stop;
}

unsigned td_pool_threads(const td_pool *p)
{
    return p->n_threads + 1;
}

td_status td_pool_run(td_pool *p, size_t n, td_task task, void *shared, td_error *err)
{
    unsigned before = td_denormals_off();
    pthread_mutex_lock(&p->lock);
    p->task = task;
    p->shared = shared;
    p->next = 0;
    p->end = n;
    p->failed = (td_error){ 0 };
    p->run++;
    pthread_cond_broadcast(&p->wake);
    work(p);
    while (p->working) pthread_cond_wait(&p->done, &p->lock);
    td_error failed = p->failed;
    pthread_mutex_unlock(&p->lock);
    td_denormals_restore(before);
    if (failed.status && err) *err = failed;
    return failed.status;
}
