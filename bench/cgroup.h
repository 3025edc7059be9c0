/* cgroup.h: a memory cgroup per run, so that a limit is the kernel's own and a kill by it is told exactly.
 *
 * Groups are made below our own group, or the nearest above it that lets us, so that limits around us hold.
 *   v1  a folder we may write in
 *   v2  the memory controller must be on for the group's children. Where only our own group could have it
 *       switched on (a systemd scope with Delegate=yes), we are its only process, and first move into a child
 *       of it, for in v2 a group has either processes or controlled children; cgroup_site_close moves us back
 * A group's name has our pid and start time. One whose owner is dead is removed by the next cgroup_find. */
#ifndef AFTERFREE_CGROUP_H
#define AFTERFREE_CGROUP_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define CGROUP_UNKNOWN UINT64_MAX

struct cgroup_site; /* where groups can be made */

/* Also removes what killed orchestrators have left, anywhere in the hierarchy. NULL with error (EXIT_SYSTEM)
 * that says why not. `mountinfo`, `own`: texts of /proc/self/mountinfo and /proc/self/cgroup; NULL: read. */
struct cgroup_site *cgroup_find(const char *mountinfo, const char *own, GError **error);
void cgroup_site_close(struct cgroup_site *site); /* NULL is fine; all its groups must be gone */
const char *cgroup_site_folder(const struct cgroup_site *site);

/* Removes, below `folder`, the groups of owners that are dead, with what may still run in them. How many. */
guint cgroup_sweep(const char *folder);

struct cgroup;

/* A new group that may hold `limit_bytes` and no swap. NULL with error (EXIT_SYSTEM). */
struct cgroup *cgroup_new(struct cgroup_site *site, uint64_t limit_bytes, GError **error);
/* Kills what still runs in it and removes it; NULL is fine. A warning on stderr when it stays. */
void cgroup_free(struct cgroup *cgroup);
const char *cgroup_procs(const struct cgroup *cgroup); /* for spawn_spec.cgroup_procs */

/* CGROUP_UNKNOWN: this kernel does not tell. */
struct cgroup_counters {
    uint64_t peak_bytes; /* memory.max_usage_in_bytes, memory.peak (Linux 5.19) */
    uint64_t failures;   /* memory.failcnt, `max` of memory.events: times the limit was hit. Reclaim may
                             have helped: it proves no kill */
    uint64_t oom_kills;  /* oom_kill of memory.oom_control, of memory.events */
    uint64_t stall_ns;   /* v2 with PSI: time that some task waited for memory, total= of memory.pressure */
};
void cgroup_read(const struct cgroup *cgroup, struct cgroup_counters *counters);
void cgroup_read_folder(const char *folder, int version, struct cgroup_counters *counters);
uint64_t cgroup_oom_kills(const struct cgroup *cgroup); /* that counter alone */

/* What is charged to it now. The working set is what an operator's tools show and the kernel cannot have back for the
 * asking: usage less the page cache that nobody uses. */
struct cgroup_memory {
    uint64_t usage_bytes;   /* v1 memory.usage_in_bytes, v2 memory.current */
    uint64_t working_bytes; /* less total_inactive_file, inactive_file of memory.stat; 0 if that is more */
};
#define CGROUP_MEMORY_UNKNOWN ((struct cgroup_memory){CGROUP_UNKNOWN, CGROUP_UNKNOWN})
void cgroup_read_memory(const struct cgroup *cgroup, struct cgroup_memory *memory);
void cgroup_read_memory_folder(const char *folder, int version, struct cgroup_memory *memory);

#endif
