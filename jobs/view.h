/* jobs/view.h - jobs as the command line shows them, from what the API answered. */
#ifndef TD_JOBS_VIEW_H
#define TD_JOBS_VIEW_H

#include "engine/base/base.h"
#include <jansson.h>

/* A line a job, and one for the queue. */
void td_view_jobs(const json_t *answer, int64_t now_ms, td_text *out);

/* One job in full. deliveries: its rows, or NULL. */
void td_view_job(const json_t *job, const json_t *deliveries, int64_t now_ms, td_text *out);

/* Whether a delivery did not arrive so far: it was given up, or waits after a failure. */
bool td_view_is_undelivered(const json_t *delivery);

/* A member's text, or `other` without one. */
const char *td_view_text(const json_t *o, const char *name, const char *other);

#endif
