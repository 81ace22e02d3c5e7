/* engine/mix/chaining.h - the chains of a plan made ready to run, and how their gain changes are counted.
 *
 * Room-internal. */
#ifndef TD_MIX_CHAINING_H
#define TD_MIX_CHAINING_H

#include "engine/mix/plan.h"
#include "engine/mix/reduction.h"

/* What processors are to know of a session and its plan. */
td_format td_format_of(const td_session *session, const td_plan *plan);

/* A chain of plan steps, prepared. */
td_status td_chain_of_plan(const td_plan_chain *wish, size_t steps, const td_format *fmt, td_chain **out,
                           td_error *err);

/* The settings of a step as dsp.h wants them; part has room for n_parts of it. */
td_settings td_step_settings(const td_plan_step *s, td_part *part);

/* How the gain changes of a chain's steps are counted. */
typedef struct td_watch td_watch;
td_status td_watch_new(const td_plan_chain *wish, td_chain *chain, double rate_hz, td_watch **out);
void td_watch_free(td_watch *w);
float *const *const *td_watch_taps(td_watch *w); /* for td_chain_process; valid for one block */
void td_watch_count(td_watch *w, const float *left, const float *right, size_t n); /* the chain's input of that block */
void td_watch_pack(const td_watch *w, td_text *to);
bool td_watch_unpack(td_watch *w, const char **from, const char *end); /* as td_reduction_unpack */
const td_reduction *td_watch_reduction(const td_watch *w, size_t step, size_t detector);

#endif
