/* engine/base/hash.h - SHA-256 (of libcrypto), the name of every session, plan and file. */
#ifndef TD_BASE_HASH_H
#define TD_BASE_HASH_H

#include "engine/base/error.h"
#include <stddef.h>
#include <stdint.h>

#define TD_SHA256_HEX 65 /* with the final NUL */

typedef struct td_sha256 td_sha256;

td_status td_sha256_new(td_sha256 **out);
void td_sha256_add(td_sha256 *h, const void *data, size_t length);
void td_sha256_hex(td_sha256 *h, char out[TD_SHA256_HEX]); /* ends and frees h */
void td_sha256_free(td_sha256 *h);                         /* for those that are not ended; NULL is welcome */

td_status td_sha256_of(const void *data, size_t length, char out[TD_SHA256_HEX]);
td_status td_sha256_file(const char *path, char out[TD_SHA256_HEX], uint64_t *bytes, td_error *err);

/* As td_sha256_file, but what `folder` (NULL: none) keeps of a file is taken instead of reading it again, and kept
 * there otherwise. Kept hashes belong to a device, inode and length and to the times, in nanoseconds, at which content
 * and inode last changed; the latter no program can turn back. A file that changed within the last seconds before now_s
 * (since 1970) is not kept: clocks of file systems are coarse, and it may change again without their telling. */
td_status td_sha256_kept(const char *path, const char *folder, int64_t now_s, char out[TD_SHA256_HEX], td_error *err);

/* 64 hexadecimal digits and nothing else. */
bool td_is_sha256(const char *text);

#endif
