/* recipes/wording.h - what an engineer's words hold besides a name: how much, which way, where in the song.
 *
 * English, and what German says for it. Room-internal. */
#ifndef TD_RECIPES_WORDING_H
#define TD_RECIPES_WORDING_H

#include "engine/base/base.h"

#define TD_USUAL_DB 1.0 /* "louder" */
enum { TD_MOVE_WORDS = 16, TD_MOVE_SIZE = 256 };

typedef struct td_wording {
    const char *text; /* as written, for messages and notes */
    char copy[TD_MOVE_SIZE];
    char *word[TD_MOVE_WORDS]; /* what is left: "drums"; "less", "reverb", "on", "vocals" */
    size_t n;
    double db;               /* NaN: how much was not said */
    double degree;           /* "a bit": what is usual, so many times */
    double from_s, to_s;     /* NaN: all of the song */
    char when[TD_MOVE_SIZE]; /* "0:45-1:10", "section B"; empty: all of it */
    const char *section;     /* "B", whose times a plan knows; NULL */
    const char *by;          /* the number behind "by", an amount where a way is said; NULL */
    bool complaint;          /* "too loud" */
} td_wording;

extern const char td_move_forms[]; /* examples, for who was not understood */

/* TD_ARG: more words than a move has, no stretch of a song that is so long, an amount that cannot be meant. */
td_status td_wording_read(const char *text, double song_s, td_wording *out, td_error *err);

/* "more reverb" 1, "less reverb" -1, else 0. */
int td_wording_more(const td_wording *w);
/* Is the word at that place one of these? "on", in "less reverb on vocals". */
bool td_wording_on(const td_wording *w, size_t at);

/* "0:45", at the beginning. */
bool td_is_clock(const char *s);

#endif
