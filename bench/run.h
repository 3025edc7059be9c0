/* run.h: one run in progress: a child on its walk, its marks, its samples, its verdict.
 *
 * The matrix drives it: it grants the busy token, calls run_read when the child's descriptors are readable
 * and run_tick on every sampling tick. Time is an argument (CLOCK_MONOTONIC, ns). */
#ifndef AFTERFREE_RUN_H
#define AFTERFREE_RUN_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "caller.h"
#include "child.h"
#include "conditions.h"
#include "limit.h"
#include "plan.h"
#include "record.h"
#include "rss.h"
#include "syscalls.h"

enum run_state {
    RUN_BUSY,     /* starting or in a busy phase: holds the token */
    RUN_SETTLING, /* parked behind a purge until RSS is steady: holds the token */
    RUN_PRESSED,  /* parked behind the mark of pressure while the neighbour runs: holds the token */
    RUN_UNANSWERED, /* parked at a mark whose request must have been answered: holds the token until curl ends */
    RUN_WAITING,    /* silent or ticking: needs no token */
    RUN_PARKED,     /* at a mark, its next phase needs the token */
    RUN_ENDING,     /* told to end, or killed: holds the token until it is reaped, for its memory */
    RUN_DONE,       /* reaped: status and numbers are final */
};

struct run {
    const struct plan *plan;
    struct plan_run what;
    char *program, *object; /* object: the library that must be mapped */
    char *neighbour;        /* its program */
    struct cgroup_site *site;
    char **arguments, **environment;
    GPtrArray *steps;                        /* of const struct plan_step *: baseline, the walk, end */
    guint step;                              /* the one it is in, or parked behind */
    uint64_t interval_ms, statm_slack_bytes; /* see verify.h */

    enum run_state state;
    bool started;     /* the child is valid */
    bool interrupted; /* ended by us, for the whole matrix stops: not a result */
    struct child child;
    struct limit limit;
    struct caller caller;       /* of a service */
    uint64_t unasked_rss_bytes; /* before its null request */
    struct rss *rss;
    struct rss_sched sched_before;
    bool count_calls;
    struct syscalls *syscalls; /* NULL: not counted */
    uint64_t calls_before[SYSCALLS_COUNT];
    struct latency latency; /* told in front of the mark that is to come */
    uint64_t step_begin_ns, deadline_ns;
    uint64_t next_rollup_ns;                    /* in silence: on a log scale */
    uint64_t next_cgroup_ns;                    /* while it is sampled */
    struct cgroup_memory last_cgroup;           /* by the last sample of it */
    uint64_t settle_since_ns, settle_rss_bytes; /* when RSS last changed, and to what */
    uint64_t last_rss_bytes;                    /* by the last sample or mark */

    struct conditions_reading conditions_before; /* read by the matrix just before it is started */
    struct record record;
    GArray *marks, *samples; /* of struct record_mark, struct record_sample */
};

/* What a run is made of; everything is copied but plan and what.cell. */
struct run_spec {
    const struct plan *plan;
    struct plan_run what;
    const char *program;       /* NULL: not built; the run is none to start */
    const char *object;        /* must be mapped: the library that the probe found, or the program */
    const char *version;       /* for the row; NULL: unknown */
    const char *setting_proof; /* for the row, see proof_means */
    char *const *environment;  /* with LD_PRELOAD */
    struct cgroup_site *site;  /* where its cgroup is made; NULL: the plan has no limit */
    const char *neighbour;     /* program for the phase pressure */
    bool is_service;           /* its requests are made by `client` */
    const char *client;        /* path of curl; NULL: no service, or not installed */
    guint sample_hz;           /* 0: at marks only */
    bool count_calls;          /* system calls, where that is possible: its times are no prices then */
};

struct run *run_new(const struct run_spec *spec);
void run_free(struct run *run); /* kills what still runs */

bool run_start(struct run *run, uint64_t now_ns, GError **error); /* takes the token */
void run_grant(struct run *run, uint64_t now_ns);                 /* gives a parked run the token */
void run_read(struct run *run, uint64_t now_ns);
void run_tick(struct run *run, uint64_t now_ns);
void run_kill(struct run *run, const char *status, const char *reason, uint64_t now_ns);
bool run_holds_token(const struct run *run);

/* The phase it is in, or parked behind; the plan's. */
static inline const char *run_phase(const struct run *run)
{
    return ((const struct plan_step *)run->steps->pdata[run->step])->phase;
}

#endif
