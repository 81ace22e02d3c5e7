#include "engine/base/lanes.h"
#include "engine/base/maths.h"
#include "engine/dsp/delayline.h"
#include "engine/dsp/dsp.h"

#include <string.h>

enum { DELAY, FLIP, PARAMS };

/* clang-format off */
static const td_param params[PARAMS] = {
    [DELAY] = { "delay", TD_UNIT_MS, -1000, 1000, 0, .step = 0.001, .flags = TD_SOLVABLE,
                .help = "later, or with a minus earlier, to a fraction of a sample" },
    [FLIP] = { "flip", TD_UNIT_SWITCH, 0, 1, 0, .help = "turns the polarity over too" },
};
/* clang-format on */

enum { HALF = 36, TAPS = 2 * HALF };

/* Latency is what lets a delay be negative: the chain's output is taken that much later. */
typedef struct align {
    size_t latency, whole; /* frames: declared; of the delay line */
    float sign;
    bool between; /* samples: the filter is needed */
    double tap[TAPS];
    td_v2 past[TAPS - 1 + TD_BLOCK]; /* the last TAPS - 1 frames, then the block */
    td_delayline line;
} align;

/* A sinc `fraction` frames behind the middle in Kaiser's window, 1 at 0 Hz. Beta 11.2: what is not right is 100 dB
 * down, up to 0.9 of half the rate. */
static void fractional_taps(double fraction, double *tap)
{
    double sum = 0;
    for (int i = 0; i < TAPS; i++) {
        double t = i - (HALF - 1) - fraction, edge = t / HALF;
        tap[i] = td_sin(TD_PI * t) / (TD_PI * t) * td_bessel_i0(11.2 * sqrt(fmax(0, 1 - edge * edge)));
        sum += tap[i];
    }
    for (int i = 0; i < TAPS; i++) tap[i] /= sum;
}

static td_status align_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    align *a = st;
    double frames = set->value[DELAY] * 0.001 * fmt->rate_hz, whole = floor(frames + 1e-6), part = frames - whole;
    a->sign = set->value[FLIP] > 0 ? -1 : 1;
    a->between = part > 1e-6;
    a->latency = (size_t)(HALF - 1 + fmax(0, -whole));
    a->whole = (size_t)((double)a->latency + whole) - (a->between ? HALF - 1 : 0);
    if (a->between) fractional_taps(part, a->tap);
    if (td_delayline_init(&a->line, a->whole) == TD_OK) return TD_OK;
    return td_no_memory(err);
}

static void interpolate(align *a, float *const *ch, size_t frames)
{
    td_v2 *block = a->past + TAPS - 1;
    td_v2_load_all((const float *const *)ch, block, frames);
    for (size_t i = 0; i < frames; i++) {
        td_v2 even = td_v2_set(0), odd = td_v2_set(0);
        for (size_t k = 0; k < TAPS; k += 2) {
            even += a->tap[k] * a->past[i + TAPS - 1 - k];
            odd += a->tap[k + 1] * a->past[i + TAPS - 2 - k];
        }
        td_v2_store(ch, i, even + odd);
    }
    memmove(a->past, a->past + frames, (TAPS - 1) * sizeof *a->past);
}

static void align_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)key, (void)gr;
    align *a = st;
    td_delayline_process(&a->line, (const float *const *)ch, ch, frames);
    if (a->between) interpolate(a, ch, frames);
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < frames; i++) ch[c][i] *= a->sign;
}

static void align_reset(void *st)
{
    align *a = st;
    memset(a->past, 0, sizeof a->past);
    td_delayline_reset(&a->line);
}

static size_t align_latency(const void *st)
{
    return ((const align *)st)->latency;
}

static size_t align_tail(const void *st)
{
    const align *a = st;
    return a->whole + TAPS > a->latency ? a->whole + TAPS - a->latency : 0;
}

static void align_destroy(void *st)
{
    td_delayline_fini(&((align *)st)->line);
}

const td_processor td_align = {
    .name = "align",
    .help = "moves a layer or microphone in time and turns it over, so that it adds instead of cancelling",
    .stands_for = "Auto-Align, or the nudge of an editor",
    .params = params,
    .n_params = PARAMS,
    .state_size = sizeof(align),
    .prepare = align_prepare,
    .process = align_process,
    .reset = align_reset,
    .latency = align_latency,
    .tail = align_tail,
    .destroy = align_destroy,
    .linear = true,
};
