/* summary_latency.h: from latency.csv to latency_summary.csv (a row per cell and phase) and to its part of the printed
 * table: who pays, and how long. Of the ok runs alone. */
#ifndef AFTERFREE_SUMMARY_LATENCY_H
#define AFTERFREE_SUMMARY_LATENCY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "summary.h"

/* The numbers of a row that have a median, a least and a most over its runs: X(name). */
#define SUMMARY_LATENCY_NUMBERS(X)                                                                           \
    X(p50_ns)                                                                                                \
    X(p99_ns)                                                                                                \
    X(p999_ns)                                                                                               \
    X(p9999_ns)                                                                                              \
    X(max_ns)

enum summary_latency_number {
#define X(name) SUMMARY_LATENCY_##name,
    SUMMARY_LATENCY_NUMBERS(X)
#undef X
        SUMMARY_LATENCY_NUMBER_COUNT
};

/* A phase that comes more than once in the walk gives a value each time. */
struct summary_latency_phase {
    char *phase;
    guint values;
    uint64_t count; /* operations in each, and it is the same in all */
    char *clock;
    struct summary_number numbers[SUMMARY_LATENCY_NUMBER_COUNT];
    /* Of the one longest of all, which is max_ns's max: when it began in its phase, in which repeat, and how long the
     * process waited for a CPU in the whole of that phase (RECORD_UNKNOWN: not known). */
    uint64_t max_at_ns, max_wait_ns;
    char *max_repeat;
};

struct summary_latency_cell {
    const struct summary_cell *cell; /* borrowed */
    bool is_floor;                   /* it asks the allocator for nothing */
    GPtrArray *phases;               /* of struct summary_latency_phase *, in the order of the walk */
    const struct summary_latency_phase
        *longest; /* the phase whose max_ns has the largest median; NULL: no operation */
};

struct summary_latency {
    GPtrArray
        *cells; /* of struct summary_latency_cell *, those that have rows, in the order of the summary's */
};

/* Empty where the folder has no latency.csv; NULL with error where it cannot be read. */
struct summary_latency *summary_latency_read(const struct summary *summary, const char *run_folder,
                                             GError **error);
void summary_latency_free(struct summary_latency *latency);

/* NULL: the cell has no such phase. */
const struct summary_latency_phase *summary_latency_find(const struct summary_latency_cell *cell,
                                                         const char *phase);
uint64_t summary_latency_median(const struct summary_latency_phase *phase,
                                enum summary_latency_number number); /* of NULL: RECORD_UNKNOWN */

/* Writes RUN/latency_summary.csv, whole or not at all; where there is no latency.csv, nothing. summary_write does. */
bool summary_latency_write(const struct summary *summary, const char *run_folder, GError **error);

/* Prints nothing when there is no latency.csv. */
void summary_latency_print(const struct summary *summary, const char *run_folder, FILE *out);

#endif
