#include "engine/dsp/formant.h"

#include "engine/base/fft.h"
#include "engine/base/maths.h"
#include "engine/base/memory.h"
#include "engine/base/units.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { OVERLAP = 4, ROUNDS = 12 };

#define WINDOW_S    0.043   /* at most so long */
#define FLOOR       -23.0   /* below the strongest partial nothing is looked for: -100 dB, as logarithm of power */
#define VOICED      0.18    /* the cepstrum at the period of a voice: more; of noise: three deviations of chance */
#define UNVOICED_S  0.004   /* taken for the period where there is none, or none is sure */
#define NEAR        0.46    /* a partial stands out of its envelope by 2 dB at most, as logarithm of power */
#define PARTIAL     4.6     /* first partials differ by less: 20 dB */
#define STRETCH_MAX 8.2     /* no band moves by more than 36 dB */
#define PERIOD_MIN  0.00125 /* of a voice: 800 .. */
#define PERIOD_MAX  0.02    /* .. to 50 Hz */

struct td_formant {
    td_fft *fft;
    size_t size, at; /* at: in the rings, which hold one window each */
    double rate_hz, ratio;
    td_v2 *in, *out, *frame, *re, *im, *level, *envelope, *odd;
    double *window;
};

/* ---- making ----------------------------------------------------------------------------------------------------- */

td_status td_formant_new(double rate_hz, double ratio, td_formant **out)
{
    td_formant *f = *out = calloc(1, sizeof *f);
    if (!f) return TD_NOMEM;
    *f = (td_formant){ .size = 16, .rate_hz = rate_hz, .ratio = ratio };
    while (2 * (double)f->size <= WINDOW_S * rate_hz) f->size *= 2;
    size_t bins = f->size / 2 + 1;
    td_v2 *all = td_calloc2(3 * f->size + 5 * bins, 1, sizeof *all);
    f->window = td_calloc2(f->size, 1, sizeof *f->window);
    f->in = all;
    if (!all || !f->window || td_fft_new(f->size, &f->fft) != TD_OK) {
        td_formant_free(f);
        *out = NULL;
        return TD_NOMEM;
    }
    f->out = all + f->size, f->frame = all + 2 * f->size, f->re = all + 3 * f->size;
    f->im = f->re + bins, f->level = f->im + bins, f->envelope = f->level + bins, f->odd = f->envelope + bins;
    for (size_t i = 0; i < f->size; i++) /* Hann, there and back: at four windows the squares add up to 3/2 */
        f->window[i] = 0.5 - 0.5 * td_cos(2 * TD_PI * (double)i / (double)f->size);
    return TD_OK;
}

void td_formant_free(td_formant *f)
{
    if (!f) return;
    td_fft_free(f->fft);
    free(f->in);
    free(f->window);
    free(f);
}

void td_formant_reset(td_formant *f)
{
    memset(f->in, 0, 2 * f->size * sizeof *f->in);
    f->at = 0;
}

size_t td_formant_latency(const td_formant *f)
{
    return f->size;
}

/* ---- the envelope ----------------------------------------------------------------------------------------------- */

/* Of the cepstrum in `frame`: the period of the voice in samples, 0 where none is sure. */
static size_t period_of(const td_formant *f, unsigned lane)
{
    size_t from = (size_t)(PERIOD_MIN * f->rate_hz), to = (size_t)(PERIOD_MAX * f->rate_hz), best = from;
    if (to > f->size / 2) to = f->size / 2;
    for (size_t i = from; i < to; i++)
        if (f->frame[i][lane] > f->frame[best][lane]) best = i;
    double top = f->frame[best][lane];
    for (size_t i = from; i < best; i++) /* the first of a period and its multiples */
        if (f->frame[i][lane] > 0.7 * top && f->frame[i][lane] >= f->frame[i + 1][lane]) best = i;
    return top < VOICED ? 0 : best;
}

/* Below its first partial a voice has nothing, which is no part of its envelope. Where the period was taken too short,
 * more than one partial lies below `most`: then the first of them counts. */
static void fill_below(td_formant *f, unsigned lane, size_t most)
{
    double top = FLOOR;
    size_t first = 0;
    for (size_t k = 0; k < most; k++) top = fmax(top, f->level[k][lane]);
    while (first < most && f->level[first][lane] < top - PARTIAL) first++;
    while (first < f->size / 2 && f->level[first + 1][lane] > f->level[first][lane]) first++;
    for (size_t k = 0; k < first; k++) f->level[k][lane] = f->level[first][lane];
}

static void lift(td_formant *f, unsigned lane, size_t order)
{
    f->frame[order][lane] *= 0.5;
    f->frame[f->size - order][lane] *= 0.5;
    for (size_t i = order + 1; i < f->size - order; i++) f->frame[i][lane] = 0;
}

/* The true envelope (Imai and Abe 1979; Roebel and Rodet, DAFx-05): the smooth curve through the partials' tops, found
 * by smoothing, lifting what lies below to the curve, and smoothing again. What half a period does not tell are the
 * partials themselves. */
static void find_envelope(td_formant *f)
{
    size_t bins = f->size / 2 + 1, order[2];
    memset(f->odd, 0, bins * sizeof *f->odd);
    td_fft_inverse(f->fft, f->level, f->odd, f->frame);
    for (unsigned c = 0; c < 2; c++) {
        size_t period = period_of(f, c);
        if (period) fill_below(f, c, 3 * f->size / (2 * period));
        order[c] = period ? period / 2 : (size_t)(UNVOICED_S * f->rate_hz);
    }
    memcpy(f->envelope, f->level, bins * sizeof *f->level);
    for (int round = 0; round < ROUNDS; round++) {
        double out = 0;
        td_fft_inverse(f->fft, f->envelope, f->odd, f->frame);
        for (unsigned c = 0; c < 2; c++) lift(f, c, order[c]);
        td_fft_forward(f->fft, f->frame, f->envelope, f->odd);
        for (size_t k = 0; k < bins; k++)
            for (unsigned c = 0; c < 2; c++) out = fmax(out, f->level[k][c] - f->envelope[k][c]);
        if (out < NEAR || round == ROUNDS - 1) return;
        for (size_t k = 0; k < bins; k++)
            for (unsigned c = 0; c < 2; c++) f->envelope[k][c] = fmax(f->envelope[k][c], f->level[k][c]);
    }
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

static void find_levels(td_formant *f)
{
    size_t bins = f->size / 2 + 1;
    for (unsigned c = 0; c < 2; c++) {
        double top = 0;
        for (size_t k = 0; k < bins; k++) {
            f->level[k][c] = f->re[k][c] * f->re[k][c] + f->im[k][c] * f->im[k][c];
            top = fmax(top, f->level[k][c]);
        }
        top = top > 0 ? top : 1;
        for (size_t k = 0; k < bins; k++) f->level[k][c] = fmax(FLOOR, td_log(f->level[k][c] / top + 1e-30));
    }
}

/* What a bin is changed by: the envelope from where it comes against the one it stands in. */
static double change(const td_formant *f, size_t k, unsigned lane)
{
    double from = fmin((double)k / f->ratio, (double)(f->size / 2));
    size_t i = from < (double)(f->size / 2) ? (size_t)from : f->size / 2 - 1;
    double part = from - (double)i;
    double comes = f->envelope[i][lane] + part * (f->envelope[i + 1][lane] - f->envelope[i][lane]);
    return td_exp(0.5 * td_clamp(comes - f->envelope[k][lane], -STRETCH_MAX, STRETCH_MAX));
}

static bool load(td_formant *f)
{
    bool sounds = false;
    for (size_t i = 0; i < f->size; i++) {
        f->frame[i] = f->window[i] * f->in[(f->at + i) % f->size];
        sounds = sounds || f->frame[i][0] != 0 || f->frame[i][1] != 0;
    }
    return sounds;
}

static void move(td_formant *f)
{
    if (!load(f)) return;
    size_t bins = f->size / 2 + 1;
    td_fft_forward(f->fft, f->frame, f->re, f->im);
    find_levels(f);
    find_envelope(f);
    for (size_t k = 0; k < bins; k++) {
        td_v2 gain = { change(f, k, 0), change(f, k, 1) };
        f->re[k] *= gain;
        f->im[k] *= gain;
    }
    td_fft_inverse(f->fft, f->re, f->im, f->frame);
    for (size_t i = 0; i < f->size; i++) f->out[(f->at + i) % f->size] += f->window[i] * (2.0 / 3) * f->frame[i];
}

td_v2 td_formant_pass(td_formant *f, td_v2 x)
{
    td_v2 y = f->out[f->at];
    f->out[f->at] = td_v2_set(0);
    f->in[f->at] = x;
    f->at = f->at + 1 == f->size ? 0 : f->at + 1;
    if (f->at % (f->size / OVERLAP) == 0) move(f);
    return y;
}
