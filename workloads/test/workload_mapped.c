/* mapped: a control with a known answer. Its "map" is memory it maps, touches and unmaps itself, 128 bytes a
 * record, so all is given back at the drop under every allocator. */
#include <sys/mman.h>

#include "driver/die.h"
#include "driver/protocol.h"
#include "workload.h"

#define RECORD_SIZE 128

struct map {
    char *memory;
    size_t bytes;
};

static void build(void *opaque, const struct batch *batch)
{
    struct map *map = opaque;
    map->bytes = (batch->end - batch->first) * RECORD_SIZE;
    if (map->bytes == 0)
        return;
    map->memory = mmap(NULL, map->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map->memory == MAP_FAILED)
        die(PROTOCOL_EXIT_MEMORY, "mmap failed", NULL);
    memset(map->memory, 1, map->bytes);
}

static uint64_t check(const void *map)
{
    (void)map;
    return 0;
}

static void drop(void *opaque, const struct batch *batch)
{
    struct map *map = opaque;
    (void)batch;
    if (map->memory)
        munmap(map->memory, map->bytes);
    *map = (struct map){0};
}

const struct workload workload = {
    .map_bytes = sizeof(struct map),
    .build = build,
    .check = check,
    .drop = drop,
    .table_bytes = NULL,
};
