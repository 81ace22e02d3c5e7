#include "engine/dsp/section.h"

#include "engine/base/units.h"

static td_section make(double b0, double b1, double b2, double a0, double a1, double a2)
{
    return (td_section){
        .b0 = td_v2_set(b0 / a0),
        .b1 = td_v2_set(b1 / a0),
        .b2 = td_v2_set(b2 / a0),
        .a1 = td_v2_set(a1 / a0),
        .a2 = td_v2_set(a2 / a0),
    };
}

td_section td_section_bilinear(const double b[3], const double a[3], double freq_hz, double rate_hz)
{
    double k = td_tan(TD_PI * freq_hz / rate_hz), kk = k * k;
    if (b[0] == 0 && a[0] == 0) return make(b[1] + b[2] * k, b[2] * k - b[1], 0, a[1] + a[2] * k, a[2] * k - a[1], 0);
    return make(b[0] + b[1] * k + b[2] * kk, 2 * (b[2] * kk - b[0]), b[0] - b[1] * k + b[2] * kk,
                a[0] + a[1] * k + a[2] * kk, 2 * (a[2] * kk - a[0]), a[0] - a[1] * k + a[2] * kk);
}

td_section td_section_low_cut(double freq_hz, double q, double rate_hz)
{
    return td_section_bilinear((double[]){ 1, 0, 0 }, (double[]){ 1, 1 / q, 1 }, freq_hz, rate_hz);
}

/* M. Vicanek, "Matched Second Order Digital Filters" (2016): poles by impulse invariance, zeros so that the gain is
 * right at 0 and at freq_hz. */
td_section td_section_high_cut(double freq_hz, double q, double rate_hz)
{
    double w = 2 * TD_PI * freq_hz / rate_hz, d = 1 / (2 * q);
    double turn = d <= 1 ? td_cos(w * sqrt(1 - d * d)) : td_cosh(w * sqrt(d * d - 1));
    double a1 = -2 * td_exp(-d * w) * turn, a2 = td_exp(-2 * d * w);
    double s = td_sin(w / 2) * td_sin(w / 2), c = 1 - s;
    double p0 = (1 + a1 + a2) * (1 + a1 + a2), p1 = (1 - a1 + a2) * (1 - a1 + a2), p2 = -4 * a2;
    double r1 = (q * q * (p0 * c + p1 * s + p2 * 4 * s * c) - p0 * c) / s;
    double b0 = (sqrt(p0) + sqrt(fmax(r1, 0))) / 2;
    return make(b0, sqrt(p0) - b0, 0, 1, a1, a2);
}

/* The cookbook's bell, (s^2 + s g/q + 1) / (s^2 + s/(g q) + 1) with g the root of the gain (R. Bristow-Johnson). */
td_section td_section_bell(double freq_hz, double q, double gain_db, double rate_hz)
{
    double g = td_from_db(gain_db / 2);
    return td_section_bilinear((double[]){ 1, g / q, 1 }, (double[]){ 1, 1 / (g * q), 1 }, freq_hz, rate_hz);
}

td_section td_section_step_db(double freq_hz, double low_db, double high_db, double rate_hz)
{
    return td_section_bilinear((double[]){ 0, td_from_db(high_db), td_from_db(low_db) }, (double[]){ 0, 1, 1 }, freq_hz,
                               rate_hz);
}

td_section td_section_ear(double rate_hz)
{
    td_section deaf = td_section_bilinear((double[]){ 0, 1, 0 }, (double[]){ 0, 1, 1 }, 60, rate_hz);
    td_section head = td_section_step_db(1500, 0, 4, rate_hz);
    return td_section_both(&deaf, &head);
}

td_section td_section_both(const td_section *a, const td_section *b)
{
    return (td_section){
        .b0 = a->b0 * b->b0,
        .b1 = a->b0 * b->b1 + a->b1 * b->b0,
        .b2 = a->b1 * b->b1,
        .a1 = a->a1 + b->a1,
        .a2 = a->a1 * b->a1,
    };
}

void td_section_clear(td_section *s, size_t count)
{
    for (size_t i = 0; i < count; i++) s[i].s1 = s[i].s2 = td_v2_set(0);
}

static double square_at(double c0, double c1, double c2, double w) /* |c0 + c1 z^-1 + c2 z^-2|^2 */
{
    double re = c0 + c1 * td_cos(w) + c2 * td_cos(2 * w), im = c1 * td_sin(w) + c2 * td_sin(2 * w);
    return re * re + im * im;
}

double td_section_power_at(const td_section *s, double freq_hz, double rate_hz)
{
    double w = 2 * TD_PI * freq_hz / rate_hz;
    return square_at(s->b0[0], s->b1[0], s->b2[0], w) / square_at(1, s->a1[0], s->a2[0], w);
}
