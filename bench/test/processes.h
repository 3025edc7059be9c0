/* processes.h: which processes there are, by what stands in their command lines. */
#ifndef AFTERFREE_TEST_PROCESSES_H
#define AFTERFREE_TEST_PROCESSES_H

#include <glib.h>
#include <string.h>

#include "support.h"

/* Processes whose command line has `text`; the test's own must not. */
static inline guint processes_count(const char *text)
{
    guint count = 0;
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    for (const char *name; (name = g_dir_read_name(proc));) {
        g_autofree char *path = g_build_filename("/proc", name, "cmdline", NULL);
        g_autofree char *words = NULL;
        gsize length;
        if (g_ascii_isdigit(*name) && g_file_get_contents(path, &words, &length, NULL))
            count += memmem(words, length, text, strlen(text)) != NULL;
    }
    return count;
}

/* A SIGKILL is on its way when kill returns: a process may need a moment to be gone. Fails the test when one
 * is still there after ten seconds. */
static inline void processes_assert_none(const char *text)
{
    for (int tries = 1000; processes_count(text) > 0; tries--) {
        if (tries == 0)
            fail_msg("a process of %s is left", text);
        g_usleep(10000);
    }
}

#endif
