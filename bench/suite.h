/* suite.h: what `run` and `list` share: a plan with its cells, each allocator probed. */
#ifndef AFTERFREE_SUITE_H
#define AFTERFREE_SUITE_H

#include <glib.h>
#include <stdbool.h>

#include "options.h"
#include "paths.h"
#include "plan.h"
#include "probe.h"

struct suite {
    struct paths paths;
    GPtrArray *allocators; /* of struct allocator * */
    struct plan *plan;
    GPtrArray *cells;   /* of struct plan_cell * */
    GHashTable *probes; /* allocator name -> struct probe *; of those that have cells */
};

/* Reads descriptors and plan, expands it, probes. False with error; clear it in any case. */
bool suite_open(struct suite *suite, const struct options *options, GError **error);
void suite_clear(struct suite *suite);

const struct probe *suite_probe(const struct suite *suite, const struct plan_cell *cell);
/* The environment of a cell's process, LD_PRELOAD included; NULL-terminated, caller frees. */
char **suite_environment(const struct suite *suite, const struct options *options,
                         const struct plan_cell *cell);

#endif
