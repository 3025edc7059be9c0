/* histogram.h: how often each value came, in a fixed number of buckets that grow with the value: every whole number
 * below 128 has one of its own, then each power of two has HISTOGRAM_SUB, up to 2^64. So nothing is ever out of
 * range, and what a bucket says of a value is at most 1/64 (1.6 %) too much.
 *
 * It allocates nothing: who uses it brings the memory. */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define HISTOGRAM_BITS 6
#define HISTOGRAM_SUB (1u << HISTOGRAM_BITS)
#define HISTOGRAM_BUCKETS ((64 - HISTOGRAM_BITS + 1) * HISTOGRAM_SUB)

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
};

static inline unsigned histogram_bucket(uint64_t value)
{
    unsigned shift = 63u - HISTOGRAM_BITS - (unsigned)__builtin_clzll(value | HISTOGRAM_SUB);
    return (shift << HISTOGRAM_BITS) + (unsigned)(value >> shift);
}

static inline void histogram_add(struct histogram *histogram, uint64_t value)
{
    histogram->counts[histogram_bucket(value)]++;
}

/* One that was added is another value now. */
static inline void histogram_move(struct histogram *histogram, uint64_t from, uint64_t to)
{
    histogram->counts[histogram_bucket(from)]--;
    histogram->counts[histogram_bucket(to)]++;
}

void histogram_clear(struct histogram *histogram);
uint64_t histogram_count(const struct histogram *histogram);

/* The value that `per_10000` of 10000 do not exceed: the upper edge of its bucket, so never too little. False where
 * there are too few values to tell it: none would have to lie above it. */
bool histogram_percentile(const struct histogram *histogram, unsigned per_10000, uint64_t *value);

#endif
