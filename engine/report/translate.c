#include "engine/report/translate.h"

#include "engine/base/units.h"
#include <string.h>

/* What is this much softer than all together is not heard any more. */
static const double inaudible_db = -18, gone_db = 6;

/* ---- devices ---------------------------------------------------------------------------------------------------- */

typedef enum shape { HIGH_PASS, LOW_PASS, LOW_SHELF, BELL } shape;

typedef struct filter {
    shape shape;
    double at_hz, gain_db; /* gain: shelf, bell */
    int order;             /* cuts: 6 dB/oct each */
} filter;

static const struct device {
    const char *name;
    bool mono;
    double mono_below_hz; /* 0: nowhere */
    double drop_allowed_lu;
    filter filter[3];
    size_t n;
} devices[TD_DEVICES] = {
    { "phone", true, 0, 6, { { HIGH_PASS, 450, 0, 4 }, { BELL, 2500, 4, 0 }, { LOW_PASS, 12000, 0, 2 } }, 3 },
    { "smart speaker",
      true,
      0,
      3,
      { { HIGH_PASS, 90, 0, 4 }, { LOW_SHELF, 150, 2, 0 }, { LOW_PASS, 14000, 0, 2 } },
      3 },
    { "bluetooth box", true, 0, 3, { { HIGH_PASS, 100, 0, 2 }, { BELL, 120, 3, 0 } }, 2 },
    { "car", false, 0, NAN, { { LOW_SHELF, 100, 5, 0 } }, 1 },
    { "club", false, 120, NAN, { { HIGH_PASS, 30, 0, 4 } }, 1 },
    { "mono", true, 0, NAN, { { 0 } }, 0 },
};

/* |H|^2 of analog filters: Butterworth cuts, a first-order shelf, a bell of q 1 (s^2 + s A + 1) / (s^2 + s / A + 1). */
static double filter_power(const filter *f, double freq_hz)
{
    double x2 = (freq_hz / f->at_hz) * (freq_hz / f->at_hz), steep = 1, a2 = td_exp10(f->gain_db / 20), rest;
    for (int i = 0; i < f->order; i++) steep *= x2;
    switch (f->shape) {
    case HIGH_PASS:
        return steep / (1 + steep);
    case LOW_PASS:
        return 1 / (1 + steep);
    case LOW_SHELF:
        return (x2 + a2 * a2) / (x2 + 1);
    default:
        rest = (1 - x2) * (1 - x2);
        return (rest + x2 * a2) / (rest + x2 / a2);
    }
}

/* ---- powers ----------------------------------------------------------------------------------------------------- */

/* K-weighted power behind a device (NULL: as it is), as its listener has it in mono or stereo. */
static double power_on(const struct device *d, const double *ll, const double *rr, const double *lr, bool fold)
{
    double sum = 0;
    for (size_t i = 0; i < TD_BANDS; i++) {
        double f = td_band_hz(i), k = td_k_weight_power(f);
        bool mono = d && fold && (d->mono || f < d->mono_below_hz);
        for (size_t j = 0; d && j < d->n; j++) k *= filter_power(&d->filter[j], f);
        sum += k * (mono ? fmax(0, (ll[i] + rr[i] + 2 * lr[i]) / 2) : ll[i] + rr[i]);
    }
    return sum;
}

static double of_bus(const struct device *d, const td_bus_reached *b, bool fold)
{
    return power_on(d, b->bands.ll, b->bands.rr, b->bands.lr, fold);
}

/* All buses, or those of a group against the others. */
static double sum_of(const struct device *d, const td_rendered *r, const td_session *s, const char *group, bool inside)
{
    double sum = 0;
    for (size_t b = 0; b < r->n_buses; b++)
        if (!group || !strcmp(s->bus[b].group, group) == inside) sum += of_bus(d, &r->bus[b], true);
    return sum;
}

static double voice_against_rest(const struct device *d, const td_rendered *r, const td_session *s)
{
    double voice = sum_of(d, r, s, "vocals", true), rest = sum_of(d, r, s, "vocals", false);
    return voice > 0 && rest > 0 ? td_power_db(voice / rest) : NAN;
}

static td_device_bus check_bus(const struct device *d, const td_bus_reached *b, double all, double all_here)
{
    double here = of_bus(d, b, true), unfolded = of_bus(d, b, false);
    td_device_bus o = { .name = b->name };
    o.share_db = td_power_db(of_bus(NULL, b, false)) - td_power_db(all);
    o.here_db = td_power_db(here) - td_power_db(all_here);
    o.mono_loss_lu = d->mono && unfolded > 0 ? td_power_db(unfolded) - td_power_db(here) : 0;
    o.lost = o.share_db > inaudible_db && o.here_db <= inaudible_db && o.share_db - o.here_db > gone_db;
    return o;
}

static void check(const struct device *d, const td_portrait *mix, const td_rendered *r, const td_session *s,
                  td_device_check *out)
{
    double full = power_on(NULL, mix->ll, mix->rr, mix->lr, false), here = power_on(d, mix->ll, mix->rr, mix->lr, true);
    double unfolded = power_on(d, mix->ll, mix->rr, mix->lr, false);
    *out = (td_device_check){ .name = d->name, .mono = d->mono, .drop_allowed_lu = d->drop_allowed_lu };
    out->loudness_drop_lu = full > 0 ? td_power_db(full) - td_power_db(here) : 0;
    out->mono_loss_lu = unfolded > 0 ? td_power_db(unfolded) - td_power_db(here) : 0;
    out->voice_change_lu = voice_against_rest(d, r, s) - voice_against_rest(NULL, r, s);
    double all = sum_of(NULL, r, s, NULL, true), all_here = sum_of(d, r, s, NULL, true);
    for (size_t b = 0; b < r->n_buses; b++) out->bus[out->n_buses++] = check_bus(d, &r->bus[b], all, all_here);
}

void td_translate(const td_portrait *mix, const td_rendered *r, const td_session *s, td_device_check out[TD_DEVICES])
{
    for (size_t i = 0; i < TD_DEVICES; i++) check(&devices[i], mix, r, s, &out[i]);
}
