#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/base/memory.h"

static void an_arena_remembers_what_it_could_not_give(void **state)
{
    (void)state;
    td_arena *a = td_arena_new(), *other = td_arena_new();
    assert_string_equal(td_arena_printf(a, "%d", 7), "7");
    assert_null(td_arena_strdup(a, NULL)); /* none was asked for */
    assert_false(td_arena_broken(a));
    assert_null(td_arena_array(other, SIZE_MAX, 2));
    assert_true(td_arena_broken(other));
    td_arena_join(a, other);
    assert_true(td_arena_broken(a));
    td_arena_free(a);
    a = td_arena_new();
    assert_null(td_arena_alloc(a, SIZE_MAX / 2));
    assert_non_null(td_arena_alloc(a, 16));
    assert_true(td_arena_broken(a)); /* for good */
    td_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(an_arena_remembers_what_it_could_not_give) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
