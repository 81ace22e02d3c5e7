/* engine/mix/role_words.h - which role each word of a stem's name says: data, by which roles.c reads names. */
#ifndef TD_MIX_ROLE_WORDS_H
#define TD_MIX_ROLE_WORDS_H

#include "engine/mix/roles.h"

/* How much a word says, from least to most. The strongest word of the winning bus names the role. A word of rank
 * TD_RANK_PLACE or TD_RANK_WEAK, or of two letters ("OD", "DB"), names a bus only where no other word does. */
typedef enum td_rank {
    TD_RANK_BROAD,    /* the whole bus: "drums", "gtr" */
    TD_RANK_PLACE,    /* where a microphone stood: "room" belongs to the instrument beside it */
    TD_RANK_WEAK,     /* a manner more than an instrument: "clean", "double", "loop" */
    TD_RANK_EXACT,    /* an instrument */
    TD_RANK_DETAIL,   /* a part of one: "snare top" */
    TD_RANK_DECISIVE, /* whatever else the name says: a guide vocal is no vocal */
} td_rank;

/* Words that say less, or something else, depending on what stands beside them. They are looked at before the table
 * of roles, in this order. */
typedef enum td_context {
    TD_ANYWHERE,
    TD_WITH_STRINGS = 1, /* other strings are in the session */
    TD_ORCHESTRAL = 2,   /* strings or woodwinds, and neither drum kit nor guitars nor synths */
    TD_WITH_WINDS = 4,   /* saxophones or brass */
    TD_WITH_VOICES = 8,  /* choir voices and no drum kit */
    TD_WITH_MAIN = 16,   /* a main microphone system */
    TD_WITH_KICK = 32,
} td_context;

typedef struct td_word_row {
    const char *role, *words;
    td_rank rank;
    const char *after; /* counts only when a word to its left named this role */
    td_context in;     /* counts only in such a session */
    bool guess;
    bool sung_to; /* also what voices sing to, where it stands beside nothing else */
} td_word_row;

extern const td_word_row td_beside_rows[];
extern const size_t td_n_beside_rows;

typedef struct td_role_row {
    const char *role;
    td_rank rank;
    const char *words[3]; /* English and shorthand; German; French, Spanish and Italian */
} td_role_row;

extern const td_role_row td_role_rows[];
extern const size_t td_n_role_rows;

#endif
