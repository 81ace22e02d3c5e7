/* Echoes: when, how loud, on which side, and out of the way of what they echo. */
#include "engine/base/maths.h"
#include "tests/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { RATE = 48000, FRAMES = 3 * RATE };

/* 60 / 120 bpm: half a second, to the sample; 30 % down each time. Cuts opened wide to leave the height. */
static void in_time(void **unused)
{
    (void)unused;
    sound s = sound_through(RATE, "delay", "feedback=30 low_cut=20 high_cut=20000", sound_impulse(FRAMES, 1));
    double first = cabs(sound_dft(s.ch[0] + RATE / 2, RATE / 100, 1000, RATE));
    assert_true(sound_peak(s.ch[0], RATE / 2) == 0);
    assert_true((double)s.ch[0][RATE / 2] > 0.5);
    for (size_t k = 2; k < 5; k++) {
        double level = 20 * log10(cabs(sound_dft(s.ch[1] + k * RATE / 2, RATE / 100, 1000, RATE)) / first);
        assert_true(fabs(level - 20 * log10(0.3) * (double)(k - 1)) < 0.1);
    }
    sound_free(s);
    s = sound_through(RATE, "delay", "time=5 feedback=0", sound_impulse(FRAMES, 1));
    assert_true(sound_peak(s.ch[0], 240) == 0 && fabsf(s.ch[0][240]) > 0.2f);
    sound_free(s);
}

/* Each turn takes the cuts' gain once more: |H|^2 of two Butterworth sections at 200 Hz and 6 kHz. */
static void darker_each_time(void **unused)
{
    (void)unused;
    sound s = sound_through(RATE, "delay", "feedback=50", sound_impulse(FRAMES, 1));
    for (size_t k = 0; k < 2; k++) {
        size_t piece = RATE / 4;
        double one = cabs(sound_dft(s.ch[0] + RATE / 2 * (k + 1), piece, 200, RATE));
        double top = cabs(sound_dft(s.ch[0] + RATE / 2 * (k + 1), piece, 6000, RATE));
        double mid = cabs(sound_dft(s.ch[0] + RATE / 2 * (k + 1), piece, 1100, RATE));
        assert_true(fabs(20 * log10(one / mid) + 3.01 * (double)(k + 1)) < 0.1);
        assert_true(fabs(20 * log10(top / mid) + 3.01 * (double)(k + 1)) < 0.1);
    }
    sound_free(s);
}

static void ping_pong(void **unused)
{
    (void)unused;
    sound s = sound_through(RATE, "delay", "ping_pong=1 time=500", sound_impulse(FRAMES, 1));
    for (size_t k = 1; k < 5; k++) {
        double here = sound_peak(s.ch[(k - 1) % 2] + k * RATE / 2, RATE / 4);
        double there = sound_peak(s.ch[k % 2] + k * RATE / 2, RATE / 4);
        assert_true(here > 0 && there < 1e-4 * here);
    }
    sound_free(s);
}

/* A second of noise, then a rest: echoes are down by what was asked while it lasts, and come up within a second. */
static void ducks(void **unused)
{
    (void)unused;
    sound plain = sound_noise(FRAMES, 1, 0.3), soft;
    for (unsigned c = 0; c < 2; c++) memset(plain.ch[c] + RATE, 0, (FRAMES - RATE) * sizeof(float));
    soft = sound_copy(plain);
    sound_through(RATE, "delay", "time=400 feedback=70", plain);
    sound_through(RATE, "delay", "time=400 feedback=70 duck=6", soft);
    double during =
        20 * log10(sound_rms(soft.ch[0] + RATE * 6 / 10, RATE / 4) / sound_rms(plain.ch[0] + RATE * 6 / 10, RATE / 4));
    double after = 20 * log10(sound_rms(soft.ch[0] + RATE * 2, RATE / 4) / sound_rms(plain.ch[0] + RATE * 2, RATE / 4));
    assert_true(during < -4 && during > -6);
    assert_true(after > -0.5);
    sound_free(plain), sound_free(soft);
}

static void ends(void **unused)
{
    (void)unused;
    td_unit_state *u = sound_unit(RATE, "delay", "time=100 feedback=70 high_cut=20000 low_cut=20");
    size_t end = td_unit_tail(u);
    sound s = sound_impulse(end + 1000, 1);
    sound_run(u, s);
    assert_true(sound_peak(s.ch[0] + end + 1, 999) == 0);
    assert_true(sound_peak(s.ch[0] + end - 100, 100) < 1e-5);
    td_unit_free(u);
    sound_free(s);
}

int main(void)
{
    td_denormals_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_time),   cmocka_unit_test(darker_each_time),
        cmocka_unit_test(ping_pong), cmocka_unit_test(ducks),
        cmocka_unit_test(ends),
    };
    return cmocka_run_group_tests_name("delay", tests, NULL, NULL);
}
