#include "driver/latency.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "driver/scratch.h"

struct latency latency_now;

/* Does the counter tick at one pace, whatever the CPU's frequency and sleep? */
static bool is_tsc_invariant(void)
{
#if defined(__x86_64__)
    const unsigned power_management = 0x80000007u, invariant = 1u << 8;
    unsigned a, b, c, d;
    return __get_cpuid(power_management, &a, &b, &c, &d) && (d & invariant);
#else
    return false;
#endif
}

const char *latency_clock_name(void)
{
    return latency_now.is_tsc ? "tsc" : "monotonic";
}

void latency_open(void)
{
    latency_now.is_tsc = is_tsc_invariant();
    latency_now.histogram = scratch_new(sizeof *latency_now.histogram);
}

void latency_begin_phase(uint64_t now)
{
    latency_now.began = latency_now.phase_began = latency_now.longest_began = now;
}

void latency_begin(uint64_t now)
{
    latency_now.began = now;
}

void latency_extend(uint64_t now)
{
    uint64_t before = latency_now.took, since = now - latency_now.began;
    if (now <= latency_now.began || histogram_count(latency_now.histogram) == 0)
        return;
    histogram_move(latency_now.histogram, before, before + since);
    latency_now.began -= before;
    latency_now.took += since;
    latency_note_longest();
}

/* Up to the next whole ns: as little as the histogram does this understate. */
static uint64_t to_ns(uint64_t ticks, double ns_per_tick)
{
    double ns = (double)ticks * ns_per_tick;
    uint64_t whole = (uint64_t)ns;
    return whole + ((double)whole < ns);
}

static uint64_t percentile_ns(unsigned per_10000, double ns_per_tick)
{
    uint64_t ticks;
    if (!histogram_percentile(latency_now.histogram, per_10000, &ticks))
        return MARK_LEFT_OUT;
    return to_ns(ticks < latency_now.longest ? ticks : latency_now.longest, ns_per_tick);
}

void latency_end_phase(uint64_t now)
{
    latency_now.phase_ended = now;
}

void latency_tell(uint64_t begin_ns, uint64_t end_ns, struct mark_latency *told)
{
    uint64_t ticks = latency_now.phase_ended - latency_now.phase_began;
    double ns_per_tick = latency_now.is_tsc && ticks > 0 ? (double)(end_ns - begin_ns) / (double)ticks : 1.0;
    told->count = histogram_count(latency_now.histogram);
    told->p50_ns = percentile_ns(5000, ns_per_tick);
    told->p99_ns = percentile_ns(9900, ns_per_tick);
    told->p999_ns = percentile_ns(9990, ns_per_tick);
    told->p9999_ns = percentile_ns(9999, ns_per_tick);
    told->max_ns = told->max_at_ns = MARK_LEFT_OUT;
    if (told->count > 0) {
        told->max_ns = to_ns(latency_now.longest, ns_per_tick);
        told->max_at_ns = to_ns(latency_now.longest_began - latency_now.phase_began, ns_per_tick);
    }
    histogram_clear(latency_now.histogram);
    latency_now.longest = latency_now.took = 0;
}
