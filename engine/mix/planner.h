/* engine/mix/planner.h - Survey + Recipe -> Plan: how a mix is decided, from the top down.
 *
 * Order of decisions (engine/mix/decide/README.md tells each): clip gains, faders; the mix bus but its goals; groups,
 * heard through it; tracks, rarely; last the input trim and the mix bus's goals, on what the groups make of the sum.
 * The same survey and recipe give the same plan, bit for bit, on any number of threads. */
#ifndef TD_MIX_PLANNER_H
#define TD_MIX_PLANNER_H

#include "engine/mix/plan.h"
#include "engine/mix/survey.h"

enum { TD_TAIL_S = 4 }; /* room for tails: a plan's frames outlast its session's by so much at most */

struct td_rough;

typedef struct td_plan_wish {
    const td_session *session;
    td_survey *survey;
    const td_recipe *recipe;
    const char *label;       /* NULL: the recipe's name */
    const char *recipe_path; /* for the plan to keep; NULL */
    bool has_balance;        /* the order's balance wins over the recipe's */
    td_balance balance;
    const td_target *master, *preview; /* the order's, which win where they say something; NULL: nothing is said */
    const char *const *warning;        /* what was said of the recipe when it was read: the plan keeps it */
    size_t n_warnings;
    td_pool *pool;
    const char *scratch_folder;
    struct td_rough **rough; /* read from the session's rough mix: NULL in there, the first plan puts it there for the
                                next on the same survey; the caller's, for free(). NULL: not kept */
    td_progress progress;    /* may be NULL */
    void *user;
} td_plan_wish;

/* TD_RECIPE: the recipe asks for what cannot be (a key on itself, a tempo nobody knows is only a warning). */
td_status td_plan_make(const td_plan_wish *wish, td_plan **out, td_error *err);

/* What it was to be, where none can be made: names and targets, and no decision. For reports; nothing plays it. */
td_status td_plan_undecided(const td_plan_wish *wish, td_plan **out, td_error *err);

#endif
