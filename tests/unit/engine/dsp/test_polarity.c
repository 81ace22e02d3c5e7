#include "tests/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check(const char *spec, float left, float right)
{
    td_unit_state *u = sound_unit(48000, "polarity", spec);
    sound s = sound_impulse(1, 0.5);
    sound_run(u, s);
    assert_true(s.ch[0][0] == left && s.ch[1][0] == right);
    td_unit_free(u);
    sound_free(s);
}

static void turns_over(void **unused)
{
    (void)unused;
    check("", -0.5f, -0.5f);
    check("channel=left", -0.5f, 0.5f);
    check("channel=right", 0.5f, -0.5f);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(turns_over) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
