/* engine/dsp/rest.h - after silence has lasted as long as the tail, a processor rests.
 *
 * Stems are silent for much of a song. A processor with a tail counts frames of exact silence at its input; once all
 * that can still sound has sounded it clears its state, and until the next sound its output is its input: exact
 * silence, at no cost. Counting frames instead of blocks keeps the samples independent of block size. */
#ifndef TD_DSP_REST_H
#define TD_DSP_REST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct td_rest {
    size_t hold;   /* frames of silence before rest: latency + tail */
    size_t silent; /* frames of silence so far */
} td_rest;

static inline td_rest td_rest_init(size_t hold)
{
    return (td_rest){ hold, hold };
}
static inline bool td_rest_over(const td_rest *r) /* clear your state now; also true before the first sound */
{
    return r->silent >= r->hold;
}

/* Moves *at over frames that rest and returns how many from there on are to be processed, at most `most`; 0 at the end:
 *     for (size_t at = 0, n; (n = td_rest_run(&r, ch, &at, frames, most)) > 0; at += n) {
 *         ... ch[.][at .. at + n) ...
 *         if (td_rest_over(&r)) clear();
 *     } */
static inline size_t td_rest_run(td_rest *r, float *const *ch, size_t *at, size_t frames, size_t most)
{
    size_t i = *at;
    while (td_rest_over(r) && i < frames) {
        if (ch[0][i] == 0 && ch[1][i] == 0)
            i++;
        else
            r->silent = 0;
    }
    *at = i;
    size_t end = frames - i < most ? frames : i + most;
    while (i < end && !td_rest_over(r)) {
        r->silent = ch[0][i] == 0 && ch[1][i] == 0 ? r->silent + 1 : 0;
        i++;
    }
    return i - *at;
}

#endif
