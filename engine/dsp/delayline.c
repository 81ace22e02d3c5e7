#include "engine/dsp/delayline.h"

#include "engine/base/memory.h"
#include <stdlib.h>
#include <string.h>

td_status td_delayline_init(td_delayline *d, size_t frames)
{
    *d = (td_delayline){ .frames = frames };
    if (frames == 0) return TD_OK;
    d->ring[0] = td_calloc2(2, frames, sizeof *d->ring[0]);
    if (!d->ring[0]) return TD_NOMEM;
    d->ring[1] = d->ring[0] + frames;
    return TD_OK;
}

void td_delayline_fini(td_delayline *d)
{
    free(d->ring[0]);
    *d = (td_delayline){ 0 };
}

void td_delayline_reset(td_delayline *d)
{
    if (d->frames) memset(d->ring[0], 0, 2 * d->frames * sizeof *d->ring[0]);
    d->at = 0;
}

void td_delayline_process(td_delayline *d, const float *const *in, float *const *out, size_t frames)
{
    if (d->frames == 0) {
        for (unsigned c = 0; c < 2; c++)
            if (out[c] != in[c]) memcpy(out[c], in[c], frames * sizeof *out[c]);
        return;
    }
    for (size_t i = 0; i < frames;) {
        size_t n = d->frames - d->at < frames - i ? d->frames - d->at : frames - i;
        for (unsigned c = 0; c < 2; c++) {
            float *ring = d->ring[c] + d->at;
            for (size_t k = 0; k < n; k++) {
                float x = in[c][i + k];
                out[c][i + k] = ring[k];
                ring[k] = x;
            }
        }
        d->at = d->at + n == d->frames ? 0 : d->at + n;
        i += n;
    }
}
