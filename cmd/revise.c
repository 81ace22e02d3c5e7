#include "cmd/cmd.h"

#include "recipes/recipes.h"
#include "recipes/yaml.h"
#include <stdio.h>
#include <string.h>

static const td_flag flags[] = {
    { "output", 'o', "FILE", "write the revised plan here; without it, it is shown only" },
    { "whole", 0, NULL, "show the whole plan, not only what changed" },
    { "force", 0, NULL, "replace a file that stands there already" },
    { NULL, 0, NULL, NULL },
};

/* The plan, and the same once more, to compare the moved one with. */
static td_status load(const char *path, td_plan **out, td_plan **before, td_error *err)
{
    td_arena *arena = td_arena_new();
    td_messages *m = td_messages_new(), *again = td_messages_new();
    char *text;
    size_t length;
    td_status st =
        arena && m && again ? td_file_read(arena, path, TD_PLAN_BYTES, &text, &length, err) : td_no_memory(err);
    if (!st && (st = td_plan_read(path, text, length, out, m))) td_messages_error(m, st, err);
    if (!st && (st = td_plan_read(path, text, length, before, again))) td_messages_error(again, st, err);
    if (!st) td_report_messages(m, TD_RECIPE, false);
    td_messages_free(again);
    td_messages_free(m);
    td_arena_free(arena);
    return st;
}

static td_status keep(const td_plan *p, const td_args *a, td_error *err)
{
    td_text t = { 0 };
    td_status st = td_plan_is_readable(p, err);
    if (!st) st = td_plan_write(p, &t);
    if (!st) st = td_file_write(td_args_get(a, "output"), t.data, t.length, td_args_has(a, "force"), err);
    td_text_free(&t);
    return st;
}

static void show(const td_plan *p, const td_plan *before, const td_args *a)
{
    td_text t = { 0 };
    if (td_args_has(a, "whole"))
        td_plan_view(p, td_columns(), &t);
    else
        td_plan_changes(p, before, td_columns(), &t);
    fputs(td_text_or_empty(&t), stdout);
    if (td_args_has(a, "output")) printf("\nwritten: %s\n", td_args_get(a, "output"));
    td_text_free(&t);
}

/* The shell parts what has no quotes: the first word alone is no move, all together may be one. */
static void hint_at_quotes(const td_args *a, td_error *err)
{
    if (a->n_words < 3 || strchr(a->word[1], ' ')) return;
    snprintf(err->hint, sizeof err->hint, "a move is in quotes: topdown revise %s \"%s", a->word[0], a->word[1]);
    for (size_t i = 2; i < a->n_words; i++) {
        size_t n = strlen(err->hint);
        snprintf(err->hint + n, sizeof err->hint - n, " %s%s", a->word[i], i + 1 == a->n_words ? "\"" : "");
    }
}

static td_status plan_and_moves(const td_args *a, td_error *err)
{
    static const char example[] = "topdown revise plan.yaml \"vocals +1 dB\"";
    if (a->n_words < 2) return td_fail(err, TD_ARG, NULL, example, "a plan and at least one move are needed");
    for (size_t i = 1; !td_is_file(a->word[0]) && i < a->n_words; i++)
        if (td_is_file(a->word[i])) return td_fail(err, TD_ARG, a->word[i], example, "the plan comes first");
    return TD_OK;
}

/* Each that is not understood is told; of one that the shell parted, the first word alone. */
static int move_all(td_plan *p, const td_args *a)
{
    bool parted = a->n_words > 2 && !strchr(a->word[1], ' ');
    int code = 0;
    for (size_t i = 1; i < a->n_words && !(code && parted); i++) {
        td_error err = { 0 };
        td_status st = td_plan_revise(p, a->word[i], &err);
        if (!st) continue;
        hint_at_quotes(a, &err);
        int one = td_report_error(st, &err);
        code = code ? code : one;
    }
    return code;
}

static int run(const td_args *a)
{
    td_plan *p = NULL, *before = NULL;
    td_error err = { 0 };
    td_status st = plan_and_moves(a, &err);
    if (!st) st = load(a->word[0], &p, &before, &err);
    int code = st ? 0 : move_all(p, a);
    if (!st && !code) {
        p->revised++; /* all moves of one command are one revision */
        if (td_args_has(a, "output")) st = keep(p, a, &err);
        if (!st && td_args_has(a, "json"))
            td_print_plan(p);
        else if (!st && !td_args_has(a, "quiet"))
            show(p, before, a);
    }
    td_plan_free(before);
    td_plan_free(p);
    return st ? td_report_error(st, &err) : code;
}

const td_command td_cmd_revise = {
    .name = "revise",
    .group = "On this machine",
    .summary = "moves a plan by an engineer's words: nothing is fetched, surveyed or decided again",
    .synopsis = "PLAN MOVE... [-o FILE]",
    .examples = "  topdown revise plan.yaml \"vocals +1 dB\" -o second.yaml   a level, for `topdown mix --plan`\n"
                "  topdown revise plan.yaml \"drums -0.5 dB 0:45-1:10\"       for a stretch of the song\n"
                "  topdown revise plan.yaml \"less reverb on vocals\"         a send, by 3 dB\n"
                "  topdown revise plan.yaml \"bass too loud in section B\"    where the plan has that section\n"
                "  topdown revise plan.yaml \"turn the kick up a bit\"        by half of what is usual; much is twice\n"
                "  topdown revise plan.yaml \"Gesang lauter, weniger Hall\"   as German says it\n",
    .flags = flags,
    .run = run,
};
