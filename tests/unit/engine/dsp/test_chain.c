/* A chain against hand-made processors whose sound is known: a delay that reports its latency, and a wire that listens
 * to its key. */
#include "engine/dsp/dsp.h"

#include "engine/dsp/delayline.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { LATE = 37, FRAMES = 2048 };

static td_status late_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    (void)fmt, (void)set, (void)err;
    return td_delayline_init(st, LATE);
}

static void late_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)key, (void)gr;
    const float *const in[2] = { ch[0], ch[1] };
    td_delayline_process(st, in, ch, frames);
}

static void late_reset(void *st)
{
    td_delayline_reset(st);
}

static void late_destroy(void *st)
{
    td_delayline_fini(st);
}

static size_t late_latency(const void *st)
{
    (void)st;
    return LATE;
}

static size_t one(const void *st)
{
    (void)st;
    return 1;
}

static size_t five(const void *st)
{
    (void)st;
    return 5;
}

/* Gives out its key, and says -3 dB of it. */
static void listen_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)st;
    for (size_t i = 0; i < frames; i++) {
        if (gr) gr[0][i] = 3;
        for (unsigned c = 0; c < 2; c++) ch[c][i] = key ? key[c][i] : 0;
    }
}

static td_status listen_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    (void)st, (void)fmt, (void)set, (void)err;
    return TD_OK;
}

static const td_dynamics listening = { .detectors = one };
static const td_processor late = { .name = "late",
                                   .state_size = sizeof(td_delayline),
                                   .prepare = late_prepare,
                                   .process = late_process,
                                   .reset = late_reset,
                                   .latency = late_latency,
                                   .tail = five,
                                   .destroy = late_destroy };
static const td_processor listen = {
    .name = "listen", .state_size = 1, .prepare = listen_prepare, .process = listen_process, .dynamics = &listening
};

static float ramp[2][FRAMES], other[2][FRAMES];

static void fill(void)
{
    for (int i = 0; i < FRAMES; i++) {
        ramp[0][i] = (float)(i + 1);
        ramp[1][i] = (float)-i;
        other[0][i] = other[1][i] = (float)(i % 100);
    }
}

static void run(td_chain *c, size_t block, bool keyed, size_t step, float *gr_out)
{
    for (size_t at = 0; at < FRAMES; at += block) {
        size_t n = at + block < FRAMES ? block : FRAMES - at;
        float *const ch[2] = { ramp[0] + at, ramp[1] + at };
        const float *const key[2] = { other[0] + at, other[1] + at };
        const float *const *keys[4] = { 0 };
        float gr_block[TD_BLOCK], *const gr_step[1] = { gr_block };
        float *const *gr[4] = { 0 };
        if (keyed) keys[step] = key;
        if (gr_out) gr[step] = gr_step;
        td_chain_process(c, ch, keys, gr, n);
        if (gr_out) memcpy(gr_out + at, gr_block, n * sizeof *gr_out);
    }
}

static const td_format format = { .rate_hz = 48000 };

static void a_wire(void **unused)
{
    (void)unused;
    td_chain *c;
    assert_int_equal(td_chain_new(&format, NULL, 0, &c, NULL), TD_OK);
    fill();
    run(c, 512, false, 0, NULL);
    assert_true(ramp[0][100] == 101 && td_chain_latency(c) == 0 && td_chain_tail(c) == 0);
    td_chain_free(c);
    td_chain_free(NULL);
}

static void latencies_add(void **unused)
{
    (void)unused;
    td_step steps[] = { { .proc = &late, .blend = 1 },
                        { .proc = &late, .blend = 1, .bypass = true },
                        { .proc = &late, .blend = 0.3 } };
    td_chain *c;
    assert_int_equal(td_chain_new(&format, steps, 3, &c, NULL), TD_OK);
    assert_int_equal(td_chain_latency(c), 3 * LATE);
    assert_int_equal(td_chain_tail(c), 10);
    static const size_t blocks[] = { 1, 7, 64, 512 };
    for (size_t b = 0; b < 4; b++) {
        fill();
        td_chain_reset(c);
        run(c, blocks[b], false, 0, NULL);
        for (int i = 0; i < FRAMES; i++) {
            assert_true(ramp[0][i] == (i < 3 * LATE ? 0 : i - 3 * LATE + 1)); /* a blend of two alike is exact */
            assert_true(ramp[1][i] == (i < 3 * LATE ? 0 : -(i - 3 * LATE)));
        }
    }
    td_chain_free(c);
}

/* A move at frame 1000 of the song, behind latency, from the start and from frame 900 on. */
static void moves_keep_their_place(void **unused)
{
    (void)unused;
    double moments[2][4] = { { 0, 0, NAN, NAN }, { 125, -6, NAN, NAN } }, none[4] = { NAN, NAN, NAN, NAN };
    const td_processor *moves = td_processor_find("automation");
    td_part part[2] = { { moves->parts[0], moments[0] }, { moves->parts[0], moments[1] } };
    td_step steps[] = { { .proc = &late, .blend = 1 },
                        { .proc = moves, .set = { .value = none, .part = part, .n_parts = 2 }, .blend = 1 } };
    td_format slow = { .rate_hz = 8000 };
    td_chain *c;
    assert_int_equal(td_chain_new(&slow, steps, 2, &c, NULL), TD_OK);
    static const int from[] = { 0, 900 };
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < FRAMES; i++) ramp[0][i] = ramp[1][i] = 1;
        td_chain_reset(c);
        td_chain_place(c, from[k]);
        run(c, 100, false, 0, NULL);
        for (int i = LATE; i < FRAMES; i++) {
            int at = from[k] + i - LATE;
            assert_float_equal(20 * log10((double)ramp[0][i]), at < 1000 ? -6.0 * at / 1000 : -6, 1e-4);
        }
    }
    td_chain_free(c);
}

static void keys_come_late_as_the_sound(void **unused)
{
    (void)unused;
    td_step steps[] = { { .proc = &late, .blend = 1 }, { .proc = &listen, .blend = 1, .keyed = true } };
    td_chain *c;
    float gr[FRAMES];
    assert_int_equal(td_chain_new(&format, steps, 2, &c, NULL), TD_OK);
    fill();
    run(c, 100, true, 1, gr);
    for (int i = 0; i < FRAMES; i++) assert_true(ramp[0][i] == (i < LATE ? 0 : (i - LATE) % 100) && gr[i] == 3);
    td_chain_free(c);
    steps[1].bypass = true;
    assert_int_equal(td_chain_new(&format, steps, 2, &c, NULL), TD_OK);
    fill();
    run(c, 100, true, 1, gr);
    for (int i = 0; i < FRAMES; i++) assert_true(ramp[1][i] == (i < LATE ? 0 : -(i - LATE)) && gr[i] == 0);
    td_chain_free(c);
}

static void a_bad_step_leaves_nothing(void **unused)
{
    (void)unused;
    double loud = 90;
    td_step steps[] = { { .proc = &late, .blend = 1 },
                        { .proc = td_processor_find("gain"), .set.value = &loud, .blend = 1 } };
    td_chain *c;
    td_error err;
    assert_int_equal(td_chain_new(&format, steps, 2, &c, &err), TD_RECIPE);
    assert_null(c);
}

/* ---- sharing ---------------------------------------------------------------------------------------------------- */

enum { BELLS_MAX = 3 };

/* An eq of so many bells, each chain's in places of its own, and behind it a compressor where one is wanted. */
static td_chain *mono_chain(unsigned bells, double first_hz, bool compressed)
{
    const td_processor *eq = td_processor_find("eq"), *comp = td_processor_find("compressor");
    const td_processor *bell = td_part_find(eq, "bell");
    double value[BELLS_MAX][TD_VALUES_MAX], eq_value[TD_VALUES_MAX], comp_value[TD_VALUES_MAX];
    td_part part[BELLS_MAX];
    td_chain *c;
    td_processor_defaults(eq, eq_value);
    td_processor_defaults(comp, comp_value);
    comp_value[td_param_find(comp, "threshold")] = -40;
    for (unsigned i = 0; i < bells; i++) {
        td_processor_defaults(bell, value[i]);
        value[i][td_param_find(bell, "at")] = first_hz * (i + 1);
        value[i][td_param_find(bell, "gain")] = 9;
        part[i] = (td_part){ bell, value[i] };
    }
    td_step steps[] = { { .proc = eq, .set = { .value = eq_value, .part = part, .n_parts = bells }, .blend = 1 },
                        { .proc = comp, .set = { .value = comp_value }, .blend = 1 } };
    assert_int_equal(td_chain_new(&format, steps, compressed ? 2 : 1, &c, NULL), TD_OK);
    return c;
}

static void noise(float *x, unsigned seed)
{
    for (size_t i = 0; i < TD_BLOCK; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)(int)(seed >> 8) / 8388608 - 1;
    }
}

/* A mono signal as two equal sides; the first is what leaves. */
static void run_mono(td_chain *c, unsigned seed, float *out)
{
    float second[TD_BLOCK];
    noise(out, seed);
    noise(second, seed);
    td_chain_process(c, (float *[]){ out, second }, NULL, NULL, TD_BLOCK);
}

static void two_mono_signals_share_an_eq(void **state)
{
    (void)state;
    for (unsigned a = 1; a <= BELLS_MAX; a++)
        for (unsigned b = 1; b <= BELLS_MAX; b++) {
            float first[TD_BLOCK], second[TD_BLOCK], both[2][TD_BLOCK];
            td_chain *one = mono_chain(a, 200, false), *second_one = mono_chain(b, 1500, false);
            run_mono(one, 1, first);
            run_mono(second_one, 2, second);
            td_chain *shares = mono_chain(a, 200, false);
            bool shared;
            assert_int_equal(td_chain_share(shares, second_one, &shared), TD_OK);
            assert_true(shared);
            noise(both[0], 1);
            noise(both[1], 2);
            td_chain_process(shares, (float *[]){ both[0], both[1] }, NULL, NULL, TD_BLOCK);
            assert_memory_equal(both[0], first, sizeof first);
            assert_memory_equal(both[1], second, sizeof second);
            td_chain_free(one);
            td_chain_free(second_one);
            td_chain_free(shares);
        }
}

/* The compressor behind it hears both channels: neither step may have changed. */
static void who_cannot_share_stays_as_it_was(void **state)
{
    (void)state;
    float alone[TD_BLOCK], after[TD_BLOCK];
    td_chain *one = mono_chain(2, 200, true), *second_one = mono_chain(2, 3000, true),
             *asked = mono_chain(2, 200, true);
    bool shared = true;
    assert_int_equal(td_chain_share(asked, second_one, &shared), TD_OK);
    assert_false(shared);
    run_mono(one, 1, alone);
    run_mono(asked, 1, after);
    assert_memory_equal(after, alone, sizeof alone);
    td_chain_free(one);
    td_chain_free(second_one);
    td_chain_free(asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_wire),
                                        cmocka_unit_test(latencies_add),
                                        cmocka_unit_test(moves_keep_their_place),
                                        cmocka_unit_test(keys_come_late_as_the_sound),
                                        cmocka_unit_test(a_bad_step_leaves_nothing),
                                        cmocka_unit_test(two_mono_signals_share_an_eq),
                                        cmocka_unit_test(who_cannot_share_stays_as_it_was) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
