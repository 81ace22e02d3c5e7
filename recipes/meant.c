#include "recipes/meant.h"

#include "engine/base/text.h"
#include "engine/mix/roles.h"
#include <ctype.h>
#include <string.h>

bool td_is_lead(const char *name)
{
    return !strcasecmp(name, "lead") || !strcasecmp(name, "lead vocal") || !strcasecmp(name, "lead vocals");
}

/* Alike but for an s at the end of one. */
static bool same_word(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    n -= n && tolower((unsigned char)a[n - 1]) == 's';
    m -= m && tolower((unsigned char)b[m - 1]) == 's';
    return n == m && !strncasecmp(a, b, n);
}

/* A bus by its name; a group is all its buses: "vocals" is lead and backing. */
void td_meant_buses(const td_plan *p, const char *name, bool groups, td_meant *out)
{
    for (size_t b = 0; b < p->n_buses; b++)
        if (same_word(name, p->bus[b].name) || (groups && p->bus[b].group && same_word(name, p->bus[b].group)))
            out->bus[out->n_buses++] = &p->bus[b];
}

/* With its folders or without, with its ending or without. */
static bool has_file_name(const td_plan_stem *s, const char *name)
{
    size_t n = strlen(name);
    const char *file = strchr(name, '/') ? s->name : td_basename(s->name);
    return !strncasecmp(name, file, n) && (!file[n] || (file[n] == '.' && !strchr(file + n + 1, '.')));
}

/* Some words of it, side by side: "BGVOX 1" of "07 Band - BGVOX 1.wav". */
static bool has_in_file_name(const td_plan_stem *s, const char *name)
{
    size_t n = strlen(name);
    const char *file = td_basename(s->name);
    for (const char *at = strcasestr(file, name); at; at = strcasestr(at + 1, name))
        if ((at == file || !isalnum((unsigned char)at[-1])) && !isalnum((unsigned char)at[n])) return true;
    return false;
}

/* "kick" in drums.kick.in, also where "drums" came before. */
static bool has_role(const td_plan_stem *s, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = s->role; at; at = strchr(at, '.') ? strchr(at, '.') + 1 : NULL)
        if (!strncasecmp(at, name, n) && (!at[n] || at[n] == '.')) return true;
    return false;
}

static void add_stems(const td_plan *p, const char *name, bool (*is_meant)(const td_plan_stem *, const char *),
                      td_meant *out)
{
    for (size_t i = 0; i < p->n_stems; i++)
        if (p->stem[i].bus && is_meant(&p->stem[i], name)) out->stem[out->n_stems++] = &p->stem[i];
}

void td_meant_role(const td_plan *p, const char *name, td_meant *out)
{
    add_stems(p, name, has_role, out);
}

/* The bus of a stem when all its stems are meant. */
static td_plan_bus *wholly_meant(const td_plan *p, const char *bus, const td_meant *w)
{
    size_t all = 0, some = 0;
    for (size_t i = 0; i < p->n_stems; i++) all += p->stem[i].bus && !strcmp(p->stem[i].bus, bus);
    for (size_t i = 0; i < w->n_stems; i++) some += !strcmp(w->stem[i]->bus, bus);
    for (size_t b = 0; some == all && b < p->n_buses; b++)
        if (!strcmp(p->bus[b].name, bus)) return &p->bus[b];
    return NULL;
}

/* Stems that make up their bus move as the bus: its fader, behind its chain. */
static void join(const td_plan *p, td_meant *w)
{
    td_meant out = { .n_buses = 0 };
    for (size_t i = 0; i < w->n_stems; i++) {
        td_plan_bus *b = wholly_meant(p, w->stem[i]->bus, w);
        bool known = false;
        for (size_t k = 0; k < out.n_buses; k++) known |= out.bus[k] == b;
        if (!b)
            out.stem[out.n_stems++] = w->stem[i];
        else if (!known)
            out.bus[out.n_buses++] = b;
    }
    *w = out;
}

static td_status nobody(const td_plan *p, const char *text, const char *name, td_error *err)
{
    td_text hint = { 0 };
    td_text_add(&hint, "there are ");
    for (size_t b = 0; b < p->n_buses; b++) td_text_addf(&hint, "%s%s", b ? ", " : "", p->bus[b].name);
    td_text_add(&hint, ", and stems by role (kick) or file name");
    td_status st = td_fail(err, TD_ARG, text, td_text_or_empty(&hint), "nothing is called '%s'", name);
    td_text_free(&hint);
    return st;
}

/* One word for instruments of several buses: "lead" of guitars and synths. */
static td_status not_one(const char *text, const char *name, const td_meant *w, td_error *err)
{
    td_text hint = { 0 };
    td_text_add(&hint, "say which:");
    for (size_t i = 0; i < w->n_stems && i < 8; i++) td_text_addf(&hint, "%s %s", i ? "," : "", w->stem[i]->role);
    td_status st = td_fail(err, TD_ARG, text, td_text_or_empty(&hint), "'%s' is in more than one bus", name);
    td_text_free(&hint);
    return st;
}

static void add_lead(const td_plan *p, td_meant *out)
{
    add_stems(p, "vocals.lead", has_role, out);
    if (!out->n_stems) td_meant_buses(p, "vocals", false, out);
}

/* Names of single files say more than roles, and words that are in a file's name more than what they mean elsewhere. */
static bool add_named(const td_plan *p, const char *name, td_meant *out)
{
    add_stems(p, name, has_file_name, out);
    if (!out->n_stems && strchr(name, ' ')) add_stems(p, name, has_in_file_name, out);
    return out->n_stems;
}

static void add_players(const td_plan *p, const char *name, td_meant *out)
{
    td_role read = td_role_read(name);
    add_stems(p, name, has_role, out);
    if (!out->n_stems && read.every_word) add_stems(p, read.name, has_role, out);
}

td_status td_meant_find(const td_plan *p, const char *text, const char *name, td_meant *out, td_error *err)
{
    *out = (td_meant){ .n_buses = 0 };
    if (td_is_lead(name))
        add_lead(p, out);
    else
        td_meant_buses(p, name, true, out);
    if (out->n_buses) return TD_OK;
    bool named = out->n_stems || add_named(p, name, out);
    if (!named) add_players(p, name, out);
    if (!out->n_stems) return nobody(p, text, name, err);
    for (size_t i = 1; !named && i < out->n_stems; i++)
        if (strcmp(out->stem[i]->bus, out->stem[0]->bus)) return not_one(text, name, out, err);
    join(p, out);
    return TD_OK;
}
