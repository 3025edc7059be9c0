#include "driver/scratch.h"

#include <sys/mman.h>

#include "driver/die.h"
#include "driver/protocol.h"

void *scratch_new(size_t bytes)
{
    void *memory =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED)
        die(PROTOCOL_EXIT_MEMORY, "mmap of scratch memory failed", NULL);
    return memory;
}
