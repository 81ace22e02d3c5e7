/* Pitch and formant: to the cent, in place, and the same however the blocks are cut. Mono signals, for they cost half.
 */
#include "engine/base/maths.h"
#include "tests/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { RATE = 48000, FRAMES = 48000 };

/* A voice of sorts: pulses at 100 Hz through a resonance at 1 kHz, 150 Hz wide. */
static sound voice(size_t frames)
{
    sound s = sound_new(frames);
    double w = 2 * M_PI * 1000 / RATE, r = 0.99, a = 0, b = 0;
    for (size_t i = 0; i < frames; i++) {
        double y = (i % 480 == 0 ? 0.1 : 0) + 2 * r * cos(w) * a - r * r * b;
        b = a, a = y;
        s.ch[0][i] = s.ch[1][i] = (float)y;
    }
    return s;
}

/* The resonance: the top of a parabola through the strongest harmonic and its neighbours, in dB. */
static double resonance(sound s, double f0)
{
    double db[64], top = 4;
    for (int k = 4; k < 24; k++) {
        db[k] = 20 * log10(sound_amplitude(s.ch[0] + FRAMES / 3, FRAMES / 2, k * f0, RATE));
        if (db[k] > db[(int)top]) top = k;
    }
    double below = db[(int)top - 1], at = db[(int)top], above = db[(int)top + 1];
    return f0 * (top + (below - above) / (2 * (below - 2 * at + above)));
}

static void moves_each_on_its_own(void **unused)
{
    (void)unused;
    static const double cases[][2] = { { 4, 0 }, { -5, 0 }, { 0, 3 }, { 3, -3 } };
    sound in = voice(FRAMES);
    double before = resonance(in, 100);
    sound_free(in);
    for (size_t i = 0; i < 4; i++) {
        char spec[64];
        snprintf(spec, sizeof spec, "pitch=%g formant=%g", cases[i][0], cases[i][1]);
        td_unit_state *u = sound_unit(RATE, "pitch", spec);
        sound s = voice(FRAMES);
        sound_run(u, s);
        double f0 = 100 * pow(2, cases[i][0] / 12), size = pow(2, cases[i][1] / 12);
        double best = 0, cents = 0;
        for (double c = -10; c <= 10; c += 0.5) { /* the tenth harmonic tells them apart */
            double now = sound_amplitude(s.ch[0] + FRAMES / 3, FRAMES / 2, 10 * f0 * pow(2, c / 1200), RATE);
            if (now > best) best = now, cents = c;
        }
        assert_true(fabs(cents) <= 3);
        assert_true(fabs(resonance(s, f0) / (before * size) - 1) < 0.03);
        td_unit_free(u);
        sound_free(s);
    }
}

/* A click comes out where it went in, and what lies around it does not break off. */
static void in_place(void **unused)
{
    (void)unused;
    static const char *const specs[] = { "pitch=-5", "pitch=0.1", "pitch=4", "formant=2" };
    for (size_t k = 0; k < 4; k++) {
        td_unit_state *u = sound_unit(RATE, "pitch", specs[k]);
        size_t late = td_unit_latency(u), at = 0;
        sound s = sound_new(FRAMES);
        for (size_t i = 0; i < 48; i++) s.ch[0][20000 + i] = s.ch[1][20000 + i] = (i % 2 ? 0.5f : -0.5f);
        sound_run(u, s);
        for (size_t i = 0; i < FRAMES; i++)
            if (fabsf(s.ch[0][i]) > fabsf(s.ch[0][at])) at = i;
        assert_true(fabs((double)at - (double)late - 20024) < 96); /* 2 ms */
        td_unit_free(u);
        sound_free(s);
        u = sound_unit(RATE, "pitch", specs[k]);
        s = sound_sine(FRAMES, RATE, 300, 0.5);
        sound_run(u, s);
        double whole = sound_rms(s.ch[0] + FRAMES / 2, FRAMES / 2);
        for (size_t i = FRAMES / 2; i + 480 <= FRAMES; i += 480) assert_true(sound_rms(s.ch[0] + i, 480) > 0.6 * whole);
        td_unit_free(u);
        sound_free(s);
    }
}

static void blocks_and_reset(void **unused)
{
    (void)unused;
    sound a = voice(FRAMES), b = voice(FRAMES), c = voice(FRAMES);
    td_unit_state *u = sound_unit(RATE, "pitch", "pitch=3");
    sound_run(u, a);
    td_unit_reset(u);
    sound_run_all(u, b, (sound){ 0 }, NULL, 0, 37);
    td_unit_free(u);
    u = sound_unit(RATE, "pitch", "pitch=3");
    sound_run_all(u, c, (sound){ 0 }, NULL, 0, 1);
    assert_memory_equal(a.ch[0], b.ch[0], FRAMES * sizeof(float));
    assert_memory_equal(a.ch[0], c.ch[0], FRAMES * sizeof(float));
    assert_memory_equal(a.ch[0], a.ch[1], FRAMES * sizeof(float)); /* mono stays mono */
    td_unit_free(u);
    sound_free(a), sound_free(b), sound_free(c);
}

static void ends(void **unused)
{
    (void)unused;
    td_unit_state *u = sound_unit(RATE, "pitch", "pitch=-3");
    size_t end = 4800 + td_unit_latency(u) + td_unit_tail(u);
    sound s = voice(FRAMES);
    for (unsigned c = 0; c < 2; c++) memset(s.ch[c] + 4800, 0, (FRAMES - 4800) * sizeof(float));
    sound_run(u, s);
    assert_true(sound_peak(s.ch[0] + end, FRAMES - end) == 0);
    assert_true(sound_peak(s.ch[0] + end - 100, 100) < 1e-3);
    td_unit_free(u);
    sound_free(s);
}

int main(void)
{
    td_denormals_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_each_on_its_own),
        cmocka_unit_test(in_place),
        cmocka_unit_test(blocks_and_reset),
        cmocka_unit_test(ends),
    };
    return cmocka_run_group_tests_name("pitch", tests, NULL, NULL);
}
