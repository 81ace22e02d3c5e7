#include "engine/report/page.h"

#include "engine/base/units.h"
#include "engine/report/report.h"
#include "engine/report/translate.h"
#include <stdio.h>
#include <string.h>

/* ---- figures ---------------------------------------------------------------------------------------------------- */

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

/* A loudness is wanted of the master; a file turned down to be compared is as much softer. */
double td_held_wish(const json_t *file, const char *name)
{
    double turned = td_held(file, "turned_db"), wish = td_held(json_object_get(file, "wanted"), name);
    return !strcmp(name, "loudness_lufs") && turned < 0 ? wish + turned : wish;
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

const char *td_place_name(const td_page *p, const char *place)
{
    return strcmp(place, "mix") ? place : td_say(p, TD_WORD_MIX_BUS);
}

/* ---- elements --------------------------------------------------------------------------------------------------- */

static void element(td_page *p, const char *open, const char *text, const char *close)
{
    td_page_add(p, open);
    td_page_text(p, text);
    td_page_add(p, close);
}

static void heading(td_page *p, td_word word)
{
    element(p, "<h3>", td_say(p, word), "</h3>\n");
}

typedef struct head {
    td_word word;
    bool number;
} head;

static void open_table(td_page *p, const head *h, size_t n)
{
    td_page_add(p, "<div class=\"scroll\"><table><thead><tr>");
    for (size_t i = 0; i < n; i++)
        element(p, h[i].number ? "<th class=\"n\" scope=\"col\">" : "<th scope=\"col\">", td_say(p, h[i].word),
                "</th>");
    td_page_add(p, "</tr></thead><tbody>\n");
}

static void close_table(td_page *p)
{
    td_page_add(p, "</tbody></table></div>\n");
}

static void open_row(td_page *p, const char *name)
{
    td_page_add(p, "<tr><th class=\"name\" scope=\"row\">");
    td_markup_name(p->out, name);
    td_page_add(p, "</th>");
}

/* What a plan says. It is English whatever the page's language. */
static void prose(td_page *p, const char *open, const char *text, const char *close)
{
    td_page_add(p, open);
    td_markup_prose(p->out, text);
    td_page_add(p, close);
}

static void cell(td_page *p, const char *text)
{
    element(p, "<td>", text, "</td>");
}

static void number_cell(td_page *p, double x, int decimals, bool sign)
{
    char text[TD_FIGURE];
    element(p, "<td class=\"n\">", td_figure(p, x, decimals, sign, "", text), "</td>");
}

static void close_row(td_page *p)
{
    td_page_add(p, "</tr>\n");
}

/* A list of texts under a heading, unless it is empty. */
static void list(td_page *p, const json_t *mix, const char *name, td_word title)
{
    const json_t *a = json_object_get(mix, name), *v;
    size_t i;
    if (!json_array_size(a)) return;
    heading(p, title);
    td_page_add(p, "<ul lang=\"en\">");
    json_array_foreach(a, i, v) prose(p, "<li>", json_string_value(v), "</li>\n");
    td_page_add(p, "</ul>\n");
}

/* ---- at a glance ------------------------------------------------------------------------------------------------ */

/* What the page is about: the file its portrait was made of. */
static const json_t *main_file(const json_t *mix)
{
    const json_t *files = json_object_get(mix, "outputs"), *f;
    const char *name = td_held_text(json_object_get(mix, "portrait"), "file");
    size_t i;
    json_array_foreach(files, i, f) if (!strcmp(td_held_text(f, "name"), name)) return f;
    return json_array_get(files, 0);
}

static void tile(td_page *p, td_word word, double x, int decimals, const char *unit, double want)
{
    char text[TD_FIGURE];
    element(p, "<div><dt>", td_say(p, word), "</dt>");
    element(p, "<dd>", td_figure(p, x, decimals, false, "", text), "");
    if (*unit) element(p, "<small>", unit, "</small>");
    td_page_add(p, "<span class=\"want\">");
    if (!isnan(want)) {
        element(p, "", td_say(p, TD_WORD_WANTED), " ");
        td_page_text(p, td_figure(p, want, 1, false, "", text));
    }
    td_page_add(p, "</span>");
    td_page_add(p, "</dd></div>\n");
}

/* Files, and what else had to be met. */
static bool all_reached(const json_t *mix)
{
    size_t i;
    json_t *f, *row;
    json_array_foreach(json_object_get(mix, "outputs"), i,
                       f) if (!json_is_true(json_object_get(f, "reached"))) return false;
    json_array_foreach(json_object_get(mix, "card"), i,
                       row) if (!strcmp(td_held_text(row, "verdict"), "fail")) return false;
    return true;
}

static void tiles(td_page *p, const json_t *mix)
{
    const json_t *f = main_file(mix), *portrait = json_object_get(mix, "portrait");
    td_page_add(p, "<dl class=\"tiles\">\n");
    tile(p, TD_WORD_LOUDNESS, td_held(f, "loudness_lufs"), 1, "LUFS", td_held_wish(f, "loudness_lufs"));
    tile(p, TD_WORD_TRUE_PEAK, td_held(f, "true_peak_dbtp"), 1, "dBTP", td_held_wish(f, "true_peak_dbtp"));
    tile(p, TD_WORD_RANGE, td_held(f, "loudness_range_lu"), 1, "LU", NAN);
    tile(p, TD_WORD_PLR, td_held(portrait, "plr_db"), 1, "dB", NAN);
    tile(p, TD_WORD_CORRELATION, td_held(portrait, "correlation"), 2, "", NAN);
    td_page_add(p, "</dl>\n");
    bool reached = all_reached(mix);
    element(p, reached ? "<p class=\"ok\">" : "<p class=\"bad\">",
            td_say(p, reached ? TD_WORD_ALL_REACHED : TD_WORD_SOME_MISSED), "</p>\n");
}

static void say_balance(td_page *p, const json_t *mix)
{
    static const struct {
        const char *mode;
        td_word word;
    } rows[] = { { "even", TD_WORD_BALANCE_EVEN },
                 { "delivered", TD_WORD_BALANCE_DELIVERED },
                 { "rough", TD_WORD_BALANCE_ROUGH },
                 { "loudness", TD_WORD_BALANCE_LOUDNESS },
                 { "focus", TD_WORD_BALANCE_FOCUS } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!strcmp(rows[i].mode, td_held_text(mix, "balance"))) element(p, "<li>", td_say(p, rows[i].word), "</li>\n");
}

/* The detector that does most: on the mix bus, or on all others. */
static const json_t *busiest(const json_t *mix, bool mix_bus)
{
    const json_t *best = NULL, *s;
    size_t i;
    json_array_foreach(json_object_get(mix, "steps"), i, s)
    {
        bool there = !strcmp(td_held_text(s, "place"), "mix");
        if (there == mix_bus && td_held(s, "p95_db") > (best ? td_held(best, "p95_db") : 0.3)) best = s;
    }
    return best;
}

static void say_reduction(td_page *p, const json_t *step, td_word does)
{
    char most[TD_FIGURE], mostly[TD_FIGURE], clock[16];
    if (!step) return;
    element(p, "<li>", td_place_name(p, td_held_text(step, "place")), ": ");
    element(p, "<q>", td_held_text(step, "step"), "</q> ");
    element(p, "", td_say(p, does), " ");
    element(p, "", td_say(p, TD_WORD_OFF_AT_MOST), " ");
    element(p, "", td_figure(p, td_held(step, "max_db"), 1, false, "dB", most), " (");
    element(p, "", td_clock(td_held(step, "max_at_s"), clock), "), ");
    element(p, "", td_say(p, TD_WORD_OFF_MOSTLY), " ");
    element(p, "", td_figure(p, td_held(step, "p95_db"), 1, false, "dB", mostly), ".</li>\n");
}

static void say_limiter(td_page *p, const json_t *f)
{
    char drive[TD_FIGURE], most[TD_FIGURE];
    if (!(td_held(f, "limiting_max_db") > 0)) return;
    element(p, "<li>", td_say(p, TD_WORD_DRIVEN), " ");
    element(p, "", td_figure(p, td_held(f, "drive_db"), 1, false, "dB", drive), " ");
    element(p, "", td_say(p, TD_WORD_AND_TAKES), " ");
    element(p, "", td_figure(p, td_held(f, "limiting_max_db"), 1, false, "dB", most), ".</li>\n");
}

static void say_fixes(td_page *p, const json_t *mix)
{
    double n = td_held(json_object_get(mix, "decisions"), "fixes");
    char text[TD_FIGURE];
    if (!(n > 0)) return;
    element(p, "<li>", td_say(p, TD_WORD_FIXES_MADE), " ");
    element(p, "", td_figure(p, n, 0, false, "", text), ".</li>\n");
}

static void in_words(td_page *p, const json_t *mix)
{
    heading(p, TD_WORD_IN_WORDS);
    td_page_add(p, "<ol class=\"said\">\n");
    say_balance(p, mix);
    say_reduction(p, busiest(mix, true), TD_WORD_HOLDS_MIX);
    say_reduction(p, busiest(mix, false), TD_WORD_EVENS_OUT);
    say_fixes(p, mix);
    say_limiter(p, main_file(mix));
    td_page_add(p, "</ol>\n");
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static void wanted_cell(td_page *p, const json_t *f, const char *name, int decimals)
{
    char want[TD_FIGURE], got[TD_FIGURE];
    double asked = td_held_wish(f, name);
    element(p, "<td class=\"n\">", td_figure(p, td_held(f, name), decimals, false, "", got), "");
    if (!isnan(asked)) element(p, "<span class=\"reason\"> / ", td_figure(p, asked, 1, false, "", want), "</span>");
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
    cell(p, text);
}

static void verdict_cell(td_page *p, const json_t *f)
{
    if (json_is_true(json_object_get(f, "reached"))) {
        element(p, "<td class=\"ok\">", td_say(p, TD_WORD_OK), "</td>");
        return;
    }
    element(p, "<td class=\"bad\">", td_say(p, TD_WORD_MISSED), "</td>");
}

/* Why it missed, below it. */
static void missed_row(td_page *p, const json_t *f)
{
    if (!*td_held_text(f, "missed")) return;
    prose(p, "<tr class=\"why\"><td colspan=\"7\" lang=\"en\">", td_held_text(f, "missed"), "</td></tr>\n");
}

static void files(td_page *p, const json_t *mix)
{
    static const head heads[] = { { TD_WORD_FILE, false },       { TD_WORD_FORMAT, false },
                                  { TD_WORD_LOUDNESS, true },    { TD_WORD_TRUE_PEAK, true },
                                  { TD_WORD_SAMPLE_PEAK, true }, { TD_WORD_RANGE, true },
                                  { TD_WORD_VERDICT, false } };
    size_t i;
    json_t *f;
    char level[TD_FIGURE];
    heading(p, TD_WORD_FILES);
    element(p, "<p class=\"note\">", td_say(p, TD_WORD_REACHED), " / ");
    element(p, "", td_say(p, TD_WORD_WANTED), "; LUFS, dBTP, dBFS, LU</p>\n");
    open_table(p, heads, 7);
    json_array_foreach(json_object_get(mix, "outputs"), i, f)
    {
        open_row(p, td_held_text(f, "name"));
        format_cell(p, f);
        wanted_cell(p, f, "loudness_lufs", 1);
        wanted_cell(p, f, "true_peak_dbtp", 2);
        wanted_cell(p, f, "peak_dbfs", 2);
        number_cell(p, td_held(f, "loudness_range_lu"), 1, false);
        verdict_cell(p, f);
        close_row(p);
        missed_row(p, f);
    }
    close_table(p);
    if (!isnan(td_held(mix, "residual_lufs"))) {
        element(p, "<p class=\"note\">", td_say(p, TD_WORD_RESIDUAL), " ");
        element(p, "", td_figure(p, td_held(mix, "residual_lufs"), 1, false, "LUFS", level), ".</p>\n");
    }
    list(p, mix, "left_out", TD_WORD_LEFT_OUT);
}

/* ---- gain reduction --------------------------------------------------------------------------------------------- */

/* What was asked, planned and reached; the figure that was asked for stands out where it went too far. */
static void asked_cells(td_page *p, const json_t *s)
{
    char text[TD_FIGURE];
    bool over_time = !strcmp(td_held_text(s, "asked_of"), "p95");
    double asked = td_held(s, "asked_db"), got = td_held(s, over_time ? "p95_db" : "max_db");
    bool over = td_round_to(got - asked, 0.01) > TD_OVER_ASKED_DB;
    element(p, "<td class=\"n\">", isnan(asked) ? "" : over_time ? "\u2248\u00a0" : "\u2264\u00a0", "");
    element(p, "", td_figure(p, asked, 1, false, "", text), "</td>");
    number_cell(p, td_held(s, over_time ? "planned_p95_db" : "planned_max_db"), 1, false);
    number_cell(p, td_held(s, "p50_db"), 1, false);
    element(p, over && over_time ? "<td class=\"n bad\">" : "<td class=\"n\">",
            td_figure(p, td_held(s, "p95_db"), 1, false, "", text), "</td>");
    element(p, over && !over_time ? "<td class=\"n bad\">" : "<td class=\"n\">",
            td_figure(p, td_held(s, "max_db"), 1, false, "", text), "</td>");
}

static void reductions(td_page *p, const json_t *mix)
{
    static const head heads[] = { { TD_WORD_STEP, false },  { TD_WORD_ASKED, true },     { TD_WORD_PLANNED, true },
                                  { TD_WORD_MEDIAN, true }, { TD_WORD_NEARLY, true },    { TD_WORD_MOST, true },
                                  { TD_WORD_AT, true },     { TD_WORD_OVER_TIME, false } };
    size_t i;
    json_t *s;
    const json_t *f = main_file(mix);
    char name[192], clock[16];
    heading(p, TD_WORD_GAIN_REDUCTION);
    element(p, "<p class=\"note\">", td_say(p, TD_WORD_REDUCTION_NOTE), "</p>\n");
    open_table(p, heads, 8);
    json_array_foreach(json_object_get(mix, "steps"), i, s)
    {
        snprintf(name, sizeof name, "%s: %s", td_place_name(p, td_held_text(s, "place")), td_held_text(s, "step"));
        open_row(p, name);
        asked_cells(p, s);
        element(p, "<td class=\"n\">", td_clock(td_held(s, "max_at_s"), clock), "</td><td class=\"spark\">");
        td_plot_reduction(p, s);
        td_page_add(p, "</td>");
        close_row(p);
    }
    if (!isnan(td_held(f, "limiting_max_db"))) {
        snprintf(name, sizeof name, "Master: %s", td_say(p, TD_WORD_LIMITER));
        open_row(p, name);
        td_page_add(p, "<td></td><td></td><td></td>");
        number_cell(p, td_held(f, "limiting_p95_db"), 1, false);
        number_cell(p, td_held(f, "limiting_max_db"), 1, false);
        td_page_add(p, "<td></td><td></td>");
        close_row(p);
    }
    close_table(p);
}

/* ---- buses ------------------------------------------------------------------------------------------------------ */

/* A needle's readings, against 0 VU. */
static void vu_cells(td_page *p, const json_t *o, const char *max, const char *mean)
{
    number_cell(p, td_held(o, max) + 18, 1, true);
    number_cell(p, td_held(o, mean) + 18, 1, true);
}

static void buses(td_page *p, const json_t *mix)
{
    static const head heads[] = { { TD_WORD_BUS, false },   { TD_WORD_PEAK_BEFORE, true }, { TD_WORD_CLIP_GAIN, true },
                                  { TD_WORD_STAGED, true }, { TD_WORD_WITH_FIXES, true },  { TD_WORD_MAKEUP, true },
                                  { TD_WORD_FADER, true },  { TD_WORD_CREST, true },       { TD_WORD_LOUDNESS, true },
                                  { TD_WORD_VU_MAX, true }, { TD_WORD_VU_MEAN, true },     { TD_WORD_COVERED, true },
                                  { TD_WORD_SHARE, false } };
    size_t i;
    json_t *b;
    char before[TD_FIGURE], after[TD_FIGURE], share[TD_FIGURE];
    heading(p, TD_WORD_BUSES);
    element(p, "<p class=\"note\">", td_say(p, TD_WORD_VU_NOTE), "</p>\n");
    open_table(p, heads, 13);
    json_array_foreach(json_object_get(mix, "buses"), i, b)
    {
        double part = td_held(b, "share_percent");
        open_row(p, td_held_text(b, "name"));
        number_cell(p, td_held(b, "peak_before_dbfs"), 1, false);
        number_cell(p, td_held(b, "clip_gain_db"), 1, true);
        number_cell(p, td_held(b, "peak_after_dbfs"), 1, false);
        number_cell(p, td_held(b, "peak_played_dbfs"), 1, false);
        number_cell(p, td_held(b, "makeup_db"), 1, true);
        number_cell(p, td_held(b, "fader_db"), 1, true);
        element(p, "<td class=\"n\">", td_figure(p, td_held(b, "crest_before_db"), 1, false, "", before), " \u2192 ");
        element(p, "", td_figure(p, td_held(b, "crest_after_db"), 1, false, "", after), "</td>");
        number_cell(p, td_held(b, "loudness_lufs"), 1, false);
        vu_cells(p, b, "vu_max_dbfs", "vu_mean_dbfs");
        number_cell(p, td_held(b, "masked_percent"), 0, false);
        td_text_addf(p->out, "<td class=\"share\"><span class=\"bar\" style=\"width:%.2frem\"></span>",
                     isnan(part) ? 0 : part * 0.025);
        element(p, "", td_figure(p, part, 0, false, "%", share), "</td>");
        close_row(p);
    }
    open_row(p, td_say(p, TD_WORD_MIX_BUS));
    td_page_add(p, "<td colspan=\"8\"></td>");
    vu_cells(p, mix, "mix_vu_max_dbfs", "mix_vu_mean_dbfs");
    td_page_add(p, "<td colspan=\"2\"></td>");
    close_row(p);
    close_table(p);
}

/* ---- tone and translation --------------------------------------------------------------------------------------- */

static bool within(const td_page *p, const json_t *r, const char *name, double x)
{
    size_t n;
    double *edge = td_held_list((td_page *)p, r, name, &n);
    return !edge || n < 2 || (!(x < edge[0]) && !(x > edge[1]));
}

static void tone(td_page *p, const json_t *mix)
{
    static const head heads[] = {
        { TD_WORD_REGION, false }, { TD_WORD_OFF, true }, { TD_WORD_USUAL, true }, { TD_WORD_VERDICT, false }
    };
    const json_t *t = json_object_get(mix, "tone"), *match = json_object_get(mix, "against_reference"), *r;
    size_t i, n;
    char a[TD_FIGURE], b[TD_FIGURE];
    if (!t) return;
    heading(p, TD_WORD_TONE);
    element(p, "<p class=\"note\">", td_say(p, TD_WORD_TONE_NOTE), "</p>\n");
    open_table(p, heads, 4);
    json_array_foreach(json_object_get(t, "regions"), i, r)
    {
        double off = td_held(r, "off_db"), *usual = td_held_list(p, r, "usual_db", &n);
        const char *unit = strcmp(td_held_text(r, "name"), "tilt") ? "dB" : "dB/oct";
        bool is_usual = within(p, r, "usual_db", off), is_rare = !within(p, r, "ever_db", off);
        char range[64];
        snprintf(range, sizeof range, "%s, %g\u2013%g Hz", td_held_text(r, "name"), td_held(r, "low_hz"),
                 td_held(r, "high_hz"));
        open_row(p, range);
        element(p, "<td class=\"n\">", td_figure(p, off, 1, true, unit, a), "</td>");
        element(p, "<td class=\"n\">", td_figure(p, usual && n == 2 ? usual[0] : NAN, 1, true, "", a), " \u2026 ");
        element(p, "", td_figure(p, usual && n == 2 ? usual[1] : NAN, 1, true, "", b), "</td>");
        cell(p, td_say(p, is_usual ? TD_WORD_IS_USUAL : is_rare ? TD_WORD_IS_RARE : TD_WORD_IS_UNUSUAL));
        close_row(p);
    }
    close_table(p);
    if (!json_is_object(match)) return;
    element(p, "<p>", td_say(p, TD_WORD_AGAINST_REFERENCE), " ");
    element(p, "", td_figure(p, td_held(match, "mean_db"), 1, false, "dB", a), " ");
    element(p, "", td_say(p, TD_WORD_ON_AVERAGE), ", ");
    element(p, "", td_figure(p, td_held(match, "most_db"), 1, true, "dB", a), " ");
    element(p, "", td_say(p, TD_WORD_AT_MOST), " (");
    element(p, "", td_figure(p, td_held(match, "most_at_hz"), 0, false, "Hz", a), ").</p>\n");
}

static const char *device_name(const td_page *p, const char *device)
{
    static const struct {
        const char *device;
        td_word word;
    } rows[] = { { "phone", TD_WORD_PHONE },       { "smart speaker", TD_WORD_SPEAKER },
                 { "bluetooth box", TD_WORD_BOX }, { "mono", TD_WORD_MONO },
                 { "car", TD_WORD_CAR },           { "club", TD_WORD_CLUB } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!strcmp(rows[i].device, device)) return td_say(p, rows[i].word);
    return device;
}

/* A figure that may be too far from zero. */
static void judged_cell(td_page *p, double x, double most)
{
    char text[TD_FIGURE], limit[TD_FIGURE];
    bool bad = fabs(x) > most;
    element(p, bad ? "<td class=\"n bad\">" : "<td class=\"n\">", td_figure(p, x, 1, false, "", text), "");
    if (bad) {
        element(p, " (", td_say(p, TD_WORD_ALLOWED), " ");
        element(p, "", td_figure(p, most, 1, false, "", limit), ")");
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
            element(p, n++ ? ", <span class=\"bad\">" : "<span class=\"bad\">", td_held_text(b, "name"), "</span>");
    }
    if (!n) td_page_text(p, td_say(p, TD_WORD_NOTHING));
    td_page_add(p, "</td>");
}

static void translation(td_page *p, const json_t *mix)
{
    static const head heads[] = { { TD_WORD_DEVICE, false },    { TD_WORD_SOFTER, true },
                                  { TD_WORD_MONO_LOSS, true },  { TD_WORD_VOICE_CHANGE, true },
                                  { TD_WORD_GETS_LOST, false }, { TD_WORD_WEAK_IN_MONO, false } };
    const json_t *devices = json_object_get(mix, "translation"), *d;
    size_t i;
    if (!json_array_size(devices)) return;
    heading(p, TD_WORD_TRANSLATION);
    element(p, "<p class=\"note\">", td_say(p, TD_WORD_TRANSLATION_NOTE), "</p>\n");
    open_table(p, heads, 6);
    json_array_foreach(devices, i, d)
    {
        open_row(p, device_name(p, td_held_text(d, "device")));
        judged_cell(p, td_held(d, "loudness_drop_lu"), fmin(td_held(d, "drop_allowed_lu"), INFINITY));
        judged_cell(p, td_held(d, "mono_loss_lu"), TD_MONO_LOSS_MIX);
        judged_cell(p, td_held(d, "voice_change_lu"), TD_VOICE_CHANGE_MOST);
        bus_list_cell(p, d, is_lost);
        bus_list_cell(p, d, is_weak);
        close_row(p);
    }
    close_table(p);
}

/* ---- the card --------------------------------------------------------------------------------------------------- */

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
        { "LR", TD_WORD_RANGE },
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
    if (!isnan(a)) element(p, isnan(b) ? "\u2265\u00a0" : "", low, isnan(b) ? "" : " \u2026 ");
    if (!isnan(b)) element(p, isnan(a) ? "\u2264\u00a0" : "", high, "");
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
            element(p, rows[i].open, td_say(p, rows[i].word), "</td>");
            return;
        }
    td_page_add(p, "<td></td>");
}

static void card_row(td_page *p, const json_t *row)
{
    char name[256], text[TD_FIGURE];
    const char *where = td_held_text(row, "where"), *unit = td_held_text(row, "unit");
    snprintf(name, sizeof name, "%s%s%s", figure_name(p, row), *where ? ": " : "", where);
    open_row(p, name);
    element(p, "<td class=\"n\">", td_figure(p, td_held(row, "value"), 2, false, unit, text), "</td>");
    number_cell(p, td_held(row, "sum"), 2, false);
    limits_cell(p, row);
    said_cell(p, td_held_text(row, "verdict"));
    said_cell(p, td_held_text(row, "against_sum"));
    close_row(p);
}

static void card(td_page *p, const json_t *mix)
{
    static const head heads[] = {
        { TD_WORD_FIGURE, false }, { TD_WORD_THIS_MIX, true }, { TD_WORD_SUM, true },
        { TD_WORD_LIMITS, true },  { TD_WORD_VERDICT, false }, { TD_WORD_AGAINST_SUM, false }
    };
    const json_t *rows = json_object_get(mix, "card"), *row;
    size_t i;
    if (!json_array_size(rows)) return;
    heading(p, TD_WORD_CARD);
    element(p, "<p class=\"note\">", td_say(p, TD_WORD_CARD_NOTE), "</p>\n");
    open_table(p, heads, 6);
    json_array_foreach(rows, i, row) card_row(p, row);
    close_table(p);
}

/* ---- decisions -------------------------------------------------------------------------------------------------- */

static void decisions(td_page *p, const json_t *mix)
{
    static const head heads[] = {
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
    heading(p, TD_WORD_DECISIONS);
    td_page_add(p, "<p class=\"note\">");
    for (i = 0; i < 4; i++) {
        const char *n = td_figure(p, td_held(json_object_get(mix, "decisions"), counts[i].member), 0, false, "", text);
        element(p, i == 0 ? "" : i == 1 ? ": " : ", ", n, " ");
        td_page_text(p, td_say(p, counts[i].word));
    }
    td_page_add(p, "</p>\n");
    open_table(p, heads, 4);
    json_array_foreach(all, i, d)
    {
        const char *place = td_held_text(d, "place"), *what = td_held_text(d, "what");
        open_row(p, strcmp(place, before) ? td_place_name(p, place) : "");
        before = place;
        element(p, "<td>", td_held_text(d, "step"), " ");
        if (strcmp(what, td_held_text(d, "step"))) element(p, "<span class=\"reason\">", what, "</span>");
        prose(p, "</td><td>", td_held_text(d, "settings"), "</td>");
        prose(p, "<td class=\"reason\" lang=\"en\">", td_held_text(d, "reason"), "</td>");
        close_row(p);
    }
    close_table(p);
}

/* ---- stems and origin ------------------------------------------------------------------------------------------- */

static void stem_row(td_page *p, const json_t *s)
{
    char text[128];
    size_t i;
    json_t *f;
    const char *member = p->language == TD_GERMAN ? "text_de" : "text";
    bool guess = json_is_true(json_object_get(s, "role_guess"));
    open_row(p, td_held_text(s, "file"));
    element(p, "<td>", td_held_text(s, "role"), "");
    if (guess) element(p, " <span class=\"reason\">(", td_say(p, TD_WORD_GUESSED), ")</span>");
    element(p, "</td><td>", td_held_text(s, "bus"), "</td>");
    snprintf(text, sizeof text, "%s, %g\u00a0kHz", td_held_text(s, "format"), td_held(s, "rate_hz") / 1000);
    cell(p, text);
    number_cell(p, td_held(s, "loudness_lufs"), 1, false);
    number_cell(p, td_held(s, "peak_dbfs"), 1, false);
    td_page_add(p, "<td>");
    json_array_foreach(json_object_get(s, "findings"), i, f) element(p, i ? "; " : "", td_held_text(f, member), "");
    td_page_add(p, "</td>");
    close_row(p);
}

static void stems(td_page *p)
{
    static const head heads[] = { { TD_WORD_STEM, false },   { TD_WORD_ROLE, false },    { TD_WORD_BUS, false },
                                  { TD_WORD_FORMAT, false }, { TD_WORD_LOUDNESS, true }, { TD_WORD_SAMPLE_PEAK, true },
                                  { TD_WORD_FOUND, false } };
    size_t i;
    json_t *s;
    heading(p, TD_WORD_STEMS);
    open_table(p, heads, 7);
    json_array_foreach(json_object_get(json_object_get(p->report, "session"), "stems"), i, s) stem_row(p, s);
    close_table(p);
}

static void hash_row(td_page *p, const char *name, const char *hash)
{
    open_row(p, name);
    element(p, "<td><code>", hash, "</code></td>");
    close_row(p);
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

static void origin(td_page *p)
{
    const json_t *session = json_object_get(p->report, "session"), *v;
    size_t i;
    heading(p, TD_WORD_ORIGIN);
    element(p, "<p class=\"note\">topdown ", td_held_text(p->report, "topdown"), ". ");
    element(p, "", td_say(p, TD_WORD_ORIGIN_NOTE), " SHA-256:</p>\n");
    td_page_add(p, "<div class=\"scroll\"><table><tbody>\n");
    hash_row(p, td_say(p, TD_WORD_SESSION), td_held_text(session, "hash"));
    json_array_foreach(json_object_get(p->report, "mixes"), i, v) origin_of_mix(p, v);
    json_array_foreach(json_object_get(session, "stems"), i, v)
        hash_row(p, td_held_text(v, "file"), td_held_text(v, "sha256"));
    close_table(p);
}

/* ---- the page --------------------------------------------------------------------------------------------------- */

static void mix_heading(td_page *p, const json_t *mix)
{
    element(p, "<h2>", td_held_text(mix, "label"), "");
    element(p, "<small>", td_held_text(mix, "recipe_title"), "</small></h2>\n");
}

static void one_mix(td_page *p, const json_t *mix)
{
    td_page_add(p, "<section class=\"mix\">\n");
    mix_heading(p, mix);
    if (*td_held_text(mix, "problem")) {
        element(p, "<p class=\"bad\">", td_say(p, TD_WORD_FAILED), ": ");
        element(p, "<span lang=\"en\">", td_held_text(mix, "problem"), "</span></p></section>\n");
        return;
    }
    tiles(p, mix);
    td_plot_loudness(p, mix, main_file(mix));
    td_plot_spectrum(p, mix);
    in_words(p, mix);
    td_page_add(p, "<div class=\"more\">\n");
    files(p, mix);
    reductions(p, mix);
    heading(p, TD_WORD_STEREO);
    td_plot_stereo(p, mix);
    buses(p, mix);
    tone(p, mix);
    translation(p, mix);
    card(p, mix);
    decisions(p, mix);
    list(p, mix, "not_made", TD_WORD_NOT_MADE);
    list(p, mix, "not_used", TD_WORD_NOT_USED);
    list(p, mix, "warnings", TD_WORD_WARNINGS);
    td_page_add(p, "</div></section>\n");
}

/* More than one mix: side by side first. */
static void overview(td_page *p, const json_t *mixes)
{
    static const head heads[] = { { TD_WORD_MIX, false },       { TD_WORD_RECIPE, false }, { TD_WORD_LOUDNESS, true },
                                  { TD_WORD_TRUE_PEAK, true },  { TD_WORD_RANGE, true },   { TD_WORD_PLR, true },
                                  { TD_WORD_CORRELATION, true } };
    size_t i;
    json_t *m;
    if (json_array_size(mixes) < 2) return;
    element(p, "<h2>", td_say(p, TD_WORD_MIXES), "</h2>\n");
    open_table(p, heads, 7);
    json_array_foreach(mixes, i, m)
    {
        const json_t *f = main_file(m), *portrait = json_object_get(m, "portrait");
        open_row(p, td_held_text(m, "label"));
        cell(p, td_held_text(m, "recipe"));
        number_cell(p, td_held(f, "loudness_lufs"), 1, false);
        number_cell(p, td_held(f, "true_peak_dbtp"), 1, false);
        number_cell(p, td_held(f, "loudness_range_lu"), 1, false);
        number_cell(p, td_held(portrait, "plr_db"), 1, false);
        number_cell(p, td_held(portrait, "correlation"), 2, true);
        close_row(p);
    }
    close_table(p);
}

/* What can be played against each other. */
static void comparison(td_page *p)
{
    static const head heads[] = {
        { TD_WORD_FILE, false }, { TD_WORD_LOUDNESS, true }, { TD_WORD_TURNED, true }, { TD_WORD_TO_TURN, true }
    };
    const json_t *ab = json_object_get(p->report, "ab"), *f;
    char level[TD_FIGURE];
    size_t i;
    if (!json_is_object(ab)) return;
    bool matched = !isnan(td_held(ab, "matched_lufs"));
    element(p, "<h2>", td_say(p, TD_WORD_COMPARED), "</h2>\n");
    element(p, "<p class=\"note\">", td_say(p, matched ? TD_WORD_MATCHED : TD_WORD_UNMATCHED), " ");
    element(p, "", td_figure(p, td_held(ab, "loudness_lufs"), 1, false, "LUFS", level), ".</p>\n");
    open_table(p, heads, 4);
    json_array_foreach(json_object_get(ab, "files"), i, f)
    {
        open_row(p, td_held_text(f, "file"));
        number_cell(p, td_held(f, "loudness_lufs"), 2, false);
        number_cell(p, td_held(f, "turned_db"), 2, true);
        number_cell(p, td_held(f, "gain_db"), 2, true);
        close_row(p);
    }
    close_table(p);
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
    element(p, "<title>", title, " \u2013 ");
    element(p, "", td_say(p, TD_WORD_REPORT), "</title>\n<style>\n");
    td_page_add(p, td_page_style);
    td_page_add(p, "</style></head>\n<body><main>\n");
    element(p, "<header><p class=\"kicker\">", td_say(p, TD_WORD_REPORT), "</p>");
    element(p, "<h1>", title, "</h1>");
    element(p, "<p class=\"by\">", by, "</p></header>\n");
    overview(p, mixes);
    comparison(p);
    json_array_foreach(mixes, i, m) one_mix(p, m);
    td_page_add(p, "<section class=\"more\">\n");
    stems(p);
    origin(p);
    td_page_add(p, "</section></main>\n");
    element(p, "<footer>", td_say(p, TD_WORD_MADE_BY), " ");
    element(p, "", td_held_text(p->report, "topdown"), "</footer></body></html>\n");
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
