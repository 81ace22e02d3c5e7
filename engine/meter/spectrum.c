#include "engine/meter/meter.h"

#include "engine/base/base.h"
#include <stdlib.h>
#include <string.h>

#define LOWEST_BAND 14    /* 10^1.4 = 25 Hz */
#define SILENCE     1e-5f /* -100 dBFS: frames that stay below are all zero and cost no transform */

double td_band_hz(size_t band)
{
    return td_exp10((double)(band + LOWEST_BAND) / 10);
}

double td_band_label(size_t band)
{
    static const double decade[10] = { 1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8 };
    static const double power[] = { 10, 100, 1000, 10000 };
    size_t n = band + LOWEST_BAND;
    return decade[n % 10] * power[n / 10 - 1];
}

/* A band's bins: those inside count whole, the two at its edges by the share of them the band covers. Whole bins alone
 * would leave the lowest bands empty or double. */
typedef struct band_bins {
    size_t first, last; /* last below first: the band lies above what the rate holds */
    double first_share, last_share;
} band_bins;

struct td_spectrum {
    uint64_t rate_hz;
    unsigned channels;
    size_t window; /* frames, a power of two */
    td_fft *fft;
    double *hann; /* scaled so that the powers of all bins add up to the mean square */
    td_v2 *x, *re, *im;
    float *held[2]; /* the last `filled` frames of the signalat most a window */
    size_t filled;
    uint64_t frames; /* handed in so far */
    size_t frame;    /* the next to emit */
    band_bins band[TD_BANDS];
    td_spectrum_sink sink;
    void *user;
};

static band_bins bins_of(size_t band, double rate_hz, size_t window)
{
    double half_band = td_exp10(0.05), width = rate_hz / (double)window;
    double low = td_band_hz(band) / half_band, high = td_band_hz(band) * half_band;
    if (high > 0.45 * rate_hz) return (band_bins){ .first = 1 };
    band_bins b = { .first = (size_t)rint(low / width), .last = (size_t)rint(high / width) };
    b.first_share = ((double)b.first + 0.5) - low / width;
    b.last_share = high / width - ((double)b.last - 0.5);
    if (b.first == b.last) {
        b.first_share += b.last_share - 1;
        b.last_share = 0;
    }
    return b;
}

/* 8192 at 44.1 and 48 kHz, in proportion at others. */
static size_t window_at(unsigned rate_hz)
{
    size_t n = 1024;
    while ((double)n * 1.4142135 < 8192.0 * rate_hz / 48000) n *= 2;
    return n;
}

static bool allocate(td_spectrum *m)
{
    size_t n = m->window;
    if (td_fft_new(n, &m->fft) != TD_OK) return false;
    m->hann = td_calloc2(n, 1, sizeof *m->hann);
    m->x = td_calloc2(n, 1, sizeof *m->x);
    m->re = td_calloc2(n / 2 + 1, 1, sizeof *m->re);
    m->im = td_calloc2(n / 2 + 1, 1, sizeof *m->im);
    m->held[0] = td_calloc2(n, 1, sizeof(float));
    m->held[1] = td_calloc2(n, 1, sizeof(float));
    return m->hann && m->x && m->re && m->im && m->held[0] && m->held[1];
}

td_status td_spectrum_new(unsigned rate_hz, unsigned channels, td_spectrum_sink sink, void *user, td_spectrum **out)
{
    *out = NULL;
    if (rate_hz < 8000 || rate_hz > 384000 || channels < 1 || channels > 2 || !sink) return TD_ARG;
    td_spectrum *m = calloc(1, sizeof *m);
    if (!m) return TD_NOMEM;
    *m = (td_spectrum){
        .rate_hz = rate_hz, .channels = channels, .window = window_at(rate_hz), .sink = sink, .user = user
    };
    if (!allocate(m)) {
        td_spectrum_free(m);
        return TD_NOMEM;
    }
    double n = (double)m->window, energy = 0.375 * n; /* of a periodic Hann window */
    for (size_t i = 0; i < m->window; i++)
        m->hann[i] = (0.5 - 0.5 * td_cos(2 * TD_PI * (double)i / n)) * sqrt(2 / (n * energy));
    for (size_t b = 0; b < TD_BANDS; b++) m->band[b] = bins_of(b, rate_hz, m->window);
    /* the first window is centred on the middle of the first 100 ms: what lies before the start is silence */
    m->filled = m->window / 2 - rate_hz / 20;
    *out = m;
    return TD_OK;
}

void td_spectrum_free(td_spectrum *m)
{
    if (!m) return;
    td_fft_free(m->fft);
    free(m->hann);
    free(m->x);
    free(m->re);
    free(m->im);
    free(m->held[0]);
    free(m->held[1]);
    free(m);
}

static bool silent(const float *x, size_t n)
{
    float peak = 0;
    for (size_t i = 0; i < n; i++) peak = fabsf(x[i]) > peak ? fabsf(x[i]) : peak;
    return peak < SILENCE;
}

static void add_bin(const td_spectrum *m, size_t k, double share, td_v2 *power, double *cross)
{
    td_v2 re = m->re[k], im = m->im[k];
    *power += share * (re * re + im * im);
    *cross += share * (re[0] * re[1] + im[0] * im[1]);
}

static void sum_bands(const td_spectrum *m, td_band_frame *out)
{
    for (size_t b = 0; b < TD_BANDS; b++) {
        const band_bins *s = &m->band[b];
        if (s->last < s->first) continue;
        td_v2 power = { 0, 0 };
        double cross = 0;
        add_bin(m, s->first, s->first_share, &power, &cross);
        for (size_t k = s->first + 1; k < s->last; k++) add_bin(m, k, 1, &power, &cross);
        if (s->last > s->first) add_bin(m, s->last, s->last_share, &power, &cross);
        out->ll[b] = (float)power[0];
        out->rr[b] = (float)power[1];
        out->lr[b] = (float)cross;
    }
}

/* Emits the frame whose window is held, and lets go of what the next one does not need. */
static void emit(td_spectrum *m)
{
    td_band_frame out = { 0 };
    const float *left = m->held[0], *right = m->held[m->channels - 1];
    if (!silent(left, m->window) || !silent(right, m->window)) {
        for (size_t i = 0; i < m->window; i++) m->x[i] = (td_v2){ (double)left[i], (double)right[i] } * m->hann[i];
        td_fft_forward(m->fft, m->x, m->re, m->im);
        sum_bands(m, &out);
    }
    m->sink(m->user, m->frame++, &out);
    /* the middles of 100 ms, in whole frames */
    size_t hop = (size_t)((2 * m->frame + 1) * m->rate_hz / 20 - (2 * m->frame - 1) * m->rate_hz / 20);
    m->filled -= hop;
    for (unsigned c = 0; c < m->channels; c++) memmove(m->held[c], m->held[c] + hop, m->filled * sizeof(float));
}

static void append(td_spectrum *m, const float *const *ch, size_t at, size_t n)
{
    for (unsigned c = 0; c < m->channels; c++) {
        float *to = m->held[c] + m->filled;
        if (ch)
            memcpy(to, ch[c] + at, n * sizeof(float));
        else
            memset(to, 0, n * sizeof(float));
    }
    m->filled += n;
}

static void feed(td_spectrum *m, const float *const *ch, size_t frames)
{
    for (size_t at = 0; at < frames;) {
        size_t room = m->window - m->filled, n = room < frames - at ? room : frames - at;
        append(m, ch, at, n);
        at += n;
        if (m->filled == m->window) emit(m);
    }
}

void td_spectrum_add(td_spectrum *m, const float *const *ch, size_t frames)
{
    feed(m, ch, frames);
    m->frames += frames;
}

void td_spectrum_end(td_spectrum *m)
{
    /* one frame for each started 100 ms */
    while ((uint64_t)m->frame * m->rate_hz / 10 < m->frames) feed(m, NULL, m->window - m->filled);
}
