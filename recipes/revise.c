#include "recipes/meant.h"
#include "recipes/plan_rows.h"

#include "engine/base/text.h"
#include "engine/base/units.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A revision in an engineer's words: "vocals +1 dB", "kick -0.5 dB 0:45-1:10", "less reverb on vocals". Each becomes an
 * edit of numbers that stand in the plan already. */

enum { WORDS = 16, MOVE_SIZE = 256 };
#define USUAL_DB   1.0  /* "louder" */
#define USUAL_SEND 3.0  /* "less reverb" */
#define MOST_DB    24.0 /* a larger move is a slip of the hand */
#define LARGE_DB   12.0 /* and one beyond this may be */
#define RAMP_S     0.05 /* a decibel; a hand on a fader */
#define RAMP_MAX_S 0.5

typedef struct move {
    td_plan *plan;
    const char *text; /* as written, for messages and notes */
    char copy[MOVE_SIZE];
    char *word[WORDS];
    size_t n;
    double db, from_s, to_s; /* from_s NaN: all of the song */
    const char *when;        /* "0:45-1:10"; NULL */
    const char *moved;       /* whom it moved: ": vocals (Lead.wav), backing (BV.wav)"; NULL */
    td_error *err;
} move;

static const char forms[] =
    "write \"vocals +1 dB\", \"kick -0.5 dB 0:45-1:10\", \"bass louder\", \"less reverb\", \"less reverb on "
    "vocals\" or \"more delay on lead 2 dB\"";

static td_status split(move *m)
{
    if (strlen(m->text) >= sizeof m->copy) return td_fail(m->err, TD_ARG, m->text, forms, "a move is a few words");
    strcpy(m->copy, m->text);
    char *save, *w = strtok_r(m->copy, " \t", &save);
    for (; w && m->n < WORDS; w = strtok_r(NULL, " \t", &save)) m->word[m->n++] = w;
    return w || !m->n ? td_fail(m->err, TD_ARG, m->text, forms, "a move is a few words") : TD_OK;
}

/* ---- amounts and times, taken off the end ------------------------------------------------------------------------ */

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
    double song_s = (double)m->plan->frames / m->plan->rate_hz;
    char song[16];
    if (m->from_s >= song_s || m->to_s > ceil(song_s)) /* lengths are told in whole seconds */
        return td_fail(m->err, TD_ARG, m->text, "choose a stretch within it",
                       "'%s' goes beyond the song, which is %s long with its tail", m->word[m->n - 1],
                       td_clock(ceil(song_s), song));
    m->when = m->word[--m->n];
    return TD_OK;
}

/* "-0.5", "-0,5" */
static double decimal(const char *s, const char **end)
{
    char copy[MOVE_SIZE], *stop;
    snprintf(copy, sizeof copy, "%s", s);
    for (char *c = copy; *c; c++)
        if (*c == ',') *c = '.';
    double x = strtod(copy, &stop);
    *end = s + (stop - copy);
    return x;
}

/* "+1 dB", "-0.5dB", "- 2 dB"; NaN: none is there. */
static td_status take_amount(move *m)
{
    const char *end;
    m->db = NAN;
    if (m->n > 1 && !strcasecmp(m->word[m->n - 1], "db")) m->n--, m->word[m->n] = NULL;
    if (!m->n) return td_fail(m->err, TD_ARG, m->text, forms, "what shall move?");
    const char *s = m->word[m->n - 1];
    double x = decimal(s, &end);
    if (end == s || (*end && strcasecmp(end, "db"))) return TD_OK;
    if (!(fabs(x) <= MOST_DB))
        return td_fail(m->err, TD_ARG, m->text, "say it in several moves if it is meant", "%s dB is more than %g", s,
                       MOST_DB);
    m->db = x;
    m->n--;
    bool minus = m->n && !strcmp(m->word[m->n - 1], "-"), apart = minus || (m->n && !strcmp(m->word[m->n - 1], "+"));
    if (apart) m->n--;
    if (minus) m->db = -m->db;
    return TD_OK;
}

/* "louder", also behind an amount or in front of it: "drums down 2 dB". 0: none is there. */
static int take_direction(move *m)
{
    static const struct {
        const char *word;
        int sign;
    } directions[] = { { "louder", 1 }, { "up", 1 }, { "softer", -1 }, { "quieter", -1 }, { "down", -1 } };
    for (size_t i = 0; m->n && i < sizeof directions / sizeof *directions; i++)
        if (!strcasecmp(m->word[m->n - 1], directions[i].word)) return m->n--, directions[i].sign;
    return 0;
}

static td_status take_change(move *m)
{
    int sign = take_direction(m);
    td_status st = m->n ? take_amount(m) : td_fail(m->err, TD_ARG, m->text, forms, "what shall move?");
    if (!st && !sign) sign = take_direction(m);
    if (st || !sign) return st;
    if (sign > 0 && m->db < 0) return td_fail(m->err, TD_ARG, m->text, forms, "up, by less than nothing");
    m->db = sign * (isnan(m->db) ? USUAL_DB : fabs(m->db));
    return TD_OK;
}

static void name_of(const move *m, size_t first, char *out, size_t size)
{
    *out = '\0';
    for (size_t i = first; i < m->n; i++)
        if (strlen(out) + strlen(m->word[i]) + 2 < size) {
            if (*out) strcat(out, " ");
            strcat(out, m->word[i]);
        }
}

static bool is_one_of(const char *word, const char *const *list)
{
    while (*list && strcasecmp(word, *list) != 0) list++;
    return *list;
}

/* "make the drums a bit" are the drums: a bit is what is usual. "BD A" keeps its A. */
static void drop_fillers(move *m)
{
    static const char *const fillers[] = { "the", "bit", "little", "make", "turn", NULL };
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++) {
        const char *next = i + 1 < m->n ? m->word[i + 1] : "";
        bool article = !strcasecmp(m->word[i], "a") && is_one_of(next, fillers);
        if (!article && !is_one_of(m->word[i], fillers)) m->word[n++] = m->word[i];
    }
    m->n = n;
}

/* ---- levels ------------------------------------------------------------------------------------------------------ */

/* A level of the plan, which has to be one that can be read again; path: its row. */
static td_status move_to(const move *m, const char *path, double to_db, double step, double *level_db)
{
    const td_row *row = td_plan_row(path);
    *level_db = td_round_to(to_db, step);
    if (*level_db >= row->least && *level_db <= row->most) return TD_OK;
    return td_fail(m->err, TD_ARG, m->text, "move what it is heard against",
                   "its %s would stand at %+.1f dB, and can at %+g to %+g", row->name, *level_db, row->least,
                   row->most);
}

/* The ride that is there, lifted between two places, with slopes outside of them. */
static td_status lift(const move *m, td_breakpoint **ride, size_t *n_ride)
{
    static const char gain[] = "buses.ride.gain";
    double slope = td_clamp(RAMP_S * fabs(m->db), RAMP_S, RAMP_MAX_S);
    double place[4] = { m->from_s - slope, m->from_s, m->to_s, m->to_s + slope };
    const td_breakpoint *old = *ride;
    td_breakpoint *out = td_arena_array(m->plan->arena, *n_ride + 4, sizeof *out);
    td_status st = TD_OK;
    size_t n = 0;
    if (!out) return td_no_memory(m->err);
    for (size_t i = 0; i < *n_ride && old[i].at_s < place[0]; i++) out[n++] = old[i];
    for (int k = 0; !st && k < 4; k++) {
        bool inside = k == 1 || k == 2;
        double before = td_ride_db(old, *n_ride, place[k]);
        out[n].at_s = place[k];
        if (k != 0 || place[0] >= 0) st = move_to(m, gain, before + (inside ? m->db : 0), 0.01, &out[n++].gain_db);
        for (size_t i = 0; !st && k == 1 && i < *n_ride; i++) {
            if (old[i].at_s <= place[1] || old[i].at_s >= place[2]) continue;
            out[n].at_s = old[i].at_s;
            st = move_to(m, gain, old[i].gain_db + m->db, 0.01, &out[n++].gain_db);
        }
    }
    for (size_t i = 0; i < *n_ride; i++)
        if (old[i].at_s > place[3]) out[n++] = old[i];
    *ride = out;
    *n_ride = n;
    return st;
}

static td_status say_why(const move *m, const char **reason)
{
    *reason = td_arena_printf(m->plan->arena, "%s%s%+.1f dB %s%sby revision", *reason ? *reason : "",
                              *reason ? "; " : "", m->db, m->when ? m->when : "", m->when ? " " : "");
    return *reason ? TD_OK : td_no_memory(m->err);
}

/* A level for all of the song. */
static td_status shift(const move *m, const char *path, double *level_db, double step, const char **reason)
{
    td_status st = move_to(m, path, *level_db + m->db, step, level_db);
    return st ? st : say_why(m, reason);
}

/* Or for the stretch that is meant. */
static td_status shift_there(const move *m, const char *path, double *level_db, double step, td_breakpoint **ride,
                             size_t *n_ride, const char **reason)
{
    if (!m->when) return shift(m, path, level_db, step, reason);
    td_status st = lift(m, ride, n_ride);
    return st ? st : say_why(m, reason);
}

/* "drums (Kick.wav, Snare.wav)"; the stems of one bus, and of the first few of many. */
static void add_bus(td_text *t, const td_plan *p, const td_plan_bus *b)
{
    enum { FEW = 8 };
    size_t n = 0;
    td_text_addf(t, "%s (", b->name);
    for (size_t i = 0; i < p->n_stems; i++) {
        if (!p->stem[i].bus || strcmp(p->stem[i].bus, b->name) != 0) continue;
        if (n++ < FEW) td_text_addf(t, "%s%s", n > 1 ? ", " : "", td_basename(p->stem[i].name));
    }
    if (n > FEW) td_text_addf(t, " and %zu more", n - FEW);
    td_text_add(t, ")");
}

/* What a move moved, whatever it was called by; of several buses also how the lead alone is called. */
static td_status say_moved(move *m, const td_meant *w)
{
    td_text t = { 0 };
    bool lead = false;
    for (size_t i = 0; i < w->n_buses; i++) {
        td_text_add(&t, t.length ? ", " : ": ");
        add_bus(&t, m->plan, w->bus[i]);
        lead = lead || (w->n_buses > 1 && !strcmp(w->bus[i]->name, "vocals"));
    }
    for (size_t i = 0; i < w->n_stems; i++)
        td_text_addf(&t, "%s%s", t.length ? ", " : ": ", td_basename(w->stem[i]->name));
    if (lead) td_text_add(&t, "; 'lead' means the lead alone");
    m->moved = t.broken ? NULL : td_arena_strdup(m->plan->arena, td_text_or_empty(&t));
    td_text_free(&t);
    return m->moved ? TD_OK : td_no_memory(m->err);
}

static td_status level(move *m, const char *name)
{
    td_meant w;
    td_status st = td_meant_find(m->plan, m->text, name, &w, m->err);
    if (!st) st = say_moved(m, &w);
    for (size_t i = 0; !st && i < w.n_buses; i++) {
        td_plan_bus *b = w.bus[i];
        st = shift_there(m, "buses.fader", &b->fader_db, 0.01, &b->ride, &b->n_ride, &b->fader_reason);
    }
    for (size_t i = 0; !st && i < w.n_stems; i++) {
        td_plan_stem *s = w.stem[i];
        st = shift_there(m, "stems.gain", &s->gain_db, 0.1, &s->ride, &s->n_ride, &s->reason);
    }
    return st;
}

/* ---- sends ------------------------------------------------------------------------------------------------------- */

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

static td_status no_effect(const move *m, const char *effect)
{
    return td_fail(m->err, TD_ARG, m->text, forms,
                   "a move changes levels and what is sent to returns, and no return is or holds '%s'", effect);
}

static bool has_effect(const td_plan *p, const char *effect)
{
    for (size_t i = 0; i < p->n_rets; i++)
        if (is_effect(p, p->ret[i].name, effect)) return true;
    return false;
}

/* What was said of it holds no longer where it was found by what is heard. by: its own move, or its return's. */
static td_status say_turned(const move *m, td_plan_send *s, const char *what, double by)
{
    char now[48] = "";
    if (s->asked_lu != 0) {
        s->heard_lu = td_round_to(s->heard_lu + by, 0.1);
        snprintf(now, sizeof now, ": %.1f LU %s now", fabs(s->heard_lu), s->heard_lu > 0 ? "over" : "under");
    }
    s->reason = td_arena_printf(m->plan->arena, "%s%s%s%+.1f dB by revision%s", s->reason ? s->reason : "",
                                s->reason ? "; " : "", what, by, now);
    return s->reason ? TD_OK : td_no_memory(m->err);
}

static td_status turn(const move *m, td_plan_send *send, size_t n, const char *effect, double by, size_t *moved)
{
    for (size_t i = 0; i < n; i++) {
        td_plan_send *s = &send[i];
        if (!is_effect(m->plan, s->to, effect)) continue;
        td_status st = move_to(m, "buses.sends.level", s->level_db + by, 0.1, &s->level_db);
        if (!st) st = say_turned(m, s, "", by);
        if (st) return st;
        ++*moved;
    }
    return TD_OK;
}

/* A return by its own name, where nothing that plays is called so. */
static td_plan_return *return_named(const td_plan *p, const char *name)
{
    td_meant w = { .n_buses = 0 };
    td_meant_buses(p, name, true, &w);
    td_meant_role(p, name, &w);
    for (size_t i = 0; !w.n_buses && !w.n_stems && i < p->n_rets; i++)
        if (is_effect(p, p->ret[i].name, name)) return &p->ret[i];
    return NULL;
}

static td_status sends(move *m, double sign, const char *effect, const char *name)
{
    td_meant w = { .n_buses = 0 };
    size_t moved = 0;
    double by = sign * (isnan(m->db) ? USUAL_SEND : fabs(m->db));
    if (!has_effect(m->plan, effect)) return no_effect(m, effect);
    if (td_is_lead(name)) /* what goes out of a bus is sent by all of it */
        td_meant_buses(m->plan, "vocals", false, &w);
    td_plan_return *ret = w.n_buses ? NULL : return_named(m->plan, name);
    td_status st = w.n_buses || ret ? TD_OK : td_meant_find(m->plan, m->text, name, &w, m->err);
    if (st) return st;
    if (m->when) return td_fail(m->err, TD_ARG, m->text, "leave the times out", "sends stand for the whole song");
    for (size_t b = 0; b < w.n_buses; b++)
        if ((st = turn(m, w.bus[b]->send, w.bus[b]->n_sends, effect, by, &moved))) return st;
    for (size_t i = 0; i < w.n_stems; i++)
        if ((st = turn(m, w.stem[i]->send, w.stem[i]->n_sends, effect, by, &moved))) return st;
    if (ret && (st = turn(m, ret->send, ret->n_sends, effect, by, &moved))) return st;
    if (moved) return say_moved(m, &w);
    bool inside = w.n_stems > 0;
    return td_fail(m->err, TD_ARG, m->text,
                   inside ? "move what its bus sends, or its level" : "`topdown plan` lists what is sent where",
                   "%s sends to no %s that could be changed%s%s", name, effect, inside ? ": it is part of " : "",
                   inside ? w.stem[0]->bus : "");
}

/* Whatever is sent to a return that moved is heard by as much more of it. */
static td_status tell_senders(const move *m, const td_plan_return *to, td_plan_send *send, size_t n)
{
    char what[64];
    td_status st = TD_OK;
    snprintf(what, sizeof what, "%s ", to->name);
    for (size_t i = 0; !st && i < n; i++)
        if (!strcmp(send[i].to, to->name) && send[i].asked_lu != 0) st = say_turned(m, &send[i], what, m->db);
    return st;
}

static td_status tell_all_senders(const move *m, const td_plan_return *to)
{
    td_plan *p = m->plan;
    td_status st = TD_OK;
    for (size_t i = 0; !st && i < p->n_buses; i++) st = tell_senders(m, to, p->bus[i].send, p->bus[i].n_sends);
    for (size_t i = 0; !st && i < p->n_stems; i++) st = tell_senders(m, to, p->stem[i].send, p->stem[i].n_sends);
    for (size_t i = 0; !st && i < p->n_rets; i++) st = tell_senders(m, to, p->ret[i].send, p->ret[i].n_sends);
    return st;
}

/* "less reverb": of everything, at the return. */
static td_status whole_effect(move *m, double sign, const char *effect)
{
    m->db = sign * (isnan(m->db) ? USUAL_SEND : fabs(m->db));
    if (m->when) return td_fail(m->err, TD_ARG, m->text, "leave the times out", "returns stand for the whole song");
    for (size_t i = 0; i < m->plan->n_rets; i++) {
        td_plan_return *r = &m->plan->ret[i];
        if (!is_effect(m->plan, r->name, effect)) continue;
        td_status st = shift(m, "returns.fader", &r->fader_db, 0.01, &r->reason);
        if (!st) st = tell_all_senders(m, r);
        if (st) return st;
    }
    return has_effect(m->plan, effect) ? TD_OK : no_effect(m, effect);
}

/* "keys pan L30": places are the stems' own, and come from the job or the recipe. */
static bool asks_for_pan(const move *m)
{
    for (size_t i = 1; i < m->n; i++)
        if (!strcasecmp(m->word[i], "pan") || !strcasecmp(m->word[i], "left") || !strcasecmp(m->word[i], "right"))
            return true;
    return false;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static td_status note(const move *m, int kind, const char *text)
{
    td_plan *p = m->plan;
    td_plan_note *all = text ? td_arena_array(p->arena, p->n_notes + 1, sizeof *all) : NULL;
    if (!all) return td_no_memory(m->err);
    if (p->n_notes) memcpy(all, p->note, p->n_notes * sizeof *all);
    all[p->n_notes].kind = kind;
    all[p->n_notes].text = text;
    p->note = all;
    p->n_notes++;
    return TD_OK;
}

static td_status remember(const move *m)
{
    td_arena *a = m->plan->arena;
    td_status st = note(m, TD_NOTE_DECISION, td_arena_printf(a, "revised: %s%s", m->text, m->moved ? m->moved : ""));
    if (st || !(fabs(m->db) > LARGE_DB)) return st;
    return note(m, TD_NOTE_WARNING,
                td_arena_printf(a, "revised: %s: a move of more than %g dB; is it meant?", m->text, LARGE_DB));
}

static bool says_more(const move *m)
{
    return !strcasecmp(m->word[0], "more");
}

static bool says_less(const move *m)
{
    return !strcasecmp(m->word[0], "less");
}

/* "less reverb on vocals" */
static bool names_send(const move *m)
{
    return (says_more(m) || says_less(m)) && m->n > 3 && !strcasecmp(m->word[2], "on");
}

static td_status understand(move *m)
{
    char name[MOVE_SIZE];
    bool more = says_more(m), less = says_less(m);
    if (names_send(m)) {
        name_of(m, 3, name, sizeof name);
        return sends(m, more ? 1 : -1, m->word[1], name);
    }
    if ((more || less) && m->n == 2) return whole_effect(m, more ? 1 : -1, m->word[1]);
    if (asks_for_pan(m))
        return td_fail(m->err, TD_ARG, m->text, "write `pan` at the stem in plan.yaml, as L30, or in the job file",
                       "a move changes levels and sends, not places");
    if (isnan(m->db))
        return td_fail(m->err, TD_ARG, m->text, forms,
                       "this is no level or send that moves, for the whole song or a stretch of it");
    name_of(m, 0, name, sizeof name);
    td_plan_return *r = return_named(m->plan, name);
    if (r && !m->when) return whole_effect(m, m->db < 0 ? -1 : 1, name);
    return level(m, name);
}

static td_status read_move(move *m)
{
    td_status st = split(m);
    if (!st) st = take_times(m);
    if (!st) st = take_change(m);
    drop_fillers(m);
    return st || m->n ? st : td_fail(m->err, TD_ARG, m->text, forms, "what shall move?");
}

static td_status make_move(move *m)
{
    td_status st = understand(m);
    return st ? st : remember(m);
}

static bool asks_for_something(const move *m)
{
    return !isnan(m->db) || says_more(m) || says_less(m);
}

/* One of several: who is named without a change ("kick and snare -1 dB") gets that of the next. */
static td_status move_part(move *named, size_t *n_named, move *m)
{
    td_status st = read_move(m);
    if (st) return st;
    if (!asks_for_something(m)) {
        ++*n_named;
        return TD_OK;
    }
    for (size_t i = 0; !st && i < *n_named; i++) {
        named[i].db = m->db;
        named[i].from_s = m->from_s;
        named[i].to_s = m->to_s;
        named[i].when = m->when;
        st = make_move(&named[i]);
    }
    *n_named = 0;
    return st ? st : make_move(m);
}

/* The comma of "-1,5 dB" parts nothing. */
static bool is_decimal(const char *text, const char *comma)
{
    return *comma == ',' && comma > text && isdigit((unsigned char)comma[-1]) && isdigit((unsigned char)comma[1]);
}

/* The next of "vocals +1 dB, drums -1 dB and less reverb"; NULL: none is left. */
static char *next_part(char **rest)
{
    char *part = *rest, *end = NULL;
    for (char *c = part; c && *c && !end; c++) {
        if (is_decimal(part, c)) continue;
        size_t n = *c == ',' || *c == ';' ? 1 : !strncasecmp(c, " and ", 5) ? 5 : !strncasecmp(c, " but ", 5) ? 5 : 0;
        if (!n) continue;
        *c = '\0';
        end = c + n;
    }
    *rest = end;
    return part;
}

static td_status move_parts(td_plan *plan, const char *text, td_error *err)
{
    enum { PARTS = 8 };
    move part[PARTS];
    size_t named = 0;
    td_status st = TD_OK;
    char *rest = td_arena_strdup(plan->arena, text);
    if (!rest) return td_no_memory(err);
    while (!st && rest && named < PARTS) {
        const char *one = next_part(&rest);
        part[named] = (move){ .plan = plan, .text = one + strspn(one, " "), .err = err };
        st = move_part(part, &named, &part[named]);
    }
    return st || !named ? st : understand(&part[0]); /* nobody said what shall become of it */
}

static bool has_parts(const char *text)
{
    char copy[MOVE_SIZE], *rest = copy;
    snprintf(copy, sizeof copy, "%s", text);
    next_part(&rest);
    return rest;
}

/* "Kick, close -1 dB": a comma in a name parts nothing. */
static bool is_one_name(td_plan *plan, const char *text)
{
    char name[MOVE_SIZE];
    td_error none = { 0 };
    move m = { .text = text, .plan = plan, .err = &none };
    if (read_move(&m)) return false;
    name_of(&m, names_send(&m) ? 3 : 0, name, sizeof name);
    return td_is_in_file_name(plan, name);
}

td_status td_plan_revise(td_plan *plan, const char *text, td_error *err)
{
    move m = { .plan = plan, .text = text, .err = err };
    if (has_parts(text) && !is_one_name(plan, text)) return move_parts(plan, text, err);
    td_status st = read_move(&m);
    return st ? st : make_move(&m);
}
