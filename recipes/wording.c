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
    { "louder", 1 },  { "up", 1 },      { "raise", 1 },     { "lauter", 1 }, { "rauf", 1 },    { "hoch", 1 },
    { "softer", -1 }, { "down", -1 },   { "quieter", -1 },  { "lower", -1 }, { "reduce", -1 }, { "leiser", -1 },
    { "runter", -1 }, { "anheben", 1 }, { "absenken", -1 }, { NULL, 0 },
};
/* Behind "too": what is wished for instead. */
static const meaning complaints[] = {
    { "loud", -1 }, { "quiet", 1 }, { "soft", 1 }, { "low", 1 }, { "laut", -1 }, { "leise", 1 }, { NULL, 0 },
};
static const char *const toos[] = { "too", "zu", NULL };
static const char *const copulas[] = { "is", "are", "ist", "sind", NULL }; /* "the bass is too loud" */
static const meaning amounts[] = { { "more", 1 }, { "mehr", 1 }, { "less", -1 }, { "weniger", -1 }, { NULL, 0 } };
static const meaning degrees[] = {
    { "bit", 0.5 }, { "little", 0.5 }, { "slightly", 0.5 }, { "bisschen", 0.5 }, { "etwas", 0.5 },  { "wenig", 0.5 },
    { "tad", 0.5 }, { "much", 2 },     { "lot", 2 },        { "viel", 2 },       { "deutlich", 2 }, { NULL, 0 },
};
static const char *const articles[] = { "a", "ein", NULL }; /* of a degree */
static const char *const fillers[] = { "the", "make", "turn", "bring", "please", "der",   "die",   "das",
                                       "dem", "den",  "mach", "mache", "dreh",   "drehe", "bitte", NULL };
static const char *const polite[] = { "could you",  "can you",     "would you", "could we",
                                      "can we",     "should be",   "could be",  "must be",
                                      "need to be", "needs to be", "kannst du", "k\xc3\xb6nntest du",
                                      NULL };
static const char *const before_numbers[] = { "by", "um", NULL };
static const char *const before_times[] = { "between", "at", "zwischen", NULL };
static const char *const before_starts[] = { "from", "after", "von", "ab", "nach", NULL };
static const char *const before_ends[] = { "until", "till", "bis", NULL };
static const char *const before_sections[] = { "in", "im", "during", "for", "at", NULL };
static const char *const sections[] = { "section", "abschnitt", "teil", NULL };
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

/* What mail and word processors make of "-" and of a blank; returns how many bytes that took. */
static size_t plain_letter(const char *s, char *out)
{
    static const struct {
        const char *typed, plain;
    } rows[] = { { "\xe2\x80\x91", '-' },
                 { "\xe2\x80\x93", '-' },
                 { "\xe2\x88\x92", '-' },
                 { "\xc2\xa0", ' ' },
                 { "\xe2\x80\xaf", ' ' } };
    *out = *s;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!td_starts_with(s, rows[i].typed)) continue;
        *out = rows[i].plain;
        return strlen(rows[i].typed);
    }
    return 1;
}

static td_status split(td_wording *w, td_error *err)
{
    char *to = w->copy, *save;
    if (strlen(w->text) >= sizeof w->copy) return td_fail(err, TD_ARG, w->text, td_move_forms, "a move is a few words");
    for (const char *s = w->text; *s; to++) s += plain_letter(s, to);
    while (to > w->copy && strchr(" \t.,;!?", to[-1])) to--;
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

/* ---- numbers --------------------------------------------------------------------------------------------------- */

/* "12", "0.5", "0,5", ".5": how many bytes; 0: it is none. Nothing hexadecimal, no exponent, no word. */
static size_t decimal(const char *s, double *out)
{
    static const char digits[] = "0123456789";
    char copy[24];
    size_t whole = strspn(s, digits), part = s[whole] == '.' || s[whole] == ',' ? strspn(s + whole + 1, digits) : 0;
    size_t n = part ? whole + 1 + part : whole;
    if (!n || n >= sizeof copy) return 0;
    snprintf(copy, sizeof copy, "%.*s", (int)n, s);
    if (part) copy[whole] = '.';
    *out = strtod(copy, NULL);
    return n;
}

/* ---- times ----------------------------------------------------------------------------------------------------- */

static bool clock_at(const char **s, double *out)
{
    double x = 0, part;
    for (;;) { /* 0:45, 1:02:03.5 */
        size_t n = decimal(*s, &part);
        if (!n) return false;
        x = x * 60 + part;
        *s += n;
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

/* "from 0:45" lasts to the end, "until 1:10" begins with the song. */
static void complete_times(td_wording *w, const char *before, double song_s)
{
    char one[sizeof w->when - 24], end[16];
    if (strchr(w->when, '-') || strlen(w->when) >= sizeof one) return;
    strcpy(one, w->when);
    if (is_one_of(before, before_starts))
        snprintf(w->when, sizeof w->when, "%s-%s", one, td_clock(ceil(song_s), end));
    else if (is_one_of(before, before_ends))
        snprintf(w->when, sizeof w->when, "0:00-%s", one);
}

/* "0:45", "-", "1:10" as "0:45-1:10", with the words in front that belong to them. */
static bool gather_times(td_wording *w, double song_s)
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
    const char *before = first ? w->word[first - 1] : "";
    complete_times(w, before, song_s);
    bool belongs =
        is_one_of(before, before_times) || is_one_of(before, before_starts) || is_one_of(before, before_ends);
    remove_words(w, belongs ? first - 1 : first, i);
    return true;
}

static td_status take_times(td_wording *w, double song_s, td_error *err)
{
    char song[16];
    w->from_s = w->to_s = NAN;
    if (!gather_times(w, song_s)) return TD_OK;
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

/* "in section B", as plans print them. */
static td_status take_section(td_wording *w, td_error *err)
{
    size_t i = 1;
    while (i + 1 < w->n && !(is_one_of(w->word[i], sections) && is_one_of(w->word[i - 1], before_sections))) i++;
    if (i + 1 >= w->n) return TD_OK;
    if (*w->when) return td_fail(err, TD_ARG, w->text, "leave one of them out", "a section, and times besides");
    w->section = w->word[i + 1];
    snprintf(w->when, sizeof w->when, "section %s", w->section);
    remove_words(w, i - 1, i + 2);
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
        bool beside =
            i + 1 == w->n || is_way(w->word[i + 1]) || is_one_of(w->word[i + 1], toos) || (i && is_way(w->word[i - 1]));
        if (!m || !beside) continue;
        w->degree = m->value;
        remove_words(w, i && is_one_of(w->word[i - 1], articles) ? i - 1 : i, i + 1);
    }
}

static bool is_number(const char *s)
{
    return isdigit((unsigned char)s[strspn(s, "+-")]);
}

/* How many words from there on are these. */
static size_t reads(const td_wording *w, size_t at, const char *phrase)
{
    size_t n = 0;
    for (const char *s = phrase; *s; n++) {
        size_t length = strcspn(s, " ");
        if (at + n >= w->n || strlen(w->word[at + n]) != length || strncasecmp(w->word[at + n], s, length)) return 0;
        s += length + (s[length] == ' ');
    }
    return n;
}

static void drop_politeness(td_wording *w)
{
    for (const char *const *p = polite; *p; p++)
        for (size_t i = 0, n; i < w->n; i++)
            if ((n = reads(w, i, *p))) remove_words(w, i, i + n);
}

static void drop_fillers(td_wording *w)
{
    size_t n = 0;
    drop_politeness(w);
    for (size_t i = 0; i < w->n; i++) {
        bool before = i + 1 < w->n && is_number(w->word[i + 1]) && is_one_of(w->word[i], before_numbers);
        if (before) w->by = w->word[i + 1];
        if (!before && !is_one_of(w->word[i], fillers)) w->word[n++] = w->word[i];
    }
    w->n = n;
}

/* "+1 dB", "-0.5dB", "- 2 dB", "by 2", off the end; NaN: none is there. A number without any of that is a name's:
 * "Gtr 2". */
static td_status take_amount(td_wording *w, bool *signed_, td_error *err)
{
    double x;
    size_t unit = w->n > 1 && !strcasecmp(w->word[w->n - 1], "db");
    const char *s = w->word[w->n - 1 - unit], *digits = s + (*s == '-' || *s == '+');
    size_t n = decimal(digits, &x), left = w->n - 1 - unit;
    if (!n || (digits[n] && strcasecmp(digits + n, "db"))) return TD_OK;
    bool minus = left && !strcmp(w->word[left - 1], "-"), apart = minus || (left && !strcmp(w->word[left - 1], "+"));
    *signed_ = apart || digits > s;
    if (!*signed_ && !unit && !digits[n] && s != w->by) return TD_OK;
    if (!(x <= MOST_DB))
        return td_fail(err, TD_ARG, w->text, "say it in several moves if it is meant", "%s dB is more than %g", s,
                       MOST_DB);
    if (x == 0) return td_fail(err, TD_ARG, w->text, td_move_forms, "a move of 0 dB moves nothing");
    if (*signed_ || unit || digits[n]) w->by = NULL;
    w->db = minus != (*s == '-') ? -x : x;
    w->n = left - apart;
    return TD_OK;
}

/* At the end: "louder", "too quiet", also behind an amount or in front of it: "drums down 2 dB". 0: none is there. */
static int take_direction(td_wording *w)
{
    const meaning *m = w->n ? find(directions, w->word[w->n - 1]) : NULL;
    const meaning *too = w->n > 1 && is_one_of(w->word[w->n - 2], toos) ? find(complaints, w->word[w->n - 1]) : NULL;
    if (m) w->n--;
    if (too) w->n -= 2;
    w->complaint |= too != NULL;
    return m ? (int)m->value : too ? (int)too->value : 0;
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
    if (w->complaint && w->n && is_one_of(w->word[w->n - 1], copulas)) w->n--;
    int said = !signed_ ? 0 : w->db < 0 ? -1 : 1, more = td_wording_more(w), way = sign ? sign : said;
    if (!st && (sign * said < 0 || more * way < 0))
        st = td_fail(err, TD_ARG, w->text, td_move_forms, "up and down at once");
    if (!st && !isnan(w->db) && w->by && !sign && !more)
        st = td_fail(err, TD_ARG, w->text, td_move_forms, "by %s, up or down?", w->by);
    if (st || !sign) return st;
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
    st = take_section(out, err);
    take_degree(out);
    if (!st) st = nothing_left(out, err);
    if (!st) st = take_change(out, err);
    return st ? st : nothing_left(out, err);
}
