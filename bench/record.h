/* record.h: the row of one run, and how its numbers come from marks and samples.
 *
 * results/README.md is the dictionary of these columns. A number that is not known (never reached, or not
 * within the window) is RECORD_UNKNOWN and an empty field, never 0. */
#ifndef AFTERFREE_RECORD_H
#define AFTERFREE_RECORD_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "cgroup.h"
#include "child.h"
#include "latency.h"
#include "plan.h"
#include "syscalls.h"

#define RECORD_UNKNOWN UINT64_MAX

/* Memory at an instant after a drop: X(instant). Each has RSS, the lazy part, and what is held. */
#define RECORD_AFTER(X, instant) X(instant##_rss_bytes) X(instant##_lazy_bytes) X(instant##_held_bytes)

/* What the process's own runtime believed of its heap at an instant, in the order of PROTOCOL_HEAP_FIELDS. */
#define RECORD_HEAP(X, instant)                                                                              \
    X(instant##_heap_inuse_bytes) X(instant##_heap_idle_bytes) X(instant##_heap_released_bytes)

/* Time, faults and CPU time of a busy phase. */
#define RECORD_PHASE(X, phase) X(phase##_ns) X(phase##_minor_faults) X(phase##_user_ns) X(phase##_sys_ns)

/* System calls of a phase, in the order of SYSCALLS. */
#define RECORD_CALLS(X, phase)                                                                               \
    X(phase##_madvise_calls) X(phase##_munmap_calls) X(phase##_mmap_calls) X(phase##_brk_calls)

/* The numbers of a row, in the order of the columns: X(name). summary.csv has their medians. */
#define RECORD_NUMBERS(X)                                                                                    \
    X(baseline_rss_bytes)                                                                                    \
    X(live_bytes)                                                                                            \
    X(live_blocks)                                                                                           \
    X(peak_rss_bytes)                                                                                        \
    RECORD_AFTER(X, drop)                                                                                    \
    RECORD_AFTER(X, silent)                                                                                  \
    RECORD_AFTER(X, ticking)                                                                                 \
    RECORD_AFTER(X, redrop)                                                                                  \
    RECORD_AFTER(X, collect)                                                                                 \
    RECORD_AFTER(X, purge)                                                                                   \
    RECORD_AFTER(X, at_once)                                                                                 \
    X(at_once_live_bytes)                                                                                    \
    X(at_once_ms)                                                                                            \
    X(rebuild_peak_rss_bytes)                                                                                \
    X(t50_ms)                                                                                                \
    X(t90_ms)                                                                                                \
    X(purge_settle_ms)                                                                                       \
    RECORD_PHASE(X, build)                                                                                   \
    RECORD_PHASE(X, hold)                                                                                    \
    RECORD_PHASE(X, drop)                                                                                    \
    RECORD_PHASE(X, ticking)                                                                                 \
    RECORD_PHASE(X, rebuild)                                                                                 \
    RECORD_PHASE(X, redrop)                                                                                  \
    RECORD_PHASE(X, collect)                                                                                 \
    RECORD_PHASE(X, purge)                                                                                   \
    RECORD_PHASE(X, rebuild_after_purge)                                                                     \
    X(sampled_peak_rss_bytes)                                                                                \
    X(samples)                                                                                               \
    X(sample_gap_ms)                                                                                         \
    X(cpu_wait_ns)                                                                                           \
    X(phases_ms)                                                                                             \
    X(expected_peak_bytes)                                                                                   \
    X(hold_anon_huge_bytes)                                                                                  \
    X(drop_anon_huge_bytes)                                                                                  \
    X(silent_anon_huge_bytes)                                                                                \
    X(silent_huge_rise_bytes)                                                                                \
    RECORD_HEAP(X, drop)                                                                                     \
    RECORD_HEAP(X, collect)                                                                                  \
    RECORD_HEAP(X, purge)                                                                                    \
    RECORD_HEAP(X, silent)                                                                                   \
    X(build_sys_ns_per_fault)                                                                                \
    X(elapsed_ms)                                                                                            \
    X(others_cpu_ns)                                                                                         \
    X(steal_ns)                                                                                              \
    X(swap_in_bytes)                                                                                         \
    X(swap_out_bytes)                                                                                        \
    X(khugepaged_collapsed)                                                                                  \
    X(reported_bytes)                                                                                        \
    X(available_bytes)                                                                                       \
    X(cgroup_peak_bytes)                                                                                     \
    X(cgroup_drop_bytes)                                                                                     \
    X(cgroup_silent_bytes)                                                                                   \
    X(cgroup_redrop_bytes)                                                                                   \
    X(cgroup_baseline_working_bytes)                                                                         \
    X(cgroup_drop_working_bytes)                                                                             \
    X(cgroup_silent_working_bytes)                                                                           \
    X(cgroup_redrop_working_bytes)                                                                           \
    X(cgroup_purge_working_bytes)                                                                            \
    X(cgroup_failures)                                                                                       \
    X(cgroup_stall_ns)                                                                                       \
    X(oom_kills)                                                                                             \
    X(neighbour_got_bytes)                                                                                   \
    X(pressure_rss_bytes)                                                                                    \
    X(null_request_rss_bytes)                                                                                \
    X(requests)                                                                                              \
    X(killed_in_request)                                                                                     \
    RECORD_CALLS(X, build)                                                                                   \
    RECORD_CALLS(X, drop)                                                                                    \
    RECORD_CALLS(X, rebuild)                                                                                 \
    RECORD_CALLS(X, redrop)                                                                                  \
    RECORD_CALLS(X, purge)                                                                                   \
    RECORD_CALLS(X, rebuild_after_purge)

enum record_number {
#define X(name) RECORD_##name,
    RECORD_NUMBERS(X)
#undef X
        RECORD_NUMBER_COUNT
};
extern const char *const record_number_names[RECORD_NUMBER_COUNT];

/* The texts of a row: X(name). */
#define RECORD_TEXTS(X)                                                                                      \
    X(cell)                                                                                                  \
    X(allocator)                                                                                             \
    X(setting)                                                                                               \
    X(policy)                                                                                                \
    X(role)                                                                                                  \
    X(env)                                                                                                   \
    X(workload)                                                                                              \
    X(shape)                                                                                                 \
    X(walk)                                                                                                  \
    X(repeat)                                                                                                \
    X(records)                                                                                               \
    X(strings)                                                                                               \
    X(length)                                                                                                \
    X(order)                                                                                                 \
    X(removal)                                                                                               \
    X(keys)                                                                                                  \
    X(survivors)                                                                                             \
    X(seed)                                                                                                  \
    X(window_ms)                                                                                             \
    X(window_short)                                                                                          \
    X(ticking_ms)                                                                                            \
    X(library)                                                                                               \
    X(version)                                                                                               \
    X(started_utc)                                                                                           \
    X(samples_file)                                                                                          \
    X(setting_proof)                                                                                         \
    X(thp)                                                                                                   \
    X(conditions)                                                                                            \
    X(workers)                                                                                               \
    X(limit_bytes)                                                                                           \
    X(ended_in)                                                                                              \
    X(pressure_victim)                                                                                       \
    X(status)                                                                                                \
    X(reason)

struct record {
#define X(name) char *name;
    RECORD_TEXTS(X)
#undef X
    uint64_t numbers[RECORD_NUMBER_COUNT];
    /* No column: the phase in which it ended, from the go until the last sample, for its curve. "": it has come to its
     * mark. */
    struct child_mark unfinished;
};

/* All texts NULL, all numbers unknown; then the texts that the cell itself knows. */
void record_init(struct record *record, const struct plan *plan, const struct plan_cell *cell, guint repeat);
void record_clear(struct record *record);

/* A field of a table's row (csv.h): the number, or empty where it is RECORD_UNKNOWN. */
void record_add_number(GString *row, uint64_t number);

/* One timed reading. What was not read then is RECORD_UNKNOWN: lazy_bytes where it was statm and not smaps_rollup, and
 * its cgroup. */
struct record_sample {
    uint64_t monotonic_ns, rss_bytes, lazy_bytes;
    struct cgroup_memory cgroup;
};

/* A mark, with what was read while the process was parked at it. */
struct record_mark {
    struct child_mark mark;
    uint64_t rss_bytes, rss_after_bytes;                    /* statm, before and after the rollup */
    uint64_t rollup_rss_bytes, lazy_bytes, anon_huge_bytes; /* smaps_rollup */
    uint64_t peak_bytes;                                    /* VmHWM since the mark before */
    uint64_t running_ns, cpu_wait_ns; /* schedstat, since the mark before; or RECORD_UNKNOWN */
    uint64_t settle_ns;               /* parked but still watched: until RSS is steady, or pressure is over */
    struct latency latency;           /* of its operations; phase "": they were not timed */
    struct cgroup_memory cgroup;      /* its own; RECORD_UNKNOWN: it has none */
    uint64_t calls[SYSCALLS_COUNT];   /* since the mark before; RECORD_UNKNOWN: not counted */
};

/* t50/t90: ms from `drop_end_ns` until RSS is, at a sample taken up to `until_ns`, at or below peak less
 * `fraction` of (peak - baseline). 0: it was so at the drop's end; RECORD_UNKNOWN: not within the window. */
uint64_t record_return_ms(const GArray *samples, uint64_t drop_end_ns, uint64_t until_ns,
                          uint64_t baseline_bytes, uint64_t peak_bytes, double fraction);

/* What the samples inside one phase, sorted by time, say. The gap is the longest time without one, from its begin
 * or to its end, too: what verify_walk judges is what sample_gap_ms has. */
struct record_sampled {
    uint64_t peak_bytes, gap_ns;
};
struct record_sampled record_sampled_in(const struct child_mark *phase, const GArray *samples);

/* The first mark of `phase`; of those behind the first of `before`, unless that is NULL. NULL: none. */
const struct record_mark *record_mark_behind(const GArray *marks, const char *before, const char *phase);

/* Part of record_measure. */
void record_measure_calls(struct record *record, const GArray *marks);

/* Fills the numbers from all marks of a walk (struct record_mark) and its samples (struct record_sample). The status
 * and the cgroup's columns are set before: they tell what is known of a process that was killed. */
void record_measure(struct record *record, const GArray *marks, const GArray *samples);

#endif
