/* tests/unit/recipes/scene.h - plans that hold something of everything, one a seed. */
#ifndef TD_TEST_SCENE_H
#define TD_TEST_SCENE_H

#include "recipes/recipes.h"

static double any(td_random *r, double low, double high)
{
    double at = td_random_uniform(r) + 0.5;
    return low + (high - low) * at;
}

/* A value of a parameter's kind with as many digits as a double has; now and then none, auto, or an end of its range.
 */
static double any_value(td_random *r, const td_param *p)
{
    unsigned die = td_random_next(r) % 8;
    if (die == 0) return NAN;
    if (die == 1 && p->flags & TD_AUTO) return INFINITY;
    if (p->unit == TD_UNIT_SWITCH) return td_random_next(r) % 2;
    if (p->unit == TD_UNIT_FILE) return NAN;
    if (p->unit == TD_UNIT_CHOICE) {
        unsigned n = 0;
        while (p->choices[n]) n++;
        return td_random_next(r) % n;
    }
    if (die == 2) return p->min;
    if (die == 3) return p->max;
    return any(r, p->min, isinf(p->max) ? p->min + 30 : p->max);
}

static double *any_values(td_arena *a, td_random *r, const td_processor *proc)
{
    double *value = td_arena_array(a, proc->n_params ? proc->n_params : 1, sizeof *value);
    for (size_t i = 0; i < proc->n_params; i++) value[i] = any_value(r, &proc->params[i]);
    for (size_t i = 0; i + 1 < proc->n_params; i++) { /* ranges are whole and run upwards */
        if (proc->params[i].span != 2) continue;
        double low = fmin(value[i], value[i + 1]), high = fmax(value[i], value[i + 1]);
        bool whole = low < high && !isnan(value[i]) && !isnan(value[i + 1]);
        value[i] = whole ? low : NAN;
        value[i + 1] = whole ? high : NAN;
    }
    return value;
}

static td_plan_how any_how(void)
{
    static const char *solved[] = { "at", "gain" }, *written[] = { "slope" };
    return (td_plan_how){ .solved = solved, .n_solved = 2, .written = written, .n_written = 1 };
}

static void add_parts(td_arena *a, td_random *r, td_plan_step *s)
{
    size_t n = 0;
    while (s->proc->parts && s->proc->parts[n]) n++;
    s->part = td_arena_array(a, n ? n : 1, sizeof *s->part);
    for (; s->n_parts < n; s->n_parts++)
        s->part[s->n_parts] =
            (td_plan_part){ s->proc->parts[s->n_parts], any_values(a, r, s->proc->parts[s->n_parts]),
                            s->n_parts % 3 ? (td_plan_how){ .n_knobs = 0 } : any_how(), "because: \"why\" # not",
                            s->n_parts % 2 ? td_no_goal : (td_plan_goal){ any(r, 0, 6), 3.1, 2, 71.5 } };
}

/* Every processor of the table, once. */
static td_plan_chain any_chain(td_arena *a, td_random *r)
{
    size_t n = 0, steps = 0;
    while (td_processors[n]) n++;
    td_plan_chain c = { td_arena_array(a, n, sizeof *c.step), 0 };
    for (size_t i = 0; i < n; i++) {
        if (td_processors[i]->part) continue;
        td_plan_step *s = &c.step[steps++];
        *s = (td_plan_step){ .name = td_processors[i]->name,
                             .proc = td_processors[i],
                             .blend = any(r, 0, 1),
                             .bypass = i % 3 == 0,
                             .origin = (td_origin)(i % 4),
                             .how = any_how(),
                             .reason = "reaches 1.9 dB at 2:31",
                             .note = i % 2 ? "- ein Gru\xc3\x9f" : NULL,
                             .goal = { any(r, 0, 6), NAN, -INFINITY, NAN } };
        s->value = any_values(a, r, s->proc);
        add_parts(a, r, s);
    }
    c.n_steps = steps;
    return c;
}

static inline td_plan *any_plan(uint64_t seed)
{
    td_random random, *r = &random;
    td_random_seed(r, seed);
    td_arena *a = td_arena_new();
    td_plan *p = td_arena_alloc(a, sizeof *p);
    static const char *keys[] = { "01 Kick In.wav", "x: y, [z] {w}" };
    static td_plan_send sends[] = { { "plate", -12.3, "as written", -12, -11.8 },
                                    { .to = "hall", .level_db = -1.0 / 3 } };
    static td_breakpoint ride[40];
    static td_plan_move moves[] = { { "softer: 1", TD_MOVE_LEVEL, -30, "peak is 0.0 dBFS" },
                                    { "aside", TD_MOVE_PAN, 0, NULL } };
    static td_plan_stem stems[] = {
        { .name = "01 Kick In.wav",
          .path = "/tmp/latin \xfc.wav",
          .role = "drums.kick.in",
          .bus = "drums",
          .pan = NAN,
          .sha256 = "00ff",
          .ride = ride,
          .n_ride = 3,
          .reason = "" },
        { .name = "null",
          .path = "\xef\x9f\xbf \\ \"\n\t",
          .path_right = "~",
          .role = "other",
          .flip = true,
          .send = sends,
          .n_sends = 2,
          .move = moves,
          .n_moves = 2 },
        { .name = "x: y, [z] {w}", .pan = NAN },
    };
    static td_plan_bus buses[] = {
        { .name = "drums", .group = "drums", .ride = ride, .n_ride = 40 },
        { .name = "backing", .group = "vocals", .peak_dbfs = -INFINITY, .fader_reason = "x" }
    };
    static td_plan_return returns[] = { { .name = "plate", .fader_db = -0.1, .send = &sends[1], .n_sends = 1 },
                                        { .name = "hall" } };
    static td_plan_note notes[] = { { TD_NOTE_WARNING, "04 Tom 2.wav: clipped" }, { TD_NOTE_DECISION, "" } };
    for (size_t i = 0; i < 40; i++) ride[i] = (td_breakpoint){ (double)i * 7 + any(r, 0, 5), any(r, -3, 3) };
    stems[0].gain_db = any(r, -20, 20);
    stems[1].pan = any(r, -100, 100);
    stems[1].chain = any_chain(a, r);
    buses[0].chain = any_chain(a, r);
    buses[0].clip_gain_db = any(r, -40, 40);
    buses[0].peak_dbfs = any(r, -40, 0);
    buses[0].fader_db = -0.0;
    *p = (td_plan){
        .recipe = "pop-rock",
        .recipe_title = "Pop / rock, warm",
        .label = "Warm: 1",
        .recipe_revision = 3,
        .recipe_hash = "12",
        .session_hash = "1e571e571e571e571e571e571e571e571e571e571e571e571e571e571e571e57",
        .title = "- dash",
        .rate_hz = 48000,
        .frames = 8123456789,
        .tempo_bpm = any(r, 60, 180),
        .balance = TD_BALANCE_ROUGH,
        .stem = stems,
        .n_stems = 3,
        .bus = buses,
        .n_buses = 2,
        .ret = returns,
        .n_rets = 2,
        .trim_db = any(r, -20, 20),
        .mix = any_chain(a, r),
        .way = { any_chain(a, r), seed % 3 ? any_chain(a, r) : (td_plan_chain){ .step = td_arena_alloc(a, 1) } },
        .master = { any(r, -30, -5), -1, NAN, 6, "spotify" },
        .preview = { NAN, NAN, any(r, -3, 0), 6, NULL },
        .preview_format = "wav",
        .preview_bits = 24,
        .note = notes,
        .n_notes = 2,
        .arena = a,
    };
    td_plan_step *keyed = buses[0].chain.step; /* all there are */
    while (!keyed->proc->hears_key) keyed++;
    keyed->key = keys;
    keyed->n_keys = 2;
    return p;
}

#endif
