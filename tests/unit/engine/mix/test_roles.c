#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/mix/roles.h"
#include <stdlib.h>
#include <string.h>

enum { CASES_MAX = 1024, SESSION_MAX = 64 };

typedef struct role_case {
    const char *session, *name, *role, *side;
} role_case;

/* Rows of tests/golden/roles.tsv; text is cut into them in place. */
static size_t read_cases(char *text, role_case *c)
{
    size_t n = 0;
    char *line_end, *tab;
    for (char *line = strtok_r(text, "\n", &line_end); line; line = strtok_r(NULL, "\n", &line_end)) {
        if (*line == '#') continue;
        assert_true(n < CASES_MAX);
        c[n].session = strtok_r(line, "\t", &tab);
        c[n].name = strtok_r(NULL, "\t", &tab);
        c[n].role = strtok_r(NULL, "\t", &tab);
        c[n].side = strtok_r(NULL, "\t", &tab);
        assert_non_null(c[n].side);
        n++;
    }
    return n;
}

/* How many of n names, read together, are not what they should be; each is printed. */
static size_t wrong(const role_case *c, size_t n)
{
    const char *name[SESSION_MAX] = { NULL };
    td_role r[SESSION_MAX];
    size_t bad = 0;
    for (size_t i = 0; i < n; i++) name[i] = c[i].name;
    td_roles_read(name, n, r);
    for (size_t i = 0; i < n; i++) {
        char got[sizeof r->name + 1];
        strcpy(got, r[i].name);
        if (r[i].guess) strcat(got, "?");
        char side = r[i].side ? r[i].side : '-';
        if (!strcmp(got, c[i].role) && side == c[i].side[0]) continue;
        print_error("%s: is %s, side %c; should be %s, side %s (%s)\n", c[i].name, got, side, c[i].role, c[i].side,
                    r[i].why);
        bad++;
    }
    return bad;
}

static void names_are_read_as_people_mean_them(void **state)
{
    (void)state;
    td_arena *a = td_arena_new();
    char *text;
    size_t length, bad = 0;
    assert_int_equal(td_file_read(a, "tests/golden/roles.tsv", 1 << 20, &text, &length, NULL), TD_OK);
    role_case *c = td_arena_array(a, CASES_MAX, sizeof *c);
    size_t n = read_cases(text, c);
    assert_true(n >= 320);
    for (size_t i = 0, count; i < n; i += count) {
        count = 1;
        while (strcmp(c[i].session, "-") && i + count < n && !strcmp(c[i].session, c[i + count].session)) count++;
        bad += wrong(&c[i], count);
    }
    assert_int_equal(bad, 0);
    td_arena_free(a);
}

/* Every row of the table can be reached: a recipe may not name a role that no file name leads to. */
static void roles_are_known_once(void **state)
{
    (void)state;
    const char *const *role;
    size_t n = td_role_names(&role);
    for (size_t i = 0; i < n; i++) {
        assert_true(td_role_known(role[i]));
        assert_true(strlen(role[i]) < sizeof((td_role *)0)->name);
        for (size_t k = 0; k < i; k++) assert_string_not_equal(role[i], role[k]);
    }
    for (size_t i = 0; td_buses[i]; i++) assert_true(td_role_known(td_buses[i]));
    assert_true(td_role_known("ignore"));
    assert_false(td_role_known("drums.kicks"));
    assert_false(td_role_known(""));
}

static void a_role_is_covered_by_itself_and_what_is_above(void **state)
{
    (void)state;
    assert_true(td_role_covers("drums", "drums.kick.in"));
    assert_true(td_role_covers("drums.kick", "drums.kick.in"));
    assert_true(td_role_covers("drums.kick.in", "drums.kick.in"));
    assert_true(td_role_covers("all", "other"));
    assert_false(td_role_covers("drums.kick.in", "drums.kick"));
    assert_false(td_role_covers("drum", "drums.kick"));
    assert_false(td_role_covers("drums.ki", "drums.kick"));
}

static void sides_of_one_track_share_a_key(void **state)
{
    (void)state;
    const char *name[] = { "01 Gtr 2 L.wav", "02 Gtr 2 R.wav", "03 OHL.wav", "04 OHR.wav", "05 Gtr 3 R.wav" };
    td_role r[5];
    td_roles_read(name, 5, r);
    assert_string_equal(r[0].pair_key, r[1].pair_key);
    assert_string_equal(r[2].pair_key, r[3].pair_key);
    assert_string_not_equal(r[0].pair_key, r[4].pair_key);
}

static void tempo_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double bpm;
    } c[] = { { "Kick_124bpm.wav", 124 }, { "Kick 92.5 BPM.wav", 92.5 }, { "BPM-140 Kick.wav", 140 },
              { "Kick 124.wav", 0 },      { "2.128bpm.wav", 2.128 * 0 }, { "bpm.wav", 0 },
              { "9000bpm.wav", 0 } };
    for (size_t i = 0; i < sizeof c / sizeof *c; i++)
        assert_float_equal(td_role_read(c[i].name).tempo_bpm, c[i].bpm, 1e-12);
}

static void what_two_buses_claim_is_a_guess(void **state)
{
    (void)state;
    td_role r = td_role_read("Gtr & Bass.wav");
    assert_true(r.two_buses && r.guess);
    assert_string_equal(r.name, "guitars");
    assert_non_null(strstr(r.why, "guitars, bass"));
    assert_int_equal(td_role_read("???.wav").source, TD_ROLE_UNKNOWN);
}

static void hostile_names_are_only_names(void **state)
{
    (void)state;
    char name[4096];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = 0;
    assert_string_equal(td_role_read(name).name, "other");
    for (size_t i = 0; i < sizeof name - 1; i++) name[i] = "k k%\xc3\xf0_1L"[i % 10];
    (void)td_role_read(name);
    for (int c = 1; c < 256; c++) {
        char one[] = { (char)c, 0 }, cut[] = { 'K', '%', (char)c, 0 };
        (void)td_role_read(one);
        (void)td_role_read(cut);
    }
    assert_string_equal(td_role_read("").name, "other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_read_as_people_mean_them),
        cmocka_unit_test(roles_are_known_once),
        cmocka_unit_test(a_role_is_covered_by_itself_and_what_is_above),
        cmocka_unit_test(sides_of_one_track_share_a_key),
        cmocka_unit_test(tempo_is_named),
        cmocka_unit_test(what_two_buses_claim_is_a_guess),
        cmocka_unit_test(hostile_names_are_only_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
