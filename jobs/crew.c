#include "jobs/crew.h"

#include "jobs/log.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POLL_MS           2000
#define PROGRESS_MS       2000
#define LEASE_PATIENCE_MS 45000 /* without a renewal for so long, the lease may be someone else's soon */
#define KEEP_MS           5000
#define SWEEP_MS          3600000

/* ---- a run, seen from both sides --------------------------------------------------------------------------------- */

bool td_run_stop(void *user)
{
    td_run *r = user;
    return atomic_load(&r->cancelled) || atomic_load(&r->lost) || atomic_load(&r->returned);
}

void td_run_tell(td_run *r, const char *stage, double fraction)
{
    double progress = td_stage_progress(stage, fraction);
    if (progress < 0) return;
    int64_t thousandths = (int64_t)(progress * 1000);
    pthread_mutex_lock(&r->lock);
    bool fresh = strcmp(r->stage, stage) != 0;
    if (fresh) snprintf(r->stage, sizeof r->stage, "%s", stage);
    if (thousandths > r->progress) r->progress = thousandths; /* a second mix goes through the stages again */
    r->changed = true;
    pthread_mutex_unlock(&r->lock);
}

static void begin(td_run *r, const td_job *j)
{
    pthread_mutex_lock(&r->lock);
    snprintf(r->job, sizeof r->job, "%s", j->id);
    snprintf(r->stage, sizeof r->stage, "fetching");
    r->fence = j->fence;
    r->progress = 0;
    r->renewed_ms = td_steady_ms();
    atomic_store(&r->cancelled, false);
    atomic_store(&r->lost, false);
    atomic_store(&r->returned, false);
    r->active = true;
    r->changed = false;
    pthread_mutex_unlock(&r->lock);
}

static void end(td_run *r)
{
    pthread_mutex_lock(&r->lock);
    r->active = false;
    pthread_mutex_unlock(&r->lock);
}

/* ---- the keeper -------------------------------------------------------------------------------------------------- */

/* The lock is not held while the queue is asked: a worker must not wait for a disk to tell how far it is. */
static void renew(td_crew *c, td_run *r)
{
    pthread_mutex_lock(&r->lock);
    td_run seen = { .active = r->active, .fence = r->fence, .progress = r->progress };
    memcpy(seen.job, r->job, sizeof seen.job);
    memcpy(seen.stage, r->stage, sizeof seen.stage);
    int64_t now_ms = td_steady_ms(), since_ms = now_ms - r->renewed_ms;
    bool due = r->active && (since_ms >= TD_HEARTBEAT_MS || (r->changed && since_ms >= PROGRESS_MS));
    if (due) r->changed = false;
    pthread_mutex_unlock(&r->lock);
    if (!due) return;
    bool cancel = false;
    td_error err;
    td_status st = td_store_renew(c->config.store, seen.job, seen.fence, seen.stage, seen.progress, &cancel, &err);
    pthread_mutex_lock(&r->lock);
    if (r->active && r->fence == seen.fence && !strcmp(r->job, seen.job)) {
        if (st == TD_OK) r->renewed_ms = now_ms;
        if (cancel) atomic_store(&r->cancelled, true);
        if (st == TD_STOPPED || (st && since_ms > LEASE_PATIENCE_MS)) atomic_store(&r->lost, true);
    }
    pthread_mutex_unlock(&r->lock);
}

/* Said when it begins and when it ends, not every time a worker finds it so. */
static void watch_disk(td_crew *c)
{
    char text[1600];
    const char *dir = c->config.home->dir;
    td_disk d = td_disk_of(dir);
    const char *why = td_disk_short(&d, dir, 0, text, sizeof text);
    if (why && !c->disk_short) td_tell(.level = TD_LOG_WARN, .msg = "no job is begun", .detail = why);
    if (!why && c->disk_short) td_tell(.msg = "jobs are begun again", .detail = "the disk has room");
    c->disk_short = why != NULL;
}

static void keep(td_crew *c)
{
    td_kept kept;
    td_error err = { 0 };
    char text[1024];
    td_status st = td_store_keep(c->config.store, &kept, &err);
    if (!st && c->config.workers)
        st = td_store_worker_seen(c->config.store, c->config.home->worker_id, atomic_load(&c->shift) != TD_SHIFT_WORK,
                                  &err);
    if (st)
        td_tell(.level = TD_LOG_ERROR, .msg = "the queue cannot be kept",
                .detail = td_error_text(&err, text, sizeof text));
    if (kept.rescued) {
        snprintf(text, sizeof text, "%lld", (long long)kept.rescued);
        td_tell(.level = TD_LOG_WARN, .msg = "leases ran out and were taken back", .detail = text);
    }
    if (kept.repaired)
        td_tell(.level = TD_LOG_ERROR, .msg = "a client's count of running jobs was wrong and is repaired");
}

static void *keeper(void *user)
{
    td_crew *c = user;
    int64_t keep_at_ms = 0, sweep_at_ms = 0;
    while (atomic_load(&c->shift) != TD_SHIFT_OVER || td_crew_busy(c)) {
        int64_t now_ms = td_steady_ms();
        for (unsigned i = 0; i < c->config.workers; i++) renew(c, &c->run[i]);
        if (now_ms >= keep_at_ms) {
            keep(c);
            if (c->config.workers) watch_disk(c);
            keep_at_ms = now_ms + KEEP_MS + (int64_t)(td_jitter() * KEEP_MS / 5);
        }
        if (now_ms >= sweep_at_ms) {
            td_sweep(c);
            sweep_at_ms = now_ms + SWEEP_MS;
        }
        usleep(250000);
    }
    return NULL;
}

/* ---- workers ----------------------------------------------------------------------------------------------------- */

/* True when a job was run. */
static bool work_once(td_crew *c, td_run *r, bool reverse)
{
    td_arena *a = td_arena_new();
    td_job j = { 0 };
    td_error err = { 0 };
    char text[1024];
    int64_t bytes_free = td_home_free(c->config.home);
    td_status st = a ? TD_OK : TD_NOMEM;
    if (!st && bytes_free > 0) /* on a full disk nothing begins; watch_disk() says so */
        st = td_store_claim(c->config.store, c->config.home->worker_id, bytes_free, reverse, a, &j, &err);
    if (st)
        td_tell(.level = TD_LOG_ERROR, .msg = "no job could be claimed",
                .detail = td_error_text(&err, text, sizeof text));
    bool found = !st && j.id;
    if (found) {
        atomic_fetch_add(&c->busy, 1);
        begin(r, &j);
        td_run_job(c, r, &j);
        end(r);
        atomic_fetch_sub(&c->busy, 1);
    }
    td_arena_free(a);
    return found;
}

static void *worker(void *user)
{
    td_crew *c = user;
    td_run *r = &c->run[atomic_fetch_add(&c->next_run, 1)];
    for (unsigned turn = 1; atomic_load(&c->shift) == TD_SHIFT_WORK; turn++)
        if (!work_once(c, r, turn % 8 == 0) && atomic_load(&c->shift) == TD_SHIFT_WORK)
            td_store_wait(c->config.store, POLL_MS + (int64_t)(td_jitter() * POLL_MS / 4));
    return NULL;
}

/* ---- the crew ---------------------------------------------------------------------------------------------------- */

static td_status hire(td_crew *c, void *(*duty)(void *), unsigned n, td_error *err)
{
    for (unsigned i = 0; i < n; i++) {
        if (pthread_create(&c->thread[c->n_threads], NULL, duty, c) != 0)
            return td_fail(err, TD_NOMEM, NULL, NULL, "no thread could be started");
        c->n_threads++;
    }
    return TD_OK;
}

/* What the process that had this name before us left behind is ours to give back. */
static td_status take_over(td_crew *c, td_error *err)
{
    int64_t rescued;
    char text[32];
    if (!c->config.workers) return TD_OK;
    td_status st = td_store_rescue_worker(c->config.store, c->config.home->worker_id, &rescued, err);
    snprintf(text, sizeof text, "%lld", (long long)(st ? 0 : rescued));
    if (!st && rescued)
        td_tell(.level = TD_LOG_WARN, .msg = "jobs of a dead predecessor were taken back",
                .worker = c->config.home->worker_id, .detail = text);
    return st;
}

td_status td_crew_start(const td_crew_config *config, td_crew **out, td_error *err)
{
    *out = NULL;
    td_crew *c = calloc(1, sizeof *c);
    if (!c) return TD_NOMEM;
    c->config = *config;
    c->run = calloc(config->workers + 1, sizeof *c->run);
    c->thread = calloc(config->workers + config->posters + 1, sizeof *c->thread);
    td_status st = c->run && c->thread ? TD_OK : TD_NOMEM;
    for (unsigned i = 0; !st && i < config->workers; i++) pthread_mutex_init(&c->run[i].lock, NULL);
    if (!st) st = take_over(c, err);
    if (!st) st = hire(c, keeper, 1, err);
    if (!st) st = hire(c, worker, config->workers, err);
    if (!st) st = hire(c, td_poster, config->posters, err);
    if (st)
        td_crew_stop(c);
    else
        *out = c;
    return st;
}

void td_crew_drain(td_crew *c)
{
    int work = TD_SHIFT_WORK;
    atomic_compare_exchange_strong(&c->shift, &work, TD_SHIFT_DRAIN);
    td_store_wake(c->config.store);
}

unsigned td_crew_busy(const td_crew *c)
{
    return atomic_load(&((td_crew *)c)->busy);
}

void td_crew_stop(td_crew *c)
{
    if (!c) return;
    atomic_store(&c->shift, TD_SHIFT_OVER);
    for (unsigned i = 0; c->run && i < c->config.workers; i++) atomic_store(&c->run[i].returned, true);
    td_store_wake(c->config.store);
    for (size_t i = 0; i < c->n_threads; i++) pthread_join(c->thread[i], NULL);
    for (unsigned i = 0; c->run && i < c->config.workers; i++) pthread_mutex_destroy(&c->run[i].lock);
    free(c->thread);
    free(c->run);
    free(c);
}
