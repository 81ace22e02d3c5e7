/* engine/meter/meter.h - measuring, never changing.
 *
 * Units:   audio planar float, full scale 1.0; lengths in frames; loudness LUFS (ITU-R BS.1770-4/-5, EBU Tech 3341),
 *          range LU (EBU Tech 3342), true peak dBTP, powers as mean squares.
 * Silence: is a value, not an error. Its loudness is -INFINITY, and callers are expected to meet it.
 * Mono:    a mono file is measured as it sounds on two speakers after the centre pan law: callers hand in the pair.
 * Threads: a meter belongs to one thread at a time. Results do not depend on block size. */
#ifndef TD_METER_H
#define TD_METER_H

#include "engine/base/error.h"
#include <stddef.h>
#include <stdint.h>

/* ---- loudness --------------------------------------------------------------------------------------------------- */

typedef struct td_loudness td_loudness;
/* TD_ARG: rate outside 8 to 384 kHz or channels not 1 or 2. Memory grows by 8 bytes a 100 ms. */
td_status td_loudness_new(unsigned rate_hz, unsigned channels, td_loudness **out);
void td_loudness_free(td_loudness *m);
void td_loudness_reset(td_loudness *m);
td_status td_loudness_add(td_loudness *m, const float *const *ch, size_t frames); /* TD_NOMEM */
/* n meters of one rate that have had equally many frames, ch[i] being what m[i] hears: side by side they take less time
 * than one after the other, and read the same. */
td_status td_loudness_add_all(td_loudness *const *m, const float *const *const *ch, size_t n, size_t frames);
double td_loudness_integrated(const td_loudness *m);
double td_loudness_range(const td_loudness *m);      /* LU; 0 below 3 s */
double td_loudness_momentary(const td_loudness *m);  /* of the last 400 ms */
double td_loudness_short_term(const td_loudness *m); /* of the last 3 s */
double td_loudness_max_momentary(const td_loudness *m);
double td_loudness_max_short_term(const td_loudness *m);
/* The K-weighted power of every full 100 ms so far, channels added: what all the figures above are made of. */
const float *td_loudness_steps(const td_loudness *m, size_t *n);

/* The same figures from such powers (mean squares per 100 ms, channels added), as the planner combines them. */
double td_gated_loudness(const float *k, size_t n);
double td_gated_range(const float *k, size_t n);
/* Of what is not at its level yet: silence lies 50 LU below its own loudest block and not at -70 LUFS, so a gain
 * changes the figure by as much and nothing else. -INFINITY: no block reaches -80 LUFS. */
double td_own_loudness(const float *k, size_t n);
/* Frames of 100 ms that count by such gates: above silence and above the relative gate (-10 LU) of the signal itself.
 * Returns how many; active may be NULL. A 400 ms block that passes marks its four frames. */
size_t td_gated_frames(const float *k, size_t n, unsigned char *active);

/* |K(f)|^2 of the K weighting, for loudness from band powers. */
double td_k_weight_power(double freq_hz);

/* K-weighted power frame by frame, both channels added, for who has to know where loudness comes from. */
typedef struct td_k_power td_k_power;
td_status td_k_power_new(unsigned rate_hz, td_k_power **out);
void td_k_power_free(td_k_power *m);
void td_k_power_run(td_k_power *m, const float *left, const float *right, size_t frames, float *power);

/* ---- peaks ------------------------------------------------------------------------------------------------------ */

typedef struct td_true_peak td_true_peak;
/* over is 4, 8 or 16: how many points between samples are looked at. 16 is the meter of reports and verification. */
td_status td_true_peak_new(unsigned channels, unsigned over, td_true_peak **out);
/* Counts the points of softer interpolators as well (base/between.h): never less than what FFmpeg reads. What leaves is
 * judged so; up to 0.3 dB more than there is, on hiss. */
void td_true_peak_soften(td_true_peak *m);
void td_true_peak_free(td_true_peak *m);
void td_true_peak_reset(td_true_peak *m);
void td_true_peak_add(td_true_peak *m, const float *const *ch, size_t frames);
/* So far, linear, the larger channel; call td_true_peak_end first for the last half window. */
double td_true_peak_max(const td_true_peak *m);
double td_sample_peak_max(const td_true_peak *m);
void td_true_peak_end(td_true_peak *m);
/* The largest since the last such call, for a value per 100 ms; up to 192 frames late. td_true_peak_max is not touched.
 */
double td_true_peak_take(td_true_peak *m);

/* ---- VU --------------------------------------------------------------------------------------------------------- */

typedef struct td_vu td_vu;
/* The needle of mean(|L|, |R|): 99 % of a step in 300 ms, 1 to 1.5 % over. Scaled so that a sine reads its peak level:
 * one of -18 dBFS reads -18, which is 0 VU. */
td_status td_vu_new(double rate_hz, td_vu **out);
void td_vu_free(td_vu *m);
void td_vu_add(td_vu *m, const float *left, const float *right, size_t frames);
double td_vu_max_dbfs(const td_vu *m); /* the highest reading so far */
double td_vu_mean_dbfs(const td_vu *m);

/* ---- spectrum --------------------------------------------------------------------------------------------------- */

#define TD_BANDS 29                /* third octaves, base 10, 25 Hz to 16 kHz */
double td_band_hz(size_t band);    /* exact centre: 10^(n/10) */
double td_band_label(size_t band); /* nominal: 25, 31.5, 40 ... */

/* Third-octave powers of two channels and their real cross power, one frame every 100 ms, centred on it: Hann window of
 * 8192 at 48 kHz (in proportion at other rates), fractional bins at band edges. Bands above 0.45 of the rate are 0, and
 * so are frames that stay below -100 dBFS. */
typedef struct td_band_frame {
    float ll[TD_BANDS], rr[TD_BANDS], lr[TD_BANDS];
} td_band_frame;

#define TD_TWELFTHS (4 * TD_BANDS) /* each band in four: what a resonance or a note is looked for in */

/* The work space of the transform at one rate. Any number of meters can use it, one at a time; it changes no result. */
typedef struct td_bands td_bands;
td_status td_bands_new(unsigned rate_hz, td_bands **out); /* TD_ARG: rate outside 8 to 384 kHz */
void td_bands_free(td_bands *w);
/* Power between two frequencies around the frame emitted last, both channels added (mono: twice its own). */
double td_bands_between(const td_bands *w, double low_hz, double high_hz);

typedef struct td_spectrum td_spectrum;
/* twelfth: powers of both channels added, in twelfths of an octave. */
typedef void (*td_spectrum_sink)(void *user, size_t frame, const td_band_frame *bands, const float *twelfth);
td_status td_spectrum_new(unsigned rate_hz, unsigned channels, td_spectrum_sink sink, void *user, td_spectrum **out);
void td_spectrum_free(td_spectrum *m);
/* mono: rr = ll = lr, twelfth = 2 ll */
void td_spectrum_add(td_spectrum *m, td_bands *work, const float *const *ch, size_t frames);
void td_spectrum_end(td_spectrum *m, td_bands *work); /* what is left of one frame per started 100 ms */

#endif
