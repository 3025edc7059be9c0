/* check.h: `afterfree check`: what is proven of each allocator and each of its settings, as a table. */
#ifndef AFTERFREE_CHECK_H
#define AFTERFREE_CHECK_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

#include "suite.h"

struct check_outcome {
    guint allocators, not_installed, refuted; /* refuted: another object owns malloc, it died … */
    guint without_version; /* proven, but its version call tells none: lines with a range cannot apply */
    guint settings, in_force, not_in_force, not_provable, ask_nothing;
    guint settings_refuted; /* the allocator is well, but not under this setting */
};

/* Probes the allocators whose name matches one of `globs` (NULL or empty: all) with all their settings, and
 * prints of each: library, package, version, owners, purge call, build, and a table (at most CHECK_COLUMNS
 * wide) of setting, name, asked, in force, verdict. A value that nothing asks for stands in the allocator's
 * first setting, and in another only where it differs. False with error: a glob that matches no allocator
 * (EXIT_USAGE, lists them), or a probe that cannot be started. */
bool check_run(struct suite *suite, const struct options *options, char *const *globs, FILE *out,
               struct check_outcome *outcome, GError **error);

#define CHECK_COLUMNS 100

#endif
