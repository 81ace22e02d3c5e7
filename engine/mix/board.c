#include "engine/mix/board.h"

#include "engine/base/units.h"
#include "engine/dsp/delayline.h"
#include "engine/mix/keys.h"
#include "engine/mix/stemsum.h"
#include <stdlib.h>
#include <string.h>

/* A chain, and the memory by which others can follow it. */
typedef struct line {
    td_chain *chain;
    td_keys *keys;   /* NULL: none, or in the leader's notes */
    td_watch *watch; /* NULL: not counted */
    size_t steps;
    float *note; /* leaders': per step and channel a chunk */
    float **place;
    float *const **places; /* the block under way in the leader's notes, as td_chain_note wants it */
} line;

/* A send. Sources are buses, stems, then returns. */
typedef struct wire {
    size_t source, ret;
    float gain;
    td_delayline wait; /* for what takes longest to its return */
} wire;

typedef struct board_return {
    bool plays;
    line line;
    float gain;
    size_t in_at, out_at; /* frames after the buses: what reaches it, and what leaves it */
    td_delayline later;   /* to the slowest return */
    float *in[2];
} board_return;

struct td_board {
    const td_plan *plan;
    td_board_role role;
    bool heard[TD_BUSES_MAX];
    wire *wire;
    size_t n_wires, first_ret; /* of the sources */
    board_return *ret;
    size_t until, latency; /* until: n_rets where all play; latency: of all in front */
    td_delayline dry;      /* the dry sum waits for the slowest return */
    line mix;
    line way[TD_WAYS]; /* chain NULL: not played */
    float trim;
    double *sum[2];
    float *tap[2];
};

/* ---- lines ------------------------------------------------------------------------------------------------------ */

static void line_fini(line *l)
{
    td_chain_free(l->chain);
    td_keys_free(l->keys);
    td_watch_free(l->watch);
    free(l->note);
    free(l->place);
    free(l->places);
}

static td_status line_init(line *l, const td_board_wish *w, const td_plan_chain *chain, int64_t at, td_error *err)
{
    td_format fmt = td_format_of(w->session, w->plan);
    l->steps = chain->n_steps;
    td_status st = td_chain_of_plan(chain, SIZE_MAX, &fmt, &l->chain, err);
    if (!st && w->role != TD_BOARD_FOLLOWS) st = td_keys_new(w->survey, w->session, w->plan, chain, &l->keys, err);
    if (!st) st = td_keys_seek(l->keys, at, err);
    if (st) return st;
    td_chain_place(l->chain, at);
    if (w->measuring && td_watch_new(chain, l->chain, fmt.rate_hz, &l->watch)) return td_no_memory(err);
    if (w->role == TD_BOARD_PLAYS) return TD_OK;
    l->place = calloc(l->steps + 1, 2 * sizeof *l->place);
    l->places = calloc(l->steps + 1, sizeof *l->places);
    if (w->role == TD_BOARD_LEADS) l->note = td_calloc2(2 * l->steps + 1, TD_CHUNK, sizeof(float));
    if (!l->place || !l->places || (w->role == TD_BOARD_LEADS && !l->note)) return td_no_memory(err);
    for (size_t i = 0; i < l->steps; i++) l->places[i] = l->place + 2 * i;
    return TD_OK;
}

static float *const *const *places_in(line *l, const line *leader, size_t at)
{
    for (size_t i = 0; i < 2 * l->steps; i++) l->place[i] = leader->note + i * TD_CHUNK + at;
    return l->places;
}

static td_status line_run(line *l, const line *leader, td_board_role role, float *const *ch, float *const *tap,
                          size_t at, size_t n, td_error *err)
{
    float *const *const *gr = l->watch ? td_watch_taps(l->watch) : NULL;
    const float *const *const *keys;
    td_status st = td_keys_read(l->keys, n, &keys, err);
    if (st) return st;
    for (size_t c = 0; c < 2 && l->watch; c++) memcpy(tap[c], ch[c], n * sizeof(float));
    if (role == TD_BOARD_FOLLOWS)
        td_chain_follow(l->chain, ch, (const float *const *const *)places_in(l, leader, at), n);
    else if (role == TD_BOARD_LEADS)
        td_chain_note(l->chain, ch, keys, gr, places_in(l, l, at), n);
    else
        td_chain_process(l->chain, ch, keys, gr, n);
    if (l->watch) td_watch_count(l->watch, tap[0], tap[1], n);
    return TD_OK;
}

/* ---- sends ------------------------------------------------------------------------------------------------------ */

/* first: returns above it are no choice. */
static td_status find_return(const td_plan *p, const char *from, const char *name, size_t first, size_t *out,
                             td_error *err)
{
    for (*out = first; *out < p->n_rets; ++*out)
        if (!strcmp(p->ret[*out].name, name)) return TD_OK;
    return td_fail(err, TD_RECIPE, "plan", NULL, "'%s' sends to '%s', which is no return%s", from, name,
                   first ? " below it" : "");
}

td_status td_stem_sends(const td_session *session, const td_plan *p, td_arena *a, td_stem_send **out, size_t *n,
                        td_error *err)
{
    size_t most = 0;
    for (size_t i = 0; i < p->n_stems; i++) most += p->stem[i].n_sends;
    *n = 0;
    if (!(*out = td_arena_array(a, most + 1, sizeof **out))) return td_no_memory(err);
    for (size_t i = 0; i < p->n_stems; i++) {
        unsigned b = session->stem[i].bus;
        if (b >= p->n_buses) continue;
        double gain_db = p->bus[b].clip_gain_db + p->bus[b].makeup_db + p->bus[b].fader_db;
        for (size_t k = 0; k < p->stem[i].n_sends; k++) {
            td_stem_send *s = &(*out)[(*n)++];
            *s = (td_stem_send){ .stem = i, .bus = b, .gain_db = p->stem[i].send[k].level_db + gain_db };
            td_status st = find_return(p, p->stem[i].name, p->stem[i].send[k].to, 0, &s->ret, err);
            if (st) return st;
        }
    }
    return TD_OK;
}

/* What leaves a fader at gain_db; a return's goes to those below it alone, so that none hears itself. */
static td_status add_wires(td_board *b, size_t source, const char *from, double gain_db, const td_plan_send *send,
                           size_t n, td_error *err)
{
    size_t first = source < b->first_ret ? 0 : source - b->first_ret + 1;
    for (size_t i = 0; i < n; i++) {
        wire *w = &b->wire[b->n_wires++];
        *w = (wire){ .source = source, .gain = (float)td_from_db(send[i].level_db + gain_db) };
        td_status st = find_return(b->plan, from, send[i].to, first, &w->ret, err);
        if (st) return st;
    }
    return TD_OK;
}

static td_status wire_up(td_board *b, const td_stem_send *send, size_t n_sends, td_error *err)
{
    const td_plan *p = b->plan;
    size_t most = n_sends;
    for (size_t k = 0; k < p->n_buses; k++) most += p->bus[k].n_sends;
    for (size_t r = 0; r < p->n_rets; r++) most += p->ret[r].n_sends;
    if (!(b->wire = calloc(most + 1, sizeof *b->wire))) return td_no_memory(err);
    b->first_ret = p->n_buses + n_sends;
    td_status st = TD_OK;
    for (size_t k = 0; !st && k < p->n_buses; k++)
        if (b->heard[k]) st = add_wires(b, k, p->bus[k].name, 0, p->bus[k].send, p->bus[k].n_sends, err);
    for (size_t i = 0; i < n_sends; i++)
        if (b->heard[send[i].bus])
            b->wire[b->n_wires++] =
                (wire){ .source = p->n_buses + i, .ret = send[i].ret, .gain = (float)td_from_db(send[i].gain_db) };
    for (size_t r = 0; !st && r < p->n_rets; r++) {
        const td_plan_return *t = &p->ret[r];
        st = add_wires(b, b->first_ret + r, t->name, t->fader_db, t->send, t->n_sends, err);
    }
    return st;
}

/* Leaves out what does not reach `until`. Wires from returns stand last, those of the lowest at the end. */
static void keep_upstream(td_board *b)
{
    size_t kept = 0;
    b->ret[b->until].plays = true;
    for (size_t k = b->n_wires; k-- > 0;)
        if (b->wire[k].source >= b->first_ret && b->ret[b->wire[k].ret].plays)
            b->ret[b->wire[k].source - b->first_ret].plays = true;
    for (size_t k = 0; k < b->n_wires; k++)
        if (b->ret[b->wire[k].ret].plays) b->wire[kept++] = b->wire[k];
    b->n_wires = kept;
}

/* ---- the board -------------------------------------------------------------------------------------------------- */

static size_t leaves_at(const td_board *b, const wire *w)
{
    return w->source < b->first_ret ? 0 : b->ret[w->source - b->first_ret].out_at;
}

static td_status make_return(td_board *b, const td_board_wish *w, size_t r, td_error *err)
{
    board_return *t = &b->ret[r];
    for (size_t c = 0; c < 2; c++)
        if (!(t->in[c] = td_calloc2(TD_BLOCK, 1, sizeof(float)))) return td_no_memory(err);
    for (size_t k = 0; k < b->n_wires; k++)
        if (b->wire[k].ret == r && leaves_at(b, &b->wire[k]) > t->in_at) t->in_at = leaves_at(b, &b->wire[k]);
    if (r == b->until) return TD_OK;
    td_status st = line_init(&t->line, w, &b->plan->ret[r].chain, w->at - (int64_t)t->in_at, err);
    if (st) return st;
    t->gain = (float)td_from_db(b->plan->ret[r].fader_db);
    t->out_at = t->in_at + td_chain_latency(t->line.chain);
    return TD_OK;
}

static td_status make_returns(td_board *b, const td_board_wish *w, td_error *err)
{
    const td_plan *p = b->plan;
    b->until = w->until ? (size_t)(w->until - p->ret) : p->n_rets;
    for (size_t r = 0; r < p->n_rets; r++) b->ret[r].plays = !w->until;
    if (w->until) keep_upstream(b);
    for (size_t r = 0; r < p->n_rets; r++) {
        td_status st = b->ret[r].plays ? make_return(b, w, r, err) : TD_OK;
        if (st) return st;
        if (b->ret[r].in_at > b->latency) b->latency = b->ret[r].in_at;
        if (b->ret[r].out_at > b->latency) b->latency = b->ret[r].out_at;
    }
    for (size_t k = 0; k < b->n_wires; k++) {
        wire *v = &b->wire[k];
        if (td_delayline_init(&v->wait, b->ret[v->ret].in_at - leaves_at(b, v))) return td_no_memory(err);
    }
    for (size_t r = 0; !w->until && r < p->n_rets; r++)
        if (td_delayline_init(&b->ret[r].later, b->latency - b->ret[r].out_at)) return td_no_memory(err);
    return w->until || !td_delayline_init(&b->dry, b->latency) ? TD_OK : td_no_memory(err);
}

/* Nobody follows along a way. */
static td_status make_ways(td_board *b, const td_board_wish *w, td_error *err)
{
    td_board_wish alone = *w;
    td_status st = TD_OK;
    alone.role = TD_BOARD_PLAYS;
    for (td_way k = 0; !st && k < TD_WAYS; k++)
        if (w->way[k]) st = line_init(&b->way[k], &alone, &w->plan->way[k], w->at - (int64_t)td_board_latency(b), err);
    return st;
}

td_status td_board_new(const td_board_wish *w, const td_stem_send *send, size_t n_sends, td_board **out, td_error *err)
{
    *out = NULL;
    td_board *b = calloc(1, sizeof *b);
    if (!b) return td_no_memory(err);
    b->plan = w->plan;
    b->role = w->role;
    for (size_t k = 0; k < w->plan->n_buses; k++) b->heard[k] = !w->heard || w->heard[k];
    b->trim = (float)td_from_db(w->plan->trim_db);
    bool good = (b->ret = calloc(w->plan->n_rets + 1, sizeof *b->ret)) != NULL;
    for (size_t c = 0; c < 2; c++) {
        b->sum[c] = td_calloc2(TD_BLOCK, 1, sizeof(double));
        b->tap[c] = td_calloc2(TD_BLOCK, 1, sizeof(float));
        good = good && b->sum[c] && b->tap[c];
    }
    td_status st = good ? wire_up(b, send, n_sends, err) : td_no_memory(err);
    if (!st) st = make_returns(b, w, err);
    if (!st && !w->until) st = line_init(&b->mix, w, &w->plan->mix, w->at - (int64_t)b->latency, err);
    if (!st && !w->until) st = make_ways(b, w, err);
    if (st) {
        td_board_free(b);
        return st;
    }
    *out = b;
    return TD_OK;
}

void td_board_free(td_board *b)
{
    if (!b) return;
    for (size_t r = 0; b->ret && r < b->plan->n_rets; r++) {
        line_fini(&b->ret[r].line);
        td_delayline_fini(&b->ret[r].later);
        free(b->ret[r].in[0]);
        free(b->ret[r].in[1]);
    }
    for (size_t k = 0; k < b->n_wires; k++) td_delayline_fini(&b->wire[k].wait);
    td_delayline_fini(&b->dry);
    line_fini(&b->mix);
    for (td_way k = 0; k < TD_WAYS; k++) line_fini(&b->way[k]);
    for (size_t c = 0; c < 2; c++) {
        free(b->sum[c]);
        free(b->tap[c]);
    }
    free(b->ret);
    free(b->wire);
    free(b);
}

size_t td_board_latency_to_mix(const td_board *b)
{
    return b->latency;
}

size_t td_board_latency(const td_board *b)
{
    return b->latency + td_chain_latency(b->mix.chain);
}

bool td_board_hears(const td_board *b, size_t source)
{
    for (size_t k = 0; k < b->n_wires; k++)
        if (b->wire[k].source == source) return true;
    return false;
}

size_t td_board_way_latency(const td_board *b, td_way way)
{
    const td_chain *chain = b->way[way].chain;
    return td_board_latency(b) + (chain ? td_chain_latency(chain) : 0);
}

const td_watch *td_board_watch(const td_board *b)
{
    return b->mix.watch;
}

const td_watch *td_board_way_watch(const td_board *b, td_way way)
{
    return b->way[way].watch;
}

const td_watch *td_board_return_watch(const td_board *b, size_t r)
{
    return b->ret[r].line.watch;
}

/* ---- one block -------------------------------------------------------------------------------------------------- */

static void pass_on(td_board *b, wire *w, const float *const *sound, size_t n)
{
    float *const *to = b->ret[w->ret].in;
    td_delayline_process(&w->wait, sound, b->tap, n);
    for (size_t c = 0; c < 2; c++)
        for (size_t i = 0; i < n; i++) to[c][i] += w->gain * b->tap[c][i];
}

static td_status run_returns(td_board *b, const td_board *lead, const float *const *const *source, size_t at, size_t n,
                             td_error *err)
{
    size_t k = 0;
    for (size_t r = 0; r < b->plan->n_rets; r++)
        for (size_t c = 0; c < 2 && b->ret[r].plays; c++) memset(b->ret[r].in[c], 0, n * sizeof(float));
    for (; k < b->n_wires && b->wire[k].source < b->first_ret; k++)
        pass_on(b, &b->wire[k], source[b->wire[k].source], n);
    for (size_t r = 0; r < b->until; r++) {
        board_return *t = &b->ret[r];
        if (!t->plays) continue;
        td_status st = line_run(&t->line, lead ? &lead->ret[r].line : NULL, b->role, t->in, b->tap, at, n, err);
        if (st) return st;
        for (; k < b->n_wires && b->wire[k].source == b->first_ret + r; k++)
            pass_on(b, &b->wire[k], (const float *const *)t->in, n);
    }
    return TD_OK;
}

static void add_to_sum(td_board *b, const float *const *ch, double gain, size_t n)
{
    td_stem_add(b->sum, ch, 2, (td_sides){ gain, gain }, n);
}

/* The buses, as late as the slowest return. */
static void sum_dry(td_board *b, const float *const *const *source, size_t n, float *const *work)
{
    for (size_t c = 0; c < 2; c++) memset(b->sum[c], 0, n * sizeof(double));
    for (size_t k = 0; k < b->plan->n_buses; k++)
        if (b->heard[k]) add_to_sum(b, source[k], 1, n);
    td_stem_store((const double *const *)b->sum, work, n);
    td_delayline_process(&b->dry, (const float *const *)work, work, n);
    for (size_t c = 0; c < 2; c++)
        for (size_t i = 0; i < n; i++) b->sum[c][i] = (double)work[c][i];
}

td_status td_board_run(td_board *b, const td_board *lead, const float *const *const *source, size_t at, size_t n,
                       float *const *in, float *const *out, td_error *err)
{
    td_status st = run_returns(b, lead, source, at, n, err);
    if (st) return st;
    if (b->until < b->plan->n_rets) {
        for (size_t c = 0; c < 2; c++) memcpy(in[c], b->ret[b->until].in[c], n * sizeof(float));
        return TD_OK;
    }
    sum_dry(b, source, n, in);
    for (size_t r = 0; r < b->plan->n_rets; r++) {
        board_return *t = &b->ret[r];
        td_delayline_process(&t->later, (const float *const *)t->in, t->in, n);
        add_to_sum(b, (const float *const *)t->in, (double)t->gain, n);
    }
    for (size_t c = 0; c < 2; c++) {
        for (size_t i = 0; i < n; i++) in[c][i] = (float)b->sum[c][i] * b->trim;
        if (out) memcpy(out[c], in[c], n * sizeof(float));
    }
    return out ? line_run(&b->mix, lead ? &lead->mix : NULL, b->role, out, b->tap, at, n, err) : TD_OK;
}

td_status td_board_go_on(td_board *b, td_way way, const float *const *mix, size_t n, float *const *out, td_error *err)
{
    for (size_t c = 0; c < 2; c++) memcpy(out[c], mix[c], n * sizeof(float));
    return line_run(&b->way[way], NULL, TD_BOARD_PLAYS, out, b->tap, 0, n, err);
}
