#include "engine/report/page.h"

#include "engine/report/report.h"
#include <string.h>

static void mix_heading(td_page *p, const json_t *mix)
{
    td_element(p, "<h2>", td_held_text(mix, "label"), "");
    td_element(p, "<small>", td_held_text(mix, "recipe_title"), "</small></h2>\n");
}

static void one_mix(td_page *p, const json_t *mix)
{
    td_page_add(p, "<section class=\"mix\">\n");
    mix_heading(p, mix);
    if (*td_held_text(mix, "problem")) {
        td_element(p, "<p class=\"bad\">", td_say(p, TD_WORD_FAILED), ": ");
        td_element(p, "<span lang=\"en\">", td_held_text(mix, "problem"), "</span></p></section>\n");
        return;
    }
    td_section_tiles(p, mix);
    td_plot_loudness(p, mix, td_main_file(mix));
    td_plot_spectrum(p, mix);
    td_section_words(p, mix);
    td_page_add(p, "<div class=\"more\">\n");
    td_section_files(p, mix);
    td_section_reductions(p, mix);
    if (td_main_file(mix)) {
        td_heading(p, TD_WORD_STEREO);
        td_plot_stereo(p, mix);
    }
    td_section_buses(p, mix);
    td_section_tone(p, mix);
    td_section_translation(p, mix);
    td_section_card(p, mix);
    td_section_decisions(p, mix);
    td_page_list(p, mix, "also", TD_WORD_ALSO);
    td_page_list(p, mix, "not_made", TD_WORD_NOT_MADE);
    td_page_list(p, mix, "not_used", TD_WORD_NOT_USED);
    td_page_list(p, mix, "warnings", TD_WORD_WARNINGS);
    td_page_add(p, "</div></section>\n");
}

static void page(td_page *p)
{
    const json_t *mixes = json_object_get(p->report, "mixes"), *m;
    const char *title = td_held_text(p->report, "title"), *by = td_held_text(p->report, "artist");
    size_t i;
    td_text_addf(p->out, "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">\n",
                 p->language == TD_GERMAN ? "de" : "en");
    td_page_add(p, "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';style-src "
                   "'unsafe-inline'\">\n");
    td_element(p, "<title>", title, " \u2013 ");
    td_element(p, "", td_say(p, TD_WORD_REPORT), "</title>\n<style>\n");
    td_page_add(p, td_page_style);
    td_page_add(p, "</style></head>\n<body><main>\n");
    td_element(p, "<header><p class=\"kicker\">", td_say(p, TD_WORD_REPORT), "</p>");
    td_element(p, "<h1>", title, "</h1>");
    td_element(p, "<p class=\"by\">", by, "</p>");
    if (*td_say(p, TD_WORD_PLAN_SPEAKS)) td_element(p, "<p class=\"note\">", td_say(p, TD_WORD_PLAN_SPEAKS), "</p>");
    td_page_add(p, "</header>\n");
    td_section_overview(p, mixes);
    td_section_comparison(p);
    json_array_foreach(mixes, i, m) one_mix(p, m);
    td_page_add(p, "<section class=\"more\">\n");
    td_section_stems(p);
    td_section_origin(p);
    td_page_add(p, "</section></main>\n");
    td_element(p, "<footer>", td_say(p, TD_WORD_MADE_BY), " ");
    td_element(p, "", td_held_text(p->report, "topdown"), "</footer></body></html>\n");
}

td_status td_report_html(const char *json, size_t length, td_language language, td_text *out, td_error *err)
{
    json_error_t why;
    json_t *report = json_loadb(json, length, JSON_REJECT_DUPLICATES, &why);
    if (!report || json_integer_value(json_object_get(report, "v")) != 1 ||
        !json_is_array(json_object_get(report, "mixes"))) {
        td_fail(err, TD_INPUT, "report.json", "topdown mix writes report.json", "is no report: %s",
                report ? "it has no mixes" : why.text);
        json_decref(report);
        return TD_INPUT;
    }
    td_page p = { .out = out, .language = language, .report = report, .arena = td_arena_new() };
    if (p.arena) page(&p);
    bool good = p.arena && !out->broken;
    td_arena_free(p.arena);
    json_decref(report);
    return good ? TD_OK : td_no_memory(err);
}
