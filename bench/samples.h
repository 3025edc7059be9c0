/* samples.h: the curve of one run, samples/CELL-REPEAT.csv, as a text. */
#ifndef AFTERFREE_SAMPLES_H
#define AFTERFREE_SAMPLES_H

#include <glib.h>
#include <stdbool.h>

#include "child.h"

/* A header and a row per sample (struct record_sample, sorted by time) that lies in a phase of `marks` (struct
 * record_mark), or in the one behind them that it did not finish (phase "": there is none). `has_cgroup`: it has columns.
 * Time is the process's own, 0 at the end of the first drop (there is none: at the walk's begin); of
 * equal readings in a row of one phase the first and the last stay, and every one with more than RSS. The caller frees. */
GString *samples_text(const GArray *marks, const struct child_mark *unfinished, const GArray *samples,
                      bool has_cgroup);

#endif
