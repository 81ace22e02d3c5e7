#include "engine/mix/decide/sender.h"

#include "engine/base/row.h"
#include "engine/base/units.h"

td_status td_sender_open(const td_decider *d, size_t bus, size_t stem, td_sender *out, td_error *err)
{
    const td_plan_bus *p = &d->plan->bus[bus];
    double gain_db = p->makeup_db + p->fader_db;
    out->gain = (float)td_from_db(stem == SIZE_MAX ? gain_db : gain_db + p->clip_gain_db);
    if (stem == SIZE_MAX) return td_bus_lane(d, bus, p->chain.n_steps, &out->lane, err);
    return td_feed_new(d->survey, d->session, d->plan, true, &stem, 1, NULL, &out->feed, err);
}

void td_sender_close(td_sender *s)
{
    td_lane_free(s->lane);
    td_feed_free(s->feed);
}

td_status td_sender_seek(td_sender *s, int64_t at, td_error *err)
{
    return s->lane ? td_lane_seek(s->lane, at, err) : td_feed_seek(s->feed, at, err);
}

td_status td_sender_read(td_sender *s, float *const *out, size_t n, td_error *err)
{
    TD_TRY(s->lane ? td_lane_pull(s->lane, out, n, err) : td_feed_read(s->feed, out, n, err));
    for (size_t c = 0; c < 2; c++) td_scale(out[c], s->gain, n);
    return TD_OK;
}
