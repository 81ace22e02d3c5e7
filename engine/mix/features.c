#include "engine/mix/features.h"

#include "engine/mix/hear/hear.h"
#include "engine/mix/hear/narrow.h"
#include <stdlib.h>
#include <string.h>

typedef struct question {
    const td_survey *survey;
    const td_session *session;
    size_t index; /* of the signal */
    const td_signal *signal;
    const td_condition *condition; /* arguments */
} question;

/* ---- helpers ---------------------------------------------------------------------------------------------------- */

/* Steps in which the signal plays, or rests: below its own gates, but not digital silence. The caller frees. */
static unsigned char *steps_of(const td_signal *g, bool playing)
{
    unsigned char *mask = calloc(g->steps + 1, 1);
    if (!mask) return NULL;
    td_gated_frames(g->k, g->steps, mask);
    for (size_t i = 0; i < g->steps && !playing; i++) mask[i] = !mask[i] && g->ms[i] > 1e-12f;
    return mask;
}

/* Mean band powers over such steps; *steps says how many there were. */
static td_status mean_bands(const question *q, bool playing, td_band_power *out, size_t *steps, td_error *err)
{
    unsigned char *mask = steps_of(q->signal, playing);
    if (!mask) return td_no_memory(err);
    *steps = 0;
    for (size_t i = 0; i < q->signal->steps; i++) *steps += mask[i];
    td_status st = td_survey_bands(q->survey, q->index, mask, out, err);
    for (size_t b = 0; b < TD_BANDS && *steps; b++) {
        out->ll[b] /= (double)*steps;
        out->rr[b] /= (double)*steps;
        out->lr[b] /= (double)*steps;
    }
    free(mask);
    return st;
}

/* How much of a band lies between two frequencies, 0 to 1. */
static double share_of_band(size_t b, double low_hz, double high_hz)
{
    double low = td_band_hz(b) / 1.122018454, high = td_band_hz(b) * 1.122018454; /* 10^(1/20) */
    double from = fmax(low, low_hz), to = fmin(high, high_hz);
    return to > from ? (to - from) / (high - low) : 0;
}

/* L+R power between two frequencies; *bands, unless NULL, receives how many bands that is. */
static double power_between(const td_band_power *p, double low_hz, double high_hz, double *bands)
{
    double power = 0, width = 0;
    for (size_t b = 0; b < TD_BANDS; b++) {
        double share = share_of_band(b, low_hz, high_hz);
        power += share * (p->ll[b] + p->rr[b]);
        width += share;
    }
    if (bands) *bands = width;
    return power;
}

static double frame_power_between(const td_band_frame *f, double low_hz, double high_hz)
{
    double power = 0;
    for (size_t b = 0; b < TD_BANDS; b++)
        power += share_of_band(b, low_hz, high_hz) * ((double)f->ll[b] + (double)f->rr[b]);
    return power;
}

/* dB of the 97th percentile of one range's power over the playing steps, against the mean power of another. */
static td_status peaks_against(const question *q, const double range_hz[2], const double against_hz[2], double *out,
                               td_error *err)
{
    const td_signal *g = q->signal;
    unsigned char *mask = steps_of(g, true);
    double *power = malloc((g->steps + 1) * sizeof *power), sum = 0;
    td_band_frame frame;
    td_status st = mask && power ? TD_OK : td_no_memory(err);
    size_t n = 0;
    for (size_t i = 0; !st && i < g->steps; i++) {
        if (!mask[i]) continue;
        st = td_survey_band_frames(q->survey, q->index, i, 1, &frame, err);
        power[n++] = frame_power_between(&frame, range_hz[0], range_hz[1]);
        sum += frame_power_between(&frame, against_hz[0], against_hz[1]);
    }
    if (!st && n && sum > 0) *out = td_power_db(td_percentile(power, n, 0.97) / (sum / (double)n));
    free(mask);
    free(power);
    return st;
}

/* ---- levels ----------------------------------------------------------------------------------------------------- */

static td_status peak(const question *q, td_found *out, td_error *err)
{
    (void)err;
    out->value = q->signal->peak_dbfs;
    return TD_OK;
}

static td_status true_peak(const question *q, td_found *out, td_error *err)
{
    (void)err;
    out->value = q->signal->true_peak_dbtp;
    return TD_OK;
}

static td_status loudness(const question *q, td_found *out, td_error *err)
{
    (void)err;
    out->value = q->signal->loudness_lufs;
    return TD_OK;
}

static td_status loudness_range(const question *q, td_found *out, td_error *err)
{
    (void)err;
    out->value = q->signal->range_lu;
    return TD_OK;
}

static td_status crest(const question *q, td_found *out, td_error *err)
{
    (void)err;
    if (q->signal->active_steps) out->value = q->signal->crest_db;
    return TD_OK;
}

static td_status activity(const question *q, td_found *out, td_error *err)
{
    (void)err;
    size_t mix = td_survey_signal(q->survey, td_survey_sum(q->survey))->active_steps;
    if (mix) out->value = fmin(100, 100 * (double)q->signal->active_steps / (double)mix);
    return TD_OK;
}

static td_status starts(const question *q, td_found *out, td_error *err)
{
    (void)err;
    out->value = q->signal->first_sound_s * 1000;
    return TD_OK;
}

static td_status percussiveness(const question *q, td_found *out, td_error *err)
{
    (void)err;
    if (q->index == td_survey_sum(q->survey)) out->value = q->survey->percussiveness_db;
    return TD_OK;
}

/* ---- faults ----------------------------------------------------------------------------------------------------- */

static td_status noise_floor(const question *q, td_found *out, td_error *err)
{
    const td_signal *g = q->signal;
    unsigned char *rest = steps_of(g, false);
    double *level = malloc((g->steps + 1) * sizeof *level);
    size_t n = 0;
    if (rest && level) {
        for (size_t i = 0; i < g->steps; i++)
            if (rest[i]) level[n++] = (double)g->ms[i];
        if (n >= 5) out->value = td_power_db(td_percentile(level, n, 0.05));
    }
    free(level);
    free(rest);
    return rest && level ? TD_OK : td_no_memory(err);
}

static td_status hum(const question *q, td_found *out, td_error *err)
{
    return td_find_hum(q->survey, q->index, out, err);
}

static td_status dc(const question *q, td_found *out, td_error *err)
{
    (void)err;
    out->value = td_to_db(q->signal->dc);
    return TD_OK;
}

static td_status cutoff(const question *q, td_found *out, td_error *err)
{
    (void)err;
    out->value = q->signal->cutoff_hz;
    return TD_OK;
}

static td_status clipping(const question *q, td_found *out, td_error *err)
{
    (void)err;
    out->value = q->signal->clips;
    return TD_OK;
}

/* ---- spectrum --------------------------------------------------------------------------------------------------- */

static td_status rumble(const question *q, td_found *out, td_error *err)
{
    td_band_power p;
    size_t n;
    td_status st = mean_bands(q, true, &p, &n, err);
    double all = power_between(&p, 0, 24000, NULL);
    if (!st && all > 0) out->value = td_power_db(power_between(&p, 22.4, 44.7, NULL) / all);
    return st;
}

static td_status pause_level(const question *q, td_found *out, td_error *err)
{
    td_band_power play, rest;
    size_t n, pauses;
    td_status st = mean_bands(q, true, &play, &n, err);
    if (!st) st = mean_bands(q, false, &rest, &pauses, err);
    double played = power_between(&play, 22.4, 44.7, NULL);
    if (!st && pauses >= 10 && played > 0) out->value = td_power_db(power_between(&rest, 22.4, 44.7, NULL) / played);
    return st;
}

static td_status sibilance(const question *q, td_found *out, td_error *err)
{
    out->at_hz = 6700; /* the geometric middle */
    out->q = 1.7;
    return peaks_against(q, (const double[]){ 5000, 9000 }, (const double[]){ 1000, 4000 }, &out->value, err);
}

static td_status plosives(const question *q, td_found *out, td_error *err)
{
    return peaks_against(q, (const double[]){ 22.4, 90 }, (const double[]){ 140, 1120 }, &out->value, err);
}

static td_status resonance(const question *q, td_found *out, td_error *err)
{
    return td_find_resonance(q->survey, q->index, q->condition->low_hz, q->condition->high_hz, out, err);
}

/* A role has no usual spectrum worth the name (its 90th percentile lies 8 to 14 dB off its median), so a range is held
 * against the octaves on both sides of it: what lies over the straight line between them. */
static td_status excess(const question *q, td_found *out, td_error *err)
{
    double low_hz = q->condition->low_hz, high_hz = q->condition->high_hz, width[3];
    td_band_power p;
    size_t n;
    td_status st = mean_bands(q, true, &p, &n, err);
    if (st || !n) return st;
    double below = power_between(&p, low_hz / 2, low_hz, &width[0]);
    double inside = power_between(&p, low_hz, high_hz, &width[1]);
    double above = power_between(&p, high_hz, 2 * high_hz, &width[2]);
    double beside = 0, sides = 0;
    if (width[0] > 1) beside += td_power_db(below / width[0]), sides++;
    if (width[2] > 1) beside += td_power_db(above / width[2]), sides++;
    if (sides > 0 && width[1] > 0) out->value = td_power_db(inside / width[1]) - beside / sides;
    return TD_OK;
}

/* ---- sides ------------------------------------------------------------------------------------------------------ */

typedef struct sides_power {
    double ll, rr, lr;
} sides_power;

static td_status all_sides(const question *q, bool weighted, sides_power *out, td_error *err)
{
    td_band_power p;
    size_t n;
    td_status st = mean_bands(q, true, &p, &n, err);
    *out = (sides_power){ 0 };
    for (size_t b = 0; !st && b < TD_BANDS; b++) {
        double weight = weighted ? td_k_weight_power(td_band_hz(b)) : 1;
        out->ll += weight * p.ll[b];
        out->rr += weight * p.rr[b];
        out->lr += weight * p.lr[b];
    }
    return st;
}

static td_status correlation(const question *q, td_found *out, td_error *err)
{
    sides_power p;
    td_status st = all_sides(q, false, &p, err);
    if (!st && p.ll > 0 && p.rr > 0) out->value = p.lr / sqrt(p.ll * p.rr);
    return st;
}

static td_status width(const question *q, td_found *out, td_error *err)
{
    sides_power p;
    td_status st = all_sides(q, false, &p, err);
    double middle = p.ll + p.rr + 2 * p.lr, side = p.ll + p.rr - 2 * p.lr;
    if (!st && middle > 0) out->value = 100 * sqrt(fmax(side, 0) / middle);
    return st;
}

static td_status imbalance(const question *q, td_found *out, td_error *err)
{
    sides_power p;
    td_status st = all_sides(q, true, &p, err);
    if (!st && p.ll > 0 && p.rr > 0) out->value = fabs(td_power_db(p.ll / p.rr));
    return st;
}

static td_status mono_loss(const question *q, td_found *out, td_error *err)
{
    sides_power p;
    td_status st = all_sides(q, true, &p, err);
    double middle = p.ll + p.rr + 2 * p.lr;
    if (!st && middle > 0) out->value = td_power_db(2 * (p.ll + p.rr) / middle);
    return st;
}

/* ---- against other tracks --------------------------------------------------------------------------------------- */

/* Band powers of a step, L+R, of all stems a role covers (but not of the signal that asks). Returns how many there are.
 */
static td_status role_step(const question *q, const char *role, size_t step, double power[TD_BANDS], size_t *stems,
                           td_error *err)
{
    memset(power, 0, TD_BANDS * sizeof *power);
    *stems = 0;
    for (size_t i = 0; i < q->session->n_stems; i++) {
        const td_stem *s = &q->session->stem[i];
        td_band_frame f;
        if (i == q->index || !td_stem_plays(q->session, i) || !td_role_covers(role, s->role.name)) continue;
        td_status st = td_survey_band_frames(q->survey, td_survey_stem(q->survey, i), step, 1, &f, err);
        if (st) return st;
        for (size_t b = 0; b < TD_BANDS; b++) power[b] += (double)f.ll[b] + (double)f.rr[b];
        ++*stems;
    }
    return TD_OK;
}

/* What a masker hides: its powers spread by 10 dB a band upwards and 25 downwards (a third octave is about a Bark),
 * 6 dB lower, for noise-like sounds (Schroeder 1979). */
static void mask_threshold(const td_band_frame *f, double out[TD_BANDS])
{
    for (size_t b = 0; b < TD_BANDS; b++) out[b] = (double)f->ll[b] + (double)f->rr[b];
    for (size_t b = 1; b < TD_BANDS; b++) out[b] = fmax(out[b], out[b - 1] * 0.1);
    for (size_t b = TD_BANDS - 1; b-- > 0;) out[b] = fmax(out[b], out[b + 1] * 0.00316);
    for (size_t b = 0; b < TD_BANDS; b++) out[b] *= 0.251;
}

/* Its eight strongest bands carry a sound; how much of their power lies under the threshold is its masked share. */
static void add_masked(const double victim[TD_BANDS], const double threshold[TD_BANDS], double *masked, double *all)
{
    for (size_t b = 0; b < TD_BANDS; b++) {
        size_t stronger = 0;
        for (size_t i = 0; i < TD_BANDS; i++) stronger += victim[i] > victim[b];
        if (stronger >= 8) continue;
        *all += victim[b];
        if (victim[b] < threshold[b]) *masked += victim[b];
    }
}

static td_status masking(const question *q, td_found *out, td_error *err)
{
    unsigned char *mask = steps_of(q->signal, true);
    td_status st = mask ? TD_OK : td_no_memory(err);
    double masked = 0, all = 0;
    for (size_t i = 0; !st && i < q->signal->steps; i++) {
        double victim[TD_BANDS], threshold[TD_BANDS];
        td_band_frame own;
        size_t stems;
        if (!mask[i]) continue;
        st = role_step(q, q->condition->about, i, victim, &stems, err);
        if (!st && !stems) break;
        if (!st) st = td_survey_band_frames(q->survey, q->index, i, 1, &own, err);
        if (st) break;
        mask_threshold(&own, threshold);
        add_masked(victim, threshold, &masked, &all);
    }
    if (!st && all > 0) out->value = 100 * masked / all;
    free(mask);
    return st;
}

/* Power of 40 to 100 Hz every 10 ms of all stems a role covers. The caller frees. */
static td_status low_of_role(const question *q, const char *role, float **out, td_error *err)
{
    td_row row[16];
    size_t steps = q->signal->steps;
    float *low = *out = calloc(steps * TD_LOWS + 1, sizeof *low);
    td_status st = low ? TD_OK : td_no_memory(err);
    for (size_t s = 0; !st && s < q->session->n_stems; s++) {
        if (!td_stem_plays(q->session, s) || !td_role_covers(role, q->session->stem[s].role.name)) continue;
        for (size_t at = 0; !st && at < steps; at += 16) {
            size_t n = steps - at < 16 ? steps - at : 16;
            st = td_survey_rows(q->survey, td_survey_stem(q->survey, s), at, n, row, err);
            for (size_t i = 0; !st && i < n * TD_LOWS; i++) low[at * TD_LOWS + i] += row[i / TD_LOWS].low[i % TD_LOWS];
        }
    }
    return st;
}

static double low_sum(const float *low, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)low[i];
    return sum;
}

/* Median over the kick's hits of kick against bass in their first 60 ms. A hit rises fourfold over the 30 ms before and
 * comes within 13 dB of the strongest. Where the bass lies 30 dB under its loudest it rests: that hit says nothing. */
static td_kick_lead lead_of(const float *kick, const float *bass, size_t n, double *lead_db)
{
    enum { HIT = 6, BEFORE = 3, APART = 10 };
    td_kick_lead lead = { .lead_db = NAN };
    double strongest = 0, loudest = 0;
    for (size_t i = 0; i + HIT <= n; i++) {
        strongest = fmax(strongest, low_sum(kick + i, HIT));
        loudest = fmax(loudest, low_sum(bass + i, HIT));
    }
    for (size_t i = BEFORE; i + HIT <= n; i++) {
        double before = low_sum(kick + i - BEFORE, BEFORE), hit = low_sum(kick + i, HIT),
               under = low_sum(bass + i, HIT);
        if (!(hit > 0) || hit < 0.05 * strongest || low_sum(kick + i, BEFORE) < 4 * before) continue;
        if (under > 1e-3 * loudest) lead_db[lead.met++] = td_power_db(hit / under);
        lead.hits++;
        i += APART - 1;
    }
    if (lead.met >= 3) lead.lead_db = td_percentile(lead_db, lead.met, 0.5);
    return lead;
}

static td_status measure_kick_lead(const question *q, td_kick_lead *out, td_error *err)
{
    float *kick = NULL, *bass = NULL;
    size_t n = q->signal->steps * TD_LOWS;
    double *room = malloc((n / 10 + 2) * sizeof *room); /* hits lie 100 ms apart */
    td_status st = room ? low_of_role(q, "drums.kick", &kick, err) : td_no_memory(err);
    if (!st) st = low_of_role(q, "bass", &bass, err);
    if (!st) *out = lead_of(kick, bass, n, room);
    free(kick);
    free(bass);
    free(room);
    return st;
}

td_status td_measure_kick_lead(const td_survey *survey, const td_session *session, td_kick_lead *out, td_error *err)
{
    size_t sum = td_survey_sum(survey);
    question ask = { .survey = survey, .session = session, .index = sum, .signal = td_survey_signal(survey, sum) };
    *out = (td_kick_lead){ .lead_db = NAN };
    return measure_kick_lead(&ask, out, err);
}

static td_status kick_lead(const question *q, td_found *out, td_error *err)
{
    td_kick_lead lead;
    td_status st = measure_kick_lead(q, &lead, err);
    if (!st) out->value = lead.lead_db;
    return st;
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

/* What depends on decisions is the planner's (decide/conditions.c): the survey cannot say. */
static td_status not_here(const question *q, td_found *out, td_error *err)
{
    (void)q;
    (void)out;
    (void)err;
    return TD_OK;
}

#define ALL    "track, bus, mix"
#define TRACK  "track"
#define MIXES  "mix"
#define RANGE  TD_FEATURE_RANGE
#define PLAIN  TD_FEATURE_PLAIN
#define ROLE   TD_FEATURE_ROLE
#define STEP   TD_FEATURE_STEP
#define NUMBER TD_UNIT_NUMBER

/* name, unit, its name, argument, scope, how it is measured, what it is */
/* clang-format off */
#define FEATURES(X)                                                                                                      \
    X("peak", TD_UNIT_DBFS, "dBFS", PLAIN, ALL, peak, "highest sample, as delivered")                                    \
    X("true_peak", TD_UNIT_DBFS, "dBTP", PLAIN, MIXES, true_peak, "highest point between samples too, as delivered")      \
    X("loudness", TD_UNIT_DBFS, "LUFS", PLAIN, ALL, loudness, "integrated loudness, as delivered")                       \
    X("loudness_range", TD_UNIT_DB, "LU", PLAIN, ALL, loudness_range, "loud against soft passages (EBU Tech 3342)")      \
    X("crest", TD_UNIT_DB, "dB", PLAIN, ALL, crest, "peak over the rms of what plays")                                   \
    X("activity", TD_UNIT_PERCENT, "%", PLAIN, ALL, activity, "time it plays, of the time the mix plays")                \
    X("starts", TD_UNIT_MS, "ms", PLAIN, ALL, starts, "when it first sounds, above -60 dBFS")                            \
    X("tempo", NUMBER, "bpm", PLAIN, ALL, not_here, "of the song: as said, else estimated")                              \
    X("percussiveness", TD_UNIT_DB, "dB", PLAIN, MIXES, percussiveness,                                                  \
      "struck against sustained power, 355 Hz to 4 kHz; -8 is a string orchestra, -2 dance music")                       \
    X("noise_floor", TD_UNIT_DBFS, "dBFS", PLAIN, ALL, noise_floor, "rms of the quietest twentieth of its pauses")       \
    X("pause_level", TD_UNIT_DB, "dB", PLAIN, ALL, pause_level,                                                          \
      "25 to 40 Hz in its pauses, against the same while it plays")                                                      \
    X("hum", TD_UNIT_DB, "dB", PLAIN, ALL, hum,                                                                          \
      "50 or 60 Hz and harmonics that never stop, against the rms of what plays; `measured` is 50 or 60 Hz")             \
    X("dc", TD_UNIT_DBFS, "dBFS", PLAIN, TRACK, dc, "constant offset of the worse channel")                              \
    X("clipping", NUMBER, "", PLAIN, TRACK, clipping, "runs of three samples or more at full scale in the file")         \
    X("cutoff", TD_UNIT_HZ, "Hz", PLAIN, TRACK, cutoff,                                                                  \
      "where its spectrum breaks off, below 20 kHz: it was a lossy file once; one that does not has none")               \
    X("rumble", TD_UNIT_DB, "dB", PLAIN, ALL, rumble, "25 to 40 Hz, against all of it, while it plays")                  \
    X("sibilance", TD_UNIT_DB, "dB", PLAIN, ALL, sibilance,                                                              \
      "strongest 3 % of 5 to 9 kHz, against the mean of 1 to 4 kHz, while it plays")                                     \
    X("plosives", TD_UNIT_DB, "dB", PLAIN, ALL, plosives,                                                                \
      "strongest 3 % below 90 Hz, against the mean of 140 Hz to 1.1 kHz, while it plays")                                \
    X("resonance", TD_UNIT_DB, "dB", RANGE, ALL, resonance,                                                              \
      "a semitone that stands over its neighbours in 60 % of what plays, whatever note is played; `measured` is where")  \
    X("excess", TD_UNIT_DB, "dB", RANGE, ALL, excess, "the range, against the octaves below and above it")               \
    X("correlation", NUMBER, "", PLAIN, ALL, correlation, "of left and right: 1 mono, 0 wide, -1 upside down")           \
    X("width", TD_UNIT_PERCENT, "%", PLAIN, ALL, width, "side against middle: 0 mono, 100 both as strong")               \
    X("imbalance", TD_UNIT_DB, "dB", PLAIN, ALL, imbalance, "the louder side over the other, as heard")                  \
    X("mono_loss", TD_UNIT_DB, "dB", PLAIN, ALL, mono_loss, "what is lost in mono, as heard: 0 mono, 3 unrelated sides") \
    X("masking", TD_UNIT_PERCENT, "%", ROLE, ALL, masking,                                                               \
      "how much of the role's strongest bands this hides, as delivered, while both play")                                \
    X("kick_lead", TD_UNIT_DB, "dB", PLAIN, MIXES, kick_lead,                                                            \
      "kick over bass in 40 to 100 Hz, in the first 60 ms of its hits under which the bass sounds; faders as decided")                      \
    X("delay", TD_UNIT_MS, "ms", ROLE, TRACK, not_here,                                                                  \
      "apart from the role's first track in time, where both hold one source clearly; up to 30 ms")                      \
    X("inverted", TD_UNIT_SWITCH, "", ROLE, TRACK, not_here,                                                             \
      "upside down against the role's first track, where both hold one source clearly; stands without a comparison")     \
    X("share", TD_UNIT_DB, "dB", RANGE, "track, bus", not_here, "how much of the mix's power in the range it makes")     \
    X("mix_excess", TD_UNIT_DB, "dB", RANGE, ALL, not_here, "the mix in the range, against the target curve")            \
    X("gain_reduction", TD_UNIT_DB, "dB", STEP, ALL, not_here, "highest gain reduction of a step of the mix bus")
/* clang-format on */

const td_feature td_features[] = {
#define X(feature, unit_, unit_name_, argument_, scope_, measure, help_) \
    { .name = feature, .unit = unit_, .unit_name = unit_name_, .argument = argument_, .scope = scope_, .help = help_ },
    FEATURES(X)
#undef X
        { .name = NULL },
};

static td_status (*const measures[])(const question *q, td_found *out, td_error *err) = {
#define X(feature, unit_, unit_name_, argument_, scope_, measure, help_) measure,
    FEATURES(X)
#undef X
};

int td_feature_find(const char *name)
{
    for (int i = 0; td_features[i].name; i++)
        if (!strcmp(td_features[i].name, name)) return i;
    return -1;
}

bool td_feature_finds(int feature)
{
    static const char *const finders[] = { "hum", "sibilance", "resonance" };
    for (size_t i = 0; feature >= 0 && i < sizeof finders / sizeof *finders; i++)
        if (!strcmp(td_features[feature].name, finders[i])) return true;
    return false;
}

td_status td_feature_measure(const td_survey *survey, const td_session *session, int feature, size_t signal,
                             const td_condition *c, double *value, double *at_hz, double *q, td_error *err)
{
    question ask = { .survey = survey,
                     .session = session,
                     .index = signal,
                     .signal = td_survey_signal(survey, signal),
                     .condition = c };
    td_found found = TD_NOT_FOUND;
    td_status st = measures[feature](&ask, &found, err);
    *value = found.value;
    if (at_hz) *at_hz = found.at_hz;
    if (q) *q = found.q;
    return st;
}
