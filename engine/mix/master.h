/* engine/mix/master.h - from the premaster to a target: loudness and peak at once.
 *
 * Works on the finished stereo premix alone. The limiter (engine/dsp/limiter.h) is driven until the integrated loudness
 * meets the target within 0.02 LU; the true peak is limited 0.1 dB below its target and holds always. If both cannot
 * hold within the limiting bound, loudness gives way and the result says by how much and why. Several targets of one
 * premaster share the peak envelope. */
#ifndef TD_MIX_MASTER_H
#define TD_MIX_MASTER_H

#include "engine/audio/audio.h"
#include "engine/mix/recipe.h"

typedef struct td_master_result {
    double drive_db;
    double loudness_lufs, range_lu, max_momentary_lufs, max_short_lufs;
    double true_peak_dbtp, peak_dbfs; /* 16x; sample */
    double plr_db;
    double limiting_max_db, limiting_p95_db; /* p95: of the loudest 10 s */
    unsigned passes;
    bool reached;     /* loudness within 0.1 LU */
    char held_by[96]; /* what kept it from getting louder; empty: nothing did */
} td_master_result;

typedef struct td_master td_master; /* one premaster with its envelope */

/* premaster has two planes and is borrowed until td_master_free. */
td_status td_master_new(const td_scratch *premaster, unsigned rate_hz, const char *scratch_folder, td_master **out,
                        td_error *err);
void td_master_free(td_master *m); /* NULL is welcome */

/* Limited audio of the premaster's length, the caller's to free. *audio comes as NULL or as what an earlier call made,
 * which is written over. stop: not 0 ends with TD_STOPPED; may be NULL. Whatever fails frees *audio and sets it NULL.
 */
td_status td_master_render(td_master *m, const td_target *target, const volatile int *stop, td_scratch **audio,
                           td_master_result *result, td_error *err);

/* The same with a drive found elsewhere, for versions of a mix: as loud as the mix makes them, below target's peaks;
 * its loudness has no say. */
td_status td_master_drive(td_master *m, double drive_db, const td_target *target, const volatile int *stop,
                          td_scratch **audio, td_master_result *result, td_error *err);

/* What loudness it would come to, within a few tenths, without making it: of the result only that, the drive, and what
 * holds it. */
td_status td_master_foresee(td_master *m, const td_target *target, td_master_result *result, td_error *err);

#endif
