#include "cmd/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const td_flag td_flags_common[] = {
    { "help", 'h', NULL, "this text" },
    { "quiet", 'q', NULL, "no progress, only results and errors" },
    { "json", 0, NULL, "results (and progress, without -q) as JSON with a version in it" },
    { NULL, 0, NULL, NULL },
};

const td_flag td_flags_taken[] = {
    { "verbose", 'v', NULL, "how long each stage took" },
    TD_THREADS_FLAG,
    { "color", 0, "WHEN", "auto, always or never: nothing is coloured, so it is all one" },
    { "no-input", 0, NULL, "nothing is ever asked" },
    { "config", 0, "FILE", "defaults for flags in YAML, such as 'recipes: /srv/recipes'; a flag that is given wins" },
    { NULL, 0, NULL, NULL },
};

static const td_flag *find_in(const td_flag *flags, const char *name, size_t length, char letter)
{
    for (const td_flag *f = flags; f && f->name; f++)
        if (letter ? f->letter == letter : strlen(f->name) == length && !memcmp(f->name, name, length)) return f;
    return NULL;
}

static const td_flag *find(const td_flag *flags, const char *name, size_t length, char letter)
{
    const td_flag *f = find_in(flags, name, length, letter);
    if (!f) f = find_in(td_flags_common, name, length, letter);
    return f ? f : find_in(td_flags_taken, name, length, letter);
}

const td_flag *td_flag_named(const td_flag *flags, const char *name)
{
    return find(flags, name, strlen(name), 0);
}

static td_status unknown(const td_flag *flags, const char *word, td_error *err)
{
    const char *names[96];
    size_t n = 0;
    const td_flag *const tables[] = { flags, td_flags_common, td_flags_taken };
    for (size_t t = 0; t < 3; t++)
        for (const td_flag *f = tables[t]; f && f->name && n < 96; f++) names[n++] = f->name;
    char bare[128];
    snprintf(bare, sizeof bare, "%.*s", (int)strcspn(word + strspn(word, "-"), "="), word + strspn(word, "-"));
    const char *near = td_nearest(bare, names, n);
    char hint[160] = "see --help; words that begin with '-' go into quotes with others, or behind --";
    if (near) snprintf(hint, sizeof hint, "did you mean --%s?", near);
    return td_fail(err, TD_ARG, NULL, hint, "unknown flag %s", word);
}

td_status td_args_give(td_args *a, const td_flag *f, const char *value, td_error *err)
{
    if (!strcmp(f->name, "color") && strcmp(value, "auto") && strcmp(value, "always") && strcmp(value, "never"))
        return td_fail(err, TD_ARG, NULL, "auto, always or never", "--color takes no '%s'", value);
    if (a->n_given == sizeof a->given / sizeof a->given[0]) return td_fail(err, TD_ARG, NULL, NULL, "too many flags");
    a->given[a->n_given++] = (struct td_given){ f, value };
    return TD_OK;
}

/* What a word that begins with a dash names, and the value that is written in it; NULL. */
static const td_flag *named(const td_flag *flags, const char *word, const char **value)
{
    if (word[1] == '-') {
        const char *equals = strchr(word, '=');
        *value = equals ? equals + 1 : NULL;
        return find(flags, word + 2, equals ? (size_t)(equals - word - 2) : strlen(word + 2), 0);
    }
    *value = word[2] ? word + 2 : NULL;
    return find(flags, "", 0, word[1]);
}

/* One argument that begins with a dash; *i moves on when it took the next one as its value. */
static td_status flag(td_args *a, int argc, char **argv, int *i, td_error *err)
{
    const char *word = argv[*i], *value;
    const td_flag *f = named(a->flags, word, &value);
    if (!f) return unknown(a->flags, word, err);
    if (!f->value && value) {
        if (word[1] == '-') return td_fail(err, TD_ARG, NULL, NULL, "--%s takes no value", f->name);
        return td_fail(err, TD_ARG, NULL, "write the letters apart", "-%c takes no value", f->letter);
    }
    if (f->value && !value) {
        if (*i + 1 >= argc) return td_fail(err, TD_ARG, NULL, NULL, "--%s needs a value: %s", f->name, f->value);
        value = argv[++*i];
    }
    return td_args_give(a, f, value, err);
}

/* A flag before its command may be any command's. */
static bool takes_next(const char *word)
{
    const char *value;
    const td_flag *f = NULL;
    for (size_t i = 0; td_commands[i] && !f; i++) f = named(td_commands[i]->flags, word, &value);
    return f && f->value && !value;
}

int td_args_command(int argc, char **argv)
{
    int i = 1;
    while (i < argc && argv[i][0] == '-' && argv[i][1] && strcmp(argv[i], "--")) i += takes_next(argv[i]) ? 2 : 1;
    return i < argc ? i : argc;
}

td_status td_args_parse(const td_flag *flags, int argc, char **argv, td_args *out, td_error *err)
{
    *out = (td_args){ .flags = flags };
    bool ended = false;
    for (int i = 0; i < argc; i++) {
        if (!ended && !strcmp(argv[i], "--")) {
            ended = true;
        } else if (!ended && argv[i][0] == '-' && argv[i][1]) {
            td_status st = flag(out, argc, argv, &i, err);
            if (st) return st;
        } else {
            if (out->n_words == sizeof out->word / sizeof out->word[0])
                return td_fail(err, TD_ARG, NULL, "name a folder", "too many arguments");
            out->word[out->n_words++] = argv[i];
        }
    }
    return TD_OK;
}

const char *td_args_get(const td_args *a, const char *name)
{
    for (size_t i = a->n_given; i-- > 0;)
        if (!strcmp(a->given[i].flag->name, name)) return a->given[i].value;
    return NULL;
}

bool td_args_has(const td_args *a, const char *name)
{
    for (size_t i = 0; i < a->n_given; i++)
        if (!strcmp(a->given[i].flag->name, name)) return true;
    return false;
}

td_status td_args_all(const td_args *a, const char *name, const char **out, size_t most, size_t *n, td_error *err)
{
    *n = 0;
    for (size_t i = 0; i < a->n_given; i++) {
        if (strcmp(a->given[i].flag->name, name)) continue;
        if (*n == most) return td_fail(err, TD_ARG, NULL, NULL, "--%s is given more than %zu times", name, most);
        out[(*n)++] = a->given[i].value;
    }
    return TD_OK;
}

td_status td_args_number(const td_args *a, const char *name, long lo, long hi, long def, long *out, td_error *err)
{
    const char *s = td_args_get(a, name);
    *out = def;
    if (!s) return TD_OK;
    char *end;
    errno = 0;
    long v = strtol(s, &end, 10);
    if (errno || end == s || *end || v < lo || v > hi)
        return td_fail(err, TD_ARG, NULL, NULL, "--%s takes a whole number from %ld to %ld, not '%s'", name, lo, hi, s);
    *out = v;
    return TD_OK;
}
