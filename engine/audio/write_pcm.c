#include "engine/audio/tags.h"
#include "engine/audio/writer.h"

#include <string.h>

/* The containers of plain samples. What is known when the file begins stands before the sound, so that the sound's end
 * is the file's, and only sizes are filled in afterwards.
 *
 *   WAV    0 RIFF size WAVE | 12 JUNK 28 | 48 fmt | fact (float) | bext iXML axml LIST | data size, sound
 *   AIFF   0 FORM size AIFF | COMM | ID3 | SSND size 0 0, sound       (AIFC with FVER for float)
 *
 * A WAV that outgrows 32 bits becomes RF64 (EBU Tech 3306): the JUNK chunk keeps room for the 64-bit sizes. */

enum { SIZES_AT = 12, SIZES_LENGTH = 28 };

typedef struct pcm {
    uint64_t frames_at; /* where the number of frames goes; 0: nowhere */
    uint64_t sound_at;
    uint8_t bytes[TD_BLOCK * 2 * 4];
} pcm;

static unsigned frame_size(const td_encoding *e)
{
    return e->spec.channels * e->spec.bits / 8;
}

static td_status begin(pcm *w, td_encoding *e, td_text *head)
{
    w->sound_at = head->length;
    if (!head->broken) td_sink_put(e->sink, head->data, head->length);
    td_status st = head->broken ? TD_NOMEM : TD_OK;
    td_text_free(head);
    return st;
}

/* The chunk's body is freed; an empty one leaves no chunk. */
static void add_chunk(td_text *out, const char *id, td_text *body, void (*put_size)(td_text *, uint32_t))
{
    if (body->length) {
        td_text_add(out, id);
        put_size(out, (uint32_t)body->length);
        td_text_addn(out, body->data, body->length);
        if (body->length & 1) td_text_addn(out, "", 1);
    }
    out->broken |= body->broken;
    td_text_free(body);
}

/* ---- WAV -------------------------------------------------------------------------------------------------------- */

static void add_wav_format(td_text *out, const td_encoding *e)
{
    const td_file_spec *s = &e->spec;
    bool is_float = s->bits == 32;
    td_text_add(out, "fmt ");
    td_put_le32(out, is_float ? 18 : 16);
    td_put_le16(out, is_float ? 3 : 1);
    td_put_le16(out, s->channels);
    td_put_le32(out, s->out_rate_hz);
    td_put_le32(out, s->out_rate_hz * frame_size(e));
    td_put_le16(out, frame_size(e));
    td_put_le16(out, s->bits);
    if (is_float) td_put_le16(out, 0);
}

static void add_wav_tags(td_text *out, const td_tags *t, unsigned channels)
{
    td_text bext = { 0 }, ixml = { 0 }, axml = { 0 }, info = { 0 };
    td_tags_bext(t, &bext);
    td_tags_ixml(t, channels, &ixml);
    td_tags_axml(t, &axml);
    td_tags_info(t, &info);
    add_chunk(out, "bext", &bext, td_put_le32);
    add_chunk(out, "iXML", &ixml, td_put_le32);
    add_chunk(out, "axml", &axml, td_put_le32);
    add_chunk(out, "LIST", &info, td_put_le32);
}

static td_status wav_open(void *state, td_encoding *e)
{
    static const char room[SIZES_LENGTH];
    pcm *w = state;
    td_text head = { 0 };
    td_text_addn(&head, "RIFF\0\0\0\0WAVEJUNK", 16);
    td_put_le32(&head, SIZES_LENGTH);
    td_text_addn(&head, room, sizeof room);
    add_wav_format(&head, e);
    if (e->spec.bits == 32) {
        w->frames_at = head.length + 8;
        td_text_addn(&head, "fact\4\0\0\0\0\0\0", 12);
    }
    add_wav_tags(&head, e->tags, e->spec.channels);
    td_text_addn(&head, "data\0\0\0", 8);
    return begin(w, e, &head);
}

/* The top bytes of each integer, or a float's four. */
static td_status wav_write(void *state, td_encoding *e, const td_block *block, size_t frames)
{
    pcm *w = state;
    unsigned bytes = e->spec.bits / 8;
    size_t n = frames * e->spec.channels;
    uint8_t *to = w->bytes;
    for (size_t i = 0; i < n; i++, to += bytes) {
        uint32_t sample = (uint32_t)block->i[i] >> (32 - 8 * bytes);
        memcpy(to, &sample, sizeof sample); /* the next one covers what is too much */
    }
    td_sink_put(e->sink, w->bytes, n * bytes);
    return TD_OK;
}

static void patch_le32(td_sink *s, uint64_t at, uint64_t v)
{
    if (v > UINT32_MAX) v = UINT32_MAX;
    td_sink_put_at(s, at, (const uint8_t[]){ (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24) },
                   4);
}

static td_status become_rf64(td_sink *s, uint64_t riff, uint64_t sound, uint64_t frames)
{
    td_text sizes = { 0 };
    td_text_add(&sizes, "ds64");
    td_put_le32(&sizes, SIZES_LENGTH);
    td_put_le64(&sizes, riff);
    td_put_le64(&sizes, sound);
    td_put_le64(&sizes, frames);
    td_put_le32(&sizes, 0); /* no other chunk is that large */
    td_status st = sizes.broken ? TD_NOMEM : TD_OK;
    td_sink_put_at(s, 0, "RF64", 4);
    if (!st) td_sink_put_at(s, SIZES_AT, sizes.data, sizes.length);
    td_text_free(&sizes);
    return st;
}

static td_status wav_finish(void *state, td_encoding *e)
{
    const pcm *w = state;
    td_sink *s = e->sink;
    uint64_t sound = s->at - w->sound_at, frames = sound / frame_size(e);
    if (sound & 1) td_sink_put(s, "", 1);
    uint64_t riff = s->at - 8;
    bool large = riff > UINT32_MAX;
    patch_le32(s, 4, riff);
    if (w->frames_at) patch_le32(s, w->frames_at, frames);
    patch_le32(s, w->sound_at - 4, large ? UINT32_MAX : sound);
    return large ? become_rf64(s, riff, sound, frames) : TD_OK;
}

const td_encoder td_encode_wav = {
    .state_size = sizeof(pcm), .open = wav_open, .write = wav_write, .finish = wav_finish
};

/* ---- AIFF ------------------------------------------------------------------------------------------------------- */

/* A whole number as an 80-bit float. */
static void put_extended(td_text *out, uint32_t v)
{
    unsigned exponent = 31;
    for (; v && !(v & 0x80000000u); exponent--) v <<= 1;
    td_put_be16(out, 16383 + exponent);
    td_put_be32(out, v);
    td_put_be32(out, 0);
}

static td_status aiff_open(void *state, td_encoding *e)
{
    pcm *w = state;
    td_text head = { 0 }, common = { 0 }, id3 = { 0 };
    bool is_float = e->spec.bits == 32;
    td_text_addn(&head, "FORM\0\0\0", 8);
    td_text_add(&head, is_float ? "AIFC" : "AIFF");
    if (is_float) td_text_addn(&head, "FVER\0\0\0\4\xa2\x80\x51\x40", 12); /* the one version there is */
    td_put_be16(&common, e->spec.channels);
    td_put_be32(&common, 0);
    td_put_be16(&common, e->spec.bits);
    put_extended(&common, e->spec.out_rate_hz);
    if (is_float) td_text_addn(&common, "fl32\0", 6);
    w->frames_at = head.length + 10;
    add_chunk(&head, "COMM", &common, td_put_be32);
    td_status st = td_tags_id3(e->tags, &id3, e->err);
    add_chunk(&head, "ID3 ", &id3, td_put_be32);
    td_text_addn(&head, "SSND\0\0\0\0\0\0\0\0\0\0\0", 16);
    if (!st) return begin(w, e, &head);
    td_text_free(&head);
    return st;
}

static td_status aiff_write(void *state, td_encoding *e, const td_block *block, size_t frames)
{
    pcm *w = state;
    unsigned bytes = e->spec.bits / 8;
    size_t n = frames * e->spec.channels;
    uint8_t *to = w->bytes;
    if (e->sink->at + n * bytes > UINT32_MAX - 8)
        return td_fail(e->err, TD_FAILED, e->where, "write it as WAV", "cannot be an AIFF file: these end at 4 GiB");
    for (size_t i = 0; i < n; i++)
        for (unsigned k = 0; k < bytes; k++) *to++ = (uint8_t)((uint32_t)block->i[i] >> (24 - 8 * k));
    td_sink_put(e->sink, w->bytes, n * bytes);
    return TD_OK;
}

static void patch_be32(td_sink *s, uint64_t at, uint64_t v)
{
    td_sink_put_at(s, at, (const uint8_t[]){ (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v },
                   4);
}

static td_status aiff_finish(void *state, td_encoding *e)
{
    const pcm *w = state;
    td_sink *s = e->sink;
    uint64_t sound = s->at - w->sound_at;
    if (sound & 1) td_sink_put(s, "", 1);
    patch_be32(s, 4, s->at - 8);
    patch_be32(s, w->frames_at, sound / frame_size(e));
    patch_be32(s, w->sound_at - 12, sound + 8);
    return TD_OK;
}

const td_encoder td_encode_aiff = {
    .state_size = sizeof(pcm), .open = aiff_open, .write = aiff_write, .finish = aiff_finish
};
