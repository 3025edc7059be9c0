/* scratch.h: the driver's own memory, by mmap: never from the heap under test. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stddef.h>

/* Zeroed, page-aligned, touched (so that it counts in the baseline, not in a phase); kept to the end of the
 * process. Dies with PROTOCOL_EXIT_MEMORY when the kernel refuses. */
void *scratch_new(size_t bytes);

#endif
