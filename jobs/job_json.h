/* jobs/job_json.h - a job and its deliveries as the API shows them. */
#ifndef TD_JOBS_JOB_JSON_H
#define TD_JOBS_JOB_JSON_H

#include "jobs/store.h"
#include <jansson.h>

/* fresh: as it was when it was submitted, so that a repeated submission gets the first answer again, byte for byte. */
json_t *td_job_json(td_arena *a, const td_job *j, bool fresh);
json_t *td_outbox_json(const td_outbox *o);

#endif
