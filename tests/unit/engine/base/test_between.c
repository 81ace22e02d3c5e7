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
        cmocka_unit_test(the_largest_is_found_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
