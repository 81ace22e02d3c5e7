/* engine/dsp/dsp.h - sound processors, the table that lists them, and chains of them.
 *
 * A processor is one file and one row: data plus a few callbacks. The host (chain.c) allocates the state, has checked
 * every value against the table and stands in for absent callbacks, so a processor holds only sound. Recipe checking,
 * JSON Schema, help, the manual, the plan's text and the generic tests read the same rows.
 *
 * Audio:   planar float, full scale 1.0, always two channels; a mono track runs as two equal ones (in two SIMD lanes
 * the second is free). Blocks have 1 to TD_BLOCK frames; the samples do not depend on where blocks are cut. Values:
 * parameters are doubles in the unit of their row: dB, Hz, ms, per cent, dB/oct, semitones; a choice is its index, a
 * switch 0 or 1; not set is NaN. dB becomes linear once, at prepare. Threads: a state belongs to one thread at a time.
 * No processor locks, logs, reads files in process, or keeps globals. Bytes:   the same input gives the same samples on
 * every x86-64 machine: base/maths.h instead of libm, no contraction. */
#ifndef TD_DSP_H
#define TD_DSP_H

#include "engine/base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TD_BLOCK         512  /* frames a process call has at most */
#define TD_DETECTORS_MAX 6    /* detectors (bands with a gain of their own) a step has at most */
#define TD_VALUES_MAX    32   /* slots a processor has at most */
#define TD_PARTS_MAX     24   /* parts (bands) a step has at most */
#define TD_POINTS_MAX    1024 /* parts of one that follows the song's time */

/* ---- parameters ------------------------------------------------------------------------------------------------- */

typedef enum td_unit {
    TD_UNIT_NUMBER, /* a plain number, such as q */
    TD_UNIT_DB,     /* a gain */
    TD_UNIT_DBFS,   /* a level */
    TD_UNIT_HZ,
    TD_UNIT_MS,    /* written in ms, s or notes */
    TD_UNIT_RATIO, /* 2:1; inf:1 is INFINITY */
    TD_UNIT_PERCENT,
    TD_UNIT_SLOPE, /* dB/oct */
    TD_UNIT_PAN,   /* -100 (left) to 100 */
    TD_UNIT_SEMITONE,
    TD_UNIT_CHOICE, /* one of `choices`, stored as its index */
    TD_UNIT_SWITCH, /* on, off */
    TD_UNIT_FILE,   /* a path; settings.file holds it, the slot is 1 when set */
    TD_UNIT_DEGREE,
} td_unit;

enum {
    TD_GOAL = 1,     /* a goal: the planner finds the value of `solves`; the slot itself stays NaN in a plan */
    TD_AUTO = 2,     /* the word `auto` is allowed; it is stored as INFINITY and means what `help` says */
    TD_MEASURED = 4, /* the word `measured` is allowed: the planner takes the value from what the condition found */
    TD_SOLVABLE = 8, /* a range is allowed in a recipe; the planner picks the value in it */
    TD_PLANNED = 16, /* what the planner makes parts of, on the song it meets; the slot itself stays NaN in a plan */
    TD_LISTENS = 32, /* but for 0 it makes a linear processor depend on the sound */
};

typedef struct td_param {
    const char *name; /* as written in a recipe; NULL in the further slots of a name that spans several */
    td_unit unit;
    double min, max, def; /* def NaN: not set, the processor copes */
    double step;          /* what a decided value is rounded to; 0: 0.1 in dB, 1 Hz below 1 kHz and 10 above, ... */
    const char *const *choices; /* NULL-terminated, for TD_UNIT_CHOICE */
    const char *solves;         /* goals: the name of the parameter it decides */
    double solved_min;          /* the lowest value a goal may decide; 0: min */
    unsigned flags;
    unsigned span;    /* 0 or 1: one slot; 2: a range (low, high); more: a list of up to so many, unset ones NaN */
    const char *help; /* one line for mix engineers */
} td_param;

/* ---- processors ------------------------------------------------------------------------------------------------- */

typedef struct td_format {
    double rate_hz;
    double tempo_bpm; /* 0 when nobody knows */
    unsigned pick;    /* only react is called, with every pick-th frame (planning); 0: all of it, with every frame */
    /* Only levels are asked of what comes out (planning), by a third octave, as loudness and of peaks: what bends
     * waveforms may let aliases stand at -60 dB and leave sooner, with another latency, which it tells; edges of bands
     * may be softer. Nothing else may differ, and nobody is to hear it. */
    bool draft;
} td_format;

typedef struct td_processor td_processor;

typedef struct td_part { /* one band of an eq or multiband */
    const td_processor *proc;
    const double *value; /* proc->n_params slots */
} td_part;

typedef struct td_settings {
    const double *value; /* n_params slots; every set one inside its range */
    const td_part *part;
    size_t n_parts;
    const char *file; /* the path of a TD_UNIT_FILE parameter, else NULL */
} td_settings;

/* What a processor with gain-changing detectors has beside process: its two halves on their own, so that the planner
 * can find a threshold on every 8th frame of a song without touching audio. process equals sense, react, then gain. */
typedef struct td_dynamics {
    /* How many detectors these settings have: 1, or the bands of a multiband. At most TD_DETECTORS_MAX. */
    size_t (*detectors)(const void *st);
    /* Writes what each detector looks at before its gain computer: a linear amplitude >= 0 after key filter and stereo
     * link, per frame. Advances the filters of the side chain. key NULL: the processor listens to its own input. */
    void (*sense)(void *st, const float *const *in, const float *const *key, size_t frames, float *const *level);
    /* From such levels, every format.pick-th, to the gain change in dB (reduction positive, expansion negative).
     * Advances the ballistics. gr_db may be the same array as level. */
    void (*react)(void *st, size_t detector, const float *level, size_t frames, float *gr_db);
    /* The shortest attack of any detector, where a model or a band brings its own, or how slowly what it hears moves;
     * NULL: the parameter `attack` says. */
    double (*attack_ms)(const void *st);
} td_dynamics;

struct td_processor {
    const char *name;       /* as written in a recipe */
    const char *help;       /* what it is for, one line for mix engineers */
    const char *stands_for; /* the hardware or plug-in class it can stand in for; NULL */
    bool part;              /* true: stands only inside another processor's list (a band) */
    const td_param *params;
    size_t n_params;                  /* slots */
    const td_processor *const *parts; /* NULL-terminated: what may stand in its list; NULL: no list */
    const char *parts_name;           /* the list's key when the step is written as a map: "bands" */
    size_t state_size;                /* zeroed by the host, aligned to 64 */
    td_status (*prepare)(void *st, const td_format *fmt, const td_settings *set, td_error *err); /* may allocate */
    /* In place; cannot fail, allocate or lock. key NULL: none. gr: an array of detectors() arrays to fill with the
     * change in dB per frame, or NULL. */
    void (*process)(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames);
    void (*reset)(void *st);                /* as if freshly prepared */
    void (*place)(void *st, int64_t frame); /* where in the song the next frame stands; absent: all places are alike */
    /* Frames; absent means 0. tail: how long it rings on after its input, and its latency, are over, down to -120 dB.
     */
    size_t (*latency)(const void *st), (*tail)(const void *st);
    void (*destroy)(void *st); /* also after a failed prepare */
    /* Time-invariant linear ones: |H|^2 at a frequency, for a signal alike in both channels. Else absent. */
    double (*power_at)(const void *st, double freq_hz);
    const td_dynamics *dynamics; /* NULL: no detector */
    bool hears_key;              /* another sound may drive it */
    /* Lets the second channel run with the settings of `other`, another state of this processor: two mono signals then
     * take the time of one. Before the first frame. *shared: whether these two can; `now` false only asks. */
    td_status (*share)(void *st, const void *other, bool now, bool *shared);
    bool peaks;  /* single ones is what it lowers: how much is counted by the 100 ms, not by the frame */
    bool timed;  /* its parts are points of the song's time; without any it does nothing */
    bool linear; /* neither the sound nor the song's time changes what it does, but for slow drifting */
    bool bends;  /* waveforms, the louder the more: parts of a sum do not add up behind it */
};

/* All steps by name, then all parts; NULL-terminated. Adding a processor touches its own file and this table. */
extern const td_processor *const td_processors[];

const td_processor *td_processor_find(const char *name); /* steps only; NULL when there is none */
const td_processor *td_part_find(const td_processor *of, const char *name);
size_t td_parts_most(const td_processor *p); /* how many parts it takes: TD_PARTS_MAX or TD_POINTS_MAX */
/* The slot of a parameter's (first) value, or -1. */
int td_param_find(const td_processor *p, const char *name);
/* value[n_params] filled with defaults (goals NaN). */
void td_processor_defaults(const td_processor *p, double *value);
/* What a decided value of this parameter is rounded to. */
double td_param_round(const td_param *p, double value);
/* A value as an engineer writes it: "-2.5 dB", "10 kHz", "L30", "opto". Returns out. */
const char *td_param_text(const td_param *p, double value, char out[32]);
/* TD_RECIPE with a message that names the parameter when a set value lies outside its range or a part is not allowed.
 */
td_status td_settings_check(const td_processor *p, const td_settings *set, td_error *err);

/* One processor on its own, prepared. */
typedef struct td_unit_state td_unit_state;
td_status td_unit_new(const td_processor *p, const td_format *fmt, const td_settings *set, td_unit_state **out,
                      td_error *err);
void td_unit_free(td_unit_state *u);
void td_unit_process(td_unit_state *u, float *const *ch, const float *const *key, float *const *gr, size_t frames);
void td_unit_reset(td_unit_state *u);
void td_unit_place(td_unit_state *u, int64_t frame); /* see td_processor.place */
size_t td_unit_latency(const td_unit_state *u);
size_t td_unit_tail(const td_unit_state *u);
double td_unit_power_at(const td_unit_state *u, double freq_hz); /* 1 where the processor has no power_at */
/* The processor's share; without one, none can. */
td_status td_unit_share(td_unit_state *u, const td_unit_state *other, bool now, bool *shared);
void *td_unit_raw(td_unit_state *u); /* the processor's own state, for dynamics */

/* ---- chains ----------------------------------------------------------------------------------------------------- */

/* A step of a chain: a processor and what stands beside it in the graph. */
typedef struct td_step {
    const td_processor *proc;
    td_settings set;
    double blend; /* 0..1 of the processed signal; 1: all. Dry and wet are aligned */
    bool bypass;  /* latency stays, sound passes */
    bool keyed;   /* the caller hands a key signal for this step */
} td_step;

typedef struct td_chain td_chain;

/* Copies what it needs from steps; n may be 0 (a wire). */
td_status td_chain_new(const td_format *fmt, const td_step *step, size_t n, td_chain **out, td_error *err);
void td_chain_free(td_chain *c);

/* Runs a block in place. key[i] is step i's side chain (two channels, as it sounds at the chain's input: the chain
 * delays it as the audio in front of the step is delayed), NULL where the step has none; key itself may be NULL.
 * gr[i] receives step i's gain changes as td_processor.process does; gr may be NULL. */
void td_chain_process(td_chain *c, float *const *ch, const float *const *const *key, float *const *const *gr,
                      size_t frames);
/* A sum and its parts, each on its own. The sum goes through td_chain_note, which notes what drives step i (its key, or
 * what reaches it) in note[i] (two arrays of `frames`), then every part through td_chain_follow in a chain of the same
 * steps: gains move as they moved for the sum, and what bends waveforms is met 60 dB down, where it hardly does. So
 * parts add up to the sum but for what was bent. */
void td_chain_note(td_chain *c, float *const *ch, const float *const *const *key, float *const *const *gr,
                   float *const *const *note, size_t frames);
void td_chain_follow(td_chain *c, float *const *ch, const float *const *const *note, size_t frames);
/* Before the first frame: c's second channel then runs as `other` would, and a mono signal in each of the two leaves as
 * from chains of their own. *shared false: one of their steps cannot, and c is as before. TD_NOMEM. */
td_status td_chain_share(td_chain *c, td_chain *other, bool *shared);
void td_chain_reset(td_chain *c); /* as freshly made: what comes next is frame 0 of the song */
/* What comes next is that frame: steps that follow the song's time allow for the latency in front of them. */
void td_chain_place(td_chain *c, int64_t frame);
size_t td_chain_latency(const td_chain *c); /* the sum of its steps */
size_t td_chain_tail(const td_chain *c);
td_unit_state *td_chain_unit(td_chain *c, size_t step);

/* ---- the limiter of the master ---------------------------------------------------------------------------------- */
/* engine/dsp/limiter.h: the maximizer as the master uses it (drive solved on a cached peak envelope). */

#endif
