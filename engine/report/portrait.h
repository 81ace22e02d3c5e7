/* engine/report/portrait.h - one finished file over time, frequency and width: what a page about it draws.
 * Room-internal.
 */
#ifndef TD_REPORT_PORTRAIT_H
#define TD_REPORT_PORTRAIT_H

#include "engine/meter/meter.h"
#include "engine/mix/measure.h"
#include "engine/mix/survey.h"

#include <string.h>

#define TD_GONIO 64 /* fields of the goniometer on each axis */

typedef struct td_portrait {
    size_t steps;                  /* of 100 ms */
    float *k;                      /* K-weighted power of each */
    float *momentary, *short_term; /* LUFS at the end of each step; -INFINITY while silent or not yet full */
    float *correlations;           /* of both sides within each step; NaN where one is silent */
    float *peaks;                  /* highest sample of each step */
    double correlation;            /* over the whole file */
    /* Third-octave powers, means over what sounds (the gates of loudness). */
    double ll[TD_BANDS], rr[TD_BANDS], lr[TD_BANDS];
    double level_db[TD_BANDS]; /* of both sides, against the total of 100 Hz to 10 kHz; -INFINITY where nothing is */
    double mono_loss_lu;       /* K-weighted, when both sides are added */
    /* Where the samples of both sides lie: [0] is the top, mono; columns go from left to right. Distance from the
     * centre grows with the square root of the level, so that soft passages can be seen. */
    uint32_t density[TD_GONIO][TD_GONIO];
} td_portrait;

/* Decodes the file. Arrays live in a. */
td_status td_portrait_make(const char *path, td_arena *a, td_portrait *out, td_error *err);

static inline td_band_power td_portrait_bands(const td_portrait *p)
{
    td_band_power b;
    memcpy(b.ll, p->ll, sizeof b.ll);
    memcpy(b.rr, p->rr, sizeof b.rr);
    memcpy(b.lr, p->lr, sizeof b.lr);
    return b;
}

/* Whether a band's nominal centre lies there, edges included. */
static inline bool td_band_within(size_t band, double low_hz, double high_hz)
{
    return td_band_label(band) >= low_hz && td_band_label(band) <= high_hz;
}

/* Levels of third octaves against their total of 100 Hz to 10 kHz. */
void td_relative_levels(const double power[TD_BANDS], double level_db[TD_BANDS]);

/* Loudness of the last `window` steps at the end of each, from K-weighted powers; -INFINITY while there are less. */
void td_running_loudness(const float *k, size_t n, size_t window, float *out);

/* By how much K-weighted loudness falls when both sides are added. */
double td_mono_loss(const double ll[TD_BANDS], const double rr[TD_BANDS], const double lr[TD_BANDS]);

#endif
