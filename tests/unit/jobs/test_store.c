#include "scene.h"

#include "jobs/job_json.h"
#include "jobs/store/schema.h"
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* ---- submitting -------------------------------------------------------------------------------------------------- */

static void same_key_is_one_job(void **state)
{
    scene *s = *state;
    td_job first, again;
    td_submitted how;
    scene_client(s, "a", 100, 4);
    scene_client(s, "b", 100, 4);
    td_submission b = scene_order("a", "order-1");
    first = scene_send(s, &b);
    assert_int_equal(td_store_submit(s->store, &b, s->arena, &again, &how, &s->err), TD_OK);
    assert_int_equal(how, TD_SUBMIT_REPLAYED);
    assert_string_equal(again.id, first.id);

    b.request_sha256 = "bb";
    assert_int_equal(td_store_submit(s->store, &b, s->arena, &again, &how, &s->err), TD_OK);
    assert_int_equal(how, TD_SUBMIT_DIFFERENT);

    b = scene_order("b", "order-1"); /* another client's key is another key */
    assert_string_not_equal(scene_send(s, &b).id, first.id);
}

static void a_client_s_queue_has_an_end(void **state)
{
    scene *s = *state;
    const td_client_limits limits = { .weight = 100, .max_running = 1, .max_queued = 2 };
    td_submission b = scene_order("a", NULL);
    td_job j;
    td_submitted how;
    assert_int_equal(td_store_client(s->store, "a", &limits, &s->err), TD_OK);
    scene_send(s, &b);
    scene_send(s, &b);
    assert_int_equal(td_store_submit(s->store, &b, s->arena, &j, &how, &s->err), TD_OK);
    assert_int_equal(how, TD_SUBMIT_FULL);
    scene_claim(s, "w"); /* one runs: its place is free */
    scene_send(s, &b);
}

static void foreign_jobs_are_not_there(void **state)
{
    scene *s = *state;
    td_job j;
    scene_client(s, "a", 100, 4);
    scene_client(s, "b", 100, 4);
    td_job mine = scene_submit(s, "a");
    assert_int_equal(td_store_job(s->store, "b", mine.id, s->arena, &j, &s->err), TD_OK);
    assert_null(j.id);
    assert_int_equal(td_store_cancel(s->store, "b", mine.id, s->arena, &j, &s->err), TD_OK);
    assert_null(j.id);
    assert_string_equal(scene_read(s, mine.id).state, "ready");
}

static void lists_filter_and_page(void **state)
{
    scene *s = *state;
    const char *const tag[] = { "order", "2041" };
    td_job *jobs;
    size_t n;
    scene_client(s, "a", 100, 4);
    for (int i = 0; i < 5; i++, s->now_ms++) scene_submit(s, "a");
    td_submission b = scene_order("a", NULL);
    b.tag = tag;
    b.n_tags = 1;
    td_job tagged = scene_send(s, &b);
    scene_claim(s, "w");

    td_job_filter f = { .client = "a", .limit = 4 };
    assert_int_equal(td_store_jobs(s->store, &f, s->arena, &jobs, &n, &s->err), TD_OK);
    assert_int_equal(n, 4);
    assert_string_equal(jobs[0].id, tagged.id); /* newest first */
    f.after = jobs[3].id;
    assert_int_equal(td_store_jobs(s->store, &f, s->arena, &jobs, &n, &s->err), TD_OK);
    assert_int_equal(n, 2);
    f = (td_job_filter){ .client = "a", .limit = 9, .tag = "order", .tag_value = "2041" };
    assert_int_equal(td_store_jobs(s->store, &f, s->arena, &jobs, &n, &s->err), TD_OK);
    assert_int_equal(n, 1);
    f = (td_job_filter){ .client = "a", .limit = 9, .state = "running" };
    assert_int_equal(td_store_jobs(s->store, &f, s->arena, &jobs, &n, &s->err), TD_OK);
    assert_int_equal(n, 1);
    f = (td_job_filter){ .client = "a", .limit = 9, .state = "queued" };
    assert_int_equal(td_store_jobs(s->store, &f, s->arena, &jobs, &n, &s->err), TD_OK);
    assert_int_equal(n, 5);
}

/* ---- claiming ---------------------------------------------------------------------------------------------------- */

static void weights_share_the_workers(void **state)
{
    scene *s = *state;
    unsigned got[2] = { 0, 0 };
    scene_client(s, "a", 100, 1000);
    scene_client(s, "b", 300, 1000);
    for (int i = 0; i < 100; i++) {
        scene_submit(s, "a");
        scene_submit(s, "b");
    }
    for (int i = 0; i < 80; i++) got[scene_claim(s, "w").client_id[0] - 'a']++;
    assert_in_range(got[0], 19, 21); /* 1 : 3 */
    assert_in_range(got[1], 59, 61);
}

static void one_job_is_not_behind_ten_thousand(void **state)
{
    scene *s = *state;
    scene_client(s, "a", 100, 1000);
    scene_client(s, "b", 100, 1000);
    for (int i = 0; i < 60; i++) scene_submit(s, "a");
    for (int i = 0; i < 30; i++) scene_claim(s, "w");
    scene_submit(s, "b");
    scene_submit(s, "b"); /* and no saved-up credit: they take turns */
    unsigned b = scene_claim(s, "w").client_id[0] == 'b';
    b += scene_claim(s, "w").client_id[0] == 'b';
    assert_int_equal(b, 1);
}

static void quota_is_exact(void **state)
{
    scene *s = *state;
    td_job held[3];
    scene_client(s, "a", 100, 3);
    for (int i = 0; i < 5; i++) scene_submit(s, "a");
    for (int i = 0; i < 3; i++) held[i] = scene_claim(s, "w");
    assert_non_null(held[2].id);
    assert_null(scene_claim(s, "w").id);
    scene_end(s, &held[1], TD_END_DONE);
    assert_non_null(scene_claim(s, "w").id);
    assert_null(scene_claim(s, "w").id);
}

static void order_is_priority_then_latest_start(void **state)
{
    scene *s = *state;
    scene_client(s, "a", 100, 100);
    td_submission b = scene_order("a", NULL);
    td_job plain = scene_send(s, &b);
    b.latest_start_ms = s->now_ms + 7200000;
    td_job later = scene_send(s, &b);
    b.latest_start_ms = s->now_ms + 3600000;
    td_job sooner = scene_send(s, &b);
    b.latest_start_ms = INT64_MAX;
    b.priority = 80;
    td_job urgent = scene_send(s, &b);
    const char *const expected[] = { urgent.id, sooner.id, later.id, plain.id };
    for (size_t i = 0; i < 4; i++) assert_string_equal(scene_claim(s, "w").id, expected[i]);
}

static void too_large_for_this_disk_is_left_to_others(void **state)
{
    scene *s = *state;
    td_job j;
    scene_client(s, "a", 100, 100);
    scene_client(s, "b", 100, 100);
    scene_submit(s, "a");
    td_job large = scene_claim(s, "w");
    assert_int_equal(td_store_needs(s->store, large.id, large.fence, 5000, &s->err), TD_OK);
    scene_end(s, &large, TD_END_RETURNED);
    td_job small = scene_submit(s, "b");
    assert_int_equal(td_store_claim(s->store, "w", 4999, false, s->arena, &j, &s->err), TD_OK);
    assert_string_equal(j.id, small.id);
    assert_int_equal(td_store_claim(s->store, "w", 4999, false, s->arena, &j, &s->err), TD_OK);
    assert_null(j.id);
    assert_int_equal(td_store_claim(s->store, "w", 5000, false, s->arena, &j, &s->err), TD_OK);
    assert_string_equal(j.id, large.id);
}

static void not_before_is_waited_for(void **state)
{
    scene *s = *state;
    scene_client(s, "a", 100, 100);
    td_submission b = scene_order("a", NULL);
    b.run_at_ms = s->now_ms + 1000;
    assert_string_equal(scene_send(s, &b).state, "waiting");
    td_queue_counts counts;
    s->now_ms += 400;
    assert_int_equal(td_store_counts(s->store, "a", &counts, &s->err), TD_OK);
    assert_int_equal(counts.longest_ms, 400);
    s->now_ms -= 400;
    assert_int_equal(scene_keep(s).promoted, 0);
    assert_null(scene_claim(s, "w").id);
    s->now_ms += 1000;
    assert_int_equal(scene_keep(s).promoted, 1);
    assert_non_null(scene_claim(s, "w").id);
}

/* ---- leases ------------------------------------------------------------------------------------------------------ */

static void the_fence_keeps_latecomers_out(void **state)
{
    scene *s = *state;
    td_job_state to;
    bool cancel;
    const td_ending done = { .kind = TD_END_DONE, .result = "{}" };
    scene_client(s, "a", 100, 100);
    scene_submit(s, "a");
    td_job old = scene_claim(s, "slow");
    s->now_ms += TD_LEASE_MS + 1;
    assert_int_equal(scene_keep(s).rescued, 1);
    td_job fresh = scene_claim(s, "quick");
    assert_string_equal(fresh.id, old.id);
    assert_int_equal(fresh.fence, old.fence + 1);

    assert_int_equal(td_store_renew(s->store, old.id, old.fence, NULL, 1, &cancel, &s->err), TD_STOPPED);
    assert_int_equal(td_store_end(s->store, old.id, old.fence, &done, &to, &s->err), TD_STOPPED);
    assert_string_equal(scene_read(s, old.id).state, "leased");
    assert_int_equal(scene_end(s, &fresh, TD_END_DONE), TD_JOB_DONE);
    assert_int_equal(td_store_end(s->store, fresh.id, fresh.fence, &done, &to, &s->err), TD_STOPPED); /* not twice */
}

static void who_renews_keeps_it(void **state)
{
    scene *s = *state;
    bool cancel = true;
    scene_client(s, "a", 100, 100);
    scene_submit(s, "a");
    td_job j = scene_claim(s, "w");
    for (int i = 0; i < 20; i++) {
        s->now_ms += TD_HEARTBEAT_MS;
        assert_int_equal(td_store_renew(s->store, j.id, j.fence, "rendering", 450, &cancel, &s->err), TD_OK);
        assert_false(cancel);
        assert_int_equal(scene_keep(s).rescued, 0);
    }
    td_job seen = scene_read(s, j.id);
    assert_string_equal(seen.stage, "rendering");
    assert_int_equal(seen.progress, 450);
}

static void the_third_crash_is_poison(void **state)
{
    scene *s = *state;
    scene_client(s, "a", 100, 100);
    td_job j = scene_submit(s, "a");
    for (int crash = 1; crash <= 3; crash++) {
        assert_string_equal(scene_claim(s, "w").id, j.id);
        s->now_ms += TD_LEASE_MS + 1;
        assert_int_equal(scene_keep(s).rescued, 1);
        td_job seen = scene_read(s, j.id);
        assert_int_equal(seen.crashes, crash);
        assert_string_equal(seen.state, crash == 1 ? "ready" : crash == 2 ? "waiting" : "failed");
        if (crash == 2) { /* two minutes of rest */
            s->now_ms += 119000;
            assert_int_equal(scene_keep(s).promoted, 0);
            s->now_ms += 1000;
            assert_int_equal(scene_keep(s).promoted, 1);
        }
    }
    td_job poison = scene_read(s, j.id);
    assert_string_equal(poison.error_code, "poison");
    assert_true(poison.finished_ms > 0);
    assert_null(scene_claim(s, "w").id);
}

static void a_dead_worker_s_jobs_come_back_at_once(void **state)
{
    scene *s = *state;
    int64_t rescued;
    scene_client(s, "a", 100, 100);
    scene_submit(s, "a");
    scene_submit(s, "a");
    scene_claim(s, "host-1");
    td_job other = scene_claim(s, "host-2");
    assert_int_equal(td_store_rescue_worker(s->store, "host-1", &rescued, &s->err), TD_OK);
    assert_int_equal(rescued, 1);
    assert_string_equal(scene_read(s, other.id).state, "leased");
}

static void returned_jobs_spend_no_attempt(void **state)
{
    scene *s = *state;
    scene_client(s, "a", 100, 1);
    scene_submit(s, "a");
    for (int i = 0; i < 20; i++) {
        td_job j = scene_claim(s, "w");
        assert_int_equal(j.attempt, 1);
        assert_int_equal(scene_end(s, &j, TD_END_RETURNED), TD_JOB_READY);
    }
}

static void held_jobs_wait_for_an_answer(void **state)
{
    scene *s = *state;
    td_job after;
    scene_client(s, "a", 100, 1);
    scene_submit(s, "a");
    td_job j = scene_claim(s, "w");
    assert_int_equal(scene_end(s, &j, TD_END_HELD), TD_JOB_HELD);
    assert_null(scene_claim(s, "w").id);
    assert_string_equal(scene_read(s, j.id).error_text, "because");
    assert_int_equal(td_store_release(s->store, "a", j.id, NULL, s->arena, &after, &s->err), TD_OK);
    assert_null(after.error_text);
    assert_int_equal(td_store_release(s->store, "a", j.id, NULL, s->arena, &after, &s->err), TD_JOB);
    assert_string_equal(scene_claim(s, "w").id, j.id);
}

static void only_attempts_count_as_running(void **state)
{
    scene *s = *state;
    scene_client(s, "a", 100, 1);
    scene_submit(s, "a");
    td_job j = scene_claim(s, "w");
    s->now_ms += 3000;
    assert_int_equal(scene_end(s, &j, TD_END_TRANSIENT), TD_JOB_WAITING);
    td_job waits = scene_read(s, j.id);
    assert_int_equal(waits.ran_ms, 3000);
    s->now_ms += 36000; /* longer than the first delay */
    assert_int_equal(scene_keep(s).promoted, 1);
    j = scene_claim(s, "w");
    s->now_ms += 2000;
    assert_int_equal(scene_end(s, &j, TD_END_HELD), TD_JOB_HELD);
    s->now_ms += 3600000;
    assert_int_equal(scene_read(s, j.id).ran_ms, 5000);
    json_t *held = td_job_json(s->arena, &j, NULL), *o = td_job_json(s->arena, &waits, "the disk is short");
    assert_non_null(json_string_value(json_object_get(o, "next_at")));
    assert_int_equal(json_integer_value(json_object_get(o, "attempt")), 1);
    assert_int_equal(json_integer_value(json_object_get(o, "max_attempts")), 8);
    assert_true(json_is_null(json_object_get(held, "next_at")));
    assert_string_equal(json_string_value(json_object_get(o, "waiting")), "the disk is short");
    json_decref(held);
    json_decref(o);
}

static void wrong_counters_are_repaired(void **state)
{
    scene *s = *state;
    sqlite3 *db;
    scene_client(s, "a", 100, 2);
    scene_submit(s, "a");
    assert_int_equal(sqlite3_open(s->db, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "UPDATE client SET running=2", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_null(scene_claim(s, "w").id);
    assert_int_equal(scene_keep(s).repaired, 1);
    assert_non_null(scene_claim(s, "w").id);
    assert_int_equal(scene_keep(s).repaired, 0);
}

/* ---- cancelling -------------------------------------------------------------------------------------------------- */

static void cancel_in_every_state(void **state)
{
    scene *s = *state;
    td_job j, after;
    bool cancel = false;
    scene_client(s, "a", 100, 100);

    j = scene_submit(s, "a");
    assert_int_equal(td_store_cancel(s->store, "a", j.id, s->arena, &after, &s->err), TD_OK);
    assert_string_equal(after.state, "cancelled");
    assert_null(scene_claim(s, "w").id);

    scene_submit(s, "a"); /* running: the flag comes with the next heartbeat, and then even "done" lands cancelled */
    j = scene_claim(s, "w");
    assert_int_equal(td_store_cancel(s->store, "a", j.id, s->arena, &after, &s->err), TD_OK);
    assert_string_equal(after.state, "leased");
    assert_int_equal(td_store_renew(s->store, j.id, j.fence, NULL, 0, &cancel, &s->err), TD_OK);
    assert_true(cancel);
    assert_int_equal(scene_end(s, &j, TD_END_DONE), TD_JOB_CANCELLED);

    scene_submit(s, "a"); /* its worker dies */
    j = scene_claim(s, "w");
    assert_int_equal(td_store_cancel(s->store, "a", j.id, s->arena, &after, &s->err), TD_OK);
    s->now_ms += TD_LEASE_MS + 1;
    scene_keep(s);
    assert_string_equal(scene_read(s, j.id).state, "cancelled");

    scene_submit(s, "a"); /* done was faster */
    j = scene_claim(s, "w");
    scene_end(s, &j, TD_END_DONE);
    assert_int_equal(td_store_cancel(s->store, "a", j.id, s->arena, &after, &s->err), TD_OK);
    assert_string_equal(after.state, "done");
}

/* ---- crash safety ------------------------------------------------------------------------------------------------ */

/* A process is killed while it submits and runs jobs. Whatever it was told is there afterwards, and the counters agree.
 */
static void kill_9_loses_nothing(void **state)
{
    scene *s = *state;
    enum { ROUNDS = 6 };
    scene_client(s, "a", 100, 1000);
    td_store_close(s->store);
    for (int round = 0; round < ROUNDS; round++) {
        int told[2];
        assert_int_equal(pipe(told), 0);
        pid_t child = fork();
        if (!child) {
            td_arena *a = td_arena_new();
            td_submission b = scene_order("a", NULL);
            td_store *own;
            td_error err;
            close(told[0]);
            if (td_store_open(s->db, "", &s->now, &own, &err)) _exit(1);
            for (;;) {
                td_job j;
                td_submitted how;
                td_job_state to;
                const td_ending done = { .kind = TD_END_DONE, .result = "{}" };
                if (td_store_submit(own, &b, a, &j, &how, &err)) _exit(2);
                if (write(told[1], j.id, 30) != 30) _exit(3);
                if (td_store_claim(own, "w", INT64_MAX, false, a, &j, &err)) _exit(4);
                if (td_store_end(own, j.id, j.fence, &done, &to, &err)) _exit(5);
            }
        }
        close(told[1]);
        char id[31] = "";
        for (int i = 0; i < 3 + round; i++) assert_int_equal(read(told[0], id, 30), 30);
        kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(td_store_open(s->db, "", &s->now, &s->store, &s->err), TD_OK);
        do assert_non_null(scene_read(s, id).id);
        while (read(told[0], id, 30) == 30);
        close(told[0]);
        assert_int_equal(scene_keep(s).repaired, 0);
        if (round + 1 < ROUNDS) td_store_close(s->store);
    }
}

static void a_damaged_file_is_refused(void **state)
{
    scene *s = *state;
    td_store *other;
    char path[160];
    snprintf(path, sizeof path, "%s/broken.db", s->dir);
    FILE *f = fopen(path, "w");
    fputs("this is no database, and long enough to look at: ----------------------------------------------------", f);
    fclose(f);
    assert_int_equal(td_store_open(path, "", &s->now, &other, &s->err), TD_DISK);
    assert_null(other);
}

/* A queue as its first version left it: a job that took two attempts, one that waits, one that is under way. */
static const char first_version[] =
    "CREATE TABLE schema_version (version INTEGER NOT NULL); INSERT INTO schema_version VALUES (1);"
    "INSERT INTO client (id, name) VALUES ('a', 'a');"
    "INSERT INTO job (id, client_id, queue, request_sha256, spec, state, run_at_ms, latest_start_ms, created_ms,"
    "                 updated_ms, finished_ms, worker_id, lease_until_ms) VALUES"
    " ('job_done', 'a', 'default', 'aa', '{}', 'done', 0, 0, 1000, 9000, 9000, NULL, NULL),"
    " ('job_new', 'a', 'default', 'bb', '{}', 'ready', 0, 0, 2000, 2000, NULL, NULL, NULL),"
    " ('job_runs', 'a', 'default', 'cc', '{}', 'leased', 0, 0, 3000, 3000, NULL, 'w', 99000);"
    "INSERT INTO attempt (job_id, fence, worker_id, engine, started_ms, ended_ms) VALUES"
    " ('job_done', 1, 'w', 'topdown', 1000, 1500), ('job_done', 2, 'w', 'topdown', 2000, 9000),"
    " ('job_runs', 1, 'w', 'topdown', 3000, NULL);";

static void an_older_queue_is_taken_over(void **state)
{
    scene *s = *state;
    td_store *old;
    td_job j;
    sqlite3 *db;
    char path[160];
    snprintf(path, sizeof path, "%s/old.db", s->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, td_schema[0], NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, first_version, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    chmod(path, 0600);
    static const struct {
        const char *id, *state;
        int64_t ran_ms;
    } jobs[] = { { "job_done", "done", 7500 }, { "job_new", "ready", 0 }, { "job_runs", "leased", 0 } };
    for (int round = 0; round < 2; round++) { /* what was taken over is not taken over again */
        assert_int_equal(td_store_open(path, "", &s->now, &old, &s->err), TD_OK);
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(td_store_job(old, "a", jobs[i].id, s->arena, &j, &s->err), TD_OK);
            assert_string_equal(j.state, jobs[i].state);
            assert_int_equal(j.ran_ms, jobs[i].ran_ms);
        }
        td_store_close(old);
    }
}

static void a_newer_queue_is_left_alone(void **state)
{
    scene *s = *state;
    td_store *newer;
    sqlite3 *db;
    td_store_close(s->store);
    assert_int_equal(sqlite3_open(s->db, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "UPDATE schema_version SET version=99", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(td_store_open(s->db, "", &s->now, &newer, &s->err), TD_FAILED);
    assert_null(newer);
    assert_non_null(strstr(s->err.what, "made by a newer topdown (version 99)"));
    s->store = NULL;
}

#define T(f) cmocka_unit_test_setup_teardown(f, scene_open, scene_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(same_key_is_one_job),
        T(a_client_s_queue_has_an_end),
        T(foreign_jobs_are_not_there),
        T(lists_filter_and_page),
        T(weights_share_the_workers),
        T(one_job_is_not_behind_ten_thousand),
        T(quota_is_exact),
        T(order_is_priority_then_latest_start),
        T(too_large_for_this_disk_is_left_to_others),
        T(not_before_is_waited_for),
        T(the_fence_keeps_latecomers_out),
        T(who_renews_keeps_it),
        T(the_third_crash_is_poison),
        T(a_dead_worker_s_jobs_come_back_at_once),
        T(returned_jobs_spend_no_attempt),
        T(held_jobs_wait_for_an_answer),
        T(only_attempts_count_as_running),
        T(wrong_counters_are_repaired),
        T(cancel_in_every_state),
        T(kill_9_loses_nothing),
        T(a_damaged_file_is_refused),
        T(an_older_queue_is_taken_over),
        T(a_newer_queue_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
