#include "neighbour.h"

#include <string.h>

bool neighbour_start(struct neighbour *neighbour, const char *program, const char *cgroup_procs,
                     uint64_t limit_bytes, GError **error)
{
    g_autofree char *limit = g_strdup_printf("%" G_GUINT64_FORMAT, limit_bytes);
    g_autofree char *step =
        g_strdup_printf("%" G_GUINT64_FORMAT, MIN(NEIGHBOUR_STEP_BYTES, limit_bytes / 16));
    char *const arguments[] = {(char *)(uintptr_t) "neighbour", limit, step, NULL}, *const environment[] = {
                                                                                        NULL};
    const struct spawn_spec spec = {
        .program = program, .arguments = arguments, .environment = environment, .cgroup_procs = cgroup_procs};
    neighbour->got_bytes = 0;
    neighbour->started = child_start(&neighbour->child, &spec, error);
    return neighbour->started;
}

void neighbour_close(struct neighbour *neighbour)
{
    if (neighbour->started)
        child_close(&neighbour->child);
    neighbour->started = false;
}

enum neighbour_event neighbour_read(struct neighbour *neighbour, uint64_t *got_bytes, int *status)
{
    const char *line;
    child_read_output(&neighbour->child);
    switch (child_read(&neighbour->child, &line)) {
    case CHILD_NOTHING:
        return NEIGHBOUR_NOTHING;
    case CHILD_LINE:
        if (g_str_has_prefix(line, "got=") &&
            g_ascii_string_to_unsigned(line + strlen("got="), 10, 0, G_MAXUINT64, got_bytes, NULL))
            return NEIGHBOUR_STEPPED;
        return NEIGHBOUR_GARBAGE;
    case CHILD_CLOSED:
        child_reap(&neighbour->child, true, status);
        return NEIGHBOUR_ENDED;
    case CHILD_GARBAGE:
        break;
    }
    return NEIGHBOUR_GARBAGE;
}

void neighbour_go(struct neighbour *neighbour, uint64_t got_bytes)
{
    neighbour->got_bytes = got_bytes;
    child_go(&neighbour->child);
}
