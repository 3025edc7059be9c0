/* hanging: the CONTROL_HANG_AT-th malloc does not return. */
#include "arena.h"

#include <unistd.h>

static uint64_t calls_left;

static void start(void)
{
    calls_left = arena_setting("CONTROL_HANG_AT");
}

static bool hang(size_t bytes)
{
    (void)bytes;
    while (calls_left == 1)
        pause();
    calls_left--;
    return true;
}

const struct control control = {.start = start, .before_malloc = hang, .all_free = arena_give_back};
