#include "engine/mix/hear/hear.h"

#include "engine/base/row.h"
#include <stdlib.h>
#include <string.h>

#define BATCH 64   /* rows read at once */
#define BLOCK 4096 /* frames, where audio is made again */

#define EQUAL_POWER 1e-7 /* -70 dB: what two sides may differ by and be one */

bool td_stem_costs(const td_session *session, const td_stem *stem)
{
    static const char *const plain[] = { "wav", "rf64", "w64", "aiff" };
    if (stem->path_right || stem->info.lossy || stem->info.rate_hz != session->rate_hz) return true;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (!strcmp(stem->info.format, plain[i])) return false;
    return true;
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

static bool silent_signal(td_signal *s, size_t steps)
{
    *s = (td_signal){ .steps = steps, .first_sound_s = NAN, .last_sound_s = NAN, .cutoff_hz = NAN };
    s->peak_dbfs = s->true_peak_dbtp = s->rms_dbfs = s->loudness_lufs = -INFINITY;
    s->max_momentary_lufs = s->max_short_lufs = -INFINITY;
    s->k = td_calloc2(steps + 1, 1, sizeof(float));
    s->ms = td_calloc2(steps + 1, 1, sizeof(float));
    s->peak = td_calloc2(steps + 1, 1, sizeof(float));
    return s->k && s->ms && s->peak;
}

td_status td_survey_alloc(const td_session *session, const char *folder, td_survey **out, td_error *err)
{
    *out = NULL;
    td_survey *s = calloc(1, sizeof *s);
    if (!s) return td_no_memory(err);
    size_t n = session->n_stems + session->n_buses + 1;
    s->session = session;
    s->folder = strdup(folder);
    s->percussiveness_db = NAN;
    s->signal = td_calloc2(n, 1, sizeof *s->signal);
    s->like = td_calloc2(n, 1, sizeof *s->like);
    s->row = td_calloc2(n, 1, sizeof *s->row);
    s->stem = td_calloc2(session->n_stems + 1, 1, sizeof *s->stem);
    bool whole = s->folder && s->signal && s->like && s->row && s->stem;
    for (size_t i = 0; whole && i < session->n_stems; i++) pthread_mutex_init(&s->stem[i].lock, NULL);
    for (; whole && s->n_signals < n; s->n_signals++) {
        s->like[s->n_signals] = s->n_signals;
        whole = silent_signal(&s->signal[s->n_signals], td_session_steps(session));
    }
    if (!whole) {
        td_survey_free(s);
        return td_no_memory(err);
    }
    *out = s;
    return TD_OK;
}

static void drop(td_kept *k)
{
    td_scratch_free(k->audio);
    pthread_mutex_destroy(&k->lock);
}

void td_survey_free(td_survey *s)
{
    if (!s) return;
    for (size_t i = s->n_signals; i-- > 0;) { /* what is shared goes before its owner */
        td_scratch_free(s->row[i]);
        if (s->like[i] == i || s->signal[i].k != s->signal[s->like[i]].k) td_signal_fini(&s->signal[i]);
    }
    for (size_t i = 0; s->stem && i < s->session->n_stems; i++) drop(&s->stem[i]);
    free(s->signal);
    free(s->like);
    free(s->row);
    free(s->stem);
    free(s->folder);
    free(s);
}

void td_survey_share(td_survey *s)
{
    for (size_t i = 0; i < s->n_signals; i++) {
        if (s->like[i] == i) continue;
        td_signal_fini(&s->signal[i]);
        s->signal[i] = s->signal[s->like[i]];
    }
    for (size_t i = s->session->n_stems; i < s->n_signals; i++) s->signal[i].clips = 0; /* sums know no full scale */
}

td_status td_survey_make(const td_session *session, td_pool *pool, const char *scratch_folder, td_progress progress,
                         void *user, td_survey **out, td_error *err)
{
    td_status st = td_survey_alloc(session, scratch_folder, out, err);
    if (st) return st;
    st = td_hear_session(*out, pool, progress, user, err);
    if (st) {
        td_survey_free(*out);
        *out = NULL;
        return st;
    }
    (*out)->heard = true;
    return TD_OK;
}

td_status td_survey_hear(td_session *session, td_pool *pool, const char *scratch_folder, td_progress progress,
                         void *user, td_survey **out, td_error *err)
{
    td_status st;
    do {
        st = td_survey_make(session, pool, scratch_folder, progress, user, out, err);
    } while (st == TD_INPUT && td_session_refuse(session, err));
    return st;
}

td_status td_survey_bare(const td_session *session, td_pool *pool, const char *scratch_folder, td_survey **out,
                         td_error *err)
{
    td_status st = td_survey_alloc(session, scratch_folder, out, err);
    if (st || !pool) return st;
    st = td_survey_ready(*out, pool, NULL, err);
    if (st) {
        td_survey_free(*out);
        *out = NULL;
    }
    return st;
}

/* ---- features --------------------------------------------------------------------------------------------------- */

size_t td_survey_stem(const td_survey *s, size_t stem)
{
    (void)s;
    return stem;
}

size_t td_survey_bus(const td_survey *s, size_t bus)
{
    return s->session->n_stems + bus;
}

size_t td_survey_sum(const td_survey *s)
{
    return s->n_signals - 1;
}

const td_signal *td_survey_signal(const td_survey *s, size_t signal)
{
    return &s->signal[signal];
}

td_status td_survey_rows(const td_survey *s, size_t signal, size_t first, size_t n, td_row *out, td_error *err)
{
    const td_scratch *row = s->row[s->like[signal]];
    float *plane = (float *)out;
    if (row) return td_scratch_read(row, (int64_t)(first * TD_ROW_FLOATS), &plane, n * TD_ROW_FLOATS, err);
    memset(out, 0, n * sizeof *out);
    return TD_OK;
}

td_status td_survey_bands(const td_survey *s, size_t signal, const unsigned char *mask, td_band_power *out,
                          td_error *err)
{
    td_row row[BATCH];
    size_t steps = s->signal[signal].steps;
    *out = (td_band_power){ 0 };
    for (size_t at = 0; at < steps; at += BATCH) {
        size_t n = steps - at < BATCH ? steps - at : BATCH;
        if (mask && !memchr(mask + at, 1, n)) continue;
        td_status st = td_survey_rows(s, signal, at, n, row, err);
        if (st) return st;
        for (size_t i = 0; i < n; i++) {
            if (mask && !mask[at + i]) continue;
            for (size_t b = 0; b < TD_BANDS; b++) {
                out->ll[b] += (double)row[i].bands.ll[b];
                out->rr[b] += (double)row[i].bands.rr[b];
                out->lr[b] += (double)row[i].bands.lr[b];
            }
        }
    }
    return TD_OK;
}

bool td_survey_sides_equal(const td_band_power *p)
{
    double both = 0, apart = 0;
    for (size_t b = 0; b < TD_BANDS; b++) {
        both += p->ll[b] + p->rr[b];
        apart += p->ll[b] + p->rr[b] - 2 * p->lr[b];
    }
    return both > 0 && apart < EQUAL_POWER * both;
}

td_status td_survey_band_frames(const td_survey *s, size_t signal, size_t first, size_t n, td_band_frame *out,
                                td_error *err)
{
    td_row row[BATCH];
    for (size_t at = 0; at < n; at += BATCH) {
        size_t m = n - at < BATCH ? n - at : BATCH;
        td_status st = td_survey_rows(s, signal, first + at, m, row, err);
        if (st) return st;
        for (size_t i = 0; i < m; i++) out[at + i] = row[i].bands;
    }
    return TD_OK;
}

double td_survey_tempo(const td_survey *s)
{
    return s->tempo_bpm;
}

double td_survey_percussiveness(const td_survey *s)
{
    return s->percussiveness_db;
}

/* ---- audio ------------------------------------------------------------------------------------------------------ */

static td_status remake_stem(td_survey *s, size_t stem, td_scratch *to, td_error *err)
{
    const td_stem *from = &s->session->stem[stem];
    float block[2][BLOCK], *const ch[2] = { block[0], block[1] };
    td_source *source;
    td_status st = td_stem_open(from, s->session->rate_hz, &source, err);
    if (st) return st;
    td_source_trust(source); /* a survey or a plan says by its hash that it was heard */
    for (size_t got = 1; !st && got;) {
        st = td_source_read(source, ch, BLOCK, &got, err);
        if (!st) st = td_scratch_append(to, (const float *const *)ch, got, err);
    }
    td_source_close(source);
    return st;
}

td_status td_survey_stem_audio(td_survey *s, size_t stem, const td_scratch **out, td_error *err)
{
    const td_stem *from = &s->session->stem[stem];
    td_kept *kept = &s->stem[stem];
    td_status st = TD_OK;
    *out = NULL;
    if (!td_stem_costs(s->session, from)) return TD_OK;
    pthread_mutex_lock(&kept->lock); /* whoever asks first makes it; the others wait */
    if (!kept->audio) {
        td_scratch *made = NULL;
        st = td_scratch_new(s->folder, td_stem_channels(from), &made, err);
        if (!st) st = remake_stem(s, stem, made, err);
        if (st)
            td_scratch_free(made);
        else
            kept->audio = made;
    }
    *out = kept->audio;
    pthread_mutex_unlock(&kept->lock);
    return st;
}

bool td_survey_silent(const td_survey *s, size_t stem, int64_t from, size_t n)
{
    uint64_t rate = s->session->rate_hz, end = from + (int64_t)n > 0 ? (uint64_t)(from + (int64_t)n) : 0;
    const td_signal *heard = &s->signal[stem];
    size_t first = from > 0 ? (size_t)((uint64_t)from * 10 / rate) : 0, last = (size_t)((end * 10 + rate - 1) / rate);
    if (last > heard->steps) last = heard->steps;
    if (!s->heard || !td_stem_plays(s->session, stem)) return false;
    return first >= last || td_largest(heard->peak + first, last - first) <= 0;
}

typedef struct wanted {
    td_survey *survey;
    const bool *stem;
} wanted;

static td_status ready_stem(void *shared, size_t i, td_error *err)
{
    const wanted *w = shared;
    const td_scratch *made;
    if (!td_stem_plays(w->survey->session, i) || (w->stem && !w->stem[i])) return TD_OK;
    return td_survey_stem_audio(w->survey, i, &made, err);
}

td_status td_survey_ready(td_survey *s, td_pool *pool, const bool *stem, td_error *err)
{
    wanted w = { s, stem };
    return td_pool_run(pool, s->session->n_stems, ready_stem, &w, err);
}
