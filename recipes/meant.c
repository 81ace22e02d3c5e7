#include "recipes/meant.h"

#include "engine/base/text.h"
#include "engine/mix/roles.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 256 };

bool td_is_lead(const char *name)
{
    return !strcasecmp(name, "lead") || !strcasecmp(name, "lead vocal") || !strcasecmp(name, "lead vocals");
}

/* Alike but for an s at the end of one. */
static bool same_word(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    n -= n && tolower((unsigned char)a[n - 1]) == 's';
    m -= m && tolower((unsigned char)b[m - 1]) == 's';
    return n == m && !strncasecmp(a, b, n);
}

/* A bus by its name; a group is all its buses: "vocals" is lead and backing. */
void td_meant_buses(const td_plan *p, const char *name, bool groups, td_meant *out)
{
    for (size_t b = 0; b < p->n_buses; b++)
        if (same_word(name, p->bus[b].name) || (groups && p->bus[b].group && same_word(name, p->bus[b].group)))
            out->bus[out->n_buses++] = &p->bus[b];
}

/* With its folders or without, with its ending or without. */
static bool has_file_name(const td_plan_stem *s, const char *name)
{
    size_t n = strlen(name);
    const char *file = strchr(name, '/') ? s->name : td_basename(s->name);
    return !strncasecmp(name, file, n) && (!file[n] || (file[n] == '.' && !strchr(file + n + 1, '.')));
}

/* ---- words of file names ----------------------------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return isalpha((unsigned char)c) || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return isdigit((unsigned char)c);
}

static bool counts(char c)
{
    return is_letter(c) || is_digit(c);
}

/* Does a word end in front of `at`, or begin there? "4|_|kick|_|soft|02", "Kick|In". */
static bool is_border(const char *start, const char *at)
{
    if (at == start || !counts(at[-1]) || !counts(*at)) return true;
    return is_letter(at[-1]) != is_letter(*at) || (islower((unsigned char)at[-1]) && isupper((unsigned char)*at));
}

/* "kicks", "saxes" */
static const char *behind_plural(const char *s)
{
    return !strncasecmp(s, "es", 2) ? s + 2 : s + (tolower((unsigned char)*s) == 's');
}

static const char *next_that_counts(const char *s)
{
    while (*s && !counts(*s)) s++;
    return s;
}

/* Does the file read like the name from here to a border? What parts words does not count, "hi-hat" is HiHat; what
 * parts numbers does: "Gtr 1+2" is no Gtr 12. */
static bool reads_on(const char *file, const char *at, const char *name)
{
    for (const char *start = name;;) {
        const char *letter = next_that_counts(name), *in_file = next_that_counts(at);
        if (!*letter || tolower((unsigned char)*letter) != tolower((unsigned char)*in_file)) break;
        bool on = name > start && is_digit(name[-1]) && is_digit(*letter);
        if (on && (letter == name) != (in_file == at)) return false;
        name = letter + 1;
        at = in_file + 1;
    }
    if (!*next_that_counts(name)) return is_border(file, at) || is_border(file, behind_plural(at));
    return is_border(file, at) && !*next_that_counts(behind_plural(name));
}

/* A file's name without folders and ending. */
static void plain_name(const td_plan_stem *s, char *out, size_t size)
{
    const char *file = td_basename(s->name);
    snprintf(out, size, "%.*s", (int)td_stem_length(file), file);
}

/* Some words of it, side by side: "BGVOX 1" of "07 Band - BGVOX 1.wav", "steel guitar" of "2_steel_guitar01.wav". */
static bool has_in_file_name(const td_plan_stem *s, const char *name)
{
    char file[NAME_SIZE];
    plain_name(s, file, sizeof file);
    if (!*next_that_counts(name)) return false;
    for (const char *at = file; *at; at++)
        if (counts(*at) && is_border(file, at) && reads_on(file, at, name)) return true;
    return false;
}

/* "Dist" for "distorted": a beginning that means the same. "Bass" is no short bassoon. */
static bool has_short_for(const td_plan_stem *s, const char *word)
{
    enum { SHORTEST = 3 };
    char file[NAME_SIZE], token[NAME_SIZE];
    plain_name(s, file, sizeof file);
    for (const char *at = file; *at; at++) {
        size_t n = 0;
        if (!counts(*at) || !is_border(file, at)) continue;
        do n++;
        while (at[n] && !is_border(file, at + n));
        if (n < SHORTEST || strlen(word) <= n || strncasecmp(at, word, n)) continue;
        snprintf(token, sizeof token, "%.*s", (int)n, at);
        if (!strcmp(td_role_read(token).name, td_role_read(word).name)) return true;
    }
    return false;
}

bool td_is_in_file_name(const td_plan *p, const char *text)
{
    for (size_t i = 0; i < p->n_stems; i++)
        if (p->stem[i].bus && strcasestr(td_basename(p->stem[i].name), text)) return true;
    return false;
}

/* ---- roles ------------------------------------------------------------------------------------------------------- */

/* "kick" in drums.kick.in, also where "drums" came before. */
static bool has_role(const td_plan_stem *s, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = s->role; at; at = strchr(at, '.') ? strchr(at, '.') + 1 : NULL)
        if (!strncasecmp(at, name, n) && (!at[n] || at[n] == '.')) return true;
    return false;
}

static void add_stems(const td_plan *p, const char *name, bool (*is_meant)(const td_plan_stem *, const char *),
                      td_meant *out)
{
    for (size_t i = 0; i < p->n_stems; i++)
        if (p->stem[i].bus && is_meant(&p->stem[i], name)) out->stem[out->n_stems++] = &p->stem[i];
}

/* A microphone of what is named: drums.kick.sub, for "kick", whatever its file is called. */
static bool is_detail(const td_plan_stem *s, const char *name)
{
    const char *last = strrchr(s->role ? s->role : "", '.');
    char above[NAME_SIZE];
    if (!last) return false;
    snprintf(above, sizeof above, "%.*s", (int)(last - s->role), s->role);
    const char *instrument = strrchr(above, '.');
    return instrument && !strcasecmp(instrument + 1, name);
}

static bool is_called(const td_plan_stem *s, const char *name)
{
    return has_in_file_name(s, name) || is_detail(s, name);
}

void td_meant_role(const td_plan *p, const char *name, td_meant *out)
{
    add_stems(p, name, has_role, out);
}

/* The bus of a stem when all its stems are meant. */
static td_plan_bus *wholly_meant(const td_plan *p, const char *bus, const td_meant *w)
{
    size_t all = 0, some = 0;
    for (size_t i = 0; i < p->n_stems; i++) all += p->stem[i].bus && !strcmp(p->stem[i].bus, bus);
    for (size_t i = 0; i < w->n_stems; i++) some += !strcmp(w->stem[i]->bus, bus);
    for (size_t b = 0; some == all && b < p->n_buses; b++)
        if (!strcmp(p->bus[b].name, bus)) return &p->bus[b];
    return NULL;
}

/* Stems that make up their bus move as the bus: its fader, behind its chain. */
static void join(const td_plan *p, td_meant *w)
{
    td_meant out = { .n_buses = 0 };
    for (size_t i = 0; i < w->n_stems; i++) {
        td_plan_bus *b = wholly_meant(p, w->stem[i]->bus, w);
        bool known = false;
        for (size_t k = 0; k < out.n_buses; k++) known |= out.bus[k] == b;
        if (!b)
            out.stem[out.n_stems++] = w->stem[i];
        else if (!known)
            out.bus[out.n_buses++] = b;
    }
    *w = out;
}

static const char digits[] = "0123456789";

/* "Gtr 2", "T1": one of several, by a number that only a file's name holds. "808" is a word. */
static bool is_numbered(const char *name)
{
    return name[strcspn(name, digits)] && name[strspn(name, digits)];
}

/* "2": it may be anything. */
static bool is_bare_number(const char *name)
{
    enum { WORD = 3 };
    return *name && strspn(name, digits) == strlen(name) && strlen(name) < WORD;
}

/* A bus by a word that no file has, in any language roles are read in: "Schlagzeug", "kit". As a file's name a word for
 * voices is the lead's, as a bus's it is all of them. */
static const char *bus_called(const td_plan *p, const char *name)
{
    static const char *const voices[] = { "gesang", "stimme", "stimmen", "voice", "voices", NULL };
    if (strchr(name, ' ') || is_numbered(name) || td_is_in_file_name(p, name)) return name;
    for (const char *const *v = voices; *v; v++)
        if (!strcasecmp(name, *v)) return "vocals";
    td_role read = td_role_read(name);
    char *detail = strchr(read.name, '.');
    if (detail && (!strcmp(detail, ".bus") || !strcmp(detail, ".other"))) *detail = '\0';
    for (size_t b = 0; read.every_word && b < p->n_buses; b++)
        if (!strcmp(p->bus[b].name, read.name)) return p->bus[b].name;
    return name;
}

/* "say which: Gtr 1.wav, Gtr 2.wav", for "Gtr 3"; nothing where no file has those words. */
static void ask_which(const td_plan *p, const char *name, td_text *hint)
{
    enum { FEW = 8 };
    char words[NAME_SIZE];
    size_t length = strlen(name), n = 0;
    while (length && (is_digit(name[length - 1]) || name[length - 1] == ' ')) length--;
    snprintf(words, sizeof words, "%.*s", (int)length, name);
    for (size_t i = 0; i < p->n_stems && n < FEW; i++)
        if (p->stem[i].bus && has_in_file_name(&p->stem[i], words))
            td_text_addf(hint, "%s %s", n++ ? "," : "say which:", td_basename(p->stem[i].name));
    if (n) td_text_add(hint, "; an amount has dB or a sign: +2 dB");
}

/* "synths", for "sythns". */
static const char *nearest(const td_plan *p, const char *name)
{
    const char *names[TD_BUSES_MAX];
    for (size_t b = 0; b < p->n_buses; b++) names[b] = p->bus[b].name;
    return td_nearest(name, names, p->n_buses);
}

static td_status nobody(const td_plan *p, const char *text, const char *name, td_error *err)
{
    td_text hint = { 0 };
    if (is_numbered(name)) ask_which(p, name, &hint);
    bool asked = hint.length;
    const char *near = asked ? NULL : nearest(p, name);
    if (near) td_text_addf(&hint, "did you mean '%s'? ", near);
    if (!asked) td_text_add(&hint, "there are ");
    for (size_t b = 0; !asked && b < p->n_buses; b++) td_text_addf(&hint, "%s%s", b ? ", " : "", p->bus[b].name);
    for (size_t r = 0; !asked && r < p->n_rets; r++) td_text_addf(&hint, ", %s", p->ret[r].name);
    if (!asked) td_text_add(&hint, ", and stems by role (kick) or file name");
    td_status st = td_fail(err, TD_ARG, text, td_text_or_empty(&hint), "nothing is called '%s'", name);
    td_text_free(&hint);
    return st;
}

/* One word for instruments of several buses: "lead" of guitars and synths. */
static td_status not_one(const char *text, const char *name, const td_meant *w, bool by_name, td_error *err)
{
    td_text hint = { 0 };
    td_text_add(&hint, "say which:");
    for (size_t i = 0; i < w->n_stems && i < 8; i++)
        td_text_addf(&hint, "%s %s", i ? "," : "", by_name ? td_basename(w->stem[i]->name) : w->stem[i]->role);
    td_status st = td_fail(err, TD_ARG, text, td_text_or_empty(&hint), "'%s' is in more than one bus", name);
    td_text_free(&hint);
    return st;
}

static bool in_several_buses(const td_meant *w)
{
    for (size_t i = 1; i < w->n_stems; i++)
        if (strcmp(w->stem[i]->bus, w->stem[0]->bus)) return true;
    return false;
}

static void add_lead(const td_plan *p, td_meant *out)
{
    add_stems(p, "vocals.lead", has_role, out);
    if (!out->n_stems) td_meant_buses(p, "vocals", false, out);
}

/* ---- words one by one -------------------------------------------------------------------------------------------- */

static bool plays_in(const td_plan *p, const td_plan_stem *s, const char *word)
{
    for (size_t b = 0; b < p->n_buses; b++)
        if (!strcmp(p->bus[b].name, s->bus))
            return same_word(word, s->bus) || (p->bus[b].group && same_word(word, p->bus[b].group));
    return false;
}

static bool is_of_role(const td_plan_stem *s, const char *word)
{
    td_role read = td_role_read(word);
    return has_role(s, word) || (s->role && read.every_word && td_role_covers(read.name, s->role));
}

static bool names_file(const td_plan_stem *s, const char *word)
{
    return has_in_file_name(s, word) || has_short_for(s, word);
}

/* Keeps of the stems those that a word names: by their bus, else, where any file is told from others by it, by their
 * files, else by what they play. */
static void keep_called(const td_plan *p, const char *word, td_meant *w)
{
    bool in_files = false;
    size_t n = 0;
    for (size_t i = 0; i < p->n_stems; i++) in_files |= p->stem[i].bus && names_file(&p->stem[i], word);
    for (size_t i = 0; i < w->n_stems; i++) {
        td_plan_stem *s = w->stem[i];
        if (plays_in(p, s, word) || (in_files ? names_file(s, word) : is_of_role(s, word))) w->stem[n++] = s;
    }
    w->n_stems = n;
}

/* "distorted guitars": Dist of the file names, in the bus guitars. Numbers mean what they stand beside, not what is
 * anywhere in the name. */
static void add_word_by_word(const td_plan *p, const char *name, td_meant *out)
{
    char copy[NAME_SIZE], *save;
    if (strlen(name) >= sizeof copy || strpbrk(name, digits)) return;
    strcpy(copy, name);
    for (size_t i = 0; i < p->n_stems; i++)
        if (p->stem[i].bus) out->stem[out->n_stems++] = &p->stem[i];
    for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) keep_called(p, w, out);
}

/* ---- words together ---------------------------------------------------------------------------------------------- */

/* The name without its k-th word, and that word. */
static bool without_word(const char *name, size_t k, char *rest, char *word)
{
    char copy[NAME_SIZE], *save;
    size_t n = 0;
    strcpy(copy, name);
    *rest = *word = '\0';
    for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save), n++) {
        if (n == k) strcpy(word, w);
        if (n != k) strcat(strcat(rest, *rest ? " " : ""), w);
    }
    return k < n && n > 1;
}

/* Is a word of the name nothing to the role that was read: "distorted" of "distorted synths"? */
static bool drops_a_word(const char *name, const char *role)
{
    char rest[NAME_SIZE], word[NAME_SIZE];
    for (size_t k = 0; without_word(name, k, rest, word); k++)
        if (!strcmp(td_role_read(rest).name, role) && !td_role_covers(td_role_read(word).name, role)) return true;
    return false;
}

/* "floor tom", whose file is called FT. */
static void add_read(const td_plan *p, const char *name, td_meant *out)
{
    if (strlen(name) >= NAME_SIZE || is_numbered(name)) return;
    td_role read = td_role_read(name);
    if (read.every_word && !drops_a_word(name, read.name)) add_stems(p, read.name, has_role, out);
}

/* Names of single files say more than words in them, these more than roles, and what each word means more than what
 * all of them would as a file's name. */
static void add_players(const td_plan *p, const char *name, bool *by_name, td_meant *out)
{
    add_stems(p, name, has_in_file_name, out);
    *by_name = out->n_stems;
    out->n_stems = 0;
    add_stems(p, name, *by_name ? is_called : has_role, out);
    if (!out->n_stems) add_word_by_word(p, name, out);
    if (!out->n_stems) add_read(p, name, out);
}

td_status td_meant_find(const td_plan *p, const char *text, const char *name, td_meant *out, td_error *err)
{
    bool by_name = false;
    *out = (td_meant){ .n_buses = 0 };
    name = bus_called(p, name);
    if (td_is_lead(name))
        add_lead(p, out);
    else
        td_meant_buses(p, name, true, out);
    if (out->n_buses) return TD_OK;
    if (!out->n_stems) add_stems(p, name, has_file_name, out);
    bool named = out->n_stems;
    if (!named && !is_bare_number(name)) add_players(p, name, &by_name, out);
    if (!out->n_stems) return nobody(p, text, name, err);
    if (!named && in_several_buses(out)) return not_one(text, name, out, by_name, err);
    join(p, out);
    return TD_OK;
}
