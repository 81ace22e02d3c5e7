/* engine/dsp/dynamics.h - what every processor with a moving gain is made of.
 *
 * One order of things everywhere (Giannoulis, Massberg, Reiss, JAES 60(6), 2012): detector -> link -> decibels ->
 * static curve -> ballistics on the reduction in dB -> gain. Levels are linear amplitudes at which a sine reads its
 * peak, whatever the detector; reductions are dB, positive downwards. All of it works as well on every pick-th frame:
 * rates are then those of td_pick_rate. Everything here is plain storage of its owner, ready when its _set has been
 * called. */
#ifndef TD_DSP_DYNAMICS_H
#define TD_DSP_DYNAMICS_H

#include "engine/base/base.h"
#include "engine/dsp/dsp.h"
#include "engine/dsp/section.h"
#include <string.h>

/* ---- decibels a sample ------------------------------------------------------------------------------------------ */

/* 20 log10 of a non-negative amplitude within 0.0001 dB; about -6166 dB for 0, never infinite. No branch and no table,
 * so that loops over it vectorise: the mantissa around 1 by the first terms of 2 atanh((m-1)/(m+1)). */
static inline double td_level_db(double amplitude)
{
    const uint64_t sqrt_half = 0x3fe6a09e667f3bcdULL, one = 0x3ff0000000000000ULL, two52 = 0x4330000000000000ULL;
    uint64_t bits;
    memcpy(&bits, &amplitude, sizeof bits);
    uint64_t exponent = (bits + (one - sqrt_half)) >> 52;
    bits += one - (exponent << 52);
    uint64_t integer = exponent | two52;
    double m, e;
    memcpy(&m, &bits, sizeof m);
    memcpy(&e, &integer, sizeof e);
    double t = (m - 1) / (m + 1), t2 = t * t;
    /* 2 / ln 2 * (t + t^3/3 + t^5/5 + t^7/7) octaves, each 6.0206 dB */
    double octaves =
        (e - 4503599627371519.0) +
        t * (2.8853900817779268 + t2 * (0.9617966939259756 + t2 * (0.5770780163555854 + t2 * 0.4121985831111324)));
    return octaves * 6.020599913279624;
}

/* 10^(gain_db / 20) within 0.00001 dB, exactly 1 at 0 dB; gain_db is held between -6000 and 6000. */
static inline double td_db_gain(double gain_db)
{
    double octaves = (gain_db < -6000 ? -6000 : gain_db > 6000 ? 6000 : gain_db) * 0.16609640474436813;
    const double rounding = 6755399441055744.0; /* 1.5 * 2^52: the sum's low bits are the nearest integer */
    double shifted = octaves + rounding;
    uint64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    double x = (octaves - (shifted - rounding)) * 0.6931471805599453;
    uint64_t power = (bits + 1023) << 52;
    double scale;
    memcpy(&scale, &power, sizeof scale);
    return scale * (1 + x * (1 + x * (1.0 / 2 + x * (1.0 / 6 + x * (1.0 / 24 + x * (1.0 / 120 + x * (1.0 / 720)))))));
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

/* The rate the gain computer runs at. */
static inline double td_pick_rate(const td_format *fmt)
{
    return fmt->pick > 1 ? fmt->rate_hz / fmt->pick : fmt->rate_hz;
}

/* How much of the way to its target a one-pole smoother goes in a frame: 63 % are left behind after tau. 0 ms: all. */
double td_share(double tau_ms, double rate_hz);

/* ---- static curve ----------------------------------------------------------------------------------------------- */

typedef struct td_knee {
    double threshold_db, knee_db, half_knee_db, per_knee, slope; /* slope: dB of reduction per dB above the knee */
} td_knee;

/* knee_db: how wide the quadratic passage from 1:1 to ratio is, centred on the threshold. ratio may be INFINITY. */
void td_knee_set(td_knee *c, double threshold_db, double ratio, double knee_db);

static inline double td_knee_reduction(const td_knee *c, double level_db)
{
    double over = level_db - c->threshold_db;
    double in_knee = over + c->half_knee_db;
    in_knee = in_knee < 0 ? 0 : in_knee > c->knee_db ? c->knee_db : in_knee;
    double above = over > c->half_knee_db ? over - c->half_knee_db : 0;
    return c->slope * (in_knee * in_knee * c->per_knee + above);
}

/* How steep the reduction is at a level: dB a dB, from 0 below the knee to slope above it. */
static inline double td_knee_bend(const td_knee *c, double level_db)
{
    double in_knee = level_db - c->threshold_db + c->half_knee_db;
    if (in_knee <= 0) return 0;
    return in_knee < c->knee_db ? c->slope * 2 * in_knee * c->per_knee : c->slope;
}

/* db[i] from level[i]; may be the same array. */
void td_level_run(const float *level, size_t frames, float *db);
/* reduction_db[i] from level[i]; may be the same array. */
void td_knee_run(const td_knee *c, const float *level, size_t frames, float *reduction_db);

/* ---- ballistics: the smoothed reduction, one step a frame ------------------------------------------------------- */

typedef struct td_ballistics {
    double attack, release; /* td_share of each */
    double s;               /* dB: the result */
} td_ballistics;

void td_ballistics_set(td_ballistics *b, double attack_ms, double release_ms, double rate_hz);

/* Smooth branching: attack on the way up, release on the way down. Of both steps that is the larger one where attack is
 * the faster; a maximum, unlike a jump, needs no guess by the machine. */
static inline double td_ballistics_branch(td_ballistics *b, double c)
{
    double up = (1 - b->attack) * b->s + b->attack * c, down = (1 - b->release) * b->s + b->release * c;
    if (b->attack >= b->release)
        b->s = up > down ? up : down;
    else
        b->s = up < down ? up : down;
    return b->s;
}

/* Two stores in series, a fast and a slow one, as in automatic release and optical cells: s = fast + slow. A short peak
 * sits in the fast store and is gone soon; what lasts moves into the slow one. */
typedef struct td_stores {
    double attack;               /* share a frame */
    double fall_fast, fall_slow; /* what is left of each store after a frame of release */
    double charge;               /* share a frame at which the slow store nears part * s */
    double part;                 /* of the reduction that the slow store can take over */
    double slow, s;              /* dB */
} td_stores;

void td_stores_set(td_stores *t, double attack_ms, double fast_ms, double slow_ms, double charge_ms, double part,
                   double rate_hz);

/* The slow store is charged by what is asked and held, not by the frames of attack alone: how many of those a held tone
 * has is the chance of its last ripple. */
static inline double td_stores_step(td_stores *t, double c)
{
    double slow = t->slow * t->fall_slow;
    double released = (t->s - t->slow) * t->fall_fast + slow;
    if (c < released)
        t->s = released;
    else
        t->s = c > t->s ? t->s + t->attack * (c - t->s) : c;
    double lasts = c < t->s ? c : t->s;
    double charged = t->slow + t->charge * (t->part * lasts - t->slow);
    t->slow = charged > slow ? charged : slow;
    return t->s;
}

/* ---- detectors -------------------------------------------------------------------------------------------------- */

/* How a signal becomes a level. All read a sine as its peak. */
typedef enum td_detection {
    TD_DETECT_ENVELOPE, /* magnitude of the analytic signal: no ripple at twice the frequency, so no distortion from it
                         */
    TD_DETECT_RMS,      /* one-pole mean of x^2, times two */
} td_detection;

#define TD_QUADRATURE 4 /* allpass sections a branch */

typedef struct td_detector {
    td_detection how;
    size_t n_cuts;
    td_section cut[2];
    double share; /* rms */
    td_v2 mean;
    td_v4 coef[TD_QUADRATURE];        /* both branches side by side */
    td_v4 pair[2][TD_QUADRATURE + 1]; /* [odd or even frame][section]: two frames ago, before each section */
    td_v2 late;                       /* the branch with the odd frame of delay */
    unsigned odd;
} td_detector;

/* low_cut_hz 0: none. rms_ms: the mean's time constant. The rate is the full one: detectors hear every frame. */
void td_detector_set(td_detector *d, td_detection how, double low_cut_hz, double rms_ms, double rate_hz);
/* Lets the detector hear what lies below freq_hz only; after td_detector_set. */
void td_detector_high_cut(td_detector *d, double freq_hz, double rate_hz);
/* power[0], power[1]: squared level of the two channels; may be the arrays of `in`. */
void td_detector_run(td_detector *d, const float *const *in, size_t frames, float *const *power);
void td_detector_reset(td_detector *d);

/* From both channels' powers to one level (link 1: the larger one decides; right may be NULL) or two: every channel's
 * distance from the louder shrinks to 1 - link of itself, in dB. */
void td_link_run(const float *const *power, double link, size_t frames, float *left, float *right);

/* ---- gain ------------------------------------------------------------------------------------------------------- */

/* Both channels times makeup * 10^(-gr_db[i] / 20), or with a reduction of its own for the right one (NULL: the left
 * one's). With makeup 1 samples stay as they are, to the bit, where the reduction is 0. */
void td_gain_apply(float *const *ch, const float *left_db, const float *right_db, double makeup, size_t frames);

#endif
