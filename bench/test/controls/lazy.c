/* lazy: marks every page free to take when the last block is freed: RSS stays until the kernel wants it. A
 * purge gives them back. */
#include "arena.h"

#include <sys/mman.h>

static void offer(void)
{
    arena_advise(MADV_FREE);
}

const struct control control = {.all_free = offer, .purge = arena_give_back};
