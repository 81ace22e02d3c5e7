#include "tests/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A band-limited signal whose delayed form is known everywhere: a sum of sines up to 0.9 of half the rate. */
static float wave(double frame)
{
    static const double turns[] = { 0.001, 0.013, 0.077, 0.21, 0.333, 0.45 }; /* per frame */
    double sum = 0;
    for (int i = 0; i < 6; i++) sum += 0.1 * sin(2 * M_PI * turns[i] * frame + i);
    return (float)sum;
}

static void check(double delay_ms, bool flip)
{
    enum { FRAMES = 4000, SETTLED = 600 };
    char spec[64];
    snprintf(spec, sizeof spec, "delay=%.17g flip=%d", delay_ms, flip);
    td_unit_state *u = sound_unit(48000, "align", spec);
    double late = (double)td_unit_latency(u) + 48 * delay_ms;
    sound s = sound_new(FRAMES);
    for (int i = 0; i < FRAMES; i++) s.ch[0][i] = wave(i), s.ch[1][i] = -wave(i);
    sound_run(u, s);
    for (int i = SETTLED; i < FRAMES; i++) {
        double want = (flip ? -1 : 1) * (double)wave(i - late);
        if (fabs((double)s.ch[0][i] - want) > 1e-5 || fabs((double)s.ch[1][i] + want) > 1e-5)
            fail_msg("%s: %g at %d, not %g", spec, (double)s.ch[0][i], i, want);
    }
    td_unit_free(u);
    sound_free(s);
}

static void moves(void **unused)
{
    (void)unused;
    for (int i = -48; i <= 48; i++) check(i * 0.21 / 1.2, i & 1);
    check(10, false);
    check(-10, true);
}

/* Whole frames are moved without a filter: the samples stay what they were. */
static void whole_frames(void **unused)
{
    (void)unused;
    td_unit_state *u = sound_unit(48000, "align", "delay=-2");
    assert_int_equal(td_unit_latency(u), 35 + 96);
    sound in = sound_noise(1000, 1, 1), out = sound_copy(in);
    sound_run(u, out);
    assert_true(sound_residual_db(in, out, 35) == -INFINITY);
    td_unit_free(u);
    sound_free(in), sound_free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(moves), cmocka_unit_test(whole_frames) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
