/* cost_facts.h: what stands in the context of Google Benchmark's report: the machine, and which allocators. */
#ifndef AFTERFREE_COST_FACTS_H
#define AFTERFREE_COST_FACTS_H

#include <glib.h>
#include <stdbool.h>

/* Of struct gbench_fact; its texts go with it. `machine`: a machine.ini; NULL: none. `counted`: system calls were. */
GArray *cost_facts(GKeyFile *machine, bool counted);

#endif
