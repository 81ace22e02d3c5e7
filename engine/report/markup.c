#include "engine/report/markup.h"

#include <ctype.h>
#include <string.h>

static void add(td_text *out, char c)
{
    const char *as = c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : NULL;
    if (as)
        td_text_add(out, as);
    else if ((unsigned char)c >= 0x20 && c != 0x7f)
        td_text_addn(out, &c, 1);
}

void td_markup(td_text *out, const char *s)
{
    for (; s && *s; s++) add(out, *s);
}

/* "$glue" is what a recipe writes. Returns its last letter. */
static const char *add_knob(td_text *out, const char *s)
{
    td_text_add(out, "the knob \u201c");
    for (s++; isalnum((unsigned char)s[0]) || s[0] == '_' || (s[0] == '-' && isalnum((unsigned char)s[1])); s++)
        add(out, *s);
    td_text_add(out, "\u201d");
    return s - 1;
}

void td_markup_prose(td_text *out, const char *s)
{
    for (const char *at = s; at && *at; at++) {
        if (*at == '$' && isalpha((unsigned char)at[1])) {
            at = add_knob(out, at);
            continue;
        }
        bool minus = *at == '-' && isdigit((unsigned char)at[1]) && (at == s || strchr(" (", at[-1]));
        if (minus)
            td_text_add(out, "\u2212");
        else
            add(out, *at);
    }
}

void td_markup_name(td_text *out, const char *s)
{
    for (; s && *s; s++) {
        add(out, *s);
        if (*s == '_') td_text_add(out, "<wbr>");
    }
}
