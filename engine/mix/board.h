/* engine/mix/board.h - what buses become: their sends, the returns, the sum, the mix bus; keys play along, but for a
 * board that follows: its leader's notes hold them.
 *
 * Room-internal. A board plays a plan for the buses it hears. Beside the one that makes the mix others can stand: for
 * versions, which hear fewer buses, and for parts, which hear one and whose gains move as they moved for the mix:
 *
 *     buses -+---------------------------------------------------+-> delay -+-> sum -> trim -> mix bus -+-> premaster
 *     stems -+-> sends -> delay -+-> return's chain -> fader -+--+-> delay -+                            +-> ways
 *                                +---------- delay <- sends --+  to returns below it
 *
 * Delays bring together what belongs together, at every return and at the sum. Ways lead on to masters and previews. */
#ifndef TD_MIX_BOARD_H
#define TD_MIX_BOARD_H

#include "engine/mix/lane.h"

#define TD_CHUNK (8 * TD_BLOCK) /* frames a board can remember for those that follow it */

typedef enum td_board_role {
    TD_BOARD_PLAYS,
    TD_BOARD_LEADS,   /* and notes what reaches every step, for a chunk */
    TD_BOARD_FOLLOWS, /* its steps do what the leader's did in the same frames */
} td_board_role;

typedef struct td_board_wish {
    const td_session *session;
    td_survey *survey;
    const td_plan *plan;
    const bool *heard; /* per bus; NULL: all */
    td_board_role role;
    bool way[TD_WAYS];           /* which of the plan's go on from it */
    bool measuring;              /* gain changes are counted */
    int64_t at;                  /* where in the song it begins */
    const td_plan_return *until; /* what reaches it is what leaves the board, and nothing else plays; NULL: all does */
} td_board_wish;

/* A stem's own send, beside those of its bus. */
typedef struct td_stem_send {
    size_t stem, bus, ret;
    double gain_db;
} td_stem_send;

/* All of a plan, in its order, to an array in a; for its board and for whoever feeds it. */
td_status td_stem_sends(const td_session *session, const td_plan *plan, td_arena *a, td_stem_send **out, size_t *n,
                        td_error *err);

typedef struct td_board td_board;
td_status td_board_new(const td_board_wish *wish, const td_stem_send *send, size_t n_sends, td_board **out,
                       td_error *err);
void td_board_free(td_board *b);
/* The same for all boards of a plan. */
size_t td_board_latency_to_mix(const td_board *b); /* of the returns; of those in front of `until` */
size_t td_board_latency(const td_board *b);        /* and of the mix bus */
size_t td_board_way_latency(const td_board *b, td_way way);
bool td_board_hears(const td_board *b, size_t source); /* whether any send goes out from it, of those that play */

/* n frames, at most TD_BLOCK, at place `at` of their chunk. source: the buses (what is not heard may be NULL), then the
 * stems of the sends. lead: whom it follows, which has been here; else NULL. in: what reaches the mix bus, after the
 * trim, or `until`; out: what leaves it, NULL: the mix bus does not play. */
td_status td_board_run(td_board *b, const td_board *lead, const float *const *const *source, size_t at, size_t n,
                       float *const *in, float *const *out, td_error *err);

/* What left the mix bus, along a way that is played and has steps: n frames in the order they came. */
td_status td_board_go_on(td_board *b, td_way way, const float *const *mix, size_t n, float *const *out, td_error *err);

const td_watch *td_board_watch(const td_board *b);                  /* of the mix bus; NULL: not measuring */
const td_watch *td_board_return_watch(const td_board *b, size_t r); /* of a return */
const td_watch *td_board_way_watch(const td_board *b, td_way way);

#endif
