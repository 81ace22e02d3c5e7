#include "engine/mix/decide/decide.h"

#include "engine/base/units.h"
#include <stdio.h>
#include <string.h>

/* ---- width: the largest that keeps the group whole in mono ------------------------------------------------------- */

typedef struct width_check {
    double mono_loss_lu, correlation, worst_octave;
    size_t worst_band;
} width_check;

/* An octave that lies farther below the whole tells nothing about how it sounds. */
static double least_octave(const td_band_power *p)
{
    double all = 0;
    for (size_t i = 0; i < TD_BANDS; i++) all += p->ll[i] + p->rr[i];
    return all * td_db_power(-25);
}

/* Mid and side powers of a band from LL, RR and LR, side scaled by w^2. */
static width_check check_width(const td_band_power *p, double width)
{
    width_check c = { .worst_octave = 1 };
    double ll = 0, rr = 0, lr = 0, stereo = 0, mono = 0, w2 = width * width, least = least_octave(p);
    double octave[3] = { 0 };
    for (size_t i = 0; i < TD_BANDS; i++) {
        double mid = (p->ll[i] + p->rr[i] + 2 * p->lr[i]) / 4, side = w2 * (p->ll[i] + p->rr[i] - 2 * p->lr[i]) / 4;
        double cross = (p->ll[i] - p->rr[i]) / 4 * width; /* of mid and side */
        double l = mid + side + 2 * cross, r = mid + side - 2 * cross, x = mid - side;
        double k = td_k_weight_power(td_band_hz(i));
        ll += l;
        rr += r;
        lr += x;
        stereo += k * (l + r);
        mono += k * 2 * mid;
        octave[0] += l;
        octave[1] += r;
        octave[2] += x;
        if (i % 3 == 2) {
            double rho = octave[0] > 0 && octave[1] > 0 ? octave[2] / sqrt(octave[0] * octave[1]) : 1;
            if (octave[0] + octave[1] > least && rho < c.worst_octave) {
                c.worst_octave = rho;
                c.worst_band = i - 1;
            }
            memset(octave, 0, sizeof octave);
        }
    }
    c.mono_loss_lu = mono > 0 && stereo > 0 ? td_power_db(stereo / mono) : 0;
    c.correlation = ll > 0 && rr > 0 ? lr / sqrt(ll * rr) : 1;
    return c;
}

/* As engineers call it: "125 Hz", "4 kHz". */
static const char *hz_name(double hz, char out[24])
{
    snprintf(out, 24, "%.4g %s", hz < 1000 ? hz : hz / 1000, hz < 1000 ? "Hz" : "kHz");
    return out;
}

static const char *band_name(size_t band, char out[24])
{
    return hz_name(td_band_label(band), out);
}

#define OPPOSED (-0.3) /* sides that merely have nothing to do with each other scatter around 0 */

#define MIX_OPPOSED (-0.15) /* of many sources, which scatter less */

/* The middle band of the octave that counts whose sides are most opposed; TD_BANDS: none is by that much. */
static size_t opposed_octave(const td_band_power *p, double by, double *correlation)
{
    double least = least_octave(p);
    size_t band = TD_BANDS;
    *correlation = by;
    for (size_t i = 0; i + 2 < TD_BANDS; i += 3) {
        double ll = p->ll[i] + p->ll[i + 1] + p->ll[i + 2], rr = p->rr[i] + p->rr[i + 1] + p->rr[i + 2];
        double lr = p->lr[i] + p->lr[i + 1] + p->lr[i + 2];
        if (ll + rr < least || !(ll > 0) || !(rr > 0) || lr / sqrt(ll * rr) >= *correlation) continue;
        *correlation = lr / sqrt(ll * rr);
        band = i + 1;
    }
    return band;
}

static bool turns_a_side(const td_plan_chain *c)
{
    bool turned = false;
    for (size_t i = 0; i < c->n_steps; i++) {
        const td_plan_step *s = &c->step[i];
        int channel = td_param_find(s->proc, "channel");
        if (!strcmp(s->proc->name, "polarity") && !s->bypass && s->value[channel] > 0) turned = !turned; /* 0: both */
    }
    return turned;
}

/* What the fixes leave of a bus: whose side was turned has the opposite correlation. */
static td_status bands_after_fixes(td_decider *d, size_t bus, td_band_power *p, td_error *err)
{
    TD_TRY(td_survey_bands(d->survey, td_survey_bus(d->survey, bus), NULL, p, err));
    for (size_t i = 0; i < d->session->n_stems; i++) {
        td_band_power own;
        if (d->session->stem[i].bus != bus || !turns_a_side(&d->plan->stem[i].chain)) continue;
        TD_TRY(td_survey_bands(d->survey, td_survey_stem(d->survey, i), NULL, &own, err));
        double gain = td_db_power(d->session->stem[i].level_db);
        for (size_t k = 0; k < TD_BANDS; k++) p->lr[k] -= 2 * gain * own.lr[k];
    }
    return TD_OK;
}

static void scale_sides(td_band_power *p, size_t band, double gain)
{
    double ll = p->ll[band], rr = p->rr[band], lr = p->lr[band];
    double mid = (ll + rr + 2 * lr) / 4, side = gain * gain * (ll + rr - 2 * lr) / 4, cross = gain * (ll - rr) / 4;
    p->ll[band] = mid + side + 2 * cross;
    p->rr[band] = mid + side - 2 * cross;
    p->lr[band] = mid - side;
}

/* Sides through a fourth-order Butterworth high pass at hz: what `mono_below` leaves of them. */
static void thin_sides(td_band_power *p, double hz)
{
    for (size_t i = 0; i < TD_BANDS; i++) {
        double x = hz / td_band_hz(i), x2 = x * x, x4 = x2 * x2;
        scale_sides(p, i, sqrt(1 / (1 + x4 * x4)));
    }
}

/* What its chain leaves of a bus: its tone, and how wide it makes it. */
static td_status bands_played(td_decider *d, size_t bus, td_band_power *p, td_error *err)
{
    const td_plan_chain *c = &d->plan->bus[bus].chain;
    double power[TD_BANDS];
    TD_TRY(bands_after_fixes(d, bus, p, err));
    TD_TRY(td_chain_power(d, c, power, err));
    td_bands_scale(p, power);
    for (size_t i = 0; i < c->n_steps; i++) {
        const td_plan_step *s = &c->step[i];
        if (s->bypass || strcmp(s->proc->name, "stereo")) continue;
        double width = s->value[td_param_find(s->proc, "width")];
        double below = s->value[td_param_find(s->proc, "mono_below")];
        for (size_t k = 0; k < TD_BANDS && !isnan(width); k++) scale_sides(p, k, width / 100);
        if (!isnan(below)) thin_sides(p, below);
    }
    return TD_OK;
}

#define LOW_HZ      120.0 /* clubs and vinyl play what is below in mono */
#define LOW_APART   0.5   /* correlation: 1.2 dB of it are lost then */
#define LOW_CARRIES 0.3   /* a part of the song's low end that is heard to go */

static bool centres_lows(const td_plan_chain *c)
{
    for (size_t i = 0; i < c->n_steps; i++) {
        const td_plan_step *s = &c->step[i];
        int slot = td_param_find(s->proc, "mono_below");
        if (slot >= 0 && !s->bypass && !isnan(s->value[slot])) return true;
    }
    return false;
}

/* LL, RR and LR below LOW_HZ. */
static void sum_lows(const td_band_power *p, double low[3])
{
    for (size_t i = 0; i < TD_BANDS; i++) {
        if (td_band_hz(i) > LOW_HZ) break;
        low[0] += p->ll[i];
        low[1] += p->rr[i];
        low[2] += p->lr[i];
    }
}

/* Of buses that carry the low end of the song, sides that differ there. */
static td_status warn_of_lows(td_decider *d, td_error *err)
{
    double low[TD_BUSES_MAX][3] = { 0 }, all = 0;
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        td_band_power p;
        TD_TRY(bands_after_fixes(d, b, &p, err));
        sum_lows(&p, low[b]);
        all += td_db_power(td_bus_gain_db(d, b)) * (low[b][0] + low[b][1]);
    }
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        double ll = low[b][0], rr = low[b][1], lr = low[b][2], power = td_db_power(td_bus_gain_db(d, b)) * (ll + rr);
        double correlation = ll > 0 && rr > 0 ? lr / sqrt(ll * rr) : 1;
        if (correlation >= LOW_APART || !(power > LOW_CARRIES * all) || centres_lows(&d->plan->bus[b].chain)) continue;
        TD_TRY(td_decide_note(d, TD_NOTE_WARNING,
                              "%s: its sides differ below %g Hz (correlation %.2f); where lows are played in mono %.1f "
                              "dB of them are lost",
                              d->plan->bus[b].name, LOW_HZ, correlation,
                              fmin(td_power_db((ll + rr) / fmax((ll + rr + 2 * lr) / 2, 1e-30)), 60)));
    }
    return TD_OK;
}

/* Where no bus is to be named: several that stand apart by less may add up. */
static td_status warn_of_mix(td_decider *d, td_error *err)
{
    td_band_power p = { 0 }, own;
    double correlation;
    char name[24];
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        double gain = td_db_power(td_bus_gain_db(d, b));
        TD_TRY(bands_played(d, b, &own, err));
        for (size_t i = 0; i < TD_BANDS; i++) {
            p.ll[i] += gain * own.ll[i];
            p.rr[i] += gain * own.rr[i];
            p.lr[i] += gain * own.lr[i];
        }
    }
    size_t band = opposed_octave(&p, MIX_OPPOSED, &correlation);
    if (band == TD_BANDS) return TD_OK;
    return td_decide_note(d, TD_NOTE_WARNING,
                          "mix: its sides cancel around %s (correlation %.2f); %.1f LU of it are lost in mono",
                          band_name(band, name), correlation, check_width(&p, 1).mono_loss_lu);
}

td_status td_warn_of_cancelling(td_decider *d, td_error *err)
{
    bool named = false;
    TD_TRY(warn_of_lows(d, err));
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        td_band_power p;
        double correlation;
        char name[24];
        TD_TRY(bands_played(d, b, &p, err));
        size_t band = opposed_octave(&p, OPPOSED, &correlation);
        if (band == TD_BANDS) continue;
        named = true;
        TD_TRY(td_decide_note(
            d, TD_NOTE_WARNING, "%s: its sides cancel around %s (correlation %.2f); %.1f LU of it are lost in mono",
            d->plan->bus[b].name, band_name(band, name), correlation, check_width(&p, 1).mono_loss_lu));
    }
    return named ? TD_OK : warn_of_mix(d, err);
}

static bool is_placed_anew(const td_decider *d, size_t stem)
{
    td_sides moved = td_stem_moved(d, stem);
    return fabs(moved.left - moved.right) > 1e-6;
}

/* What enters a site's chain: of a bus, whose stems the planner has given other places, these, as if none were like
 * another. */
static td_status entering_bands(const td_decider *d, const td_site *site, td_band_power *out, td_error *err)
{
    bool anew = false;
    for (size_t i = 0; site->kind == TD_SITE_BUS && i < d->session->n_stems; i++)
        anew |= d->session->stem[i].bus == site->index && is_placed_anew(d, i);
    if (!anew) return td_survey_bands(d->survey, site->signal, NULL, out, err);
    *out = (td_band_power){ 0 };
    for (size_t i = 0; i < d->session->n_stems; i++) {
        td_band_power own;
        td_sides moved = td_stem_moved(d, i);
        if (d->session->stem[i].bus != site->index) continue;
        TD_TRY(td_survey_bands(d->survey, td_survey_stem(d->survey, i), NULL, &own, err));
        for (size_t b = 0; b < TD_BANDS; b++) {
            out->ll[b] += moved.left * moved.left * own.ll[b];
            out->rr[b] += moved.right * moved.right * own.rr[b];
            out->lr[b] += moved.left * moved.right * own.lr[b];
        }
    }
    return TD_OK;
}

td_status td_sides_alike(td_decider *d, const td_site *site, bool *out, td_error *err)
{
    td_band_power p;
    TD_TRY(entering_bands(d, site, &p, err));
    *out = check_width(&p, 1).correlation > 0.999;
    return TD_OK;
}

/* The group as it comes to the step, and as the step's other values leave it. */
static td_status bands_to_widen(td_decider *d, const td_range_case *c, const double *value, td_band_power *p,
                                td_error *err)
{
    double power[TD_BANDS];
    int below = td_param_find(c->proc, "mono_below");
    TD_TRY(entering_bands(d, c->site, p, err));
    TD_TRY(td_chain_power(d, c->site->chain, power, err));
    td_bands_scale(p, power);
    if (below >= 0 && !isnan(value[below])) thin_sides(p, value[below]);
    return TD_OK;
}

static td_status solve_width(td_decider *d, const td_range_case *c, const double *value, double low, double high,
                             double *out, const char **reason, td_error *err)
{
    td_band_power p;
    TD_TRY(bands_to_widen(d, c, value, &p, err));
    for (*out = high; *out > low; *out -= 1) {
        width_check w = check_width(&p, *out / 100);
        if (w.mono_loss_lu <= 1 && w.correlation > 0.3 && w.worst_octave > 0) break;
    }
    width_check w = check_width(&p, *out / 100);
    char name[24];
    if (*out > low || w.mono_loss_lu <= 1)
        *reason = td_arena_printf(d->arena, "%.0f %%: mono loss %.1f LU stays under 1, correlation %.2f", *out,
                                  w.mono_loss_lu, w.correlation);
    else if (w.worst_octave > 0)
        *reason = td_arena_printf(d->arena, "%.0f %%, the least asked for: mono loss %.1f LU is over 1 already", *out,
                                  w.mono_loss_lu);
    else
        *reason = td_arena_printf(
            d->arena, "%.0f %%, the least asked for: mono loss %.1f LU, the octave at %s has correlation %.2f", *out,
            w.mono_loss_lu, band_name(w.worst_band, name), w.worst_octave);
    return *reason ? TD_OK : td_no_memory(err);
}

/* Width by role, where the recipe leaves it to us. */
static double usual_width(const char *role)
{
    static const struct {
        const char *role;
        double percent;
    } rows[] = { { "keys", 110 },    { "synths", 115 }, { "strings", 110 }, { "guitars", 105 },
                 { "backing", 120 }, { "choir", 115 },  { "fx", 120 } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!strcmp(rows[i].role, role)) return rows[i].percent;
    return 100;
}

/* ---- gains that answer a condition ------------------------------------------------------------------------------- */

/* The mix as it reaches a step of the mix bus, or leaves that. */
static td_status mix_bands(td_decider *d, const td_site *site, td_band_power *out, td_error *err)
{
    return site->kind == TD_SITE_MIX && !site->behind ? td_mix_bands(d, d->active, out, err)
                                                      : td_mix_bands_out(d, d->active, out, err);
}

/* How far the mix's deviation in a band moves when one of its groups moves by gain_db there. */
static td_status mix_band_after(td_decider *d, const td_range_case *c, double low_hz, double high_hz, double gain_db,
                                double *out, td_error *err)
{
    td_band_power mix, own;
    double heard[TD_BANDS];
    bool whole = c->site->kind == TD_SITE_MIX;
    TD_TRY(mix_bands(d, c->site, &mix, err));
    TD_TRY(td_survey_bands(d->survey, c->site->signal, d->active, &own, err));
    TD_TRY(td_chain_power(d, &d->plan->mix, heard, err));
    td_bands_scale(&own, heard);
    double gain = c->site->kind == TD_SITE_BUS
                      ? td_db_power(td_bus_gain_db(d, c->site->index) + d->inside_db[c->site->index])
                      : 1;
    double level[TD_BANDS], off[TD_BANDS];
    for (size_t i = 0; i < TD_BANDS; i++) {
        if (td_band_hz(i) < low_hz * 0.944 || td_band_hz(i) > high_hz * 1.059) continue;
        if (whole) {
            mix.ll[i] *= td_db_power(gain_db);
            mix.rr[i] *= td_db_power(gain_db);
            continue;
        }
        mix.ll[i] += gain * own.ll[i] * (td_db_power(gain_db) - 1);
        mix.rr[i] += gain * own.rr[i] * (td_db_power(gain_db) - 1);
    }
    td_band_levels(&mix, level);
    td_deviation(level, d->curve.p50, off);
    *out = td_band_mean(off, low_hz, high_hz);
    return TD_OK;
}

#define WORTH_SHARE 0.25 /* of the mix's power in the band: who makes less is not the cause (fixes ask the same) */
#define WORTH_MOVE  0.2  /* dB that a dB here brings there: who brings less, and not enough, is not either */

static bool compare(const td_condition *c, double x)
{
    return c->compare == TD_GT   ? x > c->value
           : c->compare == TD_GE ? x >= c->value
           : c->compare == TD_LT ? x < c->value
                                 : x <= c->value;
}

/* The smallest of eight moves that makes `mix_excess` false; none at all where the group makes little of the mix there,
 * or the largest changes little: then it is not the cause. */
static td_status solve_mix_excess(td_decider *d, const td_range_case *c, double near, double far, double *out,
                                  const char **reason, td_error *err)
{
    const td_condition *k = c->found->compare;
    double before = c->found->value, after, share = 1;
    if (c->site->kind == TD_SITE_BUS) TD_TRY(td_band_share(d, c->site, k->low_hz, k->high_hz, &share, err));
    char low[24], high[24], was[32], now[32];
    hz_name(k->low_hz, low);
    hz_name(k->high_hz, high);
    td_above_below(before, "dB", was);
    if (!(share >= WORTH_SHARE)) {
        *out = 0;
        *reason = td_arena_printf(d->arena, "the mix stands %s '%s' at %s to %s, but %s makes only %.0f %% of it there",
                                  was, d->curve_name, low, high, c->site->name, share * 100);
        return *reason ? TD_OK : td_no_memory(err);
    }
    for (int i = 1; i <= 8; i++) {
        *out = td_param_round(c->param, near + (far - near) * i / 8);
        TD_TRY(mix_band_after(d, c, k->low_hz, k->high_hz, *out, &after, err));
        if (!compare(k, after)) break;
    }
    if (compare(k, after) && fabs(after - before) < WORTH_MOVE * fabs(*out)) {
        *reason =
            td_arena_printf(d->arena, "the mix stands %s '%s' at %s to %s, and %+.1f dB here would change %.1f of it",
                            was, d->curve_name, low, high, *out, fabs(after - before));
        *out = 0;
        return *reason ? TD_OK : td_no_memory(err);
    }
    *reason = td_arena_printf(d->arena, "the mix stood %s '%s' at %s to %s, now %s it%s", was, d->curve_name, low, high,
                              td_above_below(after, "dB", now),
                              compare(k, after) ? "; the end of the range, more is not allowed" : "");
    return *reason ? TD_OK : td_no_memory(err);
}

/* How far the mix stands from its curve, band by band. */
static td_status mix_deviation(td_decider *d, const td_site *site, double off[TD_BANDS], td_error *err)
{
    td_band_power mix;
    double level[TD_BANDS];
    TD_TRY(mix_bands(d, site, &mix, err));
    td_band_levels(&mix, level);
    td_deviation(level, d->curve.p50, off);
    return TD_OK;
}

static const char *where_it_ends(double want, double low, double high)
{
    return want < low ? "; the least asked for" : want > high ? "; the most asked for" : "";
}

/* A gain in a range without condition on the mix bus: the air shelf. Half of what its band lacks and half a dB of air.
 */
static td_status solve_air(td_decider *d, const td_range_case *c, double at_hz, double low, double high, double *out,
                           const char **reason, td_error *err)
{
    double above[TD_BANDS], off[TD_BANDS];
    TD_TRY(mix_deviation(d, c->site, off, err));
    char at[24], stands[32];
    hz_name(at_hz, at);
    double lack = -td_band_mean(off, at_hz * 0.8, fmin(at_hz * 1.25, 13000)), usual = 0;
    for (size_t i = 0; i < TD_BANDS; i++) above[i] = (double)(d->curve.p75[i] - d->curve.p50[i]);
    usual = td_band_mean(above, at_hz * 0.8, fmin(at_hz * 1.25, 13000));
    td_above_below(-lack, "dB", stands);
    if (-lack > usual) { /* brighter than three quarters of its kind: no air on top */
        *out = 0;
        *reason = td_arena_printf(d->arena, "around %s the mix stands %s '%s', brighter than most", at, stands,
                                  d->curve_name);
        return *reason ? TD_OK : td_no_memory(err);
    }
    double want = lack > 0 ? 0.5 + lack / 2 : 0;
    *out = td_param_round(c->param, td_clamp(want, low, high));
    *reason = td_arena_printf(d->arena, "around %s the mix stands %s '%s'%s", at, stands, d->curve_name,
                              where_it_ends(want, low, high));
    return *reason ? TD_OK : td_no_memory(err);
}

/* A tilt moves both sides of its pivot apart by twice its gain: half of what parts them. */
static td_status solve_tilt(td_decider *d, const td_range_case *c, double at_hz, double low, double high, double *out,
                            const char **reason, td_error *err)
{
    double off[TD_BANDS];
    char at[24], above[32], below[32];
    TD_TRY(mix_deviation(d, c->site, off, err));
    double over = td_band_mean(off, at_hz, 12500), under = td_band_mean(off, 63, at_hz), want = (under - over) / 4;
    *out = td_param_round(c->param, td_clamp(want, low, high));
    *reason = td_arena_printf(d->arena, "over %s the mix stands %s '%s', under it %s%s", hz_name(at_hz, at),
                              td_above_below(over, "dB", above), d->curve_name, td_above_below(under, "dB", below),
                              where_it_ends(want, low, high));
    return *reason ? TD_OK : td_no_memory(err);
}

/* ---- angle: a picture turned until both sides weigh the same ----------------------------------------------------- */

/* Of a picture turned by a, the sides' powers differ by (LL - RR) cos 2a - 2 LR sin 2a. */
static td_status solve_angle(td_decider *d, const td_range_case *c, double low, double high, double *out,
                             const char **reason, td_error *err)
{
    td_band_power p;
    double ll = 0, rr = 0, lr = 0;
    TD_TRY(td_survey_bands(d->survey, c->site->signal, NULL, &p, err));
    for (size_t i = 0; i < TD_BANDS; i++) {
        ll += p.ll[i];
        rr += p.rr[i];
        lr += p.lr[i];
    }
    double even = td_atan2(ll - rr, 2 * lr) / 2 * 180 / TD_PI;
    *out = td_param_round(c->param, td_clamp(even, low, high));
    *reason = td_arena_printf(d->arena, "the %s side is %.1f dB stronger; turned by %+.1f deg both weigh the same%s",
                              ll > rr ? "left" : "right", ll > 0 && rr > 0 ? fabs(td_power_db(ll / rr)) : INFINITY,
                              even, even < low || even > high ? "; the end of the range" : "");
    return *reason ? TD_OK : td_no_memory(err);
}

/* ---- others ------------------------------------------------------------------------------------------------------ */

/* A low cut below everything the instrument plays: 0.6 times its lowest band within 30 dB of its loudest. */
static td_status solve_low_cut(td_decider *d, const td_range_case *c, double low, double high, double *out,
                               const char **reason, td_error *err)
{
    td_band_power p;
    TD_TRY(td_survey_bands(d->survey, c->site->signal, NULL, &p, err));
    double loudest = 0, lowest_hz = low / 0.6, nominal_hz = lowest_hz;
    for (size_t i = 0; i < TD_BANDS; i++) loudest = fmax(loudest, p.ll[i] + p.rr[i]);
    for (size_t i = 4; i < TD_BANDS; i++) { /* from 63 Hz: below lies what is to be cut */
        if (p.ll[i] + p.rr[i] < loudest / 1000) continue;
        lowest_hz = td_band_hz(i);
        nominal_hz = td_band_label(i);
        break;
    }
    *out = td_param_round(c->param, td_clamp(0.6 * lowest_hz, low, high));
    *reason = td_arena_printf(d->arena, "%.0f Hz: 0.6 times its lowest playing band, %.4g Hz", *out, nominal_hz);
    return *reason ? TD_OK : td_no_memory(err);
}

static bool named(const td_param *p, const char *name)
{
    return p->name && !strcmp(p->name, name);
}

td_status td_solve_range(td_decider *d, const td_range_case *c, const double *value, double *out, const char **reason,
                         td_error *err)
{
    double low = c->wish->a, high = c->wish->b;
    if (c->wish->kind == TD_WISH_AUTO) { /* only width leaves itself to us */
        low = 100;
        high = fmax(100, usual_width(c->site->role));
    }
    if (named(c->param, "width") && c->param->unit == TD_UNIT_PERCENT)
        return solve_width(d, c, value, low, high, out, reason, err);
    if (named(c->param, "at") && c->part && !strcmp(c->proc->name, "low_cut"))
        return solve_low_cut(d, c, low, high, out, reason, err);
    if (named(c->param, "angle")) return solve_angle(d, c, low, high, out, reason, err);
    bool gain = named(c->param, "gain") && c->param->unit == TD_UNIT_DB;
    double near = fabs(low) < fabs(high) ? low : high, far = near == low ? high : low;
    const td_condition *k = c->found ? c->found->compare : NULL;
    if (gain && k && !strcmp(td_features[k->feature].name, "mix_excess"))
        return solve_mix_excess(d, c, near, far, out, reason, err);
    if (gain && !c->found && c->part && c->site->kind == TD_SITE_MIX) {
        int at = td_param_find(c->proc, "at");
        bool tilt = !strcmp(c->proc->name, "tilt");
        if (at >= 0 && isfinite(value[at]))
            return (tilt ? solve_tilt : solve_air)(d, c, value[at], low, high, out, reason, err);
    }
    if (c->found && k) { /* as far as the condition is exceeded */
        double over = fabs(c->found->value - c->found->limit);
        *out = td_param_round(c->param, td_clamp(far < near ? near - over : near + over, low, high));
        *reason = td_arena_printf(d->arena, "%.1f over the limit of %g", over, c->found->limit);
        return *reason ? TD_OK : td_no_memory(err);
    }
    *out = td_param_round(c->param, near);
    *reason = "the gentler end of its range: nothing asks for more";
    return TD_OK;
}
