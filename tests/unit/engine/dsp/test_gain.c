#include "tests/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void decibels(void **unused)
{
    (void)unused;
    for (double db = -60; db <= 24; db += 1.5) {
        char spec[32];
        snprintf(spec, sizeof spec, "gain=%g", db);
        td_unit_state *u = sound_unit(48000, "gain", spec);
        sound s = sound_impulse(1, 0.5);
        sound_run(u, s);
        assert_true(fabs(20 * log10((double)s.ch[0][0] / 0.5) - db) < 1e-6 && s.ch[0][0] == s.ch[1][0]);
        assert_true(fabs(10 * log10(td_unit_power_at(u, 1000)) - db) < 1e-6);
        td_unit_free(u);
        sound_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(decibels) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
