/* Places for what was recorded in mono: who moves, who does not, and that both sides weigh the same. */
#include "engine/base/units.h"
#include "engine/mix/lane.h"
#include "tests/unit/engine/mix/decided.h"

#include <ebur128.h>
#include <math.h>

enum { SECONDS = 6, RATE_HZ = 48000, FRAMES = SECONDS * RATE_HZ };

/* Two hits a second, a burst of decaying sine. */
static double hit(double t, double freq_hz, double level)
{
    double in = fmod(t, 0.5);
    return level * sin(2 * M_PI * freq_hz * in) * exp(-in * 20);
}

static double note(double t, double freq_hz, double level)
{
    return level * (sin(2 * M_PI * freq_hz * t) + 0.3 * sin(6 * M_PI * freq_hz * t)) * exp(-fmod(t, 0.25) * 4);
}

#define SOUND(name, value)                   \
    static double name(double t, unsigned c) \
    {                                        \
        (void)c;                             \
        return value;                        \
    }
SOUND(kick, hit(t, 60, 0.9))
SOUND(snare, hit(t, 220, 0.8))
SOUND(hihat, hit(t, 7000, 0.3))
SOUND(shaker, hit(t + 0.2, 5000, 0.35))
SOUND(cymbals, hit(t, 9000, 0.35))
SOUND(bass, note(t, 80, 0.4))
SOUND(guitar, note(t, 330, 0.40))
SOUND(again, note(t + 0.02, 331, 0.38))
SOUND(piano, note(t, 523, 0.5))
SOUND(organ, note(t, 440, 0.2))
SOUND(low_piano, note(t, 262, 0.4))
SOUND(high_piano, note(t, 1047, 0.4))
SOUND(voice, note(t, 262, 0.5))
SOUND(low_guitar, note(t, 90, 0.5) - 0.3 * sin(6 * M_PI * 90 * t) * 0.5 * exp(-fmod(t, 0.25) * 4))

/* A struck drum whose pitch falls: one that time and polarity can be read from. */
static double drum(double t, double level, double phase)
{
    double in = fmod(t, 0.5);
    return level * sin(2 * M_PI * (100 * in - 60 * exp(-in * 30)) + phase) * exp(-in * 20);
}

SOUND(kick_in, drum(t + 0.25, 0.8, 0))
SOUND(kick_turned, -kick_in(t, c))
SOUND(soft_kick, drum(t + 0.25, 0.2, 0))
SOUND(soft_front, drum(t + 0.25, 0.2, M_PI / 2)) /* as loud, and neither with nor against it */
SOUND(snare_top, drum(t, 0.8, 0))
SOUND(snare_under, snare_top(t, c))
SOUND(snare_turned, -snare_top(t, c))
SOUND(steady, 0.8 * sin(2 * M_PI * 330 * t))
SOUND(chord, 0.8 * sin(2 * M_PI * 277 * t))
SOUND(plucked, 0.8 * sin(2 * M_PI * 440 * t) * exp(-fmod(t, 0.5) * 16))
SOUND(low_and_bright, 0.5 * sin(2 * M_PI * 65 * t) + 0.2 * sin(2 * M_PI * 2000 * t)) /* centres at 330 Hz */
SOUND(soft_sax, (t < 0.01 ? 0.8 : 0.2) * sin(2 * M_PI * 350 * t))                    /* but for how it begins */

static const struct part {
    const char *file;
    sound play;
} rhythm[] = { { "Kick.wav", kick }, { "Snare.wav", snare },    { "HiHat.wav", hihat },
               { "Bass.wav", bass }, { "Lead Vox.wav", voice }, { NULL, NULL } },
  band[] = { { "Gtr 1.wav", guitar }, { "Gtr 2.wav", again },   { "Piano.wav", piano },
             { "Organ.wav", organ },  { "Shaker.wav", shaker }, { NULL, NULL } },
  one_guitar[] = { { "Gtr.wav", guitar }, { NULL, NULL } },
  guitar_and_piano[] = { { "Gtr.wav", guitar }, { "Piano.wav", piano }, { NULL, NULL } },
  microphones[] = { { "Snare Top.wav", snare_top }, { "Snare Bot.wav", snare_under },
                    { "Kick In.wav", kick_in },     { "Kick Out.wav", kick_in },
                    { "Gtr.wav", guitar },          { NULL, NULL } },
  turned[] = { { "Snare Top.wav", snare_top }, { "Snare Bot.wav", snare_turned },
               { "Kick In.wav", kick_in },     { "Kick Out.wav", kick_turned },
               { "Gtr.wav", guitar },          { NULL, NULL } },
  one_kick[] = { { "Kick.wav", soft_kick }, { "Snare.wav", snare_top }, { "Gtr.wav", guitar }, { NULL, NULL } },
  two_on_a_kick[] = { { "Kick In.wav", soft_kick },
                      { "Kick Out.wav", soft_front },
                      { "Snare.wav", snare_top },
                      { "Gtr.wav", guitar },
                      { NULL, NULL } },
  normalised[] = { { "Gtr Dist.wav", steady },
                   { "Gtr Jazz.wav", plucked },
                   { "Piano.wav", chord },
                   { "Tenor Sax.wav", soft_sax },
                   { NULL, NULL } },
  two_parts[] = { { "Piano 1.wav", low_piano }, { "Piano 2.wav", high_piano }, { NULL, NULL } },
  kit_and_guitar[] = { { "Cymbals.wav", cymbals }, { "Gtr.wav", guitar }, { "Piano.wav", piano }, { NULL, NULL } },
  low[] = { { "Gtr Low.wav", low_guitar },
            { "Synth Pad.wav", low_and_bright },
            { "Piano.wav", piano },
            { "Organ.wav", organ },
            { NULL, NULL } };

static void add(scene *s, const struct part *p, unsigned channels)
{
    for (; p->file; p++) scene_add(s, p->file, RATE_HZ, channels, SECONDS, p->play);
}

static decided decide_pop(scene *s, const char *wishes)
{
    return decide(s, td_arena_printf(s->arena, "tags: [ pop ]\n%s", wishes));
}

static decided decide_mono(const struct part *more, const char *wishes)
{
    scene *s = scene_new();
    add(s, rhythm, 1);
    add(s, more, 1);
    return decide_pop(s, wishes);
}

/* In percent; the middle is 0. */
static double place(const decided *d, const char *stem)
{
    double pan = d->plan->stem[scene_stem(d->s, stem)].pan;
    return isnan(pan) ? 0 : pan;
}

static bool anybody_placed(const decided *d)
{
    for (size_t i = 0; i < d->plan->n_stems; i++)
        if (!isnan(d->plan->stem[i].pan)) return true;
    return false;
}

/* A bus at its fader. */
static void add_bus(const decided *d, size_t b, float *const mix[2])
{
    td_feed *feed;
    float block[2][TD_BLOCK], *to[2] = { block[0], block[1] };
    float gain = (float)td_from_db(d->plan->bus[b].clip_gain_db + d->plan->bus[b].fader_db);
    assert_int_equal(td_feed_bus(d->s->survey, d->s->session, d->plan, b, &feed, NULL), TD_OK);
    for (size_t at = 0, n; at < FRAMES; at += n) {
        n = FRAMES - at < TD_BLOCK ? FRAMES - at : TD_BLOCK;
        assert_int_equal(td_feed_read(feed, to, n, NULL), TD_OK);
        for (size_t c = 0; c < 2; c++)
            for (size_t i = 0; i < n; i++) mix[c][at + i] += gain * block[c][i];
    }
    td_feed_free(feed);
}

/* Left over right, LU, by libebur128: each side heard alone. */
static double leans_lu(const decided *d)
{
    float *mix[2] = { td_calloc2(FRAMES, 1, sizeof(float)), td_calloc2(FRAMES, 1, sizeof(float)) };
    double lufs[2];
    for (size_t b = 0; b < d->plan->n_buses; b++) add_bus(d, b, mix);
    for (size_t c = 0; c < 2; c++) {
        ebur128_state *e = ebur128_init(1, RATE_HZ, EBUR128_MODE_I);
        ebur128_add_frames_float(e, mix[c], FRAMES);
        ebur128_loudness_global(e, &lufs[c]);
        ebur128_destroy(&e);
        free(mix[c]);
    }
    return lufs[0] - lufs[1];
}

/* Of all buses but one, if it is named. */
static double loudness_but(const decided *d, const char *bus, const char *but)
{
    float *mix[2] = { td_calloc2(FRAMES, 1, sizeof(float)), td_calloc2(FRAMES, 1, sizeof(float)) };
    double lufs;
    for (size_t b = 0; b < d->plan->n_buses; b++)
        if (bus ? !strcmp(d->plan->bus[b].name, bus) : strcmp(d->plan->bus[b].name, but) != 0) add_bus(d, b, mix);
    ebur128_state *e = ebur128_init(2, RATE_HZ, EBUR128_MODE_I);
    for (size_t i = 0; i < FRAMES; i++) ebur128_add_frames_float(e, (float[]){ mix[0][i], mix[1][i] }, 1);
    ebur128_loudness_global(e, &lufs);
    ebur128_destroy(&e);
    free(mix[0]);
    free(mix[1]);
    return lufs;
}

static double loudness_of(const decided *d, const char *bus)
{
    return loudness_but(d, bus, NULL);
}

static double gain_of(const decided *d, const char *stem)
{
    return d->plan->stem[scene_stem(d->s, stem)].gain_db;
}

static decided decide_only(const struct part *p, const char *wishes)
{
    scene *s = scene_new();
    add(s, p, 1);
    return decide_pop(s, wishes);
}

static const char layers[] =
    "tracks:\n"
    "  - { fix: kick, for: drums.kick, when: inverted(drums.kick.in), align: drums.kick.in }\n"
    "  - { fix: snare, for: drums.snare, when: inverted(drums.snare.top), align: drums.snare.top }\n";

/* A microphone that was wired upside down makes the same kit as one that was not, but for half a decibel of taste: how
 * loud the groups read before it is turned is not the same. */
static void test_what_is_upside_down_is_turned(void **state)
{
    (void)state;
    decided right = decide_only(microphones, layers), wrong = decide_only(turned, layers),
            left = decide_only(turned, "");
    td_plan *plan[] = { right.plan, wrong.plan, left.plan };
    for (size_t i = 0; i < 3; i++) { /* before the fader makes up for it */
        td_plan_bus *drums = &plan[i]->bus[scene_bus(right.s, "drums")];
        drums->clip_gain_db = drums->fader_db = 0;
    }
    assert_int_equal(right.plan->stem[scene_stem(right.s, "Snare Bot.wav")].chain.n_steps, 0);
    assert_true(loudness_of(&left, "drums") < loudness_of(&right, "drums") - 3);
    assert_float_equal(loudness_of(&wrong, "drums"), loudness_of(&right, "drums"), 0.5);
    leave(&right);
    leave(&wrong);
    leave(&left);
}

/* The microphone below a snare stands 6 to 12 dB under the one above; two on a kick are one kick. */
static void test_layers_share_a_place(void **state)
{
    (void)state;
    decided four = decide_only(microphones, ""), one = decide_only(one_kick, ""), two = decide_only(two_on_a_kick, "");
    double under = gain_of(&four, "Snare Top.wav") - gain_of(&four, "Snare Bot.wav");
    assert_true(under >= 6 && under <= 12);
    double both = td_power_db(td_db_power(gain_of(&two, "Kick In.wav")) + td_db_power(gain_of(&two, "Kick Out.wav")));
    assert_true(gain_of(&two, "Kick In.wav") > gain_of(&two, "Kick Out.wav"));
    assert_float_equal(both - gain_of(&two, "Snare.wav"), gain_of(&one, "Kick.wav") - gain_of(&one, "Snare.wav"), 0.3);
    leave(&four);
    leave(&one);
    leave(&two);
}

/* As loud at their peaks, a distorted guitar buries a plucked one, and everybody the lead. */
static void test_normalised_stems_say_nothing(void **state)
{
    (void)state;
    decided d = decide_only(normalised, "balance: loudness\n");
    size_t dist = scene_stem(d.s, "Gtr Dist.wav"), jazz = scene_stem(d.s, "Gtr Jazz.wav");
    double alone[2], gain[2] = { d.plan->stem[dist].gain_db, d.plan->stem[jazz].gain_db };
    for (size_t i = 0; i < 2; i++) {
        d.plan->stem[dist].gain_db = i ? -100 : gain[0];
        d.plan->stem[jazz].gain_db = i ? gain[1] : -100;
        alone[i] = loudness_of(&d, "guitars");
    }
    d.plan->stem[dist].gain_db = gain[0];
    d.plan->stem[jazz].gain_db = gain[1];
    assert_float_equal(alone[0], alone[1], 6); /* 3 LU of taste on either side; they came 12 apart */
    /* a solo instrument's place in pop: 2 LU under a singer's, 1 LU over the band */
    assert_float_equal(loudness_of(&d, "woodwinds") - loudness_but(&d, NULL, "woodwinds"), -1, 1);
    leave(&d);
}

/* Levels inside a raw kit move its drums against each other, not the kit. */
static void test_a_kit_stays_as_loud(void **state)
{
    (void)state;
    decided d = decide_mono(one_guitar, "");
    double most = 0, before = loudness_of(&d, "drums");
    for (size_t i = 0; i < d.plan->n_stems; i++) {
        most = fmax(most, fabs(d.plan->stem[i].gain_db));
        d.plan->stem[i].gain_db = 0;
    }
    assert_true(most > 1);
    assert_true(fabs(loudness_of(&d, "drums") - before) < 0.2);
    leave(&d);
}

static void test_the_song_stays_in_the_middle_the_band_does_not(void **state)
{
    (void)state;
    static const char *const middle[] = { "Kick.wav", "Snare.wav", "Bass.wav", "Lead Vox.wav" };
    static const char *const sides[] = {
        "Gtr 1.wav", "Gtr 2.wav", "Piano.wav", "Organ.wav", "HiHat.wav", "Shaker.wav"
    };
    decided d = decide_mono(band, "pan: auto\n");
    for (size_t i = 0; i < sizeof middle / sizeof middle[0]; i++) assert_true(place(&d, middle[i]) == 0);
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        assert_true(fabs(place(&d, sides[i])) > 5);
        assert_non_null(d.plan->stem[scene_stem(d.s, sides[i])].reason);
    }
    assert_true(place(&d, "Gtr 1.wav") == -place(&d, "Gtr 2.wav")); /* one part, played twice: far out, opposite */
    assert_true(fabs(place(&d, "Gtr 1.wav")) >= 60);
    assert_true(place(&d, "HiHat.wav") * place(&d, "Shaker.wav") < 0);
    assert_true(place(&d, "Piano.wav") * place(&d, "Organ.wav") < 0);
    assert_true(fabs(leans_lu(&d)) < 0.5);
    leave(&d);
}

/* One has nobody to stand against; two of different groups have each other. */
static void test_company_may_come_from_another_group(void **state)
{
    (void)state;
    decided alone = decide_mono(one_guitar, "pan: auto\n"), two = decide_mono(guitar_and_piano, "pan: auto\n");
    assert_true(place(&alone, "Gtr.wav") == 0);
    assert_true(place(&two, "Gtr.wav") * place(&two, "Piano.wav") < 0);
    assert_true(fabs(leans_lu(&two)) < 0.5);
    leave(&alone);
    leave(&two);
}

/* Two pianos that are as loud and play as often, but an octave or two apart, are no double; cymbals answer the hi-hat.
 */
static void test_who_answers_whom(void **state)
{
    (void)state;
    decided two = decide_mono(two_parts, "pan: auto\n"), kit = decide_mono(kit_and_guitar, "pan: auto\n");
    assert_true(fabs(place(&two, "Piano 1.wav")) <= 40 && place(&two, "Piano 1.wav") * place(&two, "Piano 2.wav") < 0);
    const char *reason = kit.plan->stem[scene_stem(kit.s, "Cymbals.wav")].reason;
    assert_true(place(&kit, "Cymbals.wav") * place(&kit, "HiHat.wav") < 0);
    assert_non_null(strstr(reason, "opposite HiHat.wav"));
    assert_true(fabs(place(&kit, "Cymbals.wav")) >= 20 && fabs(place(&kit, "HiHat.wav")) >= 20); /* half their place */
    leave(&two);
    leave(&kit);
}

static void test_lows_stay_in_the_middle(void **state)
{
    (void)state;
    decided d = decide_mono(low, "pan: auto\n");
    assert_true(place(&d, "Gtr Low.wav") == 0 && place(&d, "Synth Pad.wav") == 0);
    assert_true(place(&d, "Piano.wav") * place(&d, "Organ.wav") < 0);
    leave(&d);
}

static void test_only_who_is_asked_for(void **state)
{
    (void)state;
    decided none = decide_mono(guitar_and_piano, "");
    decided but_keys = decide_mono(band, "pan: auto\ngroups:\n  keys: { pan: delivered }\n");
    decided fixed = decide_mono(band, "tracks:\n  - { fix: wide, for: guitars, pan: auto }\n");
    assert_false(anybody_placed(&none));
    assert_true(place(&but_keys, "Piano.wav") == 0 && place(&but_keys, "Gtr 1.wav") != 0);
    assert_true(place(&fixed, "Gtr 1.wav") != 0 && place(&fixed, "HiHat.wav") == 0);
    leave(&none);
    leave(&but_keys);
    leave(&fixed);
}

/* The order's place is kept, and weighs: the piano goes to the other side. */
static void test_the_orders_place_holds(void **state)
{
    (void)state;
    scene *s = scene_new();
    add(s, rhythm, 1);
    add(s, band, 1);
    for (size_t i = 0; i < s->n; i++)
        if (strstr(s->wish[i].file, "Piano")) s->wish[i].pan = 25;
    decided d = decide_pop(s, "pan: auto\n");
    assert_true(place(&d, "Piano.wav") == 25);
    assert_true(fabs(leans_lu(&d)) < 0.5);
    leave(&d);
}

static void test_stereo_stays_as_delivered(void **state)
{
    (void)state;
    scene *s = scene_new();
    add(s, rhythm, 2);
    add(s, band, 2);
    decided d = decide_pop(s, "pan: auto\n");
    assert_false(anybody_placed(&d));
    leave(&d);
}

/* All of a group, but who was placed by the order. */
static void test_a_group_is_placed(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "Piano.wav", 48000, 2, 3, steady);
    scene_add(s, "Organ.wav", 48000, 1, 3, steady);
    scene_add(s, "Gtr.wav", 48000, 1, 3, steady);
    s->wish[1].pan = -10;
    decided d = decide(s, "groups: { keys: { pan: R30 } }\n");
    assert_float_equal(d.plan->stem[scene_stem(s, "Piano.wav")].pan, 30, 0);
    assert_float_equal(d.plan->stem[scene_stem(s, "Organ.wav")].pan, -10, 0);
    assert_true(isnan(d.plan->stem[scene_stem(s, "Gtr.wav")].pan));
    assert_ptr_equal(strstr(d.plan->stem[scene_stem(s, "Piano.wav")].reason, "placed with all of keys, as written"),
                     d.plan->stem[scene_stem(s, "Piano.wav")].reason);
    leave(&d);
}

#define WIDER                                                                                                          \
    "groups: { guitars: { chain: [ stereo: { width: 120 to 140 % } ] }, bass: { chain: [ stereo: { width: 120 to 140 " \
    "% } ] "                                                                                                           \
    "} }\n"

/* Width is judged on what reaches the step: guitars at both sides, though both came in mono; the bass in the middle. */
static void test_who_was_placed_can_be_widened(void **state)
{
    (void)state;
    decided d = decide_mono(band, "pan: auto\n" WIDER);
    assert_int_equal(d.plan->bus[scene_bus(d.s, "guitars")].chain.n_steps, 1);
    assert_non_null(told(d.plan, "bass stereo: both sides are alike"));
    assert_null(told(d.plan, "guitars stereo"));
    leave(&d);
    d = decide_mono(band, WIDER);
    assert_non_null(told(d.plan, "guitars stereo: both sides are alike"));
    leave(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_song_stays_in_the_middle_the_band_does_not),
        cmocka_unit_test(test_company_may_come_from_another_group),
        cmocka_unit_test(test_lows_stay_in_the_middle),
        cmocka_unit_test(test_a_group_is_placed),
        cmocka_unit_test(test_who_answers_whom),
        cmocka_unit_test(test_only_who_is_asked_for),
        cmocka_unit_test(test_the_orders_place_holds),
        cmocka_unit_test(test_a_kit_stays_as_loud),
        cmocka_unit_test(test_what_is_upside_down_is_turned),
        cmocka_unit_test(test_layers_share_a_place),
        cmocka_unit_test(test_normalised_stems_say_nothing),
        cmocka_unit_test(test_stereo_stays_as_delivered),
        cmocka_unit_test(test_who_was_placed_can_be_widened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
