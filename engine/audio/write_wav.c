#include "engine/audio/tags.h"
#include "engine/audio/writer.h"

#include <string.h>

/* RIFF WAVE, turned into RF64 when it outgrows 32 bits (EBU Tech 3306): room for the ds64 chunk is kept in a JUNK chunk
 * at the start. What is known when the file begins stands before the sound, so that its end is the file's.
 *
 *   0 RIFF size WAVE | 12 JUNK 28 | 48 fmt | fact (float) | bext iXML axml LIST | data size, sound */

enum { SIZES_AT = 12, SIZES_LENGTH = 28 };

typedef struct wav {
    uint64_t fact_at, sound_at;
    uint8_t bytes[TD_BLOCK * 2 * 4];
} wav;

static void add_chunk(td_text *out, const char *id, const td_text *body)
{
    if (!body->length) return;
    td_text_add(out, id);
    td_put_le32(out, (uint32_t)body->length);
    td_text_addn(out, body->data, body->length);
    if (body->length & 1) td_text_addn(out, "", 1);
}

static void add_format(td_text *out, const td_file_spec *s)
{
    bool is_float = s->bits == 32;
    unsigned frame = s->channels * s->bits / 8;
    td_text_add(out, "fmt ");
    td_put_le32(out, is_float ? 18 : 16);
    td_put_le16(out, is_float ? 3 : 1);
    td_put_le16(out, s->channels);
    td_put_le32(out, s->out_rate_hz);
    td_put_le32(out, s->out_rate_hz * frame);
    td_put_le16(out, frame);
    td_put_le16(out, s->bits);
    if (is_float) td_put_le16(out, 0);
}

static void add_tags(td_text *out, const td_tags *t, unsigned channels)
{
    td_text bext = { 0 }, ixml = { 0 }, axml = { 0 }, info = { 0 };
    td_tags_bext(t, &bext);
    td_tags_ixml(t, channels, &ixml);
    td_tags_axml(t, &axml);
    td_tags_info(t, &info);
    add_chunk(out, "bext", &bext);
    add_chunk(out, "iXML", &ixml);
    add_chunk(out, "axml", &axml);
    add_chunk(out, "LIST", &info);
    out->broken |= bext.broken | ixml.broken | axml.broken | info.broken;
    td_text_free(&bext);
    td_text_free(&ixml);
    td_text_free(&axml);
    td_text_free(&info);
}

static td_status wav_open(void *state, td_encoding *e)
{
    wav *w = state;
    td_text head = { 0 };
    static const char room[SIZES_LENGTH];
    td_text_addn(&head, "RIFF\0\0\0\0WAVEJUNK", 16);
    td_put_le32(&head, SIZES_LENGTH);
    td_text_addn(&head, room, sizeof room);
    add_format(&head, &e->spec);
    if (e->spec.bits == 32) {
        w->fact_at = head.length + 8;
        td_text_addn(&head, "fact\4\0\0\0\0\0\0", 12);
    }
    if (e->tags) add_tags(&head, e->tags, e->spec.channels);
    td_text_addn(&head, "data\0\0\0", 8);
    w->sound_at = head.length;
    if (!head.broken) td_sink_put(e->sink, head.data, head.length);
    td_text_free(&head);
    return head.broken ? TD_NOMEM : TD_OK;
}

/* The top `bytes` bytes of each integer, or a float's four, least significant first. */
static td_status wav_write(void *state, td_encoding *e, const td_block *block, size_t frames)
{
    wav *w = state;
    unsigned bytes = e->spec.bits / 8;
    size_t n = frames * e->spec.channels;
    uint8_t *to = w->bytes;
    for (size_t i = 0; i < n; i++) {
        uint32_t v = (uint32_t)block->i[i];
        for (unsigned k = 4 - bytes; k < 4; k++) *to++ = (uint8_t)(v >> 8 * k);
    }
    td_sink_put(e->sink, w->bytes, n * bytes);
    return TD_OK;
}

static void patch32(td_sink *s, uint64_t at, uint64_t value)
{
    uint32_t v = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
    td_sink_put_at(s, at, (const uint8_t[]){ (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24) },
                   4);
}

static td_status wav_finish(void *state, td_encoding *e)
{
    const wav *w = state;
    td_sink *s = e->sink;
    uint64_t sound = s->at - w->sound_at, frames = sound / (e->spec.channels * e->spec.bits / 8);
    if (sound & 1) td_sink_put(s, "", 1);
    uint64_t riff = s->at - 8;
    if (riff > UINT32_MAX) {
        td_text sizes = { 0 };
        td_text_add(&sizes, "ds64");
        td_put_le32(&sizes, SIZES_LENGTH);
        td_put_le64(&sizes, riff);
        td_put_le64(&sizes, sound);
        td_put_le64(&sizes, frames);
        td_put_le32(&sizes, 0);
        bool broken = sizes.broken;
        if (!broken) {
            td_sink_put_at(s, 0, "RF64", 4);
            td_sink_put_at(s, SIZES_AT, sizes.data, sizes.length);
        }
        td_text_free(&sizes);
        if (broken) return TD_NOMEM;
    }
    patch32(s, 4, riff);
    if (w->fact_at) patch32(s, w->fact_at, frames);
    /* in RF64 the 32-bit field only points to ds64, even where the sound alone would fit */
    patch32(s, w->sound_at - 4, riff > UINT32_MAX ? UINT32_MAX : sound);
    return TD_OK;
}

const td_encoder td_encode_wav = {
    .state_size = sizeof(wav), .open = wav_open, .write = wav_write, .finish = wav_finish
};
