#include "jobs/crew.h"

#include "jobs/child.h"
#include "jobs/intake.h"
#include "jobs/log.h"
#include "jobs/results.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIMIT_MIN_MS    300000
#define LIMIT_PER_AUDIO 4
#define STEMS_EXTRA     8     /* so many stems more take the time of a mix once more */
#define SLOWEST_BYTES_S 88200 /* mono, 16 bit, 44.1 kHz: how long the song is taken to be until the child tells it */
#define DISK_FACTOR     5     /* what a job needs beside its stems: decoded audio, premix, results */

/* One attempt. */
typedef struct attempt {
    td_crew *crew;
    td_run *run;
    const td_job *job;
    td_arena *arena;
    char base[1200], fetched[1240], folder[1240], out[1260], log[1260];
    int lock_fd;
    td_intake_facts facts;
    td_results results;
    td_ending ending;
    td_confine cage;
    td_error err;
} attempt;

/* ---- how it ends ------------------------------------------------------------------------------------------------- */

static void set_ending(attempt *a, td_end_kind kind, const char *code, const char *text)
{
    a->ending.kind = kind;
    a->ending.code = td_arena_strdup(a->arena, code);
    a->ending.text = td_arena_strdup(a->arena, text);
}

/* A step of our own failed with a->err. */
static void end_by_status(attempt *a, td_status st, const char *step)
{
    char text[1400];
    if (a->err.what[0])
        td_error_text(&a->err, text, sizeof text);
    else
        snprintf(text, sizeof text, "%s: %s", step, td_status_name(st));
    set_ending(a, td_status_retry(st) ? TD_END_TRANSIENT : TD_END_PERMANENT, step, text);
}

static void end_by_child(attempt *a, const td_child_end *c)
{
    char text[128];
    if (c->timed_out) {
        set_ending(a, TD_END_TIMEOUT, "timeout", "the mix took longer than this job may take");
    } else if (c->signal) {
        snprintf(text, sizeof text, "the mixing process ended by signal %d", c->signal);
        set_ending(a, TD_END_CRASH, "crash", text);
    } else {
        const char *code = c->reason[0] ? c->reason : "mix";
        snprintf(text, sizeof text, "the mixing process ended with code %d", c->code);
        td_end_kind kind = c->code == td_status_exit(TD_INPUT) && !strcmp(code, td_status_name(TD_INPUT)) ? TD_END_HELD
                           : c->code == 69 || c->code == 75 || c->code >= 128 ? TD_END_TRANSIENT
                                                                              : TD_END_PERMANENT;
        set_ending(a, kind, code, c->text[0] ? c->text : text);
        a->ending.result = td_arena_strdup(a->arena, c->refusal);
    }
}

/* ---- the steps --------------------------------------------------------------------------------------------------- */

static void tell_fetching(void *user, double fraction)
{
    td_run_tell(user, "fetching", fraction);
}

static void tell_child(void *user, const char *stage, double fraction, const char *mix)
{
    (void)mix;
    td_run_tell(user, stage, fraction);
}

/* The job's folder is locked: a worker that lost its lease but does not know yet must not share it. */
static td_status open_folder(attempt *a)
{
    const td_home *h = a->crew->config.home;
    char lock[1300];
    td_home_path(h, a->base, sizeof a->base, "scratch/%s", a->job->id);
    snprintf(a->fetched, sizeof a->fetched, "%s/fetched", a->base);
    snprintf(a->folder, sizeof a->folder, "%s/%lld", a->base, (long long)a->job->fence);
    snprintf(a->out, sizeof a->out, "%s/out", a->folder);
    snprintf(a->log, sizeof a->log, "%s/log", a->folder);
    snprintf(lock, sizeof lock, "%s/lock", a->base);
    td_status st = td_folder_make(a->fetched, &a->err);
    if (st) return st;
    a->lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (a->lock_fd < 0 || flock(a->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return td_fail(&a->err, TD_BUSY, a->job->id, NULL, "another worker still has the job's folder");
    td_tree_remove(a->folder);
    return td_folder_make(a->out, &a->err);
}

static bool gather(attempt *a)
{
    const td_crew_config *c = &a->crew->config;
    td_intake in = { .job = a->job,
                     .net = &c->net,
                     .roots = &c->roots,
                     .fetched = a->fetched,
                     .folder = a->folder,
                     .progress = tell_fetching,
                     .stop = td_run_stop,
                     .user = a->run };
    td_status st = open_folder(a);
    if (!st) st = td_intake_run(&in, &a->facts, &a->err);
    a->ending.bytes_in = a->facts.bytes;
    a->ending.retry_after_s = a->facts.retry_after_s;
    if (!st) st = td_store_needs(c->store, a->job->id, a->job->fence, a->facts.as_pcm * DISK_FACTOR, &a->err);
    if (st) end_by_status(a, st, "fetch");
    return st == TD_OK;
}

/* Jobs with files of this machine may have recipes there as well, and those recipes others. */
static td_status build_cage(attempt *a)
{
    const td_crew_config *c = &a->crew->config;
    size_t n = 0, roots = a->job->local_files ? c->roots.n : 0;
    while (c->child_readable[n]) n++;
    const char **readable = td_arena_array(a->arena, n + roots + 1, sizeof *readable);
    if (!readable) return TD_NOMEM;
    memcpy(readable, c->child_readable, n * sizeof *readable);
    if (roots) memcpy(readable + n, c->roots.root, roots * sizeof *readable);
    return td_confine_init(&a->cage, a->folder, readable, &a->err);
}

static td_status run_child(attempt *a, td_child_end *end)
{
    const td_crew_config *c = &a->crew->config;
    char threads[24];
    long processors = sysconf(_SC_NPROCESSORS_ONLN), share = processors / (long)c->workers;
    snprintf(threads, sizeof threads, "%ld", share > 1 ? share : 1);
    const char *const fixed[] = {
        "mix", "--job", "job.yaml", "--json", "-o", "out", "--no-cache", "--threads", threads
    };
    enum { FIXED = sizeof fixed / sizeof fixed[0] };
    const char *argv[FIXED + 2 + 2 * TD_SPEC_ROLES + 1], **role = td_spec_roles(a->job->spec, a->arena);
    size_t n = FIXED;
    memcpy(argv, fixed, sizeof fixed);
    if (c->recipes) argv[n++] = "--recipes", argv[n++] = c->recipes;
    for (size_t i = 0; role && role[i] && i < TD_SPEC_ROLES; i++) argv[n++] = "--role", argv[n++] = role[i];
    argv[n] = NULL;
    if (!role) return td_no_memory(&a->err);
    int64_t times = a->job->mixes * LIMIT_PER_AUDIO * (1 + (int64_t)a->facts.files / STEMS_EXTRA);
    int64_t audio_ms = a->facts.largest_as_pcm * 1000 / SLOWEST_BYTES_S * times;
    td_child child = { .program = c->child_program,
                       .argv = argv,
                       .folder = a->folder,
                       .log = a->log,
                       .limit_ms = audio_ms > LIMIT_MIN_MS ? audio_ms : LIMIT_MIN_MS,
                       .limit_ms_per_s = 1000 * times,
                       .memory_bytes = c->child_memory_bytes,
                       .progress = tell_child,
                       .stop = td_run_stop,
                       .user = a->run };
    if (!c->child_readable) return td_child_run(&child, end, &a->err);
    td_status st = build_cage(a);
    if (st) return st;
    child.cage = &a->cage;
    st = td_child_run(&child, end, &a->err);
    td_confine_fini(&a->cage);
    return st;
}

static bool mix(attempt *a)
{
    td_child_end end = { .code = -1 };
    td_run_tell(a->run, "checking", 0);
    td_status st = run_child(a, &end);
    if (st) {
        free(end.refusal);
        end_by_status(a, st, "mix");
        return false;
    }
    td_results_unplace(end.text, a->folder);
    bool good =
        !end.stopped && !end.timed_out && !end.signal && (end.code == 0 || end.code == td_status_exit(TD_PARTIAL));
    if (!good) end_by_child(a, &end);
    if (good && end.code) set_ending(a, TD_END_DONE, td_status_name(TD_PARTIAL), end.text); /* results, and a problem */
    free(end.refusal);
    return good;
}

static bool publish(attempt *a)
{
    td_run_tell(a->run, "publishing", 0);
    td_status st = td_results_publish(a->crew->config.home, a->job->client_id, a->job->id, a->out, td_run_stop, a->run,
                                      a->arena, &a->results, &a->err);
    if (st) {
        end_by_status(a, st, "publish");
        return false;
    }
    a->ending.kind = TD_END_DONE;
    a->ending.result = a->results.json;
    a->ending.artefact = a->results.artefact;
    a->ending.n_artefacts = a->results.n;
    return true;
}

/* ---- one job ----------------------------------------------------------------------------------------------------- */

static void log_end(const attempt *a, td_job_state to, int64_t began_ms)
{
    const td_ending *e = &a->ending;
    bool wanted = to == TD_JOB_CANCELLED, good = wanted || e->kind == TD_END_DONE || e->kind == TD_END_RETURNED;
    td_tell(.level = good ? TD_LOG_INFO : TD_LOG_WARN, .msg = td_job_state_word(to), .job = a->job->id,
            .worker = a->job->worker_id, .code = wanted ? NULL : e->code, .detail = wanted ? NULL : e->text,
            .fence = a->job->fence, .attempt = a->job->attempt, .duration_ms = td_steady_ms() - began_ms);
}

/* The answer of the queue counts: a lease lost means that nothing was recorded, and someone else does or did the job.
 */
static void finish(attempt *a, int64_t began_ms)
{
    enum { TRIES = 5 };
    td_job_state to = TD_JOB_LEASED;
    td_status st = TD_STOPPED;
    if (atomic_load(&a->run->returned) && a->ending.kind != TD_END_DONE)
        set_ending(a, TD_END_RETURNED, "returned", "handed back: the service stops");
    for (int i = 0; i < TRIES && !atomic_load(&a->run->lost); i++) {
        st = td_store_end(a->crew->config.store, a->job->id, a->job->fence, &a->ending, &to, &a->err);
        if (st == TD_OK || st == TD_STOPPED) break;
        usleep(500000); /* the disk or the lock may heal; if not, the lease runs out */
    }
    if (st)
        td_tell(.level = TD_LOG_WARN, .msg = "fenced", .job = a->job->id, .worker = a->job->worker_id,
                .fence = a->job->fence, .detail = "the lease was lost; nothing was recorded");
    else
        log_end(a, to, began_ms);
    td_tree_remove(a->folder);
    if (!st && td_job_state_final(to)) td_tree_remove(a->base);
    if (a->lock_fd >= 0) close(a->lock_fd);
}

void td_run_job(td_crew *c, td_run *r, const td_job *j)
{
    attempt a = { .crew = c, .run = r, .job = j, .lock_fd = -1, .arena = td_arena_new() };
    int64_t began_ms = td_steady_ms();
    if (!a.arena) return; /* the lease runs out, and whoever has memory takes the job */
    td_tell(.msg = "started", .job = j->id, .worker = j->worker_id, .fence = j->fence, .attempt = j->attempt,
            .detail = j->title);
    if (gather(&a) && mix(&a)) publish(&a);
    finish(&a, began_ms);
    td_arena_free(a.arena);
}
