#include "engine/mix/decide/response.h"

#include "engine/base/fft.h"
#include "engine/base/row.h"
#include "engine/base/units.h"
#include "engine/mix/chaining.h"
#include <stdlib.h>
#include <string.h>

/* Power behind a linear system is power in front of it times |H|^2. An impulse on one side holds all frequencies alike,
 * so what comes out of it is H; of a sound on both sides it is the sum of two such. By bands their mean is taken, for
 * what is sent is told by band. A reverb's tail is noise in time and frequency: the mean over a band and over the song
 * are one. It is transformed in windows whose squares add up to 1 and their powers are added (Welch 1967), so that the
 * longest tail takes no more room, and an echo counts the same wherever it lies. */

enum { PIECE = 1 << 13, WINDOW = 2 * PIECE, BINS = WINDOW / 2 + 1 };

#define LEAST 0.001 /* what a piece adds where it is worth going on, of all before */

typedef struct impulse {
    td_chain *chain[2]; /* with an impulse on the left, and on the right */
    td_fft *fft;
    td_v2 *x[2];          /* the last two pieces of what comes out */
    td_v2 *seen;          /* through the window */
    td_v2 *re[2], *im[2]; /* its spectra */
    double window[WINDOW];
} impulse;

static void impulse_free(impulse *p)
{
    if (!p) return;
    for (size_t side = 0; side < 2; side++) {
        td_chain_free(p->chain[side]);
        free(p->x[side]);
        free(p->re[side]);
        free(p->im[side]);
    }
    td_fft_free(p->fft);
    free(p->seen);
    free(p);
}

static td_status impulse_init(impulse *p, const td_format *fmt, const td_plan_chain *chain, td_error *err)
{
    bool good = (p->seen = td_calloc2(WINDOW, 1, sizeof *p->seen)) && !td_fft_new(WINDOW, &p->fft);
    for (size_t side = 0; side < 2; side++) {
        TD_TRY(td_chain_of_plan(chain, SIZE_MAX, fmt, &p->chain[side], err));
        p->x[side] = td_calloc2(WINDOW, 1, sizeof(td_v2));
        p->re[side] = td_calloc2(BINS, 1, sizeof(td_v2));
        p->im[side] = td_calloc2(BINS, 1, sizeof(td_v2));
        good = good && p->x[side] && p->re[side] && p->im[side];
    }
    for (size_t i = 0; i < WINDOW; i++) p->window[i] = td_sin(TD_PI * ((double)i + 0.5) / WINDOW);
    return good ? TD_OK : td_no_memory(err);
}

/* One piece on, which begins with the impulse if it is the first; its power. */
static double play(impulse *p, size_t side, bool first)
{
    td_v2 *x = p->x[side], sum = { 0, 0 };
    memmove(x, x + PIECE, PIECE * sizeof *x);
    for (size_t at = PIECE; at < WINDOW; at += TD_BLOCK) {
        float block[2][TD_BLOCK] = { { 0 } }, *to[2] = { block[0], block[1] };
        if (first && at == PIECE) block[side][0] = 1;
        td_chain_process(p->chain[side], to, NULL, NULL, TD_BLOCK);
        for (size_t i = 0; i < TD_BLOCK; i++) {
            x[at + i] = td_v2_load(to, i);
            sum += x[at + i] * x[at + i];
        }
    }
    for (size_t i = 0; i < WINDOW; i++) p->seen[i] = x[i] * p->window[i];
    td_fft_forward(p->fft, p->seen, p->re[side], p->im[side]);
    return sum[0] + sum[1];
}

/* Adds a window's mean power in a band; bins that have their middle in it. */
static void add_band(const impulse *p, double rate_hz, size_t band, td_band_power *out)
{
    double bin_hz = rate_hz / WINDOW, edge = td_exp10(0.05);
    size_t first = (size_t)ceil(td_band_hz(band) / edge / bin_hz),
           last = (size_t)ceil(td_band_hz(band) * edge / bin_hz);
    td_v2 ll = { 0, 0 }, rr = { 0, 0 }, lr = { 0, 0 };
    if (last > BINS) last = BINS;
    for (size_t k = first; k < last; k++) {
        ll += p->re[0][k] * p->re[0][k] + p->im[0][k] * p->im[0][k];
        rr += p->re[1][k] * p->re[1][k] + p->im[1][k] * p->im[1][k];
        lr += p->re[0][k] * p->re[1][k] + p->im[0][k] * p->im[1][k];
    }
    if (first >= last) return;
    out->ll[band] += (ll[0] + ll[1]) / (double)(last - first);
    out->rr[band] += (rr[0] + rr[1]) / (double)(last - first);
    out->lr[band] += 2 * (lr[0] + lr[1]) / (double)(last - first);
}

/* What rings on 20 dB down, a fifth of the way, is a hundredth of the whole at most; a room from a file may stop
 * short. */
static void hear(impulse *p, double rate_hz, td_band_power *out)
{
    size_t tail = td_chain_tail(p->chain[0]), least = td_chain_latency(p->chain[0]) + PIECE + tail / 5;
    double sum = 0, last = 0;
    for (size_t at = 0; at <= least || (at < least + tail && last >= LEAST * sum); at += PIECE) {
        last = play(p, 0, !at) + play(p, 1, !at);
        sum += last;
        for (size_t band = 0; band < TD_BANDS; band++) add_band(p, rate_hz, band, out);
    }
}

td_status td_chain_response(const td_format *fmt, const td_plan_chain *chain, td_band_power *out, td_error *err)
{
    impulse *p = calloc(1, sizeof *p);
    *out = (td_band_power){ 0 };
    td_status st = p ? impulse_init(p, fmt, chain, err) : td_no_memory(err);
    if (!st) hear(p, fmt->rate_hz, out);
    impulse_free(p);
    return st;
}

double td_response_db(const td_band_power *response, const td_band_power *sound)
{
    double before = 0, behind = 0;
    for (size_t i = 0; i < TD_BANDS; i++) {
        double k = td_k_weight_power(td_band_hz(i));
        before += k * (sound->ll[i] + sound->rr[i]);
        behind +=
            k * (response->ll[i] * sound->ll[i] + response->rr[i] * sound->rr[i] + response->lr[i] * sound->lr[i]);
    }
    return before > 0 && behind > 0 ? td_power_db(behind / before) : NAN;
}

/* ---- what is linear ---------------------------------------------------------------------------------------------- */

static bool step_linear(const td_plan_step *s)
{
    bool linear = s->proc->linear;
    for (size_t i = 0; i < s->proc->n_params; i++)
        if (s->proc->params[i].flags & TD_LISTENS) linear = linear && s->value[i] == 0;
    return linear || s->bypass;
}

bool td_chain_linear(const td_plan_chain *chain)
{
    bool linear = true;
    for (size_t i = 0; i < chain->n_steps; i++) linear = linear && step_linear(&chain->step[i]);
    return linear;
}
