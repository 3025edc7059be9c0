/* hash_open: one table with linear probing, rehashed by doubling when three quarters are used: few huge
 * blocks beside the records. It keeps no insertion order: those drops look each key up again. */
#include "workload.h"

#define FIRST_SLOTS 16

struct slot {
    uint64_t hash;
    struct record record; /* key NULL: empty, or once used if hash is GONE */
};

#define GONE UINT64_C(1) /* a probe goes on behind such a slot */

struct map {
    struct slot *slots;
    uint64_t slot_count; /* a power of two, or 0 */
    uint64_t records;
    uint64_t gone;
};

static struct slot *free_slot(const struct map *map, uint64_t hash)
{
    uint64_t mask = map->slot_count - 1;
    uint64_t at = hash & mask;
    while (map->slots[at].record.key)
        at = (at + 1) & mask;
    return &map->slots[at];
}

static struct slot *find(const struct map *map, const char *key)
{
    uint64_t mask = map->slot_count - 1, hash = record_hash(key);
    for (uint64_t at = hash & mask;; at = (at + 1) & mask) {
        struct slot *slot = &map->slots[at];
        if (!slot->record.key && slot->hash != GONE)
            return NULL;
        if (slot->record.key && slot->hash == hash && memcmp(slot->record.key, key, RECORD_KEY_CHARS) == 0)
            return slot;
    }
}

/* A new table of `slot_count`; slots that are gone are left behind. */
static void rehash(struct map *map, uint64_t slot_count)
{
    struct map old = *map;
    map->slots = block_alloc_zeroed(slot_count * sizeof(struct slot));
    map->slot_count = slot_count;
    map->gone = 0;
    for (uint64_t i = 0; i < old.slot_count; i++)
        if (old.slots[i].record.key)
            *free_slot(map, old.slots[i].hash) = old.slots[i];
    if (old.slots)
        block_free(old.slots, old.slot_count * sizeof(struct slot));
}

static void insert(struct map *map, struct record record)
{
    if (map->slot_count == 0)
        rehash(map, FIRST_SLOTS);
    else if (map->records + map->gone + 1 > map->slot_count / 4 * 3)
        rehash(map, map->records + 1 > map->slot_count / 2 ? map->slot_count * 2 : map->slot_count);
    uint64_t hash = record_hash(record.key);
    struct slot *slot = free_slot(map, hash);
    if (slot->hash == GONE)
        map->gone--;
    *slot = (struct slot){.hash = hash, .record = record};
    map->records++;
}

/* Its first slot; there is none before the first insertion. */
static void fetch(const struct map *map, uint64_t hash)
{
    if (map->slot_count > 0)
        __builtin_prefetch(&map->slots[hash & (map->slot_count - 1)], 1);
}

static void build(void *opaque, const struct batch *batch)
{
    uint64_t index = batch->first;
    struct record record;
    while (record_next(batch, &index, &record)) {
        fetch(opaque, record_hash_at(batch, index + RECORD_AHEAD));
        insert(opaque, record);
    }
}

static uint64_t check(const void *opaque)
{
    const struct map *map = opaque;
    uint64_t sum = 0;
    for (uint64_t i = 0; i < map->slot_count; i++)
        if (map->slots[i].record.key)
            sum += record_checksum(&map->slots[i].record);
    return sum;
}

static void leave(struct map *map, struct slot *slot, const struct shape *shape)
{
    if (!slot || !slot->record.key || record_survives(shape, slot->record.key))
        return;
    record_free(slot->record);
    *slot = (struct slot){.hash = GONE};
    map->records--;
    map->gone++;
    record_done();
}

static void drop_looked_up(struct map *map, const struct batch *batch)
{
    for (uint64_t i = 0; i < batch->end - batch->first; i++) {
        bool forward = batch->shape->order == ORDER_INSERTION;
        uint64_t index = forward ? batch->first + i : batch->end - 1 - i;
        struct draft draft = record_draft(batch->shape, index);
        leave(map, find(map, draft.key), batch->shape);
    }
}

static void drop(void *opaque, const struct batch *batch)
{
    struct map *map = opaque;
    if (map->slot_count == 0)
        return;
    if (batch->shape->order != ORDER_HASH)
        drop_looked_up(map, batch);
    else
        for (uint64_t i = 0; i < map->slot_count; i++)
            leave(map, &map->slots[i], batch->shape);
    if (map->records > 0)
        return;
    if (batch->shape->removal == REMOVAL_DELETE) {
        memset(map->slots, 0, map->slot_count * sizeof(struct slot));
        map->gone = 0;
        return;
    }
    block_free(map->slots, map->slot_count * sizeof(struct slot));
    *map = (struct map){0};
}

static uint64_t table_bytes(const void *opaque, uint64_t records)
{
    (void)records;
    const struct map *map = opaque;
    return map->slot_count * sizeof(struct slot);
}

const struct workload workload = {
    .map_bytes = sizeof(struct map),
    .build = build,
    .check = check,
    .drop = drop,
    .table_bytes = table_bytes,
};
