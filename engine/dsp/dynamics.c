#include "engine/dsp/dynamics.h"

double td_share(double tau_ms, double rate_hz)
{
    return tau_ms > 0 ? 1 - td_exp(-1000 / (tau_ms * rate_hz)) : 1;
}

void td_knee_set(td_knee *c, double threshold_db, double ratio, double knee_db)
{
    *c = (td_knee){ .threshold_db = threshold_db,
                    .knee_db = knee_db,
                    .half_knee_db = knee_db / 2,
                    .per_knee = knee_db > 0 ? 1 / (2 * knee_db) : 0,
                    .slope = 1 - 1 / ratio };
}

TD_WIDE static void levels_db(const float *level, size_t frames, float *db)
{
    for (size_t i = 0; i < frames; i++) db[i] = (float)td_level_db((double)level[i]);
}

void td_level_run(const float *level, size_t frames, float *db)
{
    levels_db(level, frames, db);
}

TD_WIDE static void reductions_db(const td_knee *c, const float *level, size_t frames, float *reduction_db)
{
    const td_knee curve = *c;
    for (size_t i = 0; i < frames; i++)
        reduction_db[i] = (float)td_knee_reduction(&curve, td_level_db((double)level[i]));
}

void td_knee_run(const td_knee *c, const float *level, size_t frames, float *reduction_db)
{
    reductions_db(c, level, frames, reduction_db);
}

void td_ballistics_set(td_ballistics *b, double attack_ms, double release_ms, double rate_hz)
{
    *b = (td_ballistics){ .attack = td_share(attack_ms, rate_hz), .release = td_share(release_ms, rate_hz) };
}

void td_stores_set(td_stores *t, double attack_ms, double fast_ms, double slow_ms, double charge_ms, double part,
                   double rate_hz)
{
    *t = (td_stores){ .attack = td_share(attack_ms, rate_hz),
                      .fall_fast = 1 - td_share(fast_ms, rate_hz),
                      .fall_slow = 1 - td_share(slow_ms, rate_hz),
                      .charge = td_share(charge_ms, rate_hz),
                      .part = part };
}

/* ---- detectors ---- */

/* Coefficients of an elliptic half-band as two allpass branches in z^-2, in closed form by theta functions (Valenzuela
 * and Constantinides, IEE Proc. G 130(4), 1983). Turned by a quarter of the rate, the branches are 90 degrees apart
 * from edge_hz to rate/2 - edge_hz: the pair of an analytic signal. Section i belongs to branch i mod 2. */
static void design_quadrature(double edge_hz, double rate_hz, td_v4 *coef)
{
    const int n = 2 * TD_QUADRATURE;
    double k = td_tan(TD_PI / 4 - TD_PI * edge_hz / rate_hz);
    k *= k;
    double k4 = sqrt(sqrt(1 - k * k)), e = 0.5 * (1 - k4) / (1 + k4), e4 = e * e * e * e;
    double q = e * (1 + e4 * (2 + e4 * (15 + e4 * 150)));
    for (int i = 0; i < n; i++) {
        double angle = (i + 1) * TD_PI / (2 * n + 1), num = 0, den = 0.5, sign = 1;
        for (int j = 0; j < 10; j++, sign = -sign) {
            num += sign * td_pow(q, j * (j + 1)) * td_sin((2 * j + 1) * angle);
            if (j > 0) den += sign * td_pow(q, j * j) * td_cos(2 * j * angle);
        }
        double w2 = num * num / (den * den) * sqrt(q);
        double x = sqrt((1 - w2 * k) * (1 - w2 / k)) / (1 + w2);
        coef[i / 2][2 * (i & 1)] = coef[i / 2][2 * (i & 1) + 1] = (1 - x) / (1 + x);
    }
}

void td_detector_set(td_detector *d, td_detection how, double low_cut_hz, double rms_ms, double rate_hz)
{
    *d = (td_detector){ .how = how };
    if (low_cut_hz > 0) d->cut[d->n_cuts++] = td_section_bilinear(td_high_pass(low_cut_hz, sqrt(0.5)), rate_hz);
    if (how == TD_DETECT_RMS) d->share = td_share(rms_ms, rate_hz);
    if (how == TD_DETECT_ENVELOPE) design_quadrature(20, rate_hz, d->coef);
}

void td_detector_high_cut(td_detector *d, double freq_hz, double rate_hz)
{
    d->cut[d->n_cuts++] = td_section_bilinear(td_low_pass(freq_hz, sqrt(0.5)), rate_hz);
}

void td_detector_reset(td_detector *d)
{
    td_section_clear(d->cut, d->n_cuts);
    d->mean = d->late = td_v2_set(0);
    memset(d->pair, 0, sizeof d->pair);
    d->odd = 0;
}

/* Both branches at once: sections (a - z^-2) / (1 - a z^-2) in a row, each one's input being its neighbour's output. */
static inline __attribute__((always_inline)) void envelope_power(const td_v4 *coef, td_v4 *before, td_v2 *x,
                                                                 td_v2 *late)
{
    td_v4 v = TD_V4(*x, *x);
    for (int k = 0; k < TD_QUADRATURE; k++) {
        td_v4 y = coef[k] * (v + before[k + 1]) - before[k];
        before[k] = v;
        v = y;
    }
    before[TD_QUADRATURE] = v;
    td_v2 a = TD_LOW(v);
    *x = a * a + *late * *late;
    *late = TD_HIGH(v);
}

/* Even and odd frames have states of their own; taken in pairs, both stay in registers. */
TD_WIDE static void envelope_powers(td_detector *d, td_v2 *x, size_t frames)
{
    td_v4 even[TD_QUADRATURE + 1], odd[TD_QUADRATURE + 1], coef[TD_QUADRATURE];
    td_v2 late = d->late;
    size_t i = 0;
    if (d->odd && frames) envelope_power(d->coef, d->pair[1], &x[i++], &late);
    memcpy(even, d->pair[0], sizeof even);
    memcpy(odd, d->pair[1], sizeof odd);
    memcpy(coef, d->coef, sizeof coef);
    for (; i + 2 <= frames; i += 2) {
        envelope_power(coef, even, &x[i], &late);
        envelope_power(coef, odd, &x[i + 1], &late);
    }
    memcpy(d->pair[0], even, sizeof even);
    memcpy(d->pair[1], odd, sizeof odd);
    if (i < frames) envelope_power(d->coef, d->pair[0], &x[i], &late);
    d->odd = (d->odd + frames) % 2;
    d->late = late;
}

static void mean_powers(td_detector *d, td_v2 *x, size_t frames)
{
    td_v2 mean = d->mean;
    for (size_t i = 0; i < frames; i++) {
        mean += d->share * (x[i] * x[i] - mean);
        x[i] = 2 * mean;
    }
    d->mean = mean;
}

static void run_block(td_detector *d, const float *const *in, size_t frames, float *const *power)
{
    td_v2 x[TD_BLOCK];
    td_v2_load_all(in, x, frames);
    td_section_run(d->cut, d->n_cuts, x, frames);
    if (d->how == TD_DETECT_ENVELOPE)
        envelope_powers(d, x, frames);
    else
        mean_powers(d, x, frames);
    td_v2_store_all(power, x, frames);
}

void td_detector_run(td_detector *d, const float *const *in, size_t frames, float *const *power)
{
    for (size_t at = 0; at < frames; at += TD_BLOCK)
        run_block(d, (const float *[]){ in[0] + at, in[1] + at }, frames - at < TD_BLOCK ? frames - at : TD_BLOCK,
                  (float *[]){ power[0] + at, power[1] + at });
}

static void link_partly(const float *const *power, double link, size_t frames, float *left, float *right)
{
    for (size_t i = 0; i < frames; i++) {
        double l_db = td_level_db(sqrt((double)power[0][i])), r_db = td_level_db(sqrt((double)power[1][i]));
        double loud_db = l_db > r_db ? l_db : r_db;
        left[i] = (float)td_db_gain(l_db + link * (loud_db - l_db));
        right[i] = (float)td_db_gain(r_db + link * (loud_db - r_db));
    }
}

TD_WIDE static void larger_amplitude(const float *a, const float *b, size_t frames, float *level)
{
    for (size_t i = 0; i < frames; i++) level[i] = sqrtf(a[i] > b[i] ? a[i] : b[i]);
}

void td_link_run(const float *const *power, double link, size_t frames, float *left, float *right)
{
    if (right && link < 1) {
        link_partly(power, link, frames, left, right);
        return;
    }
    larger_amplitude(power[0], power[1], frames, left);
    if (right) memcpy(right, left, frames * sizeof *right);
}

/* ---- gain ---- */

TD_WIDE static void gains_of(const float *change_db, double makeup, size_t frames, double *gain)
{
    for (size_t i = 0; i < frames; i++) gain[i] = makeup * td_db_gain(-(double)change_db[i]);
}

TD_WIDE static void multiply(float *restrict x, const double *restrict gain, size_t frames)
{
    for (size_t i = 0; i < frames; i++) x[i] = (float)((double)x[i] * gain[i]);
}

static void apply_block(float *left, float *right, const float *left_db, const float *right_db, double makeup,
                        size_t frames)
{
    double gain[TD_BLOCK];
    gains_of(left_db, makeup, frames, gain);
    multiply(left, gain, frames);
    if (right_db != left_db) gains_of(right_db, makeup, frames, gain);
    multiply(right, gain, frames);
}

void td_gain_apply(float *const *ch, const float *left_db, const float *right_db, double makeup, size_t frames)
{
    if (!right_db) right_db = left_db;
    for (size_t at = 0; at < frames; at += TD_BLOCK)
        apply_block(ch[0] + at, ch[1] + at, left_db + at, right_db + at, makeup,
                    frames - at < TD_BLOCK ? frames - at : TD_BLOCK);
}
