/* latency.h: how long each operation of a phase takes, for latency=yes: into one histogram, by the cheapest clock
 * there is. One reading of it an operation: where one ends, the next begins.
 *
 * The clock is the CPU's time stamp counter where CPUID says that it runs at one pace at all times (x86-64; it is not
 * serialised, so an edge may lie some tens of cycles off), else CLOCK_MONOTONIC. Its ticks become ns by the phase's
 * own begin and end on CLOCK_MONOTONIC.
 *
 * `now` is always latency_clock().
 *
 * Not for two threads at once: one worker works at a time, and the others sleep (crew.h). */
#ifndef LATENCY_H
#define LATENCY_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "driver/histogram.h"
#include "driver/mark.h"

struct latency {
    struct histogram *histogram;       /* of ticks; scratch memory */
    uint64_t phase_began, phase_ended; /* ticks, as all here */
    uint64_t began;                    /* the operation that is going on */
    uint64_t took;                     /* the last one */
    uint64_t longest, longest_began;
    bool is_tsc;
};

extern struct latency latency_now;

static inline uint64_t latency_clock(void)
{
#if defined(__x86_64__)
    if (latency_now.is_tsc)
        return __builtin_ia32_rdtsc();
#endif
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline void latency_note_longest(void)
{
    if (latency_now.took <= latency_now.longest)
        return;
    latency_now.longest = latency_now.took;
    latency_now.longest_began = latency_now.began;
}

/* An operation is over, and the next one begins. Another CPU's counter may lag a little: no time then, not 2^64. */
static inline void latency_done(uint64_t now)
{
    latency_now.took = now > latency_now.began ? now - latency_now.began : 0;
    histogram_add(latency_now.histogram, latency_now.took);
    latency_note_longest();
    latency_now.began = now;
}

/* Chooses the clock and takes the memory: before the baseline. */
void latency_open(void);

/* Right before the phase's begin is read, for what lies between the two scales every time of the phase. */
void latency_begin_phase(uint64_t now);

/* The first operation begins here. */
void latency_begin(uint64_t now);

/* What has come since the last operation (the table's own block is freed behind the last record) was its work, too. */
void latency_extend(uint64_t now);

/* Right after the phase's end is read. */
void latency_end_phase(uint64_t now);

/* Of the phase that has ended, all but shape_count; MARK_LEFT_OUT where there were too few operations. It is forgotten
 * then. */
void latency_tell(uint64_t begin_ns, uint64_t end_ns, struct mark_latency *told);

const char *latency_clock_name(void); /* "tsc" or "monotonic" */

#endif
