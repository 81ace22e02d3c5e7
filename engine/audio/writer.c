#include "engine/audio/writer.h"

#include "engine/audio/resample.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name, *extension;
    bool lossy;
    const td_encoder *encoder;
} codecs[TD_CODEC_COUNT] = {
    [TD_CODEC_WAV] = { "wav", "wav", false, &td_encode_wav },
    [TD_CODEC_AIFF] = { "aiff", "aiff", false, &td_encode_aiff },
    [TD_CODEC_FLAC] = { "flac", "flac", false, &td_encode_flac },
    [TD_CODEC_MP3] = { "mp3", "mp3", true, &td_encode_mp3 },
    [TD_CODEC_OGG] = { "ogg", "ogg", true, &td_encode_ogg },
    [TD_CODEC_OPUS] = { "opus", "opus", true, &td_encode_opus },
};

const char *td_codec_name(td_codec c)
{
    return codecs[c].name;
}

const char *td_codec_extension(td_codec c)
{
    return codecs[c].extension;
}

bool td_codec_lossy(td_codec c)
{
    return codecs[c].lossy;
}

unsigned td_codec_rate(td_codec codec, unsigned rate_hz)
{
    static const unsigned mp3[] = { 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000 };
    size_t i = 0;
    if (codec == TD_CODEC_OPUS) return 48000;
    if (codec == TD_CODEC_OGG) return rate_hz > 192000 ? 192000 : rate_hz;
    if (codec != TD_CODEC_MP3) return rate_hz;
    while (i + 1 < sizeof mp3 / sizeof *mp3 && mp3[i] < rate_hz) i++;
    return mp3[i];
}

struct td_writer {
    const td_encoder *encoder;
    void *state;
    td_encoding e;
    td_sink sink;
    td_resampler *resampler; /* NULL: the rate stays */
    td_random8 dither;
    td_block block;
    size_t filled; /* frames in block */
    float converted[2][TD_BLOCK];
    char temp[4096], path[4096];
};

/* ---- the sink --------------------------------------------------------------------------------------------------- */

static bool write_at(td_sink *s, uint64_t at, const char *data, size_t n)
{
    for (size_t done = 0; !s->error && done < n;) {
        ssize_t k = pwrite(s->fd, data + done, n - done, (off_t)(at + done));
        if (k < 0 && errno != EINTR) s->error = errno;
        if (k > 0) done += (size_t)k;
    }
    return !s->error;
}

bool td_sink_flush(td_sink *s)
{
    size_t n = s->held;
    s->held = 0;
    return write_at(s, s->from, s->waiting, n);
}

bool td_sink_put_at(td_sink *s, uint64_t at, const void *data, size_t n)
{
    return td_sink_flush(s) && write_at(s, at, data, n);
}

bool td_sink_put(td_sink *s, const void *data, size_t n)
{
    for (const char *from = data; n > 0;) {
        if (s->at != s->from + s->held && !td_sink_flush(s)) return false;
        if (!s->held) s->from = s->at;
        size_t room = TD_SINK_BYTES - s->at % TD_SINK_BYTES, part = n < room ? n : room;
        memcpy(s->waiting + s->held, from, part);
        s->held += part;
        s->at += part;
        from += part;
        n -= part;
        if (part == room && !td_sink_flush(s)) return false;
    }
    return !s->error;
}

/* What the encoder returned, unless the disk is to blame. */
static td_status check_sink(td_writer *w, td_status st, td_error *err)
{
    return w->sink.error ? td_fail_write(err, w->path, w->sink.error) : st;
}

/* ---- blocks ----------------------------------------------------------------------------------------------------- */

typedef int32_t words __attribute__((vector_size(16), aligned(4)));
typedef uint32_t bits __attribute__((vector_size(16), aligned(4)));

static inline __attribute__((always_inline)) words between(words least, words x, words most)
{
    words below = (x < least), above = (x > most);
    return (least & below) | (most & above) | (x & ~below & ~above);
}

/* Dither with a triangular density two LSB wide makes the error's mean and power independent of the sound (Lipshitz,
 * Wannamaker, Vanderkooy 1992): the sum of both halves of a random word. Eight samples of the block at once, each with
 * a generator of its own; they become integers where they stand. */
TD_WIDE static void quantise(td_random8 *dither, td_block *block, size_t samples, unsigned width)
{
    enum { AT_ONCE = 8 };
    const double full = (double)(1u << (width - 1)), to_whole = 0x1.8p52; /* added, it leaves no room for a fraction */
    const int32_t top = (int32_t)full;
    const words least = { -top, -top, -top, -top }, most = { top - 1, top - 1, top - 1, top - 1 };
    td_random8 random = *dither;
    for (size_t i = 0; i < samples; i += AT_ONCE) {
        td_w8 drawn;
        td_random8_next(&random, &drawn);
        for (size_t k = 0; k < AT_ONCE; k += 4) {
            bits word = k ? __builtin_shufflevector(drawn, drawn, 4, 5, 6, 7)
                          : __builtin_shufflevector(drawn, drawn, 0, 1, 2, 3);
            td_fu x = *(const td_fu *)(block->f + i + k);
            x = (td_fu)_mm_min_ps(_mm_max_ps((__m128)x, _mm_set1_ps(-2)), _mm_set1_ps(2));
            td_v4 noise = __builtin_convertvector(((words)word >> 16) + ((words)(word << 16) >> 16), td_v4) * 0x1p-16;
            td_v4 v = (__builtin_convertvector(x, td_v4) * full + noise + to_whole) - to_whole;
            words whole = between(least, __builtin_convertvector(v, words), most);
            *(words *)(block->i + i + k) = (words)((bits)whole << (32 - width));
        }
    }
    *dither = random;
}

static void interleave(td_writer *w, const float *const *ch, size_t at, size_t n)
{
    unsigned channels = w->e.spec.channels;
    float *restrict to = w->block.f + w->filled * channels;
    const float *left = ch[0] + at, *right = ch[channels - 1] + at;
    if (channels == 1) memcpy(to, left, n * sizeof *to);
    for (size_t i = 0; channels == 2 && i < n; i++) {
        to[2 * i] = left[i];
        to[2 * i + 1] = right[i];
    }
}

/* Infinities and NaN have all bits of the exponent set. */
static bool all_finite(const float *x, size_t n)
{
    unsigned none = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t word;
        memcpy(&word, x + i, sizeof word);
        none |= (word & 0x7f800000u) == 0x7f800000u;
    }
    return !none;
}

static td_status encode_block(td_writer *w, td_error *err)
{
    w->e.err = err;
    if (!codecs[w->e.spec.codec].lossy && w->e.spec.bits < 32)
        quantise(&w->dither, &w->block, w->filled * w->e.spec.channels, w->e.spec.bits);
    td_status st = w->filled ? w->encoder->write(w->state, &w->e, &w->block, w->filled) : TD_OK;
    w->filled = 0;
    return check_sink(w, st, err);
}

/* Encoders get full blocks but for the last: some (Vorbis) give other bytes when their input comes in other portions.
 */
static td_status encode(td_writer *w, const float *const *ch, size_t frames, td_error *err)
{
    td_status st = TD_OK;
    for (size_t at = 0, n; !st && at < frames; at += n) {
        n = TD_BLOCK - w->filled < frames - at ? TD_BLOCK - w->filled : frames - at;
        for (unsigned c = 0; c < w->e.spec.channels; c++)
            if (!all_finite(ch[c] + at, n))
                return td_fail(err, TD_FAILED, w->path, NULL, "would hold samples that are no numbers");
        interleave(w, ch, at, n);
        w->filled += n;
        if (w->filled == TD_BLOCK) st = encode_block(w, err);
    }
    return st;
}

/* Encodes what the resampler makes of these frames; NULL: of the end. */
static td_status convert(td_writer *w, const float *const *ch, size_t frames, td_error *err)
{
    float *const to[2] = { w->converted[0], w->converted[1] };
    size_t used = 0, taken, made;
    td_status st;
    do {
        const float *from[2] = { ch ? ch[0] + used : NULL, ch && w->e.spec.channels > 1 ? ch[1] + used : NULL };
        td_resampler_run(w->resampler, ch ? from : NULL, frames - used, &taken, to, TD_BLOCK, &made);
        used += taken;
        st = encode(w, (const float *const *)to, made, err);
    } while (!st && (used < frames || made));
    return st;
}

/* ---- the life of a writer --------------------------------------------------------------------------------------- */

static bool is_rate(unsigned hz)
{
    return hz >= 8000 && hz <= 384000;
}

static td_status settle_spec(td_writer *w, const td_file_spec *given, td_error *err)
{
    td_file_spec *s = &w->e.spec;
    *s = *given;
    bool rates = is_rate(s->rate_hz) && (!s->out_rate_hz || is_rate(s->out_rate_hz));
    if (s->codec >= TD_CODEC_COUNT || s->channels < 1 || s->channels > 2 || !rates)
        return td_fail(err, TD_ARG, w->path, NULL, "cannot be written: unknown codec, channel count or rate");
    s->out_rate_hz = td_codec_rate(s->codec, s->out_rate_hz ? s->out_rate_hz : s->rate_hz);
    if (!s->bitrate_kbps) s->bitrate_kbps = 192;
    if (codecs[s->codec].lossy) return TD_OK;
    if (s->bits != 16 && s->bits != 24 && !(s->bits == 32 && s->codec != TD_CODEC_FLAC))
        return td_fail(err, TD_ARG, w->path, NULL, "cannot be written as %s with %u bit", codecs[s->codec].name,
                       s->bits);
    return TD_OK;
}

static const td_tags no_tags;

static td_status open_parts(td_writer *w, const td_tags *tags, td_error *err)
{
    const td_file_spec *s = &w->e.spec;
    w->encoder = codecs[s->codec].encoder;
    w->state = calloc(1, w->encoder->state_size);
    if (!w->state) return TD_NOMEM;
    if (s->out_rate_hz != s->rate_hz) {
        td_status st = td_resampler_new(s->rate_hz, s->out_rate_hz, s->channels, &w->resampler);
        if (st) return st;
    }
    td_random8_seed(&w->dither, s->dither_seed);
    td_status st = td_file_temp(w->path, w->temp, sizeof w->temp, err);
    if (st) {
        w->temp[0] = 0;
        return st;
    }
    w->sink.fd = open(w->temp, O_RDWR | O_CLOEXEC);
    if (w->sink.fd < 0) return td_fail_write(err, w->path, errno);
    w->e.sink = &w->sink;
    w->e.tags = tags ? tags : &no_tags;
    w->e.err = err;
    w->e.where = w->path;
    st = w->encoder->open(w->state, &w->e);
    w->e.tags = NULL;
    return check_sink(w, st, err);
}

td_status td_writer_open(const char *path, const td_file_spec *spec, const td_tags *tags, td_writer **out,
                         td_error *err)
{
    *out = NULL;
    td_writer *w = calloc(1, sizeof *w);
    if (!w) return TD_NOMEM;
    w->sink.fd = -1;
    td_status st = TD_OK;
    if ((size_t)snprintf(w->path, sizeof w->path, "%s", path) >= sizeof w->path)
        st = td_fail(err, TD_ARG, path, NULL, "the path is too long");
    if (!st) st = settle_spec(w, spec, err);
    if (!st) st = open_parts(w, tags, err);
    if (st) {
        td_writer_abort(w);
        return st;
    }
    *out = w;
    return TD_OK;
}

td_status td_writer_write(td_writer *w, const float *const *ch, size_t frames, td_error *err)
{
    return w->resampler ? convert(w, ch, frames, err) : encode(w, ch, frames, err);
}

static void writer_free(td_writer *w)
{
    if (w->state && w->encoder->drop) w->encoder->drop(w->state);
    free(w->state);
    td_resampler_free(w->resampler);
    if (w->sink.fd >= 0) close(w->sink.fd);
    free(w);
}

td_status td_writer_close(td_writer *w, char *temp, size_t size, td_error *err)
{
    td_status st = w->resampler ? convert(w, NULL, 0, err) : TD_OK;
    if (!st) st = encode_block(w, err);
    if (!st) st = w->encoder->finish(w->state, &w->e);
    if (!st) td_sink_flush(&w->sink);
    if (close(w->sink.fd) != 0 && !w->sink.error) w->sink.error = errno;
    w->sink.fd = -1;
    st = check_sink(w, st, err);
    if (!st && (size_t)snprintf(temp, size, "%s", w->temp) >= size)
        st = td_fail(err, TD_ARG, w->path, NULL, "the path is too long");
    if (st) unlink(w->temp);
    writer_free(w);
    return st;
}

td_status td_writer_commit(td_writer *w, bool replace, td_error *err)
{
    char temp[sizeof w->temp], path[sizeof w->path];
    memcpy(path, w->path, sizeof path);
    td_status st = td_writer_close(w, temp, sizeof temp, err);
    return st ? st : td_file_commit(temp, path, replace, err);
}

void td_writer_abort(td_writer *w)
{
    if (!w) return;
    if (w->temp[0]) unlink(w->temp);
    writer_free(w);
}
