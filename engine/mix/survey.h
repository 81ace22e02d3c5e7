/* engine/mix/survey.h - what was heard: measured features of every track, bus and the raw sum. The second value.
 *
 * Made in one pass over the audio, which also leaves what was costly to decode as scratch audio, so that planning and
 * rendering do not decode it again. Features stand in steps of 100 ms. What is small stays in memory (16 bytes a step
 * and signal); powers of third and twelfth octaves, 5 kB a second and signal, stream through disk: memory hardly grows
 * with the song. A survey can be written and read back (td_survey_save, td_survey_load): it is cached by the session's
 * hash. Threads: what takes a const survey, and the audio, may be asked from any number of them. */
#ifndef TD_MIX_SURVEY_H
#define TD_MIX_SURVEY_H

#include "engine/meter/meter.h"
#include "engine/mix/session.h"

#define TD_STEP_S 0.1 /* seconds a step */

typedef struct td_passage {
    uint64_t at;   /* frames */
    size_t frames; /* 4 s */
} td_passage;

#define TD_PASSAGES 8
#define TD_CLIPS    4

/* Signals: first the stems of the session in its order, as they enter their bus: with the order's level and pan, mono
 * 3.01 dB down on both sides (those that take no part are all zero); then its buses (sums of these, before clip gain);
 * last the raw sum of all. */
typedef struct td_signal {
    size_t steps;                     /* of 100 ms */
    const float *k;                   /* K-weighted power, L+R */
    const float *ms;                  /* mean square, mean of L and R */
    const float *peak;                /* sample peak */
    const float *true_peak;           /* the sum; NULL for all else */
    double peak_dbfs, true_peak_dbtp; /* true peak: the sum, else NaN */
    double rms_dbfs, crest_db;        /* over its active steps; crest: peak over that */
    double loudness_lufs, range_lu, max_momentary_lufs, max_short_lufs;
    double dc; /* mean, of the worse channel, linear */
    uint64_t nonfinite;
    double first_sound_s, last_sound_s; /* above -60 dBFS; NaN when silent */
    double cutoff_hz;                   /* where its spectrum breaks off, below 20 kHz; NaN: nowhere */
    size_t active_steps;                /* above its own gates */
    unsigned clips;                     /* runs of three samples or more at full scale, in the file itself */
    double clip_at_s[TD_CLIPS];         /* where the first of them are */
    td_passage passage[TD_PASSAGES];    /* loudest 4 s by momentary loudness, not overlapping; frames 0: no more */
} td_signal;

typedef struct td_survey td_survey;

typedef void (*td_progress)(void *user, const char *stage, double fraction);

/* scratch_folder holds the temporary audio. progress may be NULL. */
td_status td_survey_make(const td_session *session, td_pool *pool, const char *scratch_folder, td_progress progress,
                         void *user, td_survey **out, td_error *err);
/* The same; a stem that turns out to be damaged is refused, and the others are heard anew. */
td_status td_survey_hear(td_session *session, td_pool *pool, const char *scratch_folder, td_progress progress,
                         void *user, td_survey **out, td_error *err);
void td_survey_free(td_survey *s);

size_t td_survey_stem(const td_survey *s, size_t stem); /* the signal of a stem, a bus, the sum */
size_t td_survey_bus(const td_survey *s, size_t bus);
size_t td_survey_sum(const td_survey *s);
const td_signal *td_survey_signal(const td_survey *s, size_t signal);

/* Band powers of a signal over the steps where mask is set (NULL: all), summed, as doubles. */
typedef struct td_band_power {
    double ll[TD_BANDS], rr[TD_BANDS], lr[TD_BANDS];
} td_band_power;
td_status td_survey_bands(const td_survey *s, size_t signal, const unsigned char *mask, td_band_power *out,
                          td_error *err);
/* Whether a signal sounds, and its sides are one to -70 dB. */
bool td_survey_sides_equal(const td_band_power *p);
/* The frames themselves, steps first..first+n, streamed from disk. */
td_status td_survey_band_frames(const td_survey *s, size_t signal, size_t first, size_t n, td_band_frame *out,
                                td_error *err);

/* A stem's decoded audio (one or two planes, at the session's rate, level and pan not applied) where decoding it again
 * would cost (a codec, another rate, an L/R pair); *out is NULL for plain PCM at the session's rate, which
 * td_source_open reads again for little. */
td_status td_survey_stem_audio(td_survey *s, size_t stem, const td_scratch **out, td_error *err);
/* Whether nothing sounds there of a stem, as far as was heard. */
bool td_survey_silent(const td_survey *s, size_t stem, int64_t from, size_t n);
/* A survey without features, for rendering a plan that is decided already: only the audio above. pool NULL: it is made
 * when it is asked for, else now. */
td_status td_survey_bare(const td_session *session, td_pool *pool, const char *scratch_folder, td_survey **out,
                         td_error *err);
/* Makes all such audio that is not there yet, side by side: after td_survey_load. stem: of which; NULL: of all. */
td_status td_survey_ready(td_survey *s, td_pool *pool, const bool *stem, td_error *err);

/* Beats per minute as estimated from the sum's onsets, 60 to 200; 0 when nothing beats. */
double td_survey_tempo(const td_survey *s);
/* Percussive against harmonic power of the sum, 355 Hz to 4 kHz, in dB: what td_target_common wants. NaN when silent.
 */
double td_survey_percussiveness(const td_survey *s);

/* Written whole and read back bit for bit; TD_INPUT when a file is no survey of this session or version. */
td_status td_survey_save(const td_survey *s, const char *path, td_error *err);
td_status td_survey_load(const td_session *session, const char *path, const char *scratch_folder, td_survey **out,
                         td_error *err);

#endif
