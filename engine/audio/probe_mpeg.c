#include "engine/audio/probe.h"

#include <stdio.h>

/* MPEG audio layer III. There is no container: frames follow one another, each saying how long it is, so all of them
 * are walked. The first may be an Info frame (of Xing, LAME or Fraunhofer) that promises how many follow; LAME's also
 * says how much silence the codec added at either end, which decoders take off again. */

#define SEARCH     65536 /* bytes before the first frame that are looked through */
#define PROOF      4     /* frames in a row that no accident makes */
#define TOLERANCE  1     /* frames: some encoders count their Info frame */
#define DELAY_MOST 4095

typedef struct frame {
    unsigned version; /* 1, 2, 25 */
    unsigned rate_hz, channels, samples;
    size_t size, side_info; /* bytes */
} frame;

typedef struct promise {
    bool given;
    uint32_t frames;
    bool has_gaps;
    unsigned delay, padding; /* frames of silence at the start and the end */
} promise;

static bool read_frame(const uint8_t *b, frame *f)
{
    static const unsigned kbps[2][15] = {
        { 0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320 },
        { 0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160 },
    };
    static const unsigned rates[3] = { 44100, 48000, 32000 };
    unsigned version = b[1] >> 3 & 3, rate = b[2] >> 2 & 3, bits = b[2] >> 4;
    if (b[0] != 0xff || (b[1] & 0xe0) != 0xe0 || (b[1] & 6) != 2 || version == 1) return false;
    if (rate == 3 || bits == 0 || bits == 15 || (b[3] & 3) == 2) return false;
    bool first = version == 3, mono = b[3] >> 6 == 3;
    f->version = first ? 1 : version == 2 ? 2 : 25;
    f->rate_hz = rates[rate] >> (first ? 0 : version == 2 ? 1 : 2);
    f->channels = mono ? 1 : 2;
    f->samples = first ? 1152 : 576;
    f->size = f->samples / 8 * kbps[!first][bits] * 1000 / f->rate_hz + (b[2] >> 1 & 1);
    f->side_info = first ? (mono ? 17 : 32) : mono ? 9 : 17;
    return true;
}

static bool same_stream(const frame *a, const frame *b)
{
    return a->version == b->version && a->rate_hz == b->rate_hz && a->channels == b->channels;
}

/* Tags that may follow the last frame. */
static bool is_tag(td_input *in, uint64_t at)
{
    static const char *const tags[] = { "TAG", "APETAGEX", "LYRICSBEGIN" };
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        const uint8_t *b = td_input_peek(in, at, strlen(tags[i]));
        if (b && td_is(b, tags[i])) return true;
    }
    return false;
}

/* Whether a row of frames begins at `at`: PROOF of them, or fewer that end exactly where the file or a tag does. */
static bool row_begins(td_input *in, uint64_t at, frame *first)
{
    for (unsigned n = 0; n < PROOF; n++) {
        frame f;
        const uint8_t *b = td_input_peek(in, at, 4);
        if (n && (at == in->size || is_tag(in, at))) return true;
        if (!b || !read_frame(b, &f) || (n && !same_stream(&f, first))) return false;
        if (n == 0) *first = f;
        at += f.size;
    }
    return true;
}

static bool find_row(td_input *in, uint64_t from, uint64_t *at, frame *first)
{
    for (*at = from; *at < from + SEARCH; ++*at) {
        const uint8_t *b = td_input_peek(in, *at, 4);
        if (!b) return false;
        if (b[0] == 0xff && row_begins(in, *at, first)) return true;
    }
    return false;
}

/* The Info frame's promise; what it says about gaps only counts when an encoder's name stands there. */
static promise read_promise(td_input *in, uint64_t at, const frame *f)
{
    promise p = { 0 };
    const uint8_t *b = td_input_peek(in, at, f->size);
    if (!b || f->size < 4 + f->side_info + 8) return p;
    const uint8_t *end = b + f->size, *vbri = b + 36;
    if (f->size >= 36 + 18 && td_is(vbri, "VBRI")) return (promise){ .given = true, .frames = td_be32(vbri + 14) };
    b += 4 + f->side_info;
    if (!td_is(b, "Xing") && !td_is(b, "Info")) return p;
    uint32_t has = td_be32(b + 4);
    p.given = true;
    b += 8;
    if (has & 1 && end - b >= 4) {
        p.frames = td_be32(b);
        b += 4;
    }
    b += (has & 2 ? 4 : 0) + (has & 4 ? 100 : 0) + (has & 8 ? 4 : 0);
    if (end - b >= 24 && b[0]) {
        p.has_gaps = true;
        p.delay = td_be24(b + 21) >> 12;
        p.padding = td_be24(b + 21) & 0xfff;
    }
    return p;
}

typedef struct walked {
    uint64_t frames, end;
    bool cut; /* in the midst of the last frame */
} walked;

static td_status walk(td_probe *p, uint64_t at, const frame *first, walked *w)
{
    td_input *in = p->in;
    frame f, later;
    uint64_t again;
    for (*w = (walked){ 0 }; at < in->size && !is_tag(in, at); at += f.size) {
        const uint8_t *b = td_input_peek(in, at, 4);
        w->cut = !b;
        if (!b) break;
        if (!read_frame(b, &f)) { /* junk: after the last frame it does no harm */
            if (find_row(in, at, &again, &later)) return td_probe_lies(p, "has a hole in its sound");
            break;
        }
        if (!same_stream(&f, first)) return td_probe_lies(p, "changes its rate or channels midway");
        w->cut = f.size > in->size - at;
        if (w->cut) break;
        w->frames++;
    }
    w->end = at;
    return TD_OK;
}

static td_status check_promise(td_probe *p, const promise *said, const walked *w, const frame *f)
{
    if (said->frames == 0) {
        if (w->cut) p->faults |= TD_FAULT_BIT(TRUNCATED);
        return TD_OK;
    }
    if (w->frames + TOLERANCE >= said->frames && w->frames <= (uint64_t)said->frames + TOLERANCE) return TD_OK;
    return td_probe_wrong_length(p, (uint64_t)said->frames * f->samples, w->frames * f->samples);
}

td_status td_probe_mpeg(td_probe *p)
{
    frame f;
    walked w;
    uint64_t at;
    td_audio_info *i = p->info;
    if (!find_row(p->in, p->sound_at, &at, &f)) return TD_INPUT; /* no fault: not an MP3 at all */
    snprintf(i->format, sizeof i->format, "mp3");
    snprintf(i->encoding, sizeof i->encoding, "mp3");
    i->lossy = true;
    i->rate_hz = f.rate_hz;
    i->channels = f.channels;
    promise said = read_promise(p->in, at, &f);
    p->sound_at = at;
    td_status st = walk(p, said.given ? at + f.size : at, &f, &w);
    if (!st) st = check_promise(p, &said, &w, &f);
    if (st) return st;
    uint64_t all = w.frames * f.samples, gaps = said.delay + said.padding;
    i->frames = all > gaps ? all - gaps : 0;
    p->sound_bytes = w.end - at;
    return TD_OK;
}
