#include "scene.h"

#include "engine/mix/hear/pulse.h"

#define RATE 44100

/* Hits of decaying noise at a tempo, quieter ones between them, over a steady chord. */
static double tempo_of(double bpm, double seconds, bool off_beats, double noise_level)
{
    td_pulse *p;
    td_random r;
    size_t frames = (size_t)(seconds * RATE);
    double found;
    td_random_seed(&r, 9);
    assert_int_equal(td_pulse_new(RATE, frames, &p), TD_OK);
    for (size_t at = 0; at < frames; at += 441) {
        float x[441];
        const float *ch[2] = { x, x };
        for (size_t i = 0; i < 441; i++) {
            double t = (double)(at + i) / RATE, beat = t * bpm / 60, since = (beat - floor(beat)) * 60 / bpm;
            double half = beat + 0.5, since_half = (half - floor(half)) * 60 / bpm, white = 2 * td_random_uniform(&r);
            double hit = exp(-25 * since) + (off_beats ? 0.3 * exp(-60 * since_half) : 0);
            x[i] = (float)(0.3 * hit * white + 0.05 * sin(2 * TD_PI * 220 * t) + noise_level * white);
        }
        td_pulse_add(p, ch, 441);
    }
    assert_int_equal(td_pulse_tempo(p, &found, NULL), TD_OK);
    td_pulse_free(p);
    return found;
}

/* Half a minute tells tempi apart to 2 bpm; the middle of that is found within 0.1. A double tempo may read half. */
static void tempi(void **state)
{
    (void)state;
    static const double bpm[] = { 72, 88.5, 97, 120, 124, 140.3, 174 };
    for (size_t i = 0; i < sizeof bpm / sizeof *bpm; i++) {
        double found = tempo_of(bpm[i], 30, i % 2, 0.001), octave = bpm[i] > 150 ? bpm[i] / 2 : bpm[i];
        if (fabs(found - bpm[i]) > 0.11 && fabs(found - octave) > 0.11) fail_msg("%g reads %g", bpm[i], found);
    }
}

static void nothing_beats(void **state)
{
    (void)state;
    assert_true(tempo_of(0.001, 20, false, 0.1) == 0); /* noise and a chord */
    assert_true(tempo_of(120, 3, false, 0) == 0);      /* too short to tell */
}

static double chord(double t, unsigned c)
{
    (void)c;
    return 0.1 * (sin(2 * TD_PI * 440 * t) + sin(2 * TD_PI * 660 * t) + sin(2 * TD_PI * 1100 * t) +
                  sin(2 * TD_PI * 1760 * t) + sin(2 * TD_PI * 2600 * t) + sin(2 * TD_PI * 3500 * t));
}

static double hits(double t, unsigned c)
{
    double since = fmod(t, 0.25);
    uint32_t x = (uint32_t)(t * RATE + 0.5) * 2654435761u;
    (void)c;
    x ^= x >> 15, x *= 2246822519u, x ^= x >> 13;
    return 0.5 * exp(-80 * since) * (x / 2147483648.0 - 1);
}

static double percussiveness_of(const char *name, sound f)
{
    scene *s = scene_new();
    scene_add(s, name, RATE, 1, 13, f);
    scene_open(s);
    s->survey = scene_hear(s, 1);
    double value = td_survey_percussiveness(s->survey);
    scene_free(s);
    return value;
}

static void struck_and_sustained(void **state)
{
    (void)state;
    assert_true(percussiveness_of("Strings.wav", chord) < -15);
    assert_true(percussiveness_of("Drums.wav", hits) > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tempi),
        cmocka_unit_test(nothing_beats),
        cmocka_unit_test(struck_and_sustained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
