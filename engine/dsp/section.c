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

/* A row of couples, n at least as many. In step t the first section of couple k is at frame t - k, its second one a
 * frame behind, and takes what the first one gave in the step before; the next couple takes what leaves the second at
 * once. So all sections work side by side but in the first and last steps, where those at hand run on their own. */
static inline __attribute__((always_inline)) void run_couples(td_section *row, size_t couples, td_v2 *x, size_t n)
{
    couple c[3];
    td_v2 between[3] = { 0 };
    for (size_t t = 0; t < couples; t++) {
        td_v2 v = x[t];
        for (size_t k = 0; k <= t; k++) {
            td_v2 leaves = k < t ? td_section_pass(&row[2 * k + 1], between[k]) : v;
            between[k] = td_section_pass(&row[2 * k], v);
            v = leaves;
        }
    }
    for (size_t k = 0; k < couples; k++) couple_take(&c[k], row + 2 * k);
    for (size_t t = couples; t < n; t++) {
        td_v2 v = x[t];
        for (size_t k = 0; k < couples; k++) {
            td_v4 y = TD_V4(v, between[k]);
            couple_pass(&c[k], &y);
            between[k] = TD_LOW(y);
            v = TD_HIGH(y);
        }
        x[t - couples] = v;
    }
    for (size_t k = 0; k < couples; k++) couple_leave(&c[k], row + 2 * k);
    for (size_t t = n; t < n + couples; t++) {
        td_v2 v = { 0 };
        for (size_t k = t - n; k < couples; k++) {
            td_v2 leaves = td_section_pass(&row[2 * k + 1], between[k]);
            if (k > t - n) between[k] = td_section_pass(&row[2 * k], v);
            v = leaves;
        }
        x[t - couples] = v;
    }
}

TD_WIDE static void run_two(td_section *row, td_v2 *x, size_t n)
{
    run_couples(row, 1, x, n);
}

TD_WIDE static void run_four(td_section *row, td_v2 *x, size_t n)
{
    run_couples(row, 2, x, n);
}

TD_WIDE static void run_six(td_section *row, td_v2 *x, size_t n)
{
    run_couples(row, 3, x, n);
}

void td_section_run(td_section *row, size_t count, td_v2 *x, size_t n)
{
    if (n < 3) {
        for (size_t i = 0; i < n; i++) x[i] = td_section_pass_all(row, count, x[i]);
        return;
    }
    for (; count >= 6; row += 6, count -= 6) run_six(row, x, n);
    if (count >= 4) run_four(row, x, n), row += 4, count -= 4;
    if (count >= 2) run_two(row, x, n), row += 2, count -= 2;
    if (count) run_one(row, x, n);
}
