/* engine/audio/resample.h - from one sample rate to another: libsoxr VHQ, with the delay out and the length exact. */
#ifndef TD_AUDIO_RESAMPLE_H
#define TD_AUDIO_RESAMPLE_H

#include "engine/base/base.h"

typedef struct td_resampler td_resampler;

td_status td_resampler_new(unsigned from_hz, unsigned to_hz, unsigned channels, td_resampler **out, td_error *err);
void td_resampler_free(td_resampler *r); /* NULL is welcome */

/* Takes at most n frames of `in` (NULL: the input has ended) and gives at most `room` frames to `out`. The first frame
 * given stands at the time of the first frame taken. After the end, call until nothing is made any more. */
td_status td_resampler_run(td_resampler *r, const float *const *in, size_t n, size_t *taken, float *const *out,
                           size_t room, size_t *made, td_error *err);

/* How many frames n become: enough to cover the same time, rounded up. */
uint64_t td_resampled(uint64_t n, unsigned from_hz, unsigned to_hz);

#endif
