/* recipes/plan_rows.h - the members of a plan as its file has them, one table a struct: what is written is what is
 * read. For plan_write.c and plan_read.c; and words that all who tell of plans share. */
#ifndef TD_RECIPES_PLAN_ROWS_H
#define TD_RECIPES_PLAN_ROWS_H

#include "recipes/parts.h"

typedef enum td_row_kind {
    TD_ROW_TEXT,    /* const char * */
    TD_ROW_TEXTS,   /* const char **, and a count */
    TD_ROW_NUMBER,  /* double in the unit of `measure` */
    TD_ROW_SECONDS, /* double */
    TD_ROW_PORTION, /* double 0..1, written in per cent */
    TD_ROW_WHOLE,   /* unsigned */
    TD_ROW_LONG,    /* uint64_t */
    TD_ROW_FLAG,    /* bool */
    TD_ROW_WORD,    /* an enum, by its words */
    TD_ROW_INSIDE,  /* a map of members; `at` is of the struct that holds them */
    TD_ROW_LIST,    /* an array of structs, and a count */
    TD_ROW_CHAIN,   /* td_plan_chain */
} td_row_kind;

typedef struct td_row td_row;
struct td_row { /* the last of a table has no name */
    const char *name;
    td_row_kind kind;
    size_t at, count_at;
    td_measure measure;
    double absent;      /* the number that is not written and stands in when nothing is */
    double least, most; /* what a plan can mean, both 0: any number; a slip of the hand is refused */
    const char *const *words;
    const td_row *rows;
    size_t size;         /* of an element of a list */
    bool inline_;        /* a map on one line */
    bool needed;         /* a plan without it cannot be rendered */
    bool hash;           /* text: a SHA-256 */
    bool empty;          /* a chain without steps is written: it says more than none */
    const char *comment; /* a line above it; NULL */
};

extern const char *const td_move_names[]; /* by td_plan_move.what */
extern const td_row td_plan_rows[];
const td_row *td_plan_row(const char *path);        /* "buses.ride.gain": one that is there */
extern const td_row td_step_rows[], td_part_rows[]; /* what stands beside the processor of a step, and of a band */

#define TD_BY_HAND       "by hand" /* how the reason of what a person changed in the file begins */
#define TD_MAKEUP_REASON "the chain leaves the loudness alone"

/* How many slots a parameter that stands for a row of them has. */
static inline unsigned td_slots(const td_param *p)
{
    return p->span > 1 ? p->span : 1;
}

#endif
