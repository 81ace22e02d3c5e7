#include "engine/mix/decide/front.h"

#include "engine/base/units.h"
#include "engine/mix/board.h"
#include "engine/mix/decide/sender.h"
#include "engine/mix/keys.h"
#include <stdlib.h>
#include <string.h>

/* What reaches a return: buses, then stems that send by themselves, through a board that ends there. */
typedef struct inflow {
    td_board *board;
    td_sender *sender;
    const float **pair;
    const float *const **source;
    float *sound; /* a block a source and channel */
    size_t n;
    td_arena *arena;
} inflow;

struct td_front {
    const td_decider *passages; /* whose passages the sum holds, in a row; NULL: all of the song */
    td_lane *lane;              /* of a bus */
    td_feed *feed;              /* of a stem */
    const td_scratch *sum;      /* of the mix bus */
    inflow inflow;              /* of a return */
    td_chain *chain;            /* in front, where the lane does not hold it */
    td_keys *keys;              /* of that */
    float gain;
    int64_t at;  /* what enters the chain next */
    size_t skip; /* latency still to drop */
    td_keys *own;
    int64_t own_at; /* of the step: what leaves the chain next */
};

/* ---- what reaches a return --------------------------------------------------------------------------------------- */

static void inflow_close(inflow *w)
{
    for (size_t i = 0; w->sender && i < w->n; i++) td_sender_close(&w->sender[i]);
    td_board_free(w->board);
    td_arena_free(w->arena);
}

static td_status open_sender(inflow *w, const td_decider *d, size_t source, const td_stem_send *send, td_error *err)
{
    td_sender *s = &w->sender[source];
    if (!td_board_hears(w->board, source)) return TD_OK;
    if (source < d->plan->n_buses) return td_sender_open(d, source, SIZE_MAX, s, err);
    s->gain = 1; /* the board knows the level */
    size_t stem = send[source - d->plan->n_buses].stem;
    return td_feed_new(d->survey, d->session, d->plan, true, &stem, 1, NULL, &s->feed, err);
}

static td_status inflow_read(inflow *w, float *const *out, size_t n, td_error *err)
{
    for (size_t i = 0; i < w->n; i++) {
        float *to[2] = { w->sound + 2 * i * TD_BLOCK, w->sound + (2 * i + 1) * TD_BLOCK };
        if (td_board_hears(w->board, i)) TD_TRY(td_sender_read(&w->sender[i], to, n, err));
    }
    return td_board_run(w->board, NULL, w->source, 0, n, out, NULL, err);
}

/* What is on its way still comes. */
static td_status inflow_seek(inflow *w, int64_t at, td_error *err)
{
    for (size_t i = 0; i < w->n; i++)
        if (td_board_hears(w->board, i)) TD_TRY(td_sender_seek(&w->sender[i], at, err));
    return TD_OK;
}

/* Its first frame is the song's. */
static td_status inflow_open(inflow *w, const td_decider *d, size_t ret, td_error *err)
{
    td_board_wish wish = { .session = d->session, .survey = d->survey, .plan = d->plan, .until = &d->plan->ret[ret] };
    td_stem_send *send;
    size_t n_sends;
    if (!(w->arena = td_arena_new())) return td_no_memory(err);
    TD_TRY(td_stem_sends(d->session, d->plan, w->arena, &send, &n_sends, err));
    TD_TRY(td_board_new(&wish, send, n_sends, &w->board, err));
    w->n = d->plan->n_buses + n_sends;
    w->sender = td_arena_array(w->arena, w->n + 1, sizeof *w->sender);
    w->pair = td_arena_array(w->arena, w->n + 1, 2 * sizeof *w->pair);
    w->source = td_arena_array(w->arena, w->n + 1, sizeof *w->source);
    w->sound = td_arena_array(w->arena, w->n + 1, 2 * TD_BLOCK * sizeof *w->sound);
    if (!w->sender || !w->pair || !w->source || !w->sound) return td_no_memory(err);
    for (size_t i = 0; i < w->n; i++) {
        for (size_t c = 0; c < 2; c++) w->pair[2 * i + c] = w->sound + (2 * i + c) * TD_BLOCK;
        w->source[i] = w->pair + 2 * i;
        TD_TRY(open_sender(w, d, i, send, err));
    }
    float early[2][TD_BLOCK], *to[2] = { early[0], early[1] };
    for (size_t left = td_board_latency_to_mix(w->board), n; left; left -= n) {
        n = left < TD_BLOCK ? left : TD_BLOCK;
        TD_TRY(inflow_read(w, to, n, err));
    }
    return TD_OK;
}

/* ---- the front --------------------------------------------------------------------------------------------------- */

void td_front_free(td_front *f)
{
    if (!f) return;
    td_lane_free(f->lane);
    td_feed_free(f->feed);
    inflow_close(&f->inflow);
    td_chain_free(f->chain);
    td_keys_free(f->keys);
    td_keys_free(f->own);
    free(f);
}

static td_status open_parts(td_front *f, td_decider *d, const td_site *site, const td_plan_step *step, td_error *err)
{
    td_format fmt = td_format_of(d->session, d->plan);
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
    if (site->kind == TD_SITE_RETURN) TD_TRY(inflow_open(&f->inflow, d, site->index, err));
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
    if (f->inflow.board) TD_TRY(inflow_read(&f->inflow, out, n, err));
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
    int64_t in_song = f->passages ? song_frame(f->passages, at) : at;
    f->own_at = at;
    TD_TRY(td_keys_seek(f->own, in_song, err));
    if (f->lane) return td_lane_seek(f->lane, at, err);
    if (f->inflow.board) return inflow_seek(&f->inflow, at, err);
    f->at = at;
    td_chain_place(f->chain, in_song);
    if (f->feed) TD_TRY(td_feed_seek(f->feed, at, err));
    return td_keys_seek(f->keys, in_song, err);
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
