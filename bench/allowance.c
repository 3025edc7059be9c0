#include "allowance.h"

#include <errno.h>
#include <sys/resource.h>

#include "error.h"
#include "syscalls.h"

/* Three pipes' ends, five files of /proc and the counters of system calls each, where they are asked for; and what
 * we and the start of one need ourselves. */
#define DESCRIPTORS_PER_RUN (10 + SYSCALLS_COUNT)
#define DESCRIPTORS_OWN 26

guint allowance_jobs(guint asked, GError **error)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return asked;
    guint64 allowed = limit.rlim_cur;
    guint64 possible = allowed > DESCRIPTORS_OWN ? (allowed - DESCRIPTORS_OWN) / DESCRIPTORS_PER_RUN : 0;
    if (possible == 0)
        g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM,
                    "%" G_GUINT64_FORMAT " file descriptors are too few, a run needs %d: raise the limit "
                    "(ulimit -n)",
                    allowed, DESCRIPTORS_OWN + DESCRIPTORS_PER_RUN);
    return (guint)MIN(asked, possible);
}

guint64 allowance_address_space_bytes(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ? 0 : limit.rlim_cur;
}

const char *allowance_advice(int number)
{
    switch (number) {
    case EMFILE:
    case ENFILE:
        return ": raise the limit of file descriptors (ulimit -n)";
    case EAGAIN:
        return ": too many processes; end some or raise the limit (ulimit -u)";
    case ENOMEM:
        return ": too little memory; end other programs or raise the limit (ulimit -v)";
    case ENOSPC:
    case EDQUOT:
        return ": free some space";
    case EROFS:
        return ": name another folder with --out";
    default:
        return "";
    }
}
