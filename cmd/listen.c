#include "cmd/cmd.h"
#include "jobs/jobs.h"

static const td_flag flags[] = {
    { "listen", 0, "HOST:PORT", "127.0.0.1:8751; port 0 takes a free one" },
    { "secret", 0, "WHSEC", "judge signatures by this secret; it stands in the service's credentials" },
    { "save", 0, "DIR", "take results by PUT and keep them here, below the path they are sent to" },
    { NULL, 0, NULL, NULL },
};

static int run(const td_args *a)
{
    td_error err = { 0 };
    td_listen_options o = {
        .listen = td_args_get(a, "listen"),
        .secret = td_args_get(a, "secret"),
        .save = td_args_get(a, "save"),
        .json = td_args_has(a, "json"),
    };
    td_status st = td_listen(&o, &err);
    return st ? td_report_error(st, &err) : 0;
}

const td_command td_cmd_listen = {
    .name = "listen",
    .group = "Service",
    .summary = "a receiver for developers: judges webhooks, takes results",
    .synopsis = "[--listen HOST:PORT] [--secret whsec_...] [--save DIR]",
    .examples = "  topdown listen --listen 127.0.0.1:8751 --secret whsec_... --save received/\n",
    .flags = flags,
    .run = run,
    .wordless = true,
};
