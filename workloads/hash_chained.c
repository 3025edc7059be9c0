/* hash_chained: uthash, a node per entry, chains hanging off a bucket array that doubles.
 * Insertion order is uthash's own list through the nodes; hash order is bucket by bucket. */
#include <stdlib.h>

#include "driver/block.h"
#include "workload.h"

#define uthash_malloc(bytes) block_alloc(bytes)
#define uthash_free(block, bytes) block_free(block, bytes)
#define HASH_FUNCTION(key, length, hash) ((hash) = (unsigned)record_hash(key))
#define HASH_KEYCMP(a, b, length) memcmp(a, b, RECORD_KEY_CHARS)
#include <uthash.h>

struct node {
    struct record record;
    UT_hash_handle hh;
};

struct map {
    struct node *head;
    struct node anchor; /* no block: uthash frees its table with the last entry, this one keeps it */
};

static void insert(struct map *map, struct record record)
{
    struct node *node = block_alloc(sizeof *node);
    node->record = record;
    HASH_ADD_KEYPTR(hh, map->head, node->record.key, RECORD_KEY_CHARS, node);
}

static void fetch(const UT_hash_table *table, uint64_t hash)
{
    __builtin_prefetch(&table->buckets[(unsigned)hash & (table->num_buckets - 1)], 1);
}

static void build(void *opaque, const struct batch *batch)
{
    struct map *map = opaque;
    if (!map->head) {
        static char anchor_key[RECORD_KEY_BYTES] = "the map's anchor";
        map->anchor.record.key = anchor_key;
        HASH_ADD_KEYPTR(hh, map->head, map->anchor.record.key, RECORD_KEY_CHARS, &map->anchor);
    }
    uint64_t index = batch->first;
    struct record record;
    while (record_next(batch, &index, &record)) {
        fetch(map->head->hh.tbl, record_hash_at(batch, index + RECORD_AHEAD));
        insert(map, record);
    }
}

static uint64_t check(const void *opaque)
{
    const struct map *map = opaque;
    uint64_t sum = 0;
    for (const struct node *node = map->head; node; node = node->hh.next)
        if (node != &map->anchor)
            sum += record_checksum(&node->record);
    return sum;
}

static void free_node(struct node *node)
{
    record_free(node->record);
    block_free(node, sizeof *node);
}

/* One node on its way out: `unlink` when the table stays in use. */
static void leave(struct map *map, struct node *node, const struct shape *shape, bool unlink)
{
    if (node == &map->anchor || record_survives(shape, node->record.key))
        return;
    if (unlink)
        HASH_DELETE(hh, map->head, node);
    free_node(node);
    record_done();
}

static void drop_listed(struct map *map, const struct shape *shape, bool unlink)
{
    bool forward = shape->order == ORDER_INSERTION;
    UT_hash_table *table = map->head->hh.tbl;
    struct node *next, *node = forward ? map->head : ELMT_FROM_HH(table, table->tail);
    for (; node; node = next) {
        next = forward ? node->hh.next : node->hh.prev;
        leave(map, node, shape, unlink);
    }
}

static void drop_bucketwise(struct map *map, const struct shape *shape, bool unlink)
{
    UT_hash_table *table = map->head->hh.tbl;
    for (unsigned i = 0; i < table->num_buckets; i++) {
        UT_hash_handle *next;
        for (UT_hash_handle *hh = table->buckets[i].hh_head; hh; hh = next) {
            next = hh->hh_next;
            leave(map, ELMT_FROM_HH(table, hh), shape, unlink);
        }
    }
}

static void drop(void *opaque, const struct batch *batch)
{
    struct map *map = opaque;
    const struct shape *shape = batch->shape;
    bool unlink = shape->removal == REMOVAL_DELETE || shape->survivors_ppm > 0;
    if (!map->head)
        return;
    if (shape->order == ORDER_HASH)
        drop_bucketwise(map, shape, unlink);
    else
        drop_listed(map, shape, unlink);
    if (!unlink)
        HASH_CLEAR(hh, map->head);
}

static uint64_t table_bytes(const void *opaque, uint64_t records)
{
    const struct map *map = opaque;
    uint64_t bytes = records * sizeof(struct node);
    if (map->head)
        bytes += sizeof(UT_hash_table) + map->head->hh.tbl->num_buckets * sizeof(UT_hash_bucket);
    return bytes;
}

const struct workload workload = {
    .map_bytes = sizeof(struct map),
    .build = build,
    .check = check,
    .drop = drop,
    .table_bytes = table_bytes,
};
