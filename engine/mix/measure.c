#include "engine/mix/measure.h"

#include "engine/base/units.h"
#include <stdlib.h>

enum { CHUNK = 4096 };

typedef struct gauge {
    td_reader *reader;
    td_loudness *loudness;
    td_true_peak *peak;
    td_bands *work;
    td_spectrum *spectrum; /* NULL: loudness and peaks alone */
    float *buffer[2];
    double ll, rr, lr; /* sums of products */
    uint64_t frames;
    td_measurement *out;
} gauge;

static void gauge_fini(gauge *g)
{
    td_reader_close(g->reader);
    td_loudness_free(g->loudness);
    td_true_peak_free(g->peak);
    td_spectrum_free(g->spectrum);
    td_bands_free(g->work);
    free(g->buffer[0]);
    free(g->buffer[1]);
}

static void add_bands(void *user, size_t frame, const td_band_frame *bands, const float *twelfth)
{
    td_measurement *m = user;
    (void)frame;
    (void)twelfth;
    for (size_t i = 0; i < TD_BANDS; i++) m->band[i] += (double)bands->ll[i] + (double)bands->rr[i];
}

static td_status gauge_init(gauge *g, bool whole, td_measurement *out)
{
    unsigned rate = out->info.rate_hz, channels = out->info.channels;
    g->out = out;
    for (size_t c = 0; c < 2; c++)
        if (!(g->buffer[c] = td_calloc2(CHUNK, 1, sizeof(float)))) return TD_NOMEM;
    td_status st = td_loudness_new(rate, channels, &g->loudness);
    if (!st) st = td_true_peak_new(channels, 16, &g->peak);
    if (!st) td_true_peak_soften(g->peak);
    if (!whole) return st;
    if (!st) st = td_bands_new(rate, &g->work);
    if (!st) st = td_spectrum_new(rate, channels, add_bands, out, &g->spectrum);
    return st;
}

static void add_products(gauge *g, size_t n)
{
    const float *l = g->buffer[0], *r = g->buffer[g->out->info.channels - 1];
    for (size_t i = 0; i < n; i++) {
        g->ll += (double)l[i] * (double)l[i];
        g->rr += (double)r[i] * (double)r[i];
        g->lr += (double)l[i] * (double)r[i];
    }
    g->frames += n;
}

static td_status gauge_run(gauge *g, td_error *err)
{
    const float *const *in = (const float *const *)g->buffer;
    for (;;) {
        size_t got;
        td_status st = td_reader_read(g->reader, g->buffer, CHUNK, &got, err);
        if (st) return st;
        if (!got) break;
        td_true_peak_add(g->peak, in, got);
        if (td_loudness_add(g->loudness, in, got)) return TD_NOMEM;
        if (!g->spectrum) continue;
        td_spectrum_add(g->spectrum, g->work, in, got);
        add_products(g, got);
    }
    td_true_peak_end(g->peak);
    if (g->spectrum) td_spectrum_end(g->spectrum, g->work);
    return TD_OK;
}

static void conclude(const gauge *g, td_measurement *m)
{
    m->nonfinite = td_reader_nonfinite(g->reader);
    if (m->nonfinite) m->faults |= TD_FAULT_BIT(NONFINITE);
    m->loudness_lufs = td_loudness_integrated(g->loudness);
    m->range_lu = td_loudness_range(g->loudness);
    m->max_momentary_lufs = td_loudness_max_momentary(g->loudness);
    m->max_short_lufs = td_loudness_max_short_term(g->loudness);
    m->peak_dbfs = td_to_db(td_sample_peak_max(g->peak));
    m->true_peak_dbtp = td_to_db(td_true_peak_max(g->peak));
    if (td_is_silent(m->peak_dbfs)) m->faults |= TD_FAULT_BIT(SILENT);
    if (!g->spectrum) return;
    double steps = (double)g->frames / m->info.rate_hz * 10;
    m->rms_dbfs = g->frames ? td_power_db((g->ll + g->rr) / (2 * (double)g->frames)) : -INFINITY;
    m->crest_db = m->peak_dbfs - m->rms_dbfs;
    m->correlation = m->info.channels == 2 && g->ll > 0 && g->rr > 0 ? g->lr / sqrt(g->ll * g->rr) : NAN;
    for (size_t i = 0; i < TD_BANDS; i++) m->band[i] = steps > 0 ? m->band[i] / steps : 0;
}

static td_status measure(const char *path, bool whole, td_measurement *out, td_error *err)
{
    gauge g = { 0 };
    *out = (td_measurement){ 0 };
    td_status st = td_reader_open(path, &g.reader, &out->info, &out->faults, err);
    if (!st && (st = gauge_init(&g, whole, out)))
        td_fail(err, st, path, NULL, "cannot be measured: %s", td_status_name(st));
    if (!st) st = gauge_run(&g, err);
    if (!st) conclude(&g, out);
    gauge_fini(&g);
    return st;
}

td_status td_measure_file(const char *path, td_measurement *out, td_error *err)
{
    return measure(path, true, out, err);
}

td_status td_measure_levels(const char *path, td_measurement *out, td_error *err)
{
    return measure(path, false, out, err);
}

double td_measured_band_db(const td_measurement *m, double low_hz, double high_hz)
{
    double sum = 0;
    for (size_t i = 0; i < TD_BANDS; i++)
        if (td_band_hz(i) >= low_hz && td_band_hz(i) < high_hz) sum += m->band[i];
    return td_power_db(sum);
}
