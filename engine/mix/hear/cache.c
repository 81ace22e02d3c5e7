#include "engine/mix/hear/hear.h"

#include "engine/base/cache.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A survey in a file, little-endian as x86-64 and aarch64 keep it:
 *
 *     head | for each signal: its figures, then k, ms, peak, and true peak where it has one | rows of each signal that
 *     sounds | sum of all before it
 *
 * A file is foreign bytes: its length has to be what the head says, every figure a number, and the sum right. It is of
 * this very program: whoever mends a figure hears anew. */
#define MAGIC   "topdown survey\n"
#define VERSION 3 /* raised by whatever changes how it is written */
#define BATCH   64

typedef struct summed {
    FILE *file;
    uint64_t sum; /* of what was written or read */
} summed;

typedef struct head {
    char magic[16];
    uint32_t version, signals;
    uint64_t program, steps, frames;
    char session[TD_SHA256_HEX + 7];
    double tempo_bpm, percussiveness_db;
} head;

/* One signal's figures; passages are made again from k. */
typedef struct figures {
    uint64_t like, nonfinite, clips, has_rows, has_true_peak;
    double true_peak_dbtp, max_momentary_lufs, max_short_lufs, dc, first_sound_s, last_sound_s, cutoff_hz,
        clip_at_s[TD_CLIPS];
} figures;

static head head_of(const td_survey *s)
{
    head h = { .magic = MAGIC,
               .version = VERSION,
               .signals = (uint32_t)s->n_signals,
               .program = td_cache_program(),
               .steps = td_session_steps(s->session),
               .frames = s->session->frames,
               .tempo_bpm = s->tempo_bpm,
               .percussiveness_db = s->percussiveness_db };
    memcpy(h.session, s->session->hash, TD_SHA256_HEX);
    return h;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static td_status unwritten(const char *path, td_error *err)
{
    return td_fail(err, TD_DISK, path, NULL, "the survey cannot be written");
}

static bool put(summed *f, const void *data, size_t size)
{
    f->sum = td_cache_sum(f->sum, data, size);
    return fwrite(data, 1, size, f->file) == size;
}

static bool put_signal(summed *f, const td_survey *s, size_t i)
{
    const td_signal *g = &s->signal[i];
    figures x = { .like = s->like[i],
                  .nonfinite = g->nonfinite,
                  .clips = g->clips,
                  .has_rows = s->row[i] != NULL,
                  .has_true_peak = g->true_peak != NULL,
                  .true_peak_dbtp = g->true_peak_dbtp,
                  .max_momentary_lufs = g->max_momentary_lufs,
                  .max_short_lufs = g->max_short_lufs,
                  .dc = g->dc,
                  .first_sound_s = g->first_sound_s,
                  .last_sound_s = g->last_sound_s,
                  .cutoff_hz = g->cutoff_hz };
    memcpy(x.clip_at_s, g->clip_at_s, sizeof x.clip_at_s);
    if (!put(f, &x, sizeof x)) return false;
    if (x.like != i) return true; /* the other one's arrays */
    size_t size = g->steps * sizeof(float);
    return put(f, g->k, size) && put(f, g->ms, size) && put(f, g->peak, size) &&
           (!g->true_peak || put(f, g->true_peak, size));
}

static td_status put_rows(summed *f, const td_survey *s, size_t i, const char *path, td_error *err)
{
    td_row row[BATCH];
    for (size_t at = 0, steps = s->signal[i].steps; at < steps; at += BATCH) {
        size_t n = steps - at < BATCH ? steps - at : BATCH;
        td_status st = td_survey_rows(s, i, at, n, row, err);
        if (st) return st;
        if (!put(f, row, n * sizeof *row)) return unwritten(path, err);
    }
    return TD_OK;
}

td_status td_survey_save(const td_survey *s, const char *path, td_error *err)
{
    char temp[4096];
    head h = head_of(s);
    summed f = { .file = td_cache_begin(path, temp, sizeof temp) };
    if (!f.file) return unwritten(path, err);
    bool good = put(&f, &h, sizeof h);
    for (size_t i = 0; good && i < s->n_signals; i++) good = put_signal(&f, s, i);
    td_status st = good ? TD_OK : unwritten(path, err);
    for (size_t i = 0; !st && i < s->n_signals; i++)
        if (s->row[i]) st = put_rows(&f, s, i, path, err);
    uint64_t sum = f.sum;
    if (!st && !put(&f, &sum, sizeof sum)) st = unwritten(path, err);
    if (!td_cache_end(f.file, temp, path, !st) && !st) st = unwritten(path, err);
    return st;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static td_status refuse(const char *path, td_error *err)
{
    return td_fail(err, TD_INPUT, path, "remove it, it is made again", "is no survey of this session and version");
}

static bool get(summed *f, void *data, size_t size)
{
    if (fread(data, 1, size, f->file) != size) return false;
    f->sum = td_cache_sum(f->sum, data, size);
    return true;
}

/* Powers and peaks: numbers, and none below 0. */
static bool get_powers(summed *f, const float *to, size_t n)
{
    float *x = (float *)to;
    if (!get(f, x, n * sizeof *x)) return false;
    for (size_t i = 0; i < n; i++)
        if (!(x[i] >= 0 && x[i] < 1e12f)) return false;
    return true;
}

static bool sane(const td_survey *s, size_t i, const figures *x)
{
    bool shared = x->like != i;
    if (shared && (i < s->session->n_stems || x->like >= s->session->n_stems || x->has_rows)) return false;
    if (x->has_rows > 1 || x->has_true_peak > 1 || x->clips > s->session->frames) return false;
    const double numbers[] = { x->true_peak_dbtp, x->max_momentary_lufs, x->max_short_lufs, x->dc };
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
        if (numbers[k] > 1000) return false;
    double end = (double)s->session->frames / s->session->rate_hz;
    bool silent = isnan(x->first_sound_s) && isnan(x->last_sound_s);
    if (!silent && !(x->first_sound_s >= 0 && x->last_sound_s >= x->first_sound_s && x->last_sound_s <= end))
        return false;
    if (!isnan(x->cutoff_hz) && !(x->cutoff_hz > 0 && x->cutoff_hz < 1e6)) return false;
    for (size_t k = 0; k < TD_CLIPS; k++)
        if (!(x->clip_at_s[k] >= 0 && x->clip_at_s[k] <= end)) return false;
    return true;
}

static td_status get_signal(summed *f, td_survey *s, size_t i, bool *rows, const char *path, td_error *err)
{
    td_signal *g = &s->signal[i];
    figures x;
    if (!get(f, &x, sizeof x) || !sane(s, i, &x)) return refuse(path, err);
    s->like[i] = (size_t)x.like;
    *rows = x.has_rows;
    g->nonfinite = x.nonfinite;
    g->clips = (unsigned)x.clips;
    g->true_peak_dbtp = x.true_peak_dbtp;
    g->max_momentary_lufs = x.max_momentary_lufs;
    g->max_short_lufs = x.max_short_lufs;
    g->dc = x.dc;
    g->first_sound_s = x.first_sound_s;
    g->last_sound_s = x.last_sound_s;
    g->cutoff_hz = x.cutoff_hz;
    memcpy(g->clip_at_s, x.clip_at_s, sizeof g->clip_at_s);
    if (s->like[i] != i) return TD_OK;
    if (x.has_true_peak && !(g->true_peak = td_calloc2(g->steps + 1, 1, sizeof(float)))) return td_no_memory(err);
    if (!get_powers(f, g->k, g->steps) || !get_powers(f, g->ms, g->steps) || !get_powers(f, g->peak, g->steps) ||
        (g->true_peak && !get_powers(f, g->true_peak, g->steps)))
        return refuse(path, err);
    return td_signal_sum_up(g, s->session->rate_hz, s->session->frames, err);
}

static bool rows_are_numbers(const td_row *row, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t b = 0; b < TD_BANDS; b++) {
            const td_band_frame *f = &row[i].bands;
            if (!(f->ll[b] >= 0 && f->ll[b] < 1e12f && f->rr[b] >= 0 && f->rr[b] < 1e12f)) return false;
            if (!(fabsf(f->lr[b]) < 1e12f)) return false;
        }
        for (size_t t = 0; t < TD_LOWS; t++)
            if (!(row[i].low[t] >= 0 && row[i].low[t] < 1e12f)) return false;
    }
    return true;
}

static td_status get_rows(summed *f, td_survey *s, size_t i, const char *path, td_error *err)
{
    td_row row[BATCH];
    td_status st = td_scratch_new(s->folder, 1, &s->row[i], err);
    for (size_t at = 0, steps = s->signal[i].steps; !st && at < steps; at += BATCH) {
        size_t n = steps - at < BATCH ? steps - at : BATCH;
        const float *plane = (const float *)row;
        if (!get(f, row, n * sizeof *row) || !rows_are_numbers(row, n)) return refuse(path, err);
        st = td_scratch_append(s->row[i], &plane, n * TD_ROW_FLOATS, err);
    }
    return st;
}

static td_status read_all(summed *f, td_survey *s, const char *path, td_error *err)
{
    head h, own = head_of(s);
    bool *rows = calloc(s->n_signals, sizeof *rows);
    td_status st = rows ? TD_OK : td_no_memory(err);
    if (!st && !get(f, &h, sizeof h)) st = refuse(path, err);
    if (!st) {
        s->tempo_bpm = own.tempo_bpm = h.tempo_bpm;
        s->percussiveness_db = own.percussiveness_db = h.percussiveness_db;
        bool tempo = h.tempo_bpm >= 0 && h.tempo_bpm <= 1000, perc = !(fabs(h.percussiveness_db) > 1000);
        if (memcmp(&h, &own, sizeof h) || !tempo || !perc) st = refuse(path, err);
    }
    for (size_t i = 0; !st && i < s->n_signals; i++) st = get_signal(f, s, i, &rows[i], path, err);
    for (size_t i = 0; !st && i < s->n_signals; i++)
        if (rows[i]) st = get_rows(f, s, i, path, err);
    uint64_t sum = f->sum, written;
    if (!st && (!get(f, &written, sizeof written) || written != sum || fgetc(f->file) != EOF)) st = refuse(path, err);
    free(rows);
    return st;
}

td_status td_survey_load(const td_session *session, const char *path, const char *scratch_folder, td_survey **out,
                         td_error *err)
{
    *out = NULL;
    summed f = { .file = td_cache_open(path) };
    if (!f.file) return td_fail(err, TD_DISK, path, NULL, "cannot be read");
    td_status st = td_survey_alloc(session, scratch_folder, out, err);
    if (!st) st = read_all(&f, *out, path, err);
    if (!st) futimens(fileno(f.file), NULL); /* it was of use: others go first */
    fclose(f.file);
    if (st) {
        td_survey_free(*out);
        *out = NULL;
        return st;
    }
    td_survey_share(*out);
    (*out)->heard = true;
    return TD_OK;
}
