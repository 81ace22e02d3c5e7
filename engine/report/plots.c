#include "engine/base/units.h"
#include "engine/report/page.h"
#include "engine/report/svg.h"
#include <stdio.h>
#include <string.h>

#define WIDTH   760.0 /* drawing units of a whole line, about a pixel each */
#define MARGIN  38.0  /* left, for the figures of the axis */
#define SECONDS 10    /* steps of 100 ms */

/* ---- captions and tables ---------------------------------------------------------------------------------------- */

static void open_figure(td_page *p, const char *title, const char *unit)
{
    td_page_add(p, "<figure><figcaption><b>");
    td_page_text(p, title);
    td_page_add(p, "</b>");
    if (*unit) td_page_add(p, "<span class=\"note\">");
    td_page_text(p, unit);
    if (*unit) td_page_add(p, "</span>");
}

static void add_key(td_page *p, const char *class, const char *text)
{
    td_text_addf(p->out, "<span class=\"key %s\">", class);
    td_page_text(p, text);
    td_page_add(p, "</span>");
}

static void open_table(td_page *p, const char *const *head, size_t n)
{
    td_page_add(p, "<details><summary>");
    td_page_text(p, td_say(p, TD_WORD_FIGURES));
    td_page_add(p, "</summary><table><thead><tr>");
    for (size_t i = 0; i < n; i++) {
        td_page_add(p, "<th class=\"n\" scope=\"col\">");
        td_page_text(p, head[i]);
        td_page_add(p, "</th>");
    }
    td_page_add(p, "</tr></thead><tbody>\n");
}

static void add_row(td_page *p, const char *head, const double *cell, size_t n, int decimals)
{
    char text[TD_FIGURE];
    td_page_add(p, "<tr><th class=\"n\" scope=\"row\">");
    td_page_text(p, head);
    td_page_add(p, "</th>");
    for (size_t i = 0; i < n; i++) {
        td_page_add(p, "<td class=\"n\">");
        td_page_text(p, td_figure(p, cell[i], decimals, false, "", text));
        td_page_add(p, "</td>");
    }
    td_page_add(p, "</tr>\n");
}

static void close_figure(td_page *p, bool table)
{
    td_page_add(p, table ? "</tbody></table></details></figure>\n" : "</figure>\n");
}

/* ---- axes ------------------------------------------------------------------------------------------------------- */

static void set_plot(td_svg *s, double left, double right, double top, double bottom)
{
    s->left = left;
    s->right = right;
    s->top = top;
    s->bottom = bottom;
}

/* So that there are at most 12 of them. */
static double tick_step(double seconds)
{
    static const double steps[] = { 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1200, 3600 };
    size_t i = 0;
    while (i + 1 < sizeof steps / sizeof steps[0] && seconds / steps[i] > 12) i++;
    return steps[i];
}

static void time_axis(td_svg *s, double seconds)
{
    char clock[16];
    s->x[0] = 0;
    s->x[1] = seconds;
    for (double t = 0, step = tick_step(seconds); t <= seconds; t += step) td_svg_grid_x(s, t, td_clock(t, clock));
}

static void level_axis(td_page *p, td_svg *s, double low, double high, double step, int decimals)
{
    char text[TD_FIGURE];
    s->y[0] = low;
    s->y[1] = high;
    for (double y = low; y < high + step / 2; y += step)
        td_svg_grid_y(s, y, td_figure(p, y, decimals, false, "", text), NULL);
}

static void frequency_axis(td_svg *s)
{
    static const struct {
        double hz;
        const char *label;
    } ticks[] = { { 31.5, "31" }, { 63, "63" },   { 125, "125" }, { 250, "250" }, { 500, "500" },
                  { 1000, "1k" }, { 2000, "2k" }, { 4000, "4k" }, { 8000, "8k" }, { 16000, "16k" } };
    s->x[0] = 22;
    s->x[1] = 18000;
    s->log_x = true;
    for (size_t i = 0; i < sizeof ticks / sizeof ticks[0]; i++) td_svg_grid_x(s, ticks[i].hz, ticks[i].label);
}

static double most_of(const double *y, size_t n)
{
    double most = NAN;
    for (size_t i = 0; i < n; i++) most = isnan(most) || y[i] > most ? y[i] : most;
    return most;
}

/* ---- loudness over time ----------------------------------------------------------------------------------------- */

static void loudness_table(td_page *p, const double *m, const double *s, size_t n)
{
    const char *head[] = { td_say(p, TD_WORD_TIME), td_say(p, TD_WORD_MOMENTARY), td_say(p, TD_WORD_SHORT_TERM) };
    open_table(p, head, 3);
    for (size_t at = 0, per = (size_t)tick_step((double)n / SECONDS) * SECONDS; at < n; at += per) {
        size_t k = n - at < per ? n - at : per;
        char clock[16];
        add_row(p, td_clock((double)at / SECONDS, clock), (double[]){ most_of(m + at, k), most_of(s + at, k) }, 2, 1);
    }
}

void td_plot_loudness(td_page *p, const json_t *mix, const json_t *file)
{
    const json_t *portrait = json_object_get(mix, "portrait");
    double got = td_held(file, "loudness_lufs"), want = td_held_wish(file, "loudness_lufs");
    size_t n, n_short;
    double *m = td_held_list(p, portrait, "momentary_lufs", &n);
    double *s = td_held_list(p, portrait, "short_term_lufs", &n_short);
    double *above = td_arena_array(p->arena, n + 1, sizeof *above);
    if (!m || !s || !above || !n || n_short < n) return;
    char a[TD_FIGURE], b[TD_FIGURE], c[TD_FIGURE], alt[512];
    snprintf(alt, sizeof alt, "%s: %s %s; %s: %s %s; %s: %s %s", td_say(p, TD_WORD_LOUDNESS_OVER_TIME),
             td_say(p, TD_WORD_INTEGRATED), td_figure(p, got, 1, false, "LUFS", a), td_say(p, TD_WORD_SHORT_TERM),
             td_say(p, TD_WORD_AT_MOST), td_figure(p, most_of(s, n), 1, false, "LUFS", b), td_say(p, TD_WORD_MOMENTARY),
             td_say(p, TD_WORD_AT_MOST), td_figure(p, most_of(m, n), 1, false, "LUFS", c));
    open_figure(p, td_say(p, TD_WORD_LOUDNESS_OVER_TIME), "LUFS");
    add_key(p, "fill", td_say(p, TD_WORD_MOMENTARY));
    add_key(p, "", td_say(p, TD_WORD_SHORT_TERM));
    if (!isnan(want)) add_key(p, "b", td_say(p, TD_WORD_TARGET));
    td_page_add(p, "</figcaption>");
    td_svg g;
    double top = isfinite(most_of(m, n)) ? 6 * ceil((most_of(m, n) + 0.5) / 6) : 0, low = top - 24;
    td_svg_begin(&g, p->out, WIDTH, 190, alt);
    set_plot(&g, MARGIN, WIDTH - 8, 6, 168);
    g.y[0] = low;
    g.y[1] = top;
    g.x[1] = (double)n / SECONDS;
    td_svg_area(&g, "fill", 0, 0.1, m, n);
    time_axis(&g, (double)n / SECONDS);
    level_axis(p, &g, low, top, 6, 0);
    for (size_t i = 0; i < n; i++) above[i] = s[i] >= low ? s[i] : NAN; /* a line along the floor would say something */
    td_svg_line(&g, "short", 0, 0.1, above, n);
    if (!isnan(want)) td_svg_grid_y(&g, want, NULL, "want");
    td_svg_end(&g);
    loudness_table(p, m, s, n);
    close_figure(p, true);
}

/* ---- spectrum --------------------------------------------------------------------------------------------------- */

static const char *hertz(double hz, char out[32])
{
    snprintf(out, 32, hz < 1000 ? "%g" : "%gk", hz < 1000 ? hz : hz / 1000);
    return out;
}

/* The octave in which this mix is furthest from the middle of its kind, for who cannot see the drawing. */
static void spectrum_alt(td_page *p, const json_t *tone, char *alt, size_t size)
{
    size_t i;
    json_t *r;
    int n = snprintf(alt, size, "%s:", td_say(p, TD_WORD_SPECTRUM));
    json_array_foreach(json_object_get(tone, "regions"), i, r)
    {
        char f[TD_FIGURE];
        if (n > 0 && (size_t)n < size)
            n += snprintf(alt + n, size - (size_t)n, " %s %s;", td_held_text(r, "name"),
                          td_figure(p, td_held(r, "off_db"), 1, true, "dB", f));
    }
}

void td_plot_spectrum(td_page *p, const json_t *mix)
{
    const json_t *own = json_object_get(json_object_get(mix, "portrait"), "spectrum");
    const json_t *tone = json_object_get(mix, "tone");
    const json_t *reference = json_object_get(json_object_get(p->report, "reference"), "spectrum");
    size_t n, k;
    double *hz = td_held_list(p, own, "hz", &n), *level = td_held_list(p, own, "level_db", &k);
    if (!hz || !level || !n || k < n) return;
    double *low = td_held_list(p, tone, "p25_db", &k), *middle = td_held_list(p, tone, "p50_db", &k);
    double *high = td_held_list(p, tone, "p75_db", &k), *other = td_held_list(p, reference, "level_db", &k);
    if (!low || !middle || !high || !other) return;
    char alt[512];
    spectrum_alt(p, tone, alt, sizeof alt);
    open_figure(p, td_say(p, TD_WORD_SPECTRUM), td_say(p, TD_WORD_SPECTRUM_UNIT));
    add_key(p, "", td_say(p, TD_WORD_THIS_MIX));
    if (reference) add_key(p, "c", td_say(p, TD_WORD_REFERENCE));
    add_key(p, "band", td_say(p, TD_WORD_HALF_OF));
    td_text_addf(p->out, " <span class=\"note\">(%s)</span></figcaption>", td_held_text(tone, "curve"));
    td_svg g;
    td_svg_begin(&g, p->out, WIDTH, 210, alt);
    set_plot(&g, MARGIN, WIDTH - 8, 6, 188);
    g.y[0] = -42, g.y[1] = 0, g.x[0] = 22, g.x[1] = 18000, g.log_x = true;
    td_svg_band(&g, "band", hz, low, high, n);
    frequency_axis(&g);
    level_axis(p, &g, -42, 0, 6, 0);
    if (k >= n) td_svg_curve(&g, "ref", hz, other, n);
    td_svg_curve(&g, "own", hz, level, n);
    td_svg_end(&g);
    const char *head[] = { "Hz", td_say(p, TD_WORD_THIS_MIX), "25 %", "50 %", "75 %", td_say(p, TD_WORD_REFERENCE) };
    open_table(p, head, k >= n ? 6 : 5);
    for (size_t i = 0; i < n; i++) {
        char f[32];
        double cell[] = { level[i], low[i], middle[i], high[i], k >= n ? other[i] : NAN };
        add_row(p, hertz(hz[i], f), cell, k >= n ? 5 : 4, 1);
    }
    close_figure(p, true);
}

/* ---- gain reduction --------------------------------------------------------------------------------------------- */

void td_plot_reduction(td_page *p, const json_t *step)
{
    size_t n;
    double *y = td_held_list(p, step, "over_time_db", &n), every_s = td_held(step, "over_time_step_s");
    double most = td_held(step, "max_db");
    if (!y || !n || !(most > 0) || !(every_s > 0)) return;
    char alt[128], a[TD_FIGURE];
    snprintf(alt, sizeof alt, "%s: %s %s", td_say(p, TD_WORD_GAIN_REDUCTION), td_say(p, TD_WORD_AT_MOST),
             td_figure(p, most, 1, false, "dB", a));
    td_svg g;
    td_svg_begin(&g, p->out, 256, 30, alt);
    set_plot(&g, 0, 256, 2, 28);
    for (size_t i = 0; i < n; i++) y[i] = -y[i]; /* down is less */
    g.x[1] = every_s * (double)n;
    g.y[0] = -fmax(3, most);
    g.y[1] = 0;
    td_svg_grid_y(&g, 0, NULL, NULL);
    td_svg_line(&g, "thin", 0, every_s, y, n);
    td_svg_end(&g);
}

/* ---- stereo ----------------------------------------------------------------------------------------------------- */

/* One path a density: fields that touch in a row are one rectangle. */
static void draw_density(td_svg *g, const json_t *rows, char digit)
{
    size_t y;
    json_t *row;
    double field = (g->right - g->left) / (double)json_array_size(rows);
    td_text_addf(g->out, "<path class=\"d\" fill-opacity=\"%.2f\" d=\"", (digit - '0') * (digit - '0') / 81.0);
    json_array_foreach(rows, y, row)
    {
        const char *s = json_string_value(row);
        for (size_t x = 0, run; s && s[x]; x += run ? run : 1) {
            for (run = 0; s[x + run] == digit;) run++;
            if (run)
                td_text_addf(g->out, "M%.1f %.1fh%.1fv%.1fh-%.1fz", g->left + field * (double)x,
                             g->top + field * (double)y, field * (double)run, field, field * (double)run);
        }
    }
    td_text_add(g->out, "\"/>\n");
}

static void plot_goniometer(td_page *p, const json_t *portrait)
{
    const json_t *rows = json_object_get(portrait, "goniometer");
    char alt[128], a[TD_FIGURE];
    if (!json_array_size(rows)) return;
    snprintf(alt, sizeof alt, "%s: %s %s", td_say(p, TD_WORD_GONIOMETER), td_say(p, TD_WORD_CORRELATION),
             td_figure(p, td_held(portrait, "correlation"), 2, true, "", a));
    open_figure(p, td_say(p, TD_WORD_GONIOMETER), td_say(p, TD_WORD_GONIOMETER_NOTE));
    td_page_add(p, "</figcaption>");
    td_svg g;
    td_svg_begin(&g, p->out, 240, 240, alt);
    set_plot(&g, 8, 232, 8, 232);
    td_text_add(p->out,
                "<path class=\"grid\" d=\"M120 8L232 120L120 232L8 120ZM64 64L176 176M176 64L64 176M120 8V232\"/>\n");
    for (char digit = '1'; digit <= '9'; digit++) draw_density(&g, rows, digit);
    td_svg_text(&g, 52, 58, "end", "tick", td_say(p, TD_WORD_LEFT));
    td_svg_text(&g, 188, 58, "start", "tick", td_say(p, TD_WORD_RIGHT));
    td_svg_end(&g);
    close_figure(p, false);
}

/* Means over a second around each point; gaps where nothing sounds. */
static void smooth(double *y, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++) {
        double sum = 0, count = 0;
        for (size_t k = i < SECONDS / 2 ? 0 : i - SECONDS / 2; k < n && k <= i + SECONDS / 2; k++) {
            if (isnan(y[k])) continue;
            sum += y[k];
            count++;
        }
        out[i] = count > 0 ? sum / count : NAN;
    }
}

static void plot_correlation(td_page *p, const json_t *portrait)
{
    size_t n;
    double *raw = td_held_list(p, portrait, "correlation_over_time", &n);
    double *y = td_arena_array(p->arena, n + 1, sizeof *y);
    if (!raw || !y || !n) return;
    smooth(raw, n, y);
    double least = 1;
    for (size_t i = 0; i < n; i++) least = y[i] < least ? y[i] : least;
    char alt[128], a[TD_FIGURE], b[TD_FIGURE];
    snprintf(alt, sizeof alt, "%s: %s; min. %s", td_say(p, TD_WORD_CORRELATION),
             td_figure(p, td_held(portrait, "correlation"), 2, true, "", a), td_figure(p, least, 2, true, "", b));
    open_figure(p, td_say(p, TD_WORD_CORRELATION_OVER_TIME), td_say(p, TD_WORD_ONE_SECOND));
    td_page_add(p, "</figcaption>");
    td_svg g;
    td_svg_begin(&g, p->out, 500, 112, alt);
    set_plot(&g, 30, 492, 6, 90);
    time_axis(&g, (double)n / SECONDS);
    level_axis(p, &g, -1, 1, 1, 0);
    td_svg_grid_y(&g, 0, NULL, "zero");
    td_svg_line(&g, "own", 0, 0.1, y, n);
    td_svg_end(&g);
    const char *head[] = { td_say(p, TD_WORD_TIME), td_say(p, TD_WORD_CORRELATION) };
    open_table(p, head, 2);
    for (size_t at = 0, per = (size_t)tick_step((double)n / SECONDS) * SECONDS; at < n; at += per) {
        char clock[16];
        add_row(p, td_clock((double)at / SECONDS, clock), &y[at], 1, 2);
    }
    close_figure(p, true);
}

static void plot_width(td_page *p, const json_t *portrait)
{
    const json_t *spectrum = json_object_get(portrait, "spectrum");
    size_t n, k;
    double *hz = td_held_list(p, spectrum, "hz", &n), *side = td_held_list(p, spectrum, "side_to_mid_db", &k);
    double *correlation = td_held_list(p, spectrum, "correlation", &k);
    if (!hz || !side || !correlation || !n || k < n) return;
    open_figure(p, td_say(p, TD_WORD_WIDTH), td_say(p, TD_WORD_WIDTH_UNIT));
    td_page_add(p, "</figcaption>");
    td_svg g;
    td_svg_begin(&g, p->out, 500, 122, td_say(p, TD_WORD_WIDTH));
    set_plot(&g, 30, 492, 6, 100);
    frequency_axis(&g);
    level_axis(p, &g, -24, 6, 6, 0);
    td_svg_grid_y(&g, 0, NULL, "zero");
    double thick = (td_svg_x(&g, 125.9) - td_svg_x(&g, 100)) * 0.72;
    for (size_t i = 0; i < n; i++) {
        double top = td_svg_y(&g, side[i]);
        if (isfinite(side[i])) td_svg_rect(&g, td_svg_x(&g, hz[i]) - thick / 2, top, thick, g.bottom - top, "col");
    }
    td_svg_end(&g);
    const char *head[] = { "Hz", td_say(p, TD_WORD_WIDTH), td_say(p, TD_WORD_CORRELATION) };
    open_table(p, head, 3);
    for (size_t i = 0; i < n; i++) {
        char f[32];
        add_row(p, hertz(hz[i], f), (double[]){ side[i], correlation[i] }, 2, 2);
    }
    close_figure(p, true);
}

void td_plot_stereo(td_page *p, const json_t *mix)
{
    const json_t *portrait = json_object_get(mix, "portrait");
    td_page_add(p, "<div class=\"pair\"><div>");
    plot_goniometer(p, portrait);
    td_page_add(p, "</div><div>");
    plot_correlation(p, portrait);
    plot_width(p, portrait);
    td_page_add(p, "</div></div>\n");
}
