/* recipes/recipes.h - the languages people write: recipes, job files and plans as YAML, values with units, conditions.
 *
 * Text comes in, plain data of engine/mix goes out, and back. Nothing here prints, logs or exits: mistakes are
 * collected as td_messages, all of a document at once, with file, line and column, in words a mix engineer understands.
 *
 * Bounds:  a document has at most 1 MiB, 64 levels, 100,000 parser events; no anchors, aliases, tags, repeated keys,
 * tabs or second documents. JSON is read by the same functions, since it is YAML. Units:   as td_param: dB, Hz, ms, per
 * cent. Threads: a library is read-only once opened and may be shared; all else belongs to one thread at a time. */
#ifndef TD_RECIPES_H
#define TD_RECIPES_H

#include "engine/mix/plan.h"

/* ---- messages --------------------------------------------------------------------------------------------------- */

typedef struct td_message {
    bool warning;          /* else an error */
    const char *file;      /* as the caller named it, or where the library found it */
    unsigned line, column; /* from 1; columns count characters, not bytes. 0: the document as a whole */
    unsigned width;        /* characters the caret underlines */
    const char *source;    /* the line itself, or the part of a long one around the place; NULL where there is none */
    unsigned caret;        /* column of the place within source */
    const char *pointer;   /* RFC 6901, "/recipes/1/set/glue" */
    const char *code;      /* one word for programs: "unknown_key", "out_of_range", ... */
    const char *detail;    /* what is wrong */
    const char *hint;      /* what to do; NULL */
} td_message;

typedef struct td_messages td_messages;

td_messages *td_messages_new(void);    /* NULL when memory is short */
void td_messages_free(td_messages *m); /* NULL is welcome */
size_t td_messages_count(const td_messages *m);
size_t td_messages_errors(const td_messages *m);
const td_message *td_messages_at(const td_messages *m, size_t index);

/* As a compiler prints them, one after another:
 *     house/rock.yaml:14:33: error: compressor has no parameter 'atack'
 *        14 |     - compressor: { ratio: 2:1, atack: 10 ms }
 *           |                                 ^^^^^ did you mean 'attack'? */
void td_messages_text(const td_messages *m, td_text *out);
/* "2 errors, 1 warning. Parameters: topdown recipe processors compressor"; nothing when there are none. */
void td_messages_summary(const td_messages *m, td_text *out);
/* A JSON array of { "severity", "file", "pointer", "line", "column", "code", "detail", "hint" }. */
void td_messages_json(const td_messages *m, td_text *out);
/* The first error as a td_error, for callers that show one line. Returns st. */
td_status td_messages_error(const td_messages *m, td_status st, td_error *err);

/* ---- where recipes are ------------------------------------------------------------------------------------------- */

/* Folders, first wins: the one asked for, $XDG_CONFIG_HOME/topdown/recipes (or ~/.config), /etc/topdown/recipes, the
 * library that came with the program (share/topdown/recipes or, in a build tree, recipes/library beside the program's
 * own folder; else PREFIX/share/topdown/recipes). */
typedef struct td_library td_library;

typedef struct td_library_entry {
    const char *name, *title, *extends; /* title, extends may be NULL */
    const char *path, *from;            /* from: "library" or the folder */
    unsigned revision;
    bool shadowed; /* another of its name is found first */
    bool broken;   /* not even name and title could be read */
} td_library_entry;

/* folder: `--recipes DIR`, may be NULL. TD_ARG: it is no folder. Other folders may be absent. */
td_status td_library_open(const char *folder, td_library **out, td_error *err);
void td_library_free(td_library *l);                                            /* NULL is welcome */
size_t td_library_entries(const td_library *l, const td_library_entry **out);   /* sorted by name, found first first */
const td_library_entry *td_library_find(const td_library *l, const char *name); /* NULL: none */

/* ---- recipes ----------------------------------------------------------------------------------------------------- */

/* A knob turned by a job or by --set: "warmth", "4 dB". */
typedef struct td_setting {
    const char *name, *value;
} td_setting;

/* Splits "warmth=4dB"; *out then lives in a. TD_ARG. */
td_status td_setting_parse(td_arena *a, const char *text, td_setting *out, td_error *err);

/* What a mix by this recipe is called where nobody says it: the name a file gives itself, else what is left of the
 * path. Lives in a; NULL when memory is short. */
const char *td_recipe_label(td_arena *a, const char *what);
/* Reads a recipe with all it extends. what is a name of the library or a path (it has a '/' or ends in .yaml or .yml).
 * TD_RECIPE: messages hold errors. TD_OK: messages may hold warnings. *out is for td_recipe_free. */
td_status td_recipe_load(const td_library *l, const char *what, const td_setting *set, size_t n_set, td_recipe **out,
                         td_messages *m);
/* The same from memory. file: the path it was read from, where relative paths start; NULL for text that came from
 * elsewhere, which then may name no files of this machine. l may be NULL (nothing to extend by name). */
td_status td_recipe_parse(const td_library *l, const char *file, const char *text, size_t length, const td_setting *set,
                          size_t n_set, td_recipe **out, td_messages *m);

/* `recipe show --resolved`: every value of the merged recipe, a line each, with the file and line it came from. With
 * knobs turned the recipe is judged as td_recipe_load does, and values that name them stand as they are then. json: one
 * object. */
td_status td_recipe_resolved(const td_library *l, const char *what, const td_setting *set, size_t n_set, bool json,
                             td_text *out, td_messages *m);

/* Every key of a recipe and what it holds, for people, from the tables that read it. TD_NOMEM. */
td_status td_recipe_text(td_text *out);

/* `recipe processors`: all of them, or one with parameters, units, ranges, defaults and goals. TD_ARG: no such
 * processor; the error names the nearest. markdown: one of them as docs/processors.md prints it. */
td_status td_processors_text(const char *name, bool markdown, td_text *out, td_error *err);
/* `recipe features`: what a condition may ask. */
void td_features_text(td_text *out);
/* Both for programs. names: n of them, each in full; none: all. TD_ARG as above. */
td_status td_processors_json(const char *const *names, size_t n, td_text *out, td_error *err);
void td_features_json(td_text *out);

/* JSON Schema 2020-12 made from the descriptors. TD_NOMEM. */
td_status td_recipe_schema(td_text *out);
td_status td_order_schema(td_text *out);

/* ---- values ------------------------------------------------------------------------------------------------------ */

/* "10 ms", "2:1", "auto": reads back as the same double. p->step has no say. Returns out; NaN gives "". */
const char *td_value_text(const td_param *p, double value, char *out, size_t size);
/* A parameter with all its slots: "5 to 9 kHz", "120 Hz, 700 Hz". value points at its first slot. */
const char *td_values_text(const td_param *p, const double *value, char *out, size_t size);
/* What was wished: "at most 2 dB", "300 to 500 Hz", "1/8 note". */
const char *td_wish_text(const td_param *p, const td_wish *w, char *out, size_t size);

/* ---- plans ------------------------------------------------------------------------------------------------------- */

/* A plan as YAML and back, without loss: what decides the sound is the same, bit for bit. td_plan_read: TD_RECIPE. */
td_status td_plan_write(const td_plan *p, td_text *out);
td_status td_plan_read(const char *file, const char *text, size_t length, td_plan **out, td_messages *m);
td_status td_plan_load(const char *path, td_plan **out, td_messages *m);
/* Whether its file can be read again: 16 MiB, a million parts. TD_RECIPE names the step with most points. */
td_status td_plan_is_readable(const td_plan *p, td_error *err);

/* An edit in words: "vocals +1 dB", "kick louder", "drums -0.5 dB 0:45-1:10", "less reverb on lead". Buses move by
 * their faders, stems inside their bus, sends by 3 dB when nothing is said. TD_ARG: not understood, nobody is called
 * so, or a level would leave what a plan can hold; the plan may then hold a part of the move. */
td_status td_plan_revise(td_plan *p, const char *text, td_error *err);

/* `topdown plan` for people: stems, mix bus, groups, tracks, what was not used, warnings, counts. Reasons are broken
 * to lines of `room` columns; 0: never. */
void td_plan_view(const td_plan *p, size_t room, td_text *out);
/* The same, but only what reads otherwise than in `before`. */
void td_plan_changes(const td_plan *p, const td_plan *before, size_t room, td_text *out);

/* Its numbers for programs, an array of objects: where each stands, its value and unit, and where they are known the
 * wish, what was measured for it and where, and what it came to. The caller's; NULL: no memory. */
struct json_t *td_plan_numbers(const td_plan *p);

/* The same as rows, for reports: mix bus, groups, tracks, returns. Texts live in a or in the plan. TD_NOMEM. */
td_status td_plan_decisions(const td_plan *p, td_arena *a, td_decision **out, size_t *n);

/* ---- orders: job files ------------------------------------------------------------------------------------------- */

/* How an order names a file. Paths of a job file are made absolute when it is read. */
typedef enum td_place { TD_PLACE_NONE, TD_PLACE_PATH, TD_PLACE_HTTPS, TD_PLACE_HTTP, TD_PLACE_OTHER } td_place;
td_place td_place_of(const char *address); /* OTHER: "ftp://..."; what has no scheme is a path */

typedef enum td_unknown { TD_UNKNOWN_OTHER, TD_UNKNOWN_ASK, TD_UNKNOWN_FAIL } td_unknown;
typedef enum td_priority { TD_PRIORITY_LOW, TD_PRIORITY_NORMAL, TD_PRIORITY_HIGH } td_priority;

/* "22:00" in the operator's time zone, or a full RFC 3339 time. */
typedef struct td_moment {
    enum { TD_MOMENT_NONE, TD_MOMENT_CLOCK, TD_MOMENT_TIME } kind;
    unsigned minute; /* clock: of the day */
    int64_t unix_s;  /* time */
} td_moment;

bool td_is_path(const char *what); /* of what names a recipe: it is written as a path */

typedef struct td_order_mix {
    const char *recipe; /* a name, or an absolute path */
    const char *path;   /* where it lies, as a person on this machine named it; its plan keeps that. NULL: it has a
                           name, or a job names it, whose plans travel */
    const char *label;  /* unique within the order; default: the recipe's name, then "name-2" */
    const td_setting *set;
    size_t n_set;
} td_order_mix;

typedef struct td_output {
    const char *format;    /* "wav", "aiff", "flac", "mp3", "ogg", "opus" */
    unsigned bits;         /* 16, 24, 32 (float); 0 where the format has none */
    unsigned bitrate_kbps; /* lossy ones; else 0 */
    unsigned rate_hz;      /* 0: the session's */
    td_target target;      /* NaN members: what the recipe says */
} td_output;

enum { /* td_order.versions */
       TD_VERSION_INSTRUMENTAL = 1,
       TD_VERSION_ACAPELLA = 2,
       TD_VERSION_TV = 4,
};
enum { /* td_order.handoff */
       TD_HANDOFF_DAWPROJECT = 1,
       TD_HANDOFF_REAPER = 2,
};
enum { /* td_order.report */
       TD_REPORT_HTML = 1,
       TD_REPORT_JSON = 2,
};

typedef struct td_order_hook {
    const char *url;
    const char *secret; /* the name of a credential; NULL: the server's own */
    const char **event; /* none: all */
    size_t n_events;
} td_order_hook;

typedef struct td_order_tag {
    const char *key, *value;
} td_order_tag;

typedef struct td_order {
    const char *name, *title, *artist; /* NULL where not said */
    const char *client_name, *client_email;
    double tempo_bpm; /* 0: not said */
    const char **isrc;
    size_t n_isrc;

    const char *stems_folder; /* NULL: only the files listed */
    td_stem_wish *stem;       /* exceptions, or the full list; file is a path or an address */
    size_t n_stems;
    td_unknown unknown;
    const char *reference, *rough;
    bool has_balance; /* else the recipe's */
    td_balance balance;

    td_order_mix *mix;
    size_t n_mixes;

    bool has_outputs;    /* false: the defaults stand in the lists below */
    bool recipe_preview; /* defaults: the recipe's own preview, beside `preview` */
    const td_output *preview;
    size_t n_previews;
    const td_output *master;
    size_t n_masters;
    bool has_premaster, has_groups;
    td_output premaster, groups;
    unsigned versions, handoff, report; /* bits of the enums above */
    const char *naming;                 /* template; NULL: the operator's */

    bool ab; /* an A/B page is wanted: written, or more than one mix */
    bool ab_loudness_match;

    td_order_hook *hook;
    size_t n_hooks;
    const char *deliver_to; /* https: or http:, a folder; NULL: results wait on the server */
    td_moment deliver_by, not_before;
    td_priority priority;
    td_order_tag *tag;
    size_t n_tags;
    td_arena *arena; /* owns everything above */
} td_order;

/* Reads a job file, or the body of a request (YAML or JSON). file: its path, where relative names start; NULL for a
 * request, whose stems are addresses and never paths. l, unless NULL, checks that recipes exist and that
 * knobs take what they are set to. td_order_load also looks whether files and folders are there. TD_JOB: messages
 * hold errors. */
td_status td_order_parse(const td_library *l, const char *file, const char *text, size_t length, td_order **out,
                         td_messages *m);
td_status td_order_load(const td_library *l, const char *path, td_order **out, td_messages *m);
void td_order_free(td_order *o); /* NULL is welcome */

/* A job file to begin with, for the stems of a folder: small, true in every line, with what can be added behind '#'.
 * seen_from: the folder as the file will name it. TD_NOMEM. */
td_status td_order_draft(const td_session *s, const char *folder, const char *seen_from, td_text *out);

/* Every key of a job file and what it holds, for people, from the tables that read it. TD_NOMEM. */
td_status td_order_text(td_text *out);

/* What a file of defaults says: `listen: 127.0.0.1:8750`; of a list, each entry. */
typedef struct td_default {
    const char *name, *value;
    unsigned line, column; /* of the value */
} td_default;

/* A map of names to texts, or to lists of them; all of it lives in a. TD_ARG: messages hold errors. */
td_status td_defaults_load(td_arena *a, const char *path, td_default **out, size_t *n, td_messages *m);

/* What an order without `outputs` gives, for `topdown mix` without a job file. */
void td_order_defaults(td_order *o);

#endif
