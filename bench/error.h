/* error.h: the one GError domain of the outside. The code is what the process exits with. */
#ifndef AFTERFREE_ERROR_H
#define AFTERFREE_ERROR_H

#include <glib.h>
#include <stdbool.h>

#define AFTERFREE_ERROR (g_quark_from_static_string("afterfree"))

/* Exit codes of `afterfree`, and codes of its GErrors. Documented in --help. */
enum {
    EXIT_PROVEN = 0,     /* every row proven, or skipped (not installed, too big, no cgroup to be had) */
    EXIT_NOT_PROVEN = 1, /* at least one cell invalid, failed, oom (unless the plan's answer) or timeout; with
                              --strict also skipped, or a condition that moves results: one that stands, and
                              nothing is run */
    EXIT_USAGE = 2,      /* bad option or argument */
    EXIT_BAD_DATA = 3,   /* a descriptor, plan or results file that cannot be read as such */
    EXIT_NO_MATCH = 4,   /* --only (or a plan's own lists) select no cell */
    EXIT_SYSTEM = 5,     /* the system refused: disk full, no descriptors, no such folder */
    EXIT_CONDITIONS = 6, /* compare: made under other conditions (its 1: worse, or over the budget) */
    EXIT_INTERRUPTED = 130 /* Ctrl-C or SIGTERM: finished rows are kept */
};

/* Sets the error and returns false, so that a function can end with it. */
bool error_refuse(GError **error, int code, const char *format, ...) G_GNUC_PRINTF(3, 4);

#endif
