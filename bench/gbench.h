/* gbench.h: Google Benchmark as C sees it. What is measured runs elsewhere, in processes of its own: here each
 * benchmark is a name, a number of records and a call that tells what a phase took, so that Google Benchmark's
 * flags, console, JSON and compare.py are there for whoever knows them.
 *
 * A benchmark's time (`real_time`, the console's Time) is the CPU time of the phase, user + system, per record:
 * iterations are records, the time is manual. `cpu_time` is the orchestrator's own, for it is Google Benchmark that
 * takes it; the JSON's context and the console's header say so.
 *
 * Only the flags count: variables BENCHMARK_… of the environment, which are Google Benchmark's defaults elsewhere, have
 * no effect. Names stand in filter, list, console and JSON as they are given, without what Google Benchmark appends
 * (/manual_time, /iterations:1, /repeats:8). No exception leaves, nothing here ends the process, and several
 * calls in one process do not see each other. */
#ifndef AFTERFREE_GBENCH_H
#define AFTERFREE_GBENCH_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gbench_benchmark {
    const char *name; /* ALLOCATOR/SETTING/WORKLOAD/SHAPE/PHASE: a cell and what of it is priced */
    uint64_t records; /* > 0 */
};

/* Goes into the JSON's context and the console's head. Keys differ from each other, and from the context's own:
 * date, host_name, executable, num_cpus, …, real_time, cpu_time. */
struct gbench_fact {
    const char *name, *value;
};

struct gbench_counter {
    const char *name;
    double value; /* not finite: left out, for JSON has no word for it */
};

struct gbench_result {
    const char
        *error;      /* NULL: measured; else why not: all the report says of it. Valid until the next call */
    uint64_t cpu_ns; /* of the whole phase */
    const struct gbench_counter *counters; /* valid until the next call */
    unsigned counter_count;
};

/* Fills in a zeroed result. `benchmark`: which of gbench.benchmarks. `repetition`: how often this one was asked for
 * before. Called once for each benchmark wanted and repetition; in which order is for the flags to say. */
typedef void gbench_measure(void *opaque, unsigned benchmark, unsigned repetition,
                            struct gbench_result *result);

struct gbench {
    const struct gbench_benchmark *benchmarks;
    unsigned count;
    const struct gbench_fact *facts;
    unsigned fact_count;
    char *const *flags;   /* --benchmark_…, NULL-terminated; which: gbench_flags.h */
    unsigned repetitions; /* > 0; where the flags tell no --benchmark_repetitions */
    bool quiet;           /* no console, on neither stream; a list is printed all the same */
    gbench_measure *measure;
    void *opaque;
};

/* How often each benchmark will be measured; 0 where the flags are wrong, and the calls below say how. */
unsigned gbench_repetitions(const struct gbench *gbench);

/* --benchmark_list_tests: gbench_run prints names and measures nothing. */
bool gbench_lists(const struct gbench *gbench);

/* wanted[i]: does --benchmark_filter leave benchmark i? All without a filter. Errors: EXIT_USAGE for a flag or a value
 * that there is not, EXIT_NO_MATCH when none is left, EXIT_SYSTEM when --benchmark_out=… cannot be written (it is there
 * afterwards; what it has stays until gbench_run). So whoever measures before gbench_run asks this first. */
bool gbench_select(const struct gbench *gbench, bool *wanted, GError **error);

/* Measures what is wanted and reports. `*json` is the whole report, also where the flags say that the console has
 * another form or a file is written; the caller frees. NULL after a list. Errors: gbench_select's, and EXIT_USAGE for a
 * --benchmark_context that the facts have, before anything is measured; EXIT_SYSTEM when not all of the file could be
 * written. That a benchmark has an error is none: it stands in the report. */
bool gbench_run(const struct gbench *gbench, char **json, GError **error);

#ifdef __cplusplus
}
#endif

#endif
