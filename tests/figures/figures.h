/* tests/figures/figures.h - figures of acceptance: what each processor must reach, measured on the code that ships.
 *
 * A family is one file with one function, which calls figure() once a line; figures.c lists the families. Expected
 * values are formulas and libm, never engine/. Below -130 dBFS float samples end: such a figure requires that floor and
 * says so in its name. */
#ifndef FIGURES_H
#define FIGURES_H

#include "tests/sound.h"

typedef enum figure_relation { AT_MOST, AT_LEAST } figure_relation;

/* One line (words are copied, cut to 79 characters): `reached` must be at most, or at least, `required`. NaN is never
 * ok. */
void figure(const char *processor, const char *name, figure_relation is, double required, double reached,
            const char *unit);

#endif
