#include "jobs/net/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES     4 /* within one attempt, as long as each brings something new */
#define REDIRECTS 3

/* What is known about the bytes that lie in `part` or `data`. */
typedef struct origin {
    char etag[128]; /* strong; "" makes the part worthless after a break */
    int64_t total;  /* -1: not said */
} origin;

typedef struct fetching {
    const td_fetch *ask;
    char data[1200], part[1200], side[1200];
    int fd;
    int64_t offset; /* bytes in part */
    int64_t asked;  /* where the range asked for begins; 0: all */
    bool begun;
    origin from;
    td_status failed; /* why the sink said no */
    td_error why;
    td_error *err;
} fetching;

/* ---- the note beside the bytes ----------------------------------------------------------------------------------- */

static origin read_origin(const fetching *f)
{
    origin o = { .total = -1 };
    json_t *side = json_load_file(f->side, 0, NULL);
    const char *url = json_string_value(json_object_get(side, "url"));
    const char *etag = json_string_value(json_object_get(side, "etag"));
    if (url && etag && !strcmp(url, f->ask->url)) {
        snprintf(o.etag, sizeof o.etag, "%s", etag);
        o.total = json_integer_value(json_object_get(side, "total"));
    }
    json_decref(side);
    return o;
}

static void write_origin(const fetching *f)
{
    json_t *side =
        json_pack("{s:s, s:s, s:I}", "url", f->ask->url, "etag", f->from.etag, "total", (json_int_t)f->from.total);
    if (side) json_dump_file(side, f->side, JSON_COMPACT); /* lost or torn, it costs a second download, nothing more */
    json_decref(side);
}

static void forget(fetching *f)
{
    unlink(f->data);
    unlink(f->part);
    unlink(f->side);
    f->from = (origin){ .total = -1 };
}

/* ---- receiving --------------------------------------------------------------------------------------------------- */

static bool refuse(fetching *f, td_status st, const char *why)
{
    char shown[200];
    f->failed = td_fail(&f->why, st, td_net_shown(f->ask->url, shown, sizeof shown), NULL, "%s", why);
    return false;
}

static bool refuse_write(fetching *f, int number)
{
    f->failed = td_fail_write(&f->why, f->part, number);
    return false;
}

/* The answer's first bytes: either the rest of what we have, or a new beginning. */
static bool begin(fetching *f, const td_net_answer *a)
{
    f->begun = true;
    if (a->status == 206) {
        if (f->asked && a->range_start == f->asked && a->range_total == f->from.total) return true;
        return refuse(f, TD_REMOTE, "the server sent another range than the one asked for");
    }
    f->offset = 0;
    snprintf(f->from.etag, sizeof f->from.etag, "%s", a->etag);
    f->from.total = a->length;
    if (f->from.total > f->ask->most_bytes) return refuse(f, TD_INPUT, "the file is too large");
    if (ftruncate(f->fd, 0) != 0) return refuse_write(f, errno);
    /* room is taken now: better no space at the start than after an hour */
    if (f->from.total > 0 && fallocate(f->fd, FALLOC_FL_KEEP_SIZE, 0, f->from.total) != 0 && errno == ENOSPC)
        return refuse_write(f, errno);
    write_origin(f);
    return true;
}

static bool sink(void *user, const td_net_answer *a, const void *data, size_t bytes)
{
    fetching *f = user;
    if (!f->begun && !begin(f, a)) return false;
    if (f->offset + (int64_t)bytes > f->ask->most_bytes) return refuse(f, TD_INPUT, "the file is too large");
    for (const char *p = data; bytes;) {
        ssize_t n = pwrite(f->fd, p, bytes, f->offset);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return refuse_write(f, n < 0 ? errno : ENOSPC);
        f->offset += n;
        p += n;
        bytes -= (size_t)n;
    }
    return true;
}

static bool stop(void *user, int64_t moved)
{
    const fetching *f = user;
    return f->ask->stop && f->ask->stop(f->ask->user, moved);
}

/* One request. have: the whole file lies in data, unless the server knows a newer one. */
static td_status ask(const td_net_policy *p, fetching *f, bool have, td_net_answer *answer)
{
    char range[64], match[160];
    const char *headers[] = { match, range };
    size_t n = 0;
    f->begun = false;
    f->failed = TD_OK;
    f->asked = have || !f->from.etag[0] ? 0 : f->offset;
    if (have) {
        snprintf(match, sizeof match, "If-None-Match: %s", f->from.etag);
        n = 1;
    } else if (f->asked) {
        snprintf(match, sizeof match, "If-Range: %s", f->from.etag);
        snprintf(range, sizeof range, "Range: bytes=%lld-", (long long)f->asked);
        n = 2;
    }
    td_net_request r = { .method = "GET",
                         .url = f->ask->url,
                         .header = headers,
                         .n_headers = n,
                         .redirects = REDIRECTS,
                         .sink = sink,
                         .stop = stop,
                         .user = f };
    td_status st = td_net_do(p, &r, 0, answer, f->err);
    if (!st && answer->status / 100 == 2 && !f->begun) begin(f, answer); /* an empty file: no byte, no call of sink */
    if (f->failed && f->err) *f->err = f->why;
    return f->failed ? f->failed : st;
}

static td_status complain(const fetching *f, long status)
{
    char shown[200];
    td_net_shown(f->ask->url, shown, sizeof shown);
    td_status st = td_net_judge(status);
    return td_fail(f->err, st ? st : TD_FAILED, shown, NULL, "the server answered %ld", status);
}

static int64_t size_of(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISREG(s.st_mode) ? (int64_t)s.st_size : -1;
}

/* One request and what its answer means. *done: data holds the file. */
static td_status step(const td_net_policy *p, fetching *f, bool *done, int64_t *retry_after_s)
{
    td_net_answer answer;
    f->from = read_origin(f);
    bool have = size_of(f->data) >= 0 && f->from.etag[0];
    f->fd = open(f->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (f->fd < 0) return td_fail(f->err, TD_DISK, f->part, NULL, "cannot be opened: %s", strerror(errno));
    f->offset = size_of(f->part);
    td_status st = ask(p, f, have, &answer);
    if (close(f->fd) != 0 && !st)
        st = td_fail(f->err, TD_DISK, f->part, NULL, "cannot be written: %s", strerror(errno));
    if (answer.retry_after_s > 0) *retry_after_s = answer.retry_after_s;
    if (st) return st;
    if (have && answer.status == 304) {
        unlink(f->part);
        *done = true;
        return TD_OK;
    }
    bool conditional = have || f->asked;
    if (conditional && (answer.status == 412 || answer.status == 416 || answer.status / 100 == 3)) {
        forget(f); /* what we have is no part of it any more, or it moved: from the beginning, next time round */
        return TD_OK;
    }
    if (answer.status / 100 != 2) return complain(f, answer.status);
    if (rename(f->part, f->data) != 0) return td_fail(f->err, TD_DISK, f->data, NULL, "%s", strerror(errno));
    *done = true;
    return TD_OK;
}

static td_status once(const td_net_policy *p, fetching *f, int64_t *retry_after_s)
{
    bool done = false;
    td_status st = TD_OK;
    int64_t before = -1;
    for (int i = 0; i < TRIES && !done; i++) {
        st = step(p, f, &done, retry_after_s);
        int64_t now = size_of(f->part);
        if (st && (st != TD_REMOTE || now <= before || !f->from.etag[0])) break;
        before = now;
    }
    return st || done ? st : td_fail(f->err, TD_REMOTE, NULL, NULL, "the server kept changing the file");
}

static td_status verify(const fetching *f, bool *same)
{
    char hash[TD_SHA256_HEX];
    *same = true;
    if (!f->ask->sha256) return TD_OK;
    td_status st = td_sha256_file(f->data, hash, NULL, f->err);
    *same = !st && !strcasecmp(hash, f->ask->sha256);
    return st;
}

td_status td_fetch_file(const td_net_policy *p, const td_fetch *ask_for, int64_t *bytes, int64_t *retry_after_s,
                        td_error *err)
{
    fetching f = { .ask = ask_for, .err = err };
    char shown[200];
    bool same = false;
    *retry_after_s = 0;
    snprintf(f.data, sizeof f.data, "%s/data", ask_for->folder);
    snprintf(f.part, sizeof f.part, "%s/part", ask_for->folder);
    snprintf(f.side, sizeof f.side, "%s/from", ask_for->folder);
    for (int i = 0; i < 2 && !same; i++) { /* a wrong hash gets one clean second fetch */
        td_status st = once(p, &f, retry_after_s);
        if (!st) st = verify(&f, &same);
        if (st) return st;
        if (!same) forget(&f);
    }
    if (!same)
        return td_fail(err, TD_INPUT, td_net_shown(ask_for->url, shown, sizeof shown),
                       "send the right sha256 or the right file", "the bytes are not those of the sha256 given");
    *bytes = size_of(f.data);
    return TD_OK;
}
