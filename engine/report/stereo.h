/* engine/report/stereo.h - how both sides of a sound belong together, from third-octave powers. Room-internal.
 *
 * Bands count where their nominal centre lies between the frequencies, edges included. */
#ifndef TD_REPORT_STEREO_H
#define TD_REPORT_STEREO_H

#include "engine/mix/survey.h"

double td_power_within(const double power[TD_BANDS], double low_hz, double high_hz);
double td_correlation_within(const td_band_power *p, double low_hz, double high_hz); /* NaN: one side is silent */
/* Side over middle, dB, within 60 dB; NaN: silent. */
double td_width_within(const td_band_power *p, double low_hz, double high_hz);

/* Of narrow noise a correlation of 0.996 is just told from 1 (Gabriel, Colburn 1981): sides 27 dB below the middle.
 * What lies below sounds mono, however far. */
#define TD_WIDTH_HEARD_DB 27
/* Of two widths, as heard; NaN: one is silent. */
double td_width_apart(double width_db, double reference_db);

/* Octaves by their third octaves: 25 to 40 Hz, 50 to 80 Hz, ... */
enum { TD_OCTAVES = (TD_BANDS + 2) / 3 };
double td_octave_low(size_t octave);
double td_octave_high(size_t octave);
/* Whether it has a part in the sound: no more than 40 dB below the strongest. */
bool td_octave_sounds(const td_band_power *p, size_t octave);

#endif
