/* plan_walk.h: the walks of a plan, for plan.c: [plan] walk=, PLAN_TIMED_WALK, and the groups [walk NAME]. */
#ifndef AFTERFREE_PLAN_WALK_H
#define AFTERFREE_PLAN_WALK_H

#include "plan.h"
#include "section.h"

/* Longest name: that of a cell, which it is a part of, becomes that of a file. */
#define PLAN_WALK_NAME_MAX 16

GPtrArray *plan_walk_new(void); /* of struct plan_step *, which it owns */

/* Fills an empty walk with `phases`, `cycles` times, in the plan's windows: from the second time on a build is a
 * rebuild and a drop a redrop. False with error (EXIT_BAD_DATA; file, line, the section's group and `key`). */
bool plan_walk_fill(GPtrArray *walk, const struct plan *plan, char *const *phases, uint64_t cycles,
                    const struct section *in, const char *key, GError **error);

/* The group [walk NAME]; NULL with error. */
struct plan_walk *plan_walk_read(const struct plan *plan, const char *group, GError **error);
void plan_walk_free(gpointer walk); /* a GDestroyNotify */

/* The steps of the plan's walk of that name; NULL: there is none. */
const GPtrArray *plan_walk_find(const struct plan *plan, const char *name);

bool plan_walk_has(const GPtrArray *walk, const char *phase);

#endif
