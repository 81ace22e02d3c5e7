#include "engine/audio/tags.h"

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
