#include "tests/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Level of the impulse response of these settings at a frequency, dB, per channel. */
static double heard_db(const char *spec, unsigned channel, bool one_sided, double freq_hz)
{
    td_unit_state *u = sound_unit(48000, "eq", spec);
    sound s = sound_impulse(td_unit_latency(u) + td_unit_tail(u) + 1000, 1);
    if (one_sided) s.ch[1][0] = 0;
    sound_run(u, s);
    double db = 20 * log10(cabs(sound_dft(s.ch[channel], s.frames, freq_hz, 48000)));
    td_unit_free(u);
    sound_free(s);
    return db;
}

static void near(double is, double want, double within)
{
    if (!(fabs(is - want) <= within)) fail_msg("%g, not %g", is, want);
}

/* Butterworth: -3.01 dB at the corner at any slope, then the slope. */
static void cuts(void **unused)
{
    (void)unused;
    for (int slope = 6; slope <= 96; slope += 6) {
        char spec[64];
        snprintf(spec, sizeof spec, "| low_cut at=400 slope=%d", slope);
        near(heard_db(spec, 0, false, 400), 10 * log10(0.5), 0.02);
        near(heard_db(spec, 0, false, 320), -10 * log10(1 + pow(400.0 / 320, slope / 3)), 0.05);
        near(heard_db(spec, 0, false, 4000), -10 * log10(1 + pow(0.1, slope / 3)), 0.02);
        snprintf(spec, sizeof spec, "| high_cut at=1500 slope=%d", slope);
        near(heard_db(spec, 0, false, 2000), -10 * log10(1 + pow(2000.0 / 1500, slope / 3)), 0.1);
    }
}

static void shapes(void **unused)
{
    (void)unused;
    near(heard_db("| bell at=3000 gain=4 q=1", 0, false, 3000), 4, 0.01);
    near(heard_db("| bell range=300,500 gain=-6", 0, false, sqrt(150000)), -6, 0.01);
    near(heard_db("| bell range=300,500 gain=-6", 0, false, 300), -3, 0.02); /* half the gain at its edges */
    near(heard_db("| bell range=300,500 gain=-6", 0, false, 500), -3, 0.02);
    near(heard_db("| high_shelf at=10000 gain=3", 0, false, 10000), 1.5, 0.05);
    near(heard_db("| low_shelf at=100 gain=-5", 0, false, 100), -2.5, 0.01);
    near(heard_db("| tilt at=1000 gain=2", 0, false, 20), -2, 0.02);
    near(heard_db("| tilt at=1000 gain=2", 0, false, 1000), 0, 0.01);
    near(heard_db("| notch at=1000 q=10", 0, false, 1000), -200, 150);
    near(heard_db("| notch at=1000 q=10", 0, false, 500), -10 * log10(1 + pow(1 / (10 * 1.5), 2)), 0.01);
    near(heard_db("| band_pass at=1000 q=1", 0, false, 1000), 0, 0.02);
    near(heard_db("| bell at=1000 gain=4 | bell at=1000 gain=-4", 0, false, 700), 0, 1e-5);
}

static void channel_choice(void **unused)
{
    (void)unused;
    near(heard_db("channel=left | bell at=1000 gain=6", 0, false, 1000), 6, 0.01);
    near(heard_db("channel=left | bell at=1000 gain=6", 1, false, 1000), 0, 1e-6);
    near(heard_db("channel=right | bell at=1000 gain=6", 1, false, 1000), 6, 0.01);
    near(heard_db("channel=side | bell at=1000 gain=6", 0, false, 1000), 0, 1e-6);
    /* one channel alone is half mid, half side */
    double both = 20 * log10((1 + pow(10, 6 / 20.0)) / 2), leak = 20 * log10((pow(10, 6 / 20.0) - 1) / 2);
    near(heard_db("channel=mid | bell at=1000 gain=6", 0, true, 1000), both, 0.01);
    near(heard_db("channel=mid | bell at=1000 gain=6", 1, true, 1000), leak, 0.02);
    near(heard_db("channel=side phase=linear | bell at=1000 gain=6", 0, true, 1000), both, 0.05);
}

static void linear_phase(void **unused)
{
    (void)unused;
    const char *spec = "phase=linear | low_cut at=40 | bell at=3000 gain=4 q=2 | high_shelf at=8000 gain=-3";
    td_unit_state *u = sound_unit(48000, "eq", spec);
    size_t late = td_unit_latency(u), frames = 2 * late + 4096;
    sound s = sound_impulse(frames, 1);
    sound_run(u, s);
    for (size_t i = 0; i < late; i++) near((double)s.ch[0][late + i], (double)s.ch[0][late - i], 1e-9);
    for (double f = 30; f < 20000; f *= 1.5)
        near(20 * log10(cabs(sound_dft(s.ch[0], frames, f, 48000))), 10 * log10(td_unit_power_at(u, f)), 0.05);
    td_unit_free(u);
    sound_free(s);
}

static void match_is_the_planners(void **unused)
{
    (void)unused;
    td_error err;
    assert_null(sound_try(48000, td_processor_find("eq"), "| match target=rock strength=50", &err));
    assert_int_equal(err.status, TD_RECIPE);
    assert_non_null(strstr(err.what, "plan"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(cuts), cmocka_unit_test(shapes),
                                        cmocka_unit_test(channel_choice), cmocka_unit_test(linear_phase),
                                        cmocka_unit_test(match_is_the_planners) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
