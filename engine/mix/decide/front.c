#include "engine/mix/decide/front.h"

#include "engine/base/units.h"
#include "engine/mix/decide/sender.h"
#include "engine/mix/keys.h"
#include <stdlib.h>
#include <string.h>

struct td_front {
    const td_decider *passages; /* whose passages the sum holds, in a row; NULL: all of the song */
    td_lane *lane;              /* of a bus */
    td_feed *feed;              /* of a stem */
    const td_scratch *sum;      /* of the mix bus */
    td_sender *sender;          /* of a return */
    size_t n_senders;
    td_chain *chain; /* in front, where the lane does not hold it */
    td_keys *keys;   /* of that */
    float gain;
    int64_t at;  /* what enters the chain next */
    size_t skip; /* latency still to drop */
    td_keys *own;
    int64_t own_at; /* of the step: what leaves the chain next */
};

void td_front_free(td_front *f)
{
    if (!f) return;
    td_lane_free(f->lane);
    td_feed_free(f->feed);
    for (size_t i = 0; i < f->n_senders; i++) td_sender_close(&f->sender[i]);
    free(f->sender);
    td_chain_free(f->chain);
    td_keys_free(f->keys);
    td_keys_free(f->own);
    free(f);
}

/* Those of a bus's sends, or of a stem's, that go to the return. */
static td_status add_senders(td_front *f, const td_decider *d, const char *ret, size_t bus, size_t stem, td_error *err)
{
    const td_plan *p = d->plan;
    const td_plan_send *send = stem == SIZE_MAX ? p->bus[bus].send : p->stem[stem].send;
    size_t n = stem == SIZE_MAX ? p->bus[bus].n_sends : p->stem[stem].n_sends;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(send[i].to, ret))
            TD_TRY(td_sender_open(d, bus, stem, send[i].level_db, &f->sender[f->n_senders++], err));
    return TD_OK;
}

static td_status senders_open(td_front *f, const td_decider *d, const char *ret, td_error *err)
{
    const td_plan *p = d->plan;
    size_t most = 0;
    for (size_t b = 0; b < p->n_buses; b++) most += p->bus[b].n_sends;
    for (size_t i = 0; i < p->n_stems; i++) most += p->stem[i].n_sends;
    if (!(f->sender = calloc(most + 1, sizeof *f->sender))) return td_no_memory(err);
    for (size_t b = 0; b < p->n_buses; b++) TD_TRY(add_senders(f, d, ret, b, SIZE_MAX, err));
    for (size_t i = 0; i < p->n_stems; i++)
        if (d->session->stem[i].bus < p->n_buses) TD_TRY(add_senders(f, d, ret, d->session->stem[i].bus, i, err));
    return TD_OK;
}

static td_status open_parts(td_front *f, td_decider *d, const td_site *site, const td_plan_step *step, td_error *err)
{
    td_format fmt = { .rate_hz = d->session->rate_hz, .tempo_bpm = d->plan->tempo_bpm };
    f->gain = 1;
    if (site->kind == TD_SITE_BUS) {
        TD_TRY(td_bus_lane(d, site->index, site->chain->n_steps, &f->lane, err));
    } else {
        TD_TRY(td_chain_of_plan(site->chain, SIZE_MAX, &fmt, &f->chain, err));
        TD_TRY(td_keys_new(d->survey, d->session, d->plan, site->chain, &f->keys, err));
        f->skip = td_chain_latency(f->chain);
    }
    if (site->kind == TD_SITE_MIX) {
        f->sum = d->sum;
        f->passages = d->n_passages ? d : NULL;
        f->gain = (float)td_from_db(d->plan->trim_db);
    }
    if (site->kind == TD_SITE_STEM)
        TD_TRY(td_feed_new(d->survey, d->session, NULL, false, &site->index, 1, NULL, &f->feed, err));
    if (site->kind == TD_SITE_RETURN) TD_TRY(senders_open(f, d, d->plan->ret[site->index].name, err));
    if (!step) return TD_OK;
    td_plan_step own = *step;
    td_plan_chain alone = { &own, 1 };
    return td_keys_new(d->survey, d->session, d->plan, &alone, &f->own, err);
}

td_status td_front_new(td_decider *d, const td_site *site, const td_plan_step *step, td_front **out, td_error *err)
{
    td_front *f = calloc(1, sizeof *f);
    td_status st = f ? open_parts(f, d, site, step, err) : td_no_memory(err);
    *out = st ? NULL : f;
    if (st) td_front_free(f);
    return st;
}

/* Where in the song a frame of the sum stands. */
static int64_t song_frame(const td_decider *d, int64_t at)
{
    int64_t length = (int64_t)td_passage_frames(d);
    size_t k = (size_t)(at / length) < d->n_passages ? (size_t)(at / length) : d->n_passages - 1;
    return d->passage[k] + at - (int64_t)k * length;
}

static td_status mix_senders(td_front *f, float *const *out, size_t n, td_error *err)
{
    float one[2][TD_BLOCK], *to[2] = { one[0], one[1] };
    for (size_t c = 0; c < 2; c++) memset(out[c], 0, n * sizeof(float));
    for (size_t i = 0; i < f->n_senders; i++) {
        TD_TRY(td_sender_read(&f->sender[i], to, n, err));
        for (size_t c = 0; c < 2; c++)
            for (size_t k = 0; k < n; k++) out[c][k] += one[c][k];
    }
    return TD_OK;
}

/* Keys sound where the sum does: from the start of every passage on. Fewer than *n frames are left of it at its end. */
static td_status keys_go(const td_front *f, td_keys *keys, int64_t at, size_t *n, td_error *err)
{
    if (!f->passages || !keys) return TD_OK;
    size_t length = td_passage_frames(f->passages), into = (size_t)at % length;
    if (!into) TD_TRY(td_keys_seek(keys, song_frame(f->passages, at), err));
    if (*n > length - into) *n = length - into;
    return TD_OK;
}

static td_status run_chain(td_front *f, float *const *ch, size_t n, td_error *err)
{
    for (size_t done = 0, m; done < n; done += m) {
        float *to[2] = { ch[0] + done, ch[1] + done };
        const float *const *const *keys;
        m = n - done;
        TD_TRY(keys_go(f, f->keys, f->at, &m, err));
        TD_TRY(td_keys_read(f->keys, m, &keys, err));
        if (f->passages) td_chain_place(f->chain, song_frame(f->passages, f->at));
        td_chain_process(f->chain, to, keys, NULL, m);
        f->at += (int64_t)m;
    }
    return TD_OK;
}

static td_status read_own(td_front *f, float *const *key, size_t n, td_error *err)
{
    for (size_t done = 0, m; done < n; done += m) {
        const float *const *const *heard;
        m = n - done;
        TD_TRY(keys_go(f, f->own, f->own_at, &m, err));
        TD_TRY(td_keys_read(f->own, m, &heard, err));
        for (size_t c = 0; c < 2; c++) memcpy(key[c] + done, heard[0][c], m * sizeof(float));
        f->own_at += (int64_t)m;
    }
    return TD_OK;
}

static td_status front_block(td_front *f, float *const *out, size_t n, td_error *err)
{
    if (f->sum) TD_TRY(td_scratch_read(f->sum, f->at, out, n, err));
    if (f->feed) TD_TRY(td_feed_read(f->feed, out, n, err));
    if (f->sender) TD_TRY(mix_senders(f, out, n, err));
    for (size_t c = 0; c < 2; c++)
        for (size_t k = 0; k < n; k++) out[c][k] *= f->gain;
    return run_chain(f, out, n, err);
}

uint64_t td_front_frames(const td_decider *d, const td_site *site)
{
    return site->kind == TD_SITE_MIX ? td_scratch_length(d->sum) : d->session->frames;
}

td_status td_front_seek(td_front *f, int64_t at, td_error *err)
{
    f->own_at = at;
    TD_TRY(td_keys_seek(f->own, at, err));
    return td_lane_seek(f->lane, at, err);
}

bool td_front_keyed(const td_front *f)
{
    return f->own;
}

td_status td_front_read(td_front *f, float *const *out, float *const *key, size_t n, td_error *err)
{
    if (f->own) TD_TRY(read_own(f, key, n, err));
    if (f->lane) return td_lane_pull(f->lane, out, n, err);
    while (f->skip) {
        size_t m = f->skip < TD_BLOCK ? f->skip : TD_BLOCK;
        TD_TRY(front_block(f, out, m, err));
        f->skip -= m;
    }
    return front_block(f, out, n, err);
}

double td_front_time(const td_decider *d, const td_site *site, double at_s)
{
    if (site->kind != TD_SITE_MIX || !d->n_passages) return at_s;
    return (double)song_frame(d, (int64_t)(at_s * d->session->rate_hz)) / d->session->rate_hz;
}
