/* engine/mix/render.h - a plan played: stems in, the premaster (the mix before limiter and loudness) out, in one pass.
 *
 * All buses of a chunk run side by side on the pool while the mix bus works on the chunk before: the same bytes on any
 * number of threads. What was reached is measured on the way; it never alters the plan. */
#ifndef TD_MIX_RENDER_H
#define TD_MIX_RENDER_H

#include "engine/mix/lane.h"
#include "engine/mix/masking.h"
#include "engine/mix/plan.h"
#include "engine/mix/reduction.h"
#include "engine/mix/survey.h"

/* What one step did, whole song. Only steps with a detector have one. */
typedef struct td_step_reached {
    const char *place;                             /* "mix", the bus or return, or the way: "master", "preview" */
    const char *step;                              /* the step's name; "even.2" for the second band of a multiband */
    td_plan_goal planned;                          /* of the band, where the step has bands */
    double max_db, max_at_s, p95_db, p50_db, idle; /* idle: part of active time below 0.1 dB */
    const float *steps;                            /* per 100 ms, the highest change */
    size_t n_steps;
} td_step_reached;

typedef struct td_bus_reached {
    const char *name;
    double peak_before_dbfs, clip_gain_db, peak_after_dbfs; /* staging: of the raw sum, as the plan has it */
    double peak_played_dbfs;                /* what enters the chain: after track fixes, with the clip gain */
    double crest_before_db, crest_after_db; /* of what enters the chain; after chain and fader */
    double loudness_lufs;                   /* after chain and fader, as all that follows */
    double vu_max_dbfs, vu_mean_dbfs;
    td_band_power bands; /* summed over the song */
    const float *k;      /* K-weighted power per 100 ms; NULL: not heard */
    size_t steps;
} td_bus_reached;

typedef struct td_rendered {
    td_scratch *premaster;    /* two planes at the session's rate, plan->frames long; so are the others */
    td_scratch *way[TD_WAYS]; /* the end of those with steps; NULL: they have none */
    td_scratch **version;     /* as wished, along the master's way */
    size_t n_versions;
    td_scratch **part;    /* per bus */
    td_scratch *residual; /* the premaster less its parts: what steps that bend waveforms add to the whole */
    double residual_peak_dbfs, residual_lufs; /* NaN without parts */
    td_step_reached *step;
    size_t n_steps;
    td_bus_reached *bus;
    size_t n_buses;
    size_t n_thawed;           /* buses whose sound was kept by another render */
    const char *broke;         /* the bus whose kept sound broke while it was played: nothing kept was used; or NULL */
    const td_masking *masking; /* of buses among each other, after chain and fader */
    double premaster_lufs, premaster_peak_dbfs;
    double vu_max_dbfs, vu_mean_dbfs; /* at the mix bus's input, after the trim */
    struct td_render_keep *keep;      /* what the members above point into */
} td_rendered;

typedef struct td_render_wish {
    const td_session *session;
    td_survey *survey; /* whole or bare */
    const td_plan *plan;
    td_pool *pool;
    const char *scratch_folder;
    /* NULL: all buses; else a bus takes part where its entry is true. */
    const bool *heard;
    /* Mixes of some buses, in the same pass: which buses each hears. The plan's gains stand. */
    const bool *const *version;
    size_t n_versions;
    /* Every bus by itself, through returns and mix bus as the whole goes through them; what is left over too. */
    bool parts;
    td_progress progress;
    void *user;
    const td_behind *behind;  /* of passages: what is played of buses already, per bus; NULL: nothing */
    const volatile int *stop; /* not 0: end with TD_STOPPED; may be NULL */
    /* A cache that keeps what leaves the chains of buses: what another render made is played again, what this one makes
     * is kept, while all in the folder is at most so many bytes. The same bytes come out. NULL: nothing is kept. */
    const char *keep_folder;
    uint64_t keep_bytes;
} td_render_wish;

static inline bool td_render_hears(const td_render_wish *w, size_t bus)
{
    return !w->heard || w->heard[bus];
}

td_status td_render(const td_render_wish *wish, td_rendered **out, td_error *err);
void td_rendered_free(td_rendered *r);

/* What masters, or previews, are made of: the premaster, or what a chain in between made of it. */
const td_scratch *td_rendered_to(const td_rendered *r, td_way way);

/* Plays stretches of the song one after the other, for the planner's last check; none hears those before. The wish,
 * without versions and parts, outlives it. */
typedef struct td_player td_player;
td_status td_player_new(const td_render_wish *wish, td_player **out, td_error *err);
void td_player_free(td_player *p); /* NULL is welcome */
/* What reaches the mix bus, after the trim: frames [at, at + n) to in (two planes), after `warm` frames that are
 * dropped. */
td_status td_player_play(td_player *p, int64_t at, size_t n, size_t warm, float *const *in, td_error *err);

#endif
