#include "recipes/meant.h"
#include "recipes/plan_rows.h"
#include "recipes/wording.h"

#include "engine/base/text.h"
#include "engine/base/units.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* A revision in an engineer's words: "vocals +1 dB", "kick -0.5 dB 0:45-1:10", "less reverb on vocals". Each becomes an
 * edit of numbers that stand in the plan already. */

#define USUAL_SEND 3.0  /* "less reverb" */
#define LARGE_DB   12.0 /* a larger move may be a slip of the hand */
#define RAMP_S     0.05 /* a decibel; a hand on a fader */
#define RAMP_MAX_S 0.5

typedef struct move {
    td_plan *plan;
    td_wording said;
    const char *moved; /* whom it moved: ": vocals (Lead.wav), backing (BV.wav)"; NULL */
    const char *heard; /* which detectors hear it: "drums tips, drums lid, synths pump"; NULL */
    bool all_voices;   /* the lead and others with it */
    td_error *err;
} move;

static void name_of(const move *m, size_t first, char *out, size_t size)
{
    *out = '\0';
    for (size_t i = first; i < m->said.n; i++)
        if (strlen(out) + strlen(m->said.word[i]) + 2 < size) {
            if (*out) strcat(out, " ");
            strcat(out, m->said.word[i]);
        }
}

/* ---- levels ------------------------------------------------------------------------------------------------------ */

/* A level of the plan, which has to be one that can be read again; path: its row. */
static td_status move_to(const move *m, const char *path, double to_db, double step, double *level_db)
{
    const td_row *row = td_plan_row(path);
    *level_db = td_round_to(to_db, step);
    if (*level_db >= row->least && *level_db <= row->most) return TD_OK;
    return td_fail(m->err, TD_ARG, m->said.text, "move what it is heard against",
                   "its %s would stand at %+.1f dB, and can at %+g to %+g", row->name, *level_db, row->least,
                   row->most);
}

/* The ride that is there, lifted between two places, with slopes outside of them. */
static td_status lift(const move *m, double from_s, double to_s, td_breakpoint **ride, size_t *n_ride)
{
    static const char gain[] = "buses.ride.gain";
    double slope = td_clamp(RAMP_S * fabs(m->said.db), RAMP_S, RAMP_MAX_S);
    double place[4] = { from_s - slope, from_s, to_s, to_s + slope };
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
        if (k != 0 || place[0] >= 0) st = move_to(m, gain, before + (inside ? m->said.db : 0), 0.01, &out[n++].gain_db);
        for (size_t i = 0; !st && k == 1 && i < *n_ride; i++) {
            if (old[i].at_s <= place[1] || old[i].at_s >= place[2]) continue;
            out[n].at_s = old[i].at_s;
            st = move_to(m, gain, old[i].gain_db + m->said.db, 0.01, &out[n++].gain_db);
        }
    }
    for (size_t i = 0; i < *n_ride; i++)
        if (old[i].at_s > place[3]) out[n++] = old[i];
    *ride = out;
    *n_ride = n;
    return st;
}

/* All parts of the song that have that name, neighbours as one. */
static td_status lift_section(const move *m, td_breakpoint **ride, size_t *n_ride)
{
    const td_plan_section *s = m->plan->section;
    td_status st = TD_OK;
    for (size_t i = 0, k; !st && i < m->plan->n_sections; i = k) {
        for (k = i + 1; k < m->plan->n_sections && !strcmp(s[k].name, s[i].name);) k++;
        if (!strcasecmp(s[i].name, m->said.section)) st = lift(m, s[i].from_s, s[k - 1].to_s, ride, n_ride);
    }
    return st;
}

static td_status say_why(const move *m, const char **reason)
{
    *reason = td_arena_printf(m->plan->arena, "%s%s%+.1f dB %s%sby revision", *reason ? *reason : "",
                              *reason ? "; " : "", m->said.db, m->said.when, *m->said.when ? " " : "");
    return *reason ? TD_OK : td_no_memory(m->err);
}

/* A level for all of the song. */
static td_status shift(const move *m, const char *path, double *level_db, double step, const char **reason)
{
    td_status st = move_to(m, path, *level_db + m->said.db, step, level_db);
    return st ? st : say_why(m, reason);
}

/* Or for the stretch that is meant. */
static td_status shift_there(const move *m, const char *path, double *level_db, double step, td_breakpoint **ride,
                             size_t *n_ride, const char **reason)
{
    if (!*m->said.when) return shift(m, path, level_db, step, reason);
    td_status st =
        m->said.section ? lift_section(m, ride, n_ride) : lift(m, m->said.from_s, m->said.to_s, ride, n_ride);
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
    if (n > FEW) td_text_addf(t, ", +%zu", n - FEW);
    td_text_add(t, ")");
}

/* What a move moved, whatever it was called by. */
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
    m->all_voices = lead;
    m->moved = t.broken ? NULL : td_arena_strdup(m->plan->arena, td_text_or_empty(&t));
    td_text_free(&t);
    return m->moved ? TD_OK : td_no_memory(m->err);
}

static bool has_key(const td_plan_step *s, const char *stem)
{
    for (size_t i = 0; i < s->n_keys; i++)
        if (!strcmp(s->key[i], stem)) return true;
    return false;
}

/* Does one of them drive the detector of a step? bus: what plays through it; NULL: not they alone. */
static bool drives(const td_meant *w, const char *bus, const td_plan_step *s)
{
    for (size_t i = 0; i < w->n_stems && s->proc->dynamics && !s->bypass; i++)
        if (s->n_keys ? has_key(s, w->stem[i]->name) : bus && !strcmp(w->stem[i]->bus, bus)) return true;
    return false;
}

static void add_driven(const td_meant *w, const char *place, const char *bus, const td_plan_chain *c, td_text *out)
{
    for (size_t i = 0; i < c->n_steps; i++)
        if (drives(w, bus, &c->step[i])) td_text_addf(out, "%s%s %s", out->length ? ", " : "", place, c->step[i].name);
}

/* Stems move in front of what their bus and others do with them; a bus moves behind. */
static td_status hear(move *m, const td_meant *w)
{
    const td_plan *p = m->plan;
    td_text t = { 0 };
    for (size_t i = 0; i < p->n_buses; i++) add_driven(w, p->bus[i].name, p->bus[i].name, &p->bus[i].chain, &t);
    for (size_t i = 0; i < p->n_rets; i++) add_driven(w, p->ret[i].name, NULL, &p->ret[i].chain, &t);
    add_driven(w, "mix", NULL, &p->mix, &t);
    m->heard = t.length ? td_arena_strdup(p->arena, td_text_or_empty(&t)) : NULL;
    bool lost = t.broken || (t.length && !m->heard);
    td_text_free(&t);
    return lost ? td_no_memory(m->err) : TD_OK;
}

static td_status level(move *m, const char *name)
{
    td_meant w;
    td_status st = td_meant_find(m->plan, m->said.text, name, &w, m->err);
    if (!st) st = say_moved(m, &w);
    if (!st) st = hear(m, &w);
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

/* What a return holds, as people call it. */
static const char *effect_called(const char *word)
{
    static const char *const called[][2] = { { "echo", "delay" }, { "hall", "reverb" }, { "nachhall", "reverb" } };
    for (size_t i = 0; i < sizeof called / sizeof *called; i++)
        if (!strcasecmp(word, called[i][0])) return called[i][1];
    return word;
}

/* "reverb" is any return with one in it; "plate" the return of that name. */
static bool is_effect(const td_plan *p, const char *ret, const char *word)
{
    if (!strcasecmp(ret, word)) return true;
    word = effect_called(word);
    for (size_t i = 0; i < p->n_rets; i++)
        for (size_t k = 0; !strcmp(p->ret[i].name, ret) && k < p->ret[i].chain.n_steps; k++)
            if (!strcasecmp(p->ret[i].chain.step[k].proc->name, word)) return true;
    return false;
}

static td_status no_effect(const move *m, const char *effect)
{
    return td_fail(m->err, TD_ARG, m->said.text, td_move_forms,
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

/* What a bus sends, and stems inside it do. */
static td_status turn_bus(const move *m, const td_plan_bus *b, const char *effect, double by, size_t *moved)
{
    td_plan *p = m->plan;
    td_status st = turn(m, b->send, b->n_sends, effect, by, moved);
    for (size_t i = 0; !st && i < p->n_stems; i++)
        if (p->stem[i].bus && !strcmp(p->stem[i].bus, b->name))
            st = turn(m, p->stem[i].send, p->stem[i].n_sends, effect, by, moved);
    return st;
}

static td_status sends(move *m, double sign, const char *effect, const char *name)
{
    td_meant w = { .n_buses = 0 };
    size_t moved = 0;
    double by = sign * (isnan(m->said.db) ? USUAL_SEND * m->said.degree : fabs(m->said.db));
    if (!has_effect(m->plan, effect)) return no_effect(m, effect);
    if (td_is_lead(name)) /* what goes out of a bus is sent by all of it */
        td_meant_buses(m->plan, "vocals", false, &w);
    td_plan_return *ret = w.n_buses ? NULL : return_named(m->plan, name);
    td_status st = w.n_buses || ret ? TD_OK : td_meant_find(m->plan, m->said.text, name, &w, m->err);
    if (st) return st;
    if (*m->said.when)
        return td_fail(m->err, TD_ARG, m->said.text, "leave the times out", "sends stand for the whole song");
    for (size_t b = 0; b < w.n_buses; b++)
        if ((st = turn_bus(m, w.bus[b], effect, by, &moved))) return st;
    for (size_t i = 0; i < w.n_stems; i++)
        if ((st = turn(m, w.stem[i]->send, w.stem[i]->n_sends, effect, by, &moved))) return st;
    if (ret && (st = turn(m, ret->send, ret->n_sends, effect, by, &moved))) return st;
    if (moved) return say_moved(m, &w);
    bool inside = w.n_stems > 0;
    return td_fail(m->err, TD_ARG, m->said.text,
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
        if (!strcmp(send[i].to, to->name) && send[i].asked_lu != 0) st = say_turned(m, &send[i], what, m->said.db);
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
    m->said.db = sign * (isnan(m->said.db) ? USUAL_SEND * m->said.degree : fabs(m->said.db));
    if (*m->said.when)
        return td_fail(m->err, TD_ARG, m->said.text, "leave the times out", "returns stand for the whole song");
    for (size_t i = 0; i < m->plan->n_rets; i++) {
        td_plan_return *r = &m->plan->ret[i];
        if (!is_effect(m->plan, r->name, effect)) continue;
        td_status st = shift(m, "returns.fader", &r->fader_db, 0.01, &r->reason);
        if (!st) st = tell_all_senders(m, r);
        if (st) return st;
    }
    return has_effect(m->plan, effect) ? TD_OK : no_effect(m, effect);
}

/* ---- what moves elsewhere --------------------------------------------------------------------------------------- */

static bool has_word(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = list; (at = strcasestr(at, word)); at++)
        if ((at == list || at[-1] == ' ') && (!at[n] || at[n] == ' ')) return true;
    return false;
}

/* What a move does not change, by words that ask for it: where that is done. */
static td_status tell_elsewhere(const move *m)
{
    static const struct {
        const char *words, *what, *where;
    } rows[] = {
        { "compress compressed compression compressor kompression komprimieren", "compression",
          "that is the recipe's: `gain_reduction` of the `compressor` in the chain" },
        { "brighter bright darker dark warmer treble highs lows mids eq heller dunkler h\xc3\xb6hen mitten tiefen",
          "tone", "that is the recipe's: an `eq` in the chain of `mix` or of a group" },
        { "wider narrower width breiter schmaler", "width",
          "that is the recipe's: `stereo: { width: 120 % }` in a chain" },
        { "mute muted without remove stumm ohne", "who plays",
          "leave the file out, or say `--role FILE=ignore` when it is mixed" },
        { "pan panned left right links rechts", "places",
          "write `pan` at the stem in plan.yaml, as L30, or in the job file" },
        { "master mix everything alles gesamt song loudness lautheit", "how loud the mix leaves",
          "write `loudness` of a master in the job file" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t k = 0; k < m->said.n; k++)
            if (has_word(rows[i].words, m->said.word[k]) && !td_is_in_file_name(m->plan, m->said.word[k]))
                return td_fail(m->err, TD_ARG, m->said.text, rows[i].where, "a move changes levels and sends, not %s",
                               rows[i].what);
    return TD_ARG; /* as it was told */
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

static bool has_note(const td_plan *p, const char *text)
{
    size_t i = 0;
    while (i < p->n_notes && strcmp(p->note[i].text, text) != 0) i++;
    return i < p->n_notes;
}

static td_status remember(const move *m)
{
    static const char all_voices[] = "vocals are lead and backing; 'lead' means the lead alone";
    td_arena *a = m->plan->arena;
    td_status st =
        note(m, TD_NOTE_DECISION, td_arena_printf(a, "revised: %s%s", m->said.text, m->moved ? m->moved : ""));
    if (!st && m->heard)
        st = note(m, TD_NOTE_DECISION,
                  td_arena_printf(a, "thresholds stay where they are: %s will do %s", m->heard,
                                  m->said.db > 0 ? "more" : "less"));
    if (!st && m->all_voices && !has_note(m->plan, all_voices)) st = note(m, TD_NOTE_DECISION, all_voices);
    if (st || !(fabs(m->said.db) > LARGE_DB)) return st;
    return note(m, TD_NOTE_WARNING,
                td_arena_printf(a, "revised: %s: a move of more than %g dB; is it meant?", m->said.text, LARGE_DB));
}

/* "less reverb on vocals" */
static bool names_send(const move *m)
{
    return td_wording_more(&m->said) && m->said.n > 3 && td_wording_on(&m->said, 2);
}

/* "less reverb", of everything; else "less bass", which is softer. */
static td_status more_of(move *m, int sign)
{
    char name[TD_MOVE_SIZE];
    name_of(m, 1, name, sizeof name);
    if (has_effect(m->plan, name)) return whole_effect(m, sign, name);
    if (td_processor_find(effect_called(name))) return no_effect(m, name);
    m->said.db = sign * (isnan(m->said.db) ? TD_USUAL_DB * m->said.degree : fabs(m->said.db));
    return level(m, name);
}

static td_status understand(move *m)
{
    char name[TD_MOVE_SIZE];
    int more = td_wording_more(&m->said);
    if (names_send(m)) {
        name_of(m, 3, name, sizeof name);
        return sends(m, more, m->said.word[1], name);
    }
    if (more && m->said.n > 1) return more_of(m, more);
    const char *last = m->said.word[m->said.n - 1];
    if (isnan(m->said.db) && m->said.n > 1 && isdigit((unsigned char)*last))
        return td_fail(m->err, TD_ARG, m->said.text, td_move_forms, "'%s' is an amount only with dB or a sign", last);
    if (isnan(m->said.db))
        return td_fail(m->err, TD_ARG, m->said.text, td_move_forms,
                       "this is no level or send that moves, for the whole song or a stretch of it");
    name_of(m, 0, name, sizeof name);
    td_plan_return *r = return_named(m->plan, name);
    if (r && !*m->said.when) return whole_effect(m, m->said.db < 0 ? -1 : 1, name);
    return level(m, name);
}

static td_status no_section(const move *m)
{
    td_text hint = { 0 };
    const td_plan *p = m->plan;
    for (size_t i = 0, k; i < p->n_sections; i++) {
        for (k = 0; strcmp(p->section[k].name, p->section[i].name) != 0;) k++;
        if (k == i) td_text_addf(&hint, "%s%s", i ? ", " : "its sections are ", p->section[i].name);
    }
    td_status st = td_fail(m->err, TD_ARG, m->said.text, p->n_sections ? td_text_or_empty(&hint) : td_move_forms,
                           "the plan knows no section '%s'", m->said.section);
    td_text_free(&hint);
    return st;
}

static td_status read_move(move *m)
{
    const td_plan *p = m->plan;
    td_status st = td_wording_read(m->said.text, (double)p->frames / p->rate_hz, &m->said, m->err);
    bool known = st || !m->said.section;
    for (size_t i = 0; !known && i < p->n_sections; i++) known = !strcasecmp(p->section[i].name, m->said.section);
    return known ? st : no_section(m);
}

static td_status make_move(move *m)
{
    td_status st = understand(m);
    return st == TD_ARG ? tell_elsewhere(m) : st ? st : remember(m);
}

static bool asks_for_something(const move *m)
{
    return !isnan(m->said.db) || td_wording_more(&m->said);
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
        named[i].said.db = m->said.db;
        named[i].said.from_s = m->said.from_s;
        named[i].said.to_s = m->said.to_s;
        named[i].said.section = m->said.section;
        strcpy(named[i].said.when, m->said.when);
        named[i].said.text = td_arena_printf(m->plan->arena, "%s %+g dB%s%s", named[i].said.text, m->said.db,
                                             *m->said.when ? " " : "", m->said.when);
        if (!named[i].said.text) return td_no_memory(m->err);
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

/* Length of what parts two moves, if it stands here; "between 0:45 and 1:10" is one. */
static size_t parting(const char *s)
{
    static const char *const words[] = { ",", ";", " and ", " but ", " und ", " aber " };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i]);
        if (!strncasecmp(s, words[i], n)) return td_is_clock(s + n) ? 0 : n;
    }
    return 0;
}

/* The next of "vocals +1 dB, drums -1 dB and less reverb"; NULL: none is left. */
static char *next_part(char **rest)
{
    char *part = *rest, *end = NULL;
    for (char *c = part; c && *c && !end; c++) {
        size_t n = is_decimal(part, c) ? 0 : parting(c);
        if (!n) continue;
        *c = '\0';
        end = c + n;
    }
    *rest = end;
    return part;
}

/* Nothing stands between two commas, or a comma and "and". */
static td_status move_parts(td_plan *plan, const char *text, td_error *err)
{
    enum { PARTS = 8 };
    move part[PARTS];
    size_t named = 0;
    bool any = false;
    td_status st = TD_OK;
    char *rest = td_arena_strdup(plan->arena, text);
    if (!rest) return td_no_memory(err);
    while (!st && rest && named < PARTS) {
        const char *one = next_part(&rest);
        one += strspn(one, " ");
        if (!*one) continue;
        any = true;
        part[named] = (move){ .plan = plan, .said.text = one, .err = err };
        st = move_part(part, &named, &part[named]);
    }
    if (!any) return td_fail(err, TD_ARG, text, td_move_forms, "what shall move?");
    return st || !named ? st : make_move(&part[0]); /* nobody said what shall become of it */
}

static bool has_parts(const char *text)
{
    char copy[TD_MOVE_SIZE], *rest = copy;
    snprintf(copy, sizeof copy, "%s", text);
    next_part(&rest);
    return rest;
}

/* "Kick, close -1 dB": a comma in a name parts nothing. */
static bool is_one_name(td_plan *plan, const char *text)
{
    char name[TD_MOVE_SIZE];
    td_error none = { 0 };
    move m = { .said.text = text, .plan = plan, .err = &none };
    if (read_move(&m)) return false;
    name_of(&m, names_send(&m) ? 3 : 0, name, sizeof name);
    return td_is_in_file_name(plan, name);
}

td_status td_plan_revise(td_plan *plan, const char *text, td_error *err)
{
    move m = { .plan = plan, .said.text = text, .err = err };
    if (has_parts(text) && !is_one_name(plan, text)) return move_parts(plan, text, err);
    td_status st = read_move(&m);
    return st ? st : make_move(&m);
}
