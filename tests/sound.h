/* tests/sound.h - what tests and figures of processors share: a processor from one line of text, signals, measuring.
 *
 * A line of settings is "name=value name=value | part name=value | part ...": values are numbers in the unit of the
 * row, `inf`, a choice's word, or comma-separated where a name spans several slots. A mistake in it aborts. Signals
 * come from libm and measuring is done in double, apart from engine/: expected values have to come from outside. */
#ifndef TESTS_SOUND_H
#define TESTS_SOUND_H

#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/dsp/dsp.h"

#include <assert.h>
#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOUND_INLINE static inline __attribute__((unused))

/* ---- settings from text ----------------------------------------------------------------------------------------- */

typedef struct sound_settings {
    td_settings set;
    td_part part[TD_PARTS_MAX];
    double value[TD_VALUES_MAX], part_value[TD_PARTS_MAX][TD_VALUES_MAX];
} sound_settings;

SOUND_INLINE void sound_mistake(const char *name, const char *what)
{
    fprintf(stderr, "%s: cannot read '%s'\n", name, what);
    abort();
}

SOUND_INLINE double sound_value(const td_param *p, const char *text, char **end)
{
    size_t n = strcspn(text, ", ");
    *end = (char *)text + n;
    for (size_t i = 0; p->choices && p->choices[i]; i++)
        if (strlen(p->choices[i]) == n && strncmp(p->choices[i], text, n) == 0) return (double)i;
    return strtod(text, end);
}

SOUND_INLINE void sound_word(const td_processor *p, const char *word, double *value)
{
    char name[64] = "";
    size_t n = strcspn(word, "=");
    if (!word[n] || n >= sizeof name) sound_mistake(p->name, word);
    memcpy(name, word, n);
    int at = td_param_find(p, name);
    if (at < 0) sound_mistake(p->name, word);
    const char *text = word + n + 1;
    for (char *end;; text = end + 1, at++) {
        value[at] = sound_value(&p->params[at], text, &end);
        if (end == text) sound_mistake(p->name, word);
        if (*end != ',') break;
    }
}

SOUND_INLINE sound_settings *sound_read(const td_processor *p, const char *spec)
{
    sound_settings *s = calloc(1, sizeof *s);
    char *copy = strdup(spec), *rest = NULL;
    const td_processor *now = p;
    double *value = s->value;
    td_processor_defaults(p, value);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (strcmp(word, "|") != 0) {
            sound_word(now, word, value);
            continue;
        }
        word = strtok_r(NULL, " ", &rest);
        now = word ? td_part_find(p, word) : NULL;
        if (!now) {
            sound_mistake(p->name, word ? word : spec);
            break;
        }
        value = s->part_value[s->set.n_parts];
        td_processor_defaults(now, value);
        s->part[s->set.n_parts++] = (td_part){ now, value };
    }
    free(copy);
    s->set.value = s->value;
    s->set.part = s->part;
    return s;
}

/* NULL when the processor refuses the settings; err may be NULL. */
SOUND_INLINE td_unit_state *sound_try(double rate_hz, const td_processor *p, const char *spec, td_error *err)
{
    td_format fmt = { .rate_hz = rate_hz, .tempo_bpm = 120 };
    sound_settings *s = sound_read(p, spec);
    td_unit_state *u;
    td_unit_new(p, &fmt, &s->set, &u, err);
    free(s);
    return u;
}

SOUND_INLINE td_unit_state *sound_unit(double rate_hz, const char *name, const char *spec)
{
    td_error err = { 0 };
    const td_processor *p = td_processor_find(name);
    td_unit_state *u = p ? sound_try(rate_hz, p, spec, &err) : NULL;
    if (!u) sound_mistake(name, err.what[0] ? err.what : spec);
    return u;
}

/* ---- signals ---------------------------------------------------------------------------------------------------- */

typedef struct sound {
    float *ch[2];
    size_t frames;
} sound;

SOUND_INLINE sound sound_new(size_t frames)
{
    float *data = td_calloc2(2, frames, sizeof *data);
    assert(data);
    return (sound){ { data, data + frames }, frames };
}

SOUND_INLINE void sound_free(sound s)
{
    free(s.ch[0]);
}

SOUND_INLINE sound sound_copy(sound s)
{
    sound c = sound_new(s.frames);
    memcpy(c.ch[0], s.ch[0], 2 * s.frames * sizeof *s.ch[0]);
    return c;
}

/* White, uniform, up to `peak`; both channels differ. */
SOUND_INLINE sound sound_noise(size_t frames, uint64_t seed, double peak)
{
    sound s = sound_new(frames);
    td_random r;
    td_random_seed(&r, seed);
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < frames; i++) s.ch[c][i] = (float)(2 * peak * td_random_uniform(&r));
    return s;
}

SOUND_INLINE sound sound_sine(size_t frames, double rate_hz, double freq_hz, double peak)
{
    sound s = sound_new(frames);
    for (size_t i = 0; i < frames; i++)
        s.ch[0][i] = s.ch[1][i] = (float)(peak * sin(2 * M_PI * fmod(freq_hz / rate_hz * (double)i, 1.0)));
    return s;
}

SOUND_INLINE sound sound_impulse(size_t frames, double height)
{
    sound s = sound_new(frames);
    s.ch[0][0] = s.ch[1][0] = (float)height;
    return s;
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

/* In place, in blocks of `block`; key.frames 0: no key; gr: detectors arrays of s.frames, or NULL. */
SOUND_INLINE void sound_run_all(td_unit_state *u, sound s, sound key, float *const *gr, size_t detectors, size_t block)
{
    for (size_t at = 0; at < s.frames; at += block) {
        size_t n = s.frames - at < block ? s.frames - at : block;
        float *const ch[2] = { s.ch[0] + at, s.ch[1] + at };
        const float *const k[2] = { key.ch[0] + (key.frames ? at : 0), key.ch[1] + (key.frames ? at : 0) };
        float *g[TD_DETECTORS_MAX] = { 0 };
        for (size_t d = 0; gr && d < detectors; d++) g[d] = gr[d] + at;
        td_unit_process(u, ch, key.frames ? k : NULL, gr ? g : NULL, n);
    }
}

SOUND_INLINE void sound_run(td_unit_state *u, sound s)
{
    sound_run_all(u, s, (sound){ 0 }, NULL, 0, TD_BLOCK);
}

/* s itself, in place. */
SOUND_INLINE sound sound_through(double rate_hz, const char *name, const char *spec, sound s)
{
    td_unit_state *u = sound_unit(rate_hz, name, spec);
    sound_run(u, s);
    td_unit_free(u);
    return s;
}

/* Whether noise up to `peak` passes to the bit, as late as the processor says. */
SOUND_INLINE bool sound_passes(double rate_hz, const char *name, const char *spec, double peak)
{
    sound s = sound_noise(9000, 3, peak), before = sound_copy(s);
    td_unit_state *u = sound_unit(rate_hz, name, spec);
    sound_run(u, s);
    size_t late = td_unit_latency(u), bytes = (s.frames - late) * sizeof(float);
    bool same = !memcmp(s.ch[0] + late, before.ch[0], bytes) && !memcmp(s.ch[1] + late, before.ch[1], bytes);
    td_unit_free(u);
    sound_free(s), sound_free(before);
    return same;
}

/* ---- measuring -------------------------------------------------------------------------------------------------- */

/* Sum of x[i] e^(-j w i). */
SOUND_INLINE double complex sound_dft(const float *x, size_t n, double freq_hz, double rate_hz)
{
    double complex sum = 0;
    double w = 2 * M_PI * freq_hz / rate_hz;
    double complex turn = cexp(-I * w), phase = 1;
    for (size_t i = 0; i < n; i++) {
        if (i % 1024 == 0) phase = cexp(-I * fmod(w * (double)i, 2 * M_PI));
        sum += (double)x[i] * phase;
        phase *= turn;
    }
    return sum;
}

/* Amplitude of the sine of this frequency in x, through a Blackman-Harris window: others 4 bins away are 92 dB down. */
SOUND_INLINE double sound_amplitude(const float *x, size_t n, double freq_hz, double rate_hz)
{
    double complex sum = 0;
    double w = 2 * M_PI * freq_hz / rate_hz, weight = 0;
    for (size_t i = 0; i < n; i++) {
        double p = 2 * M_PI * ((double)i + 0.5) / (double)n;
        double h = 0.35875 - 0.48829 * cos(p) + 0.14128 * cos(2 * p) - 0.01168 * cos(3 * p);
        sum += h * (double)x[i] * cexp(-I * fmod(w * (double)i, 2 * M_PI));
        weight += h;
    }
    return 2 * cabs(sum) / weight;
}

SOUND_INLINE double sound_rms(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return n ? sqrt(sum / (double)n) : 0;
}

SOUND_INLINE double sound_peak(const float *x, size_t n)
{
    double peak = 0;
    for (size_t i = 0; i < n; i++) peak = fmax(peak, fabs((double)x[i]));
    return peak;
}

/* What a steady sine is changed by, dB, once two seconds have settled. */
SOUND_INLINE double sound_moved_db(double rate_hz, const char *name, const char *spec, double freq_hz, double level_db)
{
    size_t half = (size_t)rate_hz;
    sound s = sound_through(rate_hz, name, spec, sound_sine(2 * half, rate_hz, freq_hz, pow(10, level_db / 20)));
    double out = sound_amplitude(s.ch[0] + half, half, freq_hz, rate_hz);
    sound_free(s);
    return 20 * log10(out) - level_db;
}

/* Root mean square of a - b (b `late` frames behind a) below full scale, dB; -INFINITY: the same. */
SOUND_INLINE double sound_residual_db(sound a, sound b, size_t late)
{
    double sum = 0;
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i + late < a.frames; i++) {
            double d = (double)a.ch[c][i] - (double)b.ch[c][i + late];
            sum += d * d;
        }
    return 10 * log10(sum / (2.0 * (double)(a.frames - late)));
}

#endif
