#include "engine/mix/residual.h"

#include "engine/base/row.h"
#include "engine/base/units.h"
#include <stdlib.h>

enum { CHUNK = 2048 };

/* n frames of the premaster less all parts. */
static td_status leave_over(const td_rendered *r, size_t n_parts, uint64_t at, float *const *out, size_t n,
                            td_error *err)
{
    double sum[2][CHUNK] = { 0 };
    float block[2][CHUNK], *part[2] = { block[0], block[1] };
    td_status st = td_scratch_read(r->premaster, (int64_t)at, out, n, err);
    for (size_t b = 0; !st && b < n_parts; b++) {
        if (!r->part[b]) continue;
        st = td_scratch_read(r->part[b], (int64_t)at, part, n, err);
        for (size_t c = 0; !st && c < 2; c++)
            for (size_t i = 0; i < n; i++) sum[c][i] += (double)part[c][i];
    }
    for (size_t c = 0; !st && c < 2; c++)
        for (size_t i = 0; i < n; i++) out[c][i] = (float)((double)out[c][i] - sum[c][i]);
    return st;
}

td_status td_residual_make(td_rendered *r, size_t n_parts, unsigned rate_hz, const char *scratch_folder, td_error *err)
{
    float block[2][CHUNK], *out[2] = { block[0], block[1] }, peak = 0;
    td_loudness *loudness = NULL;
    uint64_t frames = td_scratch_length(r->premaster);
    td_status st = td_scratch_new(scratch_folder, 2, &r->residual, err);
    if (!st && td_loudness_new(rate_hz, 2, &loudness)) st = td_no_memory(err);
    for (uint64_t at = 0; !st && at < frames; at += CHUNK) {
        size_t n = frames - at < CHUNK ? (size_t)(frames - at) : CHUNK;
        st = leave_over(r, n_parts, at, out, n, err);
        if (!st) st = td_scratch_append(r->residual, (const float *const *)out, n, err);
        if (!st && td_loudness_add(loudness, (const float *const *)out, n)) st = td_no_memory(err);
        for (size_t c = 0; c < 2; c++) peak = fmaxf(peak, td_largest(out[c], n));
    }
    if (!st) {
        r->residual_peak_dbfs = td_to_db((double)peak);
        r->residual_lufs = td_loudness_integrated(loudness);
    }
    td_loudness_free(loudness);
    return st;
}
