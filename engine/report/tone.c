#include "engine/report/tone.h"

#include "engine/base/units.h"
#include <string.h>

/* How far 504 finished mixes lie from their curve: the 10th and 90th, and the 2.5th and 97.5th percentile of the mean
 * of a region's third octaves; `loud` against itself, all others against `common` moved by their percussiveness. */
static const struct {
    const char *name;
    double low_hz, high_hz;
    struct limits {
        double usual[2], ever[2];
    } loud, common;
} regions[TD_REGIONS] = {
    { "sub", 31.5, 50, { { -16, 7 }, { -INFINITY, 11 } }, { { -16, 13 }, { -INFINITY, 17 } } },
    { "low", 63, 125, { { -5, 3 }, { -9, 5 } }, { { -7, 5 }, { -15, 8 } } },
    { "low mid", 160, 400, { { -2, 1.7 }, { -3.5, 2.2 } }, { { -2.2, 1.8 }, { -4.2, 2.4 } } },
    { "mid", 500, 1600, { { -3.5, 2.7 }, { -7, 3 } }, { { -3.3, 2.6 }, { -5.3, 3.3 } } },
    { "presence", 2000, 5000, { { -6.5, 5.5 }, { -14, 8 } }, { { -7, 5.5 }, { -12, 8 } } },
    { "treble", 6300, 12500, { { -13, 6 }, { -26, 9 } }, { { -11, 8.5 }, { -21, 11.5 } } },
    { "tilt", 100, 10000, { { -2, 1.3 }, { -3.8, 2.1 } }, { { -1.7, 1.5 }, { -3.4, 2.4 } } },
};

static double mean_of(const double off[TD_BANDS], double low_hz, double high_hz)
{
    double sum = 0, n = 0;
    for (size_t i = 0; i < TD_BANDS; i++) {
        if (!td_band_within(i, low_hz, high_hz)) continue;
        sum += off[i];
        n++;
    }
    return sum / n;
}

double td_tone_tilt(const double off[TD_BANDS], double low_hz, double high_hz)
{
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (size_t i = 0; i < TD_BANDS; i++) {
        if (!td_band_within(i, low_hz, high_hz)) continue;
        double octave = (double)i * 0.33219280948873623; /* log2(10) / 10: bands stand a tenth of a decade apart */
        n++, x += octave, y += off[i], xx += octave * octave, xy += octave * off[i];
    }
    return (n * xy - x * y) / (n * xx - x * x);
}

void td_tone_make(const td_portrait *p, const char *name, double percussiveness_db, td_tone *out)
{
    const td_target_curve *named = name && strcmp(name, "common") ? td_target_find(name) : NULL;
    out->curve = named ? *named : td_target_common(percussiveness_db);
    bool loud = !strcmp(out->curve.name, "loud");
    double off[TD_BANDS];
    for (size_t i = 0; i < TD_BANDS; i++) off[i] = fmax(p->level_db[i], -100) - (double)out->curve.p50[i];
    for (size_t r = 0; r < TD_REGIONS; r++) {
        const struct limits *l = loud ? &regions[r].loud : &regions[r].common;
        double low = regions[r].low_hz, high = regions[r].high_hz;
        out->region[r] =
            (td_region){ .name = regions[r].name,
                         .low_hz = low,
                         .high_hz = high,
                         .off_db = r + 1 == TD_REGIONS ? td_tone_tilt(off, low, high) : mean_of(off, low, high),
                         .usual_db = { l->usual[0], l->usual[1] },
                         .ever_db = { l->ever[0], l->ever[1] } };
    }
}
