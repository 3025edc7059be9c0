#include "limit.h"

#include <signal.h>
#include <sys/wait.h>

bool limit_open(struct limit *limit, struct cgroup_site *site, uint64_t limit_bytes, GError **error)
{
    *limit = (struct limit){.limit_bytes = limit_bytes};
    if (site)
        limit->cgroup = cgroup_new(site, limit_bytes, error);
    return !site || limit->cgroup;
}

void limit_close(struct limit *limit)
{
    neighbour_close(&limit->neighbour);
    g_clear_pointer(&limit->cgroup, cgroup_free);
}

const char *limit_procs(const struct limit *limit)
{
    return limit->cgroup ? cgroup_procs(limit->cgroup) : NULL;
}

struct cgroup_memory limit_memory(const struct limit *limit)
{
    struct cgroup_memory memory = CGROUP_MEMORY_UNKNOWN;
    if (limit->cgroup)
        cgroup_read_memory(limit->cgroup, &memory);
    return memory;
}

static uint64_t new_kills(const struct limit *limit)
{
    return limit->cgroup ? cgroup_oom_kills(limit->cgroup) - limit->kills_known : 0;
}

bool limit_has_killed(const struct limit *limit)
{
    return new_kills(limit) > 0;
}

void limit_measure(const struct limit *limit, struct record *record)
{
    struct cgroup_counters counters;
    if (!limit->cgroup)
        return;
    cgroup_read(limit->cgroup, &counters);
    record->numbers[RECORD_cgroup_peak_bytes] = counters.peak_bytes;
    record->numbers[RECORD_cgroup_failures] = counters.failures;
    record->numbers[RECORD_cgroup_stall_ns] = counters.stall_ns;
    record->numbers[RECORD_oom_kills] = counters.oom_kills;
}

bool limit_press(struct limit *limit, const char *program, GError **error)
{
    return neighbour_start(&limit->neighbour, program, limit_procs(limit), limit->limit_bytes, error);
}

/* It was killed, or has got the whole limit. When both were killed the process was the first: it stands still, so
 * without the neighbour nobody asks for memory. */
static enum limit_pressure judge_end(struct limit *limit, int status)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && new_kills(limit) > 0) {
        limit->kills_known++;
        return new_kills(limit) > 0 ? LIMIT_PRESSURE_PROCESS : LIMIT_PRESSURE_NEIGHBOUR;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? LIMIT_PRESSURE_NONE : LIMIT_PRESSURE_BROKEN;
}

enum limit_pressure limit_watch(struct limit *limit)
{
    enum limit_pressure pressure = LIMIT_PRESSURE_BROKEN;
    uint64_t got_bytes;
    int status;
    switch (neighbour_read(&limit->neighbour, &got_bytes, &status)) {
    case NEIGHBOUR_NOTHING:
        return LIMIT_PRESSURE_ON;
    case NEIGHBOUR_STEPPED:
        if (!limit_has_killed(limit)) {
            neighbour_go(&limit->neighbour, got_bytes);
            return LIMIT_PRESSURE_ON;
        }
        pressure = LIMIT_PRESSURE_PROCESS; /* for the neighbour still talks */
        break;
    case NEIGHBOUR_ENDED:
        pressure = judge_end(limit, status);
        break;
    case NEIGHBOUR_GARBAGE:
        break;
    }
    neighbour_close(&limit->neighbour);
    return pressure;
}
