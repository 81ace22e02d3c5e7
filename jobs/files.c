#include "jobs/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/* The part of path below root, or NULL. */
static const char *below(const char *root, const char *path)
{
    size_t n = strlen(root);
    while (n > 1 && root[n - 1] == '/') n--;
    if (n == 1 && root[0] == '/') return path + 1;
    if (strncmp(root, path, n) != 0) return NULL;
    return path[n] == '/' ? path + n + 1 : path[n] ? NULL : path + n;
}

static bool climbs(const char *part, size_t n)
{
    return (n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.');
}

/* Each part is opened from the folder before it, so a link planted meanwhile is met as a link and refused. */
static int walk(int at, const char *rest, bool folder)
{
    char part[256];
    int last = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (folder ? O_DIRECTORY : 0);
    for (;;) {
        rest += strspn(rest, "/");
        size_t n = strcspn(rest, "/");
        if (!n) return at;
        if (n >= sizeof part || climbs(rest, n)) errno = ELOOP;
        snprintf(part, sizeof part, "%.*s", (int)n, rest);
        rest += n;
        bool more = rest[strspn(rest, "/")] != 0;
        int next = n >= sizeof part || climbs(part, n)
                       ? -1
                       : openat(at, part, more ? O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC : last);
        int why = errno;
        close(at);
        errno = why;
        if (next < 0) return -1;
        at = next;
    }
}

td_status td_roots_open(const td_roots *roots, const char *path, bool folder, int *fd, td_error *err)
{
    const char *rest = NULL;
    struct stat s;
    *fd = -1;
    for (size_t i = 0; path[0] == '/' && i < roots->n && *fd < 0; i++) {
        rest = below(roots->root[i], path);
        int at = rest ? open(roots->root[i], (*rest ? O_PATH : O_RDONLY) | O_DIRECTORY | O_CLOEXEC) : -1;
        if (at >= 0) *fd = walk(at, rest, folder);
    }
    if (*fd < 0 && rest && errno == ENOENT) return td_fail(err, TD_ARG, path, NULL, "there is no such file");
    if (*fd < 0 && rest && errno == ENOTDIR && folder) return td_fail(err, TD_ARG, path, NULL, "is no folder");
    if (*fd < 0)
        return td_fail(err, TD_DENIED, path, "give an https address, or start the service with --files and its folder",
                       "this file may not be read by the service");
    if (fstat(*fd, &s) != 0 || (folder ? !S_ISDIR(s.st_mode) : !S_ISREG(s.st_mode))) {
        close(*fd);
        *fd = -1;
        return td_fail(err, TD_ARG, path, NULL, folder ? "is no folder" : "is no file");
    }
    return TD_OK;
}

td_status td_copy_fd(int fd, const char *to, int64_t most_bytes, int64_t *bytes, td_error *err)
{
    enum { CHUNK = 1 << 20 };
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (out < 0) return td_fail(err, TD_DISK, to, NULL, "cannot be written: %s", strerror(errno));
    td_status st = TD_OK;
    bool across = false; /* file systems: not every kernel copies that way between two */
    for (*bytes = 0; !st;) {
        ssize_t n = across ? sendfile(out, fd, NULL, CHUNK) : copy_file_range(fd, NULL, out, NULL, CHUNK, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && !across) {
            across = true;
            continue;
        }
        if (n < 0) st = td_fail(err, TD_DISK, to, NULL, "cannot be copied: %s", strerror(errno));
        if (n <= 0) break;
        *bytes += n;
        if (*bytes > most_bytes) st = td_fail(err, TD_INPUT, td_basename(to), NULL, "the file is too large");
    }
    if (close(out) != 0 && !st) st = td_fail(err, TD_DISK, to, NULL, "cannot be written: %s", strerror(errno));
    return st;
}
