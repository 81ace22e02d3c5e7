#include "tests/sound.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RATE 48000.0
enum { SECOND = 48000, ONSET = SECOND / 2 };

/* Silence, then a tone of 500 Hz that decays by fall_db a second. */
static sound hit(double level_db, double fall_db)
{
    sound s = sound_sine(2 * SECOND, RATE, 500, pow(10, level_db / 20));
    for (size_t i = 0; i < s.frames; i++) {
        double e = i < ONSET ? 0 : pow(10, -fall_db * (double)(i - ONSET) / RATE / 20);
        for (int c = 0; c < 2; c++) s.ch[c][i] *= (float)e;
    }
    return s;
}

/* Gain in dB at every frame. */
static float *gains(const char *setting, sound s)
{
    float *gr = calloc(s.frames, sizeof *gr);
    td_unit_state *u = sound_unit(RATE, "transient", setting);
    sound_run_all(u, s, (sound){ 0 }, (float *[]){ gr }, 1, 512);
    td_unit_free(u);
    for (size_t i = 0; i < s.frames; i++) gr[i] = -gr[i];
    return gr;
}

static double largest(const float *x, size_t from, size_t to)
{
    return sound_peak(x + from, to - from);
}

static void onsets_rise_at_once_and_briefly(void **unused)
{
    (void)unused;
    sound s = hit(-10, 0);
    float *g = gains("attack=6", s);
    assert_true(largest(g, ONSET, ONSET + 240) > 5.4);       /* within 5 ms */
    assert_true(largest(g, ONSET + 9600, 2 * SECOND) < 0.6); /* gone after 200 ms */
    assert_true(largest(g, SECOND + ONSET, 2 * SECOND) < 0.05);
    free(g);
    sound_free(s);
}

static void what_rings_rises_and_the_onset_does_not(void **unused)
{
    (void)unused;
    sound s = hit(-10, 60);
    float *g = gains("sustain=6", s);
    assert_true(largest(g, ONSET, ONSET + 480) < 0.3);
    assert_true(g[ONSET + 14400] > 4.5); /* 300 ms on */
    free(g);
    sound_free(s);
}

static void loud_and_quiet_are_alike(void **unused)
{
    (void)unused;
    sound loud = hit(-6, 40), quiet = hit(-46, 40);
    float *a = gains("attack=8 sustain=-6", loud), *b = gains("attack=8 sustain=-6", quiet);
    for (size_t i = ONSET + 480; i < ONSET + SECOND; i++) assert_float_equal(a[i], b[i], 0.05);
    free(a);
    free(b);
    sound_free(loud);
    sound_free(quiet);
}

static void held_tones_are_left_alone(void **unused)
{
    (void)unused;
    for (double f = 40; f < 15000; f *= 3) {
        sound s = sound_sine(2 * SECOND, RATE, f, 0.3);
        float *g = gains("attack=12 sustain=12", s);
        assert_true(largest(g, SECOND + ONSET, 2 * SECOND) < 0.25);
        free(g);
        sound_free(s);
    }
}

static void at_zero_it_is_a_delay(void **unused)
{
    (void)unused;
    sound s = sound_noise(9000, 3, 0.7), before = sound_copy(s);
    free(gains("", s));
    assert_memory_equal(s.ch[0] + 48, before.ch[0], (s.frames - 48) * sizeof(float));
    sound_free(s);
    sound_free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(onsets_rise_at_once_and_briefly), cmocka_unit_test(what_rings_rises_and_the_onset_does_not),
        cmocka_unit_test(loud_and_quiet_are_alike),        cmocka_unit_test(held_tones_are_left_alone),
        cmocka_unit_test(at_zero_it_is_a_delay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
