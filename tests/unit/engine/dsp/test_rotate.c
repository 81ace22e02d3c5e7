#include "tests/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void turns(void **unused)
{
    (void)unused;
    for (int angle = -90; angle <= 90; angle += 15) {
        char spec[32];
        snprintf(spec, sizeof spec, "angle=%d", angle);
        td_unit_state *u = sound_unit(48000, "rotate", spec);
        sound in = sound_noise(500, 1, 0.5), out = sound_copy(in);
        sound_run(u, out);
        double c = cos(angle * M_PI / 180), s = sin(angle * M_PI / 180);
        for (size_t i = 0; i < in.frames; i++) {
            double l = (double)in.ch[0][i], r = (double)in.ch[1][i];
            assert_true(fabs((double)out.ch[0][i] - (c * l - s * r)) < 1e-7);
            assert_true(fabs((double)out.ch[1][i] - (s * l + c * r)) < 1e-7);
        }
        td_unit_free(u);
        sound_free(in), sound_free(out);
    }
}

static void middle_goes_right(void **unused)
{
    (void)unused;
    td_unit_state *u = sound_unit(48000, "rotate", "angle=45");
    sound s = sound_impulse(1, 0.5);
    sound_run(u, s);
    assert_true(fabs((double)s.ch[0][0]) < 1e-7 && fabs((double)s.ch[1][0] - sqrt(0.5)) < 1e-7);
    td_unit_free(u);
    sound_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(turns), cmocka_unit_test(middle_goes_right) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
