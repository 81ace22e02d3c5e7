/* engine/mix/driven.h - a premaster driven into the limiter, as often as it takes.
 *
 * Its peaks, held over the look-ahead, stand on disk, one for a quarter of a millisecond: they do not depend on the
 * drive, so a pass costs the limiter's ride and a multiplication. Beside them stands its K-weighted power, so that
 * drives can be compared without playing them. For master.c alone. */
#ifndef TD_MIX_DRIVEN_H
#define TD_MIX_DRIVEN_H

#include "engine/audio/audio.h"
#include "engine/meter/meter.h"

typedef enum td_peak_kind { TD_SAMPLES, TD_TRUE_PEAKS, TD_PEAK_KINDS } td_peak_kind;

/* Where, in what is held, the limiter has to go lower than it thought: peaks count `factor` times there. */
typedef struct td_spot {
    uint64_t from, to;
    double factor;
} td_spot;

#define TD_SPOTS 64

/* What decides the sound of a pass. */
typedef struct td_pass {
    double drive, trim;            /* gain in front of and behind the limiter */
    double ceiling[TD_PEAK_KINDS]; /* linear; 0: none of that kind, and no limiter with neither */
    td_spot spot[TD_SPOTS];
    size_t n_spots;
} td_pass;

/* What listens to a pass. */
typedef struct td_listeners {
    td_loudness *loudness;
    td_true_peak *peak; /* NULL: not asked */
    td_scratch *to;     /* NULL: nothing is written */
    td_pass *learn;     /* gets a spot wherever the true peak exceeds true_peak; NULL: nothing is learnt */
    size_t known;       /* spots it had before */
    double true_peak;   /* linear */
    float lowest_gain;  /* of the limiter; set by the pass */
} td_listeners;

typedef struct td_driven td_driven;

/* Measures the premaster (two planes, borrowed). TD_NOMEM, TD_DISK. */
td_status td_driven_new(const td_scratch *premaster, unsigned rate_hz, const char *folder, td_driven **out,
                        td_error *err);
void td_driven_free(td_driven *d); /* NULL is welcome */
double td_driven_loudness(const td_driven *d);
double td_driven_sample_peak(const td_driven *d); /* linear, as the next */
/* Measured when first asked for: who knows from the samples that a limiter has to work need not ask. */
td_status td_driven_true_peak(td_driven *d, double *peak, td_error *err);

/* Makes the peaks a pass needs: once, or again when its drive has outgrown them. stop: not 0 ends with TD_STOPPED. */
td_status td_driven_prepare(td_driven *d, const td_pass *p, const volatile int *stop, td_error *err);
/* 95 % of the loudest 10 s would be limited by no more than *p95_db; after prepare. about: in quarter milliseconds. */
td_status td_driven_limiting(td_driven *d, const td_pass *p, bool about, double *p95_db, td_error *err);
/* How loud a pass would be, about: gain against power in quarter milliseconds; after prepare. */
td_status td_driven_estimate(td_driven *d, const td_pass *p, double *lufs, td_error *err);
/* Plays the whole; after prepare. Meters are reset first. */
td_status td_driven_play(td_driven *d, const td_pass *p, td_listeners *l, const volatile int *stop, td_error *err);

#endif
