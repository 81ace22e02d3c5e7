#include "scene.h"

#include "engine/mix/features.h"

/* ---- a song of 12 s, each stem with something planted ------------------------------------------------------------ */

static double sine(double freq_hz, double t)
{
    return sin(2 * TD_PI * freq_hz * t);
}

static double noise(double t, unsigned c)
{
    uint32_t x = (uint32_t)(t * 48000 + 0.5) * 2654435761u + c * 40503u;
    x ^= x >> 15, x *= 2246822519u, x ^= x >> 13, x *= 3266489917u, x ^= x >> 16;
    return x / 2147483648.0 - 1;
}

static double kick(double t, unsigned c)
{
    (void)c;
    double since = fmod(t, 0.5);
    return 0.5 * sine(60, since) * exp(-15 * since);
}

/* -26 dB in power under the kick's first 60 ms, roughly: checked by formula below */
static double bass(double t, unsigned c)
{
    (void)c;
    return 0.05 * sine(70, t);
}

static double note_at(double t)
{
    static const double notes[] = { 220, 277.2, 329.6, 246.9, 440, 349.2, 293.7, 392 };
    return notes[(size_t)(t / 0.5) % 8];
}

/* Saws on moving notes through a fixed narrow peak at 1500 Hz: twice, once sounding, once as a held note only. */
static double guitar(double t, unsigned c)
{
    double f = note_at(t), sum = 0;
    (void)c;
    for (int h = 1; h <= 8; h++) sum += sine(h * f, t) / h / h;
    return 0.05 * sum + 0.06 * sine(1500, t);
}

static double held(double t, unsigned c)
{
    (void)c;
    return 0.1 * sine(1500, t) + 0.02 * sine(330, t);
}

/* the same melody over one note that never stops, with its partials */
static double pedal(double t, unsigned c)
{
    (void)c;
    return 0.03 * sine(note_at(t), t) + 0.06 * sine(750, t) + 0.06 * sine(1500, t) + 0.04 * sine(2250, t);
}

/* plays 4 s, rests 2; hum of 50 Hz all the time, 60 dB under the tone's rms */
static double strings(double t, unsigned c)
{
    double sum = 0;
    (void)c;
    for (int h = 1; h <= 6; h++) sum += sine(50 * h, t + 0.01 * h) / sqrt(6);
    return (fmod(t, 6) < 4 ? 0.1 * sine(880, t) : 0) + 1e-4 * sum;
}

/* left twice the right, a quarter of the power unrelated */
static double pad(double t, unsigned c)
{
    return (c ? 0.05 : 0.1) * sine(500, t);
}

static double wide(double t, unsigned c)
{
    return 0.1 * noise(t, c) + 0.05;
}

/* clipped sine: flat at full scale for many samples */
static double snare(double t, unsigned c)
{
    double x = 1.5 * sine(200, t) * (fmod(t, 1) < 0.1);
    (void)c;
    return x > 1 ? 1 : x < -1 ? -1 : x;
}

/* a vowel at 500 and 1500 Hz; every second a hiss of 5 to 9 kHz, 6 dB over the vowel's part in 1 to 4 kHz */
static double voice(double t, unsigned c)
{
    double sum = 0.1 * sine(500, t) + 0.05 * sine(1500, t);
    (void)c;
    if (fmod(t, 1) < 0.2)
        for (int i = 0; i < 16; i++) sum += 0.1 / 4 * sine(5200 + 230 * i, t + i * 0.00037);
    return sum;
}

/* from its fourth second on */
static double late(double t, unsigned c)
{
    return t < 3 ? 0 : 0.01 * noise(t, c);
}

static int open_scene(void **state)
{
    scene *s = *state = scene_new();
    scene_add(s, "Kick.wav", 48000, 1, 12, kick);
    scene_add(s, "Snare.wav", 48000, 1, 12, snare);
    scene_add(s, "Bass.wav", 48000, 1, 12, bass);
    scene_add(s, "Guitar.wav", 48000, 1, 12, guitar);
    scene_add(s, "Synth Lead.wav", 48000, 1, 12, held);
    scene_add(s, "Organ.wav", 48000, 1, 12, pedal);
    scene_add(s, "Strings.wav", 48000, 1, 12, strings);
    scene_add(s, "Piano.wav", 48000, 2, 12, pad);
    scene_add(s, "FX.wav", 48000, 2, 12, wide);
    scene_add(s, "Sweep.wav", 48000, 2, 12, late);
    scene_add(s, "Lead Vox.wav", 48000, 1, 12, voice);
    scene_open(s);
    s->survey = scene_hear(s, 2);
    return 0;
}

static int close_scene(void **state)
{
    scene_free(*state);
    return 0;
}

typedef struct answer {
    double value, at_hz, q;
} answer;

static answer ask_about(const scene *s, size_t signal, const char *feature, td_condition c)
{
    answer a;
    c.feature = td_feature_find(feature);
    assert_true(c.feature >= 0);
    assert_int_equal(td_feature_measure(s->survey, s->session, c.feature, signal, &c, &a.value, &a.at_hz, &a.q, NULL),
                     TD_OK);
    return a;
}

static answer ask(const scene *s, const char *stem, const char *feature)
{
    return ask_about(s, td_survey_stem(s->survey, scene_stem(s, stem)), feature, (td_condition){ 0 });
}

static answer ask_range(const scene *s, const char *stem, const char *feature, double low_hz, double high_hz)
{
    return ask_about(s, td_survey_stem(s->survey, scene_stem(s, stem)), feature,
                     (td_condition){ .low_hz = low_hz, .high_hz = high_hz });
}

#define assert_near(a, b, tolerance)                                                       \
    do {                                                                                   \
        double a_ = (a), b_ = (b);                                                         \
        if (!(fabs(a_ - b_) <= (tolerance))) fail_msg("%s is %.4f, not %.4f", #a, a_, b_); \
    } while (0)

/* ---- tests ------------------------------------------------------------------------------------------------------ */

static void sides(void **state)
{
    scene *s = *state;
    assert_near(ask(s, "Piano.wav", "correlation").value, 1, 1e-4);
    assert_near(ask(s, "Piano.wav", "imbalance").value, 6.0206, 0.01);
    assert_near(ask(s, "Piano.wav", "width").value, 100.0 / 3, 0.1); /* (1 - 1/2) / (1 + 1/2) */
    assert_near(ask(s, "Piano.wav", "mono_loss").value, 10 * log10(2 * 1.25 / 2.25), 0.01);
    assert_near(ask(s, "FX.wav", "correlation").value, 0, 0.02);
    assert_near(ask(s, "FX.wav", "width").value, 100, 3);
    assert_near(ask(s, "FX.wav", "mono_loss").value, 3.01, 0.15);
    assert_near(ask(s, "Bass.wav", "width").value, 0, 0.01);
}

static void faults(void **state)
{
    scene *s = *state;
    assert_near(ask(s, "FX.wav", "dc").value, 20 * log10(0.05), 0.1);
    assert_near(ask(s, "Snare.wav", "clipping").value, 12 * 2 * 20, 24); /* two a period, 20 periods a burst */
    assert_true(ask(s, "Piano.wav", "clipping").value == 0);
    answer hum = ask(s, "Strings.wav", "hum");
    assert_near(hum.value, -60, 1); /* amplitudes of 1e-4 and 0.1 */
    assert_true(hum.at_hz == 50);
    assert_true(isnan(ask(s, "Guitar.wav", "hum").value));
    assert_true(isnan(ask(s, "Piano.wav", "hum").value));
    assert_near(ask(s, "Strings.wav", "noise_floor").value, 20 * log10(1e-4 / sqrt(2)) - 3.01, 0.5);
    assert_true(isnan(ask(s, "Piano.wav", "noise_floor").value)); /* it never rests */
}

static void starts_and_cutoff(void **state)
{
    scene *s = *state;
    assert_near(ask(s, "Sweep.wav", "starts").value, 3000, 1);
    assert_near(ask(s, "Kick.wav", "starts").value, 0, 10);
    assert_true(isnan(ask(s, "FX.wav", "cutoff").value)); /* white noise breaks off nowhere */
}

static void resonances(void **state)
{
    scene *s = *state;
    answer r = ask_range(s, "Guitar.wav", "resonance", 150, 3000);
    assert_true(r.value > 9);
    assert_near(r.at_hz, 1500, 15);
    assert_true(r.q >= 6);
    assert_true(isnan(ask_range(s, "Synth Lead.wav", "resonance", 150, 3000).value)); /* a held note is none, */
    assert_false(ask_range(s, "Organ.wav", "resonance", 150, 3000).value > 6);        /* nor one under a melody */
}

static void spectrum(void **state)
{
    scene *s = *state;
    /* 16 tones of 0.025 against one of 0.05, each at its power; the percentile meets the full hiss */
    assert_near(ask(s, "Lead Vox.wav", "sibilance").value, 10 * log10(16 * 0.025 * 0.025 / (0.05 * 0.05)), 0.5);
    assert_true(ask(s, "Guitar.wav", "sibilance").value < -20);
    assert_true(ask_range(s, "Synth Lead.wav", "excess", 1400, 1600).value > 10);
    assert_near(ask_range(s, "FX.wav", "excess", 1000, 2000).value, 0, 0.5); /* white noise lies on the line */
    assert_true(ask(s, "Bass.wav", "rumble").value < -20);
}

/* The kick's first 60 ms: 0.5^2/2 times the mean of exp(-30 t), through the band's edges alike for both. */
static void kick_against_bass(void **state)
{
    scene *s = *state;
    double kick_power = 0.125 * (1 - exp(-30 * 0.06)) / (30 * 0.06), bass_power = 0.05 * 0.05 / 2;
    answer lead = ask_about(s, td_survey_sum(s->survey), "kick_lead", (td_condition){ 0 });
    assert_near(lead.value, 10 * log10(kick_power / bass_power), 2.5);
}

static void masking(void **state)
{
    scene *s = *state;
    td_condition vox = { .about = "vocals.lead" }, nobody = { .about = "brass" };
    size_t guitar_at = td_survey_stem(s->survey, scene_stem(s, "Guitar.wav"));
    size_t noise_at = td_survey_stem(s->survey, scene_stem(s, "FX.wav"));
    double by_noise = ask_about(s, noise_at, "masking", vox).value;
    assert_true(by_noise >= 0 && by_noise <= 100);
    assert_true(isnan(ask_about(s, guitar_at, "masking", nobody).value));
}

static void every_row_answers(void **state)
{
    scene *s = *state;
    for (int i = 0; td_features[i].name; i++) {
        td_condition c = { .low_hz = 200, .high_hz = 500, .about = "vocals.lead" };
        assert_int_equal(td_feature_find(td_features[i].name), i);
        assert_non_null(td_features[i].help);
        for (size_t k = 0; k <= td_survey_sum(s->survey); k++) ask_about(s, k, td_features[i].name, c);
    }
    assert_int_equal(td_feature_find("loudnes"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sides),
        cmocka_unit_test(faults),
        cmocka_unit_test(starts_and_cutoff),
        cmocka_unit_test(resonances),
        cmocka_unit_test(spectrum),
        cmocka_unit_test(kick_against_bass),
        cmocka_unit_test(masking),
        cmocka_unit_test(every_row_answers),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
