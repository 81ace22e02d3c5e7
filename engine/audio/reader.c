#include "engine/audio/probe.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK 4096

struct td_reader {
    td_input in;
    td_audio_info info;
    SNDFILE *file;
    uint64_t base, length, at; /* what libsndfile sees of the file, and where it stands in it */
    uint8_t patch[64];         /* stands in for the first bytes of what it sees */
    size_t patch_size;
    uint64_t frame; /* the next one to give */
    uint64_t nonfinite;
    EVP_MD_CTX *md5; /* of FLAC; NULL: not checked */
    uint8_t md5_wanted[16];
    char where[256];
    float block[BLOCK * 2];
};

/* Opening writes error text that all of libsndfile shares. */
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

/* ---- the file as libsndfile sees it: nothing but the sound ------------------------------------------------------ */

static sf_count_t io_length(void *user)
{
    return (sf_count_t)((const td_reader *)user)->length;
}

static sf_count_t io_seek(sf_count_t offset, int whence, void *user)
{
    td_reader *r = user;
    int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (int64_t)r->at : (int64_t)r->length, to;
    if (__builtin_add_overflow(base, offset, &to) || to < 0) return -1;
    r->at = (uint64_t)to;
    return to;
}

static sf_count_t io_read(void *to, sf_count_t n, void *user)
{
    td_reader *r = user;
    if (n <= 0 || r->at >= r->length) return 0;
    uint64_t left = r->length - r->at;
    size_t got = td_input_read(&r->in, r->base + r->at, to, (uint64_t)n < left ? (size_t)n : (size_t)left);
    for (size_t i = 0; i < got && r->at + i < r->patch_size; i++) ((uint8_t *)to)[i] = r->patch[r->at + i];
    r->at += got;
    return (sf_count_t)got;
}

static sf_count_t io_write(const void *from, sf_count_t n, void *user)
{
    (void)from, (void)n, (void)user;
    return 0;
}

static sf_count_t io_tell(void *user)
{
    return (sf_count_t)((const td_reader *)user)->at;
}

static td_status open_codec(td_reader *r, const td_probe *p)
{
    SF_VIRTUAL_IO io = { io_length, io_seek, io_read, io_write, io_tell };
    SF_INFO sf = { 0 };
    if (p->raw_format)
        sf =
            (SF_INFO){ .samplerate = (int)r->info.rate_hz, .channels = (int)r->info.channels, .format = p->raw_format };
    pthread_mutex_lock(&opening);
    r->file = sf_open_virtual(&io, SFM_READ, &sf, r);
    pthread_mutex_unlock(&opening);
    if (!r->file || (unsigned)sf.channels != r->info.channels || (unsigned)sf.samplerate != r->info.rate_hz)
        return TD_INPUT;
    /* a Vorbis stream may begin in the midst of another: only its decoder can tell */
    if (strcmp(r->info.format, "ogg") == 0 && (uint64_t)sf.frames < r->info.frames)
        r->info.frames = (uint64_t)sf.frames;
    return TD_OK;
}

static td_status start_md5(td_reader *r, const td_probe *p)
{
    if (!p->has_md5) return TD_OK;
    memcpy(r->md5_wanted, p->md5, sizeof r->md5_wanted);
    r->md5 = EVP_MD_CTX_new();
    if (!r->md5) return TD_NOMEM;
    if (!EVP_DigestInit_ex(r->md5, EVP_md5(), NULL)) { /* a machine that forbids MD5 reads FLAC all the same */
        EVP_MD_CTX_free(r->md5);
        r->md5 = NULL;
    }
    return TD_OK;
}

td_status td_reader_open(const char *path, td_reader **out, td_audio_info *info, unsigned *faults, td_error *err)
{
    *out = NULL;
    *faults = 0;
    *info = (td_audio_info){ 0 };
    td_reader *r = calloc(1, sizeof *r);
    if (!r) return TD_NOMEM;
    snprintf(r->where, sizeof r->where, "%s", td_basename(path));
    td_probe p = { .in = &r->in, .where = r->where, .info = &r->info, .err = err };
    td_status st = td_input_open(&r->in, path, err);
    if (!st) st = td_probe_file(&p);
    if (!st) st = start_md5(r, &p);
    if (!st) {
        r->base = p.sound_at;
        r->length = p.sound_bytes;
        r->patch_size = p.patch_size;
        memcpy(r->patch, p.patch, p.patch_size);
        st = open_codec(r, &p);
        if (st && !r->in.error) td_probe_lies(&p, "has a header that cannot be understood");
    }
    if (r->in.error) st = td_fail(err, TD_DISK, r->where, NULL, "cannot be read: %s", strerror(r->in.error));
    *info = r->info;
    *faults = p.faults;
    if (st) {
        td_reader_close(r);
        return st;
    }
    td_input_forget(&r->in);
    *out = r;
    return TD_OK;
}

void td_reader_close(td_reader *r)
{
    if (!r) return;
    if (r->file) sf_close(r->file);
    EVP_MD_CTX_free(r->md5);
    td_input_close(&r->in);
    free(r);
}

uint64_t td_reader_nonfinite(const td_reader *r)
{
    return r->nonfinite;
}

/* FLAC's MD5 is over the samples as little-endian integers of whole bytes. */
static void add_md5(td_reader *r, size_t samples)
{
    uint8_t bytes[BLOCK * 2 * 3];
    unsigned width = r->info.bits / 8;
    double full = (double)(1u << (r->info.bits - 1));
    uint8_t *to = bytes;
    for (size_t i = 0; i < samples; i++) {
        int32_t v = (int32_t)((double)r->block[i] * full);
        for (unsigned k = 0; k < width; k++) *to++ = (uint8_t)(v >> 8 * k);
    }
    EVP_DigestUpdate(r->md5, bytes, (size_t)(to - bytes));
}

static bool md5_agrees(td_reader *r)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    return !r->md5 || (EVP_DigestFinal_ex(r->md5, digest, &n) && memcmp(digest, r->md5_wanted, 16) == 0);
}

static td_status broken(const td_reader *r, td_error *err)
{
    char at[16];
    if (r->in.error) return td_fail(err, TD_DISK, r->where, NULL, "cannot be read: %s", strerror(r->in.error));
    return td_fail(err, TD_INPUT, r->where, TD_HINT_EXPORT_AGAIN, "is damaged at %s: the sound cannot be decoded",
                   td_clock((double)r->frame / r->info.rate_hz, at));
}

static size_t clean(float *x, size_t n)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i])) {
            x[i] = 0;
            found++;
        }
    return found;
}

static td_status read_block(td_reader *r, float *const *ch, size_t at, size_t frames, td_error *err)
{
    unsigned channels = r->info.channels;
    sf_count_t got = sf_readf_float(r->file, r->block, (sf_count_t)frames);
    if (got != (sf_count_t)frames) return broken(r, err);
    if (r->md5) add_md5(r, frames * channels);
    r->nonfinite += clean(r->block, frames * channels);
    for (unsigned c = 0; c < channels; c++)
        for (size_t i = 0; i < frames; i++) ch[c][at + i] = r->block[i * channels + c];
    r->frame += frames;
    if (r->frame == r->info.frames && !md5_agrees(r))
        return td_fail(err, TD_INPUT, r->where, TD_HINT_EXPORT_AGAIN,
                       "is damaged: its sound is not what was encoded (the MD5 sums differ)");
    return TD_OK;
}

td_status td_reader_read(td_reader *r, float *const *ch, size_t frames, size_t *got, td_error *err)
{
    uint64_t left = r->info.frames - r->frame;
    if (frames > left) frames = (size_t)left;
    *got = 0;
    while (*got < frames) {
        size_t n = frames - *got < BLOCK ? frames - *got : BLOCK;
        td_status st = read_block(r, ch, *got, n, err);
        if (st) return st;
        *got += n;
    }
    return TD_OK;
}
