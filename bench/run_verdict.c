#include "run_verdict.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "offspring.h"
#include "run_request.h"
#include "units.h"
#include "verify.h"

void run_verdict_set(struct run *run, const char *status, const char *reason)
{
    if (run->record.status)
        return;
    run->record.status = g_strdup(status);
    run->record.reason = g_strdelimit(g_strdup(reason), "\r\n", ' '); /* a row is one line */
}

/* Does the phase the run is in build every record of the shape? The first build does, and each with fresh keys. */
static bool builds_all(const struct run *run)
{
    const struct plan_step *const *steps = (const struct plan_step *const *)run->steps->pdata;
    bool fresh = strcmp(run->what.cell->shape->keys, "fresh") == 0, before = false;
    for (guint i = 0; i < run->step; i++)
        before = before || steps[i]->builds;
    return steps[run->step]->builds && (fresh || !before);
}

static char *verdict_of_latency(const struct run *run, const struct record_mark *mark)
{
    const struct plan_shape *shape = run->what.cell->shape;
    const struct plan_step *step = run->steps->pdata[run->step];
    const struct latency_expected expected = {.phase = run_phase(run),
                                              .records = shape->records,
                                              .spares = shape->survivors_ppm > 0 && !builds_all(run),
                                              .window_ms = step->window_ms,
                                              .phase_ns = mark->mark.end_ns - mark->mark.begin_ns};
    return run->plan->latency ? latency_verify(&mark->latency, &expected) : NULL;
}

char *run_verdict_of_mark(const struct run *run, const struct record_mark *mark)
{
    const struct record_mark *baseline =
        run->marks->len > 0 ? &g_array_index(run->marks, struct record_mark, 0) : mark;
    char *why = verify_mark(mark, baseline, run_phase(run), run->statm_slack_bytes);
    if (!why)
        why = verdict_of_latency(run, mark);
    if (!why && offspring_seen(run->child.pid))
        why = g_strdup("the process has forked: its child's memory would not be counted");
    if (!why && run->step == 0 && !rss_maps_has(run->child.pid, run->object))
        why = g_strdup_printf("%s is not mapped in the process", run->object);
    return why;
}

char *run_verdict_of_deadline(const struct run *run)
{
    GString *reason = g_string_new(run_phase(run));
    const struct child *child = &run->child;
    if (child->mark_fd < 0 && run->marks->len < run->steps->len)
        g_string_append(reason, " closed the mark descriptor, and the process lived on");
    else
        g_string_append(reason, " did not end in time");
    g_autofree char *owed = run_request_owed(run);
    g_string_append(reason, owed);
    if (child->line->len > 0 && !child->line_handed_out)
        g_string_append_printf(reason, ", with half a mark written: \"%.60s\"", child->line->str);
    if (child_is_stopped(child))
        g_string_append(reason, "; the process was stopped");
    return g_string_free(reason, FALSE);
}

/* NULL: what was read up to here may be believed. The caller frees. */
static char *verdict_of_walk(const struct run *run)
{
    return verify_walk(run->marks, run->samples, run->interval_ms);
}

/* A SIGKILL that is not ours. With a cgroup its counter tells the kernel's from somebody's, and to be killed under
 * pressure is an answer; so is an oom, where the plan says so: both stand on the marks there are. Without, it is
 * presumed to be the kernel's, which takes the largest process when memory is out. */
static void judge_kill(struct run *run, const char *how)
{
    g_autofree char *limit = units_format_limit(run->plan->limit_bytes);
    g_autofree char *reason = NULL, *owed = run_request_owed(run);
    bool told = limit_procs(&run->limit) != NULL, by_kernel = limit_has_killed(&run->limit);
    g_autofree char *why = by_kernel ? verdict_of_walk(run) : NULL;
    if (why) {
        run_verdict_set(run, "invalid", why);
    } else if (by_kernel && strcmp(run_phase(run), "pressure") == 0) {
        run->record.pressure_victim = g_strdup("process");
        run_verdict_set(run, "ok", "");
    } else if (by_kernel) {
        reason =
            g_strdup_printf("killed by the kernel at the limit of %s in %s%s", limit, run_phase(run), owed);
        run_verdict_set(run, "oom", reason);
    } else if (told) {
        reason = g_strdup_printf("%s in %s, not by the kernel: its cgroup counts no oom_kill%s", how,
                                 run_phase(run), owed);
        run_verdict_set(run, "failed", reason);
    } else {
        reason = g_strdup_printf("%s in %s, presumed to be the kernel's for want of memory%s", how,
                                 run_phase(run), owed);
        run_verdict_set(run, "oom", reason);
    }
}

void run_verdict_of_exit(struct run *run, int status)
{
    run->record.ended_in = g_strdup(run_phase(run));
    bool complete = run->step + 1 == run->steps->len && run->marks->len == run->steps->len;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && complete) {
        g_autofree char *why = verdict_of_walk(run);
        run_verdict_set(run, why ? "invalid" : "ok", why ? why : "");
        return;
    }
    g_autofree char *how = child_describe_status(status);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        judge_kill(run, how);
        return;
    }
    g_autofree char *said = g_strdelimit(g_strdup(run->child.output->str), "\r\n", ' ');
    if (strlen(said) > 200)
        said[200] = '\0';
    g_autofree char *owed = run_request_owed(run);
    g_autofree char *reason =
        g_strdup_printf("%s in %s%s%s%s", how, run_phase(run), owed, *said ? ": " : "", said);
    run_verdict_set(run, "failed", reason);
}
