#include "engine/dsp/linear_phase.h"

#include "engine/base/fft.h"
#include "engine/base/maths.h"
#include "engine/base/memory.h"
#include <stdlib.h>

enum { SMALLEST = 1 << 10, LARGEST = 1 << 17 };

/* A zero-phase response on a grid of 4 half frames, around index 0. */
typedef struct design {
    size_t half;
    td_fft *fft;
    td_v2 *x, *re, *im;
    double *wanted; /* gain of each bin */
} design;

static void design_fini(design *d)
{
    td_fft_free(d->fft);
    free(d->x), free(d->re), free(d->im), free(d->wanted);
}

static td_status design_init(design *d, size_t half)
{
    *d = (design){ .half = half };
    size_t bins = 2 * half + 1;
    d->x = td_calloc2(4, half, sizeof *d->x);
    d->re = td_calloc2(bins, 1, sizeof *d->re);
    d->im = td_calloc2(bins, 1, sizeof *d->im);
    d->wanted = td_calloc2(bins, 1, sizeof *d->wanted);
    if (!d->x || !d->re || !d->im || !d->wanted) return TD_NOMEM;
    return td_fft_new(4 * half, &d->fft);
}

/* Flat over the inner half of the length, then half a cosine: what decays within the flat part is left as it is, where
 * a bell-shaped window would smear it. */
static double fade(size_t at, size_t half)
{
    if (at < half / 2) return 1;
    if (at >= half) return 0;
    return 0.5 + 0.5 * td_cos(TD_PI * (2.0 * (double)at / (double)half - 1));
}

/* Leaves the faded kernel in x; returns the worst relative error of its gain. */
static double design_run(design *d, td_power_fn *power, const void *ctx, double rate_hz)
{
    size_t n = 4 * d->half;
    double bin_hz = rate_hz / (double)n, worst = 0;
    for (size_t k = 0; k <= n / 2; k++) {
        d->wanted[k] = sqrt(power(ctx, (double)k * bin_hz));
        d->re[k] = td_v2_set(d->wanted[k]);
        d->im[k] = td_v2_set(0);
    }
    td_fft_inverse(d->fft, d->re, d->im, d->x);
    for (size_t i = 0; i < n; i++) d->x[i] *= fade(i <= n / 2 ? i : n - i, d->half);
    td_fft_forward(d->fft, d->x, d->re, d->im);
    for (size_t k = 0; k <= n / 2; k++) {
        double hz = (double)k * bin_hz;
        if (hz >= 20 && hz <= 20000 && d->wanted[k] > 0.01) worst = fmax(worst, fabs(d->re[k][0] / d->wanted[k] - 1));
    }
    return worst;
}

static td_status take_over(td_linear_phase *f, const design *d)
{
    size_t taps = 2 * d->half + 1;
    float *kernel = td_calloc2(taps, 1, sizeof *kernel);
    if (!kernel) return TD_NOMEM;
    for (size_t i = 0; i < taps; i++) kernel[i] = (float)d->x[i < d->half ? d->half - i : i - d->half][0];
    td_status st = td_convolver_new((const float *const[]){ kernel, kernel }, taps, &f->convolver);
    free(kernel);
    if (st != TD_OK) return st;
    f->half = d->half;
    f->latency = d->half + td_convolver_latency(f->convolver);
    return TD_OK;
}

td_status td_linear_phase_init(td_linear_phase *f, td_power_fn *power, const void *ctx, double rate_hz, size_t half)
{
    *f = (td_linear_phase){ 0 };
    for (half = half < SMALLEST ? SMALLEST : half;; half *= 2) {
        design d;
        td_status st = design_init(&d, half);
        bool good = st == TD_OK && (design_run(&d, power, ctx, rate_hz) < 0.0035 || half >= LARGEST); /* 0.03 dB */
        if (good) st = take_over(f, &d);
        design_fini(&d);
        if (good || st != TD_OK) return st;
    }
}

void td_linear_phase_fini(td_linear_phase *f)
{
    td_convolver_free(f->convolver);
    *f = (td_linear_phase){ 0 };
}

void td_linear_phase_reset(td_linear_phase *f)
{
    td_convolver_reset(f->convolver);
}

void td_linear_phase_process(td_linear_phase *f, float *const *ch, size_t frames)
{
    td_convolver_process(f->convolver, ch, frames);
}
