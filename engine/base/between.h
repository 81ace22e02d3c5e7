/* engine/base/between.h - the points between samples, a tile of 64 samples at a time.
 *
 * A cascade of half-band filters, each of which doubles the rate: the first has to cut between the signal and its image
 * and is long, the others have ever more room and are short. A doubling keeps its input and puts a point in the middle
 * of each two:
 *
 *     mid[j] = sum over k < half of h[k] (x[j - k] + x[j + 1 + k])
 *
 * Beside them stand the points of the meter of ITU-R BS.1770 Annex 2, which most others follow: four phases of twelve
 * taps, one of them the samples. It lets images of the top octave through and so reads up to 0.3 dB more on hiss. And
 * those of FFmpeg's meter, by which people judge deliveries: libswresample's, a sinc of 32 taps under a Kaiser window
 * of beta 9, soft from three quarters of the band on, of which eight phases stand for all. */
#ifndef TD_BASE_BETWEEN_H
#define TD_BASE_BETWEEN_H

#include "engine/base/error.h"
#include "engine/base/lanes.h"

#define TD_TILE          64
#define TD_DOUBLINGS_MAX 4  /* 16 points a sample */
#define TD_TILE_MARGIN   64 /* room beside a tile and behind all points, for what filters reach and lanes read */
#define TD_TILE_POINTS   ((TD_TILE << TD_DOUBLINGS_MAX) + TD_TILE_MARGIN)
#define TD_ANNEX_PHASES  3
#define TD_ANNEX_TAPS    12
#define TD_SOFT_PHASES   7
#define TD_SOFT_TAPS     32

typedef struct td_doubling_design {
    size_t half;           /* at most 48 */
    double attenuation_db; /* of images: a Kaiser window's, above 50 */
} td_doubling_design;

typedef struct td_doubling {
    size_t half;
    float h[48];
    size_t n;     /* points it doubles for a tile */
    size_t first; /* the first of them in what the doubling before left */
} td_doubling;

typedef struct td_between {
    unsigned doublings;
    td_doubling doubling[TD_DOUBLINGS_MAX];
    size_t reach;                   /* samples a tile's points look at on either side: less than a tile */
    float growth[TD_DOUBLINGS_MAX]; /* no point still missing exceeds the largest in front of a doubling times this */
    float straight, bend; /* no point of any kind exceeds the largest sample and the sharpest bend times these */
    float annex[TD_ANNEX_PHASES][TD_ANNEX_TAPS], annex_growth;
    float soft[TD_SOFT_PHASES][TD_SOFT_TAPS];
    float phase[TD_TILE], points[2][TD_TILE_POINTS];
} td_between;

/* Plain storage of its owner. TD_NOMEM. */
td_status td_between_set(td_between *b, const td_doubling_design *design, unsigned doublings);

/* What the first doubling reads: *n samples from here, for the tile that begins at x. */
const float *td_between_begin(const td_between *b, const float *x, size_t *n);
/* Whether any point of the tile, of whatever kind, can exceed a level: of the n samples it looks at, the largest is
 * `peak`. Most tiles of music cannot, and need no filter to tell. */
bool td_between_exceeds(const td_between *b, const float *samples, size_t n, float peak, float level);
/* The *n points before doubling i; returns those after it, *n becoming theirs. The last ones are the tile's alone. Up
 * to TD_TILE_MARGIN samples behind those of the tile are read, whatever they hold. */
const float *td_between_double(td_between *b, unsigned i, const float *points, size_t *n);
/* Phase 0 to 2 of the Annex's points after each sample of the tile that begins at x; phase 0 to 6 of the soft ones. */
const float *td_between_annex(td_between *b, unsigned phase, const float *x);
const float *td_between_soft(td_between *b, unsigned phase, const float *x);

#endif
