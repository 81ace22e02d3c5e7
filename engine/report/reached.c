#include "engine/report/page.h"

#include "engine/base/units.h"
#include "engine/report/report.h"
#include "engine/report/translate.h"
#include <stdio.h>
#include <string.h>

/* ---- files ------------------------------------------------------------------------------------------------------- */

static void wanted_cell(td_page *p, const json_t *f, const char *name, int decimals)
{
    char want[TD_FIGURE], got[TD_FIGURE];
    double asked = td_held_wish(f, name);
    td_element(p, "<td class=\"n\">", td_figure(p, td_held(f, name), decimals, false, "", got), "");
    if (!isnan(asked)) td_element(p, "<span class=\"reason\"> / ", td_figure(p, asked, 1, false, "", want), "</span>");
    td_page_add(p, "</td>");
}

static void format_cell(td_page *p, const json_t *f)
{
    char text[96];
    double bits = td_held(f, "bits"), kbps = td_held(f, "bitrate_kbps"), rate = td_held(f, "rate_hz") / 1000;
    if (isnan(kbps))
        snprintf(text, sizeof text, "%s, %g\u00a0bit, %g\u00a0kHz", td_held_text(f, "format"), bits, rate);
    else
        snprintf(text, sizeof text, "%s, %g\u00a0kbit/s", td_held_text(f, "format"), kbps);
    td_text_cell(p, text);
}

static void verdict_cell(td_page *p, const json_t *f)
{
    if (json_is_true(json_object_get(f, "reached"))) {
        td_element(p, "<td class=\"ok\">", td_say(p, TD_WORD_OK), "</td>");
        return;
    }
    td_element(p, "<td class=\"bad\">", td_say(p, TD_WORD_MISSED), "</td>");
}

/* Why it missed, below it. */
static void missed_row(td_page *p, const json_t *f)
{
    if (!*td_held_text(f, "missed")) return;
    td_prose(p, "<tr class=\"why\"><td colspan=\"7\" lang=\"en\">", td_held_text(f, "missed"), "</td></tr>\n");
}

void td_section_files(td_page *p, const json_t *mix)
{
    static const td_head heads[] = { { TD_WORD_FILE, false },       { TD_WORD_FORMAT, false },
                                     { TD_WORD_LOUDNESS, true },    { TD_WORD_TRUE_PEAK, true },
                                     { TD_WORD_SAMPLE_PEAK, true }, { TD_WORD_RANGE, true },
                                     { TD_WORD_VERDICT, false } };
    size_t i;
    json_t *f;
    char level[TD_FIGURE];
    td_heading(p, TD_WORD_FILES);
    td_element(p, "<p class=\"note\">", td_say(p, TD_WORD_REACHED), " / ");
    td_element(p, "", td_say(p, TD_WORD_WANTED), "; LUFS, dBTP, dBFS, LU</p>\n");
    td_table_open(p, heads, 7);
    json_array_foreach(json_object_get(mix, "outputs"), i, f)
    {
        td_row_open(p, td_held_text(f, "name"));
        format_cell(p, f);
        wanted_cell(p, f, "loudness_lufs", 1);
        wanted_cell(p, f, "true_peak_dbtp", 2);
        wanted_cell(p, f, "peak_dbfs", 2);
        td_number_cell(p, td_held(f, "loudness_range_lu"), 1, false);
        verdict_cell(p, f);
        td_row_close(p);
        missed_row(p, f);
    }
    td_table_close(p);
    if (!isnan(td_held(mix, "residual_lufs"))) {
        td_element(p, "<p class=\"note\">", td_say(p, TD_WORD_RESIDUAL), " ");
        td_element(p, "", td_figure(p, td_held(mix, "residual_lufs"), 1, false, "LUFS", level), ".</p>\n");
    }
    td_page_list(p, mix, "left_out", TD_WORD_LEFT_OUT);
}

/* ---- gain reduction ---------------------------------------------------------------------------------------------- */

/* What was asked, planned and reached; the figure that was asked for stands out where it went astray. */
static void asked_cells(td_page *p, const json_t *s)
{
    char text[TD_FIGURE];
    bool over_time = !strcmp(td_held_text(s, "asked_of"), "p95");
    double asked = td_held(s, "asked_db");
    bool moved = json_is_true(json_object_get(s, "moved")), off = fabs(td_held(s, "off_asked_db")) > TD_OFF_ASKED_DB;
    td_element(p, "<td class=\"n\">", isnan(asked) ? "" : over_time ? "\u2248\u00a0" : "\u2264\u00a0", "");
    td_element(p, "", td_figure(p, asked, 1, false, "", text), "</td>");
    td_number_cell(p, td_held(s, over_time ? "planned_p95_db" : "planned_max_db"), 1, false);
    td_number_cell(p, td_held(s, "p50_db"), 1, false);
    td_element(p, off && over_time && !moved ? "<td class=\"n bad\">" : "<td class=\"n\">",
               td_figure(p, td_held(s, "p95_db"), 1, false, "", text), "</td>");
    td_element(p, off && !over_time && !moved ? "<td class=\"n bad\">" : "<td class=\"n\">",
               td_figure(p, td_held(s, "max_db"), 1, false, "", text), "</td>");
}

void td_section_reductions(td_page *p, const json_t *mix)
{
    static const td_head heads[] = { { TD_WORD_STEP, false },  { TD_WORD_ASKED, true },     { TD_WORD_PLANNED, true },
                                     { TD_WORD_MEDIAN, true }, { TD_WORD_NEARLY, true },    { TD_WORD_MOST, true },
                                     { TD_WORD_AT, true },     { TD_WORD_OVER_TIME, false } };
    size_t i;
    json_t *s;
    const json_t *f = td_main_file(mix);
    char name[192], clock[16];
    td_heading(p, TD_WORD_GAIN_REDUCTION);
    td_element(p, "<p class=\"note\">", td_say(p, TD_WORD_REDUCTION_NOTE), "</p>\n");
    td_table_open(p, heads, 8);
    json_array_foreach(json_object_get(mix, "steps"), i, s)
    {
        snprintf(name, sizeof name, "%s: %s", td_place_name(p, td_held_text(s, "place")), td_held_text(s, "step"));
        td_row_open(p, name);
        asked_cells(p, s);
        td_element(p, "<td class=\"n\">", td_clock(td_held(s, "max_at_s"), clock), "</td><td class=\"spark\">");
        td_plot_reduction(p, s);
        td_page_add(p, "</td>");
        td_row_close(p);
    }
    if (!isnan(td_held(f, "limiting_max_db"))) {
        snprintf(name, sizeof name, "Master: %s", td_say(p, TD_WORD_LIMITER));
        td_row_open(p, name);
        td_page_add(p, "<td></td><td></td><td></td>");
        td_number_cell(p, td_held(f, "limiting_p95_db"), 1, false);
        td_number_cell(p, td_held(f, "limiting_max_db"), 1, false);
        td_page_add(p, "<td></td><td></td>");
        td_row_close(p);
    }
    td_table_close(p);
    td_page_list(p, mix, "missed", TD_WORD_GOALS_MISSED);
    td_page_list(p, mix, "moved", TD_WORD_GOALS_MOVED);
}

/* ---- buses ------------------------------------------------------------------------------------------------------- */

/* A needle's readings, against 0 VU. */
static void vu_cells(td_page *p, const json_t *o, const char *max, const char *mean)
{
    td_number_cell(p, td_held(o, max) + 18, 1, true);
    td_number_cell(p, td_held(o, mean) + 18, 1, true);
}

void td_section_buses(td_page *p, const json_t *mix)
{
    static const td_head heads[] = { { TD_WORD_BUS, false },       { TD_WORD_PEAK_BEFORE, true },
                                     { TD_WORD_CLIP_GAIN, true },  { TD_WORD_STAGED, true },
                                     { TD_WORD_WITH_FIXES, true }, { TD_WORD_MAKEUP, true },
                                     { TD_WORD_FADER, true },      { TD_WORD_CREST, true },
                                     { TD_WORD_LOUDNESS, true },   { TD_WORD_VU_MAX, true },
                                     { TD_WORD_VU_MEAN, true },    { TD_WORD_COVERED, true },
                                     { TD_WORD_SHARE, false } };
    size_t i;
    json_t *b;
    char before[TD_FIGURE], after[TD_FIGURE], share[TD_FIGURE];
    td_heading(p, TD_WORD_BUSES);
    td_element(p, "<p class=\"note\">", td_say(p, TD_WORD_VU_NOTE), "</p>\n");
    td_table_open(p, heads, 13);
    json_array_foreach(json_object_get(mix, "buses"), i, b)
    {
        double part = td_held(b, "share_percent");
        td_row_open(p, td_held_text(b, "name"));
        td_number_cell(p, td_held(b, "peak_before_dbfs"), 1, false);
        td_number_cell(p, td_held(b, "clip_gain_db"), 1, true);
        td_number_cell(p, td_held(b, "peak_after_dbfs"), 1, false);
        td_number_cell(p, td_held(b, "peak_played_dbfs"), 1, false);
        td_number_cell(p, td_held(b, "makeup_db"), 1, true);
        td_number_cell(p, td_held(b, "fader_db"), 1, true);
        td_element(p, "<td class=\"n\">", td_figure(p, td_held(b, "crest_before_db"), 1, false, "", before),
                   " \u2192 ");
        td_element(p, "", td_figure(p, td_held(b, "crest_after_db"), 1, false, "", after), "</td>");
        td_number_cell(p, td_held(b, "loudness_lufs"), 1, false);
        vu_cells(p, b, "vu_max_dbfs", "vu_mean_dbfs");
        td_element(p, "<td class=\"n\">", td_figure(p, td_held(b, "masked_percent"), 0, false, "%", share), "</td>");
        td_text_addf(p->out, "<td class=\"share\"><span class=\"bar\" style=\"width:%.2frem\"></span>",
                     isnan(part) ? 0 : part * 0.025);
        td_element(p, "", td_figure(p, part, 0, false, "%", share), "</td>");
        td_row_close(p);
    }
    td_row_open(p, td_say(p, TD_WORD_MIX_BUS));
    for (i = 0; i < 8; i++) td_page_add(p, "<td></td>");
    vu_cells(p, mix, "mix_vu_max_dbfs", "mix_vu_mean_dbfs");
    td_page_add(p, "<td></td><td></td>");
    td_row_close(p);
    td_table_close(p);
}

/* ---- tone and translation ---------------------------------------------------------------------------------------- */

static bool within(const td_page *p, const json_t *r, const char *name, double x)
{
    size_t n;
    double *edge = td_held_list((td_page *)p, r, name, &n);
    return !edge || n < 2 || (!(x < edge[0]) && !(x > edge[1]));
}

/* "presence, 2000-5000 Hz" */
static void region_name(td_page *p, const json_t *r, char *out, size_t size)
{
    static const td_word regions[] = { TD_WORD_SUB,      TD_WORD_LOW,    TD_WORD_LOW_MID, TD_WORD_MID,
                                       TD_WORD_PRESENCE, TD_WORD_TREBLE, TD_WORD_TILT };
    char low[TD_FIGURE], high[TD_FIGURE];
    const char *name = td_held_text(r, "name"), *said = td_said(p, name, regions, sizeof regions / sizeof regions[0]);
    double from = td_held(r, "low_hz");
    snprintf(out, size, "%s, %s\u2013%s", said ? said : name, td_figure(p, from, from != rint(from), false, "", low),
             td_figure(p, td_held(r, "high_hz"), 0, false, "Hz", high));
}

/* The first of what is heard, most first. */
static void words_of(td_page *p, const json_t *match)
{
    enum { FIRST = 5 };
    const json_t *words = json_object_get(match, "words"), *v;
    size_t i;
    if (!json_array_size(words)) return;
    td_page_add(p, "<ul lang=\"en\">");
    json_array_foreach(words, i, v) if (i < FIRST) td_prose(p, "<li>", json_string_value(v), "</li>\n");
    td_page_add(p, "</ul>\n");
}

/* "Peak to loudness -1.2 dB, ": what this mix has more of. */
static void more_of(td_page *p, td_word what, double x, const char *unit, const char *behind)
{
    char text[TD_FIGURE];
    td_element(p, "", td_say(p, what), " ");
    td_element(p, "", td_figure(p, x, 1, true, unit, text), behind);
}

/* Tone over 100 Hz to 10 kHz, dynamics, and sides against the middle over all octaves in which both sound. */
static void against(td_page *p, td_word whom, const json_t *match)
{
    char text[TD_FIGURE];
    size_t n, octaves = 0;
    double *width = td_held_list(p, match, "width_db", &n), wider = 0;
    for (size_t i = 0; width && i < n; i++)
        if (!isnan(width[i])) wider += width[i], octaves++;
    if (!json_is_object(match)) return;
    td_element(p, "<p>", td_say(p, whom), " ");
    more_of(p, TD_WORD_LOUDNESS, -td_held(match, "gain_db"), "LU", "; ");
    td_element(p, "", td_say(p, TD_WORD_TONE), " ");
    td_element(p, "", td_figure(p, td_held(match, "mean_db"), 1, false, "dB", text), " ");
    td_element(p, "", td_say(p, TD_WORD_ON_AVERAGE), ", ");
    td_element(p, "", td_figure(p, td_held(match, "most_db"), 1, true, "dB", text), " ");
    td_element(p, "", td_say(p, TD_WORD_AT_MOST), " (");
    td_element(p, "", td_figure(p, td_held(match, "most_at_hz"), 0, false, "Hz", text), "); ");
    more_of(p, TD_WORD_PLR, td_held(match, "plr_db"), "dB", ", ");
    more_of(p, TD_WORD_RANGE, td_held(match, "loudness_range_lu"), "LU", ", ");
    more_of(p, TD_WORD_WIDTH, octaves ? wider / (double)octaves : NAN, "dB", ".</p>\n");
    words_of(p, match);
}

void td_section_tone(td_page *p, const json_t *mix)
{
    static const td_head heads[] = {
        { TD_WORD_REGION, false }, { TD_WORD_OFF, true }, { TD_WORD_USUAL, true }, { TD_WORD_VERDICT, false }
    };
    const json_t *t = json_object_get(mix, "tone"), *r;
    size_t i, n;
    char a[TD_FIGURE], b[TD_FIGURE];
    if (!t) return;
    td_heading(p, TD_WORD_TONE);
    td_element(p, "<p class=\"note\">", td_say(p, TD_WORD_TONE_NOTE), "</p>\n");
    td_table_open(p, heads, 4);
    json_array_foreach(json_object_get(t, "regions"), i, r)
    {
        double off = td_held(r, "off_db"), *usual = td_held_list(p, r, "usual_db", &n);
        const char *unit = strcmp(td_held_text(r, "name"), "tilt") ? "dB" : td_say(p, TD_WORD_DB_OCTAVE);
        bool is_usual = within(p, r, "usual_db", off), is_rare = !within(p, r, "ever_db", off);
        char range[64];
        region_name(p, r, range, sizeof range);
        td_row_open(p, range);
        td_element(p, "<td class=\"n\">", td_figure(p, off, 1, true, unit, a), "</td>");
        td_element(p, "<td class=\"n\">", td_figure(p, usual && n == 2 ? usual[0] : NAN, 1, true, "", a), " \u2026 ");
        td_element(p, "", td_figure(p, usual && n == 2 ? usual[1] : NAN, 1, true, "", b), "</td>");
        td_text_cell(p, td_say(p, is_usual ? TD_WORD_IS_USUAL : is_rare ? TD_WORD_IS_RARE : TD_WORD_IS_UNUSUAL));
        td_row_close(p);
    }
    td_table_close(p);
    against(p, TD_WORD_AGAINST_ROUGH, json_object_get(mix, "against_rough"));
    against(p, TD_WORD_AGAINST_REFERENCE, json_object_get(mix, "against_reference"));
}

static const char *device_name(const td_page *p, const char *device)
{
    static const td_word devices[] = { TD_WORD_PHONE, TD_WORD_SPEAKER, TD_WORD_BOX,
                                       TD_WORD_MONO,  TD_WORD_CAR,     TD_WORD_CLUB };
    const char *said = td_said(p, device, devices, sizeof devices / sizeof devices[0]);
    return said ? said : device;
}

/* A figure that may be too far from zero. */
static void judged_cell(td_page *p, double x, double most)
{
    char text[TD_FIGURE], limit[TD_FIGURE];
    bool bad = fabs(x) > most;
    td_element(p, bad ? "<td class=\"n bad\">" : "<td class=\"n\">", td_figure(p, x, 1, false, "", text), "");
    if (bad) {
        td_element(p, " (", td_say(p, TD_WORD_ALLOWED), " ");
        td_element(p, "", td_figure(p, most, 1, false, "", limit), ")");
    }
    td_page_add(p, "</td>");
}

static bool is_lost(const json_t *bus)
{
    return json_is_true(json_object_get(bus, "lost"));
}

static bool is_weak(const json_t *bus)
{
    return td_held(bus, "mono_loss_lu") > TD_MONO_LOSS_BUS;
}

static void bus_list_cell(td_page *p, const json_t *device, bool (*counts)(const json_t *bus))
{
    size_t i, n = 0;
    json_t *b;
    td_page_add(p, "<td>");
    json_array_foreach(json_object_get(device, "buses"), i, b)
    {
        if (counts(b))
            td_element(p, n++ ? ", <span class=\"bad\">" : "<span class=\"bad\">", td_held_text(b, "name"), "</span>");
    }
    if (!n) td_page_text(p, td_say(p, TD_WORD_NOTHING));
    td_page_add(p, "</td>");
}

void td_section_translation(td_page *p, const json_t *mix)
{
    static const td_head heads[] = { { TD_WORD_DEVICE, false },    { TD_WORD_SOFTER, true },
                                     { TD_WORD_MONO_LOSS, true },  { TD_WORD_VOICE_CHANGE, true },
                                     { TD_WORD_GETS_LOST, false }, { TD_WORD_WEAK_IN_MONO, false } };
    const json_t *devices = json_object_get(mix, "translation"), *d;
    size_t i;
    if (!json_array_size(devices)) return;
    td_heading(p, TD_WORD_TRANSLATION);
    td_element(p, "<p class=\"note\">", td_say(p, TD_WORD_TRANSLATION_NOTE), "</p>\n");
    td_table_open(p, heads, 6);
    json_array_foreach(devices, i, d)
    {
        td_row_open(p, device_name(p, td_held_text(d, "device")));
        judged_cell(p, td_held(d, "loudness_drop_lu"), fmin(td_held(d, "drop_allowed_lu"), INFINITY));
        judged_cell(p, td_held(d, "mono_loss_lu"), TD_MONO_LOSS_MIX);
        judged_cell(p, td_held(d, "voice_change_lu"), TD_VOICE_CHANGE_MOST);
        bus_list_cell(p, d, is_lost);
        bus_list_cell(p, d, is_weak);
        td_row_close(p);
    }
    td_table_close(p);
}

/* ---- the card ---------------------------------------------------------------------------------------------------- */

static const char *figure_name(const td_page *p, const json_t *row)
{
    static const struct {
        const char *id;
        td_word word;
    } rows[] = {
        { "TB", TD_WORD_CARD_TB },
        { "TS", TD_WORD_CARD_TS },
        { "MK", TD_WORD_CARD_MK },
        { "MK lead", TD_WORD_CARD_MK_LEAD },
        { "MK worst", TD_WORD_CARD_MK_WORST },
        { "LV", TD_WORD_CARD_LV },
        { "GB", TD_WORD_CARD_GB },
        { "CR", TD_WORD_CARD_CR },
        { "PLR", TD_WORD_PLR },
        { "PSR", TD_WORD_CARD_PSR },
        { "LR", TD_WORD_CARD_LR },
        { "ST", TD_WORD_CORRELATION },
        { "ST low", TD_WORD_CARD_ST_LOW },
        { "ST octave", TD_WORD_CARD_ST_OCTAVE },
        { "MF", TD_WORD_MONO_LOSS },
        { "MF worst", TD_WORD_CARD_MF_WORST },
        { "IM", TD_WORD_CARD_IM },
        { "WD", TD_WORD_CARD_WD },
        { "BM", TD_WORD_CARD_BM },
        { "BS", TD_WORD_CARD_BS },
        { "PK", TD_WORD_CARD_PK },
        { "LT", TD_WORD_CARD_LT },
        { "LT held", TD_WORD_CARD_LT_HELD },
        { "GR", TD_WORD_CARD_GR },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!strcmp(rows[i].id, td_held_text(row, "id"))) return td_say(p, rows[i].word);
    return td_held_text(row, "name");
}

static void limits_cell(td_page *p, const json_t *row)
{
    char low[TD_FIGURE], high[TD_FIGURE];
    double a = td_held(row, "low"), b = td_held(row, "high");
    int decimals = *td_held_text(row, "unit") ? 1 : 2; /* correlations have none */
    td_figure(p, a, decimals, false, "", low);
    td_figure(p, b, decimals, false, "", high);
    td_page_add(p, "<td class=\"n\">");
    if (!isnan(a)) td_element(p, isnan(b) ? "\u2265\u00a0" : "", low, isnan(b) ? "" : " \u2026 ");
    if (!isnan(b)) td_element(p, isnan(a) ? "\u2264\u00a0" : "", high, "");
    td_page_add(p, "</td>");
}

/* A word of the report in the page's language; bad ones stand out. */
static void said_cell(td_page *p, const char *said)
{
    static const struct {
        const char *said;
        td_word word;
        const char *open;
    } rows[] = { { "usual", TD_WORD_IS_USUAL, "<td>" },
                 { "unusual", TD_WORD_IS_UNUSUAL, "<td>" },
                 { "pass", TD_WORD_OK, "<td class=\"ok\">" },
                 { "fail", TD_WORD_MISSED, "<td class=\"bad\">" },
                 { "ahead", TD_WORD_AHEAD, "<td class=\"ok\">" },
                 { "level", TD_WORD_LEVEL, "<td>" },
                 { "behind", TD_WORD_BEHIND, "<td class=\"bad\">" } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!strcmp(rows[i].said, said)) {
            td_element(p, rows[i].open, td_say(p, rows[i].word), "</td>");
            return;
        }
    td_page_add(p, "<td></td>");
}

static void card_row(td_page *p, const json_t *row)
{
    static const td_word octave = TD_WORD_DB_OCTAVE;
    char name[256], text[TD_FIGURE];
    const char *where = td_held_text(row, "where"), *unit = td_held_text(row, "unit");
    const char *said = td_said(p, unit, &octave, 1);
    snprintf(name, sizeof name, "%s%s%s", figure_name(p, row), *where ? ": " : "", where);
    td_row_open(p, name);
    td_element(p, "<td class=\"n\">", td_figure(p, td_held(row, "value"), 2, false, said ? said : unit, text), "</td>");
    td_number_cell(p, td_held(row, "sum"), 2, false);
    limits_cell(p, row);
    said_cell(p, td_held_text(row, "verdict"));
    said_cell(p, td_held_text(row, "against_sum"));
    td_row_close(p);
}

void td_section_card(td_page *p, const json_t *mix)
{
    static const td_head heads[] = { { TD_WORD_FIGURE, false },  { TD_WORD_THIS_MIX, true },
                                     { TD_WORD_SUM, true },      { TD_WORD_LIMITS, true },
                                     { TD_WORD_VERDICT, false }, { TD_WORD_AGAINST_SUM, false } };
    const json_t *rows = json_object_get(mix, "card"), *row;
    size_t i;
    if (!json_array_size(rows)) return;
    td_heading(p, TD_WORD_CARD);
    td_element(p, "<p class=\"note\">", td_say(p, TD_WORD_CARD_NOTE), "</p>\n");
    td_table_open(p, heads, 6);
    json_array_foreach(rows, i, row) card_row(p, row);
    td_table_close(p);
}
