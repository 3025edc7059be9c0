/* syscalls.h: how often a process asks the kernel for memory or gives it back, counted from outside.
 *
 * By perf_event_open on the tracepoints syscalls:sys_enter_NAME, counting only. They are inherited by every thread
 * the process starts later, and a reading adds those up that still run: so they have to be open before the program
 * begins (spawn.h, before_exec), for allocators start threads in constructors. A counted call costs the process
 * time, see results/README.md: its times are no prices. There is no other way round: where this one is not to be
 * had, nothing is counted. */
#ifndef AFTERFREE_SYSCALLS_H
#define AFTERFREE_SYSCALLS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* X(name), in the order of the columns. */
#define SYSCALLS(X)                                                                                          \
    X(madvise)                                                                                               \
    X(munmap)                                                                                                \
    X(mmap)                                                                                                  \
    X(brk)

enum syscalls_call {
#define X(name) SYSCALLS_##name,
    SYSCALLS(X)
#undef X
        SYSCALLS_COUNT
};
extern const char *const syscalls_names[SYSCALLS_COUNT];

/* Folders where tracefs may be found, NULL-terminated. */
extern const char *const syscalls_tracefs[];

struct syscalls; /* one process's open counters, SYSCALLS_COUNT descriptors */

/* Counts from here on. NULL with error (EXIT_SYSTEM) that says what is missing and what to do. */
struct syscalls *syscalls_open(const char *const *tracefs, pid_t pid, GError **error);
void syscalls_close(struct syscalls *syscalls); /* NULL is fine */

/* Since it was opened, all threads. Also once the process is gone. False: they cannot be read. */
bool syscalls_read(const struct syscalls *syscalls, uint64_t calls[SYSCALLS_COUNT]);

/* Can calls be counted here at all? False with error as of syscalls_open. */
bool syscalls_possible(const char *const *tracefs, GError **error);

#endif
