/* slow_usage: a preload whose getrusage takes 50 ms: what lies between two readings of the clock shows. */
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int getrusage(__rusage_who_t who, struct rusage *usage)
{
    clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_nsec = 50000000}, NULL);
    return (int)syscall(SYS_getrusage, who, usage);
}
