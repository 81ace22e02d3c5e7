/* engine/report/card.h - the score card: a mix beside the plain sum of its stems, figure by figure. Room-internal.
 *
 * What the engine has to meet passes or fails; what finished mixes differ in is called usual or unusual, with the
 * limits nine of ten of them keep; all else is only shown. No figure here measures taste. */
#ifndef TD_REPORT_CARD_H
#define TD_REPORT_CARD_H

#include "engine/mix/mix.h"
#include "engine/mix/targets.h"
#include "engine/mix/weigh.h"
#include "engine/report/portrait.h"

/* One of the two, as it sounds. */
/* Groups that play less of the mix's time are not held against the others. */
#define TD_CARD_SPARSE 0.1

typedef struct td_card_side {
    td_band_power bands; /* of what sounds */
    double loudness_lufs, peak_dbfs, true_peak_dbtp;
    double correlation;  /* of the whole; what lies within frequencies is of the bands */
    double range_lu;     /* over the song's own length: a tail that dies away is no dynamics */
    double asked_plr_db; /* the order's true peak over its loudness; NaN: not both are asked */
    double psr_db;       /* peak of the last 3 s over their loudness: a tenth of the time is below */
    td_scales scales;    /* its buses */
    double mono_loss_lu[TD_BUSES_MAX];
    double masked[TD_BUSES_MAX], masked_whole; /* by the others, 0 to 1; NaN: silent. The whole leaves out the sparse */
} td_card_side;

/* All stems as they were delivered, at equal gain. Borrows from the survey; the rest lives in a. */
td_status td_card_hear_sum(const td_survey *survey, const td_session *session, td_arena *a, td_card_side *out,
                           td_error *err);
/* The mix: what left the buses, and the file all else is said about. TD_NOMEM. */
td_status td_card_hear_mix(const td_session *session, const td_rendered *r, const td_mix_file *file,
                           const td_portrait *p, td_arena *a, td_card_side *out);

typedef enum td_row_verdict { TD_ROW_SHOWN, TD_ROW_USUAL, TD_ROW_UNUSUAL, TD_ROW_PASS, TD_ROW_FAIL } td_row_verdict;
typedef enum td_standing { TD_NO_STANDING, TD_AHEAD, TD_LEVEL, TD_BEHIND } td_standing;

#define TD_CARD_ROWS 24

typedef struct td_card_row {
    const char *id, *name, *unit; /* "TB", "tone: distance from finished mixes", "dB" */
    double value, sum;            /* of the mix, of the sum; NaN: does not exist */
    double low, high;             /* NaN: no limit */
    const char *where;            /* the bus, step or file it is about; NULL */
    td_row_verdict verdict;
    td_standing standing; /* against the sum, where less is better */
} td_card_row;

typedef struct td_card_wish {
    const td_session *session;
    const td_recipe *recipe;      /* NULL: a plan was played whose recipe is not at hand; nobody knows what is usual */
    const td_mix *mix;            /* with its rendered, if there is one */
    const td_target_curve *curve; /* of its kind */
    const td_card_side *made, *sum; /* sum NULL: was not heard */
    const td_portrait *reference;   /* NULL: none */
} td_card_wish;

/* Rows that cannot be measured here have no value. TD_NOMEM. */
td_status td_card_make(const td_card_wish *wish, td_arena *a, td_card_row out[TD_CARD_ROWS]);

const char *td_row_verdict_name(td_row_verdict v); /* "usual" */
const char *td_standing_name(td_standing s);       /* "ahead"; NULL: none */

#endif
