/* engine/mix/masking.h - how much of a group the others cover.
 *
 * Third octave by third octave, every 100 ms: what all other groups sound like together is spread over the ear's
 * frequency scale, by 25 dB a Bark downwards and 10 dB a Bark upwards (after Schroeder, Atal, Hall 1979), the strongest
 * part of it deciding. A band that stays 6 dB below that, the threshold of noise in noise, is covered. Shares are
 * weighted by energy, so that a group's pauses count for nothing. */
#ifndef TD_MIX_MASKING_H
#define TD_MIX_MASKING_H

#include "engine/meter/meter.h"
#include "engine/mix/session.h"

typedef struct td_masking {
    size_t n_buses;
    double up[TD_BANDS], down[TD_BANDS]; /* what is left of a band's power in its neighbours */
    double heard[TD_BUSES_MAX][TD_BANDS], covered[TD_BUSES_MAX][TD_BANDS]; /* energy; covered: part of what is heard */
} td_masking;

void td_masking_init(td_masking *m, size_t n_buses);
/* One frame of every bus, L+R powers. */
void td_masking_add(td_masking *m, const float (*bus)[TD_BANDS]);

/* L+R power of a frame. */
void td_masking_powers(const td_band_frame *frame, float power[TD_BANDS]);

/* The covered part, 0 to 1, of what makes a group what it is: 1 to 4 kHz of the lead, 80 to 250 Hz of a bass, the
 * eight strongest third octaves of all else. NaN: it is silent. */
double td_masked_share(const td_masking *m, size_t bus, const char *name);

/* Of a whole mix: the lead counts three times, drums and bass twice. NaN: nothing sounds. */
double td_masked_whole(const td_masking *m, const td_session *session);

#endif
