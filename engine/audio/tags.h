/* engine/audio/tags.h - what a file says about itself, in each format's own words. Bytes go into a td_text, which keeps
 * NULs as well; callers look at `broken` once, at the end. */
#ifndef TD_AUDIO_TAGS_H
#define TD_AUDIO_TAGS_H

#include "engine/audio/audio.h"

/* The body of a chunk; empty when the tags hold nothing for it. */
void td_tags_bext(const td_tags *t, td_text *out); /* EBU Tech 3285, version 2 */
void td_tags_ixml(const td_tags *t, unsigned channels, td_text *out);
void td_tags_axml(const td_tags *t, td_text *out); /* the ISRC, EBU Tech 3352 */
void td_tags_info(const td_tags *t, td_text *out); /* LIST of INFO */

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
