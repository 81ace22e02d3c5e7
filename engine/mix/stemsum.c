#include "engine/mix/stemsum.h"

#include "engine/base/lanes.h"
#include "engine/base/units.h"

td_sides td_stem_sides(unsigned channels, double level_db, double pan, bool flip)
{
    double gain = td_from_db(level_db) * (flip ? -1 : 1);
    if (channels == 1) {
        double angle = (isnan(pan) ? 0.5 : (pan + 100) / 200) * (TD_PI / 2);
        return (td_sides){ gain * td_cos(angle), gain * td_sin(angle) };
    }
    if (isnan(pan)) pan = 0;
    return (td_sides){ gain * (pan > 0 ? 1 - pan / 100 : 1), gain * (pan < 0 ? 1 + pan / 100 : 1) };
}

TD_WIDE static void add(double *restrict sum, const float *restrict x, double gain, size_t frames)
{
    for (size_t i = 0; i < frames; i++) sum[i] += gain * (double)x[i];
}

void td_stem_add(double *const *sum, const float *const *ch, unsigned channels, td_sides sides, size_t frames)
{
    add(sum[0], ch[0], sides.left, frames);
    add(sum[1], ch[channels - 1], sides.right, frames);
}

TD_WIDE static void store(const double *restrict sum, float *restrict out, size_t frames)
{
    for (size_t i = 0; i < frames; i++) out[i] = (float)sum[i];
}

void td_stem_store(const double *const *sum, float *const *out, size_t frames)
{
    store(sum[0], out[0], frames);
    store(sum[1], out[1], frames);
}
