/* report.h: a comparison written down, for people and for machines.
 *
 *   table     at most 100 columns (a cell's name is never cut): the cells that differ, the largest first
 *   markdown  the same for a job summary or a pull request
 *   csv       a row per cell and figure, in the order of the table; its columns are in results/README.md
 *   json      what github-action-benchmark reads as customSmallerIsBetter: an array of {name, unit, value,
 *             range, extra}, an entry per cell and figure of B
 *
 * Table and Markdown begin with what was compared and all that differs in it (notes), and end with the verdict;
 * csv and json hold figures only: their notes are for report_notes, on stderr. */
#ifndef AFTERFREE_REPORT_H
#define AFTERFREE_REPORT_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

#include "budget.h"
#include "compare.h"

struct report {
    const struct comparison *comparison;
    const GPtrArray *mismatches; /* mismatch.h, all allowed */
    const struct budget *budget; /* NULL: none */
    bool all;                    /* table, markdown: every figure of every cell */
};

typedef void report_writer(const struct report *report, FILE *out);
report_writer report_table, report_markdown, report_csv, report_json;
report_writer report_notes; /* what differs, a line each; nothing when nothing does */

/* NULL: there is no such format. */
report_writer *report_find(const char *format);
bool report_has_notes(report_writer *writer); /* in itself */

/* The verdict on the whole in a few sentences, what it comes to first; caller frees. */
char *report_verdict(const struct report *report);

#endif
