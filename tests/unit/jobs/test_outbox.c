#include "scene.h"

#include <jansson.h>
#include <sqlite3.h>

static const char hooks[] = "[{\"url\":\"https://a.example/hook\",\"secret\":\"hook-main\",\"events\":[]}]";

static td_job finished(scene *s, const char *hook, const char *deliver_to, size_t results)
{
    static const td_artefact files[] = {
        { "a.wav", "results/a/j/0/a.wav", "master", "00", 10 },
        { "b.mp3", "results/a/j/1/b.mp3", "preview", "11", 20 },
    };
    td_job_state to;
    td_submission b = scene_order("a", NULL);
    b.title = "Nightdrive";
    b.tags = "{\"order\":\"2041\"}";
    b.hooks = hook;
    b.deliver_to = deliver_to;
    scene_client(s, "a", 100, 100);
    scene_send(s, &b);
    td_job j = scene_claim(s, "w");
    const td_ending done = { .kind = TD_END_DONE, .result = "{}", .artefact = files, .n_artefacts = results };
    assert_int_equal(td_store_end(s->store, j.id, j.fence, &done, &to, &s->err), TD_OK);
    assert_int_equal(to, TD_JOB_DONE);
    return j;
}

static td_outbox next(scene *s)
{
    td_outbox o;
    assert_int_equal(td_store_outbox_claim(s->store, s->arena, &o, &s->err), TD_OK);
    return o;
}

static int64_t due_ms(scene *s, const td_outbox *o)
{
    td_outbox *rows;
    size_t n;
    assert_int_equal(td_store_deliveries(s->store, "a", o->job_id, 1, s->arena, &rows, &n, &s->err), TD_OK);
    assert_int_equal(n, 1);
    return rows[0].next_ms;
}

static void answer(scene *s, const td_outbox *o, td_sent how, int64_t status, int64_t retry_after_s)
{
    assert_int_equal(td_store_outbox_end(s->store, o, how, status, how ? "no" : NULL, retry_after_s, &s->err), TD_OK);
}

static void one_event_one_id_one_body(void **state)
{
    scene *s = *state;
    td_job j = finished(s, hooks, NULL, 0);
    td_outbox first = next(s);
    assert_string_equal(first.event, "job.done");
    assert_string_equal(first.credential, "hook-main");
    assert_null(next(s).id);
    answer(s, &first, TD_SENT_RETRY, 503, 0);
    s->now_ms += 60000;
    td_outbox again = next(s);
    assert_string_equal(again.id, first.id);
    assert_string_equal(again.body, first.body);

    json_t *body = json_loads(again.body, JSON_REJECT_DUPLICATES, NULL), *data = json_object_get(body, "data");
    assert_string_equal(json_string_value(json_object_get(body, "type")), "job.done");
    assert_string_equal(json_string_value(json_object_get(body, "timestamp")), "2023-11-14T22:13:20Z");
    assert_string_equal(json_string_value(json_object_get(data, "id")), j.id);
    assert_string_equal(json_string_value(json_object_get(data, "state")), "done");
    assert_string_equal(json_string_value(json_object_get(data, "finished_at")), "2023-11-14T22:13:20Z");
    assert_string_equal(json_string_value(json_object_get(json_object_get(data, "tags"), "order")), "2041");
    assert_memory_equal(json_string_value(json_object_get(data, "url")), "http://test/v1/jobs/job_", 24);
    json_decref(body);
}

static void failures_follow_the_schedule_then_rest(void **state)
{
    scene *s = *state;
    static const int64_t seconds[] = { 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400 };
    finished(s, hooks, NULL, 0);
    for (size_t i = 0; i < 9; i++) {
        td_outbox o = next(s);
        assert_int_equal(o.attempt, i + 1);
        answer(s, &o, TD_SENT_RETRY, 500, 0);
        int64_t due = due_ms(s, &o);
        assert_in_range(due - s->now_ms, seconds[i] * 900, seconds[i] * 1100); /* +- 10 % */
        s->now_ms = due - 1;
        assert_null(next(s).id);
        s->now_ms = due;
    }
    td_outbox last = next(s);
    answer(s, &last, TD_SENT_RETRY, 500, 0);
    s->now_ms += 400000000;
    assert_null(next(s).id);
}

static void retry_after_is_respected(void **state)
{
    scene *s = *state;
    finished(s, hooks, NULL, 0);
    td_outbox o = next(s);
    answer(s, &o, TD_SENT_RETRY, 429, 900);
    assert_int_equal(due_ms(s, &o) - s->now_ms, 900000);
}

static void done_is_told_after_the_last_put(void **state)
{
    scene *s = *state;
    finished(s, hooks, "https://a.example/in/", 2);
    td_outbox first = next(s), second = next(s);
    assert_string_equal(first.kind, "put");
    assert_string_equal(second.kind, "put");
    assert_null(next(s).id);
    answer(s, &first, TD_SENT_OK, 201, 0);
    assert_null(next(s).id);
    answer(s, &second, TD_SENT_OK, 201, 0);
    td_outbox hook = next(s);
    assert_string_equal(hook.kind, "webhook");
    assert_non_null(strstr(hook.body, "\"delivery\":\"complete\""));
    assert_null(strstr(hook.body, "undelivered"));
}

static void what_did_not_arrive_is_named(void **state)
{
    scene *s = *state;
    td_job j = finished(s, hooks, "https://a.example/in/", 2);
    td_outbox first = next(s), second = next(s);
    answer(s, &first, TD_SENT_DEAD, 403, 0);
    answer(s, &second, TD_SENT_OK, 201, 0);
    td_outbox hook = next(s);
    assert_non_null(strstr(hook.body, "\"delivery\":\"incomplete\""));
    char named[64];
    snprintf(named, sizeof named, "\"undelivered\":[\"%s\"]", first.event);
    assert_non_null(strstr(hook.body, named));
    assert_string_equal(scene_read(s, j.id).state, "done"); /* a dead address never fails a finished mix */
}

static void four_posts_at_once_an_address(void **state)
{
    scene *s = *state;
    td_outbox held[4];
    for (int i = 0; i < 6; i++) finished(s, hooks, NULL, 0);
    s->now_ms++;
    finished(s, "[{\"url\":\"https://b.example/\",\"secret\":\"other\",\"events\":[]}]", NULL, 0);
    for (int i = 0; i < 4; i++) held[i] = next(s);
    td_outbox other = next(s); /* the slow address does not hold up this one */
    assert_string_equal(other.credential, "other");
    assert_null(next(s).id);
    answer(s, &held[2], TD_SENT_OK, 204, 0);
    assert_string_equal(next(s).credential, "hook-main");
    assert_null(next(s).id);
}

static void gone_is_gone(void **state)
{
    scene *s = *state;
    finished(s, hooks, NULL, 0);
    finished(s, hooks, NULL, 0);
    td_outbox o = next(s);
    answer(s, &o, TD_SENT_GONE, 410, 0);
    assert_null(next(s).id); /* the second one is given up with the address */
    finished(s, hooks, NULL, 0);
    assert_null(next(s).id);
    bool found;
    assert_int_equal(td_store_outbox_replay(s->store, "b", o.id, &found, &s->err), TD_OK);
    assert_false(found);
    assert_int_equal(td_store_outbox_replay(s->store, "a", o.id, &found, &s->err), TD_OK);
    assert_true(found);
    assert_string_equal(next(s).id, o.id); /* by hand it goes out once more, with the same id */
}

static void five_days_of_failures_disable(void **state)
{
    scene *s = *state;
    for (int day = 0; day < 6; day++) {
        finished(s, hooks, NULL, 0);
        td_outbox o = next(s);
        assert_non_null(o.id);
        answer(s, &o, TD_SENT_RETRY, 500, 0);
        s->now_ms += 86400000;
    }
    td_outbox o = next(s);
    answer(s, &o, TD_SENT_RETRY, 500, 0);
    assert_null(next(s).id);
}

static void the_row_s_fence_holds(void **state)
{
    scene *s = *state;
    finished(s, hooks, NULL, 0);
    td_outbox slow = next(s);
    s->now_ms += TD_LEASE_MS + 1;
    assert_int_equal(scene_keep(s).outbox_rescued, 1);
    td_outbox quick = next(s);
    assert_string_equal(quick.id, slow.id);
    assert_int_equal(td_store_outbox_end(s->store, &slow, TD_SENT_DEAD, 0, "x", 0, &s->err), TD_STOPPED);
    assert_int_equal(td_store_outbox_renew(s->store, &slow, &s->err), TD_STOPPED);
    assert_int_equal(td_store_outbox_renew(s->store, &quick, &s->err), TD_OK);
    answer(s, &quick, TD_SENT_OK, 200, 0);
    assert_null(next(s).id);
}

static void only_the_events_asked_for(void **state)
{
    scene *s = *state;
    finished(s, "[{\"url\":\"https://a.example/\",\"secret\":\"x\",\"events\":[\"job.failed\",\"job.started\"]}]", NULL,
             0);
    td_outbox o = next(s);
    assert_string_equal(o.event, "job.started");
    answer(s, &o, TD_SENT_OK, 200, 0);
    assert_null(next(s).id);
}

static void secrets_stay_out_of_the_queue(void **state)
{
    scene *s = *state;
    sqlite3 *db;
    sqlite3_stmt *stmt;
    finished(s, hooks, NULL, 0);
    assert_int_equal(sqlite3_open(s->db, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT count(*) FROM outbox WHERE body LIKE '%hook-main%'", -1, &stmt, NULL), 0);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(stmt, 0), 0); /* not even its name goes out */
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

#define T(f) cmocka_unit_test_setup_teardown(f, scene_open, scene_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(one_event_one_id_one_body),
        T(failures_follow_the_schedule_then_rest),
        T(retry_after_is_respected),
        T(done_is_told_after_the_last_put),
        T(what_did_not_arrive_is_named),
        T(four_posts_at_once_an_address),
        T(gone_is_gone),
        T(five_days_of_failures_disable),
        T(the_row_s_fence_holds),
        T(only_the_events_asked_for),
        T(secrets_stay_out_of_the_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
