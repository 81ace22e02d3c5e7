#include "engine/dsp/formant.h"

#include "engine/base/fft.h"
#include "engine/base/maths.h"
#include "engine/base/memory.h"
#include "engine/base/units.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { OVERLAP = 4 };

#define WINDOW_S    0.043   /* as near as a power of two comes */
#define FLOOR       1e-10   /* of the strongest line's power: below it nothing is looked for */
#define VOICED      0.44    /* the cepstrum at the period of a voice: more; of noise: three deviations of chance */
#define VOICE_HZ    6000    /* partials above do not tell the period */
#define UNVOICED_S  0.004   /* taken for the period where there is none, or none is sure */
#define PERIOD_MIN  0.00125 /* of a voice: 800 .. */
#define PERIOD_MAX  0.02    /* .. to 50 Hz */
#define BAND_MIN    1.5     /* bins: partials that lie closer are taken two by two */
#define BETWEEN     2       /* the envelope leaves what two partials say by 3 dB at most, as power */
#define STRETCH_MAX 1e5     /* no line moves by more than 50 dB, as power */

typedef struct partial {
    double square, inverse; /* of its place, in bins; one over its power */
} partial;

struct td_formant {
    td_fft *fft;
    size_t size, at; /* at: in the rings, which hold one window each */
    double rate_hz, pitch, formant;
    td_v2 *in, *voice, *out;                   /* rings */
    td_v2 *frame, *re, *im, *power, *is, *due; /* one window; is, due: envelopes, as inverse power */
    double *window;
    partial *partial;
};

/* ---- making ----------------------------------------------------------------------------------------------------- */

td_status td_formant_new(double rate_hz, double pitch, double formant, td_formant **out)
{
    td_formant *f = *out = calloc(1, sizeof *f);
    if (!f) return TD_NOMEM;
    *f = (td_formant){ .size = 16, .rate_hz = rate_hz, .pitch = pitch, .formant = formant };
    while (sqrt(2) * (double)f->size < WINDOW_S * rate_hz) f->size *= 2;
    size_t bins = f->size / 2 + 1;
    td_v2 *all = td_calloc2(4 * f->size + 5 * bins, 1, sizeof *all);
    f->window = td_calloc2(f->size, 1, sizeof *f->window);
    f->partial = td_calloc2(2 * bins, 1, sizeof *f->partial);
    f->in = all;
    if (!all || !f->window || !f->partial || td_fft_new(f->size, &f->fft) != TD_OK) {
        td_formant_free(f);
        *out = NULL;
        return TD_NOMEM;
    }
    f->voice = all + f->size, f->out = all + 2 * f->size, f->frame = all + 3 * f->size, f->re = all + 4 * f->size;
    f->im = f->re + bins, f->power = f->im + bins, f->is = f->power + bins, f->due = f->is + bins;
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
    free(f->partial);
    free(f);
}

void td_formant_reset(td_formant *f)
{
    memset(f->in, 0, 3 * f->size * sizeof *f->in);
    f->at = 0;
}

size_t td_formant_latency(const td_formant *f)
{
    return f->size;
}

/* ---- the voice -------------------------------------------------------------------------------------------------- */

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

/* Bins from one partial to the next. High partials count less, or a multiple of the period that is a whole number of
 * samples outdoes the period that is not. Uses `re` and `im`, which nobody needs any more: the voice stays. */
static td_v2 find_spacing(td_formant *f)
{
    td_v2 spacing;
    double last = (double)(f->size / 2), most = fmin(VOICE_HZ / f->rate_hz * (double)f->size, last);
    for (size_t k = 0; k <= f->size / 2; k++) {
        double weight = (double)k < most ? last / most * (1 + td_cos(TD_PI * (double)k / most)) : 0;
        f->re[k] = weight * (td_v2){ td_log(f->power[k][0]), td_log(f->power[k][1]) };
    }
    memset(f->im, 0, (f->size / 2 + 1) * sizeof *f->im);
    td_fft_inverse(f->fft, f->re, f->im, f->frame);
    for (unsigned c = 0; c < 2; c++) {
        size_t period = period_of(f, c);
        spacing[c] = (double)f->size / (period ? (double)period : UNVOICED_S * f->rate_hz);
    }
    return spacing;
}

/* ---- the envelope ----------------------------------------------------------------------------------------------- */

/* The power around each multiple of `spacing`, and its centre: a partial counts whole however a window, or who moved
 * it, has spread it, and one off its multiple leads to the next. Centres are half a spacing apart or more. */
static size_t find_partials(td_formant *f, unsigned lane, double spacing)
{
    size_t n = 0, last = f->size / 2;
    while (spacing < BAND_MIN) spacing *= 2;
    for (double middle = spacing, at; middle < (double)last - 1; middle = at + spacing) {
        double from = middle - 0.5 * spacing, to = middle + 0.5 * spacing, power = 0, moment = 0;
        for (size_t k = (size_t)(from + 0.5); k <= last && (double)k < to + 0.5; k++) {
            double inside = fmin(1, fmin((double)k + 0.5 - from, to + 0.5 - (double)k));
            power += inside * f->power[k][lane];
            moment += inside * f->power[k][lane] * (double)k;
        }
        at = td_clamp(moment / power, from, to);
        f->partial[n++] = (partial){ at * at, 1 / power };
    }
    return n;
}

static double rise(const partial *p, size_t i)
{
    return (p[i + 1].inverse - p[i].inverse) / (p[i + 1].square - p[i].square);
}

/* Of the parabola through a partial and its neighbours; at either end, through the three that are there. */
static double bend(const partial *p, size_t i, size_t n)
{
    if (n < 3) return 0;
    i = i == 0 ? 1 : i + 1 < n ? i : n - 2;
    return (rise(p, i) - rise(p, i - 1)) / (p[i + 1].square - p[i - 1].square);
}

/* A voice is a source through poles (Fant 1960), and the inverse power of a pair of poles is a parabola in cos w, so up
 * to a few kHz in the square of frequency: wherever a formant lies, even below the first partial, three partials tell
 * it. From partial to partial one parabola fades into the next (Overhauser 1968), the first goes on to 0 Hz. Cubics of
 * decibels would leave a formant at the stronger of two partials. Above the last it is flat. */
static void draw_envelope(td_formant *f, td_v2 *envelope, unsigned lane, double spacing)
{
    size_t n = find_partials(f, lane, spacing), k = 0;
    const partial *p = f->partial;
    for (size_t i = 0; i + 1 < n; i++) {
        const partial a = p[i], b = p[i + 1];
        double up = rise(p, i), left = bend(p, i, n), turn = (bend(p, i + 1, n) - left) / (b.square - a.square);
        double least = fmin(a.inverse, b.inverse) / BETWEEN, most = fmax(a.inverse, b.inverse) * BETWEEN;
        for (; (double)(k * k) <= b.square; k++) {
            double from_a = (double)(k * k) - a.square, from_b = (double)(k * k) - b.square;
            envelope[k][lane] = td_clamp(a.inverse + from_a * (up + from_b * (left + from_a * turn)), least, most);
        }
    }
    for (; k <= f->size / 2; k++) envelope[k][lane] = p[n - 1].inverse;
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

/* A ring's window, its spectrum, and its power against the strongest line's. False: silence. */
static bool look_at(td_formant *f, const td_v2 *ring)
{
    td_v2 top = td_v2_set(0);
    for (size_t i = 0; i < f->size; i++) f->frame[i] = f->window[i] * ring[(f->at + i) % f->size];
    td_fft_forward(f->fft, f->frame, f->re, f->im);
    for (size_t k = 0; k <= f->size / 2; k++) {
        f->power[k] = f->re[k] * f->re[k] + f->im[k] * f->im[k];
        top = (td_v2){ fmax(top[0], f->power[k][0]), fmax(top[1], f->power[k][1]) };
    }
    for (size_t k = 0; k <= f->size / 2; k++)
        for (unsigned c = 0; c < 2; c++) f->power[k][c] = top[c] > 0 ? fmax(FLOOR, f->power[k][c] / top[c]) : 1;
    return top[0] > 0 || top[1] > 0;
}

/* What a line is changed by: the voice's envelope at the line that comes here, against the one that is here. */
static double change(const td_formant *f, size_t k, unsigned lane)
{
    double from = fmin((double)k / f->formant, (double)(f->size / 2));
    size_t i = from < (double)(f->size / 2) ? (size_t)from : f->size / 2 - 1;
    double due = f->due[i][lane] + (from - (double)i) * (f->due[i + 1][lane] - f->due[i][lane]);
    return sqrt(td_clamp(f->is[k][lane] / due, 1 / STRETCH_MAX, STRETCH_MAX));
}

static void move(td_formant *f)
{
    look_at(f, f->voice);
    td_v2 spacing = find_spacing(f);
    for (unsigned c = 0; c < 2; c++) draw_envelope(f, f->due, c, spacing[c]);
    if (!look_at(f, f->in)) return;
    for (unsigned c = 0; c < 2; c++) draw_envelope(f, f->is, c, spacing[c] * f->pitch);
    for (size_t k = 0; k <= f->size / 2; k++) {
        td_v2 gain = { change(f, k, 0), change(f, k, 1) };
        f->re[k] *= gain;
        f->im[k] *= gain;
    }
    td_fft_inverse(f->fft, f->re, f->im, f->frame);
    for (size_t i = 0; i < f->size; i++) f->out[(f->at + i) % f->size] += f->window[i] * (2.0 / 3) * f->frame[i];
}

td_v2 td_formant_pass(td_formant *f, td_v2 x, td_v2 voice)
{
    td_v2 y = f->out[f->at];
    f->out[f->at] = td_v2_set(0);
    f->in[f->at] = x;
    f->voice[f->at] = voice;
    f->at = f->at + 1 == f->size ? 0 : f->at + 1;
    if (f->at % (f->size / OVERLAP) == 0) move(f);
    return y;
}
