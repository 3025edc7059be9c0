#include "matrix.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "admission.h"
#include "error.h"
#include "machine.h"
#include "progress.h"
#include "run_command.h"

#define POLLS 3u            /* descriptors watched per run */
#define HOUSEKEEPING_HZ 10u /* ticks that only reap and watch deadlines */

struct matrix {
    const struct matrix_options *options;
    struct matrix_outcome *outcome;
    struct folder *folder;
    GPtrArray *queue;  /* of struct run_spec *, not started yet; borrowed */
    GPtrArray *active; /* of struct run * */
    struct progress progress;
    int signal_fd;
    GArray *polls; /* of struct pollfd: the signals, then POLLS of each active run */
    uint64_t tick_ns, next_tick_ns;
    guint jobs; /* processes alive at once: as asked, or as many as can be had */
    bool stopping;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct run *token_holder(const struct matrix *matrix)
{
    for (guint i = 0; i < matrix->active->len; i++)
        if (run_holds_token(matrix->active->pdata[i]))
            return matrix->active->pdata[i];
    return NULL;
}

/* --- conditions --- */

static void read_conditions(const struct matrix *matrix, struct conditions_reading *reading)
{
    struct conditions_own own = {.cpu_ns = 0};
    for (guint i = 0; i < matrix->active->len; i++) {
        const struct run *run = matrix->active->pdata[i];
        conditions_add_own(&own, run->child.pid, run->last_rss_bytes);
    }
    conditions_read(reading, &own, now_ns());
}

static void see_run(const struct matrix *matrix, struct run *run)
{
    struct conditions_reading after;
    read_conditions(matrix, &after);
    conditions_see_run(matrix->options->conditions, &run->conditions_before, &after, run->what.cell->thp,
                       &run->record);
}

/* The system has the THP mode this run needs, or may be given it: it matters to nobody alive. */
static bool thp_is_free(const struct matrix *matrix, enum thp_mode asked)
{
    for (guint i = 0; i < matrix->active->len; i++)
        if (((const struct run *)matrix->active->pdata[i])->what.cell->thp != THP_NEVER)
            return thp_holds(matrix->options->thp, asked);
    return true;
}

/* --- rows --- */

static bool write_row(struct matrix *matrix, struct record *record, const GArray *marks,
                      const GArray *samples, uint64_t expected_ms, GError **error)
{
    if (!folder_add(matrix->folder, record, marks, samples, error))
        return false;
    if (strcmp(record->status, "ok") == 0)
        matrix->outcome->ok++;
    else if (strcmp(record->status, "skipped") == 0)
        matrix->outcome->skipped++;
    else if (strcmp(record->status, "oom") == 0 && record->limit_bytes)
        matrix->outcome->killed++;
    else
        matrix->outcome->bad++;
    if (record->numbers[RECORD_phases_ms] != RECORD_UNKNOWN)
        matrix->outcome->phases_ms += record->numbers[RECORD_phases_ms];
    if (!matrix->options->quiet)
        progress_finished(&matrix->progress, record, expected_ms, now_ns());
    return true;
}

/* On failure the command that repeats the run is printed. */
static void explain(const struct run *run)
{
    if (strcmp(run->record.status, "ok") == 0)
        return;
    g_autofree char *command = run_command_line(run);
    fprintf(stderr, "  repeat it with: %s\n", command);
}

static bool collect_done(struct matrix *matrix, GError **error)
{
    for (guint i = matrix->active->len; i-- > 0;) {
        struct run *run = matrix->active->pdata[i];
        if (run->state != RUN_DONE)
            continue;
        g_ptr_array_remove_index(matrix->active, i);
        bool written = true;
        if (!run->interrupted) { /* a run we ended ourselves is not a result */
            see_run(matrix, run);
            written = write_row(matrix, &run->record, run->marks, run->samples,
                                plan_expected_busy_ms(run->what.cell->shape), error);
            if (!matrix->options->no_repeat)
                explain(run);
        }
        run_free(run);
        if (!written)
            return false;
    }
    return true;
}

static bool skip(struct matrix *matrix, const struct run_spec *spec, const char *reason, GError **error)
{
    struct run *run = run_new(spec);
    run->record.status = g_strdup("skipped");
    run->record.reason = g_strdup(reason);
    bool written =
        write_row(matrix, &run->record, NULL, NULL, plan_expected_busy_ms(spec->what.cell->shape), error);
    run_free(run);
    return written;
}

/* --- admission --- */

/* What the runs that wait may still grow by. One at a time is busy, and as a rule it ends then: the largest
 * counts. Where a walk waits again behind a second build each may keep what it grew by: the sum counts. */
static uint64_t regrowth(const struct matrix *matrix)
{
    uint64_t largest = 0, sum = 0;
    bool keeps = false;
    for (guint i = 0; i < matrix->active->len; i++) {
        const struct run *run = matrix->active->pdata[i];
        uint64_t peak = plan_admitted_bytes(run->plan, run->what.cell);
        uint64_t growth = peak - MIN(peak, run->last_rss_bytes);
        largest = MAX(largest, growth);
        sum += growth;
        keeps = keeps || plan_waits_behind_second_build(run->plan);
    }
    return keeps ? sum : largest;
}

static bool skip_what_never_fits(struct matrix *matrix, uint64_t available, GError **error)
{
    for (guint i = 0; i < matrix->queue->len;) {
        const struct run_spec *spec = matrix->queue->pdata[i];
        uint64_t peak = plan_admitted_bytes(spec->plan, spec->what.cell);
        if (admission_fits(available, peak, 0)) {
            i++;
            continue;
        }
        g_autofree char *needs = units_format_bytes(peak);
        g_autofree char *has = units_format_bytes(available);
        g_autofree char *reason = g_strdup_printf("needs up to %s, %s are available here", needs, has);
        g_ptr_array_remove_index(matrix->queue, i);
        if (!skip(matrix, spec, reason, error))
            return false;
    }
    return true;
}

/* The first in the queue that fits now; -1: none. Nobody passes a run that waits for its THP mode: else the
 * modes would not take turns. */
static int next_admitted(const struct matrix *matrix)
{
    uint64_t available = machine_available_bytes(), growth = regrowth(matrix);
    for (guint i = 0; i < matrix->queue->len; i++) {
        const struct run_spec *spec = matrix->queue->pdata[i];
        if (!thp_is_free(matrix, spec->what.cell->thp))
            return -1;
        if (admission_fits(available, plan_admitted_bytes(spec->plan, spec->what.cell), growth))
            return (int)i;
    }
    return -1;
}

/* What cannot be started beside the others is when they have ended; if there are none, it cannot. */
static bool fewer_at_once(struct matrix *matrix, GError **why, GError **error)
{
    if (matrix->active->len == 0) {
        g_propagate_error(error, g_steal_pointer(why));
        return false;
    }
    matrix->jobs = matrix->active->len;
    fprintf(stderr, "afterfree: %s\n  from here on %u at once\n", (*why)->message, matrix->jobs);
    return true;
}

static bool start_next(struct matrix *matrix, GError **error)
{
    if (matrix->queue->len == 0 || matrix->active->len >= matrix->jobs)
        return true;
    int at = next_admitted(matrix);
    if (at < 0) /* others will end and free theirs; if there are none, what is left does not fit */
        return matrix->active->len > 0 || skip_what_never_fits(matrix, machine_available_bytes(), error);
    struct run *run = run_new(matrix->queue->pdata[at]);
    bool has_mode = thp_set(matrix->options->thp, run->what.cell->thp, error);
    g_autoptr(GError) why = NULL;
    read_conditions(matrix, &run->conditions_before);
    if (!has_mode || !run_start(run, now_ns(), &why)) {
        run_free(run);
        return has_mode && fewer_at_once(matrix, &why, error);
    }
    g_ptr_array_remove_index(matrix->queue, (guint)at);
    g_ptr_array_add(matrix->active, run);
    return true;
}

/* Who parks holds memory, so it goes first, the longest parked before the others. */
static bool hand_on_token(struct matrix *matrix, GError **error)
{
    if (matrix->stopping || token_holder(matrix))
        return true;
    for (guint i = 0; i < matrix->active->len; i++) {
        struct run *run = matrix->active->pdata[i];
        if (run->state == RUN_PARKED) {
            run_grant(run, now_ns());
            return true;
        }
    }
    return start_next(matrix, error);
}

/* --- the loop --- */

static void stop(struct matrix *matrix)
{
    matrix->stopping = true;
    for (guint i = 0; i < matrix->active->len; i++) {
        struct run *run = matrix->active->pdata[i];
        if (run->state == RUN_DONE)
            continue;
        run->interrupted = true;
        run_kill(run, "failed", "interrupted", now_ns());
    }
}

static void on_signal(struct matrix *matrix)
{
    struct signalfd_siginfo info;
    while (read(matrix->signal_fd, &info, sizeof info) == sizeof info)
        matrix->outcome->interrupted = true;
    if (matrix->outcome->interrupted && !matrix->stopping)
        stop(matrix);
}

/* One sample of each process. A tick that comes late is not made up for: the gap is in the row. */
static void tick(struct matrix *matrix)
{
    uint64_t now = now_ns();
    if (now < matrix->next_tick_ns)
        return;
    matrix->next_tick_ns = MAX(matrix->next_tick_ns + matrix->tick_ns, now);
    for (guint i = 0; i < matrix->active->len; i++)
        run_tick(matrix->active->pdata[i], now_ns());
}

static void fill_polls(struct matrix *matrix)
{
    const struct pollfd signals = {.fd = matrix->signal_fd, .events = POLLIN};
    g_array_set_size(matrix->polls, 0);
    g_array_append_val(matrix->polls, signals);
    for (guint i = 0; i < matrix->active->len; i++) {
        const struct run *run = matrix->active->pdata[i];
        const struct neighbour *neighbour = &run->limit.neighbour;
        const struct pollfd its[POLLS] = {
            {.fd = run->child.mark_fd, .events = POLLIN},
            {.fd = child_wants_output(&run->child) ? run->child.output_fd : -1, .events = POLLIN},
            {.fd = neighbour->started ? neighbour->child.mark_fd : -1, .events = POLLIN}};
        g_array_append_vals(matrix->polls, its, POLLS);
    }
}

/* Waits for the next tick, a signal, a mark or output of any child, and lets each be handled. The tick is
 * the poll's own timeout: one system call less than a timer to read. */
static bool wait_and_handle(struct matrix *matrix, GError **error)
{
    fill_polls(matrix);
    struct pollfd *polls = (struct pollfd *)(gpointer)matrix->polls->data;
    uint64_t now = now_ns(), wait = matrix->next_tick_ns - MIN(now, matrix->next_tick_ns);
    const struct timespec timeout = {.tv_sec = (time_t)(wait / 1000000000u),
                                     .tv_nsec = (long)(wait % 1000000000u)};
    int ready = ppoll(polls, matrix->polls->len, &timeout, NULL);
    if (ready < 0 && errno != EINTR) {
        g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM, "ppoll: %s", g_strerror(errno));
        return false;
    }
    for (guint i = 0; ready > 0 && i < matrix->active->len; i++)
        for (guint j = 0; j < POLLS; j++)
            if (polls[1 + POLLS * i + j].revents) {
                run_read(matrix->active->pdata[i], now_ns());
                break;
            }
    tick(matrix);
    if (ready > 0 && polls[0].revents)
        on_signal(matrix);
    return true;
}

static void show_progress(struct matrix *matrix)
{
    if (matrix->options->quiet)
        return;
    const struct run *busy = token_holder(matrix);
    progress_show(&matrix->progress, busy ? busy->what.cell->name : NULL, busy ? run_phase(busy) : NULL,
                  matrix->active->len - (busy ? 1 : 0), now_ns());
}

static bool loop(struct matrix *matrix, GError **error)
{
    if (!skip_what_never_fits(matrix, machine_available_bytes(), error))
        return false;
    for (;;) {
        if (!hand_on_token(matrix, error))
            return false;
        if (matrix->active->len == 0 && (matrix->queue->len == 0 || matrix->stopping))
            return true;
        if (matrix->active->len > 0 && !wait_and_handle(matrix, error))
            return false;
        if (!collect_done(matrix, error))
            return false;
        show_progress(matrix);
    }
}

static bool open_signals(struct matrix *matrix, sigset_t *before, GError **error)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, before);
    signal(SIGPIPE, SIG_IGN); /* a go to a process that has died */
    matrix->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (matrix->signal_fd >= 0)
        return true;
    g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM, "signalfd: %s", g_strerror(errno));
    return false;
}

static void close_signals(struct matrix *matrix, const sigset_t *before)
{
    if (matrix->signal_fd >= 0)
        close(matrix->signal_fd);
    sigprocmask(SIG_SETMASK, before, NULL);
}

bool matrix_run(GPtrArray *specs, struct folder *folder, const struct matrix_options *options,
                struct matrix_outcome *outcome, GError **error)
{
    struct matrix matrix = {.options = options,
                            .outcome = outcome,
                            .folder = folder,
                            .queue = g_ptr_array_new(),
                            .active = g_ptr_array_new(),
                            .polls = g_array_new(FALSE, FALSE, sizeof(struct pollfd)),
                            .tick_ns =
                                1000000000u / (options->sample_hz ? options->sample_hz : HOUSEKEEPING_HZ),
                            .jobs = options->jobs,
                            .signal_fd = -1};
    sigset_t before;
    uint64_t expected_ms = 0, window_ms = 0, begin = now_ns();
    *outcome = (struct matrix_outcome){.ok = 0};
    for (guint i = 0; i < specs->len; i++) {
        const struct run_spec *spec = specs->pdata[i];
        g_ptr_array_add(matrix.queue, specs->pdata[i]);
        expected_ms += plan_expected_busy_ms(spec->what.cell->shape);
        window_ms = spec->plan->silent_ms + spec->plan->ticking_ms;
    }
    progress_start(&matrix.progress, specs->len, expected_ms, window_ms, begin);
    bool done = open_signals(&matrix, &before, error) && loop(&matrix, error);
    for (guint i = 0; i < matrix.active->len; i++)
        run_free(matrix.active->pdata[i]);
    if (!options->quiet)
        progress_end(&matrix.progress);
    close_signals(&matrix, &before);
    g_array_unref(matrix.polls);
    g_ptr_array_unref(matrix.active);
    g_ptr_array_unref(matrix.queue);
    outcome->wall_ns = now_ns() - begin;
    return done;
}
