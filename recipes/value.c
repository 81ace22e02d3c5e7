#include "recipes/reader.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- units ------------------------------------------------------------------------------------------------------- */

typedef struct unit {
    const char *name;
    td_measure measure;
    double factor; /* to the unit of td_param */
} unit;

static const unit units[] = {
    { "dB", TD_UNIT_DB, 1 },           { "LU", TD_UNIT_DB, 1 },        { "dBFS", TD_UNIT_DBFS, 1 },
    { "dBTP", TD_MEASURE_DBTP, 1 },    { "LUFS", TD_MEASURE_LUFS, 1 }, { "Hz", TD_UNIT_HZ, 1 },
    { "kHz", TD_UNIT_HZ, 1000 },       { "ms", TD_UNIT_MS, 1 },        { "s", TD_UNIT_MS, 1000 },
    { "min", TD_UNIT_MS, 60000 },      { "%", TD_UNIT_PERCENT, 1 },    { "dB/oct", TD_UNIT_SLOPE, 1 },
    { "st", TD_UNIT_SEMITONE, 1 },     { "deg", TD_UNIT_DEGREE, 1 },   { "bpm", TD_MEASURE_BPM, 1 },
    { "kbit/s", TD_MEASURE_KBITS, 1 },
};
enum { UNITS = sizeof units / sizeof *units };

/* What people write instead; besides, every unit in wrong case. */
static const struct {
    const char *wrong, *right;
} spellings[] = {
    { "k", "kHz" },       { "hertz", "Hz" },     { "sec", "s" },     { "secs", "s" },      { "second", "s" },
    { "seconds", "s" },   { "msec", "ms" },      { "percent", "%" }, { "pct", "%" },       { "db/octave", "dB/oct" },
    { "semitone", "st" }, { "semitones", "st" }, { "lkfs", "LUFS" }, { "decibel", "dB" },  { "kbps", "kbit/s" },
    { "kbit", "kbit/s" }, { "day", "d" },        { "days", "d" },    { "degrees", "deg" }, { "dbtp", "dBTP" },
};

static const struct {
    const char *name, *example, *unit;
} measures[TD_MEASURE_COUNT] = {
    [TD_UNIT_NUMBER] = { "a plain number", "1", "" },
    [TD_UNIT_DB] = { "a gain", "+1 dB", "dB" },
    [TD_UNIT_DBFS] = { "a level", "-20 dBFS", "dBFS" },
    [TD_UNIT_HZ] = { "a frequency", "3 kHz", "Hz" },
    [TD_UNIT_MS] = { "a time", "10 ms", "ms" },
    [TD_UNIT_RATIO] = { "a ratio", "2:1", "" },
    [TD_UNIT_PERCENT] = { "an amount", "50 %", "%" },
    [TD_UNIT_SLOPE] = { "a slope", "12 dB/oct", "dB/oct" },
    [TD_UNIT_PAN] = { "a position", "L30, C or R100", "" },
    [TD_UNIT_SEMITONE] = { "an interval", "2 st", "st" },
    [TD_UNIT_CHOICE] = { "a word", "", "" },
    [TD_UNIT_SWITCH] = { "on or off", "on", "" },
    [TD_UNIT_FILE] = { "a file", "rooms/hall.wav", "" },
    [TD_UNIT_DEGREE] = { "an angle", "90 deg", "deg" },
    [TD_MEASURE_DBTP] = { "a true-peak level", "-1 dBTP", "dBTP" },
    [TD_MEASURE_LUFS] = { "a loudness", "-14 LUFS", "LUFS" },
    [TD_MEASURE_BPM] = { "a tempo", "122 bpm", "bpm" },
    [TD_MEASURE_KBITS] = { "a bit rate", "192 kbit/s", "kbit/s" },
};

const char *td_measure_unit(td_measure m)
{
    return measures[m].unit;
}

const char *td_measure_name(td_measure m)
{
    return measures[m].name;
}

td_measure td_measure_of(const char *name)
{
    for (size_t i = 0; i < UNITS; i++)
        if (strcmp(units[i].name, name) == 0) return units[i].measure;
    return TD_UNIT_NUMBER;
}

/* A tempo has but one unit, which may go unsaid. */
static bool is_bare(td_measure m)
{
    return m == TD_UNIT_NUMBER || m == TD_MEASURE_BPM;
}

const char *td_measure_pattern(td_measure m, char *out, size_t size)
{
    static const char number[] = "[-+]?[0-9]+(\\.[0-9]+)?";
    if (m == TD_UNIT_PAN || m == TD_UNIT_RATIO) {
        snprintf(out, size, "%s", m == TD_UNIT_PAN ? "(C|[LR][0-9]+(\\.[0-9]+)?)" : "([0-9.]+|inf):[0-9.]+");
        return out;
    }
    size_t used = (size_t)snprintf(out, size, "%s", number);
    const char *before = " ?(";
    for (size_t i = 0; i < UNITS && used < size; i++) {
        if (units[i].measure != m) continue;
        used += (size_t)snprintf(out + used, size - used, "%s%s", before, units[i].name);
        before = "|";
    }
    if (before[0] == '|' && used < size) snprintf(out + used, size - used, is_bare(m) ? ")?" : ")");
    return out;
}

static const unit *unit_named(const char *name, size_t length)
{
    for (size_t i = 0; i < UNITS; i++)
        if (strlen(units[i].name) == length && memcmp(units[i].name, name, length) == 0) return &units[i];
    return NULL;
}

static const unit *unit_meant(const char *name, size_t length)
{
    for (size_t i = 0; i < UNITS; i++)
        if (strlen(units[i].name) == length && strncasecmp(units[i].name, name, length) == 0) return &units[i];
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        if (strlen(spellings[i].wrong) == length && strncasecmp(spellings[i].wrong, name, length) == 0)
            return unit_named(spellings[i].right, strlen(spellings[i].right));
    return NULL;
}

td_field td_field_of(const td_param *p, const char *of)
{
    return (td_field){ p->name, of, (td_measure)p->unit, p->min, p->max, p->flags, p->choices };
}

/* ---- numbers as text --------------------------------------------------------------------------------------------- */

/* A number as it stands in a text, with the word behind it. */
typedef struct quantity {
    const char *at; /* its first character */
    size_t length;  /* up to the end of its unit; 0: there is no number */
    size_t number_length;
    double number;      /* in the unit written */
    bool comma;         /* 2,5 */
    double second;      /* of 2:1 and 1:12; number is the first */
    bool ratio;         /* 2:1 */
    bool note;          /* 1/8 note */
    const char *word;   /* the unit as written */
    size_t word_length; /* 0: none */
    const unit *unit;   /* NULL: there is none of that name */
    const unit *meant;  /* the one its spelling is nearest to */
} quantity;

static size_t blanks(const char *s)
{
    return strspn(s, " ");
}

/* Decimal digits with point, sign and exponent, or inf; sets *comma for a decimal comma. Returns bytes read. */
static size_t scan_decimal(const char *s, double *out, bool *comma)
{
    size_t n = *s == '+' || *s == '-';
    if (strncmp(s + n, "inf", 3) == 0 && !isalpha((unsigned char)s[n + 3])) {
        *out = *s == '-' ? -INFINITY : INFINITY;
        return n + 3;
    }
    size_t whole = strspn(s + n, "0123456789");
    n += whole;
    if (whole && s[n] == ',' && isdigit((unsigned char)s[n + 1])) {
        *comma = true;
        n += 1 + strspn(s + n + 1, "0123456789");
    } else if (s[n] == '.' && (whole || isdigit((unsigned char)s[n + 1]))) {
        size_t part = strspn(s + n + 1, "0123456789");
        whole += part;
        n += 1 + part;
    }
    if (!whole) return 0;
    if (s[n] == 'e') {
        size_t sign = s[n + 1] == '+' || s[n + 1] == '-', power = strspn(s + n + 1 + sign, "0123456789");
        if (power) n += 1 + sign + power;
    }
    char digits[64];
    if (n >= sizeof digits) return 0;
    memcpy(digits, s, n);
    digits[n] = 0;
    *out = strtod(digits, NULL);
    return n;
}

static bool joins(const char *word, size_t length) /* words of sentences, never units */
{
    return (length == 2 && (strncmp(word, "to", 2) == 0 || strncmp(word, "or", 2) == 0)) ||
           (length == 3 && strncmp(word, "and", 3) == 0);
}

static size_t word_length(const char *s)
{
    size_t n = 0;
    while (isalpha((unsigned char)s[n]) || s[n] == '%' || (n && s[n] == '/')) n++;
    return n;
}

/* The second number of 2:1, 1:12 and 1/8 note. */
static size_t scan_second(const char *s, quantity *q)
{
    if (*s != ':' && *s != '/') return 0;
    size_t n = scan_decimal(s + 1, &q->second, &q->comma);
    if (!n || !(q->second >= 0) || !isfinite(q->second)) return 0;
    q->ratio = *s == ':';
    if (q->ratio) return n + 1;
    size_t gap = blanks(s + 1 + n), word = word_length(s + 1 + n + gap);
    if (!(q->second > 0) || word != 4 || strncmp(s + 1 + n + gap, "note", 4) != 0) return 0;
    q->note = true;
    q->number /= q->second;
    return n + 1;
}

static void scan(const char *s, quantity *q)
{
    *q = (quantity){ .at = s };
    size_t n = scan_decimal(s, &q->number, &q->comma);
    if (!n) return;
    n += scan_second(s + n, q);
    q->length = q->number_length = n;
    size_t gap = blanks(s + n), word = word_length(s + n + gap);
    if (!word || joins(s + n + gap, word)) return;
    q->length = n + gap + word;
    if (q->note) return;
    q->word = s + n + gap;
    q->word_length = word;
    q->unit = unit_named(q->word, word);
    q->meant = q->unit ? q->unit : unit_meant(q->word, word);
}

/* ---- mistakes ---------------------------------------------------------------------------------------------------- */

static const char *label_of(td_reader *r, const td_field *f)
{
    return f->of ? td_say(r->messages, "'%s' of %s", f->name, f->of) : td_say(r->messages, "'%s'", f->name);
}

static const char *example_of(td_reader *r, const td_field *f)
{
    if (f->choices) {
        size_t n = 0;
        while (f->choices[n]) n++;
        return td_one_of(r->messages, "", f->choices, n);
    }
    const char *wish = f->flags & TD_GOAL ? "at most " : "";
    const char *example = f->flags & TD_GOAL && f->measure == TD_UNIT_DB ? "2 dB" : measures[f->measure].example;
    return td_say(r->messages, "write for example %s%s%s", wish, example, f->flags & TD_AUTO ? ", or auto" : "");
}

static bool wrong(td_reader *r, const td_node *n, const td_field *f, const quantity *q, const char *hint,
                  const char *because)
{
    td_mistake_in(r->messages, n, (size_t)(q->at - n->text), q->length, "wrong_unit", hint, "%s needs %s, '%s' %s",
                  label_of(r, f), measures[f->measure].name, td_say(r->messages, "%.*s", (int)q->length, q->at),
                  because);
    return false;
}

static bool is_level(td_measure m)
{
    return m == TD_UNIT_DBFS || m == TD_MEASURE_DBTP || m == TD_MEASURE_LUFS;
}

static bool no_unit(td_reader *r, const td_node *n, const td_field *f, const quantity *q)
{
    const char *number = td_say(r->messages, "%.*s", (int)q->number_length, q->at);
    const char *hint = f->measure == TD_UNIT_RATIO ? td_say(r->messages, "did you mean '%s:1'?", number)
                       : measures[f->measure].unit[0]
                           ? td_say(r->messages, "did you mean '%s %s'?", number, measures[f->measure].unit)
                           : example_of(r, f);
    return wrong(r, n, f, q, hint, f->measure == TD_UNIT_RATIO ? "is a bare number" : "has no unit");
}

static bool wrong_unit(td_reader *r, const td_node *n, const td_field *f, const quantity *q)
{
    if (!q->meant) return wrong(r, n, f, q, example_of(r, f), "has an unknown unit");
    const char *name = measures[q->meant->measure].name;
    if (!q->unit && q->meant->measure == f->measure)
        return wrong(r, n, f, q,
                     td_say(r->messages, "did you mean '%.*s %s'?", (int)q->number_length, q->at, q->meant->name),
                     "has a misspelt unit");
    if (!q->unit) return wrong(r, n, f, q, example_of(r, f), td_say(r->messages, "is %s with a misspelt unit", name));
    const char *hint =
        is_level(f->measure) && q->unit->measure == TD_UNIT_DB ? "a level needs dBFS, dBTP or LUFS" : example_of(r, f);
    return wrong(r, n, f, q, hint, td_say(r->messages, "is %s", name));
}

/* Times of an hour and more are places in a song and may be written 1:12. */
static bool is_position(const td_field *f)
{
    return f->measure == TD_UNIT_MS && f->max >= 3600e3;
}

/* Says what is wrong with the quantity's unit for this field; true when it fits. */
static bool fits(td_reader *r, const td_node *n, const td_field *f, const quantity *q)
{
    if (q->comma) {
        char fixed[64];
        snprintf(fixed, sizeof fixed, "%.*s", (int)(q->length < 60 ? q->length : 60), q->at);
        for (char *c = fixed; *c; c++)
            if (*c == ',') *c = '.';
        td_mistake_in(r->messages, n, (size_t)(q->at - n->text), q->length, "decimal_comma",
                      td_say(r->messages, "write %s", fixed), "'%.*s' has a decimal comma", (int)q->length, q->at);
        return false;
    }
    if (q->note) return f->measure == TD_UNIT_MS || wrong(r, n, f, q, example_of(r, f), "is a note length");
    if (q->ratio && is_position(f))
        return q->second < 60 || wrong(r, n, f, q, "write for example 1:12", "is no minute and second");
    if (q->ratio)
        return (f->measure == TD_UNIT_RATIO && q->second > 0) || wrong(r, n, f, q, example_of(r, f), "is a ratio");
    if (!q->word_length) return is_bare(f->measure) || no_unit(r, n, f, q);
    return (q->unit && q->unit->measure == f->measure) || wrong_unit(r, n, f, q);
}

static double amount(const td_field *f, const quantity *q)
{
    if (q->ratio) return is_position(f) ? (q->number * 60 + q->second) * 1000 : q->number / q->second;
    return q->unit ? q->number * q->unit->factor : q->number;
}

/* "5 kHz to 9 kHz" as "5 to 9 kHz". */
static const char *range_text(td_measure m, double low, double high, char *out, size_t size)
{
    char a[80], b[80];
    td_measure_text(m, low, a, sizeof a);
    td_measure_text(m, high, b, sizeof b);
    char *unit_a = strchr(a, ' ');
    const char *unit_b = strchr(b, ' ');
    if (unit_a && unit_b && strcmp(unit_a, unit_b) == 0) *unit_a = 0;
    snprintf(out, size, "%s to %s%s", a, m == TD_UNIT_DB && low < 0 && high > 0 ? "+" : "", b);
    return out;
}

static bool in_range(td_reader *r, const td_node *n, const td_field *f, double value)
{
    if (!(value < f->min) && !(value > f->max)) return true;
    char text[64], bound[128];
    const char *hint =
        isnan(f->min)   ? td_say(r->messages, "at most %s", td_measure_text(f->measure, f->max, bound, sizeof bound))
        : isnan(f->max) ? td_say(r->messages, "at least %s", td_measure_text(f->measure, f->min, bound, sizeof bound))
                        : td_say(r->messages, "%s", range_text(f->measure, f->min, f->max, bound, sizeof bound));
    td_mistake(r->messages, n, "out_of_range", hint, "%s is out of range for %s",
               td_measure_text(f->measure, value, text, sizeof text), label_of(r, f));
    return false;
}

static bool no_value(td_reader *r, const td_node *n, const td_field *f)
{
    const char *knob = n->kind == TD_NODE_TEXT ? strchr(n->text, '$') : NULL;
    if (knob)
        td_mistake(r->messages, n, "wrong_unit", "a knob that is no number stands for a whole value",
                   "%s needs %s, and '%s' is none", label_of(r, f), measures[f->measure].name,
                   td_cut(r->messages, knob));
    else
        td_mistake(r->messages, n, "wrong_kind", example_of(r, f), "%s needs %s, not %s", label_of(r, f),
                   measures[f->measure].name, td_node_what(r->messages, n));
    return false;
}

/* ---- reading values ---------------------------------------------------------------------------------------------- */

/* The index of the knob "$name"; -1 after a mistake. */
static int find_knob(td_reader *r, const td_node *n, const char *text)
{
    for (size_t i = 0; i < r->n_knobs; i++)
        if (strcmp(r->knob[i].name, text + 1) == 0) return (int)i;
    const char **names = td_take(r, r->n_knobs, sizeof *names);
    for (size_t k = 0; names && k < r->n_knobs; k++) names[k] = r->knob[k].name;
    const char *hint =
        names && r->n_knobs ? td_one_of(r->messages, text + 1, names, r->n_knobs) : "declare it under 'values'";
    const char *at = strstr(n->text, text);
    td_mistake_in(r->messages, n, at ? (size_t)(at - n->text) : 0, strlen(text), "unknown_knob", hint, "no knob '%s'",
                  td_cut(r->messages, text));
    return -1;
}

const td_node *td_turned(td_reader *r, const td_node *n)
{
    if (n->kind != TD_NODE_TEXT || n->text[0] != '$') return n;
    size_t i = 0;
    while (i < r->n_knobs && strcmp(r->knob[i].name, n->text + 1) != 0) i++;
    if (i == r->n_knobs || !r->knob[i].text) return n;
    td_node *held = td_take(r, 1, sizeof *held);
    if (!held) return n;
    r->knob_used[i] = true;
    *held = *n;
    held->text = r->knob[i].text;
    return held;
}

void td_mistaken_knob(td_reader *r, const td_node *n, const char *label)
{
    int i = find_knob(r, n, n->text);
    if (i >= 0)
        td_mistake(r->messages, n, "wrong_unit", NULL, "%s needs a word, the knob '%s' is %s", label, n->text,
                   measures[r->knob_measure[i]].name);
}

bool td_is_amount(const char *text)
{
    quantity q;
    scan(text, &q);
    return q.length && !text[q.length] && !q.note;
}

static bool read_knob(td_reader *r, const td_node *n, const char *text, const td_field *f, td_wish *out)
{
    int i = find_knob(r, n, text);
    if (i < 0) return false;
    if (r->knob[i].text) return no_value(r, n, f);
    r->knob_used[i] = true;
    if (r->knob_measure[i] != f->measure) {
        td_mistake(r->messages, n, "wrong_unit", NULL, "%s needs %s, the knob '%s' is %s", label_of(r, f),
                   measures[f->measure].name, text, measures[r->knob_measure[i]].name);
        return false;
    }
    out->a = r->knob[i].value;
    out->knob = td_keep(r, text);
    return in_range(r, n, f, out->a);
}

/* A number or a knob that begins at text, which ends the scalar. */
static bool read_amount(td_reader *r, const td_node *n, const char *text, const td_field *f, td_wish *out)
{
    if (text[0] == '$') return read_knob(r, n, text, f, out);
    quantity q;
    scan(text, &q);
    if (!q.length || text[q.length]) return no_value(r, n, f);
    if (!fits(r, n, f, &q)) return false;
    if (q.note) {
        out->kind = TD_WISH_NOTES;
        out->a = q.number;
        return true;
    }
    out->a = amount(f, &q);
    return in_range(r, n, f, out->a);
}

/* "a to b": reads both into out. Returns 0 when there is no such thing here, 1 when there is, -1 after a mistake. */
static int scan_pair(td_reader *r, const td_node *n, const char *text, const td_field *f, double out[2], size_t *used)
{
    quantity low, high;
    scan(text, &low);
    const char *to = text + low.length + blanks(text + low.length);
    if (!low.length || strncmp(to, "to ", 3) != 0) return 0;
    scan(to + 3 + blanks(to + 3), &high);
    if (!high.length) return 0;
    if (!low.word_length && !low.ratio && !low.note) { /* the unit stands once, at the end */
        low.word = high.word;
        low.word_length = high.word_length;
        low.unit = high.unit;
        low.meant = high.meant;
        if (!fits(r, n, f, &high)) return -1;
    }
    if (!fits(r, n, f, &low) || !fits(r, n, f, &high)) return -1;
    out[0] = amount(f, &low);
    out[1] = amount(f, &high);
    *used = (size_t)(high.at + high.length - text);
    if (low.note || high.note || out[0] > out[1]) {
        td_mistake_in(r->messages, n, (size_t)(text - n->text), *used, "bad_range", "the smaller value stands first",
                      "the range '%.*s' runs backwards", (int)(*used < 48 ? *used : 48), text);
        return -1;
    }
    return in_range(r, n, f, out[0]) && in_range(r, n, f, out[1]) ? 1 : -1;
}

static bool read_choice(td_reader *r, const td_node *n, const td_field *f, td_wish *out)
{
    static const char *const switches[] = { "off", "on", NULL };
    int i = td_read_word(r, n, label_of(r, f), f->measure == TD_UNIT_SWITCH ? switches : f->choices);
    out->kind = TD_WISH_VALUE;
    out->a = i;
    return i >= 0;
}

static bool read_pan(td_reader *r, const td_node *n, const td_field *f, td_wish *out)
{
    const char *s = n->text;
    bool side = *s == 'L' || *s == 'R', comma = false;
    size_t length = side ? scan_decimal(s + 1, &out->a, &comma) : 0;
    out->kind = TD_WISH_VALUE;
    if (strcmp(s, "C") == 0) return out->a = 0, true;
    if (!length || s[1 + length] || comma || out->a < 0) return no_value(r, n, f);
    if (*s == 'L') out->a = 0 - out->a;
    return in_range(r, n, f, out->a);
}

static const struct {
    const char *text;
    td_wish_kind kind;
} wishes[] = { { "at most ", TD_WISH_AT_MOST }, { "at least ", TD_WISH_AT_LEAST }, { "about ", TD_WISH_ABOUT } };

static bool goal_needs_wish(td_reader *r, const td_node *n, const td_field *f)
{
    td_mistake(r->messages, n, "needs_wish",
               td_say(r->messages, "write 'at most %s', 'about %s' or a range", n->text, n->text),
               "%s is a goal, it needs a wish", label_of(r, f));
    return false;
}

static bool plain_only(td_reader *r, const td_node *n, const td_field *f, const char *what)
{
    td_mistake(r->messages, n, "no_wish", example_of(r, f), "%s takes a value, not %s", label_of(r, f), what);
    return false;
}

/* "at most 2 dB" and the like: 1 when it is one, 0 when not, -1 after a mistake. */
static int read_goal(td_reader *r, const td_node *n, const td_field *f, td_wish *out)
{
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        if (!td_starts_with(n->text, wishes[i].text)) continue;
        if (!(f->flags & TD_GOAL)) return plain_only(r, n, f, "a wish"), -1;
        const char *rest = n->text + strlen(wishes[i].text);
        if (!read_amount(r, n, rest + blanks(rest), f, out)) return -1;
        out->kind = wishes[i].kind;
        return 1;
    }
    return 0;
}

static bool read_special(td_reader *r, const td_node *n, const td_field *f, td_wish *out, bool *is_special)
{
    bool automatic = strcmp(n->text, "auto") == 0;
    *is_special = automatic || strcmp(n->text, "measured") == 0;
    if (!*is_special) return false;
    if (!(f->flags & (automatic ? TD_AUTO : TD_MEASURED)))
        return plain_only(r, n, f, td_say(r->messages, "'%s'", n->text));
    out->kind = automatic ? TD_WISH_AUTO : TD_WISH_MEASURED;
    return true;
}

static bool read_wish(td_reader *r, const td_node *n, const td_field *f, td_wish *out)
{
    bool special;
    if (n->kind != TD_NODE_TEXT) return no_value(r, n, f);
    if (f->measure == TD_UNIT_CHOICE || f->measure == TD_UNIT_SWITCH) {
        bool given = read_special(r, n, &(td_field){ .flags = ~0u }, out, &special);
        if (special && (f->flags & (out->kind == TD_WISH_AUTO ? TD_AUTO : TD_MEASURED))) return given;
        return read_choice(r, n, f, out);
    }
    bool read = read_special(r, n, f, out, &special);
    if (special) return read;
    if (f->measure == TD_UNIT_PAN) return read_pan(r, n, f, out);
    int goal = read_goal(r, n, f, out);
    if (goal) return goal > 0;
    double pair[2];
    size_t used;
    int range = scan_pair(r, n, n->text, f, pair, &used);
    if (range < 0) return false;
    if (range && n->text[used]) return no_value(r, n, f);
    if (range && !(f->flags & (TD_GOAL | TD_SOLVABLE))) return plain_only(r, n, f, "a range");
    if (range) {
        *out = (td_wish){ .kind = TD_WISH_RANGE, .a = pair[0], .b = pair[1] };
        return true;
    }
    out->kind = TD_WISH_VALUE;
    if (!read_amount(r, n, n->text, f, out)) return false;
    return f->flags & TD_GOAL ? goal_needs_wish(r, n, f) : true;
}

bool td_read_wish(td_reader *r, const td_node *n, const td_field *f, td_wish *out)
{
    const td_node *held = td_turned(r, n);
    *out = (td_wish){ 0 };
    bool read = read_wish(r, held, f, out);
    if (held != n) out->knob = td_keep(r, n->text);
    return read;
}

bool td_read_range(td_reader *r, const td_node *n, const td_field *f, td_wish out[2])
{
    const char *knob = n->kind == TD_NODE_TEXT && n->text[0] == '$' ? td_keep(r, n->text) : NULL;
    out[0] = out[1] = (td_wish){ .knob = knob };
    n = td_turned(r, n);
    if (n->kind != TD_NODE_TEXT) return no_value(r, n, f);
    bool special, read = read_special(r, n, f, out, &special);
    if (special) {
        out[1] = out[0];
        return read;
    }
    double pair[2];
    size_t used;
    int range = scan_pair(r, n, n->text, f, pair, &used);
    if (range < 0) return false;
    if (!range || n->text[used]) {
        td_mistake(r->messages, n, "wrong_kind",
                   f->measure == TD_UNIT_HZ ? "write for example 5 to 9 kHz" : "write two values with 'to' between",
                   "%s needs a range, not %s", label_of(r, f), td_node_what(r->messages, n));
        return false;
    }
    for (int i = 0; i < 2; i++) out[i] = (td_wish){ .kind = TD_WISH_VALUE, .a = pair[i], .knob = knob };
    return true;
}

bool td_read_number(td_reader *r, const td_node *n, const td_field *f, double *out)
{
    td_wish wish;
    td_field plain = *f;
    plain.flags = 0;
    if (!td_read_wish(r, n, &plain, &wish)) return false;
    if (wish.kind != TD_WISH_VALUE) return no_value(r, n, f);
    *out = wish.a;
    return true;
}

bool td_read_any(td_reader *r, const td_node *n, const char *label, double *out, td_measure *measure)
{
    quantity q = { 0 };
    if (n->kind == TD_NODE_TEXT) scan(n->text, &q);
    if (!q.length || n->text[q.length] || q.note) {
        td_mistake(r->messages, n, "wrong_kind", "write for example 2 dB", "%s needs a number with a unit, not %s",
                   label, td_node_what(r->messages, n));
        return false;
    }
    *measure = q.ratio ? TD_UNIT_RATIO : q.meant ? q.meant->measure : TD_UNIT_NUMBER;
    td_field f = { label, NULL, *measure, NAN, NAN, 0, NULL };
    if (!fits(r, n, &f, &q)) return false;
    *out = amount(&f, &q);
    return true;
}

size_t td_scan_number(td_reader *r, const td_node *n, size_t offset, const td_field *f, double *out)
{
    quantity q;
    const char *text = n->text + offset;
    if (text[0] == '$') {
        td_wish wish = { 0 };
        size_t used = 1 + strspn(text + 1, "abcdefghijklmnopqrstuvwxyz0123456789-_");
        bool read = read_knob(r, n, td_say(r->messages, "%.*s", (int)used, text), f, &wish);
        *out = wish.a;
        return read ? used : 0;
    }
    scan(text, &q);
    if (!q.length) return no_value(r, n, f), 0;
    if (!fits(r, n, f, &q)) return 0;
    *out = amount(f, &q);
    return q.length;
}

size_t td_scan_range(td_reader *r, const td_node *n, size_t offset, const td_field *f, double *low, double *high)
{
    double pair[2];
    size_t used = 0;
    int range = scan_pair(r, n, n->text + offset, f, pair, &used);
    if (range == 0)
        td_mistake_in(r->messages, n, offset, 1, "wrong_kind", "write for example 200 to 500 Hz", "%s needs a range",
                      label_of(r, f));
    if (range <= 0) return 0;
    *low = pair[0];
    *high = pair[1];
    return used;
}

/* ---- writing values ---------------------------------------------------------------------------------------------- */

const char *td_number_text(double value, char *out, size_t size)
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, size, "%.*g", digits, value);
        if (strtod(out, NULL) == value) break;
    }
    if (!strchr(out, 'e') || fabs(value) >= 1e15 || fabs(value) < 1e-6) return out;
    for (int places = 0; places <= 24; places++) { /* 1e+02 is 100, 2e-05 is 0.00002 */
        snprintf(out, size, "%.*f", places, value);
        if (strtod(out, NULL) == value) break;
    }
    return out;
}

/* The larger unit of frequency and time from 1000 on, when it reads back as the same number. */
static bool in_thousands(td_measure m, double value, char *out, size_t size)
{
    if ((m != TD_UNIT_HZ && m != TD_UNIT_MS) || fabs(value) < 1000 || isinf(value)) return false;
    td_number_text(value / 1000, out, size);
    return strtod(out, NULL) * 1000 == value;
}

const char *td_measure_text(td_measure m, double value, char *out, size_t size)
{
    char number[64];
    if (m == TD_UNIT_PAN) {
        snprintf(out, size, value == 0 ? "C" : "%c%s", value < 0 ? 'L' : 'R',
                 td_number_text(fabs(value), number, sizeof number));
    } else if (m == TD_UNIT_RATIO) {
        snprintf(out, size, "%s:1", td_number_text(value, number, sizeof number));
    } else if (in_thousands(m, value, number, sizeof number)) {
        snprintf(out, size, "%s %s", number, m == TD_UNIT_HZ ? "kHz" : "s");
    } else {
        snprintf(out, size, "%s%s%s", td_number_text(value, number, sizeof number), measures[m].unit[0] ? " " : "",
                 measures[m].unit);
    }
    return out;
}

const char *td_value_text(const td_param *p, double value, char *out, size_t size)
{
    char text[80];
    if (isnan(value)) {
        snprintf(out, size, "%s", "");
    } else if (p->flags & TD_AUTO && isinf(value)) {
        snprintf(out, size, "auto");
    } else if (p->unit == TD_UNIT_CHOICE) {
        size_t n = 0;
        while (p->choices[n]) n++;
        snprintf(out, size, "%s", value >= 0 && value < (double)n ? p->choices[(size_t)value] : "");
    } else if (p->unit == TD_UNIT_SWITCH) {
        snprintf(out, size, "%s", value != 0 ? "on" : "off");
    } else {
        bool signed_gain = p->unit == TD_UNIT_DB && p->min < 0 && value > 0;
        snprintf(out, size, "%s%s", signed_gain ? "+" : "",
                 td_measure_text((td_measure)p->unit, value, text, sizeof text));
    }
    return out;
}

const char *td_values_text(const td_param *p, const double *value, char *out, size_t size)
{
    if (p->span < 2) return td_value_text(p, value[0], out, size);
    if (p->span == 2 && !isinf(value[0])) return range_text((td_measure)p->unit, value[0], value[1], out, size);
    size_t used = 0;
    if (size) out[0] = 0;
    for (unsigned i = 0; i < p->span && used < size && !isnan(value[i]); i++) {
        char text[80];
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "",
                                 td_value_text(p, value[i], text, sizeof text));
        if (isinf(value[i])) break; /* auto stands for all of them */
    }
    return out;
}

/* A part of a bar as a fraction whose denominator musicians use. */
static void note_text(double bars, char *out, size_t size)
{
    for (int parts = 1; parts <= 192; parts++) {
        double count = rint(bars * parts);
        if (count / parts == bars) {
            snprintf(out, size, "%g/%d note", count, parts);
            return;
        }
    }
    char number[64];
    snprintf(out, size, "%s/1 note", td_number_text(bars, number, sizeof number));
}

const char *td_wish_text(const td_param *p, const td_wish *w, char *out, size_t size)
{
    char text[80];
    switch (w->kind) {
    case TD_WISH_NONE:
        snprintf(out, size, "%s", "");
        break;
    case TD_WISH_VALUE:
        td_value_text(p, w->a, out, size);
        break;
    case TD_WISH_NOTES:
        note_text(w->a, out, size);
        break;
    case TD_WISH_RANGE:
        range_text((td_measure)p->unit, w->a, w->b, out, size);
        break;
    case TD_WISH_AUTO:
        snprintf(out, size, "auto");
        break;
    case TD_WISH_MEASURED:
        snprintf(out, size, "measured");
        break;
    case TD_WISH_AT_MOST:
    case TD_WISH_AT_LEAST:
    case TD_WISH_ABOUT:
        for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++)
            if (wishes[i].kind == w->kind)
                snprintf(out, size, "%s%s", wishes[i].text,
                         td_measure_text((td_measure)p->unit, w->a, text, sizeof text));
        break;
    }
    return out;
}
