#include "engine/audio/decode.h"

#include <mpg123.h>
#include <pthread.h>
#include <sndfile.h>
#include <stdlib.h>

/* PCM is read here, straight from the bytes the judge found. MP3 goes to libmpg123 by its own door, because only there
 * the one code path can be asked for that every x86-64 machine has; with AVX it would give other samples. All else goes
 * to libsndfile. */

struct td_decoder {
    td_input *in;
    uint64_t base, length, at; /* what a library sees of the file, and where it stands in it */
    uint8_t patch[64];         /* stands in for the first bytes of what it sees */
    size_t patch_size;
    unsigned channels, sample_bytes;
    td_pcm_reader pcm; /* one of the three */
    SNDFILE *file;
    mpg123_handle *mp3;
    uint8_t *bytes; /* of PCM, as they stand in the file */
    float *block;   /* what libraries give, interleaved */
};

/* Opening writes error text that all of libsndfile shares. */
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

/* ---- the file as libraries see it: nothing but the sound -------------------------------------------------------- */

static int64_t seek(td_decoder *d, int64_t offset, int whence)
{
    int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (int64_t)d->at : (int64_t)d->length, to;
    if (__builtin_add_overflow(base, offset, &to) || to < 0) return -1;
    d->at = (uint64_t)to;
    return to;
}

static size_t read_bytes(td_decoder *d, uint8_t *to, size_t n)
{
    if (d->at >= d->length) return 0;
    uint64_t left = d->length - d->at;
    size_t got = td_input_read(d->in, d->base + d->at, to, n < left ? n : (size_t)left);
    for (size_t i = 0; i < got && d->at + i < d->patch_size; i++) to[i] = d->patch[d->at + i];
    d->at += got;
    return got;
}

/* ---- libsndfile ------------------------------------------------------------------------------------------------- */

static sf_count_t sf_io_length(void *user)
{
    return (sf_count_t)((const td_decoder *)user)->length;
}

static sf_count_t sf_io_seek(sf_count_t offset, int whence, void *user)
{
    return seek(user, offset, whence);
}

static sf_count_t sf_io_read(void *to, sf_count_t n, void *user)
{
    return n > 0 ? (sf_count_t)read_bytes(user, to, (size_t)n) : 0;
}

static sf_count_t sf_io_write(const void *from, sf_count_t n, void *user)
{
    (void)from, (void)n, (void)user;
    return 0;
}

static sf_count_t sf_io_tell(void *user)
{
    return (sf_count_t)((const td_decoder *)user)->at;
}

static td_status open_sndfile(td_decoder *d, const td_probe *p, uint64_t *frames)
{
    SF_VIRTUAL_IO io = { sf_io_length, sf_io_seek, sf_io_read, sf_io_write, sf_io_tell };
    SF_INFO sf = { 0 };
    pthread_mutex_lock(&opening);
    d->file = sf_open_virtual(&io, SFM_READ, &sf, d);
    pthread_mutex_unlock(&opening);
    if (!d->file || (unsigned)sf.channels != p->info->channels || (unsigned)sf.samplerate != p->info->rate_hz)
        return TD_INPUT;
    *frames = sf.frames > 0 ? (uint64_t)sf.frames : 0;
    return TD_OK;
}

/* ---- libmpg123 -------------------------------------------------------------------------------------------------- */

static ssize_t mp3_io_read(void *user, void *to, size_t n)
{
    return (ssize_t)read_bytes(user, to, n);
}

static off_t mp3_io_seek(void *user, off_t offset, int whence)
{
    return seek(user, offset, whence);
}

static bool start_mp3(td_decoder *d)
{
    const long flags = MPG123_QUIET | MPG123_FORCE_FLOAT | MPG123_GAPLESS | MPG123_NO_FRANKENSTEIN;
    return mpg123_param(d->mp3, MPG123_ADD_FLAGS, flags, 0) == MPG123_OK &&
           mpg123_param(d->mp3, MPG123_REMOVE_FLAGS, MPG123_AUTO_RESAMPLE, 0) == MPG123_OK &&
           mpg123_replace_reader_handle(d->mp3, mp3_io_read, mp3_io_seek, NULL) == MPG123_OK &&
           mpg123_open_handle(d->mp3, d) == MPG123_OK;
}

static td_status open_mp3(td_decoder *d, const td_probe *p, uint64_t *frames)
{
    long rate = 0;
    int channels = 0, encoding = 0, why = 0;
    pthread_mutex_lock(&opening);
    mpg123_init();
    d->mp3 = mpg123_new("x86-64", &why);
    if (!d->mp3) d->mp3 = mpg123_new("generic", &why); /* another machine */
    pthread_mutex_unlock(&opening);
    if (!d->mp3) return TD_NOMEM;
    if (!start_mp3(d) || mpg123_getformat(d->mp3, &rate, &channels, &encoding) != MPG123_OK ||
        encoding != MPG123_ENC_FLOAT_32 || rate != (long)p->info->rate_hz || channels != (int)p->info->channels)
        return TD_INPUT;
    *frames = UINT64_MAX;
    return TD_OK;
}

static bool read_mp3(td_decoder *d, float *to, size_t frames)
{
    size_t want = frames * d->channels * sizeof *to, got = 0;
    while (got < want) {
        size_t n = 0;
        int st = mpg123_read(d->mp3, (uint8_t *)to + got, want - got, &n);
        got += n;
        if ((st != MPG123_OK && st != MPG123_DONE) || n == 0) break;
    }
    return got == want;
}

/* ---- all three -------------------------------------------------------------------------------------------------- */

static td_status open_pcm(td_decoder *d, const td_probe *p, uint64_t *frames)
{
    d->pcm = p->pcm;
    d->sample_bytes = p->info->bits / 8;
    d->bytes = td_calloc2(TD_DECODE_FRAMES + 1, d->channels * d->sample_bytes, 1); /* readers look a byte further */
    *frames = p->info->frames;
    return d->bytes ? TD_OK : TD_NOMEM;
}

static td_status open_library(td_decoder *d, const td_probe *p, uint64_t *frames)
{
    d->patch_size = p->patch_size;
    memcpy(d->patch, p->patch, p->patch_size);
    d->block = td_calloc2(TD_DECODE_FRAMES, d->channels, sizeof *d->block);
    if (!d->block) return TD_NOMEM;
    return strcmp(p->info->format, "mp3") == 0 ? open_mp3(d, p, frames) : open_sndfile(d, p, frames);
}

td_status td_decoder_open(const td_probe *p, td_decoder **out, uint64_t *frames)
{
    td_decoder *d = *out = calloc(1, sizeof *d);
    if (!d) return TD_NOMEM;
    d->in = p->in;
    d->base = p->sound_at;
    d->length = p->sound_bytes;
    d->channels = p->info->channels;
    td_status st = p->pcm ? open_pcm(d, p, frames) : open_library(d, p, frames);
    if (!st) return TD_OK;
    td_decoder_close(d);
    *out = NULL;
    return st;
}

void td_decoder_close(td_decoder *d)
{
    if (!d) return;
    if (d->file) sf_close(d->file);
    mpg123_delete(d->mp3);
    free(d->bytes);
    free(d->block);
    free(d);
}

static bool read_pcm(td_decoder *d, float *const *ch, size_t frames)
{
    size_t frame_bytes = d->channels * d->sample_bytes, n = frames * frame_bytes;
    if (read_bytes(d, d->bytes, n) != n) return false;
    for (unsigned c = 0; c < d->channels; c++) d->pcm(d->bytes + c * d->sample_bytes, frame_bytes, frames, ch[c]);
    return true;
}

/* A FLAC frame whose sum is wrong comes as silence and an error. */
static bool read_sndfile(td_decoder *d, size_t frames)
{
    return sf_readf_float(d->file, d->block, (sf_count_t)frames) == (sf_count_t)frames &&
           sf_error(d->file) == SF_ERR_NO_ERROR;
}

bool td_decoder_read(td_decoder *d, float *const *ch, size_t frames)
{
    if (d->pcm) return read_pcm(d, ch, frames);
    if (d->mp3 ? !read_mp3(d, d->block, frames) : !read_sndfile(d, frames)) return false;
    for (unsigned c = 0; c < d->channels; c++)
        for (size_t i = 0; i < frames; i++) ch[c][i] = d->block[i * d->channels + c];
    return true;
}

bool td_decoder_seek(td_decoder *d, uint64_t frame)
{
    if (d->pcm) d->at = frame * d->channels * d->sample_bytes;
    return d->pcm != NULL;
}
