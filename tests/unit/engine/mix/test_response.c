/* What a linear chain is foretold to make of a sound, against formulas. */
#include "engine/base/maths.h"
#include "engine/mix/decide/response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const td_format format = { .rate_hz = 48000, .tempo_bpm = 120 };

/* A step at its defaults, its part too; storage is the caller's. */
typedef struct one {
    double value[TD_VALUES_MAX], part_value[TD_VALUES_MAX];
    td_plan_part part;
    td_plan_step step;
} one;

static void set(const td_processor *p, double *value, const char *name, double to)
{
    int slot = td_param_find(p, name);
    assert_true(slot >= 0);
    value[slot] = to;
}

static td_plan_chain chain_of(one *o, const char *name)
{
    const td_processor *p = td_processor_find(name);
    assert_non_null(p);
    td_processor_defaults(p, o->value);
    o->step = (td_plan_step){ .proc = p, .value = o->value, .blend = 1 };
    return (td_plan_chain){ &o->step, 1 };
}

static td_band_power response_of(const td_plan_chain *c)
{
    td_band_power r;
    td_error err = { 0 };
    assert_true(td_chain_linear(c));
    if (td_chain_response(&format, c, &r, &err)) fail_msg("%s", err.what);
    return r;
}

/* Bands that its cuts at 20 Hz and 20 kHz leave alone: 200 Hz to 5 kHz. */
static void each_is(const double *power, double expected, double within)
{
    for (size_t b = 9; b <= 23; b++)
        if (!(fabs(power[b] - expected) <= within))
            fail_msg("%g Hz: %g instead of %g", td_band_hz(b), power[b], expected);
}

static td_plan_chain echo(one *o, double time_ms, double feedback, bool ping_pong)
{
    td_plan_chain c = chain_of(o, "delay");
    set(o->step.proc, o->value, "time", time_ms);
    set(o->step.proc, o->value, "feedback", feedback);
    set(o->step.proc, o->value, "ping_pong", ping_pong);
    set(o->step.proc, o->value, "low_cut", 20);
    set(o->step.proc, o->value, "high_cut", 20000);
    return c;
}

static void test_gain_is_its_square(void **state)
{
    (void)state;
    one o;
    td_plan_chain c = chain_of(&o, "gain");
    o.value[0] = -6;
    td_band_power r = response_of(&c);
    for (size_t b = 0; b < TD_BANDS; b++) {
        assert_float_equal(r.ll[b], pow(10, -0.6), 1e-4);
        assert_float_equal(r.rr[b], pow(10, -0.6), 1e-4);
        assert_float_equal(r.lr[b], 0, 1e-9);
    }
    assert_float_equal(td_response_db(&r, &(td_band_power){ .ll = { [15] = 1 } }), -6, 1e-3);
    assert_true(isnan(td_response_db(&r, &(td_band_power){ 0 })));
}

/* 1 + g^2 + g^4 ... is 1 / (1 - g^2), whether echoes lie in a piece, at its edge or far apart. */
static void test_echoes_add_as_powers(void **state)
{
    (void)state;
    static const double time_ms[] = { 8192 / 48.0, 8191 / 48.0, 16384 / 48.0, 500, 1800 };
    for (size_t i = 0; i < sizeof time_ms / sizeof *time_ms; i++) {
        one o;
        td_plan_chain c = echo(&o, time_ms[i], 50, false);
        td_band_power r = response_of(&c);
        each_is(r.ll, 4.0 / 3, 0.06);
        each_is(r.rr, 4.0 / 3, 0.06);
        each_is(r.lr, 0, 1e-6);
    }
}

/* Half of what is on one side alone becomes echoes, and twice as much of what both sides hold alike. */
static void test_sides_that_are_alike_add_up(void **state)
{
    (void)state;
    one o;
    td_plan_chain c = echo(&o, 500, 50, true);
    td_band_power r = response_of(&c);
    each_is(r.ll, 2.0 / 3, 0.03);
    each_is(r.rr, 2.0 / 3, 0.03);
    each_is(r.lr, 4.0 / 3, 0.06);
}

/* Second-order Butterworth: |H|^2 = x^4 / (1 + x^4), x the frequency over the corner's; its mean over every band. */
static void test_a_low_cut_takes_what_it_should(void **state)
{
    (void)state;
    one o;
    td_plan_chain c = chain_of(&o, "eq");
    o.part = (td_plan_part){ .proc = td_part_find(o.step.proc, "low_cut"), .value = o.part_value };
    td_processor_defaults(o.part.proc, o.part_value);
    set(o.part.proc, o.part_value, "at", 400);
    set(o.part.proc, o.part_value, "slope", 12);
    o.step.part = &o.part;
    o.step.n_parts = 1;
    td_band_power r = response_of(&c);
    for (size_t b = 6; b < TD_BANDS; b++) {
        double mean = 0;
        for (int i = 0; i < 100; i++) {
            double low = td_band_hz(b) * pow(10, -0.05), high = td_band_hz(b) * pow(10, 0.05);
            double x = (low + (high - low) * (i + 0.5) / 100) / 400;
            mean += pow(x, 4) / (1 + pow(x, 4)) / 100;
        }
        if (!(fabs(10 * log10(r.ll[b] / mean)) < 0.2))
            fail_msg("%g Hz: %.2f dB off", td_band_hz(b), 10 * log10(r.ll[b] / mean));
    }
}

static void test_who_listens_is_not_linear(void **state)
{
    (void)state;
    static const char *const never[] = { "compressor", "saturation", "automation", "pitch" };
    one o;
    td_plan_chain c;
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        c = chain_of(&o, never[i]);
        assert_false(td_chain_linear(&c));
        o.step.bypass = true;
        assert_true(td_chain_linear(&c));
    }
    c = chain_of(&o, "delay");
    assert_true(td_chain_linear(&c));
    set(o.step.proc, o.value, "duck", 6);
    assert_false(td_chain_linear(&c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gain_is_its_square),          cmocka_unit_test(test_echoes_add_as_powers),
        cmocka_unit_test(test_sides_that_are_alike_add_up), cmocka_unit_test(test_a_low_cut_takes_what_it_should),
        cmocka_unit_test(test_who_listens_is_not_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
