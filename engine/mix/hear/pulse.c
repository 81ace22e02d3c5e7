#include "engine/mix/hear/pulse.h"

#include <stdlib.h>
#include <string.h>

/* Onsets are what rises: in each of twenty ranges from 60 Hz to 12 kHz the level in dB, and of its changes from one 10
 * ms to the next the rises alone, added up. A beat is the period at which such rises come back. */
#define RANGES    20
#define LOWEST_HZ 60.0
#define TOP_HZ    12000.0
#define FLOOR     1e-7 /* mean square: what rises below -70 dBFS is noise */
#define TICKS_S   100  /* of 10 ms */
#define SLOWEST   60.0
#define FASTEST   200.0
#define USUAL     120.0
#define BEATS     4    /* a period has to come back so often */
#define CERTAIN   0.12 /* correlation of the onsets with themselves, that many beats later on average */

struct td_pulse {
    unsigned rate_hz;
    size_t window, hop;
    td_fft *fft;
    double *hann;
    td_v2 *x, *re, *im;
    size_t edge[RANGES + 1]; /* bins */
    float *held;             /* mono; two windows a hop apart go through one transform */
    size_t filled;
    double last[RANGES]; /* dB of the tick before */
    float *onset;
    size_t ticks, room;
};

td_status td_pulse_new(unsigned rate_hz, uint64_t frames, td_pulse **out)
{
    *out = NULL;
    td_pulse *p = calloc(1, sizeof *p);
    if (!p) return TD_NOMEM;
    p->rate_hz = rate_hz;
    p->hop = rate_hz / TICKS_S;
    p->window = rate_hz > 64000 ? 2048 : 1024;
    p->room = (size_t)(frames / p->hop) + 2;
    td_status st = td_fft_new(p->window, &p->fft);
    p->hann = td_calloc2(p->window, 1, sizeof *p->hann);
    p->x = td_calloc2(p->window, 1, sizeof *p->x);
    p->re = td_calloc2(p->window, 1, sizeof *p->re);
    p->im = td_calloc2(p->window, 1, sizeof *p->im);
    p->held = td_calloc2(p->window + p->hop, 1, sizeof *p->held);
    p->onset = td_calloc2(p->room, 1, sizeof *p->onset);
    if (st || !p->hann || !p->x || !p->re || !p->im || !p->held || !p->onset) {
        td_pulse_free(p);
        return TD_NOMEM;
    }
    double n = (double)p->window;
    for (size_t i = 0; i < p->window; i++)
        p->hann[i] = (0.5 - 0.5 * td_cos(2 * TD_PI * (double)i / n)) * sqrt(2 / (n * 0.375 * n));
    for (size_t r = 0; r <= RANGES; r++) {
        double hz = LOWEST_HZ * td_pow(TOP_HZ / LOWEST_HZ, (double)r / RANGES);
        size_t bin = (size_t)rint(hz * n / rate_hz);
        p->edge[r] = r && bin <= p->edge[r - 1] ? p->edge[r - 1] + 1 : bin;
    }
    for (size_t r = 0; r < RANGES; r++) p->last[r] = td_power_db(FLOOR);
    *out = p;
    return TD_OK;
}

void td_pulse_free(td_pulse *p)
{
    if (!p) return;
    td_fft_free(p->fft);
    free(p->hann);
    free(p->x);
    free(p->re);
    free(p->im);
    free(p->held);
    free(p->onset);
    free(p);
}

static void take_tick(td_pulse *p, int lane)
{
    double rise = 0;
    for (size_t r = 0; r < RANGES; r++) {
        double power = FLOOR;
        for (size_t k = p->edge[r]; k < p->edge[r + 1]; k++)
            power += p->re[k][lane] * p->re[k][lane] + p->im[k][lane] * p->im[k][lane];
        double db = td_power_db(power);
        rise += fmax(0, db - p->last[r]);
        p->last[r] = db;
    }
    if (p->ticks < p->room) p->onset[p->ticks++] = (float)rise;
}

void td_pulse_add(td_pulse *p, const float *const *ch, size_t frames)
{
    size_t batch = p->window + p->hop;
    for (size_t at = 0; at < frames;) {
        size_t n = batch - p->filled < frames - at ? batch - p->filled : frames - at;
        for (size_t i = 0; i < n; i++) p->held[p->filled + i] = 0.5f * (ch[0][at + i] + ch[1][at + i]);
        p->filled += n;
        at += n;
        if (p->filled < batch) return;
        for (size_t i = 0; i < p->window; i++)
            p->x[i] = (td_v2){ (double)p->held[i], (double)p->held[i + p->hop] } * p->hann[i];
        td_fft_forward(p->fft, p->x, p->re, p->im);
        take_tick(p, 0);
        take_tick(p, 1);
        p->filled -= 2 * p->hop;
        memmove(p->held, p->held + 2 * p->hop, p->filled * sizeof(float));
    }
}

/* ---- tempo ------------------------------------------------------------------------------------------------------ */

/* Rises over what is usual within 0.4 s on both sides. */
static void sharpen(const float *onset, size_t n, double *out)
{
    enum { AROUND = 40 };
    double sum = 0;
    for (size_t i = 0; i < AROUND && i < n; i++) sum += (double)onset[i];
    for (size_t i = 0; i < n; i++) {
        if (i + AROUND < n) sum += (double)onset[i + AROUND];
        if (i > AROUND) sum -= (double)onset[i - AROUND - 1];
        size_t first = i > AROUND ? i - AROUND : 0, last = i + AROUND < n ? i + AROUND : n - 1;
        out[i] = fmax(0, (double)onset[i] - sum / (double)(last - first + 1));
    }
}

/* How much the onsets are like themselves `lag` ticks later, against themselves; linear between ticks. */
static double likeness(const double *own, double lag)
{
    size_t i = (size_t)lag;
    double part = lag - (double)i;
    return own[0] > 0 ? ((1 - part) * own[i] + part * own[i + 1]) / own[0] : 0;
}

static double beat_likeness(const double *own, double bpm)
{
    double sum = 0;
    for (int m = 1; m <= BEATS; m++) sum += likeness(own, m * 60.0 * TICKS_S / bpm) / BEATS;
    return sum;
}

/* Power of the onsets at a frequency and its second and fourth multiple: over a whole song this tells tempi apart that
 * differ by a hundredth. */
static double line_power(const double *onset, size_t n, double bpm)
{
    td_v4 c = { 0 }, s = { 0 }, x = { 1, 1, 1 }, y = { 0 }, re = { 0 }, im = { 0 }; /* a multiple a lane */
    for (int k = 0; k < 3; k++) {
        double turn = 2 * TD_PI * (1 << k) * bpm / (60.0 * TICKS_S);
        c[k] = td_cos(turn), s[k] = td_sin(turn);
    }
    for (size_t i = 0; i < n; i++) {
        re += onset[i] * x;
        im += onset[i] * y;
        td_v4 next = x * c - y * s;
        y = x * s + y * c;
        x = next;
    }
    td_v4 power = re * re + im * im;
    return power[0] + power[1] + power[2];
}

/* Towards both ends, so that a song that does not end on the beat does not pull its lines aside. */
static void fade(double *onset, size_t n)
{
    for (size_t i = 0; i < n; i++) onset[i] *= 0.5 - 0.5 * td_cos(2 * TD_PI * ((double)i + 0.5) / (double)n);
}

static double strongest(const double *onset, size_t n, double middle, double reach, double step)
{
    double best = middle, most = 0;
    for (double bpm = middle - reach; bpm <= middle + reach; bpm += step) {
        double power = line_power(onset, n, bpm);
        if (power <= most) continue;
        most = power;
        best = bpm;
    }
    return best;
}

static double refine(const double *onset, size_t n, double bpm)
{
    double line = 60.0 * TICKS_S / (double)n; /* how wide a line is */
    double near = strongest(onset, n, bpm, 0.025 * bpm, line / 4);
    double best = strongest(onset, n, near, line / 4, line / 40), whole = rint(best);
    return fabs(best - whole) < 0.1 ? whole : 0.1 * rint(10 * best);
}

td_status td_pulse_tempo(td_pulse *p, double *bpm, td_error *err)
{
    enum { LAGS = BEATS * 60 * TICKS_S / 60 + 2 };
    double own[LAGS], best = 0, *onset = malloc((p->ticks + 1) * sizeof *onset);
    *bpm = 0;
    if (!onset) return td_no_memory(err);
    if (p->ticks > 2 * LAGS) {
        sharpen(p->onset, p->ticks, onset);
        for (size_t lag = 0; lag < LAGS; lag++) {
            own[lag] = 0;
            for (size_t i = 0; i + lag < p->ticks; i++) own[lag] += onset[i] * onset[i + lag];
        }
        for (double b = SLOWEST; b <= FASTEST; b *= 1.005) {
            double octaves = td_log2(b / USUAL), score = beat_likeness(own, b) * td_exp(-0.5 * octaves * octaves);
            if (beat_likeness(own, b) < CERTAIN || score <= best) continue;
            best = score;
            *bpm = b;
        }
        fade(onset, p->ticks);
        if (*bpm > 0) *bpm = refine(onset, p->ticks, *bpm);
    }
    free(onset);
    return TD_OK;
}
