/* walk.h: walks the phases of DESIGN's walk and writes a mark after each. */
#ifndef WALK_H
#define WALK_H

#include "driver/call.h"
#include "driver/params.h"

#define WALK_TICK_RECORDS 100 /* a tick: a map of so many records, built and dropped */

/* What phases call; resolved, and only read when the walk has the phase. */
struct walk_actions {
    struct call_list purge, collect;
};

void walk_run(const struct params *params, const struct walk_actions *actions);

#endif
