/* record.h: what the map holds: a string key -> a slice of strings, each its own block.
 *
 * A record is a function of (seed, index): its draft can be drawn again at any time, so the expected sums
 * need no copy of the map. Making one is cheap, for the allocator is what is measured: one splitmix64 step a
 * string, sixteen letters of key spread out of 64 bits, contents copied out of a 32 KiB pool. */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "driver/block.h"
#ifdef RECORD_TIMED
#include "driver/latency.h"
#endif
#include "driver/params.h"
#include "driver/rng.h"

#define RECORD_KEY_CHARS 16
#define RECORD_KEY_BYTES (RECORD_KEY_CHARS + 1) /* with the closing zero */
#define RECORD_POOL_BYTES 32768u

/* One record more is in the map, or gone from it. In the workload's twin that times them (workload.h) that is read off
 * the clock; in the workload itself there is nothing of it. */
static inline void record_done(void)
{
#ifdef RECORD_TIMED
    latency_done(latency_clock());
#endif
}

struct record {
    char *key;      /* RECORD_KEY_CHARS letters and a zero */
    char **strings; /* closed by NULL; each zero-terminated */
};

/* A run of indices to build or drop. */
struct batch {
    const struct shape *shape;
    const char *pool;    /* from record_pool_new */
    uint64_t first, end; /* indices first..end-1 */
    bool skip_survivors; /* a rebuild: they are still there */
};

/* A record before it is made. */
struct draft {
    uint64_t random; /* state of the generator behind the key */
    uint32_t strings;
    char key[RECORD_KEY_BYTES];
};

/* Scratch memory with letters; length_max more than RECORD_POOL_BYTES, so that any offset will do. */
char *record_pool_new(const struct shape *shape);

/* Eight letters a..p out of 32 bits: each nibble becomes a byte. */
static inline uint64_t record_letters(uint32_t bits)
{
    uint64_t x = bits;
    x = (x | x << 16) & UINT64_C(0x0000FFFF0000FFFF);
    x = (x | x << 8) & UINT64_C(0x00FF00FF00FF00FF);
    x = (x | x << 4) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    return x + UINT64_C(0x6161616161616161);
}

static inline struct draft record_draft(const struct shape *shape, uint64_t index)
{
    struct draft draft;
    uint64_t bits = rng_mix(rng_mix(shape->seed) + index * RNG_GOLDEN); /* a bijection: keys are unique */
    uint64_t low = record_letters((uint32_t)bits), high = record_letters((uint32_t)(bits >> 32));
    memcpy(draft.key, &low, 8);
    memcpy(draft.key + 8, &high, 8);
    draft.key[RECORD_KEY_CHARS] = '\0';
    draft.random = bits ^ shape->seed;
    draft.strings = shape->strings_min;
    if (shape->strings_max > shape->strings_min)
        draft.strings =
            rng_in_range((uint32_t)rng_next(&draft.random), shape->strings_min, shape->strings_max);
    return draft;
}

/* The next string of a draft: where it stands in the pool, and its length. */
static inline const char *record_draw_string(struct draft *draft, const struct batch *batch, uint32_t *length)
{
    uint64_t bits = rng_next(&draft->random);
    *length = rng_in_range((uint32_t)(bits >> 32), batch->shape->length_min, batch->shape->length_max);
    return batch->pool + (bits & (RECORD_POOL_BYTES - 1));
}

/* The table's hash of a key; also decides who survives. */
static inline uint64_t record_hash(const char *key)
{
    uint64_t low, high;
    memcpy(&low, key, 8);
    memcpy(&high, key + 8, 8);
    uint64_t x = (low ^ (high << 23 | high >> 41)) * UINT64_C(0xBF58476D1CE4E5B9);
    return x ^ (x >> 32);
}

static inline bool record_survives(const struct shape *shape, const char *key)
{
    if (shape->survivors_ppm == 0)
        return false;
    return rng_mix(record_hash(key) ^ shape->seed) % 1000000 < shape->survivors_ppm;
}

/* Makes the record of a draft in memory from `alloc`, which never returns NULL. Inlined with a known
 * `alloc`, so that the workload `null` pays for all but the allocator. */
static inline struct record record_make(struct draft *draft, const struct batch *batch,
                                        void *(*alloc)(size_t))
{
    struct record record = {.key = alloc(RECORD_KEY_BYTES),
                            .strings = alloc((draft->strings + 1) * sizeof(char *))};
    memcpy(record.key, draft->key, RECORD_KEY_BYTES);
    for (uint32_t i = 0; i < draft->strings; i++) {
        uint32_t length;
        const char *text = record_draw_string(draft, batch, &length);
        char *copy = alloc(length + 1);
        memcpy(copy, text, length);
        copy[length] = '\0';
        record.strings[i] = copy;
    }
    record.strings[draft->strings] = NULL;
    return record;
}

/* Draws the batch's next draft (*index counts from batch->first); false at its end. Who asks for the next one is done
 * with the one before. */
static inline bool record_next_draft(const struct batch *batch, uint64_t *index, struct draft *draft)
{
    if (*index > batch->first)
        record_done();
    while (*index < batch->end) {
        *draft = record_draft(batch->shape, (*index)++);
        if (!batch->skip_survivors || !record_survives(batch->shape, draft->key))
            return true;
    }
    return false;
}

/* The same, made on the allocator under test. */
static inline bool record_next(const struct batch *batch, uint64_t *index, struct record *record)
{
    struct draft draft;
    if (!record_next_draft(batch, index, &draft))
        return false;
    *record = record_make(&draft, batch, block_alloc);
    return true;
}

/* The hash of the key that record number `index` has, or would have: a table may have its own lines for it fetched some
 * insertions ahead. Waiting for those is most of an insertion otherwise, and the table is not what is measured. The
 * blocks are nobody's to fetch: what an allocator makes one wait for belongs to its price. */
#define RECORD_AHEAD 8u
static inline uint64_t record_hash_at(const struct batch *batch, uint64_t index)
{
    return record_hash(record_draft(batch->shape, index).key);
}

/* Frees strings, slice and key. */
static inline void record_free(struct record record)
{
    size_t count = 0;
    for (; record.strings[count]; count++)
        block_free(record.strings[count], strlen(record.strings[count]) + 1);
    block_free(record.strings, (count + 1) * sizeof(char *));
    block_free(record.key, RECORD_KEY_BYTES);
}

/* A number for the whole content of a record; sums of it do not depend on the order of reading. */
uint64_t record_checksum(const struct record *record);

/* What the shape says, computed without a map: for all records, or the survivors alone. */
struct record_sums {
    uint64_t records;
    uint64_t bytes; /* of keys, slices and strings; the table comes on top */
    uint64_t checksum;
};
void record_expect(const struct batch *batch, struct record_sums *all, struct record_sums *survivors);

#endif
