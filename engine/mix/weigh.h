/* engine/mix/weigh.h - groups on the scales: how loud each is against the others, where it plays.
 *
 * Loudness of groups adds as power: nothing is played. What is silent has no weight and no figure (NaN). */
#ifndef TD_MIX_WEIGH_H
#define TD_MIX_WEIGH_H

#include "engine/base/base.h"
#include "engine/mix/session.h"

typedef struct td_scales {
    size_t n_buses, steps;         /* of 100 ms */
    const float *k[TD_BUSES_MAX];  /* K-weighted power of each bus; NULL: silent */
    size_t n[TD_BUSES_MAX];        /* how many steps of it there are */
    double gain_db[TD_BUSES_MAX];  /* what each is brought into the mix with */
    const unsigned char *sounding; /* steps in which the mix sounds, by its own gates */
} td_scales;

/* K power per step of all but `without` (SIZE_MAX: none). */
void td_weigh_all(const td_scales *s, size_t without, float *k);

/* A bus against all but `without`, LU, over the steps in which it is active by its own gates; NaN: there are none, or
 * memory is short. With itself left out it stands against the rest. active, unless NULL: in how much of the mix's own
 * time it plays. Work space comes from a. */
double td_weigh(const td_scales *s, size_t bus, size_t without, td_arena *a, double *active);

#endif
