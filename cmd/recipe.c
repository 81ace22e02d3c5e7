#include "cmd/cmd.h"
#include "recipes/recipes.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const td_flag flags[] = {
    { "recipes", 0, "DIR", "look for recipes here first" },
    { "set", 0, "KNOB=VALUE", "check, and show --resolved, with this knob turned" },
    { "resolved", 0, NULL, "show: every value of the merged recipe with the file it came from" },
    { "output", 'o', "FILE", "new: write here instead of NAME.yaml" },
    { "force", 0, NULL, "new: replace a file that stands there already" },
    { "markdown", 0, NULL, "processors NAME: as the manual prints it" },
    { NULL, 0, NULL, NULL },
};

typedef struct call {
    const td_args *a;
    td_library *library;
    td_arena *arena;
    const char *word; /* after the subcommand; NULL */
} call;

static int wrong(const char *what, const char *hint)
{
    td_error err;
    return td_report_error(td_fail(&err, TD_ARG, NULL, hint, "%s", what), &err);
}

/* Prints text that was asked for, or what went wrong. */
static int print(td_status st, td_text *t, const td_error *err)
{
    if (!st) fputs(td_text_or_empty(t), stdout);
    td_text_free(t);
    return st ? td_report_error(st, err) : 0;
}

enum { SETTINGS_MAX = 64 };

static td_status settings(call *c, td_setting out[SETTINGS_MAX], size_t *n, td_error *err)
{
    const char *given[SETTINGS_MAX];
    td_status st = td_args_all(c->a, "set", given, SETTINGS_MAX, n, err);
    for (size_t i = 0; i < *n && !st; i++) st = td_setting_parse(c->arena, given[i], &out[i], err);
    return st;
}

static int check(call *c)
{
    if (!c->word) return wrong("check needs a recipe", "topdown recipe check house/rock.yaml");
    td_setting set[SETTINGS_MAX];
    td_error err = { 0 };
    size_t n;
    td_status st = settings(c, set, &n, &err);
    if (st) return td_report_error(st, &err);
    int code = 0;
    for (size_t i = 1; i < c->a->n_words; i++) {
        td_messages *m = td_messages_new();
        td_recipe *r = NULL;
        if (!m) return td_status_exit(TD_NOMEM);
        td_recipe_load(c->library, c->a->word[i], set, n, &r, m);
        bool json = td_args_has(c->a, "json");
        int one = td_report_messages(m, TD_RECIPE, json);
        if (!one && !json && !td_args_has(c->a, "quiet")) printf("%s: ok\n", c->a->word[i]);
        if (one) code = one;
        td_recipe_free(r);
        td_messages_free(m);
    }
    return code;
}

static json_t *list_json(const td_library_entry *e, size_t n)
{
    json_t *recipes = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(recipes, json_pack("{s:s, s:i, s:s, s:s?, s:s?, s:b, s:b}", "name", e[i].name, "revision",
                                                 (int)e[i].revision, "from", e[i].from, "title", e[i].title, "extends",
                                                 e[i].extends, "shadowed", e[i].shadowed, "broken", e[i].broken));
    return json_pack("{s:i, s:o}", "v", 1, "recipes", recipes);
}

static int list(call *c)
{
    const td_library_entry *e;
    size_t n = td_library_entries(c->library, &e);
    if (td_args_has(c->a, "json")) return td_print_json(list_json(e, n)), 0;
    printf("%-20s %4s  %-24s %s\n", "NAME", "REV", "FROM", "TITLE");
    for (size_t i = 0; i < n; i++) {
        printf("%-20s %4u  %-24s %s", e[i].name, e[i].revision, e[i].from, e[i].title ? e[i].title : "");
        if (e[i].extends) printf(" (extends %s)", e[i].extends);
        if (e[i].shadowed) printf(" (shadowed)");
        if (e[i].broken) printf(" (broken: topdown recipe check %s)", e[i].path);
        putchar('\n');
    }
    return 0;
}

static int show_resolved(call *c)
{
    bool json = td_args_has(c->a, "json");
    td_setting set[SETTINGS_MAX];
    td_error err = { 0 };
    size_t n;
    td_status st = settings(c, set, &n, &err);
    if (st) return td_report_error(st, &err);
    td_text t = { 0 };
    td_messages *m = td_messages_new();
    if (!m) return td_status_exit(TD_NOMEM);
    st = td_recipe_resolved(c->library, c->word, set, n, json, &t, m);
    int code = st ? td_report_messages(m, TD_RECIPE, json) : 0;
    if (!st) fputs(td_text_or_empty(&t), stdout);
    td_text_free(&t);
    td_messages_free(m);
    return code;
}

static int show(call *c)
{
    if (!c->word) return wrong("show needs a recipe", "topdown recipe show pop-rock");
    td_error err = { 0 };
    const td_library_entry *e = td_library_find(c->library, c->word);
    bool resolved = td_args_has(c->a, "resolved");
    if (resolved || (!e && !td_is_file(c->word))) return show_resolved(c); /* which says what else may be meant */
    if (td_args_has(c->a, "json") || td_args_has(c->a, "set"))
        return wrong("show prints the file as it is", "with --resolved its values, as JSON and with knobs turned too");
    char *text = NULL;
    td_status st = td_file_read(c->arena, e ? e->path : c->word, 1 << 20, &text, NULL, &err);
    if (st) return td_report_error(st, &err);
    fputs(text, stdout);
    return 0;
}

static int processors(call *c)
{
    td_text t = { 0 };
    td_error err = { 0 };
    bool markdown = td_args_has(c->a, "markdown");
    if (td_args_has(c->a, "json"))
        return print(td_processors_json(c->a->word + 1, c->a->n_words - 1, &t, &err), &t, &err);
    td_status st = td_processors_text(c->word, markdown, &t, &err);
    for (size_t i = 2; !st && i < c->a->n_words; i++) {
        td_text_add(&t, "\n");
        st = td_processors_text(c->a->word[i], markdown, &t, &err);
    }
    return print(st, &t, &err);
}

static int features(call *c)
{
    td_text t = { 0 };
    td_error err = { 0 };
    (td_args_has(c->a, "json") ? td_features_json : td_features_text)(&t);
    return print(TD_OK, &t, &err);
}

static int schema(call *c)
{
    (void)c;
    td_text t = { 0 };
    td_error err = { 0 };
    td_status st = td_recipe_schema(&t);
    return print(st, &t, &err);
}

/* A recipe to begin with: small, and true in every line. */
static int new (call *c)
{
    static const char schema_file[] = TD_PREFIX "/share/topdown/schema/recipe-1.json"; /* there once installed */
    static const char text[] =
        "%stopdown: recipe/1\n"
        "name: %s\n"
        "title: %s\n"
        "revision: 1\n"
        "mix:                                    # 1. the overall sound\n"
        "  chain:\n"
        "    - eq: [ low_cut: 25 Hz ]\n"
        "    - compressor: { ratio: 2:1, attack: 10 ms, release: auto, gain_reduction: at most 2 dB }\n"
        "      as: glue\n"
        "groups:                                 # 2. the groups, heard through the mix bus\n"
        "  vocals:\n"
        "    chain:\n"
        "      - compressor: { model: opto, gain_reduction: about 3 dB }\n"
        "tracks: []                              # 3. single tracks, only where measured\n"
        "master: { loudness: -14 LUFS, true_peak: -1 dBTP }\n"
        "preview: { format: wav, bits: 24, peak: -1 dBFS, loudness: -14 LUFS }\n";
    if (!c->word) return wrong("new needs a name", "topdown recipe new my-rock");
    for (const char *s = c->word; *s; s++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", *s))
            return wrong("a recipe's name has small letters, digits and '-' only", "topdown recipe new my-rock");
    const char *out = td_args_get(c->a, "output");
    if (!out) out = td_arena_printf(c->arena, "%s.yaml", c->word);
    const char *head =
        td_is_file(schema_file) ? td_arena_printf(c->arena, "# yaml-language-server: $schema=%s\n", schema_file) : "";
    char *full = head ? td_arena_printf(c->arena, text, head, c->word, c->word) : NULL;
    td_error err = { 0 };
    td_status st = out && full ? td_file_write(out, full, strlen(full), td_args_has(c->a, "force"), &err) : TD_NOMEM;
    if (st) return td_report_error(st, &err);
    if (td_args_has(c->a, "json")) return td_print_json(json_pack("{s:i, s:s}", "v", 1, "file", out)), 0;
    printf("%s\n", out);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(call *c);
    size_t most; /* words, itself among them */
} verbs[] = {
    { "check", check, SIZE_MAX },           { "list", list, 1 },         { "show", show, 2 },     { "new", new, 2 },
    { "processors", processors, SIZE_MAX }, { "features", features, 1 }, { "schema", schema, 1 },
};

static int run(const td_args *a)
{
    enum { N = sizeof verbs / sizeof verbs[0] };
    const char *names[N];
    size_t v = 0;
    for (size_t i = 0; i < N; i++) names[i] = verbs[i].name;
    while (a->n_words && v < N && strcmp(a->word[0], names[v])) v++;
    if (!a->n_words || v == N) {
        const char *near = a->n_words ? td_nearest(a->word[0], names, N) : NULL;
        char hint[96] = "check, list, show, new, processors, features or schema";
        if (near) snprintf(hint, sizeof hint, "did you mean '%s'?", near);
        return wrong("recipe needs to know what to do", hint);
    }
    int code = td_refuse_words(a, verbs[v].most);
    if (code) return code;
    call c = { .a = a, .arena = td_arena_new(), .word = a->n_words > 1 ? a->word[1] : NULL };
    td_error err = { 0 };
    td_status st = c.arena ? td_library_open(td_args_get(a, "recipes"), &c.library, &err) : TD_NOMEM;
    code = st ? td_report_error(st, &err) : verbs[v].run(&c);
    td_library_free(c.library);
    td_arena_free(c.arena);
    return code;
}

const td_command td_cmd_recipe = {
    .name = "recipe",
    .group = "Recipes and jobs",
    .summary = "begins, checks and shows recipes, and says what they can use",
    .synopsis = "check FILE... | list | show NAME [--resolved] | new NAME | processors [NAME...] | features | schema",
    .examples = "  topdown recipe new my-rock                 a recipe to begin with\n"
                "  topdown recipe check my-rock.yaml          all its mistakes, with line and column\n"
                "  topdown recipe processors compressor       what a processor can do\n",
    .flags = flags,
    .run = run,
};
