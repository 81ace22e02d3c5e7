#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/recipes/scene.h"
#include <string.h>

static void only_what_changed_is_told(void **state)
{
    (void)state;
    td_plan *before = any_plan(7), *plan = any_plan(7);
    td_text same = { 0 }, other = { 0 };
    td_plan_changes(plan, before, 0, &same);
    assert_null(strchr(strchr(same.data, '\n') + 1, ':'));
    td_plan_bus bus[2] = { plan->bus[0], plan->bus[1] };
    bus[1].fader_db += 2.5;
    plan->bus = bus; /* any_plan's are the same for both */
    td_plan_changes(plan, before, 0, &other);
    assert_string_equal(strchr(other.data, '\n'), "\n\nGROUPS\n  backing  fader  gain  +2.5 dB  x\n");
    td_text_free(&same);
    td_text_free(&other);
    td_plan_free(before);
    td_plan_free(plan);
}

static void reasons_keep_within_a_terminal(void **state)
{
    (void)state;
    static const char *const words = "loudest VU reading -0.6 at 0:19, brought to 0 VU; +1.1 dB more for what changed, "
                                     "and for the rest of what there is to be told";
    td_plan *plan = any_plan(7);
    plan->trim_reason = words;
    for (size_t room = 80; room <= 200; room += 8) {
        td_text t = { 0 };
        td_plan_view(plan, room, &t);
        char *line = strstr(t.data, "  trim "), *end = strstr(t.data, "told\n");
        for (assert_true(line && end); line < end; line += strcspn(line, "\n") + 1) {
            size_t n = strcspn(line, "\n");
            assert_true(n <= room && line[n - 1] != ' ');
        }
        td_text_free(&t);
    }
    td_plan_free(plan);
}

static void a_target_that_asks_for_nothing_is_told(void **state)
{
    (void)state;
    td_plan *plan = any_plan(7);
    plan->preview = (td_target){ .loudness_lufs = NAN, .true_peak_dbtp = NAN, .peak_dbfs = NAN };
    td_text t = { 0 };
    td_plan_view(plan, 0, &t);
    assert_non_null(strstr(t.data, "as the mix bus leaves it"));
    td_text_free(&t);
    td_plan_free(plan);
}

/* A plan of one step on its mix bus. */
static void assert_mix_step(td_plan_step step, const char *line)
{
    td_plan *plan = any_plan(7);
    double value[TD_VALUES_MAX];
    td_processor_defaults(step.proc, value);
    if (step.file) value[td_param_find(step.proc, "file")] = 1;
    step.value = value;
    step.blend = 1;
    plan->mix = (td_plan_chain){ &step, 1 };
    td_text t = { 0 };
    td_plan_view(plan, 0, &t);
    if (!strstr(t.data, line)) fail_msg("%s", t.data);
    td_text_free(&t);
    td_plan_free(plan);
}

/* What a goal came to is told though it be the default, a file by its name, and a note below. */
static void what_was_decided_is_told(void **state)
{
    (void)state;
    assert_mix_step((td_plan_step){ .name = "glue",
                                    .proc = td_processor_find("compressor"),
                                    .reason = "at most 2 dB wanted",
                                    .note = "holds the loudest",
                                    .goal = { 2, 2, 1 } },
                    "compressor  threshold -18 dBFS  at most 2 dB wanted\n      holds the loudest\n");
    assert_mix_step((td_plan_step){ .name = "hall",
                                    .proc = td_processor_find("reverb"),
                                    .reason = "as written",
                                    .file = "rooms/hall.wav",
                                    .goal = td_no_goal },
                    "file rooms/hall.wav");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_changed_is_told),
        cmocka_unit_test(a_target_that_asks_for_nothing_is_told),
        cmocka_unit_test(reasons_keep_within_a_terminal),
        cmocka_unit_test(what_was_decided_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
