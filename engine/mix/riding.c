#include "engine/mix/riding.h"

#include "engine/base/units.h"

/* As td_ride_db, for moments that only move on. */
static double ride_db(td_riding *r, int64_t at)
{
    double t = (double)at / r->rate_hz;
    while (r->now + 1 < r->n && r->point[r->now + 1].at_s <= t) r->now++;
    const td_breakpoint *p = r->point + r->now;
    if (r->now + 1 == r->n || t <= p->at_s) return p->gain_db;
    return p->gain_db + (p[1].gain_db - p->gain_db) * (t - p->at_s) / (p[1].at_s - p->at_s);
}

void td_riding_run(td_riding *r, int64_t at, float gain, float *const *ch, unsigned channels, size_t n)
{
    double db = NAN;
    float g = gain;
    for (size_t i = 0; i < n; i++) {
        double now = ride_db(r, at + (int64_t)i);
        if (now != db) g = gain * (float)td_from_db(db = now);
        for (unsigned c = 0; c < channels; c++) ch[c][i] *= g;
    }
}
