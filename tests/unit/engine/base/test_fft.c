#include "engine/base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

typedef struct spectrum {
    size_t n;
    td_fft *fft;
    td_v2 *x, *back, *re, *im;
} spectrum;

static spectrum make(size_t n, uint64_t seed)
{
    spectrum s = { .n = n };
    td_random r;
    td_random_seed(&r, seed);
    assert_int_equal(td_fft_new(n, &s.fft), TD_OK);
    s.x = td_calloc2(n, 1, sizeof(td_v2));
    s.back = td_calloc2(n, 1, sizeof(td_v2));
    s.re = td_calloc2(n / 2 + 1, 1, sizeof(td_v2));
    s.im = td_calloc2(n / 2 + 1, 1, sizeof(td_v2));
    for (size_t i = 0; i < n; i++) {
        double left = td_random_uniform(&r);
        s.x[i] = (td_v2){ left, td_random_uniform(&r) };
    }
    td_fft_forward(s.fft, s.x, s.re, s.im);
    return s;
}

static void drop(spectrum *s)
{
    td_fft_free(s->fft);
    free(s->x);
    free(s->back);
    free(s->re);
    free(s->im);
}

/* The definition, in long double, with the angle reduced as an integer. Returns the error relative to the rms bin. */
static double naive_error(const spectrum *s, size_t k, int lane)
{
    long double re = 0, im = 0, energy = 0, turn = 6.283185307179586476925286766559L;
    for (size_t i = 0; i < s->n; i++) {
        long double angle = turn * (long double)(i * k % s->n) / (long double)s->n;
        re += s->x[i][lane] * cosl(angle);
        im -= s->x[i][lane] * sinl(angle);
        energy += (long double)s->x[i][lane] * s->x[i][lane];
    }
    long double dr = s->re[k][lane] - re, di = s->im[k][lane] - im;
    return (double)sqrtl((dr * dr + di * di) / energy);
}

static void forward_is_the_definition(void **state)
{
    (void)state;
    for (size_t n = 16; n <= 1024; n *= 2) {
        spectrum s = make(n, n);
        for (size_t k = 0; k <= n / 2; k += n > 256 ? 7 : 1)
            for (int lane = 0; lane < 2; lane++) assert_true(naive_error(&s, k, lane) < 1e-14);
        drop(&s);
    }
}

static void long_ones_are_as_exact(void **state)
{
    (void)state;
    spectrum s = make(1 << 17, 3);
    for (size_t k = 0; k <= s.n / 2; k += s.n / 10 + 1) assert_true(naive_error(&s, k, 0) < 1e-13);
    assert_true(naive_error(&s, s.n / 2, 1) < 1e-13);
    drop(&s);
}

static void inverse_undoes_forward(void **state)
{
    (void)state;
    for (size_t n = 16; n <= 65536; n *= 2) {
        spectrum s = make(n, 5);
        td_fft_inverse(s.fft, s.re, s.im, s.back);
        for (size_t i = 0; i < n; i++)
            for (int lane = 0; lane < 2; lane++) assert_true(fabs(s.back[i][lane] - s.x[i][lane]) < 1e-14);
        drop(&s);
    }
}

static void an_impulse_is_flat(void **state)
{
    (void)state;
    spectrum s = make(64, 1);
    for (size_t i = 0; i < 64; i++) s.x[i] = td_v2_set(0);
    s.x[0] = (td_v2){ 1, -2 };
    td_fft_forward(s.fft, s.x, s.re, s.im);
    for (size_t k = 0; k <= 32; k++) {
        assert_true(fabs(s.re[k][0] - 1) < 1e-15 && fabs(s.re[k][1] + 2) < 1e-15);
        assert_true(fabs(s.im[k][0]) < 1e-15 && fabs(s.im[k][1]) < 1e-15);
    }
    drop(&s);
}

/* Eight at once in float: each is what it is alone in double, and none is in another. */
static void eight_in_float_are_two_pairs_twice(void **state)
{
    (void)state;
    for (size_t n = 16; n <= 8192; n *= 8) {
        spectrum a = make(n, 8), b = make(n, 9);
        td_fft8 *fft;
        td_f8 *x = td_calloc2(n, 3, sizeof *x), *re = x + n, *im = re + n / 2 + 1;
        assert_int_equal(td_fft8_new(n, &fft), TD_OK);
        for (size_t i = 0; i < n; i++)
            for (int lane = 0; lane < 8; lane++) x[i][lane] = (float)(lane % 4 < 2 ? a : b).x[i][lane % 2];
        td_fft8_forward(fft, x, re, im);
        for (size_t k = 0; k <= n / 2; k++)
            for (int lane = 0; lane < 8; lane++) {
                const spectrum *of = lane % 4 < 2 ? &a : &b;
                double dr = (double)re[k][lane] - of->re[k][lane % 2], di = (double)im[k][lane] - of->im[k][lane % 2];
                assert_true(sqrt(dr * dr + di * di) < 1e-6 * sqrt((double)n));
            }
        td_fft8_free(fft);
        free(x);
        drop(&a);
        drop(&b);
    }
    td_fft8_free(NULL);
}

static void only_powers_of_two(void **state)
{
    (void)state;
    static const size_t wrong[] = { 0, 1, 8, 17, 48, 1000, (size_t)1 << 21 };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        td_fft *f;
        assert_int_equal(td_fft_new(wrong[i], &f), TD_ARG);
        assert_null(f);
    }
    td_fft_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_is_the_definition),
        cmocka_unit_test(long_ones_are_as_exact),
        cmocka_unit_test(inverse_undoes_forward),
        cmocka_unit_test(an_impulse_is_flat),
        cmocka_unit_test(eight_in_float_are_two_pairs_twice),
        cmocka_unit_test(only_powers_of_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
