#include "jobs/net/net.h"

#include "jobs/ids.h"
#include "jobs/net/address.h"
#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define REDIRECTS_MAX 3
#define CONNECT_S     10L
#define SLOW_BYTES_S  1000L
#define SLOW_S        60L

typedef struct transfer {
    const td_net_policy *policy;
    const td_net_request *request;
    td_net_answer *answer;
    CURL *curl;
    size_t text_limit;
    int64_t sent, moved;
    bool refused, stopped;
} transfer;

/* ---- addresses as text ------------------------------------------------------------------------------------------- */

static td_status take_url(const char *url, CURLU **out, td_error *err)
{
    char shown[200];
    *out = curl_url();
    if (!*out) return TD_NOMEM;
    CURLUcode rc = curl_url_set(*out, CURLUPART_URL, url, CURLU_DISALLOW_USER);
    if (rc == CURLUE_OK) return TD_OK;
    curl_url_cleanup(*out);
    *out = NULL;
    td_net_shown(url, shown, sizeof shown);
    if (rc == CURLUE_USER_NOT_ALLOWED)
        return td_fail(err, TD_DENIED, NULL, "use a presigned address", "an address must not carry a user or password");
    return td_fail(err, TD_ARG, shown, strchr(url, ' ') ? "write %20 for a space" : NULL, "is no address: %s",
                   curl_url_strerror(rc));
}

td_status td_net_allowed(const td_net_policy *p, const char *url, td_error *err)
{
    CURLU *u;
    char *scheme = NULL, shown[200];
    td_status st = take_url(url, &u, err);
    if (st) return st;
    if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK) st = TD_NOMEM;
    td_net_shown(url, shown, sizeof shown);
    if (!st && strcmp(scheme, "https") != 0 && !(p->allow_private && !strcmp(scheme, "http")))
        st = td_fail(err, TD_DENIED, shown,
                     !strcmp(scheme, "http") ? "use https, or start the service with --allow-private" : "use https",
                     "%s addresses are not allowed here", scheme);
    curl_free(scheme);
    curl_url_cleanup(u);
    return st;
}

const char *td_net_shown(const char *url, char *out, size_t size)
{
    snprintf(out, size, "%.*s", (int)strcspn(url, "?#"), url);
    return out;
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : isxdigit((unsigned char)c) ? (c | 32) - 'a' + 10 : -1;
}

const char *td_net_name(const char *url, char *out, size_t size)
{
    size_t end = strcspn(url, "?#"), start = end, n = 0;
    while (start > 0 && url[start - 1] != '/') start--;
    for (size_t i = start; i < end && n + 1 < size; i++) {
        char c = url[i];
        if (c == '%' && i + 2 < end && hex(url[i + 1]) >= 0 && hex(url[i + 2]) >= 0) {
            c = (char)(hex(url[i + 1]) * 16 + hex(url[i + 2]));
            i += 2;
        }
        out[n++] = (unsigned char)c < 0x20 || c == '/' || c == 0x7f ? '_' : c;
    }
    while (n && out[0] == '.') memmove(out, out + 1, --n); /* no hidden files, no way up */
    out[n] = 0;
    if (!n) snprintf(out, size, "file");
    return out;
}

const char *td_net_path(const char *path, char *out, size_t size)
{
    char part[256], name[256];
    size_t n = 0;
    *out = 0;
    for (path += strspn(path, "/"); *path; path += strspn(path, "/")) {
        size_t length = strcspn(path, "/");
        snprintf(part, sizeof part, "%.*s", (int)(length < sizeof part ? length : sizeof part - 1), path);
        path += length;
        if (!strcmp(part, ".") || !strcmp(part, "..")) continue;
        td_net_name(part, name, sizeof name);
        if (n + strlen(name) + 2 > size) break;
        n += (size_t)snprintf(out + n, size - n, "%s%s", n ? "/" : "", name);
    }
    if (!n) snprintf(out, size, "file");
    return out;
}

char *td_net_escape(td_arena *a, const char *s)
{
    char *out = td_arena_alloc(a, 3 * strlen(s) + 1), *p = out;
    for (; out && *s; s++) {
        if (isalnum((unsigned char)*s) || strchr("-._~", *s))
            *p++ = *s;
        else
            p += sprintf(p, "%%%02X", (unsigned char)*s);
    }
    return out;
}

td_status td_net_judge(long status)
{
    if (status >= 200 && status < 300) return TD_OK;
    if (status == 0 || status == 408 || status == 425 || status == 429 || status >= 500) return TD_REMOTE;
    return TD_FAILED;
}

/* ---- what curl asks us ------------------------------------------------------------------------------------------- */

static unsigned port_of(const struct sockaddr *a)
{
    return ntohs(a->sa_family == AF_INET6 ? ((const struct sockaddr_in6 *)(const void *)a)->sin6_port
                                          : ((const struct sockaddr_in *)(const void *)a)->sin_port);
}

/* The last moment before a packet leaves: what a name meant a moment ago does not count. */
static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    transfer *t = user;
    unsigned port = port_of(&address->addr);
    bool good = t->policy->allow_private || (td_address_public(&address->addr) && (port == 443 || port == 80));
    if (purpose != CURLSOCKTYPE_IPCXN || !good) {
        t->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void take_header(td_net_answer *a, const char *name, size_t name_length, char *value)
{
    if (name_length == 11 && !strncasecmp(name, "Retry-After", 11))
        a->retry_after_s = td_retry_after_s(value, td_now_ms(NULL));
    if (name_length == 14 && !strncasecmp(name, "Content-Length", 14)) a->length = strtoll(value, NULL, 10);
    if (name_length == 4 && !strncasecmp(name, "ETag", 4) && value[0] == '"' && strlen(value) < sizeof a->etag)
        memcpy(a->etag, value, strlen(value) + 1);
    if (name_length == 20 && !strncasecmp(name, "Idempotency-Replayed", 20)) a->replayed = !strcmp(value, "true");
    long long start, last, total;
    if (name_length == 13 && !strncasecmp(name, "Content-Range", 13) &&
        sscanf(value, "bytes %lld-%lld/%lld", &start, &last, &total) == 3) {
        a->range_start = start;
        a->range_total = total;
    }
}

static size_t header(char *line, size_t size, size_t n, void *user)
{
    transfer *t = user;
    char value[512];
    size_t length = size * n;
    if (length > 5 && !memcmp(line, "HTTP/", 5)) { /* of the next hop: what the one before said is gone */
        t->answer->retry_after_s = t->answer->length = t->answer->range_start = t->answer->range_total = -1;
        t->answer->etag[0] = 0;
        return length;
    }
    const char *colon = memchr(line, ':', length);
    if (!colon) return length;
    const char *from = colon + 1, *to = line + length;
    while (from < to && isspace((unsigned char)*from)) from++;
    while (to > from && isspace((unsigned char)to[-1])) to--;
    if ((size_t)(to - from) >= sizeof value) return length;
    snprintf(value, sizeof value, "%.*s", (int)(to - from), from);
    take_header(t->answer, line, (size_t)(colon - line), value);
    return length;
}

static size_t receive(char *data, size_t size, size_t n, void *user)
{
    transfer *t = user;
    size_t bytes = size * n;
    long status = 0;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    t->answer->status = status;
    t->moved += (int64_t)bytes;
    if (t->request->sink && status < 300) {
        if (t->request->sink(t->request->user, t->answer, data, bytes)) return bytes;
        t->stopped = true;
        return 0;
    }
    td_net_answer *a = t->answer;
    size_t room = t->text_limit - a->text_length, take = bytes < room ? bytes : room;
    char *grown = realloc(a->text, a->text_length + take + 1);
    if (!grown) return 0;
    memcpy(grown + a->text_length, data, take);
    a->text = grown;
    a->text_length += take;
    a->text[a->text_length] = 0;
    return take < bytes ? 0 : bytes; /* who says more than we read is cut off; the status stands */
}

static size_t upload(char *buffer, size_t size, size_t n, void *user)
{
    transfer *t = user;
    ssize_t got;
    do got = pread(t->request->upload_fd, buffer, size * n, t->sent);
    while (got < 0 && errno == EINTR);
    if (got < 0) return CURL_READFUNC_ABORT;
    t->sent += got;
    t->moved += got;
    return (size_t)got;
}

static int progress(void *user, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal, curl_off_t ulnow)
{
    transfer *t = user;
    (void)dltotal, (void)dlnow, (void)ultotal, (void)ulnow;
    if (t->request->stop && t->request->stop(t->request->user, t->moved)) t->stopped = true;
    return t->stopped;
}

/* ---- one request ------------------------------------------------------------------------------------------------- */

static struct curl_slist *headers_of(const td_net_request *r)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:"); /* no waiting for 100-continue */
    for (size_t i = 0; list && i < r->n_headers; i++) {
        struct curl_slist *longer = curl_slist_append(list, r->header[i]);
        if (!longer) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = longer;
    }
    return list;
}

static void guard(CURL *c, transfer *t)
{
    const char *schemes = t->policy->allow_private ? "http,https" : "https";
    const td_net_request *r = t->request;
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, schemes);
    curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, schemes);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, t);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(c, CURLOPT_UNRESTRICTED_AUTH, 0L);
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, r->redirects && !r->n_headers ? 1L : 0L);
    curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)(r->redirects < REDIRECTS_MAX ? r->redirects : REDIRECTS_MAX));
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES_S);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, SLOW_S);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)r->timeout_s);
}

static void wire(CURL *c, transfer *t, const struct curl_slist *headers)
{
    const td_net_request *r = t->request;
    curl_easy_setopt(c, CURLOPT_URL, r->url);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "topdown/" TD_VERSION);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
    if (!strcmp(r->method, "POST")) {
        curl_easy_setopt(c, CURLOPT_POST, 1L);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_length);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body ? r->body : "");
    } else if (!strcmp(r->method, "PUT")) {
        curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->upload_bytes);
        curl_easy_setopt(c, CURLOPT_READFUNCTION, upload);
        curl_easy_setopt(c, CURLOPT_READDATA, t);
    }
}

static td_status judge(const transfer *t, CURLcode rc, td_error *err)
{
    char shown[200];
    td_net_shown(t->request->url, shown, sizeof shown);
    if (t->stopped) return td_fail(err, TD_STOPPED, shown, NULL, "the transfer was stopped");
    if (rc == CURLE_OK) return TD_OK;
    if (rc == CURLE_WRITE_ERROR && t->text_limit == t->answer->text_length && t->answer->status) return TD_OK;
    if (t->refused)
        return td_fail(err, TD_DENIED, shown, "use a public https address, or start the service with --allow-private",
                       "the address leads to a host or port that is not allowed here");
    if (rc == CURLE_UNSUPPORTED_PROTOCOL || rc == CURLE_URL_MALFORMAT || rc == CURLE_LOGIN_DENIED)
        return td_fail(err, TD_DENIED, shown, NULL, "%s", curl_easy_strerror(rc));
    if (rc == CURLE_TOO_MANY_REDIRECTS) return td_fail(err, TD_FAILED, shown, NULL, "too many redirects");
    if (rc == CURLE_PEER_FAILED_VERIFICATION)
        return td_fail(err, TD_FAILED, shown, "mend the server's certificate", "the certificate does not hold");
    return td_fail(err, TD_REMOTE, shown, NULL, "%s", curl_easy_strerror(rc));
}

td_status td_net_do(const td_net_policy *p, const td_net_request *r, size_t text_limit, td_net_answer *out,
                    td_error *err)
{
    *out = (td_net_answer){ .retry_after_s = -1, .length = -1, .range_start = -1, .range_total = -1 };
    td_status st = td_net_allowed(p, r->url, err);
    if (st) return st;
    transfer t = { .policy = p, .request = r, .answer = out, .text_limit = text_limit };
    struct curl_slist *headers = headers_of(r);
    t.curl = curl_easy_init();
    if (t.curl && headers) {
        guard(t.curl, &t);
        wire(t.curl, &t, headers);
        CURLcode rc = curl_easy_perform(t.curl);
        curl_easy_getinfo(t.curl, CURLINFO_RESPONSE_CODE, &out->status);
        st = judge(&t, rc, err);
    } else {
        st = TD_NOMEM;
    }
    curl_easy_cleanup(t.curl);
    curl_slist_free_all(headers);
    if (st) {
        free(out->text);
        out->text = NULL;
        out->text_length = 0;
    }
    return st;
}
