#include "engine/audio/audio.h"

#include "engine/base/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TAIL 8192 /* samples a plane: whole pages are written, and few calls made */

/* One unnamed file a plane, so that a read of any length is one call and the kernel reads ahead along time. What came
 * last waits in memory. Tails in which a plane is silent, as two fifths of most stems are, leave a hole in its file
 * that is never read. */
struct td_scratch {
    unsigned planes;
    uint64_t length, written;
    char folder[256];
    float *tail;       /* TAIL a plane; NULL before the first append */
    bool *sounds;      /* by tail that was written, then by plane */
    size_t room;       /* in tails */
    td_scratch **part; /* of one that was joined, which has nothing of its own */
    size_t n_parts;
    int fd[];
};

static td_status failed(const td_scratch *s, const char *what, td_error *err)
{
    if (errno == ENOSPC || errno == EDQUOT)
        return td_fail(err, TD_DISK, s->folder, "make room there, or name another folder for scratch audio",
                       "has no space left for scratch audio");
    return td_fail(err, TD_DISK, s->folder, NULL, "scratch audio cannot be %s: %s", what, strerror(errno));
}

/* Some file systems cannot make a file without a name; there it loses its name at once. */
static int open_unnamed(const char *folder)
{
    char path[4096];
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR)) return fd;
    if ((size_t)snprintf(path, sizeof path, "%s/.td-XXXXXX", folder) >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) unlink(path);
    return fd;
}

td_status td_scratch_new(const char *folder, unsigned planes, td_scratch **out, td_error *err)
{
    td_scratch *s = *out = calloc(1, sizeof *s + planes * sizeof *s->fd);
    if (!s) return TD_NOMEM;
    snprintf(s->folder, sizeof s->folder, "%s", folder);
    for (; s->planes < planes; s->planes++) {
        s->fd[s->planes] = open_unnamed(folder);
        if (s->fd[s->planes] < 0) {
            td_status st = failed(s, "made", err);
            td_scratch_free(s);
            *out = NULL;
            return st;
        }
    }
    return TD_OK;
}

void td_scratch_free(td_scratch *s)
{
    if (!s) return;
    for (unsigned p = 0; p < s->planes && !s->part; p++) close(s->fd[p]);
    for (size_t i = 0; i < s->n_parts; i++) td_scratch_free(s->part[i]);
    free(s->part);
    free(s->tail);
    free(s->sounds);
    free(s);
}

void td_scratch_clear(td_scratch *s)
{
    s->length = s->written = 0;
}

/* To the bit: a zero's sign is kept. */
static bool is_nothing(const float *x, size_t n)
{
    static const float nothing = 0;
    return !memcmp(x, &nothing, sizeof nothing) && !memcmp(x, x + 1, (n - 1) * sizeof *x);
}

static bool write_plane(int fd, uint64_t at, const float *plane, size_t n)
{
    for (size_t done = 0, all = n * sizeof(float); done < all;) {
        ssize_t k = pwrite(fd, (const char *)plane + done, all - done, (off_t)(at * sizeof(float) + done));
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return false;
        done += (size_t)k;
    }
    return true;
}

static td_status write_tail(td_scratch *s, td_error *err)
{
    void *sounds = s->sounds;
    size_t tails = (size_t)(s->written / TAIL);
    if (!td_grow(&sounds, &s->room, tails, s->planes * sizeof(bool))) return td_no_memory(err);
    s->sounds = sounds;
    for (unsigned p = 0; p < s->planes; p++) {
        const float *plane = s->tail + (size_t)p * TAIL;
        bool *own = &s->sounds[tails * s->planes + p];
        *own = !is_nothing(plane, TAIL);
        if (*own && !write_plane(s->fd[p], s->written, plane, TAIL)) return failed(s, "written", err);
    }
    s->written += TAIL;
    return TD_OK;
}

td_status td_scratch_append(td_scratch *s, const float *const *plane, size_t n, td_error *err)
{
    if (!s->tail && !(s->tail = td_calloc2(s->planes, TAIL, sizeof *s->tail))) return td_no_memory(err);
    for (size_t done = 0; done < n;) {
        size_t held = (size_t)(s->length - s->written), m = n - done < TAIL - held ? n - done : TAIL - held;
        for (unsigned p = 0; p < s->planes; p++)
            memcpy(s->tail + (size_t)p * TAIL + held, plane[p] + done, m * sizeof(float));
        s->length += m;
        done += m;
        td_status st = held + m == TAIL ? write_tail(s, err) : TD_OK;
        if (st) return st;
    }
    return TD_OK;
}

static bool read_plane(int fd, uint64_t at, float *to, size_t n)
{
    for (size_t done = 0, all = n * sizeof(float); done < all;) {
        ssize_t k = pread(fd, (char *)to + done, all - done, (off_t)(at * sizeof(float) + done));
        if (k < 0 && errno == EINTR) continue;
        if (k == 0) errno = EIO; /* shorter than what was written */
        if (k <= 0) return false;
        done += (size_t)k;
    }
    return true;
}

/* How many frames from `at` on lie in tails that sound alike, or not. */
static size_t alike(const td_scratch *s, unsigned p, uint64_t at, size_t n)
{
    size_t tail = (size_t)(at / TAIL), run = TAIL - (size_t)(at % TAIL);
    bool sounds = s->sounds[tail * s->planes + p];
    while (run < n && s->sounds[++tail * s->planes + p] == sounds) run += TAIL;
    return run < n ? run : n;
}

static bool read_filed(const td_scratch *s, unsigned p, uint64_t at, float *to, size_t n)
{
    for (size_t done = 0, run; done < n; done += run) {
        run = alike(s, p, at + done, n - done);
        if (!s->sounds[(at + done) / TAIL * s->planes + p])
            memset(to + done, 0, run * sizeof(float));
        else if (!read_plane(s->fd[p], at + done, to + done, run))
            return false;
    }
    return true;
}

td_status td_scratch_join(td_scratch *const *part, size_t n, td_scratch **out, td_error *err)
{
    td_scratch *s = *out = calloc(1, sizeof *s);
    if (s) s->part = td_calloc2(n, 1, sizeof(td_scratch *));
    if (!s || !s->part) {
        free(s);
        *out = NULL;
        return td_no_memory(err);
    }
    s->planes = part[0]->planes;
    for (; s->n_parts < n; s->n_parts++) {
        s->part[s->n_parts] = part[s->n_parts];
        s->length += part[s->n_parts]->length;
    }
    return TD_OK;
}

static td_status read_own(const td_scratch *s, int64_t at, float *const *plane, size_t into, size_t n, td_error *err)
{
    uint64_t early = at < 0 ? 0 - (uint64_t)at : 0;
    size_t before = early < n ? (size_t)early : n;
    uint64_t first = at >= 0 ? (uint64_t)at : 0;
    uint64_t left = first < s->length ? s->length - first : 0;
    size_t there = n - before < left ? n - before : (size_t)left;
    uint64_t on_disk = first < s->written ? s->written - first : 0;
    size_t filed = on_disk < there ? (size_t)on_disk : there;
    for (unsigned p = 0; p < s->planes; p++) {
        memset(plane[p] + into, 0, before * sizeof(float));
        if (!read_filed(s, p, first, plane[p] + into + before, filed)) return failed(s, "read", err);
        if (there > filed)
            memcpy(plane[p] + into + before + filed, s->tail + (size_t)p * TAIL + (first + filed - s->written),
                   (there - filed) * sizeof(float));
        memset(plane[p] + into + before + there, 0, (n - before - there) * sizeof(float));
    }
    return TD_OK;
}

/* The first part also has what comes before it, the last what comes behind: nothing. */
td_status td_scratch_read(const td_scratch *s, int64_t at, float *const *plane, size_t n, td_error *err)
{
    td_status st = s->part ? TD_OK : read_own(s, at, plane, 0, n, err);
    for (size_t k = 0, done = 0, m; !st && k < s->n_parts && done < n; k++, done += m) {
        uint64_t length = s->part[k]->length, early = at < 0 ? 0 - (uint64_t)at : 0, first = at < 0 ? 0 : (uint64_t)at;
        uint64_t left = first < length ? early + length - first : 0;
        m = k + 1 == s->n_parts || left > n - done ? n - done : (size_t)left;
        if (m) st = read_own(s->part[k], at, plane, done, m, err);
        at = (int64_t)((uint64_t)at + m - length);
    }
    return st;
}

uint64_t td_scratch_length(const td_scratch *s)
{
    return s->length;
}

unsigned td_scratch_planes(const td_scratch *s)
{
    return s->planes;
}
