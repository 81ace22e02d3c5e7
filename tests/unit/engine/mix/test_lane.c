/* A bus with one of its stems ridden, against the stems' own formulas times the ride's. */
#include "engine/mix/lane.h"
#include "tests/unit/engine/mix/scene.h"

#include <math.h>

#define SECONDS 3.0
#define RATE    48000

static double low(double t, unsigned c)
{
    (void)c;
    return 0.3 * sin(2 * M_PI * 110 * t);
}

static double high(double t, unsigned c)
{
    return 0.2 * sin(2 * M_PI * 1700 * t + c);
}

static td_breakpoint dip[] = { { 0.95, 0 }, { 1, -6 }, { 2, -6 }, { 2.05, 0 } };

static double dip_db(double t)
{
    if (t <= 0.95 || t >= 2.05) return 0;
    if (t >= 1 && t <= 2) return -6;
    return t < 1 ? -6 * (t - 0.95) / 0.05 : -6 * (2.05 - t) / 0.05;
}

/* Mono stands 3.01 dB down in the middle. */
static double expected(double t, unsigned c)
{
    return low(t, c) * M_SQRT1_2 * pow(10, dip_db(t) / 20) + high(t, c);
}

static void test_a_stem_is_ridden_inside_its_bus(void **state)
{
    (void)state;
    scene *s = scene_new();
    td_error err = { 0 };
    td_plan_stem stem[2] = { { .pan = NAN }, { .pan = NAN } };
    td_plan_bus bus = { .name = "synths" };
    td_plan plan = { .stem = stem, .n_stems = 2, .bus = &bus, .n_buses = 1 };
    td_feed *f;
    static float ch[2][TD_BLOCK];
    float *to[2] = { ch[0], ch[1] };
    scene_add(s, "Synth Pad.wav", RATE, 1, SECONDS, low);
    scene_add(s, "Synth Arp.wav", RATE, 2, SECONDS, high);
    scene_open(s);
    s->survey = scene_hear(s, 1);
    td_plan_stem *pad = &stem[scene_stem(s, "Synth Pad.wav")];
    pad->ride = dip;
    pad->n_ride = 4;
    assert_int_equal(td_feed_bus(s->survey, s->session, &plan, 0, &f, &err), TD_OK);
    static const int64_t from[] = { 0, 96000, 44100 }; /* forwards, then back */
    for (size_t k = 0; k < 3; k++) {
        if (k) assert_int_equal(td_feed_seek(f, from[k], &err), TD_OK);
        for (int64_t at = from[k]; at < from[k] + RATE; at += 480) {
            assert_int_equal(td_feed_read(f, to, 480, &err), TD_OK);
            for (unsigned c = 0; c < 2; c++)
                for (int i = 0; i < 480; i++)
                    assert_true(fabs((double)ch[c][i] - expected((double)(at + i) / RATE, c)) < 1e-6);
        }
    }
    td_feed_free(f);
    scene_free(s);
}

static void test_a_ride_is_held_outside(void **state)
{
    (void)state;
    assert_true(td_ride_db(dip, 4, 0) == 0 && td_ride_db(dip, 4, 9) == 0 && td_ride_db(NULL, 0, 1) == 0);
    assert_true(td_ride_db(dip + 1, 2, 0) == -6 && td_ride_db(dip, 4, 2) == -6);
    assert_true(fabs(td_ride_db(dip, 4, 0.975) + 3) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stem_is_ridden_inside_its_bus),
        cmocka_unit_test(test_a_ride_is_held_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
