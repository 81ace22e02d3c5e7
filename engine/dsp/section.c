#include "engine/dsp/section.h"

#include "engine/base/units.h"

td_section td_section_of(const td_biquad *b)
{
    return (td_section){
        .b0 = td_v2_set(b->b0),
        .c1 = td_v2_set(b->b1 - b->a1 * b->b0),
        .c2 = td_v2_set(b->b2 - b->a2 * b->b0),
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
    return td_section_both(td_high_pass(60, 0), td_first_shelf(1500, 0, 4), rate_hz);
}

td_section td_section_both(td_prototype a, td_prototype b, double rate_hz)
{
    td_biquad p = td_biquad_bilinear(&a, rate_hz), q = td_biquad_bilinear(&b, rate_hz);
    td_biquad both = {
        .b0 = p.b0 * q.b0,
        .b1 = p.b0 * q.b1 + p.b1 * q.b0,
        .b2 = p.b1 * q.b1,
        .a1 = p.a1 + q.a1,
        .a2 = p.a1 * q.a1,
    };
    return td_section_of(&both);
}

void td_section_clear(td_section *row, size_t count)
{
    for (size_t i = 0; i < count; i++) row[i].s1 = row[i].s2 = td_v2_set(0);
}

size_t td_section_ring(const td_section *s)
{
    return td_biquad_ring(&(td_biquad){ .a1 = s->a1[0], .a2 = s->a2[0] });
}

/* Two sections in one register of four, the second a frame behind the first. */
typedef struct couple {
    td_v4 b0, c1, c2, a1, a2, s1, s2;
} couple;

static inline __attribute__((always_inline)) void couple_take(couple *c, const td_section *s)
{
    *c = (couple){ .b0 = TD_V4(s[0].b0, s[1].b0),
                     .c1 = TD_V4(s[0].c1, s[1].c1),
                     .c2 = TD_V4(s[0].c2, s[1].c2),
                     .a1 = TD_V4(s[0].a1, s[1].a1),
                     .a2 = TD_V4(s[0].a2, s[1].a2),
                     .s1 = TD_V4(s[0].s1, s[1].s1),
                     .s2 = TD_V4(s[0].s2, s[1].s2) };
}

static inline __attribute__((always_inline)) void couple_leave(const couple *c, td_section *s)
{
    s[0].s1 = TD_LOW(c->s1);
    s[1].s1 = TD_HIGH(c->s1);
    s[0].s2 = TD_LOW(c->s2);
    s[1].s2 = TD_HIGH(c->s2);
}

static inline __attribute__((always_inline)) void couple_pass(couple *c, td_v4 *x)
{
    td_v4 in = *x, s1 = c->s1;
    *x = c->b0 * in + s1;
    c->s1 = (c->c1 * in + c->s2) - c->a1 * s1;
    c->s2 = c->c2 * in - c->a2 * s1;
}

static void run_one(td_section *row, td_v2 *x, size_t n)
{
    td_section s = *row;
    for (size_t i = 0; i < n; i++) x[i] = td_section_pass(&s, x[i]);
    *row = s;
}

/* n at least 1; the first frame enters and the last one leaves by the sections themselves. */
TD_WIDE static void run_two(td_section *row, td_v2 *x, size_t n)
{
    td_v2 between = td_section_pass(&row[0], x[0]);
    couple c;
    couple_take(&c, row);
    for (size_t i = 1; i < n; i++) {
        td_v4 y = TD_V4(x[i], between);
        couple_pass(&c, &y);
        between = TD_LOW(y);
        x[i - 1] = TD_HIGH(y);
    }
    couple_leave(&c, row);
    x[n - 1] = td_section_pass(&row[1], between);
}

/* n at least 2. The second couple takes what leaves the first at once, so its sections are one and two frames behind. */
TD_WIDE static void run_four(td_section *row, td_v2 *x, size_t n)
{
    td_v2 first = td_section_pass(&row[0], x[0]);
    td_v2 third = td_section_pass(&row[2], td_section_pass(&row[1], first));
    first = td_section_pass(&row[0], x[1]);
    couple a, b;
    couple_take(&a, row);
    couple_take(&b, row + 2);
    for (size_t i = 2; i < n; i++) {
        td_v4 y = TD_V4(x[i], first);
        couple_pass(&a, &y);
        td_v4 z = TD_V4(TD_HIGH(y), third);
        couple_pass(&b, &z);
        first = TD_LOW(y);
        third = TD_LOW(z);
        x[i - 2] = TD_HIGH(z);
    }
    couple_leave(&a, row);
    couple_leave(&b, row + 2);
    x[n - 2] = td_section_pass(&row[3], third);
    x[n - 1] = td_section_pass_all(row + 1, 3, first);
}

void td_section_run(td_section *row, size_t count, td_v2 *x, size_t n)
{
    if (n < 2) {
        for (size_t i = 0; i < n; i++) x[i] = td_section_pass_all(row, count, x[i]);
        return;
    }
    for (; count >= 4; row += 4, count -= 4) run_four(row, x, n);
    if (count >= 2) run_two(row, x, n), row += 2, count -= 2;
    if (count) run_one(row, x, n);
}
