#include "engine/audio/resample.h"

#include <stdlib.h>
#include <string.h>

/* Why not a library: libsoxr chooses other code on processors with AVX, and even its plain path designs filters with
 * the C library's sines, whose last digit depends on fused multiply-add; 88.2 to 48 kHz then differs between machines.
 * A plain polyphase filter in double, both channels side by side, is as fast as that path.
 *
 * A ratio of to/from = up/down in lowest terms needs `up` phases of the filter, which are kept as rows of a table.
 * Rates that are nearly prime to each other (44.1 to 44.101 kHz) would need too many; for these 256 rows are kept and
 * the row between two is interpolated by a cubic, whose error stays below -180 dB. */

#define STOP_DB   160.0
#define PASS      0.913 /* of the lower Nyquist frequency */
#define MOST_ROWS 1280
#define FEW_ROWS  256
#define HOLD      8192 /* input frames beyond the filter's length that are held at once */

struct td_resampler {
    unsigned channels;
    uint64_t up, down;
    size_t taps, rows; /* taps: a multiple of 4 */
    double *table;     /* rows + 3 of them when they are interpolated (one before, two behind), else rows */
    double *row;       /* the interpolated one; NULL when the table holds every phase */
    td_v2 *held;       /* input frames; held[at] is the first the next output needs */
    size_t have, at;
    uint64_t phase; /* of the next output: phase / up of an input frame */
    uint64_t taken, made;
};

/* ---- the filter ------------------------------------------------------------------------------------------------- */

/* The filter at t input frames from its centre. `cutoff` in cycles a frame; Kaiser 1974 for the window and its shape.
 */
static double kernel(double t, double cutoff, double half)
{
    const double beta = 0.1102 * (STOP_DB - 8.7);
    double x = t / half, angle = 2 * TD_PI * cutoff * t;
    if (fabs(x) >= 1) return 0;
    double sinc = fabs(t) < 1e-9 ? 1 : td_sin(angle) / angle;
    return sinc * td_bessel_i0(beta * sqrt(1 - x * x));
}

/* One phase: the filter as seen from `offset` input frames behind the tap half - 1. Each sums to 1, so a constant stays
 * one. */
static void design_row(double *row, size_t taps, double offset, double cutoff)
{
    double half = (double)taps / 2, sum = 0;
    for (size_t j = 0; j < taps; j++) sum += row[j] = kernel((double)j - (half - 1) - offset, cutoff, half);
    for (size_t j = 0; j < taps; j++) row[j] /= sum;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

td_status td_resampler_new(unsigned from_hz, unsigned to_hz, unsigned channels, td_resampler **out)
{
    td_resampler *r = *out = calloc(1, sizeof *r);
    if (!r) return TD_NOMEM;
    uint64_t divisor = common_divisor(from_hz, to_hz);
    double lower =
        from_hz < to_hz ? 1 : (double)to_hz / from_hz; /* of the two Nyquist frequencies, against the input's */
    double transition = TD_PI * lower * (1 - PASS), cutoff = lower * (1 + PASS) / 4;
    r->channels = channels;
    r->up = to_hz / divisor;
    r->down = from_hz / divisor;
    r->taps = ((size_t)((STOP_DB - 7.95) / (2.285 * transition)) / 4 + 1) * 4; /* Kaiser's estimate */
    bool exact = r->up <= MOST_ROWS;
    r->rows = exact ? (size_t)r->up : FEW_ROWS;
    r->table = td_calloc2(r->rows + 3, r->taps, sizeof *r->table);
    r->row = exact ? NULL : td_calloc2(1, r->taps, sizeof *r->row);
    r->held = td_calloc2(1, r->taps + HOLD, sizeof *r->held);
    if (!r->table || !r->held || (!exact && !r->row)) {
        td_resampler_free(r);
        *out = NULL;
        return TD_NOMEM;
    }
    for (size_t i = 0; i < r->rows + (exact ? 0 : 3); i++)
        design_row(r->table + i * r->taps, r->taps, ((double)i - (exact ? 0 : 1)) / (double)r->rows, cutoff);
    r->have = r->taps / 2 - 1; /* the silence in front of the input */
    return TD_OK;
}

void td_resampler_free(td_resampler *r)
{
    if (!r) return;
    free(r->table);
    free(r->row);
    free(r->held);
    free(r);
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

/* Lagrange's cubic through the rows around the phase. */
static const double *interpolated_row(const td_resampler *r)
{
    double place = (double)r->phase * (double)r->rows / (double)r->up;
    size_t i = (size_t)place;
    double f = place - (double)i;
    double w[4] = { -f * (f - 1) * (f - 2) / 6, (f + 1) * (f - 1) * (f - 2) / 2, -(f + 1) * f * (f - 2) / 2,
                    (f + 1) * f * (f - 1) / 6 };
    const double *t = r->table + i * r->taps;
    for (size_t j = 0; j < r->taps; j++)
        r->row[j] = w[0] * t[j] + w[1] * t[j + r->taps] + w[2] * t[j + 2 * r->taps] + w[3] * t[j + 3 * r->taps];
    return r->row;
}

/* Four sums, so that additions need not wait for one another. */
TD_WIDE static void sum_taps(const td_v2 *x, const double *c, size_t taps, td_v2 *out)
{
    td_v4 a = { 0 }, b = { 0 };
    for (size_t j = 0; j < taps; j += 4) {
        td_v2 c0 = *(const td_v2 *)(c + j), c2 = *(const td_v2 *)(c + j + 2);
        a += *(const td_v4 *)(x + j) * __builtin_shufflevector(c0, c0, 0, 0, 1, 1);
        b += *(const td_v4 *)(x + j + 2) * __builtin_shufflevector(c2, c2, 0, 0, 1, 1);
    }
    *out = (TD_LOW(a) + TD_HIGH(a)) + (TD_LOW(b) + TD_HIGH(b));
}

static td_v2 filtered(const td_resampler *r)
{
    td_v2 y;
    sum_taps(r->held + r->at, r->row ? interpolated_row(r) : r->table + r->phase * r->taps, r->taps, &y);
    return y;
}

/* Takes in frames, or zeros when there are no more, as far as there is room. */
static size_t take(td_resampler *r, const float *const *in, size_t n)
{
    if (n > r->taps + HOLD - r->have) {
        r->have -= r->at; /* a step is shorter than the filter, so at <= have */
        memmove(r->held, r->held + r->at, r->have * sizeof *r->held);
        r->at = 0;
    }
    size_t room = r->taps + HOLD - r->have;
    if (n > room) n = room;
    for (size_t i = 0; i < n; i++) {
        double left = in ? (double)in[0][i] : 0, right = in && r->channels > 1 ? (double)in[1][i] : 0;
        r->held[r->have++] = (td_v2){ left, right };
    }
    return n;
}

void td_resampler_run(td_resampler *r, const float *const *in, size_t n, size_t *taken, float *const *out, size_t room,
                      size_t *made)
{
    *taken = in ? take(r, in, n) : 0;
    r->taken += *taken;
    if (!in) take(r, NULL, r->taps);
    uint64_t most = in ? UINT64_MAX : td_resampled(r->taken, (unsigned)r->down, (unsigned)r->up);
    for (*made = 0; *made < room && r->at + r->taps <= r->have && r->made < most; ++*made, r->made++) {
        td_v2 y = filtered(r);
        for (unsigned c = 0; c < r->channels; c++) out[c][*made] = (float)y[c];
        r->phase += r->down;
        r->at += r->phase / r->up;
        r->phase %= r->up;
    }
}

uint64_t td_resampled(uint64_t n, unsigned from_hz, unsigned to_hz)
{
    uint64_t whole = n / from_hz, rest = n % from_hz;
    return whole * to_hz + (rest * to_hz + from_hz - 1) / from_hz;
}
