/* What is asked at most is taken at most: of tips that the raw sum does not have, by a detector that hears no kick,
 * where a group turns what cancelled, by and behind what a key drives that sounds late, and of tracks that a fix made
 * softer. What is asked about is taken wherever in the song a bus plays, and where it cannot be, nothing is. */
#include "tests/unit/engine/mix/decided.h"

#include "engine/base/maths.h"
#include <math.h>

#define SECONDS 44.0
#define TONE    6283.185307179586 /* 1 kHz, radians a second */

/* Clicks of 2 ms, a second apart: the highest peaks of the raw sum. */
static double clicks(double t, unsigned c)
{
    double in = t - floor(t);
    (void)c;
    return t < 32 && in < 0.002 ? (0.6 + 0.001 * floor(t)) * sin(TONE * in) : 0;
}

/* The loudest moments, at 8, 16 and 24 s, and 0.1 s of something square: less than a click, until a low cut near its
 * fundamental lets the top of the wave fall and adds the fall to the next edge. */
static double loud_and_square(double t, double square_s)
{
    double since = t - square_s;
    if (t < 25 && fmod(t, 8) < 0.4 && t >= 8) return 0.35 * sin(TONE * t);
    return since >= 0 && since < 0.1 ? (fmod(since, 0.025) < 0.0125 ? 0.5 : -0.5) : 0;
}

static double far_from_loud(double t, unsigned c)
{
    (void)c;
    return loud_and_square(t, 36);
}

/* No passage of 4 s that does not overlap another could hold both. */
static double near_loud(double t, unsigned c)
{
    (void)c;
    return loud_and_square(t, 26.8);
}

/* Sounds at 30 s, and not before. */
static double late(double t, unsigned c)
{
    (void)c;
    return t >= 30 && t < 32 && fmod(t, 0.5) < 0.2 ? 0.5 * sin(TONE * t) : 0;
}

static double pad(double t, unsigned c)
{
    (void)c;
    return (t >= 30 && t < 32 ? 0.3 : 0.1) * sin(TONE / 4 * t);
}

/* Of the step called `edge`. */
static double taken_db(const decided *d, double *at_s)
{
    td_rendered *r = rendered(wish_for(d->s, d->plan));
    double most = -1;
    for (size_t i = 0; i < r->n_steps; i++) {
        if (strcmp(r->step[i].step, "edge")) continue;
        most = r->step[i].max_db;
        *at_s = r->step[i].max_at_s;
    }
    td_rendered_free(r);
    return most;
}

static void clip_at(sound square, double at_s)
{
    scene *s = scene_new();
    double where_s = 0;
    scene_add(s, "Kick.wav", 48000, 2, SECONDS, clicks);
    scene_add(s, "Synth.wav", 48000, 2, SECONDS, square);
    decided d = decide(s, "balance: delivered\n"
                          "mix: { chain: [ { eq: [ low_cut: { at: 30 Hz, slope: 24 dB/oct } ], as: cut }, "
                          "{ clipper: { ceiling: -6 dBFS, gain_reduction: at most 2 dB }, as: edge } ] }\n");
    assert_float_equal(taken_db(&d, &where_s), 2, 0.1);
    assert_float_equal(where_s, at_s + 0.05, 0.06);
    leave(&d);
}

static void test_tips_a_low_cut_makes(void **state)
{
    (void)state;
    clip_at(far_from_loud, 36);
}

static void test_tips_beside_a_loud_passage(void **state)
{
    (void)state;
    clip_at(near_loud, 26.8);
}

/* Five chords of 0.4 s, each with a click near its end. */
static double chords_and_clicks(double t, unsigned c)
{
    double in = fmod(t, 4) - 2, click = in - 0.32;
    (void)c;
    if (t > 20 || in < 0 || in >= 0.4) return 0;
    return (0.4 + (click >= 0 && click < 0.002 ? 0.5 : 0)) * sin(TONE * in);
}

/* A click alone: the sixth in height, until the others are held down with their chords. */
static double lone_click(double t, unsigned c)
{
    double in = t - 30.05;
    (void)c;
    return in >= 0 && in < 0.002 ? 0.62 * sin(TONE * in) : 0;
}

static void test_a_tip_nothing_holds(void **state)
{
    (void)state;
    scene *s = scene_new();
    double at_s;
    scene_add(s, "Keys.wav", 48000, 2, SECONDS, chords_and_clicks);
    scene_add(s, "Synth.wav", 48000, 2, SECONDS, lone_click);
    decided d = decide(s, "balance: delivered\n"
                          "mix: { chain: [ { compressor: { model: clean, ratio: 8:1, attack: 10 ms, release: 100 ms, "
                          "gain_reduction: at most 8 dB }, as: glue }, "
                          "{ clipper: { ceiling: -6 dBFS, gain_reduction: at most 2 dB }, as: edge } ] }\n");
    assert_float_equal(taken_db(&d, &at_s), 2, 0.1);
    assert_float_equal(at_s, 30, 0.2);
    leave(&d);
}

/* Wherever the key is loudest; and where the mix bus is heard in passages, so is what drives it. */
static void test_a_key_is_heard_where_the_mix_is(void **state)
{
    (void)state;
    static const char *const chain[] = {
        "{ compressor: { model: clean, ratio: 4:1, attack: 5 ms, gain_reduction: at most 3 dB }, key: drums.kick, "
        "as: edge }",
        "{ compressor: { model: clean, ratio: 4:1, attack: 5 ms, threshold: -40 dBFS }, key: drums.kick, as: duck }, "
        "{ clipper: { ceiling: -6 dBFS, gain_reduction: at most 3 dB }, as: edge }",
    };
    for (int k = 0; k < 2; k++) {
        scene *s = scene_new();
        double at_s;
        scene_add(s, "Kick.wav", 48000, 2, SECONDS, late);
        scene_add(s, "Synth.wav", 48000, 2, SECONDS, pad);
        decided d = decide(s, td_arena_printf(s->arena, "balance: delivered\nmix: { chain: [ %s ] }\n", chain[k]));
        assert_float_equal(taken_db(&d, &at_s), 3, 0.1);
        leave(&d);
    }
}

static void test_goals_of_a_group_after_a_fix(void **state)
{
    (void)state;
    scene *s = scene_new();
    double at_s;
    scene_add(s, "Kick.wav", 48000, 2, SECONDS, clicks);
    scene_add(s, "Synth.wav", 48000, 2, SECONDS, pad);
    decided d = decide(s, "balance: delivered\n"
                          "groups: { synths: { chain: [ { compressor: { model: clean, ratio: 4:1, attack: 5 ms, "
                          "gain_reduction: at most 3 dB }, as: edge } ] } }\n"
                          "tracks: [ { fix: softer, for: synths, level: -12 dB } ]\n");
    assert_float_equal(taken_db(&d, &at_s), 3, 0.1);
    leave(&d);
}

static void test_goals_of_a_group_whose_key_was_fixed(void **state)
{
    (void)state;
    scene *s = scene_new();
    double at_s;
    scene_add(s, "Kick.wav", 48000, 2, SECONDS, late);
    scene_add(s, "Synth.wav", 48000, 2, SECONDS, pad);
    decided d = decide(s, "balance: delivered\n"
                          "groups: { synths: { chain: [ { compressor: { model: clean, ratio: 4:1, attack: 5 ms, "
                          "gain_reduction: at most 3 dB }, key: drums.kick, as: edge } ] } }\n"
                          "tracks: [ { fix: louder, for: drums.kick, level: +6 dB } ]\n");
    assert_float_equal(taken_db(&d, &at_s), 3, 0.1);
    leave(&d);
}

/* 0.1 s of 50 Hz every 2 s, each softer than the one before. */
static double thuds(double t, unsigned c)
{
    double in = fmod(t, 2);
    (void)c;
    return in < 0.1 ? (0.6 - 0.015 * floor(t / 2)) * sin(TONE / 20 * in) : 0;
}

/* Alone with the tenth of them: hardly more power than it has itself. */
static double ping(double t, unsigned c)
{
    (void)c;
    return t >= 18 && t < 18.1 ? 0.05 * sin(TONE * t) : 0;
}

/* The tenth, half of it taken away. */
static double against_thud(double t, unsigned c)
{
    return t >= 18 && t < 18.1 ? -thuds(t, c) / 2 : 0;
}

static void glue_at(sound second, const char *name, const char *body)
{
    scene *s = scene_new();
    double where_s = 0;
    scene_add(s, "Kick.wav", 48000, 2, SECONDS, thuds);
    scene_add(s, name, 48000, 2, SECONDS, second);
    decided d = decide(s, body);
    assert_float_equal(taken_db(&d, &where_s), 2, 0.1);
    assert_float_equal(where_s, 18.05, 0.1);
    leave(&d);
}

static void test_a_detector_that_hears_no_kick(void **state)
{
    (void)state;
    glue_at(ping, "Synth.wav",
            "balance: delivered\n"
            "mix: { chain: [ { compressor: { model: clean, ratio: 4:1, attack: 10 ms, release: 100 ms, "
            "detector_low_cut: 300 Hz, gain_reduction: at most 2 dB }, as: edge } ] }\n");
}

static void test_what_cancels_in_the_raw_sum(void **state)
{
    (void)state;
    glue_at(against_thud, "Bass.wav",
            "balance: delivered\n"
            "groups: { bass: { chain: [ { polarity: { channel: both } } ] } }\n"
            "mix: { chain: [ { compressor: { model: clean, ratio: 4:1, attack: 10 ms, release: 100 ms, "
            "gain_reduction: at most 2 dB }, as: edge } ] }\n");
}

static double sine(double t, unsigned c)
{
    (void)c;
    return 0.1 * sin(TONE / 4 * t);
}

/* A drum that is played in so much of the song, each hit a little louder than the one before. */
static double played(double t, double from_s, double to_s)
{
    double in = fmod(t, 0.25);
    return t >= from_s && t < to_s ? (0.5 + 0.1 * (t - from_s)) * td_exp(-12 * in) * sin(TONE / 2 * in) : 0;
}

static double at_first(double t, unsigned c)
{
    (void)c;
    return played(t, 0, 2.4);
}

static double at_last(double t, unsigned c)
{
    (void)c;
    return played(t, 21.6, 24);
}

static double one_hit(double t, unsigned c)
{
    (void)c;
    return played(t, 13.5, 13.8);
}

/* Loud at first, and 40 dB softer in all of the song: which no longer counts. */
static double fades(double t, unsigned c)
{
    return at_first(t, c) + 0.01 * sine(t, c);
}

static const td_plan_step *edge(const td_plan *p, const char *bus)
{
    for (size_t b = 0; b < p->n_buses; b++)
        for (size_t i = 0; i < p->bus[b].chain.n_steps; i++)
            if (!strcmp(p->bus[b].name, bus) && !strcmp(p->bus[b].chain.step[i].name, "edge"))
                return &p->bus[b].chain.step[i];
    fail_msg("no edge in %s", bus);
    return NULL;
}

static void test_a_bus_that_plays_a_few_seconds(void **state)
{
    (void)state;
    static const struct {
        const char *file, *bus;
        sound plays;
    } stem[] = { { "Snare.wav", "drums", at_first },
                 { "Bass.wav", "bass", at_last },
                 { "Guitar.wav", "guitars", one_hit },
                 { "Piano.wav", "keys", fades },
                 { "Synth.wav", "synths", sine } };
    static const struct {
        const char *step;
        float asked_db;
    } goal[] = {
        { "compressor: { model: clean, ratio: 4:1, attack: 5 ms, release: 100 ms, gain_reduction: about 4 dB }", 4 },
        { "clipper: { gain_reduction: about 2 dB }", 2 },
    };
    scene *s = scene_new();
    for (size_t i = 0; i < 5; i++) scene_add(s, stem[i].file, 48000, 1, 24, stem[i].plays);
    for (size_t k = 0; k < 2; k++) {
        const char *chain = td_arena_printf(s->arena, "{ chain: [ { %s, as: edge } ] }", goal[k].step);
        decided d = decide(s, td_arena_printf(s->arena,
                                              "balance: delivered\n"
                                              "groups: { drums: %s, bass: %s, guitars: %s, keys: %s, synths: %s }\n",
                                              chain, chain, chain, chain, chain));
        for (size_t i = 0; i < 5; i++)
            assert_float_equal(edge(d.plan, stem[i].bus)->goal.p95_db, goal[k].asked_db, 0.1);
        td_plan_free(d.plan);
    }
    scene_leave(s);
}

/* The key sounds where the bus does not: nothing can be taken, and the threshold stays out of the way. */
static void test_a_goal_that_cannot_be_met(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "Kick.wav", 48000, 1, 24, at_last);
    scene_add(s, "Synth.wav", 48000, 1, 24, at_first);
    decided d = decide(s, "balance: delivered\n"
                          "groups: { synths: { chain: [ { compressor: { model: clean, ratio: 4:1, attack: 5 ms, "
                          "release: 100 ms, gain_reduction: about 4 dB }, key: drums.kick, as: edge } ] } }\n");
    assert_float_equal(edge(d.plan, "synths")->goal.max_db, 0, 0);
    leave(&d);
}

/* 0 VU is -18 dBFS; less the 2 dB that the first takes that is 15 dB over a threshold of -35, of which 2:1 takes half.
 * Groups are decided before either is known for good. */
static void test_conditions_ask_what_the_mix_bus_takes(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "Synth.wav", 48000, 1, 12, sine);
    decided d = decide(s, "balance: delivered\n"
                          "mix:\n"
                          "  chain:\n"
                          "    - compressor: { ratio: 2:1, knee: 0 dB, gain_reduction: at most 2 dB }\n"
                          "      as: glue\n"
                          "    - compressor: { model: clean, ratio: 2:1, knee: 0 dB, threshold: -35 dBFS }\n"
                          "      as: squash\n"
                          "    - gain: -1 dB\n"
                          "      when: gain_reduction(squash) > 20 dB\n"
                          "groups:\n"
                          "  synths:\n"
                          "    chain:\n"
                          "      - tape: { drive: 1 dB }\n"
                          "        when: gain_reduction(glue) > 1.8 dB and gain_reduction(squash) > 7 dB\n"
                          "      - gain: -1 dB\n"
                          "        when: gain_reduction(glue) > 2.2 dB\n");
    assert_int_equal(d.plan->mix.n_steps, 2);
    assert_int_equal(d.plan->bus[0].chain.n_steps, 1);
    assert_string_equal(d.plan->bus[0].chain.step[0].name, "tape");
    assert_non_null(strstr(told(d.plan, "mix gain: "), "gain_reduction is 7.5 dB"));
    assert_non_null(strstr(told(d.plan, "synths gain: "), "gain_reduction is 2.0"));
    leave(&d);
}

/* Nothing asked for is nothing there: but bands behind which there is a gain, and a ceiling, stay. */
static void test_a_goal_of_nothing(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "Synth.wav", 48000, 2, 12, pad);
    decided d = decide(s, "balance: delivered\n"
                          "mix:\n"
                          "  chain:\n"
                          "    - compressor: { model: glue, gain_reduction: at most 0 dB }\n"
                          "    - multiband: { crossovers: [ 300 Hz ], bands: [ { gain_reduction: at most 0 dB }, "
                          "{ gain_reduction: at most 0 dB } ] }\n"
                          "    - compressor: { model: glue, gain_reduction: at most 0 dB, makeup: 1 dB }\n"
                          "      as: louder\n"
                          "    - clipper: { ceiling: -6 dBFS, gain_reduction: at most 0 dB }\n");
    assert_int_equal(d.plan->mix.n_steps, 2);
    assert_string_equal(d.plan->mix.step[0].name, "louder");
    assert_string_equal(d.plan->mix.step[1].name, "clipper");
    assert_non_null(strstr(told(d.plan, "mix compressor: "), "it would change nothing"));
    assert_non_null(strstr(told(d.plan, "mix multiband: "), "it would change nothing"));
    leave(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tips_a_low_cut_makes),
        cmocka_unit_test(test_tips_beside_a_loud_passage),
        cmocka_unit_test(test_a_tip_nothing_holds),
        cmocka_unit_test(test_a_detector_that_hears_no_kick),
        cmocka_unit_test(test_what_cancels_in_the_raw_sum),
        cmocka_unit_test(test_a_key_is_heard_where_the_mix_is),
        cmocka_unit_test(test_goals_of_a_group_after_a_fix),
        cmocka_unit_test(test_goals_of_a_group_whose_key_was_fixed),
        cmocka_unit_test(test_a_bus_that_plays_a_few_seconds),
        cmocka_unit_test(test_a_goal_that_cannot_be_met),
        cmocka_unit_test(test_conditions_ask_what_the_mix_bus_takes),
        cmocka_unit_test(test_a_goal_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
