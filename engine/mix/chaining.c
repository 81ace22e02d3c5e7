#include "engine/mix/chaining.h"

#include <stdlib.h>

td_format td_format_of(const td_session *session, const td_plan *plan)
{
    return (td_format){ .rate_hz = session->rate_hz, .tempo_bpm = plan->tempo_bpm, .draft = plan->draft };
}

td_settings td_step_settings(const td_plan_step *s, td_part *part)
{
    for (size_t i = 0; i < s->n_parts; i++) part[i] = (td_part){ s->part[i].proc, s->part[i].value };
    return (td_settings){ .value = s->value, .part = part, .n_parts = s->n_parts, .file = s->file };
}

td_status td_chain_of_plan(const td_plan_chain *wish, size_t steps, const td_format *fmt, td_chain **out, td_error *err)
{
    size_t n = wish->n_steps < steps ? wish->n_steps : steps;
    size_t parts = 0;
    for (size_t i = 0; i < n; i++) parts += wish->step[i].n_parts;
    td_step *step = calloc(n + 1, sizeof *step);
    td_part *part = calloc(parts + 1, sizeof *part), *next = part;
    td_status st = step && part ? TD_OK : td_no_memory(err);
    for (size_t i = 0; !st && i < n; i++) {
        const td_plan_step *s = &wish->step[i];
        step[i] = (td_step){
            .proc = s->proc,
            .set = td_step_settings(s, next),
            .blend = s->blend,
            .bypass = s->bypass,
            .keyed = s->n_keys > 0,
        };
        next += s->n_parts;
    }
    if (!st) st = td_chain_new(fmt, step, n, out, err);
    free(step);
    free(part);
    return st;
}

/* ---- counting gain changes --------------------------------------------------------------------------------------- */

struct td_watch {
    size_t steps;
    size_t *detectors;        /* per step */
    td_reduction **reduction; /* TD_DETECTORS_MAX a step */
    float **row;              /* the arrays a block is written to */
    float *const **taps;      /* per step; NULL: it has no detector */
};

void td_watch_free(td_watch *w)
{
    if (!w) return;
    for (size_t i = 0; i < w->steps * TD_DETECTORS_MAX; i++) {
        if (w->reduction) td_reduction_free(w->reduction[i]);
        if (w->row) free(w->row[i]);
    }
    free(w->detectors);
    free(w->reduction);
    free(w->row);
    free(w->taps);
    free(w);
}

td_status td_watch_new(const td_plan_chain *wish, td_chain *chain, double rate_hz, td_watch **out)
{
    *out = NULL;
    size_t n = wish->n_steps;
    td_watch *w = calloc(1, sizeof *w);
    if (!w) return TD_NOMEM;
    w->detectors = calloc(n + 1, sizeof *w->detectors);
    w->reduction = calloc(n + 1, TD_DETECTORS_MAX * sizeof *w->reduction);
    w->row = calloc(n + 1, TD_DETECTORS_MAX * sizeof *w->row);
    w->taps = calloc(n + 1, sizeof *w->taps);
    td_status st = w->detectors && w->reduction && w->row && w->taps ? TD_OK : TD_NOMEM;
    if (!st) w->steps = n;
    for (size_t i = 0; !st && i < n; i++) {
        const td_dynamics *d = wish->step[i].proc->dynamics;
        if (!d) continue;
        w->detectors[i] = d->detectors(td_unit_raw(td_chain_unit(chain, i)));
        w->taps[i] = w->row + i * TD_DETECTORS_MAX;
        for (size_t k = 0; !st && k < w->detectors[i]; k++) {
            size_t at = i * TD_DETECTORS_MAX + k;
            st = td_reduction_new(rate_hz, 8, wish->step[i].proc->peaks, &w->reduction[at]);
            if (!(w->row[at] = td_calloc2(TD_BLOCK, 1, sizeof(float)))) st = TD_NOMEM;
        }
    }
    if (st) {
        td_watch_free(w);
        return st;
    }
    *out = w;
    return TD_OK;
}

float *const *const *td_watch_taps(td_watch *w)
{
    return w->taps;
}

void td_watch_count(td_watch *w, const float *left, const float *right, size_t n)
{
    for (size_t i = 0; i < w->steps; i++)
        for (size_t k = 0; k < w->detectors[i]; k++) {
            size_t at = i * TD_DETECTORS_MAX + k;
            td_reduction_add(w->reduction[at], w->row[at], left, right, n);
        }
}

void td_watch_pack(const td_watch *w, td_text *to)
{
    for (size_t i = 0; i < w->steps * TD_DETECTORS_MAX; i++)
        if (w->reduction[i]) td_reduction_pack(w->reduction[i], to);
}

bool td_watch_unpack(td_watch *w, const char **from, const char *end)
{
    for (size_t i = 0; i < w->steps * TD_DETECTORS_MAX; i++)
        if (w->reduction[i] && !td_reduction_unpack(w->reduction[i], from, end)) return false;
    return true;
}

const td_reduction *td_watch_reduction(const td_watch *w, size_t step, size_t detector)
{
    if (!w || step >= w->steps || detector >= w->detectors[step]) return NULL;
    return w->reduction[step * TD_DETECTORS_MAX + detector];
}
