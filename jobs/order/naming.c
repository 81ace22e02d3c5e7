#include "jobs/order/naming.h"

#include "engine/base/text.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { SONG_LONGEST = 15 };

/* ---- letters ----------------------------------------------------------------------------------------------------- */

typedef struct span_of_codes {
    unsigned first, last;
} span_of_codes;

/* Latin letters with marks as ASCII; "" for what is none. */
static const char *fold(unsigned code, char one[2])
{
    static const struct {
        unsigned first, last;
        const char *as;
    } rows[] = {
        { 0xc0, 0xc3, "A" },      { 0xc4, 0xc4, "Ae" },  { 0xc5, 0xc5, "A" },    { 0xc6, 0xc6, "Ae" },
        { 0xc7, 0xc7, "C" },      { 0xc8, 0xcb, "E" },   { 0xcc, 0xcf, "I" },    { 0xd0, 0xd0, "D" },
        { 0xd1, 0xd1, "N" },      { 0xd2, 0xd5, "O" },   { 0xd6, 0xd6, "Oe" },   { 0xd8, 0xd8, "O" },
        { 0xd9, 0xdb, "U" },      { 0xdc, 0xdc, "Ue" },  { 0xdd, 0xdd, "Y" },    { 0xde, 0xde, "Th" },
        { 0xdf, 0xdf, "ss" },     { 0xe0, 0xe3, "a" },   { 0xe4, 0xe4, "ae" },   { 0xe5, 0xe5, "a" },
        { 0xe6, 0xe6, "ae" },     { 0xe7, 0xe7, "c" },   { 0xe8, 0xeb, "e" },    { 0xec, 0xef, "i" },
        { 0xf0, 0xf0, "d" },      { 0xf1, 0xf1, "n" },   { 0xf2, 0xf5, "o" },    { 0xf6, 0xf6, "oe" },
        { 0xf8, 0xf8, "o" },      { 0xf9, 0xfb, "u" },   { 0xfc, 0xfc, "ue" },   { 0xfd, 0xfd, "y" },
        { 0xfe, 0xfe, "th" },     { 0xff, 0xff, "y" },   { 0x152, 0x152, "Oe" }, { 0x153, 0x153, "oe" },
        { 0x218, 0x218, "S" },    { 0x219, 0x219, "s" }, { 0x21a, 0x21a, "T" },  { 0x21b, 0x21b, "t" },
        { 0x1e9e, 0x1e9e, "SS" },
    };
    static const char extended[] =
        "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiIiJjKkkLlLlLlLlLlNnNnNnnNn" /* 0x100 */
        "OoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (code >= rows[i].first && code <= rows[i].last) return rows[i].as;
    bool known = code >= 0x100 && code < 0x100 + sizeof extended - 1;
    one[0] = known ? extended[code - 0x100] : 0;
    return one;
}

static bool is_in(unsigned code, const span_of_codes *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (code >= list[i].first && code <= list[i].last) return true;
    return false;
}

/* Of scripts that are not Latin; controls and what turns the direction of writing are in none of these. */
static bool is_other_letter(unsigned code)
{
    static const span_of_codes letters[] = {
        { 0x370, 0x373 },   { 0x386, 0x386 },   { 0x388, 0x481 },     { 0x48a, 0x52f },   /* Greek, Cyrillic */
        { 0x531, 0x556 },   { 0x561, 0x587 },   { 0x5d0, 0x5ea },     { 0x620, 0x669 },   /* Armenian, Hebrew, Arabic */
        { 0x671, 0x6d3 },   { 0x900, 0xdff },   { 0xe01, 0xe3a },     { 0xe40, 0xe4e },   /* of India, Thai */
        { 0x10a0, 0x10ff }, { 0x1100, 0x11ff }, { 0x1200, 0x135a },   { 0x3041, 0x3096 }, /* Georgian, Ethiopic, kana */
        { 0x30a1, 0x30fa }, { 0x30fc, 0x30fe }, { 0x3400, 0x4dbf },   { 0x4e00, 0x9fff }, /* Chinese */
        { 0xac00, 0xd7a3 }, { 0x3005, 0x3007 }, { 0x20000, 0x2fa1d },                     /* Korean */
    };
    return is_in(code, letters, sizeof letters / sizeof letters[0]);
}

/* Blanks, dashes and quotes beyond ASCII. */
static bool parts_words(unsigned code)
{
    static const span_of_codes blanks[] = {
        { 0xa0, 0xa0 }, { 0x2000, 0x206f }, { 0x3000, 0x3003 }, { 0x3008, 0x301f }
    };
    return code < 0x80 || is_in(code, blanks, sizeof blanks / sizeof blanks[0]);
}

/* ---- words ------------------------------------------------------------------------------------------------------- */

typedef struct spelling {
    const char *between; /* words; NULL: nothing, and each has a capital */
    size_t longest;      /* letters */
    bool ascii;
    char *out;
    size_t size, bytes, letters;
    size_t whole, whole_letters; /* at the end of the last word */
    bool start;
} spelling;

static void put(spelling *s, const char *text, size_t bytes, size_t letters)
{
    size_t glue = s->between && s->start && s->bytes ? strlen(s->between) : 0;
    if (s->bytes + glue + bytes >= s->size) return;
    if (glue) memcpy(s->out + s->bytes, s->between, glue);
    memcpy(s->out + s->bytes + glue, text, bytes);
    if (!s->between && s->start) s->out[s->bytes] = (char)toupper((unsigned char)s->out[s->bytes]);
    s->bytes += glue + bytes;
    s->letters += letters;
    s->start = false;
}

static void end_word(spelling *s)
{
    s->start = true;
    s->whole = s->bytes;
    s->whole_letters = s->letters;
}

/* True where it ends the song's part of a name. A u with dots as two characters, as some systems write files, is ue as
 * well. */
static bool add_letter(spelling *s, const char *at, unsigned code, size_t bytes)
{
    char one[2] = { (char)code, 0 };
    char last = s->bytes && !s->start ? s->out[s->bytes - 1] : 0;
    bool dots = code == 0x308 && last && strchr("aouAOU", last);
    const char *as = dots ? "e" : code < 0x80 ? one : fold(code, one);
    bool other = !s->ascii && is_other_letter(code);
    size_t n = other ? bytes : strlen(as), letters = other ? 1 : n;
    if (s->letters + letters > s->longest) return true;
    if (n) put(s, other ? at : as, n, letters);
    return false;
}

static void spell(spelling *s, const char *text)
{
    size_t bytes;
    bool full = false;
    s->start = true;
    for (; *text && !full; text += bytes) {
        unsigned code = td_character(text, &bytes);
        if (code && parts_words(code) && !(code < 0x80 && isalnum((int)code)))
            end_word(s);
        else if (code)
            full = add_letter(s, text, code, bytes);
    }
    if (full && !s->start && s->whole_letters > s->longest / 2) s->bytes = s->whole; /* no half words */
    s->out[s->bytes] = 0;
}

static bool has_letter(const char *s)
{
    while (*s && !isalpha((unsigned char)*s)) s++;
    return *s;
}

void td_name_words(const char *text, const char *between, size_t longest, char *out, size_t size)
{
    spelling latin = { .between = between, .longest = longest, .ascii = true, .out = out, .size = size };
    spelling other = latin;
    other.ascii = false;
    if (!text) text = "";
    spell(&latin, text);
    if (!has_letter(out)) spell(&other, text);
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
        td_name_words(p->artist, NULL, size, out, size);
        break;
    case 1:
        td_name_words(p->song, NULL, SONG_LONGEST, out, size);
        break;
    case 2:
        td_name_words(p->recipe, NULL, size, out, size);
        break;
    case 3:
        td_name_words(p->part, NULL, size, out, size);
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
