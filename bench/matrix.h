/* matrix.h: all runs of a plan: the busy token, admission by memory, the sampling timer, the rows. */
#ifndef AFTERFREE_MATRIX_H
#define AFTERFREE_MATRIX_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "conditions.h"
#include "folder.h"
#include "run.h"
#include "thp.h"

#define MATRIX_DEFAULT_JOBS 16
#define MATRIX_DEFAULT_HZ 100

struct matrix_options {
    guint jobs;      /* processes alive at once; one of them busy */
    guint sample_hz; /* 1..1000; 0: marks only */
    bool quiet;      /* no progress */
    bool no_repeat;  /* of a failed run: do not print how to repeat it */
    guint set_aside; /* runs whose rows were written before: they count as done in the progress */
    struct conditions *conditions; /* is shown every run; borrowed */
    struct thp *thp; /* changed between runs of different modes; borrowed; NULL: is not changed */
};

struct matrix_outcome {
    guint ok, skipped, bad; /* runs */
    guint killed;           /* at the plan's limit, by the kernel, exactly told: not in `bad` */
    bool interrupted;       /* by SIGINT or SIGTERM: finished rows are kept */
    uint64_t wall_ns;
    uint64_t phases_ms; /* sum over the runs of their own phases' time */
};

/* Runs `specs` (of struct run_spec *) in their order as far as memory allows, and writes each row into the
 * folder when its run ends. False with error (EXIT_SYSTEM) when rows cannot be written or nothing can be
 * started any more; the children are ended and rows already earned stay. */
bool matrix_run(GPtrArray *specs, struct folder *folder, const struct matrix_options *options,
                struct matrix_outcome *outcome, GError **error);

#endif
