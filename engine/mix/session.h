/* engine/mix/session.h - what there is: stems with their roles, buses and file facts. The first of the five values.
 *
 * Plain data in an arena. Made by td_session_open from what an order names; beyond headers nothing is decoded
 * here but stems whose names say nothing. */
#ifndef TD_MIX_SESSION_H
#define TD_MIX_SESSION_H

#include "engine/audio/audio.h"
#include "engine/base/pool.h"
#include "engine/mix/roles.h"

#define TD_STEMS_MAX 256
#define TD_BUSES_MAX 32

/* What the order says about one stem. Zero-initialised means: nothing. */
typedef struct td_stem_wish {
    const char *file;  /* path on this machine */
    const char *right; /* its R file, where the pair is known already; NULL */
    const char *name;  /* as the client calls it, perhaps with folders in front; NULL: the path's last part */
    const char *role;  /* NULL: read it from the name, and then from those of its folders */
    double level_db;
    double pan;          /* -100..100; NaN: as delivered */
    bool flip;           /* polarity */
    const char *sha256;  /* what the file's bytes hash to, in hex; NULL: not said. Who fetches the file checks it */
    const char *refused; /* why it cannot be a stem, where that is known before it is opened; NULL */
} td_stem_wish;

typedef struct td_stem {
    const char *name;       /* as people know it: the file's name, with as many of its folders as tell two of one name
                               apart; of a pair "OH L.wav + OH R.wav" */
    const char *path;       /* where it lies */
    const char *path_right; /* the R file of an L/R pair; NULL */
    td_role role;
    unsigned bus;    /* index into td_session.bus; UINT_MAX: takes no part (ignored, rejected, silent) */
    double level_db; /* the order's; 0 */
    double pan;      /* the order's; NaN as delivered */
    bool flip;
    td_audio_info info;
    unsigned faults;            /* TD_FAULT_BITs known from the file; the survey's intake adds what is heard */
    char fault_text[160];       /* the message of a rejection */
    char sha256[TD_SHA256_HEX]; /* of the file's bytes; of both for a pair */
    uint64_t frames;            /* at the session's rate */
    td_file_mark mark[2];       /* of its files when they were judged */
} td_stem;

typedef struct td_bus {
    const char *name;  /* "drums", "vocals"; lead and backing vocals are two buses: "vocals" and "backing" share the
                          group chain of `group` */
    const char *group; /* whose chain of a recipe applies: equal to name but for backing vocals ("vocals") */
    size_t stems;      /* how many take part */
} td_bus;

typedef struct td_session {
    const char *title, *artist;
    unsigned rate_hz;       /* the highest among the stems, at least 44100 and at most 96000; all else is converted */
    uint64_t frames;        /* the longest stem */
    double tempo_bpm;       /* the order's, a file name's, or 0 until the survey estimated it */
    const char *tempo_from; /* "job", "file name", "estimate", "default" */
    td_stem *stem;
    size_t n_stems;
    td_bus *bus;
    size_t n_buses;
    td_stem *rough, *reference; /* the order's, else a stem whose name says so; NULL when there is none */
    char hash[TD_SHA256_HEX];   /* of all that decides the sound: stem hashes, roles, levels, pans in this order */
    td_arena *arena;            /* owns everything above */
} td_session;

typedef struct td_session_wish {
    const char *title, *artist;
    const td_stem_wish *stem;
    size_t n_stems;
    const char *rough, *reference; /* paths; NULL */
    double tempo_bpm;              /* 0: not said */
    bool skip_rejected;            /* leave refused stems out instead of failing */
    const char *cache; /* folder where hashes of unchanged files (td_sha256_kept) and what was heard are kept; NULL */
    td_pool *pool;     /* for what has to be hashed or decoded; NULL: the caller does all of it */
} td_session_wish;

/* Opens every file, judges it, reads roles, pairs L/R files, orders stems and buses (by bus, role, name, hash: the
 * order in which files were named changes nothing), and hashes. TD_INPUT: a stem is refused and skip_rejected is false;
 * *out then still holds the session, so that all verdicts can be shown. TD_ARG: no stems, too many. */
td_status td_session_open(const td_session_wish *wish, td_session **out, td_error *err);
void td_session_free(td_session *s);

/* Takes the stem out that a later error (TD_INPUT) names: only decoding showed that it is damaged. The session is then
 * as if it had been refused from the start. False when no stem that takes part has that file. */
bool td_session_refuse(td_session *s, const td_error *err);

/* Whether a stem is refused and somebody has to mind: a broken click track keeps nobody from mixing. */
bool td_stem_is_refused(const td_stem *m);
bool td_stem_is_voice(const td_stem *m); /* sings or speaks, alone or as a choir */
/* TD_INPUT with all refused stems in one message; TD_OK when there are none. */
td_status td_session_refusal(const td_session *s, td_error *err);

/* How many channels it has, once decoded. */
unsigned td_stem_channels(const td_stem *stem);

/* Its sound, decoded, at a rate. TD_INPUT also when its files are no longer those that were judged. */
td_status td_stem_open(const td_stem *stem, unsigned rate_hz, td_source **out, td_error *err);
/* TD_INPUT: a stem that takes part, or a mix to compare with, was changed since it was judged. */
td_status td_session_unchanged(const td_session *s, td_error *err);

/* The stem before it that holds the very same bytes and plays as well; NULL: none, or it takes no part itself. */
const td_stem *td_session_twin(const td_session *s, size_t stem);

/* How much of a stem's name, its folders, says that other takes or old versions lie there ("Vox/takes/"); 0: nothing.
 */
size_t td_stem_aside(const td_stem *m);

/* The length most stems that take part have, or stand around; 0 when none does. */
uint64_t td_session_usual_frames(const td_session *s);

#endif
