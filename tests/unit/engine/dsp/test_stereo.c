#include "tests/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Level of the side at a frequency, dB, of an impulse on the left alone: its side and its middle are 0.5. */
static double side_db(const char *spec, double freq_hz, double *mono_error)
{
    td_unit_state *u = sound_unit(48000, "stereo", spec);
    sound s = sound_impulse(16384, 1);
    s.ch[1][0] = 0;
    sound_run(u, s);
    float side[16384];
    *mono_error = 0;
    for (size_t i = 0; i < s.frames; i++) {
        side[i] = s.ch[0][i] - s.ch[1][i];
        *mono_error = fmax(*mono_error, fabs((double)s.ch[0][i] + (double)s.ch[1][i] - (i == 0)));
    }
    double db = 20 * log10(cabs(sound_dft(side, s.frames, freq_hz, 48000)));
    td_unit_free(u);
    sound_free(s);
    return db;
}

static void near(const char *spec, double freq_hz, double want_db, double within)
{
    double mono_error, db = side_db(spec, freq_hz, &mono_error);
    if (!(fabs(db - want_db) <= within)) fail_msg("%s: side at %g Hz is %g dB, not %g", spec, freq_hz, db, want_db);
    assert_true(mono_error < 1.2e-7); /* one rounding of a float */
}

static void widths(void **unused)
{
    (void)unused;
    near("width=150", 1000, 20 * log10(1.5), 0.001);
    near("width=50", 60, 20 * log10(0.5), 0.001);
    near("width=inf", 1000, 0, 0.001);
    for (double f = 10; f < 10000; f *= 2) { /* first-order shelves at 250 Hz and 5 kHz */
        double complex below = 1 / (1 + I * f / 250), above = I * f / 5000 / (1 + I * f / 5000);
        near("low=50 high=200", f, 20 * log10(cabs(1 - 0.5 * below + above)), 0.5);
    }
    near("width=120 low=100 mid=100 high=100", 3000, 0, 1e-9);
}

/* Fourth-order Butterworth. */
static void mono_below(void **unused)
{
    (void)unused;
    for (double f = 30; f < 2000; f *= 1.5) near("mono_below=120", f, -10 * log10(1 + pow(120 / f, 8)), 0.02);
}

static void mono_is_silent(void **unused)
{
    (void)unused;
    td_unit_state *u = sound_unit(48000, "stereo", "width=0");
    sound s = sound_noise(500, 1, 0.5);
    sound_run(u, s);
    for (size_t i = 0; i < s.frames; i++) assert_true(s.ch[0][i] == s.ch[1][i]);
    td_unit_free(u);
    sound_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(widths), cmocka_unit_test(mono_below),
                                        cmocka_unit_test(mono_is_silent) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
