#include "engine/base/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef struct work {
    atomic_size_t done;
    size_t fails_at, stops_at;
    volatile int stop;
} work;

static td_status task(void *shared, size_t i, td_error *err)
{
    work *w = shared;
    if (i == w->fails_at) return td_fail(err, TD_INPUT, "here", NULL, "task %zu", i);
    if (i == w->stops_at) w->stop = 2;
    atomic_fetch_add(&w->done, 1);
    return TD_OK;
}

static void every_task_runs_once(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads <= 4; threads++) {
        work w = { .fails_at = SIZE_MAX, .stops_at = SIZE_MAX };
        td_pool *p = NULL; /* for 0 the caller's own thread, without a pool */
        if (threads) assert_int_equal(td_pool_new(threads, &p), TD_OK);
        for (int run = 0; run < 50; run++) assert_int_equal(td_pool_run(p, 37, task, &w, NULL), TD_OK);
        assert_int_equal(w.done, 50 * 37);
        td_pool_free(p);
    }
}

static void the_first_failure_is_told(void **state)
{
    (void)state;
    work w = { .fails_at = 3, .stops_at = SIZE_MAX };
    td_error err;
    td_pool *p;
    assert_int_equal(td_pool_new(2, &p), TD_OK);
    assert_int_equal(td_pool_run(p, 100, task, &w, &err), TD_INPUT);
    assert_string_equal(err.what, "task 3");
    td_pool_free(p);
    w.done = 0;
    assert_int_equal(td_pool_run(NULL, 100, task, &w, &err), TD_INPUT);
    assert_string_equal(err.what, "task 3");
    assert_int_equal(w.done, 3);
}

static void a_stop_ends_what_runs_and_what_follows(void **state)
{
    (void)state;
    work w = { .fails_at = SIZE_MAX, .stops_at = 5 };
    td_error err;
    td_pool *p;
    assert_int_equal(td_pool_new(1, &p), TD_OK);
    td_pool_watch(p, &w.stop);
    assert_false(td_pool_stopped(p));
    assert_int_equal(td_pool_run(p, 100, task, &w, &err), TD_STOPPED);
    assert_int_equal(w.done, 6);
    assert_int_equal(err.status, TD_STOPPED);
    assert_true(td_pool_stopped(p));
    assert_int_equal(td_pool_run(p, 1, task, &w, NULL), TD_STOPPED);
    assert_int_equal(w.done, 6);
    td_pool_free(p);
}

typedef struct nested {
    td_pool *pool;
    work inner;
} nested;

static td_status run_inner(void *shared, size_t i, td_error *err)
{
    nested *n = shared;
    (void)i;
    return td_pool_run(n->pool, 7, task, &n->inner, err);
}

static void tasks_run_tasks_of_their_own(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 4; threads++) {
        nested n = { .inner = { .fails_at = SIZE_MAX, .stops_at = SIZE_MAX } };
        td_error err;
        assert_int_equal(td_pool_new(threads, &n.pool), TD_OK);
        for (int run = 0; run < 50; run++) assert_int_equal(td_pool_run(n.pool, 5, run_inner, &n, NULL), TD_OK);
        assert_int_equal(n.inner.done, 50 * 5 * 7);
        n.inner.fails_at = 3;
        assert_int_equal(td_pool_run(n.pool, 5, run_inner, &n, &err), TD_INPUT);
        assert_string_equal(err.what, "task 3");
        td_pool_free(n.pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once),
        cmocka_unit_test(the_first_failure_is_told),
        cmocka_unit_test(tasks_run_tasks_of_their_own),
        cmocka_unit_test(a_stop_ends_what_runs_and_what_follows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
