#include "jobs/order/guest.h"

#include "engine/base/units.h"
#include "engine/meter/meter.h"
#include <stdlib.h>
#include <string.h>

/* A mono file sounds on both sides; a shorter one is followed by silence. */
static td_status read_on(td_source *from, float *const ch[2], size_t frames, td_error *err)
{
    size_t got = 0;
    td_status st = td_source_read(from, ch, frames, &got, err);
    if (td_source_channels(from) == 1) memcpy(ch[1], ch[0], got * sizeof *ch[1]);
    for (size_t c = 0; c < 2; c++) memset(ch[c] + got, 0, (frames - got) * sizeof *ch[c]);
    return st;
}

typedef struct meters {
    td_loudness *loudness;
    td_true_peak *peak;
} meters;

static td_status copy_sound(td_source *from, uint64_t frames, const meters *hear, td_scratch *to, td_error *err)
{
    enum { N = 8192 };
    float *block = td_calloc2(2, N, sizeof *block), *ch[2] = { block, block ? block + N : NULL };
    td_status st = block ? TD_OK : td_no_memory(err);
    for (uint64_t at = 0; !st && at < frames; at += N) {
        size_t n = frames - at < N ? (size_t)(frames - at) : N;
        st = read_on(from, ch, n, err);
        if (!st) st = td_loudness_add(hear->loudness, (const float *const *)ch, n);
        td_true_peak_add(hear->peak, (const float *const *)ch, n);
        if (!st) st = td_scratch_append(to, (const float *const *)ch, n, err);
    }
    free(block);
    return st;
}

static td_status open_guest(const td_session *s, const td_stem *stem, uint64_t frames, const char *scratch_folder,
                            td_guest *g, td_error *err)
{
    td_source *from = NULL;
    meters hear = { 0 };
    td_status st = td_scratch_new(scratch_folder, 2, &g->sound, err);
    if (!st) st = td_stem_open(stem, s->rate_hz, &from, err);
    if (!st && (td_loudness_new(s->rate_hz, 2, &hear.loudness) || td_true_peak_new(2, 16, &hear.peak)))
        st = td_no_memory(err);
    if (!st) st = copy_sound(from, frames, &hear, g->sound, err);
    if (!st) {
        td_true_peak_end(hear.peak);
        g->loudness_lufs = td_loudness_integrated(hear.loudness);
        g->true_peak_dbtp = td_to_db(td_true_peak_max(hear.peak));
    }
    td_loudness_free(hear.loudness);
    td_true_peak_free(hear.peak);
    td_source_close(from);
    return st;
}

td_status td_guests_open(const td_session *s, uint64_t frames, const char *scratch_folder, td_guest guest[TD_GUESTS],
                         size_t *n, td_error *err)
{
    const td_stem *const stem[TD_GUESTS] = { s->rough, s->reference };
    static const char *const kind[TD_GUESTS] = { "rough", "reference" };
    const double block_s = 0.4; /* a shorter file has no loudness of its own */
    td_status st = TD_OK;
    *n = 0;
    for (size_t i = 0; !st && i < TD_GUESTS; i++) {
        if (!stem[i] || (double)stem[i]->frames < block_s * s->rate_hz) continue;
        td_guest *g = &guest[(*n)++];
        *g = (td_guest){ .kind = kind[i] };
        st = open_guest(s, stem[i], frames, scratch_folder, g, err);
    }
    return st;
}

void td_guests_close(td_guest *guest, size_t n)
{
    for (size_t i = 0; i < n; i++) td_scratch_free(guest[i].sound);
}
