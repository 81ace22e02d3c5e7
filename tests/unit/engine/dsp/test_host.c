#include "engine/dsp/dsp.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void finds(void **unused)
{
    (void)unused;
    const td_processor *gain = td_processor_find("gain");
    assert_non_null(gain);
    assert_null(td_processor_find("gian"));
    assert_int_equal(td_param_find(gain, "gain"), 0);
    assert_int_equal(td_param_find(gain, "level"), -1);
    double value;
    td_processor_defaults(gain, &value);
    assert_true(value == 0);
}

static void rounds(void **unused)
{
    (void)unused;
    static const struct {
        td_unit unit;
        double step, from, to;
    } cases[] = {
        { TD_UNIT_DB, 0, -2.5499, -2.5 },    { TD_UNIT_DBFS, 0, -21.44, -21.4 }, { TD_UNIT_HZ, 0, 417.4, 417 },
        { TD_UNIT_HZ, 0, 3163.0, 3160 },     { TD_UNIT_MS, 0, 12.34, 12.3 },     { TD_UNIT_MS, 0, 251.6, 252 },
        { TD_UNIT_RATIO, 0, 2.504, 2.5 },    { TD_UNIT_PERCENT, 0, 49.7, 50 },   { TD_UNIT_DB, 0.01, 1.234, 1.23 },
        { TD_UNIT_NUMBER, 0, 0.7071, 0.71 }, { TD_UNIT_DB, 0, 99990, 9000 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        td_param p = { "x", cases[i].unit, -9000, 9000, 0, cases[i].step, .help = "" };
        assert_true(td_param_round(&p, cases[i].from) == cases[i].to);
    }
    td_param p = { "x", TD_UNIT_DB, -9, 9, 0, .help = "" };
    assert_true(isinf(td_param_round(&p, INFINITY)) && isnan(td_param_round(&p, NAN)));
}

static void texts(void **unused)
{
    (void)unused;
    static const char *const words[] = { "vca", "opto", NULL };
    static const struct {
        td_unit unit;
        double value;
        const char *text;
    } cases[] = {
        { TD_UNIT_DB, 1, "+1 dB" },           { TD_UNIT_DB, -2.5, "-2.5 dB" },   { TD_UNIT_DB, -0.0, "0 dB" },
        { TD_UNIT_DBFS, -12, "-12 dBFS" },    { TD_UNIT_HZ, 80, "80 Hz" },       { TD_UNIT_HZ, 10000, "10 kHz" },
        { TD_UNIT_MS, 10, "10 ms" },          { TD_UNIT_MS, 1500, "1.5 s" },     { TD_UNIT_RATIO, 2, "2:1" },
        { TD_UNIT_RATIO, INFINITY, "inf:1" }, { TD_UNIT_PERCENT, 110, "110 %" }, { TD_UNIT_SLOPE, 12, "12 dB/oct" },
        { TD_UNIT_PAN, -30, "L30" },          { TD_UNIT_PAN, 100, "R100" },      { TD_UNIT_PAN, 0, "C" },
        { TD_UNIT_SWITCH, 1, "on" },          { TD_UNIT_CHOICE, 1, "opto" },     { TD_UNIT_SEMITONE, -3, "-3 st" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[32];
        td_param p = { "x", cases[i].unit, -1e5, 1e5, 0, .choices = words, .help = "" };
        assert_string_equal(td_param_text(&p, cases[i].value, out), cases[i].text);
    }
    char out[32];
    td_param release = { "release", TD_UNIT_MS, 1, 100, 50, .flags = TD_AUTO, .help = "" };
    assert_string_equal(td_param_text(&release, INFINITY, out), "auto");
}

static void checks(void **unused)
{
    (void)unused;
    const td_processor *gain = td_processor_find("gain");
    td_format fmt = { .rate_hz = 48000 };
    td_unit_state *u;
    td_error err = { 0 };
    double value = 25;
    td_settings set = { .value = &value };
    assert_int_equal(td_unit_new(gain, &fmt, &set, &u, &err), TD_RECIPE);
    assert_null(u);
    assert_string_equal(err.what, "gain: gain +25 dB is outside -60 dB to +24 dB");
    value = INFINITY; /* `auto` is not for this one */
    assert_int_equal(td_settings_check(gain, &set, NULL), TD_RECIPE);
    td_part part = { gain, &value };
    value = 0;
    set.part = &part;
    set.n_parts = 1;
    assert_int_equal(td_settings_check(gain, &set, &err), TD_RECIPE);
    assert_string_equal(err.what, "gain: gain cannot stand in it");
    set.n_parts = 0;
    value = NAN; /* not set: the default, a wire */
    assert_int_equal(td_unit_new(gain, &fmt, &set, &u, NULL), TD_OK);
    assert_true(td_unit_power_at(u, 1000) == 1 && td_unit_latency(u) == 0 && td_unit_tail(u) == 0);
    td_unit_free(u);
    td_unit_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(finds), cmocka_unit_test(rounds), cmocka_unit_test(texts),
                                        cmocka_unit_test(checks) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
