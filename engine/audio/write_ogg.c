#include "engine/audio/tags.h"
#include "engine/audio/writer.h"

#include <opusenc.h>
#include <string.h>
#include <vorbis/vorbisenc.h>

/* Vorbis and Opus in Ogg. A stream's serial number is usually drawn by lot; here it is part of the dither's seed, so
 * that the same sound gives the same file. */

static int serial_of(const td_encoding *e)
{
    return (int)(e->spec.dither_seed & 0x7fffffff);
}

/* ---- Vorbis ----------------------------------------------------------------------------------------------------- */

typedef struct vorbis {
    vorbis_info info;
    vorbis_comment comment;
    vorbis_dsp_state dsp;
    vorbis_block block;
    ogg_stream_state stream;
} vorbis;

static void put_page(td_sink *sink, const ogg_page *page)
{
    td_sink_put(sink, page->header, (size_t)page->header_len);
    td_sink_put(sink, page->body, (size_t)page->body_len);
}

static td_status add_comments(vorbis *v, td_encoding *e)
{
    td_text comments = { 0 };
    td_tags_comments(e->tags, TD_GAIN_REPLAYGAIN, &comments);
    td_status st = td_tags_comment_picture(e->tags, &comments, e->err);
    if (!st && comments.broken) st = TD_NOMEM;
    const char *end = comments.data + comments.length;
    for (const char *c = comments.data; !st && c < end; c += strlen(c) + 1) vorbis_comment_add(&v->comment, c);
    td_text_free(&comments);
    return st;
}

/* The three header packets; sound begins on a page of its own. */
static void put_headers(vorbis *v, td_encoding *e)
{
    ogg_packet packet[3];
    ogg_page page;
    vorbis_analysis_headerout(&v->dsp, &v->comment, &packet[0], &packet[1], &packet[2]);
    for (unsigned i = 0; i < 3; i++) ogg_stream_packetin(&v->stream, &packet[i]);
    while (ogg_stream_flush(&v->stream, &page)) put_page(e->sink, &page);
}

static td_status vorbis_open(void *state, td_encoding *e)
{
    vorbis *v = state;
    const td_file_spec *s = &e->spec;
    vorbis_info_init(&v->info);
    vorbis_comment_init(&v->comment);
    /* a quality that gives this bit rate on average, without holding every second to it */
    if (vorbis_encode_setup_managed(&v->info, (long)s->channels, (long)s->out_rate_hz, -1, (long)s->bitrate_kbps * 1000,
                                    -1) ||
        vorbis_encode_ctl(&v->info, OV_ECTL_RATEMANAGE2_SET, NULL) || vorbis_encode_setup_init(&v->info))
        return td_fail(e->err, TD_ARG, e->where, NULL, "Ogg Vorbis cannot be written with %u Hz and %u kbps",
                       s->out_rate_hz, s->bitrate_kbps);
    td_status st = add_comments(v, e);
    if (st) return st;
    if (vorbis_analysis_init(&v->dsp, &v->info) || vorbis_block_init(&v->dsp, &v->block) ||
        ogg_stream_init(&v->stream, serial_of(e)))
        return TD_NOMEM;
    put_headers(v, e);
    return TD_OK;
}

static void drain(vorbis *v, td_encoding *e)
{
    ogg_packet packet;
    ogg_page page;
    while (vorbis_analysis_blockout(&v->dsp, &v->block) == 1) {
        vorbis_analysis(&v->block, NULL);
        vorbis_bitrate_addblock(&v->block);
        while (vorbis_bitrate_flushpacket(&v->dsp, &packet)) {
            ogg_stream_packetin(&v->stream, &packet);
            while (ogg_stream_pageout(&v->stream, &page)) put_page(e->sink, &page);
        }
    }
}

static td_status vorbis_write(void *state, td_encoding *e, const td_block *block, size_t frames)
{
    vorbis *v = state;
    unsigned channels = e->spec.channels;
    float **to = vorbis_analysis_buffer(&v->dsp, (int)frames);
    for (unsigned c = 0; c < channels; c++)
        for (size_t i = 0; i < frames; i++) to[c][i] = block->f[i * channels + c];
    vorbis_analysis_wrote(&v->dsp, (int)frames);
    drain(v, e);
    return TD_OK;
}

static td_status vorbis_finish(void *state, td_encoding *e)
{
    vorbis *v = state;
    ogg_page page;
    vorbis_analysis_wrote(&v->dsp, 0);
    drain(v, e);
    while (ogg_stream_flush(&v->stream, &page)) put_page(e->sink, &page);
    return TD_OK;
}

static void vorbis_drop(void *state)
{
    vorbis *v = state;
    ogg_stream_clear(&v->stream);
    vorbis_block_clear(&v->block);
    vorbis_dsp_clear(&v->dsp);
    vorbis_comment_clear(&v->comment);
    vorbis_info_clear(&v->info);
}

const td_encoder td_encode_ogg = { .state_size = sizeof(vorbis),
                                   .open = vorbis_open,
                                   .write = vorbis_write,
                                   .finish = vorbis_finish,
                                   .drop = vorbis_drop };

/* ---- Opus ------------------------------------------------------------------------------------------------------- */

typedef struct opus {
    OggOpusEnc *encoder;
    OggOpusComments *comments;
} opus;

static int io_write(void *user, const unsigned char *data, opus_int32 n)
{
    return !td_sink_put(user, data, (size_t)n);
}

static int io_close(void *user)
{
    (void)user; /* the sink is the writer's to close */
    return 0;
}

static td_status gave_up(td_encoding *e, int why)
{
    if (e->sink->error) return TD_DISK; /* the writer knows what to say */
    return td_fail(e->err, TD_FAILED, e->where, NULL, "the Opus encoder gave up: %s", ope_strerror(why));
}

static td_status add_opus_comments(opus *o, td_encoding *e)
{
    td_text comments = { 0 };
    td_tags_comments(e->tags, TD_GAIN_R128, &comments);
    td_status st = td_tags_comment_picture(e->tags, &comments, e->err);
    if (!st && comments.broken) st = TD_NOMEM;
    const char *end = comments.data + comments.length;
    for (const char *c = comments.data; !st && c < end; c += strlen(c) + 1)
        if (ope_comments_add_string(o->comments, c) != OPE_OK) st = TD_NOMEM;
    td_text_free(&comments);
    return st;
}

static td_status opus_open(void *state, td_encoding *e)
{
    static const OpusEncCallbacks io = { io_write, io_close };
    opus *o = state;
    int why = OPE_OK;
    o->comments = ope_comments_create();
    if (!o->comments) return TD_NOMEM;
    td_status st = add_opus_comments(o, e);
    if (st) return st;
    o->encoder = ope_encoder_create_callbacks(&io, e->sink, o->comments, 48000, (int)e->spec.channels, 0, &why);
    if (!o->encoder) return gave_up(e, why);
    if ((why = ope_encoder_ctl(o->encoder, OPE_SET_SERIALNO(serial_of(e)))) ||
        (why = ope_encoder_ctl(o->encoder, OPUS_SET_BITRATE((int)e->spec.bitrate_kbps * 1000))))
        return gave_up(e, why);
    return TD_OK;
}

static td_status opus_write(void *state, td_encoding *e, const td_block *block, size_t frames)
{
    const opus *o = state;
    int why = ope_encoder_write_float(o->encoder, block->f, (int)frames);
    return why ? gave_up(e, why) : TD_OK;
}

static td_status opus_finish(void *state, td_encoding *e)
{
    const opus *o = state;
    int why = ope_encoder_drain(o->encoder);
    return why ? gave_up(e, why) : TD_OK;
}

static void opus_drop(void *state)
{
    const opus *o = state;
    if (o->encoder) ope_encoder_destroy(o->encoder);
    if (o->comments) ope_comments_destroy(o->comments);
}

const td_encoder td_encode_opus = {
    .state_size = sizeof(opus), .open = opus_open, .write = opus_write, .finish = opus_finish, .drop = opus_drop
};
