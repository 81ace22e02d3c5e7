/* engine/dsp/oversample.h - a stereo block at a higher rate and back, for whatever bends samples.
 *
 * Linear phase: half-band stages, each doubling the rate, left and right in two SIMD lanes. Up and down together pass
 * 0 to 20 kHz within 0.01 dB and delay by a whole number of frames; what a shaper makes above rate - 20 kHz comes back
 * at -100 dB or less. What lies between 20 kHz and rate - 20 kHz may fold into the octave above hearing.
 *
 * Frames:  at the base rate; a call takes 1 to TD_OVERSAMPLE_FRAMES. Each up is followed by one down of as many.
 * Threads: one state belongs to one thread at a time. Nothing here depends on where blocks are cut. */
#ifndef TD_DSP_OVERSAMPLE_H
#define TD_DSP_OVERSAMPLE_H

#include "engine/base/error.h"
#include "engine/base/lanes.h"

#define TD_OVERSAMPLE_FRAMES 128 /* so many at 8x stay in the first-level cache */

typedef struct td_oversample td_oversample;

typedef enum td_oversample_for {
    TD_OVERSAMPLE_POINTS, /* the caller's curve answers each sample on its own */
    /* The caller averages its curve between neighbours (first-order antiderivative anti-aliasing): half a sample late
     * and cos(pi f / rate) down at the top. The last stage gives both back. */
    TD_OVERSAMPLE_MEANS,
    /* Points again, where only levels are asked (td_format.draft): what folds back, and what the stages leave of it,
     * lies at -60 dB. So bent, levels come nearer at twice the rate than means do, which lose treble. */
    TD_OVERSAMPLE_DRAFT,
} td_oversample_for;

/* factor 2, 4, 8 or 16; rate_hz the base rate, at least 44.1 kHz. TD_ARG for others, TD_NOMEM. */
td_status td_oversample_new(double rate_hz, unsigned factor, td_oversample_for shaper, td_oversample **out);
void td_oversample_free(td_oversample *o); /* NULL is welcome */
void td_oversample_reset(td_oversample *o);
size_t td_oversample_latency(const td_oversample *o); /* of up and down together, in frames, exact */

/* The factor (2 to 16) that brings rate_hz to at least `least_hz`, or 16; a quarter of it, but 2, for a draft. */
unsigned td_oversample_factor(double rate_hz, double least_hz, td_oversample_for shaper);

/* Returns frames * factor samples for the caller to change in place, valid until td_oversample_down. */
td_v2 *td_oversample_up(td_oversample *o, const td_v2 *in, size_t frames);
/* The same, or NULL when nothing of it can reach `limit`, as the first doubling's samples and the taps behind them
 * tell; no down follows then. *before becomes the last sample in front of the block where calls before it gave NULL,
 * and is left alone where they did not. */
td_v2 *td_oversample_up_above(td_oversample *o, const td_v2 *in, size_t frames, double limit, td_v2 *before);
void td_oversample_down(td_oversample *o, td_v2 *out, size_t frames); /* out may be the `in` of before */

#endif
