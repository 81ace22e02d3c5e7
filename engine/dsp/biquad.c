#include "engine/dsp/biquad.h"

#include "engine/base/lanes.h"
#include "engine/base/units.h"
#include "engine/dsp/solve.h"
#include <stdbool.h>
#include <string.h>

/* ---- prototypes ------------------------------------------------------------------------------------------------- */

static td_prototype make(double freq_hz, double n0, double n1, double n2, double d0, double d1, double d2)
{
    return (td_prototype){ .freq_hz = freq_hz, .n = { n0, n1, n2 }, .d = { d0, d1, d2 } };
}

static td_prototype inverted_if(bool inverted, td_prototype p)
{
    p.inverted = inverted;
    return p;
}

td_prototype td_bell(double freq_hz, double q, double gain_db)
{
    double root = td_from_db(fabs(gain_db) / 2);
    return inverted_if(gain_db < 0, make(freq_hz, 1, root / q, 1, 1, 1 / (root * q), 1));
}

td_prototype td_low_shelf(double freq_hz, double q, double gain_db)
{
    double a = td_from_db(fabs(gain_db) / 2), slope = sqrt(a) / q;
    return inverted_if(gain_db < 0, make(freq_hz, a * a, a * slope, a, 1, slope, a));
}

td_prototype td_high_shelf(double freq_hz, double q, double gain_db)
{
    double a = td_from_db(fabs(gain_db) / 2), slope = sqrt(a) / q;
    return inverted_if(gain_db < 0, make(freq_hz, a, a * slope, a * a, a, slope, 1));
}

td_prototype td_tilt(double freq_hz, double gain_db)
{
    double g = td_from_db(fabs(gain_db));
    return inverted_if(gain_db < 0, make(freq_hz, 1, g, 0, g, 1, 0));
}

td_prototype td_low_pass(double freq_hz, double q)
{
    return q == 0 ? make(freq_hz, 1, 0, 0, 1, 1, 0) : make(freq_hz, 1, 0, 0, 1, 1 / q, 1);
}

td_prototype td_high_pass(double freq_hz, double q)
{
    return q == 0 ? make(freq_hz, 0, 1, 0, 1, 1, 0) : make(freq_hz, 0, 0, 1, 1, 1 / q, 1);
}

td_prototype td_band_pass(double freq_hz, double q)
{
    return make(freq_hz, 0, 1 / q, 0, 1, 1 / q, 1);
}

td_prototype td_notch(double freq_hz, double q)
{
    return make(freq_hz, 1, 0, 1, 1, 1 / q, 1);
}

double td_butterworth_q(unsigned order, unsigned i)
{
    unsigned from_end = order / 2 - i; /* the pole pair nearest to the axis has the highest q */
    return 1 / (2 * td_sin(TD_PI * (2 * from_end - 1) / (2.0 * order)));
}

static double analog_power(const double *c, double x) /* |c0 + c1 jx - c2 x^2|^2 */
{
    double re = c[0] - c[2] * x * x, im = c[1] * x;
    return re * re + im * im;
}

double td_prototype_power(const td_prototype *p, double freq_hz)
{
    double x = freq_hz / p->freq_hz, power = analog_power(p->n, x) / analog_power(p->d, x);
    return p->inverted ? 1 / power : power;
}

/* ---- power of digital sections ---------------------------------------------------------------------------------- */

/* A frequency as s = sin^2(w/2) and c = 1 - s: |1 + c1/z + c2/z^2|^2 is linear in products of them (Vicanek, "Matched
 * Second Order Digital Filters", 2016), and unlike cosines of w they lose no digits at 20 Hz. */
typedef struct angle {
    double s, c;
} angle;

static angle angle_of(double freq_hz, double rate_hz)
{
    double sine = td_sin(TD_PI * freq_hz / rate_hz);
    return (angle){ sine * sine, 1 - sine * sine };
}

static double digital_power(double c0, double c1, double c2, angle w)
{
    double at_dc = c0 + c1 + c2, at_nyquist = c0 - c1 + c2;
    return at_dc * at_dc * w.c + at_nyquist * at_nyquist * w.s - 16 * c0 * c2 * w.s * w.c;
}

static double section_power(const td_biquad *b, angle w)
{
    return digital_power(b->b0, b->b1, b->b2, w) / digital_power(1, b->a1, b->a2, w);
}

double td_biquad_power(const td_biquad *b, double freq_hz, double rate_hz)
{
    return section_power(b, angle_of(freq_hz, rate_hz));
}

size_t td_biquad_ring(const td_biquad *b)
{
    double d = b->a1 * b->a1 / 4 - b->a2;
    double radius = d < 0 ? sqrt(b->a2) : fabs(b->a1) / 2 + sqrt(d);
    return radius < 1e-3 ? 4 : 4 + (size_t)(-13.816 / td_log(fmin(radius, 1 - 1e-9)));
}

/* ---- a first digital section ------------------------------------------------------------------------------------ */

/* 1 + c1/z + c2/z^2 with the roots of q0 + q1 s + q2 s^2 where impulse invariance puts them: z = exp(W s). */
static void invariant_roots(const double *q, double radians, double *c1, double *c2)
{
    *c1 = *c2 = 0;
    if (q[2] == 0) {
        if (q[1] != 0) *c1 = -td_exp(-q[0] / q[1] * radians);
        return;
    }
    double h = q[1] / (2 * q[2]), d = q[0] / q[2] - h * h;
    double fall = td_exp(-h * radians), turn = sqrt(fabs(d)) * radians;
    *c1 = -2 * fall * (d >= 0 ? td_cos(turn) : td_cosh(turn));
    *c2 = fall * fall;
}

static bool fixed_zeros(const td_prototype *p) /* at 0 Hz, or on the axis as a notch's */
{
    return p->n[0] == 0 || (p->n[1] == 0 && p->n[2] != 0);
}

static void scale_to(td_biquad *b, const td_prototype *p, double freq_hz, double rate_hz)
{
    double g = sqrt(td_prototype_power(p, freq_hz) / td_biquad_power(b, freq_hz, rate_hz));
    b->b0 *= g;
    b->b1 *= g;
    b->b2 *= g;
}

/* Poles by impulse invariance; zeros so that 0 Hz, Nyquist and the prototype's own frequency keep their magnitude
 * (Vicanek 2016), or where no such zeros exist, by impulse invariance too. */
static td_biquad closed_form(const td_prototype *p, double rate_hz)
{
    td_biquad b = { .b0 = 1 };
    double radians = 2 * TD_PI * p->freq_hz / rate_hz, middle_hz = fmin(p->freq_hz, 0.45 * rate_hz);
    invariant_roots(p->d, radians, &b.a1, &b.a2);
    angle w = angle_of(middle_hz, rate_hz);
    double at_dc = (1 + b.a1 + b.a2) * sqrt(td_prototype_power(p, 0));
    double at_nyquist = (1 - b.a1 + b.a2) * sqrt(td_prototype_power(p, rate_hz / 2));
    double at_middle = digital_power(1, b.a1, b.a2, w) * td_prototype_power(p, middle_hz);
    double rest = (at_middle - at_dc * at_dc * w.c - at_nyquist * at_nyquist * w.s) / (4 * w.s * w.c);
    double half = (at_dc + at_nyquist) / 2, square = half * half + rest;
    if (fixed_zeros(p) || square < 0) {
        invariant_roots(p->n, radians, &b.b1, &b.b2);
        scale_to(&b, p, p->n[0] == 0 ? middle_hz : middle_hz / 4, rate_hz);
        return b;
    }
    b.b0 = (half + sqrt(square)) / 2;
    b.b1 = (at_dc - at_nyquist) / 2;
    b.b2 = -rest / (4 * b.b0);
    return b;
}

/* ---- refinement ------------------------------------------------------------------------------------------------- */

/* Where the closed form misses, its error in dB is fitted away: Levenberg and Marquardt's least squares, weights drawn
 * to where the error is largest, so that it ends nearly even. Poles and zeros stay inside the circle because they are
 * written as reflection coefficients tanh(u). One section is tried first, then two. */
enum { POINTS = 160, PARAMS = 1 + 4 * TD_MATCH_MAX, ROUNDS = 60, STEPS = 4 };
enum { HALF = 8, ROW = 12 }; /* slopes of a point, for one section and for two: whole registers */

typedef struct goal {
    double s[POINTS], c[POINTS];              /* angles */
    double db[POINTS], per_tolerance[POINTS]; /* target; 1 / allowed error */
} goal;

typedef struct fit {
    size_t sections;
    bool fixed;       /* the first section's zeros do not move */
    double z1, z2;    /* they are 1 + z1/z + z2/z^2 */
    double x[PARAMS]; /* gain in dB; a section has two reflection coefficients of its poles, two of its zeros */
} fit;

static double level_db(double power) /* never infinite: a point may lie in the middle of a notch */
{
    return td_power_db(fmax(power, 1e-30));
}

/* Half the points spread evenly in octaves from 20 Hz, half in Hz, up to 20 kHz or what the rate has room for. */
static void goal_set(goal *g, const td_prototype *p, double rate_hz)
{
    double top_hz = fmin(20000, 0.4308 * rate_hz), octaves = td_log2(top_hz / 20);
    for (int i = 0; i < POINTS; i++) {
        double part = 2.0 * (i % (POINTS / 2) + 1) / POINTS;
        double freq_hz = i < POINTS / 2 ? 20 * td_exp2(octaves * part) : top_hz * part;
        angle w = angle_of(freq_hz, rate_hz);
        g->s[i] = w.s;
        g->c[i] = w.c;
        g->db[i] = level_db(td_prototype_power(p, freq_hz));
        double allowed_db = freq_hz <= rate_hz / 8 ? 0.01 : 0.1;
        if (g->db[i] < -40) allowed_db *= td_exp10((-40 - g->db[i]) / 40); /* what is hardly heard may err more */
        g->per_tolerance[i] = 1 / allowed_db;
    }
}

/* level_db of every point; may be the same array. */
TD_WIDE static void point_levels(const double *power, double *db)
{
    for (int p = 0; p < POINTS; p++) db[p] = power[p] > 1e-30 ? power[p] : 1e-30;
    td_log10_row(db, db, POINTS);
    for (int p = 0; p < POINTS; p++) db[p] *= 10;
}

TD_WIDE static void point_powers(const goal *g, const td_biquad *b, size_t sections, double *power)
{
    for (int p = 0; p < POINTS; p++) power[p] = 1;
    for (size_t k = 0; k < sections; k++) {
        td_biquad own = b[k];
        for (int p = 0; p < POINTS; p++) power[p] *= section_power(&own, (angle){ g->s[p], g->c[p] });
    }
}

static double worst_of(const goal *g, const td_biquad *b, size_t sections)
{
    double worst = 0, db[POINTS];
    point_powers(g, b, sections, db);
    point_levels(db, db);
    for (int p = 0; p < POINTS; p++) {
        double error = fabs(db[p] - g->db[p]) * g->per_tolerance[p];
        worst = error <= worst ? worst : error; /* NaN counts as worst */
    }
    return worst;
}

static double reflection(double coefficient)
{
    double k = td_clamp(coefficient, -1 + 1e-9, 1 - 1e-9);
    return 0.5 * td_log((1 + k) / (1 - k));
}

static void to_reflections(double c1, double c2, double *u)
{
    u[0] = reflection(c1 / (1 + c2));
    u[1] = reflection(c2);
}

static void from_reflections(const double *u, double *c1, double *c2)
{
    *c2 = td_tanh(u[1]);
    *c1 = td_tanh(u[0]) * (1 + *c2);
}

static void fit_sections(const fit *f, td_biquad *b)
{
    for (size_t k = 0; k < f->sections; k++) {
        const double *x = f->x + 1 + 4 * k;
        double gain = k ? 1 : td_from_db(f->x[0]), z1 = f->z1, z2 = f->z2;
        from_reflections(x, &b[k].a1, &b[k].a2);
        if (k || !f->fixed) from_reflections(x + 2, &z1, &z2);
        b[k].b0 = gain;
        b[k].b1 = gain * z1;
        b[k].b2 = gain * z2;
    }
}

typedef struct search {
    fit now;
    double damping;
    double fixed_db[POINTS]; /* of zeros that do not move */
    double weight[POINTS], error[POINTS], slope[POINTS][ROW];
} search;

/* What a polynomial of these reflections has for power, and how its level in dB changes with each. */
TD_WIDE static void polynomial_powers(double k1, double k2, const goal *g, double *power, double *slope1,
                                      double *slope2)
{
    static const double per_neper = 4.342944819032518; /* 10 / ln 10 */
    double c1 = k1 * (1 + k2), c2 = k2, at_dc = 1 + c1 + c2, at_nyquist = 1 - c1 + c2;
    for (int p = 0; p < POINTS; p++) {
        angle w = { g->s[p], g->c[p] };
        double d1 = 2 * (at_dc * w.c - at_nyquist * w.s), d2 = 2 * (at_dc * w.c + at_nyquist * w.s) - 16 * w.s * w.c;
        power[p] = digital_power(1, c1, c2, w);
        slope1[p] = per_neper / power[p] * d1 * (1 - k1 * k1) * (1 + k2);
        slope2[p] = per_neper / power[p] * (d1 * k1 + d2) * (1 - k2 * k2);
    }
}

/* Adds a polynomial's level to db, or with sign -1 takes it away, and notes its two slopes from place i on. */
static void add_polynomial(search *s, const goal *g, size_t i, double sign, double *db)
{
    double level[POINTS], slope1[POINTS], slope2[POINTS];
    polynomial_powers(td_tanh(s->now.x[i]), td_tanh(s->now.x[i + 1]), g, level, slope1, slope2);
    point_levels(level, level);
    for (int p = 0; p < POINTS; p++) {
        db[p] += sign * level[p];
        s->slope[p][i] = sign * slope1[p] * g->per_tolerance[p];
        s->slope[p][i + 1] = sign * slope2[p] * g->per_tolerance[p];
    }
}

/* Errors of all points and their slopes. */
static void fit_errors(search *s, const goal *g)
{
    double db[POINTS];
    for (int p = 0; p < POINTS; p++) db[p] = s->now.x[0];
    for (size_t i = 1; i < 1 + 4 * s->now.sections; i += 4) {
        add_polynomial(s, g, i, -1, db);
        if (i == 1 && s->now.fixed)
            for (int p = 0; p < POINTS; p++) db[p] += s->fixed_db[p];
        else
            add_polynomial(s, g, i + 2, 1, db);
    }
    for (int p = 0; p < POINTS; p++) {
        s->error[p] = (db[p] - g->db[p]) * g->per_tolerance[p];
        s->slope[p][0] = g->per_tolerance[p];
    }
}

static double weighted(const double *error, const double *weight)
{
    double sum = 0;
    for (int p = 0; p < POINTS; p++) sum += weight[p] * error[p] * error[p];
    return sum;
}

static inline __attribute__((always_inline)) void add_products(const search *s, size_t n, size_t row,
                                                               double (*normal)[ROW], double *down)
{
    for (int p = 0; p < POINTS; p++)
        for (size_t i = 0; i < n; i++) {
            double v = s->weight[p] * s->slope[p][i];
            down[i] -= v * s->error[p];
            for (size_t j = 0; j < row; j++) normal[i][j] += v * s->slope[p][j];
        }
}

/* The sums that least squares are solved from: what a row has behind its diagonal is for the registers' sake. */
TD_WIDE static void normal_equations(const search *s, size_t n, double (*normal)[ROW], double *down)
{
    if (n <= HALF)
        add_products(s, n, HALF, normal, down);
    else
        add_products(s, n, ROW, normal, down);
}

/* One step downhill; false when none was found. */
static bool search_step(search *s, const goal *g)
{
    double normal[PARAMS][ROW] = { { 0 } }, down[PARAMS] = { 0 };
    size_t n = 1 + 4 * s->now.sections;
    normal_equations(s, n, normal, down);
    double before = weighted(s->error, s->weight);
    for (int attempt = 0; attempt < 6; attempt++, s->damping *= 5) {
        double a[PARAMS * PARAMS], step[PARAMS];
        for (size_t i = 0; i < n; i++) memcpy(a + i * n, normal[i], n * sizeof *a);
        memcpy(step, down, sizeof step);
        for (size_t i = 0; i < n; i++) a[i * n + i] += s->damping * a[i * n + i] + 1e-9; /* those that stand still */
        if (!td_solve(a, step, n)) continue;
        fit last = s->now;
        for (size_t i = 0; i < n; i++) s->now.x[i] += td_clamp(step[i], -1, 1);
        fit_errors(s, g);
        if (weighted(s->error, s->weight) < before) {
            s->damping = fmax(0.3 * s->damping, 1e-12);
            return true;
        }
        s->now = last;
    }
    fit_errors(s, g);
    return false;
}

/* Draws the weights to where the error is largest (Lawson 1961). */
static void search_reweight(search *s)
{
    double most = 0, sum = 0;
    for (int p = 0; p < POINTS; p++) most = fmax(most, fabs(s->error[p]));
    for (int p = 0; p < POINTS; p++) sum += s->weight[p] *= 0.05 + fabs(s->error[p]) / most;
    for (int p = 0; p < POINTS; p++) s->weight[p] *= POINTS / sum;
}

#define GOOD 0.5 /* of what is allowed */

/* Improves out where it can; returns its worst error, 1 being what is allowed. */
static double refine(const goal *g, fit *start, td_biquad *out)
{
    search s = { .now = *start, .damping = 1e-3 };
    double power[POINTS];
    for (int p = 0; p < POINTS; p++) power[p] = digital_power(1, start->z1, start->z2, (angle){ g->s[p], g->c[p] });
    point_levels(power, s.fixed_db);
    fit_sections(start, out);
    double best = worst_of(g, out, start->sections);
    for (int p = 0; p < POINTS; p++) s.weight[p] = 1;
    fit_errors(&s, g);
    for (int round = 0; round < ROUNDS && !(best <= GOOD); round++) {
        for (int i = 0; i < STEPS; i++)
            if (!search_step(&s, g)) break;
        if (s.damping > 1e6) s.damping = 1e-3;
        td_biquad tried[TD_MATCH_MAX];
        fit_sections(&s.now, tried);
        double worst = worst_of(g, tried, s.now.sections);
        if (worst < best || best != best) {
            best = worst;
            *start = s.now;
            memcpy(out, tried, sizeof tried);
        }
        search_reweight(&s);
    }
    return best;
}

static size_t match(const td_prototype *p, double rate_hz, td_biquad *out)
{
    goal g;
    goal_set(&g, p, rate_hz);
    out[0] = closed_form(p, rate_hz);
    if (worst_of(&g, out, 1) <= GOOD) return 1;
    fit f = { .sections = 1, .fixed = fixed_zeros(p), .z1 = out->b1 / out->b0, .z2 = out->b2 / out->b0 };
    f.x[0] = td_to_db(out->b0);
    to_reflections(out->a1, out->a2, f.x + 1);
    if (!f.fixed) to_reflections(f.z1, f.z2, f.x + 3);
    double one = refine(&g, &f, out);
    if (one <= GOOD) return 1;
    td_biquad two[TD_MATCH_MAX];
    f.sections = 2; /* the second begins as a wire: poles on zeros */
    to_reflections(0.2, 0.1, f.x + 5);
    to_reflections(0.2, 0.1, f.x + 7);
    if (!(refine(&g, &f, two) < one)) return 1;
    memcpy(out, two, sizeof two);
    return 2;
}

size_t td_biquad_match(const td_prototype *p, double rate_hz, td_biquad out[TD_MATCH_MAX])
{
    td_prototype upright = inverted_if(false, *p);
    size_t n = match(&upright, rate_hz, out);
    for (size_t i = 0; i < n && p->inverted; i++) {
        td_biquad b = out[i];
        out[i] = (td_biquad){ 1 / b.b0, b.a1 / b.b0, b.a2 / b.b0, b.b1 / b.b0, b.b2 / b.b0 };
    }
    return n;
}

td_biquad td_biquad_bilinear(const td_prototype *p, double rate_hz)
{
    const double *n = p->inverted ? p->d : p->n, *d = p->inverted ? p->n : p->d;
    double k = 1 / td_tan(TD_PI * fmin(p->freq_hz, 0.49 * rate_hz) / rate_hz);
    double n1 = n[1] * k, n2 = n[2] * k * k, d1 = d[1] * k, d2 = d[2] * k * k, a0 = d[0] + d1 + d2;
    if (n2 == 0 && d2 == 0) /* of first order; below a pole and a zero at -1 would cancel, but for rounding */
        return (td_biquad){ (n[0] + n1) / a0, (n[0] - n1) / a0, 0, (d[0] - d1) / a0, 0 };
    return (td_biquad){ (n[0] + n1 + n2) / a0, 2 * (n[0] - n2) / a0, (n[0] - n1 + n2) / a0, 2 * (d[0] - d2) / a0,
                        (d[0] - d1 + d2) / a0 };
}
