#include "engine/base/memory.h"
#include "engine/base/units.h"
#include "engine/dsp/delayline.h"
#include "engine/dsp/dynamics.h"
#include "engine/dsp/oversample.h"
#include "engine/dsp/rest.h"
#include "engine/dsp/section.h"

#include <stdlib.h>
#include <string.h>

enum { AT, AMOUNT, ODD, EXCITER_PARAMS };

/* clang-format off */
static const td_param exciter_params[EXCITER_PARAMS] = {
    [AT] = { "at", TD_UNIT_HZ, 1000, 10000, 3000, .help = "what lies above gets harmonics; below, the sound stays as it is" },
    [AMOUNT] = { "amount", TD_UNIT_DB, -40, -3, -18, .flags = TD_SOLVABLE,
        .help = "level of the harmonics against the band they come from, loud or soft" },
    [ODD] = { "odd", TD_UNIT_PERCENT, 0, 100, 30, .help = "0: second harmonics, silky; 100: third, edgy" },
};
/* clang-format on */

#define ATTACK_S  0.001 /* of the band's level */
#define RELEASE_S 0.04
#define BEND      0.15 /* how far past full scale of the polynomials an attack may reach */
#define QUIET     1e-6 /* a band below -120 dBFS gets no harmonics */
#define TAIL_S    0.01 /* what the band's filters ring on: 1 kHz, to -100 dB */

/* The band is brought to full scale by its own level, bent by Chebyshev's polynomials T2 and T3, which turn a sine of
 * full scale into its second and third harmonic and nothing else, and brought back. A cubic triples frequencies at
 * most; the fourfold rate is for attacks, which reach past full scale. */
typedef struct exciter {
    td_oversample *over;
    unsigned factor;
    td_delayline dry;
    td_section band[2], clean[2]; /* 24 dB/oct before; after, against differences and direct current */
    double attack, release, power, even, odd;
    td_detector ear;
    float heard[2][TD_OVERSAMPLE_FRAMES];
    double *level; /* of the band, until its frames come back */
    size_t latency, at, tail;
    td_rest rest;
    td_v2 x[TD_OVERSAMPLE_FRAMES];
} exciter;

static void clear(exciter *e)
{
    td_oversample_reset(e->over);
    td_delayline_reset(&e->dry);
    td_section_clear(e->band, 2);
    td_section_clear(e->clean, 2);
    td_detector_reset(&e->ear);
    memset(e->level, 0, e->latency * sizeof *e->level);
    e->power = 0;
    e->at = 0;
}

static void exciter_reset(void *st)
{
    exciter *e = st;
    clear(e);
    e->rest = td_rest_init(e->latency + e->tail);
}

static td_status exciter_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    exciter *e = st;
    const double *value = set->value;
    td_oversample_for shaper = fmt->draft ? TD_OVERSAMPLE_DRAFT : TD_OVERSAMPLE_POINTS;
    double odd = value[ODD] / 100, amount = td_from_db(value[AMOUNT]);
    e->even = amount * sqrt(1 - odd);
    e->odd = amount * sqrt(odd);
    e->attack = 1 - td_exp(-1 / (ATTACK_S * fmt->rate_hz));
    e->release = 1 - td_exp(-1 / (RELEASE_S * fmt->rate_hz));
    for (unsigned i = 0; i < 2; i++) {
        td_prototype p = td_high_pass(value[AT], td_butterworth_q(4, i));
        e->band[i] = e->clean[i] = td_section_bilinear(p, fmt->rate_hz);
    }
    td_detector_set(&e->ear, TD_DETECT_ENVELOPE, 0, 0, fmt->rate_hz);
    e->factor = td_oversample_factor(fmt->rate_hz, 352800, shaper);
    td_status ok = td_oversample_new(fmt->rate_hz, e->factor, shaper, &e->over);
    if (ok == TD_OK) {
        e->latency = td_oversample_latency(e->over);
        e->level = td_calloc2(e->latency, 1, sizeof *e->level);
        ok = e->level ? td_delayline_init(&e->dry, e->latency) : TD_NOMEM;
    }
    if (ok != TD_OK) return td_fail(err, ok, NULL, NULL, "exciter: cannot be made at %g Hz", fmt->rate_hz);
    e->tail = (size_t)(TAIL_S * fmt->rate_hz);
    exciter_reset(e);
    return TD_OK;
}

/* The envelope of the louder side: for a sine its peak, without ripple. */
static double level_of(exciter *e, size_t i)
{
    double now = (double)fmaxf(e->heard[0][i], e->heard[1][i]);
    e->power += (now > e->power ? e->attack : e->release) * (now - e->power);
    return sqrt(e->power);
}

static void bend(const exciter *e, td_v2 *x, size_t n)
{
    const td_v2 one = td_v2_set(1), two = td_v2_set(2), three = td_v2_set(3), four = td_v2_set(4);
    td_v2 even = td_v2_set(e->even), odd = td_v2_set(e->odd), most = td_v2_set(BEND);
    for (size_t i = 0; i < n; i++) {
        td_v2 size = td_v2_abs(x[i]), over = td_v2_max(size - one, td_v2_set(0));
        td_v2 t = td_v2_min(size, one) + over * most / (over + most);
        t = td_v2_select(x[i] < td_v2_set(0), -t, t);
        x[i] = even * two * t * t + odd * (four * t * t - three) * t;
    }
}

static void run(exciter *e, float *const *ch, size_t n)
{
    double level[TD_OVERSAMPLE_FRAMES];
    float *const heard[] = { e->heard[0], e->heard[1] };
    td_v2 *x = e->x;
    td_v2_load_all((const float *const *)ch, x, n);
    td_section_run(e->band, 2, x, n);
    td_v2_store_all(heard, x, n);
    td_detector_run(&e->ear, (const float *const *)heard, n, heard);
    for (size_t i = 0; i < n; i++) {
        double now = level_of(e, i);
        x[i] *= td_v2_set(now > QUIET ? 1 / now : 0);
        level[i] = e->level[e->at];
        e->level[e->at] = now;
        e->at = e->at + 1 == e->latency ? 0 : e->at + 1;
    }
    bend(e, td_oversample_up(e->over, x, n), n * e->factor);
    td_oversample_down(e->over, x, n);
    for (size_t i = 0; i < n; i++) x[i] *= td_v2_set(level[i]);
    td_section_run(e->clean, 2, x, n);
    td_delayline_process(&e->dry, (const float *const *)ch, ch, n);
    for (size_t i = 0; i < n; i++) td_v2_store(ch, i, td_v2_load(ch, i) + x[i]);
}

static void exciter_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)key, (void)gr;
    exciter *e = st;
    for (size_t at = 0, n; (n = td_rest_run(&e->rest, ch, &at, frames, TD_OVERSAMPLE_FRAMES)) > 0; at += n) {
        run(e, (float *const[]){ ch[0] + at, ch[1] + at }, n);
        if (td_rest_over(&e->rest)) clear(e);
    }
}

static size_t exciter_latency(const void *st)
{
    const exciter *e = st;
    return e->latency;
}

static size_t exciter_tail(const void *st)
{
    const exciter *e = st;
    return e->tail;
}

static void exciter_destroy(void *st)
{
    exciter *e = st;
    td_oversample_free(e->over);
    td_delayline_fini(&e->dry);
    free(e->level);
}

const td_processor td_exciter = {
    .name = "exciter",
    .help = "new harmonics above what is there: air and presence where an equaliser finds nothing to lift",
    .stands_for = "Aphex Aural Exciter class enhancers",
    .params = exciter_params,
    .n_params = EXCITER_PARAMS,
    .state_size = sizeof(exciter),
    .prepare = exciter_prepare,
    .process = exciter_process,
    .reset = exciter_reset,
    .latency = exciter_latency,
    .tail = exciter_tail,
    .destroy = exciter_destroy,
    .bends = true,
};
