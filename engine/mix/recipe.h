/* engine/mix/recipe.h - what is wanted, as data: the third of the five values. recipes/ makes it from YAML.
 *
 * Everything lives in the recipe's arena. Values are in the units of td_param (dB, Hz, ms, per cent). */
#ifndef TD_MIX_RECIPE_H
#define TD_MIX_RECIPE_H

#include "engine/base/base.h"
#include "engine/dsp/dsp.h"

typedef enum td_wish_kind {
    TD_WISH_NONE,    /* not written: the default holds */
    TD_WISH_VALUE,   /* a */
    TD_WISH_NOTES,   /* a = notes of a whole bar of 4/4: "1/8 note" is 0.125; needs the tempo */
    TD_WISH_RANGE,   /* a to b: the planner picks */
    TD_WISH_AT_MOST, /* goals: a */
    TD_WISH_AT_LEAST,
    TD_WISH_ABOUT,
    TD_WISH_AUTO,
    TD_WISH_MEASURED,
} td_wish_kind;

typedef struct td_wish {
    td_wish_kind kind;
    double a, b;
    const char *knob; /* "$glue" where the number came from a knob; else NULL */
} td_wish;

/* ---- conditions: a tree ------------------------------------------------------------------------------------------ */

typedef enum td_cond_kind { TD_COND_AND, TD_COND_OR, TD_COND_COMPARE } td_cond_kind;
typedef enum td_compare { TD_GT, TD_GE, TD_LT, TD_LE } td_compare;

typedef struct td_condition td_condition;
struct td_condition {
    td_cond_kind kind;
    const td_condition *left, *right; /* and, or */
    int feature;                      /* compare: index into td_features */
    const char *about;                /* argument that names something: "vocals.lead", "glue"; NULL */
    double low_hz, high_hz;           /* argument that is a range; 0 */
    td_compare compare;
    double value; /* in the feature's unit */
};

typedef enum td_feature_argument {
    TD_FEATURE_PLAIN,
    TD_FEATURE_RANGE,
    TD_FEATURE_ROLE,
    TD_FEATURE_STEP
} td_feature_argument;

/* What a condition may ask. The survey measures them; `topdown recipe features` prints this table. */
typedef struct td_feature {
    const char *name;
    td_unit unit;          /* TD_UNIT_DB stands for LU and dB alike; TD_UNIT_SWITCH: so or not, without comparison */
    const char *unit_name; /* "dB", "LU", "dBFS", "LUFS", "ms", "%", "" */
    td_feature_argument argument;
    const char *scope; /* "track, bus, mix" */
    const char *help;  /* what is measured, against what reference */
} td_feature;

extern const td_feature td_features[]; /* ends with a NULL name */
int td_feature_find(const char *name); /* -1: none */
bool td_feature_finds(int feature);    /* a frequency beside its value, for `measured`; -1: no */

/* ---- steps and chains -------------------------------------------------------------------------------------------- */

typedef struct td_part_wish {
    const td_processor *proc;
    td_wish *value; /* proc->n_params */
    int line;       /* in the file, for reasons and errors; 0 unknown */
} td_part_wish;

typedef struct td_step_wish {
    const td_processor *proc;
    const char *name; /* `as`, else the processor's name; unique within its chain (a second eq is "eq-2") */
    td_wish *value;   /* proc->n_params */
    td_part_wish *part;
    size_t n_parts;
    const char *file; /* of a file parameter; absolute */
    const char **key; /* roles, buses or file names that drive the detector */
    size_t n_keys;
    double blend;             /* 0..1 */
    const td_condition *when; /* NULL: always */
    const char *when_text;    /* as written, for reasons */
    bool bypass;
    const char *note;
    int line;
} td_step_wish;

typedef struct td_chain_wish {
    td_step_wish *step;
    size_t n_steps;
} td_chain_wish;

typedef struct td_send_wish {
    const char *to; /* a return's name */
    td_wish level_db;
} td_send_wish;

/* Where tracks stand that were recorded in mono; a group may say for all of its tracks where. Unsaid: as the recipe
 * says for all. */
typedef enum td_pan { TD_PAN_UNSAID, TD_PAN_DELIVERED, TD_PAN_AUTO, TD_PAN_GIVEN } td_pan;
extern const char *const td_pan_names[]; /* from TD_PAN_DELIVERED to TD_PAN_AUTO; NULL-terminated */

typedef struct td_group_wish {
    const char *bus; /* the group's name, or a return's */
    td_chain_wish chain;
    td_wish level_db;     /* offset on what balance gives; default 0 */
    td_wish loudness_lu;  /* wished loudness against the mix; none: the template */
    bool inside_loudness; /* inside: loudness */
    td_pan pan;
    double place; /* TD_PAN_GIVEN: -100..100 */
    td_send_wish *send;
    size_t n_sends;
    const td_condition *when;
    const char *when_text;
    int line;
} td_group_wish;

typedef struct td_fix_wish {
    const char *name;
    const char **roles; /* `for`; "all" */
    size_t n_roles;
    const char **except;
    size_t n_except;
    const td_condition *when;
    const char *when_text;
    td_chain_wish chain;
    td_wish level_db;
    double pan; /* NaN: none */
    bool pan_auto;
    bool flip;
    const char *align; /* a role; NULL */
    td_send_wish *send;
    size_t n_sends;
    int line;
} td_fix_wish;

/* ---- targets ----------------------------------------------------------------------------------------------------- */

typedef struct td_target {
    double loudness_lufs;  /* NaN: not asked (the peak decides) */
    double true_peak_dbtp; /* NaN: not asked */
    double peak_dbfs;      /* sample peak; NaN: not asked */
    double limiting_db;    /* how much the loudest 10 s may be limited (95th percentile); NaN: 6 */
    const char *named;     /* "spotify" where a name was written; NULL */
} td_target;

typedef struct td_named_target {
    const char *name;
    double loudness_lufs, true_peak_dbtp;
    const char *help;
} td_named_target;

extern const td_named_target td_named_targets[]; /* ends with a NULL name; `topdown help targets` */

/* What is said, and where it says nothing the other; a name goes with its loudness. */
td_target td_target_over(const td_target *said, const td_target *otherwise);
/* "-14 LUFS, -1 dBTP"; NULL when memory is short. */
const char *td_target_text(td_arena *a, const td_target *t);

/* Where the finished mix goes from the mix bus: to masters and versions, and to previews. */
typedef enum td_way { TD_TO_MASTER, TD_TO_PREVIEW, TD_WAYS } td_way;
extern const char *const td_way_names[]; /* "master", "preview" */

typedef enum td_approach { TD_TOP_DOWN, TD_BOTTOM_UP, TD_HYBRID } td_approach;
typedef enum td_balance {
    TD_BALANCE_AUTO,
    TD_BALANCE_EVEN,
    TD_BALANCE_DELIVERED,
    TD_BALANCE_ROUGH,
    TD_BALANCE_LOUDNESS,
    TD_BALANCE_FOCUS,
    TD_BALANCE_COUNT
} td_balance;
typedef enum td_stage_meter { TD_STAGE_PEAK, TD_STAGE_RMS, TD_STAGE_VU } td_stage_meter;

extern const char *const td_approach_names[], *const td_balance_names[]; /* by value; NULL-terminated */
const char *td_approach_name(td_approach a);
const char *td_balance_name(td_balance b);

typedef struct td_knob {
    const char *name, *label;
    td_unit unit;
    double value, def, min, max; /* min, max NaN: none */
    const char *text;            /* of one that is no number ("opto", "on", "300 to 500 Hz"): its value; else NULL */
} td_knob;

#define TD_RETURNS_MAX 64 /* of a recipe */

typedef struct td_recipe {
    const char *name, *title, *description, *author;
    unsigned revision;
    const char **tag;
    size_t n_tags;
    char hash[TD_SHA256_HEX]; /* of the resolved recipe and its knobs */
    td_knob *knob;
    size_t n_knobs;
    td_approach approach;
    const char *focus; /* a role; NULL */
    td_balance balance;
    td_pan pan;        /* of all groups that say nothing */
    double stage_dbfs; /* -12 */
    td_stage_meter stage_meter;
    td_chain_wish mix;
    td_group_wish *group;
    size_t n_groups;
    td_group_wish *ret; /* returns, each in front of those it sends to */
    size_t n_rets;
    td_fix_wish *fix;
    size_t n_fixes;
    td_chain_wish way[TD_WAYS]; /* behind the mix bus; the preview's steps NULL: it passes the master's */
    td_target master, preview;
    const char *preview_format; /* "wav" */
    unsigned preview_bits;      /* 24 */
    double reference_tone;      /* 0..1 of the difference to the reference song; 0: none */
    td_arena *arena;
} td_recipe;

void td_recipe_free(td_recipe *r); /* NULL is welcome */

/* What is wished for a bus: in its own name, else in that of its group; NULL. */
const td_group_wish *td_recipe_group(const td_recipe *r, const char *bus, const char *group);
/* Whether a `match` of the mix bus leads its tone somewhere. */
bool td_recipe_matches(const td_recipe *r);
/* Whether it carries one of these tags; words end with NULL. */
bool td_recipe_tagged(const td_recipe *r, const char *const *words);

#endif
