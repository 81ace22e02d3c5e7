#include "signals.h"

#include <ebur128.h>

static double measure(const signal *s, unsigned over, size_t block)
{
    td_true_peak *m;
    assert_int_equal(td_true_peak_new(2, over, &m), TD_OK);
    for (size_t at = 0; at < s->frames; at += block) {
        const float *ch[2] = { s->ch[0] + at, s->ch[1] + at };
        td_true_peak_add(m, ch, block < s->frames - at ? block : s->frames - at);
    }
    td_true_peak_end(m);
    double peak = td_true_peak_max(m);
    td_true_peak_free(m);
    return td_to_db(peak);
}

/* EBU Tech 3341 cases 15 to 19: sines whose samples miss their crest. Faded, for an abrupt start is a peak of its own.
 */
static void tech_3341_sines(void **state)
{
    (void)state;
    static const struct {
        double divisor, degrees, amplitude, expect;
    } cases[] = {
        { 4, 0, 0.5, -6 }, { 4, 45, 0.5, -6 }, { 6, 60, 0.5, -6 }, { 8, 67.5, 0.5, -6 }, { 4, 45, 1.41, 3 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        signal s = { .rate_hz = 48000 };
        add_silence(&s, 1);
        for (size_t k = 0; k < s.frames; k++) {
            double fade = fmin(1, fmin((double)k, (double)(s.frames - 1 - k)) / 480);
            double x = sin(2 * TD_PI * (double)k / cases[i].divisor + cases[i].degrees * TD_PI / 180);
            s.ch[0][k] = s.ch[1][k] = (float)(fade * cases[i].amplitude * x);
        }
        for (unsigned over = 4; over <= 16; over *= 2) {
            double error = measure(&s, over, 1024) - cases[i].expect;
            assert_true(error < 0.2 && error > -0.4);
            if (over > 4) assert_true(fabs(measure(&s, over, 1024) - 20 * log10(cases[i].amplitude)) < 0.02);
        }
        signal_free(&s);
    }
}

/* Cases 20 to 23: a sine at fs/6 with a burst of full scale in it, made at four times the rate and decimated with
 * offsets of 0 to 3. Decimation here is exact: the burst is drawn as a sum of a few cosines below half the rate. */
static void tech_3341_bursts(void **state)
{
    (void)state;
    for (int offset = 0; offset < 4; offset++) {
        signal s = { .rate_hz = 48000 };
        add_silence(&s, 0.5);
        for (size_t k = 0; k < s.frames; k++) {
            double t = (double)k + 0.25 * offset, middle = (double)(s.frames / 2);
            double turn = 2 * TD_PI * (t - middle) / 6,
                   swell = 0.5 + 0.5 * cos(2 * TD_PI * (t - middle) / (double)s.frames);
            s.ch[0][k] = s.ch[1][k] = (float)(swell * cos(turn));
        }
        for (unsigned over = 4; over <= 16; over *= 2) {
            double peak = measure(&s, over, 480);
            assert_true(peak < 0.2 && peak > -0.4);
            if (over == 16) assert_true(fabs(peak) < 0.04);
        }
        signal_free(&s);
    }
}

/* The larger an oversampling, the less can hide: 20 log10 cos(pi v / n) for content at v of the rate. */
static void bound_of_oversampling(void **state)
{
    (void)state;
    for (unsigned over = 4; over <= 16; over *= 2) {
        double bound = 20 * log10(cos(TD_PI * 0.43 / over));
        for (int phase = 0; phase < 24; phase++) {
            signal s = { .rate_hz = 48000 };
            add_silence(&s, 0.05);
            for (size_t k = 0; k < s.frames; k++) {
                double fade = fmin(1, fmin((double)k, (double)(s.frames - 1 - k)) / 1000);
                s.ch[0][k] = (float)(fade * sin(2 * TD_PI * (0.4301 * (double)k + phase / 24.0)));
            }
            double peak = measure(&s, over, 512);
            assert_true(peak > bound - 0.01 && peak < 0.01);
            signal_free(&s);
        }
    }
}

static double of_library(const signal *s)
{
    ebur128_state *e = ebur128_init(2, s->rate_hz, EBUR128_MODE_TRUE_PEAK);
    float *mixed = calloc(2 * (s->frames + 64), sizeof *mixed);
    for (size_t i = 0; i < s->frames; i++)
        for (int c = 0; c < 2; c++) mixed[2 * i + c] = s->ch[c][i];
    ebur128_add_frames_float(e, mixed, s->frames + 64);
    double peak = 0, larger = 0;
    for (unsigned c = 0; c < 2; c++) {
        ebur128_true_peak(e, c, &peak);
        larger = fmax(larger, peak);
    }
    free(mixed);
    ebur128_destroy(&e);
    return td_to_db(larger);
}

static void never_below_libebur128(void **state)
{
    (void)state;
    static const unsigned rates[] = { 48000, 44100, 96000, 192000 };
    for (uint64_t i = 0; i < 24; i++) {
        signal s = { .rate_hz = rates[i / 2 % 4] };
        if (i % 2)
            add_programme(&s, 200 + i, 1.5);
        else
            add_noise(&s, 200 + i, 0.5, 48000);
        double library = of_library(&s);
        for (unsigned over = 8; over <= 16; over *= 2) {
            double own = measure(&s, over, 4096);
            if (own < library - 0.05) fail_msg("%u: %.3f, libebur128 %.3f", over, own, library);
        }
        signal_free(&s);
    }
}

/* Leaving tiles out must not change what is found: a loud start hides nothing later that is louder still. */
static void block_size_changes_nothing(void **state)
{
    (void)state;
    signal s = { .rate_hz = 48000 };
    add_programme(&s, 3, 2);
    for (unsigned over = 4; over <= 16; over *= 2) {
        double whole = measure(&s, over, s.frames);
        assert_true(measure(&s, over, 1) == whole);
        assert_true(measure(&s, over, 63) == whole);
    }
    signal_free(&s);
}

/* Two impulses side by side rise between them to 4/pi; far apart, at the very start and end of a signal, too. */
static void ends_count(void **state)
{
    (void)state;
    for (size_t frames = 2; frames < 200; frames += 61) {
        signal s = { .rate_hz = 48000 };
        add_silence(&s, 0.01);
        s.frames = frames;
        s.ch[1][frames - 2] = s.ch[1][frames - 1] = 0.5f;
        for (unsigned over = 8; over <= 16; over *= 2)
            assert_true(fabs(measure(&s, over, 64) - 20 * log10(2 / TD_PI)) < 0.05);
        signal_free(&s);
    }
}

static void taking_starts_anew(void **state)
{
    (void)state;
    td_true_peak *m;
    assert_int_equal(td_true_peak_new(2, 8, &m), TD_OK);
    signal s = { .rate_hz = 48000 };
    add_tone(&s, 1000, -6, 0.1);
    add_silence(&s, 0.1);
    const float *loud[2] = { s.ch[0], s.ch[1] }, *quiet[2] = { s.ch[0] + 4800, s.ch[1] + 4800 };
    td_true_peak_add(m, loud, 4800);
    assert_true(fabs(td_to_db(td_true_peak_take(m)) + 6) < 0.3);
    td_true_peak_add(m, quiet, 480);
    td_true_peak_take(m);
    td_true_peak_add(m, quiet + 0, 4320);
    td_true_peak_end(m);
    assert_true(td_true_peak_take(m) == 0);
    assert_true(fabs(td_to_db(td_true_peak_max(m)) + 6) < 0.3);
    assert_true(fabs(td_to_db(td_sample_peak_max(m)) + 6) < 0.01);
    td_true_peak_reset(m);
    assert_true(td_true_peak_max(m) == 0);
    td_true_peak_free(m);
    signal_free(&s);
    assert_int_equal(td_true_peak_new(2, 5, &m), TD_ARG);
    assert_int_equal(td_true_peak_new(0, 8, &m), TD_ARG);
    assert_null(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tech_3341_sines),
        cmocka_unit_test(tech_3341_bursts),
        cmocka_unit_test(bound_of_oversampling),
        cmocka_unit_test(never_below_libebur128),
        cmocka_unit_test(block_size_changes_nothing),
        cmocka_unit_test(ends_count),
        cmocka_unit_test(taking_starts_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
