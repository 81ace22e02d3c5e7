/* jobs/order/outputs.h - the files of one mix: which, how they are called, mastered, written, and measured as they
 * stand.
 *
 * Every target is mastered once and shared by the files that want it; versions (instrumental, a cappella, TV) run with
 * the drive found for the whole mix. A lossy file is decoded and measured; since codecs raise peaks, it is fed from a
 * master limited that much lower until its peaks hold, at the same loudness. What is there to be compared (previews,
 * and guests beside them) can be turned to one loudness, after mastering: mixes are heard as they will leave. Mixes are
 * only turned down, guests also up, where their peaks leave room. */
#ifndef TD_JOBS_ORDER_OUTPUTS_H
#define TD_JOBS_ORDER_OUTPUTS_H

#include "engine/mix/mix.h"
#include "engine/mix/survey.h"
#include "jobs/order/guest.h"
#include "recipes/recipes.h"

typedef struct td_outputs_wish {
    const td_order *order;
    const td_session *session;
    const td_plan *plan;
    const td_target *master, *preview; /* what files of the order come to that say nothing themselves */
    const char *folder, *scratch;
    const char *cache; /* gives way where these need its room; NULL: there is none */
    bool force;
    double match_lufs;    /* previews above it are turned down to it, guests turned to it; 0: none is */
    bool again;           /* only what is compared, in place of what was written of it before */
    td_progress progress; /* may be NULL */
    void *user;
    const volatile int *stop;
    td_text *names; /* takes what checks find files will be called, one a line; NULL */
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
/* The TD_VERSION_ of a version's part, as its file has it ("TV9LUFS"); 0: none of them. */
unsigned td_outputs_version(const char *part);

/* TD_ARG: a file of that name stands there already (and force is false); asked before hours are spent. TD_JOB: the
 * naming template cannot be used, or gives two files one name. */
td_status td_outputs_check(const td_outputs_wish *wish, td_error *err);

/* The same of a guest's files: the formats of the previews, and their length. */
td_status td_outputs_check_guest(const td_outputs_wish *wish, const td_guest *guest, td_error *err);

/* The least loudness any preview is mastered to; INFINITY where none has a target. *peak_db comes down to the lowest
 * peak that one of them may have. */
double td_outputs_softest(const td_outputs_wish *wish, double *peak_db);

/* Masters, writes and measures everything the order asks of this mix, whose premaster is rendered. */
td_status td_outputs_write(const td_outputs_wish *wish, td_mix *mix, td_error *err);

/* Writes and measures a guest's files, and adds them to holder, a mix of any plan of the session. */
td_status td_outputs_write_guest(const td_outputs_wish *wish, const td_guest *guest, td_mix *holder, td_error *err);

#endif
