#include "cmd/cmd.h"
#include "jobs/jobs.h"

#define REMOTE_FLAGS                                                                                   \
    { "server", 0, "URL", "$TOPDOWN_SERVER, else " TD_DEFAULT_SERVER },                                \
    {                                                                                                  \
        "key", 0, "FILE", "the file with the key; $TOPDOWN_KEY_FILE, else " TD_DEFAULT_DATA "/api-key" \
    }

static const td_flag submit_flags[] = {
    TD_ROLE_FLAG,
    { "wait", 'w', NULL, "show progress until the job is done, failed, held or cancelled" },
    TD_DRY_FLAG("judge the job file and print what would be sent, and send nothing"),
    { "idempotency-key", 0, "TEXT", "the same key and file make one job, however often they are sent" },
    REMOTE_FLAGS,
    { NULL, 0, NULL, NULL },
};

static const td_flag remote_flags[] = {
    REMOTE_FLAGS,
    { NULL, 0, NULL, NULL },
};

static const td_flag retry_flags[] = {
    { "role", 0, "FILE=ROLE", "what a held job asks; as often as needed" },
    { "deliveries", 0, NULL, "send again, at once, what did not arrive of its results and webhooks; the job stays" },
    REMOTE_FLAGS,
    { NULL, 0, NULL, NULL },
};

static td_client_options options(const td_args *a)
{
    return (td_client_options){
        .server = td_args_get(a, "server"),
        .key_file = td_args_get(a, "key"),
        .json = td_args_has(a, "json"),
        .quiet = td_args_has(a, "quiet"),
        .dry = td_args_has(a, "dry-run"),
        .stop = &td_stop_asked,
    };
}

static int end(td_status st, const td_error *err)
{
    return st ? td_report_error(st, err) : 0;
}

static td_status one_word(const td_args *a, const char *what, td_error *err)
{
    return a->n_words == 1 ? TD_OK : td_fail(err, TD_ARG, NULL, NULL, "name one %s", what);
}

static int submit(const td_args *a)
{
    td_error err = { 0 };
    td_client_options o = options(a);
    const char *role[TD_ROLES_MOST];
    td_status st = one_word(a, "job file", &err);
    if (!st) st = td_args_all(a, "role", role, TD_ROLES_MOST, &o.n_roles, &err);
    o.role = role;
    if (!st) st = td_submit(&o, a->word[0], td_args_get(a, "idempotency-key"), td_args_has(a, "wait"), &err);
    return end(st, &err);
}

static int status(const td_args *a)
{
    td_error err = { 0 };
    td_client_options o = options(a);
    td_status st = a->n_words ? one_word(a, "job, or none for the list", &err) : TD_OK;
    if (!st) st = td_status_show(&o, a->n_words ? a->word[0] : NULL, &err);
    return end(st, &err);
}

static int cancel(const td_args *a)
{
    td_error err = { 0 };
    td_client_options o = options(a);
    td_status st = one_word(a, "job", &err);
    if (!st) st = td_cancel(&o, a->word[0], &err);
    return end(st, &err);
}

static int retry(const td_args *a)
{
    td_error err = { 0 };
    td_client_options o = options(a);
    const char *role[TD_ROLES_MOST];
    td_status st = one_word(a, "job", &err);
    if (!st) st = td_args_all(a, "role", role, TD_ROLES_MOST, &o.n_roles, &err);
    o.role = role;
    if (!st) st = (td_args_has(a, "deliveries") ? td_retry_deliveries : td_retry)(&o, a->word[0], &err);
    return end(st, &err);
}

const td_command td_cmd_submit = {
    .name = "submit",
    .group = "Service",
    .summary = "sends a job file to a service",
    .synopsis = "JOB.yaml [--server URL] [--key FILE] [--wait | -n]",
    .examples = "  topdown submit job.yaml --wait                 until it is done\n"
                "  topdown submit job.yaml --idempotency-key 2041 sent twice, it is one job\n",
    .flags = submit_flags,
    .run = submit,
};

const td_command td_cmd_status = {
    .name = "status",
    .group = "Service",
    .summary = "what the service does, or one job in full",
    .synopsis = "[JOB]",
    .examples = "  topdown status                                 jobs, newest first, and the queue\n"
                "  topdown status job_01jd8k2p...                 attempts, problem, outputs, deliveries\n",
    .flags = remote_flags,
    .run = status,
};

const td_command td_cmd_cancel = {
    .name = "cancel",
    .group = "Service",
    .summary = "ends a job that is not done yet",
    .synopsis = "JOB",
    .examples = "  topdown cancel job_01jd8k2p...                 within 15 s when it runs already\n",
    .flags = remote_flags,
    .run = cancel,
};

const td_command td_cmd_retry = {
    .name = "retry",
    .group = "Service",
    .summary = "lets a held job go on, or orders a finished one anew",
    .synopsis = "JOB [--role FILE=ROLE | --deliveries]",
    .examples = "  topdown retry job_01jd8k2p...                  after its stem was mended\n"
                "  topdown retry job_01jd8k2p... --role 'Spur 7.wav=vocals.lead'\n"
                "                                                 what it asked\n"
                "  topdown retry --deliveries job_01jd8k2p...     after its receiver was mended\n",
    .flags = retry_flags,
    .run = retry,
};
