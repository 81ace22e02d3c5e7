#include "engine/mix/intake_words.h"

#include "engine/mix/features.h"
#include "engine/mix/measure.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- thresholds -------------------------------------------------------------------------------------------------- */

#define CLIPS               2 /* one run at full scale may be a peak that was normalised */
#define DC_DBFS             (-50.0)
#define ABSENT_POWER        1e-6 /* -60 dB */
#define FLIPPED_CORRELATION (-0.8)
#define TWIN_POWER          1e-4 /* relative, per 100 ms: the same sound through another file format */
#define TWIN_BANDS          1e-3 /* the same of third octaves, over the whole song */
#define TWIN_LIKENESS       0.9
#define AT_ONCE_S           0.1
#define CUTOFF_PART         0.9     /* of half the file's rate */
#define HUM_DB              (-50.0) /* against what plays */
#define HUM_MARGIN_DB       3.0
#define LOUD_HUM_DB         (-15.0) /* what plays low may hold a note as long */
#define NOISE_DBFS          (-65.0)
#define NOISE_DB            (-35.0) /* against what plays */
#define CUT_S               2.0     /* so much shorter than the others, and sounding from its first sample */
#define SHORTER_S           1.0     /* than the others: asked about, unless they only ring out behind it */
#define RING_S              10.0    /* no longer */
#define RING_POWER          0.001   /* -30 dB against the song: what rises over that plays */
#define RING_RISE           4.0     /* 6 dB */

/* ---- what is heard ----------------------------------------------------------------------------------------------- */

typedef struct hearing {
    const td_session *session;
    const td_survey *survey;
    const td_stem *stem;
    const td_signal *signal;
    td_band_power bands;
    double ll, rr, lr; /* of all bands */
    double usual_s;    /* length of most stems */
    bool glance;       /* only what nothing has to be read for */
    size_t index;
    const td_stem_findings *in; /* what was found so far */
    td_error *err;
    td_status status; /* of tests that read */
} hearing;

static bool is_silent(hearing *h, td_finding *f)
{
    (void)f;
    return td_is_silent(h->signal->peak_dbfs);
}

static bool is_clipped(hearing *h, td_finding *f)
{
    f->value = h->signal->clips;
    f->at_s = h->signal->clip_at_s[0];
    return h->signal->clips >= CLIPS;
}

static bool has_dc(hearing *h, td_finding *f)
{
    f->value = td_to_db(fabs(h->signal->dc));
    return f->value > DC_DBFS;
}

static void compare_lengths(const hearing *h, td_finding *f)
{
    f->value = h->usual_s;
    f->length_s = (double)h->stem->frames / h->session->rate_hz;
}

/* A tail only falls: it neither rises nor holds its level. */
static bool only_rings(const td_signal *sum, double from_s, double to_s)
{
    size_t first = (size_t)(from_s / TD_STEP_S), end = (size_t)(to_s / TD_STEP_S), middle = (first + end) / 2;
    double mean = 0, lowest = INFINITY, half[2] = { 0 };
    for (size_t i = 0; i < sum->steps; i++) mean += (double)sum->k[i] / (double)sum->steps;
    for (size_t i = first; i < end && i < sum->steps; i++) {
        double now = (double)sum->k[i];
        half[i >= middle] += now;
        if (now > RING_POWER * mean && now > RING_RISE * lowest) return false;
        lowest = fmin(lowest, now);
    }
    return RING_RISE * half[1] < half[0] || half[1] < RING_POWER * mean * (double)(end - middle);
}

/* Whether a file ends while the others play on: then its start is to be asked about. */
static bool others_play_on(const hearing *h, double length_s)
{
    double missing_s = h->usual_s - length_s;
    if (missing_s <= SHORTER_S || missing_s > RING_S || !h->survey) return missing_s > SHORTER_S;
    return !only_rings(td_survey_signal(h->survey, td_survey_sum(h->survey)), length_s, h->usual_s);
}

static bool was_cut(hearing *h, td_finding *f)
{
    compare_lengths(h, f);
    return h->signal->first_sound_s < AT_ONCE_S && f->length_s < h->usual_s - CUT_S;
}

static bool is_lossy(hearing *h, td_finding *f)
{
    f->format = h->stem->info.format;
    return h->stem->info.lossy;
}

/* What once was lossy: its spectrum breaks off where no converter's filter would cut. */
static bool was_lossy(hearing *h, td_finding *f)
{
    (void)f;
    return !h->stem->info.lossy && h->signal->cutoff_hz < CUTOFF_PART * h->stem->info.rate_hz / 2;
}

static bool is_one_sided(hearing *h, td_finding *f)
{
    (void)f;
    return h->stem->info.channels == 2 && fmin(h->ll, h->rr) < ABSENT_POWER * fmax(h->ll, h->rr);
}

static bool is_mono_as_stereo(hearing *h, td_finding *f)
{
    (void)f;
    return h->stem->info.channels == 2 && td_survey_sides_equal(&h->bands);
}

static bool is_flipped(hearing *h, td_finding *f)
{
    (void)f;
    return h->stem->info.channels == 2 && h->lr < FLIPPED_CORRELATION * sqrt(h->ll * h->rr);
}

static bool as_loud(const td_signal *a, const td_signal *b)
{
    size_t n = a->steps < b->steps ? a->steps : b->steps;
    double apart = 0, all = 0;
    for (size_t i = 0; i < n; i++) {
        apart += fabs((double)a->ms[i] - (double)b->ms[i]);
        all += (double)a->ms[i];
        if (i % 100 == 99 && apart > all) return false; /* most pairs part early */
    }
    return all > 0 && apart < TWIN_POWER * all;
}

/* Steady tones are as loud as each other throughout, whatever they play. */
static bool same_tone(hearing *h, size_t other)
{
    td_band_power own, its;
    double apart = 0, all = 0;
    h->status = td_survey_bands(h->survey, td_survey_stem(h->survey, h->index), NULL, &own, h->err);
    if (!h->status) h->status = td_survey_bands(h->survey, other, NULL, &its, h->err);
    for (size_t b = 0; !h->status && b < TD_BANDS; b++) {
        apart += fabs(own.ll[b] + own.rr[b] - its.ll[b] - its.rr[b]);
        all += own.ll[b] + own.rr[b];
    }
    return !h->status && apart < TWIN_BANDS * all;
}

/* A step of a stem, one channel after the other; the second of a mono stem stays as it is. */
static td_status read_step(const hearing *h, size_t stem, size_t step, float *out, size_t frames)
{
    const td_stem *t = &h->session->stem[stem];
    td_source *source;
    float *to[2] = { out, out + frames };
    td_status st = td_stem_open(t, h->session->rate_hz, &source, h->err);
    if (st) return st;
    bool there = td_source_seek(source, step * frames);
    for (size_t i = 0, got; !st && i <= (there ? 0 : step); i++) st = td_source_read(source, to, frames, &got, h->err);
    td_source_close(source);
    return st;
}

/* Of two that are as loud in every step: how alike their waves are where they are loudest; -1: upside down. */
static double likeness(hearing *h, size_t other)
{
    size_t frames = h->session->rate_hz / 10, loudest = 0;
    float *wave = calloc(4 * frames, sizeof *wave);
    double product = 0, own = 0, its = 0;
    for (size_t i = 1; i < h->signal->steps; i++)
        if (h->signal->ms[i] > h->signal->ms[loudest]) loudest = i;
    h->status = wave ? read_step(h, h->index, loudest, wave, frames) : td_no_memory(h->err);
    if (!h->status) h->status = read_step(h, other, loudest, wave + 2 * frames, frames);
    for (size_t i = 0; !h->status && i < 2 * frames; i++) {
        double x = (double)wave[i], y = (double)wave[2 * frames + i];
        product += x * y;
        own += x * x;
        its += y * y;
    }
    free(wave);
    return own * its > 0 ? product / sqrt(own * its) : 0;
}

/* A later one is the copy. */
static bool has_twin(hearing *h, td_finding *f, double sign)
{
    for (size_t i = 0; i < h->index && !h->status; i++) {
        if (h->session->stem[i].bus == UINT_MAX) continue;
        size_t signal = td_survey_stem(h->survey, i);
        f->twin = h->session->stem[i].name;
        if (as_loud(h->signal, td_survey_signal(h->survey, signal)) && same_tone(h, signal) &&
            sign * likeness(h, i) > TWIN_LIKENESS)
            return !h->status;
    }
    return false;
}

static bool is_duplicate(hearing *h, td_finding *f)
{
    return has_twin(h, f, 1);
}

static bool is_inverted(hearing *h, td_finding *f)
{
    return !(h->in->faults & TD_FAULT_BIT(DUPLICATE)) && has_twin(h, f, -1);
}

/* A feature of the stem that conditions ask for as well; NaN where it cannot be measured. */
static double feature(hearing *h, const char *name, double *at_hz)
{
    double value = NAN, q;
    td_condition none = { .kind = TD_COND_COMPARE };
    h->status = td_feature_measure(h->survey, h->session, td_feature_find(name), td_survey_stem(h->survey, h->index),
                                   &none, &value, at_hz, &q, h->err);
    return value;
}

static bool is_one_of(const td_stem *m, const char *const *roles)
{
    while (*roles && !td_role_covers(*roles, m->role.name)) roles++;
    return *roles != NULL;
}

/* Hum never stops: a pause quieter than it unmasks the low note of a bass, and so does a hum louder than any. Tails of
 * drums fill the pauses. */
static bool hums(hearing *h, td_finding *f)
{
    static const char *const no_cable[] = { "drums", "percussion", "synths", "fx", NULL };
    static const char *const low[] = { "bass", "keys", "other", NULL };
    double at_hz;
    if (is_one_of(h->stem, no_cable)) return false;
    f->value = feature(h, "hum", &f->at_hz);
    if (h->status || !(f->value > HUM_DB) || (f->value > LOUD_HUM_DB && is_one_of(h->stem, low))) return false;
    return !(feature(h, "noise_floor", &at_hz) <= h->signal->rms_dbfs + f->value - HUM_MARGIN_DB); /* NaN: no pause */
}

/* Only what is recorded close and pauses: in the pauses of a tom one hears the other drums. */
static bool is_noisy(hearing *h, td_finding *f)
{
    static const char *const close[] = { "vocals", "speech", "guitars", "bass", "keys", NULL };
    double at_hz;
    if (h->in->faults & TD_FAULT_BIT(HUM) || !is_one_of(h->stem, close)) return false; /* the hum is the noise */
    f->value = feature(h, "noise_floor", &at_hz);
    return f->value > NOISE_DBFS && f->value > h->signal->rms_dbfs + NOISE_DB;
}

static bool has_nonfinite(hearing *h, td_finding *f)
{
    (void)f;
    return h->signal->nonfinite > 0;
}

/* Silence has no other faults, so it comes first. */
static const struct {
    td_fault_code code;
    bool (*heard)(hearing *h, td_finding *f);
    bool reads; /* spectra or sound; twins only where levels hardly leave a doubt */
} tests[] = {
    { TD_FAULT_SILENT, is_silent, false },
    { TD_FAULT_CLIPPED, is_clipped, false },
    { TD_FAULT_DC, has_dc, false },
    { TD_FAULT_STARTS_LATE, was_cut, false },
    { TD_FAULT_LOSSY_FILE, is_lossy, false },
    { TD_FAULT_LOSSY_SOURCE, was_lossy, false },
    { TD_FAULT_NONFINITE, has_nonfinite, false },
    { TD_FAULT_MONO_AS_STEREO, is_mono_as_stereo, true },
    { TD_FAULT_ONE_SIDED, is_one_sided, true },
    { TD_FAULT_POLARITY_FLIPPED, is_flipped, true },
    { TD_FAULT_DUPLICATE, is_duplicate, false },
    { TD_FAULT_INVERTED, is_inverted, false },
    { TD_FAULT_HUM, hums, true },
    { TD_FAULT_NOISE, is_noisy, true },
};

/* ---- judging ----------------------------------------------------------------------------------------------------- */

static void keep(td_stem_findings *in, td_finding f)
{
    in->faults |= 1u << f.code;
    in->finding[in->n_findings++] = f;
}

static td_finding finding(td_fault_code code)
{
    return (td_finding){ .code = code, .at_s = NAN, .value = NAN, .at_hz = NAN, .length_s = NAN };
}

/* What the file showed, with its figure. */
static void keep_shown(const hearing *h, td_stem_findings *in, td_fault_code code)
{
    td_finding f = finding(code);
    if (td_fault_detail(code) == TD_DETAIL_RATE) f.value = h->stem->info.rate_hz;
    if (td_fault_detail(code) == TD_DETAIL_LENGTH) compare_lengths(h, &f);
    f.played_on = code == TD_FAULT_LENGTH_DIFFERS && others_play_on(h, f.length_s);
    if (code == TD_FAULT_UNREADABLE || code == TD_FAULT_EMPTY) f.format = h->stem->info.format;
    for (size_t i = 0; td_fault_detail(code) == TD_DETAIL_TWIN && i < h->index && !f.twin; i++)
        if (!strcmp(h->session->stem[i].sha256, h->stem->sha256)) f.twin = h->session->stem[i].name;
    keep(in, f);
}

static td_status sum_bands(hearing *h)
{
    td_status st = td_survey_bands(h->survey, td_survey_stem(h->survey, h->index), NULL, &h->bands, h->err);
    if (st) return st;
    h->ll = h->rr = h->lr = 0;
    for (size_t b = 0; b < TD_BANDS; b++) {
        h->ll += h->bands.ll[b];
        h->rr += h->bands.rr[b];
        h->lr += h->bands.lr[b];
    }
    return TD_OK;
}

static td_status listen(hearing *h, td_stem_findings *in)
{
    h->status = h->glance ? TD_OK : sum_bands(h);
    for (size_t t = 0; t < sizeof tests / sizeof *tests && !h->status; t++) {
        td_finding f = finding(tests[t].code);
        if (in->faults & 1u << f.code || (h->glance && tests[t].reads) || !tests[t].heard(h, &f)) continue;
        keep(in, f);
        if (f.code == TD_FAULT_SILENT) break; /* and nothing else is wrong with silence */
    }
    return h->status;
}

static int compare_findings(const void *a, const void *b)
{
    return (int)((const td_finding *)a)->code - (int)((const td_finding *)b)->code;
}

static td_status judge(hearing *h, td_stem_findings *in)
{
    in->true_peak_dbtp = NAN;
    for (td_fault_code code = 0; code < TD_FAULT_COUNT; code++) {
        if (h->stem->faults & 1u << code) keep_shown(h, in, code);
    }
    td_status st = TD_OK;
    if (h->survey && h->stem->bus != UINT_MAX) {
        h->signal = td_survey_signal(h->survey, td_survey_stem(h->survey, h->index));
        st = listen(h, in);
    }
    qsort(in->finding, in->n_findings, sizeof *in->finding, compare_findings);
    in->verdict = td_faults_verdict(in->faults);
    return st;
}

static td_status judge_all(const td_session *session, const td_survey *survey, bool glance, td_findings **out,
                           td_error *err)
{
    *out = NULL;
    td_arena *arena = td_arena_new();
    td_findings *in = arena ? td_arena_alloc(arena, sizeof *in) : NULL;
    td_stem_findings *stem = arena ? td_arena_array(arena, session->n_stems, sizeof *stem) : NULL;
    if (!in || !stem) {
        td_arena_free(arena);
        return td_no_memory(err);
    }
    *in = (td_findings){ .stem = stem, .n_stems = session->n_stems, .arena = arena };
    hearing h = { .session = session, .survey = survey, .glance = glance, .err = err };
    h.usual_s = (double)td_session_usual_frames(session) / session->rate_hz;
    for (size_t i = 0; i < in->n_stems && !h.status; i++) {
        h.index = i;
        h.stem = &session->stem[i];
        h.in = &stem[i];
        h.status = judge(&h, &stem[i]);
        if (stem[i].verdict > in->verdict) in->verdict = stem[i].verdict;
    }
    if (h.status) {
        td_intake_free(in);
        return h.status;
    }
    *out = in;
    return TD_OK;
}

td_status td_intake_make(const td_session *session, const td_survey *survey, td_findings **out, td_error *err)
{
    return judge_all(session, survey, false, out, err);
}

td_status td_intake_glance(const td_session *session, const td_survey *survey, td_findings **out, td_error *err)
{
    return judge_all(session, survey, true, out, err);
}

void td_intake_free(td_findings *in)
{
    if (in) td_arena_free(in->arena);
}

/* ---- peaks ------------------------------------------------------------------------------------------------------- */

typedef struct peak_work {
    const td_session *session;
    td_findings *in;
} peak_work;

static td_status measure_peak(void *shared, size_t index, td_error *err)
{
    const peak_work *w = shared;
    const td_stem *m = &w->session->stem[index];
    const char *const path[] = { m->path, m->path_right };
    double *peak_dbtp = &w->in->stem[index].true_peak_dbtp;
    td_status st = TD_OK;
    for (size_t i = 0; !st && i < 2 && path[i] && td_faults_verdict(m->faults) != TD_REJECT; i++) {
        td_measurement measured;
        st = td_measure_levels(path[i], &measured, err);
        if (!st) *peak_dbtp = fmax(*peak_dbtp, measured.true_peak_dbtp);
    }
    return st;
}

td_status td_intake_measure_peaks(const td_session *session, td_pool *pool, td_findings *in, td_error *err)
{
    return td_pool_run(pool, in->n_stems, measure_peak, &(peak_work){ session, in }, err);
}
