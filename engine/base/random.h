/* engine/base/random.h - numbers that look random and repeat: xoshiro128++ (Blackman and Vigna), seeded by splitmix64.
 */
#ifndef TD_BASE_RANDOM_H
#define TD_BASE_RANDOM_H

#include <stdint.h>

typedef struct td_random {
    uint32_t s[4];
} td_random;

void td_random_seed(td_random *r, uint64_t seed);
uint32_t td_random_next(td_random *r);

/* Uniform in [-0.5, 0.5): one LSB of dither is a sum of two. */
static inline double td_random_uniform(td_random *r)
{
    return (int32_t)td_random_next(r) * (1.0 / 4294967296.0);
}

#endif
