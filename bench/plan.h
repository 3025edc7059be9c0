/* plan.h: plans, bench/plans/NAME.ini: which cells answer a question, and how each is walked.
 *
 *   [plan]        summary= baseline=ALLOCATOR/SETTING seed= repeat= rounds= walk= silent= ticking= timeout=
 *                 latency=yes|no
 *   [limit]       memory= (needed) oom=fault|answer
 *   [walk NAME]   phases= (needed) cycles=
 *   [shape NAME]  records= strings= length= order= (all four needed) survivors= removal= keys= seed= workers=
 *   [cells NAME]  allocators= settings=|policies= workloads= shapes= walks= thp=
 *   [cost NAME]   the same without walks= and thp=
 *   [claim NAME]  see claim.h
 *
 * Strict like descriptors: an unknown group or key, a bad value, a name that selects nothing is an error
 * (EXIT_BAD_DATA) that names file, line, group and key. bench/plans/README.md describes every key. */
#ifndef AFTERFREE_PLAN_H
#define AFTERFREE_PLAN_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "allocator.h"
#include "ini.h"
#include "thp.h"
#include "units.h"

#define PLAN_DEFAULT_WALK "build hold drop silent ticking rebuild redrop purge"
#define PLAN_DEFAULT_ROUNDS 8

/* What a plan is walked for; each pass has a run folder of its own.
 *   memory  [cells …], the plan's walk: what stays, and for how long
 *   cost    [cost …], PLAN_TIMED_WALK, `rounds` times: what it costs. One process at a time, not sampled, address
 *           randomisation on, nothing waits
 *   calls   the same once, with system calls counted: its times are no prices */
enum plan_pass { PLAN_MEMORY, PLAN_COST, PLAN_CALLS };
#define PLAN_TIMED_WALK "build hold drop rebuild redrop purge rebuild redrop"

struct plan_shape {
    char *name;
    uint64_t records;
    struct units_range strings, length; /* strings a slice, characters a string */
    char *order, *removal, *keys;       /* words of driver/protocol.h */
    uint32_t survivors_ppm;
    uint64_t seed, workers; /* threads that cycles go round */
};

struct plan_step {
    char *phase;        /* a phase of driver/protocol.h */
    bool waits;         /* silent or ticking: needs no busy token */
    bool builds;        /* build or rebuild */
    uint64_t window_ms; /* of a waiting phase */
};

struct plan_walk { /* a [walk NAME] group */
    char *name;
    GPtrArray *steps; /* of struct plan_step *, all cycles of it */
};

struct plan_cells { /* a [cells NAME] or [cost NAME] group: globs, expanded by plan_expand */
    char *group;    /* "cells NAME" */
    char **allocators, **settings, **policies, **workloads, **shapes; /* settings or policies is NULL */
    char **walks;                                                     /* names; NULL: the plan's own */
    char **thp;                                                       /* modes; NULL: as the system is */
};

struct plan {
    char *name, *path, *summary, *baseline;
    uint64_t seed, repeat, rounds, timeout_ms; /* timeout of one busy phase */
    uint64_t silent_ms, ticking_ms;
    uint64_t limit_bytes; /* each cell runs in a memory cgroup of that limit; 0: in ours */
    bool latency;         /* operations are timed; of the memory pass only */
    bool oom_is_answer;   /* being killed at the limit does not make the exit code 1 */
    GPtrArray *walk;      /* of struct plan_step *: of the cells that name none */
    GPtrArray *walks;     /* of struct plan_walk * */
    GPtrArray *shapes;    /* of struct plan_shape * */
    GPtrArray *groups;    /* of struct plan_cells *, [cells …]; in the timed passes [cost …] */
    GPtrArray *costs;     /* the same of [cost …]; empty once a timed pass has taken them */
    GPtrArray *claims;    /* of struct claim * (claim.h); of the memory pass only */
    enum plan_pass pass;
    struct ini *ini; /* as read: for messages, and for the copy in the run folder */
};

/* One point of the matrix. Borrows from plan and allocators, which must outlive it. */
struct plan_cell {
    char
        *name; /* ALLOCATOR/SETTING/WORKLOAD/SHAPE, and where the group asks for them /walk-NAME, /thp-MODE */
    const struct allocator *allocator;
    const struct allocator_setting *setting;
    const struct plan_shape *shape;
    const GPtrArray *walk; /* of struct plan_step * */
    const char *walk_name; /* NULL: it is the plan's own */
    char *workload;
    enum thp_mode thp;
};

/* One execution of one cell. */
struct plan_run {
    const struct plan_cell *cell;
    guint repeat; /* 1, 2, … */
};

struct plan *plan_read(const char *path, GError **error);
void plan_free(struct plan *plan);

/* "memory", "cost", "calls": in machine.ini, [run] pass. */
const char *plan_pass_name(enum plan_pass pass);
const char *plan_pass_command(enum plan_pass pass); /* of afterfree: "run" or "cost" */
bool plan_parse_pass(const char *name, enum plan_pass *pass);
/* Turns the plan, as it was read, to this pass. EXIT_NO_MATCH: it has no group for it. */
bool plan_take_pass(struct plan *plan, enum plan_pass pass, GError **error);

/* Cells in the order of the file, each once; of struct plan_cell *. `only`: NULL, or globs on the cell's
 * name of which one must match ('*' crosses '/'); a glob that matches nothing is EXIT_NO_MATCH.
 * A workload that is one of an allocator's `programs` meets no other, nor that allocator another workload: a group
 * in which nobody meets is an error. An allocator without the call of some phase is not walked on a [walk NAME] that
 * has it; one that nobody of the group can walk is an error, too. */
GPtrArray *plan_expand(const struct plan *plan, const GPtrArray *allocators, const char *const *only,
                       GError **error);

/* Runs in balanced random order: every round has each cell once, shuffled anew by `seed`. Of struct
 * plan_run, a GArray. */
GArray *plan_schedule(const GPtrArray *cells, guint rounds, uint64_t seed);

/* Within each round, runs of one THP mode side by side (else in their order): between modes the whole system
 * has to be changed, and nobody may be alive whom that matters to. */
void plan_group_by_thp(GArray *runs);

/* All rounds of one shape before the next's, the fewest records first (else in their order): a round's cells are
 * compared with each other, and those of a large shape would lie minutes between those of a small one. */
void plan_group_by_shape(GArray *runs, const struct plan *plan);

/* An upper estimate of the bytes a run needs at its peak, for admission: what the records ask for, a node
 * and table's worth each, times the allocator's headroom; with fresh keys the survivors of
 * earlier builds, too. A setting that gives nothing back, or not within the silent window, need not use what it
 * holds for the next build (then it is as if it had one map more, and where that is garbage all there were), and what
 * one worker has freed may not serve another (a map each, as far as the walk has builds). A floor has its arena before
 * it is asked for anything. */
uint64_t plan_expected_peak_bytes(const struct plan *plan, const struct plan_cell *cell);

/* What admission counts: the limit where there is one, for a cell may fill it (a neighbour does) and never pass
 * it; else the estimate. */
uint64_t plan_admitted_bytes(const struct plan *plan, const struct plan_cell *cell);

/* An estimate of the busy time of one run, in ms, for the time left; replaced by measured ones. */
uint64_t plan_expected_busy_ms(const struct plan_cell *cell);

/* The sum of its windows: no time of the token's. */
uint64_t plan_waiting_ms(const struct plan_cell *cell);

/* Is the silent window too short to see this setting act? */
bool plan_window_is_short(const struct plan *plan, const struct allocator_setting *setting);

#endif
