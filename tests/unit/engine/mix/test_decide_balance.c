/* Faders from loudness: what moves them, and what must not. */
#include "engine/mix/usual.h"
#include "tests/unit/engine/mix/decided.h"

#include <math.h>

#define SECONDS 12.0 /* groups that sound for less count as sparse */

static double tone(double t, double freq_hz, double level)
{
    return level * sin(2 * M_PI * freq_hz * t);
}

/* Kick and hat stand for drums; all play throughout, levels of one size, so that nothing else moves. */
static double drums(double t, unsigned c)
{
    (void)c;
    double in = fmod(t, 0.5);
    return 0.5 * sin(2 * M_PI * 180 * in) * exp(-in * 9);
}

static double bass(double t, unsigned c)
{
    (void)c;
    return tone(t, 110, 0.2);
}

static double piano(double t, unsigned c)
{
    (void)c;
    return tone(t, 523, 0.03);
}

static double lead(double t, unsigned c)
{
    (void)c;
    return fmod(t, 4) < 2 ? tone(t, 440, 0.06) : 0;
}

static double lead_rather_soft(double t, unsigned c)
{
    return 1.8 * lead(t, c);
}

static double lead_far_too_hot(double t, unsigned c)
{
    return 15 * lead(t, c);
}

static decided plan(scene *s, const char *tag, const char *balance)
{
    return decide(s, td_arena_printf(s->arena, "tags: [ %s ]\nbalance: %s\n", tag, balance));
}

static decided decide_as(const char *tag, const char *balance, const char *kit, const char *name, sound voice)
{
    scene *s = scene_new();
    scene_add(s, kit, 48000, 2, SECONDS, drums);
    scene_add(s, "Bass.wav", 48000, 2, SECONDS, bass);
    scene_add(s, "Piano.wav", 48000, 2, SECONDS, piano);
    scene_add(s, name, 48000, 2, SECONDS, voice);
    return plan(s, tag, balance);
}

static decided decide_with(const char *balance, const char *name, sound voice)
{
    return decide_as("pop", balance, "Drums.wav", name, voice);
}

static decided decide_sung(const char *balance, sound voice)
{
    return decide_with(balance, "Lead Vox.wav", voice);
}

/* What reaches the mix bus of a bus against another, dB. */
static double against(const decided *d, const char *bus, const char *other)
{
    double gain[2] = { 0 };
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        const td_plan_bus *p = &d->plan->bus[b];
        if (!strcmp(p->name, bus)) gain[0] = p->clip_gain_db + p->fader_db;
        if (!strcmp(p->name, other)) gain[1] = p->clip_gain_db + p->fader_db;
    }
    return gain[0] - gain[1];
}

/* The accompaniment is judged among itself: how loud the lead was delivered says nothing about drums and bass. */
static void test_a_hot_lead_moves_no_other_fader(void **state)
{
    (void)state;
    decided usual = decide_sung("loudness", lead), hot = decide_sung("loudness", lead_far_too_hot);
    assert_true(fabs(against(&usual, "bass", "drums") - against(&hot, "bass", "drums")) < 0.02);
    assert_true(fabs(against(&usual, "keys", "drums") - against(&hot, "keys", "drums")) < 0.02);
    assert_true(against(&hot, "vocals", "drums") < -5); /* and it comes down itself */
    leave(&usual);
    leave(&hot);
}

/* Delivered means delivered: a lead far off is spoken of, not moved. */
static void test_a_delivered_lead_is_only_spoken_of(void **state)
{
    (void)state;
    decided d = decide_sung("delivered", lead_far_too_hot);
    assert_true(fabs(against(&d, "vocals", "drums")) < 0.02);
    assert_non_null(told(d.plan, "lead "));
    assert_non_null(strstr(told(d.plan, "lead "), "over the usual"));
    leave(&d);
}

/* Without a singer the only solo instrument leads. Both are 12 dB too soft and raised by 6; for the singer the others
 * come down by 6 more. */
static void test_a_lone_instrument_leads(void **state)
{
    (void)state;
    decided sung = decide_sung("loudness", lead), played = decide_with("loudness", "Tenor Sax.wav", lead);
    double lower = against(&sung, "vocals", "drums") - against(&played, "woodwinds", "drums");
    assert_true(fabs(lower - 6) < 0.05);
    for (size_t b = 0; b < played.plan->n_buses; b++)
        if (!strcmp(played.plan->bus[b].name, "woodwinds"))
            assert_non_null(strstr(played.plan->bus[b].fader_reason, "no singer"));
    leave(&sung);
    leave(&played);
}

static const td_plan_bus *bus_of(const decided *d, const char *name)
{
    for (size_t b = 0; b < d->plan->n_buses; b++)
        if (!strcmp(d->plan->bus[b].name, name)) return &d->plan->bus[b];
    fail_msg("no bus %s", name);
    return NULL;
}

/* From the focus outward: it stays, and the others go to where they would be beside it. */
static void test_the_focus_stays_and_the_others_go(void **state)
{
    (void)state;
    decided focus = decide_sung("focus", lead), loudness = decide_sung("loudness", lead);
    assert_int_equal(focus.plan->balance, TD_BALANCE_FOCUS);
    assert_true(fabs(against(&focus, "vocals", "drums") - against(&loudness, "vocals", "drums")) < 0.05);
    assert_true(fabs(against(&focus, "bass", "drums") - against(&loudness, "bass", "drums")) < 0.05);
    assert_non_null(strstr(bus_of(&focus, "vocals")->fader_reason, "moved +0.0 dB"));
    assert_non_null(strstr(bus_of(&focus, "bass")->fader_reason, "with all others, for the lead"));
    leave(&focus);
    leave(&loudness);
}

/* 9 dB too soft: what its own limit of 6 leaves, the others do. 14 dB: that is more than both. */
static void test_a_limit_is_told_where_it_leaves_something(void **state)
{
    (void)state;
    static const char *const balances[] = { "loudness", "focus" };
    for (size_t i = 0; i < 2; i++) {
        decided some = decide_sung(balances[i], lead_rather_soft), more = decide_sung(balances[i], lead);
        assert_non_null(strstr(bus_of(&some, "drums")->fader_reason, "with all others, for the lead"));
        assert_null(strstr(bus_of(&some, "vocals")->fader_reason, "held at the limit"));
        assert_non_null(strstr(bus_of(&more, "vocals")->fader_reason, "held at the limit"));
        leave(&some);
        leave(&more);
    }
}

static void test_a_focus_that_does_not_lead_stays(void **state)
{
    (void)state;
    decided d = decide_sung("focus\nfocus: bass", lead_far_too_hot);
    assert_non_null(strstr(bus_of(&d, "bass")->fader_reason, "moved +0.0 dB"));
    assert_true(against(&d, "vocals", "bass") < -5);
    leave(&d);
}

static void test_no_focus_is_said(void **state)
{
    (void)state;
    decided d = decide_with("focus\nfocus: vocals.lead", "Pad.wav", lead);
    assert_int_equal(d.plan->balance, TD_BALANCE_LOUDNESS);
    assert_non_null(strstr(d.plan->balance_reason, "no stem is vocals.lead, and nobody sings"));
    leave(&d);
}

/* A reader adds the numbers up: as delivered, what moved it, and what moved all. */
static void test_reasons_add_up(void **state)
{
    (void)state;
    decided d = decide_sung("loudness", lead);
    for (size_t b = 0; b < d.plan->n_buses; b++) {
        const td_plan_bus *p = &d.plan->bus[b];
        double delivered, moved, all = 0;
        assert_int_equal(sscanf(p->fader_reason, "delivered at %lf, moved %lf dB", &delivered, &moved), 2);
        const char *with = strstr(p->fader_reason, " dB with all faders");
        while (with && with[-1] != ' ') with--;
        if (with) all = strtod(with, NULL);
        if (!(fabs(delivered + moved + all - p->fader_db) < 0.16)) fail_msg("%s: %s", p->name, p->fader_reason);
        bool told = strstr(p->fader_reason, "asks for no move") == NULL || fabs(moved) < 0.05 ||
                    strstr(p->fader_reason, "for the lead") || strstr(p->fader_reason, "inside that room");
        if (!told) fail_msg("%s: %s", p->name, p->fader_reason);
    }
    leave(&d);
}

static double loud_at_8_s(double t, unsigned c)
{
    (void)c;
    return t > 8 && t < 9 ? tone(t, 440, 0.8) : 0;
}

static void test_the_trim_tells_its_place(void **state)
{
    (void)state;
    decided d = decide_with("delivered", "Pad.wav", loud_at_8_s);
    double vu;
    int minutes, seconds;
    assert_int_equal(sscanf(d.plan->trim_reason, "loudest VU reading %lf at %d:%d behind", &vu, &minutes, &seconds), 3);
    assert_true(fabs(-vu - d.plan->trim_db) < 0.11);
    assert_int_equal(minutes, 0);
    assert_in_range(seconds, 8, 9);
    leave(&d);
}

static double usual_lu(const char *tag, const char *const *names, size_t n, const char *bus)
{
    td_stem stem[4] = { 0 };
    td_bus only = { .name = bus, .group = bus, .stems = n };
    td_session s = { .stem = stem, .n_stems = n, .bus = &only, .n_buses = 1 };
    td_recipe r = { .tag = &tag, .n_tags = 1 };
    for (size_t i = 0; i < n; i++) stem[i].role = td_role_read(names[i]);
    return td_usual_group_lu(&r, &s, NULL, 0);
}

/* Drums carry dances and accompany unplugged players; a lone kick is no kit (-5 LU under one, alone). */
static void test_what_is_usual(void **state)
{
    (void)state;
    static const char *const kit[] = { "Kick.wav", "Snare.wav" }, *const hats[] = { "Kick.wav", "HiHat.wav" };
    static const char *const loop[] = { "Break Beat.wav" }, *const piano[] = { "Piano.wav" };
    assert_true(usual_lu("pop", kit, 2, "drums") == -3 && usual_lu("jazz", kit, 2, "drums") == -9);
    assert_true(usual_lu("techno", loop, 1, "drums") == -3);
    assert_true(usual_lu("techno", kit, 1, "drums") == -8 && usual_lu("folk", kit, 1, "drums") == -14);
    assert_true(fabs(usual_lu("pop", hats, 2, "drums") - (-3 + 10 * log10(pow(10, -0.5) + pow(10, -1.2)))) < 1e-9);
    assert_true(usual_lu("jazz", piano, 1, "keys") == -5 && usual_lu("pop", piano, 1, "keys") == -9);
}

/* Kick and keys of a small group are as loud as they came: within taste of where unplugged players stand. */
static void test_a_lone_kick_is_no_kit(void **state)
{
    (void)state;
    decided kit = decide_as("acoustic", "loudness", "Drums.wav", "Lead Vox.wav", lead);
    decided kick = decide_as("acoustic", "loudness", "Kick.wav", "Lead Vox.wav", lead);
    assert_true(against(&kick, "drums", "bass") < against(&kit, "drums", "bass") - 2);
    for (size_t b = 0; b < kick.plan->n_buses; b++)
        if (!strcmp(kick.plan->bus[b].name, "drums"))
            assert_non_null(
                strstr(kick.plan->bus[b].fader_reason, "usual in unplugged music for these drums is -14.0"));
    leave(&kit);
    leave(&kick);
}

/* Spots are against main microphones; where there are none, nothing is against them. */
static void test_levels_need_their_focus(void **state)
{
    (void)state;
    static const char level[] = "\ngroups: { bass: { level: -4 dB } }\nfocus: ";
    char picture[128], singer[128];
    snprintf(picture, sizeof picture, "delivered%sorchestra.main", level);
    snprintf(singer, sizeof singer, "delivered%svocals.lead", level);
    decided without = decide_sung(picture, lead), with = decide_sung(singer, lead);
    assert_true(fabs(against(&without, "bass", "drums")) < 0.02);
    assert_true(fabs(against(&with, "bass", "drums") + 4) < 0.02);
    assert_non_null(told(without.plan, "levels of the recipe's groups: against orchestra.main"));
    assert_null(told(with.plan, "levels of"));
    leave(&without);
    leave(&with);
}

/* ---- taste ------------------------------------------------------------------------------------------------------ */

/* A tone whose loudness alone is so many LU, whatever its frequency: against the others as asked. */
static double as_loud(double t, double freq_hz, double lu)
{
    return tone(t, freq_hz, 0.5 * sqrt(pow(10, lu / 10) / td_k_weight_power(freq_hz)));
}

static double usual_drums(double t, unsigned c)
{
    (void)c;
    return as_loud(t, 200, -3);
}

static double usual_bass(double t, unsigned c)
{
    (void)c;
    return as_loud(t, 110, -5);
}

static double pad_a_bit_loud(double t, unsigned c)
{
    (void)c;
    return as_loud(t, 1000, -6 + 0.75);
}

static double harp_far_too_soft(double t, unsigned c)
{
    (void)c;
    return as_loud(t, 1010, -10 - 10);
}

static double harp_far_above(double t, unsigned c)
{
    (void)c;
    return as_loud(t, 12000, -10 - 10);
}

/* Raw tracks: the pad stays 0.75 LU over its place, the harp is raised to 1.5 LU under its own. So it stands 6.25 dB
 * under the pad in the same band, where it is about to be covered: all of it, which is a sixth of the whole. */
static decided pad_and_harp(const char *groups, sound harp)
{
    scene *s = scene_new();
    scene_add(s, "Drums.wav", 48000, 1, SECONDS, usual_drums);
    scene_add(s, "Bass.wav", 48000, 1, SECONDS, usual_bass);
    scene_add(s, "Synth Pad.wav", 48000, 1, SECONDS, pad_a_bit_loud);
    scene_add(s, "Harp.wav", 48000, 1, SECONDS, harp);
    return decide(s, td_arena_printf(s->arena, "tags: [ pop ]\nbalance: loudness\n%s", groups));
}

#define APART_LU (14.75 - 6.25) /* by how much the harp is raised against the pad to stand there */

/* That is worth all the room: 3 dB for the harp, 2.25 for the pad. */
static void test_within_taste_less_is_covered(void **state)
{
    (void)state;
    decided d = pad_and_harp("", harp_far_too_soft);
    assert_float_equal(against(&d, "harp", "synths"), APART_LU + 3 + 2.25, 0.1);
    assert_non_null(strstr(d.plan->bus[scene_bus(d.s, "harp")].fader_reason, "for masking, which uncovers "));
    leave(&d);
}

/* Of another register it covers nobody and is covered by nobody. */
static void test_who_covers_nobody_stays(void **state)
{
    (void)state;
    decided d = pad_and_harp("", harp_far_above);
    assert_float_equal(against(&d, "harp", "synths"), APART_LU, 0.1);
    leave(&d);
}

/* A key that never rests takes the pad down by all that is asked, and half is left for the faders to uncover. */
static void test_ducks_are_foreseen(void **state)
{
    (void)state;
    decided d = pad_and_harp("groups:\n  synths:\n    chain:\n"
                             "      - compressor: { ratio: 4:1, release: 100 ms, gain_reduction: at most 3 dB }\n"
                             "        key: drums\n",
                             harp_far_too_soft);
    double moved = against(&d, "harp", "synths") - APART_LU;
    assert_true(moved > 1 && moved < 5.25 - 1.5);
    leave(&d);
}

static double voice(double t, unsigned c, double freq_hz, double level, bool wide)
{
    return tone(t, freq_hz, wide && c ? 0.9 * level : level);
}

#define VOICE(name, freq_hz, level, wide)         \
    static double name(double t, unsigned c)      \
    {                                             \
        return voice(t, c, freq_hz, level, wide); \
    }
VOICE(kick_alike, 60.7, 0.30, false)
VOICE(bass_alike, 97.3, 0.21, false)
VOICE(keys_alike, 523.1, 0.15, false)
VOICE(soft_bass, 97.3, 0.09, false)
VOICE(soft_keys, 523.1, 0.06, false)
VOICE(kick_wide, 60.7, 0.30, true)
VOICE(bass_wide, 97.3, 0.21, true)
VOICE(keys_wide, 523.1, 0.15, true)
VOICE(hat, 3001.7, 0.06, false)

/* Mono tracks on two channels are mono tracks, but a balance that was printed stays one. */
static void test_two_sides_that_are_one(void **state)
{
    (void)state;
    static const struct {
        sound kick, bass, keys;
        td_balance balance;
        const char *why;
        bool clear;
    } cases[] = {
        { kick_alike, bass_alike, keys_alike, TD_BALANCE_LOUDNESS, "loudness: raw tracks: the sum peaks 7.6 dB", true },
        { kick_wide, bass_wide, keys_wide, TD_BALANCE_DELIVERED, "delivered: not clear", false },
        { kick_alike, soft_bass, soft_keys, TD_BALANCE_DELIVERED, "delivered: printed at mix level: ", true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        scene *s = scene_new();
        scene_add(s, "Kick.wav", 48000, 2, SECONDS, cases[i].kick);
        scene_add(s, "Bass.wav", 48000, 2, SECONDS, cases[i].bass);
        scene_add(s, "Piano.wav", 48000, 2, SECONDS, cases[i].keys);
        scene_add(s, "Hat.wav", 48000, 2, SECONDS, hat);
        decided d = plan(s, "electronic", "auto");
        assert_int_equal(d.plan->balance, cases[i].balance);
        if (strncmp(d.plan->balance_reason, cases[i].why, strlen(cases[i].why)) != 0)
            fail_msg("%s", d.plan->balance_reason);
        assert_int_equal(told(d.plan, "balance: nothing says clearly") == NULL, cases[i].clear);
        leave(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_sides_that_are_one),
        cmocka_unit_test(test_within_taste_less_is_covered),
        cmocka_unit_test(test_who_covers_nobody_stays),
        cmocka_unit_test(test_ducks_are_foreseen),
        cmocka_unit_test(test_a_hot_lead_moves_no_other_fader),
        cmocka_unit_test(test_a_lone_instrument_leads),
        cmocka_unit_test(test_the_focus_stays_and_the_others_go),
        cmocka_unit_test(test_a_limit_is_told_where_it_leaves_something),
        cmocka_unit_test(test_a_focus_that_does_not_lead_stays),
        cmocka_unit_test(test_no_focus_is_said),
        cmocka_unit_test(test_reasons_add_up),
        cmocka_unit_test(test_the_trim_tells_its_place),
        cmocka_unit_test(test_what_is_usual),
        cmocka_unit_test(test_a_lone_kick_is_no_kit),
        cmocka_unit_test(test_levels_need_their_focus),
        cmocka_unit_test(test_a_delivered_lead_is_only_spoken_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
