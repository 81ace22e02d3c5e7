/* engine/dsp/section.h - the small fixed filters inside a colour: biquads in rows, ready to run.
 *
 * What biquad.h designs, with both channels in lanes and its state at hand. */
#ifndef TD_DSP_SECTION_H
#define TD_DSP_SECTION_H

#include "engine/dsp/biquad.h"

typedef struct td_section {
    td_v2 b0, b1, b2, a1, a2;
    td_v2 s1, s2; /* state of transposed direct form II */
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
/* One after the other in one; both of first order. */
td_section td_section_both(td_section a, td_section b);

void td_section_clear(td_section *row, size_t count);
size_t td_section_ring(const td_section *s); /* td_biquad_ring */

static inline td_v2 td_section_pass(td_section *s, td_v2 x)
{
    td_v2 y = s->b0 * x + s->s1;
    s->s1 = s->b1 * x - s->a1 * y + s->s2;
    s->s2 = s->b2 * x - s->a2 * y;
    return y;
}

/* One frame through all of a row. */
static inline td_v2 td_section_pass_all(td_section *row, size_t count, td_v2 x)
{
    for (size_t k = 0; k < count; k++) x = td_section_pass(&row[k], x);
    return x;
}

/* One after the other. Frame by frame through up to four at once, with their states in registers: each waits on its own
 * last frame only, so four cost hardly more than one. */
void td_section_run(td_section *row, size_t count, td_v2 *x, size_t n);

#endif
