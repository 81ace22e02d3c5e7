#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/mix/hear/ear.h"

enum { RATE = 48000, STEPS = 12, FRAMES = STEPS * RATE / 10 };

/* Partials of 125 Hz up to 15 kHz, and nothing above. */
static void sharp_edge(float *x)
{
    for (size_t i = 0; i < FRAMES; i++) x[i] = 0;
    for (int k = 1; k <= 120; k++) {
        double turn = 2 * TD_PI * 125 * k / RATE;
        for (size_t i = 0; i < FRAMES; i++) x[i] += (float)(0.005 * td_sin(fmod(turn * (double)i, 2 * TD_PI) + k * k));
    }
}

static void white(float *x)
{
    td_random r;
    td_random_seed(&r, 1);
    for (size_t i = 0; i < FRAMES; i++) x[i] = (float)td_random_uniform(&r);
}

static td_ear *ear_of(const float *x, td_bands *work)
{
    td_ear_wish wish = {
        .rate_hz = RATE, .channels = 1, .sides = { 0.7071, 0.7071 }, .steps = STEPS, .folder = "/tmp"
    };
    td_ear *ear;
    assert_int_equal(td_ear_new(&wish, &ear, NULL), TD_OK);
    assert_int_equal(td_ears_add(&ear, 1, work, &(const float *const *){ &x }, FRAMES, NULL), TD_OK);
    return ear;
}

/* The work space of its last block belongs to others when an ear comes to its end. */
static void an_ear_may_end_elsewhere(void **state)
{
    (void)state;
    static float dull[FRAMES], bright[FRAMES];
    td_bands *here, *there;
    td_signal s;
    td_scratch *rows;
    sharp_edge(dull);
    white(bright);
    assert_int_equal(td_bands_new(RATE, &here), TD_OK);
    assert_int_equal(td_bands_new(RATE, &there), TD_OK);
    td_ear *first = ear_of(dull, here), *second = ear_of(bright, here);
    assert_int_equal(td_ear_end(first, there, &s, &rows, NULL), TD_OK);
    assert_true(fabs(s.cutoff_hz - 15250) <= 250);
    td_signal_fini(&s);
    td_scratch_free(rows);
    td_ear_free(first);
    td_ear_free(second);
    td_bands_free(here);
    td_bands_free(there);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ear_may_end_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
