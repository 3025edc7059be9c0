/* neighbour.h: the process that shares a run's cgroup and eats up its limit: workloads/beside/neighbour.c.
 *
 * Step by step, and it stands still after each until it is told to go on: so what it had when the kernel killed
 * somebody is known to a step. The kernel takes the larger of the two, for their scores are alike (spawn.h). */
#ifndef AFTERFREE_NEIGHBOUR_H
#define AFTERFREE_NEIGHBOUR_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "child.h"

#define NEIGHBOUR_STEP_BYTES (UINT64_C(8) << 20) /* of a small limit a sixteenth */

struct neighbour {
    bool started;
    struct child child;
    uint64_t got_bytes; /* after the last step that killed nobody */
};

/* False with error (EXIT_SYSTEM). */
bool neighbour_start(struct neighbour *neighbour, const char *program, const char *cgroup_procs,
                     uint64_t limit_bytes, GError **error);
void neighbour_close(struct neighbour *neighbour); /* kills it; fine when not started */

enum neighbour_event {
    NEIGHBOUR_NOTHING, /* still at its step */
    NEIGHBOUR_STEPPED, /* *got_bytes; waits for neighbour_go */
    NEIGHBOUR_ENDED,   /* *status as of wait4 */
    NEIGHBOUR_GARBAGE, /* what it said is no step */
};
enum neighbour_event neighbour_read(struct neighbour *neighbour, uint64_t *got_bytes, int *status);
void neighbour_go(struct neighbour *neighbour, uint64_t got_bytes); /* that step killed nobody */

#endif
