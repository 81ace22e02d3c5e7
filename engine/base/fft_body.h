/* engine/base/fft_body.h - the transform, written once for either kind of lanes; for fft.c and fft8.c alone.
 *
 * They say what LANES and REAL are, FFT, the transform's type, and FFT_(verb), its functions. */
#include "engine/base/fft.h"

#include "engine/base/maths.h"
#include "engine/base/memory.h"
#include <stdlib.h>

/* A real transform of n is a complex one of n/2 whose real parts are the even samples and imaginary parts the odd ones,
 * and a last pass that takes the two apart. The complex transform is the conjugate-pair split radix (Kamar and Elcherif
 * 1989): one half-size and two quarter-size transforms, and a single twiddle for each butterfly. It recurses depth
 * first, so that the small transforms, which do most of the work, stay in the nearest cache. */
typedef struct bin {
    LANES re, im;
} bin;

typedef struct twiddle {
    REAL re, im;
} twiddle;

#define LEVELS 20 /* complex sizes up to 2^19 */
#define HALF   ((REAL)0.5)

struct FFT {
    size_t n;
    bin *work;                /* n/2: the packed signal's spectrum, on either way */
    twiddle *table;           /* all of them */
    twiddle *twiddle[LEVELS]; /* of complex size 2^level: exp(-2 pi j k / 2^level), k < 2^level / 4 */
    twiddle *last;            /* of the last pass: exp(-2 pi j k / n), k <= n/4 */
};

static void fill_twiddles(twiddle *w, size_t count, size_t n)
{
    for (size_t k = 0; k < count; k++) {
        double angle = 2 * TD_PI * (double)k / (double)n;
        w[k] = (twiddle){ (REAL)td_cos(angle), (REAL)-td_sin(angle) };
    }
}

td_status FFT_(new)(size_t n, FFT **out)
{
    *out = NULL;
    if (n < 16 || n > (size_t)1 << LEVELS || (n & (n - 1))) return TD_ARG;
    FFT *f = calloc(1, sizeof *f);
    if (!f) return TD_NOMEM;
    size_t half = n / 2;
    f->n = n;
    f->work = td_calloc2(half, 1, sizeof(bin));
    f->table = td_calloc2(half + n / 4 + 1, 1, sizeof(twiddle)); /* half/4 + half/8 + ... stays below half */
    if (!f->work || !f->table) {
        FFT_(free)(f);
        return TD_NOMEM;
    }
    twiddle *next = f->table;
    for (size_t level = 3, size = 8; size <= half; level++, size *= 2) {
        f->twiddle[level] = next;
        fill_twiddles(next, size / 4, size);
        next += size / 4;
    }
    f->last = next;
    fill_twiddles(f->last, n / 4 + 1, n);
    *out = f;
    return TD_OK;
}

void FFT_(free)(FFT *f)
{
    if (!f) return;
    free(f->work);
    free(f->table);
    free(f);
}

static inline __attribute__((always_inline)) bin add(bin a, bin b)
{
    return (bin){ a.re + b.re, a.im + b.im };
}
static inline __attribute__((always_inline)) bin sub(bin a, bin b)
{
    return (bin){ a.re - b.re, a.im - b.im };
}
static inline __attribute__((always_inline)) bin times_minus_j(bin a)
{
    return (bin){ a.im, -a.re };
}

static inline __attribute__((always_inline)) void leaf2(const bin *in, size_t at, size_t step, size_t mask, bin *out)
{
    bin a = in[at & mask], b = in[(at + step) & mask];
    out[0] = add(a, b);
    out[1] = sub(a, b);
}

static inline __attribute__((always_inline)) void leaf4(const bin *in, size_t at, size_t step, size_t mask, bin *out)
{
    bin a = in[at & mask], b = in[(at + step) & mask], c = in[(at + 2 * step) & mask], d = in[(at + 3 * step) & mask];
    bin even = add(a, c), odd = add(b, d), turn = sub(a, c), cross = times_minus_j(sub(b, d));
    out[0] = add(even, odd);
    out[1] = add(turn, cross);
    out[2] = sub(even, odd);
    out[3] = sub(turn, cross);
}

/* out holds U (half size), Z and Z' (quarter size; Z' starts one sample early, hence the conjugate twiddle). */
static inline __attribute__((always_inline)) void combine(bin *out, size_t n, const twiddle *w)
{
    size_t q = n / 4;
    bin *u0 = out, *u1 = out + q, *z0 = out + 2 * q, *z1 = out + 3 * q;
    for (size_t k = 0; k < q; k++) {
        REAL c = w[k].re, s = w[k].im;
        bin a = { z0[k].re * c - z0[k].im * s, z0[k].re * s + z0[k].im * c };
        bin b = { z1[k].re * c + z1[k].im * s, z1[k].im * c - z1[k].re * s };
        bin sum = add(a, b), cross = times_minus_j(sub(a, b));
        z0[k] = sub(u0[k], sum);
        u0[k] = add(u0[k], sum);
        z1[k] = sub(u1[k], cross);
        u1[k] = add(u1[k], cross);
    }
}

/* The complex transform of the 2^level samples in[at], in[at + step] ... (indices wrap at mask + 1) to out. */
TD_WIDE static void FFT_(transform)(const FFT *f, unsigned level, const bin *in, size_t at, size_t step, bin *out)
{
    size_t mask = f->n / 2 - 1, n = (size_t)1 << level;
    if (level == 2) {
        leaf4(in, at, step, mask, out);
        return;
    }
    if (level == 3) {
        leaf4(in, at, 2 * step, mask, out);
        leaf2(in, at + step, 4 * step, mask, out + 4);
        leaf2(in, at - step, 4 * step, mask, out + 6);
        combine(out, 8, f->twiddle[3]);
        return;
    }
    FFT_(transform)(f, level - 1, in, at, 2 * step, out);
    FFT_(transform)(f, level - 2, in, at + step, 4 * step, out + n / 2);
    FFT_(transform)(f, level - 2, in, at - step, 4 * step, out + n / 2 + n / 4);
    combine(out, n, f->twiddle[level]);
}

static unsigned top_level(const FFT *f)
{
    unsigned level = 0;
    while ((size_t)2 << level < f->n) level++;
    return level;
}

/* The packed spectrum in f->work taken apart. */
TD_WIDE static void FFT_(take_apart)(const FFT *f, LANES *re, LANES *im)
{
    size_t half = f->n / 2;
    const bin *z = f->work;
    re[0] = z[0].re + z[0].im;
    re[half] = z[0].re - z[0].im;
    im[0] = im[half] = (LANES){ 0 };
    for (size_t k = 1; k <= half / 2; k++) {
        /* the spectra of the even and of the odd samples: the parts of Z that are conjugate even and odd */
        twiddle w = f->last[k];
        bin a = z[k], b = z[half - k];
        bin even = { HALF * (a.re + b.re), HALF * (a.im - b.im) }, odd = { HALF * (a.im + b.im), HALF * (b.re - a.re) };
        bin t = { odd.re * w.re - odd.im * w.im, odd.re * w.im + odd.im * w.re };
        re[k] = even.re + t.re;
        im[k] = even.im + t.im;
        re[half - k] = even.re - t.re;
        im[half - k] = t.im - even.im;
    }
}

void FFT_(forward)(FFT *f, const LANES *x, LANES *re, LANES *im)
{
    FFT_(transform)(f, top_level(f), (const bin *)x, 0, 1, f->work);
    FFT_(take_apart)(f, re, im);
}
