/* jobs/http/http.h - a small HTTP server: a table of routes, each one function from a request to a reply.
 *
 * Over libmicrohttpd; nothing above this file knows of it. Handlers run on a few threads of the server and must not
 * wait long. What they allocate lives in the request's arena. */
#ifndef TD_JOBS_HTTP_HTTP_H
#define TD_JOBS_HTTP_HTTP_H

#include "engine/base/base.h"
#include <sys/types.h>

typedef struct td_http td_http;

#define TD_HTTP_PARTS   4
#define TD_HTTP_HEADERS 8

typedef struct td_http_request {
    const char *id; /* of this request, for logs: "req_..." */
    const char *method, *path;
    const char *part[TD_HTTP_PARTS]; /* what stood in place of each {} of the route, decoded */
    const char *peer;                /* "127.0.0.1" */
    const char *body;                /* NUL-terminated; NULL for routes with `spool` */
    size_t length;                   /* of the body, also when it was spooled */
    const char *spooled;             /* the file it was written to, which the handler renames, or it is removed */
    char sha256[TD_SHA256_HEX];      /* of a spooled body */
    td_arena *arena;
    size_t body_limit;  /* the route's; 0: no route */
    void *user;         /* the server's */
    const void *caller; /* what `admit` found out about who asks */
    void *connection;
} td_http_request;

const char *td_http_header(const td_http_request *r, const char *name); /* NULL: not sent */
const char *td_http_query(const td_http_request *r, const char *name);
/* A parameter that is not among `known`, as a route lists them; NULL: there is none. */
const char *td_http_query_unknown(const td_http_request *r, const char *known);
/* The first parameter whose name begins with prefix; *name is the rest of its name. */
const char *td_http_query_prefix(const td_http_request *r, const char *prefix, const char **name);

typedef struct td_http_reply {
    unsigned status; /* 200 unless set */
    const char *type;
    const char *body; /* or a file: */
    size_t length;
    int fd; /* -1; else sent whole or by the range asked for, and closed by the server */
    int64_t fd_bytes;
    struct {
        const char *name, *value;
    } header[TD_HTTP_HEADERS];
    size_t n_headers;
} td_http_reply;

void td_http_add_header(td_http_reply *p, const char *name, const char *value);

typedef struct td_http_route {
    const char *method;  /* "GET" answers HEAD too */
    const char *pattern; /* "/v1/jobs/{}/outputs/{}"; a final "{*}" takes the rest, slashes included */
    unsigned tag;        /* the caller's: which right it needs */
    size_t body_limit;   /* 0: no body is taken */
    bool spool;          /* the body goes to a file */
    void (*handle)(const td_http_request *r, td_http_reply *p);
    const char *help;  /* for the manual */
    const char *query; /* the parameters it knows, a blank between; "tag." begins any; NULL: none */
} td_http_route;

typedef struct td_http_config {
    const char *listen;          /* HOST:PORT, [V6]:PORT; port 0 takes a free one */
    const td_http_route *routes; /* ends with a NULL pattern */
    /* Before the body is read: false has filled the reply (401, 403, 429). NULL: everyone is let in. */
    bool (*admit)(td_http_request *r, const td_http_route *route, td_http_reply *p);
    /* Fills the reply for what no route answers: 404, 405, 413. */
    void (*refuse)(const td_http_request *r, unsigned status, td_http_reply *p);
    const char *spool_folder; /* where spooled bodies go; NULL when no route spools */
    void *user;
} td_http_config;

/* The routes and strings of config are borrowed until td_http_stop. TD_BUSY: the address is taken. TD_ARG. */
td_status td_http_start(const td_http_config *config, td_http **out, td_error *err);
void td_http_stop(td_http *h);                 /* lets answers under way end; NULL is welcome */
const char *td_http_address(const td_http *h); /* "127.0.0.1:8750", with the port it really has */

#endif
