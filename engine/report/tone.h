/* engine/report/tone.h - a mix's spectrum beside those of finished mixes of its kind. Room-internal. */
#ifndef TD_REPORT_TONE_H
#define TD_REPORT_TONE_H

#include "engine/mix/targets.h"
#include "engine/report/portrait.h"

#define TD_REGIONS 7

typedef struct td_region {
    const char *name; /* "low mid"; the last is "tilt", whose figures are dB/oct */
    double low_hz, high_hz;
    double off_db;      /* from the curve's median, with its sign */
    double usual_db[2]; /* eight of ten finished mixes lie in here */
    double ever_db[2];  /* nineteen of twenty; -INFINITY: no limit */
} td_region;

typedef struct td_tone {
    td_target_curve curve;
    td_region region[TD_REGIONS];
} td_tone;

/* curve: its name, NULL for any. percussiveness_db: of the song, for `common`; NaN: not known. */
void td_tone_make(const td_portrait *p, const char *curve, double percussiveness_db, td_tone *out);

/* The slope of a straight line through it, dB an octave. */
double td_tone_tilt(const double off[TD_BANDS], double low_hz, double high_hz);

#endif
