#include "engine/audio/input.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

td_status td_input_open(td_input *in, const char *path, td_error *err)
{
    *in = (td_input){ .fd = -1 };
    td_status st = td_file_open(path, &in->fd, &in->size, err);
    if (st) return st;
    in->window = malloc(TD_INPUT_WINDOW);
    return in->window ? TD_OK : td_no_memory(err);
}

void td_input_close(td_input *in)
{
    if (in->fd >= 0) close(in->fd);
    free(in->window);
    *in = (td_input){ .fd = -1 };
}

void td_input_forget(td_input *in)
{
    free(in->window);
    in->window = NULL;
    in->have = 0;
}

size_t td_input_read(td_input *in, uint64_t at, void *to, size_t n)
{
    size_t got = 0;
    while (got < n && at + got < in->size) {
        ssize_t k = pread(in->fd, (char *)to + got, n - got, (off_t)(at + got));
        if (k < 0 && errno == EINTR) continue;
        if (k < 0 && !in->error) in->error = errno;
        if (k <= 0) break;
        got += (size_t)k;
    }
    return got;
}

const uint8_t *td_input_peek(td_input *in, uint64_t at, size_t n)
{
    if (n > TD_INPUT_WINDOW || at > in->size || n > in->size - at) return NULL;
    if (at < in->at || at + n > in->at + in->have) {
        in->at = at;
        in->have = td_input_read(in, at, in->window, TD_INPUT_WINDOW);
        if (in->have < n) return NULL;
    }
    return in->window + (at - in->at);
}
