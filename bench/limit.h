/* limit.h: the memory limit of one run: its cgroup, the neighbour that puts it under pressure, and which of
 * the two the kernel has killed. */
#ifndef AFTERFREE_LIMIT_H
#define AFTERFREE_LIMIT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "cgroup.h"
#include "neighbour.h"
#include "record.h"

struct limit {
    struct cgroup *cgroup; /* NULL: the run has no limit */
    struct neighbour neighbour;
    uint64_t limit_bytes;
    uint64_t kills_known; /* oom_kill as far as we know whom it was */
};

/* `site` NULL: no limit. False with error (EXIT_SYSTEM). */
bool limit_open(struct limit *limit, struct cgroup_site *site, uint64_t limit_bytes, GError **error);
/* Ends the neighbour and removes the cgroup with what still runs in it. Fine when nothing is open. */
void limit_close(struct limit *limit);

const char *limit_procs(const struct limit *limit);           /* for spawn_spec; NULL: no limit */
struct cgroup_memory limit_memory(const struct limit *limit); /* unknown: no limit */
bool limit_has_killed(const struct limit *limit);             /* somebody whom we do not know of yet */
void limit_measure(const struct limit *limit,
                   struct record *record); /* the cgroup's columns; no limit: none */

enum limit_pressure {
    LIMIT_PRESSURE_ON,        /* nobody is killed yet */
    LIMIT_PRESSURE_NEIGHBOUR, /* killed */
    LIMIT_PRESSURE_PROCESS,   /* killed; its descriptors will tell */
    LIMIT_PRESSURE_NONE,      /* the neighbour has got the whole limit */
    LIMIT_PRESSURE_BROKEN,    /* the neighbour did what it should not */
};
bool limit_press(struct limit *limit, const char *program, GError **error); /* starts the neighbour */
/* When the neighbour's descriptors are readable, and on every tick. The neighbour is closed unless ON. */
enum limit_pressure limit_watch(struct limit *limit);

#endif
