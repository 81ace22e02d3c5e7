#include "recipes/parts.h"
#include "scene.h"

static td_landing land(td_end_kind kind, td_job j, int64_t timeouts, int64_t retry_after_s, double jitter)
{
    const td_ending e = { .kind = kind, .code = "x", .retry_after_s = retry_after_s };
    j.max_attempts = 8;
    return td_job_land(&j, &e, timeouts, jitter);
}

/* 10 s, 30 s, 2 min, 10 min, 30 min, 2 h, 6 h, each +- 20 %; the eighth failure is the last. */
static void transient_errors_wait_longer_each_time(void **state)
{
    (void)state;
    static const int64_t seconds[] = { 10, 30, 120, 600, 1800, 7200, 21600 };
    for (int64_t attempt = 1; attempt <= 7; attempt++) {
        int64_t ms = 1000 * seconds[attempt - 1];
        td_landing l = land(TD_END_TRANSIENT, (td_job){ .attempt = attempt }, 0, 0, 0);
        assert_int_equal(l.to, TD_JOB_WAITING);
        assert_int_equal(l.wait_ms, ms);
        assert_int_equal(land(TD_END_TRANSIENT, (td_job){ .attempt = attempt }, 0, 0, -1).wait_ms, ms * 8 / 10);
        assert_int_equal(land(TD_END_TRANSIENT, (td_job){ .attempt = attempt }, 0, 0, 1).wait_ms, ms * 12 / 10);
    }
    assert_int_equal(land(TD_END_TRANSIENT, (td_job){ .attempt = 8 }, 0, 0, 0).to, TD_JOB_FAILED);
}

static void retry_after_raises_and_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(land(TD_END_TRANSIENT, (td_job){ .attempt = 1 }, 0, 45, 0).wait_ms, 45000);
    assert_int_equal(land(TD_END_TRANSIENT, (td_job){ .attempt = 3 }, 0, 45, 0).wait_ms, 120000);
    assert_int_equal(land(TD_END_TRANSIENT, (td_job){ .attempt = 1 }, 0, 86400, 0).wait_ms, 6 * 3600000);
}

static void each_ending_leads_somewhere(void **state)
{
    (void)state;
    static const struct {
        td_end_kind kind;
        td_job job;
        int64_t timeouts;
        td_job_state to;
        int64_t wait_ms, attempts, crashes;
    } table[] = {
        { TD_END_DONE, { .attempt = 1 }, 0, TD_JOB_DONE, 0, 0, 0 },
        { TD_END_PERMANENT, { .attempt = 1 }, 0, TD_JOB_FAILED, 0, 0, 0 },
        { TD_END_TIMEOUT, { .attempt = 1 }, 0, TD_JOB_WAITING, 10000, 0, 0 },
        { TD_END_TIMEOUT, { .attempt = 2 }, 1, TD_JOB_FAILED, 0, 0, 0 },
        { TD_END_CRASH, { .attempt = 1 }, 0, TD_JOB_READY, 0, 0, 1 },
        { TD_END_CRASH, { .attempt = 2, .crashes = 1 }, 0, TD_JOB_WAITING, 120000, 0, 1 },
        { TD_END_CRASH, { .attempt = 3, .crashes = 2 }, 0, TD_JOB_FAILED, 0, 0, 1 },
        { TD_END_RETURNED, { .attempt = 8, .crashes = 2 }, 0, TD_JOB_READY, 0, -1, 0 },
        { TD_END_HELD, { .attempt = 1 }, 0, TD_JOB_HELD, 0, 0, 0 },
        { TD_END_DONE, { .cancel_requested = 1 }, 0, TD_JOB_CANCELLED, 0, 0, 0 },
        { TD_END_CRASH, { .cancel_requested = 1 }, 0, TD_JOB_CANCELLED, 0, 0, 0 },
        { TD_END_HELD, { .cancel_requested = 1 }, 0, TD_JOB_CANCELLED, 0, 0, 0 },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        td_landing l = land(table[i].kind, table[i].job, table[i].timeouts, 0, 0);
        assert_int_equal(l.to, table[i].to);
        assert_int_equal(l.wait_ms, table[i].wait_ms);
        assert_int_equal(l.attempts, table[i].attempts);
        assert_int_equal(l.crashes, table[i].crashes);
        assert_true(td_move_legal(TD_JOB_LEASED, l.to));
        assert_non_null(l.outcome);
    }
}

static void final_states_are_final(void **state)
{
    (void)state;
    for (int from = 0; from < TD_JOB_STATES; from++)
        for (int to = 0; to < TD_JOB_STATES; to++) {
            bool legal = td_move_legal((td_job_state)from, (td_job_state)to);
            if (td_job_state_final((td_job_state)from) || from == to) assert_false(legal);
            if (to == TD_JOB_DONE || to == TD_JOB_FAILED || to == TD_JOB_HELD)
                assert_true(!legal || from == TD_JOB_LEASED);
            if (to == TD_JOB_LEASED) assert_true(!legal || from == TD_JOB_READY);
        }
}

/* After the failure before: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h; 75 h 35 min 5 s in all. */
static void webhooks_go_on_for_three_days(void **state)
{
    (void)state;
    int64_t sum = 0;
    size_t n = 0;
    for (int64_t ms; (ms = td_schedule_ms(&td_webhook_schedule, n, 0, 0)) >= 0; n++) sum += ms;
    assert_int_equal(n, 9);
    assert_int_equal(sum, ((75 * 60 + 35) * 60 + 5) * 1000LL);
    assert_int_equal(td_schedule_ms(&td_webhook_schedule, 0, 0, -1), 4500);
    assert_int_equal(td_schedule_ms(&td_webhook_schedule, 0, 600, 0), 600000);
}

static void stages_cover_the_whole(void **state)
{
    (void)state;
    double before = 0;
    for (const td_stage *s = td_stages; s->name; s++) {
        assert_true(s->from == before && s->to > s->from);
        before = s->to;
    }
    assert_true(before == 1);
    assert_true(td_stage_progress("rendering", 0.5) == 0.65);
    assert_true(td_stage_progress("rendering", 7) == 0.85);
    assert_true(td_stage_progress("dancing", 0.5) < 0);
}

static void ids_sort_by_time(void **state)
{
    (void)state;
    char a[TD_ID_SIZE], b[TD_ID_SIZE];
    for (int64_t ms = 1700000000000; ms < 1700000000000 + (1LL << 45); ms += (1LL << 38) + 12345) {
        td_id_new("job_", ms, a);
        td_id_new("job_", ms + 1, b);
        assert_true(strcmp(a, b) < 0);
        assert_int_equal(strlen(a), 4 + TD_ID_TEXT);
        assert_true(td_id_valid(a));
    }
    assert_false(td_id_valid(""));
    assert_false(td_id_valid("job_../x"));
    assert_false(td_id_valid("Job"));
    assert_false(td_id_valid("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

static void times_read_back(void **state)
{
    (void)state;
    char text[32];
    assert_string_equal(td_rfc3339(1795207267000, text), "2026-11-20T20:41:07Z"); /* date -d ... +%s */
    assert_int_equal(td_rfc3339_read(text), 1795207267000);
    assert_int_equal(td_rfc3339_read("2026-11-20"), -1);
    assert_int_equal(td_retry_after_s("120", 0), 120);
    assert_int_equal(td_retry_after_s("Fri, 20 Nov 2026 20:42:07 GMT", 1795207267000), 60);
    assert_int_equal(td_retry_after_s("Fri, 20 Nov 2020 20:42:07 GMT", 1795207267000), 0);
    assert_int_equal(td_retry_after_s("soon", 0), -1);
    assert_int_equal(td_retry_after_s("-5", 0), -1);
    assert_int_equal(td_retry_after_s("99999999", 0), 86400);
}

/* Berlin, 28 March 2027: clocks go from 2:00 to 3:00. */
static void clocks_of_the_operator(void **state)
{
    (void)state;
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    int64_t evening = td_rfc3339_read("2027-03-27T20:00:00Z"); /* 21:00 there */
    assert_int_equal(td_next_clock_ms(22 * 60, evening), td_rfc3339_read("2027-03-27T21:00:00Z"));
    assert_int_equal(td_next_clock_ms(7 * 60, evening), td_rfc3339_read("2027-03-28T05:00:00Z"));
    assert_int_equal(td_next_clock_ms(20 * 60, evening), td_rfc3339_read("2027-03-28T18:00:00Z"));
    int64_t skipped = td_next_clock_ms(2 * 60 + 30, evening); /* does not exist: the next real minutes are 3:xx */
    assert_in_range(skipped, td_rfc3339_read("2027-03-28T00:30:00Z"), td_rfc3339_read("2027-03-28T01:30:00Z"));
}

/* Orders are read below this room, so what they may ask for is written there as well. */
static void orders_may_ask_for_what_is_sent(void **state)
{
    (void)state;
    size_t sent = 0, offered = 0;
    while (td_hook_events[offered]) offered++;
    for (td_job_state s = 0; s < TD_JOB_STATES; s++) {
        const char *event = td_job_state_event(s);
        if (!event) continue;
        size_t i = 0;
        while (i < offered && strcmp(td_hook_events[i], event) != 0) i++;
        assert_true(i < offered);
        sent++;
    }
    assert_int_equal(sent, offered);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transient_errors_wait_longer_each_time),
        cmocka_unit_test(retry_after_raises_and_is_bounded),
        cmocka_unit_test(each_ending_leads_somewhere),
        cmocka_unit_test(final_states_are_final),
        cmocka_unit_test(webhooks_go_on_for_three_days),
        cmocka_unit_test(stages_cover_the_whole),
        cmocka_unit_test(ids_sort_by_time),
        cmocka_unit_test(times_read_back),
        cmocka_unit_test(clocks_of_the_operator),
        cmocka_unit_test(orders_may_ask_for_what_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
