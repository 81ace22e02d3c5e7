/* The exciter adds what it says, where it says, and leaves the rest alone. */
#include "engine/base/maths.h"
#include "tests/bent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { RATE = 48000, FRAMES = 48000, HALF = FRAMES / 2 };

static double db(double x)
{
    return 20 * log10(x);
}

/* A sine in the band, loud or soft: its second or third harmonic at the asked level, itself as before. The cut is 24
 * dB/oct below 3 kHz; at 5 kHz the band has 0.03 dB less. */
static void adds_one_harmonic(void **unused)
{
    (void)unused;
    for (double level_db = -50; level_db <= 0; level_db += 25)
        for (int odd = 0; odd <= 100; odd += 100) {
            char spec[64];
            snprintf(spec, sizeof spec, "odd=%d amount=-20", odd);
            sound s = sound_through(RATE, "exciter", spec, sound_sine(FRAMES, RATE, 5000, pow(10, level_db / 20)));
            double one = db(sound_amplitude(s.ch[0] + HALF, HALF, 5000, RATE));
            double two = db(sound_amplitude(s.ch[0] + HALF, HALF, 10000, RATE));
            double three = db(sound_amplitude(s.ch[0] + HALF, HALF, 15000, RATE));
            assert_true(fabs(one - level_db) < 0.5);
            assert_true(fabs((odd ? three : two) - level_db + 20) < 0.7);
            assert_true((odd ? two : three) - level_db < -50);
            sound_free(s);
        }
}

/* Below the band nothing is added, and the sound passes late by the latency. */
static void leaves_the_rest(void **unused)
{
    (void)unused;
    td_unit_state *u = sound_unit(RATE, "exciter", "at=6000 amount=-3");
    sound before = sound_sine(FRAMES, RATE, 200, 0.5), after = sound_copy(before);
    sound_run(u, after);
    assert_true(sound_residual_db(before, after, td_unit_latency(u)) < -80);
    td_unit_free(u);
    sound_free(before), sound_free(after);
}

static void aliases(void **unused)
{
    (void)unused;
    for (int two = 0; two < 2; two++) {
        sound s = sound_through(RATE, "exciter", "at=2000 amount=-3 odd=100", alias_tones(FRAMES, RATE, two, 0.9));
        assert_true(alias_db(s, RATE, two) < (two ? -70 : -90));
        sound_free(s);
    }
}

int main(void)
{
    td_denormals_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_one_harmonic),
        cmocka_unit_test(leaves_the_rest),
        cmocka_unit_test(aliases),
    };
    return cmocka_run_group_tests_name("exciter", tests, NULL, NULL);
}
