/* summary_claim.h: the claims of a run's plan (claim.h), judged by its rows: claims.csv, a row per claim and cell, and their
 * part of the printed table. A plan without a silent window, as that of a timed pass, has no verdicts; a cell whose own walk
 * has no silent phase has one, that it was not asked. */
#ifndef AFTERFREE_SUMMARY_CLAIM_H
#define AFTERFREE_SUMMARY_CLAIM_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

#include "summary.h"

/* Writes RUN/claims.csv, whole or not at all, where RUN/plan.ini has claims; else nothing. summary_write does. */
bool summary_claim_write(const struct summary *summary, const char *run_folder, GError **error);

/* Prints nothing when there is no claim. */
void summary_claim_print(const struct summary *summary, const char *run_folder, FILE *out);

#endif
