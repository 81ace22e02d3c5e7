#include "engine/mix/hear/low.h"

#include "engine/base/base.h"
#include "engine/base/lanes.h"
#include <string.h>

#define EVERY TD_LOW_EVERY

typedef double averages[TD_LOW_FRAMES / EVERY + 1][TD_LOWS_MAX];

static struct td_low_biquad butterworth(double freq_hz, double rate_hz, bool high)
{
    double k = td_tan(TD_PI * freq_hz / rate_hz), a0 = 1 + sqrt(2) * k + k * k;
    return (struct td_low_biquad){ .b = (high ? 1 : k * k) / a0,
                                   .middle = high ? -2 : 2,
                                   .a1 = 2 * (k * k - 1) / a0,
                                   .a2 = (1 - sqrt(2) * k + k * k) / a0 };
}

void td_low_design(double rate_hz, td_low_filter *f)
{
    f->high_pass = butterworth(40, rate_hz / EVERY, true);
    f->low_pass = butterworth(100, rate_hz / EVERY, false);
}

static double average(const float *x)
{
    td_fu sum = *(const td_fu *)x + *(const td_fu *)(x + 4);
    return (((double)sum[0] + (double)sum[1]) + ((double)sum[2] + (double)sum[3])) / EVERY;
}

/* What is held already and n more frames into one column. */
static void take(td_low *low, const float *x, size_t held, size_t n, double (*to)[TD_LOWS_MAX], size_t column)
{
    size_t i = 0, rows = 0;
    if (held) {
        i = EVERY - held < n ? EVERY - held : n;
        memcpy(low->held + held, x, i * sizeof *x);
        if (held + i < EVERY) return;
        to[rows++][column] = average(low->held);
    }
    for (; i + EVERY <= n; i += EVERY) to[rows++][column] = average(x + i);
    memcpy(low->held, x + i, (n - i) * sizeof *x);
}

/* in and out: what comes and goes now; before: the last two of each. */
static inline __attribute__((always_inline)) void pass(const struct td_low_biquad *q, const td_v4 *in, td_v4 *in_before,
                                                       td_v4 *out, td_v4 *out_before)
{
    *out = q->b * (*in + q->middle * in_before[0] + in_before[1]) - q->a2 * out_before[1] - q->a1 * out_before[0];
    in_before[1] = in_before[0], in_before[0] = *in;
}

/* Two registers of four channels; those that are no channel's run empty. */
TD_WIDE static void run(const td_low_filter *f, td_low *low, double (*mean)[TD_LOWS_MAX], size_t n)
{
    td_v4 x[2][2], between[2][2], y[2][2], energy[2];
    for (size_t k = 0; k < 2; k++) {
        const td_low *l = low + 4 * k;
        for (size_t j = 0; j < 2; j++) {
            x[k][j] = (td_v4){ l[0].x[j], l[1].x[j], l[2].x[j], l[3].x[j] };
            between[k][j] = (td_v4){ l[0].between[j], l[1].between[j], l[2].between[j], l[3].between[j] };
            y[k][j] = (td_v4){ l[0].y[j], l[1].y[j], l[2].y[j], l[3].y[j] };
        }
        energy[k] = (td_v4){ l[0].energy, l[1].energy, l[2].energy, l[3].energy };
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 2; k++) {
            td_v4 in = *(const td_v4 *)&mean[i][4 * k], middle, out;
            pass(&f->high_pass, &in, x[k], &middle, between[k]);
            pass(&f->low_pass, &middle, between[k], &out, y[k]);
            y[k][1] = y[k][0], y[k][0] = out;
            energy[k] += out * out;
        }
    for (size_t c = 0; c < TD_LOWS_MAX; c++) {
        for (size_t j = 0; j < 2; j++) {
            low[c].x[j] = x[c / 4][j][c % 4];
            low[c].between[j] = between[c / 4][j][c % 4];
            low[c].y[j] = y[c / 4][j][c % 4];
        }
        low[c].energy = energy[c / 4][c % 4];
    }
}

size_t td_lows_add(const td_low_filter *f, td_low *const *low, const float *const *x, size_t channels, uint64_t at,
                   size_t frames)
{
    size_t held = (size_t)(at % EVERY), n = (held + frames) / EVERY;
    averages mean __attribute__((aligned(32))) = { 0 };
    td_low all[TD_LOWS_MAX] = { 0 };
    for (size_t c = 0; c < channels; c++) {
        take(low[c], x[c], held, frames, mean, c);
        all[c] = *low[c];
    }
    run(f, all, mean, n);
    for (size_t c = 0; c < channels; c++) *low[c] = all[c];
    return n;
}
