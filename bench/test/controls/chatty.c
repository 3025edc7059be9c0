/* chatty: perfect, but writes a line to stdout and one to stderr when it starts and on every thousandth
 * call: more than a pipe holds, and more than is kept. */
#include "arena.h"

#include <unistd.h>

static unsigned calls;

static void say(void)
{
    static const char line[] =
        "control: chatter that no figure, mark or verdict may mind, and no pipe choke on\n";
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
        if (write(fd, line, sizeof line - 1) < 0)
            _exit(1);
}

static void count(void)
{
    if (++calls % 1000 == 0)
        say();
}

static bool before_malloc(size_t bytes)
{
    (void)bytes;
    count();
    return true;
}

static bool before_free(void)
{
    count();
    return true;
}

const struct control control = {
    .start = say, .before_malloc = before_malloc, .before_free = before_free, .all_free = arena_give_back};
