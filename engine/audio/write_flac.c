#include "engine/audio/tags.h"
#include "engine/audio/writer.h"

#include <FLAC/metadata.h>
#include <FLAC/stream_encoder.h>
#include <string.h>

/* Level 2: fixed predictors. Those of higher levels are found in floating point, by other code on processors with fused
 * multiply-add, and their files differ from machine to machine; these are about a tenth larger and do not. */
#define LEVEL 2

typedef struct flac {
    FLAC__StreamEncoder *encoder;
    FLAC__StreamMetadata *block[2];
    int32_t samples[TD_BLOCK * 2];
} flac;

static FLAC__StreamEncoderWriteStatus io_write(const FLAC__StreamEncoder *encoder, const FLAC__byte *data, size_t n,
                                               uint32_t samples, uint32_t frame, void *user)
{
    (void)encoder, (void)samples, (void)frame;
    return td_sink_put(user, data, n) ? FLAC__STREAM_ENCODER_WRITE_STATUS_OK
                                      : FLAC__STREAM_ENCODER_WRITE_STATUS_FATAL_ERROR;
}

static FLAC__StreamEncoderSeekStatus io_seek(const FLAC__StreamEncoder *encoder, FLAC__uint64 to, void *user)
{
    (void)encoder;
    ((td_sink *)user)->at = to;
    return FLAC__STREAM_ENCODER_SEEK_STATUS_OK;
}

static FLAC__StreamEncoderTellStatus io_tell(const FLAC__StreamEncoder *encoder, FLAC__uint64 *at, void *user)
{
    (void)encoder;
    *at = ((const td_sink *)user)->at;
    return FLAC__STREAM_ENCODER_TELL_STATUS_OK;
}

static bool add_comments(FLAC__StreamMetadata *block, const td_text *comments)
{
    const char *end = comments->data + comments->length;
    for (const char *c = comments->data; c < end; c += strlen(c) + 1) {
        FLAC__StreamMetadata_VorbisComment_Entry entry = { .length = (FLAC__uint32)strlen(c),
                                                           .entry = (FLAC__byte *)c };
        if (!FLAC__metadata_object_vorbiscomment_append_comment(block, entry, true)) return false;
    }
    return true;
}

static bool add_picture(FLAC__StreamMetadata *block, const td_picture *p)
{
    block->data.picture.type = FLAC__STREAM_METADATA_PICTURE_TYPE_FRONT_COVER;
    block->data.picture.width = p->width;
    block->data.picture.height = p->height;
    block->data.picture.depth = p->depth;
    return FLAC__metadata_object_picture_set_mime_type(block, (char *)p->mime, true) &&
           FLAC__metadata_object_picture_set_data(block, p->data, (FLAC__uint32)p->size, true);
}

static td_status add_tags(flac *f, const td_tags *t, td_error *err)
{
    td_text comments = { 0 };
    td_picture picture = { 0 };
    td_status st = td_picture_load(t->cover_path, &picture, err);
    td_tags_comments(t, TD_GAIN_REPLAYGAIN, &comments);
    f->block[0] = FLAC__metadata_object_new(FLAC__METADATA_TYPE_VORBIS_COMMENT);
    if (picture.data) f->block[1] = FLAC__metadata_object_new(FLAC__METADATA_TYPE_PICTURE);
    if (!st && (comments.broken || !f->block[0] || !add_comments(f->block[0], &comments))) st = TD_NOMEM;
    if (!st && picture.data && (!f->block[1] || !add_picture(f->block[1], &picture))) st = TD_NOMEM;
    td_picture_free(&picture);
    td_text_free(&comments);
    return st;
}

static td_status refuse(const flac *f, td_encoding *e)
{
    if (e->sink->error) return TD_DISK; /* the writer knows what to say */
    return td_fail(e->err, TD_FAILED, e->where, NULL, "the FLAC encoder gave up: %s",
                   FLAC__StreamEncoderStateString[FLAC__stream_encoder_get_state(f->encoder)]);
}

static td_status flac_open(void *state, td_encoding *e)
{
    flac *f = state;
    f->encoder = FLAC__stream_encoder_new();
    if (!f->encoder) return TD_NOMEM;
    td_status st = add_tags(f, e->tags, e->err);
    if (st) return st;
    bool good = FLAC__stream_encoder_set_channels(f->encoder, e->spec.channels) &&
                FLAC__stream_encoder_set_bits_per_sample(f->encoder, e->spec.bits) &&
                FLAC__stream_encoder_set_sample_rate(f->encoder, e->spec.out_rate_hz) &&
                FLAC__stream_encoder_set_compression_level(f->encoder, LEVEL) &&
                FLAC__stream_encoder_set_streamable_subset(f->encoder, false) && /* for rates above 65535 Hz */
                FLAC__stream_encoder_set_metadata(f->encoder, f->block, f->block[1] ? 2 : 1) &&
                FLAC__stream_encoder_init_stream(f->encoder, io_write, io_seek, io_tell, NULL, e->sink) ==
                    FLAC__STREAM_ENCODER_INIT_STATUS_OK;
    return good ? TD_OK : refuse(f, e);
}

static td_status flac_write(void *state, td_encoding *e, const td_block *block, size_t frames)
{
    flac *f = state;
    unsigned shift = 32 - e->spec.bits;
    for (size_t i = 0; i < frames * e->spec.channels; i++) f->samples[i] = block->i[i] >> shift;
    return FLAC__stream_encoder_process_interleaved(f->encoder, f->samples, (uint32_t)frames) ? TD_OK : refuse(f, e);
}

static td_status flac_finish(void *state, td_encoding *e)
{
    flac *f = state;
    return FLAC__stream_encoder_finish(f->encoder) ? TD_OK : refuse(f, e);
}

static void flac_drop(void *state)
{
    flac *f = state;
    if (f->encoder) FLAC__stream_encoder_delete(f->encoder);
    for (unsigned i = 0; i < 2; i++)
        if (f->block[i]) FLAC__metadata_object_delete(f->block[i]);
}

const td_encoder td_encode_flac = {
    .state_size = sizeof(flac), .open = flac_open, .write = flac_write, .finish = flac_finish, .drop = flac_drop
};
