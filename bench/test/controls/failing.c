/* failing: has CONTROL_FAIL_BYTES to give in all, then malloc returns NULL. */
#include "arena.h"

static uint64_t left;

static void start(void)
{
    left = arena_setting("CONTROL_FAIL_BYTES");
}

static bool is_left(size_t bytes)
{
    bool enough = bytes <= left;
    left -= enough ? bytes : left;
    return enough;
}

const struct control control = {.start = start, .before_malloc = is_left, .all_free = arena_give_back};
