#include "engine/audio/label.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *entity;
    char letter;
} entities[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' } };

size_t td_utf8(const void *text, size_t n, uint32_t *character)
{
    const uint8_t *s = text;
    size_t k = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
    if (k == 0 || k > n) return 0;
    *character = k == 1 ? s[0] : s[0] & (0x7fu >> k);
    for (size_t i = 1; i < k; i++) {
        if ((s[i] & 0xc0) != 0x80) return 0;
        *character = *character << 6 | (s[i] & 0x3f);
    }
    return k;
}

/* One line of UTF-8: ends at the first NUL or line break; bytes that are no UTF-8 are read as Latin-1. */
void td_label_text(td_audio_info *info, const uint8_t *text, size_t n)
{
    char *out = info->track_name;
    size_t size = sizeof info->track_name, o = 0, k;
    uint32_t character;
    while (n && (*text == ' ' || *text == '\t')) text++, n--;
    for (; n && *text >= 0x20 && o + 4 < size; text += k, n -= k) {
        if ((k = td_utf8(text, n, &character))) {
            memcpy(out + o, text, k);
            o += k;
        } else {
            k = 1;
            out[o++] = (char)(0xc0 | *text >> 6);
            out[o++] = (char)(0x80 | (*text & 0x3f));
        }
    }
    while (o && out[o - 1] == ' ') o--;
    out[o] = 0;
}

/* A bext description is one line of free text, or the "sTRK1=Name" lines of field recorders, one of which is enough. */
void td_label_bext(td_audio_info *info, const uint8_t *chunk, size_t n)
{
    if (info->track_name[0]) return;
    if (n > 256) n = 256;
    const uint8_t *track = memmem(chunk, n, "TRK1=", 5);
    if (track)
        td_label_text(info, track + 5, n - (size_t)(track + 5 - chunk));
    else
        td_label_text(info, chunk, n);
}

static void unescape(char *s)
{
    char *to = s;
    while (*s) {
        size_t i, k = sizeof entities / sizeof *entities;
        for (i = 0; i < k; i++)
            if (strncmp(s, entities[i].entity, strlen(entities[i].entity)) == 0) break;
        *to++ = i < k ? entities[i].letter : *s;
        s += i < k ? strlen(entities[i].entity) : 1;
    }
    *to = 0;
}

/* <TRACK_LIST> <TRACK> <NAME>...</NAME>: the first track's name. The rest of iXML is of no use here, so no XML parser
 * has to meet a stranger's file. */
void td_label_ixml(td_audio_info *info, const uint8_t *xml, size_t n)
{
    static const char *const path[] = { "<TRACK_LIST", "<TRACK>", "<NAME>" };
    const uint8_t *end = xml + n;
    for (size_t i = 0; i < sizeof path / sizeof *path; i++) {
        xml = memmem(xml, (size_t)(end - xml), path[i], strlen(path[i]));
        if (!xml) return;
        xml += strlen(path[i]);
    }
    const uint8_t *stop = memmem(xml, (size_t)(end - xml), "</NAME>", 7);
    if (!stop || stop == xml) return;
    td_label_text(info, xml, (size_t)(stop - xml));
    unescape(info->track_name);
}
