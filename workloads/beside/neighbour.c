/* neighbour: shares a memory limit with a process under test and wants all of it. Not behind the wall, for it
 * measures no allocator; it is a workload's neighbour in the container.
 *
 *   neighbour LIMIT_BYTES STEP_BYTES
 *
 * Touches its memory step by step. After each it writes "got=BYTES" to fd 3 and waits for a go byte on fd 4, so
 * that whoever watches knows to a step how much it had when somebody was killed. Ends at the limit with 0. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "driver/die.h"
#include "driver/mark.h"
#include "driver/protocol.h"

#define PAUSE_NS 2000000 /* between steps: the kernel reclaims in the background, too */

static void pause_between(void)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    nanosleep(&pause, NULL);
}

int main(int argc, char **argv)
{
    die_set_program("neighbour");
    mark_open();
    size_t limit = argc == 3 ? strtoull(argv[1], NULL, 10) : 0;
    size_t step = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    if (limit == 0 || step == 0)
        die(PROTOCOL_EXIT_USAGE, "takes LIMIT_BYTES STEP_BYTES", NULL);
    volatile char *memory =
        mmap(NULL, limit, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        die(PROTOCOL_EXIT_MEMORY, "mmap failed", NULL);
    madvise((void *)(uintptr_t)memory, limit, MADV_NOHUGEPAGE); /* may be unknown here: then there are none */
    for (size_t got = 0; got < limit;) {
        size_t end = limit - got < step ? limit : got + step;
        for (; got < end; got += 4096)
            memory[got] = 1;
        char number[MARK_NUMBER_MAX];
        mark_number(number, end);
        mark_write_line("got", number);
        mark_await_go();
        pause_between();
    }
    return PROTOCOL_EXIT_DONE;
}
