#include "engine/dsp/dsp.h"
#include "engine/dsp/section.h"

enum { AT, PARAMS };

/* clang-format off */
static const td_param params[PARAMS] = {
    [AT] = { "at", TD_UNIT_HZ, 1, 20, 3, .step = 0.1, .help = "corner, 6 dB/oct: far below what is heard" },
};
/* clang-format on */

typedef struct dc_filter {
    double rate_hz;
    td_biquad biquad;
    td_section section; /* of it */
} dc_filter;

static td_status dc_filter_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    (void)err;
    dc_filter *d = st;
    td_prototype p = td_high_pass(set->value[AT], 0);
    d->rate_hz = fmt->rate_hz;
    d->biquad = td_biquad_bilinear(&p, fmt->rate_hz);
    d->section = td_section_of(&d->biquad);
    return TD_OK;
}

static void dc_filter_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)key, (void)gr;
    dc_filter *d = st;
    for (size_t i = 0; i < frames; i++) td_v2_store(ch, i, td_section_pass(&d->section, td_v2_load(ch, i)));
}

static void dc_filter_reset(void *st)
{
    td_section_clear(&((dc_filter *)st)->section, 1);
}

static size_t dc_filter_tail(const void *st)
{
    return td_section_ring(&((const dc_filter *)st)->section);
}

static double dc_filter_power_at(const void *st, double freq_hz)
{
    const dc_filter *d = st;
    return td_biquad_power(&d->biquad, freq_hz, d->rate_hz);
}

const td_processor td_dc_filter = {
    .name = "dc_filter",
    .help = "brings a waveform back to its zero line: gives headroom back, sounds like nothing",
    .stands_for = "the DC offset removal of an editor",
    .params = params,
    .n_params = PARAMS,
    .state_size = sizeof(dc_filter),
    .prepare = dc_filter_prepare,
    .process = dc_filter_process,
    .reset = dc_filter_reset,
    .tail = dc_filter_tail,
    .power_at = dc_filter_power_at,
    .linear = true,
};
