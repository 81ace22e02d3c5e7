#include "engine/mix/hear/hear.h"
#include "engine/mix/hear/pulse.h"

#include <stdlib.h>
#include <string.h>

/* The song goes by in chunks. In each, the stems are decoded and heard side by side, then the buses are summed and
 * heard side by side; the sum of all is heard while the next chunk's stems are. Who does what changes no result: every
 * signal has an ear of its own, and sums are made in the session's order. */
#define CHUNK_BYTES (3u << 19) /* of decoded stems held at once */
#define CHUNK_MAX   49152
#define CHUNK_MIN   4096
#define BLOCK       512

typedef struct voice {
    td_ear *ear; /* NULL: a bus of one stem is heard there */
    float *ch[2];
} voice;

typedef struct stem_voice {
    voice v;
    td_source *source;
    unsigned channels;
    td_sides sides;
} stem_voice;

/* Stems that are heard side by side. */
typedef struct crew {
    size_t stem[TD_EARS_MAX], n;
    unsigned channels;
} crew;

#define BUSES_ABREAST 4

typedef struct pass {
    td_survey *survey;
    const td_session *session;
    size_t chunk, n, heard; /* frames of the chunk under way; of the one before, whose sum is still to be heard */
    stem_voice *stem;
    crew *crew;
    size_t n_crews;
    voice *bus;
    td_ear *sum;
    td_pulse *pulse; /* of the sum, as is percussion */
    td_percussion *percussion;
    pthread_mutex_t lock;
    td_bands **bench; /* work spaces, one a thread; those in use are beyond `free_benches` */
    size_t benches, free_benches;
} pass;

/* ---- setting up ------------------------------------------------------------------------------------------------- */

static td_status voice_open(voice *v, size_t chunk, unsigned channels, const td_ear_wish *wish, td_error *err)
{
    for (unsigned c = 0; c < channels; c++)
        if (!(v->ch[c] = td_calloc2(chunk, 1, sizeof(float)))) return td_no_memory(err);
    return wish ? td_ear_new(wish, &v->ear, err) : TD_OK;
}

static void voice_close(voice *v)
{
    td_ear_free(v->ear);
    free(v->ch[0]);
    free(v->ch[1]);
}

static td_ear_wish ear_for(const pass *p, unsigned channels, td_sides sides, bool true_peak)
{
    return (td_ear_wish){ .rate_hz = p->session->rate_hz,
                          .channels = channels,
                          .sides = sides,
                          .steps = td_session_steps(p->session),
                          .true_peak = true_peak,
                          .folder = p->survey->folder };
}

/* A stem that is alone on its bus is heard for the bus too. */
static bool alone(const td_session *session, size_t stem)
{
    unsigned bus = session->stem[stem].bus;
    for (size_t i = 0; i < session->n_stems; i++)
        if (i != stem && session->stem[i].bus == bus) return false;
    return true;
}

static td_status open_stem(pass *p, size_t i, td_error *err)
{
    const td_stem *s = &p->session->stem[i];
    stem_voice *v = &p->stem[i];
    td_status st = td_stem_open(s, p->session->rate_hz, &v->source, err);
    if (st) return st;
    v->channels = td_source_channels(v->source);
    v->sides = td_stem_sides(v->channels, s->level_db, s->pan, s->flip);
    if (td_stem_costs(p->session, s))
        st = td_scratch_new(p->survey->folder, v->channels, &p->survey->stem[i].audio, err);
    td_ear_wish wish = ear_for(p, v->channels, v->sides, false);
    if (alone(p->session, i)) p->survey->like[td_survey_bus(p->survey, s->bus)] = i;
    return st ? st : voice_open(&v->v, p->chunk, v->channels, &wish, err);
}

/* After the stems. */
static td_status open_bus(pass *p, size_t b, td_error *err)
{
    td_ear_wish wish = ear_for(p, 2, (td_sides){ 1, 1 }, false);
    size_t signal = td_survey_bus(p->survey, b);
    return voice_open(&p->bus[b], p->chunk, 2, p->survey->like[signal] == signal ? &wish : NULL, err);
}

/* As many channels abreast as ears hear at once: the stem joins the first crew that has room. */
static void join_crew(pass *p, size_t stem)
{
    unsigned channels = p->stem[stem].channels;
    size_t i = 0;
    while (i < p->n_crews && p->crew[i].channels + channels > TD_EARS_MAX) i++;
    if (i == p->n_crews) p->n_crews++;
    p->crew[i].stem[p->crew[i].n++] = stem;
    p->crew[i].channels += channels;
}

static td_status open_all(pass *p, unsigned threads, td_error *err)
{
    const td_session *session = p->session;
    size_t playing = 0;
    for (size_t i = 0; i < session->n_stems; i++) playing += td_stem_plays(session, i);
    size_t fit = CHUNK_BYTES / (2 * sizeof(float)) / (playing ? playing : 1) / BLOCK * BLOCK;
    p->chunk = fit < CHUNK_MIN ? CHUNK_MIN : fit > CHUNK_MAX ? CHUNK_MAX : fit;
    p->stem = td_calloc2(session->n_stems, 1, sizeof *p->stem);
    p->crew = td_calloc2(session->n_stems, 1, sizeof *p->crew);
    p->bus = td_calloc2(session->n_buses, 1, sizeof *p->bus);
    p->bench = td_calloc2(threads, 1, sizeof(td_bands *));
    if (!p->stem || !p->crew || !p->bus || !p->bench) return td_no_memory(err);
    td_status st = TD_OK;
    for (; !st && p->benches < threads; p->benches++)
        if (td_bands_new(session->rate_hz, &p->bench[p->benches])) return td_no_memory(err);
    p->free_benches = p->benches;
    for (size_t i = 0; !st && i < session->n_stems; i++)
        if (td_stem_plays(session, i) && !(st = open_stem(p, i, err))) join_crew(p, i);
    for (size_t b = 0; !st && b < session->n_buses; b++) st = open_bus(p, b, err);
    if (!st && (td_pulse_new(session->rate_hz, session->frames, &p->pulse) ||
                td_percussion_new(session->rate_hz, session->frames, &p->percussion)))
        return td_no_memory(err);
    td_ear_wish wish = ear_for(p, 2, (td_sides){ 1, 1 }, true);
    return st ? st : td_ear_new(&wish, &p->sum, err);
}

static void close_all(pass *p)
{
    for (size_t i = 0; p->stem && i < p->session->n_stems; i++) {
        voice_close(&p->stem[i].v);
        td_source_close(p->stem[i].source);
    }
    for (size_t b = 0; p->bus && b < p->session->n_buses; b++) voice_close(&p->bus[b]);
    for (size_t i = 0; i < p->benches; i++) td_bands_free(p->bench[i]);
    td_ear_free(p->sum);
    td_pulse_free(p->pulse);
    td_percussion_free(p->percussion);
    free(p->stem);
    free(p->crew);
    free(p->bus);
    free(p->bench);
}

static td_bands *take_bench(pass *p)
{
    pthread_mutex_lock(&p->lock);
    td_bands *w = p->bench[--p->free_benches]; /* there are as many as threads */
    pthread_mutex_unlock(&p->lock);
    return w;
}

static void leave_bench(pass *p, td_bands *w)
{
    pthread_mutex_lock(&p->lock);
    p->bench[p->free_benches++] = w;
    pthread_mutex_unlock(&p->lock);
}

/* What all of these voices hold. */
static td_status hear(pass *p, voice *const *v, size_t n, td_error *err)
{
    td_ear *ear[TD_EARS_MAX];
    const float *const *ch[TD_EARS_MAX];
    for (size_t i = 0; i < n; i++) {
        ear[i] = v[i]->ear;
        ch[i] = (const float *const *)v[i]->ch;
    }
    td_bands *work = take_bench(p);
    td_status st = td_ears_add(ear, n, work, ch, p->n, err);
    leave_bench(p, work);
    return st;
}

/* ---- the three kinds of work ------------------------------------------------------------------------------------ */

/* The next n frames; silence after the stem's end. */
static td_status read_stem(stem_voice *v, size_t n, td_error *err)
{
    size_t have = 0, got = 1;
    while (have < n && got) {
        float *to[2] = { v->v.ch[0] + have, v->channels > 1 ? v->v.ch[1] + have : NULL };
        td_status st = td_source_read(v->source, to, n - have, &got, err);
        if (st) return st;
        have += got;
    }
    for (unsigned c = 0; c < v->channels; c++) memset(v->v.ch[c] + have, 0, (n - have) * sizeof(float));
    return TD_OK;
}

static td_status hear_sum(pass *p, td_error *err)
{
    float side[2][BLOCK], *out[2] = { side[0], side[1] };
    td_bands *work = take_bench(p);
    td_status st = TD_OK;
    for (size_t at = 0; !st && at < p->heard; at += BLOCK) {
        double left[BLOCK] = { 0 }, right[BLOCK] = { 0 }, *sum[2] = { left, right };
        size_t n = p->heard - at < BLOCK ? p->heard - at : BLOCK;
        for (size_t b = 0; b < p->session->n_buses; b++) {
            const float *ch[2] = { p->bus[b].ch[0] + at, p->bus[b].ch[1] + at };
            td_stem_add(sum, ch, 2, (td_sides){ 1, 1 }, n);
        }
        td_stem_store((const double *const *)sum, out, n);
        td_pulse_add(p->pulse, (const float *const *)out, n);
        if (td_percussion_add(p->percussion, (const float *const *)out, n)) st = td_no_memory(err);
        if (!st) st = td_ears_add(&p->sum, 1, work, &(const float *const *){ (const float *const *)out }, n, err);
    }
    leave_bench(p, work);
    return st;
}

/* A crew's chunk; the index after the last crew is the sum of the chunk before. */
static td_status crew_task(void *shared, size_t i, td_error *err)
{
    pass *p = shared;
    if (i == p->n_crews) return hear_sum(p, err);
    const crew *c = &p->crew[i];
    voice *v[TD_EARS_MAX];
    td_status st = TD_OK;
    for (size_t k = 0; !st && k < c->n; k++) {
        stem_voice *stem = &p->stem[c->stem[k]];
        td_scratch *keep = p->survey->stem[c->stem[k]].audio;
        v[k] = &stem->v;
        st = read_stem(stem, p->n, err);
        if (!st && keep) st = td_scratch_append(keep, (const float *const *)v[k]->ch, p->n, err);
    }
    return st ? st : hear(p, v, c->n, err);
}

static void sum_bus(pass *p, size_t b)
{
    for (size_t at = 0; at < p->n; at += BLOCK) {
        double left[BLOCK] = { 0 }, right[BLOCK] = { 0 }, *sum[2] = { left, right };
        float *out[2] = { p->bus[b].ch[0] + at, p->bus[b].ch[1] + at };
        size_t n = p->n - at < BLOCK ? p->n - at : BLOCK;
        for (size_t i = 0; i < p->session->n_stems; i++) {
            const stem_voice *s = &p->stem[i];
            if (p->session->stem[i].bus != b) continue;
            const float *ch[2] = { s->v.ch[0] + at, s->channels > 1 ? s->v.ch[1] + at : NULL };
            td_stem_add(sum, ch, s->channels, s->sides, n);
        }
        td_stem_store((const double *const *)sum, out, n);
    }
}

static td_status buses_task(void *shared, size_t i, td_error *err)
{
    pass *p = shared;
    voice *v[BUSES_ABREAST];
    size_t n = 0, end = (i + 1) * BUSES_ABREAST < p->session->n_buses ? (i + 1) * BUSES_ABREAST : p->session->n_buses;
    for (size_t b = i * BUSES_ABREAST; b < end; b++) {
        sum_bus(p, b);
        if (p->bus[b].ear) v[n++] = &p->bus[b];
    }
    return hear(p, v, n, err);
}

static td_ear *ear_of(pass *p, size_t signal)
{
    size_t stems = p->session->n_stems;
    if (signal == td_survey_sum(p->survey)) return p->sum;
    return signal < stems ? p->stem[signal].v.ear : p->bus[signal - stems].ear;
}

static td_status end_task(void *shared, size_t signal, td_error *err)
{
    pass *p = shared;
    td_signal *s = &p->survey->signal[signal];
    td_ear *ear = ear_of(p, signal);
    if (!ear) return TD_OK;
    td_bands *work = take_bench(p);
    td_signal_fini(s);
    td_status st = td_ear_end(ear, work, s, &p->survey->row[signal], err);
    leave_bench(p, work);
    return st ? st : td_signal_sum_up(s, p->session->rate_hz, p->session->frames, err);
}

/* What is known only once all have been heard. */
static void conclude(pass *p)
{
    td_survey *s = p->survey;
    td_signal *sum = &s->signal[td_survey_sum(s)];
    for (size_t i = 0; i < p->session->n_stems; i++) {
        if (!td_stem_plays(p->session, i)) continue;
        uint64_t n = td_source_nonfinite(p->stem[i].source);
        s->signal[i].nonfinite = n;
        s->signal[td_survey_bus(s, p->session->stem[i].bus)].nonfinite += n;
        sum->nonfinite += n;
    }
    td_survey_share(s);
}

static td_status run(pass *p, td_pool *pool, td_progress progress, void *user, td_error *err)
{
    uint64_t frames = p->session->frames;
    td_status st = TD_OK;
    for (uint64_t at = 0; !st && at < frames; at += p->n) {
        p->n = frames - at < p->chunk ? (size_t)(frames - at) : p->chunk;
        st = td_pool_run(pool, p->n_crews + 1, crew_task, p, err);
        if (!st) st = td_pool_run(pool, (p->session->n_buses + BUSES_ABREAST - 1) / BUSES_ABREAST, buses_task, p, err);
        p->heard = p->n;
        if (!st && progress) progress(user, "survey", (double)(at + p->n) / (double)frames);
    }
    if (!st) st = hear_sum(p, err);
    return st ? st : td_pool_run(pool, p->survey->n_signals, end_task, p, err);
}

td_status td_hear_session(td_survey *s, td_pool *pool, td_progress progress, void *user, td_error *err)
{
    pass p = { .survey = s, .session = s->session };
    unsigned before = td_denormals_off();
    pthread_mutex_init(&p.lock, NULL);
    td_status st = open_all(&p, td_pool_threads(pool), err);
    if (!st) st = run(&p, pool, progress, user, err);
    if (!st) st = td_pulse_tempo(p.pulse, &s->tempo_bpm, err);
    if (!st) st = td_percussion_end(p.percussion, &s->percussiveness_db, err);
    if (!st) conclude(&p);
    close_all(&p);
    pthread_mutex_destroy(&p.lock);
    td_denormals_restore(before);
    return st;
}
