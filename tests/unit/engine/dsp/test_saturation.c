/* Saturation against its promises: how much, which harmonics, what folds back, and that it stays as loud. */
#include "engine/base/maths.h"
#include "tests/bent.h"

#include <ebur128.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { RATE = 48000, FRAMES = 65536, HALF = FRAMES / 2, MODELS = 5 };

static const char *const models[MODELS] = { "tube", "diode", "transformer", "triode", "pentode" };

static td_unit_state *unit(const char *model, double drive_db)
{
    char spec[64];
    snprintf(spec, sizeof spec, "model=%s drive=%g", model, drive_db);
    return sound_unit(RATE, "saturation", spec);
}

static void saturate(sound s, const char *model, double drive_db)
{
    td_unit_state *u = unit(model, drive_db);
    sound_run(u, s);
    td_unit_free(u);
}

/* At 6 dB every model distorts a sine of 0 VU by 1 %, with the balance of second and third its help line speaks of. */
static void one_per_cent(void **unused)
{
    (void)unused;
    static const double second_to_third[MODELS][2] = {
        { 0.7, 1.3 }, { 0, 0.001 }, { 0.2, 0.5 }, { 2, 3 }, { 0, 0.001 }
    };
    for (size_t m = 0; m < MODELS; m++) {
        sound s = sound_sine(FRAMES, RATE, 1000, pow(10, -18 / 20.0));
        double h[4];
        saturate(s, models[m], 6);
        for (unsigned k = 1; k < 4; k++) h[k] = sound_amplitude(s.ch[0] + HALF, HALF, k * 1000.0, RATE);
        assert_true(fabs(bent_thd(s.ch[0] + HALF, HALF, 1000, RATE) - 0.01) < 0.0005);
        assert_true(h[2] / h[3] >= second_to_third[m][0] && h[2] / h[3] <= second_to_third[m][1]);
        assert_true(fabs(20 * log10(h[1]) + 18) < 0.02);
        sound_free(s);
    }
}

static void aliases(void **unused)
{
    (void)unused;
    static const struct {
        double drive_db, peak, limit_db;
    } cases[] = { { 6, 0.5, -90 }, { 18, 1, -70 }, { 30, 1, -70 } };
    for (size_t m = 0; m < MODELS; m++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            for (int two = 0; two < 2; two++) {
                sound s = alias_tones(FRAMES, RATE, two, cases[i].peak);
                saturate(s, models[m], cases[i].drive_db);
                assert_true(alias_db(s, RATE, two) < cases[i].limit_db);
                sound_free(s);
            }
}

static double loudness(sound s)
{
    double lufs;
    ebur128_state *e = ebur128_init(2, RATE, EBUR128_MODE_I);
    for (size_t i = 0; i < s.frames; i++) ebur128_add_frames_float(e, (float[]){ s.ch[0][i], s.ch[1][i] }, 1);
    ebur128_loudness_global(e, &lufs);
    ebur128_destroy(&e);
    return lufs;
}

/* Bursts of noise at three levels: drive changes the colour, not the loudness. */
static void stays_as_loud(void **unused)
{
    (void)unused;
    for (size_t m = 0; m < MODELS; m++)
        for (double level_db = -42; level_db <= -6; level_db += 18)
            for (double drive_db = 0; drive_db <= 24; drive_db += 12) {
                sound s = sound_noise(FRAMES, 1, pow(10, level_db / 20));
                for (size_t i = 0; i < FRAMES; i++)
                    if (i % 12000 > 7000) s.ch[0][i] = s.ch[1][i] = 0;
                double before = loudness(s);
                saturate(s, models[m], drive_db);
                assert_true(fabs(loudness(s) - before) < 0.5);
                sound_free(s);
            }
}

/* What is quiet passes as it is: flat, and where it was. */
static void quiet_sounds_pass(void **unused)
{
    (void)unused;
    static const double freq_hz[] = { 40, 200, 1000, 5000, 12000, 18000 };
    for (size_t m = 0; m < MODELS; m++)
        for (size_t i = 0; i < 6; i++) {
            sound s = sound_sine(FRAMES, RATE, freq_hz[i], 1e-4);
            td_unit_state *u = unit(models[m], 3);
            size_t late = td_unit_latency(u), whole = 48000; /* a second: whole cycles */
            double complex before = sound_dft(s.ch[0] + FRAMES - whole - late, whole, freq_hz[i], RATE);
            sound_run(u, s);
            double complex after = sound_dft(s.ch[0] + FRAMES - whole, whole, freq_hz[i], RATE);
            /* the direct current blocker turns the phase by atan(5 Hz / f) and nothing else */
            assert_true(cabs(after / before - 1) < 5 / freq_hz[i] + 0.002);
            td_unit_free(u);
            sound_free(s);
        }
}

static void no_direct_current(void **unused)
{
    (void)unused;
    for (size_t m = 0; m < MODELS; m++) {
        sound s = sound_sine(FRAMES, RATE, 1000, 0.5);
        double sum = 0;
        saturate(s, models[m], 20);
        for (size_t i = FRAMES - 48000; i < FRAMES; i++) sum += (double)s.ch[0][i];
        assert_true(fabs(sum / 48000) < 1e-5);
        sound_free(s);
    }
}

/* After the declared tail there is not little but nothing. */
static void silence_follows(void **unused)
{
    (void)unused;
    td_unit_state *u = sound_unit(RATE, "saturation", "model=triode low_cut=20");
    size_t end = td_unit_latency(u) + td_unit_tail(u);
    sound s = sound_impulse(FRAMES, 0.9);
    sound_run(u, s);
    assert_true(sound_peak(s.ch[0] + end + 1, FRAMES - end - 1) == 0);
    assert_true(sound_peak(s.ch[0] + end - 100, 101) < 1e-5);
    td_unit_free(u);
    sound_free(s);
}

int main(void)
{
    td_denormals_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_per_cent),      cmocka_unit_test(aliases),           cmocka_unit_test(stays_as_loud),
        cmocka_unit_test(quiet_sounds_pass), cmocka_unit_test(no_direct_current), cmocka_unit_test(silence_follows),
    };
    return cmocka_run_group_tests_name("saturation", tests, NULL, NULL);
}
