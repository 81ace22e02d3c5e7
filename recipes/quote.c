#include "recipes/quote.h"

#include <string.h>

enum { FOREIGN = 0xf700 };

/* The code of a three-byte UTF-8 sequence that stands for a foreign byte; 0: it is none. */
static unsigned foreign(const unsigned char *s)
{
    if (s[0] != 0xef || (s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80) return 0;
    unsigned code = 0xf000u | (s[1] & 63u) << 6 | (s[2] & 63u);
    return code >= FOREIGN + 0x80 && code <= FOREIGN + 0xff ? code : 0;
}

/* Length of the printable UTF-8 character at s; 0: there is none, or one that means a foreign byte. */
static size_t printable(const char *s)
{
    char one[8], safe[16];
    for (size_t n = 1; n <= 4 && s[n - 1]; n++) {
        memcpy(one, s, n);
        one[n] = 0;
        if (strcmp(td_printable(one, safe, sizeof safe), one) == 0)
            return n == 3 && foreign((const unsigned char *)s) ? 0 : n;
    }
    return 0;
}

/* Text that needs no quotes anywhere, for us or for programs that read 12 as a number and null as nothing. */
static bool plain_enough(const char *s)
{
    static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _./+-%();$=<>";
    static const char *const words[] = { "null", "true", "false", "yes", "no", "on", "off" };
    size_t n = strlen(s);
    if (!n || s[strspn(s, fine)] || s[n - 1] == ' ' || !s[strspn(s, "0123456789.+-_e")]) return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(s, words[i]) == 0) return false;
    return strspn(s, "-. ;%()=<>+") == 0 || (strchr("+-", s[0]) && s[1] >= '0' && s[1] <= '9');
}

void td_quote(td_text *out, const char *s)
{
    if (plain_enough(s)) {
        td_text_add(out, s);
        return;
    }
    td_text_add(out, "\"");
    while (*s) {
        size_t n = printable(s);
        if (*s == '"' || *s == '\\') td_text_add(out, "\\");
        if (n)
            td_text_addn(out, s, n);
        else if ((unsigned char)*s < 0x80)
            td_text_addf(out, "\\x%02x", *s);
        else
            td_text_addf(out, "\\u%04x", FOREIGN + (unsigned char)*s);
        s += n ? n : 1;
    }
    td_text_add(out, "\"");
}

char *td_unquoted(td_arena *a, const char *s)
{
    char *own = td_arena_strdup(a, s), *out = own;
    if (!own) return NULL;
    for (const unsigned char *p = (const unsigned char *)s; *p;) {
        unsigned code = foreign(p);
        *out++ = code ? (char)(code - FOREIGN) : (char)*p;
        p += code ? 3 : 1;
    }
    *out = 0;
    return own;
}
