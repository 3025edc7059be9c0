#include "probe.h"

#include <poll.h>
#include <string.h>
#include <sys/wait.h>

#include "child.h"
#include "error.h"
#include "rss.h"

#define PROBE_LIMIT_MS 10000

static void take_line(struct probe *probe, const char *line)
{
    if (g_str_has_prefix(line, "malloc="))
        probe->object = g_strdup(line + strlen("malloc="));
    else if (g_str_has_prefix(line, "version="))
        probe->version = g_strdup(line + strlen("version="));
    else if (strcmp(line, "purge=found") == 0)
        probe->purge_found = true;
}

/* Takes its lines until it closes the descriptor; false: it did not within the limit. */
static bool listen(struct probe *probe, struct child *child)
{
    gint64 end = g_get_monotonic_time() + PROBE_LIMIT_MS * 1000;
    for (;;) {
        const char *line;
        enum child_event event = child_read(child, &line);
        child_read_output(child);
        if (event == CHILD_LINE)
            take_line(probe, line);
        else if (event != CHILD_NOTHING)
            return true;
        gint64 left_ms = (end - g_get_monotonic_time()) / 1000;
        if (left_ms <= 0)
            return false;
        struct pollfd polls[] = {{.fd = child->mark_fd, .events = POLLIN},
                                 {.fd = child->output_fd, .events = POLLIN}};
        if (event == CHILD_NOTHING)
            poll(polls, G_N_ELEMENTS(polls), (int)left_ms);
    }
}

/* `own`: the preload is the descriptor's, so that its package would bring it. */
static void judge(struct probe *probe, const struct allocator *allocator, const char *preload, bool own,
                  const char *output, int status)
{
    g_autofree char *maps_line = g_strdup_printf("0-0 r-xp 0 0:0 0 %s\n", probe->object ? probe->object : "");
    probe->verdict = PROBE_REFUTED;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || !probe->object) {
        g_autofree char *how = child_describe_status(status);
        g_autofree char *said = g_strdelimit(g_strdup(output), "\n", ' ');
        probe->reason = g_strdup_printf("the probe died: %s %s", how, said);
    } else if (!preload || rss_parse_maps_has(maps_line, preload)) {
        probe->verdict = PROBE_PROVEN;
    } else if (own && allocator->package && strstr(output, "cannot open shared object file")) {
        probe->verdict = PROBE_NOT_INSTALLED;
        probe->reason =
            g_strdup_printf("%s is not installed: apt-get install %s", preload, allocator->package);
    } else {
        g_autofree char *said = g_strstrip(g_strdelimit(g_strdup(output), "\n", ' '));
        probe->reason = g_strdup_printf("%s does not own malloc, %s does%s%s", preload, probe->object,
                                        *said ? ": " : "", said);
    }
}

static bool run(struct probe *probe, const struct allocator *allocator, const char *preload, bool own,
                const struct spawn_spec *spec, GError **error)
{
    struct child child;
    int status;
    if (!child_start(&child, spec, error))
        return false;
    if (listen(probe, &child)) {
        child_reap(&child, true, &status);
        child_read_output(&child);
        judge(probe, allocator, preload, own, child.output->str, status);
    } else {
        probe->verdict = PROBE_REFUTED;
        probe->reason = g_strdup_printf("the probe did not end within %d s", PROBE_LIMIT_MS / 1000);
    }
    child_close(&child);
    return true;
}

bool probe_allocator(struct probe *probe, const struct allocator *allocator, const char *preload,
                     const struct paths *paths, GError **error)
{
    *probe = (struct probe){.verdict = PROBE_REFUTED};
    g_autofree char *program = paths_workload(paths, "null", error);
    if (!program)
        return false;
    bool own = !preload;
    preload = preload ? preload : allocator->preload;
    g_autofree char *version = g_strconcat("version=", allocator->version, NULL);
    g_autofree char *purge = g_strconcat("purge=", allocator->purge, NULL);
    g_autofree char *ld_preload = g_strconcat("LD_PRELOAD=", preload, NULL);
    char word[] = "probe";
    char *arguments[5] = {allocator->name, word};
    int count = 2;
    if (allocator->version)
        arguments[count++] = version;
    if (allocator->purge)
        arguments[count++] = purge;
    char *environment[] = {preload ? ld_preload : NULL, NULL};
    const struct spawn_spec spec = {.program = program, .arguments = arguments, .environment = environment};
    return run(probe, allocator, preload, own, &spec, error);
}

void probe_clear(struct probe *probe)
{
    g_clear_pointer(&probe->object, g_free);
    g_clear_pointer(&probe->version, g_free);
    g_clear_pointer(&probe->reason, g_free);
}
