/* engine/report/compare.h - two finished files beside each other, at the same loudness: tone, dynamics, width.
 *
 * What is louder sounds better, so the file is turned until both have the integrated loudness of the reference; only
 * the native figures show what they were. A mono file is what it sounds like on two speakers, 3 dB louder than BS.1770
 * has its one channel. Tone is told about the median band: a boost that made a file louder has not taken from all
 * other bands. */
#ifndef TD_REPORT_COMPARE_H
#define TD_REPORT_COMPARE_H

#include "engine/mix/measure.h"
#include "engine/report/portrait.h"
#include "engine/report/stereo.h"

typedef struct td_compared {
    bool mono;
    double loudness_lufs, range_lu, max_short_lufs, true_peak_dbtp, crest_db, plr_db; /* as it stands on disk */
    double correlation, low_correlation, mono_loss_lu, balance_db; /* low: below 120 Hz; balance: left over right */
    double
        level_db[TD_BANDS]; /* third octaves against the loudness, so that levels of two files compare; NaN: silent */
    double width_db[TD_OCTAVES],
        octave_correlation[TD_OCTAVES]; /* side over middle, within 60 dB; NaN: no part in the sound */
} td_compared;

typedef struct td_comparison {
    double gain_db; /* brings the file to the reference's loudness */
    td_compared file, reference;
    double difference_db[TD_BANDS]; /* of the file about their median: positive: it has more; NaN: one is silent */
    double tilt_db;                 /* of that, dB an octave, 100 Hz to 10 kHz: positive is brighter */
    double mean_db, most_db;        /* over 100 Hz to 10 kHz; the greatest with its sign */
    double most_at_hz;
    const char **word; /* what is heard, and first what is heard most */
    size_t n_words;
} td_comparison;

/* A file that was measured already. False: it is silent, or too short for a loudness. */
bool td_compared_make(const td_measurement *m, const td_portrait *portrait, td_compared *out);
/* Words live in a. TD_NOMEM. */
td_status td_comparison_make(const td_compared *file, const td_compared *reference, td_arena *a, td_comparison *out);
/* Decodes both. */
td_status td_compare_files(const char *path, const char *reference, td_arena *a, td_comparison *out, td_error *err);

#endif
