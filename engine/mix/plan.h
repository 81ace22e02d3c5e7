/* engine/mix/plan.h - what to do: every decision as a number, with its reason. The fourth of the five values, the
 * heart.
 *
 * A plan holds no goal and no condition any more (but the master's targets, whose drive is found on the finished
 * premix). Numbers are rounded to the descriptor's step when they are decided, and the rounded number is what renders:
 * a plan that was written, read and rendered gives the same bytes as one that never was. recipes/plan_write.c and
 * plan_read.c have it as YAML. Everything lives in the plan's arena. */
#ifndef TD_MIX_PLAN_H
#define TD_MIX_PLAN_H

#include "engine/mix/recipe.h"
#include "engine/mix/session.h"

/* A wish for a gain reduction, and what the planner brought it to, most of it at_s; NaN where there is none. */
typedef struct td_plan_goal {
    double asked_db, max_db, p95_db, at_s;
} td_plan_goal;

extern const td_plan_goal td_no_goal;
bool td_goal_over_time(const td_plan_goal *g); /* "about": p95 was brought there; else "at most", the maximum */

/* Which parameters the planner found itself, goals aside, which came from a knob, and of which the recipe says what the
 * processor has anyway; by name. All others stand as the recipe has them, or where they are the processor's own
 * default, the recipe says nothing of them. */
typedef struct td_plan_how {
    const char **solved, **knob, **written;
    size_t n_solved, n_knobs, n_written;
} td_plan_how;

typedef struct td_plan_part {
    const td_processor *proc;
    double *value; /* proc->n_params; NaN: not set */
    td_plan_how how;
    const char *reason;
    td_plan_goal goal; /* of a band with a detector of its own */
} td_plan_part;

/* How a number came to be, for counting and for reports. */
typedef enum td_origin { TD_AS_WRITTEN, TD_SOLVED, TD_FROM_KNOB, TD_FROM_FIX } td_origin;

typedef struct td_plan_step {
    const char *name;
    const td_processor *proc;
    double *value;
    td_plan_part *part;
    size_t n_parts;
    const char *file;
    const char **key; /* names of stems (td_stem.name) whose sum drives the detector */
    size_t n_keys;
    double blend;
    bool bypass;
    td_origin origin;
    td_plan_how how;
    const char *reason; /* "reaches 1.9 dB at 2:31 (asked: at most 2 dB), 95 % of the time under 0.8 dB" */
    const char *note;
    td_plan_goal goal;
} td_plan_step;

typedef struct td_plan_chain {
    td_plan_step *step;
    size_t n_steps;
} td_plan_chain;

typedef struct td_plan_send {
    const char *to;
    double level_db;
    const char *reason;
    double asked_lu, heard_lu; /* against the dry sound; both 0: the level was written */
} td_plan_send;

/* A breakpoint of gain over time, linear in dB between points. */
typedef struct td_breakpoint {
    double at_s, gain_db;
} td_breakpoint;

/* A part of the song. Parts that sound alike have one name. */
typedef struct td_plan_section {
    const char *name; /* "A" */
    double from_s, to_s;
    double loudness_lu; /* against the whole, both as delivered; NaN: silent */
} td_plan_section;

/* What a fix changed about how a stem is staged, told beside the numbers it went into. */
typedef struct td_plan_move {
    const char *fix;
    enum { TD_MOVE_LEVEL, TD_MOVE_PAN, TD_MOVE_POLARITY } what;
    double gain_db; /* level: what the fix adds; else 0 */
    const char *reason;
} td_plan_move;

typedef struct td_plan_stem {
    const char *name, *path, *path_right, *role, *bus; /* path: where it was when the plan was made */
    const char *sha256;
    double gain_db; /* the order's level and what `inside: loudness` adds */
    double pan;     /* -100..100; NaN: as delivered */
    bool flip;
    td_plan_chain chain; /* of its fixes, in order */
    td_breakpoint *ride; /* on top of gain_db, over time; NULL */
    size_t n_ride;
    td_plan_send *send; /* sends of a fix */
    size_t n_sends;
    td_plan_move *move;
    size_t n_moves;
    const char *reason; /* role guesses, places; may be NULL */
} td_plan_stem;

typedef struct td_plan_bus {
    const char *name;    /* of td_bus */
    const char *group;   /* whose chain it got */
    double peak_dbfs;    /* of the raw sum */
    double clip_gain_db; /* brings it to the staging level */
    td_plan_chain chain;
    double makeup_db;          /* makes the chain loudness-neutral, before the fader */
    const char *makeup_reason; /* NULL: that */
    double fader_db;
    double fader_from_db; /* where it would stand by the proportions the balance began with; NaN: not told */
    const char *fader_reason;
    td_breakpoint *ride; /* planned automation on the fader; NULL */
    size_t n_ride;
    td_plan_send *send;
    size_t n_sends;
} td_plan_bus;

/* In the plan's order, which is that of sound: a return sends to those below it alone. */
typedef struct td_plan_return {
    const char *name;
    td_plan_chain chain;
    double fader_db;
    const char *reason;
    td_plan_send *send; /* behind the fader, as a bus's */
    size_t n_sends;
} td_plan_return;

/* A remark of the plan: "warning: ...", "not used: ...". */
typedef struct td_plan_note {
    enum { TD_NOTE_WARNING, TD_NOTE_NOT_USED, TD_NOTE_NOT_MADE, TD_NOTE_DECISION } kind;
    const char *text;
} td_plan_note;

/* A decision in words: "vocals", "tame", "compressor", "threshold -21.4 dBFS, 2:1", "at most 2 dB wanted: ...".
 * recipes/ writes them. */
typedef struct td_decision {
    const char *place, *step, *what, *settings, *reason; /* place: "mix", "master", "preview", a bus, stem or return */
    const char *note;                                    /* the recipe's on the step, beside its first decision; NULL */
    td_origin origin;                                    /* as in force: not of a file that is being read */
} td_decision;

typedef struct td_plan {
    const char *recipe, *recipe_title, *label; /* label: the job's name for this mix, else the recipe's */
    unsigned recipe_revision;
    unsigned revised; /* how often it was moved since it was decided, by an engineer's words or hand */
    const char *recipe_hash;
    const char *recipe_path; /* where a recipe lay that was named by its path; NULL: it was named by its name */
    const char *session_hash;
    const char *title, *artist;
    unsigned rate_hz;
    uint64_t frames;        /* of every file that leaves: the session's last sound and room for tails */
    double tempo_bpm;       /* that note lengths were counted by */
    const char *tempo_from; /* "job", "file name", "estimate", "default"; NULL: not told */
    td_balance balance;     /* what `auto` became */
    const char *balance_reason;
    const char *curve;        /* of finished mixes, what this one was held against; NULL */
    td_plan_section *section; /* in order, from the first step to the last; they decide no sound */
    size_t n_sections;
    td_plan_stem *stem;
    size_t n_stems;
    td_plan_bus *bus;
    size_t n_buses;
    td_plan_return *ret;
    size_t n_rets;
    double trim_db; /* mix-bus input trim */
    const char *trim_reason;
    td_plan_chain mix;
    td_plan_chain way[TD_WAYS]; /* from the mix bus to drive and limiter; the preview's steps NULL: the master's */
    td_target master, preview;
    const char *preview_format;
    unsigned preview_bits;
    td_plan_note *note;
    size_t n_notes;
    const char *read_from;    /* the file it stands in, where it was read from one; NULL */
    const char *written_hash; /* of a file that is being read: td_plan_hash when it was written */
    td_decision *decided;     /* and how its numbers were decided, without reasons */
    size_t n_decided;
    bool draft; /* it is still being decided: what is played of it is measured, and nobody hears it */
    td_arena *arena;
} td_plan;

void td_plan_free(td_plan *p); /* NULL is welcome */

/* The reason of a stem that stands on a bus, and of which nothing sounds. */
extern const char td_silent_stem[];
/* Those that are heard: refused and ignored ones are on no bus. */
bool td_plan_stem_plays(const td_plan_stem *s);
size_t td_plan_playing(const td_plan *p);

/* The gain of a ride at a moment: straight lines in dB between breakpoints, theirs before the first and after the last;
 * 0 dB without any. */
double td_ride_db(const td_breakpoint *ride, size_t n, double at_s);

/* The chain a mix passes on its way there: one of p->way. */
const td_plan_chain *td_plan_way(const td_plan *p, td_way to);

/* SHA-256 over everything that decides the sound: no reasons, notes, paths, labels. */
td_status td_plan_hash(const td_plan *p, char out[TD_SHA256_HEX]);

/* The stems whose sum drives a step's detector, as indices of the session; index has room for all of its stems. Returns
 * how many. */
size_t td_plan_keys(const td_plan *p, const td_session *s, const td_plan_step *step, size_t *index);

/* The tempo an order named; 0 where it was found, for then a session of the same stems finds it again. */
double td_plan_ordered_tempo(const td_plan *p);

/* SHA-256 over everything that decides the sound of a bus behind its chain, before make-up and fader: stems, fixes,
 * staging, steps, keys. Files that steps name count by their content. */
td_status td_plan_bus_hash(const td_plan *p, const td_session *s, size_t bus, char out[TD_SHA256_HEX], td_error *err);

/* How many decisions there are: solved, as written (knobs are written by their job) or of fixes, which is all of them.
 */
typedef struct td_decision_count {
    size_t all, solved, written, fixes;
} td_decision_count;
td_decision_count td_decisions_count(const td_decision *d, size_t n);

#endif
