/* engine/report/findings.h - what is said of stems before they are mixed: to programs, and to the client. */
#ifndef TD_REPORT_FINDINGS_H
#define TD_REPORT_FINDINGS_H

#include "engine/mix/intake.h"

/* { "v": 1, "files": [ { "file", "verdict", "codes", "findings", what the file is, and what was measured } ] }, adding
 * a newline. Levels of silence are null. */
td_status td_findings_json(const td_session *session, const td_survey *survey, const td_findings *in, td_text *out);

/* The letter to the client: polite, per stem what is wrong and what to export instead. */
td_status td_findings_letter(const td_session *session, const td_findings *in, td_language language, td_text *out);

#endif
