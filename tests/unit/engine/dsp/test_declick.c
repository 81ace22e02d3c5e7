/* Clicks go, all else stays to the bit. */
#include "engine/base/maths.h"
#include "tests/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { RATE = 48000, FRAMES = 96000, CLICKS = 8 };

static sound through(const char *spec, sound s, size_t *late)
{
    td_unit_state *u = sound_unit(RATE, "declick", spec);
    *late = td_unit_latency(u);
    sound_run(u, s);
    td_unit_free(u);
    return s;
}

/* A chord over filtered noise: something a model can follow, but not to the end. */
static sound music(void)
{
    static const double freq_hz[] = { 110, 277.2, 329.6, 1109, 2217 };
    sound s = sound_noise(FRAMES, 1, 0.02);
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 1; i < FRAMES; i++) s.ch[c][i] = s.ch[c][i - 1] + 0.3f * (s.ch[c][i] - s.ch[c][i - 1]);
    for (size_t k = 0; k < 5; k++) {
        sound t = sound_sine(FRAMES, RATE, freq_hz[k], 0.08);
        for (unsigned c = 0; c < 2; c++)
            for (size_t i = 0; i < FRAMES; i++) s.ch[c][i] += t.ch[c][i];
        sound_free(t);
    }
    return s;
}

static double power(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return sum;
}

/* Clicks of 1 to 29 samples, each mended to what was there, 18 to 42 dB better; beside them nothing moves. */
static void mends(void **unused)
{
    (void)unused;
    sound clean = music(), dirty = sound_copy(clean), click = sound_noise(FRAMES, 7, 0.8), hurt;
    size_t late;
    for (size_t k = 0; k < CLICKS; k++)
        for (size_t i = 0; i < 1 + 4 * k; i++) dirty.ch[0][10000 * (k + 1) + 37 * k + i] += click.ch[0][100 * k + i];
    hurt = sound_copy(dirty);
    through("", dirty, &late);
    for (size_t k = 0; k < CLICKS; k++) {
        size_t at = 10000 * (k + 1) + 37 * k - 8, n = 17 + 4 * k;
        double before = power(hurt.ch[0] + at, clean.ch[0] + at, n);
        double after = power(dirty.ch[0] + at + late, clean.ch[0] + at, n);
        assert_true(10 * log10(after / before) < -18);
        assert_memory_equal(dirty.ch[0] + at + n + late, clean.ch[0] + at + n, 5000 * sizeof(float));
    }
    assert_memory_equal(dirty.ch[1] + late, clean.ch[1], (FRAMES - late) * sizeof(float));
    sound_free(clean), sound_free(dirty), sound_free(click), sound_free(hurt);
}

/* Strokes of a drum, a chord, a saw after its first edges: none of it is a click. */
static void leaves_music_alone(void **unused)
{
    (void)unused;
    sound drum = sound_noise(FRAMES, 3, 0.9), chord = music(), saw = sound_new(FRAMES), was;
    size_t late;
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < FRAMES; i++) {
            drum.ch[c][i] *= (float)exp(-(double)(i % 12000) / 1500);
            saw.ch[c][i] = (float)((double)(i % 441) / 441 - 0.5) * 0.8f;
        }
    was = sound_copy(drum);
    through("", drum, &late);
    assert_memory_equal(drum.ch[0] + late, was.ch[0], (FRAMES - late) * sizeof(float));
    sound_free(was);
    was = sound_copy(chord);
    through("", chord, &late);
    assert_memory_equal(chord.ch[0] + late, was.ch[0], (FRAMES - late) * sizeof(float));
    sound_free(was);
    was = sound_copy(saw);
    through("", saw, &late);
    assert_memory_equal(saw.ch[0] + late + 12000, was.ch[0] + 12000, (FRAMES - late - 12000) * sizeof(float));
    sound_free(was), sound_free(drum), sound_free(chord), sound_free(saw);
}

int main(void)
{
    td_denormals_off();
    const struct CMUnitTest tests[] = { cmocka_unit_test(mends), cmocka_unit_test(leaves_music_alone) };
    return cmocka_run_group_tests_name("declick", tests, NULL, NULL);
}
