#include "tests/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void takes_dc_out(void **unused)
{
    (void)unused;
    td_unit_state *u = sound_unit(48000, "dc_filter", "");
    sound s = sound_sine(96000, 48000, 440, 0.5);
    for (size_t i = 0; i < s.frames; i++) s.ch[0][i] += 0.25f, s.ch[1][i] -= 0.125f;
    sound_run(u, s);
    for (unsigned c = 0; c < 2; c++) {
        double mean = 0; /* over whole periods, at the end */
        for (size_t i = s.frames - 48000; i < s.frames; i++) mean += (double)s.ch[c][i] / 48000;
        assert_true(fabs(mean) < 1e-6);
    }
    td_unit_free(u);
    sound_free(s);
}

/* First order: 1 / (1 + (3 Hz / f)^2). */
static void leaves_the_rest(void **unused)
{
    (void)unused;
    td_unit_state *u = sound_unit(48000, "dc_filter", "at=3");
    for (double f = 3; f < 20000; f *= 2)
        assert_true(fabs(10 * log10(td_unit_power_at(u, f) * (1 + 9 / (f * f)))) < 0.001);
    td_unit_free(u);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(takes_dc_out), cmocka_unit_test(leaves_the_rest) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
