/* behaviour.h: what an allocator does with a small map that is dropped, seen from outside: the proof of a
 * setting that no call reads back.
 *
 * The workload hash_chained at 200000 records (about 30 MB) on a walk of its own; huge pages are off, so that
 * what is seen is the setting's. Read at the mark behind the drop (of what is garbage collected, which frees nothing
 * at a drop: behind the purge that follows), or where the setting has a delay behind a silence half as long again.
 * Bounds, of what RSS grew by from the baseline to hold:
 *   returns   at most a quarter is still resident
 *   lazy      at least half is lazy: resident, but the kernel's to take (LazyFree of smaps_rollup)
 *   keeps     at least half is resident and not lazy
 *   partly    none of these */
#ifndef AFTERFREE_BEHAVIOUR_H
#define AFTERFREE_BEHAVIOUR_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct behaviour {
    uint64_t grown_bytes, left_bytes, lazy_bytes; /* left: RSS over the baseline at the end, lazy included */
};

const char *behaviour_name(const struct behaviour *behaviour); /* static: one of the words above */

struct behaviour_spec {
    const char *program; /* the workload */
    char *const *environment;
    uint64_t delay_ms; /* of the setting */
    const char *purge; /* the call behind the drop; NULL: none is made */
};

/* Runs it. False: `*why` says why nothing can be told (it died, it did not grow; caller frees), or with error it could
 * not be started. */
bool behaviour_watch(struct behaviour *behaviour, const struct behaviour_spec *spec, char **why,
                     GError **error);

#define BEHAVIOUR_WORKLOAD "hash_chained"

#endif
