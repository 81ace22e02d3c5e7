#include "cmd/cmd.h"
#include "recipes/recipes.h"

#include <stdio.h>
#include <string.h>

/* `public_url` is --public-url. */
static void flag_name(const char *key, char out[64])
{
    snprintf(out, 64, "%s", key);
    for (char *c = out; *c; c++)
        if (*c == '_') *c = '-';
}

static const td_flag *of_another(const char *name)
{
    const td_flag *f = NULL;
    for (size_t i = 0; td_commands[i] && !f; i++) f = td_flag_named(td_commands[i]->flags, name);
    return f;
}

static td_status no_such(const char *where, const char *name, td_error *err)
{
    const char *names[256];
    size_t n = 0;
    char hint[160] = "topdown help COMMAND lists the flags of each";
    for (size_t i = 0; td_commands[i]; i++)
        for (const td_flag *f = td_commands[i]->flags; f && f->name && n < 256; f++) names[n++] = f->name;
    const char *near = td_nearest(name, names, n);
    if (near) snprintf(hint, sizeof hint, "did you mean '%s'?", near);
    return td_fail(err, TD_ARG, where, hint, "no command has a flag --%s", name);
}

/* `said`: how many flags were given by hand, which win. */
static td_status take(td_args *a, size_t said, const char *path, const td_default *d, td_error *err)
{
    char name[64], where[320];
    flag_name(d->name, name);
    snprintf(where, sizeof where, "%s:%u:%u", path, d->line, d->column);
    const td_flag *f = td_flag_named(a->flags, name);
    if (!f) return of_another(name) ? TD_OK : no_such(where, name, err);
    if (!strcmp(name, "config") || !strcmp(name, "help"))
        return td_fail(err, TD_ARG, where, NULL, "--%s has no default", name);
    for (size_t i = 0; i < said; i++)
        if (a->given[i].flag == f) return TD_OK;
    if (f->value) return td_args_give(a, f, d->value, err);
    bool on = !strcmp(d->value, "true");
    if (!on && strcmp(d->value, "false")) return td_fail(err, TD_ARG, where, "true or false", "--%s is a switch", name);
    return on ? td_args_give(a, f, NULL, err) : TD_OK;
}

int td_args_config(td_args *a, td_arena *arena)
{
    const char *path = td_args_get(a, "config");
    if (!path) return 0;
    td_default *d = NULL;
    size_t n = 0, said = a->n_given;
    td_error err = { 0 };
    td_messages *m = td_messages_new();
    td_status st = m ? td_defaults_load(arena, path, &d, &n, m) : TD_NOMEM;
    int code = st == TD_ARG ? td_report_messages(m, st, false) : 0;
    td_messages_free(m);
    if (code) return code;
    for (size_t i = 0; !st && i < n; i++) st = take(a, said, path, &d[i], &err);
    return st ? td_report_error(st, &err) : 0;
}
