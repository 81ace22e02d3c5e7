/* engine/audio/writer.h - what writer.c and its encoders share.
 *
 *   td_writer_write -> [resampler] -> block: dither and rounding, or floats -> encoder -> sink -> temporary file
 *
 * Encoders know their format and nothing of dither, rates or file names. */
#ifndef TD_AUDIO_WRITER_H
#define TD_AUDIO_WRITER_H

#include "engine/audio/audio.h"

#define TD_BLOCK 4096 /* frames an encoder gets at most in one call */

#define TD_SINK_BYTES 65536

/* The temporary file. What is put waits until whole pages can be written at once. A write that failed is remembered, so
 * encoders in libraries need not hand errors through. */
typedef struct td_sink {
    int fd;
    uint64_t at;   /* where the next bytes go; an encoder may move it */
    uint64_t from; /* where those that wait belong */
    size_t held;
    int error; /* errno; 0 while all is well */
    char waiting[TD_SINK_BYTES];
} td_sink;

bool td_sink_put(td_sink *s, const void *data, size_t n);                 /* at s->at, which moves on */
bool td_sink_put_at(td_sink *s, uint64_t at, const void *data, size_t n); /* at once */
bool td_sink_flush(td_sink *s);                                           /* writes what waits */

/* One block: interleaved, as integers whose top `bits` bits count, or as floats. */
typedef union td_block {
    int32_t i[TD_BLOCK * 2];
    float f[TD_BLOCK * 2];
} td_block;

/* What an encoder works with. spec has no zeros any more: rates and bit rates are decided. */
typedef struct td_encoding {
    td_sink *sink;
    td_file_spec spec;
    const td_tags *tags; /* never NULL; good until open returned */
    td_error *err;       /* of the call under way */
    const char *where;
} td_encoding;

typedef struct td_encoder {
    size_t state_size; /* zeroed by the writer */
    td_status (*open)(void *state, td_encoding *e);
    td_status (*write)(void *state, td_encoding *e, const td_block *block, size_t frames);
    td_status (*finish)(void *state, td_encoding *e);
    /* Errors of the sink are the writer's to tell: an encoder may return TD_DISK or go on. */
    void (*drop)(void *state); /* also after a failed open; may be absent */
} td_encoder;

extern const td_encoder td_encode_wav, td_encode_aiff, td_encode_flac, td_encode_mp3, td_encode_ogg, td_encode_opus;

#endif
