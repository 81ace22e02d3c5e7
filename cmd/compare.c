#include "cmd/compare.h"
#include "cmd/cmd.h"

#include "engine/base/json.h"
#include "engine/report/compare.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- as text ---------------------------------------------------------------------------------------------------- */

static const struct figure {
    const char *name, *member, *unit;
    size_t at; /* in td_compared */
    int decimals;
} figures[] = {
    { "loudness", "loudness_lufs", "LUFS", offsetof(td_compared, loudness_lufs), 1 },
    { "short-term max", "max_short_term_lufs", "LUFS", offsetof(td_compared, max_short_lufs), 1 },
    { "loudness range", "loudness_range_lu", "LU", offsetof(td_compared, range_lu), 1 },
    { "true peak", "true_peak_dbtp", "dBTP", offsetof(td_compared, true_peak_dbtp), 1 },
    { "peak to loudness", "plr_db", "dB", offsetof(td_compared, plr_db), 1 },
    { "crest", "crest_db", "dB", offsetof(td_compared, crest_db), 1 },
    { "correlation", "correlation", "", offsetof(td_compared, correlation), 2 },
    { "  below 120 Hz", "low_correlation", "", offsetof(td_compared, low_correlation), 2 },
    { "loss in mono", "mono_loss_lu", "LU", offsetof(td_compared, mono_loss_lu), 1 },
    { "left over right", "balance_db", "dB", offsetof(td_compared, balance_db), 1 },
};

enum { FIGURES = sizeof figures / sizeof figures[0] };

static double value_of(const td_compared *c, const struct figure *f)
{
    return *(const double *)((const char *)c + f->at);
}

/* "-14.0", or a dash for what does not exist; sign: also "+". Zero has none. */
static const char *number(double x, int decimals, bool sign, char out[24])
{
    snprintf(out, 24, !isfinite(x) ? "-" : sign ? "%+.*f" : "%.*f", decimals, x);
    bool zero = isfinite(x) && !strpbrk(out, "123456789");
    return zero ? out + strspn(out, "+-") : out;
}

static void print_figures(const td_comparison *c)
{
    char a[24], b[24], d[24];
    printf("  %-18s %9s %9s %9s\n", "", "this", "reference", "differs");
    for (size_t i = 0; i < FIGURES; i++) {
        const struct figure *f = &figures[i];
        double x = value_of(&c->file, f), y = value_of(&c->reference, f);
        printf("  %-18s %9s %9s %9s  %s\n", f->name, number(x, f->decimals, false, a), number(y, f->decimals, false, b),
               number(x - y, f->decimals, true, d), f->unit);
    }
}

enum { HALF = 20 }; /* columns of a dB to each side */

/* "     ###|" or "        |###": as many as it differs by. */
static const char *bar(double off, char out[2 * HALF + 2])
{
    int columns = isnan(off) ? 0 : (int)rint(td_clamp(off, -HALF, HALF)), from = columns < 0 ? HALF + columns : HALF;
    memset(out, ' ', 2 * HALF + 1);
    memset(out + from + (columns > 0), '#', (size_t)abs(columns));
    out[HALF] = '|';
    out[HALF + 1 + (columns > 0 ? columns : 0)] = 0;
    return out;
}

static void print_tone(const td_comparison *c)
{
    char d[24], drawn[2 * HALF + 2];
    printf("\n  tone about the median band, from 100 Hz to 10 kHz: %.1f dB apart on average, at most %s dB at %g Hz\n",
           c->mean_db, number(c->most_db, 1, true, d), c->most_at_hz);
    for (size_t i = 0; i < TD_BANDS; i++)
        printf("  %7g Hz %7s dB  %s\n", td_band_label(i), number(c->difference_db[i], 1, true, d),
               bar(c->difference_db[i], drawn));
}

/* The sides against the middle; "mono" where nobody hears them. */
static const char *width(double x, char out[24])
{
    return x <= -TD_WIDTH_HEARD_DB ? "mono" : number(x, 1, false, out);
}

static void print_stereo(const td_comparison *c)
{
    char a[24], b[24], x[24], y[24], octave[32];
    printf("\n  %-18s %9s %9s   %11s %9s\n", "stereo by octave", "width", "reference", "correlation", "reference");
    for (size_t o = 0; o < TD_OCTAVES; o++) {
        snprintf(octave, sizeof octave, "%g to %g Hz", td_octave_low(o), td_octave_high(o));
        printf("  %-18s %9s %9s dB %11s %9s\n", octave, width(c->file.width_db[o], a),
               width(c->reference.width_db[o], b), number(c->file.octave_correlation[o], 2, false, x),
               number(c->reference.octave_correlation[o], 2, false, y));
    }
}

static void print(const char *path, const char *reference, const td_comparison *c)
{
    char text[512], other[512], d[24];
    printf("%s against %s, ", td_printable(path, text, sizeof text), td_printable(reference, other, sizeof other));
    if (fabs(c->gain_db) < 0.05)
        puts("as loud as each other");
    else
        printf("turned %s by %.1f dB\n", c->gain_db < 0 ? "down" : "up", fabs(c->gain_db));
    for (size_t i = 0; i < c->n_words; i++) printf("  %s\n", c->word[i]);
    if (!c->n_words && fabs(c->most_db) < 0.05)
        puts("  the same: nothing differs by as much as 0.1 dB from 100 Hz to 10 kHz");
    else if (!c->n_words)
        printf("  nothing that needs a word: from 100 Hz to 10 kHz it differs by %s dB at %g Hz at most\n",
               number(c->most_db, 1, true, d), c->most_at_hz);
    putchar('\n');
    print_figures(c);
    print_tone(c);
    print_stereo(c);
}

/* ---- as JSON ---------------------------------------------------------------------------------------------------- */

static json_t *list(const double *x, size_t n, double step)
{
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(a, td_json_number(x[i], step));
    return a;
}

static json_t *one_json(const char *path, const td_compared *c)
{
    json_t *o = json_object();
    json_object_set_new(o, "file", td_json_text(path));
    for (size_t i = 0; i < FIGURES; i++)
        json_object_set_new(o, figures[i].member, td_json_db(value_of(c, &figures[i])));
    json_object_set_new(o, "level_db", list(c->level_db, TD_BANDS, 0.01));
    json_object_set_new(o, "width_db", list(c->width_db, TD_OCTAVES, 0.01));
    json_object_set_new(o, "octave_correlation", list(c->octave_correlation, TD_OCTAVES, 0.001));
    return o;
}

static json_t *to_json(const char *path, const char *reference, const td_comparison *c)
{
    double hz[TD_BANDS];
    for (size_t i = 0; i < TD_BANDS; i++) hz[i] = td_band_label(i);
    json_t *o = json_object(), *words = json_array();
    for (size_t i = 0; i < c->n_words; i++) json_array_append_new(words, td_json_text(c->word[i]));
    json_object_set_new(o, "file", one_json(path, &c->file));
    json_object_set_new(o, "reference", one_json(reference, &c->reference));
    json_object_set_new(o, "gain_db", td_json_db(c->gain_db));
    json_object_set_new(o, "hz", list(hz, TD_BANDS, 0.1));
    json_object_set_new(o, "difference_db", list(c->difference_db, TD_BANDS, 0.01));
    json_object_set_new(o, "tilt_db_per_octave", td_json_db(c->tilt_db));
    json_object_set_new(o, "mean_db", td_json_db(c->mean_db));
    json_object_set_new(o, "most_db", td_json_db(c->most_db));
    json_object_set_new(o, "most_at_hz", td_json_number(c->most_at_hz, 0.1));
    json_object_set_new(o, "words", words);
    return o;
}

int td_compare_run(const td_args *a, const char *reference)
{
    td_error err = { 0 };
    int code = 0;
    json_t *all = json_array();
    bool json = td_args_has(a, "json");
    for (size_t i = 0; i < a->n_words && !code; i++) {
        td_arena *arena = td_arena_new();
        td_comparison c;
        td_status st = arena ? td_compare_files(a->word[i], reference, arena, &c, &err) : TD_NOMEM;
        if (st)
            code = td_report_error(st, &err);
        else if (json)
            json_array_append_new(all, to_json(a->word[i], reference, &c));
        else
            print(a->word[i], reference, &c);
        td_arena_free(arena);
    }
    if (json && !code) {
        json_t *o = json_pack("{sisO}", "v", 1, "comparisons", all);
        json_dumpf(o, stdout, TD_JSON_STYLE);
        putchar('\n');
        json_decref(o);
    }
    json_decref(all);
    return code;
}
