/* faulty: a control that does wrong on purpose, as its environment variable FAULT says; without it, a well
 * behaved list. Its descriptor, bench/test/allocators/faulty.ini, has a setting per fault:
 *   crash     SIGSEGV in build           kill      SIGKILL in drop, as the kernel does when memory is out
 *   exit      exit code 3 in drop        hang      build never ends
 *   miscount  holds a block more than the shape says
 *   corrupt   changes a letter of the newest record
 *   garbage   writes a line of its own to the mark descriptor */
#include <signal.h>
#include <unistd.h>

#include "driver/protocol.h"
#include "test/list.h"

static bool fault(const char *name)
{
    const char *asked = getenv("FAULT");
    return asked && strcmp(asked, name) == 0;
}

static void build(void *map, const struct batch *batch)
{
    list_build(map, batch);
    if (fault("crash"))
        raise(SIGSEGV);
    while (fault("hang"))
        pause();
    if (fault("miscount"))
        *(char *)block_alloc(1) = 1;
    if (fault("corrupt"))
        ((struct list *)map)->head->record.key[0] ^= 1;
    if (fault("garbage") && write(PROTOCOL_MARK_FD, "nonsense\n", 9) < 0)
        _exit(1);
}

static void drop(void *map, const struct batch *batch)
{
    if (fault("kill"))
        raise(SIGKILL);
    if (fault("exit"))
        _exit(3);
    list_drop(map, batch);
}

const struct workload workload = {
    .map_bytes = sizeof(struct list),
    .build = build,
    .check = list_check,
    .drop = drop,
    .table_bytes = list_table_bytes,
};
