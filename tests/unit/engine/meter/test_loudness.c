#include "signals.h"
#include "tests/ebu.h"

#include <ebur128.h>
#include <string.h>

typedef struct reading {
    double integrated, range, max_momentary, max_short_term;
} reading;

static td_loudness *meter(unsigned rate_hz, unsigned channels)
{
    td_loudness *m;
    assert_int_equal(td_loudness_new(rate_hz, channels, &m), TD_OK);
    return m;
}

static void feed(td_loudness *m, const signal *s, size_t from, size_t n)
{
    const float *ch[2] = { s->ch[0] + from, s->ch[1] + from };
    assert_int_equal(td_loudness_add(m, ch, n), TD_OK);
}

static reading measure(const signal *s, size_t block)
{
    td_loudness *m = meter(s->rate_hz, 2);
    for (size_t at = 0; at < s->frames; at += block) feed(m, s, at, block < s->frames - at ? block : s->frames - at);
    reading r = { td_loudness_integrated(m), td_loudness_range(m), td_loudness_max_momentary(m),
                  td_loudness_max_short_term(m) };
    td_loudness_free(m);
    return r;
}

#define assert_near(a, b, tolerance)                                                       \
    do {                                                                                   \
        double a_ = (a), b_ = (b);                                                         \
        if (!(fabs(a_ - b_) <= (tolerance))) fail_msg("%s is %.4f, not %.4f", #a, a_, b_); \
    } while (0)

static void add_parts(signal *s, const ebu_part part[5])
{
    for (size_t i = 0; i < 5; i++) add_tone(s, 1000, part[i].peak_dbfs, part[i].seconds);
}

/* EBU Tech 3341 cases 1 to 5: integrated loudness of 1 kHz tones. */
static void tech_3341_integrated(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        signal s = { .rate_hz = 48000 };
        add_parts(&s, ebu_integrated[i].part);
        reading r = measure(&s, 4096);
        assert_near(r.integrated, ebu_integrated[i].lufs, 0.1);
        if (i < 2) {
            assert_near(r.max_momentary, ebu_integrated[i].lufs, 0.1);
            assert_near(r.max_short_term, ebu_integrated[i].lufs, 0.1);
        }
        signal_free(&s);
    }
}

/* Case 9: short-term loudness is constant after 3 s; case 12: momentary after 1 s. Read every 10 ms. */
static void tech_3341_constant(void **state)
{
    (void)state;
    signal nine = { .rate_hz = 48000 }, twelve = { .rate_hz = 48000 };
    for (int i = 0; i < 5; i++) {
        add_tone(&nine, 1000, -20, 1.34);
        add_tone(&nine, 1000, -30, 1.66);
    }
    for (int i = 0; i < 25; i++) {
        add_tone(&twelve, 1000, -20, 0.18);
        add_tone(&twelve, 1000, -30, 0.22);
    }
    td_loudness *m = meter(48000, 2);
    for (size_t at = 0; at + 480 <= nine.frames; at += 480) {
        feed(m, &nine, at, 480);
        if (at + 480 >= 3 * 48000) assert_near(td_loudness_short_term(m), -23, 0.1);
    }
    td_loudness_reset(m);
    for (size_t at = 0; at + 480 <= twelve.frames; at += 480) {
        feed(m, &twelve, at, 480);
        if (at + 480 >= 48000) assert_near(td_loudness_momentary(m), -23, 0.1);
    }
    td_loudness_free(m);
    signal_free(&nine);
    signal_free(&twelve);
}

/* Cases 10, 11 (short-term) and 13, 14 (momentary): maxima of bursts that begin off every grid. */
static void tech_3341_maxima(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        for (int rising = 0; rising < 2; rising++) {
            double level = rising ? -38 + i : -23;
            signal s = { .rate_hz = 48000 }, m = { .rate_hz = 48000 };
            add_silence(&s, 0.15 * i);
            add_tone(&s, 1000, level, 3);
            add_silence(&s, 1);
            assert_near(measure(&s, 1000).max_short_term, level, 0.1);
            add_silence(&m, 0.02 * i);
            add_tone(&m, 1000, level, 0.4);
            add_silence(&m, 1);
            assert_near(measure(&m, 1000).max_momentary, level, 0.1);
            signal_free(&s);
            signal_free(&m);
        }
    }
}

/* EBU Tech 3342 cases 1 to 4: loudness range of 20 s steps. */
static void tech_3342(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        signal s = { .rate_hz = 44100 };
        add_parts(&s, ebu_range[i].part);
        assert_near(measure(&s, 4096).range, ebu_range[i].lu, 0.1);
        signal_free(&s);
    }
}

/* BS.1770: a 997 Hz sine of full scale in one channel reads -3.01; the gate stands at -70. */
static void anchors(void **state)
{
    (void)state;
    static const unsigned rates[] = { 44100, 48000, 96000, 192000 };
    for (size_t i = 0; i < 4; i++) {
        signal s = { .rate_hz = rates[i] };
        add_tone(&s, 997, 0, 2);
        td_loudness *m = meter(rates[i], 1);
        feed(m, &s, 0, s.frames);
        assert_near(td_loudness_integrated(m), -3.01, 0.03); /* the curve's own dependence on the rate */
        td_loudness_free(m);
        assert_near(measure(&s, 333).integrated, 0, 0.03);
        signal_free(&s);
    }
    signal above = { .rate_hz = 48000 }, below = { .rate_hz = 48000 };
    add_tone(&above, 1000, -69.9, 3);
    add_tone(&below, 1000, -70.1, 3);
    assert_near(measure(&above, 480).integrated, -69.9, 0.05);
    assert_true(isinf(measure(&below, 480).integrated));
    signal_free(&above);
    signal_free(&below);
}

static float *interleaved(const signal *s)
{
    float *mixed = malloc(2 * s->frames * sizeof *mixed);
    for (size_t i = 0; i < s->frames; i++)
        for (int c = 0; c < 2; c++) mixed[2 * i + c] = s->ch[c][i];
    return mixed;
}

static double library_integrated(const signal *s)
{
    ebur128_state *e = ebur128_init(2, s->rate_hz, EBUR128_MODE_I);
    float *mixed = interleaved(s);
    double integrated;
    ebur128_add_frames_float(e, mixed, s->frames);
    ebur128_loudness_global(e, &integrated);
    free(mixed);
    ebur128_destroy(&e);
    return integrated;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* From its short-term loudness every 100 ms: its own range looks once a second only. */
static double library_range(const signal *s)
{
    ebur128_state *e = ebur128_init(2, s->rate_hz, EBUR128_MODE_S);
    float *mixed = interleaved(s);
    double value[1000], sum = 0;
    size_t n = 0, kept = 0, step = s->rate_hz / 10;
    for (size_t at = 0; at + step <= s->frames; at += step) {
        ebur128_add_frames_float(e, mixed + 2 * at, step);
        if (at + step < 3 * s->rate_hz) continue;
        ebur128_loudness_shortterm(e, &value[n]);
        sum += pow(10, value[n++] / 10);
    }
    double gate = fmax(-70, 10 * log10(sum / (double)n) - 20);
    for (size_t i = 0; i < n; i++)
        if (value[i] >= gate) value[kept++] = value[i];
    qsort(value, kept, sizeof *value, ascending);
    free(mixed);
    ebur128_destroy(&e);
    return value[(size_t)((double)(kept - 1) * 0.95 + 0.5)] - value[(size_t)((double)(kept - 1) * 0.1 + 0.5)];
}

static void agrees_with_libebur128(void **state)
{
    (void)state;
    static const unsigned rates[] = { 48000, 44100, 22050, 96000 };
    for (uint64_t i = 0; i < 8; i++) {
        signal s = { .rate_hz = rates[i % 4] };
        add_programme(&s, 100 + i, 8 + (double)i);
        assert_near(measure(&s, 777).integrated, library_integrated(&s), 0.01);
        signal_free(&s);
    }
    signal s = { .rate_hz = 8000 };
    add_programme(&s, 5, 60);
    assert_near(measure(&s, 777).range, library_range(&s), 0.01);
    signal_free(&s);
}

static void block_size_changes_nothing(void **state)
{
    (void)state;
    signal s = { .rate_hz = 44100 };
    add_programme(&s, 7, 5);
    reading whole = measure(&s, s.frames);
    for (size_t block = 1; block < 6000; block = 7 * block + 3) {
        reading r = measure(&s, block);
        assert_memory_equal(&r, &whole, sizeof r);
    }
    signal_free(&s);
}

static void silence_is_a_value(void **state)
{
    (void)state;
    signal s = { .rate_hz = 48000 };
    add_silence(&s, 4);
    reading r = measure(&s, 4096);
    assert_true(isinf(r.integrated) && isinf(r.max_momentary) && isinf(r.max_short_term));
    assert_true(r.range == 0);
    signal_free(&s);
    td_loudness *m = meter(48000, 2);
    assert_true(isinf(td_loudness_integrated(m)) && isinf(td_loudness_momentary(m)));
    td_loudness_free(m);
    assert_int_equal(td_loudness_new(7999, 2, &m), TD_ARG);
    assert_int_equal(td_loudness_new(48000, 3, &m), TD_ARG);
    assert_null(m);
}

static void frames_that_count(void **state)
{
    (void)state;
    float k[100];
    unsigned char active[100];
    for (size_t i = 0; i < 100; i++) k[i] = i >= 20 && i < 30 ? 0.01f : i < 60 ? 1e-4f : 0;
    assert_int_equal(td_gated_frames(k, 100, active), 16); /* three on either side share a block with sound */
    for (size_t i = 0; i < 100; i++) assert_int_equal(active[i], i >= 17 && i < 33);
    assert_int_equal(td_gated_frames(k, 100, NULL), 16);
    assert_int_equal(td_gated_frames(k, 3, active), 0);
}

/* A part at -25 LUFS that dies away into hiss at -65: gated at -70 LUFS, softer by 20 LU it is another part. */
static void a_gain_changes_own_loudness_by_as_much(void **state)
{
    (void)state;
    enum { N = 200 };
    float k[N], soft[N];
    unsigned char active[2][N];
    for (size_t i = 0; i < N; i++) {
        k[i] = (float)pow(10, -2.5 - fmin((double)i * 0.02, 4));
        soft[i] = k[i] / 64;
    }
    double down = 10 * log10(64);
    assert_float_equal(td_own_loudness(k, N) - td_own_loudness(soft, N), down, 1e-9);
    assert_true(fabs(td_gated_loudness(k, N) - td_gated_loudness(soft, N) - down) > 0.1);
    assert_int_equal(td_gated_frames(k, N, active[0]), td_gated_frames(soft, N, active[1]));
    assert_memory_equal(active[0], active[1], N);
    for (size_t i = 0; i < N; i++) k[i] = 1e-9f; /* -90 LUFS */
    assert_true(isinf(td_own_loudness(k, N)));
    assert_int_equal(td_gated_frames(k, N, NULL), 0);
}

/* |K|^2 against the loudness of sines. */
static void weight_is_the_filter(void **state)
{
    (void)state;
    static const double freq[] = { 30, 60, 100, 500, 1000, 2000, 4000, 10000, 15000 };
    for (size_t i = 0; i < sizeof freq / sizeof *freq; i++) {
        signal s = { .rate_hz = 48000 };
        add_tone(&s, freq[i], -20, 3);
        double expect = -20 + td_power_db(td_k_weight_power(freq[i])) - 0.691;
        assert_near(measure(&s, 4800).integrated, expect, 0.02);
        signal_free(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tech_3341_integrated),
        cmocka_unit_test(tech_3341_constant),
        cmocka_unit_test(tech_3341_maxima),
        cmocka_unit_test(tech_3342),
        cmocka_unit_test(anchors),
        cmocka_unit_test(agrees_with_libebur128),
        cmocka_unit_test(block_size_changes_nothing),
        cmocka_unit_test(silence_is_a_value),
        cmocka_unit_test(frames_that_count),
        cmocka_unit_test(a_gain_changes_own_loudness_by_as_much),
        cmocka_unit_test(weight_is_the_filter),
    };
    td_denormals_off();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
