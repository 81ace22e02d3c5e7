#include "engine/audio/ogg.h"
#include "engine/audio/probe.h"

#include <stdio.h>

/* Ogg with Vorbis or Opus. All pages are walked and their checksums taken: a few milliseconds beside what decoding
 * costs. An Ogg stream promises no length, so one that stops without its last page has lost nothing its header spoke
 * of: truncated. A hole within is damage. */

static const struct {
    const char *magic, *what;
} others[] = {
    { "\177FLAC", "FLAC" },           { "Speex   ", "Speex" }, { "\200theora", "video" },
    { "fishead", "several streams" }, { "BBCD", "video" },     { "\200kate", "subtitles" },
};

typedef struct stream {
    uint32_t serial, next;
    int64_t granule;
    unsigned skip; /* frames an Opus decoder drops at the start */
    bool ended;
} stream;

static td_status refuse(td_probe *p, const char *what)
{
    return td_probe_refuse(p, TD_FAULT_UNREADABLE, "export it as WAV or FLAC", "is an Ogg file with %s inside", what);
}

static void set_info(td_audio_info *i, const char *format, const char *encoding, unsigned channels, unsigned rate_hz)
{
    snprintf(i->format, sizeof i->format, "%s", format);
    snprintf(i->encoding, sizeof i->encoding, "%s", encoding);
    i->channels = channels;
    i->rate_hz = rate_hz;
    i->lossy = true;
}

/* Opus always decodes to 48 kHz. libsndfile would go down to the rate the encoder was fed with, and to 8 kHz where that
 * is not known, so it is shown a first page that says 48 kHz. */
static void show_48k(td_probe *p, const td_ogg_page *page)
{
    uint8_t *rate = p->patch + page->header + 12;
    memcpy(p->patch, page->bytes, page->size);
    p->patch_size = page->size;
    for (unsigned i = 0; i < 4; i++) rate[i] = (uint8_t)(48000u >> 8 * i);
    uint32_t sum = td_ogg_sum(p->patch, p->patch_size);
    for (unsigned i = 0; i < 4; i++) p->patch[22 + i] = (uint8_t)(sum >> 8 * i);
}

static td_status read_head(td_probe *p, const td_ogg_page *page, stream *s)
{
    const uint8_t *b = page->bytes + page->header;
    size_t n = page->size - page->header;
    *s = (stream){ .serial = page->serial, .next = page->sequence + 1 };
    if (n >= 30 && td_is(b, "\001vorbis")) {
        set_info(p->info, "ogg", "vorbis", b[11], td_le32(b + 12));
        return TD_OK;
    }
    if (n >= 19 && td_is(b, "OpusHead")) {
        set_info(p->info, "opus", "opus", b[9], 48000);
        s->skip = td_le16(b + 10);
        if (page->size <= sizeof p->patch) show_48k(p, page);
        if (b[9] <= 2 && (b[8] > 15 || b[18] > 1)) return refuse(p, "an unknown kind of Opus");
        return TD_OK;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (n >= strlen(others[i].magic) && td_is(b, others[i].magic)) return refuse(p, others[i].what);
    return refuse(p, "an unknown codec");
}

static td_status read_page(td_probe *p, const td_ogg_page *page, stream *s)
{
    if (page->flags & TD_OGG_FIRST || page->serial != s->serial) return refuse(p, "several streams");
    if (page->sequence != s->next++) return td_probe_lies(p, "has lost some of its pages");
    if (page->granule != -1) {
        if (page->granule < s->granule) return td_probe_lies(p, "has pages whose times run backwards");
        s->granule = page->granule;
    }
    s->ended = page->flags & TD_OGG_LAST;
    return TD_OK;
}

td_status td_probe_ogg(td_probe *p)
{
    td_ogg_page page;
    stream s;
    uint64_t at = p->sound_at;
    td_ogg_result found = td_ogg_read(p->in, at, &page);
    if (found != TD_OGG_PAGE || !(page.flags & TD_OGG_FIRST)) return td_probe_lies(p, "has a broken first page");
    td_status st = read_head(p, &page, &s);
    if (st) return st;
    for (at += page.size; !st && at < p->in->size; at += page.size) {
        found = td_ogg_read(p->in, at, &page);
        if (s.ended && found == TD_OGG_NO_PAGE) break; /* a tag of another world after the end */
        if (found == TD_OGG_CUT) break;
        if (found != TD_OGG_PAGE) return td_probe_lies(p, "has a broken page");
        st = read_page(p, &page, &s);
    }
    if (st) return st;
    if (!s.ended) p->faults |= TD_FAULT_BIT(TRUNCATED);
    p->sound_bytes = at - p->sound_at;
    p->info->frames = s.granule > (int64_t)s.skip ? (uint64_t)s.granule - s.skip : 0;
    return TD_OK;
}
