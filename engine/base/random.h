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

/* Eight such generators side by side, each with a seed of its own. */
typedef uint32_t td_w8 __attribute__((vector_size(32), aligned(16)));
typedef struct td_random8 {
    td_w8 s[4];
} td_random8;

void td_random8_seed(td_random8 *r, uint64_t seed);

static inline __attribute__((always_inline)) void td_random8_next(td_random8 *r, td_w8 *result)
{
    td_w8 *s = r->s, sum = s[0] + s[3], t = s[1] << 9;
    *result = ((sum << 7) | (sum >> 25)) + s[0];
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 11) | (s[3] >> 21);
}

#endif
