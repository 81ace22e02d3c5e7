#include "engine/base/memory.h"
#include "engine/base/units.h"
#include "engine/dsp/dsp.h"
#include "engine/dsp/fraction.h"
#include "engine/dsp/rest.h"
#include "engine/dsp/section.h"

#include <stdlib.h>
#include <string.h>

enum { MODE, AMOUNT, RATE, DEPTH, DELAY, LOW_CUT, CHORUS_PARAMS };
enum { CHORUS, DIMENSION, DOUBLER };

static const char *const mode_names[] = { "chorus", "dimension", "doubler", NULL };

/* clang-format off */
static const td_param chorus_params[CHORUS_PARAMS] = {
    [MODE] = { "mode", TD_UNIT_CHOICE, 0, DOUBLER, CHORUS, .choices = mode_names,
        .help = "chorus: a voice on each side; dimension, doubler: width that vanishes in mono, moving or as if sung twice" },
    [AMOUNT] = { "amount", TD_UNIT_PERCENT, 0, 100, 50, .flags = TD_SOLVABLE,
        .help = "level of the voices against the sound" },
    [RATE] = { "rate", TD_UNIT_HZ, 0.05, 5, NAN, .step = 0.01,
        .help = "of the movement; not set: 0.6 Hz (chorus), 0.35 Hz (dimension), 0.2 Hz (doubler)" },
    [DEPTH] = { "depth", TD_UNIT_MS, 0, 10, NAN,
        .help = "of the movement, to either side; not set: 2.5 ms (chorus), 1.8 ms (dimension), 3 ms (doubler)" },
    [DELAY] = { "delay", TD_UNIT_MS, 3, 50, NAN,
        .help = "of the first voice; not set: 12 ms (chorus), 9 ms (dimension), 19 ms (doubler)" },
    [LOW_CUT] = { "low_cut", TD_UNIT_HZ, 20, 1000, 150, .help = "voices have nothing below, 12 dB/oct" },
};

/* spread: how much later the second voice is. wander: share of a second, slower movement that does not repeat with the
 * first. apart: cycles between the two voices' movements. */
static const struct mode {
    double rate_hz, depth_ms, delay_ms, spread, wander, apart;
    bool to_sides; /* voices of the middle, one to the sides and the other turned over: left + right stays as it was */
} modes[] = {
    [CHORUS] =    { 0.60, 2.5, 12, 1.00, 0,    0.25, false },
    [DIMENSION] = { 0.35, 1.8,  9, 1.00, 0,    0.50, true },
    [DOUBLER] =   { 0.20, 3.0, 19, 1.45, 0.45, 0.37, true },
};
/* clang-format on */

#define PIECE     128
#define WANDER_HZ 0.618034 /* of the rate */
#define TAIL_S    0.15     /* what the cut rings on: 20 Hz, to -100 dB */

typedef struct phasor {
    double from, pace; /* cycles: where it stands when the song begins, and how far it goes in a frame */
    double re, im, turn_re, turn_im;
} phasor;

typedef struct voice {
    phasor move[2]; /* swing and wander */
    double centre;  /* samples */
} voice;

typedef struct chorus {
    td_fraction between;
    voice voice[2];
    double depth, wander; /* samples; share of the second movement */
    double dry, wet;
    bool to_sides;
    td_section cut[TD_MATCH_MAX];
    size_t n_cuts;
    float *past[2]; /* written twice, `size` apart, so that what lies behind is always in one piece */
    size_t size, at, tail;
    td_rest rest;
    int64_t frame, turned; /* in the song: of what comes next, and where the phasors stand */
    td_v2 x[PIECE];
} chorus;

static phasor phasor_of(double cycles, double hz, double rate_hz)
{
    double turn = 2 * TD_PI * hz / rate_hz;
    return (phasor){ .from = cycles, .pace = hz / rate_hz, .turn_re = td_cos(turn), .turn_im = td_sin(turn) };
}

/* Voices move by the song's time, so that sounds that enter one by one add up to what they are together. */
static void turn_to(chorus *c, int64_t frame)
{
    for (unsigned k = 0; k < 4; k++) {
        phasor *p = &c->voice[k / 2].move[k % 2];
        double cycles = p->from + p->pace * (double)frame, angle = 2 * TD_PI * (cycles - floor(cycles));
        p->re = td_cos(angle);
        p->im = td_sin(angle);
    }
    c->turned = frame;
}

static double swing(phasor *p)
{
    double now = p->im, re = p->re * p->turn_re - p->im * p->turn_im;
    p->im = p->re * p->turn_im + p->im * p->turn_re;
    p->re = re;
    return now;
}

static void clear(chorus *c)
{
    for (unsigned k = 0; k < 2; k++) memset(c->past[k], 0, 2 * c->size * sizeof *c->past[k]);
    td_section_clear(c->cut, c->n_cuts);
    c->at = 0;
}

static void chorus_reset(void *st)
{
    chorus *c = st;
    clear(c);
    turn_to(c, 0);
    c->frame = 0;
    c->rest = td_rest_init(c->tail);
}

static void chorus_place(void *st, int64_t frame)
{
    chorus *c = st;
    c->frame = frame;
}

static double or_own(double value, double own)
{
    return isnan(value) ? own : value;
}

static void set_voices(chorus *c, const struct mode *m, const double *value, double rate_hz)
{
    double hz = or_own(value[RATE], m->rate_hz), delay_ms = or_own(value[DELAY], m->delay_ms);
    double depth_ms = fmin(or_own(value[DEPTH], m->depth_ms), delay_ms - 1); /* never into the future */
    c->depth = depth_ms / 1000 * rate_hz;
    c->wander = m->wander;
    for (unsigned k = 0; k < 2; k++) {
        voice *v = &c->voice[k];
        v->centre = delay_ms * (k ? m->spread : 1) / 1000 * rate_hz;
        v->move[0] = phasor_of(k * m->apart, hz, rate_hz);
        v->move[1] = phasor_of(k * m->apart + 0.25, WANDER_HZ * hz, rate_hz);
    }
    c->size = (size_t)(c->voice[1].centre + c->depth) + TD_FRACTION_TAPS;
}

static td_status chorus_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    chorus *c = st;
    const double *value = set->value;
    const struct mode *m = &modes[(size_t)value[MODE]];
    double amount = value[AMOUNT] / 100;
    c->to_sides = m->to_sides;
    c->dry = m->to_sides ? 1 : 1 / sqrt(1 + amount * amount); /* as loud as before */
    c->wet = m->to_sides ? amount * sqrt(0.5) : amount * c->dry;
    set_voices(c, m, value, fmt->rate_hz);
    td_section_append(c->cut, &c->n_cuts, td_high_pass(value[LOW_CUT], sqrt(0.5)), fmt->rate_hz);
    c->tail = c->size + (size_t)(TAIL_S * fmt->rate_hz);
    td_status ok = td_fraction_init(&c->between);
    for (unsigned k = 0; k < 2 && ok == TD_OK; k++) {
        c->past[k] = td_calloc2(2, c->size, sizeof *c->past[k]);
        if (!c->past[k]) ok = TD_NOMEM;
    }
    if (ok != TD_OK) return td_no_memory(err);
    chorus_reset(c);
    return TD_OK;
}

/* The sound of channel k as it was a moving while ago. */
static double sing(chorus *c, unsigned k)
{
    voice *v = &c->voice[k];
    double move = (1 - c->wander) * swing(&v->move[0]) + c->wander * swing(&v->move[1]);
    double at = -(v->centre + c->depth * move), whole = floor(at);
    const float *newest = c->past[k] + c->size + c->at;
    return (double)td_fraction_read(&c->between, newest + (ptrdiff_t)whole - (TD_FRACTION_TAPS / 2 - 1), at - whole);
}

static td_v2 voices(chorus *c, td_v2 x)
{
    for (unsigned k = 0; k < 2; k++) c->past[k][c->at] = c->past[k][c->at + c->size] = (float)x[k];
    td_v2 y = { sing(c, 0), sing(c, 1) };
    c->at = c->at + 1 == c->size ? 0 : c->at + 1;
    return c->to_sides ? (td_v2){ y[0] - y[1], y[1] - y[0] } : y;
}

static void run(chorus *c, float *const *ch, size_t n)
{
    td_v2 *x = c->x, dry = td_v2_set(c->dry), wet = td_v2_set(c->wet);
    for (size_t i = 0; i < n; i++) {
        x[i] = td_v2_load(ch, i);
        if (c->to_sides) x[i] = td_v2_set((x[i][0] + x[i][1]) / 2);
    }
    td_section_run(c->cut, c->n_cuts, x, n);
    for (size_t i = 0; i < n; i++) td_v2_store(ch, i, dry * td_v2_load(ch, i) + wet * voices(c, x[i]));
}

static void chorus_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)key, (void)gr;
    chorus *c = st;
    for (size_t at = 0, n; (n = td_rest_run(&c->rest, ch, &at, frames, PIECE)) > 0; at += n) {
        if (c->turned != c->frame + (int64_t)at) turn_to(c, c->frame + (int64_t)at);
        run(c, (float *const[]){ ch[0] + at, ch[1] + at }, n);
        c->turned += (int64_t)n;
        if (td_rest_over(&c->rest)) clear(c);
    }
    c->frame += (int64_t)frames;
}

static size_t chorus_tail(const void *st)
{
    const chorus *c = st;
    return c->tail;
}

static void chorus_destroy(void *st)
{
    chorus *c = st;
    td_fraction_fini(&c->between);
    free(c->past[0]);
    free(c->past[1]);
}

const td_processor td_chorus = {
    .name = "chorus",
    .help = "moving voices beside the sound: chorus, mono-safe width, or a second take",
    .stands_for = "Dimension D, CE-2 class choruses, ADT and doubler plug-ins",
    .params = chorus_params,
    .n_params = CHORUS_PARAMS,
    .state_size = sizeof(chorus),
    .prepare = chorus_prepare,
    .process = chorus_process,
    .reset = chorus_reset,
    .tail = chorus_tail,
    .place = chorus_place,
    .destroy = chorus_destroy,
    .linear = true,
};
