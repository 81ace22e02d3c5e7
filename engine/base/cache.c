#include "engine/base/cache.h"

#include "engine/base/file.h"
#include "engine/base/memory.h"
#include "engine/base/text.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static const char *const endings[TD_CACHE_KINDS] = {
    [TD_CACHE_HASH] = ".sha256",
    [TD_CACHE_SOUND] = ".sound",
    [TD_CACHE_SURVEY] = ".survey",
    [TD_CACHE_GROUP] = ".group",
};

enum { ABANDONED_S = 3600 };

bool td_cache_path(const char *folder, td_cache_kind kind, const char *name, char *out, size_t size)
{
    return folder && (size_t)snprintf(out, size, "%s/%s%s", folder, name, endings[kind]) < size;
}

FILE *td_cache_open(const char *path)
{
    int fd;
    uint64_t size;
    if (td_file_open(path, &fd, &size, NULL)) return NULL;
    FILE *f = fdopen(fd, "rb");
    if (!f) close(fd);
    return f;
}

FILE *td_cache_begin(const char *path, char *temp, size_t size)
{
    return td_file_temp(path, temp, size, NULL) ? NULL : fopen(temp, "wbe");
}

bool td_cache_end(FILE *f, const char *temp, const char *path, bool good)
{
    if (fclose(f)) good = false;
    if (good && !rename(temp, path)) return true;
    unlink(temp);
    return false;
}

uint64_t td_cache_sum(uint64_t sum, const void *data, size_t bytes)
{
    const char *from = data;
    for (; bytes; from += sizeof sum) {
        uint64_t word = 0;
        size_t n = bytes < sizeof word ? bytes : sizeof word;
        memcpy(&word, from, n);
        sum = (sum ^ word) * 0x100000001b3;
        bytes -= n;
    }
    return sum;
}

uint64_t td_cache_program(void)
{
    char block[1 << 14];
    uint64_t sum = 0;
    FILE *f = fopen("/proc/self/exe", "rbe");
    for (size_t n; f && (n = fread(block, 1, sizeof block, f));) sum = td_cache_sum(sum, block, n);
    if (f) fclose(f);
    return sum;
}

/* ---- room ------------------------------------------------------------------------------------------------------- */

typedef struct entry {
    char name[256];
    uint64_t bytes;
    struct timespec used;
} entry;

typedef struct listing {
    DIR *folder;
    entry *file; /* the longest unused first */
    size_t n, capacity;
    uint64_t bytes;
} listing;

static bool is_ours(const char *name)
{
    for (size_t k = 0; k < TD_CACHE_KINDS; k++)
        if (td_ends_with(name, endings[k])) return true;
    return td_starts_with(name, ".td-");
}

static bool is_abandoned(const entry *e, time_t now)
{
    return td_starts_with(e->name, ".td-") && e->used.tv_sec < now - ABANDONED_S;
}

static int by_age(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->used.tv_sec != y->used.tv_sec) return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
    if (x->used.tv_nsec != y->used.tv_nsec) return x->used.tv_nsec < y->used.tv_nsec ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* What was abandoned goes at once. */
static bool list_open(listing *l, const char *folder)
{
    *l = (listing){ .folder = opendir(folder) };
    if (!l->folder) return false;
    time_t now = time(NULL);
    for (struct dirent *e; (e = readdir(l->folder));) {
        struct stat s;
        void *grown = l->file;
        if (!is_ours(e->d_name) || fstatat(dirfd(l->folder), e->d_name, &s, AT_SYMLINK_NOFOLLOW)) continue;
        if (!S_ISREG(s.st_mode)) continue;
        if (!td_grow(&grown, &l->capacity, l->n, sizeof *l->file)) break;
        l->file = grown;
        entry *x = &l->file[l->n];
        *x = (entry){ .bytes = (uint64_t)s.st_size, .used = s.st_mtim };
        snprintf(x->name, sizeof x->name, "%s", e->d_name);
        if (is_abandoned(x, now) && !unlinkat(dirfd(l->folder), x->name, 0)) continue;
        l->bytes += x->bytes;
        l->n++;
    }
    if (l->n) qsort(l->file, l->n, sizeof *l->file, by_age);
    return true;
}

static void list_close(listing *l)
{
    closedir(l->folder);
    free(l->file);
}

static void drop(listing *l, const entry *e)
{
    if (!unlinkat(dirfd(l->folder), e->name, 0)) l->bytes -= e->bytes;
}

static uint64_t free_of(const listing *l)
{
    struct statvfs disk;
    return fstatvfs(dirfd(l->folder), &disk) ? 0 : (uint64_t)disk.f_bavail * disk.f_frsize;
}

uint64_t td_cache_room(const char *folder, uint64_t want, uint64_t limit, int64_t since)
{
    listing l;
    if (!list_open(&l, folder)) return 0;
    for (size_t i = 0; i < l.n && l.bytes + want > limit && l.file[i].used.tv_sec < since; i++) drop(&l, &l.file[i]);
    uint64_t left = l.bytes < limit ? limit - l.bytes : 0, half = free_of(&l) / 2;
    list_close(&l);
    if (left > half) left = half;
    return want < left ? want : left;
}

void td_cache_yield(const char *folder, const char *other, uint64_t need)
{
    struct stat a, b;
    listing l;
    if (stat(folder, &a) || stat(other, &b) || a.st_dev != b.st_dev || !list_open(&l, folder)) return;
    for (size_t i = 0; i < l.n && free_of(&l) < need; i++) drop(&l, &l.file[i]);
    list_close(&l);
}

uint64_t td_cache_bytes(const char *folder)
{
    listing l;
    if (!list_open(&l, folder)) return 0;
    list_close(&l);
    return l.bytes;
}
