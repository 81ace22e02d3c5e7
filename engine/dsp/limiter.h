/* engine/dsp/limiter.h - the maximizer in parts, for the processor of that name and for the master.
 *
 *     peaks (peaks.h) -> hold -> how far over the ceiling -> ride -> gain
 *
 * Hold takes the largest peak in reach on either side, so that the gain is down before a peak and until after it. Ride
 * turns it into a gain: down at once, back by itself, then smoothed over exactly the reach: every value it averages is
 * low enough for the peak in the middle, so the mean is. What is held does not depend on the drive: a master stores it
 * once, and a pass with another drive costs ride and a multiplication.
 *
 * Levels are linear. Nothing here depends on where blocks are cut. */
#ifndef TD_DSP_LIMITER_H
#define TD_DSP_LIMITER_H

#include "engine/dsp/dynamics.h"

/* How much lower a limiter aims than its ceiling when that is a true peak: what meters of other make may read more, and
 * what the gain's own motion adds between samples. */
#define TD_TRUE_PEAK_MARGIN_DB 0.1

/* Look-ahead in frames. */
size_t td_limit_reach(double lookahead_ms, double rate_hz);

typedef struct td_hold {
    size_t past; /* inputs kept: one less than are looked at */
    float *in, *work[2];
} td_hold;

/* reach 1 or more. TD_NOMEM. */
td_status td_hold_init(td_hold *h, size_t reach);
void td_hold_fini(td_hold *h); /* also after a failed init, or on zeroed storage */
void td_hold_reset(td_hold *h);
/* Peaks in (each from its frame up to the next), the largest of a neighbourhood out, `reach` frames late. held may be
 * peak. */
void td_hold_run(td_hold *h, const float *peak, size_t frames, float *held);

#define TD_RIDE_BOXES 3

typedef struct td_ride {
    td_stores stores;
    size_t idle; /* inputs in a row that asked for nothing */
    size_t reach;
    /* A box is a running sum: whole numbers, so it never drifts. Three of them make a smooth window. */
    struct td_ride_box {
        int64_t *ring, sum;
        size_t length, at;
    } box[TD_RIDE_BOXES];
    int64_t whole; /* what comes out for a gain of 1 */
} td_ride;

/* release_ms INFINITY: in two stages, soon after a peak, late after long limiting. TD_NOMEM. */
td_status td_ride_init(td_ride *r, size_t reach, double release_ms, double rate_hz);
void td_ride_fini(td_ride *r); /* also after a failed init, or on zeroed storage */
void td_ride_reset(td_ride *r);
/* The gain, `reach` frames late, that brings held * scale to 1 or below; exactly 1 where nothing near exceeds it. gain
 * may be held. */
void td_ride_run(td_ride *r, const float *held, double scale, size_t frames, float *gain);

#endif
