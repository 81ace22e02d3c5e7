#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jobs/home.h"
#include <string.h>

#define GIB (1LL << 30)

/* A twentieth of 252 GiB is 12.6; of 20 GiB it is 1, so 2 GiB; of 4 GiB those would be half. */
static void a_disk_keeps_something_back(void **state)
{
    (void)state;
    assert_int_equal(td_disk_reserve(252 * GIB), 252 * GIB / 20);
    assert_int_equal(td_disk_reserve(20 * GIB), 2 * GIB);
    assert_int_equal(td_disk_reserve(4 * GIB), GIB);
}

static void a_short_disk_says_what_is_missing(void **state)
{
    (void)state;
    char text[1400];
    const td_disk d = { .free_bytes = 5 * GIB, .reserve_bytes = 2 * GIB };
    assert_null(td_disk_short(&d, "/srv", 0, text, sizeof text));
    assert_null(td_disk_short(&d, "/srv", 3 * GIB, text, sizeof text));
    assert_non_null(td_disk_short(&d, "/srv", 4 * GIB, text, sizeof text));
    assert_non_null(strstr(text, "/srv has 5.0 GiB free and 2.0 GiB have to stay free, and the job needs 4.0 GiB: "
                                 "1.0 GiB are missing; "));
    const td_disk full = { .free_bytes = 2 * GIB, .reserve_bytes = 2 * GIB };
    assert_non_null(td_disk_short(&full, "/srv", 0, text, sizeof text));
    assert_non_null(strstr(text, "/srv has 2.0 GiB free and 2.0 GiB have to stay free: 0.1 GiB are missing; "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disk_keeps_something_back),
        cmocka_unit_test(a_short_disk_says_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
