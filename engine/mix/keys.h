/* engine/mix/keys.h - what drives the steps of a chain that listen to other stems, played beside it.
 *
 * Room-internal. A key is its stems as they are staged: at the plan's levels, pans and rides, without fixes, each at
 * its bus's clip gain. So it depends on no chain, and stems may drive each other. Keys stand where the chain's input
 * does; the chain delays them as it delays what goes through. */
#ifndef TD_MIX_KEYS_H
#define TD_MIX_KEYS_H

#include "engine/mix/plan.h"
#include "engine/mix/survey.h"

typedef struct td_keys td_keys;

/* At the start of the song. *out is NULL where no step has a key: all below welcomes that. */
td_status td_keys_new(td_survey *survey, const td_session *session, const td_plan *plan, const td_plan_chain *chain,
                      td_keys **out, td_error *err);
void td_keys_free(td_keys *k);
td_status td_keys_seek(td_keys *k, int64_t at, td_error *err);
/* The next n frames, at most TD_BLOCK, as td_chain_process wants them; they last until the next. NULL: no keys. */
td_status td_keys_read(td_keys *k, size_t n, const float *const *const **out, td_error *err);

#endif
