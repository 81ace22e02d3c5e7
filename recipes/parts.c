#include "recipes/parts.h"

#include <string.h>

/* ---- targets ----------------------------------------------------------------------------------------------------- */

const td_target td_no_target = { .loudness_lufs = NAN, .true_peak_dbtp = NAN, .peak_dbfs = NAN, .limiting_db = 6 };

static const td_named_target *named_target(const char *text)
{
    for (const td_named_target *t = td_named_targets; t->name; t++)
        if (strcmp(t->name, text) == 0) return t;
    return NULL;
}

static void unknown_target(td_reader *r, const td_node *n)
{
    const char *names[32];
    size_t count = 0;
    for (; count < 32 && td_named_targets[count].name; count++) names[count] = td_named_targets[count].name;
    td_mistake(r->messages, n, "unknown_word", td_one_of(r->messages, n->text, names, count), "no target '%s'",
               td_cut(r->messages, n->text));
}

void td_target_loudness(td_reader *r, td_node *n, void *into)
{
    static const td_field f = { .name = "loudness", .measure = TD_MEASURE_LUFS, .min = -40, .max = -4 };
    td_target *t = into;
    const td_named_target *named = n->kind == TD_NODE_TEXT ? named_target(n->text) : NULL;
    if (!named && n->kind == TD_NODE_TEXT && n->text[0] >= 'a' && n->text[0] <= 'z') {
        unknown_target(r, n);
    } else if (!named) {
        td_read_number(r, n, &f, &t->loudness_lufs);
    } else {
        t->named = named->name;
        t->loudness_lufs = named->loudness_lufs;
        if (isnan(t->true_peak_dbtp)) t->true_peak_dbtp = named->true_peak_dbtp;
    }
}

void td_target_true_peak(td_reader *r, td_node *n, void *into)
{
    static const td_field f = { .name = "true_peak", .measure = TD_MEASURE_DBTP, .min = -20, .max = 0 };
    td_read_number(r, n, &f, &((td_target *)into)->true_peak_dbtp);
}

void td_target_peak(td_reader *r, td_node *n, void *into)
{
    static const td_field f = { .name = "peak", .measure = TD_UNIT_DBFS, .min = -40, .max = 0 };
    td_read_number(r, n, &f, &((td_target *)into)->peak_dbfs);
}

void td_target_limiting(td_reader *r, td_node *n, void *into)
{
    static const td_field f = { .name = "limiting", .measure = TD_UNIT_DB, .min = 0, .max = 24 };
    td_read_number(r, n, &f, &((td_target *)into)->limiting_db);
}

/* ---- words and places -------------------------------------------------------------------------------------------- */

void td_member_balance(td_reader *r, td_node *n, void *into)
{
    int word = td_read_word(r, n, "'balance'", td_balance_names);
    if (word >= 0) *(td_balance *)into = (td_balance)word;
}

bool td_read_pan(td_reader *r, const td_node *n, double *pan, bool *automatic)
{
    td_field f = { .name = "pan", .measure = TD_UNIT_PAN, .min = -100, .max = 100, .flags = automatic ? TD_AUTO : 0 };
    td_wish wish;
    if (!td_read_wish(r, n, &f, &wish)) return false;
    if (wish.kind == TD_WISH_AUTO)
        *automatic = true;
    else
        *pan = wish.a;
    return true;
}

void td_member_polarity(td_reader *r, td_node *n, void *into)
{
    static const char *const words[] = { "normal", "flipped", NULL };
    *(bool *)into = td_read_word(r, n, "'polarity'", words) == 1;
}

/* ---- formats ----------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    unsigned bits; /* word lengths, a bit each: 1 for 16, 2 for 24, 4 for 32 */
} formats[] = { { "wav", 1 | 2 | 4 }, { "aiff", 1 | 2 | 4 }, { "flac", 1 | 2 },
                { "mp3", 0 },         { "ogg", 0 },          { "opus", 0 } };

const char *const td_formats[] = { "wav", "aiff", "flac", "mp3", "ogg", "opus", NULL };

static unsigned bits_of(const char *format)
{
    size_t f = 0;
    while (strcmp(formats[f].name, format) != 0) f++;
    return formats[f].bits;
}

bool td_format_lossy(const char *format)
{
    return bits_of(format) == 0;
}

bool td_read_format(td_reader *r, const td_node *n, const char **format)
{
    int word = td_read_word(r, n, "'format'", td_formats);
    if (word >= 0) *format = td_formats[word];
    return word >= 0;
}

bool td_read_bits(td_reader *r, const td_node *n, const char *format, unsigned *bits)
{
    static const char *const words[] = { "16", "24", "32", NULL };
    static const unsigned lengths[] = { 16, 24, 32 };
    int word = td_read_word(r, n, "'bits'", words);
    if (word < 0) return false;
    unsigned has = bits_of(format);
    if (!(has & 1u << word)) {
        td_mistake(r->messages, n, "bad_bits", has ? "16 or 24" : "leave 'bits' out", "%s has no %u bits", format,
                   lengths[word]);
        return false;
    }
    *bits = lengths[word];
    return true;
}
