#include "engine/mix/decide/decide.h"

#include "engine/base/row.h"
#include "engine/base/units.h"
#include "engine/mix/render.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { WHOLE_S = 30 };                                /* a stretch at most, where all is heard */
enum { CHECK_WARM = 5 };                              /* steps in front of a stretch, not kept */
enum { LEAD = 8 };                                    /* steps of a passage in front of its highest score */
enum { FEWEST_PASSAGES = 3, PASSAGES = 6, PART = 5 }; /* a fifth of a short song is enough */

/* Adds a passage around the highest score that none holds yet. */
static void add_passage(td_decider *d, const float *score, bool *held)
{
    float best = 0;
    size_t where = 0;
    for (size_t i = 0; i + 4 <= d->steps; i++) {
        if (held[i] || score[i] <= best) continue;
        best = score[i];
        where = i;
    }
    if (!(best > 0)) return;
    for (size_t i = where > LEAD ? where - LEAD : 0; i + LEAD + 4 <= where + TD_PASSAGE_STEPS && i < d->steps; i++)
        held[i] = true;
    d->passage[d->n_passages++] = (int64_t)(((double)where - LEAD) * TD_STEP_S * d->session->rate_hz);
}

/* Powers of the sum as the survey heard it, as much larger as levels inside buses, faders and goals make them: where
 * players rest on whom a compressor leans, the others are not held down. And what they may come to: groups turn phases,
 * so that a kick and a bass who cancel in the raw sum need not behind them, and who add up there may by half of it. */
static void sum_powers(const td_decider *d, float *power, float *most)
{
    double gain[TD_BUSES_MAX];
    for (size_t b = 0; b < d->plan->n_buses; b++) gain[b] = td_db_power(td_bus_gain_db(d, b) + d->inside_db[b]);
    for (size_t i = 0; i < d->steps; i++) {
        double heard = 0, placed = 0;
        for (size_t b = 0; b < d->plan->n_buses; b++) {
            double p = (double)td_survey_signal(d->survey, td_survey_bus(d->survey, b))->ms[i];
            heard += p;
            placed += gain[b] * (double)d->eased[b][i] * p;
        }
        double p = (double)td_survey_signal(d->survey, td_survey_sum(d->survey))->ms[i];
        power[i] = (float)(heard > 0 ? p * placed / heard : 0);
        most[i] = (float)(heard > 0 ? placed * sqrt(fmax(1, p / heard)) : 0);
    }
}

/* Its peaks alike: by power, for who peaks highest says most of where the sum does. Tips are through before a group's
 * compressor holds them. */
static void sum_peaks(const td_decider *d, float *peak)
{
    double gain[TD_BUSES_MAX];
    for (size_t b = 0; b < d->plan->n_buses; b++) gain[b] = td_from_db(td_bus_gain_db(d, b) + d->inside_db[b]);
    for (size_t i = 0; i < d->steps; i++) {
        double heard = 0, placed = 0; /* squares */
        for (size_t b = 0; b < d->plan->n_buses; b++) {
            double p = (double)td_survey_signal(d->survey, td_survey_bus(d->survey, b))->peak[i];
            heard += p * p;
            placed += gain[b] * gain[b] * fmax(1, (double)d->eased[b][i]) * p * p;
        }
        double p = (double)td_survey_signal(d->survey, td_survey_sum(d->survey))->peak[i];
        peak[i] = (float)(heard > 0 ? p * sqrt(placed / heard) : 0);
    }
}

/* Where the mix bus does most. A needle shows the power of 300 ms, and so do slow detectors; fast ones follow that of
 * 100 ms as it is heard behind the groups: a kick alone, which loudness hardly counts. What cuts tips does most where
 * they stand highest there. They are seldom in the same place. */
enum { SLOW, FAST, PEAKS, SCORES };

/* Without and with something that cuts tips: a short song's passages are the first of them. */
static const unsigned char order_of_scores[2][PASSAGES + 1] = { { SLOW, FAST, FAST, PEAKS, FAST, SLOW },
                                                                { SLOW, FAST, PEAKS, PEAKS, FAST, SLOW, PEAKS } };

static bool cuts_tips(const td_decider *d)
{
    bool any = false;
    for (size_t i = 0; i < d->plan->mix.n_steps; i++) any |= d->plan->mix.step[i].proc->peaks;
    return any;
}

/* Whether a compressor of the mix bus stands in front of what cuts tips. */
static bool tips_are_held(const td_decider *d)
{
    bool held = false;
    for (size_t i = 0; i < d->plan->mix.n_steps; i++) {
        const td_plan_step *s = &d->plan->mix.step[i];
        if (s->proc->peaks) return held;
        held |= s->proc->dynamics && !s->n_keys;
    }
    return false;
}

/* It holds them down where it has been loud; what follows softer sound passes: so much, less half a decibel for each
 * that the 300 ms before lie under the loudest. */
static void ease_peaks(const td_decider *d, const float *power, float *peak)
{
    enum { BEFORE = 3 };
    static const double most_db = 2.5;
    double loudest = 0;
    for (size_t i = 0; i < d->steps; i++) loudest = fmax(loudest, (double)power[i]);
    for (size_t i = 0; i < d->steps; i++) {
        double before = 0;
        for (size_t k = 1; k <= BEFORE && k <= i; k++) before += (double)power[i - k] / BEFORE;
        double under_db = before > 0 ? td_power_db(loudest / before) : INFINITY;
        peak[i] *= (float)td_from_db(-fmax(0, most_db - 0.5 * under_db));
    }
}

static td_status choose_loudest(td_decider *d, bool goals, td_error *err)
{
    float *score[SCORES], *power = td_arena_array(d->arena, d->steps + 4, sizeof *power);
    float *most_power = td_arena_array(d->arena, d->steps + 1, sizeof *most_power);
    float *peak = td_arena_array(d->arena, d->steps + 1, sizeof *peak);
    bool *held = td_arena_array(d->arena, d->steps + 1, sizeof *held), good = power && most_power && peak && held;
    size_t most = d->steps / (PART * TD_PASSAGE_STEPS);
    most = most < FEWEST_PASSAGES ? FEWEST_PASSAGES : most > PASSAGES ? PASSAGES : most;
    d->n_passages = 0;
    for (size_t i = 0; i < SCORES; i++)
        good = (score[i] = td_arena_array(d->arena, d->steps + 4, sizeof(float))) && good;
    if (!good) return td_no_memory(err);
    sum_powers(d, power, most_power);
    sum_peaks(d, peak);
    for (size_t i = 0; i + 4 <= d->steps; i++) score[SLOW][i] = power[i] + power[i + 1] + power[i + 2];
    if (goals) TD_TRY(td_hear_highest(d, (td_high){ most_power, peak }, (td_high){ score[FAST], score[PEAKS] }, err));
    if (goals && tips_are_held(d)) ease_peaks(d, power, score[PEAKS]);
    const unsigned char *order = order_of_scores[cuts_tips(d)];
    most += most == PASSAGES && goals && tips_are_held(d); /* which tips that leaves highest is known but roughly */
    for (size_t i = 0; i < most; i++) add_passage(d, score[goals ? order[i] : SLOW], held);
    return TD_OK;
}

/* What is played of the song: n stretches of equal length. */
typedef struct stretches {
    int64_t *at;
    size_t n, frames;
} stretches;

/* Where a VU needle stands highest. */
typedef struct reading {
    double vu_dbfs;
    int64_t at; /* frames */
} reading;

/* Groups and returns in them, as they reach the mix bus before the trim. */
typedef struct playing {
    const stretches *s;
    td_render_wish wish;
    float *sound;       /* two planes for each */
    reading *highest;   /* of each */
    atomic_size_t next; /* that nobody has taken yet */
} playing;

static td_status play_stretch(const playing *p, td_player *player, size_t i, float *sound, td_error *err)
{
    size_t frames = p->s->frames, rate_hz = p->wish.session->rate_hz;
    float *in[2] = { sound, sound + frames };
    reading *r = &p->highest[i];
    td_vu *vu;
    TD_TRY(td_player_play(player, p->s->at[i], frames, rate_hz * CHECK_WARM / 10, in, err));
    if (td_vu_new((unsigned)rate_hz, &vu)) return td_no_memory(err);
    *r = (reading){ -INFINITY, p->s->at[i] };
    for (size_t at = 0, step = rate_hz / 10; at < frames; at += step) {
        td_vu_add(vu, in[0] + at, in[1] + at, frames - at < step ? frames - at : step);
        if (td_vu_max_dbfs(vu) > r->vu_dbfs) *r = (reading){ td_vu_max_dbfs(vu), p->s->at[i] + (int64_t)at };
    }
    td_vu_free(vu);
    return TD_OK;
}

/* Passages, while there are any, on this thread alone: one group with most of the work holds up none of the others. */
static td_status play_passages(void *shared, size_t index, td_error *err)
{
    playing *p = shared;
    td_render_wish w = p->wish;
    td_player *player = NULL;
    size_t i = atomic_fetch_add(&p->next, 1);
    (void)index;
    if (i >= p->s->n) return TD_OK;
    if (td_pool_new(1, &w.pool)) return td_no_memory(err);
    td_status st = td_player_new(&w, &player, err);
    for (; !st && i < p->s->n; i = atomic_fetch_add(&p->next, 1))
        st = play_stretch(p, player, i, p->sound + i * 2 * p->s->frames, err);
    td_player_free(player);
    td_pool_free(w.pool);
    return st;
}

static td_status keep_stretch(const playing *p, const float *sound, td_scratch *kept, td_error *err)
{
    const float *const in[2] = { sound, sound + p->s->frames };
    return td_scratch_append(kept, in, p->s->frames, err);
}

static td_status play_and_keep(playing *p, td_scratch *kept, td_error *err)
{
    TD_TRY(td_pool_run(p->wish.pool, td_pool_threads(p->wish.pool), play_passages, p, err));
    for (size_t i = 0; i < p->s->n; i++) TD_TRY(keep_stretch(p, p->sound + i * 2 * p->s->frames, kept, err));
    return TD_OK;
}

/* All of a song is too much to be held. */
static td_status keep_as_played(const playing *p, td_scratch *kept, td_error *err)
{
    td_player *player;
    td_status st = td_player_new(&p->wish, &player, err);
    for (size_t i = 0; !st && i < p->s->n; i++) {
        st = play_stretch(p, player, i, p->sound, err);
        if (!st) st = keep_stretch(p, p->sound, kept, err);
    }
    td_player_free(player);
    return st;
}

/* What reaches the mix bus is kept, one stretch after the other, and their highest VU reading returned. */
static td_status play_stretches(td_decider *d, const stretches *s, td_scratch *kept, reading *highest, td_error *err)
{
    double trim_db = d->plan->trim_db;
    playing p = { .s = s,
                  .wish = { .session = d->session,
                            .survey = d->survey,
                            .plan = d->plan,
                            .pool = d->wish->pool,
                            .scratch_folder = d->wish->scratch_folder,
                            .behind = d->behind },
                  .sound = td_calloc2(d->n_passages ? 2 * s->n : 2, s->frames, sizeof *p.sound),
                  .highest = td_calloc2(s->n, 1, sizeof *p.highest) };
    d->plan->trim_db = 0;
    td_status st = p.sound && p.highest ? TD_OK : td_no_memory(err);
    if (!st) st = d->n_passages ? play_and_keep(&p, kept, err) : keep_as_played(&p, kept, err);
    d->plan->trim_db = trim_db;
    *highest = (reading){ -INFINITY, 0 };
    for (size_t i = 0; !st && i < s->n; i++)
        if (p.highest[i].vu_dbfs > highest->vu_dbfs) *highest = p.highest[i];
    free(p.sound);
    free(p.highest);
    return st;
}

/* What of a chain waited for what the groups make of the sum: levels to ride to and goals. */
static td_status finish_chain(td_decider *d, const char *name, const td_plan_chain *front, const td_chain_wish *wish,
                              td_plan_chain *chain, td_error *err)
{
    td_plan_chain all;
    TD_TRY(td_chain_on(d, front, chain, &all, err));
    for (size_t i = 0; i < chain->n_steps; i++) {
        td_plan_step *s = &chain->step[i];
        td_plan_chain before = { all.step, front->n_steps + i };
        td_site site = {
            .kind = TD_SITE_MIX, .signal = td_survey_sum(d->survey), .chain = &before, .name = name, .role = "mix"
        };
        TD_TRY(td_decide_rider(d, &site, s, err));
        for (size_t k = 0; k < wish->n_steps; k++)
            if (!strcmp(wish->step[k].name, s->name)) TD_TRY(td_solve_goals(d, &site, &wish->step[k], s, err));
        all.step[before.n_steps] = *s;
    }
    return TD_OK;
}

static td_status finish_mix_bus(td_decider *d, td_error *err)
{
    const td_plan_chain none = { 0 };
    return finish_chain(d, "mix", &none, &d->recipe->mix, &d->plan->mix, err);
}

/* The whole song, where a goal of the mix bus is about all of it; else its loudest passages. */
static td_status choose_stretches(td_decider *d, stretches *out, td_error *err)
{
    td_asked asked = TD_ASKS_NOTHING;
    size_t rate_hz = d->session->rate_hz;
    for (size_t i = 0; i < d->recipe->mix.n_steps; i++) {
        td_asked a = td_goals_asked(&d->recipe->mix.step[i]);
        if (a > asked) asked = a;
    }
    if (asked != TD_ASKS_OVER_TIME) {
        TD_TRY(choose_loudest(d, asked == TD_ASKS_MAXIMA, err));
        *out = (stretches){ d->passage, d->n_passages, td_passage_frames(d) };
        return TD_OK;
    }
    d->n_passages = 0;
    out->n = (size_t)(d->session->frames / (rate_hz * WHOLE_S)) + 1;
    out->frames = (size_t)(d->session->frames / out->n) + 1;
    out->at = td_arena_array(d->arena, out->n, sizeof *out->at);
    if (!out->at) return td_no_memory(err);
    for (size_t i = 0; i < out->n; i++) out->at[i] = (int64_t)(i * out->frames);
    return TD_OK;
}

static td_status take_trim(td_decider *d, const reading *highest, td_error *err)
{
    char at[16];
    d->plan->trim_db = td_round_to(-18 - highest->vu_dbfs, 0.1);
    d->plan->trim_reason =
        td_arena_printf(d->arena, "loudest VU reading %.1f at %s behind the groups, brought to 0 VU",
                        highest->vu_dbfs + 18, td_clock((double)highest->at / d->session->rate_hz, at));
    return d->plan->trim_reason ? TD_OK : td_no_memory(err);
}

/* Keeps what reaches the mix bus in the stretches that its goals ask for. */
static td_status hear_sum(td_decider *d, reading *highest, td_error *err)
{
    stretches s;
    TD_TRY(choose_stretches(d, &s, err));
    td_scratch_free(d->sum);
    TD_TRY(td_scratch_new(d->wish->scratch_folder, 2, &d->sum, err));
    return play_stretches(d, &s, d->sum, highest, err);
}

/* What a way does most it need not do where the mix bus does, and that must not hear of it: other stretches are
 * played, but where all of the song was. */
static td_status finish_way(td_decider *d, td_way way, td_error *err)
{
    const td_chain_wish *wish = &d->recipe->way[way];
    bool goals = false;
    for (size_t i = 0; i < wish->n_steps; i++) goals |= td_goals_asked(&wish->step[i]) != TD_ASKS_NOTHING;
    if (goals && d->n_passages) {
        td_seen seen;
        reading highest;
        TD_TRY(td_see_way(d, way, &seen, err));
        td_status st = hear_sum(&seen.decider, &highest, err);
        d->sum = seen.decider.sum;
        TD_TRY(st);
        memcpy(d->passage, seen.decider.passage, sizeof d->passage);
        d->n_passages = seen.decider.n_passages;
    }
    return finish_chain(d, td_way_names[way], &d->plan->mix, wish, &d->plan->way[way], err);
}

/* What stands behind the mix bus, and how the master will do with it. */
static td_status finish_ways(td_decider *d, td_finish *finish, td_error *err)
{
    td_plan_chain all;
    TD_TRY(finish_way(d, TD_TO_MASTER, err));
    if (d->plan->way[TD_TO_MASTER].n_steps) {
        TD_TRY(td_chain_on(d, &d->plan->mix, &d->plan->way[TD_TO_MASTER], &all, err));
        TD_TRY(td_hear_finish(d, &all, finish, err));
    }
    return finish_way(d, TD_TO_PREVIEW, err);
}

td_status td_hear_mix_bus(td_decider *d, bool *sounds, td_error *err)
{
    reading highest;
    TD_TRY(hear_sum(d, &highest, err));
    *sounds = isfinite(highest.vu_dbfs);
    if (!*sounds) return TD_OK;
    TD_TRY(take_trim(d, &highest, err));
    return finish_mix_bus(d, err);
}

td_status td_decide_check(td_decider *d, td_error *err)
{
    td_finish finish;
    bool sounds, moved;
    TD_TRY(td_hear_mix_bus(d, &sounds, err));
    if (!sounds) return TD_OK;
    TD_TRY(td_hear_finish(d, &d->plan->mix, &finish, err));
    TD_TRY(td_judge_tone(d, &finish, &moved, err));
    if (moved) TD_TRY(finish_mix_bus(d, err)); /* their detectors hear another tone now */
    TD_TRY(finish_ways(d, &finish, err));
    return td_warn_of_target(d, &finish);
}
