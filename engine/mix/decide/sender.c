#include "engine/mix/decide/sender.h"

#include "engine/base/row.h"
#include "engine/base/units.h"
#include "engine/mix/decide/front.h"

td_status td_sender_open(const td_decider *d, size_t bus, size_t stem, td_sender *out, td_error *err)
{
    const td_plan_bus *p = &d->plan->bus[bus];
    double gain_db = p->makeup_db + p->fader_db;
    out->gain = (float)td_from_db(stem == SIZE_MAX ? gain_db : gain_db + p->clip_gain_db);
    if (stem == SIZE_MAX) return td_bus_lane(d, bus, p->chain.n_steps, &out->lane, err);
    return td_feed_new(d->survey, d->session, d->plan, true, &stem, 1, NULL, &out->feed, err);
}

/* The plan with the chains of all returns unkeyed. */
static td_status unkey_returns(const td_decider *d, td_plan **out, td_error *err)
{
    td_plan *p = *out = td_arena_alloc(d->arena, sizeof *p);
    td_plan_return *ret = td_arena_array(d->arena, d->plan->n_rets + 1, sizeof *ret);
    if (!p || !ret) return td_no_memory(err);
    *p = *d->plan;
    p->ret = ret;
    for (size_t i = 0; i < p->n_rets; i++) {
        ret[i] = d->plan->ret[i];
        TD_TRY(td_chain_unkeyed(d, &d->plan->ret[i].chain, &ret[i].chain, err));
    }
    return TD_OK;
}

td_status td_sender_open_return(const td_decider *d, const td_plan_return *ret, td_sender *out, td_error *err)
{
    td_decider unkeyed = *d;
    size_t index = (size_t)(ret - d->plan->ret);
    TD_TRY(unkey_returns(d, &unkeyed.plan, err));
    td_site site = { .kind = TD_SITE_RETURN, .index = index, .chain = &unkeyed.plan->ret[index].chain };
    out->gain = (float)td_from_db(ret->fader_db);
    return td_front_new(&unkeyed, &site, NULL, &out->front, err);
}

void td_sender_close(td_sender *s)
{
    td_lane_free(s->lane);
    td_feed_free(s->feed);
    td_front_free(s->front);
}

td_status td_sender_seek(td_sender *s, int64_t at, td_error *err)
{
    if (s->front) return td_front_seek(s->front, at, err);
    return s->lane ? td_lane_seek(s->lane, at, err) : td_feed_seek(s->feed, at, err);
}

td_status td_sender_read(td_sender *s, float *const *out, size_t n, td_error *err)
{
    TD_TRY(s->front  ? td_front_read(s->front, out, NULL, n, err)
           : s->lane ? td_lane_pull(s->lane, out, n, err)
                     : td_feed_read(s->feed, out, n, err));
    for (size_t c = 0; c < 2; c++) td_scale(out[c], s->gain, n);
    return TD_OK;
}
