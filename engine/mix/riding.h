/* engine/mix/riding.h - a plan's gain over time, played.
 *
 * Room-internal. */
#ifndef TD_MIX_RIDING_H
#define TD_MIX_RIDING_H

#include "engine/mix/plan.h"

typedef struct td_riding {
    const td_breakpoint *point;
    size_t n, now; /* now: the breakpoint at or before what is played */
    double rate_hz;
} td_riding;

/* Plays n frames from `at` on at gain times the ride; `now` is 0 where it begins, or goes back. */
void td_riding_run(td_riding *r, int64_t at, float gain, float *const *ch, unsigned channels, size_t n);

#endif
