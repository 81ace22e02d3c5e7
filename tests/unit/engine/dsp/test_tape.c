/* Tape against its own data sheet: distortion over level, response by speed, what folds back. */
#include "engine/base/maths.h"
#include "tests/bent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { RATE = 48000, FRAMES = 24000, HALF = FRAMES / 2 };

static double thd_at(double vu_db, const char *spec)
{
    sound s = sound_sine(FRAMES, RATE, 1000, pow(10, (vu_db - 18) / 20));
    td_unit_state *u = sound_unit(RATE, "tape", spec);
    sound_run(u, s);
    double thd = bent_thd(s.ch[0] + HALF, HALF, 1000, RATE);
    td_unit_free(u);
    sound_free(s);
    return thd;
}

/* 15 ips, +6 dB: 0.3 % at 0 VU, 1.1 % at +6, 3 % at +10.5, within a fifth, and rising all the way. */
static void distortion_over_level(void **unused)
{
    (void)unused;
    static const double sheet[][2] = { { 0, 0.003 }, { 6, 0.011 }, { 10.5, 0.03 } };
    for (size_t i = 0; i < 3; i++) assert_true(fabs(thd_at(sheet[i][0], "") / sheet[i][1] - 1) < 0.2);
    for (int speed = 0; speed < 3; speed++)
        for (int bias = 0; bias < 3; bias++) {
            char spec[64];
            snprintf(spec, sizeof spec, "speed=%d bias=%d", speed, bias);
            double before = 0;
            for (double vu_db = -18; vu_db <= 15; vu_db += 3) {
                double now = thd_at(vu_db, spec);
                assert_true(now > before);
                before = now;
            }
        }
    /* a decibel is a decibel, at the input, on the dial or in the calibration */
    assert_true(fabs(thd_at(0, "drive=6") / thd_at(6, "") - 1) < 0.01);
    assert_true(fabs(thd_at(0, "calibration=9") / thd_at(3, "") - 1) < 0.01);
}

/* ---- response --------------------------------------------------------------------------------------------------- */

typedef double complex z;

static z bell(double f, double at, double q, double gain_db)
{
    z s = I * f / at;
    double g = pow(10, gain_db / 40);
    return (s * s + s * g / q + 1) / (s * s + s / (g * q) + 1);
}

static z low_cut(double f, double at)
{
    z s = I * f / at;
    return s * s / (s * s + s * M_SQRT2 + 1);
}

/* The README's curve: bump, dip, low cut, bias, gap and spacing. */
static double target_db(double f, int speed, int bias)
{
    static const double bump_hz[] = { 32, 62, 120 }, ips[] = { 7.5, 15, 30 }, treble_db[] = { 0, 0.8, -0.8 };
    z s = I * f / 8000;
    double k = 2 * M_PI * f / (ips[speed] * 0.0254), loss = exp(-k * 0.25e-6) * sin(k * 1.25e-6) / (k * 1.25e-6);
    z h = bell(f, bump_hz[speed], 1.1, 1.2) * bell(f, 2.2 * bump_hz[speed], 1.2, -0.4) * low_cut(f, bump_hz[speed] / 4);
    return 20 * log10(cabs(h * (s * pow(10, treble_db[bias] / 20) + 1) / (s + 1)) * loss);
}

static void response(void **unused)
{
    (void)unused;
    static const double freq_hz[] = { 20, 32, 50, 62, 80, 120, 160, 260, 500, 1000, 4000, 8000, 12000, 15000, 18000 };
    static const double rates[] = { 44100, 96000 };
    for (size_t r = 0; r < 2; r++)
        for (int speed = 0; speed < 3; speed++)
            for (int bias = speed == 1 ? 2 : 0; bias >= 0; bias--) {
                char spec[64];
                snprintf(spec, sizeof spec, "speed=%d bias=%d", speed, bias);
                td_unit_state *u = sound_unit(rates[r], "tape", spec);
                sound s = sound_new((size_t)rates[r]), before;
                for (size_t k = 0; k < sizeof freq_hz / sizeof *freq_hz; k++) {
                    sound one = sound_sine(s.frames, rates[r], freq_hz[k], 2e-4);
                    for (size_t i = 0; i < s.frames; i++) s.ch[0][i] += one.ch[0][i];
                    sound_free(one);
                }
                before = sound_copy(s);
                sound_run(u, s);
                size_t half = s.frames / 2; /* whole cycles of all */
                for (size_t k = 0; k < sizeof freq_hz / sizeof *freq_hz; k++) {
                    double reached = 20 * log10(cabs(sound_dft(s.ch[0] + half, half, freq_hz[k], rates[r]) /
                                                     sound_dft(before.ch[0] + half, half, freq_hz[k], rates[r])));
                    assert_true(fabs(reached - target_db(freq_hz[k], speed, bias)) < 0.25);
                }
                td_unit_free(u);
                sound_free(s), sound_free(before);
            }
}

/* ---- cleanliness ------------------------------------------------------------------------------------------------ */

static void aliases(void **unused)
{
    (void)unused;
    static const struct {
        const char *spec;
        double peak, limit_db;
    } cases[] = { { "drive=6", 0.5, -90 },
                  { "drive=18", 1, -70 },
                  { "drive=18 calibration=12 speed=0 bias=1", 1, -70 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int two = 0; two < 2; two++) {
            td_unit_state *u = sound_unit(RATE, "tape", cases[i].spec);
            sound s = alias_tones(FRAMES, RATE, two, cases[i].peak);
            sound_run(u, s);
            assert_true(alias_db(s, RATE, two) < cases[i].limit_db);
            td_unit_free(u);
            sound_free(s);
        }
}

static void no_direct_current(void **unused)
{
    (void)unused;
    sound s = sound_sine(4 * FRAMES, RATE, 1000, 0.7);
    td_unit_state *u = sound_unit(RATE, "tape", "drive=6");
    double sum = 0;
    sound_run(u, s);
    for (size_t i = 2 * FRAMES; i < 4 * FRAMES; i++) sum += (double)s.ch[0][i];
    assert_true(fabs(sum / (2 * FRAMES)) < 1e-5);
    td_unit_free(u);
    sound_free(s);
}

int main(void)
{
    td_denormals_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distortion_over_level),
        cmocka_unit_test(response),
        cmocka_unit_test(aliases),
        cmocka_unit_test(no_direct_current),
    };
    return cmocka_run_group_tests_name("tape", tests, NULL, NULL);
}
