/* threads.h: the threads of a child, when all of them sleep. What one has run is in its schedstat, which stands still
 * then. */
#ifndef THREADS_H
#define THREADS_H

#include <stdint.h>

#include "harness.h"

#define THREADS_MAX 8

struct threads {
    unsigned count;
    int ids[THREADS_MAX]; /* ascending: the main thread, then the others as they were made */
    uint64_t ran_ns[THREADS_MAX];
};

/* Waits until each of them sleeps; one that ends meanwhile is not among them. */
void threads_read(const struct child *child, struct threads *threads);

#endif
