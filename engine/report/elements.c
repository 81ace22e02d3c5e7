#include "engine/report/page.h"

#include <stdio.h>
#include <string.h>

/* ---- figures ----------------------------------------------------------------------------------------------------- */

const char *td_figure(const td_page *p, double x, int decimals, bool sign, const char *unit, char out[TD_FIGURE])
{
    char digits[32];
    if (!isfinite(x)) return strcpy(out, "\u2013");
    snprintf(digits, sizeof digits, "%.*f", decimals, fabs(x));
    bool zero = strspn(digits, "0.") == strlen(digits);
    char *point = p->language == TD_GERMAN ? strchr(digits, '.') : NULL;
    if (point) *point = ',';
    const char *before = zero ? "" : x < 0 ? "\u2212" : sign ? "+" : "";
    snprintf(out, TD_FIGURE, "%s%s%s%s", before, digits, *unit ? "\u00a0" : "", unit);
    return out;
}

double td_held(const json_t *o, const char *name)
{
    const json_t *v = json_object_get(o, name);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

/* A loudness is wanted of the master; a file turned to be compared is as much softer, or louder. */
double td_held_wish(const json_t *file, const char *name)
{
    double turned = td_held(file, "turned_db"), wish = td_held(json_object_get(file, "wanted"), name);
    return !strcmp(name, "loudness_lufs") && !isnan(turned) ? wish + turned : wish;
}

const char *td_held_text(const json_t *o, const char *name)
{
    const char *s = json_string_value(json_object_get(o, name));
    return s ? s : "";
}

double *td_held_list(td_page *p, const json_t *o, const char *name, size_t *n)
{
    const json_t *list = json_object_get(o, name), *v;
    size_t i;
    *n = json_array_size(list);
    double *out = td_arena_array(p->arena, *n + 1, sizeof *out);
    if (!out) p->out->broken = true;
    json_array_foreach(list, i, v) if (out) out[i] = json_is_number(v) ? json_number_value(v) : NAN;
    return out;
}

const char *td_said(const td_page *p, const char *text, const td_word *word, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(td_word_in(TD_ENGLISH, word[i]), text)) return td_say(p, word[i]);
    return NULL;
}

const char *td_place_name(const td_page *p, const char *place)
{
    return strcmp(place, "mix") ? place : td_say(p, TD_WORD_MIX_BUS);
}

/* ---- elements ---------------------------------------------------------------------------------------------------- */

void td_element(td_page *p, const char *open, const char *text, const char *close)
{
    td_page_add(p, open);
    td_page_text(p, text);
    td_page_add(p, close);
}

void td_heading(td_page *p, td_word word)
{
    td_element(p, "<h3>", td_say(p, word), "</h3>\n");
}

/* A phone has the heads before the cells, as style.c reads them: --h1 is of the first cell behind the name. */
static void table_open(td_page *p, const char *kind, const td_head *h, size_t n)
{
    td_element(p, "<div class=\"", kind, "\"><table style=\"");
    for (size_t i = 1; i < n; i++) {
        td_text_addf(p->out, "--h%zu:'", i);
        td_element(p, "", td_say(p, h[i].word), "';");
    }
    td_page_add(p, "\"><thead><tr>");
    for (size_t i = 0; i < n; i++)
        td_element(p, h[i].number ? "<th class=\"n\" scope=\"col\">" : "<th scope=\"col\">", td_say(p, h[i].word),
                   "</th>");
    td_page_add(p, "</tr></thead><tbody>\n");
}

void td_table_open(td_page *p, const td_head *h, size_t n)
{
    table_open(p, n > 10 ? "scroll stack cells dense" : "scroll stack cells", h, n);
}

void td_prose_table_open(td_page *p, const td_head *h, size_t n)
{
    table_open(p, "scroll stack", h, n);
}

void td_table_close(td_page *p)
{
    td_page_add(p, "</tbody></table></div>\n");
}

void td_row_open(td_page *p, const char *name)
{
    td_page_add(p, "<tr><th class=\"name\" scope=\"row\">");
    td_markup_name(p->out, name);
    td_page_add(p, "</th>");
}

void td_prose(td_page *p, const char *open, const char *text, const char *close)
{
    td_page_add(p, open);
    td_markup_prose(p->out, text);
    td_page_add(p, close);
}

void td_text_cell(td_page *p, const char *text)
{
    td_element(p, "<td>", text, "</td>");
}

void td_number_cell(td_page *p, double x, int decimals, bool sign)
{
    char text[TD_FIGURE];
    td_element(p, "<td class=\"n\">", td_figure(p, x, decimals, sign, "", text), "</td>");
}

void td_row_close(td_page *p)
{
    td_page_add(p, "</tr>\n");
}

void td_page_list(td_page *p, const json_t *mix, const char *name, td_word title)
{
    const json_t *a = json_object_get(mix, name), *v;
    size_t i;
    if (!json_array_size(a)) return;
    td_heading(p, title);
    td_page_add(p, "<ul lang=\"en\">");
    json_array_foreach(a, i, v) td_prose(p, "<li>", json_string_value(v), "</li>\n");
    td_page_add(p, "</ul>\n");
}

const json_t *td_main_file(const json_t *mix)
{
    const json_t *files = json_object_get(mix, "outputs"), *f;
    const char *name = td_held_text(json_object_get(mix, "portrait"), "file");
    size_t i;
    json_array_foreach(files, i, f) if (!strcmp(td_held_text(f, "name"), name)) return f;
    return NULL;
}
