#include "engine/mix/decide/decide.h"

#include "engine/base/base.h"
#include <stdlib.h>
#include <string.h>

/* Time and polarity between two recordings of one source: generalised cross-correlation (Knapp and Carter 1976) with
 * the magnitude raised to 0.6, which is steadier on drums than full whitening. Cross-spectra of common onsets are
 * averaged, 40 Hz to 8 kHz, and weighed by their coherence, for what is noise above a kick says nothing; every onset
 * also votes on its own, and only a clear and steady answer counts. */

enum { LENGTH = 16384, ONSETS = 12, LEAST_ONSETS = 4 };

#define WHITENING 0.6
#define CLEAR     1.5 /* highest peak over the next, elsewhere */
#define STEADY_MS 0.2 /* median deviation of the onsets' own answers */
#define GAIN_DB   0.5 /* what moving it must add to the sum */

typedef struct aligner {
    td_feed *feed[2];
    td_fft *fft;
    td_v2 *x, *re, *im;
    double *cross_re, *cross_im; /* averaged over onsets */
    double *lag;                 /* correlation over lag, LENGTH of them, wrapped */
    unsigned rate_hz;
    size_t most;             /* lag that is looked at, frames */
    double *spectrum[2];     /* powers of both, summed over onsets */
    double power[2];         /* of both, 40 to 400 Hz, over the onsets */
    double *own_re, *own_im; /* of the onset at hand */
} aligner;

static void aligner_fini(aligner *a)
{
    td_feed_free(a->feed[0]);
    td_feed_free(a->feed[1]);
    td_fft_free(a->fft);
    free(a->x);
    free(a->re);
    free(a->im);
    free(a->cross_re);
    free(a->cross_im);
    free(a->spectrum[0]);
    free(a->spectrum[1]);
    free(a->own_re);
    free(a->own_im);
    free(a->lag);
}

static td_status aligner_init(aligner *a, td_decider *d, size_t reference, size_t moved, td_error *err)
{
    a->rate_hz = d->session->rate_hz;
    a->most = a->rate_hz * 30 / 1000;
    a->x = td_calloc2(LENGTH, 1, sizeof *a->x);
    a->re = td_calloc2(LENGTH / 2 + 1, 1, sizeof *a->re);
    a->im = td_calloc2(LENGTH / 2 + 1, 1, sizeof *a->im);
    a->cross_re = td_calloc2(LENGTH / 2 + 1, 1, sizeof(double));
    a->cross_im = td_calloc2(LENGTH / 2 + 1, 1, sizeof(double));
    for (int c = 0; c < 2; c++) a->spectrum[c] = td_calloc2(LENGTH / 2 + 1, 1, sizeof(double));
    a->own_re = td_calloc2(LENGTH / 2 + 1, 1, sizeof(double));
    a->own_im = td_calloc2(LENGTH / 2 + 1, 1, sizeof(double));
    a->lag = td_calloc2(LENGTH, 1, sizeof(double));
    if (!a->spectrum[0] || !a->spectrum[1] || !a->own_re || !a->own_im || !a->x || !a->re || !a->im || !a->cross_re ||
        !a->cross_im || !a->lag || td_fft_new(LENGTH, &a->fft))
        return td_no_memory(err);
    TD_TRY(td_feed_new(d->survey, d->session, d->plan, false, &reference, 1, NULL, &a->feed[0], err));
    return td_feed_new(d->survey, d->session, d->plan, false, &moved, 1, NULL, &a->feed[1], err);
}

/* ---- onsets: where the reference rises most in 100 ms while the other plays -------------------------------------- */

static size_t find_onsets(const td_decider *d, size_t reference, size_t moved, size_t *step)
{
    const td_signal *r = td_survey_signal(d->survey, td_survey_stem(d->survey, reference));
    const td_signal *m = td_survey_signal(d->survey, td_survey_stem(d->survey, moved));
    size_t n = 0, end = r->steps < m->steps ? r->steps : m->steps;
    double rise[ONSETS];
    for (size_t i = 1; i < end; i++) {
        double up = (double)r->peak[i] - (double)r->peak[i - 1];
        if (!(up > 0) || m->peak[i] < 0.1f * (float)td_from_db(m->peak_dbfs)) continue;
        size_t at = n;
        while (at > 0 && rise[at - 1] < up) at--;
        if (at == ONSETS) continue;
        if (n < ONSETS) n++;
        memmove(rise + at + 1, rise + at, (n - at - 1) * sizeof *rise);
        memmove(step + at + 1, step + at, (n - at - 1) * sizeof *step);
        rise[at] = up;
        step[at] = i;
    }
    for (size_t i = 1; i < n; i++) /* in the order of time: feeds read forwards */
        for (size_t k = i; k > 0 && step[k - 1] > step[k]; k--) {
            size_t t = step[k];
            step[k] = step[k - 1];
            step[k - 1] = t;
        }
    return n;
}

/* ---- one onset --------------------------------------------------------------------------------------------------- */

static td_status read_pair(aligner *a, size_t step, td_error *err)
{
    int64_t at = (int64_t)step * a->rate_hz / 10 - LENGTH / 4;
    for (int k = 0; k < 2; k++) {
        TD_TRY(td_feed_seek(a->feed[k], at, err));
        for (size_t i = 0; i < LENGTH; i += TD_BLOCK) {
            float left[TD_BLOCK], right[TD_BLOCK], *to[2] = { left, right };
            TD_TRY(td_feed_read(a->feed[k], to, TD_BLOCK, err));
            for (size_t j = 0; j < TD_BLOCK; j++) a->x[i + j][k] = (double)left[j] + (double)right[j];
        }
    }
    for (size_t i = 0; i < LENGTH; i++) a->x[i] *= 0.5 - 0.5 * td_cos(2 * TD_PI * (double)i / LENGTH);
    return TD_OK;
}

/* Whitened correlation over lag from a cross-spectrum; trust (NULL: alike) weighs bins. */
static void correlate(aligner *a, const double *re, const double *im, const double *trust)
{
    for (size_t i = 0; i <= LENGTH / 2; i++) {
        double f = (double)i * a->rate_hz / LENGTH, power = re[i] * re[i] + im[i] * im[i];
        double k = f < 40 || f > 8000 || !(power > 0) ? 0 : td_pow(power, -WHITENING / 2) * (trust ? trust[i] : 1);
        a->re[i] = td_v2_set(k * re[i]);
        a->im[i] = td_v2_set(k * im[i]);
    }
    td_fft_inverse(a->fft, a->re, a->im, a->x);
    for (size_t i = 0; i < LENGTH; i++) a->lag[i] = a->x[i][0];
}

static double at_lag(const aligner *a, int lag)
{
    return a->lag[(size_t)(lag + LENGTH) % LENGTH];
}

/* The lag of the highest magnitude, with a parabola through its neighbours; *second: the highest elsewhere. */
static double peak_lag(const aligner *a, double *height, double *second)
{
    int most = (int)a->most, best = 0;
    for (int l = -most; l <= most; l++)
        if (fabs(at_lag(a, l)) > fabs(at_lag(a, best))) best = l;
    *height = at_lag(a, best);
    *second = 0;
    int apart = (int)(a->rate_hz / 1000);
    for (int l = -most; l <= most; l++)
        if (abs(l - best) > apart) *second = fmax(*second, fabs(at_lag(a, l)));
    double left = fabs(at_lag(a, best - 1)), middle = fabs(*height), right = fabs(at_lag(a, best + 1));
    double bend = left - 2 * middle + right;
    return best + (bend < 0 ? 0.5 * (left - right) / bend : 0);
}

static int ascending(const void *p, const void *q)
{
    double a = *(const double *)p, b = *(const double *)q;
    return (a > b) - (a < b);
}

static double middle_of(double *x, size_t n)
{
    qsort(x, n, sizeof *x, ascending);
    return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

/* ---- the answer -------------------------------------------------------------------------------------------------- */

/* What the sum of both gains, in the band both have most in, when one is moved: from powers and the cross-spectrum. */
static double gain_of_moving(const aligner *a, double lag, bool flip)
{
    double as_is = 0, moved = 0;
    for (size_t i = 1; i <= LENGTH / 2; i++) {
        double f = (double)i * a->rate_hz / LENGTH;
        if (f < 40 || f > 400) continue;
        double turn = 2 * TD_PI * (double)i * lag / LENGTH, sign = flip ? -1 : 1;
        as_is += a->cross_re[i];
        moved += sign * (a->cross_re[i] * td_cos(turn) - a->cross_im[i] * td_sin(turn));
    }
    double own = a->power[0] + a->power[1];
    return td_power_db((own + 2 * moved) / fmax(own + 2 * as_is, own * 1e-4)); /* 37 dB down nothing is left to gain */
}

/* Adds an onset to the averages and asks it for its own answer. */
static td_status add_onset(aligner *a, size_t step, double *lag, td_error *err)
{
    TD_TRY(read_pair(a, step, err));
    td_fft_forward(a->fft, a->x, a->re, a->im);
    for (size_t i = 0; i <= LENGTH / 2; i++) { /* moved times the conjugate of the reference: positive lag is later */
        a->own_re[i] = a->re[i][1] * a->re[i][0] + a->im[i][1] * a->im[i][0];
        a->own_im[i] = a->im[i][1] * a->re[i][0] - a->re[i][1] * a->im[i][0];
        a->cross_re[i] += a->own_re[i];
        a->cross_im[i] += a->own_im[i];
        double f = (double)i * a->rate_hz / LENGTH;
        for (int c = 0; c < 2; c++) {
            double power = a->re[i][c] * a->re[i][c] + a->im[i][c] * a->im[i][c];
            a->spectrum[c][i] += power;
            if (f >= 40 && f <= 400) a->power[c] += power;
        }
    }
    double height, second;
    correlate(a, a->own_re, a->own_im, NULL);
    *lag = peak_lag(a, &height, &second);
    return TD_OK;
}

/* Coherence over the n onsets, less the 1/n that chance gives: where only noise is, there is nothing to be in time. */
static double *coherence(aligner *a, size_t n)
{
    for (size_t i = 0; i <= LENGTH / 2; i++) {
        double cross = a->cross_re[i] * a->cross_re[i] + a->cross_im[i] * a->cross_im[i];
        double own = a->spectrum[0][i] * a->spectrum[1][i], chance = 1 / (double)n;
        a->own_re[i] = own > 0 ? fmax(0, cross / own - chance) / (1 - chance) : 0;
    }
    return a->own_re;
}

static void conclude(aligner *a, const double *lag, size_t n, td_offset *out)
{
    double deviation[ONSETS], height, second, ms = 1000.0 / a->rate_hz;
    correlate(a, a->cross_re, a->cross_im, coherence(a, n));
    double frames = peak_lag(a, &height, &second);
    for (size_t k = 0; k < n; k++) deviation[k] = fabs(lag[k] - frames) * ms;
    bool steady = middle_of(deviation, n)<STEADY_MS, clear = fabs(height)> CLEAR * second;
    out->flip = height < 0;
    out->gain_db = gain_of_moving(a, frames, out->flip);
    if (steady && clear && out->gain_db >= GAIN_DB) out->later_ms = frames * ms;
}

td_status td_measure_offset(td_decider *d, size_t reference, size_t moved, td_offset *out, td_error *err)
{
    *out = (td_offset){ .later_ms = NAN };
    aligner a = { 0 };
    size_t step[ONSETS + 1], n = find_onsets(d, reference, moved, step);
    double lag[ONSETS];
    if (n < LEAST_ONSETS) return TD_OK;
    td_status st = aligner_init(&a, d, reference, moved, err);
    for (size_t k = 0; !st && k < n; k++) st = add_onset(&a, step[k], &lag[k], err);
    if (!st) conclude(&a, lag, n, out);
    aligner_fini(&a);
    return st;
}
