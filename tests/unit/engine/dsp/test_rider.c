#include "tests/sound.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RATE 48000.0
enum { PHRASES = 16, PHRASE = 72000, PAUSE = 48000, ALL = PHRASES * (PHRASE + PAUSE) };

static const double level_db[PHRASES] = {
    -20, -24, -17, -22, -26, -18, -20, -15, -23, -19, -25, -21, -16, -22, -18, -24
};

/* Noise of these levels, with pauses of room noise between. */
static sound phrases(void)
{
    sound s = sound_noise(ALL, 9, 1);
    for (size_t i = 0; i < ALL; i++) {
        size_t k = i / (PHRASE + PAUSE), in = i % (PHRASE + PAUSE);
        double level = in < PHRASE ? level_db[k] : -65;
        for (int c = 0; c < 2; c++) s.ch[c][i] *= (float)pow(10, level / 20);
    }
    return s;
}

/* Mean gain in dB between frames of the input. */
static double gain_db(sound before, sound after, size_t late, size_t from, size_t to)
{
    double a = 0, b = 0;
    for (size_t i = from; i < to; i++) {
        a += pow((double)before.ch[0][i], 2);
        b += pow((double)after.ch[0][i + late], 2);
    }
    return 10 * log10(b / a);
}

static double deviation(const double *x, size_t n)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) sum += x[i] / (double)n;
    for (size_t i = 0; i < n; i++) squares += (x[i] - sum) * (x[i] - sum) / (double)n;
    return sqrt(squares);
}

typedef struct ridden {
    sound before, after;
    size_t late;
} ridden;

static ridden ride(const char *setting, sound key)
{
    ridden r = { .before = phrases(), .after = sound_new(ALL + 96000) };
    for (int c = 0; c < 2; c++) memcpy(r.after.ch[c], r.before.ch[c], ALL * sizeof(float));
    sound keys = sound_new(key.frames ? ALL + 96000 : 1);
    for (int c = 0; c < 2 && key.frames; c++) memcpy(keys.ch[c], key.ch[c], ALL * sizeof(float));
    td_unit_state *u = sound_unit(RATE, "rider", setting);
    r.late = td_unit_latency(u);
    sound_run_all(u, r.after, key.frames ? keys : (sound){ 0 }, NULL, 0, 500);
    td_unit_free(u);
    sound_free(keys);
    return r;
}

static void ridden_free(ridden r)
{
    sound_free(r.before);
    sound_free(r.after);
}

static void phrases_come_together(void **unused)
{
    (void)unused;
    ridden r = ride("", (sound){ 0 });
    double after[PHRASES];
    for (size_t k = 0; k < PHRASES; k++) {
        size_t from = k * (PHRASE + PAUSE);
        double whole = gain_db(r.before, r.after, r.late, from, from + PHRASE);
        double onset = gain_db(r.before, r.after, r.late, from, from + 4800);
        double middle = gain_db(r.before, r.after, r.late, from + PHRASE / 2, from + PHRASE / 2 + 4800);
        after[k] = level_db[k] + whole;
        assert_true(fabs(whole) <= 4.01);
        if (k >= 4) assert_float_equal(onset, middle, 0.5); /* before, the mean is still finding itself */
    }
    assert_true(deviation(after, PHRASES) < 0.7 * deviation(level_db, PHRASES));
    ridden_free(r);
}

static void pauses_are_not_lifted(void **unused)
{
    (void)unused;
    ridden r = ride("amount=100", (sound){ 0 });
    for (size_t k = 0; k < PHRASES; k++) {
        size_t from = k * (PHRASE + PAUSE) + PHRASE;
        assert_true(gain_db(r.before, r.after, r.late, from + 16800, from + PAUSE - 16800) < 0.5);
    }
    ridden_free(r);
}

static void a_level_is_ridden_to(void **unused)
{
    (void)unused;
    ridden r = ride("amount=100 range=12 level=-20", (sound){ 0 });
    double level[PHRASES];
    for (size_t k = 0; k < PHRASES; k++) {
        size_t from = k * (PHRASE + PAUSE) + 24000;
        level[k] = level_db[k] + gain_db(r.before, r.after, r.late, from, from + 24000);
    }
    assert_true(deviation(level, PHRASES) < 0.2);
    ridden_free(r);
}

/* A key that moves as the phrases do leaves them alone: they already stand as far above it as on the mean. */
static void a_key_is_followed(void **unused)
{
    (void)unused;
    sound key = phrases();
    for (size_t i = 0; i < key.frames; i++)
        for (int c = 0; c < 2; c++) key.ch[c][i] *= 0.5f;
    ridden r = ride("amount=100", key);
    for (size_t k = 1; k < PHRASES; k++) {
        size_t from = k * (PHRASE + PAUSE) + 24000;
        assert_float_equal(gain_db(r.before, r.after, r.late, from, from + 24000), 0, 0.3);
    }
    ridden_free(r);
    sound_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phrases_come_together),
        cmocka_unit_test(pauses_are_not_lifted),
        cmocka_unit_test(a_level_is_ridden_to),
        cmocka_unit_test(a_key_is_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
