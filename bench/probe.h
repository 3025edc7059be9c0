/* probe.h: asks, in a process of its own, which allocator a preload really brings: the object that owns
 * malloc, its version, and whether the purge call is there. */
#ifndef AFTERFREE_PROBE_H
#define AFTERFREE_PROBE_H

#include <glib.h>
#include <stdbool.h>

#include "allocator.h"
#include "paths.h"

enum probe_verdict {
    PROBE_PROVEN,        /* the library asked for owns malloc */
    PROBE_NOT_INSTALLED, /* the descriptor's own library cannot be found */
    PROBE_REFUTED,       /* anything else: another object owns malloc, it died, it did not end */
};

struct probe {
    enum probe_verdict verdict;
    char *object;     /* path of the object that owns malloc */
    char *version;    /* as the allocator says; NULL: it cannot say, or was not asked */
    bool purge_found; /* the descriptor's purge call is in the process */
    char *reason;     /* not proven: why, and what to do */
};

/* `preload` overrides the descriptor's (NULL: none). Runs the workload `null` as the probe. False with error
 * only when the probe itself cannot be run; an allocator that is not there is a result. */
bool probe_allocator(struct probe *probe, const struct allocator *allocator, const char *preload,
                     const struct paths *paths, GError **error);
void probe_clear(struct probe *probe);

#endif
