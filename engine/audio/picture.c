#include "engine/audio/input.h"
#include "engine/audio/tags.h"

#include <stdlib.h>

#define LARGEST ((size_t)16 << 20)

static bool measure_png(td_picture *p)
{
    static const unsigned samples[7] = { 1, 0, 3, 1, 2, 0, 4 }; /* a pixel, by colour type */
    const uint8_t *b = p->data;
    if (p->size < 33 || memcmp(b, "\x89PNG\r\n\x1a\n", 8) != 0) return false;
    p->mime = "image/png";
    p->width = td_be32(b + 16);
    p->height = td_be32(b + 20);
    p->depth = b[25] < 7 ? samples[b[25]] * b[24] : 0;
    return true;
}

/* The size stands in the frame header, behind other segments. */
static bool measure_jpeg(td_picture *p)
{
    const uint8_t *b = p->data;
    if (p->size < 4 || b[0] != 0xff || b[1] != 0xd8) return false;
    p->mime = "image/jpeg";
    for (size_t at = 2; at + 10 <= p->size && b[at] == 0xff; at += 2 + td_be16(b + at + 2)) {
        unsigned kind = b[at + 1];
        if (kind < 0xc0 || kind > 0xcf || kind == 0xc4 || kind == 0xc8 || kind == 0xcc) continue;
        p->height = td_be16(b + at + 5);
        p->width = td_be16(b + at + 7);
        p->depth = b[at + 4] * b[at + 9];
        return true;
    }
    return false;
}

td_status td_picture_load(const char *path, td_picture *out, td_error *err)
{
    *out = (td_picture){ 0 };
    if (!path) return TD_OK;
    td_input in;
    td_status st = td_input_open(&in, path, err);
    if (!st && in.size > LARGEST) st = td_fail(err, TD_ARG, path, "make it smaller", "is larger than 16 MB");
    if (!st && !(out->data = malloc(in.size + 1))) st = TD_NOMEM;
    if (!st) out->size = td_input_read(&in, 0, out->data, in.size);
    if (!st && in.error) st = td_fail(err, TD_DISK, path, NULL, "cannot be read: %s", strerror(in.error));
    if (!st && !measure_png(out) && !measure_jpeg(out))
        st = td_fail(err, TD_ARG, path, "give a JPEG or PNG file", "is not a picture that fits into audio files");
    td_input_close(&in);
    if (st) td_picture_free(out);
    return st;
}

void td_picture_free(td_picture *p)
{
    free(p->data);
    *p = (td_picture){ 0 };
}
