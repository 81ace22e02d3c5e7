#include "engine/mix/reel.h"

#include "engine/dsp/dsp.h"
#include <stdlib.h>
#include <string.h>

enum { AHEAD = 16 * TD_BLOCK }; /* frames read from disk at once */

void td_reel_fini(td_reel *r)
{
    td_source_close(r->file);
    free(r->buffer[0]);
    free(r->buffer[1]);
}

td_status td_reel_init(td_reel *r, td_error *err)
{
    for (unsigned c = 0; c < r->channels; c++)
        if (!(r->buffer[c] = td_calloc2(AHEAD, 1, sizeof(float)))) return td_no_memory(err);
    return TD_OK;
}

void td_reel_seek(td_reel *r, int64_t at)
{
    r->at = at;
    r->have = r->used = 0;
}

/* Takes the file to frame `at`: at once where it is plain PCM; else forwards by dropping, backwards by opening again.
 */
static td_status file_go(td_reel *r, int64_t at, td_error *err)
{
    if (r->file && r->file_at > at && td_source_seek(r->file, (uint64_t)at)) r->file_at = at;
    if (r->file && r->file_at > at) {
        td_source_close(r->file);
        r->file = NULL;
    }
    if (!r->file) {
        td_status st = td_stem_open(r->stem, r->rate_hz, &r->file, err);
        if (st) return st;
        r->file_at = 0;
    }
    if (r->file_at < at && td_source_seek(r->file, (uint64_t)at)) r->file_at = at;
    while (r->file_at < at) {
        size_t want = at - r->file_at < AHEAD ? (size_t)(at - r->file_at) : AHEAD, got;
        td_status st = td_source_read(r->file, r->buffer, want, &got, err);
        if (st || !got) return st;
        r->file_at += (int64_t)got;
    }
    return TD_OK;
}

static td_status file_fill(td_reel *r, td_error *err)
{
    size_t lead = r->at < 0 ? (-r->at < AHEAD ? (size_t)-r->at : AHEAD) : 0, done = lead;
    for (unsigned c = 0; c < r->channels; c++) memset(r->buffer[c], 0, lead * sizeof(float));
    td_status st = done < AHEAD ? file_go(r, r->at + (int64_t)lead, err) : TD_OK;
    while (!st && done < AHEAD && r->file_at == r->at + (int64_t)done) {
        float *to[2] = { r->buffer[0] + done, r->channels == 2 ? r->buffer[1] + done : NULL };
        size_t got = 0;
        st = td_source_read(r->file, to, AHEAD - done, &got, err);
        if (!got) break;
        r->file_at += (int64_t)got;
        done += got;
    }
    for (unsigned c = 0; c < r->channels; c++) memset(r->buffer[c] + done, 0, (AHEAD - done) * sizeof(float));
    return st;
}

static td_status fill(td_reel *r, td_error *err)
{
    td_status st = TD_OK;
    if (r->survey && td_survey_silent(r->survey, r->index, r->at, AHEAD))
        for (unsigned c = 0; c < r->channels; c++) memset(r->buffer[c], 0, AHEAD * sizeof(float));
    else
        st = r->scratch ? td_scratch_read(r->scratch, r->at, r->buffer, AHEAD, err) : file_fill(r, err);
    if (st) return st;
    r->have = AHEAD;
    r->used = 0;
    r->at += AHEAD;
    return TD_OK;
}

td_status td_reel_read(td_reel *r, float *const *own, size_t n, float **out, td_error *err)
{
    td_status st = r->used == r->have ? fill(r, err) : TD_OK;
    bool together = r->have - r->used >= n;
    for (unsigned c = 0; c < r->channels; c++) out[c] = together ? r->buffer[c] + r->used : own[c];
    for (size_t done = 0; !st && !together && done < n;) {
        size_t m = r->have - r->used < n - done ? r->have - r->used : n - done;
        for (unsigned c = 0; c < r->channels; c++) memcpy(own[c] + done, r->buffer[c] + r->used, m * sizeof(float));
        r->used += m;
        done += m;
        if (done < n) st = fill(r, err);
    }
    if (together) r->used += n;
    return st;
}
