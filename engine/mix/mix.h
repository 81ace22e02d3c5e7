/* engine/mix/mix.h - what came out: the last of the five values.
 *
 * A td_mix holds one recipe's result: what was rendered and measured, and every file that left. engine/report writes
 * all mixes of a session down. */
#ifndef TD_MIX_H
#define TD_MIX_H

#include "engine/mix/master.h"
#include "engine/mix/plan.h"
#include "engine/mix/render.h"

/* A file as it stands on disk, measured by decoding it again. */
typedef struct td_mix_file {
    const char *name;   /* without folder */
    const char *kind;   /* "preview", "master", "version", "premaster", "group", "residual"; "rough", "reference" */
    const char *part;   /* as in its name: "Master9LUFS", "Instrumental", "drums" */
    const char *format; /* "wav", "mp3" */
    unsigned bits, bitrate_kbps, rate_hz;
    uint64_t bytes;
    char sha256[TD_SHA256_HEX];
    td_target wanted; /* NaN members: not asked */
    double loudness_lufs, range_lu, true_peak_dbtp, peak_dbfs, max_momentary_lufs, max_short_lufs;
    bool reached;       /* both targets hold on this file */
    const char *missed; /* why not, and by how much; NULL */
    double turned_db;   /* to be compared; 0: not */
    double drive_db;    /* the limiter's */
    double limiting_max_db, limiting_p95_db;
} td_mix_file;

typedef struct td_mix {
    const td_plan *plan; /* borrowed */
    char plan_hash[TD_SHA256_HEX];
    td_rendered *rendered; /* owned; the premaster may be gone already */
    td_mix_file *file;     /* in arena */
    size_t n_files;
    const char **left_out; /* files that were asked for and cannot be, each with the reason */
    size_t n_left_out;
    const char *failed; /* what went wrong with this recipe; NULL */
    td_arena *arena;
} td_mix;

td_status td_mix_new(const td_plan *plan, td_mix **out); /* TD_NOMEM */
void td_mix_free(td_mix *m);
td_mix_file *td_mix_add_file(td_mix *m, const char *name, const char *kind); /* NULL when memory is short */

/* From the wanted loudness, as it was before the file was turned, LU; NaN: none is wanted. */
double td_mix_file_off(const td_mix_file *f);

/* A file that was asked for will not be; borrowed text. */
td_status td_mix_leave_out(td_mix *m, const char *why);

/* Decodes a file and fills the measured members (loudness, peaks, bytes, sha256). */
td_status td_mix_measure_file(const char *path, td_mix_file *f, td_error *err);

#endif
