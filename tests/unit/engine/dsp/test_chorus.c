/* Voices where and when they are said to be, flat between samples, and gone in mono where that is promised. */
#include "engine/base/maths.h"
#include "engine/dsp/fraction.h"
#include "tests/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { RATE = 48000, FRAMES = 4 * RATE };

/* At any fraction the kernel's response is a pure delay: flat, and of that phase, to 0.4 of the rate. */
static void between_samples(void **unused)
{
    (void)unused;
    td_fraction f;
    assert_int_equal(td_fraction_init(&f), TD_OK);
    for (double at = 0; at < 1; at += 0.0371)
        for (double turn = 0.001; turn < 0.4; turn += 0.0173) {
            float x[TD_FRACTION_TAPS], y[TD_FRACTION_TAPS];
            for (int i = 0; i < TD_FRACTION_TAPS; i++) {
                double t = i - (TD_FRACTION_TAPS / 2 - 1) - at;
                x[i] = (float)cos(2 * M_PI * turn * t);
                y[i] = (float)sin(2 * M_PI * turn * t);
            }
            assert_true(fabs((double)td_fraction_read(&f, x, at) - 1) < 0.0023);
            assert_true(fabs((double)td_fraction_read(&f, y, at)) < 0.0023);
        }
    td_fraction_fini(&f);
}

/* Standing still, a voice is one late copy: 12 ms on each side, as loud as the sound at 100 %, the power as before. */
static void stands_where_it_should(void **unused)
{
    (void)unused;
    sound s = sound_through(RATE, "chorus", "depth=0 amount=100 delay=12 low_cut=20", sound_impulse(FRAMES, 1));
    for (unsigned c = 0; c < 2; c++) {
        assert_true(fabs((double)s.ch[c][0] - M_SQRT1_2) < 1e-6);
        assert_true(fabs((double)s.ch[c][576] - M_SQRT1_2) < 0.002);
        assert_true(fabs(sound_rms(s.ch[c], FRAMES) * sqrt(FRAMES) - 1) < 0.003);
    }
    sound_free(s);
}

/* The delay of a voice over time, from the phase of a tone in it: it swings as far as asked. */
static void swings(void **unused)
{
    (void)unused;
    sound dry = sound_sine(FRAMES, RATE, 1000, 0.5),
          s = sound_through(RATE, "chorus", "amount=100 rate=0.5 depth=2 delay=10", sound_copy(dry));
    double low = INFINITY, high = -INFINITY, turns = 0, before = 0;
    for (size_t at = RATE; at + 480 <= FRAMES; at += 48) { /* ten cycles at a time */
        float v[480];
        for (size_t i = 0; i < 480; i++) v[i] = (float)(M_SQRT2 * (double)s.ch[0][at + i]) - dry.ch[0][at + i];
        double phase = -carg(sound_dft(v, 480, 1000, RATE) / sound_dft(dry.ch[0] + at, 480, 1000, RATE)) / (2 * M_PI);
        if (at > RATE) turns += rint(before - phase - turns);
        double late_ms = phase + turns; /* cycles of 1 ms */
        before = late_ms;
        low = fmin(low, late_ms), high = fmax(high, late_ms);
    }
    assert_true(fabs(high - low - 4) < 0.05);
    sound_free(dry), sound_free(s);
}

/* The width of these two is all in the difference of the sides. */
static void mono_stays(void **unused)
{
    (void)unused;
    static const char *const specs[] = { "mode=dimension amount=100", "mode=doubler amount=100" };
    for (size_t k = 0; k < 2; k++) {
        sound before = sound_noise(FRAMES, 1, 0.4), after = sound_through(RATE, "chorus", specs[k], sound_copy(before));
        double worst = 0, side = 0;
        for (size_t i = 0; i < FRAMES; i++) {
            double mono = (double)before.ch[0][i] + (double)before.ch[1][i];
            worst = fmax(worst, fabs((double)after.ch[0][i] + (double)after.ch[1][i] - mono));
            side += fabs((double)after.ch[0][i] - (double)before.ch[0][i]);
        }
        assert_true(20 * log10(worst) < -130); /* two roundings to float */
        assert_true(side / FRAMES > 0.05);
        sound_free(before), sound_free(after);
    }
}

int main(void)
{
    td_denormals_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(between_samples),
        cmocka_unit_test(stands_where_it_should),
        cmocka_unit_test(swings),
        cmocka_unit_test(mono_stays),
    };
    return cmocka_run_group_tests_name("chorus", tests, NULL, NULL);
}
