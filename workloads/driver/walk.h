/* walk.h: walks the phases of DESIGN's walk and writes a mark after each. */
#ifndef WALK_H
#define WALK_H

#include "driver/call.h"
#include "driver/params.h"

#define WALK_TICK_RECORDS 100 /* a tick: a map of so many records, built and dropped */

/* `purge` is resolved; only read when the walk has a purge. */
void walk_run(const struct params *params, const struct call_list *purge);

#endif
