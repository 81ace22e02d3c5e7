#include "engine/mix/decide/front.h"

#include "engine/base/row.h"
#include "engine/base/units.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Thresholds are found on picks: every 8th frame of what the detector looks at, over the whole song, never on block
 * maxima (which are right only for attacks of nothing). Picks lie on disk; a trial streams them through the real gain
 * computer and ballistics. What is active is told by the input's peaks, every few frames, in memory.
 *
 * The search hears few windows: for a maximum those where the detector hears most, for a percentile a sample of those
 * that sound. It only leads near enough: slow attacks are searched on every 40th frame, for what it found is judged on
 * the whole song and corrected along the slope until it holds; where it does not come to hold, the whole song is
 * searched.
 *
 * Tips are held for longer than 8 frames, so nothing of them is missed. Of slow attacks percentiles miss 0.003 dB, but
 * maxima up to 0.16, and of fast ones both up to 0.5. How much is found once, on every 2nd frame: of maxima in the
 * highest windows, of fast attacks in the whole song. It hardly changes with the threshold, and is added from then on.
 */

enum { TRIALS = 13, COARSE = 3 };          /* at most; of which so many only halve the bracket */
enum { FINE = 2, LOOSE = 8, SPARSE = 40 }; /* frames from one pick to the next */
enum { PEAK = 40 };            /* frames that share a peak: a multiple of all, and a part of most rates' windows */
enum { ROUNDS = 4 };           /* corrections at most */
enum { WARM = 2 };             /* windows in front of one that is heard, for the ballistics to settle */
enum { RUN = 4, EVERY = 8 };   /* a sample: so many windows in a row; of so many such rows one, of few picks more */
enum { TOPS = 16, PART = 10 }; /* windows in which a maximum is looked for: one of so many of a short song */

enum { SHORT_S = 120 };

/* Picks are taken in pieces side by side: of the song as many as its length makes, and an even number, of passages
 * these. In front of each, so much is played that is dropped. */
enum { PIECE_S = 30, PIECES = 8, OF_PASSAGES = 2, SETTLE_S = 1 };

#define WINDOW_S 0.4
#define SLOW_MS  2
#define NEAR_DB  0.05 /* from what is asked, or a bracket as narrow: a plan's thresholds have steps of 0.1 dB */
#define FAR_DB   6    /* no correction goes further */
#define MISS_DB  0.5  /* every 8th frame misses less of a maximum */
#define ALIKE_DB 1    /* as long as a value has not moved farther, it misses as much */
#define ALIKE    1e-3 /* part of a score by which others differ */
#define SOUNDS   0.03 /* of the highest peak: 30 dB below it, as percentiles count */

typedef struct goal {
    size_t detector;
    int part; /* -1: the step's own */
    size_t goal_slot, solved_slot;
    const td_param *solved;
    td_wish wish;
    double value, least, most;        /* what may be decided */
    double low, high;                 /* bracket */
    double off, last_value, last_off; /* reached less asked: here, and at the trial before */
    double slope;                     /* of `off` between the two */
    bool found;
    bool more_is_less; /* a higher value reduces less (thresholds) */
    double max_db, max_at_s, p95_db, idle;
    double missed_max_db, missed_p95_db, missed_at; /* by every 8th frame, and at which value; NAN: not known */
} goal;

typedef struct solver {
    td_decider *d;
    const td_site *site;
    td_plan_step *step;
    goal goals[TD_DETECTORS_MAX];
    size_t n_goals, detectors;
    unsigned stride, pick;     /* of the search, and of what is kept, in frames */
    bool fast;                 /* attacks, and tips are not held: every 8th frame misses something */
    td_scratch *picks[PIECES]; /* a plane per detector */
    td_scratch *front[PIECES]; /* the sound they are of, where that is kept */
    bool keeps_front;
    uint64_t frames;
    size_t window, n_windows;       /* frames in one, a multiple of PEAK; of the song */
    size_t n_pieces, in_piece;      /* windows in one */
    float *peak;                    /* of the input */
    float *score[TD_DETECTORS_MAX]; /* per goal and window: how likely the maximum lies there */
    unsigned char *heard;           /* per window: a bit for each goal that counts it */
    float *taken_db;                /* by step: off the whole sound, as the song was judged last */
} solver;

/* ---- picks ------------------------------------------------------------------------------------------------------- */

static bool is_of_maximum(const goal *g)
{
    return g->wish.kind != TD_WISH_ABOUT;
}

static bool misses(const solver *s, const goal *g)
{
    return s->fast || (is_of_maximum(g) && !s->step->proc->peaks);
}

static td_status unit_for(const solver *s, unsigned pick, td_unit_state **out, td_error *err)
{
    td_part part[TD_POINTS_MAX];
    td_settings set = td_step_settings(s->step, part);
    td_format fmt = td_format_of(s->d->session, s->d->plan);
    fmt.pick = pick;
    return td_unit_new(s->step->proc, &fmt, &set, out, err);
}

TD_WIDE static void magnitudes(const float *left, const float *right, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++) {
        float a = fabsf(left[i]), b = fabsf(right[i]);
        out[i] = a > b ? a : b;
    }
}

/* A block may begin and end among frames that share a peak. */
static void note_peaks(solver *s, uint64_t at, const float *magnitude, size_t n)
{
    for (size_t i = 0, run; i < n; i += run) {
        float *own = &s->peak[(at + i) / PEAK];
        run = PEAK - (size_t)((at + i) % PEAK);
        if (run > n - i) run = n - i;
        *own = fmaxf(*own, td_largest(magnitude + i, run));
    }
}

/* Where a block's level is high over its whole time, a smoothed reduction will be; tips count where tips are cut. */
static float block_score(const td_processor *proc, const float *level, size_t n)
{
    float sum = 0;
    if (proc->peaks) return td_largest(level, n);
    for (size_t i = 0; i < n; i += 8) sum += level[i];
    return sum / (float)n;
}

/* What is heard of a song for other ends is most of a short one, and but a few seconds of a long one. */
static bool is_short(const td_decider *d)
{
    return d->session->frames <= SHORT_S * (uint64_t)d->session->rate_hz;
}

/* Where a piece is heard, and by what. */
typedef struct piece {
    solver *s;
    td_front *front;
    td_unit_state *unit;
    td_scratch *picks, *sound; /* sound: NULL where it is not kept */
    float in[2][TD_BLOCK], key[2][TD_BLOCK];
    float level[TD_DETECTORS_MAX][TD_BLOCK], magnitude[TD_BLOCK];
} piece;

static td_status sense_block(piece *p, size_t n, td_error *err)
{
    float *to[2] = { p->in[0], p->in[1] }, *key[2] = { p->key[0], p->key[1] }, *level[TD_DETECTORS_MAX];
    for (size_t k = 0; k < TD_DETECTORS_MAX; k++) level[k] = p->level[k];
    TD_TRY(td_front_read(p->front, to, key, n, err));
    p->s->step->proc->dynamics->sense(td_unit_raw(p->unit), (const float *const *)to,
                                      td_front_keyed(p->front) ? (const float *const *)key : NULL, n, level);
    return TD_OK;
}

static td_status keep_block(piece *p, uint64_t at, size_t n, td_error *err)
{
    solver *s = p->s;
    size_t m = (n + s->pick - 1) / s->pick;
    const float *in[2] = { p->in[0], p->in[1] }, *plane[TD_DETECTORS_MAX];
    magnitudes(in[0], in[1], n, p->magnitude);
    note_peaks(s, at, p->magnitude, n);
    for (size_t i = 0; i < s->n_goals; i++) {
        float *score = &s->score[i][at / s->window];
        *score = fmaxf(*score, block_score(s->step->proc, p->level[s->goals[i].detector], n));
    }
    for (size_t k = 0; k < s->detectors; k++) {
        plane[k] = p->level[k];
        for (size_t i = 0; i < m; i++) p->level[k][i] = p->level[k][s->pick * i];
    }
    TD_TRY(td_scratch_append(p->picks, plane, m, err));
    return p->sound ? td_scratch_append(p->sound, in, n, err) : TD_OK;
}

static td_status play_piece(piece *p, size_t index, td_error *err)
{
    const solver *s = p->s;
    uint64_t length = (uint64_t)s->in_piece * s->window, at = index * length;
    uint64_t end = index + 1 < s->n_pieces ? at + length : s->frames;
    size_t settle = index ? SETTLE_S * (size_t)s->d->session->rate_hz : 0;
    if (index) TD_TRY(td_front_seek(p->front, (int64_t)at - (int64_t)settle, err));
    for (size_t n; settle; settle -= n) {
        n = settle < TD_BLOCK ? settle : TD_BLOCK;
        TD_TRY(sense_block(p, n, err));
    }
    for (size_t n; at < end; at += n) {
        n = end - at < TD_BLOCK ? (size_t)(end - at) : TD_BLOCK;
        TD_TRY(sense_block(p, n, err));
        TD_TRY(keep_block(p, at, n, err));
    }
    return TD_OK;
}

static td_status take_piece(void *shared, size_t index, td_error *err)
{
    solver *s = shared;
    piece *p = calloc(1, sizeof *p);
    if (!p) return td_no_memory(err);
    p->s = s;
    td_status st = td_scratch_new(s->d->wish->scratch_folder, (unsigned)s->detectors, &p->picks, err);
    if (!st && s->keeps_front) st = td_scratch_new(s->d->wish->scratch_folder, 2, &p->sound, err);
    if (!st) st = unit_for(s, 0, &p->unit, err);
    if (!st) st = td_front_new(s->d, s->site, s->step, &p->front, err);
    if (!st) st = play_piece(p, index, err);
    s->picks[index] = p->picks;
    s->front[index] = p->sound;
    td_front_free(p->front);
    td_unit_free(p->unit);
    free(p);
    return st;
}

/* Of the mix bus's maxima, only what the final check plays is heard. */
static bool in_passages(const td_decider *d, const td_site *site)
{
    return site->kind == TD_SITE_MIX && d->n_passages;
}

/* What reaches a return is played in one piece, for it rings on. */
static size_t pieces_for(const solver *s)
{
    size_t n = (size_t)(s->frames / s->d->session->rate_hz / PIECE_S);
    if (in_passages(s->d, s->site)) return OF_PASSAGES;
    if (!n || s->site->kind == TD_SITE_RETURN) return 1;
    return n < PIECES ? n + n % 2 : PIECES;
}

static td_status make_windows(solver *s, td_error *err)
{
    s->frames = td_front_frames(s->d, s->site);
    s->window = (size_t)(WINDOW_S * s->d->session->rate_hz / PEAK) * PEAK;
    s->n_windows = (size_t)(s->frames / s->window) + 1;
    s->n_pieces = pieces_for(s);
    s->in_piece = (s->n_windows + s->n_pieces - 1) / s->n_pieces;
    s->heard = calloc(s->n_windows + WARM, 1);
    s->peak = td_calloc2(s->n_windows, s->window / PEAK, sizeof *s->peak);
    bool good = s->heard && s->peak;
    for (size_t i = 0; i < s->n_goals; i++) good = (s->score[i] = td_calloc2(s->n_windows, 1, sizeof(float))) && good;
    return good ? TD_OK : td_no_memory(err);
}

/* A step or a fix stands in front. */
static bool is_played(const td_decider *d, const td_site *site)
{
    bool fixed = false;
    for (size_t i = 0; i < d->plan->n_stems; i++)
        fixed |= d->session->stem[i].bus == site->index && d->plan->stem[i].chain.n_steps;
    return site->kind == TD_SITE_BUS && (site->chain->n_steps || fixed);
}

/* Whoever hears the bus again goes on from here. */
static td_status keep_front(solver *s, td_error *err)
{
    td_behind *kept = &s->d->behind[s->site->index];
    td_scratch *all;
    TD_TRY(td_scratch_join(s->front, s->n_pieces, &all, err));
    memset(s->front, 0, sizeof s->front);
    td_scratch_free(kept->sound);
    *kept = (td_behind){ all, s->site->chain->n_steps };
    return TD_OK;
}

/* What is heard of the step: its detectors, and how closely. */
static td_status look_at(solver *s, td_error *err)
{
    const td_dynamics *dynamics = s->step->proc->dynamics;
    int slot = td_param_find(s->step->proc, "attack");
    td_unit_state *unit;
    TD_TRY(unit_for(s, LOOSE, &unit, err)); /* which makes no filters in front of detectors */
    s->detectors = dynamics->detectors(td_unit_raw(unit));
    double attack_ms = dynamics->attack_ms ? dynamics->attack_ms(td_unit_raw(unit))
                       : slot < 0          ? NAN
                                           : s->step->value[slot];
    td_unit_free(unit);
    s->fast = !s->step->proc->peaks && !(attack_ms >= SLOW_MS);
    s->stride = s->step->proc->peaks ? LOOSE : SPARSE;
    s->pick = LOOSE;
    for (size_t i = 0; i < s->n_goals; i++)
        if (misses(s, &s->goals[i])) s->pick = FINE;
    return TD_OK;
}

static td_status collect_picks(solver *s, td_error *err)
{
    TD_TRY(look_at(s, err));
    TD_TRY(make_windows(s, err));
    s->keeps_front = is_short(s->d) && is_played(s->d, s->site);
    TD_TRY(td_pool_run(s->d->wish->pool, s->n_pieces, take_piece, s, err));
    return s->keeps_front ? keep_front(s, err) : TD_OK;
}

/* ---- windows ----------------------------------------------------------------------------------------------------- */

/* The highest windows, none below `least`; of those that are alike one, for loops come again sample for sample. */
static void hear_tops(solver *s, size_t index, double least)
{
    const float *score = s->score[index];
    size_t most = s->n_windows / PART < TOPS ? s->n_windows / PART + 1 : TOPS;
    for (double below = INFINITY; most--; below *= 1 - ALIKE) {
        size_t best = SIZE_MAX;
        for (size_t w = 0; w < s->n_windows; w++)
            if ((double)score[w] < below && (best == SIZE_MAX || score[w] > score[best])) best = w;
        if (best == SIZE_MAX || (double)score[best] < least) return;
        s->heard[best] |= (unsigned char)(1u << index);
        below = (double)score[best];
    }
}

/* Of the windows that sound, wherever they lie: a grid over the song would miss who plays in a few seconds of it. */
static void hear_sample(solver *s, size_t index)
{
    size_t peaks = s->window / PEAK, n = 0, k = 0;
    float least = td_largest(s->peak, s->n_windows * peaks) * (float)SOUNDS;
    for (size_t w = 0; w < s->n_windows; w++) n += td_largest(s->peak + w * peaks, peaks) >= least;
    size_t all = RUN * EVERY * s->stride / LOOSE, every = n > all * EVERY / 2 ? EVERY : n > all ? EVERY / 2 : 1;
    for (size_t w = 0; w < s->n_windows; w++)
        if (td_largest(s->peak + w * peaks, peaks) >= least && k++ / RUN % every == every / 2)
            s->heard[w] |= (unsigned char)(1u << index);
}

/* ---- trials ------------------------------------------------------------------------------------------------------ */

static void set_value(solver *s, const goal *g)
{
    double *value = g->part < 0 ? s->step->value : s->step->part[g->part].value;
    value[g->solved_slot] = g->value;
}

/* Of n levels every step-th stays. */
static size_t thin(float *const *plane, size_t planes, size_t n, size_t step)
{
    size_t m = (n + step - 1) / step;
    for (size_t k = 0; k < planes && step > 1; k++)
        for (size_t i = 0; i < m; i++) plane[k][i] = plane[k][i * step];
    return m;
}

/* Each peak for so many levels. */
static void spread(const float *peak, size_t each, size_t n, float *out)
{
    for (size_t i = 0, run; i < n; i += run, peak++) {
        run = n - i < each ? n - i : each;
        for (size_t k = 0; k < run; k++) out[i + k] = *peak;
    }
}

/* Runs every goal's detector over a window as the values stand; counted where the goal hears it. */
static td_status try_window(solver *s, td_unit_state *unit, td_reduction **r, unsigned stride, bool whole, size_t w,
                            float *const *plane, td_error *err)
{
    const td_scratch *picks = s->picks[w / s->in_piece];
    size_t all = s->window / s->pick;
    uint64_t at = (uint64_t)(w % s->in_piece) * all, left = td_scratch_length(picks) - at;
    size_t n = left < all ? (size_t)left : all;
    TD_TRY(td_scratch_read(picks, (int64_t)at, plane, n, err));
    n = thin(plane, s->detectors, n, stride / s->pick);
    spread(s->peak + w * (s->window / PEAK), PEAK / stride, n, plane[s->detectors]);
    for (size_t i = 0; i < s->n_goals; i++) {
        if (!r[i]) continue;
        float *gr = plane[s->goals[i].detector];
        s->step->proc->dynamics->react(td_unit_raw(unit), s->goals[i].detector, gr, n, gr);
        if (whole) s->score[i][w] = td_largest(gr, n);
        if (whole || s->heard[w] & 1u << i) td_reduction_add(r[i], gr, plane[s->detectors], NULL, n);
    }
    return TD_OK;
}

static bool plays(const solver *s, size_t w)
{
    bool any = false;
    for (size_t i = 0; i <= WARM; i++) any = any || s->heard[w + i];
    return any;
}

static void keep_figures(goal *g, const td_reduction *r)
{
    g->max_db = td_reduction_max(r);
    g->max_at_s = td_reduction_max_at(r);
    g->p95_db = td_reduction_percentile(r, 0.95);
    g->idle = td_reduction_idle(r);
}

/* What a goal takes off all of the sound (bands are parts of it), drawn in steps that may be a few frames short. */
static void note_taken(solver *s, const goal *g, const td_reduction *r, double rate_hz)
{
    size_t n;
    const float *taken = td_reduction_steps(r, &n);
    double step_s = floor(rate_hz * TD_STEP_S) / rate_hz;
    if (g->part >= 0) return;
    for (size_t i = 0; i < n; i++) {
        size_t at = (size_t)(((double)i + 0.5) * step_s / TD_STEP_S);
        if (at < s->d->steps) s->taken_db[at] = taken[i];
    }
}

/* All goals not yet found, with the values as they stand: over the whole song, or what of it is heard. */
static td_status trial(solver *s, unsigned stride, bool whole, td_error *err)
{
    td_unit_state *unit = NULL;
    td_reduction *r[TD_DETECTORS_MAX] = { 0 };
    double rate = (double)s->d->session->rate_hz / stride;
    unsigned counted = stride < LOOSE ? LOOSE / stride : 1;
    size_t most = s->window / s->pick;
    float *block = td_calloc2(s->detectors + 1, most, sizeof *block), *plane[TD_DETECTORS_MAX + 1];
    td_status st = block ? unit_for(s, stride, &unit, err) : td_no_memory(err);
    for (size_t i = 0; block && i <= s->detectors; i++) plane[i] = block + i * most;
    for (size_t i = 0; !st && i < s->n_goals; i++)
        if (!s->goals[i].found && td_reduction_new(rate, counted, s->step->proc->peaks, &r[i])) st = td_no_memory(err);
    for (size_t w = 0; !st && w < s->n_windows; w++)
        if (whole || plays(s, w)) st = try_window(s, unit, r, stride, whole, w, plane, err);
    for (size_t i = 0; i < s->n_goals; i++) {
        if (!st && r[i]) keep_figures(&s->goals[i], r[i]);
        if (!st && r[i] && whole) note_taken(s, &s->goals[i], r[i], rate);
        td_reduction_free(r[i]);
    }
    td_unit_free(unit);
    free(block);
    return st;
}

static double asked(const goal *g)
{
    return g->wish.kind == TD_WISH_RANGE ? g->wish.b : g->wish.a;
}

static double reached(const goal *g)
{
    return is_of_maximum(g) ? g->max_db : g->p95_db;
}

/* What of it was not heard but added. */
static double missed_db(const goal *g)
{
    return is_of_maximum(g) ? g->missed_max_db : g->missed_p95_db;
}

/* Along the line through the last two trials, where that stays in the bracket; every third time its middle, so that a
 * bent curve cannot hold it up. */
static double next_value(const goal *g, int t)
{
    double middle = (g->low + g->high) / 2, x = g->value - g->off / g->slope;
    return t >= COARSE && t % 3 && x > g->low && x < g->high ? x : middle;
}

static void judge(goal *g)
{
    g->off = reached(g) - asked(g);
    g->slope = (g->off - g->last_off) / (g->value - g->last_value);
    if ((g->off > 0) == g->more_is_less)
        g->low = g->value;
    else
        g->high = g->value;
    g->found = fabs(g->off) < NEAR_DB || g->high - g->low < NEAR_DB;
}

static void take(solver *s, goal *g, double value)
{
    g->value = td_param_round(g->solved, value);
    g->found = false;
    set_value(s, g);
}

/* What is far from what is asked, and can come nearer, need not be known closely yet. */
static bool is_known(const solver *s, const goal *g)
{
    bool far = fabs(reached(g) - asked(g)) > ALIKE_DB && g->value > g->least && g->value < g->most;
    return g->found || !misses(s, g) || far || fabs(g->value - g->missed_at) < ALIKE_DB;
}

/* How much every 2nd frame adds to what was heard in every 8th: of a fast attack all along the song, of a maximum in
 * the highest windows. */
static td_status find_missed(solver *s, td_error *err)
{
    goal song[TD_DETECTORS_MAX], loose[TD_DETECTORS_MAX];
    memcpy(song, s->goals, sizeof song);
    memset(s->heard, 0, s->n_windows);
    for (size_t i = 0; i < s->n_goals && !s->fast; i++)
        if (is_of_maximum(&s->goals[i])) hear_tops(s, i, s->goals[i].max_db - MISS_DB);
    if (!s->fast) TD_TRY(trial(s, LOOSE, false, err));
    memcpy(loose, s->goals, sizeof loose);
    TD_TRY(trial(s, FINE, s->fast, err));
    for (size_t i = 0; i < s->n_goals; i++) {
        if (song[i].found || !misses(s, &song[i])) continue;
        song[i].missed_max_db = s->goals[i].max_db - loose[i].max_db;
        song[i].missed_p95_db = s->fast ? s->goals[i].p95_db - loose[i].p95_db : 0;
        song[i].missed_at = song[i].value;
    }
    memcpy(s->goals, song, sizeof song);
    return TD_OK;
}

/* The song as the values stand. */
static td_status judge_song(solver *s, td_error *err)
{
    bool known = true;
    TD_TRY(trial(s, LOOSE, true, err));
    for (size_t i = 0; i < s->n_goals; i++) known = known && is_known(s, &s->goals[i]);
    if (!known) TD_TRY(find_missed(s, err));
    for (size_t i = 0; i < s->n_goals; i++) {
        goal *g = &s->goals[i];
        if (g->found || !misses(s, g)) continue;
        g->max_db += g->missed_max_db;
        g->p95_db += g->missed_p95_db;
    }
    return TD_OK;
}

/* Along the slope of the last two trials of the search; again: along that of the song's last two, for what a step
 * reacts to may begin between the search's. False: nothing moves any more. */
static bool correct(solver *s, bool again)
{
    bool moved = false;
    for (size_t i = 0; i < s->n_goals; i++) {
        goal *g = &s->goals[i];
        double before = g->value, off = reached(g) - asked(g), heard_off = off - missed_db(g);
        if (again && before != g->last_value) g->slope = (heard_off - g->last_off) / (before - g->last_value);
        double by = -off / g->slope;
        g->last_value = before;
        g->last_off = heard_off;
        g->found = true;
        if (!isfinite(by)) continue;
        take(s, g, td_clamp(before + td_clamp(by, -FAR_DB, FAR_DB), g->least, g->most));
        g->found = g->value == before;
        moved = moved || !g->found;
    }
    return moved;
}

/* The bracket is narrowed on what is heard of the song. */
static td_status narrow(solver *s, td_error *err)
{
    size_t left = 0;
    for (size_t i = 0; i < s->n_goals; i++) left += !s->goals[i].found;
    for (int t = 0; t < TRIALS && left; t++) {
        for (size_t i = 0; i < s->n_goals; i++) {
            goal *g = &s->goals[i];
            if (g->found) continue;
            double x = next_value(g, t);
            g->last_value = g->value;
            g->last_off = g->off;
            g->value = x;
            set_value(s, g);
        }
        TD_TRY(trial(s, s->stride, false, err));
        for (size_t i = 0; i < s->n_goals; i++) {
            if (s->goals[i].found) continue;
            judge(&s->goals[i]);
            left -= s->goals[i].found;
        }
    }
    for (size_t i = 0; i < s->n_goals; i++) take(s, &s->goals[i], s->goals[i].value);
    return TD_OK;
}

/* Less than what is allowed at most is no miss. */
static bool missed(const goal *g)
{
    double least = g->wish.kind == TD_WISH_AT_MOST ? 0 : g->wish.a;
    return reached(g) > asked(g) + 0.1 || reached(g) < least - 0.1;
}

/* Of two as near the one that does less. */
static bool nearer(const goal *a, const goal *b)
{
    double by = fabs(reached(b) - asked(b)) - fabs(reached(a) - asked(a));
    return fabs(by) > NEAR_DB ? by > 0 : a->max_db < b->max_db;
}

static void keep_nearest(const solver *s, goal *best)
{
    for (size_t i = 0; i < s->n_goals; i++)
        if (nearer(&s->goals[i], &best[i])) best[i] = s->goals[i];
}

/* What the sample missed is looked for in the whole song, and closer. What cannot be met ends where it is nearest, be
 * it where least is done. */
static td_status settle(solver *s, td_error *err)
{
    goal best[TD_DETECTORS_MAX];
    bool any = false;
    for (size_t i = 0; i < s->n_goals; i++) {
        goal *g = &s->goals[i];
        g->low = g->least;
        g->high = g->most;
        g->found = !missed(g);
        any = any || !g->found;
    }
    if (!any) return TD_OK;
    memcpy(best, s->goals, sizeof best);
    memset(s->heard, 0xff, s->n_windows);
    s->stride = s->fast ? FINE : LOOSE;
    TD_TRY(narrow(s, err));
    TD_TRY(judge_song(s, err));
    keep_nearest(s, best);
    for (size_t i = 0; i < s->n_goals; i++)
        if (missed(&best[i])) take(s, &s->goals[i], s->goals[i].more_is_less ? s->goals[i].most : s->goals[i].least);
    TD_TRY(judge_song(s, err));
    keep_nearest(s, best);
    for (size_t i = 0; i < s->n_goals; i++) take(s, &s->goals[i], best[i].value);
    return judge_song(s, err);
}

static td_status search(solver *s, td_error *err)
{
    for (size_t i = 0; i < s->n_goals; i++)
        if (is_of_maximum(&s->goals[i]))
            hear_tops(s, i, 0);
        else
            hear_sample(s, i);
    TD_TRY(narrow(s, err));
    for (int round = 0;; round++) {
        TD_TRY(judge_song(s, err));
        if (round == ROUNDS || !correct(s, round > 0)) return settle(s, err);
    }
}

/* ---- goals ------------------------------------------------------------------------------------------------------- */

static bool is_goal(const td_param *p, const td_wish *w)
{
    return (p->flags & TD_GOAL) && w->kind != TD_WISH_NONE;
}

static td_status add_goal(solver *s, const td_processor *proc, size_t slot, const td_wish *wish, int part,
                          size_t detector, td_error *err)
{
    int solved = td_param_find(proc, proc->params[slot].solves);
    if (solved < 0 || s->n_goals == TD_DETECTORS_MAX)
        return td_fail(err, TD_RECIPE, s->step->name, NULL, "'%s' cannot be solved here", proc->params[slot].name);
    goal *g = &s->goals[s->n_goals++];
    *g = (goal){ .detector = detector,
                 .part = part,
                 .goal_slot = slot,
                 .solved_slot = (size_t)solved,
                 .wish = *wish,
                 .missed_at = NAN };
    g->solved = &proc->params[solved];
    g->low = g->least = g->solved->solved_min != 0 ? g->solved->solved_min : g->solved->min;
    g->high = g->most = g->solved->max;
    g->more_is_less = !strcmp(g->solved->name, "threshold");
    g->value = td_param_round(g->solved, (g->low + g->high) / 2);
    set_value(s, g);
    return TD_OK;
}

static td_status find_goals(solver *s, const td_step_wish *wish, td_error *err)
{
    for (size_t i = 0; i < wish->proc->n_params; i++)
        if (is_goal(&wish->proc->params[i], &wish->value[i]))
            TD_TRY(add_goal(s, wish->proc, i, &wish->value[i], -1, 0, err));
    for (size_t k = 0; k < wish->n_parts; k++)
        for (size_t i = 0; i < wish->part[k].proc->n_params; i++)
            if (is_goal(&wish->part[k].proc->params[i], &wish->part[k].value[i]))
                TD_TRY(add_goal(s, wish->part[k].proc, i, &wish->part[k].value[i], (int)k, k, err));
    return TD_OK;
}

static const char *wish_word(td_wish_kind kind)
{
    return kind == TD_WISH_ABOUT ? "about" : kind == TD_WISH_AT_LEAST ? "at least" : "at most";
}

/* What brought a step here stays in front of what was found for it; what was found before goes. */
static const char *goal_reason(td_decider *d, const td_site *site, const goal *g, const char *knob, const char *before)
{
    char clock[16], wanted[32];
    snprintf(wanted, sizeof wanted, "%s %g dB wanted", wish_word(g->wish.kind), asked(g));
    const char *found = before ? strstr(before, wanted) : NULL;
    int cause = found ? (int)(found - before) : before && strcmp(before, "as written") != 0 ? (int)strlen(before) : 0;
    td_clock(td_front_time(d, site, g->max_at_s), clock);
    const char *tells =
        in_passages(d, site)
            ? td_arena_printf(d->arena, "in the loudest passages 95 %% under %.1f dB", g->p95_db)
            : td_arena_printf(d->arena, "95 %% of the time under %.1f dB, idle %d %%", g->p95_db, (int)(g->idle * 100));
    return !tells ? NULL
                  : td_arena_printf(d->arena, "%.*s%s%s%s%s: %.1f dB at %s, %s", cause, cause ? before : "",
                                    cause && !found ? "; " : "", wanted, knob ? " by " : "", knob ? knob : "",
                                    g->max_db, clock, tells);
}

static td_status explain(solver *s, td_error *err)
{
    td_decider *d = s->d;
    for (size_t i = 0; i < s->n_goals; i++) {
        goal *g = &s->goals[i];
        const char *before = g->part < 0 ? s->step->reason : s->step->part[g->part].reason;
        const char *reason = goal_reason(d, s->site, g, g->wish.knob, before);
        if (!reason) return td_no_memory(err);
        if (missed(g) && s->step->proc->dynamics)
            TD_TRY(td_decide_note(d, TD_NOTE_WARNING, "%s %s: %.1f dB asked, %.1f dB is as near as its %s can come",
                                  s->site->name, s->step->name, asked(g), reached(g), g->solved->name));
        *(g->part < 0 ? &s->step->reason : &s->step->part[g->part].reason) = reason;
        *(g->part < 0 ? &s->step->goal : &s->step->part[g->part].goal) =
            (td_plan_goal){ .asked_db = asked(g),
                            .max_db = td_round_to(g->max_db, 0.01),
                            .p95_db = in_passages(d, s->site) ? NAN : td_round_to(g->p95_db, 0.01),
                            .at_s = td_round_to(td_front_time(d, s->site, g->max_at_s), 0.1) };
    }
    s->step->origin = TD_SOLVED;
    return TD_OK;
}

/* A bus is made up for what its goals take, but for what a key takes. */
static void ease_bus(solver *s)
{
    const td_signal *bus = td_survey_signal(s->d->survey, s->site->signal);
    float *eased = s->d->eased[s->site->index];
    double all = 0, left = 0;
    for (size_t i = 0; i < s->d->steps; i++) {
        all += (double)bus->k[i];
        left += (double)bus->k[i] * td_db_power(-(double)s->taken_db[i]);
    }
    double up = s->step->n_keys || !(left > 0) ? 1 : all / left;
    for (size_t i = 0; i < s->d->steps; i++) eased[i] *= (float)(up * td_db_power(-(double)s->taken_db[i]));
}

static td_asked goal_asked(const td_param *p, const td_wish *w)
{
    return !is_goal(p, w) ? TD_ASKS_NOTHING : w->kind == TD_WISH_AT_MOST ? TD_ASKS_MAXIMA : TD_ASKS_OVER_TIME;
}

static td_asked values_asked(const td_processor *proc, const td_wish *value, td_asked most)
{
    for (size_t i = 0; i < proc->n_params; i++) {
        td_asked a = goal_asked(&proc->params[i], &value[i]);
        if (a > most) most = a;
    }
    return most;
}

td_asked td_goals_asked(const td_step_wish *wish)
{
    td_asked most = values_asked(wish->proc, wish->value, TD_ASKS_NOTHING);
    for (size_t k = 0; k < wish->n_parts; k++) most = values_asked(wish->part[k].proc, wish->part[k].value, most);
    return most && wish->n_keys ? TD_ASKS_OVER_TIME : most;
}

td_status td_solve_goals(td_decider *d, const td_site *site, const td_step_wish *wish, td_plan_step *step,
                         td_error *err)
{
    solver s = { .d = d, .site = site, .step = step };
    td_status st = find_goals(&s, wish, err);
    if (st || !s.n_goals) return st;
    if (!step->proc->dynamics)
        return td_fail(err, TD_RECIPE, step->name, NULL, "%s has no detector to solve a goal with", step->proc->name);
    if (site->kind == TD_SITE_MIX && !d->sum) return TD_OK;
    s.taken_db = calloc(d->steps + 1, sizeof *s.taken_db);
    st = s.taken_db ? collect_picks(&s, err) : td_no_memory(err);
    if (!st) st = search(&s, err);
    if (!st && site->kind == TD_SITE_BUS) ease_bus(&s);
    free(s.taken_db);
    for (size_t i = 0; i < PIECES; i++) {
        td_scratch_free(s.picks[i]);
        td_scratch_free(s.front[i]);
    }
    for (size_t i = 0; i < s.n_goals; i++) free(s.score[i]);
    free(s.heard);
    free(s.peak);
    return st ? st : explain(&s, err);
}
