#include "engine/meter/meter.h"

#include "engine/base/base.h"
#include <stdlib.h>
#include <string.h>

#define LOWEST_BAND 14    /* 10^1.4 = 25 Hz */
#define LANES       8     /* windows in one transform: four of both channels, or eight of a single one */
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
    float first_share, last_share;
} band_bins;

struct td_bands {
    double bin_hz;
    size_t window; /* frames, a power of two */
    td_fft8 *fft;
    float *hann; /* scaled so that the powers of all bins add up to the mean square */
    td_f8 *x, *re, *im;
    band_bins twelfth[TD_TWELFTHS];
};

struct td_spectrum {
    uint64_t rate_hz;
    unsigned channels;
    size_t window;
    float *held[2]; /* the last `filled` frames of the signal */
    size_t filled;
    uint64_t frames;     /* handed in so far */
    size_t frame, limit; /* the next to emit; how many there are at most */
    td_spectrum_sink sink;
    void *user;
};

/* 8192 at 44.1 and 48 kHz, in proportion at others. */
static size_t window_at(unsigned rate_hz)
{
    size_t n = 1024;
    while ((double)n * 1.4142135 < 8192.0 * rate_hz / 48000) n *= 2;
    return n;
}

static band_bins bins_of(size_t twelfth, double rate_hz, size_t window)
{
    double width = rate_hz / (double)window, edge = (double)LOWEST_BAND - 0.5 + (double)twelfth / 4;
    double low = td_exp10(edge / 10), high = td_exp10((edge + 0.25) / 10),
           band_top = td_band_hz(twelfth / 4) * td_exp10(0.05);
    if (band_top > 0.45 * rate_hz) return (band_bins){ .first = 1 };
    band_bins b = { .first = (size_t)rint(low / width), .last = (size_t)rint(high / width) };
    b.first_share = (float)((double)b.first + 0.5 - low / width);
    b.last_share = (float)(high / width - (double)b.last + 0.5);
    if (b.first == b.last) {
        b.first_share += b.last_share - 1;
        b.last_share = 0;
    }
    return b;
}

td_status td_bands_new(unsigned rate_hz, td_bands **out)
{
    *out = NULL;
    if (rate_hz < 8000 || rate_hz > 384000) return TD_ARG;
    td_bands *w = calloc(1, sizeof *w);
    if (!w) return TD_NOMEM;
    size_t n = w->window = window_at(rate_hz);
    w->bin_hz = (double)rate_hz / (double)n;
    td_status st = td_fft8_new(n, &w->fft);
    w->hann = td_calloc2(n, 1, sizeof *w->hann);
    w->x = td_calloc2(n, 1, sizeof *w->x);
    w->re = td_calloc2(n / 2 + 1, 1, sizeof *w->re);
    w->im = td_calloc2(n / 2 + 1, 1, sizeof *w->im);
    if (st || !w->hann || !w->x || !w->re || !w->im) {
        td_bands_free(w);
        return TD_NOMEM;
    }
    double length = (double)n, energy = 0.375 * length; /* of a periodic Hann window */
    for (size_t i = 0; i < n; i++)
        w->hann[i] = (float)((0.5 - 0.5 * td_cos(2 * TD_PI * (double)i / length)) * sqrt(2 / (length * energy)));
    for (size_t b = 0; b < TD_TWELFTHS; b++) w->twelfth[b] = bins_of(b, rate_hz, n);
    *out = w;
    return TD_OK;
}

void td_bands_free(td_bands *w)
{
    if (!w) return;
    td_fft8_free(w->fft);
    free(w->hann);
    free(w->x);
    free(w->re);
    free(w->im);
    free(w);
}

double td_bands_between(const td_bands *w, double low_hz, double high_hz)
{
    size_t first = (size_t)ceil(low_hz / w->bin_hz), last = (size_t)ceil(high_hz / w->bin_hz);
    td_f8 power = { 0 };
    for (size_t k = first; k < last && k <= w->window / 2; k++) power += w->re[k] * w->re[k] + w->im[k] * w->im[k];
    return 0.25 *
           (double)(((power[0] + power[1]) + (power[2] + power[3])) + ((power[4] + power[5]) + (power[6] + power[7])));
}

td_status td_spectrum_new(unsigned rate_hz, unsigned channels, td_spectrum_sink sink, void *user, td_spectrum **out)
{
    *out = NULL;
    if (rate_hz < 8000 || rate_hz > 384000 || channels < 1 || channels > 2 || !sink) return TD_ARG;
    td_spectrum *m = calloc(1, sizeof *m);
    if (!m) return TD_NOMEM;
    *m = (td_spectrum){ .rate_hz = rate_hz,
                        .channels = channels,
                        .window = window_at(rate_hz),
                        .limit = SIZE_MAX,
                        .sink = sink,
                        .user = user };
    for (unsigned c = 0; c < channels; c++)
        m->held[c] = td_calloc2(m->window + LANES * (rate_hz / 10 + 1), 1, sizeof(float));
    if (!m->held[0] || !m->held[channels - 1]) {
        td_spectrum_free(m);
        return TD_NOMEM;
    }
    /* the first window is centred on the middle of the first 100 ms: what lies before the start is silence */
    m->filled = m->window / 2 - rate_hz / 20;
    *out = m;
    return TD_OK;
}

void td_spectrum_free(td_spectrum *m)
{
    if (!m) return;
    free(m->held[0]);
    free(m->held[1]);
    free(m);
}

/* n, a multiple of 64; what sounds is found soon. */
static bool silent(const float *x, size_t n)
{
    for (size_t i = 0; i < n; i += 64)
        if (td_largest(x + i, 64) >= SILENCE) return false;
    return true;
}

typedef struct sums {
    td_f8 power, cross; /* of each lane; of a pair, lanes 0 and 1, 2 and 3 ..., with each other: the same in both */
} sums;

static inline __attribute__((always_inline)) void add_bin(const td_bands *w, size_t k, float share, bool pairs, sums *s)
{
    td_f8 re = w->re[k], im = w->im[k];
    s->power += share * (re * re + im * im);
    if (!pairs) return;
    td_f8 other_re = __builtin_shufflevector(re, re, 1, 0, 3, 2, 5, 4, 7, 6),
          other_im = __builtin_shufflevector(im, im, 1, 0, 3, 2, 5, 4, 7, 6);
    s->cross += share * (re * other_re + im * other_im);
}

static inline __attribute__((always_inline)) void add_bins(const td_bands *w, bool pairs, sums out[TD_TWELFTHS])
{
    for (size_t b = 0; b < TD_TWELFTHS; b++) {
        const band_bins *bins = &w->twelfth[b];
        sums s = { 0 };
        if (bins->first <= bins->last) add_bin(w, bins->first, bins->first_share, pairs, &s);
        for (size_t k = bins->first + 1; k < bins->last; k++) add_bin(w, k, 1, pairs, &s);
        if (bins->first < bins->last) add_bin(w, bins->last, bins->last_share, pairs, &s);
        out[b] = s;
    }
}

/* Bands of windows side by side, by twelfths; of pairs, what they have in common as well. A silent one leaves zeros. */
TD_WIDE static void analyse(td_bands *w, const float *const x[LANES], bool pairs, sums out[TD_TWELFTHS])
{
    td_f8 sounds;
    bool any = false;
    memset(out, 0, TD_TWELFTHS * sizeof *out);
    for (int k = 0; k < LANES; k++) {
        sounds[k] = !silent(x[k], w->window);
        any |= sounds[k] > 0;
    }
    if (!any) return;
    for (size_t i = 0; i < w->window; i += 4) {
        td_f4 low[4], high[4];
        td_f4_frames(x, i, low);
        td_f4_frames(x + 4, i, high);
        for (size_t k = 0; k < 4; k++)
            w->x[i + k] = __builtin_shufflevector(low[k], high[k], 0, 1, 2, 3, 4, 5, 6, 7) * sounds * w->hann[i + k];
    }
    td_fft8_forward(w->fft, w->x, w->re, w->im);
    if (pairs)
        add_bins(w, true, out);
    else
        add_bins(w, false, out);
}

/* The frame of lane a against lane b; mono is a lane against itself. */
static void emit(td_spectrum *m, const sums *s, unsigned a, unsigned b)
{
    td_band_frame frame = { 0 };
    float twelfth[TD_TWELFTHS];
    if (m->frame == m->limit) return;
    for (size_t i = 0; i < TD_BANDS; i++) {
        for (size_t t = 4 * i; t < 4 * i + 4; t++) {
            frame.ll[i] += s[t].power[a];
            frame.rr[i] += s[t].power[b];
            frame.lr[i] += a == b ? s[t].power[a] : s[t].cross[a];
            twelfth[t] = s[t].power[a] + s[t].power[b];
        }
    }
    m->sink(m->user, m->frame++, &frame, twelfth);
}

/* From the middle of the next 100 ms to be analysed to that of the n-th after it, in whole frames at any rate. */
static size_t after(const td_spectrum *m, size_t n)
{
    return (size_t)((2 * (m->frame + n) + 1) * m->rate_hz / 20 - (2 * m->frame + 1) * m->rate_hz / 20);
}

/* What a turn needs. */
static size_t batch(const td_spectrum *m)
{
    return m->window + after(m, LANES / m->channels - 1);
}

static void turn(td_spectrum *m, td_bands *work)
{
    sums s[TD_TWELFTHS];
    const float *window[LANES];
    size_t done = after(m, LANES / m->channels);
    for (unsigned k = 0; k < LANES; k++) window[k] = m->held[k % m->channels] + after(m, k / m->channels);
    analyse(work, window, m->channels == 2, s);
    for (unsigned k = 0; k < LANES; k += m->channels) emit(m, s, k, k + m->channels - 1);
    m->filled -= done;
    for (unsigned c = 0; c < m->channels; c++) memmove(m->held[c], m->held[c] + done, m->filled * sizeof(float));
}

/* ch NULL: silence. */
static void feed(td_spectrum *m, td_bands *work, const float *const *ch, size_t frames)
{
    for (size_t at = 0; at < frames;) {
        size_t room = batch(m) - m->filled, n = room < frames - at ? room : frames - at;
        for (unsigned c = 0; c < m->channels; c++) {
            float *to = m->held[c] + m->filled;
            if (ch)
                memcpy(to, ch[c] + at, n * sizeof(float));
            else
                memset(to, 0, n * sizeof(float));
        }
        m->filled += n;
        at += n;
        if (m->filled == batch(m)) turn(m, work);
    }
}

void td_spectrum_add(td_spectrum *m, td_bands *work, const float *const *ch, size_t frames)
{
    feed(m, work, ch, frames);
    m->frames += frames;
}

void td_spectrum_end(td_spectrum *m, td_bands *work)
{
    m->limit = (size_t)((m->frames * 10 + m->rate_hz - 1) / m->rate_hz);
    while (m->frame < m->limit) feed(m, work, NULL, batch(m) - m->filled);
}
