#include "signals.h"

static td_vu *meter(double rate_hz)
{
    td_vu *m;
    assert_int_equal(td_vu_new(rate_hz, &m), TD_OK);
    return m;
}

/* A step of DC: 99 % after 300 ms, and 1 to 1.5 % over. Read from the maximum, which rises until the needle turns. */
static void ballistics(void **state)
{
    (void)state;
    static const double rates[] = { 6000, 44100, 48000, 96000 };
    for (size_t r = 0; r < 4; r++) {
        td_vu *m = meter(rates[r]);
        float one = 1;
        double full = 20 * log10(1.5707963267948966), reached = 0;
        for (size_t i = 0; i < (size_t)rates[r]; i++) {
            td_vu_add(m, &one, &one, 1);
            if (!reached && td_vu_max_dbfs(m) >= full + 20 * log10(0.99)) reached = (double)(i + 1) / rates[r];
        }
        double over = pow(10, (td_vu_max_dbfs(m) - full) / 20) - 1;
        assert_true(reached > 0.290 && reached < 0.310);
        assert_true(over > 0.010 && over < 0.015);
        td_vu_free(m);
    }
}

static void a_sine_reads_its_peak(void **state)
{
    (void)state;
    static const double freq[] = { 35, 100, 1000, 10000 };
    for (size_t i = 0; i < 4; i++) {
        signal s = { .rate_hz = 48000 };
        add_tone(&s, freq[i], -18, 4);
        td_vu *m = meter(48000);
        td_vu_add(m, s.ch[0], s.ch[1], 48000);
        td_vu_free(m);
        m = meter(48000);
        /* fade in, so that the needle does not overshoot */
        for (size_t k = 0; k < 48000; k++)
            for (int c = 0; c < 2; c++) s.ch[c][k] *= (float)k / 48000;
        td_vu_add(m, s.ch[0], s.ch[1], s.frames);
        assert_true(fabs(td_vu_max_dbfs(m) + 18) < 0.2);
        td_vu_free(m);
        signal_free(&s);
    }
}

static void one_side_counts_half(void **state)
{
    (void)state;
    signal s = { .rate_hz = 48000 };
    add_tone(&s, 1000, 0, 2);
    float *silence = calloc(s.frames, sizeof *silence);
    td_vu *both = meter(48000), *one = meter(48000), *none = meter(48000);
    td_vu_add(both, s.ch[0], s.ch[1], s.frames);
    td_vu_add(one, s.ch[0], silence, s.frames);
    td_vu_add(none, silence, silence, s.frames);
    assert_true(fabs(td_vu_max_dbfs(both) - td_vu_max_dbfs(one) - 6.0206) < 0.001);
    assert_true(td_vu_mean_dbfs(both) < td_vu_max_dbfs(both));
    assert_true(isinf(td_vu_max_dbfs(none)) && isinf(td_vu_mean_dbfs(none)));
    td_vu_free(both);
    td_vu_free(one);
    td_vu_free(none);
    free(silence);
    signal_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ballistics),
        cmocka_unit_test(a_sine_reads_its_peak),
        cmocka_unit_test(one_side_counts_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
