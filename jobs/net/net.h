/* jobs/net/net.h - one HTTP request, guarded: what a stranger's address may and may not make us do.
 *
 * Unless the policy allows private addresses: https only, public addresses only (judged on the socket about to be
 * opened, so no spelling and no name server gets around it), ports 443 and 80. Always: no proxy, no .netrc, no user in
 * the address, certificates checked, at most three redirects and none unless asked for, no decompression, no reuse of
 * connections between requests. Threads: any. */
#ifndef TD_JOBS_NET_NET_H
#define TD_JOBS_NET_NET_H

#include "engine/base/base.h"

typedef struct td_net_policy {
    bool allow_private; /* http, private addresses, any port */
} td_net_policy;

typedef struct td_net_answer td_net_answer;

typedef struct td_net_request {
    const char *method; /* "GET", "POST", "PUT" */
    const char *url;
    const char *const *header; /* "Name: value"; sent to the first host only, so without redirects when there are any */
    size_t n_headers;
    unsigned redirects;
    const char *body; /* POST */
    size_t body_length;
    int upload_fd; /* PUT: the file sent, from its beginning; its length goes before it */
    int64_t upload_bytes;
    unsigned timeout_s; /* for the whole; 0: only the limits on standing still */
    /* What came back, a piece at a time, only of answers below 300, whose headers stand in `so_far`; false ends the
     * transfer. NULL: kept in answer.text. */
    bool (*sink)(void *user, const td_net_answer *so_far, const void *data, size_t bytes);
    /* Called about once a second; true ends the transfer. */
    bool (*stop)(void *user, int64_t bytes_moved);
    void *user;
} td_net_request;

struct td_net_answer {
    long status;                      /* 0: none came */
    int64_t retry_after_s;            /* -1: not said */
    int64_t length;                   /* Content-Length; -1 */
    int64_t range_start, range_total; /* of Content-Range; -1 */
    char etag[128];                   /* strong ones only; else "" */
    bool replayed;                    /* Idempotency-Replayed was "true" */
    char *text;                       /* the answer's body without a sink, at most text_limit bytes; free() it */
    size_t text_length;
};

#define TD_NET_TEXT_MAX ((size_t)4 << 20)

/* TD_OK: an answer came, whatever its status. TD_DENIED: the address is refused. TD_REMOTE: not reachable, broken off,
 * too slow. TD_STOPPED: sink or stop said so. TD_ARG: no address. Of text at most text_limit bytes are kept. */
td_status td_net_do(const td_net_policy *p, const td_net_request *r, size_t text_limit, td_net_answer *out,
                    td_error *err);

/* What a status means for trying again: TD_OK (2xx), TD_REMOTE (again later), TD_FAILED (never). */
td_status td_net_judge(long status);

/* What can be said about an address before any packet: scheme, user, host. TD_DENIED, TD_ARG. */
td_status td_net_allowed(const td_net_policy *p, const char *url, td_error *err);

/* An address without its query, which may be a secret (presigned). Returns out. */
const char *td_net_shown(const char *url, char *out, size_t size);
/* The last part of an address' path, percent-decoded, without anything a path must not have; "file" when empty. */
const char *td_net_name(const char *url, char *out, size_t size);
/* All parts of a path, each made so, without those that say nothing ("", ".", ".."): it stays below whatever folder it
 * is put in. Returns out. */
const char *td_net_path(const char *path, char *out, size_t size);
/* s with every byte outside A-Za-z0-9-._~ percent-encoded, in the arena. */
char *td_net_escape(td_arena *a, const char *s);

#endif
