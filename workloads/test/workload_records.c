/* records: the map without its table: records in a singly linked list, newest first, whatever the order.
 * Beside hash_chained it shows the table's share, and under bump the generator's. */
#include "driver/block.h"
#include "workload.h"

struct node {
    struct node *next;
    struct record record;
};

struct map {
    struct node *head;
};

static void build(void *opaque, const struct batch *batch)
{
    struct map *map = opaque;
    uint64_t index = batch->first;
    struct record record;
    while (record_next(batch, &index, &record)) {
        struct node *node = block_alloc(sizeof *node);
        *node = (struct node){.next = map->head, .record = record};
        map->head = node;
    }
}

static uint64_t check(const void *opaque)
{
    const struct map *map = opaque;
    uint64_t sum = 0;
    for (const struct node *node = map->head; node; node = node->next)
        sum += record_checksum(&node->record);
    return sum;
}

static void drop(void *opaque, const struct batch *batch)
{
    struct map *map = opaque;
    struct node **link = &map->head;
    while (*link) {
        struct node *node = *link;
        if (record_survives(batch->shape, node->record.key)) {
            link = &node->next;
            continue;
        }
        *link = node->next;
        record_free(node->record);
        block_free(node, sizeof *node);
    }
}

static uint64_t table_bytes(const void *map, uint64_t records)
{
    (void)map;
    return records * sizeof(struct node);
}

const struct workload workload = {
    .map_bytes = sizeof(struct map),
    .build = build,
    .check = check,
    .drop = drop,
    .table_bytes = table_bytes,
};
