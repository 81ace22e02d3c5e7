#include "engine/mix/decide/front.h"

#include "engine/base/row.h"
#include "engine/mix/features.h"
#include <string.h>

/* What a condition may ask of the mix bus before there is anything behind it: the staged sum is heard in its loudest
 * passages, trimmed and through the goals as the final check would, on copies, and the step's detector says the most it
 * takes there. Only who asks pays for it. */

/* ---- one step ---------------------------------------------------------------------------------------------------- */

static td_status copy_values(const td_decider *d, const td_processor *proc, double **value)
{
    double *own = td_arena_array(d->arena, proc->n_params + 1, sizeof *own);
    if (!own) return TD_NOMEM;
    memcpy(own, *value, proc->n_params * sizeof *own);
    *value = own;
    return TD_OK;
}

static td_status copy_step(const td_decider *d, td_plan_step *s)
{
    td_plan_part *part = td_arena_array(d->arena, s->n_parts + 1, sizeof *part);
    if (!part || copy_values(d, s->proc, &s->value)) return TD_NOMEM;
    if (s->n_parts) memcpy(part, s->part, s->n_parts * sizeof *part);
    s->part = part;
    for (size_t i = 0; i < s->n_parts; i++)
        if (copy_values(d, part[i].proc, &part[i].value)) return TD_NOMEM;
    return TD_OK;
}

static td_status copy_chain(const td_decider *d, size_t n, td_plan_chain *chain)
{
    td_plan_step *own = td_arena_array(d->arena, n + 1, sizeof *own);
    if (!own) return TD_NOMEM;
    memcpy(own, chain->step, n * sizeof *own);
    *chain = (td_plan_chain){ own, n };
    for (size_t i = 0; i < n; i++)
        if (copy_step(d, &own[i])) return TD_NOMEM;
    return TD_OK;
}

static td_status listen(td_front *front, td_unit_state *unit, const td_dynamics *dynamics, uint64_t frames,
                        double *most, td_error *err)
{
    float sound[2][TD_BLOCK], driven[2][TD_BLOCK], taken[TD_DETECTORS_MAX][TD_BLOCK];
    float *ch[2] = { sound[0], sound[1] }, *key[2] = { driven[0], driven[1] }, *gr[TD_DETECTORS_MAX];
    const float *const drives[2] = { driven[0], driven[1] };
    size_t detectors = dynamics->detectors(td_unit_raw(unit));
    for (size_t k = 0; k < detectors; k++) gr[k] = taken[k];
    *most = 0;
    for (uint64_t left = frames, n; left; left -= n) {
        n = left < TD_BLOCK ? left : TD_BLOCK;
        TD_TRY(td_front_read(front, ch, key, n, err));
        td_unit_process(unit, ch, td_front_keyed(front) ? drives : NULL, gr, n);
        for (size_t k = 0; k < detectors; k++) *most = fmax(*most, (double)td_largest(taken[k], n));
    }
    return TD_OK;
}

static td_status most_taken(td_decider *d, size_t step, double *out, td_error *err)
{
    const td_plan_step *s = &d->plan->mix.step[step];
    td_plan_chain before = { d->plan->mix.step, step };
    td_site site = { .kind = TD_SITE_MIX, .chain = &before, .name = "mix", .role = "mix" };
    td_part part[TD_POINTS_MAX];
    td_settings set = td_step_settings(s, part);
    td_format fmt = td_format_of(d->session, d->plan);
    td_unit_state *unit = NULL;
    td_front *front = NULL;
    td_status st = td_front_new(d, &site, s, &front, err);
    if (!st) st = td_unit_new(s->proc, &fmt, &set, &unit, err);
    if (!st) st = listen(front, unit, s->proc->dynamics, td_front_frames(d, &site), out, err);
    td_unit_free(unit);
    td_front_free(front);
    return st;
}

td_status td_measure_taken(td_decider *d, size_t step, td_error *err)
{
    td_plan plan = *d->plan;
    td_decider own = *d;
    bool sounds;
    if (!plan.mix.step[step].proc->dynamics) return TD_OK;
    own.plan = &plan;
    plan.note = NULL; /* and what is remarked on the way is for nobody */
    plan.n_notes = 0;
    if (copy_chain(d, step + 1, &plan.mix)) return td_no_memory(err);
    d->taken_db[step] = 0;
    td_status st = td_hear_mix_bus(&own, &sounds, err);
    if (!st && sounds && !plan.mix.step[step].bypass) st = most_taken(&own, step, &d->taken_db[step], err);
    td_scratch_free(own.sum);
    return st;
}

/* ---- who asks ---------------------------------------------------------------------------------------------------- */

static bool asks(const td_condition *c, const char *step)
{
    if (!c) return false;
    if (c->kind != TD_COND_COMPARE) return asks(c->left, step) || asks(c->right, step);
    return c->feature == td_feature_find("gain_reduction") && !strcmp(c->about, step);
}

static bool chain_asks(const td_chain_wish *c, const char *step)
{
    for (size_t i = 0; i < c->n_steps; i++)
        if (asks(c->step[i].when, step)) return true;
    return false;
}

static bool groups_ask(const td_group_wish *g, size_t n, const char *step)
{
    for (size_t i = 0; i < n; i++)
        if (asks(g[i].when, step) || chain_asks(&g[i].chain, step)) return true;
    return false;
}

static bool fixes_ask(const td_fix_wish *f, size_t n, const char *step)
{
    for (size_t i = 0; i < n; i++)
        if (asks(f[i].when, step) || chain_asks(&f[i].chain, step)) return true;
    return false;
}

td_status td_measure_asked(td_decider *d, td_error *err)
{
    const td_recipe *r = d->recipe;
    for (size_t i = 0; i < d->plan->mix.n_steps; i++) {
        const char *step = d->plan->mix.step[i].name;
        bool asked = groups_ask(r->group, r->n_groups, step) || groups_ask(r->ret, r->n_rets, step) ||
                     fixes_ask(r->fix, r->n_fixes, step);
        if (asked && isnan(d->taken_db[i])) TD_TRY(td_measure_taken(d, i, err));
    }
    return TD_OK;
}
