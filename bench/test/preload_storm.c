/* storm: for the orchestrator, not for a cell: every system call of it that can be interrupted is, a thousand
 * times a second. Programs it starts (git, dpkg-query) are spared. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

static void ignore(int number)
{
    (void)number;
}

__attribute__((constructor)) static void begin(void)
{
    const struct sigaction action = {.sa_handler = ignore}; /* no SA_RESTART: EINTR */
    const struct itimerval often = {.it_interval = {.tv_usec = 1000}, .it_value = {.tv_usec = 1000}};
    if (strcmp(program_invocation_short_name, "afterfree") != 0)
        return;
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGCHLD, &action, NULL);
    sigaction(SIGWINCH, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
}
