/* engine/audio/input.h - a foreign file, looked at through a window.
 *
 * The judges of headers never hold more of a file than the window, and a read beyond its end is a NULL they must meet.
 */
#ifndef TD_AUDIO_INPUT_H
#define TD_AUDIO_INPUT_H

#include "engine/base/base.h"
#include <string.h>

#define TD_INPUT_WINDOW ((size_t)256 << 10)

typedef struct td_input {
    int fd;
    uint64_t size;
    int error; /* errno of the first read that failed; 0 while all went well */
    uint64_t at;
    size_t have;
    uint8_t *window;
} td_input;

/* TD_ARG: no such file, or not a regular one. TD_DISK: cannot be read. td_input_close copes with either outcome. */
td_status td_input_open(td_input *in, const char *path, td_error *err);
void td_input_close(td_input *in);
void td_input_forget(td_input *in); /* frees the window: nothing is peeked at any more */

/* The n bytes at `at`, good until the next call; NULL when the file does not hold them all, n exceeds the window, or
 * reading failed. */
const uint8_t *td_input_peek(td_input *in, uint64_t at, size_t n);

/* Reads at most n bytes; fewer only at the end of the file or after an error (errno in in->error). */
size_t td_input_read(td_input *in, uint64_t at, void *to, size_t n);

static inline unsigned td_le16(const uint8_t *p)
{
    return p[0] | (unsigned)p[1] << 8;
}
static inline uint32_t td_le32(const uint8_t *p)
{
    return td_le16(p) | (uint32_t)td_le16(p + 2) << 16;
}
static inline uint64_t td_le64(const uint8_t *p)
{
    return td_le32(p) | (uint64_t)td_le32(p + 4) << 32;
}
static inline unsigned td_be16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}
static inline uint32_t td_be24(const uint8_t *p)
{
    return (uint32_t)td_be16(p) << 8 | p[2];
}
static inline uint32_t td_be32(const uint8_t *p)
{
    return (uint32_t)td_be16(p) << 16 | td_be16(p + 2);
}
static inline uint64_t td_be64(const uint8_t *p)
{
    return (uint64_t)td_be32(p) << 32 | td_be32(p + 4);
}
static inline bool td_is(const void *p, const char *magic) /* as many bytes as magic has letters */
{
    return memcmp(p, magic, strlen(magic)) == 0;
}

#endif
