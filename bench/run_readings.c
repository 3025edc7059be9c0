#include "run_readings.h"

#include <string.h>

#define MS UINT64_C(1000000)

static const uint64_t first_rollup_ns = 500 * MS;    /* then 1, 2, 4, 8 … s into the silence */
static const uint64_t steady_ns = 300 * MS;          /* RSS unchanged so long behind a purge is steady */
static const uint64_t settle_limit_ns = 5000 * MS;   /* and this long is watched at most */
static const uint64_t own_thread_grace_ns = 10 * MS; /* a sampling interval: no curve shows less */
static const uint64_t cgroup_interval_ns = 100 * MS; /* its files take 40 us, statm 1.5 */

static void add_sample(struct run *run, uint64_t at_ns, uint64_t rss_bytes, uint64_t lazy_bytes,
                       struct cgroup_memory cgroup)
{
    const struct record_sample sample = {
        .monotonic_ns = at_ns, .rss_bytes = rss_bytes, .lazy_bytes = lazy_bytes, .cgroup = cgroup};
    g_array_append_val(run->samples, sample);
    run->last_rss_bytes = rss_bytes;
}

static struct record_mark *last_mark(const struct run *run)
{
    return &g_array_index(run->marks, struct record_mark, run->marks->len - 1);
}

/* smaps_rollup between two readings of statm, for verify_mark. */
static bool read_memory(struct run *run, struct record_mark *mark)
{
    struct rss_rollup rollup;
    if (!rss_read_now(run->rss, &mark->rss_bytes) || !rss_read_rollup(run->rss, &rollup) ||
        !rss_read_now(run->rss, &mark->rss_after_bytes))
        return false;
    mark->rollup_rss_bytes = rollup.rss_bytes;
    mark->lazy_bytes = rollup.lazy_bytes;
    mark->anon_huge_bytes = rollup.anon_huge_bytes;
    return true;
}

void run_readings_begin_calls(pid_t pid, void *data)
{
    struct run *run = data;
    run->syscalls = syscalls_open(syscalls_tracefs, pid, NULL);
}

/* Adds what was called since the last reading. Behind one that failed there is none to begin from: nothing is counted
 * in the rest of the run. */
static void add_calls(struct run *run, struct record_mark *mark)
{
    uint64_t now[SYSCALLS_COUNT];
    if (run->syscalls && !syscalls_read(run->syscalls, now))
        g_clear_pointer(&run->syscalls, syscalls_close);
    for (int i = 0; i < SYSCALLS_COUNT; i++) {
        mark->calls[i] = run->syscalls ? mark->calls[i] + now[i] - run->calls_before[i] : RECORD_UNKNOWN;
        run->calls_before[i] = run->syscalls ? now[i] : 0;
    }
}

/* Not one of the workers, of the service's, or of a runtime's of its own. */
static bool main_thread_works(const struct run *run)
{
    const struct plan_cell *cell = run->what.cell;
    return cell->shape->workers == 1 && !run->caller.program && !cell->allocator->programs;
}

bool run_readings_at_mark(struct run *run, struct record_mark *mark)
{
    struct rss_sched sched;
    add_calls(run, mark);
    if (!read_memory(run, mark) || !rss_read_peak(run->rss, &mark->peak_bytes) || !rss_reset_peak(run->rss))
        return false;
    mark->cgroup = limit_memory(&run->limit);
    mark->running_ns = mark->cpu_wait_ns = RECORD_UNKNOWN; /* no such file, or not of the threads that work */
    if (main_thread_works(run) && rss_read_sched(run->rss, &sched)) {
        mark->running_ns = sched.running_ns - run->sched_before.running_ns;
        mark->cpu_wait_ns = sched.waiting_ns - run->sched_before.waiting_ns;
        run->sched_before = sched;
    }
    return true;
}

void run_readings_keep(struct run *run, const struct record_mark *mark, uint64_t now_ns)
{
    /* Nothing moved since the phase's end, unless the allocator has a thread of its own and was given time. */
    bool moved = run->what.cell->setting->own_thread && now_ns > mark->mark.end_ns + own_thread_grace_ns;
    add_sample(run, moved ? now_ns : mark->mark.end_ns, mark->rss_bytes, mark->lazy_bytes, mark->cgroup);
    g_array_append_vals(run->marks, mark, 1);
    run->settle_since_ns = mark->mark.end_ns;
    run->settle_rss_bytes = mark->rss_bytes;
}

void run_readings_begin_step(struct run *run, uint64_t now_ns)
{
    run->step_begin_ns = now_ns;
    run->next_rollup_ns = now_ns + first_rollup_ns;
    run->next_cgroup_ns = now_ns;
}

/* What has not changed since is not told again. */
static struct cgroup_memory sample_cgroup(struct run *run, uint64_t now_ns)
{
    if (now_ns < run->next_cgroup_ns)
        return CGROUP_MEMORY_UNKNOWN;
    run->next_cgroup_ns = now_ns + cgroup_interval_ns;
    struct cgroup_memory memory = limit_memory(&run->limit), before = run->last_cgroup;
    run->last_cgroup = memory;
    bool same = memory.usage_bytes == before.usage_bytes && memory.working_bytes == before.working_bytes;
    return same ? CGROUP_MEMORY_UNKNOWN : memory;
}

/* Once the kernel has killed it, it is the kernel that takes its memory, and no curve of its own. */
static bool is_taken(const struct run *run, uint64_t rss_bytes)
{
    return rss_bytes < run->last_rss_bytes && limit_has_killed(&run->limit);
}

void run_readings_sample(struct run *run, uint64_t now_ns)
{
    uint64_t rss_bytes;
    struct rss_rollup rollup;
    if (strcmp(run_phase(run), "silent") == 0 && run->state == RUN_WAITING && now_ns >= run->next_rollup_ns) {
        uint64_t since = run->next_rollup_ns - run->step_begin_ns;
        run->next_rollup_ns += since;
        if (rss_read_rollup(run->rss, &rollup))
            add_sample(run, now_ns, rollup.rss_bytes, rollup.lazy_bytes, sample_cgroup(run, now_ns));
    } else if (rss_read_now(run->rss, &rss_bytes) && !is_taken(run, rss_bytes)) {
        add_sample(run, now_ns, rss_bytes, RECORD_UNKNOWN, sample_cgroup(run, now_ns));
    }
}

bool run_readings_settle(struct run *run, uint64_t now_ns, bool *steady)
{
    struct record_mark *mark = last_mark(run);
    uint64_t rss_bytes;
    if (!rss_read_now(run->rss, &rss_bytes))
        return false;
    if (rss_bytes != run->settle_rss_bytes) {
        run->settle_since_ns = now_ns;
        run->settle_rss_bytes = rss_bytes;
    }
    *steady = now_ns >= run->settle_since_ns + steady_ns || now_ns >= mark->mark.end_ns + settle_limit_ns;
    if (!*steady)
        return true;
    add_calls(run, mark);
    /* What has settled is not the next phase's peak. */
    if (!read_memory(run, mark) || !rss_reset_peak(run->rss))
        return false;
    mark->cgroup = limit_memory(&run->limit);
    add_sample(run, run->settle_since_ns, mark->rollup_rss_bytes, mark->lazy_bytes, mark->cgroup);
    mark->settle_ns = run->settle_since_ns - mark->mark.end_ns;
    run->record.numbers[RECORD_purge_settle_ms] = mark->settle_ns / MS;
    return true;
}

void run_readings_end_pressure(struct run *run, const char *victim, uint64_t now_ns)
{
    struct record_mark *mark = last_mark(run);
    struct rss_rollup rollup;
    run->record.numbers[RECORD_neighbour_got_bytes] = run->limit.neighbour.got_bytes;
    mark->settle_ns = now_ns - mark->mark.end_ns;
    if (!victim)
        return;
    run->record.pressure_victim = g_strdup(victim);
    if (rss_read_rollup(run->rss, &rollup)) {
        run->record.numbers[RECORD_pressure_rss_bytes] = rollup.rss_bytes;
        add_sample(run, now_ns, rollup.rss_bytes, rollup.lazy_bytes, limit_memory(&run->limit));
    }
}

static gint by_time(gconstpointer a, gconstpointer b)
{
    const struct record_sample *first = a, *second = b;
    return first->monotonic_ns < second->monotonic_ns ? -1 : first->monotonic_ns > second->monotonic_ns;
}

void run_readings_end(struct run *run)
{
    g_array_sort(run->samples, by_time);
    if (run->marks->len != run->step || run->samples->len == 0)
        return;
    uint64_t last_ns = g_array_index(run->samples, struct record_sample, run->samples->len - 1).monotonic_ns;
    struct child_mark *unfinished = &run->record.unfinished;
    g_strlcpy(unfinished->phase, run_phase(run), sizeof unfinished->phase);
    unfinished->begin_ns = run->step_begin_ns;
    unfinished->end_ns = MAX(last_ns, run->step_begin_ns);
}
