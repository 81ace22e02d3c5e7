/* What a plan says of the stems it is made for. */
#include "tests/unit/engine/mix/decided.h"

#include <math.h>

static double tone(double t, unsigned c)
{
    (void)c;
    return 0.2 * sin(2 * M_PI * 220 * t);
}

static double too_loud(double t, unsigned c)
{
    (void)c;
    return fmax(-1, fmin(1, 2 * sin(2 * M_PI * 110 * t)));
}

static double silence(double t, unsigned c)
{
    (void)t, (void)c;
    return 0;
}

static void faults_and_padding_are_told(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "Gtr.wav", 48000, 1, 8, tone);
    scene_add(s, "Kick.wav", 48000, 1, 8, too_loud);
    scene_add(s, "Bass.wav", 48000, 1, 8, silence);
    scene_add(s, "Synth.wav", 48000, 1, 5, tone);
    decided d = decide(s, "");
    assert_non_null(warned(d.plan, "Kick.wav", "clipped (first at 0:00; "));
    assert_non_null(warned(d.plan, "Bass.wav", "silent and will be left out"));
    assert_non_null(warned(d.plan, "Synth.wav", "; padded by 3.0 s at the end"));
    assert_null(warned(d.plan, "Gtr.wav", ""));
    assert_string_equal(d.plan->stem[scene_stem(s, "Bass.wav")].reason, "silent: left out");
    assert_string_equal(d.plan->bus[scene_bus(s, "bass")].fader_reason, "nothing on it sounds");
    leave(&d);
}

/* A folder of another rate is no reason for as many lines. */
static void what_many_have_is_told_once(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "Gtr 1.wav", 44100, 1, 3, tone);
    scene_add(s, "Gtr 2.wav", 44100, 1, 3, tone);
    scene_add(s, "Gtr 3.wav", 44100, 1, 3, tone);
    scene_add(s, "Gtr 4.wav", 44100, 1, 3, tone);
    scene_add(s, "Kick.wav", 48000, 1, 3, tone);
    scene_add(s, "Long.wav", 48000, 1, 5, tone);
    decided d = decide(s, "");
    assert_non_null(warned(d.plan, "Gtr 1.wav and 3 more", "its sample rate differs; it is converted"));
    assert_null(warned(d.plan, "Gtr 2.wav", "rate"));
    assert_non_null(warned(d.plan, "Long.wav", "; the others are padded by 2.0 s"));
    leave(&d);
}

static const char *not_used(const decided *d, const char *start)
{
    return note_of(d->plan, TD_NOTE_NOT_USED, start, "");
}

static void who_is_ignored_is_told(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "Gtr.wav", 48000, 1, 3, tone);
    scene_add(s, "Click.wav", 48000, 1, 3, tone);
    scene_add(s, "Scratch.wav", 48000, 1, 3, tone);
    decided d = decide(s, "");
    assert_non_null(not_used(&d, "Click.wav is left out: token 'click'"));
    assert_non_null(warned(d.plan, "Scratch.wav", "is left out: token 'scratch'; if it is to be heard"));
    leave(&d);
}

/* Two seconds of A, two of nothing but mains hum 16 dB below it. */
static double hums(double t, unsigned c)
{
    double hum = 0;
    (void)c;
    for (int i = 1; i <= 5; i++) hum += 0.022 * sin(2 * M_PI * 50 * i * t);
    return hum + (fmod(t, 4) < 2 ? 0.3 * sin(2 * M_PI * 440 * t) : 0);
}

static void what_cannot_play_so_low_has_its_hum_cut(void **state)
{
    (void)state;
    static const char *const names[] = { "Backing Vox.wav", "Bass.wav" };
    for (size_t i = 0; i < 2; i++) {
        scene *s = scene_new();
        scene_add(s, names[i], 48000, 1, 20, hums);
        scene_add(s, "Kick.wav", 48000, 1, 20, tone);
        decided d = decide(
            s, "tracks:\n  - { fix: hum, for: all, when: hum > -30 dB, chain: [ hum_filter: { at: measured } ] }\n");
        assert_int_equal(d.plan->stem[scene_stem(s, names[i])].chain.n_steps, i == 0);
        if (i == 1) assert_non_null(not_used(&d, "fix hum: Bass.wav has it"));
        leave(&d);
    }
}

/* A number that a fix went into says nothing of it. */
static void a_fix_is_told_wherever_it_works(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "Kick.wav", 48000, 1, 3, tone);
    scene_add(s, "Keys.wav", 48000, 1, 3, too_loud);
    decided d = decide(s, "tracks:\n"
                          "  - { fix: softer, for: keys, when: peak > -6 dBFS, level: -30 dB }\n"
                          "  - { fix: aside, for: keys, pan: R30, polarity: flipped }\n"
                          "  - { fix: meet, for: keys, align: drums.kick }\n"
                          "  - { fix: lost, for: keys, align: drums.snare }\n"
                          "  - { fix: idle, for: keys }\n");
    td_text t = { 0 };
    td_plan_view(d.plan, 0, &t);
    assert_non_null(strstr(t.data, "  Keys.wav  softer  level     -30.0 dB  peak is -3.0 dBFS\n"));
    assert_non_null(strstr(t.data, "            aside   pan       R30       as written\n"));
    assert_non_null(strstr(t.data, "            aside   polarity  flipped   as written\n"));
    assert_non_null(strstr(t.data, " 3 fixes."));
    assert_non_null(not_used(&d, "fix meet: Keys.wav stays where it is"));
    assert_string_equal(not_used(&d, "fix lost"), "fix lost: Keys.wav stays where it is, for no stem is drums.snare");
    assert_string_equal(not_used(&d, "fix idle"), "fix idle: nothing is to be done to Keys.wav");
    td_text_free(&t);
    leave(&d);
}

static void a_loudness_nobody_asks_for_is_told(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "Kick.wav", 48000, 1, 3, tone);
    decided d = decide(s, "balance: delivered\ngroups: { drums: { loudness: -12 LU } }\n");
    assert_string_equal(not_used(&d, "drums loudness"),
                        "drums loudness -12 LU: faders stand by balance 'delivered', which does not ask");
    leave(&d);
    s = scene_new();
    scene_add(s, "Kick.wav", 48000, 1, 12, tone);
    scene_add(s, "Lead Vox.wav", 48000, 1, 12, tone);
    d = decide(s, "balance: loudness\ngroups: { vocals: { loudness: -12 LU } }\n");
    assert_non_null(strstr(not_used(&d, "vocals loudness -12 LU"), "a lead stands as is usual"));
    leave(&d);
}

/* Plucked notes a third apart, twice a second. */
static double plucked(double t)
{
    double in = fmod(t, 0.5), hz = fmod(t, 2) < 1 ? 110 : 138.6;
    return t < 0 ? 0 : 0.4 * exp(-6 * in) * (sin(2 * M_PI * hz * in) + 0.5 * sin(6 * M_PI * hz * in));
}

static double amp(double t, unsigned c)
{
    (void)c;
    return plucked(t);
}

static double turned(double t, unsigned c)
{
    (void)c;
    return -0.75 * plucked(t);
}

static double upside_down(double t, unsigned c)
{
    (void)c;
    return -plucked(t);
}

static scene *two_of_one(sound other)
{
    scene *s = scene_new();
    scene_add(s, "Gtr Amp.wav", 48000, 1, 12, amp);
    scene_add(s, "Gtr DI.wav", 48000, 1, 12, other);
    scene_add(s, "Kick.wav", 48000, 1, 12, tone);
    return s;
}

/* 1 - 0.75 of the amplifier is left: 12.0 dB less. */
static void who_cancels_is_told(void **state)
{
    (void)state;
    decided d = decide(two_of_one(turned), "balance: loudness\n");
    const char *said = warned(d.plan, "guitars: Gtr Amp.wav and Gtr DI.wav cancel each other", "12.0 dB softer");
    assert_non_null(said);
    assert_non_null(strstr(said, "Gtr DI.wav is upside down"));
    leave(&d);
    d = decide(two_of_one(upside_down), "balance: loudness\n");
    assert_non_null(warned(d.plan, "Gtr DI.wav: it is another of the files upside down", "(Gtr Amp.wav)"));
    assert_null(warned(d.plan, "guitars", "cancel"));
    leave(&d);
    d = decide(two_of_one(amp), "balance: loudness\n");
    assert_non_null(warned(d.plan, "Gtr DI.wav is the same file", ""));
    assert_null(warned(d.plan, "guitars", "cancel"));
    leave(&d);
}

/* 0.25 of it was heard, 1.75 of it will be: 16.9 dB. */
static void a_fix_that_ends_it_costs_the_fader_as_much(void **state)
{
    (void)state;
    decided d = decide(two_of_one(turned), "balance: loudness\n"), mended;
    double fader_db = d.plan->bus[scene_bus(d.s, "guitars")].fader_db;
    leave(&d);
    mended = decide(two_of_one(turned), "balance: loudness\n"
                                        "tracks: [ { fix: amp, for: guitars, except: [ guitars.di ], "
                                        "when: inverted(guitars.di), align: guitars.di } ]\n");
    const td_plan_bus *b = &mended.plan->bus[scene_bus(mended.s, "guitars")];
    assert_null(warned(mended.plan, "guitars", "cancel"));
    assert_float_equal(b->fader_db, fader_db - 20 * log10(1.75 / 0.25), 0.06);
    assert_non_null(strstr(b->fader_reason, "; -16.9 dB, for its fixes end a cancellation"));
    leave(&mended);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(faults_and_padding_are_told),
                                        cmocka_unit_test(what_many_have_is_told_once),
                                        cmocka_unit_test(who_is_ignored_is_told),
                                        cmocka_unit_test(what_cannot_play_so_low_has_its_hum_cut),
                                        cmocka_unit_test(a_fix_is_told_wherever_it_works),
                                        cmocka_unit_test(a_loudness_nobody_asks_for_is_told),
                                        cmocka_unit_test(who_cancels_is_told),
                                        cmocka_unit_test(a_fix_that_ends_it_costs_the_fader_as_much) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
