#include "engine/mix/reduction.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 8000 };

/* n frames of input at `level` with this gain change. */
static void feed(td_reduction *r, size_t n, float level, float change_db)
{
    for (size_t i = 0; i < n; i++) td_reduction_add(r, &change_db, &level, NULL, 1);
}

static void maximum_is_the_highest_change_and_where(void **state)
{
    (void)state;
    td_reduction *r;
    assert_int_equal(td_reduction_new(RATE, 1, false, &r), 0);
    feed(r, 2 * RATE, 0.5f, 1.0f);
    feed(r, 1, 0.5f, 3.25f);
    feed(r, RATE, 0.5f, 0.5f);
    assert_float_equal(td_reduction_max(r), 3.25, 1e-6);
    assert_float_equal(td_reduction_max_at(r), 2.0, 1e-6);
    td_reduction_free(r);
}

/* Half the active time at 1 dB, half spread evenly over 2 to 4 dB: the 95th percentile is 3.8 dB. */
static void percentile_over_active_time(void **state)
{
    (void)state;
    td_reduction *r;
    assert_int_equal(td_reduction_new(RATE, 1, false, &r), 0);
    for (int k = 0; k < 10; k++) {
        feed(r, RATE, 0.25f, 1.0f);
        for (size_t i = 0; i < RATE; i++) {
            float change = 2 + 2 * (float)i / RATE, level = 0.25f;
            td_reduction_add(r, &change, &level, NULL, 1);
        }
    }
    assert_float_equal(td_reduction_percentile(r, 0.95), 3.8, 0.03);
    assert_float_equal(td_reduction_percentile(r, 0.25), 1.0, 0.06);
    td_reduction_free(r);
}

/* What lies 30 dB and more below the highest 0.2 s is a pause and does not count. */
static void pauses_do_not_count(void **state)
{
    (void)state;
    td_reduction *r;
    assert_int_equal(td_reduction_new(RATE, 1, false, &r), 0);
    feed(r, 4 * RATE, 0.5f, 2.0f);
    feed(r, 16 * RATE, 0.01f, 0.0f); /* 34 dB lower */
    assert_float_equal(td_reduction_percentile(r, 0.05), 2.0, 0.06);
    assert_float_equal(td_reduction_idle(r), 0.0, 1e-9);
    td_reduction_free(r);
}

static void every_eighth_value_gives_the_same_percentile(void **state)
{
    (void)state;
    td_reduction *all, *few;
    assert_int_equal(td_reduction_new(RATE, 1, false, &all), 0);
    assert_int_equal(td_reduction_new(RATE, 8, false, &few), 0);
    for (size_t i = 0; i < 20 * RATE; i++) {
        float change = 3 * fabsf(sinf((float)i * 0.001f)), level = 0.5f;
        td_reduction_add(all, &change, &level, NULL, 1);
        td_reduction_add(few, &change, &level, NULL, 1);
    }
    assert_float_equal(td_reduction_percentile(all, 0.95), td_reduction_percentile(few, 0.95), 0.02);
    assert_float_equal(td_reduction_max(all), td_reduction_max(few), 1e-9);
    td_reduction_free(all);
    td_reduction_free(few);
}

static void steps_hold_the_highest_of_every_100_ms(void **state)
{
    (void)state;
    td_reduction *r;
    size_t n;
    assert_int_equal(td_reduction_new(RATE, 1, false, &r), 0);
    feed(r, RATE / 10, 0.5f, 1.0f);
    feed(r, RATE / 20, 0.5f, 2.0f);
    feed(r, RATE / 20, 0.5f, 0.0f);
    const float *steps = td_reduction_steps(r, &n);
    assert_int_equal(n, 2);
    assert_float_equal(steps[0], 1.0, 1e-6);
    assert_float_equal(steps[1], 2.0, 1e-6);
    td_reduction_free(r);
}

/* One sample a second loses 3 dB: a tenth of the steps, and next to nothing of the time. */
static void peaks_count_by_the_step(void **state)
{
    (void)state;
    td_reduction *frames, *steps;
    assert_int_equal(td_reduction_new(RATE, 8, false, &frames), 0);
    assert_int_equal(td_reduction_new(RATE, 8, true, &steps), 0);
    for (int k = 0; k < 20; k++) {
        feed(frames, 1, 0.5f, 3.0f);
        feed(steps, 1, 0.5f, 3.0f);
        feed(frames, RATE - 1, 0.5f, 0.0f);
        feed(steps, RATE - 1, 0.5f, 0.0f);
    }
    assert_true(td_reduction_percentile(frames, 0.95) < 0.1);
    assert_true(td_reduction_idle(frames) < 1);
    assert_float_equal(td_reduction_percentile(steps, 0.95), 3.0, 0.06);
    assert_float_equal(td_reduction_idle(steps), 0.9, 1e-9);
    td_reduction_free(frames);
    td_reduction_free(steps);
}

static void packed_and_unpacked_it_answers_alike(void **state)
{
    (void)state;
    td_reduction *r, *same;
    td_text t = { 0 };
    size_t n, k;
    assert_int_equal(td_reduction_new(RATE, 1, false, &r), 0);
    for (int i = 0; i < 20; i++) feed(r, RATE / 5, 0.01f * (float)(i + 1), 0.3f * (float)i);
    td_reduction_pack(r, &t);
    assert_int_equal(td_reduction_new(RATE, 1, false, &same), 0);
    const char *at = t.data, *end = at + t.length;
    assert_true(td_reduction_unpack(same, &at, end));
    assert_ptr_equal(at, end);
    assert_true(td_reduction_max(r) == td_reduction_max(same) && td_reduction_max_at(r) == td_reduction_max_at(same));
    for (double part = 0.05; part < 1; part += 0.1)
        assert_true(td_reduction_percentile(r, part) == td_reduction_percentile(same, part));
    assert_true(td_reduction_idle(r) == td_reduction_idle(same));
    const float *steps = td_reduction_steps(r, &n), *again = td_reduction_steps(same, &k);
    assert_int_equal(n, k);
    assert_memory_equal(steps, again, n * sizeof *steps);
    td_reduction_free(same);
    for (size_t cut = 0; cut < t.length; cut += 97) { /* exactly as much memory as there is */
        char *part = malloc(cut + 1);
        memcpy(part, t.data, cut);
        at = part;
        assert_int_equal(td_reduction_new(RATE, 1, false, &same), 0);
        assert_false(td_reduction_unpack(same, &at, part + cut));
        td_reduction_free(same);
        free(part);
    }
    td_text_free(&t);
    td_reduction_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maximum_is_the_highest_change_and_where),
        cmocka_unit_test(percentile_over_active_time),
        cmocka_unit_test(pauses_do_not_count),
        cmocka_unit_test(every_eighth_value_gives_the_same_percentile),
        cmocka_unit_test(steps_hold_the_highest_of_every_100_ms),
        cmocka_unit_test(peaks_count_by_the_step),
        cmocka_unit_test(packed_and_unpacked_it_answers_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
