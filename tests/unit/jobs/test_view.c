/* What `topdown status` shows, from answers as the API gives them. The times are counted by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jobs/ids.h"
#include "jobs/view.h"
#include <string.h>

#define CREATED "\"id\":\"job_1\",\"title\":\"Song\",\"created_at\":\"2026-11-21T14:00:00Z\",\"max_attempts\":8,"

static td_text shown(const char *job, const char *deliveries, const char *now)
{
    td_text t = { 0 };
    json_t *j = json_loads(job, 0, NULL), *d = deliveries ? json_loads(deliveries, 0, NULL) : NULL;
    assert_non_null(j);
    td_view_job(j, d, td_rfc3339_read(now), &t);
    json_decref(j);
    json_decref(d);
    return t;
}

static void expect(td_text t, const char *const *lines)
{
    for (; *lines; lines++)
        if (!strstr(td_text_or_empty(&t), *lines)) fail_msg("no '%s' in:\n%s", *lines, td_text_or_empty(&t));
    td_text_free(&t);
}

static void a_job_that_waits_for_its_next_attempt_does_not_run(void **state)
{
    (void)state;
    static const char *const lines[] = { "state       queued; attempt 2 of 8 at 2026-11-21T14:00:43Z, in 0:07\n",
                                         "waited      0:33\n", "ran         0:03\n",
                                         "problem     Bass.wav: the server answered 503\n", NULL };
    expect(shown("{" CREATED "\"state\":\"queued\",\"started_at\":\"2026-11-21T14:00:20Z\",\"finished_at\":null,"
                 "\"attempt\":1,\"next_at\":\"2026-11-21T14:00:43Z\",\"ran_s\":3.0,\"problem\":{\"code\":\"fetch\","
                 "\"detail\":\"Bass.wav: the server answered 503\"}}",
                 NULL, "2026-11-21T14:00:36Z"),
           lines);
}

static void a_running_job_counts_the_attempt_under_way(void **state)
{
    (void)state;
    static const char *const lines[] = { "state       running, rendering 64 %; attempt 2 of 8\n", "waited      0:40\n",
                                         "ran         0:20\n", NULL };
    expect(shown("{" CREATED "\"state\":\"running\",\"stage\":\"rendering\",\"progress\":0.64,\"attempt\":2,"
                 "\"started_at\":\"2026-11-21T14:00:50Z\",\"ran_s\":10.0}",
                 NULL, "2026-11-21T14:01:00Z"),
           lines);
}

static void a_held_job_says_what_it_waits_for(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "state       held; attempt 1 of 8\n",
        "topdown retry job_1 lets it go on after its stems were replaced, topdown cancel",
        "refused     A.wav: is empty\n            B.wav: is no sound\n",
        "message     Hello,\n\n            thank you\n",
        "ran         0:02\n",
        NULL
    };
    expect(shown("{" CREATED "\"state\":\"held\",\"attempt\":1,\"started_at\":\"2026-11-21T14:00:00Z\",\"ran_s\":2.0,"
                 "\"problem\":{\"code\":\"input\",\"detail\":\"2 stems are refused\",\"refused\":[{\"file\":\"A.wav\","
                 "\"why\":\"is empty\"},{\"file\":\"B.wav\",\"why\":\"is no sound\"}],"
                 "\"message\":{\"en\":\"Hello,\\n\\nthank you\",\"de\":\"Guten Tag\"}}}",
                 NULL, "2026-11-21T15:00:00Z"),
           lines);
}

static void what_did_not_arrive_is_named_with_its_cure(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "  put      a.wav  sent, 1 attempt  http://h/a.wav\n  webhook  job.done  waits, 2 attempts, next at "
        "2026-11-21T14:05:00Z, in 4:00  http://h/\n             the server answered 500\n",
        "topdown retry --deliveries job_1 sends at once", "  a.wav ", "    missed: -9.40 LUFS instead of -9.00\n", NULL
    };
    expect(shown("{" CREATED "\"state\":\"done\",\"attempt\":1,\"mixes\":[{\"label\":\"Warm\",\"recipe\":\"pop-rock\","
                 "\"outputs\":[{\"name\":\"a.wav\",\"bytes\":5,\"sha256\":\"ab\",\"missed\":\"-9.40 LUFS instead of "
                 "-9.00\"}]}]}",
                 "[{\"kind\":\"webhook\",\"event\":\"job.done\",\"url\":\"http://h/\",\"state\":\"ready\","
                 "\"attempts\":2,\"error\":\"the server answered 500\",\"next_at\":\"2026-11-21T14:05:00Z\"},"
                 "{\"kind\":\"put\",\"event\":\"a.wav\",\"url\":\"http://h/a.wav\",\"state\":\"sent\",\"attempts\":1}]",
                 "2026-11-21T14:01:00Z"),
           lines);
}

static void a_mix_that_failed_says_why(void **state)
{
    (void)state;
    static const char *const lines[] = { "problem     Tight: 1 of 2 mixes failed\n", "\nWarm, pop-rock  -14.0 LUFS\n",
                                         "\nTight  failed: mix: breaths are a voice's\n", NULL };
    expect(shown("{" CREATED "\"state\":\"done\",\"attempt\":1,\"problem\":{\"code\":\"partial\",\"detail\":"
                 "\"Tight: 1 of 2 mixes failed\"},\"mixes\":[{\"label\":\"Warm\",\"recipe\":\"pop-rock\","
                 "\"state\":\"done\",\"problem\":null,\"loudness_lufs\":-14.0},{\"label\":\"Tight\",\"recipe\":"
                 "\"Tight\",\"state\":\"failed\",\"problem\":\"mix: breaths are a voice's\"}]}",
                 NULL, "2026-11-21T14:01:00Z"),
           lines);
}

static void a_job_that_waits_says_what_for(void **state)
{
    (void)state;
    static const char *const lines[] = { "state       queued\n", "waited      6:30:05\n",
                                         "waits for   the disk is short\n", NULL };
    expect(shown("{" CREATED "\"state\":\"queued\",\"attempt\":0,\"waiting\":\"the disk is short\"}", NULL,
                 "2026-11-21T20:30:05Z"),
           lines);
}

static void a_job_is_told_from_one_that_is_leaving(void **state)
{
    (void)state;
    static const char *const lines[] = { "state       running, mixing 50 %, about to be cancelled; attempt 1 of 8\n",
                                         NULL };
    static const char *const failed[] = { "state       failed; attempt 1 of 8\n            topdown retry job_1 orders",
                                          "problem     Bass.wav: the server answered 404\n", NULL };
    expect(shown("{" CREATED "\"state\":\"running\",\"stage\":\"mixing\",\"progress\":0.5,\"attempt\":1,"
                 "\"cancel_requested\":true}",
                 NULL, "2026-11-21T14:00:36Z"),
           lines);
    expect(shown("{" CREATED "\"state\":\"failed\",\"attempt\":1,\"problem\":{\"code\":\"fetch\",\"detail\":"
                 "\"Bass.wav: the server answered 404\"}}",
                 NULL, "2026-11-21T14:00:36Z"),
           failed);
}

static void a_list_has_a_line_a_job(void **state)
{
    (void)state;
    td_text t = { 0 };
    json_t *o = json_loads("{\"data\":[{" CREATED "\"state\":\"queued\",\"attempt\":1,\"ran_s\":3.0,\"started_at\":"
                           "\"2026-11-21T14:00:00Z\",\"next_at\":\"2026-11-21T14:00:13Z\"}],\"queue\":{\"queued\":1,"
                           "\"waiting\":\"no room\"}}",
                           0, NULL);
    td_view_jobs(o, td_rfc3339_read("2026-11-21T14:00:10Z"), &t);
    json_decref(o);
    static const char *const lines[] = { "   0:07     0:03  Song  attempt 2 of 8 at 2026-11-21T14:00:13Z, in 0:03\n",
                                         "Queue: 1 waiting", "\nNo job is begun: no room\n", NULL };
    expect(t, lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_that_waits_for_its_next_attempt_does_not_run),
        cmocka_unit_test(a_running_job_counts_the_attempt_under_way),
        cmocka_unit_test(a_held_job_says_what_it_waits_for),
        cmocka_unit_test(what_did_not_arrive_is_named_with_its_cure),
        cmocka_unit_test(a_mix_that_failed_says_why),
        cmocka_unit_test(a_job_that_waits_says_what_for),
        cmocka_unit_test(a_job_is_told_from_one_that_is_leaving),
        cmocka_unit_test(a_list_has_a_line_a_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
