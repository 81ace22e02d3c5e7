/* Kept sound comes back bit by bit or not at all, and a cache stays within its limit. */
#include "engine/mix/frozen.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { FRAMES = 10007, BLOCK = 2048 }; /* no whole number of blocks */

static const char name[TD_SHA256_HEX] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
static const char figures[] = "thirteen char"; /* no whole number of words */
static char folder[64], path[200];
static float left[FRAMES], right[FRAMES], back[2][FRAMES];

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/topdown-frozen-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/%s.group", folder, name);
    for (size_t i = 0; i < FRAMES; i++) {
        left[i] = 1.0f / (float)(i + 1);
        right[i] = -1e-38f * (float)i; /* the smallest there are */
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

static void write_some(td_frozen *f, size_t frames)
{
    for (size_t at = 0; at < frames; at += BLOCK) {
        const float *ch[2] = { left + at, right + at };
        td_frozen_write(f, ch, frames - at < BLOCK ? frames - at : BLOCK);
    }
}

static void keep(void)
{
    td_frozen *f = td_frozen_begin(folder, name, FRAMES);
    assert_non_null(f);
    write_some(f, FRAMES);
    td_frozen_commit(f, figures, sizeof figures);
    td_frozen_free(f);
}

static size_t files(void)
{
    char command[120];
    size_t n = 0;
    snprintf(command, sizeof command, "find %s -type f | wc -l", folder);
    FILE *p = popen(command, "r");
    assert_int_equal(fscanf(p, "%zu", &n), 1);
    pclose(p);
    return n;
}

static void comes_back_bit_by_bit(void **state)
{
    (void)state;
    keep();
    td_frozen *f = td_frozen_find(folder, name, FRAMES);
    assert_non_null(f);
    for (size_t at = 0; at < FRAMES; at += 999) { /* not as it was written */
        float *ch[2] = { back[0] + at, back[1] + at };
        assert_true(td_frozen_read(f, ch, FRAMES - at < 999 ? FRAMES - at : 999));
    }
    assert_memory_equal(back[0], left, sizeof left);
    assert_memory_equal(back[1], right, sizeof right);
    size_t n;
    const char *said = td_frozen_figures(f, &n);
    assert_int_equal(n, sizeof figures);
    assert_memory_equal(said, figures, n);
    td_frozen_free(f);
}

static void any_changed_byte_makes_it_none(void **state)
{
    (void)state;
    keep();
    struct stat s;
    assert_int_equal(stat(path, &s), 0);
    for (long at = 0; at < s.st_size; at += at < 200 || at > s.st_size - 100 ? 1 : 4999) {
        FILE *f = fopen(path, "r+b");
        fseek(f, at, SEEK_SET);
        int was = fgetc(f);
        fseek(f, at, SEEK_SET);
        fputc(was ^ 1, f);
        fclose(f);
        assert_null(td_frozen_find(folder, name, FRAMES));
        f = fopen(path, "r+b");
        fseek(f, at, SEEK_SET);
        fputc(was, f);
        fclose(f);
    }
    td_frozen *f = td_frozen_find(folder, name, FRAMES);
    assert_non_null(f);
    td_frozen_free(f);
}

static void a_cut_or_longer_file_is_none(void **state)
{
    (void)state;
    keep();
    struct stat s;
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(truncate(path, s.st_size + 8), 0);
    assert_null(td_frozen_find(folder, name, FRAMES));
    for (long size = s.st_size - 1; size > 0; size -= size > s.st_size - 30 ? 1 : 9973) {
        assert_int_equal(truncate(path, size), 0);
        assert_null(td_frozen_find(folder, name, FRAMES));
    }
    assert_int_equal(truncate(path, 0), 0);
    assert_null(td_frozen_find(folder, name, FRAMES));
}

static void another_name_or_length_is_none(void **state)
{
    (void)state;
    char other[TD_SHA256_HEX], to[200];
    keep();
    assert_null(td_frozen_find(folder, name, FRAMES - 1));
    strcpy(other, name);
    other[0] = 'f';
    assert_null(td_frozen_find(folder, other, FRAMES));
    snprintf(to, sizeof to, "%s/%s.group", folder, other);
    assert_int_equal(rename(path, to), 0); /* a file under a name that is not its own */
    assert_null(td_frozen_find(folder, other, FRAMES));
}

static void what_does_not_end_leaves_nothing(void **state)
{
    (void)state;
    td_frozen *f = td_frozen_begin(folder, name, FRAMES);
    write_some(f, FRAMES / 2);
    td_frozen_commit(f, figures, sizeof figures); /* too early */
    td_frozen_free(f);
    f = td_frozen_begin(folder, name, FRAMES);
    write_some(f, FRAMES);
    td_frozen_free(f);
    assert_int_equal(files(), 0);
    assert_null(td_frozen_begin("/nowhere/at/all", name, FRAMES));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(comes_back_bit_by_bit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_changed_byte_makes_it_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cut_or_longer_file_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_name_or_length_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_end_leaves_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
