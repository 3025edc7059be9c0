/* cycles.h: what a process that builds and drops again and again holds while it is idle, and whether that creeps up.
 *
 * A cycle begins with a build or rebuild; it counts when behind its drop a waiting phase was walked to its end. Unused is what
 * is held at the end of a cycle's last waiting phase, over the baseline, less the live bytes: those of the survivors
 * (exact, as the process tells them). A folder has cycles when one of its walks has CYCLES_LEAST of them; then each cell whose
 * walk has two is looked at.
 *
 * Creeping: a straight line through the unused bytes of each cycle but the first, over the number of the cycle (least squares,
 * gsl_fit_linear), with the 95 % interval of its slope by Student's t. The first cycle is left out: it is the one
 * that meets an empty heap, and what it leaves is where the others begin. Where survivors pile up, what is unused
 * rises even under a perfect allocator, by headers and rounding. So the slope is held against that: overhead is what
 * a live byte took beyond itself when the first map stood (RSS over the baseline, at the first mark of its build), times the
 * rise of the live bytes a cycle, a straight line too. A heap that is collected is larger than its map by garbage and by the
 * room left for it: where the runtime tells what is in use, that is taken, of the build at which a live byte took least. */
#ifndef AFTERFREE_CYCLES_H
#define AFTERFREE_CYCLES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "csv.h"
#include "summary.h"

#define CYCLES_LEAST 4 /* of some walk, for a folder to have cycles: three behind the first */
#define CYCLES_LEAST_CREEP_BYTES 4096.0 /* a page: RSS knows no less */
#define CYCLES_LEAST_TO_FIT 8           /* the first included */

/* RSS as read; RECORD_UNKNOWN where the cycle has no such phase, or did not come so far. */
struct cycles_cycle {
    uint64_t peak_live_bytes;         /* the most at a mark of the cycle */
    uint64_t live_bytes, live_blocks; /* at the end of the last waiting phase */
    uint64_t peak_rss_bytes;          /* up to the drop */
    uint64_t drop_rss_bytes;
    uint64_t silent_rss_bytes, silent_held_bytes; /* behind the cycle's first silent phase */
    uint64_t idle_rss_bytes, idle_held_bytes;     /* behind its last waiting phase */
};

/* A run of a cell, whatever became of it. */
struct cycles_run {
    char *repeat, *status;
    uint64_t baseline_rss_bytes;
    double overhead; /* bytes that a live byte took beyond itself when a map stood */
    GArray *cycles;  /* of struct cycles_cycle; those that have at least their build's mark */
};

/* Slopes a cycle, with their interval. */
struct cycles_line {
    double slope, low, high;
};

/* Through (1, values[0]), (2, values[1]) …; count > 2. */
struct cycles_line cycles_fit(const double *values, guint count);

struct cycles_cell {
    const struct summary_cell *cell; /* borrowed */
    GPtrArray *runs;                 /* of struct cycles_run *, in the order of the file */
    /* Over the ok runs: cycles that each has walked, and of the medians of each cycle: */
    guint cycles;
    bool is_fitted;                       /* at least CYCLES_LEAST_TO_FIT */
    struct cycles_line line;              /* of what is unused */
    double overhead_bytes;                /* what overhead adds to that a cycle */
    double unused_bytes;                  /* mean over the last half of the cycles; NAN: none */
    uint64_t peak_live_bytes, live_bytes; /* the most of all cycles; of the last */
    char *verdict;                        /* never NULL */
};

/* Cycles of a run that were walked to their end, from the first on. */
guint cycles_complete(const struct cycles_run *run);

/* From the runs of a cell to all else in it. */
void cycles_judge(struct cycles_cell *cell);

/* Cells that have cycles, of struct cycles_cell *, in the order of their names; empty in most folders, and without marks.csv.
 * NULL with error. */
GPtrArray *cycles_read(const struct summary *summary, const char *run_folder, GError **error);

/* Writes RUN/cycles.csv and RUN/cycles_summary.csv, each whole or not at all; without such cells nothing. summary_write
 * does. */
bool cycles_write(const struct summary *summary, const char *run_folder, GError **error);

/* Their part of the printed table; nothing without such cells. */
void cycles_print(const struct summary *summary, const char *run_folder, FILE *out);

/* What 24 hours of idling at that cost: unused bytes / 10^9 x 24, for two jobs a day are minutes. */
double cycles_gb_hours_per_day(const struct cycles_cell *cell);

#endif
