#include "tests/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void idle_sum_is_flat(void **unused)
{
    (void)unused;
    static const char *const specs[] = {
        "crossovers=120,700 | band ratio=1 | band ratio=1 | band ratio=1",
        "| band ratio=1 | band ratio=1",
        "crossovers=500,1000,2000 | band ratio=1 | band ratio=1 | band ratio=1 | band ratio=1",
        "| band ratio=1 | band ratio=1 | band ratio=1 | band ratio=1 | band ratio=1",
        "phase=linear | band ratio=1 | band ratio=1 | band ratio=1",
    };
    for (size_t k = 0; k < sizeof specs / sizeof *specs; k++) {
        td_unit_state *u = sound_unit(48000, "multiband", specs[k]);
        sound s = sound_impulse(td_unit_latency(u) + td_unit_tail(u) + 1000, 1);
        sound_run(u, s);
        for (double f = 20; f < 23000; f *= 1.2)
            assert_true(fabs(20 * log10(cabs(sound_dft(s.ch[0], s.frames, f, 48000)))) < 0.001);
        td_unit_free(u);
        sound_free(s);
    }
}

static void near(double is, double want, double within)
{
    if (!(fabs(is - want) <= within)) fail_msg("%g, not %g", is, want);
}

/* Far from crossovers, where one band has all of a sine. */
static void bands_move_alone(void **unused)
{
    (void)unused;
#define THREE " | band ratio=2 threshold=-20 knee=0 | band ratio=1 | band ratio=4 threshold=-30 knee=0 makeup=3"
    static const char *const specs[] = { "crossovers=200,3000" THREE, "phase=linear crossovers=200,3000" THREE };
    for (size_t i = 0; i < 2; i++) {
        near(sound_moved_db(48000, "multiband", specs[i], 30, -10), -5, 0.05);
        near(sound_moved_db(48000, "multiband", specs[i], 800, -10), 0, 0.05);
        near(sound_moved_db(48000, "multiband", specs[i], 15000, -10), -15 + 3, 0.05);
    }
}

/* R (1 - exp(-c / R)), down or up. */
static void range_bounds(void **unused)
{
    (void)unused;
    for (int level = -20; level <= 0; level += 5) {
        double c = 0.5 * (level + 20), want = 3 * (1 - exp(-c / 3));
        near(sound_moved_db(48000, "multiband", "| band ratio=2 threshold=-20 knee=0 range=-3 | band", 20, level),
             -want, 0.03);
        near(sound_moved_db(48000, "multiband", "| band ratio=2 threshold=-20 knee=0 range=3 | band", 20, level), want,
             0.03);
    }
}

static void refuses(const char *spec, const char *word)
{
    td_error err = { 0 };
    assert_null(sound_try(48000, td_processor_find("multiband"), spec, &err));
    assert_int_equal(err.status, TD_RECIPE);
    if (!strstr(err.what, word)) fail_msg("%s: %s", spec, err.what);
}

static void counts_have_to_fit(void **unused)
{
    (void)unused;
    refuses("| band", "2 to 5");
    refuses("| band | band | band | band | band | band", "2 to 5");
    refuses("crossovers=100,1000,2000 | band | band", "2 bands meet at 1");
    refuses("crossovers=1000,100 | band | band | band", "rise");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(idle_sum_is_flat), cmocka_unit_test(bands_move_alone),
                                        cmocka_unit_test(range_bounds), cmocka_unit_test(counts_have_to_fit) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
