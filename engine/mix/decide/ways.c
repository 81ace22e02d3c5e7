#include "engine/mix/decide/decide.h"

#include <string.h>

td_status td_decide_ways(td_decider *d, td_error *err)
{
    for (td_way k = 0; k < TD_WAYS; k++) {
        td_site site = { .kind = TD_SITE_MIX,
                         .behind = true,
                         .signal = td_survey_sum(d->survey),
                         .chain = &d->plan->way[k],
                         .name = td_way_names[k],
                         .role = "mix" };
        if (d->recipe->way[k].step) TD_TRY(td_decide_chain(d, &site, &d->recipe->way[k], NULL, NULL, err));
    }
    return TD_OK;
}

td_status td_chain_on(const td_decider *d, const td_plan_chain *a, const td_plan_chain *b, td_plan_chain *out,
                      td_error *err)
{
    *out = (td_plan_chain){ td_arena_array(d->arena, a->n_steps + b->n_steps + 1, sizeof *out->step), 0 };
    if (!out->step) return td_no_memory(err);
    for (size_t i = 0; i < a->n_steps; i++) out->step[out->n_steps++] = a->step[i];
    for (size_t i = 0; i < b->n_steps; i++) out->step[out->n_steps++] = b->step[i];
    return TD_OK;
}

td_status td_see_way(const td_decider *d, td_way way, td_seen *out, td_error *err)
{
    *out = (td_seen){ *d, *d->plan, *d->recipe };
    out->decider.plan = &out->plan;
    out->decider.recipe = &out->recipe;
    out->recipe.mix = d->recipe->way[way];
    TD_TRY(td_chain_on(d, &d->plan->mix, &d->plan->way[way], &out->plan.mix, err));
    for (size_t i = 0; i < d->plan->mix.n_steps; i++) out->plan.mix.step[i].name = ""; /* nothing is wished of these */
    return TD_OK;
}
