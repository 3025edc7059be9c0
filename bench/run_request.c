#include "run_request.h"

#include <string.h>

#include "error.h"

static enum caller_request request_of(const char *phase)
{
    if (strcmp(phase, "build") == 0 || strcmp(phase, "rebuild") == 0)
        return CALLER_BUILD;
    return strcmp(phase, "purge") == 0 ? CALLER_RELEASE : CALLER_NONE;
}

/* A build's answer comes behind the drop; a walk without one ends with it. */
static bool is_due_at(const char *phase)
{
    static const char *const phases[] = {"baseline", "drop", "redrop", "purge", "end", NULL};
    return g_strv_contains(phases, phase);
}

bool run_request_open(struct run *run, const char *line, GError **error)
{
    if (!run->caller.program)
        return error_refuse(error, EXIT_BAD_DATA, "it says \"%.60s\", but is no service", line);
    if (run->marks->len > 0 || run->caller.port > 0)
        return error_refuse(error, EXIT_BAD_DATA, "it says \"%.60s\" again, or behind its baseline", line);
    /* Before anything is asked for: the null request is not in it. */
    if (!caller_parse_line(line, &run->caller.port, error))
        return false;
    if (!rss_read_now(run->rss, &run->unasked_rss_bytes))
        return error_refuse(error, EXIT_SYSTEM, "/proc/%d cannot be read", (int)run->child.pid);
    return caller_ask(&run->caller, CALLER_HEALTH, 0, error);
}

bool run_request_begin(struct run *run, GError **error)
{
    enum caller_request request = run->caller.program ? request_of(run_phase(run)) : CALLER_NONE;
    if (request == CALLER_NONE)
        return true;
    return caller_ask(&run->caller, request, run->what.cell->shape->records, error);
}

static uint64_t held_checksum(const struct run *run)
{
    for (guint i = run->marks->len; i-- > 0;) {
        const struct child_mark *mark = &g_array_index(run->marks, struct record_mark, i).mark;
        if (strcmp(mark->phase, "hold") == 0)
            return mark->checksum;
    }
    return 0;
}

enum run_request_state run_request_judge(const struct run *run, char **why)
{
    const struct caller *caller = &run->caller;
    *why = NULL;
    if (!caller->program)
        return RUN_REQUEST_GOOD;
    if (caller->port == 0) {
        *why = g_strdup("a service has to tell its port before its baseline");
        return RUN_REQUEST_BAD;
    }
    if (caller->is_under_way)
        return is_due_at(run_phase(run)) ? RUN_REQUEST_AWAITED : RUN_REQUEST_GOOD;
    /* An answer before its time is judged in its time: until then the checksum is not told. */
    if (is_due_at(run_phase(run)) || caller->failure)
        *why = caller_judge(caller, run->what.cell->shape->records, held_checksum(run));
    return *why ? RUN_REQUEST_BAD : RUN_REQUEST_GOOD;
}

char *run_request_owed(const struct run *run)
{
    const struct caller *caller = &run->caller;
    if (!caller->is_under_way && !caller->failure)
        return g_strdup("");
    g_autofree char *what = caller_describe(caller);
    return g_strdup_printf(", in %s: the client saw %s", what,
                           caller->failure ? caller->failure : "no answer");
}

void run_request_measure(struct run *run)
{
    const struct caller *caller = &run->caller;
    uint64_t *numbers = run->record.numbers;
    if (!caller->program)
        return;
    numbers[RECORD_requests] = caller->answered;
    if (run->marks->len > 0) {
        uint64_t asked_bytes = g_array_index(run->marks, struct record_mark, 0).rss_bytes;
        numbers[RECORD_null_request_rss_bytes] = asked_bytes - MIN(run->unasked_rss_bytes, asked_bytes);
    }
    if (strcmp(run->record.status, "oom") == 0 && caller->request == CALLER_BUILD && caller->failure)
        numbers[RECORD_killed_in_request] = caller->builds;
}
