#include "engine/base/units.h"
#include "engine/dsp/dsp.h"
#include "engine/dsp/section.h"

enum { AT, HARMONICS, Q, DEPTH, PARAMS };
enum { MOST = 32 };

/* clang-format off */
static const td_param params[PARAMS] = {
    [AT] = { "at", TD_UNIT_HZ, 40, 500, 50, .step = 0.01, .flags = TD_MEASURED,
             .help = "the hum's lowest tone: 50 or 60 Hz mains and what lies near" },
    [HARMONICS] = { "harmonics", TD_UNIT_NUMBER, 1, MOST, 6, .step = 1,
                    .help = "how many tones, the lowest one included" },
    [Q] = { "q", TD_UNIT_NUMBER, 5, 200, 40, .step = 1, .help = "higher is narrower and rings longer" },
    [DEPTH] = { "depth", TD_UNIT_DB, 3, 80, 40, .flags = TD_SOLVABLE, .help = "how far each tone goes down" },
};
/* clang-format on */

typedef struct hum_filter {
    double rate_hz;
    size_t n;
    td_biquad section[MOST * TD_MATCH_MAX];
    td_section row[MOST * TD_MATCH_MAX]; /* the same, running */
} hum_filter;

static td_status hum_filter_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    (void)err;
    hum_filter *h = st;
    const double *v = set->value;
    h->rate_hz = fmt->rate_hz;
    for (int i = 1; i <= (int)v[HARMONICS] && i * v[AT] < fmin(20000, 0.45 * fmt->rate_hz); i++) {
        td_prototype p = td_notch(i * v[AT], v[Q]);
        p.n[1] = p.d[1] * td_from_db(-v[DEPTH]); /* a floor in the notch */
        h->n += td_biquad_match(&p, fmt->rate_hz, h->section + h->n);
    }
    for (size_t i = 0; i < h->n; i++) h->row[i] = td_section_of(&h->section[i]);
    return TD_OK;
}

static void hum_filter_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)key, (void)gr;
    hum_filter *h = st;
    td_v2 x[TD_BLOCK];
    td_v2_load_all((const float *const *)ch, x, frames);
    td_section_run(h->row, h->n, x, frames);
    td_v2_store_all(ch, x, frames);
}

static void hum_filter_reset(void *st)
{
    hum_filter *h = st;
    td_section_clear(h->row, h->n);
}

static size_t hum_filter_tail(const void *st)
{
    const hum_filter *h = st;
    size_t frames = 0;
    for (size_t i = 0; i < h->n; i++) frames += td_biquad_ring(&h->section[i]);
    return frames;
}

static double hum_filter_power_at(const void *st, double freq_hz)
{
    const hum_filter *h = st;
    double power = 1;
    for (size_t i = 0; i < h->n; i++) power *= td_biquad_power(&h->section[i], freq_hz, h->rate_hz);
    return power;
}

const td_processor td_hum_filter = {
    .name = "hum_filter",
    .help = "takes mains hum and its harmonics out, and hardly anything between them",
    .stands_for = "a hum remover such as X-Hum",
    .params = params,
    .n_params = PARAMS,
    .state_size = sizeof(hum_filter),
    .prepare = hum_filter_prepare,
    .process = hum_filter_process,
    .reset = hum_filter_reset,
    .tail = hum_filter_tail,
    .power_at = hum_filter_power_at,
    .linear = true,
};
