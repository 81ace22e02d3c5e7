/* jobs/order/mixdown.h - an order carried out on this machine: stems in, masters, previews, plans and report in a
 * folder.
 *
 * The one straight line of the product: session, survey, recipes, plans, renders, masters, report. `topdown mix` runs
 * it in its own process; the service runs `topdown mix --job` as one child per job. Stems are local files here:
 * fetching comes before, publishing after. */
#ifndef TD_JOBS_ORDER_MIXDOWN_H
#define TD_JOBS_ORDER_MIXDOWN_H

#include "engine/mix/mix.h"
#include "engine/mix/survey.h"
#include "jobs/order/guest.h"
#include "recipes/recipes.h"

/* How far it is. */
typedef struct td_stage_at {
    const char *stage; /* "checking", "survey", "rough", "planning", "rendering", "encoding" */
    double fraction;   /* of the stage */
    const char *mix;   /* the label of the one it is about; NULL: there is but one, or it is about all */
    double song_s;     /* what it goes through from end to end; 0: it is no pass over the song */
} td_stage_at;

/* Calls may come from any thread, one at a time. */
typedef void (*td_stage_told)(void *user, const td_stage_at *step);

typedef struct td_mixdown_wish {
    const td_order *order;
    const td_library *library; /* NULL, where plans are given: what is usual for a recipe is not told */
    td_plan *const *plan;      /* decided already, taken over: rendered as they are; NULL: plan order->mix */
    size_t n_plans;
    const char *out;         /* folder, made when missing; NULL: plan only, no word of files */
    const char *scratch;     /* folder for temporary audio; NULL: $TMPDIR, else /var/tmp */
    const char *cache;       /* folder of surveys, stems' hashes and rendered groups; NULL: none is kept */
    uint64_t cache_bytes;    /* it is kept below that: what was unused for longest goes */
    bool keep_groups;        /* play what another render kept, keep what this one makes */
    unsigned threads;        /* 0: as many as there are processors */
    const char *const *role; /* "FILE=ROLE": what is said of stems beside the order (td_stem_say_role) */
    size_t n_roles;
    bool force, skip_rejected;
    bool hear_out; /* where a stem is refused, hear the others: whoever sent them is told all that is wrong at once */
    bool dry;      /* planned only: out is asked for all that may stand in the way, and nothing is written */
    double match_lufs;      /* what previews are turned to; 0: as order->ab says */
    td_stage_told progress; /* may be NULL */
    void *user;
    void (*warn)(
        const td_messages *messages); /* what recipes are warned of, before the first sound; NULL: nobody asks */
    const volatile int *stop;
} td_mixdown_wish;

const char *td_scratch_folder(const char *wished); /* where temporary audio goes; NULL: $TMPDIR, else /var/tmp */

/* What files of the order come to that say nothing themselves: as the recipe asks, or the plan that is rendered. */
typedef struct td_mixdown_aims {
    td_target master, preview;
} td_mixdown_aims;

typedef struct td_mixdown_said {
    const char *const *text;
    size_t n;
} td_mixdown_said;

typedef struct td_mixdown {
    const td_mixdown_wish *wish; /* borrowed while it runs */
    const char *mix_now;         /* the label of the one being decided or made, of several; NULL */
    td_session *session;
    td_survey *survey;
    struct td_rough *rough; /* what the plans read from the rough mix; NULL: nobody did */
    td_plan **plan;         /* one a mix, in the order's order; one that cannot be made decides nothing */
    td_mix **mix;           /* the same; NULL when nothing was rendered */
    size_t n;
    size_t failed; /* how many of them */
    td_error why;  /* the first did */
    td_guest guest[TD_GUESTS];
    size_t n_guests;
    td_mix *guests;        /* holds the guests' files, which are there to compare; NULL */
    double match_lufs;     /* what previews and guests were turned to; 0: they were not */
    td_messages *messages; /* of all recipes */
    td_mixdown_said *said; /* of each recipe, as its plan keeps it */
    td_mixdown_aims *aims; /* of each mix */
    td_text would;         /* dry: the files of all mixes, one a line */
    bool *lost;            /* of each mix whose plan was given: its recipe is not here as it was */
    bool survey_cached;
    td_survey *delivered; /* of plans: the stems as they were heard for them, without what was decided; NULL */
    int claim;            /* the folder, held open and locked; -1: none */
    td_arena *arena;
    td_pool *pool;
} td_mixdown;

/* *out is filled as far as it came, also on failure, and is for td_mixdown_free. TD_PARTIAL: some mixes failed, as
 * mix[i]->failed tells, and the others are whole. What another try may mend while plans are made ends it all.
 * TD_RECIPE: messages tell. TD_INPUT: stems were refused (session tells which). */
td_status td_mixdown_run(const td_mixdown_wish *wish, td_mixdown **out, td_error *err);
void td_mixdown_free(td_mixdown *m);

bool td_mixdown_failed(const td_mixdown *m, size_t i);

/* Stems as a plan names them, where they lay when it was made: from here, else from the plan's folder or one above it;
 * texts are the plan's and a's. TD_RECIPE: it does not say where. TD_INPUT: they lie there no more. */
td_status td_stems_of_plan(const td_plan *p, td_arena *a, td_stem_wish **stem, size_t *n, td_error *err);

enum { TD_PLAN_NAME = 96 };

/* plan-LABEL.yaml, the label spelt as in names of audio files, with '-' between words. */
void td_plan_name(const char *label, char out[TD_PLAN_NAME]);
/* What the plan of the i-th mix is called in the folder. */
void td_mixdown_plan_name(const td_mixdown_wish *wish, size_t i, char out[TD_PLAN_NAME]);

#endif
