#include "jobs/jobs.h"

#include "jobs/api.h"
#include "jobs/crew.h"
#include "jobs/log.h"
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DRAIN_GRACE_S 300
#define POSTERS       8
#define CHILD_MEMORY  (8LL << 30)

/* One process of the service, with or without its HTTP side. */
typedef struct service {
    const td_service_options *options;
    td_home home;
    td_store *store;
    td_library *library;
    td_crew_config crew_config;
    td_crew *crew;
    td_api api;
    td_http *http;
    char public_url[320];
} service;

/* ---- opening and closing ------------------------------------------------------------------------------------------
 */

static td_status open_home(service *s, td_error *err)
{
    const td_service_options *o = s->options;
    char path[1200];
    umask(0077);
    td_status st = td_home_open(o->data ? o->data : TD_DEFAULT_DATA, &s->home, err);
    td_home_path(&s->home, path, sizeof path, "queue.db");
    if (!st) st = td_store_open(path, s->public_url, NULL, &s->store, err);
    if (!st) st = td_home_admit(&s->home, s->store, err);
    for (size_t i = 0; !st && i < o->n_file_roots; i++)
        if (o->file_root[i][0] != '/' || !td_is_folder(o->file_root[i]))
            st = td_fail(err, TD_ARG, o->file_root[i], "name a folder by its whole path",
                         "is no folder to read files from");
    return st;
}

static td_status start_crew(service *s, unsigned workers, td_error *err)
{
    const td_service_options *o = s->options;
    s->crew_config = (td_crew_config){
        .store = s->store,
        .home = &s->home,
        .net = {.allow_private = o->allow_private},
        .roots = { o->file_root,                  o->n_file_roots },
        .recipes = o->recipes,
        .child_program = o->child_program,
        .child_memory_bytes = CHILD_MEMORY,
        .workers = workers,
        .posters = POSTERS
    };
    td_status st = workers ? td_home_take_slot(&s->home, err) : TD_OK;
    return st ? st : td_crew_start(&s->crew_config, &s->crew, err);
}

static td_status start_api(service *s, td_error *err)
{
    const td_service_options *o = s->options;
    td_status st = td_library_open(o->recipes, &s->library, err);
    s->api.store = s->store;
    s->api.rules = (td_spec_rules){
        .net = &s->crew_config.net, .roots = &s->crew_config.roots, .home = &s->home, .library = s->library
    };
    return st ? st : td_api_start(&s->api, o->listen ? o->listen : TD_DEFAULT_LISTEN, &s->http, err);
}

static void close_all(service *s)
{
    td_http_stop(s->http);
    td_crew_stop(s->crew);
    td_library_free(s->library);
    td_store_close(s->store);
    td_home_close(&s->home);
}

/* ---- until the signal ---------------------------------------------------------------------------------------------
 */

/* Every thread inherits the mask, so signals wait for whoever asks for them. */
static void hold_signals(sigset_t *set, sigset_t *before)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    pthread_sigmask(SIG_BLOCK, set, before);
}

/* The first signal lets running jobs end, the second hands them back at once. */
static void serve_until_told(service *s, const sigset_t *set)
{
    int sig;
    unsigned grace_s = s->options->drain_grace_s ? s->options->drain_grace_s : DRAIN_GRACE_S;
    sigwait(set, &sig);
    atomic_store(&s->api.draining, true);
    td_crew_drain(s->crew);
    td_tell(.msg = "draining", .detail = "running jobs may end; a second signal hands them back at once");
    int64_t until_ms = td_steady_ms() + (int64_t)grace_s * 1000;
    while (td_crew_busy(s->crew) && td_steady_ms() < until_ms) {
        const struct timespec wait = { .tv_nsec = 200000000 };
        if (sigtimedwait(set, NULL, &wait) > 0) break;
    }
    td_tell(.msg = "stopping");
}

static void announce(const service *s, bool http)
{
    if (http)
        printf(
            "listening on %s  api /v1, probes /healthz /readyz\nqueue %s/queue.db   objects %s/objects   workers %u%s\n"
            "key   %s/api-key\n",
            s->public_url, s->home.dir, s->home.dir, s->crew_config.workers,
            s->crew_config.workers ? "" : " (start 'topdown work' or use --work 2)", s->home.dir);
    else
        printf("worker %s ready: %u at once, scratch %s/scratch (%lld MiB free)\n", s->home.worker_id,
               s->crew_config.workers, s->home.dir, (long long)(td_home_free(&s->home) >> 20));
    fflush(stdout);
}

static td_status run(const td_service_options *o, unsigned workers, bool http, td_error *err)
{
    service *s = calloc(1, sizeof *s);
    sigset_t set, before;
    if (!s) return TD_NOMEM;
    s->options = o;
    s->home.slot_fd = -1;
    td_api_init(&s->api);
    hold_signals(&set, &before);
    mode_t mask = umask(0077);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    td_status st = open_home(s, err);
    /* the crew reads public_url only when a job ends, by when the port is known */
    if (!st && http) st = start_api(s, err);
    if (!st && http) snprintf(s->public_url, sizeof s->public_url, "http://%s", td_http_address(s->http));
    if (!st) st = start_crew(s, workers, err);
    if (!st) {
        announce(s, http);
        serve_until_told(s, &set);
    }
    close_all(s);
    td_api_fini(&s->api);
    free(s);
    curl_global_cleanup();
    umask(mask);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return st;
}

td_status td_serve(const td_service_options *o, td_error *err)
{
    return run(o, o->jobs, true, err);
}

td_status td_work(const td_service_options *o, td_error *err)
{
    return run(o, o->jobs ? o->jobs : 1, false, err);
}
