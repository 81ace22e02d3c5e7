/* The numbers of a plan, for programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/unit/recipes/scene.h"

static const char *text(const json_t *o, const char *member)
{
    const char *s = json_string_value(json_object_get(o, member));
    return s ? s : "null";
}

static double number(const json_t *o, const char *member)
{
    assert_true(json_is_number(json_object_get(o, member)));
    return json_number_value(json_object_get(o, member));
}

static const json_t *find(const json_t *all, const char *step, const char *parameter)
{
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *o = json_array_get(all, i);
        if (!strcmp(text(o, "step"), step) && !strcmp(text(o, "parameter"), parameter)) return o;
    }
    fail_msg("no %s %s", step, parameter);
    return NULL;
}

/* drums: a compressor that was asked for about 3 dB, a fader at -9.1 dB, and what is sent. */
static td_plan small(void)
{
    static double value[64];
    static td_plan_step step;
    static td_plan_send send;
    static td_plan_bus bus;
    const td_processor *comp = td_processor_find("compressor");
    for (size_t i = 0; i < 64; i++) value[i] = NAN;
    value[td_param_find(comp, "threshold")] = -29.3;
    value[td_param_find(comp, "ratio")] = 3;
    value[td_param_find(comp, "release")] = INFINITY;
    step = (td_plan_step){ .name = "punch",
                           .proc = comp,
                           .value = value,
                           .blend = 1,
                           .origin = TD_SOLVED,
                           .reason = "about 3 dB wanted",
                           .goal = { .asked_db = 3, .max_db = 4.4, .p95_db = 3.02, .at_s = 17.2 } };
    send = (td_plan_send){ .to = "plate", .level_db = -10.8, .reason = "why", .asked_lu = -12, .heard_lu = -11.9 };
    bus = (td_plan_bus){ .name = "drums",
                         .chain = { &step, 1 },
                         .peak_dbfs = -3,
                         .clip_gain_db = -9,
                         .fader_db = -9.1,
                         .fader_from_db = -8,
                         .fader_reason = "as delivered",
                         .send = &send,
                         .n_sends = 1 };
    return (td_plan){
        .bus = &bus, .n_buses = 1, .master = { -14, -1, NAN, NAN, NULL }, .preview = { NAN, NAN, NAN, NAN, NULL }
    };
}

static void a_goal_says_what_was_asked_where_and_reached(void **state)
{
    (void)state;
    td_plan p = small();
    json_t *all = td_plan_numbers(&p);
    const json_t *threshold = find(all, "punch", "threshold"), *ratio = find(all, "punch", "ratio");
    assert_string_equal(text(threshold, "kind"), "group");
    assert_string_equal(text(threshold, "place"), "drums");
    assert_string_equal(text(threshold, "what"), "compressor");
    assert_float_equal(number(threshold, "value"), -29.3, 1e-9);
    assert_string_equal(text(threshold, "unit"), "dBFS");
    assert_string_equal(text(threshold, "origin"), "solved");
    assert_string_equal(text(threshold, "wish"), "about 3 dB");
    assert_float_equal(number(threshold, "measured"), 3.02, 1e-9);
    assert_true(json_is_null(json_object_get(threshold, "at_s")));
    assert_float_equal(number(threshold, "after"), 3.02, 1e-9);
    assert_string_equal(text(threshold, "reason"), "about 3 dB wanted");
    assert_string_equal(text(ratio, "wish"), "as written");
    assert_string_equal(text(ratio, "text"), "3:1");
    assert_true(json_is_null(json_object_get(ratio, "measured")));
    assert_string_equal(text(find(all, "punch", "release"), "value"), "auto");
    assert_string_equal(text(find(all, "punch", "release"), "unit"), "null");
    json_decref(all);
}

/* Of four parameters of a step one was solved, one turned by a knob, and of two that stand at their defaults the
 * recipe says one. */
static void what_nobody_wrote_is_a_default(void **state)
{
    (void)state;
    static const char *solved[] = { "attack" }, *knob[] = { "makeup" }, *written[] = { "link" };
    td_plan p = small();
    td_plan_step *step = p.bus[0].chain.step;
    const td_processor *comp = step->proc;
    td_processor_defaults(comp, step->value);
    step->value[td_param_find(comp, "ratio")] = 3;
    step->value[td_param_find(comp, "attack")] = 30;
    step->value[td_param_find(comp, "makeup")] = 2;
    step->how = (td_plan_how){ solved, knob, written, 1, 1, 1 };
    step->reason = "attack 30 ms at 125 bpm; makeup from $loud";
    step->goal = td_no_goal;
    json_t *all = td_plan_numbers(&p);
    static const struct {
        const char *parameter, *origin, *reason;
    } expected[] = {
        { "attack", "solved", "attack 30 ms at 125 bpm; makeup from $loud" },
        { "makeup", "knob", "attack 30 ms at 125 bpm; makeup from $loud" },
        { "ratio", "as-written", "null" },
        { "link", "as-written", "null" },
        { "transformer", "default", "null" },
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const json_t *o = find(all, "punch", expected[i].parameter);
        assert_string_equal(text(o, "origin"), expected[i].origin);
        assert_string_equal(text(o, "reason"), expected[i].reason);
        assert_string_equal(text(o, "wish"), strcmp(expected[i].origin, "as-written") ? "null" : "as written");
    }
    assert_string_equal(text(find(all, "punch", "makeup"), "text"), "+2 dB");
    assert_string_equal(text(find(all, "makeup", "gain"), "reason"), "the chain leaves the loudness alone");
    json_decref(all);
}

static void faders_sends_and_targets_are_numbers(void **state)
{
    (void)state;
    td_plan p = small();
    json_t *all = td_plan_numbers(&p);
    const json_t *fader = find(all, "fader", "gain"), *send = find(all, "send", "level");
    assert_float_equal(number(fader, "value"), -9.1, 1e-9);
    assert_string_equal(text(fader, "reason"), "as delivered");
    assert_float_equal(number(fader, "measured"), -8, 1e-9);
    assert_float_equal(number(fader, "after"), -9.1, 1e-9);
    assert_float_equal(number(find(all, "staging", "gain"), "measured"), -3, 1e-9);
    assert_float_equal(number(find(all, "staging", "gain"), "after"), -12, 1e-9);
    assert_true(json_is_null(json_object_get(fader, "wish")));
    assert_string_equal(text(send, "what"), "plate");
    assert_string_equal(text(send, "wish"), "about -12 LU");
    assert_float_equal(number(send, "after"), -11.9, 1e-9);
    assert_string_equal(text(find(all, "target", "loudness"), "text"), "-14 LUFS");
    json_decref(all);
}

/* Whatever a plan holds, every number has a place, a value and all members. */
static void every_number_is_whole(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        td_plan *p = any_plan(seed);
        json_t *all = td_plan_numbers(p);
        assert_true(json_array_size(all) > 100);
        for (size_t i = 0; i < json_array_size(all); i++) {
            const json_t *o = json_array_get(all, i);
            assert_int_equal(json_object_size(o), 15);
            assert_true(json_is_string(json_object_get(o, "parameter")) && json_is_string(json_object_get(o, "text")));
        }
        json_decref(all);
        td_plan_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_goal_says_what_was_asked_where_and_reached),
        cmocka_unit_test(what_nobody_wrote_is_a_default),
        cmocka_unit_test(faders_sends_and_targets_are_numbers),
        cmocka_unit_test(every_number_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
