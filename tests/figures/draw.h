/* tests/figures/draw.h - curves as SVG: panels side by side, each with its axes and a legend.
 *
 * draw_open, then for each panel draw_panel and its curves, then draw_close. Curves are thinned to what can be seen, so
 * that files stay small; the same numbers give the same bytes. */
#ifndef FIGURES_DRAW_H
#define FIGURES_DRAW_H

#include <stdbool.h>
#include <stddef.h>

typedef struct draw draw;

typedef struct draw_axis {
    const char *label; /* with its unit: "frequency (Hz)" */
    double from, to;
    double step; /* between ticks; 0: logarithmic, ticks at 1, 2, 5 */
} draw_axis;

typedef enum draw_style { DRAW_SOLID, DRAW_DASHED, DRAW_THIN, DRAW_DOTS } draw_style;

/* The file is folder/name.svg; panels fill rows of `columns`. */
draw *draw_open(const char *folder, const char *name, int columns);
void draw_panel(draw *d, const char *title, draw_axis x, draw_axis y);
/* A curve of the panel opened last. colour counts from 0; name NULL: none in the legend. NaN interrupts the curve. */
void draw_curve(draw *d, const char *name, int colour, draw_style style, const double *x, const double *y, size_t n);
bool draw_close(draw *d); /* false: the file could not be written */

#endif
