#include "engine/mix/decide/decide.h"

#include "engine/base/units.h"
#include <string.h>

/* The parts of a song: where what is heard before differs most from what is heard after, in third octaves (the
 * checkerboard of Foote 2000 with both its halves averaged). Half seconds tell where, steps of 100 ms exactly where. */

enum { HOP = 5, REACH = 16, LEAST = 16 }; /* steps a hop; hops that are compared, and of the shortest part */
enum { LOW_BAND = 4, HIGH_BAND = 27, N = HIGH_BAND - LOW_BAND }; /* 63 Hz to 10 kHz */

#define NEW_DB   4.0  /* as different as a part has to be */
#define FLOOR_DB 50.0 /* below the loudest band: silence */

typedef struct levels {
    float (*db)[N];
    size_t n;
} levels;

/* Levels of every `hop` steps, from powers. */
static levels levels_of(td_arena *a, float (*power)[N], size_t steps, size_t hop)
{
    levels l = { .n = steps / hop };
    float most = 0;
    l.db = td_arena_array(a, l.n + 1, sizeof *l.db);
    for (size_t i = 0; i < steps; i++)
        for (size_t b = 0; b < N; b++) most = fmaxf(most, power[i][b]);
    double least = (double)most * td_db_power(-FLOOR_DB) + 1e-20;
    for (size_t i = 0; l.db && i < l.n; i++)
        for (size_t b = 0; b < N; b++) {
            double sum = 0;
            for (size_t k = 0; k < hop; k++) sum += (double)power[i * hop + k][b];
            l.db[i][b] = (float)td_power_db(sum / (double)hop + least);
        }
    return l;
}

static void mean_of(const levels *l, size_t from, size_t to, double out[N])
{
    memset(out, 0, N * sizeof *out);
    for (size_t i = from; i < to; i++)
        for (size_t b = 0; b < N; b++) out[b] += (double)l->db[i][b] / (double)(to - from);
}

static double distance(const double x[N], const double y[N])
{
    double sum = 0;
    for (size_t b = 0; b < N; b++) sum += (x[b] - y[b]) * (x[b] - y[b]);
    return sqrt(sum / N);
}

/* How much what comes after `at` differs from what was before it. */
static double novelty(const levels *l, size_t at, size_t reach)
{
    double before[N], after[N];
    mean_of(l, at > reach ? at - reach : 0, at, before);
    mean_of(l, at, at + reach < l->n ? at + reach : l->n, after);
    return distance(before, after);
}

/* The places that differ most, each at least LEAST hops from the ends and from those taken before it. */
static size_t find_edges(const levels *l, bool *edge, td_arena *a)
{
    double *new = td_arena_array(a, l->n + 1, sizeof *new);
    size_t n = 0;
    for (size_t i = LEAST; new &&i + LEAST <= l->n; i++) new[i] = novelty(l, i, REACH);
    while (new) {
        size_t best = 0;
        for (size_t i = LEAST; i + LEAST <= l->n; i++)
            if (new[i] > new[best]) best = i;
        if (new[best] < NEW_DB) break;
        edge[best] = true;
        n++;
        for (size_t i = best >= LEAST ? best - LEAST + 1 : 0; i < best + LEAST && i <= l->n; i++) new[i] = 0;
    }
    return n;
}

/* The step within a second of `at` across which the same stretches differ most. */
static size_t exactly(const levels *fine, size_t at)
{
    size_t best = at;
    double most = 0;
    for (size_t i = at > 2 * HOP ? at - 2 * HOP : 1; i <= at + 2 * HOP && i < fine->n; i++) {
        double x = novelty(fine, i, REACH * HOP);
        if (x <= most) continue;
        most = x;
        best = i;
    }
    return best;
}

/* Parts that sound alike share a letter. */
static size_t letter_of(const levels *l, const td_plan_section *s, size_t n, double (*mean)[N])
{
    mean_of(l, (size_t)(s->from_s / TD_STEP_S + 0.5), (size_t)(s->to_s / TD_STEP_S + 0.5), mean[n]);
    size_t nearest = n;
    double least = NEW_DB;
    for (size_t i = 0; i < n; i++) {
        double x = distance(mean[i], mean[n]);
        if (x >= least) continue;
        least = x;
        nearest = i;
    }
    return nearest;
}

/* Neighbours that share one are one part: what differs where they meet, a swell that falls back, is none of its own. */
static void join_alike(td_plan *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_sections; i++)
        if (n && p->section[n - 1].name == p->section[i].name)
            p->section[n - 1].to_s = p->section[i].to_s;
        else
            p->section[n++] = p->section[i];
    p->n_sections = n;
}

static void measure_sections(td_decider *d)
{
    const td_signal *sum = td_survey_signal(d->survey, td_survey_sum(d->survey));
    double whole = td_own_loudness(sum->k, sum->steps);
    for (size_t i = 0; i < d->plan->n_sections; i++) {
        td_plan_section *s = &d->plan->section[i];
        size_t from = (size_t)(s->from_s / TD_STEP_S + 0.5), to = (size_t)(s->to_s / TD_STEP_S + 0.5);
        double loud = td_own_loudness(sum->k + from, to - from);
        s->loudness_lu = isfinite(loud) && isfinite(whole) ? td_round_to(loud - whole, 0.1) : NAN;
    }
}

static td_status name_sections(td_decider *d, const levels *fine, td_error *err)
{
    td_plan *p = d->plan;
    double(*mean)[N] = td_arena_array(d->arena, p->n_sections + 1, sizeof *mean);
    unsigned letters = 0;
    if (!mean) return td_no_memory(err);
    for (size_t i = 0; i < p->n_sections; i++) {
        td_plan_section *s = &p->section[i];
        size_t like = letter_of(fine, s, i, mean);
        s->name = like < i ? p->section[like].name
                           : td_arena_printf(d->arena, "%c%s", 'A' + (char)(letters % 26), letters < 26 ? "" : "'");
        letters += like == i;
        if (!s->name) return td_no_memory(err);
    }
    join_alike(p);
    measure_sections(d);
    return TD_OK;
}

td_status td_find_sections(td_decider *d, td_error *err)
{
    enum { CHUNK = 64 };
    td_band_frame frame[CHUNK];
    size_t signal = td_survey_sum(d->survey), steps = d->steps;
    float(*power)[N] = td_arena_array(d->arena, steps + 1, sizeof *power);
    if (!power) return td_no_memory(err);
    for (size_t at = 0; at < steps; at += CHUNK) {
        size_t n = steps - at < CHUNK ? steps - at : CHUNK;
        TD_TRY(td_survey_band_frames(d->survey, signal, at, n, frame, err));
        for (size_t i = 0; i < n; i++)
            for (size_t b = 0; b < N; b++) power[at + i][b] = frame[i].ll[LOW_BAND + b] + frame[i].rr[LOW_BAND + b];
    }
    levels coarse = levels_of(d->arena, power, steps, HOP), fine = levels_of(d->arena, power, steps, 1);
    bool *edge = td_arena_array(d->arena, coarse.n + 1, sizeof *edge);
    if (!coarse.db || !fine.db || !edge) return td_no_memory(err);
    size_t n = find_edges(&coarse, edge, d->arena);
    td_plan *p = d->plan;
    p->section = td_arena_array(d->arena, n + 1, sizeof *p->section);
    if (!p->section) return td_no_memory(err);
    for (size_t i = 0; i < coarse.n && steps; i++) {
        if (!edge[i]) continue;
        double at_s = td_round_to((double)exactly(&fine, i * HOP) * TD_STEP_S, 0.001);
        p->section[p->n_sections].to_s = at_s;
        p->section[++p->n_sections].from_s = at_s;
    }
    p->section[p->n_sections++].to_s = td_round_to((double)steps * TD_STEP_S, 0.001);
    return name_sections(d, &fine, err);
}
