#include "engine/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

const char *td_basename(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool td_is_folder(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

bool td_is_file(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

bool td_file_mark_of(const char *path, td_file_mark *out)
{
    struct stat s;
    *out = (td_file_mark){ 0 };
    if (stat(path, &s)) return false;
    *out = (td_file_mark){ .device = s.st_dev,
                           .inode = s.st_ino,
                           .bytes = (uint64_t)s.st_size,
                           .changed_s = s.st_mtim.tv_sec,
                           .changed_ns = s.st_mtim.tv_nsec };
    return true;
}

td_status td_file_open(const char *path, int *fd, uint64_t *size, td_error *err)
{
    struct stat s = { 0 };
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not wait for its writer */
    bool opened = *fd >= 0, known = opened && fstat(*fd, &s) == 0;
    int why = errno;
    *size = (uint64_t)s.st_size;
    if (known && S_ISREG(s.st_mode)) return TD_OK;
    if (opened) close(*fd);
    *fd = -1;
    if (known || why == ENXIO) return td_fail(err, TD_ARG, path, NULL, "is not a file");
    return td_fail(err, td_status_of_errno(why), path, NULL, "cannot be opened: %s", strerror(why));
}

td_status td_file_read(td_arena *a, const char *path, size_t limit, char **data, size_t *length, td_error *err)
{
    int fd;
    uint64_t size;
    *data = NULL;
    td_status st = td_file_open(path, &fd, &size, err);
    if (st) return st;
    if (size > limit)
        st = td_fail(err, TD_ARG, path, NULL, "is too large: %llu bytes, at most %zu are read",
                     (unsigned long long)size, limit);
    char *p = st ? NULL : td_arena_alloc(a, (size_t)size + 1);
    if (!st && !p) st = td_no_memory(err);
    size_t got = 0;
    while (!st && got < (size_t)size) {
        ssize_t n = read(fd, p + got, (size_t)size - got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) st = td_fail(err, TD_DISK, path, NULL, "cannot be read: %s", strerror(errno));
        if (n <= 0) break;
        got += (size_t)n;
    }
    close(fd);
    if (st) return st;
    *data = p;
    if (length) *length = got;
    return TD_OK;
}

static void folder_of(const char *path, char *out, size_t size)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        snprintf(out, size, ".");
    else
        snprintf(out, size, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

td_status td_fail_write(td_error *err, const char *path, int number)
{
    if (number == ENOSPC || number == EDQUOT)
        return td_fail(err, TD_DISK, path, "make room there, or write somewhere else",
                       "cannot be written: no space left on the disk");
    if (number == EFBIG)
        return td_fail(err, TD_DISK, path, "raise the limit (ulimit -f), or write to another disk",
                       "cannot be written: a file of that size is not allowed");
    return td_fail(err, TD_DISK, path, NULL, "cannot be written: %s", strerror(number));
}

td_status td_file_temp(const char *path, char *temp, size_t size, td_error *err)
{
    char folder[4096];
    folder_of(path, folder, sizeof folder);
    size_t n = (size_t)snprintf(temp, size, "%s/.td-%08x", folder, 0u);
    if (n >= size) return td_fail(err, TD_ARG, path, NULL, "the path is too long");
    int fd = -1;
    for (int try = 0; fd < 0 && try < 100; try++) {
        uint32_t any;
        if (getrandom(&any, sizeof any, 0) != sizeof any) break;
        snprintf(temp + n - 8, 9, "%08x", any);
        fd = open(temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666); /* less what the process withholds */
        if (fd < 0 && errno != EEXIST) break;
    }
    if (fd < 0)
        return td_fail(err, td_status_of_errno(errno), folder, NULL, "cannot be written to: %s", strerror(errno));
    close(fd);
    return TD_OK;
}

/* named: what messages call it. */
static td_status sync_path(const char *path, int flags, const char *named, td_error *err)
{
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0) return td_fail(err, TD_DISK, named, NULL, "cannot be opened: %s", strerror(errno));
    int bad = fsync(fd) != 0 ? errno : 0;
    if (close(fd) != 0 && !bad) bad = errno;
    /* some file systems refuse fsync on folders; that is no lost data */
    if (bad && !((flags & O_DIRECTORY) && bad == EINVAL)) return td_fail_write(err, named, bad);
    return TD_OK;
}

td_status td_folder_sync(const char *path, td_error *err)
{
    return sync_path(path, O_RDONLY | O_DIRECTORY, path, err);
}

td_status td_file_commit(const char *temp, const char *path, bool replace, td_error *err)
{
    char folder[4096];
    folder_of(path, folder, sizeof folder);
    td_status st = sync_path(temp, O_RDONLY, path, err);
    if (!st && (replace ? rename(temp, path) : renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE)) != 0) {
        if (errno == EEXIST)
            st = td_fail(err, TD_ARG, path, "--force replaces it", "stands there already");
        else
            st = td_fail_write(err, path, errno);
    }
    if (!st) st = sync_path(folder, O_RDONLY | O_DIRECTORY, path, err);
    if (st) unlink(temp);
    return st;
}

td_status td_file_write(const char *path, const void *data, size_t length, bool replace, td_error *err)
{
    char temp[4096];
    td_status st = td_file_temp(path, temp, sizeof temp, err);
    if (st) return st;
    FILE *f = fopen(temp, "wb");
    int bad = f && fwrite(data, 1, length, f) == length ? 0 : errno;
    if (f && fclose(f) != 0 && !bad) bad = errno;
    if (bad) {
        unlink(temp);
        return td_fail_write(err, path, bad);
    }
    return td_file_commit(temp, path, replace, err);
}

td_status td_folder_make(const char *path, td_error *err)
{
    char part[4096];
    if ((size_t)snprintf(part, sizeof part, "%s", path) >= sizeof part)
        return td_fail(err, TD_ARG, path, NULL, "the path is too long");
    for (char *p = part + 1;; p++) {
        if (*p && *p != '/') continue;
        char end = *p;
        *p = 0;
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return td_fail(err, td_status_of_errno(errno), part, NULL, "cannot be made: %s", strerror(errno));
        *p = end;
        if (!end) break;
    }
    if (!td_is_folder(path)) return td_fail(err, TD_ARG, path, NULL, "is not a folder");
    return TD_OK;
}
