#include "engine/audio/decode.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

struct td_reader {
    td_input in;
    td_audio_info info;
    td_decoder *decoder;
    uint64_t frame; /* the next one to give */
    uint64_t nonfinite;
    EVP_MD_CTX *md5; /* of FLAC; NULL: not checked */
    uint8_t md5_wanted[16];
    char where[256];
};

/* ---- FLAC's sum ------------------------------------------------------------------------------------------------- */

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

/* Over the samples as little-endian integers of whole bytes; floats hold 24 bits exactly. */
static void add_md5(td_reader *r, float *const *ch, size_t frames)
{
    uint8_t bytes[TD_DECODE_FRAMES * 2 * 3], *to = bytes;
    unsigned width = r->info.bits / 8;
    double full = (double)(1u << (r->info.bits - 1));
    for (size_t i = 0; i < frames; i++) {
        for (unsigned c = 0; c < r->info.channels; c++) {
            int32_t v = (int32_t)((double)ch[c][i] * full);
            for (unsigned k = 0; k < width; k++) *to++ = (uint8_t)(v >> 8 * k);
        }
    }
    EVP_DigestUpdate(r->md5, bytes, (size_t)(to - bytes));
}

static bool md5_agrees(td_reader *r)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    return EVP_DigestFinal_ex(r->md5, digest, &n) && memcmp(digest, r->md5_wanted, sizeof r->md5_wanted) == 0;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static td_status open_decoder(td_reader *r, td_probe *p)
{
    uint64_t frames;
    td_status st = start_md5(r, p);
    if (!st) st = td_decoder_open(p, &r->decoder, &frames);
    if (st == TD_INPUT) return td_probe_lies(p, "has a header that cannot be understood");
    if (st) return st;
    /* a Vorbis stream may begin in the midst of another: only its decoder can tell how much was before */
    if (strcmp(r->info.format, "ogg") == 0 && frames < r->info.frames) r->info.frames = frames;
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
    if (!st) st = open_decoder(r, &p);
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
    td_decoder_close(r->decoder);
    EVP_MD_CTX_free(r->md5);
    td_input_close(&r->in);
    free(r);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static td_status broken(const td_reader *r, td_error *err)
{
    char at[16];
    if (r->in.error) return td_fail(err, TD_DISK, r->where, NULL, "cannot be read: %s", strerror(r->in.error));
    return td_fail(err, TD_INPUT, r->where, TD_HINT_EXPORT_AGAIN, "is damaged at %s: the sound cannot be decoded",
                   td_clock((double)r->frame / r->info.rate_hz, at));
}

/* 120 dB above full scale. What is beyond it is no sound, and its powers would not fit a float. Infinities and NaN are
 * larger too, as integers are compared: their exponent bits are all set. */
#define LOUDEST 1e6f

static bool is_sound(float x)
{
    static const float loudest = LOUDEST;
    uint32_t bits, most;
    memcpy(&bits, &x, sizeof bits);
    memcpy(&most, &loudest, sizeof most);
    return (bits & 0x7fffffffu) <= most;
}

static bool all_sound(const float *x, size_t n)
{
    unsigned none = 0;
    for (size_t i = 0; i < n; i++) none |= !is_sound(x[i]);
    return !none;
}

static size_t clean(float *x, size_t n)
{
    size_t found = 0;
    if (all_sound(x, n)) return 0;
    for (size_t i = 0; i < n; i++)
        if (!is_sound(x[i])) {
            x[i] = 0;
            found++;
        }
    return found;
}

static td_status read_block(td_reader *r, float *const *ch, size_t frames, td_error *err)
{
    if (!td_decoder_read(r->decoder, ch, frames)) return broken(r, err);
    if (r->md5) add_md5(r, ch, frames);
    bool whole_numbers = !r->info.is_float && !r->info.lossy; /* those cannot go astray */
    for (unsigned c = 0; c < r->info.channels && !whole_numbers; c++) r->nonfinite += clean(ch[c], frames);
    r->frame += frames;
    if (r->md5 && r->frame == r->info.frames && !md5_agrees(r))
        return td_fail(err, TD_INPUT, r->where, TD_HINT_EXPORT_AGAIN,
                       "is damaged: its sound is not what was encoded (the MD5 sums differ)");
    return TD_OK;
}

void td_reader_trust(td_reader *r)
{
    EVP_MD_CTX_free(r->md5);
    r->md5 = NULL;
}

bool td_reader_seek(td_reader *r, uint64_t frame)
{
    if (frame > r->info.frames || !td_decoder_seek(r->decoder, frame)) return false;
    r->frame = frame;
    return true;
}

td_status td_reader_read(td_reader *r, float *const *ch, size_t frames, size_t *got, td_error *err)
{
    uint64_t left = r->info.frames - r->frame;
    if (frames > left) frames = (size_t)left;
    *got = 0;
    while (*got < frames) {
        size_t n = frames - *got < TD_DECODE_FRAMES ? frames - *got : TD_DECODE_FRAMES;
        float *to[2] = { ch[0] + *got, r->info.channels > 1 ? ch[1] + *got : NULL };
        td_status st = read_block(r, to, n, err);
        if (st) return st;
        *got += n;
    }
    return TD_OK;
}

uint64_t td_reader_nonfinite(const td_reader *r)
{
    return r->nonfinite;
}
