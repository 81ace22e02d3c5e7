#include "tests/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Reduction of the static curve (quadratic knee), dB. */
static double wanted(double level, double threshold, double ratio, double knee)
{
    double over = level - threshold;
    if (over <= -knee / 2) return 0;
    if (over < knee / 2) return (1 - 1 / ratio) * pow(over + knee / 2, 2) / (2 * knee);
    return (1 - 1 / ratio) * over;
}

static void static_curve(void **unused)
{
    (void)unused;
    for (int level = -60; level <= 0; level += 6) {
        double want = fmin(wanted(level, -30, 3, 6), 12);
        double cut = sound_moved_db(48000, "dynamic_eq", "at=1000 threshold=-30 ratio=3 knee=6 depth=12", 1000, level);
        double lift = sound_moved_db(48000, "dynamic_eq",
                                     "at=1000 threshold=-30 ratio=3 knee=6 depth=12 direction=lift", 1000, level);
        if (fabs(cut + want) > 0.05 || fabs(lift - want) > 0.05)
            fail_msg("at %d dBFS: %g and %g dB, not %g", level, cut, lift, want);
    }
}

static void other_bands_do_not_move_it(void **unused)
{
    (void)unused;
    assert_true(fabs(sound_moved_db(48000, "dynamic_eq", "at=1000 q=4 threshold=-30", 100, -6)) < 0.01);
}

/* A loud key drives it to full depth; what it then does to an impulse is the bell of that depth. */
static void full_depth_is_the_bell(void **unused)
{
    (void)unused;
    enum { FRAMES = 72000, AT = 36000 };
    td_unit_state *u = sound_unit(48000, "dynamic_eq", "at=4000 q=2 threshold=-60 ratio=inf depth=9");
    td_unit_state *bell = sound_unit(48000, "eq", "| bell at=4000 q=2 gain=-9");
    sound s = sound_new(FRAMES), key = sound_sine(FRAMES, 48000, 4000, 1);
    s.ch[0][AT] = s.ch[1][AT] = 1;
    sound_run_all(u, s, key, NULL, 0, 512);
    for (double f = 100; f < 20000; f *= 1.3) {
        double db = 20 * log10(cabs(sound_dft(s.ch[0] + AT, FRAMES - AT, f, 48000)));
        assert_true(fabs(db - 10 * log10(td_unit_power_at(bell, f))) < 0.01);
    }
    td_unit_free(u), td_unit_free(bell);
    sound_free(s), sound_free(key);
}

static void idle_passes(void **unused)
{
    (void)unused;
    static const char *const specs[] = { "threshold=0 knee=0", "shape=low_shelf at=200 threshold=0 knee=0",
                                         "shape=high_shelf at=8000 threshold=0 knee=0 direction=lift" };
    for (size_t i = 0; i < 3; i++) {
        td_unit_state *u = sound_unit(48000, "dynamic_eq", specs[i]);
        sound in = sound_noise(9000, 1, 0.1), out = sound_copy(in);
        sound_run(u, out);
        assert_true(sound_residual_db(in, out, 0) == -INFINITY);
        td_unit_free(u);
        sound_free(in), sound_free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(static_curve), cmocka_unit_test(other_bands_do_not_move_it),
                                        cmocka_unit_test(full_depth_is_the_bell), cmocka_unit_test(idle_passes) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
