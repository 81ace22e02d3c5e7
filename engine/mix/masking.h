/* engine/mix/masking.h - how much of a group the others cover.
 *
 * Third octave by third octave, every 100 ms: what all other groups sound like together is spread over the ear's
 * frequency scale, by 25 dB a Bark downwards and 10 dB a Bark upwards (after Schroeder, Atal, Hall 1979), the strongest
 * part of it deciding. A band that stays 6 dB below that, the threshold of noise in noise, is covered, where it is so
 * on both sides: one ear is enough to hear it (Zurek 1993). What a group is known by counts: 1 to 4 kHz of the lead, 80
 * to 250 Hz of a bass, all of the others, weighted by energy. */
#ifndef TD_MIX_MASKING_H
#define TD_MIX_MASKING_H

#include "engine/meter/meter.h"
#include "engine/mix/session.h"

typedef struct td_masking {
    size_t n_buses;
    double up[TD_BANDS], down[TD_BANDS];           /* what is left of a band's power in its neighbours */
    double below;                                  /* of what masks, as power: where hearing begins */
    size_t first[TD_BUSES_MAX], end[TD_BUSES_MAX]; /* the bands that count */
    double weight[TD_BUSES_MAX];
    float *share[TD_BUSES_MAX]; /* of each frame that is covered, 0 to 1; NaN: silent */
    size_t n, room[TD_BUSES_MAX];
} td_masking;

void td_masking_init(td_masking *m, const td_session *session);
/* The lead is another than names say, because that one hardly plays; SIZE_MAX: nobody. */
void td_masking_led_by(td_masking *m, const td_session *session, size_t bus);
void td_masking_fini(td_masking *m);
/* One frame of every bus. TD_NOMEM. */
typedef struct td_masking_frame {
    float side[2][TD_BANDS]; /* power on the left, on the right */
} td_masking_frame;
td_status td_masking_add(td_masking *m, const td_masking_frame *bus);
td_masking_frame td_masking_powers(const td_band_frame *frame);

/* The covered part of a bus, mean over the frames in which it plays: those above the gates of its own K-weighted power.
 * NaN: there are none. */
double td_masked_share(const td_masking *m, size_t bus, const float *k, size_t n);
/* The same over frames somebody has marked. */
double td_masked_part(const td_masking *m, size_t bus, const unsigned char *active, size_t n);

/* For a search, which wants to know the way: of one frame, how much more of all groups is covered as any power grows.
 * The edge is soft for it: a band goes from nine tenths covered to one tenth within 4.8 dB on either side of the
 * threshold. weight: of each bus's covered part; 0: it covers others and is not asked. slope: by bus. */
typedef struct td_masking_slope {
    double side[2][TD_BANDS]; /* a power */
} td_masking_slope;
/* Returns the covered parts, weighted. */
double td_masked_softly(const td_masking *m, const td_masking_frame *bus, const double *weight,
                        td_masking_slope *slope);

/* Of a whole mix, from the shares of its buses: the lead counts three times, drums and bass twice. NaN: nothing plays.
 */
double td_masked_whole(const td_masking *m, const double share[TD_BUSES_MAX]);

#endif
