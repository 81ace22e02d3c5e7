#include "engine/mix/weigh.h"

#include "engine/base/units.h"
#include "engine/meter/meter.h"

void td_weigh_all(const td_scales *s, size_t without, float *k)
{
    double gain[TD_BUSES_MAX];
    for (size_t b = 0; b < s->n_buses; b++) gain[b] = td_db_power(s->gain_db[b]);
    for (size_t i = 0; i < s->steps; i++) {
        double sum = 0;
        for (size_t b = 0; b < s->n_buses; b++)
            if (b != without && i < s->n[b]) sum += gain[b] * (double)s->k[b][i];
        k[i] = (float)sum;
    }
}

double td_weigh(const td_scales *s, size_t bus, size_t without, td_arena *a, double *active)
{
    size_t n = s->n[bus] < s->steps ? s->n[bus] : s->steps, sounding = 0, both = 0;
    unsigned char *own = td_arena_alloc(a, s->steps + 1);
    float *all = td_arena_array(a, s->steps + 1, sizeof *all);
    if (active) *active = 0;
    if (!own || !all) return NAN;
    td_gated_frames(s->k[bus], n, own);
    td_weigh_all(s, without, all);
    double gain = td_db_power(s->gain_db[bus]), group = 0, mix = 0;
    for (size_t i = 0; i < n; i++) {
        sounding += s->sounding[i];
        if (!own[i]) continue;
        both += s->sounding[i];
        group += gain * (double)s->k[bus][i];
        mix += (double)all[i];
    }
    if (!sounding || !(mix > 0) || !(group > 0)) return NAN;
    if (active) *active = (double)both / (double)sounding;
    return td_power_db(group / mix);
}
