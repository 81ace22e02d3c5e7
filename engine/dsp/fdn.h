/* engine/dsp/fdn.h - a room: sixteen delay lines that feed each other.
 *
 *   left, right -> diffusers -> ( + ) -> 16 lines -> damping -+-> two orthogonal sums -> left, right
 *                                 ^                           |
 *                                 +------- Hadamard <---------+
 *
 * The matrix loses nothing; damping makes each line lose what its length calls for (Jot 1991), so that decay_s holds
 * for all of them. Half of the lines drift slowly, lest they ring, by the song's time: so sounds that enter it one by
 * one add up to what they are together. The energy that goes in comes out. No latency. */
#ifndef TD_DSP_FDN_H
#define TD_DSP_FDN_H

#include "engine/base/error.h"
#include <stddef.h>
#include <stdint.h>

#define TD_FDN_STEPS 4

typedef struct td_fdn td_fdn;

typedef struct td_fdn_design {
    double rate_hz;
    double size;                       /* 1: lines of 30 to 100 ms */
    double decay_s;                    /* to -60 dB, at 1 kHz */
    double high_decay;                 /* what of it is left at 8 kHz, 0..1 */
    double diffusion_ms[TD_FDN_STEPS]; /* how far each diffuser spreads; 0: not there */
    double drift_ms;                   /* how far lines drift to either side */
} td_fdn_design;

td_status td_fdn_new(const td_fdn_design *d, td_fdn **out); /* TD_NOMEM */
void td_fdn_free(td_fdn *f);                                /* NULL is welcome */
void td_fdn_reset(td_fdn *f);
double td_fdn_ring_s(const td_fdn *f); /* until all has fallen by 100 dB */
/* In place; frame: where in the song the first of them stands. */
void td_fdn_process(td_fdn *f, int64_t frame, float *const *ch, size_t frames);

#endif
