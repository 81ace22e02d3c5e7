#include "engine/dsp/dynamics.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define RATE 48000.0

static void decibels_match_libm(void **state)
{
    (void)state;
    for (double db = -120; db <= 24; db += 0.0137) {
        assert_float_equal(td_level_db(pow(10, db / 20)), db, 1e-5);
        assert_float_equal(20 * log10(td_db_gain(db)), db, 1e-5);
    }
    assert_true(td_db_gain(0) == 1);
    assert_true(td_level_db(1) == 0);
    assert_true(td_level_db(0) < -6000 && isfinite(td_level_db(0)));
}

/* The formula as Giannoulis, Massberg and Reiss print it, with its three cases. */
static double published_curve(double level_db, double t, double r, double w)
{
    double o = level_db - t;
    if (2 * o < -w) return level_db;
    if (2 * fabs(o) <= w && w > 0) return level_db + (1 / r - 1) * (o + w / 2) * (o + w / 2) / (2 * w);
    return t + o / r;
}

static void the_curve_is_the_published_one(void **state)
{
    (void)state;
    static const double ratios[] = { 1, 1.5, 2, 4, 20, INFINITY }, knees[] = { 0, 0.1, 6, 24 };
    for (size_t r = 0; r < 6; r++)
        for (size_t k = 0; k < 4; k++) {
            td_knee c;
            td_knee_set(&c, -20, ratios[r], knees[k]);
            for (double db = -60; db <= 6; db += 0.25)
                assert_float_equal(db - td_knee_reduction(&c, db), published_curve(db, -20, ratios[r], knees[k]), 1e-9);
        }
}

/* Frames until a step from 0 to 10 dB (and back) has 63.2 % of its way behind it. */
static void time_constants_are_63_percent(void **state)
{
    (void)state;
    td_ballistics b;
    td_ballistics_set(&b, 10, 100, RATE);
    size_t n = 0;
    while (td_ballistics_branch(&b, 10) < 10 * (1 - exp(-1))) n++;
    assert_in_range(n, 478, 481);
    for (n = 0; n < 48000; n++) td_ballistics_branch(&b, 10);
    for (n = 0; td_ballistics_branch(&b, 0) > 10 * exp(-1);) n++;
    assert_in_range(n, 4798, 4801);
    assert_true(td_share(0, RATE) == 1);
}

static double stores_half_release_s(double burst_s, double ripple_db)
{
    td_stores t;
    td_stores_set(&t, 10, 80, 3000, 600, 0.6, RATE);
    for (size_t i = 0; i < (size_t)(burst_s * RATE); i++) td_stores_step(&t, 10 + ripple_db * sin(0.39 * (double)i));
    double from = t.s;
    size_t n = 0;
    while (td_stores_step(&t, 0) > from / 2) n++;
    return (double)n / RATE;
}

static void longer_overload_releases_later(void **state)
{
    (void)state;
    double last = 0;
    for (double burst = 0.02; burst < 5; burst *= 1.5) {
        double half = stores_half_release_s(burst, 0);
        assert_true(half > last);
        last = half;
    }
    /* what lasts, lasts, though ripple leaves few frames of attack */
    assert_float_equal(stores_half_release_s(2, 0.05), stores_half_release_s(2, 0), 0.01 * stores_half_release_s(2, 0));
    /* the fast store alone: 80 ms * ln 2 */
    assert_float_equal(stores_half_release_s(0.02, 0), 0.08 * log(2), 0.005);
}

static void the_slow_store_stays_inside(void **state)
{
    (void)state;
    td_stores t;
    td_stores_set(&t, 1, 80, 3000, 600, 0.6, RATE);
    for (size_t i = 0; i < 96000; i++) {
        double c = 6 + 6 * sin((double)i * 0.0007) * sin((double)i * 0.03);
        double s = td_stores_step(&t, c < 0 ? 0 : c);
        assert_true(t.slow >= 0 && t.slow <= s && s <= 12);
    }
}

static void sine(float *x, size_t n, double freq_hz)
{
    for (size_t i = 0; i < n; i++) x[i] = (float)(0.5 * sin(2 * TD_PI * freq_hz * (double)i / RATE));
}

/* Mean and ripple of the level a detector reads from a sine of amplitude 0.5, after it has settled. */
static void read_sine(td_detection how, double freq_hz, double *mean_db, double *ripple_db)
{
    enum { N = 48000 };
    static float x[N], p[2][N], level[N];
    sine(x, N, freq_hz);
    td_detector d;
    td_detector_set(&d, how, 0, 10, RATE);
    td_detector_run(&d, (const float *[]){ x, x }, N, (float *[]){ p[0], p[1] });
    td_link_run((const float *[]){ p[0], p[1] }, 1, N, level, NULL);
    double sum = 0, lo = 1e9, hi = -1e9;
    for (size_t i = N / 2; i < N; i++) {
        double db = 20 * log10((double)level[i] / 0.5);
        sum += db;
        lo = fmin(lo, db);
        hi = fmax(hi, db);
    }
    *mean_db = sum / (N / 2);
    *ripple_db = hi - lo;
}

static void detectors_read_a_sine_as_its_peak(void **state)
{
    (void)state;
    double mean, ripple;
    for (double f = 30; f < 20000; f *= 1.7) {
        read_sine(TD_DETECT_ENVELOPE, f, &mean, &ripple);
        assert_float_equal(mean, 0, 0.01);
        assert_true(ripple < 0.12);
    }
    read_sine(TD_DETECT_RMS, 1000, &mean, &ripple);
    assert_float_equal(mean, 0, 0.01);
}

static void low_cut_is_a_butterworth(void **state)
{
    (void)state;
    enum { N = 48000 };
    static float x[N], p[2][N];
    sine(x, N, 100);
    td_detector d;
    td_detector_set(&d, TD_DETECT_RMS, 100, 0, RATE); /* a mean of one frame */
    td_detector_run(&d, (const float *[]){ x, x }, N, (float *[]){ p[0], p[1] });
    double sum = 0;
    for (size_t i = N / 2; i < N; i++) sum += (double)p[0][i];
    assert_float_equal(10 * log10(sum / (N / 2) / 0.25), -3.0103, 0.01);
}

static void links_in_decibels(void **state)
{
    (void)state;
    float p[2] = { 1.0F, 0.01F }, left, right; /* 0 and -20 dB */
    const float *power[2] = { &p[0], &p[1] };
    td_link_run(power, 0.75, 1, &left, &right);
    assert_float_equal(left, 1, 1e-5);
    assert_float_equal(20 * log10((double)right), -5, 1e-4);
    td_link_run(power, 1, 1, &left, NULL);
    assert_true(left == 1);
}

static void no_reduction_is_transparent(void **state)
{
    (void)state;
    float x[64], left[64], right[64], gr[64] = { 0 };
    for (int i = 0; i < 64; i++) x[i] = left[i] = right[i] = (float)sin(i * 0.71) / 3;
    td_gain_apply((float *[]){ left, right }, gr, NULL, 1, 64);
    assert_memory_equal(x, left, sizeof x);
    assert_memory_equal(x, right, sizeof x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decibels_match_libm),           cmocka_unit_test(the_curve_is_the_published_one),
        cmocka_unit_test(time_constants_are_63_percent), cmocka_unit_test(longer_overload_releases_later),
        cmocka_unit_test(the_slow_store_stays_inside),   cmocka_unit_test(detectors_read_a_sine_as_its_peak),
        cmocka_unit_test(low_cut_is_a_butterworth),      cmocka_unit_test(links_in_decibels),
        cmocka_unit_test(no_reduction_is_transparent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
