/* engine/mix/stemsum.h - how a stem enters its bus: level, polarity and pan. Survey and render add stems through this
 * one place, in the session's order and in double, so that both make the same raw sum to the bit. */
#ifndef TD_MIX_STEMSUM_H
#define TD_MIX_STEMSUM_H

#include <stdbool.h>
#include <stddef.h>

typedef struct td_sides {
    double left, right; /* linear gains; polarity included */
} td_sides;

/* A mono stem is placed by the constant-power law (centre -3.01 dB a side); a stereo stem by balance: the far side is
 * turned down, the near one stays. pan -100..100, NaN: as delivered (mono: centre). */
td_sides td_stem_sides(unsigned channels, double level_db, double pan, bool flip);

/* sum[0], sum[1] += the stem; channels 1 or 2. */
void td_stem_add(double *const *sum, const float *const *ch, unsigned channels, td_sides sides, size_t frames);

/* The sum as samples. */
void td_stem_store(const double *const *sum, float *const *out, size_t frames);

#endif
