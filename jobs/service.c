#include "jobs/jobs.h"

#include "jobs/confine.h"
#include "jobs/crew.h"
#include "jobs/http/api.h"
#include "jobs/log.h"
#include <curl/curl.h>
#include <limits.h>
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
    td_arena *arena;
    const char **root; /* the options' folders by their whole paths */
    const char *recipes;
    const char *readable[64]; /* by children; ends with NULL */
    size_t n_readable;
    char url[320]; /* public_url, or the address listened on */
} service;

/* ---- opening and closing ----------------------------------------------------------------------------------------- */

/* Children work in folders of their own, and paths of jobs are whole ones: so are ours. */
static td_status whole_path(const service *s, const char *path, const char **out, td_error *err)
{
    char whole[PATH_MAX];
    if (!realpath(path, whole) || !td_is_folder(whole)) return td_fail(err, TD_ARG, path, NULL, "is no folder");
    *out = td_arena_strdup(s->arena, whole);
    return *out ? TD_OK : TD_NOMEM;
}

static td_status name_folders(service *s, td_error *err)
{
    const td_service_options *o = s->options;
    s->root = td_arena_array(s->arena, o->n_file_roots + 1, sizeof *s->root);
    td_status st = !s->root ? TD_NOMEM : o->recipes ? whole_path(s, o->recipes, &s->recipes, err) : TD_OK;
    for (size_t i = 0; !st && i < o->n_file_roots; i++) st = whole_path(s, o->file_root[i], &s->root[i], err);
    return st;
}

static td_status open_home(service *s, td_error *err)
{
    const td_service_options *o = s->options;
    char path[1200];
    umask(0077);
    td_status st = td_home_open(o->data ? o->data : TD_DEFAULT_DATA, &s->home, err);
    td_home_path(&s->home, path, sizeof path, "queue.db");
    if (!st) st = td_store_open(path, s->url, NULL, &s->store, err);
    if (!st) st = td_home_admit(&s->home, s->store, err);
    return st ? st : name_folders(s, err);
}

static td_status add_readable(service *s, const char *path, size_t length)
{
    for (size_t i = 0; i < s->n_readable; i++)
        if (strlen(s->readable[i]) == length && !memcmp(s->readable[i], path, length)) return TD_OK;
    if (s->n_readable + 1 == sizeof s->readable / sizeof s->readable[0]) return TD_OK; /* more than any service has */
    s->readable[s->n_readable] = td_arena_strndup(s->arena, path, length);
    return s->readable[s->n_readable] && ++s->n_readable ? TD_OK : TD_NOMEM;
}

/* What a child reads beside its own folder: this program, and the folders recipes are found in. */
static td_status name_readable(service *s)
{
    static const char program[] = "/proc/self/exe"; /* the one that runs, also after another took its name */
    const td_library_entry *e;
    td_status st = add_readable(s, program, sizeof program - 1);
    size_t n = td_library_entries(s->library, &e);
    for (size_t i = 0; !st && i < n; i++) st = add_readable(s, e[i].path, (size_t)(td_basename(e[i].path) - e[i].path));
    if (!td_confine_files())
        td_tell(.level = TD_LOG_WARN, .msg = "this kernel has no Landlock: children can read what the service can");
    return st;
}

static td_status start_crew(service *s, unsigned workers, td_error *err)
{
    const td_service_options *o = s->options;
    td_status named = o->child_program || !workers ? TD_OK : name_readable(s);
    if (named) return named;
    s->crew_config = (td_crew_config){ .store = s->store,
                                       .home = &s->home,
                                       .net = { .allow_private = o->allow_private },
                                       .roots = { s->root, o->n_file_roots },
                                       .recipes = s->recipes,
                                       .child_program = o->child_program,
                                       .child_memory_bytes = CHILD_MEMORY,
                                       .child_readable = o->child_program ? NULL : s->readable,
                                       .workers = workers,
                                       .posters = POSTERS };
    td_status st = workers ? td_home_take_slot(&s->home, err) : TD_OK;
    return st ? st : td_crew_start(&s->crew_config, &s->crew, err);
}

static td_status start_api(service *s, td_error *err)
{
    const td_service_options *o = s->options;
    s->api.store = s->store;
    s->api.rules = (td_spec_rules){
        .net = &s->crew_config.net, .roots = &s->crew_config.roots, .home = &s->home, .library = s->library
    };
    td_status st = td_api_start(&s->api, o->listen ? o->listen : TD_DEFAULT_LISTEN, &s->http, err);
    /* only now is the port known; the first event comes later, with the crew */
    if (!st && !o->public_url) snprintf(s->url, sizeof s->url, "http://%s", td_http_address(s->http));
    return st;
}

static void close_all(service *s)
{
    td_http_stop(s->http);
    td_crew_stop(s->crew);
    td_library_free(s->library);
    td_store_close(s->store);
    td_home_close(&s->home);
    td_arena_free(s->arena);
}

/* ---- until the signal -------------------------------------------------------------------------------------------- */

/* Every thread inherits the mask, so signals wait for whoever asks for them. */
static void hold_signals(sigset_t *set, sigset_t *before)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    pthread_sigmask(SIG_BLOCK, set, before);
    signal(SIGPIPE, SIG_IGN); /* a peer that hangs up is an error of that request alone */
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
        printf("listening on http://%s  api /v1, probes /healthz /readyz\nqueue %s/queue.db   objects %s/objects   "
               "workers %u%s\n"
               "key   %s/api-key\n",
               td_http_address(s->http), s->home.dir, s->home.dir, s->crew_config.workers,
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
    s->arena = td_arena_new();
    s->options = o;
    s->home.slot_fd = -1;
    if (o->public_url) snprintf(s->url, sizeof s->url, "%.300s", o->public_url);
    td_api_init(&s->api);
    hold_signals(&set, &before);
    mode_t mask = umask(0077);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    td_status st = s->arena ? open_home(s, err) : TD_NOMEM;
    if (!st) st = td_library_open(s->recipes, &s->library, err);
    if (!st && http) st = start_api(s, err);
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
