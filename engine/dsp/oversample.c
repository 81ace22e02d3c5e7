#include "engine/dsp/oversample.h"

#include "engine/base/maths.h"
#include "engine/base/memory.h"
#include "engine/dsp/solve.h"
#include <stdlib.h>
#include <string.h>

#define STAGES_MAX 4
#define PASS_HZ    20000.0
#define SPARE      16 /* raised, they fill the history of a stage behind the second: 16 and twice at most 8 taps */
#define DRAFT      4  /* times fewer samples */

/* By Kaiser's estimate, for one stage: all images of all stages together then keep to -100 dB. */
static const double stop_db[] = {
    [TD_OVERSAMPLE_POINTS] = 112,
    [TD_OVERSAMPLE_MEANS] = 112,
    [TD_OVERSAMPLE_DRAFT] = 60,
};

/* One doubling of the rate, low -> high -> low:
 *
 *   up:    [ SPARE + 2 taps of history | block ]    ->  evens are copies, odds the mean of their neighbours
 *   down:  [ 2 (wait + taps) of history | block ]   ->  at the low rate
 *
 * The high block of one stage is the low block of the next; the last one is what the caller sees. */
typedef struct stage {
    td_v2 *up, *down;          /* work space, history first */
    size_t up_past, down_past; /* history, in samples of its own rate */
    td_v2 *odd;                /* half-band: pairs of taps around the middle; their sum is 1/2 */
    td_v2 *mean;               /* last stage after an averaging shaper: pairs around a middle between samples */
    size_t taps, means;        /* pairs of each */
    size_t wait;               /* delay of down, in low-rate samples */
} stage;

struct td_oversample {
    unsigned stages;
    size_t latency;
    double growth; /* of the first doubling's peaks, at most, on their way up */
    bool idle;     /* the stages behind the first have missed something */
    stage stage[STAGES_MAX];
};

/* ---- design ----------------------------------------------------------------------------------------------------- */

/* Taps of a low-pass from pass_hz to stop_hz by Kaiser's estimate, (A - 7.95) / (2.285 dW) + 1. */
static size_t kaiser_length(double stopped_db, double pass_hz, double stop_hz, double rate_hz)
{
    double width = 2 * TD_PI * (stop_hz - pass_hz) / rate_hz;
    return (size_t)ceil((stopped_db - 7.95) / (2.285 * width) + 1);
}

/* A half-band's taps beside the middle are 1 / (pi k) with alternating signs at odd k, Kaiser-windowed, and 0 at even
 * k; scaled so that the odd samples keep direct current exactly. */
static void design_odd(td_v2 *c, size_t taps, double stopped_db)
{
    double beta = 0.1102 * (stopped_db - 8.7), sum = 0;
    for (size_t i = 0; i < taps; i++) {
        double k = 2.0 * (double)i + 1, edge = k / (2.0 * (double)taps);
        double h = td_bessel_i0(beta * sqrt(1 - edge * edge)) / k * (i % 2 ? -1 : 1);
        c[i] = td_v2_set(h);
        sum += h;
    }
    for (size_t i = 0; i < taps; i++) c[i] *= td_v2_set(0.5 / sum);
}

/* The symmetric filter of even length whose response times cos(w/2) comes nearest to 1 below `pass` and to 0 above
 * `stop` (radians): least squares over both bands. TD_NOMEM. */
static td_status design_mean(td_v2 *c, size_t n, double pass, double stop)
{
    enum { POINTS = 400 }; /* a band; the longest filter, 2x at 44.1 kHz, has 80 pairs */
    double *a = td_calloc2(n + 2, n, sizeof *a);
    if (!a) return TD_NOMEM;
    double *b = a + n * n, *phi = b + n;
    for (int g = 0; g < 2 * POINTS; g++) {
        double at = (g % POINTS + 0.5) / POINTS;
        double w = g < POINTS ? at * pass : stop + at * (TD_PI - stop);
        double scale = g < POINTS ? td_cos(w / 2) : 1;
        for (size_t k = 0; k < n; k++) phi[k] = 2 * scale * td_cos(((double)k + 0.5) * w);
        for (size_t i = 0; i < n; i++) {
            if (g < POINTS) b[i] += phi[i];
            for (size_t k = 0; k <= i; k++) a[i * n + k] += phi[i] * phi[k];
        }
    }
    for (size_t i = 0; i < n; i++) a[i * n + i] += 1e-9 * POINTS; /* the band between is nobody's: keep it tame */
    td_solve(a, b, n);
    double sum = 0;
    for (size_t k = 0; k < n; k++) sum += b[k];
    for (size_t k = 0; k < n; k++) c[k] = td_v2_set(0.5 * b[k] / sum);
    free(a);
    return TD_OK;
}

/* ---- stages ------------------------------------------------------------------------------------------------------ */

unsigned td_oversample_factor(double rate_hz, double least_hz, td_oversample_for shaper)
{
    unsigned factor = 2;
    while (factor < 16 && factor * rate_hz < least_hz) factor *= 2;
    if (shaper != TD_OVERSAMPLE_DRAFT) return factor;
    return factor > 2 * DRAFT ? factor / DRAFT : 2;
}

/* Sizes, taps and memory of stage `s`, whose low rate is low_hz. `multiple`: low-rate samples that make a frame. */
static td_status stage_init(stage *s, double low_hz, size_t multiple, td_oversample_for shaper)
{
    bool means = shaper == TD_OVERSAMPLE_MEANS;
    size_t length = kaiser_length(stop_db[shaper], PASS_HZ, low_hz - PASS_HZ, 2 * low_hz);
    size_t frames = TD_OVERSAMPLE_FRAMES * multiple;
    s->taps = (length + 4) / 4;
    s->means = means ? (length + 1) / 2 : 0;
    s->wait = means ? s->means / 2 : s->taps;
    while ((s->taps + s->wait) % multiple != 0) s->wait++;
    s->up_past = SPARE + 2 * s->taps;
    s->down_past = 2 * (s->wait + (means ? s->means : s->taps) + 1);
    s->up = td_calloc2(s->up_past + frames, 1, sizeof *s->up);
    s->down = td_calloc2(s->down_past + 2 * frames, 1, sizeof *s->down);
    s->odd = td_calloc2(s->taps, 1, sizeof *s->odd);
    s->mean = td_calloc2(s->means + 1, 1, sizeof *s->mean);
    if (!s->up || !s->down || !s->odd || !s->mean) return TD_NOMEM;
    design_odd(s->odd, s->taps, stop_db[shaper]);
    double turn = TD_PI / low_hz; /* radians a hertz at the high rate */
    return means ? design_mean(s->mean, s->means, PASS_HZ * turn, (low_hz - PASS_HZ) * turn) : TD_OK;
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

/* The one loop all three filters share: y[j] = sum c[i] (lo[j next - i step] + hi[j next + i step]). Four outputs run
 * side by side to hide the additions' latency; each keeps its own order of sums, so n does not change a bit. next is
 * known where this is inlined. */
static inline __attribute__((always_inline)) void fold(const td_v2 *lo, const td_v2 *hi, ptrdiff_t step, ptrdiff_t next,
                                                       const td_v2 *c, size_t taps, td_v2 *y, ptrdiff_t stride,
                                                       size_t n)
{
    for (; n >= 4; n -= 4, lo += 4 * next, hi += 4 * next, y += 4 * stride) {
        td_v4 y0 = { 0 }, y2 = { 0 };
        const td_v2 *a = lo, *b = hi;
        for (size_t i = 0; i < taps; i++, a -= step, b += step) {
            td_v4 tap = TD_V4(c[i], c[i]);
            y0 += tap * (TD_V4(a[0], a[next]) + TD_V4(b[0], b[next]));
            y2 += tap * (TD_V4(a[2 * next], a[3 * next]) + TD_V4(b[2 * next], b[3 * next]));
        }
        y[0] = TD_LOW(y0);
        y[stride] = TD_HIGH(y0);
        y[2 * stride] = TD_LOW(y2);
        y[3 * stride] = TD_HIGH(y2);
    }
    for (; n > 0; n--, lo += next, hi += next, y += stride) {
        td_v2 sum = { 0, 0 };
        const td_v2 *a = lo, *b = hi;
        for (size_t i = 0; i < taps; i++, a -= step, b += step) sum += c[i] * (a[0] + b[0]);
        *y = sum;
    }
}

/* n samples from place `at` of s->up on; 2 n go to high. Output 2t is input t - taps. */
TD_WIDE static void stage_raise(const stage *s, size_t at, td_v2 *high, size_t n)
{
    const td_v2 *middle = s->up + at - s->taps;
    for (size_t i = 0; i < n; i++) high[2 * i] = middle[i];
    fold(middle, middle + 1, 1, 1, s->odd, s->taps, high + 1, 2, n);
}

static void stage_pass(stage *s, size_t n)
{
    memmove(s->up, s->up + n, s->up_past * sizeof *s->up);
}

/* 2 n samples stand behind the history of s->down; n go to low. Output t is centred on input 2 (t - wait). */
TD_WIDE static void stage_down(stage *s, td_v2 *low, size_t n)
{
    const td_v2 *middle = s->down + s->down_past - 2 * s->wait;
    if (s->means) {
        fold(middle, middle + 1, 1, 2, s->mean, s->means, low, 1, n);
    } else {
        fold(middle - 1, middle + 1, 2, 2, s->odd, s->taps, low, 1, n);
        for (size_t i = 0; i < n; i++) low[i] = td_v2_set(0.5) * (low[i] + middle[2 * i]);
    }
    memmove(s->down, s->down + 2 * n, s->down_past * sizeof *s->down);
}

/* Where stage i puts what it makes. */
static td_v2 *above(const td_oversample *o, unsigned i)
{
    const stage *s = &o->stage[i];
    return i + 1 < o->stages ? s[1].up + s[1].up_past : s->down + s->down_past;
}

static td_v2 *rise(td_oversample *o, unsigned from, size_t frames)
{
    for (unsigned i = from; i < o->stages; i++) {
        stage *s = &o->stage[i];
        stage_raise(s, s->up_past, above(o, i), frames << i);
        stage_pass(s, frames << i);
    }
    return above(o, o->stages - 1);
}

/* By how much a sample may exceed those of the first doubling that it is made of, at most: the sum of magnitudes it
 * takes of them. What one of them, as 1, becomes tells, for every `step` places one is taken of the next. */
static double growth_of(td_oversample *o)
{
    enum { LONG = TD_OVERSAMPLE_FRAMES };
    double most = 1;
    if (o->stages == 1) return most;
    size_t step = (size_t)1 << (o->stages - 1);
    o->stage[1].up[o->stage[1].up_past] = td_v2_set(1);
    const td_v2 *becomes = rise(o, 1, LONG / 2);
    for (size_t place = 0; place < step; place++) {
        double sum = 0;
        for (size_t i = place; i < LONG * step; i += step) sum += fabs(becomes[i][0]);
        most = fmax(most, sum);
    }
    td_oversample_reset(o);
    return most;
}

td_v2 *td_oversample_up(td_oversample *o, const td_v2 *in, size_t frames)
{
    memcpy(o->stage->up + o->stage->up_past, in, frames * sizeof *in);
    return rise(o, 0, frames);
}

/* What the stages behind the second have missed, from what the second still holds. Returns the last sample of all. */
static td_v2 catch_up(td_oversample *o)
{
    td_v2 made[2 * SPARE];
    for (unsigned i = 1; i < o->stages; i++) {
        const stage *s = &o->stage[i];
        stage_raise(s, s->up_past - SPARE, made, SPARE);
        if (i + 1 < o->stages) memcpy(s[1].up, made + 2 * SPARE - s[1].up_past, s[1].up_past * sizeof *made);
    }
    return made[2 * SPARE - 1];
}

static bool below(const td_v2 *x, size_t n, double limit)
{
    td_v2 most = { 0 };
    for (size_t i = 0; i < n; i++) most = td_v2_max(most, td_v2_abs(x[i]));
    return most[0] < limit && most[1] < limit;
}

td_v2 *td_oversample_up_above(td_oversample *o, const td_v2 *in, size_t frames, double limit, td_v2 *before)
{
    if (o->stages == 1) return td_oversample_up(o, in, frames);
    stage *s = o->stage, *next = s + 1;
    memcpy(s->up + s->up_past, in, frames * sizeof *in);
    stage_raise(s, s->up_past, above(o, 0), frames);
    stage_pass(s, frames);
    if (below(next->up, next->up_past + 2 * frames, limit / o->growth)) { /* what is on its way up as well */
        stage_pass(next, 2 * frames);
        o->idle = true;
        return NULL;
    }
    if (o->idle) *before = catch_up(o);
    o->idle = false;
    return rise(o, 1, frames);
}

void td_oversample_down(td_oversample *o, td_v2 *out, size_t frames)
{
    for (stage *s = o->stage + o->stages - 1; s > o->stage; s--)
        stage_down(s, s[-1].down + s[-1].down_past, frames * (1u << (s - o->stage)));
    stage_down(o->stage, out, frames);
}

/* ---- making ------------------------------------------------------------------------------------------------------ */

td_status td_oversample_new(double rate_hz, unsigned factor, td_oversample_for shaper, td_oversample **out)
{
    *out = NULL;
    if (factor != 2 && factor != 4 && factor != 8 && factor != 16) return TD_ARG;
    if (!(rate_hz >= 44100)) return TD_ARG;
    td_oversample *o = calloc(1, sizeof *o);
    if (!o) return TD_NOMEM;
    td_status st = TD_OK;
    for (size_t multiple = 1; st == TD_OK && multiple < factor; multiple *= 2) {
        stage *s = &o->stage[o->stages++];
        bool last = 2 * multiple == factor;
        st = stage_init(s, rate_hz * (double)multiple, multiple,
                        !last && shaper == TD_OVERSAMPLE_MEANS ? TD_OVERSAMPLE_POINTS : shaper);
        o->latency += (s->taps + s->wait) / multiple;
    }
    if (st != TD_OK) {
        td_oversample_free(o);
        return st;
    }
    o->growth = growth_of(o);
    *out = o;
    return TD_OK;
}

void td_oversample_free(td_oversample *o)
{
    if (!o) return;
    for (unsigned i = 0; i < STAGES_MAX; i++) {
        free(o->stage[i].up);
        free(o->stage[i].down);
        free(o->stage[i].odd);
        free(o->stage[i].mean);
    }
    free(o);
}

void td_oversample_reset(td_oversample *o)
{
    for (unsigned i = 0; i < o->stages; i++) {
        stage *s = &o->stage[i];
        memset(s->up, 0, s->up_past * sizeof *s->up);
        memset(s->down, 0, s->down_past * sizeof *s->down);
    }
    o->idle = false;
}

size_t td_oversample_latency(const td_oversample *o)
{
    return o->latency;
}
