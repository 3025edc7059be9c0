/* count.h: what the preload `count` counts, in memory that it shares with a test. */
#ifndef COUNT_H
#define COUNT_H

#include <stdatomic.h>
#include <stdint.h>

struct count {
    _Atomic uint64_t calls;       /* of every function of the allocator, free(NULL) too */
    _Atomic uint64_t live_blocks; /* handed out and not freed */
    _Atomic uint64_t live_bytes;  /* the same, as they were asked for */
    uint64_t sequence;            /* a hash over all calls in their order: the operation and the bytes */
    uint64_t limit_bytes; /* set by the test: beyond so many live bytes there is no memory; 0: no limit */
};

#endif
