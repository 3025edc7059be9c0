/* machine.h: the machine a run was made on, and its memory limits.
 *
 * machine_describe gives machine.ini: [machine] host kernel cpu cores memory_bytes page_bytes thp_enabled
 * thp_defrag overcommit_memory swap_bytes load_1min cgroup_limit_bytes (empty: none) page_reporting (yes/no)
 * git_revision (of the source tree; empty without .git) afterfree_version started_utc. Packages and versions
 * of allocators are added by the caller in [allocator NAME] groups. Each value's source (/proc or /sys file,
 * call) stands beside it in machine.c and in results/README.md. */
#ifndef AFTERFREE_MACHINE_H
#define AFTERFREE_MACHINE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The caller frees. `source_dir`: where git is asked; NULL: not at all. Never fails: what cannot be read is
 * left empty. */
GKeyFile *machine_describe(const char *source_dir);

/* Version of an installed Debian package (dpkg-query -W), NULL if not installed or no dpkg. Caller frees. */
char *machine_package_version(const char *package);

/* Bytes a new process could use now: MemAvailable of /proc/meminfo, or what is left below the tightest
 * memory limit of the cgroups we are in (v1 memory.limit_in_bytes - usage + inactive file, v2 memory.max -
 * memory.current + inactive file, up to the root), whichever is less. 0: unknown. */
uint64_t machine_available_bytes(void);

bool machine_parse_meminfo(const char *text, const char *field, uint64_t *bytes); /* "MemAvailable" */
char *machine_parse_choice(const char *text); /* "always [madvise] never": the one in brackets, else "" */
/* The memory controller's path in /proc/self/cgroup (v1 "N:memory:/path", else v2 "0::/path"); caller frees.
 * *version becomes 1 or 2; NULL when there is none. */
char *machine_parse_cgroup(const char *text, int *version);

/* The tightest limit, and the least room below a limit, from cgroup `path` up to `mount`. False: no limit. */
struct machine_cgroup {
    uint64_t limit_bytes, available_bytes;
};
bool machine_read_cgroup(const char *mount, const char *path, int version, struct machine_cgroup *cgroup);
bool machine_read_own_cgroup(struct machine_cgroup *cgroup); /* of the cgroup we are in */

#endif
