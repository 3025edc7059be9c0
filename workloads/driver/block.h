/* block.h: every block of the map passes here: malloc and free of the allocator under test, and the exact
 * sum of what is live. The count costs an addition; the size is known to the caller at free. */
#ifndef BLOCK_H
#define BLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

extern uint64_t block_live_bytes, block_live_count;

_Noreturn void block_exhausted(size_t bytes); /* dies with PROTOCOL_EXIT_MEMORY, saying how far it came */

static inline void *block_count(void *block, size_t bytes)
{
    if (!block)
        block_exhausted(bytes);
    block_live_bytes += bytes;
    block_live_count++;
    return block;
}

static inline void *block_alloc(size_t bytes)
{
    return block_count(malloc(bytes), bytes);
}

static inline void *block_alloc_zeroed(size_t bytes)
{
    return block_count(calloc(1, bytes), bytes);
}

/* `bytes` as it was asked for. */
static inline void block_free(void *block, size_t bytes)
{
    block_live_bytes -= bytes;
    block_live_count--;
    free(block);
}

#endif
