#include "engine/mix/decide/decide.h"

#include "engine/base/units.h"
#include "engine/mix/stemsum.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- how the stems were made (measured on 15 sessions) ----------------------------------------------------------- */

typedef struct spread {
    double sd_peak_db, sd_loudness_lu, over_db;
    double mono_part, alike_part; /* files of one channel; and with those whose two are the same */
    size_t n;
} spread;

static double deviation(const double *x, size_t n)
{
    double mean = 0, sum = 0;
    for (size_t i = 0; i < n; i++) mean += x[i] / (double)n;
    for (size_t i = 0; i < n; i++) sum += (x[i] - mean) * (x[i] - mean);
    return n > 1 ? sqrt(sum / (double)(n - 1)) : 0;
}

static td_status measure_spread(const td_decider *d, spread *s, td_error *err)
{
    double peak[TD_STEMS_MAX], loudness[TD_STEMS_MAX], loudest = -INFINITY;
    td_band_power bands;
    size_t mono = 0, alike = 0;
    *s = (spread){ 0 };
    for (size_t i = 0; i < d->session->n_stems; i++) {
        const td_stem *t = &d->session->stem[i];
        const td_signal *g = td_survey_signal(d->survey, td_survey_stem(d->survey, i));
        if (t->bus >= d->session->n_buses || td_is_silent(g->peak_dbfs)) continue;
        loudest = fmax(loudest, g->peak_dbfs);
        if (d->playing.stem[i] < 1) continue;
        bool is_mono = t->info.channels == 1 && !t->path_right;
        td_sides placed = td_stem_sides(is_mono ? 1 : 2, 0, t->pan, false);
        /* in front of the pan law: a mono stem enters 3.01 dB lower than it was printed */
        peak[s->n] = g->peak_dbfs - td_to_db(fmax(placed.left, placed.right));
        loudness[s->n] = td_own_loudness(g->k, g->steps);
        if (!is_mono) TD_TRY(td_survey_bands(d->survey, td_survey_stem(d->survey, i), NULL, &bands, err));
        mono += is_mono;
        alike += is_mono || td_survey_sides_equal(&bands);
        s->n++;
    }
    if (!s->n) return TD_OK;
    s->sd_peak_db = deviation(peak, s->n);
    s->sd_loudness_lu = deviation(loudness, s->n);
    s->over_db = td_survey_signal(d->survey, td_survey_sum(d->survey))->peak_dbfs - loudest;
    s->mono_part = (double)mono / (double)s->n;
    s->alike_part = (double)alike / (double)s->n;
    return TD_OK;
}

/* Printed stems in stereo were met up to 8.1 dB over their loudest; raw tracks, half or more of them mono, from 9.1;
 * two sides that are the same say less than one channel: kick, bass and singer are printed like that. */
static double printed_over_db(const spread *s)
{
    return s->alike_part > 0.25 ? 7.0 : 8.6;
}

static td_print classify(const spread *s)
{
    if (s->n >= 3 && (s->sd_peak_db < 1.0 || s->sd_loudness_lu < 1.0)) return TD_NORMALISED;
    if (s->over_db > printed_over_db(s) || s->mono_part > 0.6) return TD_RAW;
    if (s->over_db <= 5.5 && s->sd_peak_db >= 3.0) return TD_PRINTED;
    return s->alike_part > 0.6 ? TD_RAW : TD_UNCLEAR;
}

/* What told raw tracks from others. */
static const char *raw_reason(const td_decider *d, const spread *s)
{
    bool alike = s->mono_part <= 0.6 && s->over_db <= printed_over_db(s);
    double part = alike ? s->alike_part : s->mono_part;
    if (part > 0.6)
        return td_arena_printf(d->arena, "loudness: raw tracks: %.0f of %zu stems are mono%s", part * (double)s->n,
                               s->n, alike ? " or have two sides alike" : "");
    return td_arena_printf(d->arena,
                           "loudness: raw tracks: the sum peaks %.1f dB over its loudest stem, more than the %.1f of "
                           "printed ones",
                           s->over_db, printed_over_db(s));
}

static const char *print_reason(const td_decider *d, const spread *s)
{
    switch (d->print) {
    case TD_RAW:
        return raw_reason(d, s);
    case TD_PRINTED:
        return td_arena_printf(
            d->arena,
            "delivered: printed at mix level: peaks differ by %.1f dB and the sum peaks only %.1f dB "
            "over its loudest stem",
            s->sd_peak_db, s->over_db);
    case TD_NORMALISED:
        return td_arena_printf(
            d->arena,
            s->sd_peak_db < 1.0 ? "loudness: normalised: all stems peak within %.1f dB of each other, and their "
                                  "proportions are lost"
                                : "loudness: normalised: all stems are as loud within %.1f LU, and their proportions "
                                  "are lost",
            s->sd_peak_db < 1.0 ? s->sd_peak_db : s->sd_loudness_lu);
    case TD_UNCLEAR:
        break;
    }
    return td_arena_printf(
        d->arena,
        "delivered: not clear whether printed or raw: peaks differ by %.1f dB and the sum peaks %.1f dB "
        "over its loudest stem",
        s->sd_peak_db, s->over_db);
}

td_status td_classify(td_decider *d, td_error *err)
{
    spread s;
    TD_TRY(measure_spread(d, &s, err));
    d->print = classify(&s);
    d->plan->balance_reason = print_reason(d, &s);
    d->plan->balance = d->print == TD_RAW || d->print == TD_NORMALISED ? TD_BALANCE_LOUDNESS : TD_BALANCE_DELIVERED;
    return d->plan->balance_reason ? TD_OK : td_no_memory(err);
}

/* ---- staging ----------------------------------------------------------------------------------------------------- */

static double stage_level(const td_decider *d, const td_signal *s)
{
    if (d->recipe->stage_meter == TD_STAGE_PEAK) return s->peak_dbfs;
    /* rms and VU look at what sounds: the loudest active 300 ms stand for the needle, the active mean for rms */
    double loudest = 0, sum = 0;
    size_t n = 0;
    for (size_t i = 0; i + 2 < s->steps; i++) {
        double ms = ((double)s->ms[i] + (double)s->ms[i + 1] + (double)s->ms[i + 2]) / 3;
        if (ms > loudest) loudest = ms;
    }
    for (size_t i = 0; i < s->steps; i++) {
        if ((double)s->ms[i] < loudest / 1000) continue;
        sum += (double)s->ms[i];
        n++;
    }
    return td_power_db(d->recipe->stage_meter == TD_STAGE_VU ? loudest : n ? sum / (double)n : 0);
}

td_status td_decide_staging(td_decider *d, td_error *err)
{
    (void)err;
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        td_plan_bus *p = &d->plan->bus[b];
        const td_signal *s = td_survey_signal(d->survey, td_survey_bus(d->survey, b));
        double moved = isnan(d->peak_dbfs[b]) ? 0 : d->peak_dbfs[b] - s->peak_dbfs; /* by levels and pans inside */
        p->peak_dbfs = td_round_to(s->peak_dbfs + moved, 0.01);
        /* clip gains carry two decimals: staging is promised to 0.01 dB */
        p->clip_gain_db =
            td_is_silent(s->peak_dbfs) ? 0 : td_round_to(d->recipe->stage_dbfs - stage_level(d, s) - moved, 0.01);
    }
    return TD_OK;
}

/* ---- faders ------------------------------------------------------------------------------------------------------ */

/* The stems' own proportions: what staging did is taken back; the highest fader stands at 0 dB. */
static void delivered(td_decider *d)
{
    double least = INFINITY;
    for (size_t b = 0; b < d->plan->n_buses; b++) least = fmin(least, d->plan->bus[b].clip_gain_db);
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        td_plan_bus *p = &d->plan->bus[b];
        p->fader_db = td_round_to(least - p->clip_gain_db, 0.01);
        p->fader_reason = "as delivered";
    }
}

static void even(td_decider *d)
{
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        d->plan->bus[b].fader_db = 0;
        d->plan->bus[b].fader_reason = "stands as staged";
    }
}

typedef struct group_state {
    double context_lu, active, off_db, move_db;
    td_leeway taste; /* how far it may still go without leaving the dead zone */
    bool judged;
} group_state;

/* Every number from the measurement to the move, so that a reader can add them up. */
static const char *place_reason(const td_decider *d, size_t bus, const group_state *g, double middle, const char *who,
                                double dead_zone_lu, double wanted)
{
    const td_group_wish *wish = td_group_for(d, &d->plan->bus[bus]);
    bool wished = wish && wish->loudness_lu.kind == TD_WISH_VALUE;
    char alone[64] = "", usual[64] = "wished", moves[64] = "no move", own[32], all[32], others[32];
    if (!wished)
        snprintf(usual, sizeof usual, "usual in %s%s", td_usual_genres(d->recipe),
                 td_usual_pieces_lu(d->session, &d->playing, bus) < 0 ? " for these drums" : "");
    if (g->active < 0.1) snprintf(alone, sizeof alone, "; sounds in %.0f %% of the song", g->active * 100);
    if (wanted != 0) snprintf(moves, sizeof moves, "%+.1f dB", wanted);
    if (g->move_db != wanted) snprintf(moves, sizeof moves, "%+.1f dB, held at %+.1f", wanted, g->move_db);
    return td_arena_printf(d->arena,
                           "%.1f LU where it plays, %s is %.1f: %s it, %s %s theirs; so %s the "
                           "others, and %s %.1f LU loudness asks for %s%s",
                           g->context_lu, usual, g->context_lu - g->off_db, td_above_below(g->off_db, "LU", own), who,
                           td_above_below(middle, "LU", all), td_above_below(g->off_db - middle, "LU", others),
                           wanted != 0 ? "beyond" : "within", dead_zone_lu, moves, alone);
}

/* The accompaniment against its template: judged once, never iterated (groups that play alone would run away), and
 * against a lead far too loud says nothing about them. The middle of the groups stays where it is; or, with
 * an anchor that does not lead, that bus does. */
static void place_accompaniment(td_decider *d, group_state *g, size_t anchor, double dead_zone_lu, double most_db)
{
    double off[TD_BUSES_MAX];
    size_t n = 0, lead = td_find_lead(d->session, &d->playing).bus;
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        g[b].context_lu = td_bus_context(d, b, b == lead ? SIZE_MAX : lead, &g[b].active);
        double want = td_usual_group_lu(d->recipe, d->session, &d->playing, b);
        g[b].judged = b != lead && !isnan(g[b].context_lu) && !isnan(want);
        if (!g[b].judged) continue;
        g[b].off_db = g[b].context_lu - want;
        if (d->playing.bus[b] >= 1) off[n++] = g[b].off_db;
    }
    double middle = n ? td_median(off, n) : 0;
    const char *who = "the groups in the middle";
    if (anchor != SIZE_MAX && anchor != lead) {
        middle = g[anchor].judged ? g[anchor].off_db : 0;
        who = d->plan->bus[anchor].name;
    }
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        if (!g[b].judged) continue;
        double x = g[b].off_db - middle;
        double move = x > dead_zone_lu ? dead_zone_lu - x : x < -dead_zone_lu ? -x - dead_zone_lu : 0;
        bool sparse = d->playing.bus[b] < 1;
        bool effect = !strcmp(d->plan->bus[b].name, "fx"); /* never brought forward: silence is part of them */
        g[b].move_db = td_clamp(move, sparse ? -3 : -most_db, sparse || effect ? 0 : most_db);
        double stands = x + g[b].move_db;
        if (sparse || b == anchor)
            g[b].taste = (td_leeway){ 0, 0 };
        else
            g[b].taste = (td_leeway){ effect ? 0 : dead_zone_lu - stands, stands + dead_zone_lu };
        d->plan->bus[b].fader_reason = place_reason(d, b, &g[b], middle, who, dead_zone_lu, move);
    }
}

/* Lead against the rest with the rest's faders as they stand, over the lead's own frames, LU; NaN: none sings. */
static double measure_lead(const td_decider *d, size_t lead)
{
    double active;
    return td_bus_context(d, lead, lead, &active);
}

/* Few solo instruments lead throughout: one is not moved as far as a singer, unless nobody knows how loud it was. */
#define SOLO_MOST_DB 6

static const char *lead_reason(const td_decider *d, td_lead lead, double ratio, double undone_db, bool stays)
{
    return td_arena_printf(d->arena, "%s%+.1f LU against the rest where it %s, usual %+.1f%s%s",
                           lead.sings ? "" : "no singer, and no other solo instrument: it leads; ", ratio,
                           lead.sings ? "sings" : "plays", td_usual_lead_lu(d->recipe, lead.sings),
                           fabs(undone_db) >= 0.05 ? "; held at the limit" : "",
                           stays ? "; the focus stays, and the others go to it" : "");
}

/* An anchor that leads stays where it is, and the others go instead. */
static void place_lead(td_decider *d, size_t anchor, double most_db)
{
    td_lead lead = td_find_lead(d->session, &d->playing);
    if (lead.bus == SIZE_MAX) return;
    double ratio = measure_lead(d, lead.bus);
    if (isnan(ratio)) return;
    td_plan_bus *p = &d->plan->bus[lead.bus];
    double off = td_usual_lead_lu(d->recipe, lead.sings) - ratio, others = 0;
    if (d->print == TD_PRINTED && fabs(off) <= TD_LEAD_TASTE_LU) off = 0;
    bool lost = d->print == TD_NORMALISED, stays = anchor == lead.bus;
    if (!lead.sings && !lost) most_db = fmin(most_db, SOLO_MOST_DB);
    double move = td_clamp(off, -most_db, most_db), undone = off - move;
    if (undone > 0 && (lead.sings || lost)) /* what the limit leaves undone: the others come down, at most 6 dB */
        others = -fmin(undone, 6);
    undone += others;
    p->fader_db += stays ? 0 : move;
    others -= stays ? move : 0;
    for (size_t b = 0; b < d->plan->n_buses && others != 0; b++) {
        td_plan_bus *q = &d->plan->bus[b];
        if (b == lead.bus) continue;
        q->fader_db += others;
        q->fader_reason =
            td_arena_printf(d->arena, "%s; %+.1f dB with all others, for the lead", q->fader_reason, others);
    }
    p->fader_reason = lead_reason(d, lead, ratio, undone, stays);
}

/* A lead that limits or the recipe leave behind its band. */
static td_status warn_of_lead(td_decider *d)
{
    td_lead lead = td_find_lead(d->session, &d->playing);
    if (lead.bus == SIZE_MAX) return TD_OK;
    double ratio = measure_lead(d, lead.bus), want = td_usual_lead_lu(d->recipe, lead.sings);
    double under = want + td_lead_offset_db(d->recipe, d->session, lead) - ratio;
    if (!(under > TD_LEAD_TASTE_LU)) return TD_OK;
    return td_decide_note(d, TD_NOTE_WARNING,
                          "lead %s ends %+.1f LU against the rest where it %s, %.1f under the usual %+.1f; "
                          "\"%s: level %+.0f dB\" would bring it there",
                          d->plan->bus[lead.bus].name, ratio, lead.sings ? "sings" : "plays", want - ratio, want,
                          d->plan->bus[lead.bus].name, fmin(under, 12));
}

/* A lead left as delivered is only spoken of. */
static td_status report_lead(td_decider *d)
{
    td_lead lead = td_find_lead(d->session, &d->playing);
    if (lead.bus == SIZE_MAX) return TD_OK;
    double ratio = measure_lead(d, lead.bus), want = td_usual_lead_lu(d->recipe, lead.sings);
    double off = want - ratio;
    if (isnan(ratio) || fabs(off) <= TD_LEAD_TASTE_LU) return TD_OK;
    return td_decide_note(d, TD_NOTE_DECISION,
                          "lead %.1f LU %s the usual %+.1f against the rest where it %s; left as delivered, "
                          "\"%s: level %+.0f dB\" would change it",
                          fabs(off), off > 0 ? "under" : "over", want, lead.sings ? "sings" : "plays",
                          d->plan->bus[lead.bus].name, td_clamp(off, -6, 6));
}

/* The highest fader stands at 0 dB; each reason says where the fader came from, in numbers that add up. */
static td_status settle(td_decider *d, const double *delivered_db, td_error *err)
{
    double highest = -INFINITY;
    char all[64] = "";
    for (size_t b = 0; b < d->plan->n_buses; b++) highest = fmax(highest, d->plan->bus[b].fader_db);
    if (fabs(highest) >= 0.05) snprintf(all, sizeof all, "; %+.1f dB with all faders, the highest to 0", -highest);
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        td_plan_bus *p = &d->plan->bus[b];
        double move_db = p->fader_db - delivered_db[b];
        p->fader_db = td_round_to(p->fader_db - highest, 0.01);
        p->fader_from_db = td_round_to(delivered_db[b] - highest, 0.01);
        p->fader_reason = td_arena_printf(d->arena, "delivered at %.1f, moved %+.1f dB: %s%s", delivered_db[b], move_db,
                                          p->fader_reason, all);
        if (!p->fader_reason) return td_no_memory(err);
    }
    return TD_OK;
}

/* Where nobody said how the groups stood, each goes where less is covered, as far as taste leaves it room. */
static td_status clear_within_taste(td_decider *d, const group_state *g, td_error *err)
{
    td_leeway room[TD_BUSES_MAX] = { 0 };
    double moved_db[TD_BUSES_MAX] = { 0 }, part[TD_BUSES_MAX] = { 0 };
    td_uncovered u = { .moved_db = moved_db, .part = part };
    for (size_t b = 0; b < d->plan->n_buses; b++)
        if (g[b].judged) room[b] = g[b].taste;
    td_status st = td_uncover(d, SIZE_MAX, room, &u, err);
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        td_plan_bus *p = &d->plan->bus[b];
        p->fader_db += moved_db[b];
        if (moved_db[b] == 0) continue;
        p->fader_reason = td_arena_printf(d->arena, "%s; %+.1f dB inside that room %s", p->fader_reason, moved_db[b],
                                          td_uncovers(d, part[b]));
    }
    return st;
}

static td_status loudness(td_decider *d, size_t anchor, bool roughly, td_error *err)
{
    bool raw = d->print == TD_RAW || d->print == TD_NORMALISED;
    group_state g[TD_BUSES_MAX] = { 0 };
    double delivered_db[TD_BUSES_MAX];
    delivered(d);
    for (size_t b = 0; b < d->plan->n_buses; b++) delivered_db[b] = d->plan->bus[b].fader_db;
    place_accompaniment(d, g, anchor, td_usual_taste_lu(d->recipe, raw), raw ? 12 : 6);
    for (size_t b = 0; b < d->plan->n_buses; b++) d->plan->bus[b].fader_db += g[b].move_db;
    if (raw && !roughly) TD_TRY(clear_within_taste(d, g, err));
    place_lead(d, anchor, raw ? 12 : 6);
    return settle(d, delivered_db, err);
}

/* Where a mix from the focus outward starts: the recipe's focus, else the singer. */
static size_t focus_bus(const td_decider *d)
{
    size_t index[TD_STEMS_MAX];
    if (d->recipe->focus && td_stems_meant(d->session, d->recipe->focus, index)) return d->session->stem[index[0]].bus;
    td_lead lead = td_find_lead(d->session, &d->playing);
    return lead.sings ? lead.bus : SIZE_MAX;
}

static td_status no_offsets(td_decider *d)
{
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        const td_group_wish *g = td_group_for(d, &d->plan->bus[b]);
        if (g && g->level_db.kind == TD_WISH_VALUE && g->level_db.a != 0)
            return td_decide_note(d, TD_NOTE_NOT_USED, "levels of the recipe's groups: against %s, which no stem is",
                                  d->recipe->focus);
    }
    return TD_OK;
}

/* What a recipe writes beside the mode: a group's level is an offset on what the mode gives. It means players among
 * others: one who was placed as the lead stays there. */
static td_status offsets(td_decider *d)
{
    td_lead lead = td_find_lead(d->session, &d->playing);
    if (td_recipe_misses_focus(d->recipe, d->session)) return no_offsets(d);
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        td_plan_bus *p = &d->plan->bus[b];
        bool solved =
            b == lead.bus && (d->plan->balance == TD_BALANCE_LOUDNESS || d->plan->balance == TD_BALANCE_FOCUS);
        double offset_db =
            solved ? td_lead_offset_db(d->recipe, d->session, lead) : td_recipe_offset_db(d->recipe, d->session, b);
        if (offset_db == 0) continue;
        p->fader_db = td_round_to(p->fader_db + offset_db, 0.01);
        p->fader_reason = td_arena_printf(d->arena, "%s; %+.1f dB by the recipe", p->fader_reason, offset_db);
    }
    return TD_OK;
}

static td_status mark_active(td_decider *d, td_error *err)
{
    float *mix = td_arena_array(d->arena, d->steps + 1, sizeof *mix);
    if (!mix) return td_no_memory(err);
    td_mix_power(d, SIZE_MAX, mix);
    memset(d->active, 0, d->steps);
    td_gated_frames(mix, d->steps, d->active);
    d->raw_mix_lufs = td_own_loudness(mix, d->steps);
    return TD_OK;
}

/* Who the focus is, where the recipe's word means nobody. */
static const char *focus_missed(const td_decider *d)
{
    size_t index[TD_STEMS_MAX];
    const char *word = d->recipe->focus;
    if (word && td_stems_meant(d->session, word, index)) return "";
    if (focus_bus(d) != SIZE_MAX)
        return word ? td_arena_printf(d->arena, "; no stem is %s, so from the singer", word) : "";
    return word ? td_arena_printf(d->arena, ", but no stem is %s, and nobody sings", word)
                : ", but the recipe names none, and nobody sings";
}

/* What the stems ask for, where nobody wants another balance. */
static void balance_by_stems(td_decider *d)
{
    td_plan *p = d->plan;
    if (d->recipe->approach == TD_TOP_DOWN || p->balance != TD_BALANCE_LOUDNESS || focus_bus(d) == SIZE_MAX) return;
    p->balance = TD_BALANCE_FOCUS;
    p->balance_reason = td_arena_printf(d->arena, "focus: the recipe goes %s%s; %s",
                                        td_approach_name(d->recipe->approach), focus_missed(d), p->balance_reason);
}

static td_status warn_if_unclear(td_decider *d)
{
    if (d->print != TD_UNCLEAR) return TD_OK;
    return td_decide_note(
        d, TD_NOTE_WARNING,
        "balance: nothing says clearly whether these stems were printed at mix level or are raw tracks: "
        "left as delivered; if they are raw, ask for balance: loudness");
}

/* A rough says how loud groups are against each other: of one alone it says nothing, and what holds less than half of
 * them may be a stem, a part of the mix, or another song that shares a loop. */
static const char *not_followed(const td_decider *d)
{
    const td_rough *r = d->rough;
    if (!d->session->rough)
        return "balance rough: there is no rough mix: balanced as without it; name it with --rough FILE, or with "
               "'rough:' "
               "in the job file";
    if (!r->n_found) return "rough: these stems are not found in it: balanced as without it";
    if (2 * r->n_found >= r->n_sounding && (r->n_found > 1 || r->n_sounding == 1)) return NULL;
    return td_arena_printf(d->arena,
                           "rough: only %zu of %zu %s found in it: it may be no rough mix of this song; balanced as "
                           "without it",
                           r->n_found, r->n_sounding, r->of_stems ? "stems" : "groups");
}

static td_status tell_other_roughs(td_decider *d, td_error *err)
{
    const td_session *s = d->session;
    for (size_t i = 0; i < s->n_stems; i++) {
        const td_stem *m = &s->stem[i];
        if (m == s->rough || strcmp(m->role.name, "mix.rough") || td_stem_is_refused(m)) continue;
        if (td_decide_note(d, TD_NOTE_WARNING, "%s is a rough mix too: the balance is read from %s", m->name,
                           s->rough->name))
            return td_no_memory(err);
    }
    return TD_OK;
}

/* By the rough mix; where there is none, or another song's, as if nobody had spoken of one. */
static td_status balance_by_rough(td_decider *d, const char *why, td_error *err)
{
    td_plan *p = d->plan;
    if (d->session->rough) TD_TRY(td_read_rough(d, &d->rough, err));
    balance_by_stems(d);
    const char *left = not_followed(d);
    if (left) {
        d->rough = NULL;
        TD_TRY(td_decide_note(d, TD_NOTE_WARNING, "%s", left));
        return warn_if_unclear(d);
    }
    d->without_rough = p->balance;
    p->balance = TD_BALANCE_ROUGH;
    p->balance_reason = why;
    return tell_other_roughs(d, err);
}

td_status td_choose_balance(td_decider *d, td_error *err)
{
    td_plan *p = d->plan;
    td_balance wanted = d->wish->has_balance ? d->wish->balance : d->recipe->balance;
    const char *asked = td_arena_printf(d->arena, "%s: asked for %s", td_balance_name(wanted),
                                        d->wish->has_balance ? "when the mix was ordered" : "by the recipe");
    if (!asked) return td_no_memory(err);
    if (wanted == TD_BALANCE_ROUGH)
        TD_TRY(balance_by_rough(d, asked, err));
    else if (wanted == TD_BALANCE_AUTO && d->session->rough)
        TD_TRY(balance_by_rough(
            d, td_arena_printf(d->arena, "rough: %s, a rough mix, came with the stems", d->session->rough->name), err));
    else if (wanted == TD_BALANCE_AUTO) {
        balance_by_stems(d);
        TD_TRY(warn_if_unclear(d));
    } else {
        bool lost = p->balance == TD_BALANCE_LOUDNESS && wanted == TD_BALANCE_DELIVERED;
        if (lost && td_decide_note(d, TD_NOTE_WARNING, "balance delivered was asked for, but these stems would get %s",
                                   p->balance_reason))
            return td_no_memory(err);
        p->balance = wanted;
        p->balance_reason = asked;
    }
    if (wanted == TD_BALANCE_FOCUS) {
        if (focus_bus(d) == SIZE_MAX) p->balance = TD_BALANCE_LOUDNESS;
        p->balance_reason = td_arena_printf(d->arena, "%s%s%s", focus_bus(d) == SIZE_MAX ? "loudness, for " : "", asked,
                                            focus_missed(d));
    }
    return p->balance_reason ? TD_OK : td_no_memory(err);
}

static td_status set_faders(td_decider *d, bool roughly, td_error *err)
{
    td_balance mode = d->rough ? d->without_rough : d->plan->balance;
    delivered(d);
    TD_TRY(mark_active(d, err));
    if (mode == TD_BALANCE_EVEN) even(d);
    if (mode == TD_BALANCE_LOUDNESS) TD_TRY(loudness(d, SIZE_MAX, roughly, err));
    if (mode == TD_BALANCE_FOCUS) TD_TRY(loudness(d, focus_bus(d), roughly, err));
    return TD_OK;
}

td_status td_guess_balance(td_decider *d, td_error *err)
{
    return set_faders(d, true, err);
}

/* What a group is to come to, where its fader does not ask for it. */
static td_status not_asked(td_decider *d)
{
    td_balance balance = d->plan->balance;
    bool stays = balance == TD_BALANCE_DELIVERED || balance == TD_BALANCE_EVEN;
    td_lead lead = td_find_lead(d->session, &d->playing);
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        const td_plan_bus *p = &d->plan->bus[b];
        const td_group_wish *g = td_group_for(d, p);
        if (!g || g->loudness_lu.kind != TD_WISH_VALUE) continue;
        if (!stays && balance != TD_BALANCE_ROUGH && b == lead.bus)
            TD_TRY(td_decide_note(d, TD_NOTE_NOT_USED,
                                  "%s loudness %+g LU: a lead stands as is usual against the rest where it %s; its "
                                  "'level' moves it from there",
                                  p->name, g->loudness_lu.a, lead.sings ? "sings" : "plays"));
        if (stays)
            TD_TRY(td_decide_note(d, TD_NOTE_NOT_USED,
                                  "%s loudness %+g LU: faders stand by balance '%s', which does not ask", p->name,
                                  g->loudness_lu.a, td_balance_name(d->plan->balance)));
    }
    return TD_OK;
}

td_status td_decide_balance(td_decider *d, td_error *err)
{
    td_plan *p = d->plan;
    TD_TRY(not_asked(d));
    double delivered_db[TD_BUSES_MAX];
    delivered(d);
    for (size_t b = 0; b < p->n_buses; b++) delivered_db[b] = p->bus[b].fader_db;
    TD_TRY(set_faders(d, false, err));
    if (p->balance == TD_BALANCE_DELIVERED) TD_TRY(report_lead(d));
    if (p->balance == TD_BALANCE_ROUGH) TD_TRY(td_decide_rough(d, delivered_db, err));
    bool built = p->balance == TD_BALANCE_LOUDNESS || p->balance == TD_BALANCE_FOCUS;
    for (size_t b = 0; b < p->n_buses && !built; b++) p->bus[b].fader_from_db = p->bus[b].fader_db;
    TD_TRY(offsets(d));
    if (built) TD_TRY(warn_of_lead(d));
    for (size_t b = 0; b < p->n_buses; b++) {
        if (!p->bus[b].fader_reason) return td_no_memory(err);
        if (td_is_silent(p->bus[b].peak_dbfs)) p->bus[b].fader_reason = "nothing on it sounds";
    }
    return mark_active(d, err);
}
