/* engine/mix/hear/hear.h - what the survey's files share. Room-internal. */
#ifndef TD_HEAR_H
#define TD_HEAR_H

#include "engine/mix/hear/ear.h"
#include <pthread.h>

/* A stem's sound on disk, made when it is first asked for where the pass has not left it. */
typedef struct td_kept {
    pthread_mutex_t lock;
    td_scratch *audio;
} td_kept;

struct td_survey {
    const td_session *session; /* the caller's; outlives the survey */
    char *folder;
    size_t n_signals;
    td_signal *signal;
    size_t *like;     /* the signal whose arrays and rows are this one's too: a bus of one stem sounds like the stem */
    td_scratch **row; /* NULL where nothing sounds */
    double tempo_bpm, percussiveness_db;
    td_kept *stem;
    bool heard; /* it has features */
};

/* Without features; arrays allocated and empty. */
td_status td_survey_alloc(const td_session *session, const char *folder, td_survey **out, td_error *err);

/* A stem that decoding again would cost: a codec, another rate, two files. */
bool td_stem_costs(const td_session *session, const td_stem *stem);

static inline bool td_stem_plays(const td_session *session, size_t stem)
{
    return session->stem[stem].bus < session->n_buses;
}

/* Steps of 100 ms in a session, the last one started included. */
static inline size_t td_session_steps(const td_session *session)
{
    return (size_t)((session->frames * 10 + session->rate_hz - 1) / session->rate_hz);
}

/* Signals that are like another get its figures and arrays. */
void td_survey_share(td_survey *s);

/* The pass over all audio (pass.c). */
td_status td_hear_session(td_survey *s, td_pool *pool, td_progress progress, void *user, td_error *err);

/* Rows first..first + n of a signal. */
td_status td_survey_rows(const td_survey *s, size_t signal, size_t first, size_t n, td_row *out, td_error *err);

#endif
