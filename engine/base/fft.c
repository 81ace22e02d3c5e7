#define LANES      td_v2
#define REAL       double
#define FFT        td_fft
#define FFT_(verb) td_fft_##verb
#include "engine/base/fft_body.h"

void td_fft_inverse(td_fft *f, const td_v2 *re, const td_v2 *im, td_v2 *x)
{
    size_t half = f->n / 2;
    double scale = 1.0 / (double)f->n;
    bin *z = f->work, *y = (bin *)x;
    /* The forward pass undone; real and imaginary parts change places, which turns the transform round. */
    z[0] = (bin){ scale * (re[0] - re[half]), scale * (re[0] + re[half]) };
    for (size_t k = 1; k <= half / 2; k++) {
        bin a = { re[k], im[k] }, b = { re[half - k], -im[half - k] };
        twiddle w = f->last[k];
        bin even = add(a, b), t = sub(a, b);
        bin odd = { t.re * w.re + t.im * w.im, t.im * w.re - t.re * w.im };
        z[k] = (bin){ scale * (even.im + odd.re), scale * (even.re - odd.im) };
        z[half - k] = (bin){ scale * (odd.re - even.im), scale * (even.re + odd.im) };
    }
    FFT_(transform)(f, top_level(f), z, 0, 1, y);
    for (size_t i = 0; i < half; i++) y[i] = (bin){ y[i].im, y[i].re };
}
