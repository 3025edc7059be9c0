/* scratch.h: the driver's own memory, by mmap: never from the heap under test. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed, page-aligned, touched (so that it counts in the baseline, not in a phase); kept to the end of the
 * process. Dies with PROTOCOL_EXIT_MEMORY when the kernel refuses. */
void *scratch_new(size_t bytes);

/* What it has handed out, in bytes of whole pages: told at every mark, and the same at all of them. */
extern uint64_t scratch_bytes;

#endif
