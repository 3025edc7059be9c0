/* execute.h: a plan from its options to its run folder and table: what `run` and `selftest` share. */
#ifndef AFTERFREE_EXECUTE_H
#define AFTERFREE_EXECUTE_H

#include <glib.h>

#include "options.h"

/* Makes the run (or with options->resume goes on with one) and returns its exit code; -1 with error, whose
 * message says how to go on where rows are already earned. `words` is the command line as it was given. Progress
 * and warnings go to stderr, the table to stdout. */
int execute(struct options *options, char *const *words, GError **error);

#endif
