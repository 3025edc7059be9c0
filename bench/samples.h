/* samples.h: the curve of one run, samples/CELL-REPEAT.csv, as a text. */
#ifndef AFTERFREE_SAMPLES_H
#define AFTERFREE_SAMPLES_H

#include <glib.h>

/* A header and a row per sample (struct record_sample, sorted by time) that lies in a phase of `marks` (struct
 * record_mark). Time is the process's own, 0 at the end of the first drop (there is none: at the walk's begin); of
 * equal readings in a row of one phase the first and the last stay, and every smaps_rollup. The caller frees. */
GString *samples_text(const GArray *marks, const GArray *samples);

#endif
