#include "engine/base/text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Columns as UAX #11 and any terminal have them. */
static void columns_are_those_of_a_terminal(void **state)
{
    (void)state;
    assert_int_equal(td_width("Kick"), 4);
    assert_int_equal(td_width("Gr\xc3\xb6\xc3\x9f"
                              "e"),
                     5);
    assert_int_equal(td_width("Gro\xcc\x88\xc3\x9f"
                              "e"),
                     5); /* the same, as macOS writes names */
    assert_int_equal(td_width("\xe6\x9d\xb1\xe4\xba\xac"), 4);
    assert_int_equal(td_width("\xe2\x80\x93"), 1);
    assert_int_equal(td_width("\xf0\x9f\x8e\xb8"), 2);
}

static void a_field_has_its_columns(void **state)
{
    (void)state;
    char out[64];
    snprintf(out, sizeof out, "%-*s|", td_filling("T\xc3\xb6ne", 6), "T\xc3\xb6ne");
    assert_string_equal(out, "T\xc3\xb6ne  |");
    snprintf(out, sizeof out, "%-*s|", td_filling("T\xc3\xb6ne", 2), "T\xc3\xb6ne");
    assert_string_equal(out, "T\xc3\xb6ne|");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(columns_are_those_of_a_terminal),
                                        cmocka_unit_test(a_field_has_its_columns) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
