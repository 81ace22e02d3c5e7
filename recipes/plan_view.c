#include "recipes/plan_rows.h"

#include "engine/base/units.h"
#include <stdio.h>
#include <string.h>

/* A table whose columns are as wide as their widest cell; the last one runs free. */
enum { COLUMNS = 5, REASON = COLUMNS - 1, WIDEST = 52 };

/* Room that a reason wants beside the other cells; else it stands below them, so far from the left. */
enum { REASON_ROOM = 24, REASON_INDENT = 6 };

typedef struct line {
    struct line *next;
    const char *cell[COLUMNS];
    const char *const *reason; /* where the plan says why; NULL: nowhere */
    const char *note;          /* the recipe's; NULL */
    td_origin origin;          /* of a decision */
    bool known;                /* as it was decided */
} line;

typedef struct table {
    td_arena *arena;
    line *first, **end;
    size_t lines;
    const char *note;          /* of the next line; NULL */
    const char *head[COLUMNS]; /* of all columns but the first, which has the title; NULL: no more */
    bool broken;
} table;

static line *add_line(table *t, const char *place, const char *b, const char *c, const char *d, const char *e)
{
    line *l = td_arena_alloc(t->arena, sizeof *l);
    if (!l) {
        t->broken = true;
        return NULL;
    }
    const char *cell[COLUMNS] = { place, b, c, d, e };
    for (int i = 0; i < COLUMNS; i++) l->cell[i] = cell[i] ? cell[i] : "";
    l->origin = TD_SOLVED;
    l->note = t->note;
    t->note = NULL;
    *t->end = l;
    t->end = &l->next;
    t->lines++;
    return l;
}

static const char *const origins[] = {
    [TD_AS_WRITTEN] = "as written", [TD_SOLVED] = "solved", [TD_FROM_KNOB] = "from a knob", [TD_FROM_FIX] = "fix"
};

/* A line whose reason stands in the plan; otherwise: what is said where none does. What is said to be written counts as
 * written, also in a step of which more was solved. */
static void add_decision(table *t, const char *place, const char *b, const char *c, const char *d, td_origin origin,
                         const char *const *reason, const char *otherwise)
{
    line *l = add_line(t, place, b, c, d, *reason ? *reason : otherwise);
    if (!l) return;
    bool written = !strcmp(l->cell[REASON], origins[TD_AS_WRITTEN]) && origin != TD_FROM_FIX;
    l->reason = reason;
    l->origin = written ? TD_AS_WRITTEN : origin;
}

static bool same_cells(const line *a, const line *b)
{
    for (int i = 0; i < COLUMNS; i++)
        if (strcmp(a->cell[i], b->cell[i]) != 0) return false;
    return true;
}

/* Words from column `at` on; those that do not fit into `room` columns go on below. room 0: one line. */
static void add_wrapped(td_text *out, const char *s, size_t at, size_t room)
{
    char safe[1024];
    size_t column = at;
    s = td_printable(s, safe, sizeof safe);
    while (room && *s) {
        char word[sizeof safe];
        snprintf(word, sizeof word, "%.*s", (int)strcspn(s, " "), s);
        size_t own = td_width(word);
        bool first = column == at, fits = column + 1 + own <= room;
        if (!first) td_text_addf(out, fits ? " " : "\n%*s", (int)at, "");
        column = (first ? at : fits ? column + 1 : at) + own;
        td_text_add(out, word);
        s += strlen(word);
        s += strspn(s, " ");
    }
    td_text_add(out, s);
}

/* Behind the other cells, which end at column `at`: from `wanted` on, or below them. */
static void add_reason(td_text *out, const char *s, size_t at, size_t wanted, size_t room)
{
    size_t from = (wanted > at ? wanted : at) + 2;
    bool below = room && from + REASON_ROOM > room && from + td_width(s) > room;
    if (below)
        td_text_addf(out, "\n%*s", REASON_INDENT, "");
    else
        td_text_addf(out, "%*s", (int)(from - at), "");
    add_wrapped(out, s, below ? REASON_INDENT : from, room);
}

/* A place is not said twice. */
static void print_line(td_text *out, const line *l, const line *before, const size_t *width, size_t room)
{
    int last = COLUMNS - 1;
    size_t at = 0, wanted = 0;
    while (last >= 0 && !l->cell[last][0]) last--;
    for (int i = 0; i <= last; i++) {
        if (!width[i]) continue;
        if (i == REASON) {
            add_reason(out, l->cell[i], at, wanted, room);
            break;
        }
        char safe[1024];
        bool again = i == 0 && before && !strcmp(before->cell[0], l->cell[0]);
        td_printable(again ? "" : l->cell[i], safe, sizeof safe);
        td_text_addf(out, "%*s  %s", (int)(wanted > at ? wanted - at : 0), "", safe);
        at = (wanted > at ? wanted : at) + 2 + td_width(safe);
        wanted += 2 + width[i];
    }
    td_text_add(out, "\n");
    if (!l->note) return;
    td_text_addf(out, "%*s", REASON_INDENT, "");
    add_wrapped(out, l->note, REASON_INDENT, room);
    td_text_add(out, "\n");
}

static void widen(size_t width[COLUMNS], int i, const char *cell)
{
    size_t own = cell ? td_width(cell) : 0;
    if (own > width[i]) width[i] = own < WIDEST ? own : WIDEST;
}

/* The title, above the column of places, and the names of the others. */
static void print_head(td_text *out, const char *title, const table *t, const size_t *width)
{
    td_text_addf(out, "\n%s", title);
    size_t at = strlen(title), wanted = 2 + width[0];
    for (int i = 1; i < COLUMNS && t->head[i]; i++) {
        td_text_addf(out, "%*s  %s", (int)(wanted > at ? wanted - at : 0), "", t->head[i]);
        at = wanted + 2 + strlen(t->head[i]);
        wanted += 2 + width[i];
    }
    td_text_add(out, "\n");
}

/* Prints a titled table, unless it is empty. */
static void print_table(td_text *out, const char *title, table *t, size_t room)
{
    size_t width[COLUMNS] = { 0 };
    out->broken |= t->broken;
    if (!t->first) return;
    for (int i = 0; i < COLUMNS; i++) {
        widen(width, i, t->head[i]);
        for (const line *l = t->first; l; l = l->next) widen(width, i, l->cell[i]);
    }
    print_head(out, title, t, width);
    for (const line *l = t->first, *before = NULL; l; before = l, l = l->next) print_line(out, l, before, width, room);
}

/* ---- values as an engineer says them ----------------------------------------------------------------------------- */

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* How hard and how often: told even where it is the default. */
static bool always_told(const td_param *p)
{
    return !strcmp(p->name, "drive") || !strcmp(p->name, "feedback");
}

/* A goal's answer is told, whatever it is. */
static bool is_solved(const td_processor *proc, const td_param *p, const td_plan_goal *goal)
{
    for (size_t i = 0; i < proc->n_params && !isnan(goal->asked_db); i++)
        if (proc->params[i].solves && !strcmp(proc->params[i].solves, p->name)) return true;
    return false;
}

/* What a step or a band of one is set to. */
typedef struct settled {
    const td_processor *proc;
    const double *value;
    const char *file;
    const td_plan_goal *goal;
    bool band;
} settled;

static bool is_told(const settled *s, size_t slot)
{
    const td_param *p = &s->proc->params[slot];
    if (!p->name || isnan(s->value[slot]) || (p->unit == TD_UNIT_FILE && !s->file)) return false;
    return always_told(p) || is_solved(s->proc, p, s->goal) || !same(s->value[slot], p->def);
}

/* "25 Hz, 12 dB/oct": what is set and no default; what its unit explains goes without a name. */
static const char *settings_text(td_arena *a, const settled *s)
{
    const td_processor *proc = s->proc;
    const double *value = s->value;
    td_text t = { 0 };
    int range = td_param_find(proc, "range");
    bool ranged = range >= 0 && !isnan(value[range]);
    for (size_t i = 0; i < proc->n_params; i++) {
        const td_param *p = &proc->params[i];
        bool leads = s->band && i == 0 && !(ranged && same(value[i], p->def)); /* a range stands for its frequency */
        if (!is_told(s, i) && !(leads && !isnan(value[i]))) continue;
        char text[256];
        bool file = p->unit == TD_UNIT_FILE;
        bool plain = leads || p->unit == TD_UNIT_RATIO || p->unit == TD_UNIT_SLOPE || p->unit == TD_UNIT_CHOICE;
        td_text_addf(&t, "%s%s%s%s", t.length ? ", " : "", plain ? "" : p->name, plain ? "" : " ",
                     file ? s->file : td_values_text(p, value + i, text, sizeof text));
    }
    const char *kept = td_arena_strdup(a, td_text_or_empty(&t));
    td_text_free(&t);
    return kept;
}

static const char *step_text(td_arena *a, const td_plan_step *s)
{
    td_text t = { 0 };
    const char *settings = settings_text(a, &(settled){ s->proc, s->value, s->file, &s->goal, false });
    td_text_add(&t, settings ? settings : "");
    for (size_t i = 0; i < s->n_keys; i++) td_text_addf(&t, "%s%s", i ? ", " : ", keyed by ", s->key[i]);
    if (s->blend < 1) td_text_addf(&t, ", %.3g %% of it", s->blend * 100);
    if (s->bypass) td_text_add(&t, ", bypassed");
    const char *kept =
        td_arena_strdup(a, td_starts_with(td_text_or_empty(&t), ", ") ? t.data + 2 : td_text_or_empty(&t));
    td_text_free(&t);
    return kept;
}

static const char *gain_text(td_arena *a, double db)
{
    return td_arena_printf(a, fabs(db) < 0.05 ? "0.0 dB" : "%+.1f dB", db);
}

static void add_chain(table *t, const char *place, const td_plan_chain *chain)
{
    for (size_t i = 0; i < chain->n_steps; i++) {
        const td_plan_step *s = &chain->step[i];
        const char *text = step_text(t->arena, s);
        t->note = s->note;
        if (s->proc->timed && s->n_parts) { /* points in time: the reason tells of them */
            add_decision(t, place, s->name, s->proc->name, td_arena_printf(t->arena, "%zu points", s->n_parts),
                         s->origin, &s->reason, origins[s->origin]);
            continue;
        }
        if (!s->n_parts || (text && text[0]))
            add_decision(t, place, s->name, s->proc->name, text, s->origin, &s->reason, origins[s->origin]);
        for (size_t k = 0; k < s->n_parts; k++) {
            const td_plan_part *p = &s->part[k];
            const settled set = { p->proc, p->value, NULL, &p->goal, true };
            add_decision(t, place, s->name, p->proc->name, settings_text(t->arena, &set), s->origin, &p->reason,
                         s->reason ? s->reason : origins[s->origin]);
        }
    }
}

static void add_sends(table *t, const char *place, const td_plan_send *send, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_decision(t, place, "send", send[i].to, gain_text(t->arena, send[i].level_db), TD_SOLVED, &send[i].reason,
                     origins[TD_AS_WRITTEN]);
}

/* Slopes lie outside of what was asked for, and take less than a second. */
static const char *nearest_clock(double at_s, char out[16])
{
    return td_clock(floor(at_s + 0.5), out);
}

/* A few moves are told each ("-0.5 dB 0:45-1:10"), many by their extremes. */
static const char *ride_text(td_arena *a, const td_breakpoint *ride, size_t n)
{
    enum { FEW = 3 };
    char from[16], to[16];
    double low = 0, high = 0;
    size_t flat = 0;
    td_text t = { 0 };
    for (size_t i = 0; i < n; i++) {
        low = fmin(low, ride[i].gain_db);
        high = fmax(high, ride[i].gain_db);
        if (!i || ride[i].gain_db == 0 || ride[i].gain_db != ride[i - 1].gain_db) continue;
        td_text_addf(&t, "%s%+.1f dB %s-%s", flat++ ? ", " : "", ride[i].gain_db, nearest_clock(ride[i - 1].at_s, from),
                     nearest_clock(ride[i].at_s, to));
    }
    const char *kept = flat && flat <= FEW ? td_arena_strdup(a, td_text_or_empty(&t))
                                           : td_arena_printf(a, "%+.1f to %+.1f dB, %zu points", low, high, n);
    td_text_free(&t);
    return kept;
}

static void add_ride(table *t, const char *place, const td_breakpoint *ride, size_t n)
{
    if (n) add_line(t, place, "fader", "ride", ride_text(t->arena, ride, n), NULL);
}

/* ---- sections ---------------------------------------------------------------------------------------------------- */

static const td_plan_bus *bus_named(const td_plan *p, const char *name)
{
    for (size_t i = 0; name && i < p->n_buses; i++)
        if (strcmp(p->bus[i].name, name) == 0) return &p->bus[i];
    return NULL;
}

static void stems(const td_plan *p, table *t)
{
    t->head[1] = "role";
    t->head[2] = "bus";
    t->head[3] = "staged";
    for (size_t i = 0; i < p->n_stems; i++) {
        const td_plan_stem *s = &p->stem[i];
        const td_plan_bus *bus = bus_named(p, s->bus);
        const char *why = s->reason ? td_arena_printf(t->arena, "left out: %s", s->reason) : "left out";
        if (s->role && td_role_covers("mix", s->role)) why = "left out, to compare with";
        add_line(t, s->name, s->role, bus ? bus->name : "-",
                 bus ? gain_text(t->arena, bus->clip_gain_db + s->gain_db) : "", bus ? s->reason : why);
    }
}

/* The loudest and the softest part of a song that has several. */
static const char *extreme(const td_plan *p, size_t i)
{
    bool loudest = true, softest = true;
    for (size_t k = 0; k < p->n_sections; k++) {
        if (k == i) continue;
        loudest &= p->section[i].loudness_lu > p->section[k].loudness_lu;
        softest &= p->section[i].loudness_lu < p->section[k].loudness_lu;
    }
    return p->n_sections < 2 ? NULL : loudest ? "loudest" : softest ? "softest" : NULL;
}

static void parts_of_song(const td_plan *p, table *t)
{
    for (size_t i = 0; i < p->n_sections; i++) {
        const td_plan_section *s = &p->section[i];
        char from[16], to[16];
        const char *place = td_arena_printf(t->arena, "%s-%s", td_clock(s->from_s, from), td_clock(s->to_s, to));
        const char *loud = isnan(s->loudness_lu) ? "silent" : td_arena_printf(t->arena, "%+.1f LU", s->loudness_lu);
        add_line(t, place, s->name, loud, extreme(p, i), NULL);
    }
}

static void mix_bus(const td_plan *p, table *t)
{
    add_decision(t, "", "trim", "gain", gain_text(t->arena, p->trim_db), TD_SOLVED, &p->trim_reason, NULL);
    add_chain(t, "", &p->mix);
}

static void groups(const td_plan *p, table *t)
{
    for (size_t i = 0; i < p->n_buses; i++) {
        const td_plan_bus *b = &p->bus[i];
        add_chain(t, b->name, &b->chain);
        if (b->makeup_db != 0 || b->makeup_reason)
            add_decision(t, b->name, "makeup", "gain", gain_text(t->arena, b->makeup_db), TD_SOLVED, &b->makeup_reason,
                         TD_MAKEUP_REASON);
        add_decision(t, b->name, "fader", "gain", gain_text(t->arena, b->fader_db), TD_SOLVED, &b->fader_reason, NULL);
        add_ride(t, b->name, b->ride, b->n_ride);
        add_sends(t, b->name, b->send, b->n_sends);
    }
}

static const char *staged_text(td_arena *a, const td_plan_stem *s, int what, double gain_db)
{
    static const td_param position = { .name = "pan", .unit = TD_UNIT_PAN, .min = -100, .max = 100 };
    char pan[32];
    if (what == TD_MOVE_LEVEL) return gain_text(a, gain_db);
    if (what == TD_MOVE_POLARITY) return s->flip ? "flipped" : "normal";
    return isnan(s->pan) ? "as delivered" : td_arena_strdup(a, td_value_text(&position, s->pan, pan, sizeof pan));
}

/* How a stem is staged: by whom, where it was a fix. Of several fixes with a word about one thing all are told. */
static void add_staging(table *t, const td_plan_stem *s)
{
    bool told[] = { [TD_MOVE_LEVEL] = true, [TD_MOVE_PAN] = isnan(s->pan), [TD_MOVE_POLARITY] = !s->flip };
    for (size_t i = 0; i < s->n_moves; i++) {
        const td_plan_move *m = &s->move[i];
        add_decision(t, s->name, m->fix, td_move_names[m->what], staged_text(t->arena, s, (int)m->what, m->gain_db),
                     TD_FROM_FIX, &m->reason, NULL);
        told[m->what] = true;
    }
    for (int what = TD_MOVE_POLARITY; what >= TD_MOVE_PAN; what--) {
        line *l =
            told[what] ? NULL : add_line(t, s->name, td_move_names[what], "", staged_text(t->arena, s, what, 0), NULL);
        bool found = what == TD_MOVE_PAN && s->reason;
        if (l && !found) l->origin = TD_AS_WRITTEN; /* in the order */
    }
}

static void tracks(const td_plan *p, table *t)
{
    for (size_t i = 0; i < p->n_stems; i++) {
        const td_plan_stem *s = &p->stem[i];
        add_chain(t, s->name, &s->chain);
        add_ride(t, s->name, s->ride, s->n_ride);
        add_staging(t, s);
        add_sends(t, s->name, s->send, s->n_sends);
    }
}

static void returns(const td_plan *p, table *t)
{
    for (size_t i = 0; i < p->n_rets; i++) {
        const td_plan_return *r = &p->ret[i];
        add_chain(t, r->name, &r->chain);
        add_decision(t, r->name, "fader", "gain", gain_text(t->arena, r->fader_db), TD_SOLVED, &r->reason, NULL);
        add_sends(t, r->name, r->send, r->n_sends);
    }
}

static void ways(const td_plan *p, table *t)
{
    for (td_way k = 0; k < TD_WAYS; k++) add_chain(t, td_way_names[k], &p->way[k]);
}

static void targets(const td_plan *p, table *t)
{
    add_line(t, "master", "target", p->master.named, td_target_text(t->arena, &p->master), NULL);
    bool bare = td_plan_way(p, TD_TO_MASTER)->n_steps && !td_plan_way(p, TD_TO_PREVIEW)->n_steps;
    add_line(t, "preview", "target", p->preview.named, td_target_text(t->arena, &p->preview),
             bare ? "as the mix bus leaves it, without the master's steps" : NULL);
}

static bool has_note(const td_plan *p, const char *text)
{
    for (size_t i = 0; i < p->n_notes; i++)
        if (!strcmp(p->note[i].text, text)) return true;
    return false;
}

/* Those that are new since `before`; NULL: all. */
static void print_notes(const td_plan *p, const td_plan *before, size_t room, td_text *out)
{
    static const char *const titles[] = {
        [TD_NOTE_DECISION] = "ALSO",
        [TD_NOTE_NOT_USED] = "NOT USED",
        [TD_NOTE_NOT_MADE] = "NOT MADE",
        [TD_NOTE_WARNING] = "WARNINGS",
    };
    static const int order[] = { TD_NOTE_DECISION, TD_NOTE_NOT_USED, TD_NOTE_NOT_MADE, TD_NOTE_WARNING };
    for (size_t k = 0; k < sizeof order / sizeof *order; k++) {
        bool titled = false;
        for (size_t i = 0; i < p->n_notes; i++) {
            if ((int)p->note[i].kind != order[k] || (before && has_note(before, p->note[i].text))) continue;
            td_text_addf(out, "%s%-9s  ", titled ? "" : "\n", titled ? "" : titles[order[k]]);
            add_wrapped(out, p->note[i].text, 11, room);
            td_text_add(out, "\n");
            titled = true;
        }
    }
}

/* t is empty and its own: its end is in it. */
static void fill_decisions(const td_plan *p, table *t)
{
    t->end = &t->first;
    mix_bus(p, t);
    groups(p, t);
    tracks(p, t);
    returns(p, t);
    ways(p, t);
}

td_status td_plan_decisions(const td_plan *p, td_arena *a, td_decision **out, size_t *n)
{
    table t = { .arena = a };
    fill_decisions(p, &t);
    *n = 0;
    *out = t.broken ? NULL : td_arena_array(a, t.lines + 1, sizeof **out);
    if (!*out) return TD_NOMEM;
    for (const line *l = t.first; l; l = l->next)
        (*out)[(*n)++] = (td_decision){
            l->cell[0][0] ? l->cell[0] : "mix", l->cell[1], l->cell[2], l->cell[3], l->cell[4], l->note, l->origin
        };
    return TD_OK;
}

/* ---- what was changed by hand ------------------------------------------------------------------------------------ */

static bool is_about(const line *l, const td_decision *d)
{
    const char *place = l->cell[0][0] ? l->cell[0] : "mix";
    return !strcmp(place, d->place) && !strcmp(l->cell[1], d->step) && !strcmp(l->cell[2], d->what);
}

/* Takes the first decision about a line that no line has had; exact: with its settings. */
static const td_decision *take_decision(const line *l, td_decision *d, size_t n, bool exact)
{
    for (size_t i = 0; i < n; i++) {
        if (!d[i].place || !is_about(l, &d[i]) || (exact && strcmp(l->cell[3], d[i].settings))) continue;
        d[i].place = NULL;
        if (exact) d[i].settings = NULL;
        return &d[i];
    }
    return NULL;
}

/* The lines that are as decided find their decisions first: a step put in between must not shift the others'. */
td_status td_plan_tell_hands(td_plan *p)
{
    table t = { .arena = p->arena };
    if (!p->n_decided) return TD_OK;
    fill_decisions(p, &t);
    for (line *l = t.first; l; l = l->next) l->known = take_decision(l, p->decided, p->n_decided, true);
    for (line *l = t.first; l; l = l->next) {
        if (l->known || !l->reason) continue;
        const td_decision *old = take_decision(l, p->decided, p->n_decided, false);
        const char *why = old ? td_arena_printf(p->arena, TD_BY_HAND ", instead of %s", old->settings) : TD_BY_HAND;
        t.broken |= !why;
        *(const char **)l->reason = why; /* a place in p, which is ours to change */
    }
    return t.broken ? TD_NOMEM : TD_OK;
}

/* Takes out what stands in `before` too. */
static void keep_new(table *t, const table *before)
{
    line **at = &t->first;
    while (*at) {
        const line *old = before->first;
        while (old && !same_cells(*at, old)) old = old->next;
        if (old)
            *at = (*at)->next;
        else
            at = &(*at)->next;
    }
}

/* Tables, and of each the lines that are new since `before`; NULL: all. */
static void print_sections(const td_plan *p, const td_plan *before, size_t room, td_text *out)
{
    static const struct {
        const char *title;
        void (*fill)(const td_plan *p, table *t);
    } sections[] = {
        { "SONG", parts_of_song }, { "STEMS", stems },     { "MIX BUS", mix_bus }, { "GROUPS", groups },
        { "TRACKS", tracks },      { "RETURNS", returns }, { "MASTERING", ways },  { "TARGETS", targets }
    };
    td_arena *a = td_arena_new();
    out->broken |= !a;
    for (size_t i = 0; a && i < sizeof sections / sizeof *sections; i++) {
        table t = { .arena = a }, old = { .arena = a };
        t.end = &t.first;
        old.end = &old.first;
        sections[i].fill(p, &t);
        if (before) sections[i].fill(before, &old);
        keep_new(&t, &old);
        t.broken |= old.broken;
        print_table(out, sections[i].title, &t, room);
    }
    td_arena_free(a);
}

static void print_count(const td_plan *p, td_text *out)
{
    td_arena *a = td_arena_new();
    td_decision *d = NULL;
    size_t all = 0;
    if (!a || td_plan_decisions(p, a, &d, &all)) out->broken = true;
    td_decision_count n = td_decisions_count(d, all);
    td_text_addf(out, "\n%zu decision%s: %zu solved, %zu as written, %zu fix%s.\n", n.all, n.all == 1 ? "" : "s",
                 n.solved, n.written, n.fixes, n.fixes == 1 ? "" : "es");
    td_arena_free(a);
}

void td_plan_view(const td_plan *p, size_t room, td_text *out)
{
    size_t playing = td_plan_playing(p);
    td_text_addf(out, "Plan of '%s' revision %u for ", p->recipe, p->recipe_revision);
    if (playing < p->n_stems) td_text_addf(out, "%zu of ", playing);
    td_text_addf(out, "%zu stem%s\n", p->n_stems, p->n_stems == 1 ? "" : "s");
    const char *mode = td_balance_name(p->balance), *reason = p->balance_reason;
    bool said = reason && td_starts_with(reason, mode);
    td_text balance = { 0 };
    td_text_addf(&balance, "%s%s%s", said ? "" : mode, reason && !said ? ": " : "", reason ? reason : "");
    td_text_add(out, "Balance  ");
    add_wrapped(out, td_text_or_empty(&balance), 9, room);
    td_text_add(out, "\n");
    td_text_free(&balance);
    print_sections(p, NULL, room, out);
    print_notes(p, NULL, room, out);
    print_count(p, out);
}

void td_plan_changes(const td_plan *p, const td_plan *before, size_t room, td_text *out)
{
    td_text_addf(out, "Plan of '%s' revision %u, changed:\n", p->recipe, p->recipe_revision);
    print_sections(p, before, room, out);
    print_notes(p, before, room, out);
}
