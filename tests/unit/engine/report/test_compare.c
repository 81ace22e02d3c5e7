/* Two files beside each other, against formulas: sines whose level, place and width are known. */
#include "engine/audio/audio.h"
#include "engine/report/compare.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { RATE = 48000, SECONDS = 2, BLOCK = 1000 };

typedef double (*sound)(double t, unsigned c);

/* A sine in the middle of every third octave from 100 Hz to 10 kHz, louder by `tilt` dB an octave, and by `bell` dB at
 * 315 Hz. */
static double comb_with_bell(double t, double tilt, double bell)
{
    double x = 0;
    for (int n = 20; n <= 40; n++) {
        double hz = pow(10, n / 10.0), more = tilt * log2(hz / 1000) + (n == 25 ? bell : 0);
        x += 0.01 * pow(10, more / 20) * sin(2 * M_PI * hz * t + n);
    }
    return x;
}

static double comb(double t, double tilt)
{
    return comb_with_bell(t, tilt, 0);
}

static double boosted(double t, unsigned c)
{
    (void)c;
    return comb_with_bell(t, 0, 4);
}

static double even(double t, unsigned c)
{
    (void)c;
    return comb(t, 0);
}

static double softer(double t, unsigned c)
{
    return even(t, c) / 2;
}

static double tilted(double t, unsigned c)
{
    (void)c;
    return comb(t, 1);
}

static double middle_and_half_at_the_sides(double t, unsigned c)
{
    return 0.1 * sin(2 * M_PI * 1000 * t) + (c ? -0.05 : 0.05) * cos(2 * M_PI * 1000 * t);
}

static double middle(double t, unsigned c)
{
    (void)c;
    return 0.1 * sin(2 * M_PI * 1000 * t);
}

static double wide_and_darker(double t, unsigned c)
{
    return middle_and_half_at_the_sides(t, c) + 0.03 * sin(2 * M_PI * 4000 * t);
}

static double narrow_and_brighter(double t, unsigned c)
{
    return middle(t, c) + 0.05 * sin(2 * M_PI * 4000 * t);
}

/* Sides of -46 dB. */
static double nearly_mono(double t, unsigned c)
{
    return middle(t, c) + (c ? -0.0005 : 0.0005) * cos(2 * M_PI * 1000 * t);
}

static double nothing(double t, unsigned c)
{
    (void)t;
    (void)c;
    return 0;
}

static void write_sound(char *path, sound f, double seconds, unsigned channels)
{
    td_file_spec spec = { .codec = TD_CODEC_WAV, .bits = 32, .rate_hz = RATE, .channels = channels };
    td_writer *w;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(td_writer_open(path, &spec, NULL, &w, NULL), TD_OK);
    for (size_t at = 0; at < (size_t)(seconds * RATE); at += BLOCK) {
        float x[2][BLOCK];
        for (size_t i = 0; i < BLOCK; i++)
            for (unsigned c = 0; c < 2; c++) x[c][i] = (float)f((double)(at + i) / RATE, c);
        assert_int_equal(td_writer_write(w, (const float *[]){ x[0], x[1] }, BLOCK, NULL), TD_OK);
    }
    assert_int_equal(td_writer_commit(w, true, NULL), TD_OK);
}

static td_status compare_files(sound f, double seconds, unsigned channels, sound reference, td_arena *a,
                               td_comparison *out, td_error *err)
{
    char path[] = "/tmp/topdown-compare-XXXXXX", other[] = "/tmp/topdown-compare-XXXXXX";
    write_sound(path, f, seconds, channels);
    write_sound(other, reference, SECONDS, 2);
    td_status st = td_compare_files(path, other, a, out, err);
    unlink(path);
    unlink(other);
    return st;
}

static td_status compare(sound f, sound reference, td_arena *a, td_comparison *out)
{
    return compare_files(f, SECONDS, 2, reference, a, out, NULL);
}

static void loudness_is_no_difference(void **state)
{
    td_comparison c;
    assert_int_equal(compare(softer, even, *state, &c), TD_OK);
    assert_float_equal(c.gain_db, 6.02, 0.01);
    assert_float_equal(c.mean_db, 0, 0.01);
    assert_float_equal(c.tilt_db, 0, 0.01);
    assert_float_equal(c.file.plr_db, c.reference.plr_db, 0.01);
    assert_int_equal(c.n_words, 0);
}

static void a_tilt_is_found_and_said(void **state)
{
    td_comparison c;
    assert_int_equal(compare(tilted, even, *state, &c), TD_OK);
    assert_float_equal(c.tilt_db, 1, 0.02);
    double octave = log2(10) / 10 * 3; /* of three bands */
    assert_float_equal(c.difference_db[19] - c.difference_db[16], octave, 0.05);
    assert_true(c.n_words > 0);
    assert_non_null(strstr(c.word[0], "brighter"));
    for (size_t i = 0; i < c.n_words; i++) /* "less sub" has its sign in the word */
        if (!strncmp(c.word[i], "less ", 5)) assert_null(strchr(c.word[i], '-'));
}

/* 4 dB in one band are 4 dB there and nothing elsewhere, though they make the whole louder. */
static void a_boost_takes_nothing_from_other_bands(void **state)
{
    td_comparison c;
    assert_int_equal(compare(boosted, even, *state, &c), TD_OK);
    assert_true(c.gain_db < 0);
    assert_float_equal(c.most_db, 4, 0.1);
    assert_float_equal(c.most_at_hz, 315, 0.1);
    assert_float_equal(c.difference_db[19], 0, 0.05);
    assert_int_equal(c.n_words, 1);
    assert_string_equal(c.word[0], "more low mid: 4.0 dB at 315 Hz");
}

/* One channel on two speakers is both sides alike. */
static void mono_is_two_equal_sides(void **state)
{
    td_comparison c;
    assert_int_equal(compare_files(even, SECONDS, 1, even, *state, &c, NULL), TD_OK);
    assert_float_equal(c.gain_db, 0, 0.01);
    assert_float_equal(c.mean_db, 0, 0.01);
    assert_float_equal(c.file.plr_db, c.reference.plr_db, 0.01);
    assert_float_equal(c.file.level_db[16], c.reference.level_db[16], 0.05);
    assert_int_equal(c.n_words, 1);
    assert_string_equal(c.word[0], "mono: this file has one channel, the other two");
}

/* Twice what is heard by each rule comes before once. */
static void what_is_heard_first_comes_first(void **state)
{
    td_comparison c;
    assert_int_equal(compare(wide_and_darker, narrow_and_brighter, *state, &c), TD_OK);
    assert_true(c.n_words > 1);
    assert_non_null(strstr(c.word[0], "wider above 800 Hz"));
}

/* Of a reference that is mono there is no ratio to tell, and sides nobody hears are no width. */
static void what_nobody_hears_is_no_width(void **state)
{
    td_comparison c;
    assert_int_equal(compare(middle_and_half_at_the_sides, middle, *state, &c), TD_OK);
    assert_string_equal(c.word[0], "wider above 800 Hz: the reference is mono there");
    assert_int_equal(compare(nearly_mono, middle, *state, &c), TD_OK);
    assert_true(c.file.width_db[5] > c.reference.width_db[5] + 10);
    for (size_t i = 0; i < c.n_words; i++) assert_null(strstr(c.word[i], "wider"));
    assert_float_equal(td_width_apart(-46, -60), 0, 1e-9);
    assert_float_equal(td_width_apart(-6, -60), 21, 1e-9);
    assert_true(isnan(td_width_apart(NAN, -60)));
}

static void what_is_short_is_not_silent(void **state)
{
    td_comparison c;
    td_error err = { 0 };
    assert_int_equal(compare_files(even, 0.3, 2, even, *state, &c, &err), TD_INPUT);
    assert_string_equal(err.what, "is too short to compare: loudness takes 0.4 s, and it has 0.31 s");
}

/* Power 1 in the middle and 1/4 at the sides: -6.02 dB, correlation (1 - 1/4) / (1 + 1/4). */
static void width_is_side_over_middle(void **state)
{
    td_comparison c;
    size_t octave = 5; /* 800 to 1250 Hz */
    assert_int_equal(compare(middle_and_half_at_the_sides, middle, *state, &c), TD_OK);
    assert_float_equal(c.file.width_db[octave], -6.02, 0.05);
    assert_float_equal(c.file.octave_correlation[octave], 0.6, 0.01);
    assert_float_equal(c.file.correlation, 0.6, 0.01);
    assert_float_equal(c.reference.correlation, 1, 1e-6);
    assert_true(isnan(c.file.width_db[8]));
}

static void silence_cannot_be_compared(void **state)
{
    td_comparison c;
    assert_int_equal(compare(even, nothing, *state, &c), TD_INPUT);
    assert_int_equal(compare(nothing, even, *state, &c), TD_INPUT);
}

static int open_arena(void **state)
{
    *state = td_arena_new();
    return *state ? 0 : -1;
}

static int close_arena(void **state)
{
    td_arena_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loudness_is_no_difference),
        cmocka_unit_test(a_tilt_is_found_and_said),
        cmocka_unit_test(a_boost_takes_nothing_from_other_bands),
        cmocka_unit_test(mono_is_two_equal_sides),
        cmocka_unit_test(what_is_heard_first_comes_first),
        cmocka_unit_test(what_nobody_hears_is_no_width),
        cmocka_unit_test(what_is_short_is_not_silent),
        cmocka_unit_test(width_is_side_over_middle),
        cmocka_unit_test(silence_cannot_be_compared),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
