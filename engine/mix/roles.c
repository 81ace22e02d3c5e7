#include "engine/mix/role_words.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum { WORDS_MAX = 32, WORD_SIZE = 32, JOIN_MAX = 5, HITS_MAX = 16 };

/* A name in words: lower case, ASCII, letters or digits only. */
typedef struct words {
    char word[WORDS_MAX][WORD_SIZE];
    size_t n, first; /* words before `first` are track numbers and what all names share */
} words;

/* ---- from bytes to words ----------------------------------------------------------------------------------------- */

/* The base letter of U+00C0 to U+017F; a blank where there is none. */
static const char latin[] = "AAAAAAACEEEEIIIIDNOOOOO OUUUUYTsaaaaaaaceeeeiiiidnooooo ouuuuyty"
                            "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiIiJjKkkLlLlLlLlLlNnNnNnnNnOoOoOoOo"
                            "RrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";

static int hex_digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

/* One byte of a name that may come from a URL. */
static unsigned char next_byte(const char **s)
{
    const char *p = *s;
    if (p[0] == '%' && hex_digit(p[1]) > 0 && hex_digit(p[2]) >= 0) {
        *s = p + 3;
        return (unsigned char)(hex_digit(p[1]) * 16 + hex_digit(p[2]));
    }
    *s = p + 1;
    return (unsigned char)*p;
}

/* The next letter or digit without its accent; ' ' for anything that parts words, 0 for what does not count (combining
 * accents, so that composed and decomposed umlauts read alike). Bytes that are no UTF-8 are taken as Latin-1. */
static char next_letter(const char **s)
{
    unsigned c = next_byte(s);
    if (c >= 0xc2 && c < 0xf0) {
        const char *after = *s;
        unsigned extra = c >= 0xe0 ? 2 : 1, code = c & (c >= 0xe0 ? 0x0fu : 0x1fu);
        while (extra && *after) {
            unsigned more = next_byte(&after);
            if ((more & 0xc0) != 0x80) break;
            code = code << 6 | (more & 0x3f);
            extra--;
        }
        if (!extra) {
            *s = after;
            c = code;
        }
    }
    if (c < 0x80) return isalnum((int)c) ? (char)c : ' ';
    if (c >= 0x300 && c < 0x370) return 0;
    return c >= 0xc0 && c < 0x180 ? latin[c - 0xc0] : ' ';
}

size_t td_stem_length(const char *name)
{
    static const char *const extensions[] = { "wav",  "wave", "bwf", "rf64", "w64", "aif", "aiff",
                                              "aifc", "flac", "mp3", "m4a",  "mp4", "aac", "ogg",
                                              "oga",  "opus", "caf", "au",   "wma" };
    size_t n = strlen(name);
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && dot > name && i < COUNT(extensions); i++) {
        if (!strcasecmp(dot + 1, extensions[i])) n = (size_t)(dot - name);
    }
    return n;
}

/* Does a new word begin at c? Between letters and digits, at "kI" of "kickIn", and at "To" of "SNTop". */
static bool border(char before, char c, char following)
{
    if (!before) return false;
    if (isdigit((unsigned char)before) || isdigit((unsigned char)c))
        return !isdigit((unsigned char)before) != !isdigit((unsigned char)c);
    if (!isupper((unsigned char)c)) return false;
    return islower((unsigned char)before) || islower((unsigned char)following);
}

static void split(const char *name, words *w)
{
    char letter[256];
    size_t n = 0;
    for (const char *s = name, *end = name + td_stem_length(name); s < end && n < sizeof letter - 1;) {
        char c = next_letter(&s);
        if (c) letter[n++] = c;
    }
    letter[n] = 0;
    memset(w, 0, sizeof *w);
    size_t length = 0;
    for (size_t i = 0; i < n && w->n < WORDS_MAX; i++) {
        char before = i && letter[i - 1] != ' ' ? letter[i - 1] : 0;
        if (length && (letter[i] == ' ' || border(before, letter[i], letter[i + 1]))) {
            w->n++;
            length = 0;
        }
        if (letter[i] != ' ' && length < WORD_SIZE - 1 && w->n < WORDS_MAX)
            w->word[w->n][length++] = (char)tolower((unsigned char)letter[i]);
    }
    if (length) w->n++;
}

/* ---- from words to the table ------------------------------------------------------------------------------------- */

typedef struct hit {
    const char *role, *token;
    int token_length;
    td_rank rank;
    td_context in;
    bool guess, sung_to;
    size_t letters;
} hit;

/* What a session or the words to the left allow. */
typedef struct scope {
    unsigned contexts;
    const hit *left;
    size_t n_left;
} scope;

/* Umlauts are written "ae" or "a", and sharp s "ss" or "s": both sides drop the e after a, o, u and the second s. */
static bool folds_away(char before, char c)
{
    return (c == 'e' && before && strchr("aou", before)) || (c == 's' && before == 's');
}

static void fold(const char *s, char *out, size_t size)
{
    char before = 0;
    size_t n = 0;
    for (; *s && n < size - 1; before = *s++) {
        if (!folds_away(before, *s)) out[n++] = *s;
    }
    out[n] = 0;
}

static bool is_token(const char *folded, const char *token, size_t length)
{
    char before = 0;
    for (size_t i = 0; i < length; i++) {
        if (token[i] == ' ') continue;
        if (!folds_away(before, token[i]) && *folded++ != token[i]) return false;
        before = token[i];
    }
    return !*folded;
}

/* The token of a comma-separated list that reads like folded; NULL when none does. */
static const char *find_token(const char *list, const char *folded, int *length)
{
    while (*list) {
        size_t n = strcspn(list, ",");
        if (*list == *folded && is_token(folded, list, n)) {
            *length = (int)n;
            return list;
        }
        list += n;
        list += strspn(list, ", ");
    }
    return NULL;
}

static bool allowed(const td_word_row *row, const scope *sc)
{
    if (row->in && !(sc->contexts & row->in)) return false;
    for (size_t i = 0; row->after && i < sc->n_left; i++) {
        if (td_role_covers(row->after, sc->left[i].role)) return true;
    }
    return !row->after;
}

static bool look_up_folded(const char *folded, const scope *sc, hit *h)
{
    for (size_t i = 0; i < td_n_beside_rows; i++) {
        const td_word_row *b = &td_beside_rows[i];
        if (!allowed(b, sc) || !(h->token = find_token(b->words, folded, &h->token_length))) continue;
        h->role = b->role, h->rank = b->rank, h->in = b->in, h->guess = b->guess, h->sung_to = b->sung_to;
        return true;
    }
    for (size_t i = 0; i < td_n_role_rows; i++) {
        for (size_t l = 0; l < COUNT(td_role_rows[i].words); l++) {
            if (!(h->token = find_token(td_role_rows[i].words[l], folded, &h->token_length))) continue;
            h->role = td_role_rows[i].role, h->rank = td_role_rows[i].rank, h->in = TD_ANYWHERE;
            h->guess = h->sung_to = false;
            return true;
        }
    }
    return false;
}

/* The row of some joined words; a plural s is ignored where the table has no plural of its own. */
static bool look_up(const char *joined, const scope *sc, hit *h)
{
    char folded[JOIN_MAX * WORD_SIZE];
    fold(joined, folded, sizeof folded);
    h->letters = strlen(joined);
    if (look_up_folded(folded, sc, h)) return true;
    size_t n = strlen(folded);
    if (n < 4 || folded[n - 1] != 's') return false;
    folded[n - 1] = 0;
    return look_up_folded(folded, sc, h);
}

static const scope nothing_around = { 0 };

static bool names_something(const char *joined, hit *h)
{
    return look_up(joined, &nothing_around, h);
}

static const char *join(const words *w, size_t at, size_t n, char *out)
{
    *out = 0;
    for (size_t i = 0; i < n; i++) strcat(out, w->word[at + i]);
    return out;
}

/* ---- what does not count ----------------------------------------------------------------------------------------- */

static bool is_number(const char *s)
{
    return *s && s[strspn(s, "0123456789")] == 0;
}

/* Drops a track number in front, but not "808", and not the "12" of "12 string" unless all files are numbered. */
static void drop_number(words *w, bool numbered)
{
    char two[JOIN_MAX * WORD_SIZE];
    hit h;
    if (w->first + 1 >= w->n || strlen(w->word[w->first]) > 3 || !is_number(w->word[w->first])) return;
    if (names_something(w->word[w->first], &h)) return;
    if (numbered || !names_something(join(w, w->first, 2, two), &h)) w->first++;
}

/* A word in front that every name has, while something remains; a word that could be the instrument stays. */
static bool drop_shared(words *w, size_t n)
{
    hit h;
    const char *word = w->word[w->first];
    for (size_t i = 0; i < n; i++) {
        if (w[i].first + 1 >= w[i].n || strcmp(w[i].word[w[i].first], word)) return false;
    }
    if (names_something(word, &h) && h.rank != TD_RANK_WEAK && h.rank != TD_RANK_PLACE) return false;
    for (size_t i = 0; i < n; i++) w[i].first++;
    return true;
}

static void drop_front(words *w, size_t n)
{
    do {
        size_t numbers = 0;
        for (size_t i = 0; i < n; i++) numbers += is_number(w[i].word[w[i].first]);
        for (size_t i = 0; i < n; i++) drop_number(&w[i], n > 1 && numbers * 2 > n);
    } while (n > 1 && drop_shared(w, n));
}

/* ---- sides and tempo --------------------------------------------------------------------------------------------- */

static const struct {
    const char *words;
    char side;
} sides[] = {
    { "l, left, links, li, gauche, izq, izquierda, izquierdo, sinistra, sinistro, sx", 'L' },
    { "r, right, rechts, re, droite, der, derecha, derecho, destra, destro, dx", 'R' },
    { "m, mono", 'M' },
};

static char side_of(const words *w, size_t i)
{
    int length;
    /* the hands of a piano are no channels */
    if (i + 1 < w->n && (td_starts_with(w->word[i + 1], "hand") || !strcmp(w->word[i + 1], "hd"))) return 0;
    for (size_t s = 0; s < COUNT(sides); s++) {
        if (find_token(sides[s].words, w->word[i], &length)) return sides[s].side;
    }
    return 0;
}

/* "ohl", "tomr": a known word with the side stuck to it. Takes the side off and returns it; 0 when there is none. */
static char side_stuck_to(char *word)
{
    hit h;
    size_t n = strlen(word);
    if (n < 3 || !strchr("lr", word[n - 1]) || names_something(word, &h)) return 0;
    char last = word[n - 1];
    word[n - 1] = 0;
    if (names_something(word, &h)) return (char)toupper((unsigned char)last);
    word[n - 1] = last;
    return 0;
}

static void read_side(words *w, td_role *out)
{
    size_t at = w->n;
    for (size_t i = w->first; i < w->n; i++) {
        char side = side_of(w, i);
        if (!side || (side == 'M' && at < w->n)) continue;
        out->side = side;
        at = i;
    }
    for (size_t i = w->first; at == w->n && i < w->n; i++) {
        char side = side_stuck_to(w->word[i]);
        if (side) out->side = side;
    }
    size_t used = 0;
    for (size_t i = w->first; i < w->n; i++) {
        size_t length = strlen(w->word[i]);
        if (i == at) continue;
        if (used + length + 2 > sizeof out->pair_key) {
            out->side = 0; /* a key cut short could pair what does not belong together */
            break;
        }
        if (used) out->pair_key[used++] = ' ';
        memcpy(out->pair_key + used, w->word[i], length);
        used += length;
    }
}

/* "124bpm", "bpm 92.5", "124 BPM": beats per minute, 0 when none are named. */
static double read_tempo(const char *name)
{
    const char *bpm = strcasestr(name, "bpm");
    if (!bpm) return 0;
    const char *start = bpm;
    while (start > name && strchr(" _-", start[-1])) start--;
    const char *digits = start;
    while (digits > name && (isdigit((unsigned char)digits[-1]) || (digits[-1] == '.' && digits < start))) digits--;
    while (*digits == '.') digits++;
    if (digits == start) digits = bpm + 3 + strspn(bpm + 3, " _-=");
    double value = 0, place = 1;
    bool fraction = false;
    for (; isdigit((unsigned char)*digits) || (*digits == '.' && !fraction); digits++) {
        if (*digits == '.') {
            fraction = true;
            continue;
        }
        value = value * 10 + (*digits - '0');
        if (fraction) place *= 10;
    }
    value /= place;
    return value >= 30 && value <= 300 ? value : 0;
}

/* ---- from words to a role ---------------------------------------------------------------------------------------- */

/* The known words of a name from left to right, the longest at each place. */
static size_t find_hits(const words *w, unsigned contexts, hit *hits, bool *every_word)
{
    size_t n = 0;
    char joined[JOIN_MAX * WORD_SIZE];
    *every_word = true;
    for (size_t at = w->first; at < w->n && n < HITS_MAX;) {
        scope sc = { contexts, hits, n };
        size_t length = w->n - at < JOIN_MAX ? w->n - at : JOIN_MAX;
        while (length && !look_up(join(w, at, length, joined), &sc, &hits[n])) length--;
        n += length > 0;
        *every_word &= length > 0;
        at += length ? length : 1;
    }
    return n;
}

static size_t bus_length(const char *role)
{
    return strcspn(role, ".");
}

static bool same_bus(const char *a, const char *b)
{
    return bus_length(a) == bus_length(b) && !strncmp(a, b, bus_length(a));
}

/* How strongly a word claims the bus. */
static int claim(const hit *h)
{
    if (h->rank == TD_RANK_DECISIVE) return 3;
    if (h->rank == TD_RANK_PLACE) return 0;
    bool short_of_much = h->letters <= 2 && strcmp(h->role, "fx") != 0; /* FX is short for one thing alone */
    return h->rank == TD_RANK_WEAK || short_of_much ? 1 : 2;
}

static const char *context_text(td_context in)
{
    switch (in) {
    case TD_WITH_STRINGS:
        return " beside strings";
    case TD_ORCHESTRAL:
        return " in an orchestra";
    case TD_WITH_WINDS:
        return " beside winds";
    case TD_WITH_VOICES:
        return " beside choir voices";
    case TD_WITH_MAIN:
        return " beside main microphones";
    case TD_WITH_KICK:
        return " beside a kick";
    default:
        return "";
    }
}

static void unknown(td_role *out)
{
    out->source = TD_ROLE_UNKNOWN;
    out->guess = true;
    out->two_buses = out->sung_to = false;
    snprintf(out->name, sizeof out->name, "other");
    snprintf(out->why, sizeof out->why, "no known word in the name");
}

static void settle(const hit *hits, size_t n, td_role *out)
{
    unknown(out);
    const hit *bus = NULL, *rival = NULL, *role = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!bus || claim(&hits[i]) > claim(bus))
            bus = &hits[i], rival = NULL;
        else if (!rival && claim(&hits[i]) == claim(bus) && !same_bus(hits[i].role, bus->role))
            rival = &hits[i];
    }
    if (!bus) return;
    for (size_t i = 0; i < n; i++) {
        if (same_bus(hits[i].role, bus->role) && (!role || hits[i].rank > role->rank)) role = &hits[i];
    }
    snprintf(out->name, sizeof out->name, "%s", role->role);
    out->source = TD_ROLE_FROM_NAME;
    out->two_buses = rival != NULL;
    out->guess = rival || role->guess;
    out->sung_to = bus->sung_to;
    if (rival) {
        snprintf(out->why, sizeof out->why, "two buses in the name: %.*s, %.*s; the leftmost taken",
                 (int)bus_length(bus->role), bus->role, (int)bus_length(rival->role), rival->role);
    } else {
        snprintf(out->why, sizeof out->why, "token '%.*s'%s", role->token_length, role->token, context_text(role->in));
    }
}

/* ---- a session of names ------------------------------------------------------------------------------------------ */

static bool any(const td_role *r, size_t n, const char *what)
{
    for (size_t i = 0; i < n; i++) {
        if (!r[i].guess && td_role_covers(what, r[i].name)) return true;
    }
    return false;
}

static bool any_of(const td_role *r, size_t n, const char *const *what)
{
    while (*what && !any(r, n, *what)) what++;
    return *what != NULL;
}

static unsigned contexts_of(const td_role *r, size_t n)
{
    /* kick, snare and room are missing on purpose: orchestras have a bass drum, a snare drum and a room as well */
    static const char *const band[] = { "drums.bus",  "drums.hihat", "drums.tom", "drums.overhead",
                                        "drums.loop", "guitars",     "synths",    NULL };
    static const char *const winds[] = { "woodwinds.sax", "brass", NULL };
    static const char *const orchestra[] = { "strings", "woodwinds", NULL };
    bool has_band = any_of(r, n, band), has_winds = any_of(r, n, winds);
    unsigned c = 0;
    if (any(r, n, "strings")) c |= TD_WITH_STRINGS;
    if (any_of(r, n, orchestra) && !has_band) c |= TD_ORCHESTRAL;
    if (has_winds) c |= TD_WITH_WINDS;
    if (!has_band && (any(r, n, "choir.soprano") || (any(r, n, "choir.tenor") && !has_winds))) c |= TD_WITH_VOICES;
    if (any(r, n, "orchestra.main")) c |= TD_WITH_MAIN;
    if (any(r, n, "drums.kick")) c |= TD_WITH_KICK;
    return c;
}

static void read_all(const words *w, size_t n, unsigned contexts, td_role *out)
{
    hit hits[HITS_MAX];
    for (size_t i = 0; i < n; i++) settle(hits, find_hits(&w[i], contexts, hits, &out[i].every_word), &out[i]);
}

void td_roles_read(const char *const *names, size_t n, td_role *out)
{
    memset(out, 0, n * sizeof *out);
    words *w = calloc(n ? n : 1, sizeof *w);
    for (size_t i = 0; i < n && !w; i++) unknown(&out[i]);
    if (!w) return;
    for (size_t i = 0; i < n; i++) split(names[i], &w[i]);
    drop_front(w, n);
    for (size_t i = 0; i < n; i++) {
        read_side(&w[i], &out[i]);
        out[i].tempo_bpm = read_tempo(names[i]);
    }
    /* what one name says may change what another means, once or twice over: violins make "Main" the main microphones,
     * and these make "Room" the orchestra's */
    unsigned contexts = 0;
    for (int round = 0; round < 3; round++) {
        read_all(w, n, contexts, out);
        unsigned found = contexts_of(out, n);
        if (found == contexts) break;
        contexts = found;
    }
    free(w);
}

td_role td_role_read(const char *name)
{
    td_role r;
    td_roles_read(&name, 1, &r);
    return r;
}

bool td_role_covers(const char *what, const char *role)
{
    size_t n = strlen(what);
    return !strcmp(what, "all") || (!strncmp(what, role, n) && (role[n] == 0 || role[n] == '.'));
}
