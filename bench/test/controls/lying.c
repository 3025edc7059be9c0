/* lying: keeps its pages, and has a purge call that does nothing. With CONTROL_HONEST=1 it does what it
 * says. */
#include "arena.h"

static bool honest;

static void start(void)
{
    honest = arena_setting("CONTROL_HONEST") != 0;
}

static void purge(void)
{
    if (honest)
        arena_give_back();
}

const struct control control = {.start = start, .purge = purge};
