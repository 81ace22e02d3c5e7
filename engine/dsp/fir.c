#include "engine/dsp/fir.h"

#include "engine/base/maths.h"
#include "engine/base/memory.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A transform of 4 half samples: kernels of 2 half - 1 taps leave 2 half of them valid, which is the hop. */
enum { SMALLEST = 1 << 10, LARGEST = 1 << 17 };

/* The kernel of a zero-phase response, around index 0: flat over the inner half of its length and faded by half a
 * cosine over the rest. What decays within the flat part is left as it is, where a bell-shaped window would smear it.
 */
static double fade(size_t at, size_t half)
{
    if (at < half / 2) return 1;
    if (at >= half) return 0;
    return 0.5 + 0.5 * td_cos(TD_PI * (2.0 * (double)at / (double)half - 1));
}

/* Replaces the wanted gain of bins 0..2 half by that of the faded kernel; returns the worst relative difference. */
static double cut_to_length(td_fir *f, size_t half, double bin_hz)
{
    size_t n = 4 * half;
    double worst = 0;
    for (size_t k = 0; k <= n / 2; k++) f->re[k] = td_v2_set(f->gain[k]), f->im[k] = td_v2_set(0);
    td_fft_inverse(f->fft, f->re, f->im, f->in);
    for (size_t i = 0; i < n; i++) f->in[i] *= fade(i <= n / 2 ? i : n - i, half);
    td_fft_forward(f->fft, f->in, f->re, f->im);
    for (size_t k = 0; k <= n / 2; k++) {
        double is = f->re[k][0], hz = (double)k * bin_hz;
        if (hz >= 20 && hz <= 20000 && f->gain[k] > 0.01) worst = fmax(worst, fabs(is / f->gain[k] - 1));
        f->gain[k] = is;
    }
    return worst;
}

static td_status build(td_fir *f, size_t half, td_power_fn *power, const void *ctx, double rate_hz, double *worst)
{
    size_t n = 4 * half;
    td_status st = td_fft_new(n, &f->fft);
    if (st != TD_OK) return st;
    f->half = half;
    f->hop = 2 * half;
    f->gain = td_calloc2(n / 2 + 1, 1, sizeof *f->gain);
    f->re = td_calloc2(n / 2 + 1, 1, sizeof *f->re);
    f->im = td_calloc2(n / 2 + 1, 1, sizeof *f->im);
    f->in = td_calloc2(n, 1, sizeof *f->in);
    f->out = td_calloc2(n, 1, sizeof *f->out);
    if (!f->gain || !f->re || !f->im || !f->in || !f->out) return TD_NOMEM;
    double bin_hz = rate_hz / (double)n;
    for (size_t k = 0; k <= n / 2; k++) f->gain[k] = sqrt(power(ctx, (double)k * bin_hz));
    *worst = cut_to_length(f, half, bin_hz);
    td_fir_reset(f);
    return TD_OK;
}

td_status td_fir_init(td_fir *f, td_power_fn *power, const void *ctx, double rate_hz)
{
    *f = (td_fir){ 0 };
    for (size_t half = SMALLEST;; half *= 2) {
        double worst;
        td_status st = build(f, half, power, ctx, rate_hz, &worst);
        if (st == TD_OK && (worst < 0.0035 || half == LARGEST)) return TD_OK; /* 0.03 dB */
        td_fir_fini(f);
        if (st != TD_OK) return st;
    }
}

void td_fir_fini(td_fir *f)
{
    td_fft_free(f->fft);
    free(f->gain), free(f->re), free(f->im), free(f->in), free(f->out);
    *f = (td_fir){ 0 };
}

void td_fir_reset(td_fir *f)
{
    memset(f->in, 0, 4 * f->half * sizeof *f->in);
    memset(f->out, 0, 4 * f->half * sizeof *f->out);
    f->fill = 0;
}

/* in holds the last 4 half frames; the middle half of the circular result is free of wrapped ends. */
static void transform(td_fir *f)
{
    size_t n = 4 * f->half;
    td_fft_forward(f->fft, f->in, f->re, f->im);
    for (size_t k = 0; k <= n / 2; k++) f->re[k] *= f->gain[k], f->im[k] *= f->gain[k];
    td_fft_inverse(f->fft, f->re, f->im, f->out);
    memmove(f->in, f->in + f->hop, (n - f->hop) * sizeof *f->in);
    f->fill = 0;
}

void td_fir_process(td_fir *f, td_v2 *x, size_t frames)
{
    td_v2 *in = f->in + 4 * f->half - f->hop, *out = f->out + f->half;
    for (size_t i = 0; i < frames; i++) {
        td_v2 y = out[f->fill];
        in[f->fill] = x[i];
        x[i] = y;
        if (++f->fill == f->hop) transform(f);
    }
}

size_t td_fir_latency(const td_fir *f)
{
    return f->hop + f->half;
}
