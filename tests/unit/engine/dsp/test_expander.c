#include "tests/sound.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RATE 48000.0

/* Settled reduction of a 1 kHz sine. */
static double settled(const char *setting, double level_db)
{
    sound s = sound_sine(24000, RATE, 1000, pow(10, level_db / 20));
    float *gr = calloc(s.frames, sizeof *gr);
    td_unit_state *u = sound_unit(RATE, "expander", setting);
    sound_run_all(u, s, (sound){ 0 }, (float *[]){ gr }, 1, 512);
    double sum = 0;
    for (size_t i = 19200; i < 24000; i++) sum += (double)gr[i] / 4800;
    td_unit_free(u);
    free(gr);
    sound_free(s);
    return sum;
}

/* y = T + (x - T) R below T, a quadratic passage of 6 dB around it, and never more than the range. */
static double wanted(double x, double t, double r, double w, double range)
{
    double under = t - x;
    if (under <= -w / 2) return 0;
    double c = under < w / 2 ? (r - 1) * (under + w / 2) * (under + w / 2) / (2 * w) : (r - 1) * under;
    return fmin(c, range);
}

static void holds_the_static_curve(void **unused)
{
    (void)unused;
    for (double db = -70; db <= -10; db += 2.5) {
        assert_float_equal(settled("threshold=-40 ratio=2 knee=6 range=12 release=20", db), wanted(db, -40, 2, 6, 12),
                           0.05);
        assert_float_equal(settled("threshold=-30 ratio=5 knee=0 range=57 attack=20 release=20", db),
                           wanted(db, -30, 5, 0, 57), 0.05);
    }
}

static void loud_passages_are_untouched(void **unused)
{
    (void)unused;
    sound s = sound_sine(24000, RATE, 1000, 0.5), before = sound_copy(s);
    td_unit_state *u = sound_unit(RATE, "expander", "lookahead=0");
    sound_run(u, s);
    assert_memory_equal(s.ch[0] + 12000, before.ch[0] + 12000, 12000 * sizeof(float));
    td_unit_free(u);
    sound_free(s);
    sound_free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_the_static_curve),
        cmocka_unit_test(loud_passages_are_untouched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
