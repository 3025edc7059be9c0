/* list.h: records in a singly linked list, newest first, whatever the order: a map without its table, for the
 * controls. */
#ifndef LIST_H
#define LIST_H

#include "driver/block.h"
#include "workload.h"

struct list_node {
    struct list_node *next;
    struct record record;
};

struct list {
    struct list_node *head;
};

static inline void list_build(void *opaque, const struct batch *batch)
{
    struct list *map = opaque;
    uint64_t index = batch->first;
    struct record record;
    while (record_next(batch, &index, &record)) {
        struct list_node *node = block_alloc(sizeof *node);
        *node = (struct list_node){.next = map->head, .record = record};
        map->head = node;
    }
}

static inline uint64_t list_check(const void *opaque)
{
    const struct list *map = opaque;
    uint64_t sum = 0;
    for (const struct list_node *node = map->head; node; node = node->next)
        sum += record_checksum(&node->record);
    return sum;
}

static inline void list_drop(void *opaque, const struct batch *batch)
{
    struct list *map = opaque;
    struct list_node **link = &map->head;
    while (*link) {
        struct list_node *node = *link;
        if (record_survives(batch->shape, node->record.key)) {
            link = &node->next;
            continue;
        }
        *link = node->next;
        record_free(node->record);
        block_free(node, sizeof *node);
        record_done();
    }
}

static inline uint64_t list_table_bytes(const void *map, uint64_t records)
{
    (void)map;
    return records * sizeof(struct list_node);
}

#endif
