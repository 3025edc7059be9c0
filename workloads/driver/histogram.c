#include "driver/histogram.h"

#include <string.h>

void histogram_clear(struct histogram *histogram)
{
    memset(histogram, 0, sizeof *histogram);
}

uint64_t histogram_count(const struct histogram *histogram)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        count += histogram->counts[i];
    return count;
}

/* The largest value of a bucket. */
static uint64_t upper_edge(unsigned bucket)
{
    if (bucket < 2 * HISTOGRAM_SUB)
        return bucket;
    unsigned shift = (bucket >> HISTOGRAM_BITS) - 1;
    uint64_t first = bucket - (shift << HISTOGRAM_BITS);
    return ((first + 1) << shift) - 1; /* of the last bucket 2^64 - 1, for it wraps */
}

bool histogram_percentile(const struct histogram *histogram, unsigned per_10000, uint64_t *value)
{
    uint64_t count = histogram_count(histogram), above = 10000 - per_10000;
    if (count < (10000 + above - 1) / above)
        return false;
    uint64_t rank = count - count / 10000 * above - count % 10000 * above / 10000; /* no overflow */
    uint64_t seen = 0;
    unsigned bucket = 0;
    while ((seen += histogram->counts[bucket]) < rank)
        bucket++;
    *value = upper_edge(bucket);
    return true;
}
