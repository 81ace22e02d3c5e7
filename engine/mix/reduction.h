/* engine/mix/reduction.h - how much a detector took off, over a song: what goals are solved by and reports print.
 *
 * `at most X` is the maximum of the smoothed reduction over the song; `about X` its 95th percentile over active time,
 * which is every 0.2 s in whose input the peak lies within 30 dB of the highest. The same object serves planner and
 * render. What a clipper takes off lasts a thousandth of the time and is heard all the same: of such steps every 100 ms
 * count once, by their highest change. */
#ifndef TD_MIX_REDUCTION_H
#define TD_MIX_REDUCTION_H

#include "engine/base/error.h"
#include "engine/base/text.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct td_reduction td_reduction;

/* rate_hz: of the gain values handed in; every `stride`-th counts for percentiles, or the highest of every 100 ms
 * (peaks), and all count for the maximum. */
td_status td_reduction_new(double rate_hz, unsigned stride, bool peaks, td_reduction **out);
void td_reduction_free(td_reduction *r); /* NULL is welcome */

/* change_db as td_processor.process writes it; input: what decides activity, two channels or one (right NULL). */
void td_reduction_add(td_reduction *r, const float *change_db, const float *left, const float *right, size_t n);

double td_reduction_max(const td_reduction *r);    /* dB, of the absolute change */
double td_reduction_max_at(const td_reduction *r); /* seconds */
/* Over active time; part 0..1. 0 when nothing was active. */
double td_reduction_percentile(const td_reduction *r, double part);
double
td_reduction_idle(const td_reduction *r); /* part of active time below 0.1 dB; below 1 where the maximum is not */
/* The highest change of every 100 ms, for drawing. */
const float *td_reduction_steps(const td_reduction *r, size_t *n);

/* All that the questions above are answered from, as bytes at the end of a text, and back into a fresh reduction: *from
 * moves on. False: they hold no reduction, or memory is short. */
void td_reduction_pack(const td_reduction *r, td_text *to);
bool td_reduction_unpack(td_reduction *r, const char **from, const char *end);

#endif
