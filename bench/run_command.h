/* run_command.h: what a run executes: the steps of its walk and the arguments that ask for them; and the same as
 * texts, for a row and for a shell. */
#ifndef AFTERFREE_RUN_COMMAND_H
#define AFTERFREE_RUN_COMMAND_H

#include <glib.h>

#include "run.h"

/* Of const struct plan_step *: baseline, of the cell's walk what its allocator can walk (allocator.h), end. The array
 * is the caller's; the steps are the plan's. */
GPtrArray *run_command_steps(const struct plan_cell *cell);

/* argv: the cell's name, then KEY=VALUE as driver/params.h reads them; the caller frees. `steps` as above. */
char **run_command_arguments(const struct plan *plan, const struct plan_cell *cell, const GPtrArray *steps);

/* In one line, so that a row is one, by the escapes of descriptors; the caller frees. */
char *run_command_environment(char *const *environment);

/* The exact command that repeats this run by hand, quoted for a shell; the caller frees. */
char *run_command_line(const struct run *run);

#endif
