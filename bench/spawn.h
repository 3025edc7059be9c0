/* spawn.h: a process started clean: nothing is inherited but what is asked for.
 *
 * By fork and exec, not posix_spawn: what has to be true before the first instruction of the new program
 * (its death with us, its cgroup, no huge pages) has no attribute there. */
#ifndef AFTERFREE_SPAWN_H
#define AFTERFREE_SPAWN_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

struct spawn_spec {
    const char *program;      /* path of the executable */
    char *const *arguments;   /* argv, NULL-terminated; argv[0] is the cell's name */
    char *const *environment; /* all of it, NULL-terminated; passed as it is, through no shell */
    bool fixed_addresses;     /* address randomisation off */
    bool no_huge_pages;       /* PR_SET_THP_DISABLE */
    /* The cgroup.procs it enters before it is the program; NULL: ours. With one, its oom_score_adj is 1000: the
     * first whom the kernel may take and, as all in the group are alike, the larger one first. */
    const char *cgroup_procs;
    /* Called in our process with the new one's number, while that stands still and has done nothing yet; or NULL. */
    void (*before_exec)(pid_t pid, void *data);
    void *data;
};

/* Starts it in a process group of its own with `output_fd` as stdout and stderr, `mark_fd` and `go_fd` as
 * the protocol's, /dev/null as stdin, all signals at their defaults; it is killed when we die. The
 * descriptors stay the caller's and must close on exec. 0 with error (EXIT_SYSTEM) that says which step
 * failed: then there is no process. */
pid_t spawn(const struct spawn_spec *spec, int output_fd, int mark_fd, int go_fd, GError **error);

/* Can address randomisation be turned off here? Some containers refuse it. */
bool spawn_can_fix_addresses(void);

#endif
