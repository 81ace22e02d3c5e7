#include "engine/mix/decide/decide.h"

#include "engine/base/units.h"
#include "engine/mix/measure.h"
#include <stdio.h>
#include <string.h>

/* ---- which curve ------------------------------------------------------------------------------------------------- */

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
        if (!strcmp(d->plan->bus[b].name, "drums") && !td_is_silent(d->plan->bus[b].peak_dbfs)) return true;
    return false;
}

static double written_or_default(const td_part_wish *p, const char *name)
{
    int slot = td_param_find(p->proc, name);
    return p->value[slot].kind == TD_WISH_VALUE ? p->value[slot].a : p->proc->params[slot].def;
}

static const char *target_name(const td_part_wish *match)
{
    return match->proc->params[td_param_find(match->proc, "target")]
        .choices[(size_t)written_or_default(match, "target")];
}

/* The target a recipe writes for its mix bus is what all else is held against too; NULL: none, or auto. */
static const char *curve_by_name(const td_recipe *r)
{
    for (size_t i = 0; i < r->mix.n_steps; i++)
        for (size_t k = 0; k < r->mix.step[i].n_parts; k++) {
            const td_part_wish *p = &r->mix.step[i].part[k];
            if (!strcmp(p->proc->name, "match") && strcmp(target_name(p), "auto")) return target_name(p);
        }
    return NULL;
}

td_status td_choose_curve(td_decider *d, td_error *err)
{
    (void)err;
    const char *name = curve_by_name(d->recipe);
    if (!name) name = curve_by_tag(d->recipe);
    if (!name) name = has_beat(d) ? "loud" : "common";
    d->curve_name = d->plan->curve = name;
    d->curve = strcmp(name, "common") ? *td_target_find(name) : td_target_common(td_survey_percussiveness(d->survey));
    return TD_OK;
}

/* ---- who is there ------------------------------------------------------------------------------------------------ */

/* What a song is made of beside its drums. */
enum { BASS = 1, CHORDS = 2, LEAD = 4, ALL_PARTS = 7 };

/* What a bus may be; who cannot be told may be all of it. */
static unsigned parts_of(const td_plan_bus *b)
{
    static const struct {
        const char *group;
        unsigned parts;
    } rows[] = { { "drums", 0 },        { "percussion", 0 },   { "speech", 0 },       { "fx", 0 },
                 { "returns", 0 },      { "bass", BASS },      { "guitars", CHORDS }, { "keys", CHORDS },
                 { "synths", CHORDS },  { "strings", CHORDS }, { "harp", CHORDS },    { "brass", LEAD },
                 { "woodwinds", LEAD }, { "vocals", LEAD },    { "choir", LEAD } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(b->group, rows[i].group)) return rows[i].parts;
    return ALL_PARTS;
}

/* Of two kinds of instruments that play chords one may have the melody. */
static unsigned missing_parts(const td_decider *d)
{
    unsigned there = 0;
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        unsigned own = d->playing.bus[b] >= 1 ? parts_of(&d->plan->bus[b]) : 0;
        if (own & there & CHORDS) own |= LEAD;
        there |= own;
    }
    return ALL_PARTS & ~there;
}

/* "bass and lead seem" */
static const char *missing_words(unsigned missing)
{
    static const char *const words[] = { "nothing seems",
                                         "bass seems",
                                         "chords seem",
                                         "bass and chords seem",
                                         "a lead seems",
                                         "bass and a lead seem",
                                         "chords and a lead seem",
                                         "bass, chords and a lead seem" };
    return words[missing];
}

static bool most_is_missing(unsigned missing)
{
    return missing & (missing - 1);
}

/* ---- match: what the mix has outside its kind, part of the way back ---------------------------------------------- */

/* A bell's gain in dB at f, from the analog prototype (s^2 + s A/Q + 1) / (s^2 + s/(A Q) + 1). */
static double bell_db(double f, double at_hz, double gain_db, double q)
{
    double a = td_exp10(gain_db / 40), x = f / at_hz, d = (1 - x * x) * (1 - x * x);
    double up = d + x * x * a * a / (q * q), down = d + x * x / (a * a * q * q);
    return td_power_db(up / down);
}

/* What a match is held against, and how far it may go. */
typedef struct match_target {
    td_target_curve curve;
    const char *name, *middle; /* in words: "three quarters of 'loud' mixes", "the middle of 'loud' mixes" */
    double from_hz;            /* what is below is left alone, and not looked at */
    double part;               /* of the deviation that is taken back */
    double most_db;
    bool empty[TD_BANDS]; /* nothing plays there: it is no fault of the tone */
} match_target;

/* What lies farther under what is usual is missing, and nothing an equaliser could bring. */
#define HOLE_DB 10

static bool is_from(const match_target *t, size_t band)
{
    return td_band_hz(band) > t->from_hz * 0.944;
}

/* Above 10 kHz curves differ by arrangement and not by mixing. */
static bool has_a_say(const match_target *t, size_t band)
{
    return is_from(t, band) && td_band_hz(band) < 10500 && !t->empty[band];
}

/* What the spectrum and the curve differ by as a whole. */
static double whole_off(const match_target *t, const double level_db[TD_BANDS])
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < TD_BANDS; i++) {
        if (!is_from(t, i) || td_band_hz(i) < 60 || td_band_hz(i) > 13000 || t->empty[i]) continue;
        sum += level_db[i] - (double)t->curve.p50[i];
        n++;
    }
    return n ? sum / (double)n : 0;
}

/* A hole pulls the mean down, so the mean is taken again without it. */
static void find_holes(match_target *t, const double level_db[TD_BANDS])
{
    for (int pass = 0; pass < 2; pass++) {
        double mean = whole_off(t, level_db);
        for (size_t i = 0; i < TD_BANDS; i++) t->empty[i] = level_db[i] - mean < (double)t->curve.p25[i] - HOLE_DB;
    }
}

/* The widest hole below 10 kHz is spoken of. */
static td_status tell_hole(td_decider *d, const td_site *site, const match_target *t, const double level_db[TD_BANDS])
{
    size_t from = 0, n = 0;
    double below = 0, mean = whole_off(t, level_db);
    for (size_t i = 0, run = 0; i < TD_BANDS; i++) {
        bool counts = is_from(t, i) && td_band_hz(i) < 10500;
        run = counts && t->empty[i] ? run + 1 : 0;
        if (run <= n) continue;
        n = run;
        from = i + 1 - n;
    }
    if (!n) return TD_OK;
    for (size_t i = from; i < from + n; i++) below = fmax(below, (double)t->curve.p25[i] - level_db[i] + mean);
    const char *where =
        n > 1 ? td_arena_printf(d->arena, "at %g to %g Hz", td_band_label(from), td_band_label(from + n - 1))
              : td_arena_printf(d->arena, "around %g Hz", td_band_label(from));
    if (!where) return TD_NOMEM;
    return td_decide_note(d, TD_NOTE_DECISION,
                          "%s match: nothing plays %s%s, up to %.1f dB below %s: nothing is raised there", site->name,
                          where, td_band_hz(from) < 100 ? " (no bass?)" : "", below, t->name);
}

/* Deviation from the curve as far as it lies outside the 25th to 75th percentile, smoothed over bands that have a say:
 * a file without anything above 15 kHz does not lack 10 kHz. */
static void outside(const match_target *t, const double level_db[TD_BANDS], double out[TD_BANDS])
{
    const td_target_curve *curve = &t->curve;
    double mean = whole_off(t, level_db), beyond[TD_BANDS];
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
            if (!has_a_say(t, k)) continue;
            sum += w * beyond[k];
            weight += w;
        }
        out[i] = has_a_say(t, i) ? sum / weight : 0;
    }
}

enum { BELLS = 4, APART = 3 /* bands: an octave */ };
#define LEAST_DB 0.5 /* a smaller move is not worth a band */
#define BELL_Q   1.0

static td_status bell_part(td_decider *d, double at_hz, double gain_db, td_plan_part *out, td_error *err)
{
    const td_processor *eq = td_processor_find("eq"), *bell = eq ? td_part_find(eq, "bell") : NULL;
    if (!bell) return td_fail(err, TD_FAILED, NULL, NULL, "the rack has no bell to match with");
    *out = (td_plan_part){ .proc = bell,
                           .value = td_arena_array(d->arena, bell->n_params, sizeof(double)),
                           .goal = td_no_goal };
    if (!out->value) return td_no_memory(err);
    td_processor_defaults(bell, out->value);
    out->value[td_param_find(bell, "at")] = at_hz;
    out->value[td_param_find(bell, "gain")] = gain_db;
    out->value[td_param_find(bell, "q")] = BELL_Q;
    return TD_OK;
}

/* Where the largest move is left, at least an octave from the bells there are. */
static size_t worst_band(const match_target *t, const double want[TD_BANDS], const td_plan_part *part, size_t n)
{
    size_t worst = 0;
    double most = 0;
    for (size_t i = 0; i < TD_BANDS; i++) {
        bool taken = !has_a_say(t, i);
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
    out->name = out->middle = "the reference song";
    out->part = d->recipe->reference_tone;
    out->most_db = 3;
    return TD_OK;
}

td_status td_tell_reference(td_decider *d)
{
    if (!d->session->reference || d->recipe->reference_tone > 0) return TD_OK;
    return td_decide_note(
        d, TD_NOTE_WARNING,
        "reference: nothing of %s is taken on, mixes are only compared with it; 'reference: { tone: 50 "
        "%% }' in the recipe%s takes on half of its tone",
        d->session->reference->name, td_recipe_matches(d->recipe) ? "" : ", and 'match' in an eq of its mix bus,");
}

static td_status choose_target(td_decider *d, const td_site *site, const td_part_wish *wish, match_target *out,
                               td_error *err)
{
    out->from_hz = written_or_default(wish, "from");
    if (d->recipe->reference_tone > 0 && d->session->reference) return reference_target(d, out, err);
    const char *name = target_name(wish);
    bool same = !strcmp(name, "auto") || !strcmp(name, d->curve_name);
    const td_target_curve *curve = same ? &d->curve : td_target_find(name);
    if (!curve) return td_fail(err, TD_RECIPE, site->name, NULL, "no target curve '%s'", name);
    out->curve = *curve;
    out->name = td_arena_printf(d->arena, "three quarters of '%s' mixes", same ? d->curve_name : name);
    out->middle = td_arena_printf(d->arena, "the middle of '%s' mixes", same ? d->curve_name : name);
    out->part = written_or_default(wish, "strength") / 100;
    out->most_db = 2;
    return out->name && out->middle ? TD_OK : td_no_memory(err);
}

/* The mix as this step will leave it without its bells: what the step does already is not to be done twice. */
static td_status levels_before(td_decider *d, const td_site *site, td_plan_step *step, double level[TD_BANDS],
                               td_error *err)
{
    td_plan_chain own = { .step = step, .n_steps = 1 };
    td_band_power mix;
    double power[TD_BANDS];
    TD_TRY(td_mix_bands_out(d, d->active, &mix, err));
    if (site->kind == TD_SITE_MIX) {
        TD_TRY(td_chain_power(d, &own, power, err));
        td_bands_scale(&mix, power);
    }
    td_band_levels(&mix, level);
    return TD_OK;
}

/* "takes back what is too much of the +0.6 dB that the bells above do there: the spectrum needs nothing towards ..." */
static const char *taken_back(td_decider *d, const match_target *t, double wanted_db, double done_db)
{
    char needs[32] = "nothing";
    if (fabs(wanted_db) >= 0.05) snprintf(needs, sizeof needs, "%+.1f dB", wanted_db);
    return td_arena_printf(d->arena,
                           "takes back what is too much of the %+.1f dB that the bells above do there: the %sspectrum "
                           "needs %s towards %s",
                           done_db, d->finish ? "finished " : "", needs, t->name);
}

/* "50 % of the 7.5 dB by which the spectrum exceeds ..., held at 2 dB; the bells above do -1.2 dB there" */
static const char *bell_reason(td_decider *d, const match_target *t, double off_db, double left_db)
{
    double whole = -t->part * off_db, wanted = td_clamp(whole, -t->most_db, t->most_db), done = wanted - left_db;
    const char *held = "", *above = "";
    if (wanted * left_db <= 0) return taken_back(d, t, wanted, done);
    if (fmax(fabs(whole), fabs(left_db)) > t->most_db) held = td_arena_printf(d->arena, ", held at %g dB", t->most_db);
    if (fabs(done) >= 0.05) above = td_arena_printf(d->arena, "; the bells above do %+.1f dB there", done);
    return !held || !above ? NULL
                           : td_arena_printf(d->arena, "%.0f %% of the %.1f dB by which the %sspectrum %s %s%s%s",
                                             t->part * 100, fabs(off_db), d->finish ? "finished " : "",
                                             off_db > 0 ? "exceeds" : "stays below", t->name, held, above);
}

/* A bell and the reason for it; what is wanted is less by what it does. */
static td_status add_bell(td_decider *d, const match_target *t, double at_hz, double gain_db, double off_db,
                          double want[TD_BANDS], double want_db, td_plan_part *out, td_error *err)
{
    TD_TRY(bell_part(d, at_hz, gain_db, out, err));
    out->reason = bell_reason(d, t, off_db, want_db);
    if (!out->reason) return td_no_memory(err);
    for (size_t i = 0; i < TD_BANDS; i++) want[i] -= bell_db(td_band_hz(i), at_hz, gain_db, BELL_Q);
    return TD_OK;
}

static size_t band_at(double hz)
{
    size_t nearest = 0;
    for (size_t i = 0; i < TD_BANDS; i++)
        if (fabs(td_log(td_band_hz(i) / hz)) < fabs(td_log(td_band_hz(nearest) / hz))) nearest = i;
    return nearest;
}

/* A bell of the first judgement, by the finished spectrum: it grows to what is wanted now, and is taken back where it
 * would lead past the median. */
static td_status judge_bell(td_decider *d, const match_target *t, const td_plan_part *old, const double level[TD_BANDS],
                            const double off[TD_BANDS], double want[TD_BANDS], td_plan_part *out, bool *kept,
                            td_error *err)
{
    double at = old->value[td_param_find(old->proc, "at")], was = old->value[td_param_find(old->proc, "gain")];
    double beyond[TD_BANDS];
    size_t band = band_at(at);
    td_deviation(level, t->curve.p50, beyond);
    double room = -beyond[band], now = was < 0 ? fmax(was, fmin(room, 0)) : fmin(was, fmax(room, 0));
    bool grows = was * want[band] > 0 && fabs(want[band]) > fabs(was);
    double gain = td_round_to(grows ? td_clamp(want[band], -t->most_db, t->most_db) : now, 0.1);
    *kept = fabs(gain) >= LEAST_DB;
    if (!*kept) return TD_OK;
    const char *reason = old->reason;
    TD_TRY(add_bell(d, t, at, gain, off[band], want, want[band], out, err));
    if (grows) return TD_OK;
    if (gain != was)
        reason = td_arena_printf(d->arena, "%s; taken back from %+.1f dB, for the finished spectrum is %.1f dB from %s",
                                 reason, was, fabs(beyond[band]), t->middle);
    out->reason = reason;
    return reason ? TD_OK : td_no_memory(err);
}

/* What a match did as it was decided first. */
typedef struct td_matched {
    const td_part_wish *wish;
    const td_plan_part *bell;
    size_t n_bells;
    const struct td_matched *before; /* another one, or this one with less room */
} td_matched;

static const td_matched *matched_by(const td_decider *d, const td_part_wish *wish)
{
    const td_matched *m = d->matched;
    while (m && m->wish != wish) m = m->before;
    return m;
}

static td_status keep_bells(td_decider *d, const td_part_wish *wish, const td_plan_part *bell, size_t n, td_error *err)
{
    td_matched *m = td_arena_alloc(d->arena, sizeof *m);
    if (!m) return td_no_memory(err);
    *m = (td_matched){ wish, bell, n, d->matched };
    d->matched = m;
    return TD_OK;
}

td_status td_decide_match(td_decider *d, const td_site *site, const td_part_wish *wish, td_plan_step *step, size_t room,
                          td_error *err)
{
    match_target t = { 0 };
    td_plan_part *part = step->part + step->n_parts;
    double level[TD_BANDS], off[TD_BANDS], want[TD_BANDS], most = 0;
    size_t n = 0;
    unsigned missing = missing_parts(d);
    bool kept;
    TD_TRY(choose_target(d, site, wish, &t, err));
    TD_TRY(levels_before(d, site, step, level, err));
    find_holes(&t, level);
    outside(&t, level, off);
    for (size_t i = 0; i < TD_BANDS; i++) {
        want[i] = td_clamp(-t.part * off[i], -t.most_db, t.most_db);
        most = fmax(most, fabs(off[i]));
    }
    if (most_is_missing(missing))
        return td_decide_note(d, TD_NOTE_NOT_USED, "%s match: off by %.1f dB: %s to be missing", site->name, most,
                              missing_words(missing));
    const td_matched *first = d->finish ? matched_by(d, wish) : NULL;
    for (size_t i = 0; first && i < first->n_bells && n < room; i++) {
        TD_TRY(judge_bell(d, &t, &first->bell[i], level, off, want, &part[n], &kept, err));
        n += kept;
    }
    while (n < BELLS && n < room) {
        size_t worst = worst_band(&t, want, part, n);
        double gain = td_round_to(td_clamp(want[worst], -t.most_db, t.most_db), 0.1);
        if (fabs(gain) < LEAST_DB) break;
        TD_TRY(add_bell(d, &t, td_band_label(worst), gain, off[worst], want, want[worst], &part[n], err));
        n++;
    }
    step->n_parts += n;
    if (!d->finish) TD_TRY(keep_bells(d, wish, part, n, err));
    TD_TRY(tell_hole(d, site, &t, level));
    if (n) return TD_OK;
    return td_decide_note(d, TD_NOTE_NOT_USED, "%s match: within %.1f dB of %s", site->name, most, t.name);
}

/* ---- judged again, by what becomes of it ------------------------------------------------------------------------- */

/* Whether the recipe leaves anything of it to us; what has a condition was an answer to the mix as it was. */
static bool is_left_to_us(const td_step_wish *w)
{
    if (strcmp(w->proc->name, "eq") != 0 || w->when) return false;
    for (size_t i = 0; i < w->n_parts; i++) {
        if (!strcmp(w->part[i].proc->name, "match")) return true;
        for (size_t k = 0; k < w->part[i].proc->n_params; k++)
            if (w->part[i].value[k].kind == TD_WISH_RANGE) return true;
    }
    return false;
}

/* The mix bus's first equaliser of that kind: its index; -1: none. */
static int tone_step(const td_decider *d, const td_step_wish **wish)
{
    for (size_t i = 0; i < d->plan->mix.n_steps; i++)
        for (size_t k = 0; k < d->recipe->mix.n_steps; k++) {
            const td_step_wish *w = &d->recipe->mix.step[k];
            if (strcmp(w->name, d->plan->mix.step[i].name) || strcmp(w->proc->name, "eq") || !is_left_to_us(w))
                continue;
            *wish = w;
            return (int)i;
        }
    return -1;
}

/* Of the same passages, what is heard in the end against what faders and equalisers foretell. */
static td_status foretell_finish(td_decider *d, const td_finish *f, size_t eq_steps, td_error *err)
{
    td_plan_chain front = { d->plan->mix.step, eq_steps };
    td_band_power foretold;
    double *finish = td_arena_array(d->arena, TD_BANDS, sizeof *finish), eq[TD_BANDS];
    double before[TD_BANDS], after[TD_BANDS];
    unsigned char *heard = td_arena_array(d->arena, d->steps + 1, 1);
    if (!finish || !heard) return td_no_memory(err);
    for (size_t p = 0; p < d->n_passages; p++)
        for (size_t i = 0; i < TD_PASSAGE_STEPS; i++) {
            int64_t at = d->passage[p] * 10 / d->session->rate_hz + (int64_t)i;
            if (at >= 0 && (size_t)at < d->steps) heard[at] = 1;
        }
    TD_TRY(td_mix_bands(d, d->n_passages ? heard : NULL, &foretold, err));
    TD_TRY(td_chain_power(d, &front, eq, err));
    td_bands_scale(&foretold, eq);
    td_band_levels(&foretold, before);
    td_band_levels(&f->bands, after);
    for (size_t i = 0; i < TD_BANDS; i++)
        finish[i] = foretold.ll[i] + foretold.rr[i] > 0 ? td_db_power(after[i] - before[i]) : 1;
    d->finish = finish;
    return TD_OK;
}

static bool same_parts(const td_plan_step *a, const td_plan_step *b)
{
    bool same = a->n_parts == b->n_parts;
    for (size_t i = 0; same && i < a->n_parts; i++)
        same = a->part[i].proc == b->part[i].proc &&
               !memcmp(a->part[i].value, b->part[i].value, a->part[i].proc->n_params * sizeof *a->part[i].value);
    return same;
}

td_status td_judge_tone(td_decider *d, const td_finish *f, bool *moved, td_error *err)
{
    const td_step_wish *wish;
    int at = tone_step(d, &wish);
    *moved = false;
    if (at < 0) return TD_OK;
    td_plan_chain *mix = &d->plan->mix, front = { mix->step, (size_t)at };
    td_plan_step *step = &mix->step[at], before = *step;
    td_site site = {
        .kind = TD_SITE_MIX, .signal = td_survey_sum(d->survey), .chain = &front, .name = "mix", .role = "mix"
    };
    TD_TRY(foretell_finish(d, f, (size_t)at + 1, err));
    size_t steps = mix->n_steps;
    mix->n_steps = (size_t)at; /* what stands behind it does not answer to it */
    td_status st = td_decide_parts_again(d, &site, wish, step, err);
    mix->n_steps = steps;
    if (!st && !step->n_parts) *step = before; /* the last thing it does stays */
    *moved = !same_parts(step, &before);
    return st;
}
