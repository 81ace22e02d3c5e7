#include "engine/report/card.h"

#include "engine/base/units.h"
#include "engine/mix/usual.h"
#include "engine/report/report.h"
#include "engine/report/stereo.h"
#include "engine/report/tone.h"
#include <stdio.h>
#include <string.h>

/* ---- rows ------------------------------------------------------------------------------------------------------- */

enum row {
    TB,
    TS,
    MK,
    MK_LEAD,
    MK_WORST,
    LV,
    GB,
    CREST,
    PLR,
    PSR,
    LR,
    ST,
    ST_LOW,
    ST_OCTAVE,
    MF,
    MF_WORST,
    IM,
    WD,
    BM,
    BS,
    PK,
    LT,
    LT_HELD,
    GR
};

/* clang-format off */
#define LEAD_LU   { -TD_LEAD_TASTE_LU, TD_LEAD_TASTE_LU }
#define MOST_OFF  { NAN, TD_OFF_ASKED_DB }

/* Half a decibel is about the least that is told of a broadband sound (Miller 1947: 0.4 dB for noise): of a level, of the
 * ends of a tilt (100 Hz to 10 kHz are 3.3 octaves from their middle), of third octaves on average. So much on one
 * group's fader moved masking by 0.3 points at most, on two sessions. */
#define TOLD_DB        0.5
#define TOLD_DB_OCTAVE 0.15
#define TOLD_POINTS    0.5

/* Limits come from finished mixes: 504 of them for tone, dynamics and stereo, where music with a beat keeps other ones
 * than score, folk and ambient; balances of printed sessions for the groups. What the engine has to meet is marked. */
static const struct row_kind {
    const char *id, *name, *unit;
    double beat[2], free[2]; /* low and high; NaN: none */
    bool must, less;         /* meet them; is better, also than in the sum */
    double told;             /* a difference from the sum that is less is none */
    double allowed;          /* how much worse than a balance that was left as delivered it may be */
} kinds[TD_CARD_ROWS] = {
    [TB]        = { "TB",        "tone: distance from finished mixes",           "dB",     { NAN, 6.5 },   { NAN, 6.5 },  0, 1, TOLD_DB,        0 },
    [TS]        = { "TS",        "tone: tilt against finished mixes",            "dB/oct", { -2, 1.5 },    { -2, 1.5 },   0, 1, TOLD_DB_OCTAVE, 1 },
    [MK]        = { "MK",        "masking: covered by others, all groups",       "%",      { NAN, 25 },    { NAN, 25 },   0, 1, TOLD_POINTS,    3 },
    [MK_LEAD]   = { "MK lead",   "masking: the lead, 1 to 4 kHz",                "%",      { NAN, 15 },    { NAN, 15 },   0, 0, 0,              0 },
    [MK_WORST]  = { "MK worst",  "masking: the group covered most",              "%",      { NAN, 50 },    { NAN, 50 },   0, 0, 0,              0 },
    [LV]        = { "LV",        "lead against the rest, off the usual",         "LU",     LEAD_LU,        LEAD_LU,       0, 1, TOLD_DB,        1 },
    [GB]        = { "GB",        "groups, off the usual",                        "LU",     { NAN, 3 },     { NAN, 3 },    0, 1, TOLD_DB,        1 },
    [CREST]     = { "CR",        "crest: peak over RMS",                         "dB",     { NAN, NAN },   { NAN, NAN },  0, 0, 0,              0 },
    [PLR]       = { "PLR",       "peak over loudness",                           "dB",     { 8, 17.5 },    { 8, 17.5 },   0, 0, 0,              0 },
    [PSR]       = { "PSR",       "peak over loudness, densest tenth",            "dB",     { 7, NAN },     { 7, NAN },    0, 0, 0,              0 },
    [LR]        = { "LR",        "loudness range without the tail",              "LU",     { NAN, NAN },   { NAN, NAN },  0, 0, 0,              0 },
    [ST]        = { "ST",        "correlation",                                  "",       { 0.25, 0.98 }, { 0, 0.98 },   0, 0, 0,              0 },
    [ST_LOW]    = { "ST low",    "correlation below 120 Hz",                     "",       { 0.55, NAN },  { NAN, NAN },  0, 0, 0,              0 },
    [ST_OCTAVE] = { "ST octave", "correlation of the widest octave",             "",       { 0, NAN },     { 0, NAN },    0, 0, 0,              0 },
    [MF]        = { "MF",        "loss in mono",                                 "LU",     { NAN, 1.7 },   { NAN, 2.9 },  0, 1, TOLD_DB,        0.3 },
    [MF_WORST]  = { "MF worst",  "loss in mono of the widest group",             "LU",     { NAN, 3 },     { NAN, 3 },    0, 0, 0,              0 },
    [IM]        = { "IM",        "left over right",                              "dB",     { -1.3, 1.3 },  { -1.3, 1.3 }, 0, 0, 0,              0 },
    [WD]        = { "WD",        "width against the reference, farthest octave", "dB",     { -3, 3 },      { -3, 3 },     0, 0, 0,              0 },
    [BM]        = { "BM",        "middle against the reference",                 "dB",     { NAN, NAN },   { NAN, NAN },  0, 1, TOLD_DB,        0 },
    [BS]        = { "BS",        "sides against the reference",                  "dB",     { NAN, NAN },   { NAN, NAN },  0, 1, TOLD_DB,        0 },
    [PK]        = { "PK",        "peaks over their limit",                       "dB",     { NAN, 0 },     { NAN, 0 },    1, 0, 0,              0 },
    [LT]        = { "LT",        "loudness off its target",                      "LU",     { NAN, 0.1 },   { NAN, 0.1 },  1, 0, 0,              0 },
    [LT_HELD]   = { "LT held",   "loudness given up at the limiter's bound",     "LU",     { NAN, 0.1 },   { NAN, 0.1 },  0, 0, 0,              0 },
    [GR]        = { "GR",        "gain reduction off what was asked",            "dB",     MOST_OFF,       MOST_OFF,      1, 0, 0,              0 },
};
/* clang-format on */

/* ---- tone and stereo -------------------------------------------------------------------------------------------- */

static void levels(const td_band_power *p, double level_db[TD_BANDS])
{
    double both[TD_BANDS];
    for (size_t i = 0; i < TD_BANDS; i++) both[i] = p->ll[i] + p->rr[i];
    td_relative_levels(both, level_db);
    for (size_t i = 0; i < TD_BANDS; i++) level_db[i] = fmax(level_db[i], -100);
}

/* Mean absolute difference of third octaves, 63 Hz to 12.5 kHz, at the level where both lie closest. */
static double distance(const double off[TD_BANDS])
{
    double mean = 0, sum = 0, n = 0;
    for (size_t i = 0; i < TD_BANDS; i++)
        if (td_band_within(i, 63, 12500)) mean += off[i], n++;
    mean /= n;
    for (size_t i = 0; i < TD_BANDS; i++)
        if (td_band_within(i, 63, 12500)) sum += fabs(off[i] - mean);
    return sum / n;
}

static double widest_octave(const td_band_power *p)
{
    double least = NAN;
    for (size_t o = 0; o < TD_OCTAVES; o++)
        if (td_octave_sounds(p, o)) least = fmin(least, td_correlation_within(p, td_octave_low(o), td_octave_high(o)));
    return least;
}

static double width_off(const td_band_power *p, const td_band_power *reference)
{
    double most = NAN;
    for (size_t o = 0; o < TD_OCTAVES; o++) {
        if (!td_octave_sounds(p, o) || !td_octave_sounds(reference, o)) continue;
        double off = td_width_apart(td_width_within(p, td_octave_low(o), td_octave_high(o)),
                                    td_width_within(reference, td_octave_low(o), td_octave_high(o)));
        if (!(fabs(off) <= fabs(most))) most = off;
    }
    return most;
}

/* What stands so far below the other of middle and sides that nobody hears it counts as if it stood at that edge. */
static double heard_power(double own, double other)
{
    return fmax(own, fmax(other, 0) * td_db_power(-TD_WIDTH_HEARD_DB));
}

/* Root mean square difference of third octaves, 100 Hz to 10 kHz, of middle (sign 1) or sides (-1), each spectrum
 * against its own whole. */
static double spectra_apart(const td_band_power *p, const td_band_power *reference, int sign)
{
    double sum = 0, n = 0;
    const td_band_power *of[2] = { p, reference };
    double level[2][TD_BANDS];
    for (size_t k = 0; k < 2; k++) {
        double all = td_power_within(of[k]->ll, 100, 10000) + td_power_within(of[k]->rr, 100, 10000);
        for (size_t i = 0; i < TD_BANDS; i++) {
            double both = of[k]->ll[i] + of[k]->rr[i], cross = 2 * sign * of[k]->lr[i];
            level[k][i] = fmax(td_power_db(heard_power((both + cross) / 2, (both - cross) / 2) / all), -60);
        }
    }
    for (size_t i = 0; i < TD_BANDS; i++)
        if (td_band_within(i, 100, 10000)) sum += (level[0][i] - level[1][i]) * (level[0][i] - level[1][i]), n++;
    return sqrt(sum / n);
}

static double mean_db(const td_band_power *p)
{
    return td_power_db((td_power_within(p->ll, 0, 20000) + td_power_within(p->rr, 0, 20000)) / 2);
}

/* ---- groups ----------------------------------------------------------------------------------------------------- */

/* Mean distance of groups from where they usually stand, once what all have in common is taken out. Groups that play
 * less than a tenth of the time are not judged, and the lead has a row of its own. */
static double groups_off(const td_card_wish *w, const td_scales *s, td_arena *a)
{
    double off[TD_BUSES_MAX], sum = 0;
    size_t n = 0, lead = td_find_lead(w->session, NULL).bus;
    for (size_t b = 0; w->recipe && b < s->n_buses; b++) {
        double active,
            usual = td_usual_group_lu(w->recipe, w->session, NULL, b) + td_recipe_offset_db(w->recipe, w->session, b);
        double stands = b == lead ? NAN : td_weigh(s, b, lead, a, &active);
        if (!isnan(stands) && !isnan(usual) && active >= TD_CARD_SPARSE) off[n++] = stands - usual;
    }
    if (n < 2) return NAN;
    double middle = td_median(off, n);
    for (size_t i = 0; i < n; i++) sum += fabs(off[i] - middle);
    return sum / (double)n;
}

static double lead_off(const td_card_wish *w, const td_scales *s, td_arena *a)
{
    td_lead lead = td_find_lead(w->session, NULL);
    if (!w->recipe || lead.bus == SIZE_MAX) return NAN;
    return td_weigh(s, lead.bus, lead.bus, a, NULL) - td_usual_lead_lu(w->recipe, lead.sings) -
           td_lead_offset_db(w->recipe, w->session, lead);
}

/* The highest of a figure of each bus. */
static double worst_of(const double *x, size_t n, size_t *where)
{
    double most = NAN;
    for (size_t b = 0; b < n; b++) {
        if (isnan(x[b]) || x[b] <= most) continue;
        most = x[b];
        *where = b;
    }
    return most;
}

/* ---- sides ------------------------------------------------------------------------------------------------------ */

typedef struct figures {
    double of[TD_CARD_ROWS];
    const char *where[TD_CARD_ROWS];
} figures;

static void measure_tone(const td_card_wish *w, const td_card_side *s, figures *f)
{
    double level[TD_BANDS], off[TD_BANDS];
    levels(&s->bands, level);
    for (size_t i = 0; i < TD_BANDS; i++) off[i] = level[i] - (double)w->curve->p50[i];
    f->of[TB] = distance(off);
    f->of[TS] = td_tone_tilt(off, 100, 10000);
}

static void measure_stereo(const td_card_wish *w, const td_card_side *s, figures *f)
{
    const td_band_power *p = &s->bands;
    f->of[ST] = s->correlation;
    f->of[ST_LOW] = td_correlation_within(p, 0, 100);
    f->of[ST_OCTAVE] = widest_octave(p);
    f->of[MF] = td_mono_loss(p->ll, p->rr, p->lr);
    f->of[IM] = td_power_db(td_power_within(p->ll, 0, 20000) / td_power_within(p->rr, 0, 20000));
    if (!w->reference) return;
    td_band_power reference = td_portrait_bands(w->reference);
    f->of[WD] = width_off(p, &reference);
    f->of[BM] = spectra_apart(p, &reference, 1);
    f->of[BS] = spectra_apart(p, &reference, -1);
}

static void measure_groups(const td_card_wish *w, const td_card_side *s, td_arena *a, figures *f)
{
    const td_bus *bus = w->session->bus;
    size_t n = w->session->n_buses, lead = td_find_lead(w->session, NULL).bus, where = 0;
    double share[TD_BUSES_MAX] = { 0 };
    for (size_t b = 0; b < n; b++) share[b] = 100 * s->masked[b];
    f->of[MK] = 100 * s->masked_whole;
    f->of[MK_LEAD] = lead < n ? share[lead] : NAN;
    f->of[MK_WORST] = worst_of(share, n, &where);
    f->where[MK_WORST] = bus[where].name;
    f->of[MF_WORST] = worst_of(s->mono_loss_lu, n, &where);
    f->where[MF_WORST] = bus[where].name;
    f->of[LV] = lead_off(w, &s->scales, a);
    f->of[GB] = groups_off(w, &s->scales, a);
}

static void measure(const td_card_wish *w, const td_card_side *s, td_arena *a, figures *f)
{
    for (size_t i = 0; i < TD_CARD_ROWS; i++) f->of[i] = NAN;
    if (!s) return;
    measure_tone(w, s, f);
    measure_stereo(w, s, f);
    measure_groups(w, s, a, f);
    f->of[CREST] = s->peak_dbfs - mean_db(&s->bands);
    f->of[PLR] = s->true_peak_dbtp - s->loudness_lufs;
    f->of[PSR] = s->psr_db;
    f->of[LR] = s->range_lu;
}

/* ---- what has to be met ----------------------------------------------------------------------------------------- */

static void worse(figures *f, enum row row, double x, const char *where)
{
    if (isnan(x) || x <= f->of[row]) return;
    f->of[row] = x;
    f->where[row] = where;
}

/* A limiter at its bound holds the true peak and lets the loudness go: that is promised too. */
static bool gave_way(const td_mix_file *o)
{
    double bound = isnan(o->wanted.limiting_db) ? 6 : o->wanted.limiting_db;
    return !o->reached && td_mix_file_off(o) < 0 && o->limiting_p95_db > bound - 0.1;
}

static void judge_files(const td_mix *m, figures *f)
{
    for (size_t i = 0; i < m->n_files; i++) {
        const td_mix_file *o = &m->file[i];
        worse(f, PK, o->true_peak_dbtp - o->wanted.true_peak_dbtp, o->name);
        worse(f, PK, o->peak_dbfs - o->wanted.peak_dbfs, o->name);
        worse(f, gave_way(o) ? LT_HELD : LT, fabs(td_mix_file_off(o)), o->name);
    }
}

/* Told by the plan: the figure that was brought to what was asked. */
bool td_asked_over_time(const td_step_reached *r)
{
    return td_goal_over_time(&r->planned);
}

static double reached_db(const td_step_reached *r)
{
    return td_asked_over_time(r) ? r->p95_db : r->max_db;
}

double td_off_asked(const td_step_reached *r)
{
    const td_plan_goal *g = &r->planned;
    double off = td_round_to(reached_db(r) - g->asked_db, 0.01);
    bool allowed = !td_asked_over_time(r) && g->max_db < g->asked_db - TD_MISSED_DB;
    return allowed && off < 0 ? 0 : off;
}

/* How far from what the planner brought it to. */
static double off_planned(const td_step_reached *r)
{
    return reached_db(r) - (td_asked_over_time(r) ? r->planned.p95_db : r->planned.max_db);
}

bool td_is_moved(const td_plan *p, const td_step_reached *r)
{
    return p->revised && !isnan(r->planned.asked_db) && fabs(off_planned(r)) > TD_MISSED_DB;
}

bool td_is_missed(const td_plan *p, const td_step_reached *r, double more_than_db)
{
    return fabs(td_off_asked(r)) > more_than_db && !td_is_moved(p, r);
}

const char *td_moved_text(const td_plan *p, const td_step_reached *r, char out[TD_GOAL_TEXT])
{
    const char *how = td_asked_over_time(r) ? "about" : "at most";
    if (!td_is_moved(p, r) || !(fabs(off_planned(r)) > TD_OFF_ASKED_DB)) return NULL;
    snprintf(out, TD_GOAL_TEXT, "after the revision %s %s takes %s %.1f dB; it was set for %s %.1f", r->place, r->step,
             how, reached_db(r), how, reached_db(r) - off_planned(r));
    return out;
}

const char *td_goal_text(const td_step_reached *r, char out[TD_GOAL_TEXT])
{
    double asked = r->planned.asked_db, got = reached_db(r);
    int decimals = fabs(got - asked) < 0.2 ? 2 : 1;
    snprintf(out, TD_GOAL_TEXT, "%s %s: %.*f dB of %s %.1f", r->place, r->step, decimals, got,
             td_asked_over_time(r) ? "about" : "at most", asked);
    return out;
}

static td_status judge_steps(const td_mix *m, td_arena *a, figures *f)
{
    for (size_t i = 0; i < m->rendered->n_steps; i++) {
        const td_step_reached *r = &m->rendered->step[i];
        if (isnan(r->planned.asked_db) || td_is_moved(m->plan, r)) continue;
        const char *where = td_arena_printf(a, "%s %s", r->place, r->step);
        if (!where) return TD_NOMEM;
        worse(f, GR, fabs(td_off_asked(r)), where);
    }
    return TD_OK;
}

/* ---- the card --------------------------------------------------------------------------------------------------- */

static bool has_beat(const td_target_curve *c)
{
    static const char *const beat[] = { "loud", "elec", "rock", "hybrid", "light" };
    for (size_t i = 0; i < sizeof beat / sizeof beat[0]; i++)
        if (!strcmp(beat[i], c->name)) return true;
    return false;
}

static td_row_verdict judge(const struct row_kind *k, const td_card_row *r)
{
    if (isnan(r->value) || (isnan(r->low) && isnan(r->high))) return TD_ROW_SHOWN;
    bool inside = !(r->value < r->low) && !(r->value > r->high);
    return k->must ? (inside ? TD_ROW_PASS : TD_ROW_FAIL) : inside ? TD_ROW_USUAL : TD_ROW_UNUSUAL;
}

/* One rule for all: what is not told is level. Nor is being worse than the sum a loss inside the limits, for mixes are
 * told apart there by taste, or within what is allowed where the balance was left as delivered: then the sum is its
 * maker's mix. */
static td_standing stand(const struct row_kind *k, const td_card_row *r, td_balance balance)
{
    double more = td_round_to(fabs(r->value) - fabs(r->sum), 0.01);
    double allowed = balance == TD_BALANCE_DELIVERED ? fmax(k->told, k->allowed) : k->told;
    if (!k->less || isnan(more)) return TD_NO_STANDING;
    if (more <= -k->told) return TD_AHEAD;
    return more < k->told || more <= allowed || r->verdict == TD_ROW_USUAL ? TD_LEVEL : TD_BEHIND;
}

/* Figures are judged as they are printed: to a hundredth. */
static void fill(const td_card_wish *w, const figures *made, const figures *sum, td_card_row out[TD_CARD_ROWS])
{
    bool beat = has_beat(w->curve);
    for (size_t i = 0; i < TD_CARD_ROWS; i++) {
        const struct row_kind *k = &kinds[i];
        const double *limit = beat ? k->beat : k->free;
        td_card_row *r = &out[i];
        *r = (td_card_row){ .id = k->id,
                            .name = k->name,
                            .unit = k->unit,
                            .value = td_round_to(made->of[i], 0.01),
                            .sum = td_round_to(sum->of[i], 0.01),
                            .low = limit[0],
                            .high = limit[1],
                            .where = made->where[i] };
        if (i == LR) r->low = td_round_to(0.6 * r->sum, 0.01); /* compressed on purpose, but not flat */
        if (i == PLR && w->made)                               /* what was asked for is no surprise */
            r->low = fmin(r->low, td_round_to(w->made->asked_plr_db - 0.3, 0.01));
        r->verdict = judge(k, r);
        r->standing = stand(k, r, w->mix->plan->balance);
    }
}

td_status td_card_make(const td_card_wish *w, td_arena *a, td_card_row out[TD_CARD_ROWS])
{
    figures made = { 0 }, sum = { 0 };
    measure(w, w->made, a, &made);
    measure(w, w->sum, a, &sum);
    judge_files(w->mix, &made);
    td_status st = judge_steps(w->mix, a, &made);
    if (!st) fill(w, &made, &sum, out);
    return st;
}

const char *td_row_verdict_name(td_row_verdict v)
{
    static const char *const names[] = { [TD_ROW_SHOWN] = "shown",
                                         [TD_ROW_USUAL] = "usual",
                                         [TD_ROW_UNUSUAL] = "unusual",
                                         [TD_ROW_PASS] = "pass",
                                         [TD_ROW_FAIL] = "fail" };
    return names[v];
}

const char *td_standing_name(td_standing s)
{
    static const char *const names[] = { [TD_AHEAD] = "ahead", [TD_LEVEL] = "level", [TD_BEHIND] = "behind" };
    return names[s];
}
