#include "jobs/http/http.h"

#include "jobs/ids.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS              4U
#define HEADERS_S            5U /* for a request's headers: who opens a connection and stays silent holds a place no longer */
#define IDLE_S               30U
#define BODY_MS              60000 /* for a body kept in memory: who drips bytes does not hold a place for ever */
#define CONNECTIONS          1000U
#define CONNECTIONS_PER_PEER 200U

struct td_http {
    td_http_config config;
    struct MHD_Daemon *daemon;
    char address[300];
    unsigned per_peer; /* connections of one address; 0: no limit */
};

/* A request under way, from its first header to its last byte. */
typedef struct exchange {
    td_http *http;
    const td_http_route *route;
    td_http_request request;
    char id[TD_ID_SIZE], peer[80], spool[1100];
    td_text body;
    td_sha256 *hash;
    int spool_fd;
    int64_t began_ms;
    bool too_large, spool_broken;
} exchange;

const char *td_http_header(const td_http_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

const char *td_http_query(const td_http_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);
}

typedef struct prefixed {
    const char *prefix, *name, *value;
} prefixed;

static enum MHD_Result keep_prefixed(void *user, enum MHD_ValueKind kind, const char *name, const char *value)
{
    prefixed *p = user;
    (void)kind;
    if (!td_starts_with(name, p->prefix)) return MHD_YES;
    p->name = name + strlen(p->prefix);
    p->value = value;
    return MHD_NO;
}

const char *td_http_query_prefix(const td_http_request *r, const char *prefix, const char **name)
{
    prefixed p = { .prefix = prefix };
    MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, keep_prefixed, &p);
    *name = p.name;
    return p.value;
}

typedef struct listed {
    const char *known, *stranger;
} listed;

static bool is_listed(const char *known, const char *name)
{
    for (size_t n; known && (n = strcspn(known, " ")); known += n + (known[n] == ' ')) {
        bool begins = known[n - 1] == '.';
        if (!strncmp(known, name, n) && (begins ? name[n] != 0 : !name[n])) return true;
    }
    return false;
}

static enum MHD_Result keep_stranger(void *user, enum MHD_ValueKind kind, const char *name, const char *value)
{
    listed *l = user;
    (void)kind;
    (void)value;
    if (is_listed(l->known, name)) return MHD_YES;
    l->stranger = name;
    return MHD_NO;
}

const char *td_http_query_unknown(const td_http_request *r, const char *known)
{
    listed l = { .known = known };
    MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, keep_stranger, &l);
    return l.stranger;
}

void td_http_add_header(td_http_reply *p, const char *name, const char *value)
{
    if (!value || p->n_headers == TD_HTTP_HEADERS) return;
    p->header[p->n_headers].name = name;
    p->header[p->n_headers++].value = value;
}

/* ---- routes ------------------------------------------------------------------------------------------------------ */

/* The path's parts against the pattern's; what stands for a {} is kept in the request. libmicrohttpd has decoded it. */
static bool match(const char *pattern, const char *path, td_http_request *r)
{
    size_t parts = 0;
    while (*pattern) {
        if (td_starts_with(pattern, "{*}")) {
            r->part[parts] = td_arena_strdup(r->arena, path);
            return *path && r->part[parts];
        }
        if (td_starts_with(pattern, "{}")) {
            size_t n = strcspn(path, "/");
            if (!n || parts == TD_HTTP_PARTS) return false;
            r->part[parts] = td_arena_strndup(r->arena, path, n);
            if (!r->part[parts++]) return false;
            pattern += 2;
            path += n;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return !*path;
}

static const td_http_route *find_route(const td_http_config *c, td_http_request *r, unsigned *status)
{
    const char *method = strcmp(r->method, "HEAD") ? r->method : "GET";
    *status = 404;
    for (const td_http_route *t = c->routes; t->pattern; t++) {
        if (!match(t->pattern, r->path, r)) continue;
        if (!strcmp(t->method, method)) return t;
        *status = 405;
    }
    return NULL;
}

/* ---- replies ----------------------------------------------------------------------------------------------------- */

/* "bytes=100-199", "bytes=100-", "bytes=-100"; several ranges, and nonsense, count as none. -1: cannot be satisfied. */
static int read_range(const char *text, int64_t size, int64_t *from, int64_t *bytes)
{
    long long first, last;
    int end = 0;
    if (!text || !td_starts_with(text, "bytes=") || strchr(text, ',')) return 0;
    text += 6;
    if (text[0] == '-' && sscanf(text, "-%lld%n", &last, &end) == 1 && !text[end]) {
        if (last == 0) return -1;
        first = last < size ? size - last : 0;
        last = size - 1;
    } else if (sscanf(text, "%lld-%lld%n", &first, &last, &end) == 2 && !text[end]) {
        if (last < first) return 0;
    } else if (sscanf(text, "%lld-%n", &first, &end) == 1 && end && !text[end]) {
        last = size - 1;
    } else {
        return 0;
    }
    if (first < 0) return 0;
    if (first >= size) return -1;
    *from = first;
    *bytes = (last < size ? last : size - 1) - first + 1;
    return 1;
}

static bool says(const td_http_reply *p, const char *name, const char *value)
{
    for (size_t i = 0; i < p->n_headers; i++)
        if (!strcmp(p->header[i].name, name)) return !strcmp(p->header[i].value, value);
    return false;
}

static struct MHD_Response *file_response(const td_http_request *r, td_http_reply *p)
{
    int64_t from = 0, bytes = p->fd_bytes;
    const char *same = td_http_header(r, "If-Range");
    const char *asked = p->status == 200 && (!same || says(p, "ETag", same)) ? td_http_header(r, "Range") : NULL;
    int range = read_range(asked, p->fd_bytes, &from, &bytes);
    if (range < 0) {
        close(p->fd);
        p->status = 416;
        td_http_add_header(p, "Content-Range", td_arena_printf(r->arena, "bytes */%lld", (long long)p->fd_bytes));
        return MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
    }
    if (range > 0) {
        p->status = 206;
        td_http_add_header(p, "Content-Range",
                           td_arena_printf(r->arena, "bytes %lld-%lld/%lld", (long long)from,
                                           (long long)(from + bytes - 1), (long long)p->fd_bytes));
    }
    td_http_add_header(p, "Accept-Ranges", "bytes");
    return MHD_create_response_from_fd_at_offset64((uint64_t)bytes, p->fd, (uint64_t)from);
}

static enum MHD_Result send_reply(exchange *x, td_http_reply *p)
{
    struct MHD_Response *response =
        p->fd >= 0
            ? file_response(&x->request, p)
            : MHD_create_response_from_buffer(p->length, (void *)(p->body ? p->body : ""), MHD_RESPMEM_MUST_COPY);
    if (!response) return MHD_NO;
    if (p->type) MHD_add_response_header(response, "Content-Type", p->type);
    MHD_add_response_header(response, "X-Request-Id", x->request.id);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Cache-Control", "no-store");
    for (size_t i = 0; i < p->n_headers; i++) MHD_add_response_header(response, p->header[i].name, p->header[i].value);
    enum MHD_Result result = MHD_queue_response(x->request.connection, p->status, response);
    MHD_destroy_response(response);
    return result;
}

static td_http_reply fresh_reply(void)
{
    return (td_http_reply){ .status = 200, .fd = -1 };
}

static enum MHD_Result refuse(exchange *x, unsigned status)
{
    td_http_reply p = fresh_reply();
    p.status = status;
    x->http->config.refuse(&x->request, status, &p);
    return send_reply(x, &p);
}

/* ---- one exchange ------------------------------------------------------------------------------------------------ */

static void peer_of(struct MHD_Connection *c, char *out, size_t size)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    socklen_t length =
        info && info->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if (!info || getnameinfo(info->client_addr, length, out, (socklen_t)size, NULL, 0, NI_NUMERICHOST) != 0)
        snprintf(out, size, "unknown");
}

static exchange *begin(td_http *h, struct MHD_Connection *c, const char *path, const char *method)
{
    exchange *x = calloc(1, sizeof *x);
    td_arena *a = td_arena_new();
    if (!x || !a) {
        free(x);
        td_arena_free(a);
        return NULL;
    }
    x->http = h;
    x->spool_fd = -1;
    x->began_ms = td_steady_ms();
    peer_of(c, x->peer, sizeof x->peer);
    x->request = (td_http_request){ .id = td_id_new("req_", td_now_ms(NULL), x->id),
                                    .arena = a,
                                    .peer = x->peer,
                                    .connection = c,
                                    .user = h->config.user,
                                    .method = td_arena_strdup(a, method),
                                    .path = td_arena_strdup(a, path) };
    return x;
}

/* The headers are here, the body is not. MHD_NO closes the connection. */
static enum MHD_Result admit(exchange *x, bool *answered)
{
    unsigned status = 0;
    td_http_reply p = fresh_reply();
    const td_http_config *c = &x->http->config;
    *answered = true;
    if (!x->request.method || !x->request.path) return MHD_NO;
    x->route = find_route(c, &x->request, &status);
    if (!x->route) return refuse(x, status);
    x->request.body_limit = x->route->body_limit;
    if (c->admit && !c->admit(&x->request, x->route, &p)) return send_reply(x, &p);
    const char *length = td_http_header(&x->request, "Content-Length");
    if (length && td_http_header(&x->request, "Transfer-Encoding")) return refuse(x, 400); /* which of them holds? */
    if (length && strtoull(length, NULL, 10) > x->route->body_limit) return refuse(x, 413);
    *answered = false;
    if (!x->route->spool) return MHD_YES;
    snprintf(x->spool, sizeof x->spool, "%s/.td-XXXXXX", c->spool_folder);
    x->spool_fd = mkostemp(x->spool, O_CLOEXEC);
    if (x->spool_fd < 0 || td_sha256_new(&x->hash)) x->spool_broken = true;
    x->request.spooled = x->spool;
    return MHD_YES;
}

static void take(exchange *x, const char *data, size_t n)
{
    x->request.length += n;
    if (x->request.length > x->route->body_limit) x->too_large = true;
    if (x->too_large || x->spool_broken) return;
    if (!x->route->spool) {
        td_text_addn(&x->body, data, n);
        return;
    }
    td_sha256_add(x->hash, data, n);
    for (size_t done = 0; done < n && !x->spool_broken;) {
        ssize_t w = write(x->spool_fd, data + done, n - done);
        if (w < 0 && errno == EINTR) continue;
        if (w <= 0)
            x->spool_broken = true;
        else
            done += (size_t)w;
    }
}

static enum MHD_Result answer(exchange *x)
{
    td_http_reply p = fresh_reply();
    if (x->spool_fd >= 0 && close(x->spool_fd) != 0) x->spool_broken = true;
    x->spool_fd = -1;
    if (x->too_large) return refuse(x, 413);
    if (x->spool_broken) return refuse(x, 507);
    if (x->body.broken) return refuse(x, 503);
    if (x->hash) td_sha256_hex(x->hash, x->request.sha256);
    x->hash = NULL;
    if (!x->route->spool) x->request.body = td_text_or_empty(&x->body);
    x->route->handle(&x->request, &p);
    return send_reply(x, &p);
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *c, const char *path, const char *method,
                                  const char *version, const char *data, size_t *size, void **state)
{
    exchange *x = *state;
    (void)version;
    if (!x) {
        bool answered;
        MHD_set_connection_option(c, MHD_CONNECTION_OPTION_TIMEOUT, IDLE_S);
        x = *state = begin(user, c, path, method);
        enum MHD_Result result = x ? admit(x, &answered) : MHD_NO;
        if (x && answered) x->route = NULL;
        return result;
    }
    if (!x->route) return MHD_YES; /* answered already; what follows is not read */
    if (!x->route->spool && td_steady_ms() - x->began_ms > BODY_MS) return MHD_NO;
    if (*size) {
        take(x, data, *size);
        *size = 0;
        return MHD_YES;
    }
    return answer(x);
}

static void on_end(void *user, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode how)
{
    exchange *x = *state;
    (void)user, (void)c, (void)how;
    if (!x) return;
    if (x->spool_fd >= 0) close(x->spool_fd);
    if (x->spool[0]) unlink(x->spool); /* gone already where the handler renamed it */
    td_sha256_free(x->hash);
    td_text_free(&x->body);
    td_arena_free(x->request.arena);
    free(x);
    *state = NULL;
}

/* ---- starting ---------------------------------------------------------------------------------------------------- */

static td_status split(const char *listen, char host[256], char port[16], td_error *err)
{
    const char *colon = strrchr(listen, ':');
    size_t n = colon ? (size_t)(colon - listen) : 0;
    char *end = NULL;
    if (!colon || strtoul(colon + 1, &end, 10) > 65535 || !isdigit((unsigned char)colon[1]) || *end || n >= 254)
        return td_fail(err, TD_ARG, listen, "write HOST:PORT, as 127.0.0.1:8750", "is no address to listen on");
    bool brackets = n >= 2 && listen[0] == '[' && listen[n - 1] == ']';
    snprintf(host, 256, "%.*s", (int)(brackets ? n - 2 : n), brackets ? listen + 1 : listen);
    snprintf(port, 16, "%s", colon + 1);
    return TD_OK;
}

/* Only this machine reaches a loopback address: whoever calls comes through its proxy, and all look like one peer. */
static bool is_loopback(const struct sockaddr_storage *a)
{
    const struct sockaddr_in *v4 = (const void *)a;
    const struct sockaddr_in6 *v6 = (const void *)a;
    return a->ss_family == AF_INET6 ? IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) : ntohl(v4->sin_addr.s_addr) >> 24 == 127;
}

static td_status open_socket(td_http *h, const char *text, int *out, td_error *err)
{
    char host[256], port[16];
    struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM }, *found = NULL;
    struct sockaddr_storage bound;
    socklen_t length = sizeof bound;
    td_status st = split(text, host, port, err);
    if (st) return st;
    int bad = getaddrinfo(host[0] ? host : NULL, port, &hints, &found);
    if (bad) return td_fail(err, TD_ARG, text, NULL, "is no address to listen on: %s", gai_strerror(bad));
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bool good = fd >= 0 && bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, 512) == 0 &&
                getsockname(fd, (struct sockaddr *)&bound, &length) == 0 &&
                getnameinfo((struct sockaddr *)&bound, length, host, sizeof host, port, sizeof port,
                            NI_NUMERICHOST | NI_NUMERICSERV) == 0;
    if (!good)
        st = td_fail(err, errno == EADDRINUSE ? TD_BUSY : TD_ARG, text,
                     errno == EADDRINUSE ? "another program listens there: end it, or name another port with --listen"
                                         : NULL,
                     "cannot be listened on: %s", strerror(errno));
    if (!good && fd >= 0) close(fd);
    freeaddrinfo(found);
    if (!good) return st;
    snprintf(h->address, sizeof h->address, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
    h->per_peer = is_loopback(&bound) ? 0 : CONNECTIONS_PER_PEER;
    *out = fd;
    return st;
}

td_status td_http_start(const td_http_config *config, td_http **out, td_error *err)
{
    int fd;
    *out = NULL;
    td_http *h = calloc(1, sizeof *h);
    if (!h) return TD_NOMEM;
    h->config = *config;
    td_status st = open_socket(h, config->listen, &fd, err);
    if (!st) {
        h->daemon = MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request, h,
                                     MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, THREADS,
                                     MHD_OPTION_CONNECTION_TIMEOUT, HEADERS_S, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
                                     MHD_OPTION_PER_IP_CONNECTION_LIMIT, h->per_peer, MHD_OPTION_STRICT_FOR_CLIENT, 1,
                                     MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_END);
        if (!h->daemon) {
            close(fd);
            st = td_fail(err, TD_FAILED, config->listen, NULL, "the HTTP server cannot be started");
        }
    }
    if (st)
        free(h);
    else
        *out = h;
    return st;
}

void td_http_stop(td_http *h)
{
    if (!h) return;
    MHD_stop_daemon(h->daemon);
    free(h);
}

const char *td_http_address(const td_http *h)
{
    return h->address;
}
