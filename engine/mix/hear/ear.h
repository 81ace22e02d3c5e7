/* engine/mix/hear/ear.h - measures one signal while it streams by: a stem as it enters its bus, a bus, the sum.
 * Room-internal. What it finds does not depend on block sizes. */
#ifndef TD_HEAR_EAR_H
#define TD_HEAR_EAR_H

#include "engine/mix/stemsum.h"
#include "engine/mix/survey.h"

#define TD_LOWS 10 /* of 10 ms in a step */

/* What is streamed to disk for every step. */
typedef struct td_row {
    td_band_frame bands;
    float low[TD_LOWS];           /* mean square of 40 to 100 Hz, mean of L and R */
    uint8_t twelfth[TD_TWELFTHS]; /* L+R power, coded by half a dB */
} td_row;

#define TD_ROW_FLOATS (sizeof(td_row) / sizeof(float))

/* dB of such a code; 0 stands for silence. */
static inline double td_twelfth_db(uint8_t code)
{
    return code ? 0.5 * code - 115 : -INFINITY;
}

typedef struct td_ear td_ear;

typedef struct td_ear_wish {
    unsigned rate_hz, channels; /* mono is measured once and placed by sides */
    td_sides sides;             /* how it enters: gains of left and right */
    size_t steps;               /* how many there will be */
    bool true_peak;
    const char *folder; /* for the rows */
} td_ear_wish;

td_status td_ear_new(const td_ear_wish *wish, td_ear **out, td_error *err);
void td_ear_free(td_ear *e); /* NULL is welcome */
/* Ears that have heard equally much, ch[i] being what e[i] hears: four channels together take hardly longer than one.
 */
#define TD_EARS_MAX 8
td_status td_ears_add(td_ear *const *e, size_t n, td_bands *work, const float *const *const *ch, size_t frames,
                      td_error *err);
/* Fills up to the last step with silence and hands over what was found: the arrays of *out and the rows are the
 * caller's then (td_signal_fini, td_scratch_free). */
td_status td_ear_end(td_ear *e, td_bands *work, td_signal *out, td_scratch **rows, td_error *err);

/* The figures of a signal that follow from its arrays: loudness, range, levels, activity, passages. */
td_status td_signal_sum_up(td_signal *s, unsigned rate_hz, uint64_t frames, td_error *err);
void td_signal_fini(td_signal *s);

#endif
