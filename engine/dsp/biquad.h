/* engine/dsp/biquad.h - second-order sections: analog prototypes and the digital ones that match them.
 *
 * The bilinear transform bends every curve towards Nyquist: a bell at 16 kHz is wrong by more than 3 dB at 48 kHz.
 * td_biquad_match instead keeps the prototype's magnitude up to 20 kHz, within 0.01 dB below an eighth of the rate and
 * 0.1 dB above, at the base rate and without latency. */
#ifndef TD_DSP_BIQUAD_H
#define TD_DSP_BIQUAD_H

#include <stdbool.h>
#include <stddef.h>

/* (n0 + n1 s + n2 s^2) / (d0 + d1 s + d2 s^2) with s = j f / freq_hz; poles in the left half plane. */
typedef struct td_prototype {
    double freq_hz, n[3], d[3];
    bool
        inverted; /* the reciprocal is meant: what cuts is designed as a boost and turned over, and undoes it exactly */
} td_prototype;

/* (b0 + b1/z + b2/z^2) / (1 + a1/z + a2/z^2) */
typedef struct td_biquad {
    double b0, b1, b2, a1, a2;
} td_biquad;

/* Bells and shelves after the usual analog forms: a bell's bandwidth is freq / q at half its gain in dB. */
td_prototype td_bell(double freq_hz, double q, double gain_db);
td_prototype td_low_shelf(double freq_hz, double q, double gain_db);
td_prototype td_high_shelf(double freq_hz, double q, double gain_db);
td_prototype td_tilt(double freq_hz, double gain_db); /* first order: gain_db at the top, as much less at the bottom */
td_prototype td_low_pass(double freq_hz, double q);   /* q 0: first order */
td_prototype td_high_pass(double freq_hz, double q);  /* q 0: first order */
td_prototype td_band_pass(double freq_hz, double q);  /* 0 dB at freq_hz */
td_prototype td_notch(double freq_hz, double q);

double td_prototype_power(const td_prototype *p, double freq_hz); /* |H|^2 */

/* q of pair i (0 is the flattest) of a Butterworth filter; orders 2 and up. */
double td_butterworth_q(unsigned order, unsigned i);

#define TD_MATCH_MAX 2 /* sections a match has at most */

/* The digital sections of a prototype; returns how many. Boost and cut of one bell or shelf are exact inverses. */
size_t td_biquad_match(const td_prototype *p, double rate_hz, td_biquad out[TD_MATCH_MAX]);

/* The bilinear transform, exact at freq_hz: for crossovers, whose halves must add up to an allpass. */
td_biquad td_biquad_bilinear(const td_prototype *p, double rate_hz);

double td_biquad_power(const td_biquad *b, double freq_hz, double rate_hz); /* |H|^2 */
size_t td_biquad_ring(const td_biquad *b); /* frames until the impulse response has fallen by 120 dB */

#endif
