/* engine/mix/intake.h - the gate: what is wrong with each stem, known before anything is mixed.
 *
 * Joins what the files show (td_stem.faults) with what the survey heard, and gives every stem a verdict and the
 * findings it rests on. The list of what can be wrong stands in audio.h (TD_FAULT_MAP), thresholds in intake.c, words
 * in intake_words.c, one row a fault. */
#ifndef TD_MIX_INTAKE_H
#define TD_MIX_INTAKE_H

#include "engine/mix/survey.h"

typedef enum td_language { TD_ENGLISH, TD_GERMAN, TD_LANGUAGES } td_language;

/* One thing about one stem. What a fault does not measure is NaN. */
typedef struct td_finding {
    td_fault_code code;
    double at_s;      /* where it was found first */
    double value;     /* clipped: places; dc, noise: dBFS; hum: dB against what plays; length_differs, starts_late: the
                         usual length, s; rate, rate_differs, low_rate: Hz */
    double at_hz;     /* hum: 50 or 60 */
    double length_s;  /* length_differs, starts_late: its own */
    bool played_on;   /* length_differs: the others did when it ended; what they rang out with does not count */
    const char *twin; /* duplicate: the stem it sounds like; of the session */
    const char *format; /* lossy_file: "mp3", "ogg", "opus"; unreadable: what it is; empty: ""; of the session */
} td_finding;

typedef struct td_stem_findings {
    unsigned faults; /* TD_FAULT_BITs, all */
    td_verdict verdict;
    td_finding finding[TD_FAULT_COUNT]; /* in the order of TD_FAULT_MAP */
    size_t n_findings;
    double true_peak_dbtp; /* of the file; NaN until td_intake_measure_peaks */
} td_stem_findings;

typedef struct td_findings {
    td_stem_findings *stem; /* in the session's order */
    size_t n_stems;
    td_verdict verdict; /* the worst */
    td_arena *arena;
} td_findings;

/* survey NULL: only what the files show. TD_NOMEM, or what reading the survey gave. */
td_status td_intake_make(const td_session *session, const td_survey *survey, td_findings **out, td_error *err);
/* The same for nearly nothing: what files and levels show, and no spectrum or sound is read for, but of twins. */
td_status td_intake_glance(const td_session *session, const td_survey *survey, td_findings **out, td_error *err);
void td_intake_free(td_findings *in); /* NULL is welcome */

/* Between samples, of every file: one more pass over the audio, which only who prints it needs. */
td_status td_intake_measure_peaks(const td_session *session, td_pool *pool, td_findings *in, td_error *err);

/* "it is clipped (first at 0:41; 12 places)". Returns out. */
const char *td_finding_text(const td_finding *f, td_language language, char *out, size_t size);
/* A sentence that asks the client for what would mend it; NULL: there is nothing a client could do. */
const char *td_finding_remedy(const td_finding *f, td_language language);

#endif
