#include "engine/audio/tags.h"

#include "engine/audio/label.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool given(const char *s)
{
    return s && *s;
}

static void add_padded(td_text *out, const char *s, size_t size)
{
    size_t n = s ? strnlen(s, size) : 0;
    if (n) td_text_addn(out, s, n);
    for (; n < size; n++) td_text_addn(out, "", 1);
}

/* Hundredths of a unit; 0x7fff says that the value is not known. */
static void add_hundredths(td_text *out, bool known, double value)
{
    double v = rint(value * 100);
    td_put_le16(out, known && fabs(v) < 32767 ? (unsigned)(int)v & 0xffff : 0x7fff);
}

/* Date and time stay empty: they would make every file another one. */
void td_tags_bext(const td_tags *t, td_text *out)
{
    if (!given(t->description) && !given(t->reference) && !given(t->coding_history) && !t->has_loudness) return;
    add_padded(out, t->description, 256);
    add_padded(out, "topdown", 32);
    add_padded(out, t->reference, 32);
    add_padded(out, NULL, 10 + 8 + 8); /* date, time, samples since midnight */
    td_put_le16(out, 2);               /* version */
    add_padded(out, NULL, 64);         /* UMID */
    add_hundredths(out, t->has_loudness, t->loudness_lufs);
    add_hundredths(out, t->has_loudness, t->range_lu);
    add_hundredths(out, t->has_loudness, t->true_peak_dbtp);
    add_hundredths(out, t->has_loudness, t->max_momentary_lufs);
    add_hundredths(out, t->has_loudness, t->max_short_lufs);
    add_padded(out, NULL, 180);
    if (given(t->coding_history)) td_text_add(out, t->coding_history);
}

static void add_escaped(td_text *out, const char *s)
{
    for (; *s; s++) {
        const char *entity = *s == '&' ? "&amp;" : *s == '<' ? "&lt;" : *s == '>' ? "&gt;" : NULL;
        if (entity)
            td_text_add(out, entity);
        else if ((unsigned char)*s >= 0x20 || *s == '\n')
            td_text_addn(out, s, 1);
    }
}

static void add_element(td_text *out, const char *name, const char *value)
{
    if (!given(value)) return;
    td_text_addf(out, "<%s>", name);
    add_escaped(out, value);
    td_text_addf(out, "</%s>", name);
}

void td_tags_ixml(const td_tags *t, unsigned channels, td_text *out)
{
    if (!given(t->track_name) && !given(t->title) && !given(t->comment)) return;
    td_text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<BWFXML><IXML_VERSION>1.61</IXML_VERSION>");
    add_element(out, "PROJECT", t->title);
    add_element(out, "NOTE", t->comment);
    if (given(t->track_name)) {
        td_text_addf(out, "<TRACK_LIST><TRACK_COUNT>%u</TRACK_COUNT>", channels);
        for (unsigned c = 1; c <= channels; c++) {
            td_text_addf(out, "<TRACK><CHANNEL_INDEX>%u</CHANNEL_INDEX><INTERLEAVE_INDEX>%u</INTERLEAVE_INDEX>", c, c);
            add_element(out, "NAME", t->track_name);
            if (channels == 2) add_element(out, "FUNCTION", c == 1 ? "LEFT" : "RIGHT");
            td_text_add(out, "</TRACK>");
        }
        td_text_add(out, "</TRACK_LIST>");
    }
    td_text_add(out, "</BWFXML>\n");
}

void td_tags_axml(const td_tags *t, td_text *out)
{
    if (!given(t->isrc)) return;
    td_text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                     "<ebucoreMain xmlns:dc=\"http://purl.org/dc/elements/1.1/\""
                     " xmlns=\"urn:ebu:metadata-schema:ebuCore_2012\"><coreMetadata>"
                     "<identifier typeLabel=\"GUID\" typeDefinition=\"Globally Unique Identifier\" formatLabel=\"ISRC\""
                     " formatDefinition=\"International Standard Recording Code\""
                     " formatLink=\"http://www.ebu.ch/metadata/cs/ebu_IdentifierTypeCodeCS.xml#3.7\">"
                     "<dc:identifier>ISRC:");
    add_escaped(out, t->isrc);
    td_text_add(out, "</dc:identifier></identifier></coreMetadata></ebucoreMain>\n");
}

static void add_info(td_text *out, const char *id, const char *value)
{
    if (!given(value)) return;
    size_t n = strlen(value) + 1;
    td_text_add(out, id);
    td_put_le32(out, (uint32_t)n);
    td_text_addn(out, value, n);
    if (n & 1) td_text_addn(out, "", 1);
}

void td_tags_info(const td_tags *t, td_text *out)
{
    td_text list = { 0 };
    add_info(&list, "INAM", t->title);
    add_info(&list, "IART", t->artist);
    add_info(&list, "IPRD", t->album);
    add_info(&list, "ICMT", t->comment);
    add_info(&list, "ISFT", t->software);
    if (list.length) {
        td_text_add(out, "INFO");
        td_text_addn(out, list.data, list.length);
    }
    out->broken |= list.broken;
    td_text_free(&list);
}

/* ---- gains ------------------------------------------------------------------------------------------------------ */

static bool loudness_known(const td_tags *t)
{
    return t->has_loudness && isfinite(t->loudness_lufs);
}

static void replaygain_text(const td_tags *t, char out[24])
{
    snprintf(out, 24, "%+.2f dB", -18 - t->loudness_lufs);
}

static void peak_text(const td_tags *t, char out[24])
{
    snprintf(out, 24, "%.6f", td_from_db(t->true_peak_dbtp));
}

/* ---- Vorbis comments -------------------------------------------------------------------------------------------- */

static void add_comment(td_text *out, const char *name, const char *value)
{
    if (!given(value)) return;
    td_text_addf(out, "%s=%s", name, value);
    td_text_addn(out, "", 1);
}

void td_tags_comments(const td_tags *t, td_gain_style style, td_text *out)
{
    char text[24];
    add_comment(out, "TITLE", t->title);
    add_comment(out, "ARTIST", t->artist);
    add_comment(out, "ALBUM", t->album);
    add_comment(out, "ISRC", t->isrc);
    add_comment(out, "COMMENT", t->comment);
    add_comment(out, "RECIPE", t->recipe);
    add_comment(out, "ENCODED-BY", t->software);
    if (!loudness_known(t)) return;
    if (style == TD_GAIN_R128) {
        snprintf(text, sizeof text, "%d", (int)td_clamp(rint((-23 - t->loudness_lufs) * 256), -32768, 32767));
        add_comment(out, "R128_TRACK_GAIN", text);
        return;
    }
    replaygain_text(t, text);
    add_comment(out, "REPLAYGAIN_TRACK_GAIN", text);
    peak_text(t, text);
    add_comment(out, "REPLAYGAIN_TRACK_PEAK", text);
}

/* The body of FLAC's PICTURE block in base64 (RFC 9639, 8.8). */
td_status td_tags_comment_picture(const td_tags *t, td_text *out, td_error *err)
{
    td_picture p;
    td_status st = td_picture_load(t->cover_path, &p, err);
    if (st || !p.data) return st;
    td_text block = { 0 };
    td_put_be32(&block, 3); /* front cover */
    td_put_be32(&block, (uint32_t)strlen(p.mime));
    td_text_add(&block, p.mime);
    td_put_be32(&block, 0); /* no description */
    td_put_be32(&block, p.width);
    td_put_be32(&block, p.height);
    td_put_be32(&block, p.depth);
    td_put_be32(&block, 0); /* no palette */
    td_put_be32(&block, (uint32_t)p.size);
    td_text_addn(&block, (const char *)p.data, p.size);
    unsigned char *letters = block.broken ? NULL : malloc(block.length / 3 * 4 + 8);
    if (letters) {
        EVP_EncodeBlock(letters, (const unsigned char *)block.data, (int)block.length);
        add_comment(out, "METADATA_BLOCK_PICTURE", (const char *)letters);
    }
    st = letters ? TD_OK : TD_NOMEM;
    free(letters);
    td_text_free(&block);
    td_picture_free(&p);
    return st;
}

/* ---- ID3v2.3 ---------------------------------------------------------------------------------------------------- */

static void add_utf16(td_text *out, const char *s)
{
    td_put_le16(out, 0xfeff); /* the byte order */
    for (size_t k, n = strlen(s); n; s += k, n -= k) {
        uint32_t c;
        if (!(k = td_utf8(s, n, &c))) {
            c = (unsigned char)*s; /* as in Latin-1 */
            k = 1;
        }
        if (c >= 0x10000) {
            td_put_le16(out, 0xd800 | ((c - 0x10000) >> 10 & 0x3ff));
            c = 0xdc00 | (c & 0x3ff);
        }
        td_put_le16(out, c & 0xffff);
    }
}

static bool is_ascii(const char *s)
{
    for (; *s; s++)
        if (*s & 0x80) return false;
    return true;
}

static void add_frame(td_text *out, const char *id, const td_text *body)
{
    td_text_add(out, id);
    td_put_be32(out, (uint32_t)body->length);
    td_put_be16(out, 0);
    td_text_addn(out, td_text_or_empty(body), body->length);
    out->broken |= body->broken;
}

/* A text frame; with a name, one of the frames (TXXX, COMM) that hold a pair. */
static void add_text_frame(td_text *out, const char *id, const char *language, const char *name, const char *value)
{
    if (!given(value)) return;
    td_text body = { 0 };
    bool wide = !is_ascii(value);
    td_text_addn(&body, wide ? "\1" : "", 1);
    if (language) td_text_add(&body, language);
    if (name && wide) {
        add_utf16(&body, name);
        td_put_le16(&body, 0);
    } else if (name) {
        td_text_addn(&body, name, strlen(name) + 1);
    }
    if (wide)
        add_utf16(&body, value);
    else
        td_text_add(&body, value);
    add_frame(out, id, &body);
    td_text_free(&body);
}

static void add_picture_frame(td_text *out, const td_picture *p)
{
    td_text body = { 0 };
    td_text_addn(&body, "", 1);
    td_text_addn(&body, p->mime, strlen(p->mime) + 1);
    td_text_addn(&body, "\3\0", 2); /* front cover, no description */
    td_text_addn(&body, (const char *)p->data, p->size);
    add_frame(out, "APIC", &body);
    td_text_free(&body);
}

static void add_frames(td_text *out, const td_tags *t)
{
    char text[24];
    add_text_frame(out, "TIT2", NULL, NULL, t->title);
    add_text_frame(out, "TPE1", NULL, NULL, t->artist);
    add_text_frame(out, "TALB", NULL, NULL, t->album);
    add_text_frame(out, "TSRC", NULL, NULL, t->isrc);
    add_text_frame(out, "TENC", NULL, NULL, t->software);
    add_text_frame(out, "COMM", "eng", "", t->comment);
    add_text_frame(out, "TXXX", NULL, "RECIPE", t->recipe);
    if (!loudness_known(t)) return;
    replaygain_text(t, text);
    add_text_frame(out, "TXXX", NULL, "REPLAYGAIN_TRACK_GAIN", text);
    peak_text(t, text);
    add_text_frame(out, "TXXX", NULL, "REPLAYGAIN_TRACK_PEAK", text);
}

td_status td_tags_id3(const td_tags *t, td_text *out, td_error *err)
{
    td_picture picture;
    td_text frames = { 0 };
    td_status st = td_picture_load(t->cover_path, &picture, err);
    if (st) return st;
    add_frames(&frames, t);
    if (picture.data) add_picture_frame(&frames, &picture);
    /* the format's own padding to an even length: SoX does not skip the pad byte of an odd chunk in AIFF */
    if (frames.length & 1) td_text_addn(&frames, "", 1);
    if (frames.length) {
        td_text_addn(out, "ID3\3\0", 6); /* version 2.3.0, no flags */
        for (int shift = 21; shift >= 0; shift -= 7)
            td_text_addn(out, (const char[]){ (char)(frames.length >> shift & 0x7f) }, 1);
        td_text_addn(out, frames.data, frames.length);
    }
    st = frames.broken || out->broken ? TD_NOMEM : TD_OK;
    td_text_free(&frames);
    td_picture_free(&picture);
    return st;
}
