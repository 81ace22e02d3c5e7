/* Reverb against what rooms are measured by: decay by octaves, density, correlation, level; and the impulse model
 * against convolution written out. */
#include "engine/audio/audio.h"
#include "engine/base/fft.h"
#include "engine/base/maths.h"
#include "tests/room.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

enum { RATE = 48000 };

static const char *const models[] = { "room", "plate", "hall", "chamber" };
static const double decay_s[] = { 0.5, 1.6, 2.4, 1.2 }, high_decay[] = { 0.55, 0.5, 0.5, 0.6 };

/* The response to an impulse on both sides, or only on the left. */
static sound response(double rate_hz, const char *spec, bool left_only)
{
    td_unit_state *u = sound_unit(rate_hz, "reverb", spec);
    sound s = sound_impulse(td_unit_latency(u) + td_unit_tail(u) + 1000, 1);
    if (left_only) s.ch[1][0] = 0;
    sound_run(u, s);
    td_unit_free(u);
    return s;
}

static void decays(void **unused)
{
    (void)unused;
    static const double rates[] = { 44100, 96000 };
    for (size_t r = 0; r < 2; r++)
        for (size_t m = 0; m < 4; m++) {
            char spec[64];
            snprintf(spec, sizeof spec, "model=%s", models[m]);
            sound s = response(rates[r], spec, false);
            double before = 1.12;
            assert_true(fabs(room_decay(s, 1000, rates[r]) / decay_s[m] - 1) < 0.05);
            assert_true(fabs(room_decay(s, 8000, rates[r]) / (decay_s[m] * high_decay[m]) - 1) < 0.05);
            for (double f = 250; f <= 8000; f *= 2) { /* falls, but for the scatter of T30, and nowhere by surprise */
                double now = room_decay(s, f, rates[r]) / decay_s[m];
                assert_true(now < before + 0.03 && now > before - 0.22);
                before = now;
            }
            sound_free(s);
        }
}

static void decay_and_damping_are_obeyed(void **unused)
{
    (void)unused;
    static const struct {
        const char *spec;
        double mid_s, high_s;
    } cases[] = {
        { "model=hall decay=1000 damping=20", 1, 0.8 },
        { "model=plate decay=4000 damping=60", 4, 1.6 },
        { "model=room decay=300 damping=0 size=60", 0.3, 0.3 },
        { "model=chamber decay=800 size=150", 0.8, 0.48 },
        { "model=hall decay=2200 modulation=0 width=150", 2.2, 1.1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sound s = response(RATE, cases[i].spec, false);
        assert_true(fabs(room_decay(s, 1000, RATE) / cases[i].mid_s - 1) < 0.06);
        /* the lower half of the octave lasts longer: the more damping, the more */
        assert_true(fabs(room_decay(s, 8000, RATE) / cases[i].high_s - 1) < 0.12);
        sound_free(s);
    }
}

static void dense_and_wide(void **unused)
{
    (void)unused;
    for (size_t m = 0; m < 4; m++) {
        char spec[64];
        snprintf(spec, sizeof spec, "model=%s predelay=0", models[m]);
        sound s = response(RATE, spec, true);
        size_t from = RATE / 10, n = s.frames - from;
        double both = 0;
        double dense = 0; /* windows of 20 ms, so short that the decay does not count */
        for (size_t w = 0; w < 5; w++) dense += room_density(s.ch[0] + from - 480 + w * 960, 960) / 5;
        assert_true(dense >= 0.9);
        for (size_t i = from; i < s.frames; i++) both += (double)s.ch[0][i] * (double)s.ch[1][i];
        both /= sound_rms(s.ch[0] + from, n) * sound_rms(s.ch[1] + from, n) * (double)n;
        assert_true(fabs(both) < 0.15);
        sound_free(s);
    }
}

/* Of a late piece of the tail no line stands out further than chance lets one of some thousand (12 dB). */
static void no_mode_rings(void **unused)
{
    (void)unused;
    enum { N = 16384, NEAR = 64 };
    static td_v2 x[N], re[N / 2 + 1], im[N / 2 + 1];
    static double power[N / 2 + 1];
    td_fft *fft;
    assert_int_equal(td_fft_new(N, &fft), TD_OK);
    for (size_t m = 0; m < 4; m++) {
        char spec[64];
        snprintf(spec, sizeof spec, "model=%s", models[m]);
        sound s = response(RATE, spec, false);
        size_t from = (size_t)(0.8 * decay_s[m] * RATE);
        for (size_t i = 0; i < N; i++) x[i] = td_v2_set((double)s.ch[0][from + i] * pow(sin(M_PI * (double)i / N), 2));
        td_fft_forward(fft, x, re, im);
        for (size_t k = 0; k <= N / 2; k++) power[k] = re[k][0] * re[k][0] + im[k][0] * im[k][0];
        for (size_t k = 100; k < 2048; k++) { /* 300 Hz to 6 kHz */
            double near = 0;
            for (size_t i = k - NEAR; i <= k + NEAR; i++) near += power[i] / (2 * NEAR + 1);
            assert_true(power[k] < 16 * near);
        }
        sound_free(s);
    }
    td_fft_free(fft);
}

/* As loud as what goes in, for any decay and width: sends compare. Noise that falls as music does. */
static void level(void **unused)
{
    (void)unused;
    static const char *const settings[] = { "decay=400", "decay=1500 width=0", "decay=6000 width=150" };
    for (size_t m = 0; m < 4; m++)
        for (size_t k = 0; k < 3; k++) {
            char spec[64];
            snprintf(spec, sizeof spec, "model=%s %s", models[m], settings[k]);
            sound s = sound_noise(8 * RATE, 3, 0.5);
            for (unsigned c = 0; c < 2; c++)
                for (size_t i = 1; i < s.frames; i++)
                    s.ch[c][i] = s.ch[c][i - 1] + 0.1f * (s.ch[c][i] - s.ch[c][i - 1]);
            double before = sound_rms(s.ch[0] + 4 * RATE, 4 * RATE);
            td_unit_state *u = sound_unit(RATE, "reverb", spec);
            sound_run(u, s);
            assert_true(fabs(20 * log10(sound_rms(s.ch[0] + 4 * RATE, 4 * RATE) / before)) < 1);
            td_unit_free(u);
            sound_free(s);
        }
}

/* ---- impulse ---------------------------------------------------------------------------------------------------- */

static sound written(const char *path, size_t frames)
{
    sound h = sound_noise(frames, 4, 0.5);
    td_file_spec spec = { .codec = TD_CODEC_WAV, .bits = 32, .rate_hz = RATE, .out_rate_hz = RATE, .channels = 2 };
    td_writer *w;
    assert_int_equal(td_writer_open(path, &spec, NULL, &w, NULL), TD_OK);
    assert_int_equal(td_writer_write(w, (const float *const *)h.ch, frames, NULL), TD_OK);
    assert_int_equal(td_writer_commit(w, true, NULL), TD_OK);
    return h;
}

static td_unit_state *impulse_unit(const char *path, td_error *err)
{
    const td_processor *p = td_processor_find("reverb");
    sound_settings *s = sound_read(p, "model=impulse");
    td_unit_state *u;
    s->set.file = path;
    td_unit_new(p, &(td_format){ .rate_hz = RATE }, &s->set, &u, err);
    free(s);
    return u;
}

/* Sparse samples through a file of several partitions, against the sum written out; the level is the file's own affair.
 */
static void convolves(void **unused)
{
    (void)unused;
    enum { LENGTH = 5000, FRAMES = 16000, SPARSE = 701 };
    char path[] = "/tmp/topdown-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    sound h = written(path, LENGTH), s = sound_noise(FRAMES, 5, 0.5), want = sound_new(FRAMES);
    td_unit_state *u = impulse_unit(path, NULL);
    size_t late = td_unit_latency(u);
    double dot = 0, power = 0, error = 0;
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < FRAMES; i++) {
            if (i % SPARSE) s.ch[c][i] = 0;
            for (size_t k = 0; s.ch[c][i] != 0 && k < LENGTH && i + k < FRAMES; k++)
                want.ch[c][i + k] += s.ch[c][i] * h.ch[c][k];
        }
    sound_run_all(u, s, (sound){ 0 }, NULL, 0, 333);
    for (size_t i = late; i < FRAMES; i++) {
        dot += (double)s.ch[0][i] * (double)want.ch[0][i - late];
        power += (double)want.ch[0][i - late] * (double)want.ch[0][i - late];
    }
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = late; i < FRAMES; i++)
            error = fmax(error, fabs((double)s.ch[c][i] - dot / power * (double)want.ch[c][i - late]));
    assert_true(error < 1e-6 * dot / power);
    td_unit_free(u);
    sound_free(h), sound_free(s), sound_free(want);
    close(fd);
    unlink(path);
}

static void refuses_without_a_file(void **unused)
{
    (void)unused;
    td_error err = { 0 };
    assert_null(impulse_unit(NULL, &err));
    assert_int_equal(err.status, TD_RECIPE);
    assert_null(impulse_unit("/nowhere/at/all.wav", &err));
    assert_true(err.what[0]);
}

int main(void)
{
    td_denormals_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decays),
        cmocka_unit_test(decay_and_damping_are_obeyed),
        cmocka_unit_test(dense_and_wide),
        cmocka_unit_test(no_mode_rings),
        cmocka_unit_test(level),
        cmocka_unit_test(convolves),
        cmocka_unit_test(refuses_without_a_file),
    };
    return cmocka_run_group_tests_name("reverb", tests, NULL, NULL);
}
