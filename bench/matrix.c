#include "matrix.h"

#include <stdio.h>
#include <string.h>

#include "admission.h"
#include "events.h"
#include "machine.h"
#include "progress.h"
#include "run_command.h"

#define HOUSEKEEPING_HZ 50u /* ticks that only reap and watch deadlines */

struct matrix {
    const struct matrix_options *options;
    struct matrix_outcome *outcome;
    struct folder *folder;
    GPtrArray *queue;  /* of struct run_spec *, not started yet; borrowed */
    GPtrArray *active; /* of struct run * */
    struct progress progress;
    struct events events;
    uint64_t tick_ns, next_tick_ns;
    guint jobs; /* processes alive at once: as asked, or as many as can be had */
};

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
    conditions_read(reading, &own, events_now_ns());
}

static void see_run(const struct matrix *matrix, struct run *run)
{
    struct conditions_reading after;
    read_conditions(matrix, &after);
    conditions_see_run(matrix->options->conditions, &run->conditions_before, &after, run->what.cell->thp,
                       &run->record);
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
        progress_finished(&matrix->progress, record, expected_ms, events_now_ns());
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
                                plan_expected_busy_ms(run->what.cell), error);
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
    bool written = write_row(matrix, &run->record, NULL, NULL, plan_expected_busy_ms(spec->what.cell), error);
    run_free(run);
    return written;
}

/* --- admission --- */

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
    int at = admission_next(matrix->queue, matrix->active, machine_available_bytes(), matrix->options->thp);
    if (at < 0) /* others will end and free theirs; if there are none, what is left does not fit */
        return matrix->active->len > 0 || skip_what_never_fits(matrix, machine_available_bytes(), error);
    struct run *run = run_new(matrix->queue->pdata[at]);
    bool has_mode = thp_set(matrix->options->thp, run->what.cell->thp, error);
    g_autoptr(GError) why = NULL;
    read_conditions(matrix, &run->conditions_before);
    if (!has_mode || !run_start(run, events_now_ns(), &why)) {
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
    if (matrix->outcome->interrupted || token_holder(matrix))
        return true;
    for (guint i = 0; i < matrix->active->len; i++) {
        struct run *run = matrix->active->pdata[i];
        if (run->state == RUN_PARKED) {
            run_grant(run, events_now_ns());
            return true;
        }
    }
    return start_next(matrix, error);
}

/* --- the loop --- */

static void stop(struct matrix *matrix)
{
    if (matrix->outcome->interrupted)
        return;
    matrix->outcome->interrupted = true;
    for (guint i = 0; i < matrix->active->len; i++) {
        struct run *run = matrix->active->pdata[i];
        if (run->state == RUN_DONE)
            continue;
        run->interrupted = true;
        run_kill(run, "failed", "interrupted", events_now_ns());
    }
}

/* One sample of each process. A tick that comes late is not made up for: the gap is in the row. */
static void tick(struct matrix *matrix)
{
    uint64_t now = events_now_ns();
    if (now < matrix->next_tick_ns)
        return;
    matrix->next_tick_ns = MAX(matrix->next_tick_ns + matrix->tick_ns, now);
    for (guint i = 0; i < matrix->active->len; i++)
        run_tick(matrix->active->pdata[i], events_now_ns());
}

static bool wait_and_handle(struct matrix *matrix, GError **error)
{
    if (!events_wait(&matrix->events, matrix->active, matrix->next_tick_ns, error))
        return false;
    tick(matrix);
    if (events_signalled(&matrix->events))
        stop(matrix);
    return true;
}

static void show_progress(struct matrix *matrix)
{
    if (matrix->options->quiet)
        return;
    const struct run *busy = token_holder(matrix);
    progress_show(&matrix->progress, busy ? busy->what.cell->name : NULL, busy ? run_phase(busy) : NULL,
                  matrix->active->len - (busy ? 1 : 0), events_now_ns());
}

static bool loop(struct matrix *matrix, GError **error)
{
    if (!skip_what_never_fits(matrix, machine_available_bytes(), error))
        return false;
    for (;;) {
        if (!hand_on_token(matrix, error))
            return false;
        if (matrix->active->len == 0 && (matrix->queue->len == 0 || matrix->outcome->interrupted))
            return true;
        if (matrix->active->len > 0 && !wait_and_handle(matrix, error))
            return false;
        if (!collect_done(matrix, error))
            return false;
        show_progress(matrix);
    }
}

bool matrix_run(GPtrArray *specs, struct folder *folder, const struct matrix_options *options,
                struct matrix_outcome *outcome, GError **error)
{
    struct matrix matrix = {.options = options,
                            .outcome = outcome,
                            .folder = folder,
                            .queue = g_ptr_array_new(),
                            .active = g_ptr_array_new(),
                            .tick_ns =
                                1000000000u / (options->sample_hz ? options->sample_hz : HOUSEKEEPING_HZ),
                            .jobs = options->jobs};
    uint64_t expected_ms = 0, window_ms = 0, begin = events_now_ns();
    *outcome = (struct matrix_outcome){.ok = 0};
    for (guint i = 0; i < specs->len; i++) {
        const struct run_spec *spec = specs->pdata[i];
        g_ptr_array_add(matrix.queue, specs->pdata[i]);
        expected_ms += plan_expected_busy_ms(spec->what.cell);
        window_ms = MAX(window_ms, plan_waiting_ms(spec->what.cell));
    }
    progress_start(&matrix.progress, specs->len + options->set_aside, expected_ms, window_ms, begin);
    matrix.progress.done = matrix.progress.set_aside = options->set_aside;
    bool done = events_open(&matrix.events, error) && loop(&matrix, error);
    for (guint i = 0; i < matrix.active->len; i++)
        run_free(matrix.active->pdata[i]);
    if (!options->quiet)
        progress_end(&matrix.progress);
    events_close(&matrix.events);
    g_ptr_array_unref(matrix.active);
    g_ptr_array_unref(matrix.queue);
    outcome->wall_ns = events_now_ns() - begin;
    return done;
}
