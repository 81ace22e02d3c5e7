/* engine/mix/hear/low.h - how much of a channel lies from 40 to 100 Hz, where a kick hits. Room-internal.
 *
 * Butterworth filters of second order, over averages of eight frames: their images lie 35 dB down. */
#ifndef TD_HEAR_LOW_H
#define TD_HEAR_LOW_H

#include <stddef.h>
#include <stdint.h>

#define TD_LOW_EVERY 8 /* frames of an average */

/* Direct form I: b (1 + middle z + z^2) over 1 + a1 z + a2 z^2. */
typedef struct td_low_filter {
    struct td_low_biquad {
        double b, middle, a1, a2;
    } high_pass, low_pass;
} td_low_filter;

/* One channel, zero at first. */
typedef struct td_low {
    double x[2], between[2], y[2]; /* the last two in front of the filters, between them and behind */
    double energy;                 /* of the averages; the caller's to take and clear */
    float held[TD_LOW_EVERY];      /* of the average under way */
} td_low;

void td_low_design(double rate_hz, td_low_filter *f);

/* TD_LOWS_MAX channels or fewer, together: a filter waits for its own last step, and others fill the wait. x[i] is what
 * low[i] hears, from frame `at` of the signal on, TD_LOW_FRAMES or fewer. Returns how many averages ended. */
#define TD_LOWS_MAX   8
#define TD_LOW_FRAMES 512
size_t td_lows_add(const td_low_filter *f, td_low *const *low, const float *const *x, size_t channels, uint64_t at,
                   size_t frames);

#endif
