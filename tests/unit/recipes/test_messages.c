#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "recipes/recipes.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every NAME.yaml of the folder is a wrong recipe, or a wrong job where it begins with job-; NAME.txt is what a person
 * has to read about it, to the byte. TD_GOLDEN_WRITE=1 writes what is said instead, for reading it over. */
#define FOLDER "tests/golden/recipes"

static td_library *library;

static int open_library(void **state)
{
    (void)state;
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    return td_library_open(FOLDER "/house", &library, NULL);
}

static int close_library(void **state)
{
    (void)state;
    td_library_free(library);
    return 0;
}

/* What `topdown recipe check` or `topdown job check` prints. */
static char *said_about(const char *name, td_status *st)
{
    char path[512];
    snprintf(path, sizeof path, FOLDER "/%s.yaml", name);
    td_messages *m = td_messages_new();
    td_recipe *recipe = NULL;
    td_order *order = NULL;
    *st = strncmp(name, "job-", 4) == 0 ? td_order_load(library, path, &order, m)
                                        : td_recipe_load(library, path, NULL, 0, &recipe, m);
    td_text text = { 0 };
    td_messages_text(m, &text);
    td_messages_summary(m, &text);
    assert_int_equal(*st != TD_OK, td_messages_errors(m) > 0);
    td_recipe_free(recipe);
    td_order_free(order);
    td_messages_free(m);
    assert_false(text.broken);
    return text.data ? text.data : strdup("");
}

static void check(const char *name)
{
    char path[512];
    td_status st;
    char *said = said_about(name, &st), *wanted;
    size_t length;
    snprintf(path, sizeof path, FOLDER "/%s.txt", name);
    if (getenv("TD_GOLDEN_WRITE")) assert_int_equal(td_file_write(path, said, strlen(said), true, NULL), TD_OK);
    td_arena *a = td_arena_new();
    assert_int_equal(td_file_read(a, path, 1 << 20, &wanted, &length, NULL), TD_OK);
    if (strcmp(said, wanted) != 0) fail_msg("%s: said\n%s\nwanted\n%s", name, said, wanted);
    if (!said[0]) fail_msg("nobody minds %s", name);
    td_arena_free(a);
    free(said);
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    DIR *d = opendir(FOLDER);
    assert_non_null(d);
    unsigned n = 0;
    for (struct dirent *file; (file = readdir(d));) {
        if (!td_ends_with(file->d_name, ".yaml")) continue;
        char name[256];
        snprintf(name, sizeof name, "%.*s", (int)strlen(file->d_name) - 5, file->d_name);
        check(name);
        n++;
    }
    closedir(d);
    assert_true(n >= 100);
}

static void as_data(void **state)
{
    (void)state;
    static const char text[] =
        "{ \"topdown\": \"job/1\", \"stems\": \"https://x.example/a/\", \"recipes\": [ \"base\",\n"
        "  { \"recipe\": \"base\", \"set\": { \"warmth\": \"9 dB\" } } ], \"rough\": \"/etc/passwd\" }";
    td_messages *m = td_messages_new();
    td_order *order;
    assert_int_equal(td_order_parse(library, NULL, text, sizeof text - 1, &order, m), TD_JOB);
    assert_int_equal(td_messages_count(m), 2);
    const td_message *range = td_messages_at(m, 0), *path = td_messages_at(m, 1);
    assert_string_equal(range->pointer, "/recipes/1/set/warmth");
    assert_string_equal(range->code, "out_of_range");
    assert_string_equal(range->hint, "0 to 6 dB");
    assert_int_equal(range->line, 2);
    assert_int_equal(range->column, 42);
    assert_string_equal(path->pointer, "/rough");
    assert_string_equal(path->code, "no_files");
    td_text json = { 0 };
    td_messages_json(m, &json);
    assert_non_null(strstr(json.data, "\"pointer\": \"/recipes/1/set/warmth\""));
    td_text_free(&json);
    td_error err;
    assert_int_equal(td_messages_error(m, TD_JOB, &err), TD_JOB);
    assert_string_equal(err.where, "job:2:42");
    td_messages_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(as_data),
    };
    return cmocka_run_group_tests(tests, open_library, close_library);
}
