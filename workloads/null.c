/* null: the same walk and the same records drawn and copied, but into one reused scratch area: no call to
 * the allocator. The harness's own floor. */
#include "workload.h"

static char *area; /* the map: large enough for the largest record */
static size_t used;

static void *area_alloc(size_t bytes)
{
    void *memory = area + used;
    used += (bytes + 15) & ~(size_t)15;
    return memory;
}

static size_t largest_record(const struct shape *shape)
{
    return RECORD_KEY_BYTES + (shape->strings_max + 1) * sizeof(char *) +
           (size_t)shape->strings_max * (shape->length_max + 1 + 15) + 64;
}

static void build(void *map, const struct batch *batch)
{
    uint64_t index = batch->first;
    struct draft draft;
    area = map;
    while (record_next_draft(batch, &index, &draft)) {
        used = 0;
        record_make(&draft, batch, area_alloc);
    }
}

static uint64_t check(const void *map)
{
    (void)map;
    return 0;
}

static bool is_dropped(const struct shape *shape, uint64_t index)
{
    return shape->survivors_ppm == 0 || !record_survives(shape, record_draft(shape, index).key);
}

/* There is nothing to drop: timed, this is the clock's own price, a reading and a count. */
static void drop(void *map, const struct batch *batch)
{
    (void)map;
    for (uint64_t index = batch->first; index < batch->end; index++)
        if (is_dropped(batch->shape, index))
            record_done();
}

const struct workload workload = {
    .map_bytes = 0,
    .more_map_bytes = largest_record,
    .build = build,
    .check = check,
    .drop = drop,
    .table_bytes = NULL,
};
