/* What the planner hears over time, on songs whose parts and breaths are known: three parts of ten seconds, and a voice
 * that breathes. */
#include "engine/base/units.h"
#include "tests/unit/engine/mix/decided.h"

#include <math.h>

#define SECONDS 30.0

/* ---- sounds ----------------------------------------------------------------------------------------------------- */

static double noise(double t)
{
    uint64_t x = (uint64_t)llround(t * 48000) * 0x9e3779b97f4a7c15U;
    x ^= x >> 29;
    x *= 0xbf58476d1ce4e5b9U;
    return (double)(int64_t)(x ^ (x >> 32)) / 9.3e18;
}

/* The difference of white noise: little below 1 kHz. */
static double air(double t)
{
    return noise(t) - noise(t - 1.0 / 48000);
}

static double pad(double t, unsigned c)
{
    return 0.04 * (sin(2 * M_PI * 196 * t + c) + sin(2 * M_PI * 247 * t) + sin(2 * M_PI * 587 * t));
}

static double drums(double t, unsigned c)
{
    (void)c;
    double in = fmod(t, 0.5);
    return t < 10 || t >= 20 ? 0 : 0.5 * sin(2 * M_PI * 60 * in) * exp(-in * 12) + 0.2 * air(t) * exp(-in * 20);
}

static double vowel(double t)
{
    double sum = 0;
    for (int k = 1; k <= 6; k++) sum += sin(2 * M_PI * 220 * k * t) / k;
    return 0.15 * sum;
}

/* Phrases of 2.4 s, one every 3 s, each ending in an s; before all but the first a breath of 300 ms, 26 dB under. */
static double voice(double t, unsigned c)
{
    (void)c;
    double in = fmod(t, 3);
    if (in < 2.2) return vowel(t);
    if (in < 2.35) return 0.05 * air(t);
    if (in >= 2.6 && in < 2.9) return 0.02 * air(t);
    return 0;
}

/* ---- deciding --------------------------------------------------------------------------------------------------- */

static scene *song; /* heard once */

static int hear(void **state)
{
    (void)state;
    song = scene_new();
    scene_add(song, "Synth Pad.wav", 48000, 2, SECONDS, pad);
    scene_add(song, "Drums.wav", 48000, 1, SECONDS, drums);
    scene_add(song, "Lead Vox.wav", 48000, 1, SECONDS, voice);
    scene_ready(song);
    return 0;
}

static int forget(void **state)
{
    (void)state;
    scene_leave(song);
    return 0;
}

#define AS_DELIVERED "balance: delivered\n"

static void clear(decided *g)
{
    td_plan_free(g->plan);
}

static double part(const td_plan_step *s, size_t i, const char *name)
{
    return s->part[i].value[td_param_find(s->part[i].proc, name)];
}

static double gain_at(const td_plan_step *s, double at_s)
{
    td_breakpoint ride[TD_POINTS_MAX];
    for (size_t i = 0; i < s->n_parts; i++) {
        ride[i] = (td_breakpoint){ part(s, i, "at") / 1000, part(s, i, "gain") };
        if (i) assert_true(ride[i].at_s > ride[i - 1].at_s);
    }
    return td_ride_db(ride, s->n_parts, at_s);
}

static const td_plan_chain *chain_of(const decided *g, const char *bus)
{
    return &g->plan->bus[scene_bus(g->s, bus)].chain;
}

/* ---- tests ------------------------------------------------------------------------------------------------------ */

static void test_parts_of_a_song(void **state)
{
    (void)state;
    decided g = decide(song, AS_DELIVERED);
    const td_plan *p = g.plan;
    assert_int_equal(p->n_sections, 3);
    assert_float_equal(p->section[0].to_s, 10, 0.15);
    assert_float_equal(p->section[1].to_s, 20, 0.15);
    assert_true(p->section[1].from_s == p->section[0].to_s && p->section[0].from_s == 0);
    assert_string_equal(p->section[0].name, "A");
    assert_string_equal(p->section[1].name, "B");
    assert_string_equal(p->section[2].name, "A");
    assert_true(p->section[1].loudness_lu > 0 && p->section[0].loudness_lu < 0);
    clear(&g);
}

/* 8 dB up in 20 s, and once more from below: a step in the middle, between halves that are the same. */
static double swell(double t, unsigned c)
{
    (void)c;
    return 0.1 * noise(t) * pow(10, fmod(t, 20) * 8 / 20 / 20);
}

static void test_neighbours_that_are_alike_are_one_part(void **state)
{
    (void)state;
    scene *two = scene_new();
    scene_add(two, "Synth Pad.wav", 48000, 1, 40, swell);
    scene_open(two);
    two->pool = song->pool;
    assert_int_equal(td_survey_make(two->session, two->pool, two->path, NULL, NULL, &two->survey, NULL), TD_OK);
    decided g = decide(two, AS_DELIVERED);
    assert_int_equal(g.plan->n_sections, 1);
    assert_string_equal(g.plan->section[0].name, "A");
    assert_true(g.plan->section[0].from_s == 0);
    assert_float_equal(g.plan->section[0].to_s, 40, 0.15);
    assert_float_equal(g.plan->section[0].loudness_lu, 0, 0.05);
    clear(&g);
    scene_free(two);
}

/* A kick every half second; a condition may ask for it. */
static void test_conditions_know_the_tempo(void **state)
{
    (void)state;
    decided g = decide(song, AS_DELIVERED
                       "groups:\n"
                       "  drums: { chain: [ gain: { gain: 1 dB } ], when: tempo > 118 bpm and tempo < 122 bpm }\n"
                       "  vocals: { chain: [ gain: { gain: 1 dB } ], when: tempo > 130 bpm }\n");
    assert_int_equal(chain_of(&g, "drums")->n_steps, 1);
    assert_int_equal(chain_of(&g, "vocals")->n_steps, 0);
    clear(&g);
}

/* The voice is as loud throughout; what is around it is not: half of that is ridden away. */
static void test_a_voice_is_ridden_by_parts(void **state)
{
    (void)state;
    decided g =
        decide(song, AS_DELIVERED "groups:\n  vocals: { chain: [ automation: { sections: 50 %, range: 6 dB } ] }\n");
    assert_int_equal(chain_of(&g, "vocals")->n_steps, 1);
    const td_plan_step *s = &chain_of(&g, "vocals")->step[0];
    double rest[2] = { 0 };
    for (size_t b = 0; b < g.s->session->n_buses; b++) {
        const td_signal *k = td_survey_signal(g.s->survey, td_survey_bus(g.s->survey, b));
        if (b == scene_bus(g.s, "vocals")) continue;
        for (size_t i = 0; i < 300; i++) rest[i >= 100 && i < 200] += (double)k->k[i];
    }
    double all = 10 * log10((rest[0] + rest[1]) / 3); /* the voice sounds in ten seconds of each alike */
    assert_float_equal(gain_at(s, 5), (10 * log10(rest[0] / 2) - all) / 2, 0.25);
    assert_float_equal(gain_at(s, 15), (10 * log10(rest[1]) - all) / 2, 0.25);
    assert_true(gain_at(s, 15) > 1);
    assert_float_equal(gain_at(s, 25), gain_at(s, 5), 0.3);
    assert_true(gain_at(s, 10.15) == gain_at(s, 15)); /* it has arrived when the part begins */
    char place[40], from[16], to[16];
    snprintf(place, sizeof place, " dB %s-%s (", td_clock(g.plan->section[1].from_s, from),
             td_clock(g.plan->section[1].to_s, to));
    assert_non_null(strstr(s->reason, place));
    clear(&g);
}

/* Without drums there is but a soft pad around the voice: nothing to be placed against, and no measure of the rest. */
static void test_who_is_left_alone_is_not_ridden(void **state)
{
    (void)state;
    decided g = decide(song, AS_DELIVERED "groups:\n"
                                          "  synths: { level: -9 dB }\n"
                                          "  vocals: { chain: [ automation: { sections: 50 %, range: 6 dB } ] }\n");
    assert_int_equal(chain_of(&g, "vocals")->n_steps, 0);
    assert_true(times_told(g.plan, "where all else rests it is left alone (2 of 3 parts)"));
    clear(&g);
}

static void test_a_range_holds(void **state)
{
    (void)state;
    decided g =
        decide(song, AS_DELIVERED "groups:\n  vocals: { chain: [ automation: { sections: 100 %, range: 0.5 dB } ] }\n");
    const td_plan_step *s = &chain_of(&g, "vocals")->step[0];
    assert_true(gain_at(s, 15) == 0.5 && gain_at(s, 5) == -0.5);
    clear(&g);
}

/* The mix bus rides against the song's own loudness. */
static void test_the_mix_bus_evens_parts(void **state)
{
    (void)state;
    decided g = decide(song, AS_DELIVERED "mix:\n  chain: [ automation: { sections: 50 % } ]\n");
    const td_plan_step *s = &g.plan->mix.step[0];
    assert_true(gain_at(s, 15) < 0 && gain_at(s, 5) > 0);
    assert_float_equal(gain_at(s, 15), -g.plan->section[1].loudness_lu / 2, 0.3);
    clear(&g);
}

static void test_a_lift_into_what_is_louder(void **state)
{
    (void)state;
    decided g = decide(song, AS_DELIVERED "groups:\n  synths: { chain: [ automation: { transitions: +1 dB } ] }\n");
    const td_plan_step *s = &chain_of(&g, "synths")->step[0];
    double bar_s = 240 / g.plan->tempo_bpm, edge = g.plan->section[0].to_s;
    assert_int_equal(s->n_parts, 3); /* the third part is softer: no lift */
    assert_float_equal(part(s, 0, "at"), (edge - bar_s) * 1000, 1);
    assert_float_equal(gain_at(s, edge - 0.05), 1, 1e-9);
    assert_true(gain_at(s, edge) == 0 && gain_at(s, 20) == 0 && gain_at(s, 0) == 0);
    clear(&g);
}

/* The drums begin with the louder part: before it they rest, and there is nothing of theirs to lift. */
static void test_who_rests_is_not_lifted(void **state)
{
    (void)state;
    decided g = decide(song, AS_DELIVERED "groups:\n"
                                          "  drums: { chain: [ automation: { transitions: 2 dB } ] }\n"
                                          "  synths: { chain: [ automation: { transitions: 2 dB } ] }\n");
    assert_int_equal(chain_of(&g, "drums")->n_steps, 0);
    assert_int_equal(chain_of(&g, "synths")->n_steps, 1);
    assert_true(times_told(g.plan, "drums automation: it rests in front of every louder part"));
    clear(&g);
}

/* Of nine breaths those before phrases that stand alone come down; an s and what is sung do not. */
static void test_breaths_come_down(void **state)
{
    (void)state;
    decided g = decide(song, AS_DELIVERED
                       "tracks: [ { fix: breaths, for: vocals.lead, chain: [ automation: { breaths: -6 dB } ] } ]\n");
    const td_plan_stem *v = &g.plan->stem[scene_stem(g.s, "Lead Vox.wav")];
    assert_int_equal(v->chain.n_steps, 1);
    const td_plan_step *s = &v->chain.step[0];
    for (int k = 0; k < 10; k++) {
        double phrase = 3 * k;
        assert_true(gain_at(s, phrase + 0.05) == 0 && gain_at(s, phrase + 1) == 0);   /* sung */
        assert_true(gain_at(s, phrase + 2.2) == 0 && gain_at(s, phrase + 2.35) == 0); /* its s */
        bool covered = k >= 3 && k < 6 && gain_at(s, phrase + 2.75) == 0;             /* drums may cover it */
        if (covered) continue;
        assert_float_equal(gain_at(s, phrase + 2.61), -6, 1e-9);
        assert_float_equal(gain_at(s, phrase + 2.88), -6, 1e-9);
        assert_true(gain_at(s, phrase + 2.55) == 0 && gain_at(s, phrase + 2.95) == 0);
    }
    assert_non_null(strstr(s->reason, "breaths come down by 6 dB"));
    clear(&g);
}

/* Nobody hears them behind what is forty decibels louder. */
static void test_covered_breaths_stay(void **state)
{
    (void)state;
    decided g =
        decide(song, AS_DELIVERED "tracks:\n  - { fix: far, for: vocals, level: -40 dB }\n"
                                  "  - { fix: breaths, for: vocals, chain: [ automation: { breaths: -6 dB } ] }\n");
    assert_int_equal(g.plan->stem[scene_stem(g.s, "Lead Vox.wav")].chain.n_steps, 0);
    assert_true(times_told(g.plan, "covers all of its"));
    clear(&g);
}

/* A steady voice: what is sung at -9 dBFS in the bus's own level. */
static void test_a_rider_rides_to_what_it_hears(void **state)
{
    (void)state;
    decided g = decide(song, AS_DELIVERED "groups:\n  synths: { chain: [ rider: { range: 3 dB } ] }\n");
    const td_plan_step *s = &chain_of(&g, "synths")->step[0];
    double level = s->value[td_param_find(s->proc, "level")];
    double power = 3 * 0.04 * 0.04 / 2 * 2; /* three sines on two sides */
    double wanted = 10 * log10(power) + g.plan->bus[scene_bus(g.s, "synths")].clip_gain_db;
    assert_float_equal(level, wanted, 1); /* the K weighting lies within that below 600 Hz */
    assert_non_null(strstr(s->reason, "the mean of what is played"));
    clear(&g);
    g = decide(song, AS_DELIVERED "groups:\n  vocals: { chain: [ rider: { range: 3 dB } ] }\n");
    assert_non_null(strstr(chain_of(&g, "vocals")->step[0].reason, "the mean of what is sung"));
    clear(&g);
}

static void test_one_step_makes_points_or_has_them(void **state)
{
    (void)state;
    td_plan *p = NULL;
    td_error err = { 0 };
    assert_int_equal(try_plan(song, NULL,
                              RECIPE_HEAD "groups:\n  synths: { chain: [ automation: { sections: 50 %, points: [ "
                                          "{ at: 1 s, gain: 1 dB } ] } ] }\n",
                              song->pool, &p, &err),
                     TD_RECIPE);
    assert_null(p);
    assert_non_null(strstr(err.what, "points stand beside 'sections'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_of_a_song),
        cmocka_unit_test(test_neighbours_that_are_alike_are_one_part),
        cmocka_unit_test(test_conditions_know_the_tempo),
        cmocka_unit_test(test_a_voice_is_ridden_by_parts),
        cmocka_unit_test(test_who_is_left_alone_is_not_ridden),
        cmocka_unit_test(test_a_range_holds),
        cmocka_unit_test(test_the_mix_bus_evens_parts),
        cmocka_unit_test(test_a_lift_into_what_is_louder),
        cmocka_unit_test(test_who_rests_is_not_lifted),
        cmocka_unit_test(test_breaths_come_down),
        cmocka_unit_test(test_covered_breaths_stay),
        cmocka_unit_test(test_a_rider_rides_to_what_it_hears),
        cmocka_unit_test(test_one_step_makes_points_or_has_them),
    };
    return cmocka_run_group_tests(tests, hear, forget);
}
