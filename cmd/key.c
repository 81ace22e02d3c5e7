#include "cmd/cmd.h"
#include "jobs/jobs.h"

#include <stdio.h>
#include <string.h>

static const td_flag flags[] = {
    { "data", 0, "DIR", "the service's folder; " TD_DEFAULT_DATA },
    { "scopes", 0, "LIST", "add: of submit, read, cancel, files; submit,read,cancel" },
    { NULL, 0, NULL, NULL },
};

static td_status add(td_key_options *o, const char *word, td_error *err)
{
    char token[128];
    o->client = word;
    td_status st = td_key_add(o, token, err);
    if (!st && o->json) printf("{\"type\":\"key\",\"v\":1,\"client\":\"%s\",\"key\":\"%s\"}\n", word, token);
    if (!st && !o->json) printf("%s\n", token);
    if (!st && !o->json && !o->quiet)
        fprintf(stderr, "of %s, for the service in %s; it is not shown again\n", word,
                o->data ? o->data : TD_DEFAULT_DATA);
    return st;
}

static td_status list(td_key_options *o, const char *word, td_error *err)
{
    (void)word;
    return td_key_list(o, err);
}

static td_status withdraw(td_key_options *o, const char *word, td_error *err)
{
    return td_key_withdraw(o, word, err);
}

static const struct {
    const char *name;
    size_t words; /* itself and what it is about */
    td_status (*run)(td_key_options *o, const char *word, td_error *err);
} verbs[] = { { "add", 2, add }, { "list", 1, list }, { "withdraw", 2, withdraw } };

static int run(const td_args *a)
{
    td_error err = { 0 };
    td_key_options o = { .data = td_args_get(a, "data"),
                         .scopes = td_args_get(a, "scopes"),
                         .json = td_args_has(a, "json"),
                         .quiet = td_args_has(a, "quiet") };
    for (size_t v = 0; v < sizeof verbs / sizeof *verbs; v++) {
        if (!a->n_words || strcmp(a->word[0], verbs[v].name) || a->n_words != verbs[v].words) continue;
        td_status st = verbs[v].run(&o, a->word[1], &err);
        return st ? td_report_error(st, &err) : 0;
    }
    td_fail(&err, TD_ARG, NULL, "add CLIENT, list or withdraw KEY", "key needs to know what to do");
    return td_report_error(TD_ARG, &err);
}

const td_command td_cmd_key = {
    .name = "key",
    .group = "Service",
    .summary = "gives clients of a service their keys, lists and withdraws them",
    .synopsis = "add CLIENT [--scopes LIST] | list | withdraw KEY [--data DIR]",
    .examples = "  topdown key add studio_b --data data/          prints the key, this once\n"
                "  topdown key list --data data/                  all keys, their clients and scopes\n"
                "  topdown key withdraw 01jd8k2p... --data data/  good no more from the next request on\n",
    .flags = flags,
    .run = run,
};
