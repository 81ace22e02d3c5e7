#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/recipes/scene.h"

static void comes_back_the_same(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        td_plan *plan = any_plan(seed), *again;
        td_text once = { 0 }, twice = { 0 };
        td_messages *m = td_messages_new();
        assert_int_equal(td_plan_write(plan, &once), TD_OK);
        td_status st = td_plan_read("plan.yaml", once.data, once.length, &again, m);
        if (st) {
            td_messages_text(m, &twice);
            fail_msg("%s", twice.data);
        }
        assert_int_equal(td_plan_write(again, &twice), TD_OK);
        assert_string_equal(once.data, twice.data);
        assert_string_equal(plan->stem[0].path, again->stem[0].path);
        assert_string_equal(plan->stem[1].path_right, again->stem[1].path_right);
        char a[TD_SHA256_HEX], b[TD_SHA256_HEX];
        assert_int_equal(td_plan_hash(plan, a), TD_OK);
        assert_int_equal(td_plan_hash(again, b), TD_OK);
        assert_string_equal(a, b);
        td_text_free(&once);
        td_text_free(&twice);
        td_messages_free(m);
        td_plan_free(plan);
        td_plan_free(again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
