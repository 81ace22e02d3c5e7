#include "engine/audio/audio.h"
#include "engine/base/random.h"
#include "engine/base/units.h"
#include "engine/dsp/convolve.h"
#include "engine/dsp/delayline.h"
#include "engine/dsp/dsp.h"
#include "engine/dsp/fdn.h"
#include "engine/dsp/rest.h"
#include "engine/dsp/ring.h"
#include "engine/dsp/section.h"

enum {
    MODEL,
    DECAY,
    PREDELAY,
    SIZE,
    DAMPING,
    EARLY,
    MODULATION,
    WIDTH,
    LOW_CUT,
    HIGH_CUT,
    MIX,
    IMPULSE,
    REVERB_PARAMS
};
enum { ROOM, PLATE, HALL, CHAMBER, SAMPLED };

static const char *const model_names[] = { "room", "plate", "hall", "chamber", "impulse", NULL };

/* clang-format off */
static const td_param reverb_params[REVERB_PARAMS] = {
    [MODEL] = { "model", TD_UNIT_CHOICE, 0, SAMPLED, PLATE, .choices = model_names,
        .help = "room: close walls; plate: dense at once; hall: wide, late; chamber: live and even; impulse: from `file`" },
    [DECAY] = { "decay", TD_UNIT_MS, 100, 20000, NAN,
        .help = "to -60 dB at 1 kHz; not set: 500 ms (room), 1.6 s (plate), 2.4 s (hall), 1.2 s (chamber)" },
    [PREDELAY] = { "predelay", TD_UNIT_MS, 0, 500, NAN,
        .help = "before the first of it; not set: 0 ms (room, impulse), 20 ms (plate, hall), 8 ms (chamber)" },
    [SIZE] = { "size", TD_UNIT_PERCENT, 40, 200, 100,
        .help = "how far walls stand apart, of the model's own" },
    [DAMPING] = { "damping", TD_UNIT_PERCENT, 0, 90, NAN,
        .help = "how much sooner 8 kHz dies than 1 kHz; not set: 45 (room), 50 (plate, hall), 40 (chamber)" },
    [EARLY] = { "early", TD_UNIT_PERCENT, 0, 200, 100,
        .help = "level of the first reflections, of the model's own; a plate has none" },
    [MODULATION] = { "modulation", TD_UNIT_PERCENT, 0, 200, 100,
        .help = "how far the walls drift, of the model's own; 0 for a piano" },
    [WIDTH] = { "width", TD_UNIT_PERCENT, 0, 150, 100,
        .help = "0: mono; 100: two sides with nothing in common" },
    [LOW_CUT] = { "low_cut", TD_UNIT_HZ, 20, 1000, NAN, .help = "12 dB/oct; not set: off" },
    [HIGH_CUT] = { "high_cut", TD_UNIT_HZ, 1000, 20000, NAN, .help = "12 dB/oct; not set: off" },
    [MIX] = { "mix", TD_UNIT_PERCENT, 0, 100, 100, .help = "of reverb in what comes out; a return wants all" },
    [IMPULSE] = { "file", TD_UNIT_FILE, 0, 1, NAN,
        .help = "an impulse response, brought to the session's rate and to the loudness of its input" },
};

/* early: energy of the first reflections against the tail's. The sizes are a third larger than walls of such places
 * would ask for: modes lie as much closer, and none of them is heard alone. */
static const struct model {
    double decay_s, predelay_ms, size, high_decay, diffusion_ms[TD_FDN_STEPS], drift_ms;
    double early, early_from_ms, early_to_ms;
} models[] = {
    [ROOM] =    { 0.5,  0, 0.60, 0.55, {  3,  7, 13 }, 0.10, 0.6,  4, 35 },
    [PLATE] =   { 1.6, 20, 1.00, 0.50, {  4, 11, 19 }, 0.12, 0,    0,  0 },
    [HALL] =    { 2.4, 20, 1.20, 0.50, { 11, 23, 41 }, 0.12, 0.3, 12, 75 },
    [CHAMBER] = { 1.2,  8, 0.90, 0.60, {  6, 13, 23 }, 0.10, 0.4,  7, 45 },
    [SAMPLED] = { 0 },
};
/* clang-format on */

#define TAPS   24   /* first reflections, half of them to each side */
#define PIECE  128  /* frames at a time */
#define FILE_S 20.0 /* the longest impulse response */
#define CUT_S  0.15 /* what the cuts ring on: 20 Hz, to -100 dB */

typedef struct tap {
    size_t late;
    unsigned from, to;
    float gain;
} tap;

typedef struct reverb {
    td_ring past[2]; /* predelay and first reflections read here */
    size_t predelay;
    tap tap[TAPS];
    size_t n_taps;
    td_fdn *fdn; /* or */
    td_convolver *convolver;
    float level; /* of the tail */
    td_section cut[2 * TD_MATCH_MAX];
    size_t n_cuts;
    double mid, side, mix; /* width as two gains that keep the power of equal halves */
    td_delayline dry;
    float wet[2][PIECE], also[2][PIECE];
    td_v2 x[PIECE];
    size_t tail;
    td_rest rest;
    int64_t frame; /* in the song, of what comes next */
} reverb;

/* ---- making ----------------------------------------------------------------------------------------------------- */

/* Reflections one to a slot of time, weaker as they come later, half of them from the other side; together `energy`. */
static void design_early(reverb *r, const struct model *m, double energy, double size, double rate_hz)
{
    td_random random;
    td_random_seed(&random, 24);
    double sum = 0, gain[TAPS];
    r->n_taps = energy > 0 ? TAPS : 0;
    for (size_t k = 0; k < r->n_taps; k++) {
        double slot = ((double)(k / 2) + 0.5 + td_random_uniform(&random)) / (TAPS / 2);
        double ms = (m->early_from_ms + (m->early_to_ms - m->early_from_ms) * slot) * size;
        gain[k] = (td_random_next(&random) & 1 ? 1 : -1) * m->early_from_ms * size / ms;
        sum += gain[k] * gain[k];
        r->tap[k] = (tap){ .late = (size_t)(ms / 1000 * rate_hz), .from = (k ^ (k >> 1)) & 1, .to = k & 1 };
    }
    for (size_t k = 0; k < r->n_taps; k++) r->tap[k].gain = (float)(gain[k] * sqrt(2 * energy / sum));
}

static td_status make_fdn(reverb *r, const struct model *m, const double *value, double rate_hz, double *ring_s)
{
    double size = value[SIZE] / 100, early = m->early * value[EARLY] / 100 * value[EARLY] / 100;
    td_fdn_design d = {
        .rate_hz = rate_hz,
        .size = m->size * size,
        .decay_s = isnan(value[DECAY]) ? m->decay_s : value[DECAY] / 1000,
        .high_decay = isnan(value[DAMPING]) ? m->high_decay : 1 - value[DAMPING] / 100,
        .drift_ms = m->drift_ms * value[MODULATION] / 100,
    };
    for (size_t i = 0; i < TD_FDN_STEPS; i++) d.diffusion_ms[i] = m->diffusion_ms[i] * size;
    design_early(r, m, early / (1 + early), size, rate_hz);
    r->level = (float)sqrt(1 / (1 + early));
    td_status st = td_fdn_new(&d, &r->fdn);
    if (st == TD_OK) *ring_s = td_fdn_ring_s(r->fdn);
    return st;
}

/* So loud that music through it stays as loud: unit energy through a rough K weighting, of both channels together. */
static float level_of(float *const *ch, size_t frames, double rate_hz)
{
    td_section ear = td_section_ear(rate_hz);
    double energy = 0;
    for (size_t i = 0; i < frames; i++) {
        td_v2 y = td_section_pass(&ear, td_v2_load(ch, i));
        energy += y[0] * y[0] + y[1] * y[1];
    }
    return energy > 0 ? (float)sqrt(2 / energy) : 0;
}

/* ch[0] and ch[1] of *frames frames: the file's, mono on both sides. free(ch[0]) frees them. */
static td_status read_file(const char *path, double rate_hz, float *ch[2], size_t *frames, td_error *err)
{
    td_source *s;
    td_status st = td_source_open(path, NULL, (unsigned)rint(rate_hz), &s, err);
    if (st != TD_OK) return st;
    uint64_t length = td_source_frames(s);
    size_t got = 0;
    ch[0] = NULL;
    *frames = (size_t)length;
    if ((double)length > FILE_S * rate_hz)
        st = td_fail(err, TD_RECIPE, path, NULL, "reverb: longer than %g s is no impulse response", FILE_S);
    else if (!(ch[0] = td_calloc2(2, (size_t)length + 1, sizeof *ch[0])))
        st = td_no_memory(err);
    ch[1] = ch[0] ? ch[0] + length : NULL;
    for (size_t at = 0; st == TD_OK && at < length; at += got) {
        st = td_source_read(s, (float *const[]){ ch[0] + at, ch[1] + at }, (size_t)length - at, &got, err);
        if (got == 0) break;
    }
    if (st == TD_OK && td_source_channels(s) == 1) memcpy(ch[1], ch[0], (size_t)length * sizeof *ch[0]);
    td_source_close(s);
    if (st != TD_OK) free(ch[0]);
    return st;
}

static td_status make_convolver(reverb *r, const char *path, double rate_hz, double *ring_s, td_error *err)
{
    float *ch[2];
    size_t frames;
    if (!path) return td_fail(err, TD_RECIPE, NULL, "name one with file:", "reverb: model impulse has no file");
    td_status st = read_file(path, rate_hz, ch, &frames, err);
    if (st != TD_OK) return st;
    r->level = level_of(ch, frames, rate_hz);
    *ring_s = (double)frames / rate_hz;
    st = r->level > 0 ? td_convolver_new((const float *const *)ch, frames, &r->convolver)
                      : td_fail(err, TD_RECIPE, path, NULL, "reverb: the impulse response is silent");
    free(ch[0]);
    return st;
}

static void set_tone(reverb *r, const double *value, double rate_hz)
{
    double width = value[WIDTH] / 100, power = sqrt(2 / (1 + width * width));
    r->mid = power / 2;
    r->side = power / 2 * width;
    r->mix = value[MIX] / 100;
    if (!isnan(value[LOW_CUT])) td_section_append(r->cut, &r->n_cuts, td_high_pass(value[LOW_CUT], sqrt(0.5)), rate_hz);
    if (!isnan(value[HIGH_CUT]))
        td_section_append(r->cut, &r->n_cuts, td_low_pass(value[HIGH_CUT], sqrt(0.5)), rate_hz);
}

static size_t reverb_latency(const void *st)
{
    const reverb *r = st;
    return r->convolver ? td_convolver_latency(r->convolver) : 0;
}

static void clear(reverb *r)
{
    td_ring_clear(&r->past[0]);
    td_ring_clear(&r->past[1]);
    if (r->fdn) td_fdn_reset(r->fdn);
    if (r->convolver) td_convolver_reset(r->convolver);
    td_section_clear(r->cut, r->n_cuts);
    td_delayline_reset(&r->dry);
}

static void reverb_reset(void *st)
{
    reverb *r = st;
    clear(r);
    r->rest = td_rest_init(reverb_latency(r) + r->tail);
    r->frame = 0;
}

static void reverb_place(void *st, int64_t frame)
{
    reverb *r = st;
    r->frame = frame;
}

static td_status reverb_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    reverb *r = st;
    const double *value = set->value;
    const struct model *m = &models[(size_t)value[MODEL]];
    double predelay_ms = isnan(value[PREDELAY]) ? m->predelay_ms : value[PREDELAY], ring_s = 0;
    bool sampled = value[MODEL] == SAMPLED;
    set_tone(r, value, fmt->rate_hz);
    td_status ok = sampled ? make_convolver(r, set->file, fmt->rate_hz, &ring_s, err)
                           : make_fdn(r, m, value, fmt->rate_hz, &ring_s);
    if (ok == TD_OK) ok = td_delayline_init(&r->dry, reverb_latency(r));
    r->predelay = (size_t)(predelay_ms / 1000 * fmt->rate_hz);
    size_t early = (size_t)(m->early_to_ms / 1000 * value[SIZE] / 100 * fmt->rate_hz);
    for (unsigned c = 0; c < 2 && ok == TD_OK; c++) ok = td_ring_init(&r->past[c], r->predelay + early + PIECE);
    if (ok != TD_OK) return sampled ? ok : td_no_memory(err);
    r->tail = r->predelay + early + (size_t)((ring_s + CUT_S) * fmt->rate_hz);
    reverb_reset(r);
    return TD_OK;
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

/* From past to wet: late by the predelay, the first reflections beside. */
static void listen(reverb *r, size_t n)
{
    for (unsigned c = 0; c < 2; c++) {
        td_ring_read(&r->past[c], r->predelay + n, r->wet[c], n);
        memset(r->also[c], 0, n * sizeof r->also[c][0]);
    }
    for (size_t k = 0; k < r->n_taps; k++) {
        const tap *p = &r->tap[k];
        float x[PIECE];
        td_ring_read(&r->past[p->from], r->predelay + p->late + n, x, n);
        for (size_t i = 0; i < n; i++) r->also[p->to][i] += p->gain * x[i];
    }
}

static void run(reverb *r, int64_t frame, float *const *ch, size_t n)
{
    float *const wet[] = { r->wet[0], r->wet[1] }, *const also[] = { r->also[0], r->also[1] };
    for (unsigned c = 0; c < 2; c++) td_ring_write(&r->past[c], ch[c], n);
    listen(r, n);
    if (r->fdn) td_fdn_process(r->fdn, frame, wet, n);
    if (r->convolver) td_convolver_process(r->convolver, wet, n);
    td_v2 *x = r->x, level = td_v2_set((double)r->level);
    for (size_t i = 0; i < n; i++) x[i] = level * td_v2_load(wet, i) + td_v2_load(also, i);
    td_section_run(r->cut, r->n_cuts, x, n);
    td_delayline_process(&r->dry, (const float *const *)ch, ch, n);
    for (size_t i = 0; i < n; i++) {
        double mid = r->mid * (x[i][0] + x[i][1]), side = r->side * (x[i][0] - x[i][1]);
        td_v2 dry = td_v2_load(ch, i), y = { mid + side, mid - side };
        td_v2_store(ch, i, dry + td_v2_set(r->mix) * (y - dry));
    }
}

static void reverb_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)key, (void)gr;
    reverb *r = st;
    for (size_t at = 0, n; (n = td_rest_run(&r->rest, ch, &at, frames, PIECE)) > 0; at += n) {
        run(r, r->frame + (int64_t)at, (float *const[]){ ch[0] + at, ch[1] + at }, n);
        if (td_rest_over(&r->rest)) clear(r);
    }
    r->frame += (int64_t)frames;
}

static size_t reverb_tail(const void *st)
{
    const reverb *r = st;
    return r->tail;
}

static void reverb_destroy(void *st)
{
    reverb *r = st;
    td_ring_fini(&r->past[0]);
    td_ring_fini(&r->past[1]);
    td_fdn_free(r->fdn);
    td_convolver_free(r->convolver);
    td_delayline_fini(&r->dry);
}

const td_processor td_reverb = {
    .name = "reverb",
    .help = "rooms, plates, halls and chambers by delay network, or any place by its impulse response",
    .stands_for = "EMT 140, Lexicon 480L class halls, convolution reverbs",
    .params = reverb_params,
    .n_params = REVERB_PARAMS,
    .state_size = sizeof(reverb),
    .prepare = reverb_prepare,
    .process = reverb_process,
    .reset = reverb_reset,
    .latency = reverb_latency,
    .tail = reverb_tail,
    .place = reverb_place,
    .destroy = reverb_destroy,
    .linear = true,
};
