/* cmd/cmd.h - what the files of this room share: the table of commands, flags, and how results and messages look.
 *
 * One file a subcommand: it reads flags, calls one function below, prints. Results go to stdout, progress and messages
 * to stderr. Exit codes are those of engine/base/error.h; `topdown help exit-codes` prints them. */
#ifndef TD_CMD_H
#define TD_CMD_H

#include "engine/base/base.h"

typedef struct td_flag {
    const char *name;  /* without the dashes; NULL ends a table */
    char letter;       /* 'o' for -o; 0: none */
    const char *value; /* what its value is called in help: "FILE"; NULL: a switch */
    const char *help;
} td_flag;

/* Shared by what takes stems; td_stem_say_role (jobs/order/folder.h) reads it. */
#define TD_ROLE_FLAG                                                                                \
    {                                                                                               \
        "role", 0, "FILE=ROLE", "what a stem is where its name does not say it; as often as needed" \
    }
#define TD_ROLES_MOST 240

typedef struct td_args {
    const td_flag *flags; /* the command's own */
    struct td_given {
        const td_flag *flag;
        const char *value;
    } given[256];
    size_t n_given;
    const char *word[1024]; /* everything that is no flag, in order */
    size_t n_words;
} td_args;

typedef struct td_command {
    const char *name;
    const char *group;    /* heading in `topdown help` */
    const char *summary;  /* one line */
    const char *synopsis; /* "STEMS... --recipe NAME [-o DIR]" */
    const char *examples; /* two or three lines, each "topdown ..." and what it does */
    const td_flag *flags; /* own ones; td_flags_common and td_flags_taken hold everywhere */
    int (*run)(const td_args *args);
    bool wordless; /* flags are all it takes */
} td_command;

/* Everywhere: those of use to every command; those that any takes, though only commands that reckon or tell how far
 * they are do something with them, so that a script can give them always. */
extern const td_flag td_flags_common[], td_flags_taken[];

/* Where something would be written or sent. */
#define TD_DRY_FLAG(what)          \
    {                              \
        "dry-run", 'n', NULL, what \
    }

/* Of commands that reckon. */
#define TD_THREADS_FLAG                                                                 \
    {                                                                                   \
        "threads", 'j', "N", "how many threads to use; as many as there are processors" \
    }

extern const td_command *const td_commands[]; /* NULL-terminated; one row a command, main.c */

/* Where in argv[1] to argv[argc - 1] the first word stands that is neither a flag nor a flag's value, by the flags of
 * all commands; argc: nowhere. */
int td_args_command(int argc, char **argv);

/* Flags may stand anywhere; `--` ends them; --name=value and --name value alike. Words are borrowed from argv. Unknown
 * flags are TD_ARG and name the nearest. */
td_status td_args_parse(const td_flag *flags, int argc, char **argv, td_args *out, td_error *err);
/* What the file of --config says of flags that were not given; what it says of other commands' is passed over. Texts
 * live in arena. 0, or the exit code of what was printed. */
int td_args_config(td_args *a, td_arena *arena);
td_status td_args_give(td_args *a, const td_flag *f, const char *value, td_error *err);
/* By its name alone, beside those of every command; NULL: none. */
const td_flag *td_flag_named(const td_flag *flags, const char *name);
const char *td_args_get(const td_args *a, const char *flag); /* the last value given, or NULL */
bool td_args_has(const td_args *a, const char *flag);
/* Every value given, in order. TD_ARG: more than `most`. */
td_status td_args_all(const td_args *a, const char *flag, const char **out, size_t most, size_t *n, td_error *err);
/* A whole number in lo..hi, or `def` when not given. */
td_status td_args_number(const td_args *a, const char *flag, long lo, long hi, long def, long *out, td_error *err);

/* Prints "topdown: error: where: what" and the hint to stderr and returns the exit code of st. */
int td_report_error(td_status st, const td_error *err);
void td_report_warning(const char *where, const char *what); /* where: NULL where what names it */
/* Prints all messages, to stderr or as JSON to stdout, and returns the exit code: of `bad` when one is an error. */
struct td_messages;
int td_report_messages(const struct td_messages *m, td_status bad, bool json);

/* Refuses words behind the first `most`: one that is passed over was meant somehow. Returns 0 or the exit code. */
int td_refuse_words(const td_args *a, size_t most);

/* One object on one line of stdout, taken over; NULL is none. */
struct json_t;
void td_print_json(struct json_t *o);
/* A plan as --json prints it: its numbers, and its file as text. */
struct td_plan;
void td_print_plan(const struct td_plan *p);

/* Progress as the flags ask for: a line a stage redrawn at most ten times a second on a terminal, plain lines
 * elsewhere, newline-delimited JSON objects on stdout with --json, nothing with --quiet. */
typedef struct td_meter_line td_meter_line;
td_meter_line *td_progress_new(const td_args *a);
void td_progress_free(td_meter_line *p);
/* A td_progress callback (engine/mix/survey.h); user is the td_meter_line. Calls may come from any thread. */
void td_progress_show(void *user, const char *stage, double fraction);
/* The same of a td_mixdown. */
struct td_stage_at;
void td_progress_step(void *user, const struct td_stage_at *step);
void td_progress_end(td_meter_line *p); /* finishes the line under way */

/* Of the terminal that stdout is, from 80 to 200; 0: it is none. */
size_t td_columns(void);

double td_seconds(void); /* never jumps; for durations */

/* Set when the user asked to stop (first Ctrl-C); the second ends the process at once. */
extern volatile int td_stop_asked;

#endif
