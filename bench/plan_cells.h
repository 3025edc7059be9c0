/* plan_cells.h: a group [cells NAME] or [cost NAME] of a plan, for plan.c. */
#ifndef AFTERFREE_PLAN_CELLS_H
#define AFTERFREE_PLAN_CELLS_H

#include "ini.h"
#include "plan.h"

/* NULL with error (EXIT_BAD_DATA; file, line, group and key). */
struct plan_cells *plan_cells_read(const struct ini *ini, const char *group, GError **error);
void plan_cells_free(gpointer cells); /* a GDestroyNotify */

/* Does each glob of the plan's claims match one of `cells` (struct plan_cell *)? Else error, as above: what matches nothing
 * would never be judged. */
bool plan_claims_match(const struct plan *plan, const GPtrArray *cells, GError **error);

/* Names of shapes, cells and workloads become names of files. */
bool plan_is_name(const char *text);

#endif
