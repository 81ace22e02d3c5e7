/* engine/mix/feed.h - sums of stems at their levels and places, with their fixes or without.
 *
 * Room-internal. */
#ifndef TD_MIX_FEED_H
#define TD_MIX_FEED_H

#include "engine/mix/plan.h"
#include "engine/mix/survey.h"

typedef struct td_feed td_feed;

/* The stems of `index` at the plan's levels and pans, each times gain_db[i] (NULL: 0 dB), with their fixes or without.
 * plan NULL: as their files hold them, which is how fixes meet them; a mono one is heard on both sides. */
td_status td_feed_new(td_survey *survey, const td_session *session, const td_plan *plan, bool fixes,
                      const size_t *index, size_t n, const double *gain_db, td_feed **out, td_error *err);
/* All of a bus with its fixes, without clip gain. */
td_status td_feed_bus(td_survey *survey, const td_session *session, const td_plan *plan, size_t bus, td_feed **out,
                      td_error *err);
void td_feed_free(td_feed *f);
td_status td_feed_seek(td_feed *f, int64_t at, td_error *err); /* states as fresh; new feeds stand at 0 */
td_status td_feed_read(td_feed *f, float *const *out, size_t n, td_error *err); /* n at most TD_BLOCK */

#endif
