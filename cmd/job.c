#include "cmd/cmd.h"
#include "recipes/recipes.h"

#include <stdio.h>
#include <string.h>

static const td_flag flags[] = {
    { "recipes", 0, "DIR", "look for recipes here first" },
    { NULL, 0, NULL, NULL },
};

static int check(const td_args *a, const td_library *l, const char *path)
{
    td_messages *m = td_messages_new();
    td_order *o = NULL;
    if (!m) return td_status_exit(TD_NOMEM);
    td_order_load(l, path, &o, m);
    bool json = td_args_has(a, "json");
    int code = td_report_messages(m, TD_JOB, json);
    if (!code && !json && !td_args_has(a, "quiet")) printf("%s: ok\n", path);
    td_order_free(o);
    td_messages_free(m);
    return code;
}

static int schema(void)
{
    td_text t = { 0 };
    td_error err = { 0 };
    td_status st = td_order_schema(&t);
    if (!st) fputs(td_text_or_empty(&t), stdout);
    td_text_free(&t);
    return st ? td_report_error(st, &err) : 0;
}

static int run(const td_args *a)
{
    td_error err = { 0 };
    if (a->n_words == 1 && !strcmp(a->word[0], "schema")) return schema();
    if (a->n_words < 2 || strcmp(a->word[0], "check")) {
        td_fail(&err, TD_ARG, NULL, "topdown job check job.yaml, or topdown job schema",
                "job needs to know what to do");
        return td_report_error(TD_ARG, &err);
    }
    td_library *l;
    td_status st = td_library_open(td_args_get(a, "recipes"), &l, &err);
    if (st) return td_report_error(st, &err);
    int code = 0;
    for (size_t i = 1; i < a->n_words; i++) {
        int one = check(a, l, a->word[i]);
        if (one) code = one;
    }
    td_library_free(l);
    return code;
}

const td_command td_cmd_job = {
    .name = "job",
    .group = "Recipes and jobs",
    .summary = "finds the mistakes of a job file before it is handed in",
    .synopsis = "check FILE... | schema",
    .examples = "  topdown job check job.yaml      all its mistakes, with line and column\n"
                "  topdown job schema > job.json   for editors that know JSON Schema\n",
    .flags = flags,
    .run = run,
};
