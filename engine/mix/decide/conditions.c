#include "engine/mix/decide/decide.h"

#include "engine/base/units.h"
#include "engine/mix/features.h"
#include <stdio.h>
#include <string.h>

/* Features that need the mix as decided so far; all others are the survey's own (features.c). */

td_status td_band_share(td_decider *d, const td_site *site, double low_hz, double high_hz, double *out, td_error *err)
{
    td_band_power mix, own;
    TD_TRY(td_mix_bands(d, d->active, &mix, err));
    TD_TRY(td_survey_bands(d->survey, site->signal, d->active, &own, err));
    size_t bus = site->kind == TD_SITE_BUS    ? site->index
                 : site->kind == TD_SITE_STEM ? d->session->stem[site->index].bus
                                              : SIZE_MAX;
    double gain_db = bus >= d->plan->n_buses      ? 0
                     : site->kind == TD_SITE_STEM ? td_stem_gain_db(d, site->index)
                                                  : td_bus_gain_db(d, bus) + d->inside_db[bus];
    double gain = td_db_power(gain_db), mine = 0, all = 0;
    for (size_t i = 0; i < TD_BANDS; i++) {
        if (td_band_hz(i) < low_hz * 0.944 || td_band_hz(i) > high_hz * 1.059) continue;
        mine += gain * (own.ll[i] + own.rr[i]);
        all += mix.ll[i] + mix.rr[i];
    }
    *out = all > 0 ? mine / all : NAN;
    return TD_OK;
}

static td_status share(td_decider *d, const td_site *site, const td_condition *c, double *out, td_error *err)
{
    TD_TRY(td_band_share(d, site, c->low_hz, c->high_hz, out, err));
    *out = td_power_db(*out);
    return TD_OK;
}

static td_status mix_excess(td_decider *d, const td_site *site, const td_condition *c, double *out, td_error *err)
{
    td_band_power mix;
    double level[TD_BANDS], off[TD_BANDS];
    TD_TRY(site->kind == TD_SITE_MIX && !site->behind ? td_mix_bands(d, d->active, &mix, err)
                                                      : td_mix_bands_out(d, d->active, &mix, err));
    td_band_levels(&mix, level);
    td_deviation(level, d->curve.p50, off);
    *out = td_band_mean(off, c->low_hz, c->high_hz);
    return TD_OK;
}

/* The survey hears kick and bass as delivered; the faders place both. */
static td_status kick_lead(td_decider *d, td_answer *f, td_error *err)
{
    size_t kick[TD_STEMS_MAX], bass[TD_STEMS_MAX];
    td_kick_lead lead;
    if (!td_stems_meant(d->session, "drums.kick", kick) || !td_stems_meant(d->session, "bass", bass)) return TD_OK;
    TD_TRY(td_measure_kick_lead(d->survey, d->session, &lead, err));
    f->value = lead.lead_db + td_stem_gain_db(d, kick[0]) - td_stem_gain_db(d, bass[0]);
    snprintf(f->on, sizeof f->on, " on %zu of %zu hits", lead.met, lead.hits);
    return TD_OK;
}

/* Of a mix-bus step that is decided already. Later ones may ask what nobody asked before. */
static td_status gain_reduction(td_decider *d, const td_site *site, const td_condition *c, double *out, td_error *err)
{
    *out = NAN;
    for (size_t i = 0; i < d->plan->mix.n_steps; i++) {
        if (strcmp(d->plan->mix.step[i].name, c->about)) continue;
        if (site->kind == TD_SITE_MIX && isnan(d->taken_db[i])) TD_TRY(td_measure_taken(d, i, err));
        *out = d->taken_db[i];
    }
    return TD_OK;
}

/* Against the first stem of the role. */
static td_status offset(td_decider *d, const td_site *site, const td_condition *c, td_offset *out, td_error *err)
{
    size_t index[TD_STEMS_MAX], n = c->about ? td_stems_meant(d->session, c->about, index) : 0;
    *out = (td_offset){ .later_ms = NAN };
    if (!n || site->kind != TD_SITE_STEM || index[0] == site->index) return TD_OK; /* the reference never moves */
    return td_measure_offset(d, index[0], site->index, out, err);
}

static td_status delay(td_decider *d, const td_site *site, const td_condition *c, double *out, td_error *err)
{
    td_offset o;
    TD_TRY(offset(d, site, c, &o, err));
    *out = fabs(o.later_ms);
    return TD_OK;
}

static td_status inverted(td_decider *d, const td_site *site, const td_condition *c, double *out, td_error *err)
{
    td_offset o;
    TD_TRY(offset(d, site, c, &o, err));
    *out = isnan(o.later_ms) ? NAN : o.flip;
    return TD_OK;
}

/* The plan's, not the survey's estimate: somebody may have said it. A default nobody said is none. */
static td_status tempo(td_decider *d, const td_site *site, const td_condition *c, double *out, td_error *err)
{
    (void)site;
    (void)c;
    (void)err;
    *out = d->session->tempo_bpm > 0 || td_survey_tempo(d->survey) > 0 ? d->plan->tempo_bpm : NAN;
    return TD_OK;
}

static const struct {
    const char *name;
    td_status (*measure)(td_decider *d, const td_site *site, const td_condition *c, double *out, td_error *err);
} in_context[] = {
    { "share", share },       { "mix_excess", mix_excess },         { "delay", delay },
    { "inverted", inverted }, { "gain_reduction", gain_reduction }, { "tempo", tempo },
};

static td_status measure(td_decider *d, const td_site *site, const td_condition *c, td_answer *f, td_error *err)
{
    const char *name = td_features[c->feature].name;
    if (!strcmp(name, "kick_lead")) return kick_lead(d, f, err);
    for (size_t i = 0; i < sizeof in_context / sizeof in_context[0]; i++)
        if (!strcmp(in_context[i].name, name)) return in_context[i].measure(d, site, c, &f->value, err);
    return td_feature_measure(d->survey, d->session, c->feature, site->signal, c, &f->value, &f->at_hz, &f->q, err);
}

/* One, unless that would show the limit itself. */
static int decimals(double x, double limit)
{
    return td_round_to(x, 0.1) == td_round_to(limit, 0.1) && x != limit ? 2 : 1;
}

static td_status evaluate_compare(td_decider *d, const td_site *site, const td_condition *c, td_answer *out,
                                  td_error *err)
{
    const td_feature *f = &td_features[c->feature];
    *out = (td_answer){ .value = NAN, .limit = c->value, .compare = c, .at_hz = NAN, .q = NAN };
    TD_TRY(measure(d, site, c, out, err));
    double x = out->value;
    switch (c->compare) { /* what was not measured (NaN) holds nowhere */
    case TD_GT:
        out->holds = x > c->value;
        break;
    case TD_GE:
        out->holds = x >= c->value;
        break;
    case TD_LT:
        out->holds = x < c->value;
        break;
    case TD_LE:
        out->holds = x <= c->value;
        break;
    }
    if (isnan(x))
        snprintf(out->text, sizeof out->text, "%s cannot be measured here", f->name);
    else if (f->unit == TD_UNIT_SWITCH)
        snprintf(out->text, sizeof out->text, "%s%s", x > 0 ? "" : "not ", f->name);
    else
        snprintf(out->text, sizeof out->text, "%s is %.*f%s%s%s", f->name, decimals(x, c->value), x,
                 f->unit_name[0] ? " " : "", f->unit_name, out->on);
    return TD_OK;
}

td_status td_evaluate(td_decider *d, const td_site *site, const td_condition *c, td_answer *out, td_error *err)
{
    if (c->kind == TD_COND_COMPARE) return evaluate_compare(d, site, c, out, err);
    td_answer right;
    TD_TRY(td_evaluate(d, site, c->left, out, err));
    if (out->holds == (c->kind == TD_COND_OR)) return TD_OK; /* decided by the left side */
    TD_TRY(td_evaluate(d, site, c->right, &right, err));
    /* both speak of their left side, unless the right one alone decided; `measured` takes whichever side knows a place
     */
    double at_hz = isnan(out->at_hz) ? right.at_hz : out->at_hz, q = isnan(out->q) ? right.q : out->q;
    bool holds = right.holds;
    if (c->kind == TD_COND_OR ? right.holds : !right.holds) *out = right;
    out->holds = holds;
    out->at_hz = at_hz;
    out->q = q;
    return TD_OK;
}
