/* cgroup_files.h: where the two versions of control groups keep the same things about memory. Data alone. */
#ifndef AFTERFREE_CGROUP_FILES_H
#define AFTERFREE_CGROUP_FILES_H

/* A number: the file's only one, or the one behind `key` in a file of "key number" lines. */
struct cgroup_counter {
    const char *file, *key;
};

struct cgroup_files {
    const char *type, *mount; /* of the file system, and where it is as a rule */
    const char *limit, *usage, *peak;
    const char *swap_limit;          /* v1: of memory and swap together; v2: of swap alone */
    struct cgroup_counter failures;  /* times that the limit was hit; reclaim may have helped */
    struct cgroup_counter oom_kills; /* processes of it the kernel has killed */
    const char *pressure;            /* PSI: NULL: not in this version */
    const char *inactive_file;       /* in memory.stat. Usage counts the children's, so the page cache that
                                           would give way has to be, too: total_ in v1, always in v2 */
};

static const struct cgroup_files CGROUP_FILES[] = {
    [1] = {.type = "cgroup",
           .mount = "/sys/fs/cgroup/memory",
           .limit = "memory.limit_in_bytes",
           .usage = "memory.usage_in_bytes",
           .peak = "memory.max_usage_in_bytes",
           .swap_limit = "memory.memsw.limit_in_bytes",
           .failures = {"memory.failcnt", NULL},
           .oom_kills = {"memory.oom_control", "oom_kill"},
           .inactive_file = "total_inactive_file"},
    [2] = {.type = "cgroup2",
           .mount = "/sys/fs/cgroup",
           .limit = "memory.max",
           .usage = "memory.current",
           .peak = "memory.peak",
           .swap_limit = "memory.swap.max",
           .failures = {"memory.events", "max"},
           .oom_kills = {"memory.events", "oom_kill"},
           .pressure = "memory.pressure",
           .inactive_file = "inactive_file"},
};

#endif
