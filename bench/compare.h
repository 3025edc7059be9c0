/* compare.h: two run folders, cell by cell: what B holds and costs, against A.
 *
 * Memory is over the baseline, in bytes. Price is CPU time, user and system. Where both folders have the plan's
 * baseline (glibc/default), the same in both, the price of a cell is a multiple of the baseline's price for the
 * same workload and shape in the same round, so that a machine that has become slower does not show; else it is
 * in ns. Each run is one value, paired with the baseline's run of its round; a figure is the median of the
 * runs, and a difference has an interval:
 *
 *   price   a bootstrap interval of B over A (bootstrap.h), from COMPARE_PRICE_RUNS runs a side on. None below:
 *           a difference is then never shown, nor when the interval includes 1 or is wider than COMPARE_WIDEST.
 *   memory  a bootstrap interval of B less A from COMPARE_MEMORY_RUNS runs a side on; below, the difference
 *           and the known spread of a single run around it, but none for policies delayed and lazy, where what
 *           stays at an instant may differ by half. It is shown when the interval leaves 0 out.
 *
 * Both are widened at each end by the least difference that counts.
 *
 * The bootstrap intervals of all figures of a comparison hold together in 95 of 100 comparisons (Bonferroni):
 * with 400 figures at 95 % each, twenty would differ between two runs of the same. */
#ifndef AFTERFREE_COMPARE_H
#define AFTERFREE_COMPARE_H

#include <glib.h>
#include <stdbool.h>

#include "bootstrap.h"
#include "pair.h"

#define COMPARE_PRICE_RUNS 8
/* Three runs of the same a side lie apart by chance in 1 of 10 figures, four in 1 of 35. */
#define COMPARE_MEMORY_RUNS 4
#define COMPARE_WIDEST 1.5 /* upper end over lower end of a price's interval */

/* The least difference that counts, and how far the memory of one run of a cell may lie from another's: a part
 * of the larger figure, of memory at least some bytes. Measured, see bench/budgets/README.md. */
#define COMPARE_LEAST_RATIO 1.01
#define COMPARE_LEAST_PART 0.005
#define COMPARE_LEAST_BYTES 65536
#define COMPARE_SPREAD_PART 0.05
#define COMPARE_SPREAD_BYTES 524288

enum compare_unit { COMPARE_BYTES, COMPARE_NS, COMPARE_TIMES /* the baseline's price */ };

/* A figure of each cell; the list is in compare.c, and new columns of runs.csv come in there. */
struct compare_figure {
    const char *name;  /* in CSV, JSON and budgets: "silent" */
    const char *title; /* in tables: "at once" */
    bool is_price;
    const char *columns[8]; /* of runs.csv, added up */
};
extern const struct compare_figure compare_figures[];
extern const guint compare_figure_count;

enum compare_verdict { COMPARE_NONE, COMPARE_LESS, COMPARE_MORE };

struct compare_change {
    const struct compare_figure *figure;
    enum compare_unit unit;
    GArray *values[PAIR_SIDES]; /* of double, one a run, never empty */
    double median[PAIR_SIDES];
    bool is_timed;     /* memory that goes back as time passes: a single run's spread is not known */
    bool has_interval; /* from runs or from the known spread */
    bool from_runs;    /* by bootstrap */
    bool too_wide;     /* above COMPARE_WIDEST */
    struct bootstrap_interval difference; /* memory: B less A, in bytes */
    struct bootstrap_interval ratio;      /* B over A; infinite where A is 0 */
    enum compare_verdict verdict;
    char *why; /* COMPARE_NONE: why no difference is shown */
};

struct compare_cell {
    const struct pair_cell *pair;
    GPtrArray *changes; /* of struct compare_change *; figures that either side does not have are not there */
    bool
        broken; /* proven in A; in B no run is, or some fail (failed, oom, timeout) or are invalid as none were in A */
    bool worse, better;    /* broken or some verdict is MORE; some is LESS */
    double size;           /* of its largest difference; infinite: broken */
    GPtrArray *judgements; /* of struct budget_judgement *; empty without a budget */
};

struct comparison {
    const struct pair *pair;
    GPtrArray *cells;          /* of struct compare_cell *, the largest difference first */
    char *baseline;            /* that prices are multiples of; NULL: they are CPU times */
    char *price_note;          /* what prices are, and how the baseline's own CPU time has changed */
    double confidence;         /* of each bootstrap interval */
    guint worse, better, same; /* cells; one that is both is worse */
};

/* `pair` must outlive it. Never fails. */
struct comparison *compare_runs(const struct pair *pair);
void compare_free(struct comparison *comparison);
typedef struct comparison compare_result; /* g_autoptr(compare_result) */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(compare_result, compare_free)

/* --- one change: compare_judge.c --- */

bool compare_has_enough_runs(const struct compare_change *change);
/* Sets interval, verdict and why from the values and medians. `confidence`: of a bootstrap interval. */
void compare_judge(struct compare_change *change, double confidence);
/* Of a bootstrap interval of a ratio of prices: widens it by the least difference that counts, then says on which
 * side of 1 it lies. `why`: of COMPARE_NONE, not to be freed; else NULL. */
enum compare_verdict compare_judge_ratio(struct bootstrap_interval *ratio, const char **why);
bool compare_is_too_wide(struct bootstrap_interval ratio); /* above COMPARE_WIDEST */
/* A shown difference as a factor >= 1, up or down; 1: none is shown. Of memory the bytes of a single run's
 * spread are added to both sides, so that 0 bytes are nothing special. */
double compare_size(const struct compare_change *change);

/* --- in words: compare_words.c; the caller frees --- */

/* "more memory: silent; slower: price", or "no difference shown" */
char *compare_words(const struct compare_cell *cell);
/* "1 of 8 runs not proven in B (failed: signal 11)"; NULL: all are */
char *compare_unproven_text(const struct compare_cell *cell, int side);
char *compare_value_text(const struct compare_change *change, int side); /* "184 MB", "1.042", "0.81 s" */
char *compare_difference_text(const struct compare_change *change);      /* "+17.1 MB", "x 1.136" */
char *compare_interval_text(const struct compare_change *change); /* "1.101 to 1.160"; or why there is none */
const char *compare_unit_name(enum compare_unit unit); /* "bytes", "ns", "times"; not to be freed */

#endif
