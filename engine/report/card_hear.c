#include "engine/report/card.h"

#include "engine/base/units.h"
#include "engine/report/stereo.h"

enum { SHORT_TERM = 30, BATCH = 16 };

/* The 10th percentile of peak over short-term loudness, where that is within 10 LU of the whole. */
static double psr(const float *peak, const float *short_term, size_t n, double loudness_lufs, td_arena *a)
{
    double *ratio = td_arena_array(a, n + 1, sizeof *ratio);
    size_t found = 0;
    for (size_t i = SHORT_TERM - 1; ratio && i < n; i++) {
        float most = 0;
        if (!((double)short_term[i] > loudness_lufs - 10)) continue;
        for (size_t k = i + 1 - SHORT_TERM; k <= i; k++) most = fmaxf(most, peak[k]);
        ratio[found++] = td_to_db((double)most) - (double)short_term[i];
    }
    return td_percentile(ratio, found, 0.1);
}

/* Steps in which all buses together sound. */
static td_status mark_sounding(td_scales *s, td_arena *a)
{
    float *all = td_arena_array(a, s->steps + 1, sizeof *all);
    unsigned char *sounding = td_arena_alloc(a, s->steps + 1);
    if (!all || !sounding) return TD_NOMEM;
    td_weigh_all(s, SIZE_MAX, all);
    td_gated_frames(all, s->steps, sounding);
    s->sounding = sounding;
    return TD_OK;
}

/* Of the whole as balances are judged: without groups that play less than a tenth of the time. */
static void conclude_masking(const td_masking *m, td_arena *a, td_card_side *out)
{
    double share[TD_BUSES_MAX], active;
    for (size_t b = 0; b < m->n_buses; b++) {
        out->masked[b] = td_masked_share(m, b, out->scales.k[b], out->scales.n[b]);
        td_weigh(&out->scales, b, SIZE_MAX, a, &active);
        share[b] = active < TD_CARD_SPARSE ? NAN : out->masked[b];
    }
    out->masked_whole = td_masked_whole(m, share);
}

/* ---- the sum ---------------------------------------------------------------------------------------------------- */

static td_status mask_steps(const td_survey *survey, size_t at, size_t n, td_masking *m, td_error *err)
{
    td_band_frame frame[BATCH];
    td_masking_frame power[BATCH][TD_BUSES_MAX] = { 0 };
    td_status st = TD_OK;
    for (size_t b = 0; !st && b < m->n_buses; b++) {
        st = td_survey_band_frames(survey, td_survey_bus(survey, b), at, n, frame, err);
        for (size_t i = 0; !st && i < n; i++) power[i][b] = td_masking_powers(&frame[i]);
    }
    for (size_t i = 0; !st && i < n; i++) st = td_masking_add(m, power[i]);
    return st;
}

static td_status mask_sum(const td_survey *survey, const td_session *session, td_arena *a, td_card_side *out,
                          td_error *err)
{
    td_masking m;
    td_status st = TD_OK;
    size_t steps = out->scales.steps;
    td_masking_init(&m, session);
    for (size_t at = 0; !st && at < steps; at += BATCH)
        st = mask_steps(survey, at, steps - at < BATCH ? steps - at : BATCH, &m, err);
    if (!st) conclude_masking(&m, a, out);
    td_masking_fini(&m);
    return st;
}

static td_status weigh_sum(const td_survey *survey, const td_session *session, td_card_side *out, td_error *err)
{
    td_scales *s = &out->scales;
    s->n_buses = session->n_buses;
    for (size_t b = 0; b < s->n_buses; b++) {
        size_t signal = td_survey_bus(survey, b);
        const td_signal *g = td_survey_signal(survey, signal);
        td_band_power bands;
        td_status st = td_survey_bands(survey, signal, NULL, &bands, err);
        if (st) return st;
        s->k[b] = g->k;
        s->n[b] = g->steps;
        out->mono_loss_lu[b] = td_mono_loss(bands.ll, bands.rr, bands.lr);
    }
    return TD_OK;
}

td_status td_card_hear_sum(const td_survey *survey, const td_session *session, td_arena *a, td_card_side *out,
                           td_error *err)
{
    size_t sum = td_survey_sum(survey);
    const td_signal *g = td_survey_signal(survey, sum);
    unsigned char *active = td_arena_alloc(a, g->steps + 1);
    float *short_term = td_arena_array(a, g->steps + 1, sizeof *short_term);
    if (!active || !short_term) return td_no_memory(err);
    size_t n = td_gated_frames(g->k, g->steps, active);
    *out = (td_card_side){ .loudness_lufs = g->loudness_lufs,
                           .range_lu = g->range_lu,
                           .peak_dbfs = g->peak_dbfs,
                           .true_peak_dbtp = g->true_peak_dbtp,
                           .scales = { .steps = g->steps } };
    td_running_loudness(g->k, g->steps, SHORT_TERM, short_term);
    out->psr_db = psr(g->peak, short_term, g->steps, g->loudness_lufs, a);
    td_status st = td_survey_bands(survey, sum, active, &out->bands, err);
    for (size_t i = 0; n && i < TD_BANDS; i++) {
        out->bands.ll[i] /= (double)n;
        out->bands.rr[i] /= (double)n;
        out->bands.lr[i] /= (double)n;
    }
    out->correlation = td_correlation_within(&out->bands, 0, 20000);
    if (!st) st = weigh_sum(survey, session, out, err);
    if (!st) st = mark_sounding(&out->scales, a);
    return st ? st : mask_sum(survey, session, a, out, err);
}

/* ---- the mix ---------------------------------------------------------------------------------------------------- */

td_status td_card_hear_mix(const td_session *session, const td_rendered *r, const td_mix_file *file,
                           const td_portrait *p, td_arena *a, td_card_side *out)
{
    uint64_t song = session->frames * 10 / session->rate_hz; /* steps */
    *out = (td_card_side){ .bands = td_portrait_bands(p),
                           .loudness_lufs = file->loudness_lufs,
                           .correlation = p->correlation,
                           .range_lu = td_gated_range(p->k, song < p->steps ? (size_t)song : p->steps),
                           .asked_plr_db = file->wanted.true_peak_dbtp - file->wanted.loudness_lufs,
                           .peak_dbfs = file->peak_dbfs,
                           .true_peak_dbtp = file->true_peak_dbtp,
                           .scales = { .n_buses = r->n_buses } };
    out->psr_db = psr(p->peaks, p->short_term, p->steps, file->loudness_lufs, a);
    for (size_t b = 0; b < r->n_buses; b++) {
        const td_bus_reached *bus = &r->bus[b];
        td_scales *s = &out->scales;
        s->k[b] = bus->k;
        s->n[b] = bus->steps;
        if (s->n[b] > s->steps) s->steps = s->n[b];
        out->mono_loss_lu[b] = td_mono_loss(bus->bands.ll, bus->bands.rr, bus->bands.lr);
    }
    td_status st = mark_sounding(&out->scales, a);
    if (!st) conclude_masking(r->masking, a, out);
    return st;
}
