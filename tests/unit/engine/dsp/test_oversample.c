/* The oversampler against what it promises: sines in, sines out, nothing else. */
#include "engine/dsp/oversample.h"

#include "engine/base/random.h"
#include "engine/base/units.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FRAMES = 4096, SETTLED = 1024 };

static const double rates[] = { 44100, 48000, 96000 };
static const unsigned factors[] = { 2, 4, 8, 16 };

static td_v2 tone(double freq_hz, double rate_hz, double n)
{
    double w = 2 * TD_PI * freq_hz / rate_hz * n;
    return (td_v2){ td_sin(w), td_cos(w) };
}

static td_oversample *make(double rate_hz, unsigned factor, td_oversample_for shaper)
{
    td_oversample *o;
    assert_int_equal(td_oversample_new(rate_hz, factor, shaper, &o), TD_OK);
    return o;
}

/* What a shaper with a straight line does: nothing, or the mean of each sample and the one before. */
static void shape(td_v2 *x, size_t n, td_v2 *before, bool means)
{
    for (size_t i = 0; means && i < n; i++) {
        td_v2 now = x[i];
        x[i] = td_v2_set(0.5) * (now + *before);
        *before = now;
    }
}

/* Runs x through in blocks of `block`. */
static void round_trip(td_oversample *o, unsigned factor, bool means, td_v2 *x, size_t n, size_t block)
{
    td_v2 before = { 0, 0 };
    for (size_t at = 0; at < n; at += block) {
        size_t frames = n - at < block ? n - at : block;
        shape(td_oversample_up(o, x + at, frames), frames * factor, &before, means);
        td_oversample_down(o, x + at, frames);
    }
}

static double distance_db(const td_v2 *a, const td_v2 *b, size_t n) /* of the largest difference */
{
    double worst = 0;
    for (size_t i = 0; i < n; i++) worst = fmax(worst, fmax(fabs(a[i][0] - b[i][0]), fabs(a[i][1] - b[i][1])));
    return td_to_db(worst);
}

/* A sine comes back as the same sine, `latency` frames later, within 0.01 dB (and so 0.07 degrees). */
static void sines_return(void **state)
{
    (void)state;
    static const double freq_hz[] = { 20, 997, 7000, 12345, 18000, 19500, 20000 };
    static td_v2 x[FRAMES], want[FRAMES];
    for (size_t r = 0; r < 3; r++)
        for (size_t k = 0; k < 8; k++) {
            bool means = k >= 4;
            td_oversample *o = make(rates[r], factors[k % 4], means ? TD_OVERSAMPLE_MEANS : TD_OVERSAMPLE_POINTS);
            double late = (double)td_oversample_latency(o);
            for (size_t f = 0; f < sizeof freq_hz / sizeof *freq_hz; f++) {
                for (size_t i = 0; i < FRAMES; i++) {
                    x[i] = tone(freq_hz[f], rates[r], (double)i);
                    want[i] = tone(freq_hz[f], rates[r], (double)i - late);
                }
                td_oversample_reset(o);
                round_trip(o, factors[k % 4], means, x, FRAMES, TD_OVERSAMPLE_FRAMES);
                assert_true(distance_db(x + SETTLED, want + SETTLED, FRAMES - SETTLED) < td_to_db(0.00115));
            }
            td_oversample_free(o);
        }
}

/* At the high rate stands the sine and nothing else: all images at -100 dB. */
static void no_images(void **state)
{
    (void)state;
    static td_v2 x[TD_OVERSAMPLE_FRAMES];
    for (size_t r = 0; r < 3; r++)
        for (size_t k = 0; k < 4; k++)
            for (double freq_hz = 500; freq_hz <= 20000; freq_hz += 1500) {
                td_oversample *o = make(rates[r], factors[k], TD_OVERSAMPLE_POINTS);
                double worst = 0, m[4] = { 0 }, high_hz = rates[r] * factors[k];
                const td_v2 *y = NULL;
                for (size_t block = 0; block < 4; block++) {
                    for (size_t i = 0; i < TD_OVERSAMPLE_FRAMES; i++)
                        x[i] = tone(freq_hz, rates[r], (double)(i + block * TD_OVERSAMPLE_FRAMES));
                    y = td_oversample_up(o, x, TD_OVERSAMPLE_FRAMES);
                    if (block < 3) td_oversample_down(o, x, TD_OVERSAMPLE_FRAMES);
                }
                /* turn the tone back to a constant; what turns is something else */
                for (size_t i = 0; i < TD_OVERSAMPLE_FRAMES * factors[k]; i++) {
                    td_v2 t = tone(freq_hz, high_hz, (double)i);
                    double c = y[i][1] * t[1] + y[i][0] * t[0], s = y[i][0] * t[1] - y[i][1] * t[0];
                    if (i == 0) m[0] = m[1] = c, m[2] = m[3] = s;
                    m[0] = fmin(m[0], c), m[1] = fmax(m[1], c), m[2] = fmin(m[2], s), m[3] = fmax(m[3], s);
                }
                worst = fmax(m[1] - m[0], m[3] - m[2]) / 2;
                assert_true(td_to_db(worst) < -100);
                td_oversample_free(o);
            }
}

/* What a shaper adds above rate - 20 kHz does not come back. */
static void no_aliases(void **state)
{
    (void)state;
    static td_v2 out[TD_OVERSAMPLE_FRAMES], none[TD_OVERSAMPLE_FRAMES];
    for (size_t r = 0; r < 3; r++)
        for (size_t k = 0; k < 8; k++) {
            double high_hz = rates[r] * factors[k % 4];
            td_oversample *o = make(rates[r], factors[k % 4], k < 4 ? TD_OVERSAMPLE_POINTS : TD_OVERSAMPLE_MEANS);
            for (double freq_hz = rates[r] - 20000; freq_hz < high_hz / 2; freq_hz += 3789) {
                double base = fmod(freq_hz, rates[r]);
                if (base > 20000 && base < rates[r] - 20000) continue; /* folds above hearing */
                for (size_t block = 0; block < 4; block++) {
                    td_v2 *y = td_oversample_up(o, none, TD_OVERSAMPLE_FRAMES);
                    for (size_t i = 0; i < TD_OVERSAMPLE_FRAMES * factors[k % 4]; i++)
                        y[i] = tone(freq_hz, high_hz, (double)(i + block * TD_OVERSAMPLE_FRAMES * factors[k % 4]));
                    td_oversample_down(o, out, TD_OVERSAMPLE_FRAMES);
                }
                assert_true(distance_db(out, none, TD_OVERSAMPLE_FRAMES) < -100);
            }
            td_oversample_free(o);
        }
}

/* A draft's sine comes back within 0.03 dB, and what does not belong there at -55. */
static void drafts_are_near(void **state)
{
    (void)state;
    static td_v2 x[FRAMES], want[FRAMES];
    for (size_t r = 0; r < 3; r++)
        for (size_t k = 0; k < 2; k++) {
            td_oversample *o = make(rates[r], factors[k], TD_OVERSAMPLE_DRAFT);
            double late = (double)td_oversample_latency(o);
            for (double freq_hz = 20; freq_hz <= 20000; freq_hz += 999) {
                for (size_t i = 0; i < FRAMES; i++) {
                    x[i] = tone(freq_hz, rates[r], (double)i);
                    want[i] = tone(freq_hz, rates[r], (double)i - late);
                }
                td_oversample_reset(o);
                round_trip(o, factors[k], false, x, FRAMES, TD_OVERSAMPLE_FRAMES);
                assert_true(distance_db(x + SETTLED, want + SETTLED, FRAMES - SETTLED) < td_to_db(0.0035));
            }
            for (double freq_hz = rates[r] - 20000; freq_hz <= rates[r]; freq_hz += 1111) {
                td_oversample_reset(o);
                for (size_t at = 0; at < FRAMES; at += TD_OVERSAMPLE_FRAMES) {
                    size_t n = TD_OVERSAMPLE_FRAMES * factors[k];
                    td_v2 *y = td_oversample_up(o, x, TD_OVERSAMPLE_FRAMES);
                    for (size_t i = 0; i < n; i++)
                        y[i] = tone(freq_hz, rates[r] * factors[k], (double)(at * factors[k] + i));
                    td_oversample_down(o, want + at, TD_OVERSAMPLE_FRAMES);
                }
                memset(x, 0, sizeof x);
                assert_true(distance_db(want + SETTLED, x + SETTLED, FRAMES - SETTLED) < -55);
            }
            td_oversample_free(o);
        }
}

static void blocks_do_not_matter(void **state)
{
    (void)state;
    static td_v2 x[2][600];
    for (size_t k = 0; k < 4; k++) {
        for (size_t i = 0; i < 600; i++) x[0][i] = x[1][i] = tone(1000 + 30 * (double)i, 44100, (double)i);
        for (size_t way = 0; way < 2; way++) {
            td_oversample *o = make(44100, factors[k], TD_OVERSAMPLE_MEANS);
            round_trip(o, factors[k], true, x[way], 600, way ? 7 : TD_OVERSAMPLE_FRAMES);
            td_oversample_free(o);
        }
        assert_memory_equal(x[0], x[1], sizeof x[0]);
    }
}

/* Noise, of loud and soft stretches, once as it is and once asked for what exceeds a limit: what is not given does
 * not, and what is given is the same, as is the sample in front of it. */
static void above_leaves_out_nothing(void **state)
{
    (void)state;
    enum { BLOCK = 64, BLOCKS = 400 };
    const double limit = 0.5;
    td_random random;
    td_random_seed(&random, 1);
    for (size_t r = 0; r < 3; r++) {
        td_oversample *all = make(rates[r], 8, TD_OVERSAMPLE_MEANS), *some = make(rates[r], 8, TD_OVERSAMPLE_MEANS);
        td_v2 last = { 0 }, none = td_v2_set(99);
        size_t left_out = 0;
        for (size_t b = 0; b < BLOCKS; b++) {
            td_v2 x[BLOCK], before = none;
            double peak = b % 16 < 8 ? 0.08 + 0.04 * (double)(b % 2) : 1;
            for (size_t i = 0; i < BLOCK; i++)
                x[i] = peak * (td_v2){ 2 * td_random_uniform(&random), 2 * td_random_uniform(&random) };
            const td_v2 *full = td_oversample_up(all, x, BLOCK),
                        *above = td_oversample_up_above(some, x, BLOCK, limit, &before);
            for (size_t i = 0; i < 8 * BLOCK && !above; i++)
                assert_true(fabs(full[i][0]) <= limit && fabs(full[i][1]) <= limit);
            if (above) assert_memory_equal(above, full, 8 * BLOCK * sizeof *full);
            if (before[0] != none[0]) assert_memory_equal(&before, &last, sizeof last);
            left_out += !above;
            last = full[8 * BLOCK - 1];
            td_v2 scrap[BLOCK];
            td_oversample_down(all, scrap, BLOCK);
            if (above) td_oversample_down(some, scrap, BLOCK);
        }
        assert_true(left_out > BLOCKS / 10);
        td_oversample_free(all);
        td_oversample_free(some);
    }
}

static void refuses(void **state)
{
    (void)state;
    td_oversample *o;
    assert_int_equal(td_oversample_new(48000, 3, TD_OVERSAMPLE_POINTS, &o), TD_ARG);
    assert_int_equal(td_oversample_new(40000, 2, TD_OVERSAMPLE_POINTS, &o), TD_ARG);
    assert_null(o);
    td_oversample_free(NULL);
    assert_int_equal(td_oversample_factor(44100, 176400, TD_OVERSAMPLE_MEANS), 4);
    assert_int_equal(td_oversample_factor(96000, 176400, TD_OVERSAMPLE_POINTS), 2);
    assert_int_equal(td_oversample_factor(48000, 1e9, TD_OVERSAMPLE_MEANS), 16);
    assert_int_equal(td_oversample_factor(48000, 1e9, TD_OVERSAMPLE_DRAFT), 4);
    assert_int_equal(td_oversample_factor(48000, 352800, TD_OVERSAMPLE_DRAFT), 2);
    assert_int_equal(td_oversample_factor(44100, 176400, TD_OVERSAMPLE_DRAFT), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sines_return),
        cmocka_unit_test(no_images),
        cmocka_unit_test(no_aliases),
        cmocka_unit_test(drafts_are_near),
        cmocka_unit_test(blocks_do_not_matter),
        cmocka_unit_test(above_leaves_out_nothing),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests_name("oversample", tests, NULL, NULL);
}
