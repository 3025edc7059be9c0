/* facts.h: machine.ini of a run: the machine, the allocators as they were found, what the run itself took. */
#ifndef AFTERFREE_FACTS_H
#define AFTERFREE_FACTS_H

#include <glib.h>
#include <stdbool.h>

#include "matrix.h"
#include "suite.h"

/* [machine], [allocator NAME] of each that was probed, and [run] command and fixed_addresses; the caller
 * frees. Warns on stderr of what holds for every process. */
GKeyFile *facts_describe(const struct suite *suite, const struct options *options, const char *command_line);

/* What the orchestrator itself took, into `group`, for a reader who doubts that it stayed out of the way. */
void facts_add_cost(GKeyFile *file, const char *group, const struct matrix_outcome *outcome);

/* Admission rests on estimates: the smallest expected over measured peak of the run's rows, into [run]. One below
 * 1 is warned about. False with error when the rows cannot be read. */
bool facts_add_admission(GKeyFile *file, const char *run_folder, bool quiet, GError **error);

#endif
