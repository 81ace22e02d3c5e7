#include "engine/base/hash.h"

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

/* Where the hash of a file is kept, by what tells it from every other and from itself before a change. */
static bool place_of(const char *path, const char *folder, char *place, size_t size, struct stat *s)
{
    char text[200], stamp[TD_SHA256_HEX];
    if (!folder || stat(path, s) || !S_ISREG(s->st_mode)) return false;
    int n = snprintf(text, sizeof text, "%ju %ju %jd %jd.%09ld %jd.%09ld", (uintmax_t)s->st_dev, (uintmax_t)s->st_ino,
                     (intmax_t)s->st_size, (intmax_t)s->st_mtim.tv_sec, s->st_mtim.tv_nsec, (intmax_t)s->st_ctim.tv_sec,
                     s->st_ctim.tv_nsec);
    if (td_sha256_of(text, (size_t)n, stamp)) return false;
    return (size_t)snprintf(place, size, "%s/%s.sha256", folder, stamp) < size;
}

static bool recall(const char *place, char out[TD_SHA256_HEX])
{
    FILE *f = fopen(place, "re");
    size_t n = f ? fread(out, 1, TD_SHA256_HEX, f) : 0; /* one more than there is */
    if (f) fclose(f);
    if (n != TD_SHA256_HEX - 1) return false;
    out[n] = 0;
    return td_is_sha256(out);
}

/* What cannot be kept is read again. After a crash it may be empty: nothing waits for the disk. */
static void keep(const char *place, const char *folder, const char *hash)
{
    char temp[4096];
    if (td_folder_make(folder, NULL) || td_file_temp(place, temp, sizeof temp, NULL)) return;
    FILE *f = fopen(temp, "we");
    bool good = f && fputs(hash, f) >= 0;
    if (f && fclose(f)) good = false;
    if (!good || rename(temp, place)) unlink(temp);
}

td_status td_sha256_kept(const char *path, const char *folder, int64_t now_s, char out[TD_SHA256_HEX], td_error *err)
{
    char place[4096], after[4096];
    struct stat s, then;
    bool placed = place_of(path, folder, place, sizeof place, &s);
    if (placed && recall(place, out)) return TD_OK;
    td_status st = td_sha256_file(path, out, NULL, err);
    if (st || !placed || s.st_ctim.tv_sec + SETTLED_S > now_s) return st;
    if (place_of(path, folder, after, sizeof after, &then) && !strcmp(place, after)) keep(place, folder, out);
    return TD_OK;
}

bool td_is_sha256(const char *text)
{
    size_t digits = strspn(text, "0123456789abcdefABCDEF");
    return digits == TD_SHA256_HEX - 1 && !text[digits];
}
