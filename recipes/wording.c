#include "recipes/wording.h"

#include "engine/base/text.h"
#include "engine/base/units.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_DB 24.0 /* a larger move is a slip of the hand */

const char td_move_forms[] =
    "write \"vocals +1 dB\", \"kick -0.5 dB 0:45-1:10\", \"bass louder\", \"less reverb\", \"less reverb on "
    "vocals\" or \"more delay on lead 2 dB\"";

/* ---- words that mean something --------------------------------------------------------------------------------- */

typedef struct meaning {
    const char *word;
    double value;
} meaning;

static const meaning directions[] = {
    { "louder", 1 },  { "up", 1 },      { "raise", 1 },   { "lauter", 1 },   { "rauf", 1 },
    { "hoch", 1 },    { "softer", -1 }, { "down", -1 },   { "quieter", -1 }, { "lower", -1 },
    { "reduce", -1 }, { "leiser", -1 }, { "runter", -1 }, { NULL, 0 },
};
static const meaning amounts[] = { { "more", 1 }, { "mehr", 1 }, { "less", -1 }, { "weniger", -1 }, { NULL, 0 } };
static const meaning degrees[] = {
    { "bit", 0.5 }, { "little", 0.5 }, { "slightly", 0.5 }, { "bisschen", 0.5 }, { "etwas", 0.5 },
    { "much", 2 },  { "lot", 2 },      { "viel", 2 },       { "deutlich", 2 },   { NULL, 0 },
};
static const char *const articles[] = { "a", "ein", NULL }; /* of a degree */
static const char *const fillers[] = { "the", "make", "turn", "bring", "please", "der",   "die",   "das",
                                       "dem", "den",  "mach", "mache", "dreh",   "drehe", "bitte", NULL };
static const char *const before_numbers[] = { "by", "um", NULL };
static const char *const before_times[] = { "from", "between", "at", "von", "zwischen", "ab", NULL };
static const char *const between_times[] = { "-", "to", "till", "until", "and", "bis", "und", NULL };
static const char *const ons[] = { "on", "in", "for", "auf", "im", "bei", "beim", "f\xc3\xbcr", NULL };

static const meaning *find(const meaning *list, const char *word)
{
    while (list->word && strcasecmp(word, list->word) != 0) list++;
    return list->word ? list : NULL;
}

static bool is_one_of(const char *word, const char *const *list)
{
    while (*list && strcasecmp(word, *list) != 0) list++;
    return *list;
}

int td_wording_more(const td_wording *w)
{
    const meaning *m = w->n ? find(amounts, w->word[0]) : NULL;
    return m ? (int)m->value : 0;
}

bool td_wording_on(const td_wording *w, size_t at)
{
    return at < w->n && is_one_of(w->word[at], ons);
}

static td_status split(td_wording *w, td_error *err)
{
    static const char dash[] = "\xe2\x80\x93";
    char *to = w->copy, *save;
    if (strlen(w->text) >= sizeof w->copy) return td_fail(err, TD_ARG, w->text, td_move_forms, "a move is a few words");
    for (const char *s = w->text; *s; s += td_starts_with(s, dash) ? strlen(dash) : 1)
        *to++ = td_starts_with(s, dash) ? '-' : *s;
    *to = '\0';
    char *one = strtok_r(w->copy, " \t", &save);
    for (; one && w->n < TD_MOVE_WORDS; one = strtok_r(NULL, " \t", &save)) w->word[w->n++] = one;
    return one || !w->n ? td_fail(err, TD_ARG, w->text, td_move_forms, "a move is a few words") : TD_OK;
}

static void remove_words(td_wording *w, size_t first, size_t behind)
{
    memmove(w->word + first, w->word + behind, (w->n - behind) * sizeof *w->word);
    w->n -= behind - first;
}

/* ---- times ----------------------------------------------------------------------------------------------------- */

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

bool td_is_clock(const char *s)
{
    size_t digits = strspn(s, "0123456789");
    return digits && s[digits] == ':';
}

static const char *behind_dashes(const char *s)
{
    return s + strspn(s, "-");
}

/* "0:45", "-", "1:10" as "0:45-1:10", with the words in front that belong to them. */
static bool gather_times(td_wording *w)
{
    size_t first = 0, n = 0;
    while (first < w->n && !td_is_clock(behind_dashes(w->word[first]))) first++;
    if (first == w->n) return false;
    size_t i = first;
    for (; i < w->n; i++) {
        const char *s = behind_dashes(w->word[i]);
        bool more = i + 1 < w->n && td_is_clock(behind_dashes(w->word[i + 1]));
        if (more && is_one_of(w->word[i], between_times)) continue;
        if (!td_is_clock(s)) break;
        n += (size_t)snprintf(w->when + n, sizeof w->when - n, "%s%s", n ? "-" : "", s);
        while (n && w->when[n - 1] == '-') w->when[--n] = '\0';
    }
    remove_words(w, first && is_one_of(w->word[first - 1], before_times) ? first - 1 : first, i);
    return true;
}

static td_status take_times(td_wording *w, double song_s, td_error *err)
{
    char song[16];
    w->from_s = w->to_s = NAN;
    if (!gather_times(w)) return TD_OK;
    const char *s = w->when;
    bool both = clock_at(&s, &w->from_s) && *s++ == '-' && clock_at(&s, &w->to_s) && !*s;
    if (!both || !(w->to_s > w->from_s))
        return td_fail(err, TD_ARG, w->text, "write for example 0:45-1:10", "'%s' is no stretch of the song", w->when);
    if (w->from_s >= song_s || w->to_s > ceil(song_s)) /* lengths are told in whole seconds */
        return td_fail(err, TD_ARG, w->text, "choose a stretch within it",
                       "'%s' goes beyond the song, which is %s long with its tail", w->when,
                       td_clock(ceil(song_s), song));
    return TD_OK;
}

/* ---- amounts --------------------------------------------------------------------------------------------------- */

static bool is_way(const char *word)
{
    return find(directions, word) || find(amounts, word);
}

/* "a bit" says how far, beside a direction and at the end; elsewhere it may be a name's: "Little Drum". "BD A" keeps
 * its A. */
static void take_degree(td_wording *w)
{
    for (size_t i = w->n; i-- > 0;) {
        const meaning *m = find(degrees, w->word[i]);
        bool beside = i + 1 == w->n || is_way(w->word[i + 1]) || (i && is_way(w->word[i - 1]));
        if (!m || !beside) continue;
        w->degree = m->value;
        remove_words(w, i && is_one_of(w->word[i - 1], articles) ? i - 1 : i, i + 1);
    }
}

static bool is_number(const char *s)
{
    return isdigit((unsigned char)s[strspn(s, "+-")]);
}

static void drop_fillers(td_wording *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++) {
        bool before = i + 1 < w->n && is_number(w->word[i + 1]) && is_one_of(w->word[i], before_numbers);
        if (!before && !is_one_of(w->word[i], fillers)) w->word[n++] = w->word[i];
    }
    w->n = n;
}

/* "-0.5", "-0,5" */
static double decimal(const char *s, const char **end)
{
    char copy[TD_MOVE_SIZE], *stop;
    snprintf(copy, sizeof copy, "%s", s);
    for (char *c = copy; *c; c++)
        if (*c == ',') *c = '.';
    double x = strtod(copy, &stop);
    *end = s + (stop - copy);
    return x;
}

/* "+1 dB", "-0.5dB", "- 2 dB", off the end; NaN: none is there. */
static td_status take_amount(td_wording *w, bool *signed_, td_error *err)
{
    const char *end;
    if (w->n > 1 && !strcasecmp(w->word[w->n - 1], "db")) w->n--;
    const char *s = w->word[w->n - 1];
    double x = decimal(s, &end);
    if (end == s || (*end && strcasecmp(end, "db"))) return TD_OK;
    if (!(fabs(x) <= MOST_DB))
        return td_fail(err, TD_ARG, w->text, "say it in several moves if it is meant", "%s dB is more than %g", s,
                       MOST_DB);
    if (x == 0) return td_fail(err, TD_ARG, w->text, td_move_forms, "a move of 0 dB moves nothing");
    w->db = x;
    w->n--;
    bool minus = w->n && !strcmp(w->word[w->n - 1], "-"), apart = minus || (w->n && !strcmp(w->word[w->n - 1], "+"));
    if (apart) w->n--;
    if (minus) w->db = -w->db;
    *signed_ = apart || *s == '-' || *s == '+';
    return TD_OK;
}

/* At the end: "louder", also behind an amount or in front of it: "drums down 2 dB". 0: none is there. */
static int take_direction(td_wording *w)
{
    const meaning *m = w->n ? find(directions, w->word[w->n - 1]) : NULL;
    if (m) w->n--;
    return m ? (int)m->value : 0;
}

/* At the beginning, "turn up the drums"; an amount that has a sign says it all, and the word is a name's. */
static int take_verb(td_wording *w)
{
    const meaning *m = w->n > 1 ? find(directions, w->word[0]) : NULL;
    if (m) remove_words(w, 0, 1);
    return m ? (int)m->value : 0;
}

static td_status nothing_left(const td_wording *w, td_error *err)
{
    return w->n ? TD_OK : td_fail(err, TD_ARG, w->text, td_move_forms, "what shall move?");
}

static td_status take_change(td_wording *w, td_error *err)
{
    int sign = take_direction(w);
    bool signed_ = false;
    td_status st = nothing_left(w, err);
    if (!st) st = take_amount(w, &signed_, err);
    if (!sign) sign = take_direction(w);
    if (!sign && !signed_) sign = take_verb(w);
    if (st || !sign) return st;
    if (sign > 0 && w->db < 0) return td_fail(err, TD_ARG, w->text, td_move_forms, "up, by less than nothing");
    w->db = sign * (isnan(w->db) ? TD_USUAL_DB * w->degree : fabs(w->db));
    return TD_OK;
}

td_status td_wording_read(const char *text, double song_s, td_wording *out, td_error *err)
{
    *out = (td_wording){ .text = text, .db = NAN, .degree = 1 };
    td_status st = split(out, err);
    if (!st) st = take_times(out, song_s, err);
    if (st) return st;
    drop_fillers(out);
    take_degree(out);
    st = nothing_left(out, err);
    if (!st) st = take_change(out, err);
    return st ? st : nothing_left(out, err);
}
