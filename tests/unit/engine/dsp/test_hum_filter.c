#include "tests/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static double db_at(const char *spec, double freq_hz)
{
    td_unit_state *u = sound_unit(48000, "hum_filter", spec);
    double db = 10 * log10(td_unit_power_at(u, freq_hz));
    td_unit_free(u);
    return db;
}

static void takes_tones_out(void **unused)
{
    (void)unused;
    for (int i = 1; i <= 6; i++) assert_true(fabs(db_at("at=50 harmonics=6 depth=40", 50 * i) + 40) < 0.2);
    assert_true(db_at("at=50 harmonics=6", 350) > -0.2);
    assert_true(fabs(db_at("at=59.94 harmonics=3 depth=12", 3 * 59.94) + 12) < 0.2);
}

/* One notch with a floor g: |H|^2 = (1 + (g v)^2) / (1 + v^2) in v = f f0 / (q (f^2 - f0^2)) turned over. */
static void formula(void **unused)
{
    (void)unused;
    double g = pow(10, -20 / 20.0), q = 30;
    for (double f = 30; f < 5000; f *= 1.07) {
        double bend = q * (f / 60 - 60 / f), want = (bend * bend + g * g) / (bend * bend + 1);
        assert_true(fabs(db_at("at=60 harmonics=1 depth=20 q=30", f) - 10 * log10(want)) < 0.01);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(takes_tones_out), cmocka_unit_test(formula) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
