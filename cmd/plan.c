#include "cmd/mixing.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const td_flag flags[] = {
    TD_MIXING_FLAGS,
    { "output", 'o', "FILE", "write the plan here, for `topdown mix --plan`; with several recipes a folder" },
    { "expect", 0, "FILE", "compare with this plan and exit 5 when they differ" },
    { "title", 0, "TEXT", "the song; its folder's name otherwise" },
    { "artist", 0, "TEXT", "who plays it; stands in names and tags of the files" },
    { "force", 0, NULL, "replace files that stand there already" },
    { NULL, 0, NULL, NULL },
};

static td_status write_plan(const td_mixing *m, const td_args *a, size_t i, td_error *err)
{
    const td_mixdown *d = m->done;
    const char *out = td_args_get(a, "output");
    char path[4096];
    td_text t = { 0 };
    if (d->n > 1) {
        td_status st = td_folder_make(out, err);
        if (st) return st;
        snprintf(path, sizeof path, "%s/plan-%s.yaml", out, d->plan[i]->label);
    } else {
        snprintf(path, sizeof path, "%s", out);
    }
    td_status st = td_plan_write(d->plan[i], &t);
    if (!st) st = td_file_write(path, t.data, t.length, td_args_has(a, "force"), err);
    td_text_free(&t);
    return st;
}

/* The first line that differs, as people look for it. */
static void show_difference(const char *old, const char *new)
{
    size_t line = 1;
    while (*old && *old == *new) line += *old == '\n', old++, new ++;
    printf("plans differ from line %zu on\n", line);
}

static int compare(const td_mixing *m, const td_args *a)
{
    td_arena *arena = td_arena_new();
    td_error err = { 0 };
    char *old = NULL;
    size_t length;
    td_text t = { 0 };
    td_status st = arena ? td_file_read(arena, td_args_get(a, "expect"), 16 << 20, &old, &length, &err) : TD_NOMEM;
    if (!st) st = td_plan_write(m->done->plan[0], &t);
    int code = st ? td_report_error(st, &err) : 0;
    if (!st && strcmp(old, td_text_or_empty(&t))) {
        show_difference(old, t.data);
        code = td_status_exit(TD_MISSED);
    }
    td_text_free(&t);
    td_arena_free(arena);
    return code;
}

/* For people a view; with --json one object a plan, on a line as progress is, with the plan's file as text. */
static void print_plan(const td_plan *p, bool json)
{
    td_text t = { 0 };
    if (json) {
        td_plan_write(p, &t);
        json_t *o = json_pack("{sssissss}", "type", "plan", "v", 1, "label", p->label, "plan", td_text_or_empty(&t));
        json_dumpf(o, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(o);
    } else {
        td_plan_view(p, td_columns(), &t);
        fputs(td_text_or_empty(&t), stdout);
    }
    td_text_free(&t);
}

static int run(const td_args *a)
{
    td_mixing m;
    td_error err = { 0 };
    bool silent = td_args_has(a, "quiet") && (td_args_has(a, "output") || td_args_has(a, "expect"));
    int code = td_mixing_init(&m, a);
    if (!code) code = td_mixing_run(&m, a);
    for (size_t i = 0; !code && i < m.done->n; i++) {
        if (!silent) print_plan(m.done->plan[i], td_args_has(a, "json"));
        td_status st = td_args_has(a, "output") ? write_plan(&m, a, i, &err) : TD_OK;
        if (st) code = td_report_error(st, &err);
    }
    if (!code && td_args_has(a, "expect")) code = compare(&m, a);
    td_mixing_fini(&m);
    return code;
}

const td_command td_cmd_plan = {
    .name = "plan",
    .group = "On this machine",
    .summary = "decides a mix and says every number with its reason; renders nothing",
    .synopsis = "STEMS... --recipe NAME [-o FILE]",
    .examples = "  topdown plan stems/ --recipe pop-rock                     what it would decide, and why\n"
                "  topdown plan stems/ --recipe pop-rock -o plan.yaml        kept, to be edited and rendered\n"
                "  topdown plan stems/ --recipe pop-rock --expect plan.yaml  still the same?\n",
    .flags = flags,
    .run = run,
};
