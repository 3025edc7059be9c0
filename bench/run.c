#include "run.h"

#include <string.h>
#include <unistd.h>

#include "run_command.h"
#include "run_readings.h"
#include "run_request.h"
#include "run_verdict.h"
#include "verify.h"

#define MS UINT64_C(1000000)

static const uint64_t exit_limit_ns = 60000 * MS; /* for the process to go once told so */
static const uint64_t answer_limit_ns =
    5000 * MS; /* between what the client sees and what the process tells */

struct run *run_new(const struct run_spec *spec)
{
    struct run *run = g_new0(struct run, 1);
    run->plan = spec->plan;
    run->what = spec->what;
    run->program = g_strdup(spec->program);
    run->object = g_strdup(spec->object);
    run->neighbour = g_strdup(spec->neighbour);
    run->site = spec->site;
    caller_open(&run->caller, spec->client);
    run->environment = g_strdupv((char **)(uintptr_t)spec->environment);
    run->steps = run_command_steps(spec->what.cell);
    run->arguments = run_command_arguments(spec->plan, spec->what.cell, run->steps);
    run->count_calls = spec->count_calls;
    run->interval_ms = spec->sample_hz ? 1000 / spec->sample_hz : 0;
    run->statm_slack_bytes =
        verify_statm_slack_bytes(g_get_num_processors(), (uint64_t)sysconf(_SC_PAGESIZE));
    run->marks = g_array_new(FALSE, TRUE, sizeof(struct record_mark));
    run->samples = g_array_new(FALSE, FALSE, sizeof(struct record_sample));
    record_init(&run->record, spec->plan, spec->what.cell, spec->what.repeat);
    run->record.env = run_command_environment(run->environment);
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
    caller_close(&run->caller);
    rss_close(run->rss);
    syscalls_close(run->syscalls);
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

bool run_start(struct run *run, uint64_t now_ns, GError **error)
{
    if (!limit_open(&run->limit, run->site, run->plan->limit_bytes, error))
        return false;
    const struct spawn_spec spec = {.program = run->program,
                                    .arguments = run->arguments,
                                    .environment = run->environment,
                                    .cgroup_procs = limit_procs(&run->limit),
                                    .fixed_addresses = run->plan->pass == PLAN_MEMORY,
                                    .no_huge_pages = run->what.cell->thp == THP_NEVER,
                                    .before_exec = run->count_calls ? run_readings_begin_calls : NULL,
                                    .data = run};
    if (!child_start(&run->child, &spec, error))
        return false;
    run->started = true;
    g_autoptr(GDateTime) utc = g_date_time_new_now_utc();
    run->record.started_utc = g_date_time_format(utc, "%Y-%m-%dT%H:%M:%SZ");
    run_readings_begin_step(run, now_ns);
    run->deadline_ns = now_ns + run->plan->timeout_ms * MS;
    run->rss = rss_open(run->child.pid, error);
    run->state = run->rss ? RUN_BUSY : RUN_ENDING;
    if (run->rss || !child_has_exited(&run->child))
        return run->rss != NULL;
    g_clear_error(error); /* it has died already, its exit status tells why */
    return true;
}

void run_kill(struct run *run, const char *status, const char *reason, uint64_t now_ns)
{
    run_verdict_set(run, status, reason);
    child_stop(&run->child);
    caller_give_up(&run->caller);
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

/* --- the walk --- */

static void go(struct run *run, enum run_state state, uint64_t now_ns)
{
    run_readings_begin_step(run, now_ns);
    run->state = state;
    const struct plan_step *step = run->steps->pdata[run->step];
    run->deadline_ns = now_ns + (step->window_ms + run->plan->timeout_ms) * MS;
    child_go(&run->child); /* if it is gone, its end of file tells */
    g_autoptr(GError) error = NULL;
    if (!run_request_begin(run, &error))
        invalid(run, now_ns, "%s", error->message);
}

/* From here on it ends, or is ended. */
static void await_end(struct run *run, uint64_t now_ns)
{
    run->state = RUN_ENDING;
    run->deadline_ns = now_ns + MIN(exit_limit_ns, run->plan->timeout_ms * MS);
}

/* False: it goes on when its client has been answered, or is ended. */
static bool is_answered(struct run *run, uint64_t now_ns)
{
    g_autofree char *why = NULL;
    switch (run_request_judge(run, &why)) {
    case RUN_REQUEST_GOOD:
        return true;
    case RUN_REQUEST_AWAITED:
        run->state = RUN_UNANSWERED;
        run->deadline_ns = now_ns + MIN(answer_limit_ns, run->plan->timeout_ms * MS);
        return false;
    case RUN_REQUEST_BAD:
        invalid(run, now_ns, "%s", why);
        return false;
    }
    return true;
}

/* Behind a mark: on to the next phase, or into the queue for the token. */
static void advance(struct run *run, bool has_token, uint64_t now_ns)
{
    if (run->state != RUN_PARKED && !is_answered(run, now_ns))
        return;
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
           run->state == RUN_UNANSWERED || run->state == RUN_ENDING;
}

/* Its neighbour takes what the limit leaves, and more, while the process stands still. */
static void press(struct run *run, uint64_t now_ns)
{
    g_autoptr(GError) error = NULL;
    run->state = RUN_PRESSED;
    run->deadline_ns = now_ns + run->plan->timeout_ms * MS;
    if (!limit_press(&run->limit, run->neighbour, &error))
        invalid(run, now_ns, "%s", error->message);
}

static void watch_pressure(struct run *run, uint64_t now_ns)
{
    enum limit_pressure pressure = limit_watch(&run->limit);
    switch (pressure) {
    case LIMIT_PRESSURE_ON:
        break;
    case LIMIT_PRESSURE_NEIGHBOUR:
    case LIMIT_PRESSURE_NONE:
        run_readings_end_pressure(run, pressure == LIMIT_PRESSURE_NONE ? "none" : "neighbour", now_ns);
        advance(run, true, now_ns);
        break;
    case LIMIT_PRESSURE_PROCESS: /* its end will tell so itself */
        run_readings_end_pressure(run, NULL, now_ns);
        await_end(run, now_ns);
        break;
    case LIMIT_PRESSURE_BROKEN:
        invalid(run, now_ns, "the neighbour ended by itself when it had %" G_GUINT64_FORMAT " bytes",
                run->limit.neighbour.got_bytes);
        break;
    }
}

/* In front of the mark of its phase. */
static void take_latency(struct run *run, const char *line, uint64_t now_ns)
{
    g_autoptr(GError) error = NULL;
    bool asked = run->plan->latency && latency_is_timed(run_phase(run)) && !*run->latency.phase &&
                 (run->state == RUN_BUSY || run->state == RUN_WAITING);
    if (!asked)
        invalid(run, now_ns, "a line on latency nobody asked for: %.60s", line);
    else if (!latency_parse(line, &run->latency, &error))
        invalid(run, now_ns, "%s", error->message);
    else if (strcmp(run->latency.phase, run_phase(run)) != 0)
        invalid(run, now_ns, "latency of %s in %s", run->latency.phase, run_phase(run));
}

/* In front of the baseline. */
static void take_port(struct run *run, const char *line, uint64_t now_ns)
{
    g_autoptr(GError) error = NULL;
    if (!run_request_open(run, line, &error))
        invalid(run, now_ns, "%s", error->message);
}

/* A client that got no answer, or not that one, has got it from a process that is dead or goes on as if nothing were. It is
 * given a little time to say which. */
static void watch_request(struct run *run, uint64_t now_ns)
{
    if (!caller_watch(&run->caller))
        return;
    if (run->state == RUN_UNANSWERED)
        advance(run, true, now_ns);
    else if (run->caller.failure && run->state != RUN_ENDING)
        run->deadline_ns = MIN(run->deadline_ns, now_ns + answer_limit_ns);
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
    if (!run_readings_at_mark(run, &mark)) {
        invalid(run, now_ns, "/proc/%d cannot be read", (int)run->child.pid);
        return;
    }
    mark.latency = run->latency;
    run->latency = (struct latency){.phase = ""};
    g_autofree char *why = run_verdict_of_mark(run, &mark);
    if (why) {
        invalid(run, now_ns, "%s", why);
        return;
    }
    run_readings_keep(run, &mark, now_ns);
    if (strcmp(mark.mark.phase, "purge") == 0 && run->plan->pass == PLAN_MEMORY)
        run->state = RUN_SETTLING;
    else if (strcmp(mark.mark.phase, "pressure") == 0)
        press(run, now_ns);
    else
        advance(run, run->state == RUN_BUSY, now_ns);
}

void run_read(struct run *run, uint64_t now_ns)
{
    const char *line;
    child_read_output(&run->child);
    watch_request(run, now_ns);
    if (run->state == RUN_PRESSED)
        watch_pressure(run, now_ns);
    switch (child_read(&run->child, &line)) {
    case CHILD_NOTHING:
        break;
    case CHILD_LINE:
        (latency_is_line(line)  ? take_latency
         : caller_is_line(line) ? take_port
                                : take_mark)(run, line, now_ns);
        break;
    case CHILD_GARBAGE:
        invalid(run, now_ns, "a mark longer than %d bytes, or with a NUL byte", PROTOCOL_LINE_MAX);
        break;
    case CHILD_CLOSED:
        if (run->state == RUN_PRESSED)
            run_readings_end_pressure(run, NULL, now_ns);
        if (run->state != RUN_ENDING)
            await_end(run, now_ns);
        break;
    }
}

/* --- ticks --- */

static void settle(struct run *run, uint64_t now_ns)
{
    bool steady;
    if (!run_readings_settle(run, now_ns, &steady)) {
        invalid(run, now_ns, "/proc/%d cannot be read", (int)run->child.pid);
        return;
    }
    if (!steady)
        return;
    g_autofree char *why =
        run_verdict_of_mark(run, &g_array_index(run->marks, struct record_mark, run->marks->len - 1));
    if (why)
        invalid(run, now_ns, "%s", why);
    else
        advance(run, true, now_ns);
}

static void finish(struct run *run, int status)
{
    child_read_output(&run->child);
    run_readings_end(run);
    run_verdict_of_exit(run, status);
    run_request_measure(run);
    limit_measure(&run->limit, &run->record);
    limit_close(&run->limit);
    record_measure(&run->record, run->marks, run->samples);
    run->state = RUN_DONE;
}

static void give_up(struct run *run, uint64_t now_ns)
{
    g_autofree char *wrong = NULL, *reason = NULL, *owed = run_request_owed(run);
    if (run->state != RUN_ENDING && run_request_judge(run, &wrong) == RUN_REQUEST_BAD) {
        invalid(run, now_ns, "%s", wrong);
    } else if (run->state == RUN_UNANSWERED) {
        invalid(run, now_ns, "%s is over%s", run_phase(run), owed);
    } else {
        reason = run_verdict_of_deadline(run);
        run_kill(run, "timeout", reason, now_ns);
    }
}

/* Whoever was asking it is told first: what the client saw is part of the answer. What the process has left behind may still
 * hold the connection. */
static bool has_said_all(struct run *run, uint64_t now_ns)
{
    if (!run->caller.is_under_way || now_ns > run->deadline_ns)
        return true;
    if (child_has_exited(&run->child))
        child_stop(&run->child);
    return false;
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
    watch_request(run, now_ns);
    notice_exit(run, now_ns);
    if (!child_wants_output(&run->child))
        child_read_output(&run->child); /* dropped, at the pace of the ticks */
    if (run->interval_ms > 0 && run->rss && run->state != RUN_PARKED && run->state != RUN_ENDING &&
        run->state != RUN_DONE)
        run_readings_sample(run, now_ns);
    if (run->state == RUN_SETTLING)
        settle(run, now_ns);
    if (run->state == RUN_ENDING && has_said_all(run, now_ns) && child_reap(&run->child, false, &status)) {
        finish(run, status);
        return;
    }
    if (now_ns > run->deadline_ns && run->state != RUN_PARKED && run->state != RUN_DONE)
        give_up(run, now_ns);
}
