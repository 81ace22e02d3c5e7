#include "recipes/parts.h"
#include "recipes/steps.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One table a struct: what is written is what is read. */
typedef enum kind {
    TEXT,    /* const char * */
    TEXTS,   /* const char **, and a count */
    NUMBER,  /* double in the unit of `measure` */
    SECONDS, /* double */
    PORTION, /* double 0..1, written in per cent */
    WHOLE,   /* unsigned */
    LONG,    /* uint64_t */
    FLAG,    /* bool */
    WORD,    /* an enum, by its words */
    INSIDE,  /* a map of members; `at` is of the struct that holds them */
    LIST,    /* an array of structs, and a count */
    CHAIN,   /* td_plan_chain */
} kind;

typedef struct row row;
struct row {
    const char *name;
    kind kind;
    size_t at, count_at;
    td_measure measure;
    double absent;      /* the number that is not written and stands in when nothing is */
    double least, most; /* what a plan can mean, both 0: any number; a slip of the hand is refused */
    const char *const *words;
    const row *rows;
    size_t size;  /* of an element of a list */
    bool inline_; /* a map on one line */
    bool needed;  /* a plan without it cannot be rendered */
    bool hash;    /* text: a SHA-256 */
};

static const char *const origins[] = { "as-written", "solved", "knob", "fix", NULL };
static const char *const note_kinds[] = { "warning", "not-used", "not-made", "decision", NULL };

/* Levels that undo each other may be large (a stem at -80 dBFS is staged by 68 dB), none beyond these. */
#define LEVEL       .least = -100, .most = 100
#define FADER       .least = -100, .most = TD_FADER_MOST_DB
#define SEND        .least = -100, .most = 24
#define MOMENT      .least = 0, .most = 86400
#define FRAMES_MOST 8294400000 /* a day at 96 kHz */

/* clang-format off */
#define ROW(type, text, what, member, ...) { .name = text, .kind = what, .at = offsetof(type, member), __VA_ARGS__ }
#define DB(type, text, member, ...) ROW(type, text, NUMBER, member, .measure = TD_UNIT_DB, __VA_ARGS__)
#define ROWS(type, text, array, count, of, ...)                                                                        \
    ROW(type, text, LIST, array, .count_at = offsetof(type, count), .rows = of,                                        \
        .size = sizeof *((type *)0)->array, __VA_ARGS__)

static const row goal_rows[] = {
    DB(td_plan_goal, "asked", asked_db, .absent = NAN),
    DB(td_plan_goal, "most", max_db, .absent = NAN),
    DB(td_plan_goal, "p95", p95_db, .absent = NAN),
    { 0 },
};

static const row step_rows[] = { /* beside the processor */
    ROW(td_plan_step, "as", TEXT, name),
    ROW(td_plan_step, "key", TEXTS, key, .count_at = offsetof(td_plan_step, n_keys)),
    ROW(td_plan_step, "blend", PORTION, blend, .absent = 1),
    ROW(td_plan_step, "bypass", FLAG, bypass),
    ROW(td_plan_step, "origin", WORD, origin, .words = origins),
    ROW(td_plan_step, "reaches", INSIDE, goal, .rows = goal_rows, .inline_ = true),
    ROW(td_plan_step, "reason", TEXT, reason),
    ROW(td_plan_step, "note", TEXT, note),
    { 0 },
};

static const row part_rows[] = {
    ROW(td_plan_part, "reaches", INSIDE, goal, .rows = goal_rows, .inline_ = true),
    ROW(td_plan_part, "reason", TEXT, reason),
    { 0 },
};

static const row send_rows[] = {
    ROW(td_plan_send, "to", TEXT, to, .needed = true),
    DB(td_plan_send, "level", level_db, .absent = NAN, .needed = true, SEND),
    ROW(td_plan_send, "reason", TEXT, reason),
    { 0 },
};

static const row ride_rows[] = {
    ROW(td_breakpoint, "at", SECONDS, at_s, .absent = NAN, .needed = true, MOMENT),
    DB(td_breakpoint, "gain", gain_db, .absent = NAN, .needed = true, FADER),
    { 0 },
};

static const row section_rows[] = {
    ROW(td_plan_section, "name", TEXT, name),
    ROW(td_plan_section, "from", SECONDS, from_s, .absent = NAN, .needed = true, MOMENT),
    ROW(td_plan_section, "to", SECONDS, to_s, .absent = NAN, .needed = true, MOMENT),
    DB(td_plan_section, "loudness", loudness_lu, .absent = NAN),
    { 0 },
};

static const row stem_rows[] = {
    ROW(td_plan_stem, "name", TEXT, name, .needed = true),
    ROW(td_plan_stem, "path", TEXT, path),
    ROW(td_plan_stem, "path_right", TEXT, path_right),
    ROW(td_plan_stem, "sha256", TEXT, sha256),
    ROW(td_plan_stem, "role", TEXT, role),
    ROW(td_plan_stem, "bus", TEXT, bus),
    DB(td_plan_stem, "gain", gain_db, LEVEL),
    ROW(td_plan_stem, "pan", NUMBER, pan, .measure = TD_UNIT_PAN, .absent = NAN, .least = -100, .most = 100),
    ROW(td_plan_stem, "flip", FLAG, flip),
    ROW(td_plan_stem, "reason", TEXT, reason),
    ROW(td_plan_stem, "chain", CHAIN, chain),
    ROWS(td_plan_stem, "ride", ride, n_ride, ride_rows, .inline_ = true),
    ROWS(td_plan_stem, "sends", send, n_sends, send_rows),
    { 0 },
};

static const row bus_rows[] = {
    ROW(td_plan_bus, "bus", TEXT, name, .needed = true),
    ROW(td_plan_bus, "group", TEXT, group),
    ROW(td_plan_bus, "peak", NUMBER, peak_dbfs, .measure = TD_UNIT_DBFS, .absent = NAN),
    DB(td_plan_bus, "clip_gain", clip_gain_db, LEVEL),
    ROW(td_plan_bus, "chain", CHAIN, chain),
    DB(td_plan_bus, "makeup", makeup_db, LEVEL),
    ROW(td_plan_bus, "makeup_reason", TEXT, makeup_reason),
    DB(td_plan_bus, "fader", fader_db, FADER),
    ROW(td_plan_bus, "fader_reason", TEXT, fader_reason),
    ROWS(td_plan_bus, "ride", ride, n_ride, ride_rows, .inline_ = true),
    ROWS(td_plan_bus, "sends", send, n_sends, send_rows),
    { 0 },
};

static const row return_rows[] = {
    ROW(td_plan_return, "return", TEXT, name, .needed = true),
    ROW(td_plan_return, "chain", CHAIN, chain),
    DB(td_plan_return, "fader", fader_db, FADER),
    ROW(td_plan_return, "reason", TEXT, reason),
    { 0 },
};

#define TARGET(target)                                                                                                 \
    ROW(td_plan, "loudness", NUMBER, target.loudness_lufs, .measure = TD_MEASURE_LUFS, .absent = NAN, .least = -40, .most = -4),                 \
    ROW(td_plan, "true_peak", NUMBER, target.true_peak_dbtp, .measure = TD_MEASURE_DBTP, .absent = NAN, .least = -20),               \
    ROW(td_plan, "peak", NUMBER, target.peak_dbfs, .measure = TD_UNIT_DBFS, .absent = NAN, .least = -40),                            \
    DB(td_plan, "limiting", target.limiting_db, .absent = NAN, .most = 24),                                                        \
    ROW(td_plan, "named", TEXT, target.named)

static const row master_rows[] = { TARGET(master), { 0 } };
static const row preview_rows[] = {
    TARGET(preview),
    ROW(td_plan, "format", TEXT, preview_format),
    ROW(td_plan, "bits", WHOLE, preview_bits),
    { 0 },
};

static const row note_rows[] = {
    ROW(td_plan_note, "kind", WORD, kind, .words = note_kinds),
    ROW(td_plan_note, "text", TEXT, text, .needed = true),
    { 0 },
};

static const row decided_rows[] = {
    ROW(td_decision, "place", TEXT, place, .needed = true),
    ROW(td_decision, "step", TEXT, step, .needed = true),
    ROW(td_decision, "what", TEXT, what, .needed = true),
    ROW(td_decision, "as", TEXT, settings, .needed = true),
    { 0 },
};

static const row plan_rows[] = {
    ROW(td_plan, "recipe", TEXT, recipe, .needed = true),
    ROW(td_plan, "recipe_title", TEXT, recipe_title),
    ROW(td_plan, "recipe_revision", WHOLE, recipe_revision),
    ROW(td_plan, "recipe_hash", TEXT, recipe_hash),
    ROW(td_plan, "label", TEXT, label),
    ROW(td_plan, "title", TEXT, title),
    ROW(td_plan, "artist", TEXT, artist),
    ROW(td_plan, "session_hash", TEXT, session_hash, .needed = true, .hash = true),
    ROW(td_plan, "rate_hz", WHOLE, rate_hz, .needed = true, .least = 44100, .most = 96000),
    ROW(td_plan, "frames", LONG, frames, .needed = true, .least = 1, .most = FRAMES_MOST),
    ROW(td_plan, "tempo", NUMBER, tempo_bpm, .measure = TD_MEASURE_BPM, .least = 20, .most = 400),
    ROW(td_plan, "tempo_from", TEXT, tempo_from),
    ROW(td_plan, "balance", WORD, balance, .words = td_balance_names),
    ROW(td_plan, "balance_reason", TEXT, balance_reason),
    ROW(td_plan, "curve", TEXT, curve),
    ROWS(td_plan, "sections", section, n_sections, section_rows, .inline_ = true),
    ROWS(td_plan, "stems", stem, n_stems, stem_rows),
    ROWS(td_plan, "buses", bus, n_buses, bus_rows),
    ROWS(td_plan, "returns", ret, n_rets, return_rows),
    DB(td_plan, "trim", trim_db, LEVEL),
    ROW(td_plan, "trim_reason", TEXT, trim_reason),
    ROW(td_plan, "mix", CHAIN, mix),
    ROW(td_plan, "master_chain", CHAIN, master_chain),
    { .name = "master", .kind = INSIDE, .rows = master_rows, .inline_ = true },
    { .name = "preview", .kind = INSIDE, .rows = preview_rows, .inline_ = true },
    ROWS(td_plan, "notes", note, n_notes, note_rows),
    ROWS(td_plan, "decided", decided, n_decided, decided_rows, .inline_ = true),
    { 0 },
};
/* clang-format on */

/* A name on a disk may hold bytes that are no UTF-8; YAML cannot. Such a byte travels as a character of its own in
 * Unicode's private use area. */
enum { FOREIGN = 0xf700 };

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* The code of a three-byte UTF-8 sequence that stands for a foreign byte; 0: it is none. */
static unsigned foreign(const unsigned char *s)
{
    if (s[0] != 0xef || (s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80) return 0;
    unsigned code = 0xf000u | (s[1] & 63u) << 6 | (s[2] & 63u);
    return code >= FOREIGN + 0x80 && code <= FOREIGN + 0xff ? code : 0;
}

/* Length of the printable UTF-8 character at s; 0: there is none, or one that means a foreign byte. */
static size_t printable(const char *s)
{
    char one[8], safe[16];
    for (size_t n = 1; n <= 4 && s[n - 1]; n++) {
        memcpy(one, s, n);
        one[n] = 0;
        if (strcmp(td_printable(one, safe, sizeof safe), one) == 0)
            return n == 3 && foreign((const unsigned char *)s) ? 0 : n;
    }
    return 0;
}

/* Text that needs no quotes anywhere, for us or for programs that read 12 as a number and null as nothing. */
static bool plain_enough(const char *s)
{
    static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _./+-%();$=<>";
    static const char *const words[] = { "null", "true", "false", "yes", "no", "on", "off" };
    size_t n = strlen(s);
    if (!n || s[strspn(s, fine)] || s[n - 1] == ' ' || !s[strspn(s, "0123456789.+-_e")]) return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(s, words[i]) == 0) return false;
    return strspn(s, "-. ;%()=<>+") == 0 || (strchr("+-", s[0]) && s[1] >= '0' && s[1] <= '9');
}

static void put_text(td_text *out, const char *s)
{
    if (plain_enough(s)) {
        td_text_add(out, s);
        return;
    }
    td_text_add(out, "\"");
    while (*s) {
        size_t n = printable(s);
        if (*s == '"' || *s == '\\') td_text_add(out, "\\");
        if (n)
            td_text_addn(out, s, n);
        else if ((unsigned char)*s < 0x80)
            td_text_addf(out, "\\x%02x", *s);
        else
            td_text_addf(out, "\\u%04x", FOREIGN + (unsigned char)*s);
        s += n ? n : 1;
    }
    td_text_add(out, "\"");
}

/* Per cent that, divided by 100, give the same double; else the plain number, which the reader takes as well. */
static void put_portion(td_text *out, double x)
{
    char text[64];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x * 100);
        double percent = strtod(text, NULL);
        if (percent / 100 == x) {
            td_text_addf(out, "%s %%", td_number_text(percent, text, sizeof text));
            return;
        }
    }
    td_text_add(out, td_number_text(x, text, sizeof text));
}

static void put_slots(td_text *out, const td_param *p, const double *value, unsigned slots)
{
    char text[512];
    unsigned set = 0, last = 0;
    for (unsigned i = 0; i < slots; i++)
        if (!isnan(value[i])) set++, last = i + 1;
    if (!set)
        td_text_add(out, "none");
    else if (slots == 1 || (slots == 2 && set == 2))
        put_text(out, td_values_text(p, value, text, sizeof text));
    else {
        td_text_add(out, "[ ");
        for (unsigned i = 0; i < last; i++) {
            if (i) td_text_add(out, ", ");
            put_text(out, isnan(value[i]) ? "none" : td_value_text(p, value[i], text, sizeof text));
        }
        td_text_add(out, " ]");
    }
}

static unsigned slots_of(const td_param *p)
{
    return p->span > 1 ? p->span : 1;
}

/* "{ ratio: 2:1, attack: 10 ms }": what is set, and what is not set though it has a default. */
static void put_values(td_text *out, const td_processor *proc, const double *value, const char *file)
{
    const char *before = "{ ";
    for (size_t i = 0; i < proc->n_params; i += slots_of(&proc->params[i])) {
        const td_param *p = &proc->params[i];
        bool set = false, expected = false;
        for (unsigned k = 0; k < slots_of(p); k++) {
            set |= !isnan(value[i + k]);
            expected |= !isnan(proc->params[i + k].def);
        }
        if (!p->name || (!set && !expected)) continue;
        td_text_addf(out, "%s%s: ", before, p->name);
        if (p->unit == TD_UNIT_FILE && set && file)
            put_text(out, file);
        else
            put_slots(out, p, value + i, slots_of(p));
        before = ", ";
    }
    td_text_add(out, before[0] == ',' ? " }" : "{}");
}

static void put_rows(td_text *out, const row *rows, const void *from, unsigned indent, const char *first);

static void put_step(td_text *out, const td_plan_step *s, unsigned indent)
{
    td_text_addf(out, "%*s- %s:", indent, "", s->proc->name);
    td_text_add(out, " ");
    put_values(out, s->proc, s->value, s->file);
    td_text_add(out, "\n");
    if (s->n_parts) td_text_addf(out, "%*sbands:\n", indent + 2, "");
    for (size_t i = 0; i < s->n_parts; i++) {
        td_text_addf(out, "%*s- %s: ", indent + 4, "", s->part[i].proc->name);
        put_values(out, s->part[i].proc, s->part[i].value, NULL);
        td_text_add(out, "\n");
        put_rows(out, part_rows, &s->part[i], indent + 6, NULL);
    }
    put_rows(out, step_rows, s, indent + 2, NULL);
}

static bool is_absent(const row *r, const char *at, size_t count)
{
    switch (r->kind) {
    case TEXT:
        return !*(const char *const *)at;
    case NUMBER:
    case SECONDS:
    case PORTION: {
        double x = *(const double *)at;
        return isnan(r->absent) ? isnan(x) : x == r->absent && !signbit(x);
    }
    case FLAG:
        return !*(const bool *)at;
    case CHAIN:
        return !((const td_plan_chain *)at)->n_steps;
    case TEXTS:
    case LIST:
        return !count;
    default:
        return false;
    }
}

static void put_scalar(td_text *out, const row *r, const char *at)
{
    char text[80];
    switch (r->kind) {
    case TEXT:
        put_text(out, *(const char *const *)at);
        break;
    case NUMBER:
        td_text_add(out, td_measure_text(r->measure, *(const double *)at, text, sizeof text));
        break;
    case SECONDS:
        td_text_addf(out, "%s s", td_number_text(*(const double *)at, text, sizeof text));
        break;
    case PORTION:
        put_portion(out, *(const double *)at);
        break;
    case WHOLE:
        td_text_addf(out, "%u", *(const unsigned *)at);
        break;
    case LONG:
        td_text_addf(out, "%llu", (unsigned long long)*(const uint64_t *)at);
        break;
    case FLAG:
        td_text_add(out, "on");
        break;
    case WORD:
        td_text_add(out, r->words[*(const int *)at]);
        break;
    default:
        break;
    }
}

/* "{ at: 1.5 s, gain: -2 dB }" */
static void put_inline(td_text *out, const row *rows, const char *from)
{
    const char *before = "{ ";
    for (const row *r = rows; r->name; r++) {
        if (is_absent(r, from + r->at, 0)) continue;
        td_text_addf(out, "%s%s: ", before, r->name);
        put_scalar(out, r, from + r->at);
        before = ", ";
    }
    td_text_add(out, before[0] == ',' ? " }" : "{}");
}

static bool all_absent(const row *rows, const char *from)
{
    for (const row *r = rows; r->name; r++)
        if (!is_absent(r, from + r->at, 0)) return false;
    return true;
}

static void put_list(td_text *out, const row *r, const char *element, size_t count, unsigned indent)
{
    for (size_t i = 0; i < count; i++, element += r->size) {
        if (r->inline_) {
            td_text_addf(out, "%*s- ", indent, "");
            put_inline(out, r->rows, element);
            td_text_add(out, "\n");
        } else {
            put_rows(out, r->rows, element, indent + 2, "- ");
        }
    }
}

static void put_texts(td_text *out, const char *const *text, size_t count)
{
    td_text_add(out, " [ ");
    for (size_t i = 0; i < count; i++) {
        if (i) td_text_add(out, ", ");
        put_text(out, text[i]);
    }
    td_text_add(out, " ]\n");
}

static void put_compound(td_text *out, const row *r, const char *at, size_t count, unsigned indent)
{
    if (r->kind == TEXTS) {
        put_texts(out, *(const char *const *const *)at, count);
        return;
    }
    td_text_add(out, "\n");
    if (r->kind == LIST) {
        put_list(out, r, *(const char *const *)at, count, indent + 2);
        return;
    }
    const td_plan_chain *chain = (const td_plan_chain *)at;
    for (size_t i = 0; i < chain->n_steps; i++) put_step(out, &chain->step[i], indent + 2);
}

/* first: "- " where the rows are a list's entry and the first one carries its dash. */
static void put_rows(td_text *out, const row *rows, const void *struct_, unsigned indent, const char *first)
{
    const char *from = struct_;
    for (const row *r = rows; r->name; r++) {
        size_t count = r->count_at ? *(const size_t *)(from + r->count_at) : 0;
        if (r->kind == INSIDE ? all_absent(r->rows, from + r->at) : is_absent(r, from + r->at, count)) continue;
        td_text_addf(out, "%*s%s%s:", first ? (int)indent - 2 : (int)indent, "", first ? first : "", r->name);
        first = NULL;
        if (r->kind == TEXTS || r->kind == LIST || r->kind == CHAIN) {
            put_compound(out, r, from + r->at, count, indent);
            continue;
        }
        td_text_add(out, " ");
        if (r->kind == INSIDE)
            put_inline(out, r->rows, from + r->at);
        else
            put_scalar(out, r, from + r->at);
        td_text_add(out, "\n");
    }
}

td_status td_plan_write(const td_plan *p, td_text *out)
{
    td_plan told = *p;
    td_arena *a = td_arena_new();
    if (!a || td_plan_decisions(p, a, &told.decided, &told.n_decided)) out->broken = true;
    td_text_add(out, "topdown: plan/1\n");
    put_rows(out, plan_rows, &told, 0, NULL);
    td_arena_free(a);
    return out->broken ? TD_NOMEM : TD_OK;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* A text with its foreign bytes back in place. */
static const char *take_text(td_reader *r, const td_node *n)
{
    char *s = n->kind == TD_NODE_TEXT ? td_arena_strdup(r->arena, n->text) : NULL;
    if (n->kind != TD_NODE_TEXT)
        td_mistake(r->messages, n, "wrong_kind", NULL, "this has to be a text, not %s", td_node_what(r->messages, n));
    else if (!s)
        td_messages_break(r->messages);
    if (!s) return NULL;
    char *o = s;
    for (const unsigned char *p = (const unsigned char *)s; *p;) {
        unsigned code = foreign(p);
        *o++ = code ? (char)(code - FOREIGN) : (char)*p;
        p += code ? 3 : 1;
    }
    *o = 0;
    return s;
}

static void take_number(td_reader *r, const td_node *n, const row *w, double *out)
{
    bool bound = w->least != w->most;
    td_field f = { .name = w->name,
                   .measure = w->measure,
                   .min = bound ? w->least : (double)NAN,
                   .max = bound ? w->most : (double)NAN };
    td_read_number(r, n, &f, out);
}

/* Seconds and per cent are read here, without the detour over another unit that could cost the last bit. */
static void take_suffixed(td_reader *r, const td_node *n, const row *w, double *out)
{
    const char *suffix = w->kind == SECONDS ? " s" : " %", *text = n->kind == TD_NODE_TEXT ? n->text : "";
    char *end;
    double x = strtod(text, &end);
    bool bare = w->kind == PORTION && end != text && !*end;
    if (end == text || !(bare || strcmp(end, suffix) == 0) || !isfinite(x)) {
        td_mistake(r->messages, n, "wrong_kind", td_say(r->messages, "write for example 30%s", suffix),
                   "'%s' needs a number with '%s', not %s", w->name, suffix + 1, td_node_what(r->messages, n));
        return;
    }
    if (w->least != w->most && !(x >= w->least && x <= w->most))
        td_mistake(r->messages, n, "out_of_range", td_say(r->messages, "%g to %g%s", w->least, w->most, suffix),
                   "%s is out of range for '%s'", text, w->name);
    *out = w->kind == PORTION && !bare ? x / 100 : x;
}

static void take_long(td_reader *r, const td_node *n, const row *w, uint64_t *out)
{
    const char *text = n->kind == TD_NODE_TEXT ? n->text : "";
    size_t digits = strspn(text, "0123456789");
    if (!digits || digits > 18 || text[digits])
        td_mistake(r->messages, n, "wrong_kind", NULL, "'%s' has to be a whole number, not %s", w->name,
                   td_node_what(r->messages, n));
    else if ((*out = strtoull(text, NULL, 10)) < (uint64_t)w->least || *out > (uint64_t)w->most)
        td_mistake(r->messages, n, "out_of_range", td_say(r->messages, "%.0f to %.0f", w->least, w->most),
                   "%s is out of range for '%s'", text, w->name);
}

static void take_slot(td_reader *r, const td_node *n, const td_field *f, double *out)
{
    td_wish wish;
    if (n->kind == TD_NODE_TEXT && strcmp(n->text, "none") == 0)
        *out = NAN;
    else if (td_read_wish(r, n, f, &wish)) /* the flags leave numbers and auto only */
        *out = wish.kind == TD_WISH_AUTO ? INFINITY : wish.a;
}

static void take_value(td_reader *r, const td_node *n, const td_processor *proc, size_t slot, double *value,
                       const char **file)
{
    const td_param *p = &proc->params[slot];
    td_field f = td_field_of(p, proc->name);
    f.flags &= TD_AUTO;
    unsigned slots = slots_of(p);
    bool none = n->kind == TD_NODE_TEXT && strcmp(n->text, "none") == 0;
    for (unsigned i = 0; i < slots; i++)
        if (none || slots > 1) value[slot + i] = NAN;
    if (none) return;
    if (p->unit == TD_UNIT_FILE && file) {
        *file = take_text(r, n);
        value[slot] = 1;
    } else if (n->kind == TD_NODE_LIST && n->n <= slots && slots > 1) {
        for (size_t i = 0; i < n->n; i++) take_slot(r, n->value[i], &f, &value[slot + i]);
    } else if (slots == 2) {
        td_wish range[2];
        if (!td_read_range(r, n, &f, range)) return;
        for (int i = 0; i < 2; i++) value[slot + (size_t)i] = range[i].kind == TD_WISH_AUTO ? INFINITY : range[i].a;
    } else {
        take_slot(r, n, &f, &value[slot]);
    }
}

static double *take_values(td_reader *r, const td_node *n, const td_processor *proc, const char **file)
{
    double *value = td_take(r, proc->n_params, sizeof *value);
    if (!value) return NULL;
    td_processor_defaults(proc, value);
    bool empty = n->kind == TD_NODE_TEXT && !n->text[0];
    if (empty || !td_want(r, n, TD_NODE_MAP, td_say(r->messages, "what follows %s", proc->name))) return value;
    for (size_t i = 0; i < n->n; i++) {
        int slot = td_param_find(proc, n->key[i]->text);
        if (slot >= 0) {
            take_value(r, n->value[i], proc, (size_t)slot, value, file);
            continue;
        }
        const char *names[TD_VALUES_MAX];
        size_t known = 0;
        for (size_t k = 0; k < proc->n_params && known < TD_VALUES_MAX; k++)
            if (proc->params[k].name) names[known++] = proc->params[k].name;
        td_mistake(r->messages, n->key[i], "unknown_parameter", td_one_of(r->messages, n->key[i]->text, names, known),
                   "%s has no parameter '%s'", proc->name, td_cut(r->messages, n->key[i]->text));
    }
    return value;
}

static void take_one(td_reader *r, const td_node *n, const row *w, char *into);

static const row *find_row(const row *rows, const char *name)
{
    for (; rows->name; rows++)
        if (strcmp(rows->name, name) == 0) return rows;
    return NULL;
}

static void set_absent(const row *rows, char *into)
{
    for (const row *w = rows; w->name; w++) {
        if (w->kind == INSIDE) set_absent(w->rows, into + w->at);
        if (w->kind == NUMBER || w->kind == SECONDS || w->kind == PORTION) *(double *)(into + w->at) = w->absent;
    }
}

static size_t row_names(const row *rows, const char **out, size_t room)
{
    size_t n = 0;
    for (; rows[n].name && n < room; n++) out[n] = rows[n].name;
    return n;
}

static void unknown_key(td_reader *r, const td_node *key, const char *const *names, size_t n)
{
    td_mistake(r->messages, key, "unknown_key", td_one_of(r->messages, key->text, names, n),
               "a plan has no key '%s' here", td_cut(r->messages, key->text));
}

/* Of several keys that could be the processor, one may be a row's name misspelt. */
static bool mistook_row(td_reader *r, const td_node *map, const row *beside)
{
    const char *names[32];
    size_t n = row_names(beside, names, 31);
    if (beside == step_rows) names[n++] = "bands";
    for (size_t i = 0; map->kind == TD_NODE_MAP && i < map->n; i++) {
        const char *key = map->key[i]->text, *near = td_nearest(key, names, n);
        if (!near || !strcmp(near, key) || td_processor_find(key)) continue;
        unknown_key(r, map->key[i], names, n);
        return true;
    }
    return false;
}

/* The key of a step or band that is none of the rows beside it: the processor. map->n after a mistake. */
static size_t find_processor_key(td_reader *r, const td_node *map, const row *beside)
{
    size_t found = map->kind == TD_NODE_MAP ? map->n : 0, count = 0;
    for (size_t i = 0; map->kind == TD_NODE_MAP && i < map->n; i++) {
        const char *key = map->key[i]->text;
        if (find_row(beside, key) || (beside == step_rows && strcmp(key, "bands") == 0)) continue;
        found = i;
        count++;
    }
    if (count == 1) return found;
    if (!count || !mistook_row(r, map, beside))
        td_mistake(r->messages, map, "no_processor", NULL, "this has to hold exactly one processor");
    return map->n;
}

static void take_beside(td_reader *r, const td_node *map, const row *beside, void *into)
{
    for (size_t i = 0; i < map->n; i++) {
        const row *w = find_row(beside, map->key[i]->text);
        if (w) take_one(r, map->value[i], w, into);
    }
}

static void take_parts(td_reader *r, const td_node *list, td_plan_step *step)
{
    if (!td_want(r, list, TD_NODE_LIST, "'bands'")) return;
    step->part = td_take(r, list->n, sizeof *step->part);
    for (size_t i = 0; step->part && i < list->n && i < td_parts_most(step->proc); i++) {
        const td_node *n = list->value[i];
        size_t at = find_processor_key(r, n, part_rows);
        if (at == n->n) continue;
        td_plan_part *part = &step->part[step->n_parts];
        set_absent(part_rows, (char *)part);
        part->proc = step->proc->parts ? td_part_find(step->proc, n->key[at]->text) : NULL;
        if (!part->proc) {
            td_mistake(r->messages, n->key[at], "unknown_band", NULL, "%s has no band '%s'", step->proc->name,
                       td_cut(r->messages, n->key[at]->text));
            continue;
        }
        part->value = take_values(r, n->value[at], part->proc, NULL);
        take_beside(r, n, part_rows, part);
        step->n_parts++;
    }
}

static void check_step(td_reader *r, const td_node *n, const td_plan_step *step)
{
    td_part part[TD_POINTS_MAX];
    for (size_t i = 0; i < step->n_parts; i++) part[i] = (td_part){ step->part[i].proc, step->part[i].value };
    td_settings set = { .value = step->value, .part = part, .n_parts = step->n_parts, .file = step->file };
    td_error err = { 0 };
    if (td_messages_errors(r->messages) > r->before || td_messages_broken(r->messages)) return;
    if (td_settings_check(step->proc, &set, &err) != TD_OK)
        td_mistake(r->messages, n, "bad_settings", err.hint[0] ? td_say(r->messages, "%s", err.hint) : NULL, "%s",
                   err.what);
}

static bool take_step(td_reader *r, const td_node *n, td_plan_step *step)
{
    set_absent(step_rows, (char *)step);
    size_t at = find_processor_key(r, n, step_rows);
    if (at == n->n) return false;
    step->proc = td_processor_find(n->key[at]->text);
    if (!step->proc) {
        const char *names[128], *word = n->key[at]->text;
        const char *near = td_did_you_mean(r->messages, word, names, td_step_names(names, 128));
        td_mistake(r->messages, n->key[at], "unknown_processor", near ? near : "'topdown recipe processors' lists them",
                   "no processor '%s'", td_cut(r->messages, n->key[at]->text));
        return false;
    }
    step->name = step->proc->name;
    step->value = take_values(r, n->value[at], step->proc, &step->file);
    const td_node *bands = td_node_get(n, "bands");
    if (bands) take_parts(r, bands, step);
    take_beside(r, n, step_rows, step);
    check_step(r, n, step);
    return true;
}

static void take_chain(td_reader *r, const td_node *list, td_plan_chain *chain)
{
    if (!td_want(r, list, TD_NODE_LIST, "a chain")) return;
    chain->step = td_take(r, list->n, sizeof *chain->step);
    for (size_t i = 0; chain->step && i < list->n; i++)
        if (take_step(r, list->value[i], &chain->step[chain->n_steps])) chain->n_steps++;
}

/* Every row of a map; other keys are mistakes, and so are needed ones that are not there. */
static void take_map(td_reader *r, const td_node *map, const row *rows, void *into)
{
    if (!td_want(r, map, TD_NODE_MAP, "this part of a plan")) return;
    for (const row *w = rows; w->name; w++)
        if (w->needed && !td_node_get(map, w->name))
            td_mistake(r->messages, map, "missing", NULL, "'%s' is missing here", w->name);
    for (size_t i = 0; i < map->n; i++) {
        const row *w = find_row(rows, map->key[i]->text);
        if (w) {
            take_one(r, map->value[i], w, into);
            continue;
        }
        const char *names[32];
        unknown_key(r, map->key[i], names, row_names(rows, names, 32));
    }
}

static void take_list(td_reader *r, const td_node *list, const row *w, void *at, size_t *count)
{
    if (!td_want(r, list, TD_NODE_LIST, td_say(r->messages, "'%s'", w->name))) return;
    char *element = td_take(r, list->n, w->size);
    if (!element) return;
    *(void **)at = element;
    for (size_t i = 0; i < list->n; i++, element += w->size) {
        set_absent(w->rows, element);
        take_map(r, list->value[i], w->rows, element);
    }
    *count = list->n;
}

static void take_one(td_reader *r, const td_node *n, const row *w, char *into)
{
    char *at = into + w->at;
    size_t *count = (size_t *)(into + w->count_at);
    int word;
    switch (w->kind) {
    case TEXT:
        *(const char **)at = take_text(r, n);
        if (w->hash && *(const char **)at && !td_is_sha256(*(const char **)at))
            td_mistake(r->messages, n, "wrong_kind", "leave it as 'topdown plan' wrote it",
                       "'%s' has to be a SHA-256: 64 digits, 0 to 9 and a to f", w->name);
        break;
    case TEXTS:
        if (!td_want(r, n, TD_NODE_LIST, td_say(r->messages, "'%s'", w->name))) break;
        *(const char ***)at = td_take(r, n->n, sizeof(char *));
        for (size_t i = 0; *(const char ***)at && i < n->n; i++) {
            const char *text = take_text(r, n->value[i]);
            if (text) (*(const char ***)at)[(*count)++] = text;
        }
        break;
    case NUMBER:
        take_number(r, n, w, (double *)at);
        break;
    case SECONDS:
    case PORTION:
        take_suffixed(r, n, w, (double *)at);
        break;
    case WHOLE:
        td_read_whole(r, n, td_say(r->messages, "'%s'", w->name), (unsigned)w->least,
                      w->most > 0 ? (unsigned)w->most : 100000000, (unsigned *)at);
        break;
    case LONG:
        take_long(r, n, w, (uint64_t *)at);
        break;
    case FLAG:
        td_read_switch(r, n, td_say(r->messages, "'%s'", w->name), (bool *)at);
        break;
    case WORD:
        word = td_read_word(r, n, td_say(r->messages, "'%s'", w->name), w->words);
        if (word >= 0) *(int *)at = word;
        break;
    case INSIDE:
        take_map(r, n, w->rows, at);
        break;
    case LIST:
        take_list(r, n, w, at, count);
        break;
    case CHAIN:
        take_chain(r, n, (td_plan_chain *)at);
        break;
    }
}

/* ---- what a plan says about itself ------------------------------------------------------------------------------- */

typedef struct names {
    const char *what; /* "return" */
    const char **name;
    size_t n;
} names;

static void known(td_reader *r, const td_node *n, const names *of)
{
    const char *text = n && n->kind == TD_NODE_TEXT ? take_text(r, n) : NULL;
    if (!text) return;
    for (size_t i = 0; i < of->n; i++)
        if (strcmp(of->name[i], text) == 0) return;
    td_mistake(r->messages, n, "unknown_name", td_one_of(r->messages, text, of->name, of->n), "the plan has no %s '%s'",
               of->what, td_cut(r->messages, text));
}

static void check_ride(td_reader *r, const td_node *list, const td_breakpoint *ride, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (ride[i].at_s <= ride[i - 1].at_s)
            td_mistake(r->messages, list->value[i], "out_of_order", "the moments of a ride follow each other",
                       "this moment does not come after the one before it");
}

static void check_sends(td_reader *r, const td_node *place, const names *returns)
{
    const td_node *list = td_node_get(place, "sends");
    for (size_t i = 0; list && i < list->n; i++) known(r, td_node_get(list->value[i], "to"), returns);
}

static void check_keys(td_reader *r, const td_node *place, const char *chain, const names *stems)
{
    const td_node *list = td_node_get(place, chain);
    for (size_t i = 0; list && i < list->n; i++) {
        const td_node *key = td_node_get(list->value[i], "key");
        for (size_t k = 0; key && k < key->n; k++) known(r, key->value[k], stems);
    }
}

/* Names of an array of structs that begin with them. */
static names names_of(td_reader *r, const char *what, const void *array, size_t n, size_t size, size_t at)
{
    names out = { what, td_take(r, n, sizeof(char *)), 0 };
    for (size_t i = 0; out.name && i < n; i++)
        out.name[out.n++] = *(const char *const *)((const char *)array + i * size + at);
    return out;
}

#define NAMES_OF(r, what, array, n, type) names_of(r, what, array, n, sizeof(type), offsetof(type, name))

static void check_preview(td_reader *r, const td_node *preview, const td_plan *p)
{
    const td_node *format = preview ? td_node_get(preview, "format") : NULL,
                  *bits = preview ? td_node_get(preview, "bits") : NULL;
    const char *name = p->preview_format;
    unsigned length;
    if (format && !td_read_format(r, format, &name)) return;
    if (bits && name && !td_format_lossy(name)) td_read_bits(r, bits, name, &length);
}

/* Whom it names has to be there, and time goes forward: a person may have edited it. */
static void check_plan(td_reader *r, const td_node *root, const td_plan *p)
{
    if (td_messages_errors(r->messages) > r->before || td_messages_broken(r->messages)) return;
    names returns = NAMES_OF(r, "return", p->ret, p->n_rets, td_plan_return);
    names buses = NAMES_OF(r, "bus", p->bus, p->n_buses, td_plan_bus);
    names stems = NAMES_OF(r, "stem", p->stem, p->n_stems, td_plan_stem);
    for (size_t i = 0; i < p->n_stems; i++) {
        const td_node *n = td_node_get(root, "stems")->value[i];
        known(r, td_node_get(n, "bus"), &buses);
        check_sends(r, n, &returns);
        check_ride(r, td_node_get(n, "ride"), p->stem[i].ride, p->stem[i].n_ride);
    }
    for (size_t i = 0; i < p->n_buses; i++) {
        const td_node *n = td_node_get(root, "buses")->value[i];
        check_sends(r, n, &returns);
        check_keys(r, n, "chain", &stems);
        check_ride(r, td_node_get(n, "ride"), p->bus[i].ride, p->bus[i].n_ride);
    }
    check_keys(r, root, "mix", &stems);
    check_preview(r, td_node_get(root, "preview"), p);
}

static td_plan *read_plan(td_reader *r, const char *file, const char *text, size_t length)
{
    td_node *root = td_yaml_read(r->arena, file, text, length, r->messages);
    if (!root || !td_check_header(r->messages, root, "plan/1")) return NULL;
    for (size_t i = 0; i < root->n; i++)
        if (strcmp(root->key[i]->text, "topdown") == 0) td_node_remove(root, i--);
    td_plan *plan = td_take(r, 1, sizeof *plan);
    if (!plan) return NULL;
    set_absent(plan_rows, (char *)plan);
    take_map(r, root, plan_rows, plan);
    plan->arena = r->arena;
    check_plan(r, root, plan);
    if (td_messages_errors(r->messages) == r->before && td_plan_tell_hands(plan)) td_messages_break(r->messages);
    return plan;
}

td_status td_plan_read(const char *file, const char *text, size_t length, td_plan **out, td_messages *m)
{
    td_reader r = td_reader_new(m, false);
    td_plan *plan = r.arena ? read_plan(&r, file, text, length) : NULL;
    td_status st = td_reader_end(&r, TD_RECIPE);
    *out = st == TD_OK ? plan : NULL;
    return st;
}

td_status td_plan_load(const char *path, td_plan **out, td_messages *m)
{
    *out = NULL;
    td_arena *a = td_arena_new();
    char *text;
    size_t length;
    td_status st = td_document_load(a, path, &text, &length, m);
    if (!st) st = td_plan_read(path, text, length, out, m);
    td_arena_free(a);
    return st;
}
