/* cost.h: the rows of a timed pass as Google Benchmark's benchmarks: CELL/PHASE, a repetition a round, time per
 * record. Its console and its JSON are then what its users know. */
#ifndef AFTERFREE_COST_H
#define AFTERFREE_COST_H

#include <glib.h>
#include <stdbool.h>

struct cost;

/* Of the runs.csv and machine.ini in a folder of `afterfree cost`, and of its calls/ if there; NULL with error. */
struct cost *cost_read(const char *folder, GError **error);
/* Before anything has run: benchmarks without a row. `cells`: of struct plan_cell *. */
struct cost *cost_plan(const GPtrArray *cells, guint rounds);
void cost_free(struct cost *cost);
typedef struct cost cost_table; /* g_autoptr(cost_table) */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cost_table, cost_free)

/* `flags` are Google Benchmark's, NULL-terminated. Names of the cells of which --benchmark_filter leaves some
 * benchmark; the caller frees. NULL with error: EXIT_USAGE, EXIT_NO_MATCH. */
char **cost_select(const struct cost *cost, char *const *flags, GError **error);
/* Google Benchmark's report as the flags want it, its console only unless `quiet`; of a list of names that list. */
bool cost_report(const struct cost *cost, char *const *flags, bool quiet, GError **error);
/* FOLDER/benchmark.json: all of it, whatever was asked of the console. */
bool cost_write_json(const struct cost *cost, const char *folder, GError **error);

#endif
