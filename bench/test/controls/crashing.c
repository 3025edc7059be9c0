/* crashing: dies of SIGSEGV in the CONTROL_CRASH_AT_MALLOC-th malloc, or the CONTROL_CRASH_AT_FREE-th
 * free. */
#include "arena.h"

#include <signal.h>
#include <sys/prctl.h>

static uint64_t mallocs_left, frees_left; /* 0: never */

static void start(void)
{
    mallocs_left = arena_setting("CONTROL_CRASH_AT_MALLOC");
    frees_left = arena_setting("CONTROL_CRASH_AT_FREE");
}

static void count_down(uint64_t *left)
{
    if (*left == 0 || --*left > 0)
        return;
    prctl(PR_SET_DUMPABLE, 0); /* on purpose: nobody wants its core */
    raise(SIGSEGV);
}

static bool before_malloc(size_t bytes)
{
    (void)bytes;
    count_down(&mallocs_left);
    return true;
}

static bool before_free(void)
{
    count_down(&frees_left);
    return true;
}

const struct control control = {
    .start = start, .before_malloc = before_malloc, .before_free = before_free, .all_free = arena_give_back};
