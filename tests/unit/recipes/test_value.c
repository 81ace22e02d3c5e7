#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "recipes/reader.h"
#include <stdlib.h>
#include <string.h>

/* One scalar read against one field. */
typedef struct bench {
    td_reader reader;
    td_document doc;
    td_node node;
} bench;

static void begin(bench *b, const char *text)
{
    *b = (bench){ .reader = td_reader_new(td_messages_new(), false) };
    b->doc = (td_document){ .file = "t", .text = text, .length = strlen(text) };
    b->node = (td_node){ .text = text, .plain = true, .doc = &b->doc, .line = 1, .column = 1, .end_line = 1 };
    b->node.end_column = 1 + (unsigned)strlen(text);
}

static void end(bench *b)
{
    td_arena_free(b->reader.arena);
    td_messages_free(b->reader.messages);
}

#define EVERYTHING (TD_GOAL | TD_SOLVABLE | TD_AUTO | TD_MEASURED)

static td_wish wish(const char *text, td_measure m, unsigned flags)
{
    bench b;
    begin(&b, text);
    td_field f = { .name = "x", .measure = m, .min = NAN, .max = NAN, .flags = flags };
    td_wish w;
    if (!td_read_wish(&b.reader, &b.node, &f, &w)) fail_msg("'%s' is refused", text);
    end(&b);
    return w;
}

static void number(const char *text, td_measure m, double wanted)
{
    td_wish w = wish(text, m, 0);
    assert_int_equal(w.kind, TD_WISH_VALUE);
    if (isinf(wanted))
        assert_true(w.a == wanted);
    else
        assert_float_equal(w.a, wanted, 0);
}

static void numbers_with_units(void **state)
{
    (void)state;
    number("-12 dBFS", TD_UNIT_DBFS, -12);
    number("+1.5 dB", TD_UNIT_DB, 1.5);
    number("-6 LU", TD_UNIT_DB, -6);
    number("4dB", TD_UNIT_DB, 4);
    number("-1 dBTP", TD_MEASURE_DBTP, -1);
    number("-14 LUFS", TD_MEASURE_LUFS, -14);
    number("80 Hz", TD_UNIT_HZ, 80);
    number("10 kHz", TD_UNIT_HZ, 10000);
    number(".5 kHz", TD_UNIT_HZ, 500);
    number("10 ms", TD_UNIT_MS, 10);
    number("1.5 s", TD_UNIT_MS, 1500);
    number("2:1", TD_UNIT_RATIO, 2);
    number("1.5:1", TD_UNIT_RATIO, 1.5);
    number("inf:1", TD_UNIT_RATIO, INFINITY);
    number("110 %", TD_UNIT_PERCENT, 110);
    number("30%", TD_UNIT_PERCENT, 30);
    number("12 dB/oct", TD_UNIT_SLOPE, 12);
    number("L30", TD_UNIT_PAN, -30);
    number("C", TD_UNIT_PAN, 0);
    number("R100", TD_UNIT_PAN, 100);
    number("-3 st", TD_UNIT_SEMITONE, -3);
    number("0.7", TD_UNIT_NUMBER, 0.7);
    number("122 bpm", TD_MEASURE_BPM, 122);
    number("192 kbit/s", TD_MEASURE_KBITS, 192);
}

static void wishes(void **state)
{
    (void)state;
    td_wish w = wish("at most 2 dB", TD_UNIT_DB, EVERYTHING);
    assert_int_equal(w.kind, TD_WISH_AT_MOST);
    assert_float_equal(w.a, 2, 0);
    assert_int_equal(wish("at least 6 dB", TD_UNIT_DB, EVERYTHING).kind, TD_WISH_AT_LEAST);
    assert_int_equal(wish("about 3 dB", TD_UNIT_DB, EVERYTHING).kind, TD_WISH_ABOUT);
    assert_int_equal(wish("auto", TD_UNIT_MS, EVERYTHING).kind, TD_WISH_AUTO);
    assert_int_equal(wish("measured", TD_UNIT_HZ, EVERYTHING).kind, TD_WISH_MEASURED);
    w = wish("-4 to 0 dB", TD_UNIT_DB, TD_SOLVABLE);
    assert_int_equal(w.kind, TD_WISH_RANGE);
    assert_float_equal(w.a, -4, 0);
    assert_float_equal(w.b, 0, 0);
    w = wish("150 Hz to 3 kHz", TD_UNIT_HZ, TD_SOLVABLE);
    assert_float_equal(w.a, 150, 0);
    assert_float_equal(w.b, 3000, 0);
    w = wish("5 to 9 kHz", TD_UNIT_HZ, TD_SOLVABLE);
    assert_float_equal(w.a, 5000, 0);
    bench b;
    begin(&b, "1:12");
    td_field position = { .name = "at", .measure = TD_UNIT_MS, .min = 0, .max = 24 * 3600e3 };
    assert_true(td_read_wish(&b.reader, &b.node, &position, &w));
    assert_float_equal(w.a, 72000, 0);
    end(&b);
    w = wish("1/8 note", TD_UNIT_MS, 0);
    assert_int_equal(w.kind, TD_WISH_NOTES);
    assert_float_equal(w.a, 0.125, 0);
}

static void refused(const char *text, td_measure m, unsigned flags)
{
    bench b;
    begin(&b, text);
    td_field f = { .name = "x", .measure = m, .min = -100, .max = 20000, .flags = flags };
    td_wish w;
    if (td_read_wish(&b.reader, &b.node, &f, &w)) fail_msg("'%s' is taken", text);
    assert_int_equal(td_messages_errors(b.reader.messages), 1); /* one mistake, one message */
    end(&b);
}

static void what_is_no_value(void **state)
{
    (void)state;
    static const char *const texts[] = { "",         "dB",
                                         "--3 dB",   "3 dB dB",
                                         "3 4 dB",   "2:0",
                                         "0x10 Hz",  "nan Hz",
                                         "1e999x",   "$",
                                         "$glue",    "at most",
                                         "to",       "3 to",
                                         "to 3 dB",  "1/8",
                                         "1/0 note", "+",
                                         ".",        "1..2 Hz",
                                         "3 dB to",  "inf Hz and more" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) refused(texts[i], TD_UNIT_HZ, EVERYTHING);
    refused("L130", TD_UNIT_PAN, 0);
    refused("2:0", TD_UNIT_RATIO, 0);
    refused("1:12", TD_UNIT_MS, 0);
    refused("30", TD_UNIT_PAN, 0);
    refused("at most 3 dB", TD_UNIT_DB, TD_SOLVABLE);
    refused("3 to 4 dB", TD_UNIT_DB, 0);
    refused("3 dB", TD_UNIT_DB, TD_GOAL);
    refused("-101 dB", TD_UNIT_DB, 0);
}

static void as_text(void **state)
{
    (void)state;
    static const char *const choices[] = { "clean", "opto", NULL };
    static const struct {
        td_param p;
        double value;
        const char *text;
    } cases[] = {
        { { .unit = TD_UNIT_DB, .min = -24, .max = 24 }, 1.5, "+1.5 dB" },
        { { .unit = TD_UNIT_DB, .min = 0, .max = 24 }, 1.5, "1.5 dB" },
        { { .unit = TD_UNIT_DB, .min = -24, .max = 24 }, 0, "0 dB" },
        { { .unit = TD_UNIT_HZ }, 80, "80 Hz" },
        { { .unit = TD_UNIT_HZ }, 10000, "10 kHz" },
        { { .unit = TD_UNIT_MS }, 1500, "1.5 s" },
        { { .unit = TD_UNIT_RATIO }, INFINITY, "inf:1" },
        { { .unit = TD_UNIT_PAN }, -30, "L30" },
        { { .unit = TD_UNIT_PAN }, 0, "C" },
        { { .unit = TD_UNIT_MS, .flags = TD_AUTO }, INFINITY, "auto" },
        { { .unit = TD_UNIT_CHOICE, .choices = choices }, 1, "opto" },
        { { .unit = TD_UNIT_SWITCH }, 1, "on" },
        { { .unit = TD_UNIT_NUMBER }, NAN, "" },
        { { .unit = TD_UNIT_NUMBER }, 0.1, "0.1" },
        { { .unit = TD_UNIT_NUMBER }, 100, "100" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[80];
        assert_string_equal(td_value_text(&cases[i].p, cases[i].value, text, sizeof text), cases[i].text);
    }
    const td_param range = { .unit = TD_UNIT_HZ, .span = 2 }, list = { .unit = TD_UNIT_HZ, .span = 4 };
    char text[80];
    assert_string_equal(td_values_text(&range, (double[]){ 5000, 9000 }, text, sizeof text), "5 to 9 kHz");
    assert_string_equal(td_values_text(&range, (double[]){ 150, 3000 }, text, sizeof text), "150 Hz to 3 kHz");
    assert_string_equal(td_values_text(&list, (double[]){ 120, 700, NAN, NAN }, text, sizeof text), "120 Hz, 700 Hz");
    const td_wish notes = { .kind = TD_WISH_NOTES, .a = 0.375 }, most = { .kind = TD_WISH_AT_MOST, .a = 2 };
    assert_string_equal(td_wish_text(&range, &notes, text, sizeof text), "3/8 note");
    const td_param gain = { .unit = TD_UNIT_DB };
    assert_string_equal(td_wish_text(&gain, &most, text, sizeof text), "at most 2 dB");
}

/* Whatever double is written reads back as the same one. */
static void text_keeps_every_bit(void **state)
{
    (void)state;
    static const td_measure measures[] = { TD_UNIT_NUMBER, TD_UNIT_DB,      TD_UNIT_HZ,
                                           TD_UNIT_MS,     TD_UNIT_PERCENT, TD_UNIT_PAN };
    td_random r;
    td_random_seed(&r, 7);
    for (int i = 0; i < 20000; i++) {
        double value = td_random_uniform(&r) * td_exp10(td_random_uniform(&r) * 14);
        td_measure m = measures[i % 6];
        char text[96];
        td_measure_text(m, value, text, sizeof text);
        td_wish w = wish(text, m, 0);
        if (w.a != value) fail_msg("%.17g became '%s' and %.17g", value, text, w.a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_with_units),   cmocka_unit_test(wishes),
        cmocka_unit_test(what_is_no_value),     cmocka_unit_test(as_text),
        cmocka_unit_test(text_keeps_every_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
