/* paths.h: where descriptors, plans, workloads and the controls of `afterfree selftest` lie.
 *
 * In a build tree (the executable is BUILD/bench/afterfree beside BUILD/CMakeCache.txt): descriptors and
 * plans in the source tree, workloads in BUILD/workloads and BUILD/services. Installed: PREFIX/share/afterfree,
 * PREFIX/libexec/afterfree/workloads and PREFIX/libexec/afterfree/services. Libraries of floors (allocator.h) in
 * BUILD/bench/floor; installed PREFIX/libexec/afterfree/floor. --data DIR (repeatable) is searched first:
 * DIR/allocators, DIR/plans.
 * The controls are a world of their own: bench/test/controls with its own allocators/ and plans/, and their
 * libraries in BUILD/bench/controls; installed PREFIX/share/afterfree/controls and
 * PREFIX/libexec/afterfree/controls. */
#ifndef AFTERFREE_PATHS_H
#define AFTERFREE_PATHS_H

#include <glib.h>
#include <stdbool.h>

struct paths {
    char **allocator_dirs, **plan_dirs, **workload_dirs; /* NULL-terminated, first wins; may not exist */
    char *source_dir;                                    /* for the git revision; NULL when installed */
    char **answer_files;                                 /* expected.ini beside the folders above; as they */
    char *control_dir;                                   /* the controls' libraries */
    char *floor_dir;                                     /* the floors' */
    char *service_dir; /* of workload_dirs the one whose programs are services */
};

/* `data`: NULL or the --data folders, each of which must exist and have allocators/ or plans/ (of the controls: or
 * expected.ini), else EXIT_USAGE. False with error. */
bool paths_find(struct paths *paths, const char *const *data, GError **error);
/* The same for the controls: their descriptors and plans alone, and no other. */
bool paths_find_controls(struct paths *paths, const char *const *data, GError **error);
void paths_clear(struct paths *paths);

/* A plan by name or by file (it is a file if it has a slash or ends in .ini). Caller frees; NULL with error
 * (EXIT_USAGE) that lists the plans there are. */
char *paths_plan(const struct paths *paths, const char *name, GError **error);
/* The program of a workload; caller frees; NULL with error (EXIT_BAD_DATA). */
char *paths_workload(const struct paths *paths, const char *name, GError **error);
bool paths_is_service(const struct paths *paths, const char *program); /* as paths_workload gives it */
/* The library of that file name among the floors'; caller frees; NULL: there is none. */
char *paths_floor(const struct paths *paths, const char *name);
/* The known answers of the controls; caller frees; NULL with error (EXIT_SYSTEM). */
char *paths_answers(const struct paths *paths, GError **error);
/* Where run folders go by default; caller frees. */
char *paths_results(const struct paths *paths);

#endif
