/* engine/audio/decode.h - what turns a judged file's bytes into samples. */
#ifndef TD_AUDIO_DECODE_H
#define TD_AUDIO_DECODE_H

#include "engine/audio/probe.h"

typedef struct td_decoder td_decoder;

/* `in` is the decoder's to read from as long as it lives; p only while opening. *frames is what the library expects, or
 * UINT64_MAX. TD_INPUT: the library does not see what the judge saw; no message. TD_NOMEM. */
td_status td_decoder_open(const td_probe *p, td_decoder **out, uint64_t *frames);
void td_decoder_close(td_decoder *d); /* NULL is welcome */

#define TD_DECODE_FRAMES 8192 /* that many are read at most at once */

/* Exactly `frames` frames; false when they cannot be had. */
bool td_decoder_read(td_decoder *d, float *const *ch, size_t frames);

/* Goes to a frame, where that is a matter of bytes: plain PCM. False: it stands where it stood. */
bool td_decoder_seek(td_decoder *d, uint64_t frame);

#endif
