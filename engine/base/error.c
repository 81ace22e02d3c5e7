#include "engine/base/error.h"

#include <errno.h>
#include <stdio.h>

enum { DONE, RETRY, BURY };

static const struct {
    const char *name;
    int exit, action;
} statuses[TD_STATUS_COUNT] = {
#define X(code, text, exit_code, queue) [TD_##code] = { text, exit_code, queue },
    TD_STATUS_MAP(X)
#undef X
};

const char *td_status_name(td_status st)
{
    return statuses[st].name;
}

int td_status_exit(td_status st)
{
    return statuses[st].exit;
}

bool td_status_retry(td_status st)
{
    return statuses[st].action == RETRY;
}

td_status td_status_of_errno(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
        return TD_ARG;
    case EACCES:
    case EPERM:
    case EROFS:
        return TD_DENIED;
    case ENOMEM:
        return TD_NOMEM;
    default:
        return TD_DISK;
    }
}

td_status td_fail(td_error *err, td_status st, const char *where, const char *hint, const char *fmt, ...)
{
    if (!err) return st;
    va_list args;
    va_start(args, fmt);
    err->status = st;
    snprintf(err->where, sizeof err->where, "%s", where ? where : "");
    snprintf(err->hint, sizeof err->hint, "%s", hint ? hint : "");
    vsnprintf(err->what, sizeof err->what, fmt, args);
    va_end(args);
    return st;
}

td_status td_no_memory(td_error *err)
{
    return td_fail(err, TD_NOMEM, NULL, "fewer threads or shorter songs need less", "memory is short");
}

const char *td_error_text(const td_error *err, char *out, size_t size)
{
    snprintf(out, size, "%s%s%s%s%s", err->where, err->where[0] ? ": " : "", err->what, err->hint[0] ? "; " : "",
             err->hint);
    return out;
}
