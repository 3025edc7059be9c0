/* arena.h: what all controls share. A control is an allocator with known figures: its file says what is
 * special about it in one `const struct control control`, and arena.c brings the functions a preload defines:
 * malloc free calloc realloc posix_memalign aligned_alloc, and control_purge() for descriptors to name.
 *
 * Memory is one arena, mapped before main and handed out from its begin to its end, each block behind 16
 * bytes for its size. When the last block is freed it begins anew; its pages stay resident until the control
 * gives them back. No huge pages, so that RSS moves page by page on every machine. What is asked for before
 * main (the C library's own, a thread's) comes out of a corner of its own and is neither counted nor freed.
 *
 * All hooks but `start` run under arena_mutex. The C library's heap is never touched. */
#ifndef ARENA_H
#define ARENA_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every hook may be NULL: then nothing happens there. */
struct control {
    void (*start)(void);                 /* before main, behind the arena's own start */
    bool (*before_malloc)(size_t bytes); /* false: it gets NULL */
    void (*after_malloc)(void *, size_t bytes);
    bool (*before_free)(void); /* false: the block is not freed */
    void (*all_free)(void);    /* the last block has been freed */
    void (*purge)(void);       /* control_purge() was called */
};

#pragma GCC visibility push(hidden)
extern const struct control control;

extern pthread_mutex_t arena_mutex;
void arena_advise(int advice); /* madvise over all that was ever handed out */

/* For hooks: what the controls that do all right do in all_free. */
void arena_give_back(void);

uint64_t arena_setting(const char *variable); /* a number of the setting's environment; 0: not there */
#pragma GCC visibility pop

#endif
