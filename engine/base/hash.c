#include "engine/base/hash.h"

#include "engine/base/cache.h"
#include "engine/base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct td_sha256 {
    EVP_MD_CTX *ctx;
};

td_status td_sha256_new(td_sha256 **out)
{
    *out = NULL;
    td_sha256 *h = calloc(1, sizeof *h);
    if (!h) return TD_NOMEM;
    h->ctx = EVP_MD_CTX_new();
    if (!h->ctx || EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) != 1) {
        td_sha256_free(h);
        return TD_NOMEM;
    }
    *out = h;
    return TD_OK;
}

void td_sha256_add(td_sha256 *h, const void *data, size_t length)
{
    EVP_DigestUpdate(h->ctx, data, length);
}

void td_sha256_free(td_sha256 *h)
{
    if (!h) return;
    EVP_MD_CTX_free(h->ctx);
    free(h);
}

void td_sha256_hex(td_sha256 *h, char out[TD_SHA256_HEX])
{
    unsigned char digest[32] = { 0 };
    EVP_DigestFinal_ex(h->ctx, digest, NULL);
    for (size_t i = 0; i < 32; i++) {
        out[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    out[64] = 0;
    td_sha256_free(h);
}

td_status td_sha256_of(const void *data, size_t length, char out[TD_SHA256_HEX])
{
    td_sha256 *h;
    td_status st = td_sha256_new(&h);
    if (st) return st;
    td_sha256_add(h, data, length);
    td_sha256_hex(h, out);
    return TD_OK;
}

td_status td_sha256_file(const char *path, char out[TD_SHA256_HEX], uint64_t *bytes, td_error *err)
{
    enum { CHUNK = 1 << 17 };
    uint64_t total = 0;
    td_sha256 *h = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return td_fail(err, TD_DISK, path, NULL, "cannot be opened: %s", strerror(errno));
    unsigned char *chunk = malloc(CHUNK);
    td_status st = chunk ? td_sha256_new(&h) : TD_NOMEM;
    while (st == TD_OK) {
        ssize_t n = read(fd, chunk, CHUNK);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) st = td_fail(err, TD_DISK, path, NULL, "cannot be read: %s", strerror(errno));
        if (n <= 0) break;
        td_sha256_add(h, chunk, (size_t)n);
        total += (uint64_t)n;
    }
    close(fd);
    free(chunk);
    if (st) {
        td_sha256_free(h);
        return st;
    }
    td_sha256_hex(h, out);
    if (bytes) *bytes = total;
    return TD_OK;
}

/* ---- hashes that are kept ---------------------------------------------------------------------------------------- */

enum { SETTLED_S = 3 }; /* FAT counts by 2 s */

/* Where the hash of a file is kept: what tells it from every other, and from itself before a change. */
typedef struct stamp {
    char name[TD_SHA256_HEX], place[4096];
    int64_t changed_s;
} stamp;

static bool stamp_of(const char *path, const char *folder, stamp *out)
{
    char text[200];
    struct stat s;
    if (!folder || stat(path, &s) || !S_ISREG(s.st_mode)) return false;
    int n = snprintf(text, sizeof text, "%ju %ju %jd %jd.%09ld %jd.%09ld", (uintmax_t)s.st_dev, (uintmax_t)s.st_ino,
                     (intmax_t)s.st_size, (intmax_t)s.st_mtim.tv_sec, s.st_mtim.tv_nsec, (intmax_t)s.st_ctim.tv_sec,
                     s.st_ctim.tv_nsec);
    out->changed_s = s.st_ctim.tv_sec;
    return !td_sha256_of(text, (size_t)n, out->name) &&
           td_cache_path(folder, TD_CACHE_HASH, out->name, out->place, sizeof out->place);
}

/* The hash of a file, and below it one of both names, for nobody else can tell whether a digit fell over. */
static bool write_out(const stamp *s, const char *hash, char text[2 * TD_SHA256_HEX + 1])
{
    char both[2 * TD_SHA256_HEX], sum[TD_SHA256_HEX];
    int n = snprintf(both, sizeof both, "%s%s", s->name, hash);
    if (td_sha256_of(both, (size_t)n, sum)) return false;
    snprintf(text, 2 * TD_SHA256_HEX + 1, "%s\n%s\n", hash, sum);
    return true;
}

static bool recall(const stamp *s, char out[TD_SHA256_HEX])
{
    char have[2 * TD_SHA256_HEX + 1] = { 0 }, want[2 * TD_SHA256_HEX + 1];
    FILE *f = td_cache_open(s->place);
    if (!f) return false;
    size_t n = fread(have, 1, sizeof have - 1, f);
    fclose(f);
    if (n != sizeof have - 1) return false;
    memcpy(out, have, TD_SHA256_HEX - 1);
    out[TD_SHA256_HEX - 1] = 0;
    return write_out(s, out, want) && !strcmp(have, want);
}

/* What cannot be kept is read again. */
static void keep(const stamp *s, const char *folder, const char *hash)
{
    char temp[4096], text[2 * TD_SHA256_HEX + 1];
    FILE *f =
        write_out(s, hash, text) && !td_folder_make(folder, NULL) ? td_cache_begin(s->place, temp, sizeof temp) : NULL;
    if (f) td_cache_end(f, temp, s->place, fputs(text, f) >= 0);
}

td_status td_sha256_kept(const char *path, const char *folder, int64_t now_s, char out[TD_SHA256_HEX], td_error *err)
{
    stamp before, after;
    bool placed = stamp_of(path, folder, &before);
    if (placed && recall(&before, out)) return TD_OK;
    td_status st = td_sha256_file(path, out, NULL, err);
    if (st || !placed || before.changed_s + SETTLED_S > now_s) return st;
    if (stamp_of(path, folder, &after) && !strcmp(before.name, after.name)) keep(&before, folder, out);
    return TD_OK;
}

bool td_is_sha256(const char *text)
{
    size_t digits = strspn(text, "0123456789abcdefABCDEF");
    return digits == TD_SHA256_HEX - 1 && !text[digits];
}
