/* tests/room.h - what rooms are measured by: decay by octaves, density of echoes. */
#ifndef TESTS_ROOM_H
#define TESTS_ROOM_H

#include "tests/sound.h"

/* An octave around freq_hz: two constant-peak band-passes of the cookbook in a row. */
SOUND_INLINE void room_octave(double *x, size_t n, double freq_hz, double rate_hz)
{
    double w = 2 * M_PI * freq_hz / rate_hz, a = sin(w) / (2 * 1.0);
    double b0 = a / (1 + a), a1 = -2 * cos(w) / (1 + a), a2 = (1 - a) / (1 + a);
    for (int pass = 0; pass < 2; pass++) {
        double x1 = 0, x2 = 0, y1 = 0, y2 = 0;
        for (size_t i = 0; i < n; i++) {
            double y = b0 * (x[i] - x2) - a1 * y1 - a2 * y2;
            x2 = x1, x1 = x[i], y2 = y1, y1 = y;
            x[i] = y;
        }
    }
}

/* T30: the slope of the backward integral (Schroeder) between -5 and -35 dB, twice over. */
SOUND_INLINE double room_decay(sound s, double freq_hz, double rate_hz)
{
    double *x = calloc(s.frames, sizeof *x), sum = 0, total, from = 0, to = 0;
    for (size_t i = 0; i < s.frames; i++) x[i] = (double)s.ch[0][i];
    room_octave(x, s.frames, freq_hz, rate_hz);
    for (size_t i = s.frames; i-- > 0;) x[i] = sum += x[i] * x[i];
    total = x[0];
    for (size_t i = 0; i < s.frames; i++) {
        double db = 10 * log10(x[i] / total);
        if (db > -5) from = (double)i;
        if (db > -35) to = (double)i;
    }
    free(x);
    return 2 * (to - from) / rate_hz;
}

/* Abel and Huang 2006: the share of samples outside one standard deviation, against a Gaussian's. */
SOUND_INLINE double room_density(const float *x, size_t n)
{
    double sigma = sound_rms(x, n);
    size_t out = 0;
    for (size_t i = 0; i < n; i++) out += fabs((double)x[i]) > sigma;
    return (double)out / (double)n / erfc(M_SQRT1_2);
}

#endif
