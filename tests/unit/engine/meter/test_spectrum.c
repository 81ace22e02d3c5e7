#include "signals.h"

#include <string.h>

typedef struct record {
    size_t n;
    td_band_frame frame[128];
} record;

static void keep(void *user, size_t frame, const td_band_frame *bands, const float *twelfth)
{
    record *r = user;
    assert_int_equal(frame, r->n);
    for (size_t b = 0; b < TD_BANDS; b++) {
        float sum = twelfth[4 * b] + twelfth[4 * b + 1] + twelfth[4 * b + 2] + twelfth[4 * b + 3];
        assert_true(fabsf(sum - bands->ll[b] - bands->rr[b]) <= 1e-5f * sum);
    }
    r->frame[r->n++] = *bands;
}

static record measure(const signal *s, unsigned channels, size_t block)
{
    record r = { 0 };
    td_spectrum *m;
    td_bands *work;
    assert_int_equal(td_bands_new(s->rate_hz, &work), TD_OK);
    assert_int_equal(td_spectrum_new(s->rate_hz, channels, keep, &r, &m), TD_OK);
    for (size_t at = 0; at < s->frames; at += block) {
        const float *ch[2] = { s->ch[0] + at, s->ch[1] + at };
        td_spectrum_add(m, work, ch, block < s->frames - at ? block : s->frames - at);
    }
    td_spectrum_end(m, work);
    td_spectrum_free(m);
    td_bands_free(work);
    return r;
}

static void bands_are_base_ten(void **state)
{
    (void)state;
    static const double labels[TD_BANDS] = { 25,   31.5, 40,   50,   63,   80,   100,   125,   160,  200,
                                             250,  315,  400,  500,  630,  800,  1000,  1250,  1600, 2000,
                                             2500, 3150, 4000, 5000, 6300, 8000, 10000, 12500, 16000 };
    for (size_t b = 0; b < TD_BANDS; b++) {
        assert_true(fabs(td_band_label(b) / labels[b] - 1) < 1e-12);
        assert_true(fabs(td_band_hz(b) / labels[b] - 1) < 0.013);
    }
    assert_true(fabs(td_band_hz(16) - 1000) < 1e-9);
}

/* A sine's power is its mean square, in its own band; the cross power has the sign of the sides. */
static void sines(void **state)
{
    (void)state;
    for (size_t b = 6; b < TD_BANDS; b += 2) { /* below, the window's skirts reach over the band's edges */
        signal s = { .rate_hz = 48000 };
        add_tone(&s, td_band_hz(b), -20, 1);
        for (size_t i = 0; i < s.frames; i++) s.ch[1][i] *= -0.5f;
        record r = measure(&s, 2, 1000);
        assert_int_equal(r.n, 10);
        const td_band_frame *f = &r.frame[5];
        double share = 0.001;
        assert_true(fabs((double)f->ll[b] / 0.005 - 1) < share);
        assert_true(fabs((double)f->rr[b] / 0.00125 - 1) < share);
        assert_true(fabs((double)f->lr[b] / -0.0025 - 1) < share);
        for (size_t other = 0; other < TD_BANDS; other++)
            if (other + 1 < b || other > b + 1) assert_true((double)f->ll[other] < 0.005 * 1e-5);
        signal_free(&s);
    }
}

static double band_mean_db(const record *r, size_t b)
{
    double sum = 0;
    for (size_t i = 1; i + 1 < r->n; i++) sum += (double)(r->frame[i].ll[b] + r->frame[i].rr[b]);
    return td_power_db(sum / (double)(2 * (r->n - 2)));
}

/* Four standard deviations of a band's mean over 12 s of noise in two channels. */
static double chance_db(size_t b)
{
    return 4 * 4.34 / sqrt(0.8 * 2 * 12 * td_band_hz(b) * 0.23);
}

/* White noise rises 3.01 dB an octave in third octaves; its powers are the bands' shares of the mean square. */
static void white_noise(void **state)
{
    (void)state;
    signal s = { .rate_hz = 48000 };
    add_noise(&s, 11, 0.5, 48000 * 12);
    record r = measure(&s, 2, 4096);
    for (size_t b = 0; b < TD_BANDS; b++) {
        double width = td_band_hz(b) * (pow(10, 0.05) - pow(10, -0.05));
        double expect = 10 * log10(0.25 / 3 * width / 24000);
        assert_true(fabs(band_mean_db(&r, b) - expect) < chance_db(b));
    }
    signal_free(&s);
}

/* Pink noise (white noise through Kellet's filter, within 0.05 dB above 9.2 Hz at 44.1 kHz) is flat. */
static void pink_noise(void **state)
{
    (void)state;
    static const double pole[6] = { 0.99886, 0.99332, 0.96900, 0.86650, 0.55000, -0.7616 };
    static const double gain[6] = { 0.0555179, 0.0750759, 0.1538520, 0.3104856, 0.5329522, -0.0168980 };
    signal s = { .rate_hz = 44100 };
    add_noise(&s, 12, 0.2, 44100 * 12);
    for (int c = 0; c < 2; c++) {
        double b[7] = { 0 };
        for (size_t i = 0; i < s.frames; i++) {
            double white = (double)s.ch[c][i], sum = b[6] + white * 0.5362;
            for (int k = 0; k < 6; k++) sum += b[k] = pole[k] * b[k] + gain[k] * white;
            b[6] = white * 0.115926;
            s.ch[c][i] = (float)(0.1 * sum);
        }
    }
    record r = measure(&s, 2, 4096);
    double mean = 0;
    for (size_t b = 8; b < 27; b++) mean += band_mean_db(&r, b) / 19;
    for (size_t b = 4; b < 27; b++) assert_true(fabs(band_mean_db(&r, b) - mean) < chance_db(b) + 0.1);
    signal_free(&s);
}

static void frames_and_rates(void **state)
{
    (void)state;
    static const unsigned rates[] = { 8000, 11025, 22050, 44100, 96000, 192000 };
    for (size_t i = 0; i < 6; i++) {
        signal s = { .rate_hz = rates[i] };
        add_tone(&s, 1000, 0, 1.01);
        record r = measure(&s, 2, 50), again = measure(&s, 2, s.frames), mono = measure(&s, 1, 4096);
        assert_int_equal(r.n, 11);
        assert_memory_equal(&r, &again, sizeof r);
        assert_memory_equal(mono.frame, r.frame, sizeof r.frame);
        assert_true(fabs((double)r.frame[5].ll[16] - 0.5) < 0.005);
        for (size_t b = 0; b < TD_BANDS; b++)
            if (td_band_hz(b) > 0.45 * rates[i]) assert_true(r.frame[5].ll[b] == 0);
        signal_free(&s);
    }
}

static void silence_is_zero(void **state)
{
    (void)state;
    signal s = { .rate_hz = 48000 };
    add_tone(&s, 1000, -101, 1);
    record r = measure(&s, 2, 512), zero = { .n = 10 };
    assert_memory_equal(&r, &zero, sizeof r);
    signal_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bands_are_base_ten), cmocka_unit_test(sines),
        cmocka_unit_test(white_noise),        cmocka_unit_test(pink_noise),
        cmocka_unit_test(frames_and_rates),   cmocka_unit_test(silence_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
