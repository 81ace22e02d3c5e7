#include "jobs/order/naming.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const td_name_parts nightdrive = { .artist = "example artist",
                                          .song = "Nightdrive",
                                          .recipe = "pop-rock",
                                          .part = "Master",
                                          .revision = 1,
                                          .rate_hz = 48000,
                                          .bits = 24 };

static void assert_name(const char *template, const td_name_parts *p, const char *expected)
{
    char out[256];
    assert_int_equal(td_name_fill(template, p, out, sizeof out, NULL), TD_OK);
    assert_string_equal(out, expected);
}

static void default_template(void **state)
{
    (void)state;
    assert_name(TD_NAMING_DEFAULT, &nightdrive, "ExampleArtist_Nightdrive_PopRock01_Master_48k24");
}

static void a_revised_mix_has_a_name_of_its_own(void **state)
{
    (void)state;
    td_name_parts p = nightdrive;
    p.revised = 1;
    assert_name(TD_NAMING_DEFAULT, &p, "ExampleArtist_Nightdrive_PopRock01r2_Master_48k24");
}

static void parts_that_are_missing_leave_no_trace(void **state)
{
    (void)state;
    td_name_parts p = nightdrive;
    p.artist = NULL;
    p.bits = 0;
    assert_name(TD_NAMING_DEFAULT, &p, "Nightdrive_PopRock01_Master_48k");
}

static void names_are_ascii_and_short(void **state)
{
    (void)state;
    td_name_parts p = nightdrive;
    p.song = "Über den großen Teich – noch einmal";
    assert_name("{Song}", &p, "UeberDenGrossen");
    p.rate_hz = 44100;
    assert_name("{Song}/{rate}", &p, "UeberDenGrossen-44k");
}

static void numbers_stay_apart(void **state)
{
    (void)state;
    td_name_parts p = nightdrive;
    p.recipe = "pop-rock-2";
    assert_name(TD_NAMING_DEFAULT, &p, "ExampleArtist_Nightdrive_PopRock2-01_Master_48k24");
    assert_name("2026_{Part}", &p, "2026_Master");
}

static void unknown_words_are_named(void **state)
{
    (void)state;
    char out[64];
    td_error err;
    assert_int_equal(td_name_fill("{Titel}", &nightdrive, out, sizeof out, &err), TD_JOB);
    assert_non_null(strstr(err.what, "Titel"));
    assert_int_equal(td_name_fill("{Song", &nightdrive, out, sizeof out, &err), TD_JOB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_template),
        cmocka_unit_test(a_revised_mix_has_a_name_of_its_own),
        cmocka_unit_test(parts_that_are_missing_leave_no_trace),
        cmocka_unit_test(names_are_ascii_and_short),
        cmocka_unit_test(numbers_stay_apart),
        cmocka_unit_test(unknown_words_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
