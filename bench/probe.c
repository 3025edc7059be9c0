#include "probe.h"

#include <string.h>
#include <sys/wait.h>

#include "child.h"
#include "error.h"
#include "rss.h"

/* Runs the probe to its end and fills what its lines say. Its lines are read as they come; it waits for no
 * go, so a blocking wait is safe. */
static bool run(struct probe *probe, const struct child_spec *spec, char **output, int *status,
                GError **error)
{
    struct child child;
    if (!child_start(&child, spec, error))
        return false;
    child_reap(&child, true, status);
    const char *line;
    while (child_read(&child, &line) == CHILD_LINE) {
        if (g_str_has_prefix(line, "malloc="))
            probe->object = g_strdup(line + strlen("malloc="));
        else if (g_str_has_prefix(line, "version="))
            probe->version = g_strdup(line + strlen("version="));
        else if (strcmp(line, "purge=found") == 0)
            probe->purge_found = true;
    }
    child_read_output(&child);
    *output = g_strdup(child.output->str);
    child_close(&child);
    return true;
}

static void judge(struct probe *probe, const struct allocator *allocator, const char *preload,
                  const char *output, int status)
{
    g_autofree char *maps_line = g_strdup_printf("0-0 r-xp 0 0:0 0 %s\n", probe->object ? probe->object : "");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || !probe->object) {
        g_autofree char *how = child_describe_status(status);
        g_autofree char *said = g_strdelimit(g_strdup(output), "\n", ' ');
        probe->reason = g_strdup_printf("the probe died: %s %s", how, said);
    } else if (!preload || rss_parse_maps_has(maps_line, preload)) {
        probe->installed = true;
    } else if (strstr(output, "cannot be preloaded") && allocator->package) {
        probe->reason =
            g_strdup_printf("%s is not installed: apt-get install %s", preload, allocator->package);
    } else {
        probe->reason = g_strdup_printf("%s does not own malloc, %s does", preload, probe->object);
    }
}

bool probe_allocator(struct probe *probe, const struct allocator *allocator, const char *preload,
                     const struct paths *paths, GError **error)
{
    *probe = (struct probe){.installed = false};
    g_autofree char *program = paths_workload(paths, "null", error);
    if (!program)
        return false;
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
    const struct child_spec spec = {.program = program, .arguments = arguments, .environment = environment};
    g_autofree char *output = NULL;
    int status;
    if (!run(probe, &spec, &output, &status, error))
        return false;
    judge(probe, allocator, preload, output, status);
    return true;
}

void probe_clear(struct probe *probe)
{
    g_clear_pointer(&probe->object, g_free);
    g_clear_pointer(&probe->version, g_free);
    g_clear_pointer(&probe->reason, g_free);
}
