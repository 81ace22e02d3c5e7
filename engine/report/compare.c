#include "engine/report/compare.h"

#include "engine/base/base.h"
#include "engine/base/maths.h"
#include "engine/base/units.h"
#include "engine/report/tone.h"
#include <stdio.h>

/* ---- one file --------------------------------------------------------------------------------------------------- */

static const double silent_db = -90; /* against the loudness */

static void spectrum_of(const td_band_power *p, double loudness_lufs, td_compared *out)
{
    for (size_t i = 0; i < TD_BANDS; i++) {
        double level = td_power_db(p->ll[i] + p->rr[i]) - loudness_lufs;
        out->level_db[i] = level > silent_db ? level : NAN;
    }
    for (size_t o = 0; o < TD_OCTAVES; o++) {
        bool sounds = td_octave_sounds(p, o);
        out->width_db[o] = sounds ? td_width_within(p, td_octave_low(o), td_octave_high(o)) : NAN;
        out->octave_correlation[o] = sounds ? td_correlation_within(p, td_octave_low(o), td_octave_high(o)) : NAN;
    }
}

/* Two speakers play one channel with twice its power. */
static double on_two_speakers_db(const td_measurement *m)
{
    return m->info.channels == 1 ? td_power_db(2) : 0;
}

/* A loudness needs one block of BS.1770. */
static td_status no_loudness(const char *path, const td_measurement *m, td_error *err)
{
    if (!(m->faults & TD_FAULT_BIT(SILENT)) && (double)m->info.frames < 0.4 * m->info.rate_hz)
        return td_fail(err, TD_INPUT, path, NULL, "is too short to compare: loudness takes 0.4 s, and it has %.2f s",
                       (double)m->info.frames / m->info.rate_hz);
    return td_fail(err, TD_INPUT, path, NULL, "is silent: there is nothing to compare");
}

bool td_compared_make(const td_measurement *m, const td_portrait *portrait, td_compared *out)
{
    double more_db = on_two_speakers_db(m), loudness_lufs = m->loudness_lufs + more_db;
    td_band_power p = td_portrait_bands(portrait);
    if (!isfinite(m->loudness_lufs)) return false;
    *out = (td_compared){
        .mono = m->info.channels == 1,
        .loudness_lufs = loudness_lufs,
        .range_lu = m->range_lu,
        .max_short_lufs = m->max_short_lufs + more_db,
        .true_peak_dbtp = m->true_peak_dbtp,
        .crest_db = m->crest_db,
        .plr_db = m->true_peak_dbtp - loudness_lufs,
        .correlation = td_correlation_within(&p, 0, 20000),
        .low_correlation = td_correlation_within(&p, 0, 100),
        .mono_loss_lu = portrait->mono_loss_lu,
        .balance_db = td_clamp(
            td_power_db(td_power_within(p.ll, 0, 20000)) - td_power_db(td_power_within(p.rr, 0, 20000)), -60, 60),
    };
    spectrum_of(&p, loudness_lufs, out);
    return true;
}

static td_status listen(const char *path, td_arena *a, td_compared *out, td_error *err)
{
    td_measurement *m = td_arena_alloc(a, sizeof *m);
    td_portrait *portrait = td_arena_alloc(a, sizeof *portrait);
    if (!m || !portrait) return td_no_memory(err);
    td_status st = td_measure_file(path, m, err);
    if (!st) st = td_portrait_make(path, a, portrait, err);
    return st || td_compared_make(m, portrait, out) ? st : no_loudness(path, m, err);
}

/* ---- in words --------------------------------------------------------------------------------------------------- */

enum { WORDS_MAX = 24 };

/* What is said, and how much it is heard: over what needs a word at all. */
typedef struct talk {
    td_comparison *c;
    td_arena *arena;
    double heard[WORDS_MAX];
} talk;

static td_status say(talk *t, double heard, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* In its place among what was said. */
static td_status say(talk *t, double heard, const char *fmt, ...)
{
    char text[160];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    const char *kept = td_arena_strdup(t->arena, text);
    if (!kept) return TD_NOMEM;
    size_t at = t->c->n_words++;
    for (; at && t->heard[at - 1] < heard; at--) {
        t->heard[at] = t->heard[at - 1];
        t->c->word[at] = t->c->word[at - 1];
    }
    t->heard[at] = heard;
    t->c->word[at] = kept;
    return TD_OK;
}

/* Mean of what is there, over bands or octaves. */
static double mean_of(const double *x, size_t first, size_t last)
{
    double sum = 0, n = 0;
    for (size_t i = first; i <= last; i++) {
        if (isnan(x[i])) continue;
        sum += x[i];
        n++;
    }
    return sum / n; /* NaN: nothing */
}

/* What is smaller needs no word. */
#define HEARD_TONE_DB   1.0
#define HEARD_BAND_DB   2.0 /* a third octave on its own */
#define HEARD_TILT_DB   0.3 /* an octave */
#define HEARD_LOUD_LU   1.0
#define HEARD_WIDTH_DB  2.0
#define HEARD_MIDDLE_DB 0.7

static size_t largest(const double *x, size_t first, size_t last)
{
    size_t most = first;
    for (size_t i = first; i <= last; i++)
        if (isnan(x[most]) || fabs(x[i]) > fabs(x[most])) most = i;
    return most;
}

typedef struct region {
    const char *name;
    size_t first, last; /* bands */
    double low_hz, high_hz;
} region;

/* A region as a whole, and the band in it that stands out; one band on its own by its frequency. */
static td_status say_region(talk *t, const region *r)
{
    const double *off = t->c->difference_db;
    size_t at = largest(off, r->first, r->last);
    double mean = mean_of(off, r->first, r->last), size = fabs(mean), most = fabs(off[at]);
    double heard = fmax(size / HEARD_TONE_DB, most / HEARD_BAND_DB);
    const char *more = (size >= HEARD_TONE_DB ? mean : off[at]) > 0 ? "more" : "less";
    char peak[48] = "";
    if (!(heard >= 1)) return TD_OK;
    if (!(size >= HEARD_TONE_DB))
        return say(t, heard, "%s %s: %.1f dB at %g Hz", more, r->name, most, td_band_label(at));
    if (most >= size + HEARD_TONE_DB) snprintf(peak, sizeof peak, ", most at %g Hz: %+.1f", td_band_label(at), off[at]);
    return say(t, heard, "%s %s, %g to %g Hz: by %.1f dB%s", more, r->name, r->low_hz, r->high_hz, size, peak);
}

/* What the tilt leaves of the difference; with tilt 0 all of it. */
static void without_tilt(const td_comparison *c, double tilt_db, double left[TD_BANDS])
{
    double known[TD_BANDS];
    size_t n = 0;
    for (size_t i = 0; i < TD_BANDS; i++) {
        left[i] = c->difference_db[i] - tilt_db * td_log2(td_band_hz(i) / 1000);
        if (!isnan(left[i]) && td_band_within(i, 100, 10000)) known[n++] = left[i];
    }
    double middle = n ? td_median(known, n) : 0;
    for (size_t i = 0; i < TD_BANDS; i++) left[i] -= middle;
}

static double mean_size(const double x[TD_BANDS])
{
    double sum = 0, n = 0;
    for (size_t i = 0; i < TD_BANDS; i++)
        if (!isnan(x[i]) && td_band_within(i, 100, 10000)) sum += fabs(x[i]), n++;
    return sum / n;
}

/* A slope is one where a straight line explains most of the difference: a bell has one too. What it explains is not
 * said again by regions. */
static td_status say_tone(talk *t)
{
    static const region regions[] = { { "sub", 1, 3, 31.5, 50 },          { "bass", 4, 7, 63, 125 },
                                      { "low mid", 8, 12, 160, 400 },     { "mid", 13, 18, 500, 1600 },
                                      { "presence", 19, 23, 2000, 5000 }, { "treble", 24, 27, 6300, 12500 } };
    td_comparison *c = t->c;
    double left[TD_BANDS];
    td_status st = TD_OK;
    without_tilt(c, c->tilt_db, left);
    bool tilted = fabs(c->tilt_db) >= HEARD_TILT_DB && mean_size(left) < c->mean_db / 2;
    if (tilted)
        st = say(t, fabs(c->tilt_db) / HEARD_TILT_DB, "%s: tilted by %+.1f dB an octave",
                 c->tilt_db > 0 ? "brighter" : "darker", c->tilt_db);
    for (size_t i = 0; !st && i < sizeof regions / sizeof regions[0]; i++) {
        const region *r = &regions[i];
        bool beside = fabs(mean_of(left, r->first, r->last)) >= HEARD_TONE_DB ||
                      fabs(left[largest(left, r->first, r->last)]) >= HEARD_BAND_DB;
        if (!tilted || beside) st = say_region(t, r);
    }
    return st;
}

static td_status say_dynamics(talk *t)
{
    const td_comparison *c = t->c;
    double plr = c->file.plr_db - c->reference.plr_db, range = c->file.range_lu - c->reference.range_lu;
    td_status st = TD_OK;
    if (fabs(plr) >= HEARD_LOUD_LU)
        st = say(t, fabs(plr) / HEARD_LOUD_LU, "%s: peaks stand %.1f dB %s over the loudness",
                 plr > 0 ? "more punch" : "denser", fabs(plr), plr > 0 ? "higher" : "lower");
    if (!st && fabs(range) >= HEARD_LOUD_LU)
        st = say(t, fabs(range) / HEARD_LOUD_LU, "%s: loudness ranges over %.1f LU %s",
                 range > 0 ? "more movement" : "steadier", fabs(range), range > 0 ? "more" : "less");
    return st;
}

/* How much wider the file is within some octaves, and whether the reference sounds mono in all of them. */
static double wider(const talk *t, size_t first, size_t last, bool *mono)
{
    const double *own = t->c->file.width_db, *its = t->c->reference.width_db;
    double off[TD_OCTAVES];
    *mono = true;
    for (size_t o = first; o <= last; o++) {
        off[o] = td_width_apart(own[o], its[o]);
        if (!isnan(off[o]) && its[o] > -TD_WIDTH_HEARD_DB) *mono = false;
    }
    return mean_of(off, first, last);
}

/* Where one of them has one channel, that says it all. */
static td_status say_width(talk *t)
{
    static const struct {
        const char *where;
        size_t first, last; /* octaves */
    } parts[] = { { "below 100 Hz", 0, 1 }, { "from 100 to 800 Hz", 2, 4 }, { "above 800 Hz", 5, TD_OCTAVES - 1 } };
    const td_compared *file = &t->c->file, *reference = &t->c->reference;
    if (file->mono != reference->mono)
        return say(t, INFINITY, "mono: %s has one channel, the other two", file->mono ? "this file" : "the reference");
    td_status st = TD_OK;
    for (size_t i = 0; !st && i < sizeof parts / sizeof parts[0]; i++) {
        bool mono;
        double off = wider(t, parts[i].first, parts[i].last, &mono), heard = fabs(off) / HEARD_WIDTH_DB;
        if (heard >= 1 && mono)
            st = say(t, heard, "wider %s: the reference is mono there", parts[i].where);
        else if (heard >= 1)
            st = say(t, heard, "%s %s: sides against middle %+.1f dB", off > 0 ? "wider" : "narrower", parts[i].where,
                     off);
    }
    return st;
}

static td_status say_stereo(talk *t)
{
    const td_compared *file = &t->c->file, *reference = &t->c->reference;
    double lean = fabs(file->balance_db) - fabs(reference->balance_db);
    double loss = file->mono_loss_lu - reference->mono_loss_lu;
    td_status st = say_width(t);
    if (!st && lean >= HEARD_MIDDLE_DB)
        st = say(t, lean / HEARD_MIDDLE_DB, "leans to the %s: %.1f dB", file->balance_db > 0 ? "left" : "right",
                 fabs(file->balance_db));
    if (!st && loss >= HEARD_LOUD_LU) st = say(t, loss / HEARD_LOUD_LU, "loses %.1f LU more in mono", loss);
    return st;
}

static td_status in_words(td_comparison *c, td_arena *a)
{
    talk t = { .c = c, .arena = a };
    c->word = td_arena_array(a, WORDS_MAX, sizeof *c->word);
    if (!c->word) return TD_NOMEM;
    td_status st = say_tone(&t);
    if (!st) st = say_dynamics(&t);
    if (!st) st = say_stereo(&t);
    if (!st && c->file.true_peak_dbtp > 0 && c->reference.true_peak_dbtp <= 0)
        st = say(&t, c->file.true_peak_dbtp, "peaks pass full scale by %.1f dB", c->file.true_peak_dbtp);
    return st;
}

/* ---- both ------------------------------------------------------------------------------------------------------- */

/* A third octave that far below the loudness is not heard beside the others, and no difference down there. */
static double heard_level(double level_db)
{
    return isnan(level_db) ? NAN : fmax(level_db, -60);
}

static void hold_together(td_comparison *c)
{
    double known[TD_BANDS];
    c->gain_db = c->reference.loudness_lufs - c->file.loudness_lufs;
    for (size_t i = 0; i < TD_BANDS; i++)
        c->difference_db[i] = heard_level(c->file.level_db[i]) - heard_level(c->reference.level_db[i]);
    without_tilt(c, 0, c->difference_db);
    for (size_t i = 0; i < TD_BANDS; i++) {
        double d = c->difference_db[i];
        known[i] = isnan(d) ? 0 : d;
        if (isnan(d) || !td_band_within(i, 100, 10000) || fabs(d) <= fabs(c->most_db)) continue;
        c->most_db = d;
        c->most_at_hz = td_band_label(i);
    }
    c->mean_db = mean_size(c->difference_db);
    c->tilt_db = td_tone_tilt(known, 100, 10000);
}

td_status td_comparison_make(const td_compared *file, const td_compared *reference, td_arena *a, td_comparison *out)
{
    *out = (td_comparison){ .file = *file, .reference = *reference };
    hold_together(out);
    return in_words(out, a);
}

td_status td_compare_files(const char *path, const char *reference, td_arena *a, td_comparison *out, td_error *err)
{
    td_compared own, other;
    td_status st = listen(reference, a, &other, err);
    if (!st) st = listen(path, a, &own, err);
    if (st) return st;
    return td_comparison_make(&own, &other, a, out) ? td_no_memory(err) : TD_OK;
}
