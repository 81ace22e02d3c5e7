/* jobs/jobs.h - a job's life, for the commands of the service: one function a command.
 *
 * A command reads its flags into the options below and calls its function, which prints, logs to stderr and returns
 * when the command is over. The status is the command's exit code (td_status_exit); where err was filled the caller
 * prints it. Options are plain data, borrowed for the call; zero-initialised members take the defaults named beside
 * them.
 *
 * Folder DIR of a service (--data): queue.db, api-key (0600, made at the first start), objects/ (results),
 * scratch/ (running jobs), credentials/ (secrets by name). */
#ifndef TD_JOBS_H
#define TD_JOBS_H

#include "engine/base/base.h"

#define TD_DEFAULT_LISTEN "127.0.0.1:8750"
#define TD_DEFAULT_SERVER "http://127.0.0.1:8750"
#define TD_DEFAULT_DATA   "/var/lib/topdown"

typedef struct td_service_options {
    const char *data;             /* TD_DEFAULT_DATA; made when missing */
    const char *listen;           /* serve: HOST:PORT, TD_DEFAULT_LISTEN; port 0 takes a free one and prints it */
    unsigned jobs;                /* jobs run at once; serve: 0 runs none, work: 0 means 1 */
    bool allow_private;           /* stems, deliveries and webhooks may use http, private addresses and any port */
    const char *const *file_root; /* folders whose files a job of a key with scope `files` may name by absolute path */
    size_t n_file_roots;
    const char *recipes;       /* handed to every child as --recipes; NULL: none */
    const char *child_program; /* NULL: this program itself */
    const char *public_url;    /* stands before "/v1/jobs/..." in events; serve: the address it listens on */
    unsigned drain_grace_s;    /* 300; how long running jobs may finish after the first SIGTERM */
} td_service_options;

/* HTTP service, outbox and `jobs` workers in one process. Until SIGTERM or SIGINT; a second one hands leases back at
 * once. Prints the address and the queue first. TD_BUSY: the address is taken. TD_DISK: DIR cannot be used. */
td_status td_serve(const td_service_options *o, td_error *err);

/* Workers and outbox only, beside a service of the same machine that has the same DIR. */
td_status td_work(const td_service_options *o, td_error *err);

/* Who is asked, and how. */
typedef struct td_client_options {
    const char *server;      /* $TOPDOWN_SERVER, then TD_DEFAULT_SERVER */
    const char *key_file;    /* $TOPDOWN_KEY_FILE, then TD_DEFAULT_DATA/api-key */
    bool json;               /* print what the server answered, one object a line */
    bool quiet;              /* no progress */
    bool dry;                /* submit: judge the job file, print the request's body, send nothing */
    const char *const *role; /* submit, retry: "FILE=ROLE", what is said of stems beside the job file */
    size_t n_roles;
    const volatile int *stop; /* not 0: ask no more, wait no more; NULL */
} td_client_options;

/* Sends the job file. Paths in it are relative to its folder and are sent absolute: the server reads them itself, when
 * it runs on this machine with a file root above them. idempotency_key NULL: a fresh one. With `wait` it shows progress
 * until the job rests and returns TD_OK (done), TD_FAILED (failed), TD_JOB (held) or TD_STOPPED (cancelled, or
 * *stop: the job goes on). */
td_status td_submit(const td_client_options *o, const char *job_file, const char *idempotency_key, bool wait,
                    td_error *err);

/* job NULL: the list; else one job in full, its deliveries with it. */
td_status td_status_show(const td_client_options *o, const char *job, td_error *err);
td_status td_cancel(const td_client_options *o, const char *job, td_error *err);
td_status td_retry(const td_client_options *o, const char *job, td_error *err);
/* Sends again, at once, what of a job's results and webhooks did not arrive. */
td_status td_retry_deliveries(const td_client_options *o, const char *job, td_error *err);

/* Keys of a service's folder, whether it runs or not; those of client `admin` are its file's alone. */
typedef struct td_key_options {
    const char *data;   /* TD_DEFAULT_DATA; TD_ARG where no service ever lived */
    const char *client; /* add: who it is for, made when new: small letters, digits, '_' */
    const char *scopes; /* add: "submit,read,cancel" is the default; `files` too */
    bool json, quiet;   /* quiet: the key alone */
} td_key_options;

/* Makes a key. *token is told this once: the queue keeps a hash. */
td_status td_key_add(const td_key_options *o, char token[128], td_error *err);
/* Prints all keys with their clients, never the secrets. */
td_status td_key_list(const td_key_options *o, td_error *err);
/* It is good no more, from the next request on. TD_ARG: no good key has that id. */
td_status td_key_withdraw(const td_key_options *o, const char *id, td_error *err);

typedef struct td_listen_options {
    const char *listen; /* HOST:PORT; port 0 takes a free one */
    const char *secret; /* whsec_...; NULL: signatures are not judged */
    const char *save;   /* folder for results by PUT; NULL: they are refused */
    bool json;          /* one object a line on stdout */
} td_listen_options;

/* A receiver for developers: prints every webhook and whether its signature and time hold, stores what is PUT
 * below its path and says whether its sha256 header holds. Until SIGTERM or SIGINT. */
td_status td_listen(const td_listen_options *o, td_error *err);

/* The reference in short, from the tables the service goes by. */
void td_api_text(td_text *out);
void td_webhooks_text(td_text *out);

#endif
