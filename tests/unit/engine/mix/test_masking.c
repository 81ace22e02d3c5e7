/* Masking and weights against arithmetic: powers that are known, on the ear's scale as published. */
#include "engine/base/base.h"
#include "engine/mix/masking.h"
#include "engine/mix/weigh.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS = 50, ONE_KHZ = 16 };

static td_bus buses[] = { { .name = "vocals", .group = "vocals" },
                          { .name = "guitars", .group = "guitars" },
                          { .name = "bass", .group = "bass" } };
static const td_session session = { .bus = buses, .n_buses = 3 };

static double power(double db)
{
    return pow(10, db / 10);
}

/* The lead's share that is covered when it sounds in one band at level_db and the guitars in another at 0 dB. */
static double covered(size_t own, double level_db, size_t other)
{
    td_masking m;
    td_masking_frame frame[TD_BUSES_MAX] = { 0 };
    float k[STEPS];
    td_masking_init(&m, &session);
    for (size_t side = 0; side < 2; side++) {
        frame[0].side[side][own] = (float)power(level_db);
        frame[1].side[side][other] = 1;
    }
    for (size_t i = 0; i < STEPS; i++) {
        k[i] = 0.1f;
        assert_int_equal(td_masking_add(&m, frame), TD_OK);
    }
    double share = td_masked_share(&m, 0, k, STEPS);
    td_masking_fini(&m);
    return share;
}

/* Where a band lies on the ear's scale (Traunmueller 1990). */
static double bark(size_t band)
{
    double f = pow(10, ((double)band + 14) / 10);
    return 26.81 * f / (1960 + f) - 0.53;
}

static void a_band_is_covered_from_6_db_below(void **state)
{
    (void)state;
    assert_float_equal(covered(ONE_KHZ, -5.9, ONE_KHZ), 0, 1e-9);
    assert_float_equal(covered(ONE_KHZ, -6.1, ONE_KHZ), 1, 1e-9);
}

static void lows_cover_highs_farther_than_highs_lows(void **state)
{
    (void)state;
    for (size_t away = 1; away < 4; away++) {
        double up = 10 * (bark(ONE_KHZ + away) - bark(ONE_KHZ)),
               down = 25 * (bark(ONE_KHZ + 4) - bark(ONE_KHZ + 4 - away));
        assert_float_equal(covered(ONE_KHZ + away, -6.05 - up, ONE_KHZ), 1, 1e-9);
        assert_float_equal(covered(ONE_KHZ + away, -5.95 - up, ONE_KHZ), 0, 1e-9);
        assert_float_equal(covered(ONE_KHZ + 4 - away, -6.05 - down, ONE_KHZ + 4), 1, 1e-9);
        assert_float_equal(covered(ONE_KHZ + 4 - away, -5.95 - down, ONE_KHZ + 4), 0, 1e-9);
    }
}

/* Half of the time far below, half of it alone; its pauses do not count, nor what lies outside 1 to 4 kHz. */
static void shares_are_of_the_time_it_plays(void **state)
{
    (void)state;
    td_masking m;
    float k[60];
    td_masking_init(&m, &session);
    for (size_t i = 0; i < 60; i++) {
        td_masking_frame frame[TD_BUSES_MAX] = { 0 };
        k[i] = i < 40 ? 0.1f : 0;
        for (size_t side = 0; side < 2; side++) {
            frame[0].side[side][ONE_KHZ] = i < 40 ? 0.01f : 0;
            frame[0].side[side][4] = frame[1].side[side][4] = 1; /* 63 Hz */
            frame[1].side[side][ONE_KHZ] = i >= 20 ? 1 : 0;
        }
        assert_int_equal(td_masking_add(&m, frame), TD_OK);
    }
    assert_float_equal(td_masked_share(&m, 0, k, 60), 0.5, 1e-6);
    assert_true(isnan(td_masked_share(&m, 2, k, 60)));
    double share[TD_BUSES_MAX] = { 0.5, 0.1, NAN };
    assert_float_equal(td_masked_whole(&m, share), (3 * 0.5 + 0.1) / 4, 1e-12);
    share[2] = 0.2;
    assert_float_equal(td_masked_whole(&m, share), (3 * 0.5 + 0.1 + 2 * 0.2) / 6, 1e-12);
    td_masking_fini(&m);
}

/* The guitars 10 dB above the lead are on the left; the lead is heard where it is on the right as well. */
static void one_ear_is_enough(void **state)
{
    (void)state;
    for (size_t sides = 1; sides <= 2; sides++) {
        td_masking m;
        td_masking_frame frame[TD_BUSES_MAX] = { 0 };
        float k[STEPS];
        td_masking_init(&m, &session);
        for (size_t side = 0; side < sides; side++) frame[0].side[side][ONE_KHZ] = 0.1f;
        frame[1].side[0][ONE_KHZ] = 1;
        for (size_t i = 0; i < STEPS; i++) {
            k[i] = 0.1f;
            assert_int_equal(td_masking_add(&m, frame), TD_OK);
        }
        assert_float_equal(td_masked_share(&m, 0, k, STEPS), sides == 1 ? 1 : 0, 1e-9);
        td_masking_fini(&m);
    }
}

/* Without a singer the only solo instrument is the lead, with the lead's weight. */
static void a_saxophone_may_be_the_lead(void **state)
{
    (void)state;
    td_bus two[] = { { .name = "woodwinds", .group = "woodwinds", .stems = 1 },
                     { .name = "guitars", .group = "guitars", .stems = 1 } };
    td_stem stem[] = { { .role.name = "woodwinds.sax", .bus = 0 }, { .role.name = "guitars.electric", .bus = 1 } };
    td_session band = { .bus = two, .n_buses = 2, .stem = stem, .n_stems = 2 };
    const double share[TD_BUSES_MAX] = { 0.5, 0.1 };
    td_masking m;
    td_masking_init(&m, &band);
    assert_float_equal(td_masked_whole(&m, share), (3 * 0.5 + 0.1) / 4, 1e-12);
    td_masking_fini(&m);
}

/* A lead of a quarter of the power of the guitars where it sings, a tenth of the song; they are louder elsewhere. The
 * last block of 400 ms that counts holds 100 ms of it. */
static void groups_are_weighed_where_they_play(void **state)
{
    (void)state;
    float lead[100], guitars[100];
    unsigned char sounding[100];
    td_arena *a = td_arena_new();
    double active;
    for (size_t i = 0; i < 100; i++) {
        lead[i] = i < 10 ? 0.01f : 0;
        guitars[i] = i < 13 ? 0.04f : 0.4f;
        sounding[i] = 1;
    }
    td_scales s = {
        .n_buses = 3, .steps = 100, .k = { lead, guitars, NULL }, .n = { 100, 100, 0 }, .sounding = sounding
    };
    assert_float_equal(td_weigh(&s, 0, 0, a, &active), 10 * log10(0.1 / 0.52), 1e-5);
    assert_float_equal(active, 0.13, 1e-9);
    assert_float_equal(td_weigh(&s, 0, SIZE_MAX, a, NULL), 10 * log10(0.1 / 0.62), 1e-5);
    s.gain_db[0] = 6;
    assert_float_equal(td_weigh(&s, 0, 0, a, NULL), 10 * log10(0.1 / 0.52) + 6, 1e-5);
    assert_true(isnan(td_weigh(&s, 2, SIZE_MAX, a, &active)));
    td_arena_free(a);
}

/* A frame of three buses, every power anew by a linear congruence (Knuth). */
static void any_frame(uint32_t *seed, td_masking_frame frame[3])
{
    for (size_t b = 0; b < 3; b++)
        for (size_t side = 0; side < 2; side++)
            for (size_t i = 0; i < TD_BANDS; i++) {
                *seed = *seed * 1664525 + 1013904223;
                frame[b].side[side][i] = (float)power(-30.0 * *seed / 4294967296.0);
            }
}

/* Half is covered where all was or nothing: 6 dB below, on both sides. */
static void a_soft_edge_has_its_middle_on_the_threshold(void **state)
{
    (void)state;
    td_masking m;
    td_masking_slope slope[TD_BUSES_MAX];
    td_masking_frame frame[TD_BUSES_MAX] = { 0 };
    const double weight[TD_BUSES_MAX] = { 1 };
    td_masking_init(&m, &session);
    static const struct {
        double level_db, part;
    } cases[] = { { -6 - 4.771, 0.9 }, { -6, 0.5 }, { -6 + 4.771, 0.1 } };
    for (size_t k = 0; k < 3; k++) {
        for (size_t side = 0; side < 2; side++) {
            frame[0].side[side][ONE_KHZ] = (float)power(cases[k].level_db);
            frame[1].side[side][ONE_KHZ] = 1;
        }
        assert_float_equal(td_masked_softly(&m, frame, weight, slope), cases[k].part, 1e-4);
    }
    td_masking_fini(&m);
}

/* Every slope against the difference a thousandth makes. */
static void slopes_are_what_a_little_more_changes(void **state)
{
    (void)state;
    td_masking m;
    td_masking_slope slope[TD_BUSES_MAX], other[TD_BUSES_MAX];
    td_masking_frame frame[TD_BUSES_MAX] = { 0 };
    const double weight[TD_BUSES_MAX] = { 0.5, 0.3, 0.2 };
    uint32_t seed = 1;
    td_masking_init(&m, &session);
    for (size_t turn = 0; turn < 5; turn++) {
        any_frame(&seed, frame);
        double before = td_masked_softly(&m, frame, weight, slope);
        for (size_t k = 0; k < 3 * 2 * TD_BANDS; k++) {
            float *p = &frame[k % 3].side[k / 3 % 2][k / 6], was = *p;
            *p = was * 1.001f;
            double change = td_masked_softly(&m, frame, weight, other) - before;
            double foretold = slope[k % 3].side[k / 3 % 2][k / 6] * (double)(*p - was);
            assert_true(fabs(change - foretold) <= 1e-8 + 0.01 * fabs(foretold));
            *p = was;
        }
    }
    td_masking_fini(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_band_is_covered_from_6_db_below),
        cmocka_unit_test(a_soft_edge_has_its_middle_on_the_threshold),
        cmocka_unit_test(slopes_are_what_a_little_more_changes),
        cmocka_unit_test(lows_cover_highs_farther_than_highs_lows),
        cmocka_unit_test(shares_are_of_the_time_it_plays),
        cmocka_unit_test(one_ear_is_enough),
        cmocka_unit_test(a_saxophone_may_be_the_lead),
        cmocka_unit_test(groups_are_weighed_where_they_play),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
