/* Returns that feed returns: what arrives where, when and how loud, by arithmetic. */
#include "tests/unit/engine/mix/decided.h"

#include <math.h>

#define RATE    48000
#define SECONDS 4.0
#define TONE_HZ 1370.0

enum { FRAMES = (int)(SECONDS * RATE), CLICK = RATE / 2 };

static double clicks(double t, unsigned c)
{
    (void)c;
    return (long)(t * RATE + 0.5) % CLICK ? 0 : 0.5;
}

static double tone(double t, unsigned c)
{
    (void)c;
    return 0.2 * sin(2 * M_PI * TONE_HZ * t);
}

static decided play(sound synth, const char *body)
{
    scene *s = scene_new();
    scene_add(s, "Synth.wav", RATE, 2, SECONDS, synth);
    scene_ready(s);
    return decide(s, td_arena_printf(s->arena, "balance: delivered\n%s", body));
}

/* Left. */
static float *premaster(const decided *d)
{
    td_rendered *r = rendered(wish_for(d->s, d->plan));
    float *left = malloc(FRAMES * sizeof *left), *right = malloc(FRAMES * sizeof *right);
    assert_int_equal(td_scratch_read(r->premaster, 0, (float *[]){ left, right }, FRAMES, NULL), TD_OK);
    td_rendered_free(r);
    free(right);
    return left;
}

static double gain(double db)
{
    return pow(10, db / 20);
}

/* echo stands in front of what it feeds, wherever the recipe has it. */
static void what_a_return_sends_arrives(void **state)
{
    (void)state;
    decided d = play(clicks, "groups: { synths: { sends: { first: -3 dB } } }\n"
                             "returns:\n"
                             "  second: { chain: [ align: { delay: 10 ms }, gain: -2 dB ], level: -1.5 dB }\n"
                             "  first: { chain: [ gain: -4 dB ], level: +1 dB, sends: { second: -5 dB } }\n");
    assert_int_equal(d.plan->n_rets, 2);
    assert_string_equal(d.plan->ret[0].name, "first");
    float *x = premaster(&d);
    double first = gain(-3 - 4 + 1), second = first * gain(-5 - 2 - 1.5), dry = (double)x[2 * CLICK] / (1 + first);
    for (int i = 2 * CLICK - 100; i < 2 * CLICK + 1000; i++) {
        double wanted = i == 2 * CLICK ? dry * (1 + first) : i == 2 * CLICK + 480 ? dry * second : 0;
        assert_float_equal(x[i], wanted, 1e-6);
    }
    free(x);
    leave(&d);
}

static double rms(const float *x)
{
    double sum = 0;
    for (int i = RATE; i < 3 * RATE; i++) sum += (double)x[i] * (double)x[i];
    return sqrt(sum / (2 * RATE));
}

/* Steps look ahead by different times: dry sound, every return, and both ways into the last of them are in phase. */
static void all_ways_arrive_together(void **state)
{
    (void)state;
    decided d =
        play(tone, "groups: { synths: { sends: { shine: -6 dB, body: -3 dB, aside: -9 dB } } }\n"
                   "returns:\n"
                   "  shine: { chain: [ eq: { phase: linear, bands: [ bell: { at: 1370 Hz, gain: +6 dB } ] } ], "
                   "level: -1 dB, sends: { body: -4 dB, middle: -8 dB } }\n"
                   "  aside: { chain: [ { compressor: { model: clean, threshold: 0 dBFS, lookahead: 3 ms } } ] }\n"
                   "  middle: { chain: [ { compressor: { model: clean, threshold: 0 dBFS, lookahead: 5 ms } } ], "
                   "sends: { body: -2 dB } }\n"
                   "  body: { chain: [ { compressor: { model: clean, threshold: 0 dBFS, lookahead: 7 ms } } ] }\n");
    double shine = gain(-6 + 6 - 1), middle = shine * gain(-8), aside = gain(-9);
    double body = gain(-3) + shine * gain(-4) + middle * gain(-2);
    float *all = premaster(&d);
    d.plan->n_rets = d.plan->bus[0].n_sends = 0;
    float *dry = premaster(&d);
    assert_float_equal(rms(all) / rms(dry), 1 + shine + middle + aside + body, 1e-4);
    free(all);
    free(dry);
    leave(&d);
}

/* Nobody feeds a; what it alone feeds is not heard either. */
static void what_nothing_reaches_is_left_out(void **state)
{
    (void)state;
    decided d = play(tone, "groups: { synths: { sends: { c: -6 dB } } }\n"
                           "returns: { a: { chain: [ gain ], sends: { b: 0 dB, c: 0 dB } }, b: { chain: [ gain ] }, "
                           "c: { chain: [ gain ], sends: { e: 0 dB } }, e: { chain: [ gain: -1 dB ] } }\n");
    assert_int_equal(d.plan->n_rets, 2);
    assert_string_equal(d.plan->ret[0].name, "c");
    assert_string_equal(d.plan->ret[1].name, "e");
    assert_int_equal(times_told(d.plan, "nothing is sent to it"), 2);
    leave(&d);
}

/* A plan made by no reader. */
static void sound_cannot_run_in_a_circle(void **state)
{
    (void)state;
    decided d = play(tone, "groups: { synths: { sends: { a: -6 dB } } }\n"
                           "returns: { a: { chain: [ gain ], sends: { b: 0 dB } }, b: { chain: [ gain ] } }\n");
    td_rendered *r;
    td_error err = { 0 };
    td_render_wish w = wish_for(d.s, d.plan);
    d.plan->ret[1].send = &(td_plan_send){ .to = "a" };
    d.plan->ret[1].n_sends = 1;
    assert_int_equal(td_render(&w, &r, &err), TD_RECIPE);
    assert_string_equal(err.what, "'b' sends to 'a', which is no return below it");
    leave(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_return_sends_arrives),
        cmocka_unit_test(all_ways_arrive_together),
        cmocka_unit_test(what_nothing_reaches_is_left_out),
        cmocka_unit_test(sound_cannot_run_in_a_circle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
