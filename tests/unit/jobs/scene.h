/* tests/unit/jobs/scene.h - what the tests of this room share: a folder of their own, a queue, and a clock they turn.
 */
#ifndef TD_TEST_JOBS_SCENE_H
#define TD_TEST_JOBS_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jobs/home.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct scene {
    char dir[64], db[128];
    int64_t now_ms; /* the queue's clock */
    td_now now;
    td_store *store;
    td_arena *arena;
    td_error err;
} scene;

static int64_t scene_clock(void *user)
{
    return ((scene *)user)->now_ms;
}

static inline int scene_open(void **state)
{
    scene *s = calloc(1, sizeof *s);
    snprintf(s->dir, sizeof s->dir, "/tmp/td-jobs-XXXXXX");
    if (!mkdtemp(s->dir)) return -1;
    snprintf(s->db, sizeof s->db, "%s/queue.db", s->dir);
    s->now_ms = 1700000000000; /* 2023-11-14T22:13:20Z */
    s->now = (td_now){ scene_clock, s };
    s->arena = td_arena_new();
    *state = s;
    return td_store_open(s->db, "http://test", &s->now, &s->store, &s->err);
}

static inline int scene_close(void **state)
{
    scene *s = *state;
    td_store_close(s->store);
    td_arena_free(s->arena);
    td_tree_remove(s->dir);
    free(s);
    return 0;
}

static inline void scene_client(scene *s, const char *id, int64_t weight, int64_t max_running)
{
    const td_client_limits limits = { .weight = weight, .max_running = max_running, .max_queued = 100000 };
    assert_int_equal(td_store_client(s->store, id, &limits, &s->err), TD_OK);
}

static inline td_submission scene_order(const char *client, const char *key)
{
    return (td_submission){ .client_id = client,
                            .idem_key = key,
                            .request_sha256 = "aa",
                            .spec = "{}",
                            .mixes = 1,
                            .priority = 50,
                            .cost = 1,
                            .latest_start_ms = INT64_MAX };
}

static inline td_job scene_send(scene *s, const td_submission *b)
{
    td_job j;
    td_submitted how;
    assert_int_equal(td_store_submit(s->store, b, s->arena, &j, &how, &s->err), TD_OK);
    assert_int_equal(how, TD_SUBMIT_CREATED);
    return j;
}

static inline td_job scene_submit(scene *s, const char *client)
{
    td_submission b = scene_order(client, NULL);
    return scene_send(s, &b);
}

static inline td_job scene_claim(scene *s, const char *worker)
{
    td_job j;
    assert_int_equal(td_store_claim(s->store, worker, INT64_MAX, false, s->arena, &j, &s->err), TD_OK);
    return j;
}

static inline td_job scene_read(scene *s, const char *id)
{
    td_job j;
    assert_int_equal(td_store_job(s->store, NULL, id, s->arena, &j, &s->err), TD_OK);
    return j;
}

static inline td_job_state scene_end(scene *s, const td_job *j, td_end_kind kind)
{
    td_job_state to;
    const td_ending e = { .kind = kind, .code = "test", .text = "because", .result = "{}" };
    assert_int_equal(td_store_end(s->store, j->id, j->fence, &e, &to, &s->err), TD_OK);
    return to;
}

static inline td_kept scene_keep(scene *s)
{
    td_kept kept;
    assert_int_equal(td_store_keep(s->store, &kept, &s->err), TD_OK);
    return kept;
}

#endif
