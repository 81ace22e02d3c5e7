#include "engine/mix/frozen.h"

#include "engine/base/file.h"
#include "engine/base/text.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* A file, little-endian as x86-64 and aarch64 keep it, all in words of 8 bytes:
 *
 *     head | frames, left beside right | figures, filled up with zeros | foot */
#define MAGIC  "topdown group/1"
#define ENDING ".group"

enum { WORD = sizeof(uint64_t), FRAME = 2 * sizeof(float), BATCH = 4096 /* frames */ };

typedef struct head {
    char magic[16];
    uint64_t frames;
    char hash[TD_SHA256_HEX + 7];
} head;

typedef struct foot {
    uint64_t figures; /* bytes, before they were filled up */
    uint64_t sum;     /* of all before it */
} foot;

struct td_frozen {
    FILE *file;
    char path[4096], temp[4096]; /* temp: while it is written, else empty */
    uint64_t frames, done;
    uint64_t sum;
    bool broken;
    char *figures;
    size_t n_figures;
    float frame[BATCH][2];
};

static head head_of(const char *hash, uint64_t frames)
{
    head h = { .magic = MAGIC, .frames = frames };
    snprintf(h.hash, sizeof h.hash, "%s", hash);
    return h;
}

static size_t filled_up(size_t bytes)
{
    return (bytes + WORD - 1) / WORD * WORD;
}

uint64_t td_frozen_bytes(uint64_t frames)
{
    return sizeof(head) + frames * FRAME + sizeof(foot);
}

/* FNV-1a by words of 64 bits: a word that changed always shows, and against accidents that is enough. */
static void sum_up(td_frozen *f, const void *data, size_t bytes)
{
    uint64_t sum = f->sum, word;
    for (size_t i = 0; i < bytes; i += WORD) {
        memcpy(&word, (const char *)data + i, WORD);
        sum = (sum ^ word) * 0x100000001b3;
    }
    f->sum = sum;
}

static td_frozen *frozen_new(const char *folder, const char *hash, uint64_t frames)
{
    td_frozen *f = calloc(1, sizeof *f);
    if (!f) return NULL;
    f->frames = frames;
    if ((size_t)snprintf(f->path, sizeof f->path, "%s/%s" ENDING, folder, hash) < sizeof f->path) return f;
    free(f);
    return NULL;
}

void td_frozen_free(td_frozen *f)
{
    if (!f) return;
    if (f->file) fclose(f->file);
    if (*f->temp) unlink(f->temp);
    free(f->figures);
    free(f);
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static void put(td_frozen *f, const void *data, size_t bytes)
{
    sum_up(f, data, bytes);
    if (fwrite(data, 1, bytes, f->file) != bytes) f->broken = true;
}

td_frozen *td_frozen_begin(const char *folder, const char hash[TD_SHA256_HEX], uint64_t frames)
{
    td_frozen *f = frozen_new(folder, hash, frames);
    if (!f) return NULL;
    if (td_file_temp(f->path, f->temp, sizeof f->temp, NULL)) *f->temp = 0;
    if (!*f->temp || !(f->file = fopen(f->temp, "wb"))) {
        td_frozen_free(f);
        return NULL;
    }
    head h = head_of(hash, frames);
    put(f, &h, sizeof h);
    return f;
}

void td_frozen_write(td_frozen *f, const float *const *ch, size_t n)
{
    for (size_t at = 0, m; at < n && !f->broken; at += m) {
        m = n - at < BATCH ? n - at : BATCH;
        for (size_t i = 0; i < m; i++)
            for (size_t c = 0; c < 2; c++) f->frame[i][c] = ch[c][at + i];
        put(f, f->frame, m * FRAME);
    }
    f->done += n;
}

/* Nobody waits until it is on the disk: after a crash the sum tells. */
void td_frozen_commit(td_frozen *f, const char *figures, size_t n)
{
    char last[WORD] = { 0 };
    size_t whole = n / WORD * WORD;
    if (f->done != f->frames) return;
    if (n) memcpy(last, figures + whole, n - whole);
    put(f, figures, whole);
    put(f, last, filled_up(n - whole));
    foot end = { .figures = n };
    put(f, &end.figures, sizeof end.figures);
    end.sum = f->sum;
    put(f, &end.sum, sizeof end.sum);
    bool good = fclose(f->file) == 0 && !f->broken;
    f->file = NULL;
    if (good && !rename(f->temp, f->path)) *f->temp = 0;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static bool get(td_frozen *f, void *data, size_t bytes)
{
    if (fread(data, 1, bytes, f->file) != bytes) return false;
    sum_up(f, data, bytes);
    return true;
}

static bool get_figures(td_frozen *f, uint64_t size)
{
    uint64_t bare = td_frozen_bytes(f->frames), n = size - bare;
    foot end = { 0 };
    if (size < bare || n % WORD || n > SIZE_MAX || !(f->figures = malloc((size_t)n + 1))) return false;
    if (!get(f, f->figures, (size_t)n) || !get(f, &end.figures, sizeof end.figures)) return false;
    uint64_t sum = f->sum;
    f->n_figures = (size_t)end.figures;
    return end.figures <= n && filled_up((size_t)end.figures) == n && get(f, &end.sum, sizeof end.sum) &&
           end.sum == sum;
}

static bool is_whole(td_frozen *f, const char *hash)
{
    struct stat s;
    head h, own = head_of(hash, f->frames);
    if (fstat(fileno(f->file), &s) || !get(f, &h, sizeof h) || memcmp(&h, &own, sizeof h)) return false;
    for (uint64_t left = f->frames; left;) {
        size_t n = left < BATCH ? (size_t)left : BATCH;
        if (!get(f, f->frame, n * FRAME)) return false;
        left -= n;
    }
    return get_figures(f, (uint64_t)s.st_size) && !fseek(f->file, sizeof h, SEEK_SET);
}

td_frozen *td_frozen_find(const char *folder, const char hash[TD_SHA256_HEX], uint64_t frames)
{
    td_frozen *f = frozen_new(folder, hash, frames);
    if (!f) return NULL;
    f->file = fopen(f->path, "rb");
    if (f->file && is_whole(f, hash)) {
        futimens(fileno(f->file), NULL);
        return f;
    }
    td_frozen_free(f);
    return NULL;
}

bool td_frozen_read(td_frozen *f, float *const *ch, size_t n)
{
    for (size_t at = 0, m; at < n; at += m) {
        m = n - at < BATCH ? n - at : BATCH;
        if (fread(f->frame, FRAME, m, f->file) != m) return false;
        for (size_t i = 0; i < m; i++)
            for (size_t c = 0; c < 2; c++) ch[c][at + i] = f->frame[i][c];
    }
    return true;
}

const char *td_frozen_figures(const td_frozen *f, size_t *n)
{
    *n = f->n_figures;
    return f->figures;
}

/* ---- room -------------------------------------------------------------------------------------------------------- */

typedef struct entry {
    char name[256];
    uint64_t bytes;
    struct timespec used;
} entry;

/* What belongs here, and what a crash left behind. */
static bool is_ours(const char *name)
{
    return td_ends_with(name, ENDING) || td_ends_with(name, ".survey") || td_ends_with(name, ".sha256") ||
           td_starts_with(name, ".td-");
}

static entry *list_files(DIR *d, size_t *n, uint64_t *held)
{
    entry *list = NULL;
    size_t room = 0;
    for (struct dirent *e; (e = readdir(d));) {
        struct stat s;
        void *grown = list;
        if (!is_ours(e->d_name) || fstatat(dirfd(d), e->d_name, &s, AT_SYMLINK_NOFOLLOW) || !S_ISREG(s.st_mode))
            continue;
        if (!td_grow(&grown, &room, *n, sizeof *list)) break;
        list = grown;
        entry *x = &list[(*n)++];
        *x = (entry){ .bytes = (uint64_t)s.st_size, .used = s.st_mtim };
        snprintf(x->name, sizeof x->name, "%s", e->d_name);
        *held += x->bytes;
    }
    return list;
}

static int by_age(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->used.tv_sec != y->used.tv_sec) return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
    if (x->used.tv_nsec != y->used.tv_nsec) return x->used.tv_nsec < y->used.tv_nsec ? -1 : 1;
    return strcmp(x->name, y->name);
}

uint64_t td_cache_room(const char *folder, uint64_t want, uint64_t limit, int64_t since)
{
    struct statvfs disk;
    size_t n = 0;
    uint64_t held = 0;
    DIR *d = opendir(folder);
    if (!d || fstatvfs(dirfd(d), &disk)) {
        if (d) closedir(d);
        return 0;
    }
    entry *list = list_files(d, &n, &held);
    if (n) qsort(list, n, sizeof *list, by_age);
    for (size_t i = 0; i < n && held + want > limit && list[i].used.tv_sec < since; i++)
        if (!unlinkat(dirfd(d), list[i].name, 0)) held -= list[i].bytes;
    uint64_t left = held < limit ? limit - held : 0, half = (uint64_t)disk.f_bavail * disk.f_frsize / 2;
    closedir(d);
    free(list);
    if (left > half) left = half;
    return want < left ? want : left;
}

uint64_t td_cache_bytes(const char *folder)
{
    size_t n = 0;
    uint64_t held = 0;
    DIR *d = opendir(folder);
    if (!d) return 0;
    free(list_files(d, &n, &held));
    closedir(d);
    return held;
}
