/* engine/mix/reel.h - one stem, or one scratch, played from any position.
 *
 * Room-internal. In front of its start and behind its end it is silent. A file that cannot seek is read forwards, or
 * opened again. */
#ifndef TD_MIX_REEL_H
#define TD_MIX_REEL_H

#include "engine/audio/audio.h"
#include "engine/mix/survey.h"

typedef struct td_reel {
    const td_scratch *scratch; /* else the file itself */
    const td_stem *stem;
    const td_survey *survey; /* NULL, or who heard that stem: where it is silent nothing is read */
    size_t index;            /* of it in the session */
    unsigned rate_hz;
    td_source *file;
    int64_t file_at; /* where the file stands */
    unsigned channels;
    int64_t at; /* the next frame to give */
    float *buffer[2];
    size_t have, used;
} td_reel;

/* scratch or stem, rate_hz and channels are set. Whatever comes of it, td_reel_fini frees. */
td_status td_reel_init(td_reel *r, td_error *err);
void td_reel_fini(td_reel *r);
void td_reel_seek(td_reel *r, int64_t at);
/* The next n frames, the caller's to change until it reads again: where they lie, or together in `own` where they lie
 * apart. */
td_status td_reel_read(td_reel *r, float *const *own, size_t n, float **out, td_error *err);

#endif
