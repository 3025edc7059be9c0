/* conditions.h: what moves results and is not the allocator: read before and after each run, judged against a
 * bound, stored with the row, and told once.
 *
 * A reading holds what stands (modes, limits) and what is counted (CPU time, swapping); a run is judged by the
 * two around it, the machine before anything is run by one reading taken twice: what stands shows in both.
 * What stands can be refused before a run (--strict); what arises can only be told after it.
 *
 *   word          it holds when                                                           source
 *   thp-always    THP mode of the system is always, and the cell asks for none            sysfs …/enabled
 *   swap-on       there is swap                                                           meminfo SwapTotal
 *   overcommit    vm.overcommit_memory is 2 (0 and 1 are the same to an allocator)        /proc/sys/vm
 *   limit         a cgroup around us has a memory limit below the machine's memory        machine_read_own_cgroup
 *   memory        others hold over 25 % of memory: MemTotal - MemAvailable - RSS of ours  meminfo, statm
 *   governor      the CPU's frequency governor can be read and is not performance         sysfs cpufreq, cpu0
 *   environment   LD_PRELOAD or an allocator's variable is in our environment             descriptors' env.*
 *   debug-build   the allocator says it is one                                            probe
 *   not-provable  a setting of the run asks for what nothing can be asked about           proof_means
 *   load          others used over 5 % of the machine's CPU time, and over 100 ms         /proc/stat - ours
 *   steal         the hypervisor took over 5 % of the CPU time asked for, and over 50 ms  /proc/stat
 *   swapped       any page was swapped in or out                                          vmstat pswpin, pswpout
 *   khugepaged    AnonHugePages of the process rose in silence                            smaps_rollup
 *   slow-faults   over 2500 ns of system time a minor fault in the build                  getrusage
 *   thp-changed   the system's THP mode is not the one from before the run,               sysfs …/enabled
 *                 and it matters: the cell does not ask for never
 *
 * Steal and slow faults are everyday on shared and virtual machines, so their bounds lie above what the virtual
 * machine of the reference runs shows on a quiet host (2 % of the CPU time asked for, over hours; 1300 to 1700 ns a
 * fault). That there is a hypervisor, or that it takes back free pages, is no condition by itself. RSS does not move
 * with load, steal, governor and slow faults: times do. */
#ifndef AFTERFREE_CONDITIONS_H
#define AFTERFREE_CONDITIONS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "record.h"
#include "thp.h"

enum condition {
    CONDITION_THP_ALWAYS,
    CONDITION_SWAP_ON,
    CONDITION_OVERCOMMIT,
    CONDITION_LIMIT,
    CONDITION_MEMORY,
    CONDITION_GOVERNOR,
    CONDITION_ENVIRONMENT,
    CONDITION_DEBUG_BUILD,
    CONDITION_NOT_PROVABLE,
    CONDITION_LOAD,
    CONDITION_STEAL,
    CONDITION_SWAPPED,
    CONDITION_KHUGEPAGED,
    CONDITION_SLOW_FAULTS,
    CONDITION_THP_CHANGED,
    CONDITION_COUNT,
};

#define CONDITIONS_OTHERS_MEMORY_SHARE 0.25
#define CONDITIONS_LOAD_SHARE 0.05
#define CONDITIONS_LOAD_FLOOR_NS UINT64_C(100000000)
#define CONDITIONS_STEAL_SHARE 0.05
#define CONDITIONS_STEAL_FLOOR_NS UINT64_C(50000000)
#define CONDITIONS_FAULT_NS UINT64_C(2500)

/* --- readings --- */

/* RECORD_UNKNOWN: the kernel does not tell. */
struct conditions_reading {
    uint64_t at_ns;                                     /* CLOCK_MONOTONIC */
    uint64_t total_cpu_ns, busy_cpu_ns, steal_ns;       /* of all CPUs since boot: /proc/stat, first line */
    uint64_t own_cpu_ns, own_rss_bytes;                 /* ours, our reaped and our living processes' */
    uint64_t swap_in_bytes, swap_out_bytes;             /* since boot */
    uint64_t khugepaged_collapsed;                      /* pages_collapsed, of the machine, since boot */
    uint64_t reported_bytes;                            /* free pages told to the hypervisor since boot */
    uint64_t memory_bytes, available_bytes, swap_bytes; /* MemTotal, MemAvailable, SwapTotal */
    uint64_t limit_bytes;                               /* tightest memory limit around us */
    uint64_t overcommit;
    enum thp_mode thp;
    char governor[32]; /* "": none */
};

/* What our living processes use; what is reaped and what we use ourselves is added by conditions_read. */
struct conditions_own {
    uint64_t cpu_ns, rss_bytes;
};
void conditions_add_own(struct conditions_own *own, pid_t pid, uint64_t rss_bytes);
void conditions_read(struct conditions_reading *reading, const struct conditions_own *own, uint64_t now_ns);

bool conditions_parse_stat(const char *text, uint64_t tick_ns, struct conditions_reading *reading);
/* "NAME VALUE" lines: /proc/vmstat. */
bool conditions_parse_count(const char *text, const char *name, uint64_t *value);

/* --- judgement --- */

struct conditions_verdict {
    struct {
        bool holds;
        double size;     /* to find the worst */
        char text[1000]; /* the figure, for people: "38 % of the machine's CPU time" */
    } of[CONDITION_COUNT];
};

const char *conditions_word(enum condition condition);

/* Of one run: the readings around it and its row, whose numbers the run itself has set (NULL: no run yet).
 * `asked`: the cell's mode. */
void conditions_judge(struct conditions_verdict *verdict, const struct conditions_reading *before,
                      const struct conditions_reading *after, const struct record *record,
                      enum thp_mode asked);

/* Sets the row's own columns: thp (the mode that held for the process), elapsed_ms and what was counted. */
void conditions_measure(struct record *record, const struct conditions_reading *before,
                        const struct conditions_reading *after, enum thp_mode asked);

/* --- over one run of the program --- */

struct conditions; /* what stands, and how many rows each condition touched */

struct conditions *conditions_new(void);
void conditions_free(struct conditions *conditions);

/* What stands before anything is run. `asked`: THP_AS_IS if any cell does not ask for a mode. */
void conditions_see_machine(struct conditions *conditions, const struct conditions_reading *now,
                            enum thp_mode asked);
/* `environment`: ours, as of environ; `allocators`: of struct allocator *, all there are. It is not handed on
 * to the processes. */
void conditions_see_environment(struct conditions *conditions, char *const *environment,
                                const GPtrArray *allocators);
/* Call for each probed allocator. A debug build is told, and is in the rows of this allocator. */
void conditions_see_build(struct conditions *conditions, const char *allocator, bool debug_build);
/* "ALLOCATOR/SETTING …" that are not provable; "": none. Never in a row: its setting_proof tells. */
void conditions_see_not_provable(struct conditions *conditions, const char *settings);
/* Sets the row's columns; an ok row is counted. */
void conditions_see_run(struct conditions *conditions, const struct conditions_reading *before,
                        const struct conditions_reading *after, enum thp_mode asked, struct record *record);

/* Of a row that an earlier part of the run has made: the words of its column conditions; an ok row is counted. */
void conditions_see_kept(struct conditions *conditions, const char *words);

bool conditions_any_stands(const struct conditions *conditions);
bool conditions_any_arose(const struct conditions *conditions); /* in an ok row, and did not stand before */
/* A line each, with what to do: what stands; at the end what arose, how often, and the worst. */
void conditions_print_standing(const struct conditions *conditions, FILE *out);
void conditions_print_arisen(const struct conditions *conditions, FILE *out);
char *conditions_words(const struct conditions *conditions);        /* of what stands; caller frees */
char *conditions_arisen_words(const struct conditions *conditions); /* the same */
/* machine.ini: [GROUP] standing=WORDS, and WORD=its figure; or how many rows it touched, and the worst (of those seen
 * since, when rows were kept). */
void conditions_describe(const struct conditions *conditions, GKeyFile *file, const char *group);

#endif
