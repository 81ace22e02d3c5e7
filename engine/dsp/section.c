#include "engine/dsp/section.h"

#include "engine/base/units.h"

td_section td_section_of(const td_biquad *b)
{
    return (td_section){
        .b0 = td_v2_set(b->b0),
        .b1 = td_v2_set(b->b1),
        .b2 = td_v2_set(b->b2),
        .a1 = td_v2_set(b->a1),
        .a2 = td_v2_set(b->a2),
    };
}

td_section td_section_bilinear(td_prototype p, double rate_hz)
{
    td_biquad b = td_biquad_bilinear(&p, rate_hz);
    return td_section_of(&b);
}

td_prototype td_first_shelf(double freq_hz, double low_db, double high_db)
{
    return (td_prototype){ freq_hz, { td_from_db(low_db), td_from_db(high_db), 0 }, { 1, 1, 0 }, false };
}

void td_section_append(td_section *row, size_t *count, td_prototype p, double rate_hz)
{
    td_biquad b[TD_MATCH_MAX];
    size_t n = td_biquad_match(&p, rate_hz, b);
    for (size_t i = 0; i < n; i++) row[(*count)++] = td_section_of(&b[i]);
}

td_section td_section_ear(double rate_hz)
{
    return td_section_both(td_section_bilinear(td_high_pass(60, 0), rate_hz),
                           td_section_bilinear(td_first_shelf(1500, 0, 4), rate_hz));
}

td_section td_section_both(td_section a, td_section b)
{
    return (td_section){
        .b0 = a.b0 * b.b0,
        .b1 = a.b0 * b.b1 + a.b1 * b.b0,
        .b2 = a.b1 * b.b1,
        .a1 = a.a1 + b.a1,
        .a2 = a.a1 * b.a1,
    };
}

void td_section_clear(td_section *row, size_t count)
{
    for (size_t i = 0; i < count; i++) row[i].s1 = row[i].s2 = td_v2_set(0);
}

size_t td_section_ring(const td_section *s)
{
    return td_biquad_ring(&(td_biquad){ .a1 = s->a1[0], .a2 = s->a2[0] });
}

/* count is known where this is inlined, so that states stay in registers. */
static inline __attribute__((always_inline)) void run_together(td_section *row, size_t count, td_v2 *x, size_t n)
{
    td_section s[4];
    for (size_t k = 0; k < count; k++) s[k] = row[k];
    for (size_t i = 0; i < n; i++) {
        td_v2 v = x[i];
        for (size_t k = 0; k < count; k++) v = td_section_pass(&s[k], v);
        x[i] = v;
    }
    for (size_t k = 0; k < count; k++) {
        row[k].s1 = s[k].s1;
        row[k].s2 = s[k].s2;
    }
}

void td_section_run(td_section *row, size_t count, td_v2 *x, size_t n)
{
    for (; count > 4; row += 4, count -= 4) run_together(row, 4, x, n);
    switch (count) {
    case 4:
        run_together(row, 4, x, n);
        break;
    case 3:
        run_together(row, 3, x, n);
        break;
    case 2:
        run_together(row, 2, x, n);
        break;
    case 1:
        run_together(row, 1, x, n);
        break;
    }
}
