#include "recipes/recipes.h"

#include "engine/base/units.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A revision in an engineer's words: "vocals +1 dB", "kick -0.5 dB 0:45-1:10", "less reverb on vocals". Each becomes an
 * edit of numbers that stand in the plan already. */

enum { WORDS = 16, RAMP_MS = 50 };
#define USUAL_DB   1.0  /* "louder" */
#define USUAL_SEND 3.0  /* "less reverb" */
#define MOST_DB    24.0 /* a larger move is a slip of the hand */

typedef struct move {
    td_plan *plan;
    const char *text; /* as written, for messages and notes */
    char copy[256];
    char *word[WORDS];
    size_t n;
    double db, from_s, to_s; /* from_s NaN: all of the song */
    td_error *err;
} move;

static const char forms[] = "write \"vocals +1 dB\", \"kick -0.5 dB 0:45-1:10\", \"bass louder\", \"less reverb on "
                            "vocals\" or \"more delay on lead 2 dB\"";

static td_status nomem(const move *m)
{
    return td_fail(m->err, TD_NOMEM, NULL, NULL, "memory is short");
}

static td_status split(move *m)
{
    if (strlen(m->text) >= sizeof m->copy) return td_fail(m->err, TD_ARG, m->text, forms, "a move is a few words");
    strcpy(m->copy, m->text);
    char *save, *w = strtok_r(m->copy, " \t", &save);
    for (; w && m->n < WORDS; w = strtok_r(NULL, " \t", &save)) m->word[m->n++] = w;
    return w || !m->n ? td_fail(m->err, TD_ARG, m->text, forms, "a move is a few words") : TD_OK;
}

/* ---- amounts and times, taken off the end
 * ------------------------------------------------------------------------------- */

static bool clock_at(const char **s, double *out)
{
    char *end;
    double x = 0;
    if (!isdigit((unsigned char)**s)) return false;
    for (;;) { /* 0:45, 1:02:03.5 */
        double part = strtod(*s, &end);
        if (end == *s || part < 0) return false;
        x = x * 60 + part;
        *s = end;
        if (**s != ':') break;
        (*s)++;
    }
    *out = x;
    return true;
}

static td_status take_times(move *m)
{
    m->from_s = m->to_s = NAN;
    const char *s = m->word[m->n - 1];
    if (!strchr(s, ':')) return TD_OK;
    bool both = clock_at(&s, &m->from_s) && *s++ == '-' && clock_at(&s, &m->to_s) && !*s;
    if (!both || !(m->to_s > m->from_s))
        return td_fail(m->err, TD_ARG, m->text, "write for example 0:45-1:10", "'%s' is no stretch of the song",
                       m->word[m->n - 1]);
    m->n--;
    return TD_OK;
}

/* "+1 dB", "-0.5dB"; NaN: none is there. */
static td_status take_amount(move *m)
{
    char *end;
    m->db = NAN;
    if (m->n > 1 && !strcasecmp(m->word[m->n - 1], "db")) m->n--, m->word[m->n] = NULL;
    if (!m->n) return td_fail(m->err, TD_ARG, m->text, forms, "what shall move?");
    const char *s = m->word[m->n - 1];
    double x = strtod(s, &end);
    if (end == s || (*end && strcasecmp(end, "db"))) return TD_OK;
    if (!(fabs(x) <= MOST_DB))
        return td_fail(m->err, TD_ARG, m->text, "say it in several moves if it is meant", "%s dB is more than %g", s,
                       MOST_DB);
    m->db = x;
    m->n--;
    return TD_OK;
}

/* ---- who is meant
 * -------------------------------------------------------------------------------------------------------- */

static void name_of(const move *m, size_t first, char *out, size_t size)
{
    *out = '\0';
    for (size_t i = first; i < m->n; i++)
        if (strlen(out) + strlen(m->word[i]) + 2 < size) {
            if (*out) strcat(out, " ");
            strcat(out, m->word[i]);
        }
}

/* "vocals" is lead and backing, "lead" the lead alone. */
static size_t buses_meant(const td_plan *p, const char *name, td_plan_bus **out)
{
    static const char *const lead[] = { "lead", "lead vocal", "lead vocals" };
    size_t n = 0;
    for (size_t i = 0; i < sizeof lead / sizeof lead[0]; i++)
        if (!strcasecmp(name, lead[i])) name = "\1vocals";
    for (size_t b = 0; b < p->n_buses; b++) {
        bool only = *name == '\1';
        if (!strcasecmp(name + only, p->bus[b].name) || (!only && !strcasecmp(name, p->bus[b].group)))
            out[n++] = &p->bus[b];
    }
    return n;
}

/* By file name, role ("drums.kick") or its last word ("kick"). */
static size_t stems_meant(const td_plan *p, const char *name, td_plan_stem **out)
{
    size_t n = 0, length = strlen(name);
    for (size_t i = 0; i < p->n_stems; i++) {
        td_plan_stem *s = &p->stem[i];
        if (!s->bus) continue;
        bool meant = td_role_covers(name, s->role) || !strcasecmp(name, s->name) ||
                     (!strncasecmp(name, s->name, length) && s->name[length] == '.');
        for (const char *dot = strchr(s->role, '.'); dot && !meant; dot = strchr(dot + 1, '.'))
            meant = !strncasecmp(dot + 1, name, length) && (!dot[1 + length] || dot[1 + length] == '.');
        if (meant) out[n++] = s;
    }
    return n;
}

static td_status nobody(const move *m, const char *name)
{
    td_text hint = { 0 };
    td_text_add(&hint, "there are ");
    for (size_t b = 0; b < m->plan->n_buses; b++) td_text_addf(&hint, "%s%s", b ? ", " : "", m->plan->bus[b].name);
    td_text_add(&hint, ", and stems by role (kick) or file name");
    td_status st = td_fail(m->err, TD_ARG, m->text, td_text_or_empty(&hint), "nothing is called '%s'", name);
    td_text_free(&hint);
    return st;
}

/* ---- levels
 * ---------------------------------------------------------------------------------------------------------------- */

static double ride_at(const td_plan_bus *b, double at_s)
{
    if (!b->n_ride) return 0;
    for (size_t i = 0; i < b->n_ride; i++) {
        const td_breakpoint *q = &b->ride[i];
        if (q->at_s < at_s) continue;
        if (!i || q->at_s == at_s) return q->gain_db;
        const td_breakpoint *p = q - 1;
        return p->gain_db + (q->gain_db - p->gain_db) * (at_s - p->at_s) / (q->at_s - p->at_s);
    }
    return b->ride[b->n_ride - 1].gain_db;
}

/* The ride that is there, lifted between two places, with short slopes outside of them. */
static td_status ride(const move *m, td_plan_bus *b)
{
    double slope = RAMP_MS / 1000.0, place[4] = { m->from_s - slope, m->from_s, m->to_s, m->to_s + slope };
    td_breakpoint *out = td_arena_array(m->plan->arena, b->n_ride + 4, sizeof *out);
    size_t n = 0;
    if (!out) return nomem(m);
    for (size_t i = 0; i < b->n_ride && b->ride[i].at_s < place[0]; i++) out[n++] = b->ride[i];
    for (int k = 0; k < 4; k++) {
        bool inside = k == 1 || k == 2;
        if (k != 0 || place[0] >= 0)
            out[n++] = (td_breakpoint){ place[k], ride_at(b, place[k]) + (inside ? m->db : 0) };
        for (size_t i = 0; k == 1 && i < b->n_ride; i++)
            if (b->ride[i].at_s > place[1] && b->ride[i].at_s < place[2])
                out[n++] = (td_breakpoint){ b->ride[i].at_s, b->ride[i].gain_db + m->db };
    }
    for (size_t i = 0; i < b->n_ride; i++)
        if (b->ride[i].at_s > place[3]) out[n++] = b->ride[i];
    b->ride = out;
    b->n_ride = n;
    return TD_OK;
}

static td_status move_bus(const move *m, td_plan_bus *b)
{
    if (!isnan(m->from_s)) return ride(m, b);
    b->fader_db = td_round_to(b->fader_db + m->db, 0.01);
    b->fader_reason = td_arena_printf(m->plan->arena, "%s%s%+.1f dB by revision",
                                      b->fader_reason ? b->fader_reason : "", b->fader_reason ? "; " : "", m->db);
    return b->fader_reason ? TD_OK : nomem(m);
}

static td_status move_stem(const move *m, td_plan_stem *s)
{
    if (!isnan(m->from_s))
        return td_fail(m->err, TD_ARG, m->text, "the bus can be ridden; or put an automation fix into the recipe",
                       "%s is one stem of '%s', and a plan rides buses", s->name, s->bus);
    s->gain_db = td_round_to(s->gain_db + m->db, 0.1);
    s->reason = td_arena_printf(m->plan->arena, "%s%s%+.1f dB by revision", s->reason ? s->reason : "",
                                s->reason ? "; " : "", m->db);
    return s->reason ? TD_OK : nomem(m);
}

static size_t stems_of(const td_plan *p, const char *bus)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_stems; i++) n += p->stem[i].bus && !strcmp(p->stem[i].bus, bus);
    return n;
}

static td_status level(move *m, const char *name)
{
    td_plan_bus *bus[TD_BUSES_MAX];
    td_plan_stem *stem[TD_STEMS_MAX];
    size_t n = buses_meant(m->plan, name, bus);
    for (size_t i = 0; i < n; i++) {
        td_status st = move_bus(m, bus[i]);
        if (st) return st;
    }
    if (n) return TD_OK;
    n = stems_meant(m->plan, name, stem);
    if (!n) return nobody(m, name);
    if (!isnan(m->from_s) && stems_of(m->plan, stem[0]->bus) == n) return level(m, stem[0]->bus); /* it is the bus */
    for (size_t i = 0; i < n; i++) {
        td_status st = move_stem(m, stem[i]);
        if (st) return st;
    }
    return TD_OK;
}

/* ---- sends
 * ----------------------------------------------------------------------------------------------------------------- */

/* "reverb" is any return with one in it; "plate" the return of that name. */
static bool is_effect(const td_plan *p, const char *ret, const char *word)
{
    if (!strcasecmp(ret, word)) return true;
    if (!strcasecmp(word, "echo")) word = "delay";
    for (size_t i = 0; i < p->n_rets; i++)
        for (size_t k = 0; !strcmp(p->ret[i].name, ret) && k < p->ret[i].chain.n_steps; k++)
            if (!strcasecmp(p->ret[i].chain.step[k].proc->name, word)) return true;
    return false;
}

static td_status sends(move *m, double sign, const char *effect, const char *name)
{
    td_plan_bus *bus[TD_BUSES_MAX];
    size_t n = buses_meant(m->plan, name, bus), moved = 0;
    double by = sign * (isnan(m->db) ? USUAL_SEND : fabs(m->db));
    if (!n) return nobody(m, name);
    if (!isnan(m->from_s))
        return td_fail(m->err, TD_ARG, m->text, "leave the times out", "sends stand for the whole song");
    for (size_t b = 0; b < n; b++)
        for (size_t i = 0; i < bus[b]->n_sends; i++) {
            td_plan_send *s = &bus[b]->send[i];
            if (!is_effect(m->plan, s->to, effect)) continue;
            s->level_db = td_round_to(s->level_db + by, 0.1);
            s->reason = td_arena_printf(m->plan->arena, "%s; %+.1f dB by revision", s->reason ? s->reason : "", by);
            if (!s->reason) return nomem(m);
            moved++;
        }
    return moved ? TD_OK
                 : td_fail(m->err, TD_ARG, m->text, "`topdown plan` lists what is sent where",
                           "%s sends to no %s that could be changed", name, effect);
}

/* ---- the whole
 * ------------------------------------------------------------------------------------------------------------- */

static td_status remember(const move *m)
{
    td_plan *p = m->plan;
    td_plan_note *note = td_arena_array(p->arena, p->n_notes + 1, sizeof *note);
    if (!note) return nomem(m);
    if (p->n_notes) memcpy(note, p->note, p->n_notes * sizeof *note);
    note[p->n_notes].kind = TD_NOTE_DECISION;
    note[p->n_notes].text = td_arena_printf(p->arena, "revised: %s", m->text);
    if (!note[p->n_notes].text) return nomem(m);
    p->note = note;
    p->n_notes++;
    return TD_OK;
}

static td_status understand(move *m)
{
    char name[256];
    bool more = !strcasecmp(m->word[0], "more"), less = !strcasecmp(m->word[0], "less");
    if ((more || less) && m->n > 3 && !strcasecmp(m->word[2], "on")) {
        name_of(m, 3, name, sizeof name);
        return sends(m, more ? 1 : -1, m->word[1], name);
    }
    const char *last = m->word[m->n - 1];
    bool up = !strcasecmp(last, "louder"), down = !strcasecmp(last, "softer") || !strcasecmp(last, "quieter");
    if (isnan(m->db) && (up || down)) {
        m->db = up ? USUAL_DB : -USUAL_DB;
        m->n--;
    }
    if (isnan(m->db) || !m->n) return td_fail(m->err, TD_ARG, m->text, forms, "this is no move that is understood");
    name_of(m, 0, name, sizeof name);
    return level(m, name);
}

td_status td_plan_revise(td_plan *plan, const char *text, td_error *err)
{
    move m = { .plan = plan, .text = text, .err = err };
    td_status st = split(&m);
    if (!st) st = take_times(&m);
    if (!st) st = m.n ? take_amount(&m) : td_fail(err, TD_ARG, text, forms, "what shall move?");
    if (!st) st = m.n ? understand(&m) : td_fail(err, TD_ARG, text, forms, "what shall move?");
    return st ? st : remember(&m);
}
