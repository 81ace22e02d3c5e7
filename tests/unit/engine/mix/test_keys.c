/* A step that listens to the kick, wherever it stands: it moves when the kick sounds, to the frame, and as far as was
 * asked. */
#include "tests/unit/engine/mix/decided.h"

#include <math.h>

#define RATE    48000
#define SECONDS 8.0
#define EVERY_S 2.0 /* from one burst of the kick to the next */
#define FIRST_S 1.0
#define BURST_S 0.5
#define TONE    6283.185307179586 /* 1 kHz, radians a second */

/* In front of what is tested stands what is late: 20 ms; and what is beside it on the desk is late by 7 ms more. */
#define LATE "{ compressor: { model: clean, threshold: 0 dBFS, lookahead: 20 ms }, as: late }"
#define DUCK \
    "{ compressor: { model: clean, threshold: -50 dBFS, ratio: 4:1, attack: 1 ms }, key: drums.kick, as: duck }"
#define ASKED \
    "{ compressor: { model: clean, ratio: 4:1, attack: 1 ms, gain_reduction: %s }, key: drums.kick, as: duck }"
#define HALL                                                                                                           \
    "groups: { synths: { sends: { hall: 0 dB } } }\n"                                                                  \
    "returns: { hall: { chain: [ { compressor: { model: clean, threshold: 0 dBFS, lookahead: 7 ms }, as: later } ] } " \
    "}\n"

static double kick(double t, unsigned c)
{
    (void)c;
    double in = fmod(t - FIRST_S + EVERY_S, EVERY_S);
    return in < BURST_S ? 0.5 * cos(TONE * in) : 0;
}

static double pad(double t, unsigned c)
{
    (void)c;
    return 0.2 * sin(TONE / 4 * t);
}

static decided duck(const char *body)
{
    scene *s = scene_new();
    scene_add(s, "Kick.wav", RATE, 2, SECONDS, kick);
    scene_add(s, "Synth.wav", RATE, 1, SECONDS, pad);
    scene_ready(s);
    return decide(s, td_arena_printf(s->arena, "balance: delivered\n%s", body));
}

/* The step called `duck`; a fix's has the fix's name in front. */
static td_plan_step *the_duck(td_plan *p)
{
    td_plan_chain *chain[8] = { &p->mix };
    size_t n = 1;
    for (size_t i = 0; i < p->n_rets; i++) chain[n++] = &p->ret[i].chain;
    for (size_t i = 0; i < p->n_stems; i++) chain[n++] = &p->stem[i].chain;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < chain[i]->n_steps; k++)
            if (strstr(chain[i]->step[k].name, "duck")) return &chain[i]->step[k];
    fail_msg("no step called duck");
    return NULL;
}

static td_rendered *render(const decided *d, const bool *heard)
{
    td_render_wish w = wish_for(d->s, d->plan);
    w.heard = heard;
    return rendered(w);
}

enum { FRAMES = (int)(SECONDS * RATE) };

static void read_left(const td_rendered *r, float *left)
{
    float *right = malloc(FRAMES * sizeof *right);
    assert_int_equal(td_scratch_read(r->premaster, 0, (float *[]){ left, right }, FRAMES, NULL), TD_OK);
    free(right);
}

/* Of the synth alone, with the step at work and without, left. */
static void play_synth(decided *d, float *with, float *without)
{
    bool heard[TD_BUSES_MAX] = { 0 };
    heard[scene_bus(d->s, "synths")] = true;
    for (int k = 0; k < 2; k++) {
        the_duck(d->plan)->bypass = k;
        td_rendered *r = render(d, heard);
        read_left(r, k ? without : with);
        td_rendered_free(r);
    }
    the_duck(d->plan)->bypass = false;
}

static double rms(const float *x, double from_s, double to_s)
{
    double sum = 0;
    for (int i = (int)(from_s * RATE); i < (int)(to_s * RATE); i++) sum += (double)x[i] * (double)x[i];
    return sqrt(sum / ((to_s - from_s) * RATE));
}

static double largest_difference(const float *x, const float *y, double from_s, double to_s)
{
    float most = 0;
    for (int i = (int)(from_s * RATE); i < (int)(to_s * RATE); i++) most = fmaxf(most, fabsf(x[i] - y[i]));
    return (double)most;
}

static void moves_with_the_kick(const char *body)
{
    decided d = duck(body);
    float *with = malloc(FRAMES * sizeof *with), *without = malloc(FRAMES * sizeof *without);
    assert_non_null(with);
    assert_non_null(without);
    play_synth(&d, with, without);
    assert_float_equal(largest_difference(with, without, 0, FIRST_S), 0, 0);
    for (double at_s = FIRST_S; at_s < SECONDS; at_s += EVERY_S) {
        double level = rms(without, at_s, at_s + BURST_S);
        assert_true(largest_difference(with, without, at_s - 0.1, at_s) < 0.003 * level); /* let go */
        assert_true(largest_difference(with, without, at_s, at_s + 0.002) > 0.1 * level); /* at once */
        assert_true(rms(with, at_s + 0.1, at_s + BURST_S) < 0.7 * level);
    }
    free(with);
    free(without);
    leave(&d);
}

static void on_the_mix_bus(void **state)
{
    (void)state;
    moves_with_the_kick("mix: { chain: [ " LATE ", " DUCK " ] }\n" HALL);
}

static void on_a_return(void **state)
{
    (void)state;
    moves_with_the_kick("groups: { synths: { sends: { hall: 0 dB, room: 0 dB } } }\n"
                        "returns: { room: { chain: [ { compressor: { model: clean, threshold: 0 dBFS, lookahead: 7 ms "
                        "}, as: later } ] }, hall: { chain: [ " LATE ", " DUCK " ] } }\n");
}

static void in_a_fix(void **state)
{
    (void)state;
    moves_with_the_kick("tracks: [ { fix: step-back, for: synths, chain: [ " LATE ", " DUCK " ] } ]\n" HALL);
}

static double reached_db(const decided *d, bool maximum)
{
    td_rendered *r = render(d, NULL);
    double db = -1;
    for (size_t i = 0; i < r->n_steps; i++)
        if (!strcmp(r->step[i].step, "duck")) db = maximum ? r->step[i].max_db : r->step[i].p95_db;
    td_rendered_free(r);
    return db;
}

/* form: with a place for the step, which is asked for about 3 dB, then for at most that. */
static void reaches_its_goal(const char *form)
{
    static const char *const asked[] = { "about 3 dB", "at most 3 dB" };
    for (int k = 0; k < 2; k++) {
        char step[256], body[1024];
        snprintf(step, sizeof step, ASKED, asked[k]);
        snprintf(body, sizeof body, form, step);
        decided d = duck(body);
        assert_float_equal(reached_db(&d, k), 3, 0.1);
        leave(&d);
    }
}

static void goals_on_the_mix_bus(void **state)
{
    (void)state;
    reaches_its_goal("mix: { chain: [ " LATE ", %s ] }\n" HALL);
}

static void goals_on_a_return(void **state)
{
    (void)state;
    reaches_its_goal("groups: { synths: { sends: { hall: 0 dB } } }\nreturns: { hall: { chain: [ " LATE ", %s ] } }\n");
}

/* Nothing counts what fixes do: so it is measured. They meet a track as its file holds it, with a key and without. */
static void goals_in_a_fix(void **state)
{
    (void)state;
    static const char *const key[] = { "key: drums.kick, ", "" }, *const level[] = { "", "level: -12 dB, " };
    double from_s = FIRST_S + 0.4, to_s = FIRST_S + BURST_S;
    float *with = malloc(FRAMES * sizeof *with), *without = malloc(FRAMES * sizeof *without);
    for (int k = 0; k < 4; k++) {
        char body[512];
        snprintf(body, sizeof body,
                 "tracks: [ { fix: step-back, for: synths, %schain: [ " LATE
                 ", { compressor: { model: clean, ratio: 4:1, gain_reduction: about 3 dB }, %sas: duck } ] } ]\n",
                 level[k / 2], key[k % 2]);
        decided d = duck(body);
        play_synth(&d, with, without);
        assert_float_equal(20 * log10(rms(without, from_s, to_s) / rms(with, from_s, to_s)), 3, 0.1);
        leave(&d);
    }
    free(with);
    free(without);
}

/* Whichever comes first in the recipe: the key is as loud as fixes leave it. */
static void goals_of_fixes_know_each_other(void **state)
{
    (void)state;
    static const char *const quiet = "{ fix: quiet, for: drums.kick, level: -12 dB }", *const form =
                                                                                           "tracks: [ %s, %s ]\n";
    char step[256], back[384], body[1024];
    double threshold_dbfs[2];
    snprintf(step, sizeof step, ASKED, "about 3 dB");
    snprintf(back, sizeof back, "{ fix: duck, for: synths, chain: [ %s ] }", step);
    for (int k = 0; k < 2; k++) {
        snprintf(body, sizeof body, form, k ? quiet : back, k ? back : quiet);
        decided d = duck(body);
        const td_plan_step *s = the_duck(d.plan);
        threshold_dbfs[k] = s->value[td_param_find(s->proc, "threshold")];
        leave(&d);
    }
    assert_float_equal(threshold_dbfs[0], threshold_dbfs[1], 0);
}

static double nothing(double t, unsigned c)
{
    (void)t, (void)c;
    return 0;
}

/* Else a gate would stay shut for the whole song. */
static void silence_is_no_key(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "Kick.wav", RATE, 2, SECONDS, nothing);
    scene_add(s, "Snare.wav", RATE, 2, SECONDS, kick);
    scene_add(s, "Synth.wav", RATE, 1, SECONDS, pad);
    decided d = decide(s, "mix: { chain: [ { gate: { threshold: -30 dBFS }, key: drums.kick },\n"
                          "  { gate: { threshold: -30 dBFS }, key: [ drums.kick, drums.snare ], as: two } ] }\n");
    assert_int_equal(d.plan->mix.n_steps, 1);
    assert_int_equal(d.plan->mix.step[0].n_keys, 1);
    assert_string_equal(d.plan->mix.step[0].key[0], "Snare.wav");
    assert_non_null(told(d.plan, "mix gate: no stem that sounds is drums.kick"));
    leave(&d);
}

static double kick_at_the_right(double t, unsigned c)
{
    return c ? kick(t, c) : 0;
}

static void a_mono_track_hears_both_sides(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "Kick.wav", RATE, 2, SECONDS, kick_at_the_right);
    scene_add(s, "Synth.wav", RATE, 1, SECONDS, pad);
    decided d = decide(s, "balance: delivered\ntracks: [ { fix: duck, for: synths, chain: [ { compressor: { "
                          "model: clean, threshold: -50 dBFS, ratio: 4:1, attack: 1 ms, link: 0 % }, "
                          "key: drums.kick } ] } ]\n");
    float *with = malloc(FRAMES * sizeof *with), *without = malloc(FRAMES * sizeof *without);
    play_synth(&d, with, without);
    assert_true(rms(with, FIRST_S + 0.1, FIRST_S + BURST_S) < 0.7 * rms(without, FIRST_S + 0.1, FIRST_S + BURST_S));
    free(with);
    free(without);
    leave(&d);
}

/* A send's share is found without what steps back at times. */
static void sends_are_as_loud_as_without(void **state)
{
    (void)state;
    static const char *const chain[] = { LATE, LATE ", " DUCK };
    double level_db[2];
    for (int k = 0; k < 2; k++) {
        char body[512];
        snprintf(body, sizeof body,
                 "groups: { synths: { sends: { hall: about -9 LU } } }\nreturns: { hall: { chain: [ %s ] } }\n",
                 chain[k]);
        decided d = duck(body);
        level_db[k] = d.plan->bus[scene_bus(d.s, "synths")].send[0].level_db;
        leave(&d);
    }
    assert_float_equal(level_db[0], level_db[1], 0);
}

/* By whether it is another when the kick is staged louder. */
static bool kept_sound_hangs_on_the_kick(const char *body)
{
    decided d = duck(body);
    char before[TD_SHA256_HEX], after[TD_SHA256_HEX];
    size_t synths = scene_bus(d.s, "synths");
    assert_int_equal(td_plan_bus_hash(d.plan, d.s->session, synths, before, NULL), TD_OK);
    d.plan->bus[scene_bus(d.s, "drums")].clip_gain_db++;
    assert_int_equal(td_plan_bus_hash(d.plan, d.s->session, synths, after, NULL), TD_OK);
    leave(&d);
    return strcmp(before, after) != 0;
}

static void kept_sound_knows_its_keys(void **state)
{
    (void)state;
    assert_true(kept_sound_hangs_on_the_kick("groups: { synths: { chain: [ " DUCK " ] } }\n"));
    assert_true(kept_sound_hangs_on_the_kick("tracks: [ { fix: step-back, for: synths, chain: [ " DUCK " ] } ]\n"));
    assert_false(kept_sound_hangs_on_the_kick("mix: { chain: [ " DUCK " ] }\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_the_mix_bus),
        cmocka_unit_test(on_a_return),
        cmocka_unit_test(in_a_fix),
        cmocka_unit_test(goals_on_the_mix_bus),
        cmocka_unit_test(goals_on_a_return),
        cmocka_unit_test(goals_in_a_fix),
        cmocka_unit_test(goals_of_fixes_know_each_other),
        cmocka_unit_test(silence_is_no_key),
        cmocka_unit_test(a_mono_track_hears_both_sides),
        cmocka_unit_test(sends_are_as_loud_as_without),
        cmocka_unit_test(kept_sound_knows_its_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
