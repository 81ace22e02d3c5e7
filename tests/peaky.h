/* tests/peaky.h - signals that are hard to hold, at about full scale: what lies between their samples is larger. Made
 * at PEAKY_RATE; the random numbers move them a little, so that every one of them is another. */
#ifndef TESTS_PEAKY_H
#define TESTS_PEAKY_H

#include "tests/sound.h"

#define PEAKY_RATE 48000.0

SOUND_INLINE sound peaky_tones_and_drums(size_t n, td_random *r)
{
    sound s = sound_new(n);
    double f1 = 80 + 200 * (td_random_uniform(r) + 0.5), f2 = 3000 + 9000 * (td_random_uniform(r) + 0.5);
    size_t beat = 6000 + (size_t)(8000 * (td_random_uniform(r) + 0.5));
    for (size_t i = 0; i < n; i++)
        for (int c = 0; c < 2; c++) {
            double hit = exp(-(double)(i % beat) / 900);
            s.ch[c][i] = (float)(hit * td_random_uniform(r) + 0.35 * sin(2 * M_PI * f1 * (double)i / PEAKY_RATE) +
                                 0.2 * sin(2 * M_PI * f2 * (double)i / PEAKY_RATE + c));
        }
    return s;
}

SOUND_INLINE sound peaky_quarter_rate(size_t n, td_random *r)
{
    sound s = sound_new(n);
    double phase = td_random_uniform(r) * 2 * M_PI;
    for (size_t i = 0; i < n; i++) s.ch[0][i] = s.ch[1][i] = (float)sin(M_PI / 2 * (double)i + phase);
    return s;
}

SOUND_INLINE sound peaky_clipped_noise(size_t n, td_random *r)
{
    sound s = sound_noise(n, td_random_next(r), 4);
    for (int c = 0; c < 2; c++)
        for (size_t i = 0; i < n; i++) s.ch[c][i] = fmaxf(-1, fminf(1, s.ch[c][i]));
    return s;
}

SOUND_INLINE sound peaky_square(size_t n, td_random *r)
{
    sound s = sound_new(n);
    double f = 1001 * (1 + td_random_uniform(r));
    for (size_t i = 0; i < n; i++) s.ch[0][i] = s.ch[1][i] = sin(2 * M_PI * f * (double)i / PEAKY_RATE) < 0 ? -1 : 1;
    return s;
}

SOUND_INLINE sound peaky_pulses(size_t n, td_random *r)
{
    sound s = sound_new(n);
    size_t every = 20 + td_random_next(r) % 400;
    for (size_t i = 0; i + 1 < n; i += every) s.ch[0][i] = 1, s.ch[1][i + 1] = -1, s.ch[0][i + 1] = 1;
    return s;
}

SOUND_INLINE sound peaky_top_sweep(size_t n, td_random *r)
{
    sound s = sound_new(n);
    double phase = td_random_uniform(r);
    for (size_t i = 0; i < n; i++) {
        s.ch[0][i] = s.ch[1][i] = (float)sin(2 * M_PI * phase);
        phase += (20000 + 3000 * (double)i / (double)n) / PEAKY_RATE;
    }
    return s;
}

#endif
