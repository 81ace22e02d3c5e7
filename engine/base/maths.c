#include "engine/base/maths.h"

#include "engine/base/lanes.h"
#include <stdint.h>
#include <string.h>

#if defined __SSE2__
#include <xmmintrin.h>
#endif

/* Constants in two or three parts: the first parts end in zeros, so that a whole number times them is exact (the
 * reduction of Cody and Waite, 1980). The series are Taylor's, cut where the next term falls below 1e-17. */
#define LN2_HI    0x1.62e42fee00000p-1
#define LN2_LO    0x1.a39ef35793c76p-33
#define LN2       0x1.62e42fefa39efp-1
#define LN10      2.302585092994045684017991
#define LOG2_E    1.442695040888963407359925
#define LOG2_10   3.321928094887362347870319
#define LOG10_E   0.4342944819032518276511289
#define LOG10_2HI 0x1.3441350800000p-2
#define LOG10_2LO 0x1.f79fef311f12bp-34
#define PIO2_A    0x1.921fb40000000p+0
#define PIO2_B    0x1.4442d00000000p-24
#define PIO2_C    0x1.8469898cc5170p-48

static uint64_t bits_of(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static double from_bits(uint64_t u)
{
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

static double power_of_two(int k) /* -1022..1023 */
{
    return from_bits((uint64_t)(k + 1023) << 52);
}

static double scale(double x, int k) /* x * 2^k, once rounded; |k| <= 1100 */
{
    if (k > 1023) return x * 0x1p1023 * power_of_two(k - 1023);
    if (k < -1022) return x * power_of_two(k + 100) * power_of_two(-100);
    return x * power_of_two(k);
}

/* ---- exponentials ----------------------------------------------------------------------------------------------- */

static double exp_reduced(double r) /* |r| <= ln(2)/2 */
{
    double r2 = r * r;
    double p = 1.0 / 479001600 + r * (1.0 / 6227020800.0);
    p = 1.0 / 3628800 + r * (1.0 / 39916800) + r2 * p;
    p = 1.0 / 40320 + r * (1.0 / 362880) + r2 * p;
    p = 1.0 / 720 + r * (1.0 / 5040) + r2 * p;
    p = 1.0 / 24 + r * (1.0 / 120) + r2 * p;
    p = 1.0 / 2 + r * (1.0 / 6) + r2 * p;
    return 1 + (r + r2 * p);
}

double td_exp(double x)
{
    if (!(x < 709.79)) return x > 0 ? (double)INFINITY : x;
    if (x < -745.2) return 0;
    double k = rint(x * LOG2_E);
    return scale(exp_reduced((x - k * LN2_HI) - k * LN2_LO), (int)k);
}

double td_exp2(double x)
{
    if (!(x < 1024)) return x > 0 ? (double)INFINITY : x;
    if (x < -1075) return 0;
    double k = rint(x);
    return scale(exp_reduced((x - k) * LN2), (int)k);
}

double td_exp10(double x)
{
    if (!(x < 308.2547155599168)) return x > 0 ? (double)INFINITY : x;
    if (x < -323.7) return 0;
    double k = rint(x * LOG2_10);
    return scale(exp_reduced(((x - k * LOG10_2HI) - k * LOG10_2LO) * LN10), (int)k);
}

/* ---- logarithms ------------------------------------------------------------------------------------------------- */

/* x = 2^k (1 + f), with 1 + f from sqrt(1/2) to sqrt(2); x positive and finite. */
static int split(double x, double *f)
{
    int k = 0;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        k = -54;
    }
    uint64_t u = bits_of(x);
    uint64_t from_root = u - 0x3fe6a09e667f3bcdULL; /* sqrt(1/2) */
    int e = (int)((int64_t)from_root >> 52);
    *f = from_bits(u - ((uint64_t)e << 52)) - 1;
    return k + e;
}

/* atanh(s)/s - 1 in z = s^2, z <= 0.0295 */
static double atanh_tail(double z)
{
    double p = 1.0 / 21 + z * (1.0 / 23);
    p = 1.0 / 17 + z * (1.0 / 19) + z * z * p;
    p = 1.0 / 13 + z * (1.0 / 15) + z * z * p;
    p = 1.0 / 9 + z * (1.0 / 11) + z * z * p;
    p = 1.0 / 5 + z * (1.0 / 7) + z * z * p;
    return z * (1.0 / 3 + z * p);
}

/* ln(1 + f) = 2 atanh(s), s = f / (2 + f), written so that the leading term f is exact. */
static double log_reduced(double f)
{
    double s = f / (2 + f), half = 0.5 * f * f;
    return f - (half - s * (half + 2 * atanh_tail(s * s)));
}

/* What the logarithms give where there is nothing to compute: true, and *y. */
static int log_special(double x, double *y)
{
    if (x > 0 && x < (double)INFINITY) return 0;
    *y = x == 0 ? -(double)INFINITY : x > 0 ? x : (double)NAN;
    return 1;
}

double td_log(double x)
{
    double f, y;
    if (log_special(x, &y)) return y;
    int k = split(x, &f);
    return k * LN2_HI + (k * LN2_LO + log_reduced(f));
}

double td_log2(double x)
{
    double f, y;
    if (log_special(x, &y)) return y;
    int k = split(x, &f);
    return k + log_reduced(f) * LOG2_E;
}

double td_log10(double x)
{
    double f, y;
    if (log_special(x, &y)) return y;
    int k = split(x, &f);
    return k * LOG10_2HI + (k * LOG10_2LO + log_reduced(f) * LOG10_E);
}

TD_WIDE static void log10_row(const double *x, double *y, size_t n)
{
    const uint64_t sqrt_half = 0x3fe6a09e667f3bcdULL, one = 0x3ff0000000000000ULL, two52 = 0x4330000000000000ULL;
    for (size_t i = 0; i < n; i++) {
        uint64_t u = bits_of(x[i]), e = (u + (one - sqrt_half)) >> 52; /* as in split, without a branch */
        double k = from_bits(e | two52) - (0x1p52 + 1023), f = from_bits(u + one - (e << 52)) - 1;
        double log10 = k * LOG10_2HI + (k * LOG10_2LO + log_reduced(f) * LOG10_E);
        y[i] = x[i] < (double)INFINITY ? log10 : x[i];
    }
}

void td_log10_row(const double *x, double *y, size_t n)
{
    log10_row(x, y, n);
}

/* A number as the sum of two doubles, for td_pow alone: its logarithm needs more digits than the result has. */
typedef struct pair {
    double hi, lo;
} pair;

static pair pair_sum(double a, double b) /* |a| >= |b| */
{
    double s = a + b;
    return (pair){ s, b - (s - a) };
}

static pair pair_product(double a, double b) /* Dekker 1971; below 2^990 */
{
    double ca = a * 134217729.0, cb = b * 134217729.0; /* 2^27 + 1 */
    double ah = ca - (ca - a), bh = cb - (cb - b), al = a - ah, bl = b - bh, p = a * b;
    return (pair){ p, ((ah * bh - p) + ah * bl + al * bh) + al * bl };
}

static pair log_pair(double x)
{
    double f;
    int k = split(x, &f);
    double d = 2 + f, s = f / d;
    pair q = pair_product(s, d);
    double s_lo = (((f - q.hi) - q.lo) - s * (f - (d - 2))) / d;
    pair sum = pair_sum(k * LN2_HI, 2 * s);
    if (k == 0) sum = (pair){ 2 * s, 0 };
    return pair_sum(sum.hi, sum.lo + (2 * s_lo + (k * LN2_LO + 2 * s * atanh_tail(s * s))));
}

double td_pow(double x, double y)
{
    if (y == 0 || x == 1) return 1;
    if (!(x >= 0) || isnan(y)) return (double)NAN;
    if (x == 0) return y > 0 ? 0 : (double)INFINITY;
    if (isinf(x)) return y > 0 ? x : 0;
    pair l = log_pair(x);
    if (fabs(y * l.hi) > 800 || fabs(y) > 0x1p500) return td_exp(y * l.hi);
    pair p = pair_product(y, l.hi);
    double e = td_exp(p.hi);
    return isinf(e) ? e : e + e * (p.lo + y * l.lo);
}

/* ---- circle ----------------------------------------------------------------------------------------------------- */

static double sin_reduced(double r, double lo) /* |r| <= pi/4, lo the digits r has no room for */
{
    double z = r * r;
    double p = 1.0 / 6227020800.0 - z * (1.0 / 1307674368000.0 - z * (1.0 / 355687428096000.0));
    p = 1.0 / 362880 - z * (1.0 / 39916800 - z * p);
    p = 1.0 / 6 - z * (1.0 / 120 - z * (1.0 / 5040 - z * p));
    return r + (lo * (1 - 0.5 * z) - r * z * p);
}

static double cos_reduced(double r, double lo)
{
    double z = r * r;
    double p = 1.0 / 479001600 - z * (1.0 / 87178291200.0 - z * (1.0 / 20922789888000.0));
    p = 1.0 / 40320 - z * (1.0 / 3628800 - z * p);
    p = 1.0 / 24 - z * (1.0 / 720 - z * p);
    double half = 0.5 * z, w = 1 - half;
    return w + (((1 - w) - half) + (z * z * p - r * lo));
}

/* x - n pi/2; returns n modulo 4. */
static int quadrant(double x, double *r, double *lo)
{
    double n = rint(x * (2 / TD_PI));
    double a = x - n * PIO2_A, b = n * PIO2_B, y = a - b;
    double rest = (a - y) - b - n * PIO2_C;
    *r = y + rest;
    *lo = rest - (*r - y);
    return (int)((int64_t)n & 3);
}

double td_sin(double x)
{
    double r, lo;
    if (!(fabs(x) <= 1e9)) return (double)NAN;
    int q = quadrant(x, &r, &lo);
    double y = q & 1 ? cos_reduced(r, lo) : sin_reduced(r, lo);
    return q & 2 ? -y : y;
}

double td_cos(double x)
{
    double r, lo;
    if (!(fabs(x) <= 1e9)) return (double)NAN;
    int q = quadrant(x, &r, &lo);
    double y = q & 1 ? sin_reduced(r, lo) : cos_reduced(r, lo);
    return q == 1 || q == 2 ? -y : y;
}

double td_tan(double x)
{
    double r, lo;
    if (!(fabs(x) <= 1e9)) return (double)NAN;
    int q = quadrant(x, &r, &lo);
    double s = sin_reduced(r, lo), c = cos_reduced(r, lo);
    return q & 1 ? -c / s : s / c;
}

/* atan(x) = atan(k/8) + atan((x - k/8) / (1 + x k/8)), the last within 1/16. */
static double atan_to_one(double x) /* 0..1 */
{
    static const double eighth[] = {
        0,
        0.1243549945467614350313548,
        0.2449786631268641541720825,
        0.3587706702705722203959201,
        0.4636476090008061162142562,
        0.5585993153435624359715082,
        0.6435011087932843868028092,
        0.7188299996216245054170142,
        0.7853981633974483096156608,
    };
    int k = (int)(8 * x + 0.5);
    double c = 0.125 * k, t = (x - c) / (1 + x * c), z = t * t;
    double p = 1.0 / 7 - z * (1.0 / 9 - z * (1.0 / 11 - z * (1.0 / 13)));
    return eighth[k] + (t - t * z * (1.0 / 3 - z * (1.0 / 5 - z * p)));
}

double td_atan(double x)
{
    double a = fabs(x);
    double y = a <= 1 ? atan_to_one(a) : a > 1 ? TD_PI / 2 - atan_to_one(1 / a) : a;
    return copysign(y, x);
}

double td_atan2(double y, double x)
{
    double ay = fabs(y), ax = fabs(x);
    double a = ay == ax && ax > 0   ? TD_PI / 4
               : ay == 0 && ax == 0 ? 0
               : ay > ax            ? TD_PI / 2 - td_atan(ax / ay)
                                    : td_atan(ay / ax);
    return copysign(signbit(x) ? TD_PI - a : a, y);
}

/* ---- hyperbola -------------------------------------------------------------------------------------------------- */

static double sinh_to_one(double x) /* |x| <= 1: the exponentials would cancel */
{
    double z = x * x;
    double p = 1.0 / 1307674368000.0 + z * (1.0 / 355687428096000.0 + z * (1.0 / 121645100408832000.0));
    p = 1.0 / 362880 + z * (1.0 / 39916800 + z * (1.0 / 6227020800.0 + z * p));
    p = 1.0 / 6 + z * (1.0 / 120 + z * (1.0 / 5040 + z * p));
    return x + x * z * p;
}

double td_cosh(double x)
{
    double a = fabs(x), e = td_exp(a > 30 ? 0.5 * a : a);
    return a > 30 ? 0.5 * e * e : 0.5 * (e + 1 / e);
}

double td_tanh(double x)
{
    double a = fabs(x);
    if (a <= 1) {
        double s = sinh_to_one(x);
        return s / sqrt(1 + s * s);
    }
    return copysign(1 - 2 / (td_exp(2 * a) + 1), x);
}

double td_bessel_i0(double x)
{
    double term = 1, sum = 1;
    for (int k = 1; term > 1e-18 * sum; k++) {
        term *= x * x / (4.0 * k * k);
        sum += term;
    }
    return sum;
}

/* ---- denormals -------------------------------------------------------------------------------------------------- */

#if defined __SSE2__

unsigned td_denormals_off(void)
{
    unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040); /* flush to zero, denormals are zero */
    return before;
}

void td_denormals_restore(unsigned before)
{
    _mm_setcsr(before);
}

#elif defined __aarch64__

unsigned td_denormals_off(void)
{
    uint64_t before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(before | (uint64_t)1 << 24)); /* FZ */
    return (unsigned)before;
}

void td_denormals_restore(unsigned before)
{
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)before));
}

#else

unsigned td_denormals_off(void)
{
    return 0;
}

void td_denormals_restore(unsigned before)
{
    (void)before;
}

#endif
