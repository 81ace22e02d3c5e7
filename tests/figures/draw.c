#include "tests/figures/draw.h"

#include "engine/base/memory.h"
#include "engine/base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 470, HEIGHT = 330, LEFT = 52, RIGHT = 14, TOP = 58, BOTTOM = 42, COLOURS = 7 };
enum { PLOT_WIDTH = WIDTH - LEFT - RIGHT, PLOT_HEIGHT = HEIGHT - TOP - BOTTOM };

static const char *const colours[COLOURS] = { "#1f6f9f", "#c9552c", "#3d8248", "#8455a3",
                                              "#b98700", "#5b6168", "#c2407e" };

#define SEEN 0.25 /* pixels a curve may be off where points are left out */

struct draw {
    char path[512];
    td_text body;
    int columns, panels;
    draw_axis x, y;
    double left, top;        /* of the panel's plot */
    double legend, legend_y; /* where the next entry goes */
};

draw *draw_open(const char *folder, const char *name, int columns)
{
    draw *d = calloc(1, sizeof *d);
    if (!d) abort();
    snprintf(d->path, sizeof d->path, "%s/%s.svg", folder, name);
    d->columns = columns;
    return d;
}

/* ---- axes ------------------------------------------------------------------------------------------------------- */

static double part(const draw_axis *a, double value)
{
    return a->step > 0 ? (value - a->from) / (a->to - a->from) : log(value / a->from) / log(a->to / a->from);
}

static double at_x(const draw *d, double value)
{
    return d->left + PLOT_WIDTH * part(&d->x, value);
}

static double at_y(const draw *d, double value)
{
    return d->top + PLOT_HEIGHT * (1 - part(&d->y, value));
}

static void number(double value, char out[16])
{
    if (fabs(value) >= 1000 && fmod(value, 100) == 0)
        snprintf(out, 16, "%gk", value / 1000);
    else
        snprintf(out, 16, "%g", fabs(value) < 1e-9 ? 0 : value);
    if (out[0] != '-') return;
    char rest[16];
    strcpy(rest, out + 1);
    snprintf(out, 16, "\xe2\x88\x92%.11s", rest); /* a minus as wide as a plus */
}

static void tick(draw *d, bool vertical, double value)
{
    char text[16];
    number(value, text);
    if (vertical) {
        double y = at_y(d, value);
        td_text_addf(&d->body,
                     "<path class=\"g\" d=\"M%.1f %.1fh%d\"/><text class=\"e\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
                     d->left, y, PLOT_WIDTH, d->left - 6, y + 3.5, text);
    } else {
        double x = at_x(d, value);
        td_text_addf(&d->body,
                     "<path class=\"g\" d=\"M%.1f %.1fv%d\"/><text class=\"m\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", x,
                     d->top, PLOT_HEIGHT, x, d->top + PLOT_HEIGHT + 14, text);
    }
}

static void ticks(draw *d, bool vertical)
{
    const draw_axis *a = vertical ? &d->y : &d->x;
    if (a->step > 0) {
        for (double i = ceil(a->from / a->step - 1e-9); i * a->step <= a->to + 1e-9 * a->step; i++)
            tick(d, vertical, i * a->step);
        return;
    }
    static const double steps[] = { 1, 2, 5 };
    for (double decade = pow(10, floor(log10(a->from))); decade <= a->to; decade *= 10)
        for (int k = 0; k < 3; k++)
            if (steps[k] * decade >= a->from * (1 - 1e-9) && steps[k] * decade <= a->to * (1 + 1e-9))
                tick(d, vertical, steps[k] * decade);
}

void draw_panel(draw *d, const char *title, draw_axis x, draw_axis y)
{
    d->left = d->panels % d->columns * (double)WIDTH + LEFT;
    d->top = floor((double)d->panels / d->columns) * HEIGHT + TOP;
    d->panels++;
    d->x = x, d->y = y;
    d->legend = d->left;
    d->legend_y = d->top - 24;
    td_text_addf(&d->body, "<text class=\"t\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", d->left, d->top - 41, title);
    ticks(d, false);
    ticks(d, true);
    td_text_addf(&d->body, "<rect class=\"f\" x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%d\"/>\n", d->left, d->top,
                 PLOT_WIDTH, PLOT_HEIGHT);
    td_text_addf(&d->body, "<text class=\"m\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", d->left + PLOT_WIDTH / 2.0,
                 d->top + PLOT_HEIGHT + 31, x.label);
    td_text_addf(&d->body, "<text class=\"m\" transform=\"translate(%.1f %.1f) rotate(-90)\">%s</text>\n", d->left - 38,
                 d->top + PLOT_HEIGHT / 2.0, y.label);
}

/* ---- curves ----------------------------------------------------------------------------------------------------- */

/* How a curve looks, as attributes. */
static void add_style(draw *d, int colour, draw_style style)
{
    const char *c = colours[colour % COLOURS];
    if (style == DRAW_DOTS)
        td_text_addf(&d->body, "fill=\"%s\"", c);
    else
        td_text_addf(&d->body, "fill=\"none\" stroke=\"%s\" stroke-width=\"%s\"%s", c, style == DRAW_THIN ? "1" : "1.8",
                     style == DRAW_DASHED ? " stroke-dasharray=\"5 3\"" : "");
}

/* Roughly how wide a text is set; bytes that continue a character do not count. */
static double text_width(const char *s)
{
    size_t n = 0;
    for (; *s; s++) n += (*s & 0xc0) != 0x80;
    return 6.6 * (double)n;
}

static void entry(draw *d, const char *name, int colour, draw_style style)
{
    double wide = 34 + text_width(name);
    if (d->legend + wide > d->left + PLOT_WIDTH && d->legend > d->left) {
        d->legend = d->left;
        d->legend_y += 14;
    }
    td_text_add(&d->body, "<path ");
    add_style(d, colour, style);
    if (style == DRAW_DOTS)
        td_text_addf(&d->body, " d=\"M%.1f %.1fa3 3 0 1 0 6 0a3 3 0 1 0 -6 0\"/>", d->legend + 6, d->legend_y - 3.5);
    else
        td_text_addf(&d->body, " d=\"M%.1f %.1fh18\"/>", d->legend, d->legend_y - 3.5);
    td_text_addf(&d->body, "<text x=\"%.1f\" y=\"%.1f\">%s</text>\n", d->legend + 22, d->legend_y, name);
    d->legend += wide;
}

typedef struct point {
    double x, y;
} point;

static double distance(point p, point a, point b)
{
    double dx = b.x - a.x, dy = b.y - a.y, length = hypot(dx, dy);
    return length > 0 ? fabs((p.x - a.x) * dy - (p.y - a.y) * dx) / length : hypot(p.x - a.x, p.y - a.y);
}

/* Marks what has to stay between both ends (Ramer 1972, Douglas and Peucker 1973). */
static void thin(const point *p, size_t from, size_t to, bool *keep)
{
    size_t most = from;
    double far = SEEN;
    for (size_t i = from + 1; i < to; i++) {
        double off = distance(p[i], p[from], p[to]);
        if (off > far) far = off, most = i;
    }
    if (most == from) return;
    keep[most] = true;
    thin(p, from, most, keep);
    thin(p, most, to, keep);
}

/* Runs of points with a place; what lies far outside comes to rest just beyond the edge. */
static void add_path(draw *d, const double *x, const double *y, size_t n)
{
    point *p = td_calloc2(n, 1, sizeof *p);
    bool *keep = td_calloc2(n, 1, sizeof *keep);
    if (!p || !keep) abort();
    for (size_t i = 0, end; i < n; i = end + 1) {
        for (end = i; end < n && !isnan(x[end]) && !isnan(y[end]); end++) {
            double at = at_y(d, y[end]), low = d->top - 20, high = d->top + PLOT_HEIGHT + 20;
            p[end] = (point){ at_x(d, x[end]), fmin(fmax(at, low), high) };
        }
        if (end == i) continue;
        keep[i] = keep[end - 1] = true;
        thin(p, i, end - 1, keep);
        for (size_t k = i; k < end; k++)
            if (keep[k]) td_text_addf(&d->body, "%s%.1f %.1f", k == i ? "M" : "L", p[k].x, p[k].y);
    }
    free(p);
    free(keep);
}

void draw_curve(draw *d, const char *name, int colour, draw_style style, const double *x, const double *y, size_t n)
{
    if (name) entry(d, name, colour, style);
    td_text_addf(&d->body, "<g clip-path=\"url(#c%d)\"><path ", d->panels);
    add_style(d, colour, style);
    td_text_add(&d->body, " d=\"");
    if (style == DRAW_DOTS) {
        for (size_t i = 0; i < n; i++)
            td_text_addf(&d->body, "M%.1f %.1fa3 3 0 1 0 6 0a3 3 0 1 0 -6 0", at_x(d, x[i]) - 3, at_y(d, y[i]));
    } else {
        add_path(d, x, y, n);
    }
    td_text_add(&d->body, "\"/></g>\n");
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

bool draw_close(draw *d)
{
    int rows = (d->panels + d->columns - 1) / d->columns, columns = d->panels < d->columns ? d->panels : d->columns;
    FILE *f = fopen(d->path, "w");
    bool written = f && !d->body.broken;
    if (f) {
        fprintf(f,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
                "font-size=\"11\" fill=\"#333\">\n<style>.t{font-size:13px;font-weight:bold}"
                ".m{text-anchor:middle}.e{text-anchor:end}.g{stroke:#e4e6e8}.f{fill:none;stroke:#9aa0a6}"
                "</style>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
                columns * WIDTH, rows * HEIGHT);
        for (int i = 0; i < d->panels; i++)
            fprintf(f, "<clipPath id=\"c%d\"><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/></clipPath>\n", i + 1,
                    i % d->columns * WIDTH + LEFT, i / d->columns * HEIGHT + TOP, PLOT_WIDTH, PLOT_HEIGHT);
        fprintf(f, "%s</svg>\n", td_text_or_empty(&d->body));
        written = fclose(f) == 0 && written;
    }
    td_text_free(&d->body);
    free(d);
    return written;
}
