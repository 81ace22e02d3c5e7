#include "engine/base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
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

bool td_is_sha256(const char *text)
{
    size_t digits = strspn(text, "0123456789abcdefABCDEF");
    return digits == TD_SHA256_HEX - 1 && !text[digits];
}
