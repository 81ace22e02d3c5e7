#include "engine/mix/decide/decide.h"

#include "engine/base/units.h"
#include "engine/mix/measure.h"
#include <string.h>

/* ---- which curve
 * --------------------------------------------------------------------------------------------------------- */

static const char *curve_by_tag(const td_recipe *r)
{
    static const struct {
        const char *tag, *curve;
    } rows[] = {
        { "orchestra", "score" }, { "score", "score" },     { "classical", "score" }, { "folk", "common" },
        { "ambient", "ambient" }, { "acoustic", "common" }, { "jazz", "common" },     { "electronic", "elec" },
        { "house", "elec" },      { "techno", "elec" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t k = 0; k < r->n_tags; k++)
            if (!strcmp(r->tag[k], rows[i].tag)) return rows[i].curve;
    return NULL;
}

static bool has_beat(const td_decider *d)
{
    for (size_t b = 0; b < d->plan->n_buses; b++)
        if (!strcmp(d->plan->bus[b].name, "drums") && d->plan->bus[b].peak_dbfs > -80) return true;
    return false;
}

td_status td_choose_curve(td_decider *d, td_error *err)
{
    (void)err;
    const char *name = curve_by_tag(d->recipe);
    if (!name) name = has_beat(d) ? "loud" : "common";
    d->curve_name = d->plan->curve = name;
    d->curve = strcmp(name, "common") ? *td_target_find(name) : td_target_common(td_survey_percussiveness(d->survey));
    return TD_OK;
}

/* ---- match: what the mix has outside its kind, part of the way back
 * ----------------------------------------------------- */

/* A bell's gain in dB at f, from the analog prototype (s^2 + s A/Q + 1) / (s^2 + s/(A Q) + 1). */
static double bell_db(double f, double at_hz, double gain_db, double q)
{
    double a = td_exp10(gain_db / 40), x = f / at_hz, d = (1 - x * x) * (1 - x * x);
    double up = d + x * x * a * a / (q * q), down = d + x * x / (a * a * q * q);
    return td_power_db(up / down);
}

/* Below 50 Hz and above 10 kHz curves differ by arrangement and not by mixing. */
static bool has_a_say(size_t band)
{
    return td_band_hz(band) > 48 && td_band_hz(band) < 10500;
}

/* Deviation from the curve as far as it lies outside the 25th to 75th percentile, smoothed. */
static void outside(const td_target_curve *curve, const double level_db[TD_BANDS], double out[TD_BANDS])
{
    double mean = 0, beyond[TD_BANDS];
    size_t n = 0;
    for (size_t i = 0; i < TD_BANDS; i++) {
        if (td_band_hz(i) < 60 || td_band_hz(i) > 13000) continue;
        mean += level_db[i] - (double)curve->p50[i];
        n++;
    }
    mean /= (double)n;
    for (size_t i = 0; i < TD_BANDS; i++) {
        double x = level_db[i] - mean;
        beyond[i] = x > (double)curve->p75[i]   ? x - (double)curve->p75[i]
                    : x < (double)curve->p25[i] ? x - (double)curve->p25[i]
                                                : 0;
    }
    for (size_t i = 0; i < TD_BANDS; i++) {
        double sum = 0, weight = 0;
        for (size_t k = 0; k < TD_BANDS; k++) {
            double octaves = ((double)i - (double)k) / 3 * 2.355, w = td_exp(-octaves * octaves / 2);
            sum += w * beyond[k];
            weight += w;
        }
        out[i] = has_a_say(i) ? sum / weight : 0;
    }
}

enum { BELLS = 4, APART = 3 /* bands: an octave */ };
#define LEAST_DB 0.5 /* a smaller move is not worth a band */
#define BELL_Q   1.0

static td_status bell_part(td_decider *d, double at_hz, double gain_db, td_plan_part *out, td_error *err)
{
    const td_processor *eq = td_processor_find("eq"), *bell = eq ? td_part_find(eq, "bell") : NULL;
    if (!bell) return td_fail(err, TD_FAILED, NULL, NULL, "the rack has no bell to match with");
    *out = (td_plan_part){ .proc = bell, .value = td_arena_array(d->arena, bell->n_params, sizeof(double)) };
    if (!out->value) return td_decide_nomem(err);
    td_processor_defaults(bell, out->value);
    out->value[td_param_find(bell, "at")] = at_hz;
    out->value[td_param_find(bell, "gain")] = gain_db;
    out->value[td_param_find(bell, "q")] = BELL_Q;
    return TD_OK;
}

/* Where the largest move is left, at least an octave from the bells there are. */
static size_t worst_band(const double want[TD_BANDS], const td_plan_part *part, size_t n)
{
    size_t worst = 0;
    double most = 0;
    for (size_t i = 0; i < TD_BANDS; i++) {
        bool taken = !has_a_say(i);
        for (size_t k = 0; k < n; k++) {
            double at = part[k].value[td_param_find(part[k].proc, "at")];
            taken = taken || fabs(td_log2(td_band_hz(i) / at)) * 3 < APART - 0.5;
        }
        if (taken || fabs(want[i]) <= most) continue;
        most = fabs(want[i]);
        worst = i;
    }
    return most > 0 ? worst : 0;
}

/* What a match is held against, and how far it may go. */
typedef struct match_target {
    td_target_curve curve;
    const char *name; /* in words: "three quarters of 'loud' mixes" */
    double part;      /* of the deviation that is taken back */
    double most_db;
} match_target;

/* The order's reference song, where the recipe wants its tone: a curve without spread, and a wider limit. */
static td_status reference_target(td_decider *d, match_target *out, td_error *err)
{
    td_measurement m;
    td_band_power p = { 0 };
    double level[TD_BANDS];
    TD_TRY(td_measure_file(d->session->reference->path, &m, err));
    for (size_t i = 0; i < TD_BANDS; i++) p.ll[i] = m.band[i];
    td_band_levels(&p, level);
    for (size_t i = 0; i < TD_BANDS; i++) out->curve.p25[i] = out->curve.p50[i] = out->curve.p75[i] = (float)level[i];
    out->name = "the reference song";
    out->part = d->recipe->reference_tone;
    out->most_db = 3;
    return TD_OK;
}

static td_status choose_target(td_decider *d, const td_site *site, const td_part_wish *wish, match_target *out,
                               td_error *err)
{
    if (d->recipe->reference_tone > 0 && d->session->reference) return reference_target(d, out, err);
    int t = td_param_find(wish->proc, "target"), s = td_param_find(wish->proc, "strength");
    const td_wish *target = &wish->value[t], *strength = &wish->value[s];
    const char *name = target->kind == TD_WISH_VALUE ? wish->proc->params[t].choices[(size_t)target->a] : "auto";
    const td_target_curve *curve = strcmp(name, "auto") ? td_target_find(name) : &d->curve;
    if (!curve) return td_fail(err, TD_RECIPE, site->name, NULL, "no target curve '%s'", name);
    out->curve = *curve;
    out->name = td_arena_printf(d->arena, "three quarters of '%s' mixes", strcmp(name, "auto") ? name : d->curve_name);
    out->part = (strength->kind == TD_WISH_VALUE ? strength->a : wish->proc->params[s].def) / 100;
    out->most_db = 2;
    return out->name ? TD_OK : td_decide_nomem(err);
}

td_status td_decide_match(td_decider *d, const td_site *site, const td_part_wish *wish, td_plan_part *part, size_t room,
                          size_t *n, td_error *err)
{
    match_target t = { 0 };
    td_band_power mix;
    double level[TD_BANDS], off[TD_BANDS], want[TD_BANDS], most = 0;
    *n = 0;
    TD_TRY(choose_target(d, site, wish, &t, err));
    TD_TRY(td_mix_bands(d, d->active, &mix, err));
    td_band_levels(&mix, level);
    outside(&t.curve, level, off);
    for (size_t i = 0; i < TD_BANDS; i++) {
        want[i] = td_clamp(-t.part * off[i], -t.most_db, t.most_db);
        most = fmax(most, fabs(off[i]));
    }
    for (size_t k = 0; k < BELLS && *n < room; k++) {
        size_t worst = worst_band(want, part, *n);
        double gain = td_round_to(td_clamp(want[worst], -t.most_db, t.most_db), 0.1), at = td_band_label(worst);
        if (fabs(gain) < LEAST_DB) break;
        TD_TRY(bell_part(d, at, gain, &part[*n], err));
        part[*n].reason = td_arena_printf(d->arena, "%.0f %% of the %.1f dB by which the spectrum %s %s", t.part * 100,
                                          fabs(off[worst]), off[worst] > 0 ? "exceeds" : "stays below", t.name);
        if (!part[*n].reason) return td_decide_nomem(err);
        (*n)++;
        for (size_t i = 0; i < TD_BANDS; i++) want[i] -= bell_db(td_band_hz(i), at, gain, BELL_Q);
    }
    if (*n) return TD_OK;
    return td_decide_note(d, TD_NOTE_NOT_USED, "%s match: within %.1f dB of %s", site->name, most, t.name);
}
