#include "engine/report/page.h"

#include <stdio.h>
#include <string.h>

/* ---- decisions --------------------------------------------------------------------------------------------------- */

/* The planner's sentences are English; words that are always the same are not. */
static void reason(td_page *p, const char *text)
{
    static const td_word words[] = { TD_WORD_AS_WRITTEN, TD_WORD_AS_DELIVERED, TD_WORD_CHAIN_NEUTRAL };
    const char *said = td_said(p, text, words, sizeof words / sizeof words[0]);
    if (said)
        td_page_text(p, said);
    else
        td_prose(p, "<span lang=\"en\">", text, "</span>");
}

void td_section_decisions(td_page *p, const json_t *mix)
{
    static const td_head heads[] = {
        { TD_WORD_BUS, false }, { TD_WORD_STEP, false }, { TD_WORD_SETTINGS, false }, { TD_WORD_REASON, false }
    };
    static const struct {
        const char *member;
        td_word word;
    } counts[] = { { "all", TD_WORD_DECISIONS_COUNT },
                   { "solved", TD_WORD_SOLVED },
                   { "as_written", TD_WORD_AS_WRITTEN },
                   { "fixes", TD_WORD_FIXES } };
    const json_t *all = json_object_get(mix, "decided"), *d;
    const char *before = "";
    size_t i;
    char text[TD_FIGURE];
    td_heading(p, TD_WORD_DECISIONS);
    td_page_add(p, "<p class=\"note\">");
    for (i = 0; i < 4; i++) {
        const char *n = td_figure(p, td_held(json_object_get(mix, "decisions"), counts[i].member), 0, false, "", text);
        td_element(p, i == 0 ? "" : i == 1 ? ": " : ", ", n, " ");
        td_page_text(p, td_say(p, counts[i].word));
    }
    td_page_add(p, "</p>\n");
    td_prose_table_open(p, heads, 4);
    json_array_foreach(all, i, d)
    {
        const char *place = td_held_text(d, "place"), *what = td_held_text(d, "what");
        td_row_open(p, strcmp(place, before) ? td_place_name(p, place) : "");
        before = place;
        td_element(p, "<td>", td_held_text(d, "step"), " ");
        if (strcmp(what, td_held_text(d, "step"))) td_element(p, "<span class=\"reason\">", what, "</span>");
        td_prose(p, "</td><td>", td_held_text(d, "settings"), "</td>");
        td_page_add(p, "<td class=\"reason\">");
        reason(p, td_held_text(d, "reason"));
        if (*td_held_text(d, "note"))
            td_prose(p, "<br><i>", td_held_text(d, "note"), "</i>"); /* its author's language */
        td_page_add(p, "</td>");
        td_row_close(p);
    }
    td_table_close(p);
}

/* ---- stems and origin -------------------------------------------------------------------------------------------- */

static void stem_row(td_page *p, const json_t *s)
{
    char text[128];
    size_t i;
    json_t *f;
    const char *member = p->language == TD_GERMAN ? "text_de" : "text";
    bool guess = json_is_true(json_object_get(s, "role_guess"));
    td_row_open(p, td_held_text(s, "file"));
    td_element(p, "<td>", td_held_text(s, "role"), "");
    if (guess) td_element(p, " <span class=\"reason\">(", td_say(p, TD_WORD_GUESSED), ")</span>");
    td_element(p, "</td><td>", td_held_text(s, "bus"), "</td>");
    snprintf(text, sizeof text, "%s, %g\u00a0kHz", td_held_text(s, "format"), td_held(s, "rate_hz") / 1000);
    td_text_cell(p, text);
    td_number_cell(p, td_held(s, "loudness_lufs"), 1, false);
    td_number_cell(p, td_held(s, "peak_dbfs"), 1, false);
    td_page_add(p, "<td>");
    json_array_foreach(json_object_get(s, "findings"), i, f) td_element(p, i ? "; " : "", td_held_text(f, member), "");
    td_page_add(p, "</td>");
    td_row_close(p);
}

void td_section_stems(td_page *p)
{
    static const td_head heads[] = { { TD_WORD_STEM, false },    { TD_WORD_ROLE, false },
                                     { TD_WORD_BUS, false },     { TD_WORD_FORMAT, false },
                                     { TD_WORD_LOUDNESS, true }, { TD_WORD_SAMPLE_PEAK, true },
                                     { TD_WORD_FOUND, false } };
    size_t i;
    json_t *s;
    td_heading(p, TD_WORD_STEMS);
    td_table_open(p, heads, 7);
    json_array_foreach(json_object_get(json_object_get(p->report, "session"), "stems"), i, s) stem_row(p, s);
    td_table_close(p);
}

static void hash_row(td_page *p, const char *name, const char *hash)
{
    td_row_open(p, name);
    td_element(p, "<td><code>", hash, "</code></td>");
    td_row_close(p);
}

static void origin_of_mix(td_page *p, const json_t *mix)
{
    size_t i;
    json_t *f;
    char name[256];
    snprintf(name, sizeof name, "%s %s, %s %g", td_say(p, TD_WORD_RECIPE), td_held_text(mix, "recipe"),
             td_say(p, TD_WORD_REVISION), td_held(mix, "recipe_revision"));
    hash_row(p, name, td_held_text(mix, "recipe_hash"));
    snprintf(name, sizeof name, "%s %s", td_say(p, TD_WORD_PLAN), td_held_text(mix, "label"));
    hash_row(p, name, td_held_text(mix, "plan_hash"));
    json_array_foreach(json_object_get(mix, "outputs"), i, f)
        hash_row(p, td_held_text(f, "name"), td_held_text(f, "sha256"));
}

void td_section_origin(td_page *p)
{
    const json_t *session = json_object_get(p->report, "session"), *v;
    size_t i;
    td_heading(p, TD_WORD_ORIGIN);
    td_element(p, "<p class=\"note\">topdown ", td_held_text(p->report, "topdown"), ". ");
    td_element(p, "", td_say(p, TD_WORD_ORIGIN_NOTE), " SHA-256:</p>\n");
    td_page_add(p, "<div class=\"scroll\"><table><tbody>\n");
    hash_row(p, td_say(p, TD_WORD_SESSION), td_held_text(session, "hash"));
    json_array_foreach(json_object_get(p->report, "mixes"), i, v) origin_of_mix(p, v);
    json_array_foreach(json_object_get(session, "stems"), i, v)
        hash_row(p, td_held_text(v, "file"), td_held_text(v, "sha256"));
    td_table_close(p);
}
