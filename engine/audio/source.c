#include "engine/audio/audio.h"
#include "engine/audio/resample.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK 4096

/* One file on its way to the session's rate. */
typedef struct lane {
    td_reader *reader;
    td_resampler *resampler; /* NULL: the rate is the session's */
    unsigned channels;
    bool ended;
    size_t have, used; /* frames waiting in `in` */
    float in[2][BLOCK];
} lane;

struct td_source {
    lane *lane[2];
    unsigned lanes, channels;
    uint64_t frames, at;
};

static void lane_close(lane *l)
{
    if (!l) return;
    td_resampler_free(l->resampler);
    td_reader_close(l->reader);
    free(l);
}

static td_status lane_open(const char *path, unsigned rate_hz, lane **out, uint64_t *frames, td_error *err)
{
    td_audio_info info;
    unsigned faults;
    lane *l = *out = calloc(1, sizeof *l);
    if (!l) return TD_NOMEM;
    td_status st = td_reader_open(path, &l->reader, &info, &faults, err);
    if (!st && info.rate_hz != rate_hz) st = td_resampler_new(info.rate_hz, rate_hz, info.channels, &l->resampler);
    if (st) return st;
    l->channels = info.channels;
    *frames = td_resampled(info.frames, info.rate_hz, rate_hz);
    return TD_OK;
}

static td_status lane_convert(lane *l, float *const *ch, size_t frames, size_t *got, td_error *err)
{
    size_t taken = 0, made = 1;
    for (*got = 0; *got < frames && (made || !l->ended); *got += made) {
        float *to[2] = { ch[0] + *got, l->channels > 1 ? ch[1] + *got : NULL };
        if (l->used == l->have && !l->ended) {
            td_status st = td_reader_read(l->reader, (float *const[]){ l->in[0], l->in[1] }, BLOCK, &l->have, err);
            if (st) return st;
            l->used = 0;
            l->ended = l->have == 0;
        }
        const float *from[2] = { l->in[0] + l->used, l->in[1] + l->used };
        td_resampler_run(l->resampler, l->ended ? NULL : from, l->have - l->used, &taken, to, frames - *got, &made);
        l->used += taken;
    }
    return TD_OK;
}

/* Fills all of ch: beyond the file's end there is silence, for its partner may be longer. */
static td_status lane_read(lane *l, float *const *ch, size_t frames, td_error *err)
{
    size_t got = 0;
    td_status st =
        l->resampler ? lane_convert(l, ch, frames, &got, err) : td_reader_read(l->reader, ch, frames, &got, err);
    for (unsigned c = 0; c < l->channels; c++) memset(ch[c] + got, 0, (frames - got) * sizeof(float));
    return st;
}

td_status td_source_open(const char *path, const char *path_right, unsigned rate_hz, td_source **out, td_error *err)
{
    *out = NULL;
    td_source *s = calloc(1, sizeof *s);
    if (!s) return TD_NOMEM;
    const char *const paths[2] = { path, path_right };
    td_status st = TD_OK;
    while (!st && s->lanes < 2 && paths[s->lanes]) {
        uint64_t frames = 0;
        st = lane_open(paths[s->lanes], rate_hz, &s->lane[s->lanes], &frames, err);
        if (st) break;
        if (frames > s->frames) s->frames = frames;
        s->channels += s->lane[s->lanes++]->channels;
    }
    if (!st && s->channels > 2)
        st = td_fail(err, TD_INPUT, td_basename(path), "pair mono files, or send one stereo file",
                     "is stereo, so '%s' cannot be its right side", td_basename(path_right));
    if (st) {
        td_source_close(s);
        return st;
    }
    *out = s;
    return TD_OK;
}

void td_source_close(td_source *s)
{
    if (!s) return;
    for (unsigned i = 0; i < 2; i++) lane_close(s->lane[i]);
    free(s);
}

unsigned td_source_channels(const td_source *s)
{
    return s->channels;
}

uint64_t td_source_frames(const td_source *s)
{
    return s->frames;
}

uint64_t td_source_nonfinite(const td_source *s)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < s->lanes; i++) n += td_reader_nonfinite(s->lane[i]->reader);
    return n;
}

td_status td_source_read(td_source *s, float *const *ch, size_t frames, size_t *got, td_error *err)
{
    *got = 0;
    if (frames > s->frames - s->at) frames = (size_t)(s->frames - s->at);
    for (unsigned i = 0; i < s->lanes; i++) {
        td_status st = lane_read(s->lane[i], ch + i, frames, err);
        if (st) return st;
    }
    s->at += frames;
    *got = frames;
    return TD_OK;
}

void td_source_trust(td_source *s)
{
    for (unsigned i = 0; i < s->lanes; i++) td_reader_trust(s->lane[i]->reader);
}

bool td_source_seek(td_source *s, uint64_t frame)
{
    if (s->lanes != 1 || s->lane[0]->resampler || frame > s->frames) return false;
    if (!td_reader_seek(s->lane[0]->reader, frame)) return false;
    s->at = frame;
    return true;
}
