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

/* Umlauts of one character or two, Polish and Romanian letters; a song ends with a word, if that leaves the more of
 * it. */
static void names_are_spelt_alike_everywhere(void **state)
{
    (void)state;
    static const struct {
        const char *song, *words, *label;
    } rows[] = {
        { "Gr\xc3\xb6\xc3\x9f"
          "enwahn \xe2\x80\x93 M\xc3\xbcller & S\xc3\xb6hne",
          "Groessenwahn", "Groessenwahn-Mueller-Soehne" },
        { "Ein ziemlich langer Titel", "EinZiemlich", "Ein-ziemlich-langer-Titel" },
        { "A Donaudampfschifffahrt", "ADonaudampfschi", "A-Donaudampfschifffahrt" },
        { "Meins fu\xcc\x88r Ko\xcc\x88ln", "MeinsFuerKoeln", "Meins-fuer-Koeln" },
        { "\xc5\x81\xc3\xb3"
          "d\xc5\xba, Bra\xc8\x99ov",
          "LodzBrasov", "Lodz-Brasov" },
        { "\xe6\x9d\xb1\xe4\xba\xac", "\xe6\x9d\xb1\xe4\xba\xac", "\xe6\x9d\xb1\xe4\xba\xac" },
        { "\xe6\x9d\xb1\xe4\xba\xac 2",
          "\xe6\x9d\xb1\xe4\xba\xac"
          "2",
          "\xe6\x9d\xb1\xe4\xba\xac-"
          "2" },
        { "../\xe2\x80\xae\xd0\x9c\xd0\xb8\xd1\x80/\x01\x7f.", "\xd0\x9c\xd0\xb8\xd1\x80", "\xd0\x9c\xd0\xb8\xd1\x80" },
        { "pop-rock-2", "PopRock2", "pop-rock-2" },
        { "\xff\xc3 \xe0\x8e\x86!", "", "" },
        { "1999", "1999", "1999" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[64];
        td_name_words(rows[i].song, NULL, 15, out, sizeof out);
        assert_string_equal(out, rows[i].words);
        td_name_words(rows[i].song, "-", 64, out, sizeof out);
        assert_string_equal(out, rows[i].label);
    }
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
        cmocka_unit_test(names_are_spelt_alike_everywhere),
        cmocka_unit_test(numbers_stay_apart),
        cmocka_unit_test(unknown_words_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
