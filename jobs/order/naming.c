#include "jobs/order/naming.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { SONG_LONGEST = 15 };

/* Latin letters with marks as ASCII; what is left over is dropped. */
static const char *fold(unsigned code)
{
    static const struct {
        unsigned first, last;
        const char *as;
    } rows[] = {
        { 0xc0, 0xc3, "A" }, { 0xc4, 0xc4, "Ae" }, { 0xc5, 0xc5, "A" },  { 0xc6, 0xc6, "Ae" }, { 0xc7, 0xc7, "C" },
        { 0xc8, 0xcb, "E" }, { 0xcc, 0xcf, "I" },  { 0xd1, 0xd1, "N" },  { 0xd2, 0xd5, "O" },  { 0xd6, 0xd6, "Oe" },
        { 0xd8, 0xd8, "O" }, { 0xd9, 0xdb, "U" },  { 0xdc, 0xdc, "Ue" }, { 0xdd, 0xdd, "Y" },  { 0xdf, 0xdf, "ss" },
        { 0xe0, 0xe3, "a" }, { 0xe4, 0xe4, "ae" }, { 0xe5, 0xe5, "a" },  { 0xe6, 0xe6, "ae" }, { 0xe7, 0xe7, "c" },
        { 0xe8, 0xeb, "e" }, { 0xec, 0xef, "i" },  { 0xf1, 0xf1, "n" },  { 0xf2, 0xf5, "o" },  { 0xf6, 0xf6, "oe" },
        { 0xf8, 0xf8, "o" }, { 0xf9, 0xfb, "u" },  { 0xfc, 0xfc, "ue" }, { 0xfd, 0xfd, "y" },  { 0xff, 0xff, "y" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (code >= rows[i].first && code <= rows[i].last) return rows[i].as;
    return "";
}

/* "night drive" becomes "NightDrive". */
static void words(const char *s, char *out, size_t size, size_t longest)
{
    size_t n = 0;
    bool start = true;
    for (const unsigned char *p = (const unsigned char *)(s ? s : ""); *p; p++) {
        char one[2] = { (char)*p, 0 };
        const char *as = one;
        if (*p >= 0xc2 && *p <= 0xc3 && (p[1] & 0xc0) == 0x80) {
            as = fold((unsigned)(*p & 0x1f) << 6 | (p[1] & 0x3f));
            p++;
        } else if (*p >= 0x80 || !isalnum(*p)) {
            start = start || *p < 0x80;
            continue;
        }
        for (; *as && n + 1 < size && n < longest; as++, start = false)
            out[n++] = start ? (char)toupper((unsigned char)*as) : *as;
    }
    out[n] = 0;
}

/* The recipe's revision, and the mix's own where it is not the first: 01, and once its plan was moved 01r2. */
static void number_of_revision(const td_name_parts *p, char *out, size_t size)
{
    out[0] = 0;
    if (p->revision) snprintf(out, size, "%02u", p->revision);
    size_t n = strlen(out);
    if (p->revised) snprintf(out + n, size - n, "r%u", p->revised + 1);
}

/* Whole kHz, since bits follow: 44k16. */
static void number_of_rate(unsigned rate_hz, char *out, size_t size)
{
    snprintf(out, size, "%uk", rate_hz / 1000);
}

static bool word_value(const char *word, size_t length, const td_name_parts *p, char *out, size_t size)
{
    static const char *const known[] = { "Artist", "Song", "Recipe", "Part", "rev", "rate", "bits" };
    size_t k = 0;
    while (k < 7 && (strlen(known[k]) != length || memcmp(known[k], word, length))) k++;
    switch (k) {
    case 0:
        words(p->artist, out, size, size);
        break;
    case 1:
        words(p->song, out, size, SONG_LONGEST);
        break;
    case 2:
        words(p->recipe, out, size, size);
        break;
    case 3:
        words(p->part, out, size, size);
        break;
    case 4:
        number_of_revision(p, out, size);
        break;
    case 5:
        number_of_rate(p->rate_hz, out, size);
        break;
    case 6:
        snprintf(out, p->bits ? size : 1, "%u", p->bits);
        break;
    default:
        return false;
    }
    return true;
}

/* Joins: an empty part takes its underscore with it, and two numbers stay two: revision 1 of Rock2 is Rock2-01. */
static void join(char *out, size_t size, const char *more, bool glue, bool part)
{
    size_t n = strlen(out);
    if (!*more) return;
    char last = n ? out[n - 1] : '_';
    bool numbers = part && isdigit((unsigned char)last) && isdigit((unsigned char)*more);
    snprintf(out + n, size - n, "%s%s", glue && last != '_' ? "_" : !glue && numbers ? "-" : "", more);
}

td_status td_name_fill(const char *template, const td_name_parts *p, char *out, size_t size, td_error *err)
{
    out[0] = 0;
    bool glue = false;
    for (const char *s = template; *s;) {
        bool part = *s == '{';
        char value[256] = { *s, 0 };
        if (*s == '_') {
            glue = true;
            s++;
            continue;
        }
        if (part) {
            size_t n = strcspn(s + 1, "}");
            if (!s[1 + n] || !word_value(s + 1, n, p, value, sizeof value))
                return td_fail(err, TD_JOB, "naming", "use {Artist} {Song} {Recipe} {rev} {Part} {rate} {bits}",
                               "'%.*s' is no part of a file name", (int)n + 1, s);
            s += n + 2;
        } else {
            if (*s == '/' || (unsigned char)*s < 0x21 || (unsigned char)*s > 0x7e) value[0] = '-';
            s++;
        }
        join(out, size, value, glue, part);
        if (value[0]) glue = false;
    }
    return out[0] ? TD_OK : td_fail(err, TD_JOB, "naming", NULL, "the template '%s' gives an empty name", template);
}
