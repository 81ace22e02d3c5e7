#include "engine/base/pool.h"

#include "engine/base/maths.h"
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* On the stack of who asked for it. */
typedef struct run {
    struct run *newer;
    td_task task;
    void *shared;
    size_t next, end, working;
    size_t failed_at;
    td_error failed;
} run;

struct td_pool {
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    pthread_t *thread;
    unsigned n_threads;
    bool quit;
    const volatile int *stop; /* NULL: nobody can */
    run *oldest;              /* of the runs under way */
};

static td_status run_task(td_pool *p, const run *r, size_t i, td_error *err)
{
    if (td_pool_stopped(p)) return td_fail(err, TD_STOPPED, NULL, NULL, "stopped");
    return r->task(r->shared, i, err);
}

/* Does the next task of a run that has one; called with the lock held. */
static void work(td_pool *p, run *r)
{
    size_t i = r->next++;
    r->working++;
    pthread_mutex_unlock(&p->lock);
    td_error err = { 0 };
    td_status st = run_task(p, r, i, &err);
    pthread_mutex_lock(&p->lock);
    r->working--;
    if (st && (r->failed.status == TD_OK || i < r->failed_at)) {
        r->failed = err;
        r->failed.status = st;
        r->failed_at = i;
        r->next = r->end;
    }
    if (!r->working && r->next >= r->end) pthread_cond_broadcast(&p->done);
}

static run *oldest_open(const td_pool *p)
{
    run *r = p->oldest;
    while (r && r->next >= r->end) r = r->newer;
    return r;
}

static void *sleeper(void *arg)
{
    td_pool *p = arg;
    td_denormals_off();
    pthread_mutex_lock(&p->lock);
    while (!p->quit) {
        run *r = oldest_open(p);
        if (r)
            work(p, r);
        else
            pthread_cond_wait(&p->wake, &p->lock);
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

static td_status run_alone(size_t n, td_task task, void *shared, td_error *err)
{
    unsigned before = td_denormals_off();
    td_status st = TD_OK;
    for (size_t i = 0; !st && i < n; i++) st = task(shared, i, err);
    td_denormals_restore(before);
    return st;
}

td_status td_pool_run(td_pool *p, size_t n, td_task task, void *shared, td_error *err)
{
    if (!p) return run_alone(n, task, shared, err);
    unsigned before = td_denormals_off();
    run own = { .task = task, .shared = shared, .end = n }, **at = &p->oldest;
    pthread_mutex_lock(&p->lock);
    while (*at) at = &(*at)->newer;
    *at = &own;
    pthread_cond_broadcast(&p->wake);
    while (own.next < own.end) work(p, &own);
    while (own.working) pthread_cond_wait(&p->done, &p->lock);
    for (at = &p->oldest; *at != &own;) at = &(*at)->newer;
    *at = own.newer;
    pthread_mutex_unlock(&p->lock);
    td_denormals_restore(before);
    if (own.failed.status && err) *err = own.failed;
    return own.failed.status;
}
