#include "engine/audio/probe.h"

#include <stdio.h>

/* FLAC (RFC 9639). The number of frames in STREAMINFO is a promise; what truly stands there is read off the last frame,
 * whose header numbers its first sample and whose CRC runs to the end of the file. What is broken in between shows when
 * the samples' MD5 is checked at the end of reading. */

#define MOST_BLOCKS 1000 /* of metadata */

typedef struct stream {
    unsigned block_max, rate_hz, channels, bits;
    uint64_t total; /* frames; 0: not known when it was written */
} stream;

typedef struct frame {
    uint64_t first; /* its first sample */
    unsigned samples;
} frame;

static uint8_t crc8(const uint8_t *b, size_t n)
{
    unsigned crc = 0;
    while (n--) {
        crc ^= *b++;
        for (unsigned i = 0; i < 8; i++) crc = (crc << 1 ^ (crc & 0x80 ? 0x07 : 0)) & 0xff;
    }
    return (uint8_t)crc;
}

static uint16_t crc16(const uint8_t *b, size_t n)
{
    unsigned crc = 0;
    while (n--) {
        crc ^= (unsigned)*b++ << 8;
        for (unsigned i = 0; i < 8; i++) crc = (crc << 1 ^ (crc & 0x8000 ? 0x8005 : 0)) & 0xffff;
    }
    return (uint16_t)crc;
}

/* The number in a frame header: UTF-8 stretched to 36 bits. Returns its length in bytes, 0 when it is none. */
static size_t coded_number(const uint8_t *b, size_t n, uint64_t *value)
{
    size_t k = 1;
    if (b[0] & 0x80) {
        while (k < 8 && b[0] & 0x80 >> k) k++;
        if (k == 1 || k == 8) return 0;
    }
    if (k > n) return 0;
    *value = k == 1 ? b[0] : k == 7 ? 0 : b[0] & (0x7f >> k);
    for (size_t i = 1; i < k; i++) {
        if ((b[i] & 0xc0) != 0x80) return 0;
        *value = *value << 6 | (b[i] & 0x3f);
    }
    return k;
}

/* Whether a frame of this stream begins at b. */
static bool read_frame(const uint8_t *b, size_t n, const stream *s, frame *f)
{
    if (n < 6 || b[0] != 0xff || (b[1] & 0xfe) != 0xf8 || b[3] & 1) return false; /* a silent frame has few bytes */
    unsigned size_code = b[2] >> 4, rate_code = b[2] & 15, channel_code = b[3] >> 4;
    if (size_code == 0 || rate_code == 15 || channel_code > 10) return false;
    if ((channel_code < 8 ? channel_code + 1 : 2) != s->channels) return false;
    uint64_t number;
    size_t k = coded_number(b + 4, n - 4, &number), at = 4 + k;
    if (k == 0) return false;
    size_t extra = (size_code == 6 ? 1u : size_code == 7 ? 2u : 0u) + (rate_code == 12 ? 1u : rate_code > 12 ? 2u : 0u);
    if (at + extra >= n || crc8(b, at + extra) != b[at + extra]) return false;
    f->samples = size_code == 1   ? 192
                 : size_code < 6  ? 576u << (size_code - 2)
                 : size_code == 6 ? b[at] + 1u
                 : size_code == 7 ? td_be16(b + at) + 1
                                  : 256u << (size_code - 8);
    f->first = b[1] & 1 ? number : number * s->block_max;
    return true;
}

/* The last frame of b[0..n), the stream's tail. *whole: it ends where the file does. */
static bool find_last_frame(const uint8_t *b, size_t n, const stream *s, frame *last, bool *whole)
{
    bool found = false;
    *whole = false;
    for (size_t i = n; i-- > 0 && !*whole;) {
        frame f;
        if (b[i] != 0xff || !read_frame(b + i, n - i, s, &f)) continue;
        *whole = crc16(b + i, n - i - 2) == td_be16(b + n - 2);
        if (*whole || !found) *last = f;
        found = true;
    }
    return found;
}

/* Before the tags that some programs hang behind, against the rules: ID3v1, and APEv2 in front of it. */
static uint64_t end_of_frames(td_input *in)
{
    uint64_t end = in->size;
    const uint8_t *b = end > 128 ? td_input_peek(in, end - 128, 3) : NULL;
    if (b && td_is(b, "TAG")) end -= 128;
    b = end > 32 ? td_input_peek(in, end - 32, 32) : NULL;
    if (!b || !td_is(b, "APETAGEX")) return end;
    uint64_t size = td_le32(b + 12) + (b[23] & 0x80 ? 32u : 0u);
    return size < end ? end - size : end;
}

static td_status count_frames(td_probe *p, const stream *s, uint64_t at)
{
    uint64_t end = end_of_frames(p->in);
    if (end < at) end = at;
    size_t n = end - at < TD_INPUT_WINDOW ? (size_t)(end - at) : TD_INPUT_WINDOW;
    const uint8_t *b = td_input_peek(p->in, end - n, n);
    frame last = { 0 };
    bool whole = false;
    if (!b || !find_last_frame(b, n, s, &last, &whole))
        return s->total ? td_probe_lies(p, "holds none of the sound its header promises") : TD_OK;
    uint64_t there = whole ? last.first + last.samples : last.first;
    if (s->total == 0 && !whole) p->faults |= TD_FAULT_BIT(TRUNCATED);
    if (s->total && (there != s->total || !whole)) return td_probe_wrong_length(p, s->total, there);
    p->info->frames = there;
    return TD_OK;
}

static td_status read_stream_info(td_probe *p, const uint8_t *b, stream *s)
{
    uint64_t packed = td_be64(b + 10);
    *s = (stream){ .block_max = td_be16(b + 2),
                   .rate_hz = (unsigned)(packed >> 44),
                   .channels = (unsigned)(packed >> 41 & 7) + 1,
                   .bits = (unsigned)(packed >> 36 & 31) + 1,
                   .total = packed & 0xfffffffffu };
    p->info->rate_hz = s->rate_hz;
    p->info->channels = s->channels;
    p->info->bits = s->bits;
    snprintf(p->info->encoding, sizeof p->info->encoding, "%u bit", s->bits);
    memcpy(p->md5, b + 18, sizeof p->md5);
    for (size_t i = 0; i < sizeof p->md5; i++) p->has_md5 |= p->md5[i] != 0;
    if (s->rate_hz == 0) return td_probe_lies(p, "says its sample rate is 0");
    if (s->block_max < 16 || td_be16(b) > s->block_max) return td_probe_lies(p, "has a header that contradicts itself");
    if (s->bits != 8 && s->bits != 16 && s->bits != 24)
        return td_probe_refuse(p, TD_FAULT_UNREADABLE, "export it with 16 or 24 bit", "is a FLAC file of %u bit",
                               s->bits);
    return TD_OK;
}

td_status td_probe_flac(td_probe *p)
{
    stream s = { 0 };
    uint64_t at = p->sound_at + 4;
    snprintf(p->info->format, sizeof p->info->format, "flac");
    for (unsigned n = 0;; n++) {
        const uint8_t *b = td_input_peek(p->in, at, n ? 4 : 38);
        if (!b) return td_probe_lies(p, "is cut off in its header");
        bool last = b[0] & 0x80;
        unsigned kind = b[0] & 0x7f;
        uint64_t size = td_be24(b + 1);
        if (n == MOST_BLOCKS) return td_probe_refuse(p, TD_FAULT_HOSTILE, NULL, "has thousands of header blocks");
        if ((n == 0) != (kind == 0) || kind == 127 || (n == 0 && size != 34))
            return td_probe_lies(p, "has a broken header");
        td_status st = n ? TD_OK : read_stream_info(p, b + 4, &s);
        if (st) return st;
        at += 4 + size;
        if (at > p->in->size) return td_probe_lies(p, "is cut off in its header");
        if (last) break;
    }
    p->sound_bytes = p->in->size - p->sound_at;
    return count_frames(p, &s, at);
}
