/* Ranges the planner answers from what it measured. */
#include "tests/unit/engine/mix/decided.h"

#include <math.h>

#define LEAN_DEG 8.0

static double bass(double t, unsigned c)
{
    (void)c;
    return 0.2 * sin(2 * M_PI * 110 * t);
}

/* Middle and side, unrelated, and the whole picture turned to the left. */
static double leaning_pair(double t, unsigned c)
{
    double middle = 0.2 * sin(2 * M_PI * 523 * t), side = 0.06 * sin(2 * M_PI * 880 * t);
    double l = middle + side, r = middle - side, a = -LEAN_DEG * M_PI / 180;
    return c ? sin(a) * l + cos(a) * r : cos(a) * l - sin(a) * r;
}

#define HEAD "topdown: recipe/1\nname: r\ntitle: T\ntags: [ jazz ]\n"

static const char lopsided[] = HEAD "tracks:\n"
                                    "  - fix: lopsided\n"
                                    "    for: keys\n"
                                    "    when: imbalance > 2 dB\n"
                                    "    chain: [ rotate: { angle: -20 to 20 deg } ]\n";

static double guitar(double t, unsigned c)
{
    (void)c;
    return 0.05 * sin(2 * M_PI * 330 * t);
}

/* In the middle, but for what somebody placed on the left. */
static double placed_pair(double t, unsigned c)
{
    return 0.2 * sin(2 * M_PI * 523 * t) + (c ? 0 : 0.2 * sin(2 * M_PI * 2100 * t));
}

/* A piano and three tracks whose being mono makes raw ones of all. */
static decided played(const char *recipe, sound piano, bool raw)
{
    scene *s = scene_new();
    scene_add(s, "Bass.wav", 48000, raw ? 1 : 2, 6, bass);
    scene_add(s, "Gtr 1.wav", 48000, raw ? 1 : 2, 6, guitar);
    scene_add(s, "Gtr 2.wav", 48000, raw ? 1 : 2, 6, guitar);
    scene_add(s, "Piano.wav", 48000, 2, 6, piano);
    scene_ready(s);
    return (decided){ s, plan_on(s, recipe, s->pool) };
}

/* How the piano's picture is turned, in degrees; 0: it is left as it is. */
static double turned_deg(sound piano, bool raw)
{
    decided d = played(lopsided, piano, raw);
    const td_plan_chain *chain = &d.plan->stem[scene_stem(d.s, "Piano.wav")].chain;
    double angle = chain->n_steps ? chain->step[0].value[0] : 0;
    if (chain->n_steps) assert_string_equal(chain->step[0].proc->name, "rotate");
    leave(&d);
    return angle;
}

/* Whether a plan warns of sides that cancel. */
static bool warns(const char *text, sound piano)
{
    decided d = played(text, piano, false);
    bool found = warned(d.plan, "", "cancel");
    leave(&d);
    return found;
}

static double opposed_pair(double t, unsigned c)
{
    return (c ? -0.2 : 0.2) * sin(2 * M_PI * 523 * t) + 0.02 * sin(2 * M_PI * 660 * t);
}

/* What a fix has turned is not warned of, nor what a group makes narrow. */
static void test_warnings_are_about_what_remains(void **state)
{
    (void)state;
    assert_true(warns(HEAD, opposed_pair));
    assert_false(warns(HEAD "tracks:\n  - fix: turned-side\n    for: all\n    when: correlation < -0.8\n"
                            "    chain: [ polarity: { channel: right } ]\n",
                       opposed_pair));
    assert_false(warns(HEAD "groups:\n  keys: { chain: [ stereo: { width: 5 % } ] }\n", opposed_pair));
}

static void test_a_leaning_pair_is_turned_back(void **state)
{
    (void)state;
    assert_float_equal(turned_deg(leaning_pair, true), LEAN_DEG, 0.1);
}

/* By whoever printed the stems, or by the player who was recorded: no fault. */
static void test_what_was_placed_stays(void **state)
{
    (void)state;
    assert_float_equal(turned_deg(leaning_pair, false), 0, 0);
    assert_float_equal(turned_deg(placed_pair, true), 0, 0);
}

/* A tone in every third octave over 1 kHz. */
static double hiss(double t, unsigned c)
{
    double sum = 0;
    (void)c;
    for (int k = 1; k <= 11; k++) sum += 0.08 * sin(2 * M_PI * 1000 * exp2(k / 3.0) * t);
    return sum;
}

static double tilted_db(sound lead)
{
    decided d = played(HEAD "mix: { chain: [ eq: [ tilt: { at: 1 kHz, gain: -3 to +3 dB } ] ] }\n", lead, false);
    const td_plan_part *tilt = d.plan->mix.step[0].part;
    double gain_db = tilt->value[td_param_find(tilt->proc, "gain")];
    assert_non_null(strstr(tilt->reason, "over 1 kHz the mix stands "));
    leave(&d);
    return gain_db;
}

static void test_a_tilt_answers_a_slope(void **state)
{
    (void)state;
    assert_true(tilted_db(guitar) > 0);
    assert_true(tilted_db(hiss) < 0);
}

static double of_step(const td_processor *proc, const double *value, const char *name, int beside)
{
    return value[td_param_find(proc, name) + beside];
}

/* The hiss of a de-esser's 5 to 9 kHz lies around 6.7 kHz: a third of an octave to each side of that. */
static void test_a_measured_band_has_two_edges(void **state)
{
    (void)state;
    decided d =
        played(HEAD "tracks:\n"
                    "  - fix: sharp\n"
                    "    for: keys\n"
                    "    when: sibilance > -10 dB\n"
                    "    chain: [ deesser: { range: measured }, eq: [ bell: { range: measured, gain: -2 dB } ] ]\n",
               hiss, false);
    const td_plan_step *s = d.plan->stem[scene_stem(d.s, "Piano.wav")].chain.step;
    const td_plan_part *bell = s[1].part;
    assert_float_equal(of_step(s->proc, s->value, "range", 0), 5320, 0);
    assert_float_equal(of_step(s->proc, s->value, "range", 1), 8440, 0);
    assert_float_equal(of_step(bell->proc, bell->value, "range", 0), 5320, 0);
    assert_float_equal(of_step(bell->proc, bell->value, "range", 1), 8440, 0);
    assert_non_null(strstr(s->reason, "range around where it was measured, 6700 Hz"));
    assert_null(strstr(s->reason, "null"));
    leave(&d);
}

/* Of two conditions that which finds no frequency may be the one that holds; nothing else waits for it. The mix bus's
 * equaliser is decided once more at the end, and finds what it found. */
static void test_what_is_not_measured_is_left_out(void **state)
{
    (void)state;
    decided d = played(HEAD "mix:\n"
                            "  chain:\n"
                            "    - eq: [ bell: { at: measured, gain: -2 dB } ]\n"
                            "      when: sibilance > -60 dB\n"
                            "tracks:\n"
                            "  - fix: nowhere\n"
                            "    for: keys\n"
                            "    when: crest > 0 dB or hum > -20 dB\n"
                            "    chain: [ eq: [ bell: { at: measured, gain: -2 dB } ] ]\n",
                       hiss, false);
    const td_plan_part *bell = d.plan->mix.step[0].part;
    assert_float_equal(of_step(bell->proc, bell->value, "at", 0), 6700, 0);
    assert_int_equal(d.plan->stem[scene_stem(d.s, "Piano.wav")].chain.n_steps, 0);
    assert_true(times_told(d.plan, "nothing was measured"));
    leave(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_leaning_pair_is_turned_back),    cmocka_unit_test(test_what_was_placed_stays),
        cmocka_unit_test(test_a_tilt_answers_a_slope),           cmocka_unit_test(test_a_measured_band_has_two_edges),
        cmocka_unit_test(test_what_is_not_measured_is_left_out), cmocka_unit_test(test_warnings_are_about_what_remains)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
