/* stuck: a library whose constructor never returns. It calls itself so, for a test to see that it got there. */
#include <sys/prctl.h>
#include <unistd.h>

__attribute__((constructor)) static void stay(void)
{
    prctl(PR_SET_NAME, "in-constructor");
    for (;;)
        pause();
}
