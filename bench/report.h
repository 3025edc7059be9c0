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
    bool all;                    /* table, markdown: every figure of every cell, limits with their cells */
    bool despite_missing;        /* cells proven in A that are missing in B are told, and no more */
};

typedef void report_writer(const struct report *report, FILE *out);
report_writer report_table, report_markdown, report_csv, report_json;
report_writer
    report_notes; /* what differs, which side is unfinished, what is missing in B; nothing when nothing */

/* NULL: there is no such format. */
report_writer *report_find(const char *format);
bool report_has_notes(report_writer *writer); /* in itself */

/* Cells proven in A are missing in B (not run or skipped), and that is not overlooked: B is not shown to be as
 * good as A. */
bool report_is_incomplete(const struct report *report);

/* "B was interrupted (machine.ini): …", what to do about it; NULL: it ended by itself. Caller frees. */
char *report_unfinished_text(const struct report *report, int side);

/* The verdict on the whole in a few sentences, what it comes to first; caller frees. */
char *report_verdict(const struct report *report);

#endif
