#include "engine/audio/label.h"
#include "engine/audio/probe.h"

#include <ctype.h>
#include <stdio.h>

/* RIFF WAVE, its 64-bit forms RF64 and BW64 (EBU Tech 3306, ITU-R BS.2088), and Sony Wave64.
 *
 * What their sizes may say, and what we make of it:
 *   more than the file holds      damaged: sound is missing
 *   a placeholder                 truncated: whoever wrote it could not go back (a pipe) or never did (a crash);
 *                                 the sound runs to the end of the file
 *   no whole number of frames     truncated: the last, partial frame is left out
 * The RIFF size itself is not looked at: many writers leave it wrong, and nothing depends on it. */

#define MOST_CHUNKS 1000

enum { TAG_PCM = 1, TAG_FLOAT = 3, TAG_EXTENSIBLE = 0xfffe };

static const struct {
    unsigned tag;
    const char *name;
} codecs[] = {
    { 0x0002, "Microsoft ADPCM" },
    { 0x0006, "A-law" },
    { 0x0007, "mu-law" },
    { 0x0011, "IMA ADPCM" },
    { 0x0014, "G.723 ADPCM" },
    { 0x0031, "GSM 6.10" },
    { 0x0040, "G.721" },
    { 0x0050, "MPEG" },
    { 0x0055, "MP3" },
    { 0x0061, "ADPCM" },
    { 0x0092, "Dolby AC-3" },
    { 0x00ff, "AAC" },
    { 0x0161, "Windows Media" },
    { 0x0674, "Vorbis" },
    { 0x674f, "Vorbis" },
    { 0x1610, "AAC" },
    { 0x2000, "Dolby AC-3" },
    { 0xf1ac, "FLAC" },
};

typedef struct wave {
    td_probe *p;
    bool has_format, has_sizes, has_sound;
    bool open;           /* the sound runs to the end, so no chunk can follow it */
    uint64_t sound_size; /* of ds64 */
} wave;

typedef struct chunk {
    char id[5];
    uint64_t at, size; /* of its body */
} chunk;

static td_status refuse_codec(td_probe *p, unsigned tag)
{
    const char *name = NULL;
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (codecs[i].tag == tag) name = codecs[i].name;
    if (name)
        return td_probe_refuse(p, TD_FAULT_UNREADABLE, "export it as PCM, 24 bit or float",
                               "is a WAV file with %s inside", name);
    return td_probe_refuse(p, TD_FAULT_UNREADABLE, "export it as PCM, 24 bit or float",
                           "is a WAV file with codec 0x%04x inside", tag);
}

/* WAVEFORMAT, WAVEFORMATEX or WAVEFORMATEXTENSIBLE of n bytes. */
static td_status read_format(wave *w, const uint8_t *b, uint64_t n)
{
    static const uint8_t guid_tail[] = { 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71 };
    td_probe *p = w->p;
    if (w->has_format) return td_probe_lies(p, "has two format headers");
    if (!b || n < 16) return td_probe_lies(p, "has a format header that is cut off");
    unsigned tag = td_le16(b), channels = td_le16(b + 2), frame = td_le16(b + 12), bits = td_le16(b + 14);
    uint32_t rate_hz = td_le32(b + 4), byte_rate = td_le32(b + 8);
    if (tag == TAG_EXTENSIBLE) {
        if (n < 40) return td_probe_lies(p, "has a format header that is cut off");
        if (memcmp(b + 26, guid_tail, sizeof guid_tail) != 0)
            return td_probe_refuse(p, TD_FAULT_UNREADABLE, "export it as PCM, 24 bit or float",
                                   "is a WAV file with an unknown sample format");
        tag = td_le16(b + 24);
    }
    p->info->rate_hz = rate_hz;
    p->info->channels = channels;
    w->has_format = true;
    if (tag != TAG_PCM && tag != TAG_FLOAT) return refuse_codec(p, tag);
    unsigned bytes = (bits + 7) / 8; /* odd depths, such as 20, lie left-justified in whole bytes */
    if (bytes == 0) return td_probe_lies(p, "says its samples have no bits");
    if (frame != channels * bytes)
        return td_probe_lies(p, "has a header that contradicts itself about the size of a frame");
    if (byte_rate && byte_rate != (uint32_t)(rate_hz * frame))
        return td_probe_lies(p, "has a header that contradicts itself about the sample rate");
    return td_probe_layout(
        p, (td_layout){ .bytes = bytes, .is_float = tag == TAG_FLOAT, .is_unsigned = tag == TAG_PCM && bytes == 1 });
}

/* The sizes that programs write before they know better: all ones (ffmpeg; less a header), or as much as a signed size
 * holds (sox, arecord), perhaps rounded down to whole frames; likewise with 64 bits. */
static bool is_placeholder(uint64_t size)
{
    return size == UINT64_MAX || (size >= INT64_MAX - 64 && size <= INT64_MAX) ||
           (size >= 0xffffff00u && size <= 0xffffffffu) || (size >= 0x7fffef00u && size <= 0x80000000u);
}

/* Whether chunks follow from `at` to the end without a gap: then a sound of 0 bytes before them is the truth. */
static bool chunks_follow(td_input *in, uint64_t at)
{
    const uint8_t *b;
    for (unsigned n = 0; n < MOST_CHUNKS && (b = td_input_peek(in, at, 8)); n++) {
        uint32_t size = td_le32(b + 4);
        at += 8 + (uint64_t)size + (size & 1);
    }
    return at == in->size || at == in->size + 1;
}

static td_status read_sound(wave *w, const chunk *c)
{
    td_probe *p = w->p;
    if (!w->has_format) return td_probe_lies(p, "has no format header before its sound");
    if (w->has_sound) return td_probe_lies(p, "has two sound chunks");
    w->has_sound = true;
    w->open = c->size == 0 ? !chunks_follow(p->in, c->at) : c->size > p->in->size - c->at && is_placeholder(c->size);
    return td_probe_sound(p, c->at, c->size, w->open);
}

static td_status read_sizes(wave *w, const uint8_t *b, uint64_t n)
{
    if (!b || n < 24) return td_probe_lies(w->p, "has a 64-bit size header that is cut off");
    w->sound_size = td_le64(b + 8);
    w->has_sizes = true;
    return TD_OK;
}

static td_status read_chunk(wave *w, const chunk *c)
{
    td_input *in = w->p->in;
    if (td_is(c->id, "data")) return read_sound(w, c);
    if (c->size > in->size - c->at)
        return w->has_sound ? TD_OK : td_probe_lies(w->p, "has a header chunk longer than the file");
    size_t n = c->size < 65536 ? (size_t)c->size : 65536;
    const uint8_t *b = td_input_peek(in, c->at, n);
    if (td_is(c->id, "fmt ")) return read_format(w, b, n);
    if (td_is(c->id, "ds64")) return read_sizes(w, b, n);
    if (td_is(c->id, "iXML") && b) td_label_ixml(w->p->info, b, n);
    if (td_is(c->id, "bext") && b) td_label_bext(w->p->info, b, n);
    return TD_OK;
}

/* Walks the chunks from `at` on; next() reads one's header and returns where the one after it begins. */
static td_status walk(wave *w, uint64_t at, uint64_t (*next)(wave *w, const uint8_t *header, chunk *c), size_t header)
{
    td_input *in = w->p->in;
    const uint8_t *b;
    for (unsigned n = 0; !w->open && (b = td_input_peek(in, at, header)); n++) {
        if (n == MOST_CHUNKS) return td_probe_refuse(w->p, TD_FAULT_HOSTILE, NULL, "has thousands of header chunks");
        chunk c = { .at = at + header };
        at = next(w, b, &c);
        td_status st = read_chunk(w, &c);
        if (st) return st;
        if (c.size > in->size - c.at) break;
    }
    return w->has_sound ? TD_OK : td_probe_lies(w->p, "has no sound chunk");
}

static uint64_t next_riff(wave *w, const uint8_t *header, chunk *c)
{
    memcpy(c->id, header, 4);
    c->size = td_le32(header + 4);
    if (c->size == UINT32_MAX && w->has_sizes && td_is(c->id, "data")) c->size = w->sound_size;
    if (c->size % 2 == 0 || c->size > w->p->in->size - c->at) return c->at + c->size;
    /* chunks of odd size are padded; who forgot that has the next one's name there */
    const uint8_t *pad = td_input_peek(w->p->in, c->at + c->size, 1);
    return c->at + c->size + !(pad && isalpha(*pad));
}

td_status td_probe_riff(td_probe *p)
{
    wave w = { .p = p };
    const uint8_t *b = td_input_peek(p->in, p->sound_at, 12);
    if (!b || !td_is(b + 8, "WAVE"))
        return td_probe_refuse(p, TD_FAULT_UNREADABLE, "export it as WAV, AIFF or FLAC", "is no WAV file");
    bool long_form = !td_is(b, "RIFF");
    snprintf(p->info->format, sizeof p->info->format, "%s", long_form ? "rf64" : "wav");
    if (long_form && ((b = td_input_peek(p->in, p->sound_at + 12, 4)) == NULL || !td_is(b, "ds64")))
        return td_probe_lies(p, "has no 64-bit size header");
    return walk(&w, p->sound_at + 12, next_riff, 8);
}

/* Wave64 names chunks by GUIDs that begin with the RIFF name; sizes are 64 bit, count the 24 bytes of the header, and
 * the next chunk begins on a multiple of 8. */
static const uint8_t w64_riff[] = { 'r',  'i',  'f',  'f',  0x2e, 0x91, 0xcf, 0x11,
                                    0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0x00, 0x00 };
static const uint8_t w64_tail[] = { 0xf3, 0xac, 0xd3, 0x11, 0x8c, 0xd1, 0x00, 0xc0, 0x4f, 0x8e, 0xdb, 0x8a };

static uint64_t next_w64(wave *w, const uint8_t *header, chunk *c)
{
    (void)w;
    if (memcmp(header + 4, w64_tail, sizeof w64_tail) == 0) memcpy(c->id, header, 4);
    uint64_t size = td_le64(header + 16);
    c->size = size == UINT64_MAX || size < 24 ? size : size - 24;
    return (c->at + c->size + 7) & ~UINT64_C(7);
}

td_status td_probe_w64(td_probe *p)
{
    wave w = { .p = p };
    const uint8_t *b = td_input_peek(p->in, p->sound_at, 40);
    if (!b || memcmp(b, w64_riff, sizeof w64_riff) != 0 || !td_is(b + 24, "wave") ||
        memcmp(b + 28, w64_tail, sizeof w64_tail) != 0)
        return td_probe_refuse(p, TD_FAULT_UNREADABLE, "export it as WAV, AIFF or FLAC", "is no WAV file");
    snprintf(p->info->format, sizeof p->info->format, "w64");
    return walk(&w, p->sound_at + 40, next_w64, 24);
}
