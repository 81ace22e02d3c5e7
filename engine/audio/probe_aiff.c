#include "engine/audio/label.h"
#include "engine/audio/probe.h"

#include <stdio.h>

/* AIFF and AIFF-C. The number of frames stands twice, in COMM and as the size of SSND; the two have to agree, but for
 * the zeros (or the largest numbers) of a writer that could not go back. COMM may follow the sound. */

#define MOST_CHUNKS 1000

static const struct {
    const char *id;
    td_layout layout; /* bytes 0: as COMM says */
} encodings[] = {
    { "NONE", { .big_endian = true } },
    { "twos", { .big_endian = true } },
    { "sowt", { .bytes = 0 } },
    { "raw ", { .is_unsigned = true } },
    { "in24", { .bytes = 3, .big_endian = true } },
    { "in32", { .bytes = 4, .big_endian = true } },
    { "fl32", { .bytes = 4, .big_endian = true, .is_float = true } },
    { "FL32", { .bytes = 4, .big_endian = true, .is_float = true } },
    { "fl64", { .bytes = 8, .big_endian = true, .is_float = true } },
    { "FL64", { .bytes = 8, .big_endian = true, .is_float = true } },
};

typedef struct form {
    td_probe *p;
    bool compressed, has_common, has_sound;
    uint32_t frames; /* of COMM */
    uint64_t sound_at, sound_bytes;
    uint32_t sound_size; /* of the SSND chunk, as it stands there */
} form;

/* An 80-bit float, rounded to whole hertz; what no rate can be becomes 0 or UINT32_MAX. */
static uint32_t extended(const uint8_t *b)
{
    int exponent = (int)td_be16(b) - 16383;
    uint64_t mantissa = td_be64(b + 2);
    if (exponent < 0) return 0;
    if (exponent > 31) return UINT32_MAX;
    uint64_t twice = mantissa >> (62 - exponent);
    return (uint32_t)((twice + 1) / 2);
}

static td_status read_common(form *f, const uint8_t *b, uint64_t n)
{
    td_probe *p = f->p;
    size_t e = 0;
    if (f->has_common) return td_probe_lies(p, "has two format headers");
    if (!b || n < (f->compressed ? 22u : 18u)) return td_probe_lies(p, "has a format header that is cut off");
    const char *id = f->compressed ? (const char *)b + 18 : "NONE";
    f->has_common = true;
    f->frames = td_be32(b + 2);
    p->info->channels = td_be16(b);
    p->info->rate_hz = extended(b + 8);
    while (e < sizeof encodings / sizeof *encodings && memcmp(id, encodings[e].id, 4) != 0) e++;
    if (e == sizeof encodings / sizeof *encodings) {
        char name[24], four[5] = { 0 };
        memcpy(four, id, 4);
        return td_probe_refuse(p, TD_FAULT_UNREADABLE, "export it as PCM, 24 bit or float",
                               "is an AIFF file with codec '%s' inside", td_printable(four, name, sizeof name));
    }
    td_layout layout = encodings[e].layout;
    if (!layout.bytes) layout.bytes = (td_be16(b + 6) + 7) / 8;
    return td_probe_layout(p, layout);
}

static td_status read_sound(form *f, const uint8_t *b, uint64_t at, uint32_t size)
{
    if (f->has_sound) return td_probe_lies(f->p, "has two sound chunks");
    if (!b) return td_probe_lies(f->p, "is cut off where its sound begins");
    uint32_t offset = td_be32(b);
    if (size > 8 && offset > size - 8) return td_probe_lies(f->p, "says its sound begins after its end");
    f->has_sound = true;
    f->sound_size = size;
    f->sound_at = at + 8 + offset;
    f->sound_bytes = size > 8 ? size - 8 - offset : 0;
    return TD_OK;
}

/* Whether the header says nothing usable: sox writes 0x7f000000 into pipes, others nothing or all that fits. */
static bool is_open(const form *f, uint64_t counted, uint64_t there)
{
    bool placeholder = f->sound_size <= 8 ? there > 0 : f->sound_size >= 0x7eff0000u && f->sound_bytes > there;
    return placeholder && (f->frames == 0 || counted > there);
}

static td_status settle(const form *f)
{
    td_probe *p = f->p;
    if (!f->has_common) return td_probe_lies(p, "has no format header");
    if (!f->has_sound) return f->frames ? td_probe_lies(p, "has no sound chunk") : TD_OK;
    uint64_t frame = p->info->channels * p->info->bits / 8, counted = f->frames * frame;
    uint64_t there = f->sound_at < p->in->size ? p->in->size - f->sound_at : 0;
    if (frame == 0) return TD_OK; /* no channels: what every format must keep to */
    if (is_open(f, counted, there)) return td_probe_sound(p, f->sound_at, 0, true);
    /* a byte of padding may be counted as sound */
    if (f->frames && (counted > f->sound_bytes || f->sound_bytes - counted >= (frame > 1 ? frame : 2)))
        return td_probe_wrong_length(p, f->frames, f->sound_bytes / frame);
    return td_probe_sound(p, f->sound_at, f->sound_bytes, false);
}

static td_status read_chunk(form *f, const char *id, uint64_t at, uint32_t size)
{
    td_input *in = f->p->in;
    if (td_is(id, "SSND")) return read_sound(f, td_input_peek(in, at, 8), at, size);
    if (size > in->size - at)
        return f->has_sound ? TD_OK : td_probe_lies(f->p, "has a header chunk longer than the file");
    size_t n = size < 65536 ? (size_t)size : 65536;
    const uint8_t *b = td_input_peek(in, at, n);
    if (td_is(id, "COMM")) return read_common(f, b, n);
    if (td_is(id, "NAME") && b) td_label_text(f->p->info, b, n);
    return TD_OK;
}

td_status td_probe_aiff(td_probe *p)
{
    form f = { .p = p };
    td_input *in = p->in;
    uint64_t at = p->sound_at;
    const uint8_t *b = td_input_peek(in, at, 12);
    if (!b || (!td_is(b + 8, "AIFF") && !td_is(b + 8, "AIFC")))
        return td_probe_refuse(p, TD_FAULT_UNREADABLE, "export it as WAV, AIFF or FLAC", "is no AIFF file");
    f.compressed = td_is(b + 8, "AIFC");
    snprintf(p->info->format, sizeof p->info->format, "aiff");
    at += 12;
    for (unsigned n = 0; (b = td_input_peek(in, at, 8)); n++) {
        if (n == MOST_CHUNKS) return td_probe_refuse(p, TD_FAULT_HOSTILE, NULL, "has thousands of header chunks");
        char id[5] = { 0 };
        memcpy(id, b, 4);
        uint32_t size = td_be32(b + 4);
        td_status st = read_chunk(&f, id, at + 8, size);
        if (st) return st;
        /* an unfinished sound has no size, and nothing follows it */
        if (td_is(id, "SSND") && size <= 8 && f.frames == 0 && f.has_common) break;
        at += 8 + (uint64_t)size + (size & 1);
    }
    return settle(&f);
}
