/* engine/mix/roles.h - what a stem is, from its name.
 *
 * A role is `bus.instrument[.detail]`, such as drums.kick.in. The words of English, German, French, Spanish and Italian
 * names are data in role_words.c, one row a role. */
#ifndef TD_MIX_ROLES_H
#define TD_MIX_ROLES_H

#include "engine/base/base.h"

typedef enum td_role_source {
    TD_ROLE_FROM_JOB,      /* the job file says so */
    TD_ROLE_FROM_NAME,     /* the file's name */
    TD_ROLE_FROM_METADATA, /* iXML or bext track name */
    TD_ROLE_FROM_SOUND,    /* heard */
    TD_ROLE_UNKNOWN,       /* bus other */
} td_role_source;

typedef struct td_role {
    char name[48]; /* "drums.kick.in", "other" when unknown, "ignore", "mix.rough", "mix.reference" */
    char why[96];  /* "token 'kick in'", "two buses in the name: drums, bass; the leftmost taken" */
    td_role_source source;
    bool guess;        /* shown with a question mark everywhere */
    bool every_word;   /* of the name was known; a number in front does not count */
    bool two_buses;    /* TD_FAULT_DOUBLE_ROLE */
    bool sung_to;      /* "Instrumental", "2 Track", "Beat": beside nothing but voices it is the music */
    char side;         /* 'L' or 'R' when the name says one of a pair, 'M' for mono words, 0 */
    char pair_key[96]; /* the name without its side word: two files with one key and L and R are one stereo track */
    double tempo_bpm;  /* named in the file name ("124bpm"), else 0 */
} td_role;

/* Roles of all files of a session at once: words all names share in front are dropped, and some words mean another
 * thing beside certain neighbours (choir bass, orchestral percussion). names are file names (a path's last part, or the
 * last part of a URL: percent sequences are decoded); extension ignored. */
void td_roles_read(const char *const *names, size_t n, td_role *out);

/* One name on its own. */
td_role td_role_read(const char *name);

/* Length of a name without the extension of a sound file, read here or not; all of it where it has none. */
size_t td_stem_length(const char *name);

/* True when `what` names role or something above it: "drums" and "drums.kick" cover "drums.kick.in"; "all" covers all.
 */
bool td_role_covers(const char *what, const char *role);

/* Default buses in their fixed order; NULL-terminated. The bus of a role is its first part, when it is one of these. */
extern const char *const td_buses[];
#define TD_BUS_BACKING "backing" /* of backing vocals and harmonies, in the group vocals: a fader beside the lead's */
bool td_role_known(const char *role);          /* a role or bus of the table, for jobs and recipes */
size_t td_role_names(const char *const **out); /* all roles and buses, for suggestions; returns how many */

#endif
