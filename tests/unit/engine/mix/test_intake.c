#include "engine/mix/intake.h"
#include "scene.h"

#define SECONDS 8.0

/* ---- sounds ------------------------------------------------------------------------------------------------------ */

static double sine(double t, double freq_hz)
{
    return td_sin(2 * TD_PI * fmod(freq_hz * t, 1));
}

/* Plays and pauses, two seconds each. */
static double phrases(double t, double freq_hz)
{
    return fmod(t, 4) < 2 ? 0.3 * sine(t, freq_hz) : 0;
}

static double kick(double t, unsigned c)
{
    (void)c;
    return 0.5 * td_exp(-20 * fmod(t, 0.5)) * sine(t, 60);
}
static double bass(double t, unsigned c)
{
    (void)c;
    return 0.2 * sine(t, 110) + 0.1 * sine(t, 220 + floor(t));
}
static double clipped(double t, unsigned c)
{
    (void)c;
    return td_clamp(2 * sine(t, 331), -1, 1);
}
static double silent(double t, unsigned c)
{
    (void)t, (void)c;
    return 0;
}
static double offset(double t, unsigned c)
{
    (void)c;
    return 0.05 + 0.2 * sine(t, 440);
}
static double equal_sides(double t, unsigned c)
{
    (void)c;
    return 0.2 * sine(t, 523);
}
static double one_side(double t, unsigned c)
{
    return c ? 0 : 0.2 * sine(t, 587);
}
static double inverted(double t, unsigned c)
{
    return (c ? -0.2 : 0.2) * sine(t, 659);
}
static double plain(double t, unsigned c)
{
    (void)c;
    return 0.2 * sine(t, 698);
}
static double humming(double t, unsigned c)
{
    (void)c;
    return phrases(t, 784) + 0.003 * (sine(t, 50) + sine(t, 100) + sine(t, 150));
}
static double noisy(double t, unsigned c)
{
    (void)c;
    double x = fmod(t * 48000 * 0.6180339887498949, 1); /* scattered evenly, the same on every run */
    return phrases(t, 880) + 0.02 * (fmod(x * 7919, 1) - 0.5);
}
/* Between 100 Hz and 16 kHz twice a second; nothing above. */
static double swaying(double t, unsigned c)
{
    (void)c;
    return 0.1 * sin(2 * TD_PI * 8050 * t - 7950.0 / 2 * cos(4 * TD_PI * t));
}
static double wide(double t, unsigned c)
{
    return 0.2 * sine(t, c ? 440 : 443);
}

/* Writes a sample that is no number somewhere into the last stem added: our own writer would refuse it. */
static void break_last(const scene *s)
{
    const float nan = NAN;
    FILE *f = fopen(s->wish[s->n - 1].file, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, -40000, SEEK_END), 0);
    assert_int_equal(fwrite(&nan, sizeof nan, 1, f), 1);
    assert_int_equal(fclose(f), 0);
}

/* ---- a session of everything ------------------------------------------------------------------------------------- */

static td_findings *judged(scene *s)
{
    td_findings *in;
    td_error err = { 0 };
    if (td_intake_make(s->session, s->survey, &in, &err)) fail_msg("%s: %s", err.where, err.what);
    return in;
}

static const td_stem_findings *of(const scene *s, const td_findings *in, const char *name)
{
    return &in->stem[scene_stem(s, name)];
}

static void faults_are_heard(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned channels;
        double seconds;
        sound sound;
        unsigned faults;
    } c[] = {
        { "Kick.wav", 1, SECONDS, kick, 0 },
        { "Bass.wav", 1, SECONDS, bass, 0 },
        { "Synth.wav", 2, SECONDS, wide, 0 },
        { "Snare.wav", 1, SECONDS, clipped, TD_FAULT_BIT(CLIPPED) },
        { "Tom.wav", 1, SECONDS, silent, TD_FAULT_BIT(SILENT) },
        { "Organ.wav", 1, SECONDS, offset, TD_FAULT_BIT(DC) },
        { "Piano.wav", 2, SECONDS, equal_sides, TD_FAULT_BIT(MONO_AS_STEREO) },
        { "Gtr 1.wav", 2, SECONDS, one_side, TD_FAULT_BIT(ONE_SIDED) },
        { "Gtr 2.wav", 2, SECONDS, inverted, TD_FAULT_BIT(POLARITY_FLIPPED) },
        { "Pad.wav", 1, SECONDS, plain, TD_FAULT_BIT(NONFINITE) },
        { "Gtr 3.wav", 1, SECONDS, humming, TD_FAULT_BIT(HUM) },
        { "Vox.wav", 1, SECONDS, noisy, TD_FAULT_BIT(NOISE) },
        { "FX.wav", 1, SECONDS, swaying, TD_FAULT_BIT(LOSSY_SOURCE) },
        { "Horns.wav", 1, 3, wide, TD_FAULT_BIT(STARTS_LATE) | TD_FAULT_BIT(LENGTH_DIFFERS) },
        { "What.wav", 1, SECONDS, bass, TD_FAULT_BIT(UNKNOWN_ROLE) | TD_FAULT_BIT(DUPLICATE) },
    };
    enum { STEMS = sizeof c / sizeof *c };
    scene *s = scene_new();
    for (size_t i = 0; i < STEMS; i++) {
        scene_add(s, c[i].name, 48000, c[i].channels, c[i].seconds, c[i].sound);
        if (c[i].faults & TD_FAULT_BIT(NONFINITE)) break_last(s);
    }
    scene_open(s);
    s->survey = scene_hear(s, 1);
    td_findings *in = judged(s);
    for (size_t i = 0; i < STEMS; i++) {
        const td_stem_findings *m = of(s, in, c[i].name);
        if (m->faults != c[i].faults) print_error("%s: %x, not %x\n", c[i].name, m->faults, c[i].faults);
        assert_int_equal(m->faults, c[i].faults);
        assert_int_equal(m->verdict, c[i].faults ? TD_WARN : TD_ACCEPT);
    }
    assert_int_equal(in->verdict, TD_WARN);
    assert_float_equal(of(s, in, "Gtr 3.wav")->finding[0].at_hz, 50, 0.1);
    td_intake_free(in);
    scene_free(s);
}

static const td_finding *finding_of(const scene *s, const td_findings *in, const char *name, td_fault_code code)
{
    const td_stem_findings *m = of(s, in, name);
    for (size_t i = 0; i < m->n_findings; i++)
        if (m->finding[i].code == code) return &m->finding[i];
    fail_msg("%s: nothing of that", name);
    return NULL;
}

static const char *said_of(const scene *s, const td_findings *in, const char *name, td_fault_code code, td_language l,
                           char out[256])
{
    return td_finding_text(finding_of(s, in, name, code), l, out, 256);
}

/* Its own length and that of the others, by tenths where seconds would be the same. */
static void lengths_are_told(void **state)
{
    (void)state;
    scene *s = scene_new();
    char text[256];
    scene_add(s, "Bass.wav", 48000, 1, 12.1, bass);
    scene_add(s, "Kick.wav", 48000, 1, 12.1, kick);
    scene_add(s, "Piano.wav", 48000, 1, 12.5, plain);
    scene_add(s, "Horns.wav", 48000, 1, 3, plain);
    scene_open(s);
    s->survey = scene_hear(s, 1);
    td_findings *in = judged(s);
    assert_string_equal(said_of(s, in, "Piano.wav", TD_FAULT_LENGTH_DIFFERS, TD_ENGLISH, text),
                        "its length differs from the others (0:12.5, the others: 0:12.1)");
    assert_string_equal(said_of(s, in, "Horns.wav", TD_FAULT_LENGTH_DIFFERS, TD_GERMAN, text),
                        "ihre Länge weicht von den anderen ab (0:03, die anderen: 0:12)");
    assert_string_equal(said_of(s, in, "Horns.wav", TD_FAULT_STARTS_LATE, TD_ENGLISH, text),
                        "it seems to start late in the song: it is shorter than the others and sounds from its first "
                        "moment on (0:03, the others: 0:12)");
    td_intake_free(in);
    scene_free(s);
}

static double scattered(double t)
{
    double x = fmod(t * 48000 * 0.6180339887498949, 1);
    return fmod(x * 7919, 1) - 0.5;
}

/* Hum over whose level no pause is left: 5 dB over what comes and goes. */
static double drowned(double t, unsigned c)
{
    (void)c;
    return (fmod(t, 1) < 0.5 ? 0.3 * scattered(t) : 0) + 0.1 * (sine(t, 50) + sine(t, 100) + sine(t, 150));
}

/* The same tones, and nothing else: a synthesizer's drone. */
static double drone(double t, unsigned c)
{
    (void)c;
    return 0.1 * (sine(t, 50) + sine(t, 100) + sine(t, 150)) + 0.02 * scattered(t);
}

static void loud_hum_is_no_pause(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "Vox.wav", 48000, 1, SECONDS, drowned);
    scene_add(s, "Gtr.wav", 48000, 1, SECONDS, drone);
    scene_add(s, "Bass.wav", 48000, 1, SECONDS, drowned);
    scene_open(s);
    s->survey = scene_hear(s, 1);
    td_findings *in = judged(s);
    assert_true(of(s, in, "Vox.wav")->faults & TD_FAULT_BIT(HUM));
    assert_false(of(s, in, "Gtr.wav")->faults & TD_FAULT_BIT(HUM));
    assert_false(of(s, in, "Bass.wav")->faults & TD_FAULT_BIT(HUM)); /* it may play that */
    td_intake_free(in);
    scene_free(s);
}

/* Rests for a while and plays then. */
static double late(double t, unsigned c)
{
    return t < 1.6 ? 0 : plain(t, c);
}

/* Twelve seconds of music, and what its reverb leaves: 60 dB in 2 s. */
static double with_tail(double t, unsigned c)
{
    return bass(t, c) * (t < 12 ? 1 : td_exp(-3.45 * (t - 12)));
}

static void who_ends_while_others_play_is_asked(void **state)
{
    (void)state;
    static const char *const asks[] = { "Does it start where the song starts?", "Beginnt sie, wo das Stück beginnt?" };
    static const struct {
        sound others;
        double others_s, its_s;
        bool asked;
    } c[] = {
        { bass, 24, 16, true }, { bass, 12, 11.2, false }, { with_tail, 15, 12, false }, { bass, 12, 15, false }
    };
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        scene *s = scene_new();
        scene_add(s, "Bass.wav", 48000, 1, c[i].others_s, c[i].others);
        scene_add(s, "Kick.wav", 48000, 2, c[i].others_s, c[i].others);
        scene_add(s, "Lead Vox.wav", 48000, 1, c[i].its_s, late);
        scene_open(s);
        s->survey = scene_hear(s, 1);
        td_findings *in = judged(s);
        const td_finding *f = finding_of(s, in, "Lead Vox.wav", TD_FAULT_LENGTH_DIFFERS);
        for (td_language l = 0; l < TD_LANGUAGES; l++) {
            const char *remedy = td_finding_remedy(f, l);
            assert_int_equal(remedy && strstr(remedy, asks[l]), c[i].asked);
        }
        td_intake_free(in);
        scene_free(s);
    }
}

/* The same sound in another file is a duplicate as well. */
static void twins_are_heard(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "Bass.wav", 48000, 1, SECONDS, bass);
    scene_add(s, "Bass copy.wav", 96000, 1, SECONDS, bass);
    scene_add(s, "Kick.wav", 48000, 1, SECONDS, kick);
    scene_open(s);
    s->survey = scene_hear(s, 1);
    td_findings *in = judged(s);
    assert_true((of(s, in, "Bass.wav")->faults | of(s, in, "Bass copy.wav")->faults) & TD_FAULT_BIT(DUPLICATE));
    assert_false(of(s, in, "Kick.wav")->faults & TD_FAULT_BIT(DUPLICATE));
    bool copied = of(s, in, "Bass copy.wav")->faults & TD_FAULT_BIT(DUPLICATE);
    const char *copy = copied ? "Bass copy.wav" : "Bass.wav";
    char text[256];
    assert_string_equal(said_of(s, in, copy, TD_FAULT_DUPLICATE, TD_GERMAN, text),
                        copied ? "sie klingt genau wie eine andere der Dateien (Bass.wav)"
                               : "sie klingt genau wie eine andere der Dateien (Bass copy.wav)");
    td_intake_free(in);
    scene_free(s);
}

static double bass_turned(double t, unsigned c)
{
    return -bass(t, c);
}

/* As loud as another all the time, but upside down: no copy. */
static void turned_twins_are_told_from_copies(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "Bass.wav", 48000, 1, SECONDS, bass);
    scene_add(s, "Bass two.wav", 48000, 1, SECONDS, bass_turned);
    scene_open(s);
    s->survey = scene_hear(s, 1);
    td_findings *in = judged(s);
    assert_int_equal(of(s, in, "Bass.wav")->faults | of(s, in, "Bass two.wav")->faults, TD_FAULT_BIT(INVERTED));
    td_intake_free(in);
    scene_free(s);
}

static double steady_kick(double t, unsigned c)
{
    (void)c;
    return 0.3 * sine(t, 60);
}
static double steady_bass(double t, unsigned c)
{
    (void)c;
    return 0.3 * sine(t, 110);
}
static double steady_snare(double t, unsigned c)
{
    (void)c;
    return 0.3 * sine(t, 200);
}
static double low_fifth(double t, unsigned c)
{
    (void)c;
    return 0.2 * sine(t, 220) + 0.2 * sine(t, 330);
}
static double high_fifth(double t, unsigned c)
{
    (void)c;
    return 0.2 * sine(t, 440) + 0.2 * sine(t, 660);
}

/* What is steady is as loud as all that is steady, whatever it plays. */
static void steady_tones_are_no_copies(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "Kick.wav", 48000, 1, SECONDS, steady_kick);
    scene_add(s, "Bass.wav", 48000, 1, SECONDS, steady_bass);
    scene_add(s, "Snare.wav", 48000, 1, SECONDS, steady_snare);
    scene_add(s, "Organ.wav", 48000, 2, SECONDS, low_fifth);
    scene_add(s, "Pad.wav", 48000, 2, SECONDS, high_fifth);
    scene_open(s);
    s->survey = scene_hear(s, 1);
    td_findings *in = judged(s);
    for (size_t i = 0; i < in->n_stems; i++)
        assert_false(in->stem[i].faults & (TD_FAULT_BIT(DUPLICATE) | TD_FAULT_BIT(INVERTED)));
    td_intake_free(in);
    scene_free(s);
}

/* What a file is stands in it, not in its name; what it has lost is then no guess. */
static void a_lossy_file_is_called_so(void **state)
{
    (void)state;
    char text[256];
    scene *s = scene_new();
    scene_add(s, "Bass.wav", 48000, 1, SECONDS, bass);
    scene_add_as(s, TD_CODEC_MP3, "Synth.wav", 48000, 2, SECONDS, wide);
    scene_open(s);
    s->survey = scene_hear(s, 1);
    td_findings *in = judged(s);
    const td_stem_findings *m = of(s, in, "Synth.wav");
    assert_int_equal(m->n_findings, 1);
    assert_int_equal(m->finding[0].code, TD_FAULT_LOSSY_FILE);
    assert_string_equal(td_finding_text(&m->finding[0], TD_ENGLISH, text, sizeof text),
                        "the file is lossily compressed (mp3)");
    assert_int_equal(of(s, in, "Bass.wav")->faults, 0);
    td_intake_free(in);
    scene_free(s);
}

/* Every fault has words in every language, and a refused file always has a remedy. */
static void no_fault_is_speechless(void **state)
{
    (void)state;
    char text[256];
    for (td_fault_code code = 0; code < TD_FAULT_COUNT; code++) {
        for (td_language l = 0; l < TD_LANGUAGES; l++) {
            td_finding f = { .code = code, .at_s = 61, .value = 2, .at_hz = 50 };
            assert_true(strlen(td_finding_text(&f, l, text, sizeof text)) > 10);
            if (td_fault_verdict(code) == TD_REJECT) assert_non_null(td_finding_remedy(&f, l));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_are_heard),
        cmocka_unit_test(lengths_are_told),
        cmocka_unit_test(loud_hum_is_no_pause),
        cmocka_unit_test(who_ends_while_others_play_is_asked),
        cmocka_unit_test(twins_are_heard),
        cmocka_unit_test(turned_twins_are_told_from_copies),
        cmocka_unit_test(steady_tones_are_no_copies),
        cmocka_unit_test(a_lossy_file_is_called_so),
        cmocka_unit_test(no_fault_is_speechless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
