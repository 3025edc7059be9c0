/* rng.h: splitmix64. The whole state is one number, so any record can be drawn again from its index. */
#ifndef RNG_H
#define RNG_H

#include <stdint.h>

#define RNG_GOLDEN UINT64_C(0x9E3779B97F4A7C15)

/* A bijection of 64 bits: different inputs never meet. */
static inline uint64_t rng_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

static inline uint64_t rng_next(uint64_t *state)
{
    *state += RNG_GOLDEN;
    return rng_mix(*state);
}

/* A number in low..high (inclusive) from 32 random bits; the bias is below span / 2^32. */
static inline uint32_t rng_in_range(uint32_t bits, uint32_t low, uint32_t high)
{
    return low + (uint32_t)((bits * ((uint64_t)high - low + 1)) >> 32);
}

#endif
