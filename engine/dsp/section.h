/* engine/dsp/section.h - the small fixed filters inside a processor: one second-order section, both channels in lanes.
 *
 * Transposed direct form II in double. Designs are exact where a colour needs them; the equaliser has its own. */
#ifndef TD_DSP_SECTION_H
#define TD_DSP_SECTION_H

#include "engine/base/lanes.h"

typedef struct td_section {
    td_v2 b0, b1, b2, a1, a2;
    td_v2 s1, s2; /* state */
} td_section;

/* (b[0] s^2 + b[1] s + b[2]) / (a[0] s^2 + a[1] s + a[2]) with s = 1 at freq_hz, where the bilinear transform is exact.
 * First-order ones have zeros in front. */
td_section td_section_bilinear(const double b[3], const double a[3], double freq_hz, double rate_hz);
td_section td_section_low_cut(double freq_hz, double q, double rate_hz); /* 12 dB/oct */
/* 12 dB/oct, right up to half the rate: Vicanek's matched low-pass. */
td_section td_section_high_cut(double freq_hz, double q, double rate_hz);
td_section td_section_bell(double freq_hz, double q, double gain_db, double rate_hz); /* bilinear: for low freq_hz */
/* low_db below freq_hz, high_db above, first order: (high s + low) / (s + 1). */
td_section td_section_step_db(double freq_hz, double low_db, double high_db, double rate_hz);
/* A rough K weighting, for loudness in against loudness out: BS.1770's low end and head, each of first order. */
td_section td_section_ear(double rate_hz);
/* One after the other; both of first order. */
td_section td_section_both(const td_section *a, const td_section *b);

void td_section_clear(td_section *s, size_t count);
double td_section_power_at(const td_section *s, double freq_hz, double rate_hz); /* |H|^2 */

static inline td_v2 td_section_pass(td_section *s, td_v2 x)
{
    td_v2 y = s->b0 * x + s->s1;
    s->s1 = s->b1 * x - s->a1 * y + s->s2;
    s->s2 = s->b2 * x - s->a2 * y;
    return y;
}

/* One after the other. Frame by frame through all, for each waits on its own last frame only: several cost hardly more
 * than one. */
static inline void td_section_run(td_section *s, size_t count, td_v2 *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < count; k++) x[i] = td_section_pass(&s[k], x[i]);
}

#endif
