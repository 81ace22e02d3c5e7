/* engine/report/report.h - what is said about mixes when they are done: report.json, the truth, and a page drawn from
 * it.
 *
 * td_report_json listens to each mix's master as it stands on disk and writes down everything a page shows.
 * td_report_html draws that page from the JSON alone: one file, no script, nothing fetched from elsewhere.
 * packaging/schema/report-1.json describes every member. The same session and plans give the same bytes of both. */
#ifndef TD_REPORT_H
#define TD_REPORT_H

#include "engine/mix/intake.h"
#include "engine/mix/mix.h"

typedef struct td_report_mix {
    const td_mix *mix;
    const td_recipe *recipe; /* NULL: a plan was played whose recipe is not at hand */
    const td_decision *decision;
    size_t n_decisions;
} td_report_mix;

typedef struct td_report_wish {
    const td_session *session;
    const td_survey *survey;     /* NULL: nothing was surveyed, a plan was played and none is kept */
    const td_survey *delivered;  /* of other levels, as the stems were delivered; NULL: survey's */
    const td_findings *findings; /* NULL: nobody asked */
    const td_report_mix *mix;
    size_t n_mixes;
    const char *folder;       /* where the files of all mixes stand */
    const td_mix_file *guest; /* previews of the rough mix and the reference, beside those of the mixes */
    size_t n_guests;
    double match_lufs; /* what was turned to be compared, and to which loudness; 0: nothing was */
    const char *const *isrc;
    size_t n_isrc;
} td_report_wish;

/* What had to be met is one verdict: the page's headline, the card and --strict. Files tell theirs; a step must not
 * take more than TD_OFF_ASKED_DB above or below what was asked. The plan aims closer, but hears less than the song:
 * what is off by more than TD_MISSED_DB is told. */
#define TD_OFF_ASKED_DB 0.3
#define TD_MISSED_DB    0.1
/* Whether what was asked of a step was about 95 % of the time ("about 3 dB") and not about its maximum ("at most"). */
bool td_asked_over_time(const td_step_reached *r);
/* To a hundredth of a dB; NaN: nothing was asked. 0 where less was done than was asked at most, and planned so. */
double td_off_asked(const td_step_reached *r);
/* After a revision thresholds stay where they were set: a step that does otherwise than planned then was moved by it,
 * and missed nothing. Of a plan as it was decided, no step was. */
bool td_is_moved(const td_plan *p, const td_step_reached *r);
/* Whether what was asked of it is off by more than that, and no revision moved it. */
bool td_is_missed(const td_plan *p, const td_step_reached *r, double more_than_db);
/* "drums tips: 2.5 dB of about 3.0": what a step was asked for and missed. */
enum { TD_GOAL_TEXT = 160 };
const char *td_goal_text(const td_step_reached *r, char out[TD_GOAL_TEXT]);
/* "after the revision drums tips takes about 3.6 dB; it was set for about 3.0"; NULL: less than TD_OFF_ASKED_DB apart.
 */
const char *td_moved_text(const td_plan *p, const td_step_reached *r, char out[TD_GOAL_TEXT]);

/* Appended to out. TD_NOMEM, or what reading a file gave. */
td_status td_report_json(const td_report_wish *wish, td_text *out, td_error *err);

/* The page, appended to out. TD_INPUT: the text is no report. */
td_status td_report_html(const char *json, size_t length, td_language language, td_text *out, td_error *err);

#endif
