/* Against the long double functions of libm: 64 bits of mantissa on x86-64, so their error is not ours. */
#include "engine/base/maths.h"
#include "engine/base/random.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static long double exp10_long(long double x)
{
    return powl(10, x);
}

static const struct {
    const char *name;
    double (*ours)(double);
    long double (*theirs)(long double);
    double min, max, limit;
} functions[] = {
    { "exp", td_exp, expl, -700, 700, 1e-15 },
    { "exp2", td_exp2, exp2l, -1000, 1000, 1e-15 },
    { "exp10", td_exp10, exp10_long, -300, 300, 1e-15 },
    { "log", td_log, logl, 0.01, 20, 1e-15 },
    { "log2", td_log2, log2l, 0.01, 20, 1e-15 },
    { "log10", td_log10, log10l, 0.01, 20, 1e-15 },
    { "log", td_log, logl, 0.999, 1.001, 1e-15 },
    { "log10", td_log10, log10l, 0, 1e300, 1e-15 },
    { "sin", td_sin, sinl, -10, 10, 1e-15 },
    { "sin", td_sin, sinl, -1e6, 1e6, 1e-15 },
    { "cos", td_cos, cosl, -10, 10, 1e-15 },
    { "cos", td_cos, cosl, -1e9, 1e9, 1e-15 },
    { "tan", td_tan, tanl, -10, 10, 1e-15 },
    { "atan", td_atan, atanl, -10, 10, 1e-15 },
    { "atan", td_atan, atanl, -1e9, 1e9, 1e-15 },
    { "cosh", td_cosh, coshl, -600, 600, 1e-15 },
    { "tanh", td_tanh, tanhl, -5, 5, 1e-15 },
    { "tanh", td_tanh, tanhl, -1e-6, 1e-6, 1e-15 },
};

static double relative(double ours, long double theirs)
{
    return theirs == 0 ? fabs(ours) : (double)fabsl((ours - theirs) / theirs);
}

static void digits(void **unused)
{
    (void)unused;
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
        td_random r;
        td_random_seed(&r, f);
        double worst = 0;
        for (int i = 0; i < 20000; i++) {
            double u = td_random_uniform(&r) + 0.5;
            double x = functions[f].min + u * (functions[f].max - functions[f].min);
            worst = fmax(worst, relative(functions[f].ours(x), functions[f].theirs(x)));
        }
        printf("%-6s %10g to %-10g worst relative error %.2e\n", functions[f].name, functions[f].min, functions[f].max,
               worst);
        assert_true(worst < functions[f].limit);
    }
}

static void powers(void **unused)
{
    (void)unused;
    td_random r;
    td_random_seed(&r, 99);
    double worst = 0;
    for (int i = 0; i < 50000; i++) {
        double x = td_exp(20 * td_random_uniform(&r)), y = 100 * td_random_uniform(&r);
        worst = fmax(worst, relative(td_pow(x, y), powl(x, y)));
    }
    printf("pow worst relative error %.2e\n", worst);
    assert_true(worst < 1e-15);
    assert_true(td_pow(0, 2) == 0 && isinf(td_pow(0, -1)) && td_pow(7, 0) == 1 && td_pow(2, 10) == 1024);
    assert_true(isnan(td_pow(-2, 2)) && isinf(td_pow(1e200, 2)) && td_pow(1e-200, 2) == 0);
}

static void angles(void **unused)
{
    (void)unused;
    for (int y = -8; y <= 8; y++)
        for (int x = -8; x <= 8; x++) {
            if (x == 0 && y == 0) continue;
            assert_true(relative(td_atan2(0.3 * y, 0.7 * x), atan2l(0.3 * y, 0.7 * x)) < 1e-15);
        }
    assert_true(td_atan2(0.0, -1.0) == TD_PI && td_atan2(-0.0, -1.0) == -TD_PI && td_atan2(0, 0) == 0);
}

/* Edges: the same as math.h gives. */
static void edges(void **unused)
{
    (void)unused;
    assert_true(isinf(td_exp(710)) && td_exp(-746) == 0 && td_exp(0) == 1 && td_exp(-INFINITY) == 0);
    assert_true(isinf(td_exp2(1024)) && td_exp2(-1074) == 0x1p-1074 && td_exp2(-3) == 0.125);
    assert_true(td_exp10(-400) == 0 && isinf(td_exp10(400)) && td_exp10(0) == 1);
    assert_true(isnan(td_exp(NAN)) && isnan(td_log(NAN)) && isnan(td_sin(NAN)) && isnan(td_atan(NAN)));
    assert_true(isinf(td_log(0)) && td_log(0) < 0 && isnan(td_log10(-1)) && isinf(td_log2(INFINITY)) && td_log(1) == 0);
    assert_true(td_log2(0x1p-1074) == -1074 && td_log2(8) == 3);
    assert_true(td_tanh(400) == 1 && td_tanh(-400) == -1 && isinf(td_cosh(-711)));
    assert_true(relative(td_exp(709.5), expl(709.5)) < 1e-15 && relative(td_exp(-720), expl(-720)) < 1e-9);
    assert_true(signbit(td_atan(-0.0)) && td_sin(0) == 0);
}

/* Table 9.8 of Abramowitz and Stegun; 12 and 20 by the integral over a circle in 30 digits. */
static void bessel(void **unused)
{
    (void)unused;
    assert_true(td_bessel_i0(0) == 1 && relative(td_bessel_i0(1), 1.26606587775200833559824L) < 1e-15);
    assert_true(relative(td_bessel_i0(12), 18948.92534929630886121L) < 1e-15);
    assert_true(relative(td_bessel_i0(-20), 43558282.55955353327211L) < 1e-15);
}

static void denormals(void **unused)
{
    (void)unused;
    volatile double tiny = 0x1p-1000, factor = 0x1p-60;
    assert_true(tiny * factor > 0);
    unsigned before = td_denormals_off();
    double off = tiny * factor;
    td_denormals_restore(before);
    assert_true(off == 0 && tiny * factor > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits), cmocka_unit_test(powers), cmocka_unit_test(angles),
        cmocka_unit_test(edges),  cmocka_unit_test(bessel), cmocka_unit_test(denormals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
