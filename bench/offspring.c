#include "offspring.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* The name, field 2, stands in brackets and may hold anything, brackets too: fields are counted behind it. */
bool offspring_parse_stat(const char *text, guint64 *child_faults)
{
    const char *name_end = strrchr(text, ')');
    uint64_t minor, major;
    if (!name_end || sscanf(name_end + 1, " %*c %*s %*s %*s %*s %*s %*s %*s %" SCNu64 " %*s %" SCNu64, &minor,
                            &major) != 2)
        return false;
    *child_faults = minor + major;
    return true;
}

/* Pids of all its threads' children; the caller unrefs. */
static GArray *children_of(pid_t pid)
{
    GArray *children = g_array_new(FALSE, FALSE, sizeof(pid_t));
    g_autofree char *tasks = g_strdup_printf("/proc/%d/task", (int)pid);
    g_autoptr(GDir) folder = g_dir_open(tasks, 0, NULL);
    for (const char *task; folder && (task = g_dir_read_name(folder));) {
        g_autofree char *path = g_build_filename(tasks, task, "children", NULL);
        g_autofree char *text = NULL;
        if (!g_file_get_contents(path, &text, NULL, NULL))
            continue;
        char *end;
        for (const char *at = text;; at = end) {
            pid_t child = (pid_t)g_ascii_strtoll(at, &end, 10);
            if (end == at)
                break;
            g_array_append_val(children, child);
        }
    }
    return children;
}

bool offspring_seen(pid_t pid)
{
    g_autoptr(GArray) children = children_of(pid);
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *text = NULL;
    guint64 faults = 0;
    return children->len > 0 || (g_file_get_contents(path, &text, NULL, NULL) &&
                                 offspring_parse_stat(text, &faults) && faults > 0);
}

void offspring_kill(pid_t pid)
{
    g_autoptr(GArray) children = children_of(pid);
    for (guint i = 0; i < children->len; i++) {
        pid_t child = g_array_index(children, pid_t, i);
        offspring_kill(child);
        kill(child, SIGKILL);
    }
}
