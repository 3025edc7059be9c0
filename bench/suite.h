/* suite.h: what `run`, `list` and `check` share: descriptors, a plan with its cells, and the probes. */
#ifndef AFTERFREE_SUITE_H
#define AFTERFREE_SUITE_H

#include <glib.h>
#include <stdbool.h>

#include "cgroup.h"
#include "options.h"
#include "paths.h"
#include "plan.h"
#include "probe.h"

struct suite {
    struct paths paths;
    GPtrArray *allocators; /* of struct allocator * */
    struct plan *plan;     /* NULL for `check` */
    GPtrArray *cells;      /* of struct plan_cell * */
    GHashTable *probes; /* allocator name -> struct probe *: the allocator alone; of those that have cells */
    GHashTable *setting_probes; /* struct allocator_setting * -> struct probe *; of proven allocators only */
    struct cgroup_site *site;   /* for a plan with a limit; NULL: no limit, or no_site says why not */
    char *no_site;
};

/* Reads descriptors and plan, expands it, probes every allocator and setting that has cells. What a service, or a
 * program with its allocator built in, cannot do (protocol.h) is an error of the plan. False with error; clear it in
 * any case. */
bool suite_open(struct suite *suite, const struct options *options, GError **error);
/* The same without a plan, and nothing is probed yet. */
bool suite_open_allocators(struct suite *suite, const struct options *options, GError **error);
void suite_clear(struct suite *suite);

/* For `run`, whose command line is `words`: where the cells of a plan with a limit get their cgroups. May
 * become another process once, see scope.h. */
void suite_find_site(struct suite *suite, char *const *words);

/* Runs the probe, once: later calls return the same. NULL with error when it cannot be started. The setting's
 * is its allocator's where that is not proven: then the setting was not asked. Owned by the suite. */
const struct probe *suite_probe_allocator(struct suite *suite, const struct options *options,
                                          const struct allocator *allocator, GError **error);
const struct probe *suite_probe_setting(struct suite *suite, const struct options *options,
                                        const struct allocator *allocator,
                                        const struct allocator_setting *setting, GError **error);

/* What stands before anything is run; told on stderr. NULL with error under --strict, where any of it moves results
 * (EXIT_NOT_PROVEN). */
struct conditions *suite_see_conditions(const struct suite *suite, const struct options *options,
                                        GError **error);

/* The probe of a cell's setting, as suite_open has made it. */
const struct probe *suite_probe(const struct suite *suite, const struct plan_cell *cell);
/* The environment of a cell's process, LD_PRELOAD included; NULL-terminated, caller frees. */
char **suite_environment(const struct suite *suite, const struct options *options,
                         const struct plan_cell *cell);

/* Of the package its library comes from; NULL: not installed, no package, or another library by --preload;
 * caller frees. */
char *suite_package_version(const struct options *options, const struct allocator *allocator);

/* Writes RUN_FOLDER/proofs.csv: a row per proof of each setting that was probed. */
bool suite_write_proofs(const struct suite *suite, const struct options *options, const char *run_folder,
                        GError **error);

#endif
