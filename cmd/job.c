#include "cmd/mixing.h"
#include "recipes/recipes.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const td_flag flags[] = {
    { "recipes", 0, "DIR", "look for recipes here first" },
    { "output", 'o', "FILE", "new: write here instead of job.yaml" },
    { "force", 0, NULL, "new: replace a file that stands there already" },
    { NULL, 0, NULL, NULL },
};

static int wrong(const char *what, const char *hint)
{
    td_error err;
    return td_report_error(td_fail(&err, TD_ARG, NULL, hint, "%s", what), &err);
}

/* ---- check ------------------------------------------------------------------------------------------------------- */

/* What it is good for, behind "ok". */
static const char *who_mixes(const td_order *o)
{
    for (size_t i = 0; i < o->n_stems; i++)
        if (td_place_of(o->stem[i].file) != TD_PLACE_PATH)
            return ", for a service (topdown submit): it names stems by address, and topdown mix takes files";
    return "";
}

static int check_one(const td_args *a, const td_library *l, const char *path)
{
    td_messages *m = td_messages_new();
    td_order *o = NULL;
    if (!m) return td_status_exit(TD_NOMEM);
    td_order_load(l, path, &o, m);
    bool json = td_args_has(a, "json");
    int code = td_report_messages(m, TD_JOB, json);
    if (!code && !json && !td_args_has(a, "quiet")) printf("%s: ok%s\n", path, who_mixes(o));
    td_order_free(o);
    td_messages_free(m);
    return code;
}

static int check(const td_args *a)
{
    td_error err = { 0 };
    td_library *l;
    if (a->n_words < 2) return wrong("check needs a job file", "topdown job check job.yaml");
    td_status st = td_library_open(td_args_get(a, "recipes"), &l, &err);
    if (st) return td_report_error(st, &err);
    int code = 0;
    for (size_t i = 1; i < a->n_words; i++) {
        int one = check_one(a, l, a->word[i]);
        if (one) code = one;
    }
    td_library_free(l);
    return code;
}

/* ---- new --------------------------------------------------------------------------------------------------------- */

static td_status open_stems(const char *folder, td_arena *a, td_session **out, td_error *err)
{
    td_session_wish wish = { .title = td_song_of(folder, a), .skip_rejected = true, .cache = td_cache_folder(a) };
    td_stem_wish *stem = NULL;
    td_status st = td_stems_in_folder(folder, a, &stem, &wish.n_stems, err);
    wish.stem = stem;
    return st ? st : td_session_open(&wish, out, err);
}

/* A job file names its folder relative to its own; one that lies elsewhere than here names it in full. */
static td_status write_draft(const td_session *s, const char *folder, const char *to, bool replace, td_error *err)
{
    char full[PATH_MAX];
    td_text t = { 0 };
    bool here = !strchr(to, '/');
    if (!here && !realpath(folder, full)) return td_fail(err, TD_ARG, folder, NULL, "cannot be found");
    td_status st = td_order_draft(s, folder, here ? folder : full, &t);
    if (!st) st = td_file_write(to, t.data, t.length, replace, err);
    td_text_free(&t);
    return st;
}

static int new (const td_args *a)
{
    if (a->n_words != 2 || !td_is_folder(a->word[1]))
        return wrong("new needs a folder of stems", "topdown job new stems/");
    const char *given = td_args_get(a, "output"), *to = given ? given : "job.yaml";
    td_error err = { 0 };
    td_arena *arena = td_arena_new();
    td_session *s = NULL;
    td_status st = arena ? open_stems(a->word[1], arena, &s, &err) : TD_NOMEM;
    if (!st) st = write_draft(s, a->word[1], to, td_args_has(a, "force"), &err);
    if (!st && td_args_has(a, "json"))
        td_print_json(json_pack("{s:i, s:s}", "v", 1, "file", to));
    else if (!st)
        printf("%s\n", to);
    td_session_free(s);
    td_arena_free(arena);
    return st ? td_report_error(st, &err) : 0;
}

/* ---- schema ------------------------------------------------------------------------------------------------------ */

static int schema(const td_args *a)
{
    int code = td_refuse_words(a, 1);
    if (code) return code;
    td_text t = { 0 };
    td_error err = { 0 };
    td_status st = td_order_schema(&t);
    if (!st) fputs(td_text_or_empty(&t), stdout);
    td_text_free(&t);
    return st ? td_report_error(st, &err) : 0;
}

static int run(const td_args *a)
{
    static const struct {
        const char *name;
        int (*run)(const td_args *a);
    } verbs[] = { { "new", new }, { "check", check }, { "schema", schema } };
    for (size_t i = 0; a->n_words && i < sizeof verbs / sizeof verbs[0]; i++)
        if (!strcmp(a->word[0], verbs[i].name)) return verbs[i].run(a);
    return wrong("job needs to know what to do", "topdown job new stems/, job check job.yaml, or job schema");
}

const td_command td_cmd_job = {
    .name = "job",
    .group = "Recipes and jobs",
    .summary = "begins job files, and finds their mistakes before they are handed in",
    .synopsis = "new STEMS/ | check FILE... | schema",
    .examples = "  topdown job new stems/          a job file to begin with, and what each stem is taken for\n"
                "  topdown job check job.yaml      all its mistakes, with line and column\n"
                "  topdown job schema > job.json   for editors that know JSON Schema\n",
    .flags = flags,
    .run = run,
};
