/* jobs/outputs.h - the files of one mix: which, how they are called, mastered, written, and measured as they stand.
 *
 * Every target is mastered once and shared by the files that want it; versions (instrumental, a cappella, TV) run with
 * the drive found for the whole mix. A lossy file is decoded and measured; since
 * codecs raise peaks, it is fed from a master limited that much lower until its peaks hold, at the same loudness. */
#ifndef TD_JOBS_OUTPUTS_H
#define TD_JOBS_OUTPUTS_H

#include "engine/mix/mix.h"
#include "engine/mix/survey.h"
#include "recipes/recipes.h"

typedef struct td_outputs_wish {
    const td_order *order;
    const td_session *session;
    const td_plan *plan;
    const char *folder, *scratch;
    bool force;
    td_progress progress; /* may be NULL */
    void *user;
    const volatile int *stop;
} td_outputs_wish;

/* What the render has to bring beside the premaster. */
typedef struct td_outputs_need {
    bool hears[3][TD_BUSES_MAX]; /* per version, the buses it hears */
    const bool *version[3];
    size_t n_versions;
    bool parts;
} td_outputs_need;
/* need has to stay where it is as long as the wish is used. */
void td_outputs_need_of(const td_outputs_wish *wish, td_outputs_need *need);

/* TD_ARG: a file of that name stands there already (and force is false); asked before hours are spent. TD_JOB: the
 * naming template cannot be used, or gives two files one name. */
td_status td_outputs_check(const td_outputs_wish *wish, td_error *err);

/* Masters, writes and measures everything the order asks of this mix, whose premaster is rendered. */
td_status td_outputs_write(const td_outputs_wish *wish, td_mix *mix, td_error *err);

#endif
