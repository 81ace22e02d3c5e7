#include "engine/dsp/delayline.h"
#include "engine/dsp/dynamics.h"
#include "engine/dsp/linear_phase.h"
#include "engine/dsp/section.h"

enum { BANDS_MAX = 5, SPLITS_MAX = BANDS_MAX - 1 };

enum { RATIO, THRESHOLD, GAIN_REDUCTION, KNEE, ATTACK, RELEASE, RANGE, MAKEUP, BAND_PARAMS };
enum { CROSSOVERS, PHASE = CROSSOVERS + SPLITS_MAX, PARAMS };
enum { MINIMUM, LINEAR };

static const char *const phases[] = { "minimum", "linear", NULL };

/* clang-format off */
static const td_param band_params[BAND_PARAMS] = {
    [RATIO] = { "ratio", TD_UNIT_RATIO, 1, INFINITY, 2, .help = "above the knee; 1:1 leaves the band alone" },
    [THRESHOLD] = { "threshold", TD_UNIT_DBFS, -90, 20, -24, .help = "middle of the knee, as the peak level of a sine in the band" },
    [GAIN_REDUCTION] = { "gain_reduction", TD_UNIT_DB, 0, 24, NAN, .flags = TD_GOAL | TD_SOLVABLE, .solves = "threshold",
                         .help = "how far the band's gain goes down; decides the threshold" },
    [KNEE] = { "knee", TD_UNIT_DB, 0, 40, 6, .help = "width of the bend" },
    [ATTACK] = { "attack", TD_UNIT_MS, 0.1, 1000, NAN, .help = "63 % of the way; not set: 30 ms in the lowest band to 5 ms in the highest" },
    [RELEASE] = { "release", TD_UNIT_MS, 5, 5000, NAN, .help = "63 % of the way back; not set: 200 ms in the lowest band to 80 ms in the highest" },
    [RANGE] = { "range", TD_UNIT_DB, -24, 24, NAN, .help = "the gain nears it and never passes: -3 dB holds peaks down, +3 dB lifts them; not set: by ratio alone" },
    [MAKEUP] = { "makeup", TD_UNIT_DB, -24, 24, 0, .flags = TD_SOLVABLE, .help = "gain of the band behind it" },
};

#define CROSSOVER_ROW .unit = TD_UNIT_HZ, .min = 20, .max = 20000, .def = NAN
static const td_param params[PARAMS] = {
    [CROSSOVERS] = { "crossovers", CROSSOVER_ROW, .span = SPLITS_MAX,
                     .help = "where bands meet, one less than bands; not set: 120, 600 and 4000 Hz for four" },
    [CROSSOVERS + 1] = { CROSSOVER_ROW }, [CROSSOVERS + 2] = { CROSSOVER_ROW }, [CROSSOVERS + 3] = { CROSSOVER_ROW },
    [PHASE] = { "phase", TD_UNIT_CHOICE, 0, 1, MINIMUM, .choices = phases,
                .help = "minimum: crossovers turn phase as analog ones do; linear: they do not, and ring before transients" },
};
/* clang-format on */

const td_processor td_multiband_band = {
    .name = "band",
    .help = "one of two to five, from low to high",
    .part = true,
    .params = band_params,
    .n_params = BAND_PARAMS,
};

/* ---- splitting -------------------------------------------------------------------------------------------------- */

/* Minimum phase: fourth-order Linkwitz-Riley, low and high being two Butterworth sections each; they add up to an
 * allpass, which the bands below have to go through as well, or the sum is not flat:
 *
 *     in -+- low 1 - all 2 - all 3            band 1
 *         `- high 1 -+- low 2 - all 3         band 2
 *                    `- high 2 -+- low 3      band 3
 *                               `- high 3     band 4
 *
 * Linear phase: a low pass of the same magnitude for every crossover; bands are the differences of neighbours. */
typedef struct splitter {
    size_t splits;
    bool linear;
    td_section low[SPLITS_MAX][2], high[SPLITS_MAX][2], all[SPLITS_MAX][SPLITS_MAX];
    td_linear_phase below[SPLITS_MAX];
    td_delayline whole;
} splitter;

typedef td_v2 band_block[TD_BLOCK];

static double low_power(const void *crossover_hz, double freq_hz)
{
    double x = freq_hz / *(const double *)crossover_hz, x4 = x * x * x * x;
    return 1 / ((1 + x4) * (1 + x4));
}

static td_status splitter_init(splitter *s, const double *crossover_hz, size_t splits, bool linear, double rate_hz)
{
    *s = (splitter){ .splits = splits, .linear = linear };
    for (size_t k = 0; k < splits && !linear; k++) {
        td_prototype all = td_low_pass(crossover_hz[k], sqrt(0.5));
        all.n[1] = -all.d[1], all.n[2] = 1;
        for (unsigned i = 0; i < 2; i++) {
            s->low[k][i] = td_section_bilinear(td_low_pass(crossover_hz[k], sqrt(0.5)), rate_hz);
            s->high[k][i] = td_section_bilinear(td_high_pass(crossover_hz[k], sqrt(0.5)), rate_hz);
        }
        for (size_t band = 0; band < k; band++) s->all[band][k] = td_section_bilinear(all, rate_hz);
    }
    td_status st = TD_OK;
    for (size_t k = 0; k < splits && linear && st == TD_OK; k++) /* the lowest needs the longest */
        st = td_linear_phase_init(&s->below[k], low_power, &crossover_hz[k], rate_hz, k ? s->below[0].half : 0);
    return st == TD_OK && linear ? td_delayline_init(&s->whole, s->below[0].latency) : st;
}

static void splitter_fini(splitter *s)
{
    for (size_t k = 0; k < SPLITS_MAX; k++) td_linear_phase_fini(&s->below[k]);
    td_delayline_fini(&s->whole);
}

static void splitter_reset(splitter *s)
{
    td_section_clear(s->low[0], 2 * SPLITS_MAX);
    td_section_clear(s->high[0], 2 * SPLITS_MAX);
    td_section_clear(s->all[0], SPLITS_MAX * SPLITS_MAX);
    for (size_t k = 0; k < s->splits && s->linear; k++) td_linear_phase_reset(&s->below[k]);
    td_delayline_reset(&s->whole);
}

static void split_minimum(splitter *s, td_v2 *rest, size_t frames, band_block *band)
{
    for (size_t k = 0; k < s->splits; k++) {
        memcpy(band[k], rest, frames * sizeof *rest);
        td_section_run(s->low[k], 2, band[k], frames);
        td_section_run(s->high[k], 2, rest, frames);
        if (k + 1 < s->splits) td_section_run(&s->all[k][k + 1], s->splits - k - 1, band[k], frames);
    }
}

static void split_linear(splitter *s, const float *const *in, td_v2 *rest, size_t frames, band_block *band)
{
    float block[2][TD_BLOCK], *const ch[2] = { block[0], block[1] };
    td_delayline_process(&s->whole, in, ch, frames);
    td_v2_load_all((const float *const *)ch, rest, frames);
    for (size_t k = s->splits; k-- > 0;) {
        for (unsigned c = 0; c < 2; c++) memcpy(block[c], in[c], frames * sizeof block[c][0]);
        td_linear_phase_process(&s->below[k], ch, frames);
        for (size_t i = 0; i < frames; i++) {
            td_v2 below = td_v2_load(ch, i);
            band[k + 1][i] = rest[i] - below;
            rest[i] = below;
        }
    }
}

/* in may be overwritten as soon as this returns: bands are copies. */
static void split(splitter *s, const float *const *in, size_t frames, band_block *band)
{
    td_v2 *rest = band[s->linear ? 0 : s->splits];
    if (s->linear) {
        split_linear(s, in, rest, frames, band);
        return;
    }
    for (size_t i = 0; i < frames; i++) rest[i] = (td_v2){ (double)in[0][i], (double)in[1][i] };
    split_minimum(s, rest, frames, band);
}

/* ---- bands ------------------------------------------------------------------------------------------------------ */

typedef struct band {
    bool moves;
    td_detector detector;
    td_knee knee;
    td_ballistics fresh, ballistics;
    double attack_ms;
    double range_db; /* 0: none */
    double makeup;
} band;

typedef struct multiband {
    size_t bands;
    band band[BANDS_MAX];
    splitter sound, key;
    band_block block[BANDS_MAX], key_block[BANDS_MAX];
    float reduction[BANDS_MAX][TD_BLOCK];
} multiband;

static double between(double low, double high, size_t i, size_t n) /* in equal ratios */
{
    return low * td_pow(high / low, (double)i / (double)(n - 1));
}

static void band_set(band *b, const double *v, size_t i, size_t n, const td_format *fmt)
{
    b->attack_ms = isnan(v[ATTACK]) ? between(30, 5, i, n) : v[ATTACK];
    double release = isnan(v[RELEASE]) ? between(200, 80, i, n) : v[RELEASE];
    b->range_db = isnan(v[RANGE]) ? 0 : v[RANGE];
    b->moves = v[RATIO] > 1 && (isnan(v[RANGE]) || v[RANGE] != 0);
    b->makeup = td_from_db(v[MAKEUP]);
    td_detector_set(&b->detector, TD_DETECT_ENVELOPE, 0, 0, fmt->rate_hz);
    td_knee_set(&b->knee, v[THRESHOLD], v[RATIO], v[KNEE]);
    td_ballistics_set(&b->fresh, b->attack_ms, release, td_pick_rate(fmt));
}

/* From the static curve's reductions to what a range of that size leaves of them, towards which ballistics go. */
TD_WIDE static void within_range(double range_db, const float *reduction_db, size_t frames, double *wanted_db)
{
    double most = fabs(range_db);
    if (most == 0)
        for (size_t i = 0; i < frames; i++) wanted_db[i] = (double)reduction_db[i];
    else
        for (size_t i = 0; i < frames; i++)
            wanted_db[i] = most * (1 - td_db_gain(-(double)reduction_db[i] / most * 8.685889638065037)); /* exp(-c/R) */
}

static void multiband_reset(void *st)
{
    multiband *m = st;
    splitter_reset(&m->sound);
    splitter_reset(&m->key);
    for (size_t i = 0; i < m->bands; i++) {
        td_detector_reset(&m->band[i].detector);
        m->band[i].ballistics = m->band[i].fresh;
    }
}

/* The crossovers of n bands, or what is wrong with them. */
static td_status crossovers(const double *value, size_t n, double *hz, td_error *err)
{
    /* clang-format off */
    static const double usual[][SPLITS_MAX] = { { 200 }, { 150, 2500 }, { 120, 600, 4000 }, { 80, 250, 1200, 5000 } };
    /* clang-format on */
    size_t written = 0;
    while (written < SPLITS_MAX && !isnan(value[written])) written++;
    if (written && written != n - 1)
        return td_fail(err, TD_RECIPE, NULL, NULL, "multiband: %zu bands meet at %zu crossovers, %zu are written", n,
                       n - 1, written);
    for (size_t k = 0; k < n - 1; k++) {
        hz[k] = written ? value[k] : usual[n - 2][k];
        if (k && !(hz[k] > hz[k - 1])) return td_fail(err, TD_RECIPE, NULL, NULL, "multiband: crossovers have to rise");
    }
    return TD_OK;
}

static td_status multiband_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    multiband *m = st;
    double hz[SPLITS_MAX], plain[BAND_PARAMS];
    td_processor_defaults(&td_multiband_band, plain);
    m->bands = set->n_parts ? set->n_parts : 4;
    if (m->bands < 2 || m->bands > BANDS_MAX) {
        m->bands = 0;
        return td_fail(err, TD_RECIPE, NULL, NULL, "multiband: %zu bands; it takes 2 to 5", set->n_parts);
    }
    td_status status = crossovers(set->value + CROSSOVERS, m->bands, hz, err);
    if (status != TD_OK) return status;
    for (size_t i = 0; i < m->bands; i++)
        band_set(&m->band[i], set->n_parts ? set->part[i].value : plain, i, m->bands, fmt);
    bool linear = set->value[PHASE] == LINEAR;
    status = splitter_init(&m->sound, hz, m->bands - 1, linear, fmt->rate_hz);
    if (status == TD_OK) status = splitter_init(&m->key, hz, m->bands - 1, linear, fmt->rate_hz);
    if (status != TD_OK) return td_no_memory(err);
    multiband_reset(m);
    return TD_OK;
}

static size_t multiband_detectors(const void *st)
{
    return ((const multiband *)st)->bands;
}

/* Levels of bands already split. */
static void levels(multiband *m, const band_block *block, size_t frames, float *const *level)
{
    float power[2][TD_BLOCK], *const ch[2] = { power[0], power[1] };
    for (size_t b = 0; b < m->bands; b++) {
        if (!m->band[b].moves) {
            memset(level[b], 0, frames * sizeof *level[b]);
            continue;
        }
        td_v2_store_all(ch, block[b], frames);
        td_detector_run(&m->band[b].detector, (const float *const *)ch, frames, ch);
        td_link_run((const float *const *)ch, 1, frames, level[b], NULL);
    }
}

static void multiband_sense(void *st, const float *const *in, const float *const *key, size_t frames,
                            float *const *level)
{
    multiband *m = st;
    split(key ? &m->key : &m->sound, key ? key : in, frames, m->key_block);
    levels(m, m->key_block, frames, level);
}

/* Positive down, negative up; ballistics know one direction. */
static void follow(band *b, float *gr_db, size_t frames)
{
    double wanted_db[TD_BLOCK], sign = b->range_db > 0 ? -1 : 1;
    td_ballistics own = b->ballistics;
    within_range(b->range_db, gr_db, frames, wanted_db);
    for (size_t i = 0; i < frames; i++) gr_db[i] = (float)(sign * td_ballistics_branch(&own, wanted_db[i]));
    b->ballistics = own;
}

static void multiband_react(void *st, size_t detector, const float *level, size_t frames, float *gr_db)
{
    band *b = &((multiband *)st)->band[detector];
    if (!b->moves) {
        memset(gr_db, 0, frames * sizeof *gr_db);
        return;
    }
    td_knee_run(&b->knee, level, frames, gr_db);
    for (size_t at = 0; at < frames; at += TD_BLOCK)
        follow(b, gr_db + at, frames - at < TD_BLOCK ? frames - at : TD_BLOCK);
}

static void multiband_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    multiband *m = st;
    float *reduction[BANDS_MAX];
    for (size_t b = 0; b < m->bands; b++) reduction[b] = gr ? gr[b] : m->reduction[b];
    split(&m->sound, (const float *const *)ch, frames, m->block);
    if (key)
        multiband_sense(m, NULL, key, frames, reduction);
    else
        levels(m, m->block, frames, reduction);
    for (size_t b = 0; b < m->bands; b++) multiband_react(m, b, reduction[b], frames, reduction[b]);
    for (size_t i = 0; i < frames; i++) {
        td_v2 sum = td_v2_set(0);
        for (size_t b = 0; b < m->bands; b++)
            sum += m->band[b].makeup * td_db_gain(-(double)reduction[b][i]) * m->block[b][i];
        td_v2_store(ch, i, sum);
    }
}

static size_t multiband_latency(const void *st)
{
    return ((const multiband *)st)->sound.whole.frames;
}

static size_t multiband_tail(const void *st)
{
    const splitter *s = &((const multiband *)st)->sound;
    size_t frames = s->linear ? s->below[0].half : 0;
    for (size_t k = 0; k < s->splits && !s->linear; k++) frames += 4 * td_section_ring(&s->low[k][0]);
    return frames;
}

static void multiband_destroy(void *st)
{
    multiband *m = st;
    splitter_fini(&m->sound);
    splitter_fini(&m->key);
}

static double multiband_attack_ms(const void *st)
{
    const multiband *m = st;
    double least = INFINITY;
    for (size_t i = 0; i < m->bands; i++) least = fmin(least, m->band[i].attack_ms);
    return least;
}

static const td_dynamics dynamics = { multiband_detectors, multiband_sense, multiband_react, multiband_attack_ms };
static const td_processor *const parts[] = { &td_multiband_band, NULL };

const td_processor td_multiband = {
    .name = "multiband",
    .help = "a compressor for each of two to five bands",
    .stands_for = "a multiband compressor such as C4 or Linear Phase Multiband",
    .params = params,
    .n_params = PARAMS,
    .parts = parts,
    .parts_name = "bands",
    .state_size = sizeof(multiband),
    .prepare = multiband_prepare,
    .process = multiband_process,
    .reset = multiband_reset,
    .latency = multiband_latency,
    .tail = multiband_tail,
    .destroy = multiband_destroy,
    .dynamics = &dynamics,
    .hears_key = true,
};
