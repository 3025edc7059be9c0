#include "run.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "offspring.h"
#include "units.h"
#include "verify.h"

#define MS UINT64_C(1000000)

static const uint64_t first_rollup_ns = 500 * MS;    /* then 1, 2, 4, 8 … s into the silence */
static const uint64_t steady_ns = 300 * MS;          /* RSS unchanged so long behind a purge is steady */
static const uint64_t settle_limit_ns = 5000 * MS;   /* and this long is watched at most */
static const uint64_t own_thread_grace_ns = 10 * MS; /* a sampling interval: no curve shows less */
static const uint64_t exit_limit_ns = 60000 * MS;    /* for the process to go once told so */

static const struct plan_step baseline_step = {.phase = (char *)(uintptr_t) "baseline"};
static const struct plan_step end_step = {.phase = (char *)(uintptr_t) "end"};

/* --- what is run --- */

static GPtrArray *steps_of(const struct plan *plan, const struct allocator *allocator)
{
    GPtrArray *steps = g_ptr_array_new();
    g_ptr_array_add(steps, (gpointer)(uintptr_t)&baseline_step);
    for (guint i = 0; i < plan->walk->len; i++) {
        const struct plan_step *step = plan->walk->pdata[i];
        if (allocator->purge || strcmp(step->phase, "purge") != 0)
            g_ptr_array_add(steps, plan->walk->pdata[i]);
    }
    g_ptr_array_add(steps, (gpointer)(uintptr_t)&end_step);
    return steps;
}

static char *walk_argument(const GPtrArray *steps)
{
    GString *walk = g_string_new("walk=");
    for (guint i = 1; i + 1 < steps->len; i++) {
        const struct plan_step *step = steps->pdata[i];
        g_string_append_printf(walk, "%s%s", i > 1 ? "," : "", step->phase);
        if (step->waits)
            g_string_append_printf(walk, ":%" G_GUINT64_FORMAT, step->window_ms);
    }
    return g_string_free(walk, FALSE);
}

static char **arguments_of(const struct plan_cell *cell, const GPtrArray *steps)
{
    const struct plan_shape *shape = cell->shape;
    GPtrArray *arguments = g_ptr_array_new();
    g_ptr_array_add(arguments, g_strdup(cell->name));
    g_ptr_array_add(arguments, g_strdup_printf("records=%" G_GUINT64_FORMAT, shape->records));
    g_ptr_array_add(arguments, g_strdup_printf("strings=%" G_GUINT64_FORMAT "..%" G_GUINT64_FORMAT,
                                               shape->strings.low, shape->strings.high));
    g_ptr_array_add(arguments, g_strdup_printf("length=%" G_GUINT64_FORMAT "..%" G_GUINT64_FORMAT,
                                               shape->length.low, shape->length.high));
    g_ptr_array_add(arguments, g_strdup_printf("order=%s", shape->order));
    g_ptr_array_add(arguments, g_strdup_printf("survivors_ppm=%u", shape->survivors_ppm));
    g_ptr_array_add(arguments, g_strdup_printf("removal=%s", shape->removal));
    g_ptr_array_add(arguments, g_strdup_printf("seed=%" G_GUINT64_FORMAT, shape->seed));
    g_ptr_array_add(arguments, g_strdup_printf("workers=%" G_GUINT64_FORMAT, shape->workers));
    g_ptr_array_add(arguments, walk_argument(steps));
    if (cell->allocator->purge)
        g_ptr_array_add(arguments, g_strdup_printf("purge=%s", cell->allocator->purge));
    g_ptr_array_add(arguments, NULL);
    return (char **)g_ptr_array_free(arguments, FALSE);
}

/* In one line, so that a row is one, by the escapes of descriptors. */
static char *environment_text(char **environment)
{
    g_autofree char *joined = g_strjoinv(" ", environment);
    GString *text = g_string_new(joined);
    g_string_replace(text, "\\", "\\\\", 0);
    g_string_replace(text, "\n", "\\n", 0);
    g_string_replace(text, "\r", "\\r", 0);
    return g_string_free(text, FALSE);
}

struct run *run_new(const struct run_spec *spec)
{
    struct run *run = g_new0(struct run, 1);
    run->plan = spec->plan;
    run->what = spec->what;
    run->program = g_strdup(spec->program);
    run->object = g_strdup(spec->object);
    run->neighbour = g_strdup(spec->neighbour);
    run->site = spec->site;
    run->environment = g_strdupv((char **)(uintptr_t)spec->environment);
    run->steps = steps_of(spec->plan, spec->what.cell->allocator);
    run->arguments = arguments_of(spec->what.cell, run->steps);
    run->interval_ms = spec->sample_hz ? 1000 / spec->sample_hz : 0;
    run->statm_slack_bytes =
        verify_statm_slack_bytes(g_get_num_processors(), (uint64_t)sysconf(_SC_PAGESIZE));
    run->marks = g_array_new(FALSE, TRUE, sizeof(struct record_mark));
    run->samples = g_array_new(FALSE, FALSE, sizeof(struct record_sample));
    record_init(&run->record, spec->plan, spec->what.cell, spec->what.repeat);
    run->record.env = environment_text(run->environment);
    run->record.library = g_strdup(spec->object ? spec->object : "");
    run->record.version = g_strdup(spec->version ? spec->version : "");
    run->record.setting_proof = g_strdup(spec->setting_proof);
    return run;
}

void run_free(struct run *run)
{
    if (run->started)
        child_close(&run->child);
    limit_close(&run->limit);
    rss_close(run->rss);
    record_clear(&run->record);
    g_array_unref(run->marks);
    g_array_unref(run->samples);
    g_ptr_array_unref(run->steps);
    g_strfreev(run->arguments);
    g_strfreev(run->environment);
    g_free(run->program);
    g_free(run->object);
    g_free(run->neighbour);
    g_free(run);
}

char *run_command_line(const struct run *run)
{
    GString *line = g_string_new("env -i");
    for (char **word = run->environment; *word; word++) {
        g_autofree char *quoted = g_shell_quote(*word);
        g_string_append_printf(line, " %s", quoted);
    }
    g_autofree char *program = g_shell_quote(run->program);
    g_string_append_printf(line, " setarch -R %s", program);
    for (char **word = run->arguments + 1; *word; word++) {
        g_autofree char *quoted = g_shell_quote(*word);
        g_string_append_printf(line, " %s", quoted);
    }
    if (run->what.cell->thp == THP_NEVER) /* no tool sets it for another program */
        g_string_append(line, " # the run had PR_SET_THP_DISABLE");
    if (run->plan->limit_bytes > 0)
        g_string_append_printf(line, " # in a memory cgroup of %" G_GUINT64_FORMAT " bytes",
                               run->plan->limit_bytes);
    return g_string_free(line, FALSE);
}

/* --- verdicts --- */

static void set_status(struct run *run, const char *status, const char *reason)
{
    if (run->record.status)
        return; /* the first reason is the true one; what follows is its consequence */
    run->record.status = g_strdup(status);
    run->record.reason = g_strdelimit(g_strdup(reason), "\r\n", ' '); /* a row is one line */
}

void run_kill(struct run *run, const char *status, const char *reason, uint64_t now_ns)
{
    set_status(run, status, reason);
    child_stop(&run->child);
    run->state = RUN_ENDING;
    run->deadline_ns = now_ns + exit_limit_ns;
}

G_GNUC_PRINTF(3, 4)
static void invalid(struct run *run, uint64_t now_ns, const char *format, ...)
{
    va_list rest;
    va_start(rest, format);
    g_autofree char *reason = g_strdup_vprintf(format, rest);
    va_end(rest);
    run_kill(run, "invalid", reason, now_ns);
}

static const char *phase_of(const struct run *run)
{
    return ((const struct plan_step *)run->steps->pdata[run->step])->phase;
}

/* A SIGKILL that is not ours. With a cgroup its counter tells the kernel's from somebody's, and to be killed under
 * pressure is an answer. Without, it is presumed to be the kernel's, which takes the largest process when memory
 * is out. */
static void judge_kill(struct run *run, const char *how)
{
    g_autofree char *limit = units_format_bytes(run->plan->limit_bytes);
    g_autofree char *reason = NULL;
    bool told = limit_procs(&run->limit) != NULL, by_kernel = limit_has_killed(&run->limit);
    if (by_kernel && strcmp(phase_of(run), "pressure") == 0) {
        run->record.pressure_victim = g_strdup("process");
        set_status(run, "ok", "");
    } else if (by_kernel) {
        reason = g_strdup_printf("killed by the kernel at the limit of %s in %s", limit, phase_of(run));
        set_status(run, "oom", reason);
    } else if (told) {
        reason =
            g_strdup_printf("%s in %s, not by the kernel: its cgroup counts no oom_kill", how, phase_of(run));
        set_status(run, "failed", reason);
    } else {
        reason =
            g_strdup_printf("%s in %s, presumed to be the kernel's for want of memory", how, phase_of(run));
        set_status(run, "oom", reason);
    }
}

static void judge_exit(struct run *run, int status)
{
    run->record.ended_in = g_strdup(phase_of(run));
    bool complete = run->step + 1 == run->steps->len && run->marks->len == run->steps->len;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && complete) {
        g_autofree char *why = verify_walk(run->marks, run->samples, run->interval_ms);
        set_status(run, why ? "invalid" : "ok", why ? why : "");
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
    g_autofree char *reason = g_strdup_printf("%s in %s%s%s", how, phase_of(run), *said ? ": " : "", said);
    set_status(run, "failed", reason);
}

/* --- readings --- */

static void add_sample(struct run *run, uint64_t at_ns, uint64_t rss_bytes, uint64_t lazy_bytes)
{
    const struct record_sample sample = {
        .monotonic_ns = at_ns, .rss_bytes = rss_bytes, .lazy_bytes = lazy_bytes};
    g_array_append_val(run->samples, sample);
    run->last_rss_bytes = rss_bytes;
}

/* All readings of a parked process. */
static bool read_parked(struct run *run, struct record_mark *mark)
{
    struct rss_rollup rollup;
    struct rss_sched sched;
    if (!rss_read_now(run->rss, &mark->rss_bytes) || !rss_read_rollup(run->rss, &rollup) ||
        !rss_read_now(run->rss, &mark->rss_after_bytes) || !rss_read_peak(run->rss, &mark->peak_bytes) ||
        !rss_reset_peak(run->rss))
        return false;
    mark->rollup_rss_bytes = rollup.rss_bytes;
    mark->lazy_bytes = rollup.lazy_bytes;
    mark->anon_huge_bytes = rollup.anon_huge_bytes;
    mark->cgroup_usage_bytes = limit_usage_bytes(&run->limit);
    mark->running_ns = mark->cpu_wait_ns = RECORD_UNKNOWN; /* no such file, or not of the threads that work */
    if (run->what.cell->shape->workers == 1 && rss_read_sched(run->rss, &sched)) {
        mark->running_ns = sched.running_ns - run->sched_before.running_ns;
        mark->cpu_wait_ns = sched.waiting_ns - run->sched_before.waiting_ns;
        run->sched_before = sched;
    }
    return true;
}

static bool proven(struct run *run, const struct record_mark *mark, uint64_t now_ns)
{
    const struct record_mark *baseline =
        run->marks->len > 0 ? &g_array_index(run->marks, struct record_mark, 0) : mark;
    g_autofree char *why = verify_mark(mark, baseline, phase_of(run), run->statm_slack_bytes);
    if (!why && offspring_seen(run->child.pid))
        why = g_strdup("the process has forked: its child's memory would not be counted");
    if (!why && run->step == 0 && !rss_maps_has(run->child.pid, run->object))
        why = g_strdup_printf("%s is not mapped in the process", run->object);
    if (why)
        run_kill(run, "invalid", why, now_ns);
    return !why;
}

/* --- the walk --- */

static void go(struct run *run, enum run_state state, uint64_t now_ns)
{
    run->step_begin_ns = now_ns;
    run->next_rollup_ns = now_ns + first_rollup_ns;
    run->state = state;
    const struct plan_step *step = run->steps->pdata[run->step];
    run->deadline_ns = now_ns + (step->window_ms + run->plan->timeout_ms) * MS;
    child_go(&run->child); /* if it is gone, its end of file tells */
}

/* Behind a mark: on to the next phase, or into the queue for the token. */
static void advance(struct run *run, bool has_token, uint64_t now_ns)
{
    if (run->step + 1 == run->steps->len) {
        go(run, RUN_ENDING, now_ns);
        run->deadline_ns = now_ns + exit_limit_ns;
        return;
    }
    const struct plan_step *next = run->steps->pdata[run->step + 1];
    if (!next->waits && !has_token) {
        run->state = RUN_PARKED;
        return;
    }
    run->step++;
    go(run, next->waits ? RUN_WAITING : RUN_BUSY, now_ns);
}

void run_grant(struct run *run, uint64_t now_ns)
{
    advance(run, true, now_ns);
}

bool run_holds_token(const struct run *run)
{
    return run->state == RUN_BUSY || run->state == RUN_SETTLING || run->state == RUN_PRESSED ||
           run->state == RUN_ENDING;
}

/* --- pressure: while the process stands still its neighbour takes what the limit leaves, and more --- */

/* From here on it ends, or is ended. */
static void await_end(struct run *run, uint64_t now_ns)
{
    run->state = RUN_ENDING;
    run->deadline_ns = now_ns + MIN(exit_limit_ns, run->plan->timeout_ms * MS);
}

static void press(struct run *run, uint64_t now_ns)
{
    g_autoptr(GError) error = NULL;
    run->state = RUN_PRESSED;
    run->deadline_ns = now_ns + run->plan->timeout_ms * MS;
    if (!limit_press(&run->limit, run->neighbour, &error))
        invalid(run, now_ns, "%s", error->message);
}

/* What the process has left, if it lives. */
static void end_pressure(struct run *run, const char *victim, uint64_t now_ns)
{
    struct record_mark *mark = &g_array_index(run->marks, struct record_mark, run->marks->len - 1);
    struct rss_rollup rollup;
    run->record.numbers[RECORD_neighbour_got_bytes] = run->limit.neighbour.got_bytes;
    mark->settle_ns = now_ns - mark->mark.end_ns;
    if (!victim)
        return;
    run->record.pressure_victim = g_strdup(victim);
    if (rss_read_rollup(run->rss, &rollup)) {
        run->record.numbers[RECORD_pressure_rss_bytes] = rollup.rss_bytes;
        add_sample(run, now_ns, rollup.rss_bytes, rollup.lazy_bytes);
    }
}

static void watch_pressure(struct run *run, uint64_t now_ns)
{
    switch (limit_watch(&run->limit)) {
    case LIMIT_PRESSURE_ON:
        break;
    case LIMIT_PRESSURE_NEIGHBOUR:
        end_pressure(run, "neighbour", now_ns);
        advance(run, true, now_ns);
        break;
    case LIMIT_PRESSURE_NONE:
        end_pressure(run, "none", now_ns);
        advance(run, true, now_ns);
        break;
    case LIMIT_PRESSURE_PROCESS: /* its end will tell so itself */
        end_pressure(run, NULL, now_ns);
        await_end(run, now_ns);
        break;
    case LIMIT_PRESSURE_BROKEN:
        invalid(run, now_ns, "the neighbour ended by itself when it had %" G_GUINT64_FORMAT " bytes",
                run->limit.neighbour.got_bytes);
        break;
    }
}

static void take_mark(struct run *run, const char *line, uint64_t now_ns)
{
    g_autoptr(GError) error = NULL;
    struct record_mark mark = {.settle_ns = 0};
    if (run->state != RUN_BUSY && run->state != RUN_WAITING) {
        invalid(run, now_ns, "a mark nobody asked for: %.60s", line);
        return;
    }
    if (!child_parse_mark(line, &mark.mark, &error)) {
        invalid(run, now_ns, "%s", error->message);
        return;
    }
    if (!read_parked(run, &mark)) {
        invalid(run, now_ns, "/proc/%d cannot be read", (int)run->child.pid);
        return;
    }
    if (!proven(run, &mark, now_ns))
        return;
    /* Nothing moved since the phase's end, unless the allocator has a thread of its own and was given time. */
    bool moved = run->what.cell->setting->own_thread && now_ns > mark.mark.end_ns + own_thread_grace_ns;
    add_sample(run, moved ? now_ns : mark.mark.end_ns, mark.rss_bytes, mark.lazy_bytes);
    g_array_append_val(run->marks, mark);
    if (strcmp(mark.mark.phase, "purge") == 0) {
        run->state = RUN_SETTLING;
        run->settle_since_ns = mark.mark.end_ns;
        run->settle_rss_bytes = mark.rss_bytes;
    } else if (strcmp(mark.mark.phase, "pressure") == 0) {
        press(run, now_ns);
    } else {
        advance(run, run->state == RUN_BUSY, now_ns);
    }
}

void run_read(struct run *run, uint64_t now_ns)
{
    const char *line;
    child_read_output(&run->child);
    if (run->state == RUN_PRESSED)
        watch_pressure(run, now_ns);
    switch (child_read(&run->child, &line)) {
    case CHILD_NOTHING:
        break;
    case CHILD_LINE:
        take_mark(run, line, now_ns);
        break;
    case CHILD_GARBAGE:
        invalid(run, now_ns, "a mark longer than %d bytes, or with a NUL byte", PROTOCOL_LINE_MAX);
        break;
    case CHILD_CLOSED:
        if (run->state == RUN_PRESSED)
            end_pressure(run, NULL, now_ns);
        if (run->state != RUN_ENDING)
            await_end(run, now_ns);
        break;
    }
}

/* Some purge calls answer before they have worked: RSS is followed until it stands still. */
static void settle(struct run *run, uint64_t now_ns)
{
    struct record_mark *mark = &g_array_index(run->marks, struct record_mark, run->marks->len - 1);
    uint64_t rss_bytes;
    if (!rss_read_now(run->rss, &rss_bytes)) {
        invalid(run, now_ns, "/proc/%d cannot be read", (int)run->child.pid);
        return;
    }
    if (rss_bytes != run->settle_rss_bytes) {
        run->settle_since_ns = now_ns;
        run->settle_rss_bytes = rss_bytes;
    }
    if (now_ns < run->settle_since_ns + steady_ns && now_ns < mark->mark.end_ns + settle_limit_ns)
        return;
    struct rss_rollup rollup;
    if (rss_read_rollup(run->rss, &rollup)) {
        mark->rss_bytes = mark->rss_after_bytes = rss_bytes;
        mark->rollup_rss_bytes = rollup.rss_bytes;
        mark->lazy_bytes = rollup.lazy_bytes;
        mark->anon_huge_bytes = rollup.anon_huge_bytes;
        rss_reset_peak(run->rss); /* what has settled is not the next phase's peak */
        add_sample(run, run->settle_since_ns, rollup.rss_bytes, rollup.lazy_bytes);
    }
    mark->settle_ns = run->settle_since_ns - mark->mark.end_ns;
    run->record.numbers[RECORD_purge_settle_ms] = mark->settle_ns / MS;
    advance(run, true, now_ns);
}

static void sample(struct run *run, uint64_t now_ns)
{
    uint64_t rss_bytes;
    struct rss_rollup rollup;
    if (strcmp(phase_of(run), "silent") == 0 && run->state == RUN_WAITING && now_ns >= run->next_rollup_ns) {
        uint64_t since = run->next_rollup_ns - run->step_begin_ns;
        run->next_rollup_ns += since;
        if (rss_read_rollup(run->rss, &rollup))
            add_sample(run, now_ns, rollup.rss_bytes, rollup.lazy_bytes);
    } else if (rss_read_now(run->rss, &rss_bytes)) {
        add_sample(run, now_ns, rss_bytes, RECORD_UNKNOWN);
    }
}

static gint by_time(gconstpointer a, gconstpointer b)
{
    const struct record_sample *first = a, *second = b;
    return first->monotonic_ns < second->monotonic_ns ? -1 : first->monotonic_ns > second->monotonic_ns;
}

static void finish(struct run *run, int status)
{
    child_read_output(&run->child);
    g_array_sort(run->samples, by_time);
    judge_exit(run, status);
    limit_measure(&run->limit, &run->record);
    limit_close(&run->limit);
    record_measure(&run->record, run->marks, run->samples);
    run->state = RUN_DONE;
}

static void give_up(struct run *run, uint64_t now_ns)
{
    g_autoptr(GString) reason = g_string_new(phase_of(run));
    const struct child *child = &run->child;
    if (child->mark_fd < 0 && run->marks->len < run->steps->len)
        g_string_append(reason, " closed the mark descriptor, and the process lived on");
    else
        g_string_append(reason, " did not end in time");
    if (child->line->len > 0 && !child->line_handed_out)
        g_string_append_printf(reason, ", with half a mark written: \"%.60s\"", child->line->str);
    if (child_is_stopped(child))
        g_string_append(reason, "; the process was stopped");
    run_kill(run, "timeout", reason->str, now_ns);
}

/* Its end is told by the end of file of its marks, unless a child it left behind has them open, too. */
static void notice_exit(struct run *run, uint64_t now_ns)
{
    if (run->state == RUN_ENDING || run->state == RUN_DONE || !child_has_exited(&run->child))
        return;
    run_read(run, now_ns); /* it may have said something since */
    run->state = RUN_ENDING;
}

void run_tick(struct run *run, uint64_t now_ns)
{
    int status;
    notice_exit(run, now_ns);
    if (!child_wants_output(&run->child))
        child_read_output(&run->child); /* dropped, at the pace of the ticks */
    if (run->interval_ms > 0 && run->rss && run->state != RUN_PARKED && run->state != RUN_ENDING &&
        run->state != RUN_DONE)
        sample(run, now_ns);
    if (run->state == RUN_SETTLING)
        settle(run, now_ns);
    if (run->state == RUN_ENDING && child_reap(&run->child, false, &status)) {
        finish(run, status);
        return;
    }
    if (now_ns > run->deadline_ns && run->state != RUN_PARKED && run->state != RUN_DONE)
        give_up(run, now_ns);
}

bool run_start(struct run *run, uint64_t now_ns, GError **error)
{
    if (!limit_open(&run->limit, run->site, run->plan->limit_bytes, error))
        return false;
    const struct spawn_spec spec = {.program = run->program,
                                    .arguments = run->arguments,
                                    .environment = run->environment,
                                    .cgroup_procs = limit_procs(&run->limit),
                                    .fixed_addresses = true,
                                    .no_huge_pages = run->what.cell->thp == THP_NEVER};
    if (!child_start(&run->child, &spec, error))
        return false;
    run->started = true;
    g_autoptr(GDateTime) utc = g_date_time_new_now_utc();
    run->record.started_utc = g_date_time_format(utc, "%Y-%m-%dT%H:%M:%SZ");
    run->step_begin_ns = now_ns;
    run->deadline_ns = now_ns + run->plan->timeout_ms * MS;
    run->rss = rss_open(run->child.pid, error);
    run->state = run->rss ? RUN_BUSY : RUN_ENDING;
    if (run->rss || !child_has_exited(&run->child))
        return run->rss != NULL;
    g_clear_error(error); /* it has died already, its exit status tells why */
    return true;
}
