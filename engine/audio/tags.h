/* engine/audio/tags.h - what a file says about itself, in each format's own words. Bytes go into a td_text, which keeps
 * NULs as well; callers look at `broken` once, at the end. */
#ifndef TD_AUDIO_TAGS_H
#define TD_AUDIO_TAGS_H

#include "engine/audio/audio.h"

/* ---- WAV: the body of a chunk, empty when the tags hold nothing for it ---- */

void td_tags_bext(const td_tags *t, td_text *out); /* EBU Tech 3285, version 2 */
void td_tags_ixml(const td_tags *t, unsigned channels, td_text *out);
void td_tags_axml(const td_tags *t, td_text *out); /* the ISRC, EBU Tech 3352 */
void td_tags_info(const td_tags *t, td_text *out); /* LIST of INFO */

/* ---- MP3, AIFF: a whole ID3v2.3 tag with the cover; empty when there is nothing to say ---- */

td_status td_tags_id3(const td_tags *t, td_text *out, td_error *err);

/* ---- FLAC, Ogg: Vorbis comments, "NAME=value" one after another, each ended by a NUL ---- */

typedef enum td_gain_style {
    TD_GAIN_REPLAYGAIN, /* to -18 LUFS (ReplayGain 2.0), and the peak */
    TD_GAIN_R128        /* to -23 LUFS in 256ths of a dB (RFC 7845) */
} td_gain_style;

void td_tags_comments(const td_tags *t, td_gain_style style, td_text *out);
td_status td_tags_comment_picture(const td_tags *t, td_text *out, td_error *err); /* the cover as one more */

/* ---- the cover ---- */

typedef struct td_picture {
    const char *mime;
    uint8_t *data; /* NULL: none */
    size_t size;
    unsigned width, height, depth; /* depth: bits a pixel */
} td_picture;

/* A JPEG or PNG of at most 16 MB. A NULL path is no picture and no error. TD_ARG: not such a file. */
td_status td_picture_load(const char *path, td_picture *out, td_error *err);
void td_picture_free(td_picture *p);

/* ---- numbers ---- */

static inline void td_put_le16(td_text *t, unsigned v)
{
    td_text_addn(t, (const char[]){ (char)v, (char)(v >> 8) }, 2);
}
static inline void td_put_le32(td_text *t, uint32_t v)
{
    td_put_le16(t, v & 0xffff);
    td_put_le16(t, v >> 16);
}
static inline void td_put_le64(td_text *t, uint64_t v)
{
    td_put_le32(t, (uint32_t)v);
    td_put_le32(t, (uint32_t)(v >> 32));
}
static inline void td_put_be16(td_text *t, unsigned v)
{
    td_text_addn(t, (const char[]){ (char)(v >> 8), (char)v }, 2);
}
static inline void td_put_be32(td_text *t, uint32_t v)
{
    td_put_be16(t, v >> 16);
    td_put_be16(t, v & 0xffff);
}

#endif
