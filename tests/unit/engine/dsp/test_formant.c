/* Formants go where they are sent, partials stay, and nothing else happens. */
#include "engine/dsp/formant.h"
#include "tests/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { RATE = 48000 };

static void pass(td_formant *f, sound s, size_t i)
{
    td_v2 x = td_v2_load(s.ch, i);
    td_v2_store(s.ch, i, td_formant_pass(f, x, x));
}

static void run(double ratio, sound s)
{
    td_formant *f;
    assert_int_equal(td_formant_new(RATE, 1, ratio, &f), TD_OK);
    for (size_t i = 0; i < s.frames; i++) pass(f, s, i);
    td_formant_free(f);
}

static void at_one_it_is_a_delay(void **unused)
{
    (void)unused;
    td_formant *f;
    assert_int_equal(td_formant_new(RATE, 1, 1, &f), TD_OK);
    size_t late = td_formant_latency(f);
    td_formant_free(f);
    sound s = sound_noise(20000, 1, 0.5), was = sound_copy(s);
    run(1, s);
    assert_true(sound_residual_db(was, s, late) < -140);
    sound_free(s), sound_free(was);
}

/* The power at freq_hz of a resonance of two poles, against its power at 0 Hz. */
static double resonance_db(double at_hz, double width_hz, double freq_hz)
{
    double r = exp(-M_PI * width_hz / RATE), w = 2 * M_PI * at_hz / RATE, z = 2 * M_PI * freq_hz / RATE;
    double complex turn = cexp(-I * z);
    return 20 * log10((1 - 2 * r * cos(w) + r * r) / cabs(1 - 2 * r * cos(w) * turn + r * r * turn * turn));
}

/* Partials under such a resonance come out under one that lies elsewhere and is as much wider, even where it lies below
 * the first of them or between the first two. */
static void partials_take_the_new_envelope(void **unused)
{
    (void)unused;
    static const struct {
        double f0, at_hz, ratio;
    } cases[] = { { 150, 900, 0.8 }, { 150, 900, 1.3 }, { 300, 330, 0.8 },
                  { 300, 330, 1.3 }, { 300, 450, 0.7 }, { 300, 450, 1.3 } };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        double f0 = cases[k].f0, at_hz = cases[k].at_hz, ratio = cases[k].ratio;
        sound s = sound_new(RATE);
        for (int p = 1; p * f0 < 6000; p++) {
            double peak = 0.002 * pow(10, resonance_db(at_hz, 200, p * f0) / 20);
            for (size_t i = 0; i < s.frames; i++)
                s.ch[0][i] += (float)(peak * cos(2 * M_PI * fmod(p * f0 / RATE * (double)i, 1)));
        }
        run(ratio, s);
        for (int p = 1; p * f0 < 2000; p++) {
            double want = resonance_db(at_hz * ratio, 200 * ratio, p * f0);
            double is = 20 * log10(sound_amplitude(s.ch[0] + RATE / 2, RATE / 2, p * f0, RATE) / 0.002);
            if (!(fabs(is - want) < 1)) fail_msg("%g Hz of %g: %.2f dB, not %.2f", p * f0, at_hz, is, want);
        }
        assert_true(sound_peak(s.ch[1], s.frames) == 0); /* the other signal was none */
        sound_free(s);
    }
}

/* Windows part the partials of a voice of 80 Hz at every rate: three periods or more. */
static void windows_are_long_enough(void **unused)
{
    (void)unused;
    static const double rates_hz[] = { 44100, 48000, 88200, 96000 };
    for (size_t i = 0; i < sizeof rates_hz / sizeof *rates_hz; i++) {
        td_formant *f;
        assert_int_equal(td_formant_new(rates_hz[i], 1, 1.2, &f), TD_OK);
        double window_s = (double)td_formant_latency(f) / rates_hz[i];
        assert_true(window_s > 3 / 80.0 && window_s < 4 / 80.0);
        td_formant_free(f);
    }
}

static void reset_is_fresh(void **unused)
{
    (void)unused;
    td_formant *f;
    assert_int_equal(td_formant_new(RATE, 1, 1.2, &f), TD_OK);
    sound s = sound_noise(9000, 2, 0.5), fresh = sound_copy(s);
    run(1.2, fresh);
    for (size_t i = 0; i < 5001; i++) td_formant_pass(f, td_v2_set(0.3), td_v2_set(0.3));
    td_formant_reset(f);
    for (size_t i = 0; i < s.frames; i++) pass(f, s, i);
    assert_memory_equal(s.ch[0], fresh.ch[0], 2 * s.frames * sizeof(float));
    td_formant_free(f);
    sound_free(s), sound_free(fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(at_one_it_is_a_delay),
                                        cmocka_unit_test(partials_take_the_new_envelope),
                                        cmocka_unit_test(windows_are_long_enough), cmocka_unit_test(reset_is_fresh) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
