#include "engine/dsp/delayline.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { FRAMES = 1000 };

/* A ramp comes out `late` frames later, wherever blocks are cut, in place or not. */
static void check(size_t late, size_t block, int in_place)
{
    float in[2][FRAMES], other[2][FRAMES];
    for (int i = 0; i < FRAMES; i++) in[0][i] = (float)i + 1, in[1][i] = -(float)i;
    float(*out)[FRAMES] = in_place ? in : other;
    td_delayline d;
    assert_int_equal(td_delayline_init(&d, late), TD_OK);
    for (size_t at = 0; at < FRAMES; at += block) {
        size_t n = FRAMES - at < block ? FRAMES - at : block;
        const float *const from[2] = { in[0] + at, in[1] + at };
        float *const to[2] = { out[0] + at, out[1] + at };
        td_delayline_process(&d, from, to, n);
    }
    for (size_t i = 0; i < FRAMES; i++) {
        assert_true(out[0][i] == (i < late ? 0 : (float)(i - late) + 1));
        assert_true(out[1][i] == (i < late ? 0 : -(float)(i - late)));
    }
    td_delayline_reset(&d);
    const float *const zero[2] = { (float[512]){ 0 }, (float[512]){ 0 } };
    float *const to[2] = { out[0], out[1] };
    td_delayline_process(&d, zero, to, 512);
    for (size_t i = 0; i < 512; i++) assert_true(out[0][i] == 0);
    td_delayline_fini(&d);
}

static void delays(void **unused)
{
    (void)unused;
    static const size_t lates[] = { 0, 1, 63, 64, 500 }, blocks[] = { 1, 7, 64, 512 };
    for (size_t l = 0; l < 5; l++)
        for (size_t b = 0; b < 4; b++) check(lates[l], blocks[b], 0), check(lates[l], blocks[b], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(delays) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
