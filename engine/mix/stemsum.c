#include "engine/mix/stemsum.h"

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

void td_stem_add(double *const *sum, const float *const *ch, unsigned channels, td_sides sides, size_t frames)
{
    const float *left = ch[0], *right = ch[channels - 1];
    for (size_t i = 0; i < frames; i++) sum[0][i] += sides.left * (double)left[i];
    for (size_t i = 0; i < frames; i++) sum[1][i] += sides.right * (double)right[i];
}

void td_stem_store(const double *const *sum, float *const *out, size_t frames)
{
    for (size_t c = 0; c < 2; c++)
        for (size_t i = 0; i < frames; i++) out[c][i] = (float)sum[c][i];
}
