/* engine/base/error.h - errors as values.
 *
 * A function that can fail returns td_status and, where a person may have to read about it, fills a td_error: what is
 * wrong, where, why, and what to do. The lowest layer that knows the place fills it in; upper layers never replace it.
 * td_error is plain storage of the caller: no allocation, nothing to free. A NULL td_error is welcome everywhere. */
#ifndef TD_BASE_ERROR_H
#define TD_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* code, name as printed, exit code of a command, whether the queue tries again (RETRY) or gives up (BURY).
 * The exit codes are those of `topdown help exit-codes`. */
#define TD_STATUS_MAP(X)                                                                                        \
    X(OK, "ok", 0, DONE)                                                                                        \
    X(FAILED, "failed", 1, BURY)        /* trying again unchanged will not help */                              \
    X(ARG, "argument", 2, BURY)         /* the call itself is wrong */                                          \
    X(INPUT, "input", 3, BURY)          /* a stem is refused */                                                 \
    X(RECIPE, "recipe", 3, BURY)        /* a recipe or plan is refused */                                       \
    X(JOB, "job", 3, BURY)              /* a job file is refused */                                             \
    X(PARTIAL, "partial", 4, BURY)      /* some recipes or files done, some not */                              \
    X(MISSED, "missed", 5, BURY)        /* done, but what --strict or --expect asked for did not hold */        \
    X(REMOTE, "unreachable", 69, RETRY) /* server, storage or address not reachable: the other side may heal */ \
    X(NOMEM, "memory", 75, RETRY)                                                                               \
    X(DISK, "disk", 75, RETRY) /* reading, writing or space */                                                  \
    X(BUSY, "busy", 75, RETRY)                                                                                  \
    X(DENIED, "denied", 77, BURY)                                                                               \
    X(STOPPED, "stopped", 130, RETRY) /* the caller asked to stop */

typedef enum td_status {
#define X(code, name, exit, action) TD_##code,
    TD_STATUS_MAP(X)
#undef X
        TD_STATUS_COUNT
} td_status;

typedef struct td_error {
    td_status status;
    char where[320]; /* "house/rock.yaml:14:33", "stem 'Kick.wav'"; may be empty */
    char what[640];  /* what is wrong and why */
    char hint[320];  /* what to do; may be empty */
} td_error;

const char *td_status_name(td_status st);
int td_status_exit(td_status st);
bool td_status_retry(td_status st);
/* What a failed call on a file means: TD_ARG no such thing by that name, TD_DENIED no right, TD_NOMEM, else TD_DISK. */
td_status td_status_of_errno(int number);

/* Fills err (unless NULL) and returns st. where and hint may be NULL. */
td_status td_fail(td_error *err, td_status st, const char *where, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* What every failed allocation says; returns TD_NOMEM. */
td_status td_no_memory(td_error *err);

/* "where: what (hint)" in out, cut to size. Returns out. */
const char *td_error_text(const td_error *err, char *out, size_t size);

#endif
