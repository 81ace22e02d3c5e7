#include "tests/sound.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RATE 48000.0

/* 3 kHz at a level in dB for every piece of `piece` frames. */
static sound levels(size_t piece, size_t n, const double *level_db)
{
    sound s = sound_sine(piece * n, RATE, 3000, 1);
    for (size_t i = 0; i < s.frames; i++)
        for (int c = 0; c < 2; c++) s.ch[c][i] *= (float)pow(10, level_db[i / piece] / 20);
    return s;
}

static float *reduction(const char *setting, sound s, sound key)
{
    float *gr = calloc(s.frames, sizeof *gr);
    td_unit_state *u = sound_unit(RATE, "gate", setting);
    sound_run_all(u, s, key, (float *[]){ gr }, 1, 512);
    td_unit_free(u);
    return gr;
}

static void opens_above_and_closes_below(void **unused)
{
    (void)unused;
    static const double level_db[] = { -60, -30, -42, -60, -42 }; /* -42 lies inside the hysteresis */
    static const double want_db[] = { 30, 0, 0, 30, 30 };
    sound s = levels(24000, 5, level_db);
    float *gr = reduction("threshold=-40 range=30 hysteresis=4 hold=20 release=40", s, (sound){ 0 });
    for (size_t i = 0; i < 5; i++) assert_float_equal(gr[24000 * (i + 1) - 10], want_db[i], 0.05);
    free(gr);
    sound_free(s);
}

/* Hold, then release; and with look-ahead the first frame of a note is whole. */
static void times_hold(void **unused)
{
    (void)unused;
    static const double level_db[] = { -90, -20, -90 };
    sound s = levels(24000, 3, level_db), before = sound_copy(s);
    float *gr = reduction("threshold=-40 range=40 attack=0.2 hold=50 release=100 lookahead=2", s, (sound){ 0 });
    size_t i = 48000;
    while (gr[i] < 0.01f) i++;
    assert_float_equal((double)(i - 48000) / 48, 50, 2);
    size_t start = i;
    while ((double)gr[i] < 40 * (1 - exp(-1))) i++;
    assert_float_equal((double)(i - start) / 48, 100, 2);
    for (i = 24000; i < 24100; i++) /* 2 ms are ten attacks */
        assert_float_equal(s.ch[0][i + 96], before.ch[0][i], 0.003 * fabs((double)before.ch[0][i]) + 1e-6);
    free(gr);
    sound_free(s);
    sound_free(before);
}

static void an_open_gate_is_a_wire(void **unused)
{
    (void)unused;
    static const double level_db[] = { -20, -20 };
    sound s = levels(24000, 2, level_db), before = sound_copy(s);
    free(reduction("threshold=-40 lookahead=1", s, (sound){ 0 }));
    assert_memory_equal(s.ch[0] + 24048, before.ch[0] + 24000, 23000 * sizeof(float));
    sound_free(s);
    sound_free(before);
}

/* A decaying note crosses the threshold once, however its carrier moves. */
static void does_not_chatter(void **unused)
{
    (void)unused;
    sound s = sound_sine(96000, RATE, 70, 1);
    for (size_t i = 0; i < s.frames; i++)
        for (int c = 0; c < 2; c++) s.ch[c][i] *= (float)exp(-(double)i / 12000);
    float *gr = reduction("threshold=-30 range=40 hold=10 release=30", s, (sound){ 0 });
    unsigned turns = 0;
    for (size_t i = 2001; i < s.frames; i++) turns += gr[i - 1] == 0 && gr[i] > 0;
    assert_int_equal(turns, 1);
    free(gr);
    sound_free(s);
}

static void the_key_decides(void **unused)
{
    (void)unused;
    static const double level_db[] = { -20, -20 }, key_db[] = { -90, -10 };
    sound s = levels(24000, 2, level_db), key = levels(24000, 2, key_db);
    float *gr = reduction("threshold=-40 range=30 detector_low_cut=100 detector_high_cut=9000", s, key);
    assert_float_equal(gr[23000], 30, 0.1);
    assert_float_equal(gr[47000], 0, 0.1);
    free(gr);
    sound_free(s);
    sound_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_above_and_closes_below),
        cmocka_unit_test(times_hold),
        cmocka_unit_test(an_open_gate_is_a_wire),
        cmocka_unit_test(does_not_chatter),
        cmocka_unit_test(the_key_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
