#include "engine/report/svg.h"

#include "engine/base/maths.h"
#include "engine/base/units.h"
#include "engine/report/markup.h"

enum { COLUMN = 14 }; /* tenths of a unit */

void td_svg_begin(td_svg *s, td_text *out, double width, double height, const char *alt)
{
    *s = (td_svg){ .out = out };
    td_text_addf(out, "<svg viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"", width, height);
    td_markup(out, alt);
    td_text_add(out, "\">\n");
}

void td_svg_end(td_svg *s)
{
    td_text_add(s->out, "</svg>\n");
}

static double share(const double edge[2], double value, bool logarithmic)
{
    return logarithmic ? td_log10(value / edge[0]) / td_log10(edge[1] / edge[0])
                       : (value - edge[0]) / (edge[1] - edge[0]);
}

double td_svg_x(const td_svg *s, double x)
{
    return s->left + (s->right - s->left) * share(s->x, x, s->log_x);
}

/* What lies outside stays at the edge. */
double td_svg_y(const td_svg *s, double y)
{
    return td_clamp(s->bottom - (s->bottom - s->top) * share(s->y, y, false), s->top, s->bottom);
}

static void line_between(td_svg *s, double x1, double y1, double x2, double y2, const char *class)
{
    td_text_addf(s->out, "<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", class, x1, y1, x2, y2);
}

void td_svg_grid_x(td_svg *s, double x, const char *label)
{
    double at = td_svg_x(s, x);
    line_between(s, at, s->top, at, s->bottom, "grid");
    td_svg_text(s, at, s->bottom + 14, "middle", "tick", label);
}

void td_svg_grid_y(td_svg *s, double y, const char *label, const char *class)
{
    double at = td_svg_y(s, y);
    line_between(s, s->left, at, s->right, at, class ? class : "grid");
    if (label) td_svg_text(s, s->left - 6, at + 3.5, "end", "tick", label);
}

void td_svg_text(td_svg *s, double x, double y, const char *anchor, const char *class, const char *text)
{
    td_text_addf(s->out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", class, x, y, anchor);
    td_markup(s->out, text);
    td_text_add(s->out, "</text>\n");
}

void td_svg_rect(td_svg *s, double x, double y, double width, double height, const char *class)
{
    td_text_addf(s->out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n", class, x, y,
                 width, height);
}

/* ---- lines of many points --------------------------------------------------------------------------------------- */

typedef struct column {
    size_t first, end; /* of the points in it */
    double x, least, most;
} column;

/* The next column from point `from` on: its least and most, or the one point it has. */
static column next_column(const td_svg *s, double x0, double step, const double *y, size_t n, size_t from)
{
    double start = td_svg_x(s, x0 + step * (double)from);
    column c = { from, from + 1, start, y[from], y[from] };
    while (c.end < n && isfinite(y[c.end]) && td_svg_x(s, x0 + step * (double)c.end) < start + COLUMN / 10.0) {
        c.least = fmin(c.least, y[c.end]);
        c.most = fmax(c.most, y[c.end]);
        c.end++;
    }
    return c;
}

static void draw_run(td_svg *s, double x0, double step, const double *y, size_t *at, size_t n, bool filled)
{
    double first = td_svg_x(s, x0 + step * (double)*at), last = first;
    if (filled) td_text_addf(s->out, "M%.1f %.1f", first, s->bottom);
    for (bool begun = filled; *at < n && isfinite(y[*at]); begun = true) {
        column c = next_column(s, x0, step, y, n, *at);
        td_text_addf(s->out, "%c%.1f %.1f", begun ? 'L' : 'M', c.x, td_svg_y(s, c.most));
        if (c.end > c.first + 1) td_text_addf(s->out, "L%.1f %.1f", c.x, td_svg_y(s, c.least));
        last = c.x;
        *at = c.end;
    }
    if (filled) td_text_addf(s->out, "L%.1f %.1fZ", last, s->bottom);
}

static void draw(td_svg *s, const char *class, double x0, double step, const double *y, size_t n, bool filled)
{
    td_text_addf(s->out, "<path class=\"%s\" d=\"", class);
    for (size_t at = 0; at < n;) {
        if (isfinite(y[at]))
            draw_run(s, x0, step, y, &at, n, filled);
        else
            at++;
    }
    td_text_add(s->out, "\"/>\n");
}

void td_svg_line(td_svg *s, const char *class, double x0, double step, const double *y, size_t n)
{
    draw(s, class, x0, step, y, n, false);
}

void td_svg_area(td_svg *s, const char *class, double x0, double step, const double *y, size_t n)
{
    draw(s, class, x0, step, y, n, true);
}

/* ---- curves ----------------------------------------------------------------------------------------------------- */

void td_svg_curve(td_svg *s, const char *class, const double *x, const double *y, size_t n)
{
    td_text_addf(s->out, "<path class=\"%s\" d=\"", class);
    bool begun = false;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(y[i]))
            td_text_addf(s->out, "%c%.1f %.1f", begun ? 'L' : 'M', td_svg_x(s, x[i]), td_svg_y(s, y[i]));
        begun = isfinite(y[i]);
    }
    td_text_add(s->out, "\"/>\n");
}

void td_svg_band(td_svg *s, const char *class, const double *x, const double *low, const double *high, size_t n)
{
    td_text_addf(s->out, "<path class=\"%s\" d=\"", class);
    for (size_t i = 0; i < n; i++)
        td_text_addf(s->out, "%c%.1f %.1f", i ? 'L' : 'M', td_svg_x(s, x[i]), td_svg_y(s, high[i]));
    for (size_t i = n; i-- > 0;) td_text_addf(s->out, "L%.1f %.1f", td_svg_x(s, x[i]), td_svg_y(s, low[i]));
    td_text_add(s->out, "Z\"/>\n");
}
