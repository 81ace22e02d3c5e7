/* jobs/files.h - files of this machine that a job may name: below a file root, and nowhere else. */
#ifndef TD_JOBS_FILES_H
#define TD_JOBS_FILES_H

#include "engine/base/base.h"

typedef struct td_roots {
    const char *const *root; /* absolute folders */
    size_t n;
} td_roots;

/* Opens an absolute path below one of the roots, walking it part by part: no link is followed, no "..", nothing but
 * regular files (or, with `folder`, folders). *fd is for close(). TD_DENIED: outside, or a link. TD_ARG: not there. */
td_status td_roots_open(const td_roots *roots, const char *path, bool folder, int *fd, td_error *err);

/* Copies what fd reads to a new file. *bytes is its length. TD_INPUT: more than most_bytes. TD_DISK. */
td_status td_copy_fd(int fd, const char *to, int64_t most_bytes, int64_t *bytes, td_error *err);

#endif
