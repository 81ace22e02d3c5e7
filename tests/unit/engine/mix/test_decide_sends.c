/* Sends that ask for a share of wet sound: what level they get, and what is heard of it. */
#include "tests/unit/engine/mix/decided.h"

#include <math.h>

#define SECONDS 8.0

/* White noise that is the same for the same moment. */
static double noise(double t, unsigned c)
{
    uint64_t x = (uint64_t)(t * 48000 + 0.5) * 2 + c + 1;
    x *= 0x9E3779B97F4A7C15u;
    x ^= x >> 29;
    x *= 0xBF58476D1CE4E5B9u;
    x ^= x >> 32;
    return 0.1 * ((double)(x & 0xFFFFFF) / 0x800000 - 1);
}

/* The same, held for 16 frames: nearly all of it below 3 kHz. */
static double dull(double t, unsigned c)
{
    return noise(floor(t * 3000 + 1e-6) / 3000, c);
}

/* Noise that swells and fades twice a second: a detector has something to follow. */
static double swelling(double t, unsigned c)
{
    return noise(t, c) * (1.2 + sin(4 * M_PI * t));
}

static double silence(double t, unsigned c)
{
    (void)t;
    (void)c;
    return 0;
}

static decided sung(sound voice, const char *body)
{
    scene *s = scene_new();
    scene_add(s, "Lead Vox.wav", 48000, 2, SECONDS, voice);
    scene_add(s, "Snare.wav", 48000, 2, SECONDS, noise);
    return decide(s, body);
}

static const td_plan_send *vocal_send(const decided *d)
{
    const td_plan_bus *p = &d->plan->bus[scene_bus(d->s, "vocals")];
    assert_int_equal(p->n_sends, 1);
    return p->send;
}

/* What moves by the song's time has no points to wait for. */
static void test_what_drifts_stays_in_its_chain(void **state)
{
    (void)state;
    decided d = sung(noise, "groups: { vocals: { sends: { hall: -12 dB } } }\n"
                            "returns: { hall: { chain: [ chorus, reverb: hall ] } }\n");
    assert_int_equal(d.plan->ret[0].chain.n_steps, 2);
    leave(&d);
}

/* A return that only turns down by 6 dB, and stands 2 dB up: 12 under the dry needs 12 - 6 + 2 less than nothing. */
static void test_the_return_is_counted(void **state)
{
    (void)state;
    decided d = sung(noise, "groups: { vocals: { sends: { flat: about -12 LU } } }\n"
                            "returns: { flat: { level: +2 dB, chain: [ gain: -6 dB ] } }\n");
    assert_float_equal(vocal_send(&d)->level_db, -12 + 6 - 2, 0.051);
    assert_string_equal(vocal_send(&d)->reason, "about -12 LU wanted: flat is heard 12.0 LU under vocals dry");
    leave(&d);
}

/* Repeats of noise add as powers: 1 + 1/4 + 1/16 ... is 4/3, of 50 % feedback. */
static void test_repeats_are_counted_to_their_end(void **state)
{
    (void)state;
    decided d = sung(dull, "groups: { vocals: { sends: { echo: about -10 dB } } }\n"
                           "returns: { echo: { chain: [ delay: { time: 700 ms, feedback: 50 %, low_cut: 20 Hz, "
                           "high_cut: 20 kHz } ] } }\n");
    assert_float_equal(vocal_send(&d)->level_db, -10 - 10 * log10(4.0 / 3), 0.2);
    leave(&d);
}

/* A chain in front, its make-up and the fader move dry and wet alike. */
static void test_the_fader_does_not_matter(void **state)
{
    (void)state;
    decided d = sung(noise, "groups: { vocals: { level: -9 dB, chain: [ gain: +5 dB ], "
                            "sends: { flat: about -12 LU } } }\n"
                            "returns: { flat: { chain: [ gain: -6 dB ] } }\n");
    assert_float_equal(vocal_send(&d)->level_db, -6, 0.051);
    leave(&d);
}

static void test_a_track_may_ask_as_well(void **state)
{
    (void)state;
    decided d = sung(noise, "tracks: [ { fix: snare, for: drums.snare, sends: { flat: about -15 LU } } ]\n"
                            "returns: { flat: { chain: [ gain: -4 dB ] } }\n");
    const td_plan_stem *snare = &d.plan->stem[scene_stem(d.s, "Snare.wav")];
    assert_int_equal(snare->n_sends, 1);
    assert_float_equal(snare->send[0].level_db, -11, 0.051);
    leave(&d);
}

/* Whatever else reaches them, late or filtered; of what is sent on nothing counts for the one it comes from. */
static void test_returns_may_ask_as_well(void **state)
{
    (void)state;
    decided d =
        sung(dull, "groups: { vocals: { sends: { near: about -20 LU } }, drums: { sends: { late: -6 dB } } }\n"
                   "returns:\n"
                   "  far: { level: +2 dB, chain: [ gain: -6 dB ], sends: { last: about -8 LU } }\n"
                   "  near: { level: -5 dB, chain: [ delay: { time: 350 ms, feedback: 0 % } ], "
                   "sends: { far: about -10 LU } }\n"
                   "  late: { chain: [ eq: { phase: linear, bands: [ high_cut: 1 kHz ] } ], sends: { near: 0 dB } }\n"
                   "  last: { chain: [ delay: { time: 700 ms, feedback: 50 %, low_cut: 20 Hz, high_cut: 20 kHz } "
                   "] }\n");
    const td_plan_return *r = d.plan->ret;
    assert_string_equal(r[1].name, "near");
    assert_string_equal(r[2].name, "far");
    assert_float_equal(r[1].send[0].level_db, -10 + 6 - 2, 0.051);
    assert_string_equal(r[1].send[0].reason, "about -10 LU wanted: far is heard 10.0 LU under near dry");
    assert_float_equal(r[2].send[0].level_db, -8 - 10 * log10(4.0 / 3), 0.2);
    leave(&d);
}

static void test_limits_and_silence_are_said(void **state)
{
    (void)state;
    static const char far[] = "groups: { vocals: { sends: { flat: about -12 LU } } }\n"
                              "returns: { flat: { chain: [ gain: -50 dB ] } }\n";
    decided d = sung(noise, far), none = sung(silence, far);
    assert_float_equal(vocal_send(&d)->level_db, 12, 1e-9); /* the highest a send can be written at */
    assert_non_null(strstr(vocal_send(&d)->reason, "38.0 LU under vocals dry; held at the limit"));
    for (size_t b = 0; b < none.plan->n_buses; b++)
        for (size_t i = 0; i < none.plan->bus[b].n_sends; i++) assert_non_null(none.plan->bus[b].send[i].reason);
    leave(&d);
    leave(&none);
}

#define SQUASH "returns:\n  squash: { chain: [ compressor: { ratio: 4:1, gain_reduction: about 4 dB } ] }\n"

/* What was planned of the only step there is comes true in the render, and is what was asked. */
static void reaches_4_db(const char *body)
{
    decided d = sung(swelling, body);
    td_rendered *r = rendered(wish_for(d.s, d.plan));
    assert_int_equal(r->n_steps, 1);
    assert_string_equal(r->step[0].place, "squash");
    assert_float_equal(r->step[0].p95_db, 4, 0.15);
    assert_float_equal(r->step[0].planned.p95_db, r->step[0].p95_db, 0.1);
    assert_float_equal(r->step[0].planned.max_db, r->step[0].max_db, 0.2);
    td_rendered_free(r);
    leave(&d);
}

static void test_a_return_hears_the_tracks_that_send_to_it(void **state)
{
    (void)state;
    reaches_4_db("tracks: [ { fix: voice, for: vocals.lead, sends: { squash: -10 dB } } ]\n" SQUASH);
    reaches_4_db("groups: { drums: { sends: { squash: -40 dB } } }\n"
                 "tracks: [ { fix: voice, for: vocals.lead, sends: { squash: 0 dB } } ]\n" SQUASH);
}

/* And the returns that do, in which sound is late, by what looks ahead and by echoes. */
static void test_a_return_hears_the_returns_that_send_to_it(void **state)
{
    (void)state;
    reaches_4_db("groups: { vocals: { sends: { squash: -12 dB, far: 0 dB } } }\n" SQUASH
                 "  far: { chain: [ delay: { time: 120 ms }, gain: -3 dB ], sends: { near: +6 dB } }\n"
                 "  near: { chain: [ eq: { phase: linear, bands: [ high_shelf: { at: 2 kHz, gain: -6 dB } ] } ], "
                 "sends: { squash: +4 dB } }\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_drifts_stays_in_its_chain),
        cmocka_unit_test(test_the_return_is_counted),
        cmocka_unit_test(test_repeats_are_counted_to_their_end),
        cmocka_unit_test(test_the_fader_does_not_matter),
        cmocka_unit_test(test_a_track_may_ask_as_well),
        cmocka_unit_test(test_returns_may_ask_as_well),
        cmocka_unit_test(test_limits_and_silence_are_said),
        cmocka_unit_test(test_a_return_hears_the_tracks_that_send_to_it),
        cmocka_unit_test(test_a_return_hears_the_returns_that_send_to_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
