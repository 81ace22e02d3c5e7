/* engine/report/svg.h - drawings as text: axes, lines, areas, bars, fields. Room-internal.
 *
 * Colours are classes of the page's style sheet, so a drawing follows light, dark and print. Coordinates are written to
 * a tenth; lines of many points are drawn as the least and the most of each column, two points for every 1.4 units. */
#ifndef TD_REPORT_SVG_H
#define TD_REPORT_SVG_H

#include "engine/base/base.h"

typedef struct td_svg {
    td_text *out;
    double left, top, right, bottom; /* of the plot */
    double x[2], y[2];               /* what its edges stand for; y[0] is at the bottom */
    bool log_x;
} td_svg;

/* alt: the key figures in words. */
void td_svg_begin(td_svg *s, td_text *out, double width, double height, const char *alt);
void td_svg_end(td_svg *s);

double td_svg_x(const td_svg *s, double x);
double td_svg_y(const td_svg *s, double y);

/* A line across the plot with its label in the margin. class: NULL for a plain grid line. */
void td_svg_grid_x(td_svg *s, double x, const char *label);
void td_svg_grid_y(td_svg *s, double y, const char *label, const char *class);
/* anchor: "start", "middle", "end"; in drawing units. */
void td_svg_text(td_svg *s, double x, double y, const char *anchor, const char *class, const char *text);
void td_svg_rect(td_svg *s, double x, double y, double width, double height, const char *class);

/* y[i] at x0 + i * step; what is no number is a gap. */
void td_svg_line(td_svg *s, const char *class, double x0, double step, const double *y, size_t n);
/* From y down to the bottom. */
void td_svg_area(td_svg *s, const char *class, double x0, double step, const double *y, size_t n);
/* The same for points at x[i], all of them drawn; between low and high. */
void td_svg_curve(td_svg *s, const char *class, const double *x, const double *y, size_t n);
void td_svg_band(td_svg *s, const char *class, const double *x, const double *low, const double *high, size_t n);

#endif
