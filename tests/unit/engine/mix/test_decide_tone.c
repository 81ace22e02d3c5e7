/* What an equaliser is asked to do, and what it must not: fill holes, fight itself, cut the floor. */
#include "engine/base/units.h"
#include "engine/mix/decide/targets.h"
#include "engine/mix/planner.h"
#include "recipes/recipes.h"
#include "tests/unit/engine/mix/scene.h"

#include <math.h>

#define SECONDS 8.0

/* A sine in each third octave, as loud there as the median of electronic mixes: off any curve only by `off_db`. */
static double spectrum(double t, double (*off_db)(size_t band))
{
    const td_target_curve *elec = td_target_find("elec");
    double sum = 0;
    for (size_t b = 0; b < TD_BANDS; b++) {
        double level = 0.05 * pow(10, ((double)elec->p50[b] + off_db(b)) / 20);
        sum += level * sin(2 * M_PI * td_band_hz(b) * t + (double)(b * b));
    }
    return sum;
}

static double no_lows(size_t band)
{
    return td_band_hz(band) < 180 ? -40 : 0;
}

static double hot_at_8k(size_t band)
{
    return band == 25 ? 12 : 0;
}

static double without_bass(double t, unsigned c)
{
    (void)c;
    return spectrum(t, no_lows);
}

static double with_a_whistle(double t, unsigned c)
{
    (void)c;
    return spectrum(t, hot_at_8k);
}

static double low_guitar(double t, unsigned c)
{
    (void)c;
    return 0.3 * sin(2 * M_PI * 82.4 * t) + 0.02 * sin(2 * M_PI * 660 * t);
}

static double bass(double t, unsigned c)
{
    (void)c;
    return 0.6 * sin(2 * M_PI * 61.7 * t);
}

static double piano(double t, unsigned c)
{
    (void)c;
    return 0.05 * sin(2 * M_PI * 440 * t);
}

static td_plan *plan(scene *s, const char *body)
{
    td_error err = { 0 };
    td_recipe *recipe = NULL;
    td_messages *m = td_messages_new();
    td_plan *p;
    const char *text = td_arena_printf(
        s->arena, "topdown: recipe/1\nname: t\ntitle: T\ntags: [ electronic ]\nbalance: delivered\n%s\n", body);
    scene_open(s);
    if (td_recipe_parse(NULL, NULL, text, strlen(text), NULL, 0, &recipe, m)) fail_msg("the recipe does not pass");
    assert_int_equal(td_pool_new(2, &s->pool), TD_OK);
    assert_int_equal(td_survey_make(s->session, s->pool, s->path, NULL, NULL, &s->survey, &err), TD_OK);
    td_plan_wish wish = {
        .session = s->session, .survey = s->survey, .recipe = recipe, .pool = s->pool, .scratch_folder = s->path
    };
    if (td_plan_make(&wish, &p, &err)) fail_msg("%s", err.what);
    td_recipe_free(recipe);
    td_messages_free(m);
    return p;
}

static void leave(scene *s, td_plan *p)
{
    td_plan_free(p);
    td_pool_free(s->pool);
    scene_free(s);
}

static bool says(const td_plan *p, const char *words)
{
    for (size_t i = 0; i < p->n_notes; i++)
        if (strstr(p->note[i].text, words)) return true;
    return false;
}

static const char tone[] = "mix: { chain: [ eq: [ high_shelf: { at: 10 kHz, gain: +0.5 to +1 dB }, match: { target: "
                           "elec, strength: 100 % } ] ] }";

/* Who is not there cannot be equalised, and what is there is not held against what is not. */
static void test_a_hole_stays_a_hole(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "Synth.wav", 48000, 2, SECONDS, without_bass);
    td_plan *p = plan(s, tone);
    for (size_t i = 0; i < p->mix.n_steps; i++)
        for (size_t k = 0; k < p->mix.step[i].n_parts; k++)
            assert_string_equal(p->mix.step[i].part[k].proc->name, "high_shelf");
    assert_true(says(p, "mix match: nothing plays at"));
    assert_true(says(p, "no bass?"));
    leave(s, p);
}

/* What was left to us does not push up what the match cuts. */
static void test_a_shelf_does_not_fight_the_match(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "Synth.wav", 48000, 2, SECONDS, with_a_whistle);
    td_plan *p = plan(s, tone);
    size_t bells = 0;
    assert_int_equal(p->mix.n_steps, 1);
    for (size_t k = 0; k < p->mix.step[0].n_parts; k++) {
        const td_plan_part *part = &p->mix.step[0].part[k];
        assert_string_equal(part->proc->name, "bell");
        bells += part->value[td_param_find(part->proc, "gain")] < 0;
    }
    assert_true(bells > 0);
    leave(s, p);
}

static const char cut[] = "groups: { guitars: { chain: [ eq: [ low_cut: 110 Hz ] ] } }";

/* Guitars over a bass are cleared, though softer: what was cut does not come back. Without it they are the floor. */
static void test_the_floor_is_not_cut(void **state)
{
    (void)state;
    for (int with_bass = 0; with_bass < 2; with_bass++) {
        scene *s = scene_new();
        scene_add(s, "Guitar.wav", 48000, 2, SECONDS, low_guitar);
        scene_add(s, "Piano.wav", 48000, 2, SECONDS, piano);
        if (with_bass) scene_add(s, "Bass.wav", 48000, 2, SECONDS, bass);
        td_plan *p = plan(s, cut);
        const td_plan_bus *guitars = &p->bus[scene_bus(s, "guitars")];
        assert_int_equal(guitars->chain.n_steps, with_bass);
        assert_true(says(p, "of the mix below 110 Hz is guitars") == !with_bass);
        assert_true(says(p, "guitars: its low cut takes") == with_bass);
        assert_true(fabs(guitars->makeup_db) < 0.3);
        leave(s, p);
    }
}

/* Ten pulses a second on a soft tone: peaks 30 dB and more over the loudness. */
static double pulses(double t, unsigned c)
{
    (void)c;
    return (fmod(t, 0.1) < 0.0005 ? 0.9 : 0) + 0.01 * sin(2 * M_PI * 440 * t);
}

/* A loudness that the master cannot have is told with the plan; one it can is not. */
static void test_a_target_out_of_reach_is_told(void **state)
{
    (void)state;
    for (int loud = 0; loud < 2; loud++) {
        scene *s = scene_new();
        scene_add(s, "Drums.wav", 48000, 2, SECONDS, pulses);
        scene_add(s, "Piano.wav", 48000, 2, SECONDS, piano);
        td_plan *p = plan(s, loud ? "master: { loudness: -9 LUFS, true_peak: -1 dBTP }"
                                  : "master: { loudness: -30 LUFS, true_peak: -1 dBTP }");
        assert_true(says(p, "the master will come to about") == loud);
        if (loud) assert_true(says(p, "a clipper or limiter on drums"));
        leave(s, p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_hole_stays_a_hole),
        cmocka_unit_test(test_a_shelf_does_not_fight_the_match),
        cmocka_unit_test(test_the_floor_is_not_cut),
        cmocka_unit_test(test_a_target_out_of_reach_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
