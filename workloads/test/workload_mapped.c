/* mapped: a control with a known answer. Its "map" is memory it maps, touches and unmaps itself, 128 bytes a
 * record, so all is given back at the drop under every allocator. Its environment variable DROP makes it another
 * one (settings of bench/test/allocators/mapped.ini):
 *   lazy      is given back by MADV_FREE: the kernel takes it when it needs it
 *   dirty     is kept as it is for the next build
 *   leaked    is kept as it is, and the next build maps anew */
#include <stdbool.h>
#include <sys/mman.h>

#include "driver/die.h"
#include "driver/protocol.h"
#include "workload.h"

#define RECORD_SIZE 128

struct map {
    char *memory;
    size_t bytes;
};

static bool lazy, dirty, leaked;

/* Before the baseline: a library's page that is called for the first time counts in the phase that calls it. */
__attribute__((constructor)) static void read_environment(void)
{
    const char *asked = getenv("DROP");
    lazy = asked && strcmp(asked, "lazy") == 0;
    dirty = asked && strcmp(asked, "dirty") == 0;
    leaked = asked && strcmp(asked, "leaked") == 0;
}

static void build(void *opaque, const struct batch *batch)
{
    struct map *map = opaque;
    map->bytes = (batch->end - batch->first) * RECORD_SIZE;
    if (map->bytes == 0)
        return;
    if (!map->memory)
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
    if (map->memory && lazy)
        madvise(map->memory, map->bytes, MADV_FREE);
    if (lazy || dirty)
        return;
    if (map->memory && !leaked)
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
