#include "engine/audio/tags.h"
#include "engine/audio/writer.h"

#include <lame/lame.h>
#include <pthread.h>

/* Constant bit rate by LAME, with its Info frame (encoder delay, padding, frame count, checksum) filled in at the end:
 * by it players and browsers start and stop at the right sample. */

typedef struct mp3 {
    lame_global_flags *lame;
    uint64_t info_at;                            /* the first frame, after the ID3 tag */
    uint8_t bytes[TD_BLOCK * 5 / 4 + 7200 + 16]; /* what LAME asks for, by its header */
} mp3;

/* LAME fills tables that all of it shares when an encoder is made. */
static pthread_mutex_t creating = PTHREAD_MUTEX_INITIALIZER;

/* LAME turns its input down by an amount that depends on the bit rate (0.26 dB at 192 kbps): scale takes that back. */
static bool configure(lame_global_flags *g, const td_file_spec *s, float scale)
{
    lame_set_num_channels(g, (int)s->channels);
    lame_set_mode(g, s->channels == 1 ? MONO : JOINT_STEREO);
    lame_set_in_samplerate(g, (int)s->out_rate_hz);
    lame_set_out_samplerate(g, (int)s->out_rate_hz);
    lame_set_brate(g, (int)s->bitrate_kbps);
    lame_set_quality(g, 3); /* LAME's own default */
    lame_set_scale(g, scale);
    lame_set_write_id3tag_automatic(g, 0);
    lame_set_errorf(g, NULL);
    lame_set_msgf(g, NULL);
    lame_set_debugf(g, NULL);
    return lame_init_params(g) >= 0;
}

static td_status mp3_open(void *state, td_encoding *e)
{
    mp3 *m = state;
    td_text id3 = { 0 };
    pthread_mutex_lock(&creating);
    m->lame = lame_init();
    bool good = m->lame && configure(m->lame, &e->spec, 1);
    float turned_down = good ? lame_get_scale(m->lame) : 1;
    if (good && turned_down > 0 && turned_down != 1) {
        lame_close(m->lame);
        m->lame = lame_init();
        good = m->lame && configure(m->lame, &e->spec, 1 / turned_down);
    }
    pthread_mutex_unlock(&creating);
    if (!m->lame) return TD_NOMEM;
    if (!good)
        return td_fail(e->err, TD_ARG, e->where, NULL, "MP3 cannot be written with %u Hz and %u kbps",
                       e->spec.out_rate_hz, e->spec.bitrate_kbps);
    td_status st = td_tags_id3(e->tags, &id3, e->err);
    if (!st) td_sink_put(e->sink, id3.data, id3.length);
    td_text_free(&id3);
    m->info_at = e->sink->at;
    return st;
}

static td_status put(mp3 *m, td_encoding *e, int n)
{
    if (n < 0) return td_fail(e->err, TD_FAILED, e->where, NULL, "the MP3 encoder gave up (%d)", n);
    td_sink_put(e->sink, m->bytes, (size_t)n);
    return TD_OK;
}

static td_status mp3_write(void *state, td_encoding *e, const td_block *block, size_t frames)
{
    mp3 *m = state;
    int room = (int)sizeof m->bytes;
    if (e->spec.channels == 1)
        return put(m, e, lame_encode_buffer_ieee_float(m->lame, block->f, NULL, (int)frames, m->bytes, room));
    return put(m, e, lame_encode_buffer_interleaved_ieee_float(m->lame, block->f, (int)frames, m->bytes, room));
}

static td_status mp3_finish(void *state, td_encoding *e)
{
    mp3 *m = state;
    td_status st = put(m, e, lame_encode_flush(m->lame, m->bytes, (int)sizeof m->bytes));
    if (st) return st;
    size_t n = lame_get_lametag_frame(m->lame, m->bytes, sizeof m->bytes);
    if (n > sizeof m->bytes) return td_fail(e->err, TD_FAILED, e->where, NULL, "the MP3 encoder gave no Info frame");
    td_sink_put_at(e->sink, m->info_at, m->bytes, n);
    return TD_OK;
}

static void mp3_drop(void *state)
{
    const mp3 *m = state;
    if (m->lame) lame_close(m->lame);
}

const td_encoder td_encode_mp3 = {
    .state_size = sizeof(mp3), .open = mp3_open, .write = mp3_write, .finish = mp3_finish, .drop = mp3_drop
};
