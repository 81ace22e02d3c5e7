#include "engine/mix/frozen.h"

#include "engine/base/cache.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A file, little-endian, all in words of 8 bytes:
 *
 *     head | frames, left beside right | figures, filled up with zeros | foot */
#define MAGIC "topdown group/1"

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

static td_frozen *frozen_new(const char *folder, const char *hash, uint64_t frames)
{
    td_frozen *f = calloc(1, sizeof *f);
    if (!f) return NULL;
    f->frames = frames;
    if (td_cache_path(folder, TD_CACHE_GROUP, hash, f->path, sizeof f->path)) return f;
    free(f);
    return NULL;
}

void td_frozen_free(td_frozen *f)
{
    if (!f) return;
    if (*f->temp)
        td_cache_end(f->file, f->temp, f->path, false);
    else if (f->file)
        fclose(f->file);
    free(f->figures);
    free(f);
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static void put(td_frozen *f, const void *data, size_t bytes)
{
    f->sum = td_cache_sum(f->sum, data, bytes);
    if (fwrite(data, 1, bytes, f->file) != bytes) f->broken = true;
}

td_frozen *td_frozen_begin(const char *folder, const char hash[TD_SHA256_HEX], uint64_t frames)
{
    td_frozen *f = frozen_new(folder, hash, frames);
    if (!f) return NULL;
    f->file = td_cache_begin(f->path, f->temp, sizeof f->temp);
    if (!f->file) {
        *f->temp = 0;
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
    td_cache_end(f->file, f->temp, f->path, !f->broken);
    f->file = NULL;
    *f->temp = 0;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static bool get(td_frozen *f, void *data, size_t bytes)
{
    if (fread(data, 1, bytes, f->file) != bytes) return false;
    f->sum = td_cache_sum(f->sum, data, bytes);
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
    f->file = td_cache_open(f->path);
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
