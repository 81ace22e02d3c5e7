#include "engine/base/memory.h"
#include "engine/base/row.h"
#include "engine/dsp/delayline.h"
#include "engine/dsp/dsp.h"

#include <stdlib.h>
#include <string.h>

typedef struct stage {
    td_unit_state *unit;
    double blend;
    bool bypass;
    size_t before;    /* latency of the stages in front */
    size_t detectors; /* of the gain changes it reports; 0 without any */
    bool bends;
    td_delayline dry; /* by the unit's latency, where dry sound is heard */
    td_delayline key; /* by `before` */
} stage;

struct td_chain {
    stage *stage;
    size_t n, latency, tail;
    float dry[2][TD_BLOCK], key[2][TD_BLOCK];
    const float *late[2]; /* where keys lie that were delayed */
};

static td_status stage_init(stage *s, const td_format *fmt, const td_step *step, size_t before, td_error *err)
{
    *s = (stage){ .blend = step->blend, .bypass = step->bypass, .before = before, .bends = step->proc->bends };
    td_status st = td_unit_new(step->proc, fmt, &step->set, &s->unit, err);
    if (st != TD_OK) return st;
    const td_dynamics *dynamics = step->proc->dynamics;
    s->detectors = dynamics ? dynamics->detectors(td_unit_raw(s->unit)) : 0;
    st = td_delayline_init(&s->dry, s->bypass || s->blend < 1 ? td_unit_latency(s->unit) : 0);
    if (st == TD_OK) st = td_delayline_init(&s->key, step->keyed ? before : 0);
    return st == TD_OK ? st : td_no_memory(err);
}

td_status td_chain_new(const td_format *fmt, const td_step *step, size_t n, td_chain **out, td_error *err)
{
    *out = NULL;
    td_chain *c = calloc(1, sizeof *c);
    if (c) c->stage = td_calloc2(n, 1, sizeof *c->stage);
    if (!c || !c->stage) {
        td_chain_free(c);
        return td_no_memory(err);
    }
    for (size_t k = 0; k < 2; k++) c->late[k] = c->key[k];
    for (; c->n < n; c->n++) {
        stage *s = &c->stage[c->n];
        td_status st = stage_init(s, fmt, &step[c->n], c->latency, err);
        if (st != TD_OK) {
            c->n++; /* the half-built one too */
            td_chain_free(c);
            return st;
        }
        c->latency += td_unit_latency(s->unit);
        if (!s->bypass) c->tail += td_unit_tail(s->unit);
    }
    td_chain_place(c, 0);
    *out = c;
    return TD_OK;
}

/* Asks all steps, or makes all share. */
static td_status share_steps(td_chain *c, td_chain *other, bool now, bool *shared)
{
    *shared = c->n == other->n && !c->latency && !other->latency;
    td_status st = TD_OK;
    for (size_t i = 0; !st && *shared && i < c->n; i++) {
        stage *a = &c->stage[i], *b = &other->stage[i];
        *shared = !a->bypass && !b->bypass && a->blend >= 1 && b->blend >= 1;
        if (*shared) st = td_unit_share(a->unit, b->unit, now, shared);
    }
    return st;
}

td_status td_chain_share(td_chain *c, td_chain *other, bool *shared)
{
    td_status st = share_steps(c, other, false, shared);
    return st || !*shared ? st : share_steps(c, other, true, shared);
}

void td_chain_free(td_chain *c)
{
    if (!c) return;
    for (size_t i = 0; i < c->n; i++) {
        td_unit_free(c->stage[i].unit);
        td_delayline_fini(&c->stage[i].dry);
        td_delayline_fini(&c->stage[i].key);
    }
    free(c->stage);
    free(c);
}

/* dry + blend (wet - dry): where wet equals dry, the sum is exactly that. */
static void mix(float *const *wet, float (*dry)[TD_BLOCK], double blend, size_t frames)
{
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < frames; i++) {
            double d = (double)dry[c][i];
            wet[c][i] = (float)(d + blend * ((double)wet[c][i] - d));
        }
}

static void stage_process(td_chain *c, stage *s, float *const *ch, const float *const *key, float *const *gr,
                          size_t frames)
{
    float *const dry[2] = { c->dry[0], c->dry[1] };
    const float *const in[2] = { ch[0], ch[1] };
    if (s->bypass) {
        td_delayline_process(&s->dry, in, ch, frames);
        for (size_t d = 0; gr && d < s->detectors; d++) memset(gr[d], 0, frames * sizeof *gr[d]);
        return;
    }
    if (s->blend < 1) td_delayline_process(&s->dry, in, dry, frames);
    td_unit_process(s->unit, ch, key, gr, frames);
    if (s->blend < 1) mix(ch, c->dry, s->blend, frames);
}

/* What drives a step beside its input: its key, as late as what is in front of it; NULL: none. */
static const float *const *key_at(td_chain *c, size_t i, const float *const *const *key, size_t frames)
{
    stage *s = &c->stage[i];
    if (!key || !key[i] || !s->key.frames || s->bypass) return key ? key[i] : NULL;
    td_delayline_process(&s->key, key[i], (float *const[]){ c->key[0], c->key[1] }, frames);
    return c->late;
}

void td_chain_process(td_chain *c, float *const *ch, const float *const *const *key, float *const *const *gr,
                      size_t frames)
{
    for (size_t i = 0; i < c->n; i++)
        stage_process(c, &c->stage[i], ch, key_at(c, i, key, frames), gr ? gr[i] : NULL, frames);
}

void td_chain_note(td_chain *c, float *const *ch, const float *const *const *key, float *const *const *gr,
                   float *const *const *note, size_t frames)
{
    for (size_t i = 0; i < c->n; i++) {
        const float *const *heard = key_at(c, i, key, frames);
        for (unsigned k = 0; k < 2; k++) memcpy(note[i][k], heard ? heard[k] : ch[k], frames * sizeof *ch[k]);
        stage_process(c, &c->stage[i], ch, heard, gr ? gr[i] : NULL, frames);
    }
}

static void scale(float *const *ch, float gain, size_t frames)
{
    for (unsigned k = 0; k < 2; k++) td_scale(ch[k], gain, frames);
}

void td_chain_follow(td_chain *c, float *const *ch, const float *const *const *note, size_t frames)
{
    for (size_t i = 0; i < c->n; i++) {
        stage *s = &c->stage[i];
        bool quiet = s->bends && !s->bypass;
        if (quiet) scale(ch, 0x1p-10F, frames); /* a power of two loses no bit */
        stage_process(c, s, ch, s->detectors && !s->bends ? note[i] : NULL, NULL, frames);
        if (quiet) scale(ch, 0x1p10F, frames);
    }
}

void td_chain_reset(td_chain *c)
{
    for (size_t i = 0; i < c->n; i++) {
        td_unit_reset(c->stage[i].unit);
        td_delayline_reset(&c->stage[i].dry);
        td_delayline_reset(&c->stage[i].key);
    }
    td_chain_place(c, 0);
}

void td_chain_place(td_chain *c, int64_t frame)
{
    for (size_t i = 0; i < c->n; i++) td_unit_place(c->stage[i].unit, frame - (int64_t)c->stage[i].before);
}

size_t td_chain_latency(const td_chain *c)
{
    return c->latency;
}

size_t td_chain_tail(const td_chain *c)
{
    return c->tail;
}

td_unit_state *td_chain_unit(td_chain *c, size_t step)
{
    return c->stage[step].unit;
}
