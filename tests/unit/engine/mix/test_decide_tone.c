/* What an equaliser is asked to do, and what it must not: fill holes, fight itself, cut the floor. */
#include "engine/base/text.h"
#include "engine/base/units.h"
#include "engine/mix/master.h"
#include "engine/mix/targets.h"
#include "tests/unit/engine/mix/decided.h"

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

static decided plan(scene *s, const char *body)
{
    return decide(s, td_arena_printf(s->arena, "tags: [ electronic ]\nbalance: delivered\n%s\n", body));
}

static const char tone[] = "mix: { chain: [ eq: [ high_shelf: { at: 10 kHz, gain: +0.5 to +1 dB }, match: { target: "
                           "elec, strength: 100 % } ] ] }";

/* Who is not there cannot be equalised, and what is there is not held against what is not. */
static void test_a_hole_stays_a_hole(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "Band.wav", 48000, 2, SECONDS, without_bass);
    decided d = plan(s, tone);
    for (size_t i = 0; i < d.plan->mix.n_steps; i++)
        for (size_t k = 0; k < d.plan->mix.step[i].n_parts; k++)
            assert_string_equal(d.plan->mix.step[i].part[k].proc->name, "high_shelf");
    assert_true(times_told(d.plan, "mix match: nothing plays at"));
    assert_true(times_told(d.plan, "no bass?"));
    leave(&d);
}

/* What was left to us does not push up what the match cuts. */
static void test_a_shelf_does_not_fight_the_match(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "Band.wav", 48000, 2, SECONDS, with_a_whistle);
    decided d = plan(s, tone);
    size_t bells = 0;
    assert_int_equal(d.plan->mix.n_steps, 1);
    for (size_t k = 0; k < d.plan->mix.step[0].n_parts; k++) {
        const td_plan_part *part = &d.plan->mix.step[0].part[k];
        assert_string_equal(part->proc->name, "bell");
        bells += part->value[td_param_find(part->proc, "gain")] < 0;
    }
    assert_true(bells > 0);
    leave(&d);
}

static double flat(size_t band)
{
    (void)band;
    return 0;
}

static double like_others(double t, unsigned c)
{
    (void)c;
    return spectrum(t, flat);
}

/* All that the mix bus's bells do at 8 kHz and an octave around it; reason: of the last. */
static double bells_at_8k(const td_plan *p, const char **reason)
{
    double sum = 0;
    for (size_t i = 0; i < p->mix.n_steps; i++)
        for (size_t k = 0; k < p->mix.step[i].n_parts; k++) {
            const td_plan_part *part = &p->mix.step[i].part[k];
            double at = part->value[td_param_find(part->proc, "at")];
            if (strcmp(part->proc->name, "bell") != 0 || at < 5000) continue;
            sum += part->value[td_param_find(part->proc, "gain")];
            *reason = part->reason;
        }
    return sum;
}

/* What a group's own chain takes or adds is heard in the end, and the match answers to that. */
static void test_tone_is_judged_by_what_is_finished(void **state)
{
    (void)state;
    static const struct {
        sound f;
        const char *group;
        bool cuts;
    } cases[] = { { with_a_whistle, "0 dB", true },
                  { with_a_whistle, "-12 dB", false },
                  { like_others, "0 dB", false },
                  { like_others, "+12 dB", true } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        scene *s = scene_new();
        const char *reason = "";
        scene_add(s, "Band.wav", 48000, 2, SECONDS, cases[i].f);
        decided d = plan(s, td_arena_printf(s->arena,
                                            "%s\ngroups: { other: { chain: [ eq: [ bell: { at: 8 kHz, gain: %s, "
                                            "q: 4 } ] ] } }",
                                            tone, cases[i].group));
        double gain_db = bells_at_8k(d.plan, &reason);
        if (cases[i].cuts)
            assert_true(gain_db < -0.4);
        else
            assert_true(gain_db == 0);
        if (i == 3) assert_non_null(strstr(reason, "by which the finished spectrum exceeds"));
        leave(&d);
    }
}

static const char twice[] =
    "mix: { chain: [ { eq: [ match: { target: elec, strength: 50 % } ], as: one }, "
    "{ eq: [ match: { target: elec, strength: 100 % }, high_shelf: { at: 10 kHz, gain: 0 to +1 dB } ], as: two } ] }";

/* Each match answers with bells of its own, and each bell moves the way its reason says. */
static void test_each_match_keeps_its_bells(void **state)
{
    (void)state;
    static const char *const strength[] = { "50 % of", "100 % of" };
    scene *s = scene_new();
    scene_add(s, "Band.wav", 48000, 2, SECONDS, with_a_whistle);
    decided d = plan(s, twice);
    assert_int_equal(d.plan->mix.n_steps, 2);
    for (size_t i = 0; i < 2; i++) {
        const td_plan_step *step = &d.plan->mix.step[i];
        assert_true(step->n_parts > 0);
        for (size_t k = 0; k < step->n_parts; k++) {
            double gain_db = step->part[k].value[td_param_find(step->part[k].proc, "gain")];
            const char *reason = step->part[k].reason;
            bool back = strstr(reason, "takes back") == reason;
            assert_true(back || strstr(reason, strength[i]) == reason);
            assert_true(back || (gain_db < 0) == !!strstr(reason, "exceeds"));
        }
    }
    leave(&d);
}

/* A kit, or chords alone, are no song that lacks lows: what is not there is said, and nothing is moved for it. */
static void test_a_match_waits_for_the_others(void **state)
{
    (void)state;
    static const struct {
        const char *name[2];
        const char *words; /* NULL: enough is there */
    } cases[] = { { { "Snare.wav", "Kick.wav" }, "bass, chords and a lead seem to be missing" },
                  { { "Pad.wav", "Kick.wav" }, "bass and a lead seem to be missing" },
                  { { "Pad.wav", "Bass.wav" }, NULL },
                  { { "Pad.wav", "Piano.wav" }, NULL } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        scene *s = scene_new();
        const char *reason = NULL;
        scene_add(s, cases[i].name[0], 48000, 1, SECONDS / 2, with_a_whistle);
        scene_add(s, cases[i].name[1], 48000, 1, SECONDS / 2, piano);
        decided d = plan(s, tone);
        assert_true((bells_at_8k(d.plan, &reason) == 0) == (cases[i].words != NULL));
        if (cases[i].words) assert_true(times_told(d.plan, cases[i].words));
        leave(&d);
    }
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
        decided d = plan(s, cut);
        const td_plan_bus *guitars = &d.plan->bus[scene_bus(s, "guitars")];
        assert_int_equal(guitars->chain.n_steps, with_bass);
        assert_true(times_told(d.plan, "of the mix below 110 Hz is guitars") == !with_bass);
        assert_int_equal(times_told(d.plan, "guitars: its low cut takes"), with_bass);
        assert_true(fabs(guitars->makeup_db) < 0.3);
        leave(&d);
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
        decided d = plan(s, loud ? "master: { loudness: -9 LUFS, true_peak: -1 dBTP }"
                                 : "master: { loudness: -30 LUFS, true_peak: -1 dBTP }");
        assert_int_equal(times_told(d.plan, "the master will come to about"), loud);
        if (loud) assert_true(times_told(d.plan, "a clipper or limiter on drums"));
        leave(&d);
    }
}

/* Ten pulses a second, and for the first 10 s four times as high: a limiter takes of these what it leaves the rest. */
static double uneven_pulses(double t, unsigned c)
{
    double in = fmod(t, 0.1);
    (void)c;
    return in < 0.02 ? (t < 10 ? 0.8 : 0.2) * exp(-in / 0.004) * sin(2 * M_PI * 300 * in) : 0;
}

static double soft_piano(double t, unsigned c)
{
    (void)c;
    return 0.04 * sin(2 * M_PI * 440 * t);
}

static double mastered_lufs(const decided *d)
{
    td_error err = { 0 };
    td_rendered *r = rendered(wish_for(d->s, d->plan));
    td_master *m = NULL;
    td_scratch *audio = NULL;
    td_master_result result = { 0 };
    assert_int_equal(td_master_new(r->premaster, d->plan->rate_hz, d->s->path, &m, &err), TD_OK);
    assert_int_equal(td_master_render(m, &d->plan->master, NULL, &audio, &result, &err), TD_OK);
    td_scratch_free(audio);
    td_master_free(m);
    td_rendered_free(r);
    return result.loudness_lufs;
}

/* What the plan foretells is what the song comes to, though it hears the loudest passages alone. */
static void test_the_forecast_is_of_the_song(void **state)
{
    (void)state;
    static const char words[] = "the master will come to about ";
    scene *s = scene_new();
    scene_add(s, "Drums.wav", 48000, 1, 40, uneven_pulses);
    scene_add(s, "Piano.wav", 48000, 1, 40, soft_piano);
    decided d = plan(s, "master: { loudness: -9 LUFS, true_peak: -1 dBTP }");
    const char *note = told(d.plan, words);
    assert_non_null(note);
    double foretold = strtod(note + strlen(words), NULL);
    assert_float_equal(foretold, mastered_lufs(&d), 0.5);
    leave(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_hole_stays_a_hole),          cmocka_unit_test(test_tone_is_judged_by_what_is_finished),
        cmocka_unit_test(test_each_match_keeps_its_bells),   cmocka_unit_test(test_a_shelf_does_not_fight_the_match),
        cmocka_unit_test(test_the_floor_is_not_cut),         cmocka_unit_test(test_a_target_out_of_reach_is_told),
        cmocka_unit_test(test_a_match_waits_for_the_others), cmocka_unit_test(test_the_forecast_is_of_the_song),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
