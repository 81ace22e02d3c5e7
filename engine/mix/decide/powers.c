#include "engine/mix/decide/decide.h"

#include "engine/base/units.h"
#include "engine/mix/weigh.h"
#include <string.h>

double td_bus_gain_db(const td_decider *d, size_t bus)
{
    const td_plan_bus *b = &d->plan->bus[bus];
    return b->clip_gain_db + b->fader_db;
}

double td_stem_gain_db(const td_decider *d, size_t stem)
{
    size_t bus = d->session->stem[stem].bus;
    double inside = d->plan->stem[stem].gain_db - d->session->stem[stem].level_db;
    return bus < d->plan->n_buses ? td_bus_gain_db(d, bus) + inside : inside;
}

double td_stem_power(const td_decider *d, size_t stem)
{
    const td_signal *s = td_survey_signal(d->survey, td_survey_stem(d->survey, stem));
    double sum = 0;
    for (size_t i = 0; i < s->steps; i++) sum += (double)s->k[i];
    return sum;
}

td_sides td_stem_moved(const td_decider *d, size_t stem)
{
    const td_plan_stem *p = &d->plan->stem[stem];
    const td_stem *t = &d->session->stem[stem];
    td_sides heard = td_stem_sides(td_stem_channels(t), t->level_db, t->pan, false);
    td_sides placed = td_stem_sides(td_stem_channels(t), p->gain_db, p->pan, false);
    return (td_sides){ heard.left > 0 ? placed.left / heard.left : 0,
                       heard.right > 0 ? placed.right / heard.right : 0 };
}

static double bus_power(const td_decider *d, size_t bus)
{
    return td_db_power(td_bus_gain_db(d, bus) + d->inside_db[bus]);
}

/* All buses as the survey heard them, with what brings them into the mix. */
static td_scales scales(const td_decider *d)
{
    td_scales s = { .n_buses = d->plan->n_buses, .steps = d->steps, .sounding = d->active };
    for (size_t b = 0; b < s.n_buses; b++) {
        const td_signal *g = td_survey_signal(d->survey, td_survey_bus(d->survey, b));
        s.k[b] = g->k;
        s.n[b] = g->steps;
        s.gain_db[b] = td_bus_gain_db(d, b) + d->inside_db[b];
    }
    return s;
}

void td_mix_power(const td_decider *d, size_t without, float *k)
{
    td_scales s = scales(d);
    td_weigh_all(&s, without, k);
}

double td_bus_context(const td_decider *d, size_t bus, size_t without, double *active_part)
{
    td_scales s = scales(d);
    return td_weigh(&s, bus, without, d->arena, active_part);
}

td_status td_mix_bands(const td_decider *d, const unsigned char *mask, td_band_power *out, td_error *err)
{
    memset(out, 0, sizeof *out);
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        td_band_power one;
        TD_TRY(td_survey_bands(d->survey, td_survey_bus(d->survey, b), mask, &one, err));
        double power = bus_power(d, b);
        for (size_t i = 0; i < TD_BANDS; i++) {
            out->ll[i] += power * one.ll[i];
            out->rr[i] += power * one.rr[i];
            out->lr[i] += power * one.lr[i];
        }
    }
    if (d->finish) td_bands_scale(out, d->finish);
    return TD_OK;
}

td_status td_chain_power(const td_decider *d, const td_plan_chain *chain, double power[TD_BANDS], td_error *err)
{
    td_format fmt = td_format_of(d->session, d->plan);
    for (size_t b = 0; b < TD_BANDS; b++) power[b] = 1;
    for (size_t i = 0; i < chain->n_steps; i++) {
        const td_plan_step *s = &chain->step[i];
        td_part part[TD_POINTS_MAX];
        td_settings set = td_step_settings(s, part);
        td_unit_state *unit;
        if (!s->proc->power_at || s->bypass || s->blend < 1) continue;
        TD_TRY(td_unit_new(s->proc, &fmt, &set, &unit, err));
        for (size_t b = 0; b < TD_BANDS; b++) power[b] *= td_unit_power_at(unit, td_band_hz(b));
        td_unit_free(unit);
    }
    return TD_OK;
}

void td_bands_scale(td_band_power *p, const double power[TD_BANDS])
{
    for (size_t b = 0; b < TD_BANDS; b++) {
        p->ll[b] *= power[b];
        p->rr[b] *= power[b];
        p->lr[b] *= power[b];
    }
}

td_status td_mix_bands_out(const td_decider *d, const unsigned char *mask, td_band_power *out, td_error *err)
{
    double power[TD_BANDS];
    TD_TRY(td_mix_bands(d, mask, out, err));
    TD_TRY(td_chain_power(d, &d->plan->mix, power, err));
    td_bands_scale(out, power);
    return TD_OK;
}

/* Bands by their nominal centres: 100 Hz to 10 kHz are 6 to 26. */
static bool between(size_t band, double low_hz, double high_hz)
{
    double f = td_band_hz(band);
    return f > low_hz * 0.944 && f < high_hz * 1.059;
}

void td_band_levels(const td_band_power *p, double level_db[TD_BANDS])
{
    double total = 0;
    for (size_t i = 0; i < TD_BANDS; i++)
        if (between(i, 100, 10000)) total += p->ll[i] + p->rr[i];
    for (size_t i = 0; i < TD_BANDS; i++)
        level_db[i] = total > 0 ? fmax(td_power_db((p->ll[i] + p->rr[i]) / total), -120) : -120;
}

void td_deviation(const double level_db[TD_BANDS], const float target[TD_BANDS], double out[TD_BANDS])
{
    double raw[TD_BANDS], mean = 0;
    size_t n = 0;
    for (size_t i = 0; i < TD_BANDS; i++) {
        raw[i] = level_db[i] - (double)target[i];
        if (!between(i, 63, 12500)) continue;
        mean += raw[i];
        n++;
    }
    /* full width at half height of one octave: sigma = (1 / 2.355) octaves, bands are a third of one apart */
    for (size_t i = 0; i < TD_BANDS; i++) {
        double sum = 0, weight = 0;
        for (size_t k = 0; k < TD_BANDS; k++) {
            if (!between(k, 50, 12500)) continue;
            double octaves = ((double)i - (double)k) / 3 * 2.355;
            double w = td_exp(-octaves * octaves / 2);
            sum += w * (raw[k] - mean / (double)n);
            weight += w;
        }
        out[i] = weight > 0 ? sum / weight : 0;
    }
}

double td_band_mean(const double value[TD_BANDS], double low_hz, double high_hz)
{
    double sum = 0;
    size_t n = 0, nearest = 0;
    double middle = sqrt(low_hz * high_hz);
    for (size_t i = 0; i < TD_BANDS; i++) {
        if (fabs(td_log(td_band_hz(i) / middle)) < fabs(td_log(td_band_hz(nearest) / middle))) nearest = i;
        if (!between(i, low_hz, high_hz)) continue;
        sum += value[i];
        n++;
    }
    return n ? sum / (double)n : value[nearest];
}
