/* Matched sections against their analog prototypes, written out here once more in complex numbers. */
#include "engine/dsp/section.h"

#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { BELL, HIGH_SHELF, LOW_SHELF, LOW_PASS, HIGH_PASS, BAND_PASS, NOTCH, TILT, KINDS };

static td_prototype make(int kind, double f, double q, double g)
{
    switch (kind) {
    case BELL:
        return td_bell(f, q, g);
    case HIGH_SHELF:
        return td_high_shelf(f, q, g);
    case LOW_SHELF:
        return td_low_shelf(f, q, g);
    case LOW_PASS:
        return td_low_pass(f, q);
    case HIGH_PASS:
        return td_high_pass(f, q);
    case BAND_PASS:
        return td_band_pass(f, q);
    case NOTCH:
        return td_notch(f, q);
    default:
        return td_tilt(f, g);
    }
}

/* The cookbook's prototypes, A = sqrt(gain). */
static double complex analog(int kind, double x, double q, double gain_db)
{
    double complex s = I * x;
    double a = pow(10, gain_db / 40), r = sqrt(a);
    switch (kind) {
    case BELL:
        return (s * s + s * (a / q) + 1) / (s * s + s / (a * q) + 1);
    case HIGH_SHELF:
        return a * (a * s * s + r / q * s + 1) / (s * s + r / q * s + a);
    case LOW_SHELF:
        return a * (s * s + r / q * s + a) / (a * s * s + r / q * s + 1);
    case LOW_PASS:
        return 1 / (s * s + s / q + 1);
    case HIGH_PASS:
        return s * s / (s * s + s / q + 1);
    case BAND_PASS:
        return s / q / (s * s + s / q + 1);
    case NOTCH:
        return (s * s + 1) / (s * s + s / q + 1);
    default:
        return (a * a * s + 1) / (s + a * a);
    }
}

static double complex digital(const td_biquad *b, size_t n, double freq_hz, double rate_hz)
{
    double complex z = cexp(-I * 2 * M_PI * freq_hz / rate_hz), h = 1;
    for (size_t i = 0; i < n; i++) h *= (b[i].b0 + b[i].b1 * z + b[i].b2 * z * z) / (1 + b[i].a1 * z + b[i].a2 * z * z);
    return h;
}

static void stable(const td_biquad *b)
{
    assert_true(fabs(b->a2) < 1 && fabs(b->a1) < 1 + b->a2);
}

/* 0.01 dB below an eighth of the rate, 0.1 dB up to 20 kHz (19 at 44.1 kHz); ten times as much each 40 dB below -40. */
static void matches(void **unused)
{
    (void)unused;
    static const double rates[] = { 44100, 48000, 96000 }, freqs[] = { 25, 1000, 8000, 16000, 20000 };
    static const double qs[] = { 0.5, 1, 4 }, gains[] = { 0.5, 12, -6 };
    for (int kind = 0; kind < KINDS; kind++)
        for (int c = 0; c < 3 * 5 * 3 * 3; c++) {
            double rate = rates[c % 3], at = freqs[c / 3 % 5], q = qs[c / 15 % 3], g = gains[c / 45];
            td_prototype p = make(kind, at, q, g);
            td_biquad b[TD_MATCH_MAX];
            size_t n = td_biquad_match(&p, rate, b);
            assert_true(n >= 1 && n <= TD_MATCH_MAX);
            for (size_t i = 0; i < n; i++) stable(&b[i]);
            double top = rate == 44100 ? 19000 : 20000;
            for (double f = 20; f <= top; f *= 1.0319) {
                double want = 20 * log10(cabs(analog(kind, f / at, q, g)));
                double is = 20 * log10(cabs(digital(b, n, f, rate))), allowed = f <= rate / 8 ? 0.01 : 0.1;
                if (want < -40) allowed *= pow(10, (-40 - want) / 40);
                if (!(fabs(is - want) <= allowed))
                    fail_msg("kind %d at %g q %g gain %g rate %g: %.4f dB at %.0f Hz, not %.4f", kind, at, q, g, rate,
                             is, f, want);
                double power = 1;
                for (size_t i = 0; i < n; i++) power *= td_biquad_power(&b[i], f, rate);
                if (!(fabs(10 * log10(power) - is) < 1e-4))
                    fail_msg("kind %d at %g q %g rate %g: power %.8f dB at %g, not %.8f", kind, at, q, rate,
                             10 * log10(power), f, is);
            }
        }
}

static void cut_undoes_boost(void **unused)
{
    (void)unused;
    for (int kind = 0; kind < KINDS; kind++) {
        if (kind >= LOW_PASS && kind <= NOTCH) continue;
        td_prototype up = make(kind, 9000, 0.7, 7), down = make(kind, 9000, 0.7, -7);
        td_biquad b[2 * TD_MATCH_MAX];
        size_t n = td_biquad_match(&up, 48000, b);
        n += td_biquad_match(&down, 48000, b + n);
        for (double f = 10; f < 24000; f *= 1.3) assert_true(cabs(digital(b, n, f, 48000) - 1) < 1e-12);
    }
}

/* A fourth-order Linkwitz-Riley pair of bilinear Butterworths adds up to an allpass. */
static void halves_add_up(void **unused)
{
    (void)unused;
    td_prototype low = td_low_pass(700, sqrt(0.5)), high = td_high_pass(700, sqrt(0.5));
    td_biquad l = td_biquad_bilinear(&low, 48000), h = td_biquad_bilinear(&high, 48000);
    for (double f = 10; f < 24000; f *= 1.2) {
        double complex a = digital(&l, 1, f, 48000), b = digital(&h, 1, f, 48000);
        assert_true(fabs(cabs(a * a + b * b) - 1) < 1e-12);
    }
    assert_true(fabs(20 * log10(cabs(digital(&l, 1, 700, 48000))) + 10 * log10(2)) < 1e-9);
}

static void first_order(void **unused)
{
    (void)unused;
    td_prototype low = td_low_pass(700, 0), high = td_high_pass(700, 0);
    td_biquad l = td_biquad_bilinear(&low, 48000), h = td_biquad_bilinear(&high, 48000);
    stable(&l), stable(&h);
    for (double f = 10; f < 24000; f *= 1.2) {
        double complex s = I * tan(M_PI * f / 48000) / tan(M_PI * 700 / 48000);
        assert_true(cabs(digital(&l, 1, f, 48000) - 1 / (1 + s)) < 1e-12);
        assert_true(cabs(digital(&h, 1, f, 48000) - s / (1 + s)) < 1e-12);
    }
}

static void butterworth(void **unused)
{
    (void)unused;
    assert_true(fabs(td_butterworth_q(2, 0) - sqrt(0.5)) < 1e-15);
    assert_true(fabs(td_butterworth_q(3, 0) - 1) < 1e-15);
    assert_true(fabs(td_butterworth_q(4, 0) - 0.5411961001461970) < 1e-12);
    assert_true(fabs(td_butterworth_q(4, 1) - 1.3065629648763766) < 1e-12);
}

static void ring(void **unused)
{
    (void)unused;
    td_prototype p = td_bell(100, 4, 6);
    td_biquad b[TD_MATCH_MAX];
    assert_int_equal(td_biquad_match(&p, 48000, b), 1);
    td_section s = td_section_of(&b[0]);
    size_t frames = td_biquad_ring(&b[0]);
    double peak = 0;
    for (size_t i = 0; i < frames + 1000; i++) {
        td_v2 y = td_section_pass(&s, td_v2_set(i == 0));
        if (i >= frames) peak = fmax(peak, fabs(y[0]));
    }
    assert_true(peak < 1e-6 && peak > 1e-10);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(matches),       cmocka_unit_test(cut_undoes_boost),
                                        cmocka_unit_test(halves_add_up), cmocka_unit_test(first_order),
                                        cmocka_unit_test(butterworth),   cmocka_unit_test(ring) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
