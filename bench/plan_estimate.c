/* The estimates of plan.h: what a cell takes, before it is run. */
#include <string.h>

#include "plan.h"

static double mean(struct units_range range)
{
    return ((double)range.low + (double)range.high) / 2;
}

/* Estimates stay far below what a uint64_t holds: their sums do not wrap, and what is absurd is never
 * admitted. */
static uint64_t whole(double estimate, double most)
{
    return (uint64_t)MIN(estimate, most);
}

static guint count_builds(const GPtrArray *walk)
{
    guint builds = 0;
    for (guint i = 0; i < walk->len; i++)
        builds += ((const struct plan_step *)walk->pdata[i])->builds;
    return builds;
}

/* How many maps may lie in memory that the last build did not use. Measured: with decay off one allocator's second
 * build of 10 million records peaks at 1.8 times the first's. */
static guint count_kept(const struct plan *plan, const struct plan_cell *cell)
{
    bool keeps = cell->setting->policy == ALLOCATOR_POLICY_NEVER || plan_window_is_short(plan, cell->setting);
    guint builds = count_builds(cell->walk);
    guint held = !keeps ? 1 : cell->allocator->collect ? builds : 2; /* nothing makes it collect */
    guint maps = (guint)MAX(cell->shape->workers, 1) * held;
    return MIN(maps, MAX(builds, 1)) - 1;
}

uint64_t plan_expected_peak_bytes(const struct plan *plan, const struct plan_cell *cell)
{
    const double node_key_table = 160, pointer_and_rounding = 32;
    const double before = cell->allocator->is_floor ? 350e6 : 32e6; /* a floor has its arena at once */
    const struct plan_shape *shape = cell->shape;
    guint builds = count_builds(cell->walk);
    bool grows = g_strcmp0(shape->keys, "fresh") == 0 && builds > 1;
    double survivors = grows ? (double)(builds - 1) * shape->survivors_ppm / 1e6 : 0;
    double record = node_key_table + mean(shape->strings) * (mean(shape->length) + pointer_and_rounding);
    double maps = cell->allocator->headroom * (1 + survivors) + count_kept(plan, cell);
    return whole((double)shape->records * record * maps + before, 1e18);
}

uint64_t plan_admitted_bytes(const struct plan *plan, const struct plan_cell *cell)
{
    return plan->limit_bytes > 0 ? plan->limit_bytes : plan_expected_peak_bytes(plan, cell);
}

/* A build, what reads and drops it, and its part of a purge. */
uint64_t plan_expected_busy_ms(const struct plan_cell *cell)
{
    const double ns_per_record = 1400, ns_per_string = 170, start_ms = 100;
    const struct plan_shape *shape = cell->shape;
    double build_ms = (double)shape->records * (ns_per_record + ns_per_string * mean(shape->strings)) / 1e6;
    return whole(build_ms * count_builds(cell->walk) + start_ms, 1e13);
}

uint64_t plan_waiting_ms(const struct plan_cell *cell)
{
    uint64_t ms = 0;
    for (guint i = 0; i < cell->walk->len; i++)
        ms += ((const struct plan_step *)cell->walk->pdata[i])->window_ms;
    return ms;
}

bool plan_window_is_short(const struct plan *plan, const struct allocator_setting *setting)
{
    return setting->has_delay && setting->delay_ms >= plan->silent_ms;
}
