#include "engine/base/file.h"
#include "engine/base/hash.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* FIPS 180-2, appendix B.1, and the empty message */
#define ABC     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static char folder[64], path[128], cache[128];

static void put(const char *text)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int make(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/td-hash-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/stem", folder);
    snprintf(cache, sizeof cache, "%s/cache", folder);
    return 0;
}

/* All that is kept, one by one; returns how many. */
static size_t each_kept(int (*with)(const char *path))
{
    char name[512];
    size_t n = 0;
    DIR *d = opendir(cache);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] == '.') continue;
        snprintf(name, sizeof name, "%s/%s", cache, e->d_name);
        n++;
        if (with) with(name);
    }
    if (d) closedir(d);
    return n;
}

static int clear(void **state)
{
    (void)state;
    each_kept(unlink);
    rmdir(cache);
    unlink(path);
    return rmdir(folder);
}

static void assert_hash(int64_t now_s, const char *want)
{
    char hash[TD_SHA256_HEX];
    assert_int_equal(td_sha256_kept(path, cache, now_s, hash, NULL), TD_OK);
    assert_string_equal(hash, want);
}

static void a_kept_hash_is_of_the_file_as_it_is(void **state)
{
    (void)state;
    struct stat before;
    put("abc");
    assert_hash(time(NULL) + 10, ABC);
    assert_hash(time(NULL) + 10, ABC);
    assert_int_equal(each_kept(NULL), 1);
    assert_int_equal(stat(path, &before), 0);
    struct timespec clocks = { .tv_nsec = 20000000 };
    nanosleep(&clocks, NULL); /* a clock of the kernel's ticks every 1 to 10 ms */
    put("xyz");
    struct timespec back[2] = { before.st_atim, before.st_mtim };
    assert_int_equal(utimensat(AT_FDCWD, path, back, 0), 0); /* as long as before, and as old as it says */
    assert_hash(time(NULL) + 10, "3608bca1e44ea6c4d268eb6db02260269892c0b42b86bbf1e77a6fa16c3c9282");
}

static void a_young_file_is_read_again(void **state)
{
    (void)state;
    put("abc");
    assert_hash(time(NULL), ABC);
    assert_int_equal(each_kept(NULL), 0);
}

static int empty_it(const char *name)
{
    return truncate(name, 0);
}

static int change_it(const char *name)
{
    FILE *f = fopen(name, "r+");
    int first = fgetc(f);
    rewind(f);
    fputc(first == '0' ? '1' : '0', f);
    return fclose(f);
}

static void what_is_kept_badly_is_read_again(void **state)
{
    (void)state;
    put("");
    assert_hash(time(NULL) + 10, NOTHING);
    assert_int_equal(each_kept(empty_it), 1);
    assert_hash(time(NULL) + 10, NOTHING);
    assert_int_equal(each_kept(change_it), 1);
    assert_hash(time(NULL) + 10, NOTHING);
}

static void without_a_folder_nothing_is_kept(void **state)
{
    (void)state;
    char hash[TD_SHA256_HEX];
    put("abc");
    assert_int_equal(td_sha256_kept(path, NULL, time(NULL) + 10, hash, NULL), TD_OK);
    assert_string_equal(hash, ABC);
    assert_int_equal(each_kept(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_kept_hash_is_of_the_file_as_it_is, make, clear),
        cmocka_unit_test_setup_teardown(a_young_file_is_read_again, make, clear),
        cmocka_unit_test_setup_teardown(what_is_kept_badly_is_read_again, make, clear),
        cmocka_unit_test_setup_teardown(without_a_folder_nothing_is_kept, make, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
