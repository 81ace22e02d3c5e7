/* jobs/job_json.h - a job and its deliveries as the API shows them. */
#ifndef TD_JOBS_JOB_JSON_H
#define TD_JOBS_JOB_JSON_H

#include "jobs/store/store.h"
#include <jansson.h>

/* What keeps the job from being done: { "code", "detail" }, and where stems are refused { "refused", "message" }, which
 * their sender can be told; NULL: nothing does. */
json_t *td_job_problem(const td_job *j);
json_t *td_job_json(td_arena *a, const td_job *j, const char *waiting); /* waiting: why nobody begins it; NULL */
json_t *td_outbox_json(const td_outbox *o);

#endif
