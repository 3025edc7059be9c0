/* summary.h: from runs.csv to summary.csv (a row per cell: medians, with _min and _max beside) and to the
 * table people read. Can always be done again from the raw rows. */
#ifndef AFTERFREE_SUMMARY_H
#define AFTERFREE_SUMMARY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "price.h"
#include "record.h"

struct summary_number {
    uint64_t median, min, max; /* RECORD_UNKNOWN: not known, or (t50, t90) not within the window */
};

/* The median of `values`, where RECORD_UNKNOWN stands for "later than all others" (a censored time): it is
 * RECORD_UNKNOWN itself when half or more are. An even count gives the mean of the middle two, rounded.
 * `values` is sorted in place; count 0 gives unknown. */
struct summary_number summary_of(uint64_t *values, guint count);

struct summary_cell {
    struct record texts; /* of the cell's first ok row, else the first; conditions: of all ok ones */
    guint runs, ok, oom; /* oom: killed at the plan's limit */
    char *failure;       /* status and reason of the first run that is not ok; NULL: none */
    /* Over the ok runs; if there is none, over those killed at the plan's limit, up to the kill. */
    struct summary_number numbers[RECORD_NUMBER_COUNT];
};

/* RECORD_UNKNOWN: no run told it, or (t50, t90) too few did. */
static inline uint64_t summary_median(const struct summary_cell *cell, enum record_number number)
{
    return cell->numbers[number].median;
}

struct summary_condition {
    char *word; /* of the column conditions */
    guint runs; /* ok ones that have it */
};

struct summary {
    GPtrArray *cells;      /* of struct summary_cell *, in the order of their first row */
    GPtrArray *conditions; /* of struct summary_condition *, in the order of their first row */
    guint ok;              /* runs */
    struct price *price;   /* of the folder's timed pass, or of the folder as one; NULL: there is none */
};

/* Reads RUN/runs.csv, and the rows of its timed pass (price.h); NULL with error. */
struct summary *summary_read(const char *run_folder, GError **error);
void summary_free(struct summary *summary);
/* Writes RUN/summary.csv, where operations were timed RUN/latency_summary.csv, and where the plan claims something
 * RUN/claims.csv, and of a walk of many cycles RUN/cycles.csv and RUN/cycles_summary.csv; each whole or not at all. */
bool summary_write(const struct summary *summary, const char *run_folder, GError **error);
/* The table, at most 100 columns wide, a block per workload, shape and walk, the least held after silence first;
 * then what was not proven, with its reason, and the figures there are in RUN/plots. Bytes over the
 * baseline. Of a timed pass the table of prices instead. */
void summary_print(const struct summary *summary, const char *run_folder, FILE *out);

/* Do both stand in one block: of one workload, shape and walk? */
bool summary_same_block(const struct summary_cell *a, const struct summary_cell *b);
/* Of a cell in its block: "ALLOCATOR/SETTING", with the THP mode the plan asked for, and " ?" where the setting is not
 * provable; the caller frees. */
char *summary_row_name(const struct summary_cell *cell);

/* Its part for cells with a limit, in the same blocks: who was killed, and where; what a neighbour got, or of a service
 * its working set and the requests it has answered, where any row of the block has that. Prints nothing when there is
 * no such cell. */
void summary_print_limit(const struct summary *summary, FILE *out);
/* Whence the cell has its price; NULL: nowhere (a cell that asks for a THP mode is timed under none). */
const struct price_cell *summary_price_of(const struct summary *summary, const struct summary_cell *cell);
/* What the column `price` of a block is; `cells`: the block's. Prints nothing when none of them has a price. */
void summary_print_price_note(const struct summary *summary, const GPtrArray *cells, FILE *out);
/* The table of prices, a block per workload and shape, the cheapest cycle first. */
void summary_print_prices(const struct summary *summary, FILE *out);
/* What the harness itself takes of the baseline's time, and what disturbed the timed pass; nothing without one. */
void summary_print_price_foot(const struct summary *summary, const char *run_folder, FILE *out);
/* Its part for runs whose system calls were counted: how many in each phase. Prints nothing when none were. */
void summary_print_calls(const struct summary *summary, FILE *out);
/* A line when the run ended before its time: fewer rows than machine.ini says the run has; of a run that does not
 * say so, when its last part was interrupted, or was killed (or still runs). Prints nothing when there is no
 * machine.ini. */
void summary_print_unfinished(const struct summary *summary, const char *run_folder, FILE *out);
/* Is the cell's end in that part: killed by the kernel at the limit of the plan? */
bool summary_killed_at_limit(const struct summary_cell *cell);

/* "/thp-MODE" where the plan asked for it: the part of the cell's name behind its workload and shape; or "". */
const char *summary_asked_mode(const struct summary_cell *cell);

/* All of it: reads, writes, prints to `out` unless that is NULL. False with error. */
bool summary_make(const char *run_folder, FILE *out, GError **error);

#endif
