#include "engine/dsp/convolve.h"

#include "engine/base/fft.h"
#include "engine/base/memory.h"
#include <stdlib.h>
#include <string.h>

enum { PART_MIN = 256, PART_MAX = 16384 };

typedef struct spectrum {
    td_v2 *re, *im; /* part + 1 bins */
} spectrum;

struct td_convolver {
    td_fft *fft;
    size_t part, n_parts, at, newest; /* at: frames of the block that have come; newest: slot of the last spectrum */
    spectrum *filter, *input;         /* n_parts each; input is a ring */
    spectrum sum;
    td_v2 *bins; /* what they all stand in */
    td_v2 *in;   /* the block before and the one that comes: 2 part */
    td_v2 *out;  /* 2 part, of which the second half is sound */
};

static void hand_out(spectrum *s, td_v2 **bins, size_t count)
{
    s->re = *bins;
    s->im = *bins + count;
    *bins += 2 * count;
}

static td_status allocate(td_convolver *c)
{
    size_t count = c->part + 1;
    c->filter = calloc(2 * c->n_parts, sizeof *c->filter);
    c->bins = td_calloc2(2 * (2 * c->n_parts + 1), count, sizeof *c->bins);
    c->in = td_calloc2(4, c->part, sizeof *c->in);
    if (!c->filter || !c->bins || !c->in) return TD_NOMEM;
    c->input = c->filter + c->n_parts;
    c->out = c->in + 2 * c->part;
    td_v2 *bins = c->bins;
    for (size_t i = 0; i < 2 * c->n_parts; i++) hand_out(&c->filter[i], &bins, count);
    hand_out(&c->sum, &bins, count);
    return td_fft_new(2 * c->part, &c->fft);
}

td_status td_convolver_new(const float *const *filter, size_t frames, td_convolver **out)
{
    td_convolver *c = *out = calloc(1, sizeof *c);
    if (!c) return TD_NOMEM;
    for (c->part = PART_MIN; c->part < PART_MAX && 4 * c->part < frames; c->part *= 2) {
    }
    c->n_parts = (frames + c->part - 1) / c->part;
    td_status st = allocate(c);
    if (st != TD_OK) {
        td_convolver_free(c);
        *out = NULL;
        return st;
    }
    for (size_t p = 0; p < c->n_parts; p++) {
        memset(c->in, 0, 2 * c->part * sizeof *c->in);
        const float *left = filter[0] + p * c->part, *right = filter[1] + p * c->part;
        for (size_t i = 0; i < c->part && p * c->part + i < frames; i++)
            c->in[i] = (td_v2){ (double)left[i], (double)right[i] };
        td_fft_forward(c->fft, c->in, c->filter[p].re, c->filter[p].im);
    }
    td_convolver_reset(c);
    return TD_OK;
}

void td_convolver_free(td_convolver *c)
{
    if (!c) return;
    td_fft_free(c->fft);
    free(c->filter);
    free(c->bins);
    free(c->in);
    free(c);
}

void td_convolver_reset(td_convolver *c)
{
    c->at = c->newest = 0;
    memset(c->in, 0, 4 * c->part * sizeof *c->in);
    memset(c->input[0].re, 0, 2 * c->n_parts * (c->part + 1) * sizeof *c->bins);
}

size_t td_convolver_latency(const td_convolver *c)
{
    return c->part;
}

/* sum = or += a b */
static void multiply(const td_convolver *c, const spectrum *a, const spectrum *b, bool first)
{
    td_v2 *re = c->sum.re, *im = c->sum.im;
    for (size_t k = 0; k <= c->part; k++) {
        td_v2 r = a->re[k] * b->re[k] - a->im[k] * b->im[k], i = a->re[k] * b->im[k] + a->im[k] * b->re[k];
        re[k] = first ? r : re[k] + r;
        im[k] = first ? i : im[k] + i;
    }
}

/* A block is complete. */
static void turn(td_convolver *c)
{
    c->newest = c->newest ? c->newest - 1 : c->n_parts - 1; /* older ones follow */
    td_fft_forward(c->fft, c->in, c->input[c->newest].re, c->input[c->newest].im);
    for (size_t p = 0; p < c->n_parts; p++) multiply(c, &c->input[(c->newest + p) % c->n_parts], &c->filter[p], p == 0);
    td_fft_inverse(c->fft, c->sum.re, c->sum.im, c->out);
    memcpy(c->in, c->in + c->part, c->part * sizeof *c->in);
    c->at = 0;
}

void td_convolver_process(td_convolver *c, float *const *ch, size_t frames)
{
    for (size_t i = 0; i < frames; i++) {
        td_v2 x = td_v2_load(ch, i);
        td_v2_store(ch, i, c->out[c->part + c->at]);
        c->in[c->part + c->at] = x;
        if (++c->at == c->part) turn(c);
    }
}
