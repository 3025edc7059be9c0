#include "scope.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "error.h"

static struct cgroup_site *try_site(uint64_t limit_bytes, GError **error)
{
    struct cgroup_site *site = cgroup_find(NULL, NULL, error);
    if (!site)
        return NULL;
    struct cgroup *trial = cgroup_new(site, limit_bytes, error);
    cgroup_free(trial);
    if (trial)
        return site;
    cgroup_site_close(site);
    return NULL;
}

/* systemd-run … -- PROGRAM WORDS…, NULL-terminated. Root asks the system's manager, others their own. */
static char **command(const char *systemd_run, const char *program, char *const *words)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_strv_builder_add(builder, systemd_run);
    if (geteuid() != 0)
        g_strv_builder_add(builder, "--user");
    g_strv_builder_addv(
        builder, (const char *[]){"--scope", "--quiet", "--property=Delegate=yes", "--", program, NULL});
    for (char *const *word = words; *word; word++)
        g_strv_builder_add(builder, *word);
    return g_strv_builder_end(builder);
}

/* systemd-run is installed on machines that systemd does not run, too: so it is tried on something harmless. */
static bool works(const char *systemd_run)
{
    static char *const nothing[] = {NULL};
    g_auto(GStrv) argv = command(systemd_run, "true", nothing);
    int status;
    return g_spawn_sync(NULL, argv, NULL,
                        G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                        NULL, NULL, NULL, &status, NULL) &&
           status == 0;
}

/* Returns only when it cannot. */
static void enter_scope(char *const *words)
{
    g_autofree char *systemd_run = g_find_program_in_path("systemd-run");
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    if (g_getenv(SCOPE_VARIABLE) || !systemd_run || !self || !works(systemd_run))
        return;
    g_auto(GStrv) argv = command(systemd_run, self, words);
    g_setenv(SCOPE_VARIABLE, "1", TRUE);
    execv(systemd_run, argv);
}

struct cgroup_site *scope_find_site(uint64_t limit_bytes, char *const *words, GError **error)
{
    g_autoptr(GError) why = NULL;
    struct cgroup_site *site = try_site(limit_bytes, &why);
    if (site)
        return site;
    enter_scope(words);
    g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM,
                "%s; run it as root, or as a user of a machine with systemd and cgroup v2", why->message);
    return NULL;
}
