#include "engine/base/base.h"
#include "engine/dsp/dsp.h"
#include <stdlib.h>

/* Moves that were decided beforehand, at their places in the song: by a person, or by the planner on what it heard. */

enum { BREATHS, SECTIONS, TRANSITIONS, RANGE, WISHES };
enum { AT, GAIN, PAN, MUTE, PARAMS };

/* clang-format off */
static const td_param wishes[WISHES] = {
    [BREATHS] = { "breaths", TD_UNIT_DB, -24, 0, NAN, .flags = TD_PLANNED,
        .help = "how far a voice's breaths come down; those the mix covers are left alone" },
    [SECTIONS] = { "sections", TD_UNIT_PERCENT, 0, 100, NAN, .flags = TD_PLANNED,
        .help = "how much of what sets a part of the song apart is ridden away" },
    [TRANSITIONS] = { "transitions", TD_UNIT_DB, 0, 6, NAN, .flags = TD_PLANNED,
        .help = "lift over the last bar in front of a louder part" },
    [RANGE] = { "range", TD_UNIT_DB, 0, 6, NAN, .flags = TD_PLANNED,
        .help = "sections move no further than this, up or down; not set: 2 dB" },
};
static const td_param params[PARAMS] = {
    [AT] = { "at", TD_UNIT_MS, 0, 86400000, 0, .step = 1, .help = "when, from the start of the song" },
    [GAIN] = { "gain", TD_UNIT_DB, -90, 24, NAN, .help = "gain then; a straight line in dB leads to the next" },
    [PAN] = { "pan", TD_UNIT_PAN, -100, 100, NAN, .help = "place then; lowers the far side, and leads to the next" },
    [MUTE] = { "mute", TD_UNIT_SWITCH, 0, 1, NAN, .help = "on: silent from here; off: heard again" },
};
/* clang-format on */

static const double least_ramp_ms = 5, mute_ms = 5; /* faster clicks */

enum { POINTS_MAX = 2 * TD_POINTS_MAX };

/* Straight lines between points, in order of time. */
typedef struct track {
    size_t n, now; /* now: the last point at or before the frame played */
    int64_t at[POINTS_MAX];
    double value[POINTS_MAX];
} track;

typedef struct automation {
    track gain, pan, open; /* open: 1 heard, 0 muted */
    int64_t at;
    double gain_db, gain_now; /* the last one turned into a factor */
} automation;

/* ---- tracks ----------------------------------------------------------------------------------------------------- */

static void add_point(track *t, int64_t at, double value)
{
    size_t i = t->n++;
    for (; i > 0 && t->at[i - 1] > at; i--) {
        t->at[i] = t->at[i - 1];
        t->value[i] = t->value[i - 1];
    }
    t->at[i] = at;
    t->value[i] = value;
}

static void keep_apart(track *t, int64_t least)
{
    for (size_t i = 1; i < t->n; i++)
        if (t->at[i] < t->at[i - 1] + least) t->at[i] = t->at[i - 1] + least;
}

/* Before the first point and after the last one, theirs. */
static double value_at(track *t, int64_t frame)
{
    while (t->now + 1 < t->n && t->at[t->now + 1] <= frame) t->now++;
    size_t i = t->now;
    if (frame <= t->at[i] || i + 1 == t->n) return t->value[i];
    double share = (double)(frame - t->at[i]) / (double)(t->at[i + 1] - t->at[i]);
    return t->value[i] + share * (t->value[i + 1] - t->value[i]);
}

/* From switches to ramps: down behind a mute, up in front of its end, so that what is to be heard is whole. */
static void ramps_of(track *open, const track *mute, int64_t ramp)
{
    bool muted = false;
    for (size_t i = 0; i < mute->n; i++) {
        if ((mute->value[i] > 0) == muted) continue;
        bool first = mute->at[i] == 0;
        add_point(open, muted || first ? mute->at[i] - ramp : mute->at[i], muted || first ? 0 : 1);
        add_point(open, muted || first ? mute->at[i] : mute->at[i] + ramp, muted ? 1 : 0);
        muted = !muted;
    }
    keep_apart(open, 1);
}

/* ---- processor -------------------------------------------------------------------------------------------------- */

static void automation_place(void *st, int64_t frame)
{
    automation *a = st;
    a->at = frame;
    a->gain.now = a->pan.now = a->open.now = 0;
}

static void automation_reset(void *st)
{
    automation_place(st, 0);
}

static td_status automation_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    automation *a = st;
    track *mute = calloc(1, sizeof *mute); /* too large for a stack */
    if (!mute) return td_no_memory(err);
    a->gain_now = 1;
    for (size_t i = 0; i < set->n_parts; i++) {
        const double *value = set->part[i].value;
        int64_t at = (int64_t)rint(value[AT] * 0.001 * fmt->rate_hz);
        if (!isnan(value[GAIN])) add_point(&a->gain, at, value[GAIN]);
        if (!isnan(value[PAN])) add_point(&a->pan, at, value[PAN] / 100);
        if (!isnan(value[MUTE])) add_point(mute, at, value[MUTE]);
    }
    int64_t least = (int64_t)ceil(least_ramp_ms * 0.001 * fmt->rate_hz);
    keep_apart(&a->gain, least);
    keep_apart(&a->pan, least);
    ramps_of(&a->open, mute, (int64_t)ceil(mute_ms * 0.001 * fmt->rate_hz));
    free(mute);
    automation_reset(a);
    return TD_OK;
}

static double factor(automation *a, double db)
{
    if (db != a->gain_db) a->gain_now = td_from_db(a->gain_db = db);
    return a->gain_now;
}

static void gains_at(automation *a, int64_t frame, double *left, double *right)
{
    double gain = a->gain.n ? factor(a, value_at(&a->gain, frame)) : 1, pan = a->pan.n ? value_at(&a->pan, frame) : 0;
    if (a->open.n) gain *= 0.5 - 0.5 * td_cos(TD_PI * value_at(&a->open, frame)); /* a raised cosine */
    *left = gain * fmin(1, 1 - pan);
    *right = gain * fmin(1, 1 + pan);
}

static void automation_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)key, (void)gr;
    automation *a = st;
    for (size_t i = 0; i < frames; i++, a->at++) {
        double left, right;
        gains_at(a, a->at, &left, &right);
        ch[0][i] = (float)((double)ch[0][i] * left);
        ch[1][i] = (float)((double)ch[1][i] * right);
    }
}

const td_processor td_automation_point = {
    .name = "point",
    .help = "what holds at a moment",
    .part = true,
    .params = params,
    .n_params = PARAMS,
};

static const td_processor *const parts[] = { &td_automation_point, NULL };

const td_processor td_automation = {
    .name = "automation",
    .help = "gain, place and mute over time: breaths, section transitions",
    .stands_for = "the fader and mute automation of a console",
    .params = wishes,
    .n_params = WISHES,
    .parts = parts,
    .parts_name = "points",
    .state_size = sizeof(automation),
    .prepare = automation_prepare,
    .process = automation_process,
    .reset = automation_reset,
    .place = automation_place,
    .timed = true,
};
