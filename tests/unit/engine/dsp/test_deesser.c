#include "tests/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { VOWEL = 24000, ESS = 3840, FRAMES = VOWEL + ESS + 24000 }; /* an s of 80 ms between two vowels */

/* Noise from 5 to 9 kHz: many sines. */
static void add_ess(float *x, size_t frames, double rms)
{
    enum { TONES = 80 };
    for (int k = 0; k < TONES; k++) {
        double hz = 5100 + 3800.0 * (k + 0.37 * (k % 3)) / TONES, phase = 2.4 * k * k;
        for (size_t i = 0; i < frames; i++)
            x[i] += (float)(rms * sqrt(2.0 / TONES) * sin(2 * M_PI * fmod(hz * (double)i / 48000, 1) + phase));
    }
}

static void add_vowel(float *x, size_t frames, double level)
{
    for (int h = 1; h <= 30; h++)
        for (size_t i = 0; i < frames; i++)
            x[i] += (float)(level / h * sin(2 * M_PI * fmod(140.0 * h * (double)i / 48000, 1)));
}

static sound voice(double level)
{
    sound s = sound_new(FRAMES);
    add_vowel(s.ch[0], VOWEL, level);
    add_ess(s.ch[0] + VOWEL, ESS, level);
    add_vowel(s.ch[0] + VOWEL + ESS, FRAMES - VOWEL - ESS, level);
    memcpy(s.ch[1], s.ch[0], FRAMES * sizeof(float));
    return s;
}

static double change_db(sound in, sound out, size_t from, size_t frames, size_t late)
{
    return 20 * log10(sound_rms(out.ch[0] + from + late, frames) / sound_rms(in.ch[0] + from, frames));
}

static void lowers_the_s_alone(const char *spec, double level)
{
    td_unit_state *u = sound_unit(48000, "deesser", spec);
    sound in = voice(level), out = sound_copy(in);
    size_t late = td_unit_latency(u);
    sound_run(u, out);
    double ess = change_db(in, out, VOWEL + 480, ESS - 960, late), vowel = change_db(in, out, 2400, VOWEL - 4800, late);
    if (fabs(ess + 6) > 0.5 || fabs(vowel) > 0.1) fail_msg("%s: s %g dB, vowel %g dB", spec, ess, vowel);
    /* nothing moves sooner than the look-ahead before the s */
    for (size_t i = 0; i < VOWEL - late; i++) assert_true(fabs((double)(in.ch[0][i] - out.ch[0][i + late])) < 1e-6);
    td_unit_free(u);
    sound_free(in), sound_free(out);
}

static void soft_and_loud(void **unused)
{
    (void)unused;
    for (double level = 0.02; level < 0.5; level *= 3) {
        lowers_the_s_alone("range=5000,9000 depth=6 threshold=-12", level);
        lowers_the_s_alone("range=5000,9000 depth=6 threshold=-12 mode=wide", level);
    }
}

static void deaf_to_silence_and_hiss(void **unused)
{
    (void)unused;
    td_unit_state *u = sound_unit(48000, "deesser", "");
    sound in = sound_noise(9000, 1, 0.0005), out = sound_copy(in);
    sound_run(u, out);
    double change = 20 * log10(sound_rms(out.ch[0] + 4000, 5000) / sound_rms(in.ch[0] + 4000, 5000));
    assert_true(fabs(change) < 0.1);
    td_unit_free(u);
    sound_free(in), sound_free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(soft_and_loud), cmocka_unit_test(deaf_to_silence_and_hiss) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
