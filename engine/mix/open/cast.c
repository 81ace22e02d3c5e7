#include "engine/mix/open/open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what names and the order say -------------------------------------------------------------------------------- */

/* Roles of all stems from their names; or, for those whose file name says nothing, from the track names inside. */
static td_status read_roles(td_session *s, bool inside)
{
    const char **name = calloc(s->n_stems, sizeof *name);
    td_role *role = calloc(s->n_stems, sizeof *role);
    for (size_t i = 0; name && i < s->n_stems; i++) {
        const td_stem *m = &s->stem[i];
        bool use = inside && m->role.source == TD_ROLE_UNKNOWN && m->info.track_name[0];
        name[i] = use ? m->info.track_name : td_basename(m->name);
    }
    if (name && role) td_roles_read(name, s->n_stems, role);
    for (size_t i = 0; name && role && i < s->n_stems; i++) {
        td_role *r = &s->stem[i].role;
        if (!inside) *r = role[i];
        if (name[i] != s->stem[i].info.track_name || role[i].source == TD_ROLE_UNKNOWN) continue;
        role[i].source = TD_ROLE_FROM_METADATA;
        role[i].guess = true; /* nobody sees that name, and nobody meant it as an answer */
        snprintf(role[i].why, sizeof role[i].why, "the track name in the file, '%.40s'", name[i]);
        *r = role[i];
    }
    td_status st = name && role ? TD_OK : TD_NOMEM;
    free(name);
    free(role);
    return st;
}

/* A name that says nothing, or may mean another thing, is read once more with its folder's in front, the nearest first:
 * "01.wav" in "Vox". A folder tells an instrument; whole mixes and what to ignore are told by files. */
static void ask_folders(td_stem *m)
{
    char both[256];
    size_t end = td_name_folders(m->name);
    while (end && (m->role.source == TD_ROLE_UNKNOWN || m->role.guess)) {
        size_t start = --end;
        while (start && m->name[start - 1] != '/') start--;
        snprintf(both, sizeof both, "%.*s %.120s", (int)(end - start < 120 ? end - start : 120), m->name + start,
                 td_basename(m->name));
        td_role r = td_role_read(both);
        bool tells = r.source != TD_ROLE_UNKNOWN && !td_role_covers("ignore", r.name) && !td_role_covers("mix", r.name);
        end = start;
        if (!tells) continue;
        size_t length = strlen(r.name) - (td_ends_with(r.name, ".bus") ? strlen(".bus") : 0); /* its parts, not it */
        snprintf(m->role.name, sizeof m->role.name, "%.*s", (int)length, r.name);
        snprintf(m->role.why, sizeof m->role.why, "the folder's name and its own, '%.48s'", both);
        m->role.source = TD_ROLE_FROM_NAME;
        m->role.guess = r.guess;
        m->role.two_buses = r.two_buses;
        m->role.sung_to = r.sung_to;
        return;
    }
}

static td_status obey(td_stem *m, const td_stem_wish *w, td_error *err)
{
    if (!w->role) return TD_OK;
    if (!td_role_known(w->role)) {
        const char *const *names, *near;
        size_t n = td_role_names(&names);
        char hint[96] = "write a role such as drums.kick or vocals.lead";
        if ((near = td_nearest(w->role, names, n))) snprintf(hint, sizeof hint, "did you mean %s?", near);
        return td_fail(err, TD_ARG, m->name, hint, "'%.60s' is no role", w->role);
    }
    snprintf(m->role.name, sizeof m->role.name, "%s", w->role);
    snprintf(m->role.why, sizeof m->role.why, "the order says so");
    m->role.source = TD_ROLE_FROM_JOB;
    m->role.guess = m->role.two_buses = m->role.sung_to = false;
    return TD_OK;
}

td_status td_cast_by_name(td_session *s, const td_stem_wish *wish, td_error *err)
{
    td_status st = read_roles(s, false);
    for (size_t i = 0; !st && i < s->n_stems; i++) ask_folders(&s->stem[i]);
    for (size_t i = 0; !st && i < s->n_stems; i++) st = obey(&s->stem[i], &wish[i], err);
    return st;
}

td_status td_cast_by_track(td_session *s)
{
    return read_roles(s, true);
}

/* ---- what voices sing to ----------------------------------------------------------------------------------------- */

bool td_stem_is_voice(const td_stem *m)
{
    return td_role_covers("vocals", m->role.name) || td_role_covers("choir", m->role.name) ||
           td_role_covers("speech", m->role.name);
}

bool td_cast_is_voices(const td_session *s)
{
    size_t voices = 0, others = 0, all = 0;
    for (size_t i = 0; i < s->n_stems; i++) {
        const td_stem *m = &s->stem[i];
        if (!td_stem_takes_part(m)) continue;
        bool effect = td_role_covers("fx", m->role.name) || td_role_covers("returns", m->role.name);
        all++;
        voices += td_stem_is_voice(m);
        others += !td_stem_is_voice(m) && !effect && !m->role.sung_to;
    }
    return !others && (voices || !all);
}

/* How much a stem's name says that it is what voices sing to; 0: it is none, or the order says what it is. */
static int accompanies(const td_stem *m)
{
    if (td_stem_is_rejected(m) || m->role.source == TD_ROLE_FROM_JOB) return 0;
    if (m->role.sung_to) return 3;
    return strcmp(m->role.name, "mix.rough") != 0 ? 0 : m->role.guess ? 2 : 1;
}

void td_cast_accompaniment(td_session *s)
{
    int most = 1;
    if (!td_cast_is_voices(s)) return;
    for (size_t i = 0; i < s->n_stems; i++)
        if (accompanies(&s->stem[i]) > most) most = accompanies(&s->stem[i]);
    for (size_t i = 0; i < s->n_stems; i++) {
        td_role *r = &s->stem[i].role;
        if (accompanies(&s->stem[i]) != most) continue;
        snprintf(r->why, sizeof r->why, "reads like a %s, but is all there is beside the voices",
                 td_role_covers("mix", r->name) ? "whole mix" : "drum loop");
        snprintf(r->name, sizeof r->name, "other");
        r->guess = true;
        r->sung_to = false;
    }
}

/* ---- what no name tells ------------------------------------------------------------------------------------------ */

typedef struct listening {
    const char *cache;
    td_stem *stem[TD_STEMS_MAX];
    size_t n;
} listening;

/* What cannot be decoded stays unknown: the survey meets it again. */
static td_status listen_task(void *shared, size_t index, td_error *err)
{
    const listening *l = shared;
    td_error why = { 0 };
    td_status st = td_stem_listen(l->stem[index], l->cache, &why);
    if (!st || st == TD_INPUT) return TD_OK;
    if (err) *err = why;
    return st;
}

td_status td_cast_by_sound(const td_opening *o, td_error *err)
{
    listening l = { .cache = o->cache };
    for (size_t i = 0; i < o->session->n_stems; i++) {
        td_stem *m = &o->session->stem[i];
        if (td_stem_takes_part(m) && m->role.source == TD_ROLE_UNKNOWN) l.stem[l.n++] = m;
    }
    return td_pool_run(o->pool, l.n, listen_task, &l, err);
}
