/* price.h: what each setting costs, from the rows of the timed pass, as ratios that hold.
 *
 * The rows: RUN/cost/runs.csv if it is there, else RUN/runs.csv where RUN/machine.ini says `pass = cost`. The price
 * of a phase is its CPU time, user and system. A round (column repeat) has each cell once, so two cells are compared
 * round by round: a figure's ratio is the median over the rounds in which both are proven, never a ratio of medians.
 * What slows down a whole round slows down both.
 *
 * The interval: percentile bootstrap of that median (bootstrap.h) at PRICE_CONFIDENCE, widened at each end by
 * COMPARE_LEAST_RATIO. A difference is shown when it leaves 1 out; not below COMPARE_PRICE_RUNS rounds, nor when the
 * interval is wider than COMPARE_WIDEST.
 *
 * Why so: 8 pairs of the same, simulated 4000 times (dearer ones 1000). A ratio's spread is 2.5 %, as measured,
 * without and with spikes of up to 1.5 times in every twentieth process, and 5 % with them. How often a difference is
 * found, in %:
 *
 *   one figure, nothing differs       not widened         widened by 1 %      5 % dearer, widened
 *   median, 95 %                      7.8   8.0   8.1     0.6   0.9   2.8     94   84   42
 *   median, 99 %                      1.7   2.1   2.3     0.1   0.1   0.5     85   59   22    <- this one
 *   mean of logarithms, 95 %         11.5  12.3  13.0     0.8   1.9   5.1     99   72   52
 *   mean of logarithms, 99 %          5.5   5.5   6.0     0.4   0.5   2.0     95   69   39
 *   bootstrap-t of that mean, 95 %    5.2   5.3   7.2     0.5   0.6   2.4     89   66   38
 *   bootstrap-t of that mean, 99 %    1.2   0.7   1.2     0.1   0.0   0.2     64   44   15
 *
 * Percentile intervals of eight values are too narrow for what they say, those of a mean most; a spike moves a mean
 * and widens bootstrap-t. Of 20 settings, all the same and all over one baseline, two or more differed in 2 of 600
 * cases (12 of 600 at a spread of 5 % and spikes). 10 % are found always without spikes, in 3 of 4 cases with them;
 * 16 rounds find 5 % in 99 and 92 of 100: what is small needs more rounds (`rounds` of the plan). Where the host is
 * shared, ratios of single pairs were seen to spread by 7 to 38 % (scripts/measure-noise); what is widened does not
 * matter then, false alarms are those of the column "not widened", and 20 % may go unseen.
 *
 * Each verdict stands for itself: eight rounds cannot hold hundreds of intervals together (as compare.h does), for if
 * nothing differs all eight lie on one side of 1 by chance in 1 of 128 cases. So of 480 figures of the same, one or
 * two may differ.
 *
 * A disturbed round is told and counted, not dropped: to drop what looks bad is to choose. The median takes it. */
#ifndef AFTERFREE_PRICE_H
#define AFTERFREE_PRICE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "bootstrap.h"
#include "compare.h"
#include "csv.h"

#define PRICE_CONFIDENCE 0.99

enum price_figure {
    PRICE_BUILD,
    PRICE_DROP,
    PRICE_REBUILD,
    PRICE_PURGE,
    PRICE_REBUILD_AFTER_PURGE,
    PRICE_CYCLE, /* build, drop and rebuild */
    PRICE_FIGURES
};

/* The allocator's own setting `default`, and the plan's `baseline`; both of the same workload and shape. */
enum price_reference { PRICE_OF_DEFAULT, PRICE_OF_BASELINE, PRICE_REFERENCES };

struct price_ratio {
    guint
        rounds; /* pairs it is the median of; 0: nothing to compare (the reference itself, or not measured) */
    double median;
    bool has_interval; /* from COMPARE_PRICE_RUNS rounds on */
    struct bootstrap_interval interval;
    enum compare_verdict verdict;
    char *why; /* of COMPARE_NONE */
};

struct price_cost {
    double cpu_ns_per_record; /* the median over the proven rounds; NAN: not measured */
    struct price_ratio of[PRICE_REFERENCES];
};

struct price_cell {
    const char *cell, *allocator, *setting, *policy, *workload, *shape; /* owned by the table of rows */
    uint64_t records;
    guint rounds;      /* proven ones */
    bool is_floor;     /* its allocator has the role floor */
    bool asks_nothing; /* its workload asks the allocator for nothing: no live bytes at hold */
    GPtrArray *rows;   /* of the proven rounds: struct price_row *, see price_rows.h */
    struct price_cost costs[PRICE_FIGURES];
};

struct price_disturbance {
    const char *
        word; /* of the column conditions, or "cpu-wait": ready, but without a CPU for over 5 % of its time */
    guint runs; /* proven ones that have it */
};

struct price {
    struct csv *table;
    char *baseline;         /* ALLOCATOR/SETTING; NULL: the plan names none */
    bool is_own;            /* the rows are the folder's own: it is a timed pass's */
    GPtrArray *cells;       /* of struct price_cell *: with a proven round, in the order of their first row */
    GArray *disturbances;   /* of struct price_disturbance: of those that moved any run */
    guint runs, rounds;     /* proven ones; rounds of two shapes are different rounds, for their times are */
    guint disturbed_rounds; /* with any disturbed run */
};

/* True and NULL: the folder has no timed pass. False with error: its rows cannot be read. */
bool price_read(const char *run_folder, struct price **price, GError **error);
void price_free(struct price *price); /* NULL is fine */

/* Whence a cell has its price: allocator, setting and workload are the same, and the shape where that was timed; else
 * of the shapes that were the one with the most records. NULL: none. */
const struct price_cell *price_find(const struct price *price, const char *allocator, const char *setting,
                                    const char *workload, const char *shape);
/* Of exactly this shape. */
const struct price_cell *price_of_shape(const struct price *price, const char *allocator, const char *setting,
                                        const char *workload, const char *shape);
bool price_is_baseline(const struct price *price, const struct price_cell *cell);
bool price_is_own_default(const struct price_cell *cell);
/* ALLOCATOR/SETTING of what a cell's ratios are over; NULL: the plan names none. The caller frees. */
char *price_reference_name(const struct price *price, const struct price_cell *cell,
                           enum price_reference reference);
/* The same as a cell, which may be the cell itself; NULL: none is proven with its workload and shape. */
const struct price_cell *price_reference_of(const struct price *price, const struct price_cell *cell,
                                            enum price_reference reference);

/* --- one cell: price_judge.c --- */

/* Sets its costs. The rows of all cells are there. */
void price_judge(const struct price *price, struct price_cell *cell);

/* --- the columns of summary.csv and words for tables: price_words.c --- */

void price_add_header(GString *header);                              /* ",cost_shape,…", no line end */
void price_add_columns(GString *row, const struct price_cell *cell); /* NULL: empty ones, and 0 rounds */

/* "x 1.62"; "~ 1.02": no difference shown; "-": not measured; "1": the reference itself. `is_reference`: it is. The
 * caller frees. */
char *price_ratio_text(const struct price_ratio *ratio, bool is_reference);
char *price_interval_text(const struct price_ratio *ratio); /* "1.58-1.66", or "" */
char *price_ns_text(double ns);                             /* "512", "12.4", "-" */
/* "load in 3, steal in 1 of 320 timed runs, in 2 of 8 rounds"; NULL: calm. The caller frees. */
char *price_disturbance_text(const struct price *price);

#endif
