#include "engine/mix/decide/decide.h"

#include "engine/base/row.h"
#include "engine/base/units.h"
#include "engine/mix/stemsum.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Where a step of the mix bus meets its highest. The raw sum tells that but roughly: groups cut some and lift others,
 * sums of other levels add up otherwise, and a low cut turns phases, so that new peaks stand 2 dB over where the raw
 * sum had none. So the places where the raw sum is high are heard, 0.1 s each, as they will reach the step: through all
 * groups, and what of the mix bus stands in front of it and neither reacts to level nor bends, for trim and thresholds
 * are not known yet; and by its own detector. Returns are left out: they would need seconds in front of each place to
 * be full. */

#define WARM_S 0.05 /* in front of them: for filters to settle, and compressors to where they attack */

/* Of how many places, and how far under the highest of the raw sum. */
typedef struct bound {
    unsigned part, fewest; /* one of so many steps, but so many at least */
    double under_db;       /* none was met below that counts */
} bound;

static const bound of_level = { .part = 32, .fewest = 12, .under_db = 3 };
static const bound of_tips = { .part = 5, .under_db = 6 };

/* Steps in a row. */
typedef struct run {
    size_t from, to;
} run;

typedef struct field {
    td_decider *d;
    run *run;
    size_t n_runs;
    atomic_size_t next;       /* run nobody has taken yet */
    size_t front;             /* steps of the mix bus in front of the one that is asked about */
    const td_plan_step *step; /* whose power is asked for; NULL: nobody's */
    td_high out;
} field;

/* Whoever hears runs, one after the other: what it hears of one is not told by those before. */
typedef struct hearing {
    const td_decider *d;
    td_lane *lane[TD_BUSES_MAX];
    float *sound; /* two planes of a step for each bus, then for the sum */
    size_t room;  /* frames of a plane */
    td_chain *chain;
    const td_dynamics *hears; /* of the step whose power is asked for; NULL: it hears all alike */
    td_unit_state *ear;
} hearing;

static float *plane(const hearing *h, size_t bus, size_t channel)
{
    return h->sound + (2 * bus + channel) * h->room;
}

/* ---- the way to the step ----------------------------------------------------------------------------------------- */

/* How many steps of the mix bus stand in front of the first that has a goal, and cuts tips or does not; -1: none. */
static int steps_in_front(const td_decider *d, bool tips)
{
    for (size_t i = 0; i < d->plan->mix.n_steps; i++)
        if (d->plan->mix.step[i].proc->peaks == tips)
            for (size_t k = 0; k < d->recipe->mix.n_steps; k++) {
                const td_step_wish *w = &d->recipe->mix.step[k];
                if (!strcmp(w->name, d->plan->mix.step[i].name) && td_goals_asked(w) == TD_ASKS_MAXIMA) return (int)i;
            }
    return -1;
}

static td_status straight_chain(const td_decider *d, size_t steps, td_chain **out, td_error *err)
{
    td_format fmt = td_format_of(d->session, d->plan);
    td_plan_chain straight = { .step = calloc(steps + 1, sizeof *straight.step) };
    if (!straight.step) return td_no_memory(err);
    for (size_t i = 0; i < steps; i++) {
        const td_plan_step *s = &d->plan->mix.step[i];
        if (!s->proc->dynamics && !s->proc->bends && !s->n_keys) straight.step[straight.n_steps++] = *s;
    }
    td_status st = td_chain_of_plan(&straight, SIZE_MAX, &fmt, out, err);
    free(straight.step);
    return st;
}

/* What a detector looks at: a low cut in its side chain makes it deaf to kicks. */
static td_status open_ear(hearing *h, const td_plan_step *step, td_error *err)
{
    td_part part[TD_POINTS_MAX];
    td_settings set = td_step_settings(step, part);
    td_format fmt = td_format_of(h->d->session, h->d->plan);
    if (!(h->hears = step->proc->dynamics)) return TD_OK;
    return td_unit_new(step->proc, &fmt, &set, &h->ear, err);
}

static td_status open_hearing(hearing *h, const field *f, td_error *err)
{
    const td_decider *d = h->d = f->d;
    size_t buses = d->plan->n_buses;
    h->room = (d->session->rate_hz + 9) / 10;
    h->sound = td_calloc2(2 * (buses + 1), h->room, sizeof *h->sound);
    if (!h->sound) return td_no_memory(err);
    TD_TRY(straight_chain(d, f->front, &h->chain, err));
    for (size_t b = 0; b < buses; b++) TD_TRY(td_bus_lane(d, b, SIZE_MAX, &h->lane[b], err));
    return f->step ? open_ear(h, f->step, err) : TD_OK;
}

static void close_hearing(hearing *h)
{
    for (size_t b = 0; b < TD_BUSES_MAX; b++) td_lane_free(h->lane[b]);
    td_chain_free(h->chain);
    td_unit_free(h->ear);
    free(h->sound);
}

/* ---- steps of 100 ms --------------------------------------------------------------------------------------------- */

typedef struct level {
    double squares;
    float peak;
} level;

static double heard_squares(hearing *h, float *const *sum, size_t n)
{
    float sensed[TD_DETECTORS_MAX][TD_BLOCK], *to[TD_DETECTORS_MAX];
    double squares = 0;
    for (size_t i = 0; i < TD_DETECTORS_MAX; i++) to[i] = sensed[i];
    if (!h->ear) return td_squares(sum[0], n) + td_squares(sum[1], n);
    h->hears->sense(td_unit_raw(h->ear), (const float *const *)sum, NULL, n, to);
    for (size_t i = 0; i < h->hears->detectors(td_unit_raw(h->ear)); i++) squares += td_squares(sensed[i], n);
    return squares;
}

/* The next n frames in front of the step. */
static td_status hear_frames(hearing *h, size_t n, level *heard, td_error *err)
{
    double sums[2][TD_BLOCK], *sum[2] = { sums[0], sums[1] };
    size_t buses = h->d->plan->n_buses;
    *heard = (level){ 0 };
    for (size_t b = 0; b < buses; b++) {
        float *to[2] = { plane(h, b, 0), plane(h, b, 1) };
        TD_TRY(td_lane_pull(h->lane[b], to, n, err));
    }
    for (size_t at = 0; at < n; at += TD_BLOCK) {
        size_t m = n - at < TD_BLOCK ? n - at : TD_BLOCK;
        float *out[2] = { plane(h, buses, 0) + at, plane(h, buses, 1) + at };
        memset(sums, 0, sizeof sums);
        for (size_t b = 0; b < buses; b++) {
            const float *in[2] = { plane(h, b, 0) + at, plane(h, b, 1) + at };
            td_stem_add(sum, in, 2, (td_sides){ 1, 1 }, m);
        }
        td_stem_store((const double *const *)sum, out, m);
        td_chain_process(h->chain, out, NULL, NULL, m);
        for (size_t c = 0; c < 2; c++) heard->peak = fmaxf(heard->peak, td_largest(out[c], m));
        heard->squares += heard_squares(h, out, m);
    }
    return TD_OK;
}

static int64_t first_frame(const hearing *h, size_t step)
{
    return (int64_t)(((uint64_t)step * h->d->session->rate_hz + 9) / 10);
}

/* Goes to a step: warm, and ahead of it by what the chain is late. */
static td_status go_to(hearing *h, size_t step, td_error *err)
{
    size_t warm = (size_t)(WARM_S * h->d->session->rate_hz);
    int64_t at = first_frame(h, step) - (int64_t)warm;
    level before;
    for (size_t b = 0; b < h->d->plan->n_buses; b++) TD_TRY(td_lane_seek(h->lane[b], at, err));
    td_chain_reset(h->chain);
    td_chain_place(h->chain, at);
    if (h->ear) td_unit_reset(h->ear);
    for (size_t left = td_chain_latency(h->chain) + warm, n; left; left -= n) {
        n = left < h->room ? left : h->room;
        TD_TRY(hear_frames(h, n, &before, err));
    }
    return TD_OK;
}

static td_status hear_run(hearing *h, const field *f, const run *r, td_error *err)
{
    TD_TRY(go_to(h, r->from, err));
    for (size_t i = r->from; i <= r->to; i++) {
        level heard;
        TD_TRY(hear_frames(h, (size_t)(first_frame(h, i + 1) - first_frame(h, i)), &heard, err));
        f->out.peak[i] = heard.peak;
        f->out.power[i] = (float)heard.squares;
    }
    return TD_OK;
}

/* Runs, while there are any. */
static td_status hear_runs(void *shared, size_t index, td_error *err)
{
    field *f = shared;
    hearing h = { 0 };
    size_t i = atomic_fetch_add(&f->next, 1);
    td_status st = i < f->n_runs ? open_hearing(&h, f, err) : TD_OK;
    (void)index;
    for (; !st && i < f->n_runs; i = atomic_fetch_add(&f->next, 1)) {
        st = td_decide_go_on(f->d->wish, err);
        if (!st) st = hear_run(&h, f, &f->run[i], err);
    }
    close_hearing(&h);
    return st;
}

/* ---- candidates -------------------------------------------------------------------------------------------------- */

typedef struct place {
    float height;
    unsigned step;
} place;

static int higher(const void *a, const void *b)
{
    const place *x = a, *y = b;
    if (x->height != y->height) return (x->height < y->height) - (x->height > y->height);
    return (x->step > y->step) - (x->step < y->step);
}

static td_status choose_candidates(const td_decider *d, const float *height, const bound *b, double under,
                                   bool *candidate, td_error *err)
{
    size_t most = d->steps / b->part + 1;
    place *p = calloc(d->steps + 1, sizeof *p);
    if (!p) return td_no_memory(err);
    if (most < b->fewest) most = b->fewest;
    for (size_t i = 0; i < d->steps; i++) p[i] = (place){ height[i], (unsigned)i };
    qsort(p, d->steps, sizeof *p, higher);

    float least = p[0].height * (float)under;
    for (size_t i = 0; i < most && p[i].height > least; i++) candidate[p[i].step] = true;
    free(p);
    return TD_OK;
}

static td_status find_runs(field *f, const bool *candidate, td_error *err)
{
    f->run = calloc(f->d->steps + 1, sizeof *f->run);
    if (!f->run) return td_no_memory(err);
    for (size_t i = 0; i < f->d->steps; i++) {
        if (!candidate[i]) continue;
        if (i && candidate[i - 1])
            f->run[f->n_runs - 1].to = i;
        else
            f->run[f->n_runs++] = (run){ i, i };
    }
    return TD_OK;
}

td_status td_hear_highest(td_decider *d, td_high sum, td_high out, td_error *err)
{
    int tips = steps_in_front(d, true), others = steps_in_front(d, false);
    if (tips < 0 && others < 0) return TD_OK;
    bool *candidate = calloc(d->steps + 1, sizeof *candidate);
    if (!candidate) return td_no_memory(err);
    field f = { .d = d, .front = (size_t)(tips >= 0 ? tips : others), .out = out };
    if (others >= 0) f.step = &d->plan->mix.step[others];
    const bound *b = tips >= 0 ? &of_tips : &of_level;
    td_status st = choose_candidates(d, sum.peak, b, td_from_db(-b->under_db), candidate, err);
    if (!st && others >= 0)
        st = choose_candidates(d, sum.power, &of_level, td_db_power(-of_level.under_db), candidate, err);
    if (!st) st = find_runs(&f, candidate, err);
    if (!st) st = td_pool_run(d->wish->pool, td_pool_threads(d->wish->pool), hear_runs, &f, err);
    free(f.run);
    free(candidate);
    return st;
}
