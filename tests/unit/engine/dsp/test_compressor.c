#include "engine/base/base.h"
#include "engine/dsp/dsp.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RATE   48000
#define MODELS 7
enum { CLEAN, GLUE, PUNCH, OPTO, FET, TUBE, DUAL };

typedef struct setting {
    const char *name;
    double value;
} setting;

static td_unit_state *make(const td_format *fmt, const setting *s)
{
    const td_processor *p = td_processor_find("compressor");
    double value[TD_VALUES_MAX];
    td_processor_defaults(p, value);
    for (; s->name; s++) value[td_param_find(p, s->name)] = s->value;
    td_unit_state *u = NULL;
    td_error err;
    assert_int_equal(td_unit_new(p, fmt, &(td_settings){ .value = value }, &u, &err), TD_OK);
    return u;
}

static td_unit_state *at_48k(const setting *s)
{
    return make(&(td_format){ .rate_hz = RATE }, s);
}

/* In place; gr (left or linked) may be NULL. */
static void run(td_unit_state *u, float *left, float *right, float *gr, size_t n)
{
    static float spare[2][TD_BLOCK];
    for (size_t i = 0; i < n; i += TD_BLOCK) {
        size_t m = n - i < TD_BLOCK ? n - i : TD_BLOCK;
        float *reduction[2] = { gr ? gr + i : spare[0], spare[1] };
        td_unit_process(u, (float *[]){ left + i, right + i }, NULL, reduction, m);
    }
}

static void sine(float *x, size_t n, double freq_hz, double level_db)
{
    for (size_t i = 0; i < n; i++) x[i] = (float)(pow(10, level_db / 20) * sin(2 * TD_PI * freq_hz * (double)i / RATE));
}

/* The settled reduction of a sine: mean of the last tenth. */
static double settled(const setting *s, double freq_hz, double level_db, double seconds)
{
    size_t n = (size_t)(seconds * RATE);
    float *x = malloc(3 * n * sizeof *x), *y = x + n, *gr = y + n;
    sine(x, n, freq_hz, level_db);
    memcpy(y, x, n * sizeof *y);
    td_unit_state *u = at_48k(s);
    run(u, x, y, gr, n);
    td_unit_free(u);
    double sum = 0;
    for (size_t i = n - n / 10; i < n; i++) sum += (double)gr[i];
    free(x);
    return sum / (double)(n / 10);
}

static double published_reduction(double level_db, double t, double r, double w)
{
    double o = level_db - t;
    if (2 * o < -w) return 0;
    if (2 * fabs(o) <= w && w > 0) return (1 - 1 / r) * (o + w / 2) * (o + w / 2) / (2 * w);
    return o - o / r;
}

static void clean_holds_the_static_curve(void **state)
{
    (void)state;
    static const double ratios[] = { 1.5, 4, INFINITY }, knees[] = { 0, 6, 24 };
    for (size_t r = 0; r < 3; r++)
        for (size_t k = 0; k < 3; k++)
            for (double db = -60; db <= 0; db += 5) {
                setting s[] = {
                    { "threshold", -30 }, { "ratio", ratios[r] }, { "knee", knees[k] }, { "release", 50 }, { NULL, 0 }
                };
                assert_float_equal(settled(s, 1000, db, 0.3), published_reduction(db, -30, ratios[r], knees[k]), 0.05);
            }
}

static void every_model_holds_its_static_curve(void **state)
{
    (void)state;
    for (int m = 0; m < MODELS; m++)
        for (double db = -30; db <= 0; db += 7.5) {
            setting s[] = { { "model", m }, { "threshold", -20 }, { "ratio", 4 }, { "knee", 6 }, { NULL, 0 } };
            double want = published_reduction(db, m == TUBE ? -17 : -20, 4, 6);
            if (m == DUAL) { /* 2:1 with a knee of 10 dB in front */
                want = published_reduction(db, -20, 2, 10);
                want += published_reduction(db - want, -20, 4, 6);
            }
            assert_float_equal(settled(s, 1000, db, 1), want, 0.05);
        }
}

/* Time until a step between two levels of a 10 kHz tone has moved the reduction by 63.2 %. */
static void step_times(const setting *s, double *down_s, double *up_s)
{
    enum { N = 2 * RATE };
    static float x[N], y[N], gr[N];
    sine(x, N, 10000, -30);
    for (size_t i = RATE / 2; i < RATE; i++) x[i] *= 15.848932F;
    memcpy(y, x, sizeof y);
    td_unit_state *u = at_48k(s);
    run(u, x, y, gr, N);
    td_unit_free(u);
    size_t i = RATE / 2;
    double top = (double)gr[RATE - 1];
    while ((double)gr[i] < top * (1 - exp(-1))) i++;
    *down_s = (double)(i - RATE / 2) / RATE;
    for (i = RATE; (double)gr[i] > top * exp(-1);) i++;
    *up_s = (double)(i - RATE) / RATE;
}

static void times_are_63_percent(void **state)
{
    (void)state;
    static const double attacks[] = { 1, 10, 30 };
    for (size_t i = 0; i < 3; i++) {
        double down, up;
        step_times((setting[]){ { "threshold", -20 }, { "attack", attacks[i] }, { "release", 100 }, { NULL, 0 } },
                   &down, &up);
        assert_float_equal(down * 1000, attacks[i], attacks[i] * 0.05 + 0.05);
        assert_float_equal(up * 1000, 100, 5);
    }
}

static void feedback_is_faster_and_equal_at_rest(void **state)
{
    (void)state;
    setting s[] = { { "threshold", -20 }, { "ratio", 4 }, { "knee", 0 }, { "attack", 20 }, { "type", 1 }, { NULL, 0 } };
    double down, up;
    step_times(s, &down, &up);
    assert_float_equal(down * 1000, 5, 0.3); /* a loop of 4:1 closes four times as fast */
    assert_float_equal(settled(s, 1000, -8, 0.5), 9, 0.05);
}

/* Everything but the fundamental against it, over whole periods. */
static double distortion(const float *y, size_t n, double freq_hz)
{
    double s = 0, c = 0, rest = 0, w = 2 * TD_PI * freq_hz / RATE;
    for (size_t i = 0; i < n; i++) {
        s += (double)y[i] * sin(w * (double)i) * 2 / (double)n;
        c += (double)y[i] * cos(w * (double)i) * 2 / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        double r = (double)y[i] - s * sin(w * (double)i) - c * cos(w * (double)i);
        rest += r * r;
    }
    return sqrt(rest / (double)n / ((s * s + c * c) / 2));
}

static void two_decibels_leave_sines_pure(void **state)
{
    (void)state;
    enum { N = 3 * RATE };
    static float x[N], y[N];
    static const struct {
        double freq_hz, limit;
    } tones[] = { { 100, 0.003 }, { 1000, 0.0003 } };
    for (int m = CLEAN; m <= GLUE; m++)
        for (size_t t = 0; t < 2; t++) {
            sine(x, N, tones[t].freq_hz, -10);
            memcpy(y, x, sizeof y);
            td_unit_state *u = at_48k((setting[]){
                { "model", m }, { "threshold", -14 }, { "attack", 10 }, { "release", INFINITY }, { NULL, 0 } });
            run(u, x, y, NULL, N);
            td_unit_free(u);
            assert_true(distortion(x + 2 * RATE, RATE, tones[t].freq_hz) < tones[t].limit);
        }
}

static void programme(float *left, float *right, size_t n)
{
    td_random random;
    td_random_seed(&random, 7);
    double low = 0;
    for (size_t i = 0; i < n; i++) { /* a beat of decaying noise over a hum with a slow swell */
        double beat = exp(-(double)(i % 12000) / 2500), noise = td_random_uniform(&random);
        low += 0.02 * (td_random_uniform(&random) - low);
        double tone = 0.15 * sin((double)i * 0.013) * (1 + 0.5 * sin((double)i * 0.00003));
        left[i] = (float)(0.8 * beat * noise + tone + low);
        right[i] = (float)(0.6 * beat * td_random_uniform(&random) + tone);
    }
}

static void below_the_threshold_nothing_changes(void **state)
{
    (void)state;
    enum { N = 4096 };
    static float x[N], y[N], left[N], right[N];
    programme(x, y, N);
    for (int m = 0; m < MODELS; m++) {
        memcpy(left, x, sizeof x);
        memcpy(right, y, sizeof y);
        td_unit_state *u = at_48k((setting[]){ { "model", m }, { "threshold", 20 }, { NULL, 0 } });
        run(u, left, right, NULL, N);
        td_unit_free(u);
        assert_memory_equal(left, x, sizeof x);
        assert_memory_equal(right, y, sizeof y);
    }
}

static void halves_make_the_whole(void **state)
{
    (void)state;
    enum { N = 4 * TD_BLOCK };
    static float x[2][N], y[2][N], gr[2][N], level[2][N];
    const td_processor *p = td_processor_find("compressor");
    programme(x[0], x[1], N);
    for (int m = 0; m < MODELS; m++)
        for (int linked = 0; linked < 2; linked++) {
            setting s[] = { { "model", m },  { "threshold", -30 },          { "detector_low_cut", 90 },
                            { "thrust", 2 }, { "link", linked ? 100 : 60 }, { NULL, 0 } };
            td_unit_state *whole = at_48k(s), *parts = at_48k(s);
            memcpy(y, x, sizeof y);
            size_t detectors = p->dynamics->detectors(td_unit_raw(parts));
            assert_int_equal(detectors, linked ? 1 : 2);
            for (size_t i = 0; i < N; i += TD_BLOCK) {
                td_unit_process(whole, (float *[]){ y[0] + i, y[1] + i }, NULL, (float *[]){ gr[0] + i, gr[1] + i },
                                TD_BLOCK);
                p->dynamics->sense(td_unit_raw(parts), (const float *[]){ x[0] + i, x[1] + i }, NULL, TD_BLOCK,
                                   (float *[]){ level[0] + i, level[1] + i });
            }
            for (size_t d = 0; d < detectors; d++) {
                p->dynamics->react(td_unit_raw(parts), d, level[d], N, level[d]);
                assert_memory_equal(level[d], gr[d], sizeof gr[d]);
            }
            td_unit_free(whole);
            td_unit_free(parts);
        }
}

static double largest(const float *x, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++) most = fmax(most, (double)x[i]);
    return most;
}

/* What the planner relies on: the maximum found on every 8th frame is the whole programme's. */
static void every_eighth_frame_tells_the_maximum(void **state)
{
    (void)state;
    enum { N = 4 * RATE };
    static float x[2][N], y[2][N], gr[N], level[N], pick[N / 8];
    const td_processor *p = td_processor_find("compressor");
    programme(x[0], x[1], N);
    static const int models[] = { CLEAN, GLUE, OPTO, TUBE, DUAL };
    for (size_t m = 0; m < 5; m++) {
        setting s[] = { { "model", models[m] }, { "threshold", -16 }, { NULL, 0 } };
        td_unit_state *whole = at_48k(s), *eighth = make(&(td_format){ .rate_hz = RATE, .pick = 8 }, s);
        memcpy(y, x, sizeof y);
        run(whole, y[0], y[1], gr, N);
        for (size_t i = 0; i + TD_BLOCK <= N; i += TD_BLOCK)
            p->dynamics->sense(td_unit_raw(eighth), (const float *[]){ x[0] + i, x[1] + i }, NULL, TD_BLOCK,
                               (float *[]){ level + i });
        for (size_t i = 0; i < N / 8; i++) pick[i] = level[8 * i];
        p->dynamics->react(td_unit_raw(eighth), 0, pick, N / 8, pick);
        assert_true(largest(gr, N) > 0.5);
        assert_float_equal(largest(pick, N / 8), largest(gr, N), 0.05);
        td_unit_free(whole);
        td_unit_free(eighth);
    }
}

static void linked_keeps_the_image_and_unlinked_sides_are_alone(void **state)
{
    (void)state;
    enum { N = RATE };
    static float x[2][N], y[2][N], z[2][N], gr[N];
    programme(x[0], x[1], N);
    memcpy(y, x, sizeof y);
    td_unit_state *u = at_48k((setting[]){ { "threshold", -30 }, { NULL, 0 } });
    run(u, y[0], y[1], gr, N);
    td_unit_free(u);
    for (size_t i = 0; i < N; i++)
        for (int c = 0; c < 2; c++) /* one gain for both, to the rounding of floats */
            assert_float_equal(y[c][i], (double)x[c][i] * pow(10, -(double)gr[i] / 20), 1e-7);
    setting alone[] = { { "threshold", -30 }, { "link", 0 }, { NULL, 0 } };
    memcpy(y, x, sizeof y);
    memcpy(z, x, sizeof z);
    memset(z[1], 0, sizeof z[1]);
    td_unit_state *a = at_48k(alone), *b = at_48k(alone);
    run(a, y[0], y[1], NULL, N);
    run(b, z[0], z[1], NULL, N);
    for (size_t i = 0; i < N; i++) assert_float_equal(y[0][i], z[0][i], 1e-7);
    td_unit_free(a);
    td_unit_free(b);
}

/* 10 dB of reduction for `burst_s`, then silence; seconds until a share of it is left. */
static void cell_release(double burst_s, double *half_s, double *tenth_s)
{
    enum { N = 30 * RATE };
    static float x[N], y[N], gr[N];
    size_t end = (size_t)(burst_s * RATE);
    memset(x, 0, sizeof x);
    sine(x, end, 3000, 0);
    memcpy(y, x, sizeof y);
    td_unit_state *u = at_48k((setting[]){ { "model", OPTO }, { "threshold", -15 }, { NULL, 0 } }); /* 3:1: 10 dB */
    run(u, x, y, gr, end + 8 * RATE);
    td_unit_free(u);
    size_t i = end;
    double from = (double)gr[end];
    while ((double)gr[i] > from / 2) i++;
    *half_s = (double)(i - end) / RATE;
    while ((double)gr[i] > from / 10) i++;
    *tenth_s = (double)(i - end) / RATE;
}

static void the_cell_remembers(void **state)
{
    (void)state;
    static const double bursts[] = { 0.05, 0.2, 1, 5, 20 };
    double last_half = 0, last_tenth = 0;
    for (size_t i = 0; i < 5; i++) {
        double half, tenth;
        cell_release(bursts[i], &half, &tenth);
        assert_true(half > last_half && half >= 0.025 && half <= 0.080);
        assert_true(tenth > last_tenth && tenth >= 0.1 && tenth <= 5);
        if (bursts[i] == 1) assert_true(fabs(half - 0.059) < 0.003 && fabs(tenth - 0.66) < 0.05);
        last_half = half;
        last_tenth = tenth;
    }
}

/* Limiting without a knee, the reduction follows what the detector hears: decibel for decibel. */
static void loud_thrust_rises_ten_decibels_a_decade(void **state)
{
    (void)state;
    setting s[] = { { "threshold", -60 }, { "ratio", INFINITY }, { "knee", 0 }, { "thrust", 2 }, { NULL, 0 } };
    for (double f = 20; f <= 20000; f *= 1.9307)
        assert_float_equal(settled(s, f, -20, 0.5) - 40, 10 * log10(f / 1000), 0.45);
}

/* Third harmonic of 50 Hz at 0 VU, per cent. */
static double third_harmonic(int transformer, double freq_hz)
{
    enum { N = 2 * RATE };
    static float x[N], y[N];
    sine(x, N, freq_hz, -18);
    memcpy(y, x, sizeof y);
    td_unit_state *u = at_48k((setting[]){ { "threshold", 20 }, { "transformer", transformer }, { NULL, 0 } });
    run(u, x, y, NULL, N);
    td_unit_free(u);
    double re = 0, im = 0;
    for (size_t i = 0; i < RATE; i++) {
        re += (double)x[RATE + i] * cos(6 * TD_PI * freq_hz * (double)i / RATE);
        im += (double)x[RATE + i] * sin(6 * TD_PI * freq_hz * (double)i / RATE);
    }
    return 100 * sqrt(re * re + im * im) / (0.5 * RATE * pow(10, -18 / 20.0));
}

static void transformers_colour_the_bass(void **state)
{
    (void)state;
    static const double percent[] = { 0, 0.05, 0.2, 0.8 };
    for (int t = 0; t < 4; t++) {
        assert_float_equal(third_harmonic(t, 50), percent[t], 0.2 * percent[t] + 1e-4);
        assert_true(third_harmonic(t, 1000) < 0.001);
    }
}

static void lookahead_is_latency(void **state)
{
    (void)state;
    enum { N = 1024 };
    static float x[N], y[N];
    x[0] = y[0] = 0.001F;
    td_unit_state *u = at_48k((setting[]){ { "lookahead", 5 }, { NULL, 0 } });
    assert_int_equal(td_unit_latency(u), 240);
    run(u, x, y, NULL, N);
    for (size_t i = 0; i < N; i++) assert_true(x[i] == (i == 240 ? 0.001F : 0));
    td_unit_free(u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean_holds_the_static_curve),
        cmocka_unit_test(every_model_holds_its_static_curve),
        cmocka_unit_test(times_are_63_percent),
        cmocka_unit_test(feedback_is_faster_and_equal_at_rest),
        cmocka_unit_test(two_decibels_leave_sines_pure),
        cmocka_unit_test(below_the_threshold_nothing_changes),
        cmocka_unit_test(halves_make_the_whole),
        cmocka_unit_test(every_eighth_frame_tells_the_maximum),
        cmocka_unit_test(linked_keeps_the_image_and_unlinked_sides_are_alone),
        cmocka_unit_test(the_cell_remembers),
        cmocka_unit_test(loud_thrust_rises_ten_decibels_a_decade),
        cmocka_unit_test(transformers_colour_the_bass),
        cmocka_unit_test(lookahead_is_latency),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
