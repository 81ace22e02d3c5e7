/* jobs/intake.h - everything a child needs, in one folder: its stems and a job file that names them there. */
#ifndef TD_JOBS_INTAKE_H
#define TD_JOBS_INTAKE_H

#include "jobs/spec.h"

#define TD_JOB_BYTES_MAX  (20LL << 30)
#define TD_FILE_BYTES_MAX (8LL << 30)

typedef struct td_intake {
    const td_job *job;
    const td_net_policy *net;
    const td_roots *roots;
    const char *fetched; /* folder kept from attempt to attempt: a folder for each address */
    const char *folder;  /* of this attempt, new: gets job.yaml and in/ */
    void (*progress)(void *user, double fraction);
    bool (*stop)(void *user);
    void *user;
} td_intake;

typedef struct td_intake_facts {
    size_t files;
    int64_t bytes;
    int64_t as_pcm, largest_as_pcm; /* what all would take as PCM, about; what the longest would */
    int64_t retry_after_s;          /* what a server asked for when it failed */
} td_intake_facts;

/* Four addresses are fetched at a time. Errors are td_fetch_file's and td_roots_open's; err->where names the stem. */
td_status td_intake_run(const td_intake *i, td_intake_facts *facts, td_error *err);

#endif
