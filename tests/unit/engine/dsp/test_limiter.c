#include "engine/meter/meter.h"
#include "tests/peaky.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RATE PEAKY_RATE

static sound (*const signals[])(size_t, td_random *) = { peaky_tones_and_drums, peaky_quarter_rate, peaky_clipped_noise,
                                                         peaky_square,          peaky_pulses,       peaky_top_sweep };
enum { SIGNALS = sizeof signals / sizeof *signals };

static double true_peak_db(sound s)
{
    td_true_peak *m;
    assert_int_equal(td_true_peak_new(2, 16, &m), TD_OK);
    td_true_peak_add(m, (const float *const *)s.ch, s.frames);
    td_true_peak_end(m);
    double peak = td_true_peak_max(m);
    td_true_peak_free(m);
    return 20 * log10(peak);
}

static void samples_never_exceed_the_ceiling(void **unused)
{
    (void)unused;
    td_random r;
    td_random_seed(&r, 1);
    for (size_t k = 0; k < SIGNALS; k++) {
        sound s = signals[k](24000, &r);
        td_unit_state *u = sound_unit(RATE, "limiter", "drive=12 ceiling=-3 true_peak=0");
        sound_run(u, s);
        assert_true(fmax(sound_peak(s.ch[0], s.frames), sound_peak(s.ch[1], s.frames)) <=
                    pow(10, -3 / 20.0) * 1.000001);
        td_unit_free(u);
        sound_free(s);
    }
}

static void true_peaks_stay_below_the_ceiling(void **unused)
{
    (void)unused;
    enum { N = 9600 };
    static const char *const settings[] = { "drive=6 ceiling=-1", "drive=12 ceiling=-1 lookahead=5",
                                            "drive=3 ceiling=-2 lookahead=1 release=20", "drive=6 ceiling=-1 link=0" };
    td_random r;
    td_random_seed(&r, 2);
    for (size_t k = 0; k < 30 * SIGNALS; k++) {
        const char *setting = settings[k / SIGNALS % 4];
        sound s = signals[k % SIGNALS](N, &r);
        for (int c = 0; c < 2; c++) memset(s.ch[c] + N - 1000, 0, 1000 * sizeof(float)); /* all of it comes out */
        td_unit_state *u = sound_unit(RATE, "limiter", setting);
        sound_run(u, s);

        assert_true(true_peak_db(s) <= (strstr(setting, "ceiling=-1") ? -1 : -2));
        td_unit_free(u);
        sound_free(s);
    }
}

static void below_the_ceiling_it_is_a_delay(void **unused)
{
    (void)unused;
    assert_true(sound_passes(RATE, "limiter", "ceiling=0", 0.5));
}

/* 50 Hz, 3 dB over, 5 ms: everything but the fundamental below 0.5 % of it. */
static void bass_stays_clean(void **unused)
{
    (void)unused;
    sound s = sound_sine(4 * 48000, RATE, 50, 1);
    td_unit_state *u = sound_unit(RATE, "limiter", "drive=3 ceiling=0 lookahead=5 true_peak=0");
    sound_run(u, s);
    const float *y = s.ch[0] + 3 * 48000;
    double fundamental = 2 * cabs(sound_dft(y, 48000, 50, RATE)) / 48000, rms = sound_rms(y, 48000);
    double rest = sqrt(fmax(0, rms * rms - fundamental * fundamental / 2));
    assert_true(rest / rms < 0.005);
    td_unit_free(u);
    sound_free(s);
}

static void linked_sides_keep_the_image(void **unused)
{
    (void)unused;
    td_random r;
    td_random_seed(&r, 4);
    sound s = peaky_tones_and_drums(24000, &r), before = sound_copy(s);
    td_unit_state *u = sound_unit(RATE, "limiter", "drive=9 ceiling=-1");
    float *gr = calloc(s.frames, sizeof *gr);
    sound_run_all(u, s, (sound){ 0 }, (float *[]){ gr }, 1, 100);
    size_t late = td_unit_latency(u);
    for (size_t i = late; i < s.frames; i++)
        for (int c = 0; c < 2; c++) {
            assert_true(gr[i] >= 0);
            assert_float_equal(s.ch[c][i], (double)before.ch[c][i - late] * pow(10, (9 - (double)gr[i]) / 20), 1e-6);
        }
    td_unit_free(u);
    free(gr);
    sound_free(s);
    sound_free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_never_exceed_the_ceiling), cmocka_unit_test(true_peaks_stay_below_the_ceiling),
        cmocka_unit_test(below_the_ceiling_it_is_a_delay),  cmocka_unit_test(bass_stays_clean),
        cmocka_unit_test(linked_sides_keep_the_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
