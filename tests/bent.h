/* tests/bent.h - what curves do to tones: harmonics, and what folds back from above half the rate.
 *
 * Alias tones are multiples of a step of some bins, so all that a curve makes of them is as well; the step does not
 * divide the length of the transform, so what folds back falls between. */
#ifndef TESTS_BENT_H
#define TESTS_BENT_H

#include "engine/base/fft.h"
#include "tests/sound.h"

/* Harmonics 2 to 9 of freq_hz by power, against the first. */
SOUND_INLINE double bent_thd(const float *x, size_t n, double freq_hz, double rate_hz)
{
    double sum = 0;
    for (int k = 2; k < 10; k++) sum += pow(sound_amplitude(x, n, k * freq_hz, rate_hz), 2);
    return sqrt(sum) / sound_amplitude(x, n, freq_hz, rate_hz);
}

enum { ALIAS_N = 16384 };

/* In bins, odd. The lower tone's multiple of the step is 1 or 6: 5 kHz alone; or 9 and 10.5 kHz. */
SOUND_INLINE int alias_step(bool two, double rate_hz)
{
    return 2 * (int)((two ? 1497 : 5000) / rate_hz * ALIAS_N / 2) + 1;
}

/* The tones together go up to `peak`. */
SOUND_INLINE sound alias_tones(size_t frames, double rate_hz, bool two, double peak)
{
    double step_hz = alias_step(two, rate_hz) * rate_hz / ALIAS_N;
    sound s = sound_sine(frames, rate_hz, two ? 6 * step_hz : step_hz, two ? peak / 2 : peak);
    sound also = sound_sine(frames, rate_hz, 7 * step_hz, two ? peak / 2 : 0);
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < frames; i++) s.ch[c][i] += also.ch[c][i];
    sound_free(also);
    return s;
}

/* All that lies up to 20 kHz and no combination of the tones gives, by power, against the (lower) tone; from the
 * sound's end. */
SOUND_INLINE double alias_db(sound s, double rate_hz, bool two)
{
    static td_v2 x[ALIAS_N], re[ALIAS_N / 2 + 1], im[ALIAS_N / 2 + 1];
    for (int i = 0; i < ALIAS_N; i++) { /* Blackman and Harris: -92 dB beside four bins */
        double t = 2 * M_PI * i / ALIAS_N, w = 0.35875 - 0.48829 * cos(t) + 0.14128 * cos(2 * t) - 0.01168 * cos(3 * t);
        x[i] = td_v2_set((double)s.ch[0][s.frames - ALIAS_N + i] * w);
    }
    td_fft *fft;
    if (td_fft_new(ALIAS_N, &fft) != TD_OK) abort();
    td_fft_forward(fft, x, re, im);
    td_fft_free(fft);
    int step = alias_step(two, rate_hz), tone = two ? 6 * step : step;
    double folded = 0, lower = 0;
    for (int k = 8; k < 20000 * ALIAS_N / rate_hz; k++) {
        double power = re[k][0] * re[k][0] + im[k][0] * im[k][0];
        if ((k + 4) % step > 8) folded += power;
        if (abs(k - tone) <= 4) lower += power;
    }
    return 10 * log10(folded / lower);
}

#endif
