#include "engine/dsp/linear_phase.h"
#include "tests/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A resonance at ctx Hz: |H|^2 of a second-order section of q 4, and a floor. */
static double resonance(const void *ctx, double freq_hz)
{
    double x = freq_hz / *(const double *)ctx, bend = 1 - x * x;
    return 0.25 + 1 / (bend * bend + x * x / 16);
}

static void check(double at_hz, size_t at_least)
{
    td_linear_phase f;
    assert_int_equal(td_linear_phase_init(&f, resonance, &at_hz, 48000, at_least), TD_OK);
    assert_true(f.half >= at_least && f.latency >= f.half);
    sound s = sound_impulse(f.latency + f.half + 1000, 1);
    for (size_t at = 0; at < s.frames; at += 500) {
        size_t n = s.frames - at < 500 ? s.frames - at : 500;
        td_linear_phase_process(&f, (float *const[]){ s.ch[0] + at, s.ch[1] + at }, n);
    }
    for (size_t i = 1; i < f.half; i++) assert_true(fabsf(s.ch[0][f.latency + i] - s.ch[0][f.latency - i]) < 1e-7f);
    for (double hz = 20; hz < 20000; hz *= 1.1) {
        double db = 20 * log10(cabs(sound_dft(s.ch[1], s.frames, hz, 48000)));
        assert_true(fabs(db - 10 * log10(resonance(&at_hz, hz))) < 0.05);
    }
    td_linear_phase_fini(&f);
    sound_free(s);
}

static void symmetric_and_right(void **unused)
{
    (void)unused;
    check(3000, 0);
    check(150, 0);
    check(3000, 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(symmetric_and_right) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
