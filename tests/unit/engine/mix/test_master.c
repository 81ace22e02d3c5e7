#include "engine/meter/meter.h"
#include "engine/mix/master.h"
#include <ebur128.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define RATE    48000
#define SECONDS 12

typedef double (*sounding)(double at_s, int channel, td_random *r);

static double beat_and_chord(double at, int channel, td_random *r)
{
    double hit = exp(-fmod(at, 0.5) * 25), swell = 0.6 + 0.4 * sin(at);
    double chord = sin(2 * TD_PI * 220 * at) + sin(2 * TD_PI * 277 * at + channel) + sin(2 * TD_PI * 55 * at);
    return 0.05 * swell * chord + 0.6 * hit * td_random_uniform(r);
}

static double clipped_hiss(double at, int channel, td_random *r)
{
    (void)channel;
    return 0.25 * td_clamp((2 + sin(at)) * td_random_uniform(r) * 2, -1, 1);
}

static double silence(double at, int channel, td_random *r)
{
    (void)at, (void)channel, (void)r;
    return 0;
}

static td_scratch *premaster(sounding sound)
{
    td_scratch *s;
    td_error err;
    td_random r;
    td_random_seed(&r, 11);
    assert_int_equal(td_scratch_new("/tmp", 2, &s, &err), TD_OK);
    for (size_t at = 0; at < SECONDS * RATE; at += 1000) {
        float x[2][1000];
        for (size_t i = 0; i < 1000; i++)
            for (int c = 0; c < 2; c++) x[c][i] = (float)sound((double)(at + i) / RATE, c, &r);
        assert_int_equal(td_scratch_append(s, (const float *[]){ x[0], x[1] }, 1000, &err), TD_OK);
    }
    return s;
}

/* What libebur128 reads, and FFmpeg. */
typedef struct reading {
    double lufs, true_peak_db, peak_db, soft_peak_db;
} reading;

static reading read_with_ebur128(const td_scratch *s)
{
    ebur128_state *e = ebur128_init(2, RATE, EBUR128_MODE_I | EBUR128_MODE_TRUE_PEAK | EBUR128_MODE_SAMPLE_PEAK);
    td_error err;
    for (size_t at = 0; at < td_scratch_length(s); at += 1000) {
        float x[2][1000], both[2000];
        assert_int_equal(td_scratch_read(s, (int64_t)at, (float *[]){ x[0], x[1] }, 1000, &err), TD_OK);
        for (size_t i = 0; i < 1000; i++) both[2 * i] = x[0][i], both[2 * i + 1] = x[1][i];
        ebur128_add_frames_float(e, both, 1000);
    }
    reading r;
    double tp[2], sp[2];
    ebur128_loudness_global(e, &r.lufs);
    for (unsigned c = 0; c < 2; c++) {
        ebur128_true_peak(e, c, &tp[c]);
        ebur128_sample_peak(e, c, &sp[c]);
    }
    ebur128_destroy(&e);
    r.true_peak_db = 20 * log10(fmax(tp[0], tp[1]));
    r.peak_db = 20 * log10(fmax(sp[0], sp[1]));
    return r;
}

/* A sinc of 32 samples under a Kaiser window of beta 9, t samples from its middle: what FFmpeg's meter interpolates by.
 */
static double soft_weight(double t)
{
    double edge = t / 16, i0[2], argument[2] = { 9 * sqrt(1 - edge * edge), 9 };
    for (int i = 0; i < 2; i++) {
        i0[i] = 1;
        for (double term = 1, n = 1; n < 60; n++) i0[i] += term *= pow(argument[i] / (2 * n), 2);
    }
    return sin(TD_PI * t) / (TD_PI * t) * i0[0] / i0[1];
}

/* Deliveries are judged by that meter too. */
static double soft_peak_db(const td_scratch *s)
{
    size_t n = (size_t)td_scratch_length(s);
    float *x = td_calloc2(2, n, sizeof *x);
    double weight[3][32], most = 0;
    for (int p = 0; p < 3; p++)
        for (int k = 0; k < 32; k++) weight[p][k] = soft_weight(k - 15 - 0.25 * (p + 1));
    assert_int_equal(td_scratch_read(s, 0, (float *[]){ x, x + n }, n, NULL), TD_OK);
    for (size_t i = 0; i + 32 < 2 * n; i++)
        for (int p = 0; p < 3; p++) {
            double sum = 0;
            for (int k = 0; k < 32; k++) sum += (double)x[i + (size_t)k] * weight[p][k];
            most = fmax(most, fabs(sum));
        }
    free(x);
    return 20 * log10(most);
}

static reading render(td_master *m, td_target t, td_master_result *result)
{
    td_scratch *audio = NULL;
    td_error err;
    assert_int_equal(td_master_render(m, &t, NULL, &audio, result, &err), TD_OK);
    assert_true(td_scratch_length(audio) == SECONDS * RATE);
    reading r = read_with_ebur128(audio);
    r.soft_peak_db = soft_peak_db(audio);
    td_scratch_free(audio);
    return r;
}

static td_master *master_of(sounding sound, td_scratch **s)
{
    td_master *m;
    td_error err;
    *s = premaster(sound);
    assert_int_equal(td_master_new(*s, RATE, "/tmp", &m, &err), TD_OK);
    return m;
}

static void loudness_and_true_peak_hold_at_once(void **unused)
{
    (void)unused;
    static const double targets[] = { -24, -18, -14 };
    td_scratch *s;
    td_master *m = master_of(beat_and_chord, &s);
    for (size_t i = 0; i < 3; i++) {
        td_master_result result;
        reading r = render(m, (td_target){ targets[i], -1, NAN, 6, NULL }, &result);
        assert_true(result.reached);
        assert_float_equal(result.loudness_lufs, targets[i], 0.021);
        assert_float_equal(r.lufs, targets[i], 0.05);
        assert_true(result.true_peak_dbtp <= -1 && r.true_peak_db <= -1 && r.soft_peak_db <= -1);
        assert_true(result.limiting_p95_db <= 6 && result.limiting_max_db >= result.limiting_p95_db);
    }
    td_master_free(m);
    td_scratch_free(s);
}

static void without_need_it_is_plain_gain(void **unused)
{
    (void)unused;
    td_scratch *s;
    td_master *m = master_of(beat_and_chord, &s);
    td_master_result result;
    render(m, (td_target){ -30, -1, NAN, 6, NULL }, &result);
    assert_true(result.limiting_max_db == 0 && result.passes == 1);
    assert_float_equal(result.loudness_lufs, -30, 0.001);
    td_master_free(m);
    td_scratch_free(s);
}

static void a_peak_alone_decides(void **unused)
{
    (void)unused;
    td_scratch *s;
    td_master *m = master_of(beat_and_chord, &s);
    td_master_result result;
    reading r = render(m, (td_target){ NAN, NAN, -1, 6, NULL }, &result);
    assert_float_equal(r.peak_db, -1, 0.002);
    assert_true(r.peak_db <= -1 && result.reached && result.limiting_max_db == 0);
    render(m, (td_target){ NAN, -2, -1, 6, NULL }, &result); /* the stricter one */
    assert_float_equal(result.true_peak_dbtp, -2.1, 0.05);
    td_master_free(m);
    td_scratch_free(s);
}

static void a_sample_peak_target_limits_samples(void **unused)
{
    (void)unused;
    td_scratch *s;
    td_master *m = master_of(beat_and_chord, &s);
    td_master_result result;
    reading r = render(m, (td_target){ -14, NAN, -1, 6, NULL }, &result);
    assert_true(result.reached && r.peak_db <= -1 && r.peak_db > -1.01);
    assert_float_equal(r.lufs, -14, 0.05);
    td_master_free(m);
    td_scratch_free(s);
}

static void what_cannot_be_is_bounded_and_said(void **unused)
{
    (void)unused;
    td_scratch *s;
    td_master *m = master_of(beat_and_chord, &s);
    td_master_result result;
    reading r = render(m, (td_target){ -5, -1, NAN, 3, NULL }, &result);
    assert_false(result.reached);
    assert_string_equal(result.held_by, "more would need over 3.0 dB of limiting");
    assert_true(r.true_peak_db <= -1 && result.true_peak_dbtp <= -1);
    assert_float_equal(result.limiting_p95_db, 3, 0.03);
    td_master_free(m);
    td_scratch_free(s);
}

/* A bound of nothing is one: it is no bound that was left out. */
static void who_wants_no_limiting_gets_none(void **unused)
{
    (void)unused;
    td_scratch *s;
    td_master *m = master_of(beat_and_chord, &s);
    td_master_result result;
    reading r = render(m, (td_target){ -5, -1, NAN, 0, NULL }, &result);
    assert_string_equal(result.held_by, "more would need over 0.0 dB of limiting");
    assert_float_equal(result.limiting_p95_db, 0, 0.03);
    assert_true(r.true_peak_db <= -1 && r.lufs > -40);
    render(m, (td_target){ -5, -1, NAN, NAN, NULL }, &result);
    assert_string_equal(result.held_by, "more would need over 6.0 dB of limiting");
    td_master_free(m);
    td_scratch_free(s);
}

static void clipped_hiss_stays_below(void **unused)
{
    (void)unused;
    td_scratch *s;
    td_master *m = master_of(clipped_hiss, &s);
    td_master_result result;
    reading r = render(m, (td_target){ -3, -1, NAN, 8, NULL }, &result);
    assert_true(result.limiting_max_db > 1);
    assert_true(r.true_peak_db <= -1 && result.true_peak_dbtp <= -1 && r.soft_peak_db <= -1);
    td_master_free(m);
    td_scratch_free(s);
}

/* A version of the mix, 3 dB softer: the same drive, and no more limiting than that. */
static void a_drive_can_be_given(void **unused)
{
    (void)unused;
    td_scratch *s, *audio = NULL;
    td_master *m = master_of(beat_and_chord, &s);
    td_target t = { -14, -1, NAN, 6, NULL };
    td_master_result found, given;
    render(m, t, &found);
    assert_int_equal(td_master_drive(m, found.drive_db, &t, NULL, &audio, &given, NULL), TD_OK);
    assert_true(given.passes <= found.passes && given.reached);
    assert_float_equal(given.loudness_lufs, found.loudness_lufs, 0.002);
    assert_float_equal(given.limiting_p95_db, found.limiting_p95_db, 0.002);
    assert_int_equal(td_master_drive(m, found.drive_db - 3, &t, NULL, &audio, &given, NULL), TD_OK);
    assert_true(given.reached && given.loudness_lufs < -14.5 && given.true_peak_dbtp <= -1);
    assert_true(given.limiting_max_db < found.limiting_max_db);
    td_scratch_free(audio);
    td_master_free(m);
    td_scratch_free(s);
}

static void a_drive_without_end_is_refused(void **unused)
{
    (void)unused;
    td_scratch *s, *audio = NULL;
    td_master *m = master_of(beat_and_chord, &s);
    td_target t = { -14, -1, NAN, 6, NULL };
    td_master_result result;
    td_error err;
    assert_int_equal(td_master_drive(m, INFINITY, &t, NULL, &audio, &result, &err), TD_ARG);
    assert_int_equal(td_master_drive(m, 1e5, &t, NULL, &audio, &result, &err), TD_ARG);
    td_scratch_free(audio);
    td_master_free(m);
    td_scratch_free(s);
}

static void silence_is_a_value(void **unused)
{
    (void)unused;
    td_scratch *s;
    td_master *m = master_of(silence, &s);
    td_master_result result;
    render(m, (td_target){ -14, -1, NAN, 6, NULL }, &result);
    assert_false(result.reached);
    assert_true(result.drive_db == 0 && isinf(result.loudness_lufs));
    td_master_free(m);
    td_scratch_free(s);
}

static void stops_when_asked(void **unused)
{
    (void)unused;
    td_scratch *s, *audio = NULL;
    td_master *m = master_of(beat_and_chord, &s);
    td_master_result result;
    td_error err;
    volatile int stop = 1;
    td_target t = { -14, -1, NAN, 6, NULL };
    assert_int_equal(td_master_render(m, &t, &stop, &audio, &result, &err), TD_STOPPED);
    assert_null(audio);
    td_master_free(m);
    td_scratch_free(s);
}

int main(void)
{
    td_denormals_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loudness_and_true_peak_hold_at_once),
        cmocka_unit_test(without_need_it_is_plain_gain),
        cmocka_unit_test(a_peak_alone_decides),
        cmocka_unit_test(a_sample_peak_target_limits_samples),
        cmocka_unit_test(what_cannot_be_is_bounded_and_said),
        cmocka_unit_test(who_wants_no_limiting_gets_none),
        cmocka_unit_test(clipped_hiss_stays_below),
        cmocka_unit_test(a_drive_can_be_given),
        cmocka_unit_test(a_drive_without_end_is_refused),
        cmocka_unit_test(silence_is_a_value),
        cmocka_unit_test(stops_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
