/* The cache's folder: what goes first, what stays, and files that are none. */
#include "engine/base/cache.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/topdown-cache-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

static const char *in_folder(const char *what)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, what);
    return path;
}

/* A file of 1000 bytes that was last used at a time. */
static void leave(const char *what, int64_t used)
{
    FILE *f = fopen(in_folder(what), "wb");
    for (int i = 0; i < 1000; i++) fputc('x', f);
    fclose(f);
    const struct timespec at[2] = { { .tv_sec = used }, { .tv_sec = used } };
    assert_int_equal(utimensat(AT_FDCWD, in_folder(what), at, 0), 0);
}

static bool is_there(const char *what)
{
    return access(in_folder(what), F_OK) == 0;
}

static void the_longest_unused_goes_first(void **state)
{
    (void)state;
    leave("b.group", 200);
    leave("a.survey", 300);
    leave("c.sha256", 400);
    leave("letter.txt", 1); /* not ours */
    assert_int_equal(td_cache_bytes(folder), 3000);
    assert_int_equal(td_cache_room(folder, 500, 3500, 1000), 500);
    assert_int_equal(td_cache_bytes(folder), 3000);
    assert_int_equal(td_cache_room(folder, 500, 3400, 1000), 500);
    assert_false(is_there("b.group"));
    assert_int_equal(td_cache_room(folder, 1500, 2000, 400), 1000); /* c was used since: it stays, some fits */
    assert_false(is_there("a.survey"));
    assert_true(is_there("c.sha256"));
    assert_int_equal(td_cache_room(folder, 0, 0, INT64_MAX), 0);
    assert_int_equal(td_cache_bytes(folder), 0);
    assert_true(is_there("letter.txt"));
    assert_int_equal(td_cache_room("/nowhere/at/all", 1, 10, 0), 0);
}

static void what_a_crash_left_goes_after_an_hour(void **state)
{
    (void)state;
    leave(".td-young", time(NULL) - 60);
    leave(".td-old", time(NULL) - 4000);
    td_cache_room(folder, 0, 1000000, 0);
    assert_true(is_there(".td-young"));
    assert_false(is_there(".td-old"));
}

/* However much is free, a little more is wanted: then all that is kept goes, but only for a folder on its own disk. */
static void it_gives_way_to_who_needs_the_disk(void **state)
{
    (void)state;
    leave("a.group", 300);
    td_cache_yield(folder, "/proc", UINT64_MAX);
    assert_true(is_there("a.group"));
    td_cache_yield(folder, folder, 1);
    assert_true(is_there("a.group"));
    td_cache_yield(folder, folder, UINT64_MAX);
    assert_false(is_there("a.group"));
}

/* Else it would wait for somebody to write. */
static void a_pipe_is_no_file(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(in_folder("p.sha256"), 0600), 0);
    assert_null(td_cache_open(in_folder("p.sha256")));
}

static void it_is_whole_or_not_there(void **state)
{
    (void)state;
    char temp[200], path[200];
    assert_true(td_cache_path(folder, TD_CACHE_GROUP, "a", path, sizeof path));
    assert_false(td_cache_path(folder, TD_CACHE_GROUP, "a", path, 10));
    assert_true(td_cache_path(folder, TD_CACHE_GROUP, "a", path, sizeof path));
    FILE *f = td_cache_begin(path, temp, sizeof temp);
    assert_non_null(f);
    assert_false(is_there("a.group"));
    assert_false(td_cache_end(f, temp, path, false));
    assert_int_equal(td_cache_bytes(folder), 0);
    f = td_cache_begin(path, temp, sizeof temp);
    fputs("sound", f);
    assert_true(td_cache_end(f, temp, path, true));
    assert_int_equal(td_cache_bytes(folder), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_longest_unused_goes_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_crash_left_goes_after_an_hour, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_gives_way_to_who_needs_the_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pipe_is_no_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_is_whole_or_not_there, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
