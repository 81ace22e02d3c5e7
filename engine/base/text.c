#include "engine/base/text.h"

#include "engine/base/memory.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void td_text_addn(td_text *t, const char *s, size_t n)
{
    if (t->broken || n > SIZE_MAX / 4) {
        t->broken = true;
        return;
    }
    void *data = t->data;
    if (!td_grow(&data, &t->capacity, t->length + n, 1)) {
        t->broken = true;
        return;
    }
    t->data = data;
    memcpy(t->data + t->length, s, n);
    t->length += n;
    t->data[t->length] = 0;
}

void td_text_add(td_text *t, const char *s)
{
    td_text_addn(t, s, strlen(s));
}

void td_text_addf(td_text *t, const char *fmt, ...)
{
    char small[512];
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(small, sizeof small, fmt, args);
    if (n >= 0 && (size_t)n < sizeof small) {
        td_text_addn(t, small, (size_t)n);
    } else if (n >= 0) {
        char *large = malloc((size_t)n + 1);
        if (large) {
            vsnprintf(large, (size_t)n + 1, fmt, again);
            td_text_addn(t, large, (size_t)n);
            free(large);
        } else {
            t->broken = true;
        }
    }
    va_end(again);
    va_end(args);
}

const char *td_text_or_empty(const td_text *t)
{
    return t->data ? t->data : "";
}

void td_text_free(td_text *t)
{
    free(t->data);
    *t = (td_text){ 0 };
}

bool td_starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool td_ends_with(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

/* Restricted Damerau-Levenshtein distance, words up to 63 bytes; longer ones count as far. */
static unsigned distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    if (n > 63 || m > 63) return 99;
    unsigned char row[3][64];
    unsigned char *before = row[0], *last = row[1], *now = row[2];
    for (size_t j = 0; j <= m; j++) last[j] = (unsigned char)j;
    for (size_t i = 1; i <= n; i++) {
        now[0] = (unsigned char)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned d = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1u < d) d = last[j] + 1u;
            if (now[j - 1] + 1u < d) d = now[j - 1] + 1u;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1u < d)
                d = before[j - 2] + 1u;
            now[j] = (unsigned char)d;
        }
        unsigned char *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[m];
}

const char *td_nearest(const char *s, const char *const *words, size_t n)
{
    const char *best = NULL;
    unsigned least = 3;
    size_t length = strlen(s);
    for (size_t i = 0; i < n; i++) {
        unsigned d = distance(s, words[i]);
        if (d < least && d < length && d < strlen(words[i])) {
            least = d;
            best = words[i];
        }
    }
    return best;
}

unsigned td_character(const char *s, size_t *bytes)
{
    static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *p = (const unsigned char *)s;
    size_t n = *p < 0x80 ? 1 : *p < 0xc2 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : *p < 0xf5 ? 4 : 0;
    unsigned code = n > 1 ? *p & (0x7fu >> n) : *p;
    *bytes = 1;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (p[i] & 0x3f);
    }
    if (!n || code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return 0;
    *bytes = n;
    return code;
}

/* Length of the character at s, or 0 when it may not be printed: controls, line breaks, what turns the direction. */
static size_t sequence(const char *s)
{
    size_t n;
    unsigned code = td_character(s, &n);
    bool printed = code >= 0x20 && (code < 0x7f || code >= 0xa0) && (code < 0x2028 || code > 0x202e);
    return printed ? n : 0;
}

const char *td_printable(const char *s, char *out, size_t size)
{
    size_t o = 0;
    while (*s) {
        size_t n = sequence(s);
        if (o + (n ? n : 4) >= size) break;
        if (n) {
            memcpy(out + o, s, n);
            o += n;
            s += n;
        } else {
            o += (size_t)snprintf(out + o, size - o, "\\x%02x", (unsigned char)*s++);
        }
    }
    out[o] = 0;
    return out;
}

/* What takes more or less than one column: combining marks, and what UAX #11 (East Asian Width) has as wide. */
static const struct {
    unsigned first, last;
    size_t columns;
} odd_widths[] = { { 0x300, 0x36f, 0 },     { 0x1100, 0x115f, 2 },   { 0x2e80, 0xa4cf, 2 },  { 0xac00, 0xd7a3, 2 },
                   { 0xf900, 0xfaff, 2 },   { 0xfe30, 0xfe6f, 2 },   { 0xff01, 0xff60, 2 },  { 0xffe0, 0xffe6, 2 },
                   { 0x1f300, 0x1f64f, 2 }, { 0x1f900, 0x1f9ff, 2 }, { 0x20000, 0x3fffd, 2 } };

static size_t columns_of(unsigned character)
{
    for (size_t i = 0; i < sizeof odd_widths / sizeof *odd_widths; i++)
        if (character >= odd_widths[i].first && character <= odd_widths[i].last) return odd_widths[i].columns;
    return 1;
}

size_t td_width(const char *s)
{
    size_t columns = 0;
    for (size_t n; *s; s += n) columns += columns_of(td_character(s, &n));
    return columns;
}

int td_filling(const char *s, size_t columns)
{
    size_t width = td_width(s);
    return (int)(strlen(s) + (columns > width ? columns - width : 0));
}
