#include "cmd/cmd.h"
#include "jobs/jobs.h"

#define SERVICE_FLAGS                                                                                             \
    { "data", 0, "DIR", "queue, results, scratch and keys live below it; " TD_DEFAULT_DATA },                     \
        { "allow-private", 0, NULL, "stems, results and webhooks may use http, private addresses and any port" }, \
        { "files", 0, "DIR", "local jobs may name stems below this folder by their path; may be repeated" },      \
        { "recipes", 0, "DIR", "look for recipes here first" },                                                   \
        { "public-url", 0, "URL", "how clients reach the service; stands in events" },                            \
    {                                                                                                             \
        "grace", 0, "SECONDS", "how long running jobs may finish after SIGTERM; 300"                              \
    }

static const td_flag serve_flags[] = {
    { "listen", 0, "HOST:PORT", TD_DEFAULT_LISTEN "; port 0 takes a free one" },
    { "work", 0, "N", "run so many jobs at once in this process; 0: none" },
    SERVICE_FLAGS,
    { NULL, 0, NULL, NULL },
};

static const td_flag work_flags[] = {
    { "jobs", 0, "N", "how many at once; 1" },
    SERVICE_FLAGS,
    { NULL, 0, NULL, NULL },
};

static int run(const td_args *a, const char *number, long least,
               td_status (*start)(const td_service_options *, td_error *))
{
    const char *roots[32];
    long jobs = 0, grace_s = 0;
    td_error err = { 0 };
    td_status st = td_args_number(a, number, least, 64, least, &jobs, &err);
    if (!st) st = td_args_number(a, "grace", 1, 86400, 300, &grace_s, &err);
    size_t n_roots = 0;
    if (!st) st = td_args_all(a, "files", roots, 32, &n_roots, &err);
    td_service_options o = {
        .data = td_args_get(a, "data"),
        .listen = td_args_get(a, "listen"),
        .jobs = (unsigned)jobs,
        .allow_private = td_args_has(a, "allow-private"),
        .file_root = roots,
        .n_file_roots = n_roots,
        .recipes = td_args_get(a, "recipes"),
        .public_url = td_args_get(a, "public-url"),
        .drain_grace_s = (unsigned)grace_s,
    };
    if (!st) st = start(&o, &err);
    return st ? td_report_error(st, &err) : 0;
}

static int serve(const td_args *a)
{
    return run(a, "work", 0, td_serve);
}

static int work(const td_args *a)
{
    return run(a, "jobs", 1, td_work);
}

const td_command td_cmd_serve = {
    .name = "serve",
    .group = "Service",
    .summary = "takes jobs over HTTP, keeps them, delivers their results",
    .synopsis = "[--listen HOST:PORT] [--data DIR] [--work N]",
    .examples = "  topdown serve --data data/ --work 1            a whole service in one process\n"
                "  topdown serve --data data/ --work 2 --files ~/sessions\n"
                "                                                 local jobs may name stems by path\n",
    .flags = serve_flags,
    .run = serve,
    .wordless = true,
};

const td_command td_cmd_work = {
    .name = "work",
    .group = "Service",
    .summary = "runs jobs of a service on this machine, in a process of its own",
    .synopsis = "[--data DIR] [--jobs N]",
    .examples = "  topdown work --data data/ --jobs 2             beside 'topdown serve --data data/'\n",
    .flags = work_flags,
    .run = work,
    .wordless = true,
};
