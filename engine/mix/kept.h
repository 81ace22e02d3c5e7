/* engine/mix/kept.h - the groups a render takes from the cache, and those it leaves there. For render.c; frozen.h has
 * the files. Keeping may fail, and nobody needs to know: the sound is made then. */
#ifndef TD_MIX_KEPT_H
#define TD_MIX_KEPT_H

#include "engine/mix/lane.h"
#include "engine/mix/render.h"

typedef struct td_kept {
    const td_render_wish *wish;
    td_lane **lane;                         /* the render's, one a bus */
    uint64_t frames;                        /* of each */
    int64_t began;                          /* what is kept and was used since stays */
    char hash[TD_BUSES_MAX][TD_SHA256_HEX]; /* names; "": nothing is to be kept of this bus */
    bool thawed[TD_BUSES_MAX];              /* its sound was there */
} td_kept;

/* Makes lanes of the buses whose sound is kept; all other lanes stay NULL. */
td_status td_kept_thaw(td_kept *k, const td_render_wish *w, uint64_t frames, td_lane **lane, td_error *err);
/* Has the others kept, as many as there is room for; all lanes are there by now. */
void td_kept_freeze(td_kept *k);
/* Keeps what came to its end. */
void td_kept_end(const td_kept *k);

#endif
