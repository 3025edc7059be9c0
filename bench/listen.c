#include "listen.h"

#include <poll.h>

/* False: it did not close the descriptor in time. */
static bool hear(struct child *child, gint64 end_us, listen_line *take, void *data)
{
    for (;;) {
        const char *line;
        enum child_event event = child_read(child, &line);
        child_read_output(child);
        if (event == CHILD_LINE)
            take(child, line, data);
        else if (event != CHILD_NOTHING)
            return true;
        gint64 left_ms = (end_us - g_get_monotonic_time()) / 1000;
        if (left_ms <= 0)
            return false;
        struct pollfd polls[] = {{.fd = child->mark_fd, .events = POLLIN},
                                 {.fd = child->output_fd, .events = POLLIN}};
        if (event == CHILD_NOTHING)
            poll(polls, G_N_ELEMENTS(polls), (int)left_ms);
    }
}

/* It may hang on its way out, too. */
static bool reap(struct child *child, gint64 end_us, int *status)
{
    while (!child_reap(child, false, status)) {
        if (g_get_monotonic_time() >= end_us)
            return false;
        g_usleep(500);
    }
    return true;
}

bool listen_run(const struct spawn_spec *spec, unsigned limit_ms, listen_line *take, void *data,
                struct listen_end *end, GError **error)
{
    struct child child;
    gint64 end_us = g_get_monotonic_time() + (gint64)limit_ms * 1000;
    if (!child_start(&child, spec, error))
        return false;
    *end = (struct listen_end){.in_time = false};
    end->in_time = hear(&child, end_us, take, data) && reap(&child, end_us, &end->status);
    child_read_output(&child);
    end->output = g_strstrip(g_strdelimit(g_strdup(child.output->str), "\r\n", ' '));
    child_close(&child);
    return true;
}

char *listen_describe(const struct listen_end *end)
{
    g_autofree char *how =
        end->in_time ? child_describe_status(end->status) : g_strdup("it did not end in time");
    return g_strconcat(how, *end->output ? ": " : "", end->output, NULL);
}
