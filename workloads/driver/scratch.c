#include "driver/scratch.h"

#include <sys/mman.h>
#include <unistd.h>

#include "driver/die.h"
#include "driver/protocol.h"

uint64_t scratch_bytes;

void *scratch_new(size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *memory =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED)
        die(PROTOCOL_EXIT_MEMORY, "mmap of scratch memory failed", NULL);
    scratch_bytes += (bytes + page - 1) / page * page;
    return memory;
}
