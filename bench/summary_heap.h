/* summary_heap.h: what a program's own runtime believes of its heap, beside what the kernel has: a part of the printed
 * table, of cells whose runtime tells (heap_*_bytes of record.h). */
#ifndef AFTERFREE_SUMMARY_HEAP_H
#define AFTERFREE_SUMMARY_HEAP_H

#include <stdio.h>

#include "summary.h"

/* A block per workload and shape; of each cell a line for each instant at which its heap was told. Prints nothing when none
 * of the ok cells tells. */
void summary_heap_print(const struct summary *summary, FILE *out);

#endif
