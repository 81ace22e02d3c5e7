#include "tests/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Gains of both sides at a position, dB; -INFINITY is silence. */
static void gains(const char *spec, double *left, double *right)
{
    td_unit_state *u = sound_unit(48000, "pan", spec);
    sound s = sound_impulse(1, 1);
    sound_run(u, s);
    *left = 20 * log10((double)s.ch[0][0]);
    *right = 20 * log10((double)s.ch[1][0]);
    td_unit_free(u);
    sound_free(s);
}

static void near(const char *spec, double left_db, double right_db)
{
    double left, right;
    gains(spec, &left, &right);
    bool l = isinf(left_db) ? left < -140 : fabs(left - left_db) < 0.001;
    bool r = isinf(right_db) ? right < -140 : fabs(right - right_db) < 0.001;
    if (!l || !r) fail_msg("%s: %g and %g dB", spec, left, right);
}

/* Consoles print their laws with the centre at -3, -4.5, -6 dB; here the centre is 0 dB. */
static void laws(void **unused)
{
    (void)unused;
    double three = 20 * log10(sqrt(2)), six = 20 * log10(2);
    near("position=-100", three, -INFINITY);
    near("position=-50", 20 * log10(cos(M_PI / 8)) + three, 20 * log10(sin(M_PI / 8)) + three);
    near("position=100 law=linear", -INFINITY, six);
    near("position=50 law=linear", 20 * log10(0.5), 20 * log10(1.5));
    near("position=-100 law=compromise", (three + six) / 2, -INFINITY);
    near("position=50 law=balance", 20 * log10(0.5), 0);
    near("position=0 law=balance", 0, 0);
}

static void power_is_kept(void **unused)
{
    (void)unused;
    for (int p = -99; p < 100; p += 9) {
        char spec[32];
        double left, right;
        snprintf(spec, sizeof spec, "position=%d", p);
        gains(spec, &left, &right);
        assert_true(fabs(10 * log10((pow(10, left / 10) + pow(10, right / 10)) / 2)) < 0.001);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(laws), cmocka_unit_test(power_is_kept) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
