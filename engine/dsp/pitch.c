#include "engine/base/maths.h"
#include "engine/base/memory.h"
#include "engine/base/units.h"
#include "engine/dsp/dsp.h"
#include "engine/dsp/formant.h"

#include <rubberband/rubberband-c.h>
#include <stdlib.h>
#include <string.h>

enum { PITCH, FORMANT, PITCH_PARAMS };

/* clang-format off */
static const td_param pitch_params[PITCH_PARAMS] = {
    [PITCH] = { "pitch", TD_UNIT_SEMITONE, -12, 12, 0, .help = "up or down, at the same tempo; the voice's size stays" },
    [FORMANT] = { "formant", TD_UNIT_SEMITONE, -12, 12, 0, .help = "size of the voice: smaller above 0, larger below" },
};
/* clang-format on */

enum { CHUNK = 256 }; /* fed at a time, so that results do not depend on the caller's blocks */

/* ---- what Rubber Band computes with ----------------------------------------------------------------------------- */

/* Its functions of libm are renamed to those of base/maths.h when it is linked (rubberband.map); the ones nobody else
 * needs stand here. */
void td_sincos(double x, double *s, double *c);
void td_sincosf(float x, float *s, float *c);
float td_sinf(float x);
float td_atan2f(float y, float x);
float td_logf(float x);

void td_sincos(double x, double *s, double *c)
{
    *s = td_sin(x);
    *c = td_cos(x);
}

void td_sincosf(float x, float *s, float *c)
{
    *s = td_sinf(x);
    *c = (float)td_cos((double)x);
}

float td_sinf(float x)
{
    return (float)td_sin((double)x);
}

float td_atan2f(float y, float x)
{
    return (float)td_atan2((double)y, (double)x);
}

float td_logf(float x)
{
    return (float)td_log((double)x);
}

/* ---- one signal ------------------------------------------------------------------------------------------------- */

/* One signal through Rubber Band's finer engine in its streaming form. What it hands out comes in bursts and waits in a
 * queue, which starts with `late` zeros: by the time they are through, the sound is there. */
typedef struct shifter {
    RubberBandState band;
    double rate_hz, ratio;
    unsigned pad, drop; /* silence it wants in front, and samples it then hands out too many */
    unsigned to_drop;   /* of those, still to come */
    float in[CHUNK], *queue;
    size_t fill, head, count, size, late;
    size_t hold, silent; /* samples of silence before rest, and so far */
} shifter;

static void take_out(shifter *s)
{
    float burst[CHUNK] = { 0 }, *const out[] = { burst };
    for (int ready; (ready = rubberband_available(s->band)) > 0;) {
        unsigned n = rubberband_retrieve(s->band, out, ready < CHUNK ? (unsigned)ready : CHUNK);
        for (unsigned i = 0; i < n; i++) {
            if (s->to_drop > 0) {
                s->to_drop--;
            } else if (s->count < s->size) {
                s->queue[(s->head + s->count++) % s->size] = burst[i];
            }
        }
    }
}

static void feed(shifter *s, unsigned n)
{
    rubberband_process(s->band, (const float *const[]){ s->in }, n, 0);
    take_out(s);
}

/* "High consistency" resamples behind the shifter whichever way it goes; in front of it, a voice sent down has partials
 * closer than the library's windows resolve. */
static bool make_band(shifter *s)
{
    RubberBandOptions how = RubberBandOptionProcessRealTime | RubberBandOptionEngineFiner |
                            RubberBandOptionThreadingNever | RubberBandOptionPitchHighConsistency;
    RubberBandState band = rubberband_new((unsigned)rint(s->rate_hz), 1, how, 1, s->ratio);
    if (!band) return false;
    rubberband_set_max_process_size(band, CHUNK);
    if (s->band) rubberband_delete(s->band);
    s->band = band;
    return true;
}

/* Silence in front, as the library asks for, and the queue's zeros. */
static void start(shifter *s)
{
    memset(s->in, 0, sizeof s->in);
    memset(s->queue, 0, s->size * sizeof *s->queue);
    s->fill = s->head = 0;
    s->count = s->late;
    s->to_drop = s->drop;
    s->silent = s->hold;
    for (unsigned left = s->pad, n; left > 0; left -= n) {
        n = left < CHUNK ? left : CHUNK;
        feed(s, n);
    }
}

static td_status shifter_init(shifter *s, double rate_hz, double ratio)
{
    *s = (shifter){ .rate_hz = rate_hz, .ratio = ratio };
    if (!make_band(s)) return TD_NOMEM;
    s->pad = rubberband_get_preferred_start_pad(s->band);
    s->drop = rubberband_get_start_delay(s->band);
    s->late = s->pad + s->drop + 2 * CHUNK; /* its bursts come later than it says; never than this (the test) */
    s->hold = s->late + 2 * s->pad;
    s->size = 2 * s->late + 4 * s->pad;
    s->queue = td_calloc2(s->size, 1, sizeof *s->queue);
    if (!s->queue) return TD_NOMEM;
    start(s);
    return TD_OK;
}

/* ---- the processor ---------------------------------------------------------------------------------------------- */

/* Middle and difference apart: the library's two channels together lose the middle's focus before version 3.2, and the
 * difference of a mono voice rests at no cost. Rubber Band moves all of the voice, its formants too, and low voices'
 * formants not quite as far; those then go where the voice that came in says they should. */
typedef struct pitch {
    bool shifts;
    shifter part[2];
    td_formant *formant; /* NULL at 0 and 0 */
    td_v2 *voice;        /* what came in, as old as what the shifter hands out */
    size_t at;
} pitch;

/* The library's own reset keeps something of what was: fresh means new, and only when memory is short, reset. */
static void pitch_reset(void *st)
{
    pitch *p = st;
    for (unsigned k = 0; k < 2 && p->shifts; k++) {
        if (!make_band(&p->part[k])) rubberband_reset(p->part[k].band);
        start(&p->part[k]);
    }
    if (p->formant) td_formant_reset(p->formant);
    if (p->voice) memset(p->voice, 0, p->part[0].late * sizeof *p->voice);
    p->at = 0;
}

static td_status pitch_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    pitch *p = st;
    double pitch_st = set->value[PITCH], formant_st = set->value[FORMANT];
    td_status ok = TD_OK;
    p->shifts = pitch_st != 0;
    for (unsigned k = 0; k < 2 && p->shifts && ok == TD_OK; k++)
        ok = shifter_init(&p->part[k], fmt->rate_hz, td_exp2(pitch_st / 12));
    if (ok == TD_OK && (p->shifts || formant_st != 0))
        ok = td_formant_new(fmt->rate_hz, td_exp2(pitch_st / 12), td_exp2(formant_st / 12), &p->formant);
    if (ok == TD_OK && p->shifts) {
        p->voice = td_calloc2(p->part[0].late, 1, sizeof *p->voice);
        ok = p->voice ? TD_OK : TD_NOMEM;
    }
    return ok == TD_OK ? TD_OK : td_no_memory(err);
}

static float shift(shifter *s, float x)
{
    if (x != 0) s->silent = 0;
    if (s->silent == s->hold) return 0;
    s->in[s->fill++] = x;
    float y = s->count > 0 ? s->queue[s->head] : 0;
    if (s->count > 0) s->count--, s->head = s->head + 1 == s->size ? 0 : s->head + 1;
    if (s->fill == CHUNK) {
        s->fill = 0;
        feed(s, CHUNK);
    }
    if (x == 0 && ++s->silent == s->hold) {
        rubberband_reset(s->band);
        start(s);
    }
    return y;
}

/* The voice as it was when it came in, as late as the shifter is. */
static td_v2 delay_voice(pitch *p, td_v2 x)
{
    td_v2 y = p->voice[p->at];
    p->voice[p->at] = x;
    p->at = p->at + 1 == p->part[0].late ? 0 : p->at + 1;
    return y;
}

static void pitch_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)key, (void)gr;
    pitch *p = st;
    for (size_t i = 0; i < frames && p->formant; i++) {
        float mid = 0.5f * (ch[0][i] + ch[1][i]), side = 0.5f * (ch[0][i] - ch[1][i]);
        td_v2 voice = { (double)mid, (double)side }, x = voice;
        if (p->shifts) {
            voice = delay_voice(p, voice);
            x = (td_v2){ (double)shift(&p->part[0], mid), (double)shift(&p->part[1], side) };
        }
        x = td_formant_pass(p->formant, x, voice);
        td_v2_store(ch, i, (td_v2){ x[0] + x[1], x[0] - x[1] });
    }
}

static size_t pitch_latency(const void *st)
{
    const pitch *p = st;
    return p->part[0].late + (p->formant ? td_formant_latency(p->formant) : 0);
}

static size_t pitch_tail(const void *st)
{
    const pitch *p = st;
    return 2 * p->part[0].pad + (p->formant ? td_formant_latency(p->formant) : 0);
}

static void pitch_destroy(void *st)
{
    pitch *p = st;
    for (unsigned k = 0; k < 2; k++) {
        if (p->part[k].band) rubberband_delete(p->part[k].band);
        free(p->part[k].queue);
    }
    td_formant_free(p->formant);
    free(p->voice);
}

const td_processor td_pitch = {
    .name = "pitch",
    .help = "pitch and size of a voice, each on its own; 0 and 0 is a wire",
    .stands_for = "Little AlterBoy class voice shifters",
    .params = pitch_params,
    .n_params = PITCH_PARAMS,
    .state_size = sizeof(pitch),
    .prepare = pitch_prepare,
    .process = pitch_process,
    .reset = pitch_reset,
    .latency = pitch_latency,
    .tail = pitch_tail,
    .destroy = pitch_destroy,
};
