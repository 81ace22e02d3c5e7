/* engine/dsp/section.h - the small fixed filters inside a colour: biquads in rows, ready to run.
 *
 * What biquad.h designs, with both channels in lanes and its state at hand. */
#ifndef TD_DSP_SECTION_H
#define TD_DSP_SECTION_H

#include "engine/base/lanes.h"
#include "engine/dsp/biquad.h"

/* Transposed direct form II with the output put into the state's equations: each new state then waits for a product and
 * a difference of the old one, not for the output as well. */
typedef struct td_section {
    td_v2 b0, c1, c2, a1, a2; /* c = b - a b0 */
    td_v2 s1, s2;             /* state */
} td_section;

td_section td_section_of(const td_biquad *b);
/* The bilinear transform: for low corners, and where one filter undoes another. */
td_section td_section_bilinear(td_prototype p, double rate_hz);
/* First order: low_db below freq_hz, high_db above. */
td_prototype td_first_shelf(double freq_hz, double low_db, double high_db);
/* Appends p, matched up to 20 kHz, to a row of *count; at most TD_MATCH_MAX more. */
void td_section_append(td_section *row, size_t *count, td_prototype p, double rate_hz);
/* A rough K weighting, for loudness in against loudness out: BS.1770's low end and head, each of first order. */
td_section td_section_ear(double rate_hz);
/* Two of first order, one after the other, in one; bilinear. */
td_section td_section_both(td_prototype a, td_prototype b, double rate_hz);

void td_section_clear(td_section *row, size_t count);
size_t td_section_ring(const td_section *s); /* td_biquad_ring */

static inline td_v2 td_section_pass(td_section *s, td_v2 x)
{
    td_v2 y = s->b0 * x + s->s1, s1 = s->s1;
    s->s1 = (s->c1 * x + s->s2) - s->a1 * s1;
    s->s2 = s->c2 * x - s->a2 * s1;
    return y;
}

/* One frame through all of a row. */
static inline td_v2 td_section_pass_all(td_section *row, size_t count, td_v2 x)
{
    for (size_t k = 0; k < count; k++) x = td_section_pass(&row[k], x);
    return x;
}

/* One after the other; what comes out is what td_section_pass_all gives. */
void td_section_run(td_section *row, size_t count, td_v2 *x, size_t n);

#endif
