/* engine/base/file.h - files that appear whole or not at all. */
#ifndef TD_BASE_FILE_H
#define TD_BASE_FILE_H

#include "engine/base/error.h"
#include "engine/base/memory.h"
#include <stdint.h>

/* Opens a regular file for reading; *fd is then the caller's to close, -1 on failure. TD_ARG: no such file, or a
 * folder, pipe, socket, device. TD_DENIED. TD_DISK. */
td_status td_file_open(const char *path, int *fd, uint64_t *size, td_error *err);

/* Reads a whole regular file of at most `limit` bytes into the arena, NUL-terminated. As
 * td_file_open; TD_ARG also when too large. */
td_status td_file_read(td_arena *a, const char *path, size_t limit, char **data, size_t *length, td_error *err);

/* Writes data under a temporary name beside path, fsyncs, renames, fsyncs the folder. An existing file is replaced only
 * when `replace`; else TD_ARG. */
td_status td_file_write(const char *path, const void *data, size_t length, bool replace, td_error *err);

/* The two halves of the same promise for writers that stream: a temporary name beside path, and making it final. */
td_status td_file_temp(const char *path, char *temp, size_t size, td_error *err);
td_status td_file_commit(const char *temp, const char *path, bool replace, td_error *err);

/* Why a file could not be written, by the errno of the call that failed, and what to do: TD_DISK. */
td_status td_fail_write(td_error *err, const char *path, int number);

td_status td_folder_make(const char *path, td_error *err); /* with parents, like mkdir -p */
td_status td_folder_sync(const char *path, td_error *err); /* the names in it outlast a loss of power */
/* What tells a file from every other, and from itself before its bytes changed. */
typedef struct td_file_mark {
    uint64_t device, inode, bytes;
    int64_t changed_s, changed_ns;
} td_file_mark;
bool td_file_mark_of(const char *path, td_file_mark *out); /* false, and all 0: it cannot be looked at */

bool td_is_folder(const char *path);
bool td_is_file(const char *path);
const char *td_basename(const char *path); /* points into path */

#endif
