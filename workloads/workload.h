/* workload.h: what a workload file defines: one `const struct workload workload`. One file in workloads/ is
 * one program: the driver brings main(), the walk and the marks; the linker is the registry.
 *
 * A map is built, read and dropped through these calls alone. All blocks go through block.h and record.h;
 * nothing else may allocate, print or start a thread. `map` is zeroed scratch memory of map_bytes and more_map_bytes; an
 * all-zero map is an empty one, and it must be empty again after a drop without survivors.
 *
 * The file is compiled twice. Its twin, workload_timed, times each record for latency=yes: an insert is over when
 * record_next is asked for the next, a delete when drop calls record_done. The workload itself has nothing of that. */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "driver/record.h"

struct workload {
    size_t map_bytes;

    /* More of it, as the shape asks; NULL: none. */
    size_t (*more_map_bytes)(const struct shape *shape);

    /* Inserts every record of the batch (record_next draws and makes them). */
    void (*build)(void *map, const struct batch *batch);

    /* The sum of record_checksum over all records in the map. */
    uint64_t (*check)(const void *map);

    /* Removes and frees the batch's records in shape->order, but not those that survive (record_survives).
     * shape->removal says whether the table goes too; it stays as long as a record is left. Behind each record
     * that is gone: record_done. */
    void (*drop)(void *map, const struct batch *batch);

    /* What the map has asked for beside the records themselves: nodes and tables, for `records` records in
     * it. Computed from the map's geometry, never counted. NULL: this workload asks the allocator for
     * nothing at all, and its checksum is 0. */
    uint64_t (*table_bytes)(const void *map, uint64_t records);
};

#ifdef RECORD_TIMED
extern const struct workload workload __asm__("workload_timed"); /* the name the linker knows it by */
#else
extern const struct workload workload, workload_timed;
#endif

#endif
