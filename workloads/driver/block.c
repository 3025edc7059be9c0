#include "driver/block.h"

#include "driver/die.h"
#include "driver/mark.h"
#include "driver/protocol.h"

uint64_t block_live_bytes, block_live_count;

void block_exhausted(size_t bytes)
{
    char asked[MARK_NUMBER_MAX], live[MARK_NUMBER_MAX];
    mark_number(asked, bytes);
    mark_number(live, block_live_bytes);
    die(PROTOCOL_EXIT_MEMORY, "the allocator returned NULL for ", asked, " bytes with ", live, " live", NULL);
}
