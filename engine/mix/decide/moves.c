#include "engine/mix/decide/decide.h"

#include "engine/base/units.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a hand on the fader would do, as points in time: a voice's breaths, what sets a part of the song apart, the lift
 * into a louder one. Only where a recipe has a step that asks for it. */

#define RANGE_DB   2.0  /* of sections, where nothing is said */
#define WORTH_DB   0.3  /* a smaller move nobody hears */
#define LEAST_S    2.0  /* of a part in which it sounds, to be judged */
#define RESTS_DB   6.0  /* under its own mean: all else rests in such a part */
#define RAMP_S_DB  1.0  /* seconds a decibel, towards the edge of a part */
#define FADE_S     0.03 /* beside a breath */
#define COVERED_DB 20.0 /* a breath that far below the mix is nobody's concern */
#define LOUDER_LU  1.0  /* a part worth a lift */
#define BACK_S     0.05 /* from the lift to the part itself */

typedef struct moves {
    td_decider *d;
    const td_site *site;
    float *own, *rest;              /* power per step, in the mix */
    unsigned char *sounds, *judged; /* judged: where it sounds and has others to be placed against */
    td_breakpoint *point;           /* of all moves, each list behind the last */
    size_t n;
    td_text reason;
} moves;

/* ---- what is heard ----------------------------------------------------------------------------------------------- */

static double site_power(const td_decider *d, const td_site *s)
{
    return s->kind == TD_SITE_BUS ? td_db_power(td_bus_gain_db(d, s->index) + d->inside_db[s->index])
                                  : td_db_power(td_stem_gain_db(d, s->index));
}

static td_status hear(moves *m, td_error *err)
{
    td_decider *d = m->d;
    const td_signal *s = td_survey_signal(d->survey, m->site->signal);
    m->own = td_arena_array(d->arena, d->steps + 1, sizeof *m->own);
    m->rest = td_arena_array(d->arena, d->steps + 1, sizeof *m->rest);
    m->sounds = td_arena_alloc(d->arena, d->steps + 1);
    m->judged = td_arena_alloc(d->arena, d->steps + 1);
    if (!m->own || !m->rest || !m->sounds || !m->judged) return td_no_memory(err);
    td_mix_power(d, SIZE_MAX, m->rest);
    bool mix = m->site->kind == TD_SITE_MIX;
    double gain = mix ? 1 : site_power(d, m->site), sum = 0;
    for (size_t i = 0; i < d->steps; i++) {
        m->own[i] = mix ? m->rest[i] : i < s->steps ? (float)(gain * (double)s->k[i]) : 0;
        m->rest[i] = fmaxf(m->rest[i] - m->own[i], 0);
    }
    size_t n = td_gated_frames(m->own, d->steps, m->sounds);
    for (size_t i = 0; i < d->steps; i++)
        if (m->sounds[i]) sum += (double)m->own[i];
    for (size_t i = 0; n && i < d->steps; i++) /* soft parts count as well, pauses do not */
        m->sounds[i] = (double)m->own[i] > sum / (double)n / 100;
    memcpy(m->judged, m->sounds, d->steps);
    return TD_OK;
}

static void because(moves *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void because(moves *m, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    td_text_addf(&m->reason, "%s%s", m->reason.length ? "; " : "", text);
}

static void add(moves *m, double at_s, double gain_db)
{
    m->point[m->n++] = (td_breakpoint){ td_round_to(fmax(at_s, 0), 0.001), td_round_to(gain_db, 0.1) };
}

/* ---- sections ---------------------------------------------------------------------------------------------------- */

/* How a stretch stands: against the rest where it sounds; the mix bus by its loudness. NaN: too little to tell. */
static double standing(const moves *m, double from_s, double to_s)
{
    size_t from = (size_t)(from_s / TD_STEP_S + 0.5), to = (size_t)(to_s / TD_STEP_S + 0.5), n = 0;
    double own = 0, rest = 0;
    if (m->site->kind == TD_SITE_MIX) {
        double loud = td_own_loudness(m->own + from, to - from);
        return isfinite(loud) ? loud : NAN;
    }
    for (size_t i = from; i < to; i++) {
        if (!m->judged[i]) continue;
        own += (double)m->own[i];
        rest += (double)m->rest[i];
        n++;
    }
    return (double)n * TD_STEP_S >= LEAST_S && rest > own / 100 ? td_power_db(own / rest) : NAN;
}

/* Of what else plays while it sounds; 0: it does not sound. */
static double mean_rest(const moves *m, size_t from, size_t to)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = from; i < to; i++) {
        if (!m->sounds[i]) continue;
        sum += (double)m->rest[i];
        n++;
    }
    return n ? sum / (double)n : 0;
}

/* Who is left nearly alone needs no place against the others: such a part is not ridden, and has no say in what is
 * usual. A mix bus that evens parts lifts it: to lower there what still plays would undo that. Returns how many there
 * are. */
static size_t leave_rests(moves *m)
{
    const td_plan *p = m->d->plan;
    double usual = mean_rest(m, 0, m->d->steps);
    size_t n = 0;
    for (size_t k = 0; k < p->n_sections && m->site->kind != TD_SITE_MIX; k++) {
        size_t from = (size_t)(p->section[k].from_s / TD_STEP_S + 0.5);
        size_t to = (size_t)(p->section[k].to_s / TD_STEP_S + 0.5);
        double rest = mean_rest(m, from, to);
        if (!(rest > 0) || rest >= usual * td_db_power(-RESTS_DB)) continue;
        memset(m->judged + from, 0, to - from);
        n++;
    }
    return n;
}

static const char *place_of(const td_plan_section *s, char out[40])
{
    char from[16], to[16];
    snprintf(out, 40, "%s-%s", td_clock(s->from_s, from), td_clock(s->to_s, to));
    return out;
}

/* The moves that are largest, each with its place and cause. */
static void tell_sections(moves *m, const double *gain_db, const double *off, double amount)
{
    enum { TOLD = 3 };
    const td_plan *p = m->d->plan;
    bool told[256] = { false };
    size_t moved = 0;
    for (size_t i = 0; i < p->n_sections; i++) moved += gain_db[i] != 0;
    because(m, "%.0f %% of what sets %zu of %zu parts apart is ridden away", amount * 100, moved, p->n_sections);
    for (size_t k = 0; k < TOLD && k < moved; k++) {
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < p->n_sections && i < 256; i++)
            if (!told[i] && gain_db[i] != 0 && (best == SIZE_MAX || fabs(gain_db[i]) > fabs(gain_db[best]))) best = i;
        if (best == SIZE_MAX) return;
        char place[40];
        told[best] = true;
        td_text_addf(&m->reason, "%s %+.1f dB %s (%.1f LU %s)", k ? "," : ":", gain_db[best],
                     place_of(&p->section[best], place), fabs(off[best]),
                     m->site->kind == TD_SITE_MIX ? off[best] > 0 ? "louder than the song" : "softer than the song"
                     : off[best] > 0              ? "over its usual place"
                                                  : "under its usual place");
    }
}

static td_status ride_sections(moves *m, double amount, double range_db, td_error *err)
{
    const td_plan *p = m->d->plan;
    double *gain = td_arena_array(m->d->arena, p->n_sections + 1, sizeof *gain), before = 0;
    double *off = td_arena_array(m->d->arena, p->n_sections + 1, sizeof *off);
    size_t alone = leave_rests(m);
    double usual = standing(m, 0, (double)m->d->steps * TD_STEP_S);
    bool any = false;
    if (!gain || !off) return td_no_memory(err);
    for (size_t i = 0; i < p->n_sections; i++) {
        double x = standing(m, p->section[i].from_s, p->section[i].to_s);
        off[i] = isnan(x) || isnan(usual) ? 0 : x - usual;
        gain[i] = td_round_to(td_clamp(-amount * off[i], -range_db, range_db), 0.1);
        if (fabs(gain[i]) < WORTH_DB) gain[i] = 0;
        any |= gain[i] != 0;
    }
    if (!any) because(m, "no part of the song is set apart by enough to ride");
    if (any) tell_sections(m, gain, off, amount);
    if (alone) because(m, "where all else rests it is left alone (%zu of %zu parts)", alone, p->n_sections);
    if (!any) return TD_OK;
    add(m, 0, gain[0]);
    for (size_t i = 1; i < p->n_sections; i++) {
        before = gain[i - 1];
        if (gain[i] == before) continue;
        if (m->n > TD_POINTS_MAX / 4) break; /* hours of it */
        const td_plan_section *s = &p->section[i - 1];
        double ramp = fmin(RAMP_S_DB * fabs(gain[i] - before), (s->to_s - s->from_s) / 2);
        add(m, s->to_s - ramp, before);
        add(m, s->to_s, gain[i]);
    }
    return TD_OK;
}

/* ---- transitions ------------------------------------------------------------------------------------------------- */

static bool plays(const moves *m, double from_s, double to_s)
{
    for (size_t i = (size_t)(fmax(from_s, 0) / TD_STEP_S); (double)i * TD_STEP_S < to_s && i < m->d->steps; i++)
        if (m->sounds[i]) return true;
    return false;
}

static void lift_transitions(moves *m, double lift_db)
{
    const td_plan *p = m->d->plan;
    double bar_s = td_clamp(240 / p->tempo_bpm, 1, 4);
    size_t n = 0, rests = 0;
    char clock[16];
    td_text places = { 0 };
    for (size_t i = 1; i < p->n_sections && lift_db != 0; i++) {
        const td_plan_section *was = &p->section[i - 1], *is = &p->section[i];
        if (!(is->loudness_lu - was->loudness_lu >= LOUDER_LU) || m->n > TD_POINTS_MAX / 2) continue;
        if (!plays(m, is->from_s - bar_s, is->from_s)) {
            rests++;
            continue;
        }
        add(m, is->from_s - bar_s, 0);
        add(m, is->from_s - BACK_S, lift_db);
        add(m, is->from_s, 0);
        td_text_addf(&places, "%s%s", n++ ? ", " : "", td_clock(is->from_s, clock));
    }
    if (n)
        because(m, "%+.1f dB over the last %.1f s into %s", lift_db, bar_s, td_text_or_empty(&places));
    else
        because(m, rests ? "it rests in front of every louder part" : "no part begins louder than the one before it");
    m->reason.broken |= places.broken;
    td_text_free(&places);
}

/* ---- breaths ----------------------------------------------------------------------------------------------------- */

static bool covered(const moves *m, const td_breath *b)
{
    double own = 0, rest = 0;
    for (size_t i = (size_t)(b->from_s / TD_STEP_S); i <= (size_t)(b->to_s / TD_STEP_S) && i < m->d->steps; i++) {
        own += (double)m->own[i];
        rest += (double)m->rest[i];
    }
    return own < rest * td_db_power(-COVERED_DB);
}

static int loudest_first(const void *a, const void *b)
{
    const td_breath *x = a, *y = b;
    return x->level_db != y->level_db ? (y->level_db > x->level_db) - (y->level_db < x->level_db)
                                      : (x->from_s > y->from_s) - (x->from_s < y->from_s);
}

static int by_time(const void *a, const void *b)
{
    const td_breath *x = a, *y = b;
    return (x->from_s > y->from_s) - (x->from_s < y->from_s);
}

static td_status lower_breaths(moves *m, double by_db, td_error *err)
{
    td_breath *b;
    size_t n, kept = 0, most = (TD_POINTS_MAX - m->n) / 5; /* 4 points each, and room where lists cross */
    char clock[16];
    if (m->site->kind != TD_SITE_BUS && m->site->kind != TD_SITE_STEM)
        return td_fail(err, TD_RECIPE, m->site->name, "put the step on the voice", "breaths are a voice's");
    TD_TRY(td_find_breaths(m->d, m->site, &b, &n, err));
    for (size_t i = 0; i < n; i++)
        if (!covered(m, &b[i])) b[kept++] = b[i];
    if (!kept || by_db == 0) {
        because(m, n ? "the mix covers all of its %zu breaths" : "no breath stands by itself", n);
        return TD_OK;
    }
    qsort(b, kept, sizeof *b, loudest_first);
    double level = b[0].level_db, at = b[0].from_s;
    size_t made = kept < most ? kept : most;
    qsort(b, made, sizeof *b, by_time);
    for (size_t i = 0; i < made; i++) {
        double before =
            i && b[i].from_s - FADE_S < b[i - 1].to_s + FADE_S ? b[i - 1].to_s + FADE_S : b[i].from_s - FADE_S;
        add(m, before, 0);
        add(m, b[i].from_s, by_db);
        add(m, b[i].to_s, by_db);
        add(m, b[i].to_s + FADE_S, 0);
    }
    because(m, "%zu breath%s come%s down by %g dB, the loudest at %s, %.0f dB under the voice", made,
            made == 1 ? "" : "s", made == 1 ? "s" : "", -by_db, td_clock(at, clock), -level);
    if (made < n) td_text_addf(&m->reason, "; %zu that the mix covers are left alone", n - made);
    return TD_OK;
}

/* ---- all of them as one line of points --------------------------------------------------------------------------- */

static int earlier(const void *a, const void *b)
{
    const td_breakpoint *x = a, *y = b;
    return (x->at_s > y->at_s) - (x->at_s < y->at_s);
}

/* Gains of several lists add up at every point of any of them. */
static td_status to_parts(const moves *m, const size_t *list, size_t lists, td_plan_step *step, td_error *err)
{
    const td_processor *proc = step->proc->parts[0];
    int at = td_param_find(proc, "at"), gain = td_param_find(proc, "gain");
    td_breakpoint *all = td_arena_array(m->d->arena, m->n + 1, sizeof *all);
    step->part = td_arena_array(m->d->arena, m->n + 1, sizeof *step->part);
    if (!all || !step->part) return td_no_memory(err);
    memcpy(all, m->point, m->n * sizeof *all);
    qsort(all, m->n, sizeof *all, earlier);
    for (size_t i = 0; i < m->n; i++) {
        if (i && all[i].at_s == all[i - 1].at_s) continue;
        td_plan_part *p = &step->part[step->n_parts++];
        *p = (td_plan_part){ .proc = proc,
                             .value = td_arena_array(m->d->arena, proc->n_params, sizeof(double)),
                             .goal = td_no_goal };
        if (!p->value) return td_no_memory(err);
        td_processor_defaults(proc, p->value);
        double sum = 0;
        for (size_t k = 0; k < lists; k++) sum += td_ride_db(m->point + list[k], list[k + 1] - list[k], all[i].at_s);
        p->value[at] = td_param_round(&proc->params[at], all[i].at_s * 1000);
        p->value[gain] = td_param_round(&proc->params[gain], sum);
    }
    return TD_OK;
}

/* The value a recipe wrote; NaN: none. */
static double wished(const td_step_wish *w, const char *name)
{
    int slot = td_param_find(w->proc, name);
    return slot >= 0 && w->value[slot].kind == TD_WISH_VALUE ? w->value[slot].a : NAN;
}

td_status td_decide_moves(td_decider *d, const td_site *site, const td_step_wish *w, td_plan_step *step, td_error *err)
{
    double breaths = wished(w, "breaths"), sections = wished(w, "sections"), lift = wished(w, "transitions");
    double range = wished(w, "range");
    size_t list[4] = { 0 }, lists = 0;
    if (isnan(breaths) && isnan(sections) && isnan(lift)) return TD_OK;
    if (step->n_parts)
        return td_fail(err, TD_RECIPE, site->name, "write two steps",
                       "%s: points stand beside '%s', which makes its own", w->name,
                       isnan(breaths) ? isnan(sections) ? "transitions" : "sections" : "breaths");
    if (site->kind == TD_SITE_RETURN)
        return td_fail(err, TD_RECIPE, site->name, "write points", "%s: a return has no parts of its own", w->name);
    moves m = { .d = d, .site = site };
    m.point = td_arena_array(d->arena, 2 * TD_POINTS_MAX, sizeof *m.point);
    td_status st = m.point ? hear(&m, err) : td_no_memory(err);
    if (!st && !isnan(sections)) st = ride_sections(&m, sections / 100, isnan(range) ? RANGE_DB : range, err);
    list[++lists] = m.n;
    if (!st && !isnan(lift)) lift_transitions(&m, lift);
    list[++lists] = m.n;
    if (!st && !isnan(breaths)) st = lower_breaths(&m, breaths, err);
    list[++lists] = m.n;
    if (!st) st = to_parts(&m, list, lists, step, err);
    step->origin = TD_SOLVED;
    step->reason = td_arena_strdup(d->arena, td_text_or_empty(&m.reason));
    if (!st && (m.reason.broken || !step->reason)) st = td_no_memory(err);
    td_text_free(&m.reason);
    return st;
}

/* ---- the rider's level ------------------------------------------------------------------------------------------- */

/* What equalisers in front change in K power, on what plays there over the song. */
static td_status heard_through(td_decider *d, const td_site *site, double *out, td_error *err)
{
    td_band_power p;
    double before = 0, after = 0, power[TD_BANDS];
    TD_TRY(td_survey_bands(d->survey, site->signal, NULL, &p, err));
    TD_TRY(td_chain_power(d, site->chain, power, err));
    for (size_t b = 0; b < TD_BANDS; b++) {
        double k = td_k_weight_power(td_band_hz(b)) * (p.ll[b] + p.rr[b]);
        before += k;
        after += k * power[b];
    }
    *out = before > 0 && after > 0 ? after / before : 1;
    return TD_OK;
}

/* A fix meets the stem as it is in its file, the survey heard it at its level, mono 3.01 dB down. */
static double rider_gain_db(const td_decider *d, const td_site *site)
{
    const td_stem *s = &d->session->stem[site->index];
    if (site->kind == TD_SITE_MIX) return d->plan->trim_db;
    if (site->kind == TD_SITE_BUS) return d->plan->bus[site->index].clip_gain_db + d->inside_db[site->index];
    return (s->info.channels == 1 && !s->path_right ? td_power_db(2) : 0) - s->level_db;
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Levels over 400 ms of what the rider takes for sung, sorted, as dBFS of a sine; returns how many. */
static size_t sung_levels(const float *k, size_t steps, double gain_db, float *level)
{
    enum { WINDOW = 4, GATES = 4 };
    size_t n = 0;
    for (size_t i = 0; i + WINDOW <= steps; i++) {
        double sum = 0;
        for (size_t j = 0; j < WINDOW; j++) sum += (double)k[i + j];
        if (sum > 0) level[n++] = (float)(td_power_db(sum / WINDOW) + gain_db);
    }
    qsort(level, n, sizeof *level, ascending);
    double gate = -60;
    for (int pass = 0; pass < GATES && n; pass++) {
        double sum = 0;
        size_t first = 0;
        while (first < n && (double)level[first] < gate) first++;
        n -= first;
        memmove(level, level + first, n * sizeof *level);
        for (size_t i = 0; i < n; i++) sum += (double)level[i];
        gate = fmax(-60, sum / (double)(n ? n : 1) - 18); /* rider.c: where a pause begins */
    }
    return n;
}

/* A bus of voices is one all of whose stems are. */
static bool is_sung(const td_decider *d, const td_site *site)
{
    bool sung = site->kind != TD_SITE_MIX;
    for (size_t i = 0; i < d->session->n_stems; i++) {
        const td_stem *s = &d->session->stem[i];
        if (site->kind == TD_SITE_BUS ? s->bus == site->index : i == site->index) sung = sung && td_stem_is_voice(s);
    }
    return sung;
}

td_status td_decide_rider(td_decider *d, const td_site *site, td_plan_step *step, td_error *err)
{
    int slot = td_param_find(step->proc, "level");
    if (strcmp(step->proc->name, "rider") || !isnan(step->value[slot]) || step->n_keys || site->kind == TD_SITE_RETURN)
        return TD_OK;
    if (site->kind == TD_SITE_MIX && !d->sum) return TD_OK;
    const td_signal *s = td_survey_signal(d->survey, site->signal);
    float *k = td_arena_array(d->arena, d->steps + s->steps + 1, sizeof *k);
    float *level = td_arena_array(d->arena, d->steps + s->steps + 1, sizeof *level);
    double eq, sum = 0;
    if (!k || !level) return td_no_memory(err);
    size_t steps = site->kind == TD_SITE_MIX ? d->steps : s->steps;
    if (site->kind == TD_SITE_MIX)
        td_mix_power(d, SIZE_MAX, k);
    else
        memcpy(k, s->k, steps * sizeof *k);
    TD_TRY(heard_through(d, site, &eq, err));
    size_t n = sung_levels(k, steps, rider_gain_db(d, site) + td_power_db(eq), level);
    if (!n) return TD_OK;
    for (size_t i = 0; i < n; i++) sum += (double)level[i];
    step->value[slot] = td_param_round(&step->proc->params[slot], sum / (double)n);
    step->origin = TD_SOLVED;
    if (td_decide_how(d, &step->how, TD_SOLVED, "level")) return td_no_memory(err);
    step->reason = td_arena_printf(
        d->arena, "rides to %.1f dBFS, the mean of what is %s; nine tenths of it lie within %.1f dB", step->value[slot],
        is_sung(d, site) ? "sung" : "played", (double)(level[n * 19 / 20] - level[n / 20]));
    return step->reason ? TD_OK : td_no_memory(err);
}
