/* tests/unit/engine/meter/signals.h - test signals of the meters' tests. */
#ifndef TEST_METER_SIGNALS_H
#define TEST_METER_SIGNALS_H

#include "engine/base/base.h"
#include "engine/meter/meter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

typedef struct signal {
    unsigned rate_hz;
    size_t frames, capacity;
    float *ch[2];
} signal;

static inline void signal_reserve(signal *s, size_t more)
{
    size_t n = s->frames + more;
    if (n <= s->capacity) return;
    s->capacity = 2 * n;
    for (int c = 0; c < 2; c++) s->ch[c] = realloc(s->ch[c], s->capacity * sizeof(float));
}

static inline void signal_free(signal *s)
{
    free(s->ch[0]);
    free(s->ch[1]);
}

/* A tone of both channels after what is there; below -200 dBFS it is silence. */
static inline void add_tone(signal *s, double freq_hz, double peak_dbfs, double seconds)
{
    size_t n = (size_t)(seconds * s->rate_hz + 0.5);
    double gain = peak_dbfs < -200 ? 0 : td_from_db(peak_dbfs);
    signal_reserve(s, n);
    for (size_t i = 0; i < n; i++, s->frames++)
        s->ch[0][s->frames] = s->ch[1][s->frames] =
            (float)(gain * td_sin(2 * TD_PI * freq_hz * (double)s->frames / s->rate_hz));
}

static inline void add_silence(signal *s, double seconds)
{
    add_tone(s, 1000, -INFINITY, seconds);
}

/* White noise, independent in the two channels. */
static inline void add_noise(signal *s, uint64_t seed, double amplitude, size_t frames)
{
    td_random r;
    td_random_seed(&r, seed);
    signal_reserve(s, frames);
    for (size_t i = 0; i < frames; i++, s->frames++)
        for (int c = 0; c < 2; c++) s->ch[c][s->frames] = (float)(2 * amplitude * td_random_uniform(&r));
}

/* Something like a programme: noise whose level and colour wander. */
static inline void add_programme(signal *s, uint64_t seed, double seconds)
{
    td_random r;
    td_random_seed(&r, seed);
    double state[2] = { 0 }, gain = 0.1, colour = 0.5;
    size_t n = (size_t)(seconds * s->rate_hz);
    signal_reserve(s, n);
    for (size_t i = 0; i < n; i++, s->frames++) {
        if (i % (s->rate_hz / 5) == 0) {
            gain = td_from_db(-25 + 40 * td_random_uniform(&r));
            colour = 0.5 + 0.98 * td_random_uniform(&r);
        }
        for (int c = 0; c < 2; c++) {
            state[c] += colour * (2 * td_random_uniform(&r) - state[c]);
            s->ch[c][s->frames] = (float)(gain * state[c]);
        }
    }
}

#endif
