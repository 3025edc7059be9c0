/* paths.h: where descriptors, plans and workloads lie.
 *
 * In a build tree (the executable is BUILD/bench/afterfree beside BUILD/CMakeCache.txt): descriptors and
 * plans in the source tree, workloads in BUILD/workloads. Installed: PREFIX/share/afterfree and
 * PREFIX/libexec/afterfree/workloads. --data DIR (repeatable) is searched first: DIR/allocators, DIR/plans.
 */
#ifndef AFTERFREE_PATHS_H
#define AFTERFREE_PATHS_H

#include <glib.h>
#include <stdbool.h>

struct paths {
    char **allocator_dirs, **plan_dirs, **workload_dirs; /* NULL-terminated, first wins; may not exist */
    char *source_dir;                                    /* for the git revision; NULL when installed */
};

/* `data`: NULL or the --data folders, each of which must exist (EXIT_USAGE). False with error. */
bool paths_find(struct paths *paths, const char *const *data, GError **error);
void paths_clear(struct paths *paths);

/* A plan by name or by file (it is a file if it has a slash or ends in .ini). Caller frees; NULL with error
 * (EXIT_USAGE) that lists the plans there are. */
char *paths_plan(const struct paths *paths, const char *name, GError **error);
/* The program of a workload; caller frees; NULL with error (EXIT_BAD_DATA). */
char *paths_workload(const struct paths *paths, const char *name, GError **error);

#endif
