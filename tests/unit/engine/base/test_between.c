#include "engine/base/between.h"
#include "engine/base/row.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LENGTH = 3 * TD_TILE + TD_TILE_MARGIN };

static const td_doubling_design design[] = { { 48, 100 }, { 8, 100 }, { 5, 100 }, { 5, 100 } };

static td_between *made(void)
{
    td_between *b = malloc(sizeof *b);
    assert_int_equal(td_between_set(b, design, 4), TD_OK);
    return b;
}

/* All 16 points a sample lie on the sine that the samples were taken from. */
static void points_lie_on_the_sine(void **unused)
{
    (void)unused;
    td_between *b = made();
    float x[LENGTH];
    for (double cycles = 0.01; cycles < 0.44; cycles *= 1.6) {
        for (int i = 0; i < LENGTH; i++) x[i] = (float)sin(2 * M_PI * cycles * i + 0.3);
        size_t n;
        const float *points = td_between_begin(b, x + TD_TILE, &n);
        for (unsigned i = 0; i < 4; i++) points = td_between_double(b, i, points, &n);
        for (size_t i = 0; i < 16 * TD_TILE; i++)
            assert_float_equal(points[i], sin(2 * M_PI * cycles * (TD_TILE + (double)i / 16) + 0.3), 1e-4);
    }
    free(b);
}

/* Samples of the worst signs reach no further than the growth says, from wherever the points are still missing. */
static void growth_is_a_bound(void **unused)
{
    (void)unused;
    td_between *b = made();
    float x[LENGTH];
    uint32_t seed = 1;
    for (int round = 0; round < 300; round++) {
        for (int i = 0; i < LENGTH; i++) x[i] = (seed = seed * 1664525 + 1013904223) >> 31 ? 1 : -1;
        size_t n;
        const float *points = td_between_begin(b, x + TD_TILE, &n);
        float before[4];
        for (unsigned i = 0; i < 4; i++) {
            before[i] = td_largest(points, n);
            points = td_between_double(b, i, points, &n);
        }
        for (unsigned i = 0; i < 4; i++) assert_true(td_largest(points, n) <= before[i] * b->growth[i]);
        for (unsigned p = 0; p < TD_ANNEX_PHASES; p++)
            assert_true(td_largest(td_between_annex(b, p, x + TD_TILE), TD_TILE) <= b->annex_growth);
    }
    free(b);
}

/* The largest point of the tile in the middle, of all kinds. */
static float largest_point(td_between *b, const float *x)
{
    size_t n;
    const float *points = td_between_begin(b, x, &n);
    for (unsigned i = 0; i < 4; i++) points = td_between_double(b, i, points, &n);
    float most = td_largest(points, n);
    for (unsigned p = 0; p < TD_ANNEX_PHASES; p++) most = fmaxf(most, td_largest(td_between_annex(b, p, x), TD_TILE));
    for (unsigned p = 0; p < TD_SOFT_PHASES; p++) most = fmaxf(most, td_largest(td_between_soft(b, p, x), TD_TILE));
    return most;
}

/* What is there is never ruled out: signs at random, turned ever more slowly, from all treble to none. */
static void what_exceeds_is_never_ruled_out(void **unused)
{
    (void)unused;
    td_between *b = made();
    float x[LENGTH];
    uint32_t seed = 1;
    for (int round = 0; round < 1500; round++) {
        double slowness = round % 15 / 15.0, y = 0;
        for (int i = 0; i < LENGTH; i++) {
            y = slowness * y + ((seed = seed * 1664525 + 1013904223) >> 31 ? 1 : -1);
            x[i] = (float)y;
        }
        size_t n;
        const float *samples = td_between_begin(b, x + TD_TILE, &n);
        assert_true(td_between_exceeds(b, samples, n, td_largest(samples, n), 0.9999f * largest_point(b, x + TD_TILE)));
    }
    free(b);
}

/* A sine bends by (2 sin(pi f))^2 of its height: 0.098 at a twentieth of the rate. */
static void slow_sound_is_ruled_out_at_once(void **unused)
{
    (void)unused;
    td_between *b = made();
    float x[LENGTH];
    for (int i = 0; i < LENGTH; i++) x[i] = (float)sin(2 * M_PI * 0.05 * i);
    size_t n;
    const float *samples = td_between_begin(b, x + TD_TILE, &n);
    assert_false(td_between_exceeds(b, samples, n, td_largest(samples, n), 1.1f));
    assert_true(td_between_exceeds(b, samples, n, td_largest(samples, n), 0.99f));
    free(b);
}

static void the_sharpest_bend_is_found_anywhere(void **unused)
{
    (void)unused;
    float x[19];
    for (size_t at = 1; at < 18; at++) {
        for (size_t i = 0; i < 19; i++) x[i] = 3 * fabsf((float)i - (float)at) - 7;
        assert_true(td_sharpest(x, 19) == 6);
    }
    assert_true(td_sharpest(x, 2) == 0);
}

static void the_largest_is_found_anywhere(void **unused)
{
    (void)unused;
    float x[19] = { 0 };
    for (size_t at = 0; at < 19; at++) {
        x[at] = -2;
        assert_true(td_largest(x, 19) == 2);
        x[at] = 1;
    }
    assert_true(td_largest(x, 0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_lie_on_the_sine),
        cmocka_unit_test(growth_is_a_bound),
        cmocka_unit_test(what_exceeds_is_never_ruled_out),
        cmocka_unit_test(slow_sound_is_ruled_out_at_once),
        cmocka_unit_test(the_sharpest_bend_is_found_anywhere),
        cmocka_unit_test(the_largest_is_found_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
