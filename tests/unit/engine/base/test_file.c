#include "engine/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static const char *in_folder(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void assert_refused(const char *path, const char *what)
{
    int fd = 7;
    uint64_t size;
    td_error err = { 0 };
    assert_int_equal(td_file_open(path, &fd, &size, &err), TD_ARG);
    assert_int_equal(fd, -1);
    assert_non_null(strstr(err.what, what));
    assert_string_equal(err.where, path);
}

static void what_is_no_file_is_refused_at_once(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    assert_refused(in_folder("pipe"), "is not a file");
    assert_refused(folder, "is not a file");
    assert_refused("/dev/zero", "is not a file");
    assert_refused(in_folder("nothing"), "No such file");
    assert_int_equal(symlink("loop", in_folder("loop")), 0);
    assert_refused(in_folder("loop"), "symbolic links");
}

static void files_appear_whole_and_are_not_replaced(void **state)
{
    (void)state;
    td_arena *a = td_arena_new();
    char *data;
    size_t length;
    const char *path = in_folder("text");
    assert_int_equal(td_file_write(path, "one", 3, false, NULL), TD_OK);
    assert_int_equal(td_file_write(path, "two", 3, false, NULL), TD_ARG);
    assert_int_equal(td_file_read(a, path, 3, &data, &length, NULL), TD_OK);
    assert_string_equal(data, "one");
    assert_int_equal(td_file_write(path, "three", 5, true, NULL), TD_OK);
    assert_int_equal(td_file_read(a, path, 3, &data, &length, NULL), TD_ARG);
    assert_int_equal(td_file_read(a, path, 5, &data, &length, NULL), TD_OK);
    assert_string_equal(data, "three");
    td_arena_free(a);
}

static void a_file_is_no_folder(void **state)
{
    (void)state;
    td_error err;
    assert_int_equal(td_file_write("/dev/full/x", "one", 3, true, &err), TD_ARG);
    assert_int_equal(td_folder_make(in_folder("text/below"), &err), TD_ARG);
    assert_int_equal(td_folder_sync(in_folder("text"), &err), TD_DISK);
    assert_int_equal(td_folder_sync(folder, &err), TD_OK);
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/td-file.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = { "pipe", "loop", "text" };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlink(in_folder(names[i]));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_file_is_refused_at_once),
        cmocka_unit_test(files_appear_whole_and_are_not_replaced),
        cmocka_unit_test(a_file_is_no_folder),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
