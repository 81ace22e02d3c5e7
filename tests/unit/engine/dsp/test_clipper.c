#include "tests/sound.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RATE 48000

static double db(double x)
{
    return 20 * log10(x);
}

/* Everything that folded into 0 to 20 kHz against the fundamental, from one second of a sine of whole Hertz. */
static double alias_db(const float *y, unsigned freq_hz)
{
    double sum = 0, fundamental = cabs(sound_dft(y, RATE, freq_hz, RATE));
    for (unsigned k = 1; k < 400; k += 2) {
        unsigned at = k * freq_hz % RATE;
        if (at > RATE / 2) at = RATE - at;
        if (k * freq_hz < RATE / 2 || at >= 20000) continue;
        double a = cabs(sound_dft(y, RATE, at, RATE)) / fundamental;
        sum += a * a;
    }
    return 10 * log10(sum);
}

static void folds_little_back(void **unused)
{
    (void)unused;
    static const struct {
        unsigned freq_hz;
        double drive_db;
        const char *setting;
        double limit_db;
    } cases[] = {
        { 1249, 6, "ceiling=-6 drive=6 knee=1", -90 },
        { 4999, 6, "ceiling=-6 drive=6 knee=1", -90 },
        { 4999, 12, "ceiling=-6 drive=12 knee=0", -75 },
        { 9001, 24, "ceiling=-6 drive=24 knee=0", -70 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sound s = sound_sine(2 * RATE, RATE, cases[i].freq_hz, 0.5);
        td_unit_state *u = sound_unit(RATE, "clipper", cases[i].setting);
        sound_run(u, s);
        assert_true(alias_db(s.ch[0] + RATE, cases[i].freq_hz) < cases[i].limit_db);
        td_unit_free(u);
        sound_free(s);
    }
}

static void below_the_knee_it_is_a_delay(void **unused)
{
    (void)unused;
    assert_true(sound_passes(RATE, "clipper", "ceiling=-3 knee=2", 0.3));
}

/* Slow enough for filters not to matter: the curve itself, against its own words. */
static void the_curve_is_flat_at_the_ceiling(void **unused)
{
    (void)unused;
    sound s = sound_sine(RATE, RATE, 20, 1), before = sound_copy(s);
    td_unit_state *u = sound_unit(RATE, "clipper", "ceiling=-6 knee=3");
    float *gr = calloc(s.frames, sizeof *gr);
    sound_run_all(u, s, (sound){ 0 }, (float *[]){ gr }, 1, 512);
    size_t late = td_unit_latency(u);
    double ceiling = pow(10, -6 / 20.0), w = 1 - pow(10, -3 / 20.0);
    for (size_t i = RATE / 2; i < RATE; i++) {
        double x = fabs((double)before.ch[0][i - late]) / ceiling, t = fmin(fmax(x - (1 - w), 0), 2 * w);
        double want = x > 1 + w ? 1 : x - t * t / (4 * w);
        assert_float_equal(fabs((double)s.ch[0][i]), want * ceiling, 2e-4);
    }
    assert_float_equal(sound_peak(gr + RATE / 2, RATE / 2), 6, 0.02);
    td_unit_free(u);
    free(gr);
    sound_free(s);
    sound_free(before);
}

/* Every 8th frame sees what is cut off of every peak. */
static void picks_see_every_peak(void **unused)
{
    (void)unused;
    enum { N = 48000 };
    static float level[N];
    sound s = sound_noise(N, 5, 1);
    const td_processor *p = td_processor_find("clipper");
    td_unit_state *u = sound_unit(RATE, "clipper", "ceiling=-6");
    p->dynamics->sense(td_unit_raw(u), (const float *const *)s.ch, NULL, 512, (float *[]){ level });
    double all = fmax(sound_peak(s.ch[0], 480), sound_peak(s.ch[1], 480)), seen = 0;
    for (size_t i = 0; i < 512; i += 8) seen = fmax(seen, (double)level[i]);
    assert_true(seen >= all);
    td_unit_free(u);
    sound_free(s);
}

/* Filters round what was cut: tips of a beat, cut by 3 dB, come back by less than half a decibel. */
static void little_grows_back(void **unused)
{
    (void)unused;
    sound s = sound_noise(RATE, 6, 1);
    double low = 0;
    for (size_t i = 0; i < s.frames; i++) {
        double at = (double)(i % 12000) / RATE;
        low += 0.3 * ((double)s.ch[0][i] - low);
        s.ch[0][i] = s.ch[1][i] = (float)(exp(-24 * at) * (0.6 * sin(2 * M_PI * 60 * at) + 0.6 * low));
    }
    double scale = pow(10, -3 / 20.0) / sound_peak(s.ch[0], s.frames);
    for (int c = 0; c < 2; c++)
        for (size_t i = 0; i < s.frames; i++) s.ch[c][i] = (float)((double)s.ch[c][i] * scale);
    td_unit_state *u = sound_unit(RATE, "clipper", "ceiling=-6");
    sound_run(u, s);
    assert_true(db(sound_peak(s.ch[0], s.frames)) < -5.5);
    td_unit_free(u);
    sound_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_little_back),
        cmocka_unit_test(below_the_knee_it_is_a_delay),
        cmocka_unit_test(the_curve_is_flat_at_the_ceiling),
        cmocka_unit_test(picks_see_every_peak),
        cmocka_unit_test(little_grows_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
