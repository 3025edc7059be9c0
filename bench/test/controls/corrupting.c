/* corrupting: the CONTROL_CORRUPT_AT-th malloc flips a bit of the first block that is a text and still live:
 * its size is odd, so it holds no pointers, and the process lives on. */
#include "arena.h"

static uint64_t calls_left;
static char *text;

static void start(void)
{
    calls_left = arena_setting("CONTROL_CORRUPT_AT");
}

static void corrupt(void *block, size_t bytes)
{
    if (!text && bytes % 2 == 1)
        text = block;
    if (calls_left > 0 && --calls_left == 0 && text)
        text[0] ^= 1;
}

const struct control control = {.start = start, .after_malloc = corrupt, .all_free = arena_give_back};
