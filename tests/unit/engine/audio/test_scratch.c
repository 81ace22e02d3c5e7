#include "folder.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

static void fill(float *x, size_t n, size_t from, float offset)
{
    for (size_t i = 0; i < n; i++) x[i] = (float)(from + i) + offset;
}

static td_scratch *part_of_planes(size_t from, size_t to)
{
    td_scratch *s;
    float a[1000], b[1000];
    const float *planes[2] = { a, b };
    assert_ok(td_scratch_new(folder, 2, &s, err));
    for (size_t at = from, n; at < to; at += n) {
        n = 1 + at % 997;
        if (n > to - at) n = to - at;
        fill(a, n, at, 0);
        fill(b, n, at, 0.5f);
        assert_ok(td_scratch_append(s, planes, n, err));
    }
    return s;
}

static td_scratch *two_planes(size_t frames)
{
    return part_of_planes(0, frames);
}

/* Whatever stretch is asked for: what was written, and zeros around it. */
static void check(const td_scratch *s, int64_t at, size_t n)
{
    float a[3000], b[3000];
    assert_ok(td_scratch_read(s, at, (float *const[]){ a, b }, n, err));
    for (size_t i = 0; i < n; i++) {
        int64_t place = at + (int64_t)i;
        bool inside = place >= 0 && (uint64_t)place < td_scratch_length(s);
        assert_true(a[i] == (inside ? (float)place : 0));
        assert_true(b[i] == (inside ? (float)place + 0.5f : 0));
    }
}

static void check_anywhere(const td_scratch *s)
{
    assert_int_equal(td_scratch_length(s), 10000);
    assert_int_equal(td_scratch_planes(s), 2);
    const int64_t places[] = { 0, 1, 4095, 9000, 9999, 10000, 20000, -1, -3000, -1500, INT64_MIN, INT64_MAX - 3000 };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        check(s, places[i], 3000);
        check(s, places[i], 1);
        check(s, places[i], 0);
    }
}

static void reads_anywhere(void **state)
{
    (void)state;
    td_scratch *s = two_planes(10000);
    check_anywhere(s);
    td_scratch_free(s);
}

static void parts_read_as_one(void **state)
{
    (void)state;
    td_scratch *part[] = { part_of_planes(0, 700), part_of_planes(700, 9001), part_of_planes(9001, 9001),
                           part_of_planes(9001, 10000) };
    td_scratch *s;
    assert_ok(td_scratch_join(part, sizeof part / sizeof *part, &s, err));
    check_anywhere(s);
    td_scratch_free(s);
}

/* Each plane rests at times of its own: 20000 frames of sound, 30000 of none. */
static float resting(uint64_t at, unsigned plane)
{
    return (at + 10000 * plane) % 50000 < 20000 ? (float)(at % 1000 + 1) : 0;
}

static void silence_reads_as_it_was(void **state)
{
    (void)state;
    td_scratch *s;
    static float x[2][70000];
    float *const to[2] = { x[0], x[1] };
    assert_ok(td_scratch_new(folder, 2, &s, err));
    for (int round = 0; round < 2; round++) { /* written over, what was silent sounds */
        for (uint64_t at = 0; at < 200000; at += 1000) {
            for (size_t i = 0; i < 2000; i++) x[i / 1000][i % 1000] = resting(at + i % 1000 + 20000 * round, i / 1000);
            assert_ok(td_scratch_append(s, (const float *const *)to, 1000, err));
        }
        for (int64_t at = 0; at < 200000; at += 9999) {
            assert_ok(td_scratch_read(s, at, to, 70000, err));
            for (size_t i = 0; i < 140000; i++) {
                uint64_t place = (uint64_t)at + i % 70000;
                float want = place < 200000 ? resting(place + 20000 * (uint64_t)round, (unsigned)(i / 70000)) : 0;
                assert_true(x[i / 70000][i % 70000] == want);
            }
        }
        td_scratch_clear(s);
    }
    td_scratch_free(s);
}

static void *read_many(void *scratch)
{
    for (int64_t at = -500; at < 10000; at += 97) check(scratch, at, 300);
    return NULL;
}

static void many_threads_read(void **state)
{
    (void)state;
    td_scratch *s = two_planes(10000);
    pthread_t thread[4];
    for (unsigned i = 0; i < 4; i++) assert_int_equal(pthread_create(&thread[i], NULL, read_many, s), 0);
    for (unsigned i = 0; i < 4; i++) pthread_join(thread[i], NULL);
    td_scratch_free(s);
}

static void nothing_has_a_name(void **state)
{
    (void)state;
    td_scratch *s = two_planes(1000);
    DIR *d = opendir(folder);
    for (struct dirent *e; (e = readdir(d));) assert_int_equal(e->d_name[0], '.');
    closedir(d);
    td_scratch_free(s);
}

static void a_missing_folder_is_named(void **state)
{
    (void)state;
    td_scratch *s;
    td_error why = { 0 };
    assert_int_equal(td_scratch_new("/nowhere/at/all", 1, &s, &why), TD_DISK);
    assert_null(s);
    assert_string_equal(why.where, "/nowhere/at/all");
}

/* A limit on file sizes stands in for a full disk. */
static void a_full_disk_is_told(void **state)
{
    (void)state;
    struct rlimit before, small = { 4096, 0 };
    td_scratch *s;
    td_error why = { 0 };
    static float x[16384];
    const float *plane[1] = { x };
    fill(x, 16384, 1, 0);
    assert_ok(td_scratch_new(folder, 1, &s, err));
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(td_scratch_append(s, plane, 16384, &why), TD_DISK);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_true(why.what[0]);
    td_scratch_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_anywhere),
        cmocka_unit_test(parts_read_as_one),
        cmocka_unit_test(many_threads_read),
        cmocka_unit_test(nothing_has_a_name),
        cmocka_unit_test(a_missing_folder_is_named),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(silence_reads_as_it_was),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
