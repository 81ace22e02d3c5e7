#include "cmd/mixing.h"

#include "recipes/yaml.h"
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const td_flag flags[] = {
    TD_MIXING_FLAGS,
    { "output", 'o', "FILE", "write the plan here, for `topdown mix --plan`; with several recipes a folder" },
    { "expect", 0, "FILE", "compare with this plan and exit 5 when they differ; one recipe" },
    { "title", 0, "TEXT", "the song; its folder's name otherwise, or that of the one above stems/ or tracks/" },
    { "artist", 0, "TEXT", "who plays it; stands in names and tags of the files" },
    { "force", 0, NULL, "replace files that stand there already" },
    { NULL, 0, NULL, NULL },
};

/* Where a plan goes. NULL: nowhere. */
static const char *plan_path(const td_args *a, const char *label, bool several, td_arena *arena)
{
    const char *out = td_args_get(a, "output");
    char name[TD_PLAN_NAME];
    td_plan_name(label, name);
    return out && several ? td_arena_printf(arena, "%s/%s", out, name) : out;
}

/* Refused before anything is heard. */
static td_status refuse(const td_mixing *m, const td_args *a, td_error *err)
{
    const td_order *o = m->order;
    if (td_args_has(a, "expect") && o->n_mixes > 1)
        return td_fail(err, TD_ARG, NULL, "name one recipe", "--expect is one plan, and %zu mixes are asked for",
                       o->n_mixes);
    for (size_t i = 0; i < o->n_mixes && td_args_has(a, "output") && !td_args_has(a, "force"); i++) {
        const char *path = plan_path(a, o->mix[i].label, o->n_mixes > 1, m->arena);
        if (!path) return td_no_memory(err);
        if (td_is_file(path)) return td_fail(err, TD_ARG, path, "--force replaces it", "stands there already");
    }
    return TD_OK;
}

static td_status write_plan(const td_mixing *m, const td_args *a, size_t i, td_error *err)
{
    const td_mixdown *d = m->done;
    bool several = d->n > 1;
    const char *path = plan_path(a, d->plan[i]->label, several, m->arena);
    td_text t = { 0 };
    td_status st = !path ? td_no_memory(err) : several ? td_folder_make(td_args_get(a, "output"), err) : TD_OK;
    if (!st) st = td_plan_write(d->plan[i], &t);
    if (!st) st = td_file_write(path, t.data, t.length, td_args_has(a, "force"), err);
    td_text_free(&t);
    return st;
}

/* NULL: there is none, or memory is short. */
static const char *decision_text(td_arena *arena, const td_decision *d)
{
    return d ? td_arena_printf(arena, "%s %s %s: %s", d->place, d->step, d->what, d->settings) : NULL;
}

/* line: of plans that decide the same, else 0. */
static void show(const char *expected, const char *decided, size_t line, bool json)
{
    static const char none[] = "no more decisions";
    if (json)
        td_print_json(line ? json_pack("{s:s, s:i, s:I}", "type", "differs", "v", 1, "line", (json_int_t)line)
                           : json_pack("{s:s, s:i, s:s?, s:s?}", "type", "differs", "v", 1, "expected", expected,
                                       "decided", decided));
    else if (line)
        printf("plans decide the same and differ from line %zu on: %s\n", line, decided);
    else
        printf("plans differ; the first decision that does:\n  expected %s\n  decided  %s\n",
               expected ? expected : none, decided ? decided : none);
}

static bool same_decision(const td_decision *x, const td_decision *y)
{
    return !strcmp(x->place, y->place) && !strcmp(x->step, y->step) && !strcmp(x->what, y->what) &&
           !strcmp(x->settings, y->settings);
}

/* Of plans that decide the same: of another session, or of a recipe with another name. */
static void show_line(const char *old, const char *now, td_arena *arena, bool json)
{
    size_t line = 1, from = 0;
    for (size_t i = 0; old[i] && old[i] == now[i]; i++)
        if (old[i] == '\n') line++, from = i + 1;
    const char *text = td_arena_strndup(arena, now + from, strcspn(now + from, "\n"));
    show(NULL, text ? text : "", line, json);
}

static td_status show_difference(const td_plan *old, const td_plan *now, td_arena *arena, bool json, bool *shown)
{
    td_decision *was, *is;
    size_t n_was, n_is, i = 0;
    td_status st = td_plan_decisions(old, arena, &was, &n_was);
    if (!st) st = td_plan_decisions(now, arena, &is, &n_is);
    if (st) return st;
    while (i < n_was && i < n_is && same_decision(&was[i], &is[i])) i++;
    *shown = i < n_was || i < n_is;
    if (*shown)
        show(decision_text(arena, i < n_was ? &was[i] : NULL), decision_text(arena, i < n_is ? &is[i] : NULL), 0, json);
    return TD_OK;
}

/* What differs, as people look for it. */
static td_status tell_difference(const char *path, const char *old, size_t length, const td_plan *now, const char *text,
                                 td_arena *arena, bool json)
{
    td_plan *before = NULL;
    bool shown = false;
    td_messages *list = td_messages_new();
    td_status st = list ? TD_OK : TD_NOMEM;
    if (!st && !td_plan_read(path, old, length, &before, list)) st = show_difference(before, now, arena, json, &shown);
    if (!st && !shown) show_line(old, text, arena, json);
    td_plan_free(before);
    td_messages_free(list);
    return st;
}

static int compare(const td_mixing *m, const td_args *a)
{
    td_arena *arena = td_arena_new();
    td_error err = { 0 };
    char *old = NULL;
    const char *path = td_args_get(a, "expect");
    const td_plan *now = m->done->plan[0];
    size_t length;
    td_text t = { 0 };
    td_status st = arena ? td_file_read(arena, path, TD_PLAN_BYTES, &old, &length, &err) : td_no_memory(&err);
    if (!st && td_plan_write(now, &t)) st = td_no_memory(&err);
    bool differs = !st && (length != t.length || memcmp(old, t.data, length) != 0);
    if (differs) st = tell_difference(path, old, length, now, t.data, arena, td_args_has(a, "json"));
    td_text_free(&t);
    td_arena_free(arena);
    return st ? td_report_error(st, &err) : differs ? td_status_exit(TD_MISSED) : 0;
}

void td_print_plan(const td_plan *p)
{
    td_text t = { 0 };
    td_plan_write(p, &t);
    td_print_json(json_pack("{s:s, s:i, s:s?, s:o, s:s}", "type", "plan", "v", 1, "label", p->label, "numbers",
                            td_plan_numbers(p), "plan", td_text_or_empty(&t)));
    td_text_free(&t);
}

/* For people a view; with --json one object a plan, on a line as progress is. */
static void print_plan(const td_plan *p, bool json)
{
    td_text t = { 0 };
    if (json) {
        td_print_plan(p);
        return;
    }
    td_plan_view(p, td_columns(), &t);
    fputs(td_text_or_empty(&t), stdout);
    td_text_free(&t);
}

static int run(const td_args *a)
{
    td_mixing m;
    td_error err = { 0 };
    bool silent = td_args_has(a, "quiet") && (td_args_has(a, "output") || td_args_has(a, "expect"));
    int code = td_mixing_init(&m, a);
    td_status there = code ? TD_OK : refuse(&m, a, &err);
    if (there) code = td_report_error(there, &err);
    if (!code) code = td_mixing_run(&m, a);
    bool made = !code || code == td_status_exit(TD_PARTIAL);
    for (size_t i = 0; made && i < m.done->n; i++) {
        if (td_mixdown_failed(m.done, i)) continue;
        if (!silent) print_plan(m.done->plan[i], td_args_has(a, "json"));
        td_status st = td_args_has(a, "output") ? write_plan(&m, a, i, &err) : TD_OK;
        if (st) code = td_report_error(st, &err), made = false;
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
