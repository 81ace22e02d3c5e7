#include "engine/report/compare.h"

#include "engine/base/base.h"
#include "engine/report/portrait.h"
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

static td_status listen(const char *path, td_arena *a, td_compared *out, td_error *err)
{
    td_measurement *m = td_arena_alloc(a, sizeof *m);
    td_portrait *portrait = td_arena_alloc(a, sizeof *portrait);
    if (!m || !portrait) return td_no_memory(err);
    td_status st = td_measure_file(path, m, err);
    if (!st) st = td_portrait_make(path, a, portrait, err);
    if (st) return st;
    if (!isfinite(m->loudness_lufs))
        return td_fail(err, TD_INPUT, path, NULL, "is silent: there is nothing to compare");
    td_band_power p = td_portrait_bands(portrait);
    *out = (td_compared){
        .loudness_lufs = m->loudness_lufs,
        .range_lu = m->range_lu,
        .max_short_lufs = m->max_short_lufs,
        .true_peak_dbtp = m->true_peak_dbtp,
        .crest_db = m->crest_db,
        .plr_db = m->true_peak_dbtp - m->loudness_lufs,
        .correlation = td_correlation_within(&p, 0, 20000),
        .low_correlation = td_correlation_within(&p, 0, 100),
        .mono_loss_lu = portrait->mono_loss_lu,
        .balance_db = td_power_db(td_power_within(p.ll, 0, 20000)) - td_power_db(td_power_within(p.rr, 0, 20000)),
    };
    spectrum_of(&p, m->loudness_lufs, out);
    return TD_OK;
}

/* ---- in words --------------------------------------------------------------------------------------------------- */

static td_status say(td_comparison *c, td_arena *a, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static td_status say(td_comparison *c, td_arena *a, const char *fmt, ...)
{
    char text[160];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    const char *kept = td_arena_strdup(a, text);
    if (!kept) return TD_NOMEM;
    c->word[c->n_words++] = kept;
    return TD_OK;
}

/* Mean of what is there, over bands or octaves. */
static double mean_of(const double *x, const double *minus, size_t first, size_t last)
{
    double sum = 0, n = 0;
    for (size_t i = first; i <= last; i++) {
        double d = x[i] - (minus ? minus[i] : 0);
        if (isnan(d)) continue;
        sum += d;
        n++;
    }
    return sum / n; /* NaN: nothing */
}

#define HEARD_TONE_DB   1.0 /* what is smaller needs no word */
#define HEARD_TILT_DB   0.3 /* an octave */
#define HEARD_LOUD_LU   1.0
#define HEARD_WIDTH_DB  2.0
#define HEARD_MIDDLE_DB 0.7
#define WORDS_MAX       24

static td_status say_tone(td_comparison *c, td_arena *a)
{
    static const struct {
        const char *name;
        size_t first, last; /* bands */
        double low_hz, high_hz;
    } regions[] = {
        { "sub", 1, 3, 31.5, 50 },    { "bass", 4, 7, 63, 125 },          { "low mid", 8, 12, 160, 400 },
        { "mid", 13, 18, 500, 1600 }, { "presence", 19, 23, 2000, 5000 }, { "treble", 24, 27, 6300, 12500 }
    };
    td_status st = TD_OK;
    if (fabs(c->tilt_db) >= HEARD_TILT_DB)
        st = say(c, a, "%s: tilted by %+.1f dB an octave", c->tilt_db > 0 ? "brighter" : "darker", c->tilt_db);
    for (size_t i = 0; !st && i < sizeof regions / sizeof regions[0]; i++) {
        double off = mean_of(c->difference_db, NULL, regions[i].first, regions[i].last);
        if (fabs(off) >= HEARD_TONE_DB)
            st = say(c, a, "%s %s, %g to %g Hz: by %.1f dB", off > 0 ? "more" : "less", regions[i].name,
                     regions[i].low_hz, regions[i].high_hz, fabs(off));
    }
    return st;
}

static td_status say_dynamics(td_comparison *c, td_arena *a)
{
    double plr = c->file.plr_db - c->reference.plr_db, range = c->file.range_lu - c->reference.range_lu;
    td_status st = TD_OK;
    if (fabs(plr) >= HEARD_LOUD_LU)
        st = say(c, a, "%s: peaks stand %.1f dB %s over the loudness", plr > 0 ? "more punch" : "denser", fabs(plr),
                 plr > 0 ? "higher" : "lower");
    if (!st && fabs(range) >= HEARD_LOUD_LU)
        st = say(c, a, "%s: loudness ranges over %.1f LU %s", range > 0 ? "more movement" : "steadier", fabs(range),
                 range > 0 ? "more" : "less");
    return st;
}

static td_status say_stereo(td_comparison *c, td_arena *a)
{
    static const struct {
        const char *where;
        size_t first, last; /* octaves */
    } parts[] = { { "below 100 Hz", 0, 1 }, { "from 100 to 800 Hz", 2, 4 }, { "above 800 Hz", 5, TD_OCTAVES - 1 } };
    td_status st = TD_OK;
    for (size_t i = 0; !st && i < sizeof parts / sizeof parts[0]; i++) {
        double off = mean_of(c->file.width_db, c->reference.width_db, parts[i].first, parts[i].last);
        if (fabs(off) >= HEARD_WIDTH_DB)
            st = say(c, a, "%s %s: sides against middle %+.1f dB", off > 0 ? "wider" : "narrower", parts[i].where, off);
    }
    if (!st && fabs(c->file.balance_db) - fabs(c->reference.balance_db) >= HEARD_MIDDLE_DB)
        st = say(c, a, "leans to the %s: %.1f dB", c->file.balance_db > 0 ? "left" : "right", fabs(c->file.balance_db));
    if (!st && c->file.mono_loss_lu - c->reference.mono_loss_lu >= HEARD_LOUD_LU)
        st = say(c, a, "loses %.1f LU more in mono", c->file.mono_loss_lu - c->reference.mono_loss_lu);
    return st;
}

static td_status in_words(td_comparison *c, td_arena *a)
{
    c->word = td_arena_array(a, WORDS_MAX, sizeof *c->word);
    if (!c->word) return TD_NOMEM;
    td_status st = say_tone(c, a);
    if (!st) st = say_dynamics(c, a);
    if (!st) st = say_stereo(c, a);
    if (!st && c->file.true_peak_dbtp > 0 && c->reference.true_peak_dbtp <= 0)
        st = say(c, a, "peaks pass full scale by %.1f dB", c->file.true_peak_dbtp);
    return st;
}

/* ---- both ------------------------------------------------------------------------------------------------------- */

static void hold_together(td_comparison *c)
{
    double known[TD_BANDS], sum = 0, n = 0;
    c->gain_db = c->reference.loudness_lufs - c->file.loudness_lufs;
    for (size_t i = 0; i < TD_BANDS; i++) {
        double d = c->difference_db[i] = c->file.level_db[i] - c->reference.level_db[i];
        known[i] = isnan(d) ? 0 : d;
        if (isnan(d) || !td_band_within(i, 100, 10000)) continue;
        sum += fabs(d);
        n++;
        if (fabs(d) <= fabs(c->most_db)) continue;
        c->most_db = d;
        c->most_at_hz = td_band_label(i);
    }
    c->mean_db = sum / n;
    c->tilt_db = td_tone_tilt(known, 100, 10000);
}

td_status td_compare_files(const char *path, const char *reference, td_arena *a, td_comparison *out, td_error *err)
{
    *out = (td_comparison){ 0 };
    td_status st = listen(reference, a, &out->reference, err);
    if (!st) st = listen(path, a, &out->file, err);
    if (st) return st;
    hold_together(out);
    return in_words(out, a) ? td_no_memory(err) : TD_OK;
}
