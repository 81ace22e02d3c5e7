/* jobs/http/api.h - the HTTP API: /v1/jobs, /v1/recipes, /v1/deliveries, probes and problem pages. */
#ifndef TD_JOBS_HTTP_API_H
#define TD_JOBS_HTTP_API_H

#include "jobs/http/http.h"
#include "jobs/spec.h"
#include <pthread.h>
#include <stdatomic.h>

#define TD_PEERS 256

typedef struct td_api {
    td_store *store;
    td_spec_rules rules; /* `files` is set for each request by its key */
    atomic_bool draining;
    pthread_mutex_t peers_lock;
    struct {
        char peer[80];
        int64_t since_ms;
        unsigned failures;
    } peer[TD_PEERS]; /* wrong keys by address; a new address takes the oldest place */
    pthread_mutex_t probe_lock;
    int64_t probed_ms; /* when the queue was last written to for a probe; 0: never */
    bool writable;     /* what came of it */
} td_api;

extern const td_http_route td_api_routes[]; /* ends with a NULL pattern; the tag is a scope, 0: for everyone */
const char *td_scope_name(unsigned scope);

void td_api_init(td_api *api);
void td_api_fini(td_api *api);

/* api is the server's user. */
td_status td_api_start(td_api *api, const char *listen, td_http **out, td_error *err);

#endif
