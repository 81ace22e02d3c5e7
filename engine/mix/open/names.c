#include "engine/mix/open/open.h"

#include <string.h>

size_t td_name_folders(const char *name)
{
    return (size_t)(td_basename(name) - name);
}

static bool has_twin(const td_session *s, const td_stem *m)
{
    for (size_t i = 0; i < s->n_stems; i++)
        if (&s->stem[i] != m && !strcmp(s->stem[i].name, m->name)) return true;
    return false;
}

/* The path's end, one folder longer than the name is; NULL: it has no more. */
static const char *longer_name(const td_stem *m)
{
    size_t have = strlen(m->name), all = strlen(m->path);
    if (have + 1 >= all || strcmp(m->path + all - have, m->name) != 0) return NULL;
    const char *s = m->path + all - have - 1;
    if (*s != '/') return NULL;
    while (s > m->path && s[-1] != '/') s--;
    return *s == '/' ? NULL : s;
}

void td_names_tell_apart(td_session *s)
{
    for (bool again = true; again;) {
        const char *longer[TD_STEMS_MAX];
        again = false;
        for (size_t i = 0; i < s->n_stems; i++) longer[i] = has_twin(s, &s->stem[i]) ? longer_name(&s->stem[i]) : NULL;
        for (size_t i = 0; i < s->n_stems; i++) {
            if (!longer[i]) continue;
            s->stem[i].name = longer[i];
            again = true;
        }
    }
}

/* "Old Takes 2" and "_alt", but not "Altos": one of its words. */
static bool names_aside(const char *folder, size_t length)
{
    static const char *const words[] = { "take",      "takes",   "outtakes", "alt",    "alts",      "alternative",
                                         "alternate", "old",     "older",    "unused", "backup",    "backups",
                                         "bak",       "archive", "alte",     "altes",  "ungenutzt", "prises",
                                         "anciens",   "tomas",   "viejo",    "vecchi", "previous" };
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (size_t at = 0, n; at < length; at += n ? n : 1) {
        n = strspn(folder + at, letters);
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (strlen(words[i]) == n && !strncasecmp(words[i], folder + at, n)) return true;
    }
    return false;
}

size_t td_stem_aside(const td_stem *m)
{
    size_t end = td_name_folders(m->name), found = 0;
    for (size_t start = 0, n; start < end; start += n + 1) {
        n = strcspn(m->name + start, "/");
        if (names_aside(m->name + start, n)) found = start + n + 1;
    }
    return found;
}
