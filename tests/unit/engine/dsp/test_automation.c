#include "tests/sound.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RATE 48000.0

/* What a constant becomes. */
static sound moved(const char *points, size_t n)
{
    sound s = sound_new(n);
    for (int c = 0; c < 2; c++)
        for (size_t i = 0; i < n; i++) s.ch[c][i] = 1;
    td_unit_state *u = sound_unit(RATE, "automation", points);
    sound_run_all(u, s, (sound){ 0 }, NULL, 0, 100);
    td_unit_free(u);
    return s;
}

static double db(float x)
{
    return 20 * log10((double)x);
}

static void gain_is_straight_in_decibels(void **unused)
{
    (void)unused;
    sound s = moved("| point at=200 gain=-6 | point at=100 gain=0 | point at=400 gain=+3", 24000);
    assert_true(s.ch[0][4800] == 1);
    assert_float_equal(db(s.ch[0][7200]), -3, 1e-4);
    assert_float_equal(db(s.ch[0][9600]), -6, 1e-4);
    assert_float_equal(db(s.ch[1][14400]), -1.5, 1e-4);
    assert_float_equal(db(s.ch[1][23999]), 3, 1e-4);
    sound_free(s);
}

static void jumps_take_five_milliseconds(void **unused)
{
    (void)unused;
    sound s = moved("| point at=100 gain=0 | point at=100 gain=-12", 9600);
    assert_true(s.ch[0][4800] == 1);
    for (size_t i = 4801; i < 5040; i++) assert_true(s.ch[0][i] < s.ch[0][i - 1]);
    assert_float_equal(db(s.ch[0][5040]), -12, 1e-4);
    sound_free(s);
}

static void mutes_do_not_click(void **unused)
{
    (void)unused;
    sound s = moved("| point at=100 mute=1 | point at=300 mute=0", 24000);
    assert_true(s.ch[0][4800] == 1 && s.ch[0][14400] == 1);
    for (size_t i = 5040; i <= 14160; i++) assert_true(s.ch[0][i] == 0);
    assert_float_equal(s.ch[0][4920], 0.5, 1e-6); /* the middle of a raised cosine */
    for (size_t i = 1; i < s.frames; i++) assert_true(fabsf(s.ch[0][i] - s.ch[0][i - 1]) < 0.007f);
    sound_free(s);
}

static void a_mute_at_zero_is_silent_from_the_first_frame(void **unused)
{
    (void)unused;
    sound s = moved("| point at=0 mute=1 | point at=100 mute=0", 9600);
    for (size_t i = 0; i < 4560; i++) assert_true(s.ch[0][i] == 0);
    assert_true(s.ch[0][4800] == 1);
    sound_free(s);
}

static void pan_lowers_the_far_side(void **unused)
{
    (void)unused;
    sound s = moved("| point at=0 pan=-100 | point at=100 pan=50", 9600);
    assert_true(s.ch[0][0] == 1 && s.ch[1][0] == 0);
    assert_float_equal(s.ch[0][9000], 0.5, 1e-6);
    assert_float_equal(s.ch[1][9000], 1, 1e-6);
    sound_free(s);
}

static void no_points_are_a_wire(void **unused)
{
    (void)unused;
    sound s = moved("", 1000);
    for (size_t i = 0; i < 1000; i++) assert_true(s.ch[0][i] == 1 && s.ch[1][i] == 1);
    sound_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gain_is_straight_in_decibels), cmocka_unit_test(jumps_take_five_milliseconds),
        cmocka_unit_test(mutes_do_not_click),           cmocka_unit_test(a_mute_at_zero_is_silent_from_the_first_frame),
        cmocka_unit_test(pan_lowers_the_far_side),      cmocka_unit_test(no_points_are_a_wire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
