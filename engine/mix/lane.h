/* engine/mix/lane.h - sound on its way from the stems through one bus, as planner and render both run it.
 *
 * Room-internal. Everything here can begin at any frame, and what it gives stands at the time it was played: latencies
 * are taken out by reading ahead. Positions before the start and beyond the end of the song are silence.
 *
 *     stem file or scratch -> its fixes -> level, pan -+
 *     ...                                              +-> clip gain -> group chain -> make-up and fader -> bus
 *     stem file or scratch -> its fixes -> level, pan -+                    ^
 *                                              keys: other stems, staged ---+ */
#ifndef TD_MIX_LANE_H
#define TD_MIX_LANE_H

#include "engine/mix/chaining.h"
#include "engine/mix/feed.h"
#include "engine/mix/frozen.h"

typedef struct td_lane td_lane;

/* The first `steps` steps of the bus's chain (SIZE_MAX: all, then make-up and fader with its ride). */
td_status td_lane_new(td_survey *survey, const td_session *session, const td_plan *plan, size_t bus, size_t steps,
                      td_lane **out, td_error *err);
/* Sound behind the first steps of a bus's chain that was played before: all of the song, at its own time. */
typedef struct td_behind {
    td_scratch *sound; /* NULL: none */
    size_t steps;
} td_behind;

/* The same lane, which goes on from there: stems, and steps in front, are not played again. behind->steps at most
 * `steps`; it outlives the lane, which td_lane_watch does not know. NULL: td_lane_new. */
td_status td_lane_from(const td_behind *behind, td_survey *survey, const td_session *session, const td_plan *plan,
                       size_t bus, size_t steps, td_lane **out, td_error *err);
/* All of it, whose sound behind the chain is kept already, with what was counted: nothing is read and nothing runs but
 * make-up and fader. It has no seek. *out is NULL when the file's figures do not fit; `from` is the lane's then, or
 * freed.
 */
td_status td_lane_thaw(td_frozen *from, const td_session *session, const td_plan *plan, size_t bus, td_lane **out,
                       td_error *err);
/* What leaves the chain from now on goes to a file as well, which is the lane's; td_lane_frozen keeps it, at the end.
 */
void td_lane_freeze(td_lane *l, td_frozen *to);
void td_lane_frozen(td_lane *l);
bool td_lane_broke(const td_lane *l); /* its kept sound could not be read on */
void td_lane_free(td_lane *l);
td_status td_lane_seek(td_lane *l, int64_t at, td_error *err);
td_status td_lane_pull(td_lane *l, float *const *out, size_t n, td_error *err); /* any n */

/* From now on every gain change is counted; reports ask for the results. Not before the first pull. */
td_status td_lane_watch(td_lane *l, td_error *err);
/* Of a step's detector; NULL when the step has none. */
const td_reduction *td_lane_reduction(const td_lane *l, size_t step, size_t detector);

/* Of the staged bus (after clip gain, before its chain) since td_lane_watch: sample peak, and mean square of a channel.
 */
void td_lane_staged(const td_lane *l, double *peak, double *square);

#endif
