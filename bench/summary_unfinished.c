/* summary_print_unfinished of summary.h: does the folder hold the whole run? */
#include <string.h>

#include "summary.h"

static GKeyFile *read_machine(const char *run_folder)
{
    g_autofree char *path = g_build_filename(run_folder, "machine.ini", NULL);
    g_autoptr(GKeyFile) file = g_key_file_new();
    return g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL) ? g_steal_pointer(&file) : NULL;
}

/* [run], or the last [resumed N]; caller frees; NULL: none. */
static char *last_part(GKeyFile *machine)
{
    g_auto(GStrv) groups = g_key_file_get_groups(machine, NULL);
    const char *last = NULL;
    for (char **group = groups; *group; group++)
        if (strcmp(*group, "run") == 0 || g_str_has_prefix(*group, "resumed "))
            last = *group;
    return g_strdup(last);
}

static bool ended_early(GKeyFile *machine)
{
    g_autofree char *part = last_part(machine);
    g_autofree char *interrupted = part ? g_key_file_get_string(machine, part, "interrupted", NULL) : NULL;
    return part && g_strcmp0(interrupted, "no") != 0;
}

static const char *command_of(GKeyFile *machine)
{
    enum plan_pass pass = PLAN_MEMORY;
    g_autofree char *name = g_key_file_get_string(machine, "run", "pass", NULL);
    if (name)
        plan_parse_pass(name, &pass);
    return plan_pass_command(pass);
}

void summary_print_unfinished(const struct summary *summary, const char *run_folder, FILE *out)
{
    g_autoptr(GKeyFile) machine = read_machine(run_folder);
    guint rows = 0;
    for (guint i = 0; i < summary->cells->len; i++)
        rows += ((const struct summary_cell *)summary->cells->pdata[i])->runs;
    guint64 planned = machine ? g_key_file_get_uint64(machine, "run", "runs", NULL) : 0;
    if (!machine || (planned > 0 ? rows >= planned : !ended_early(machine)))
        return;
    g_autofree char *of = planned > 0 ? g_strdup_printf(" of %" G_GUINT64_FORMAT, planned) : g_strdup("");
    fprintf(out,
            "NOT THE WHOLE RUN: %u%s runs are here. It was interrupted, or still runs; go on with\n"
            "`afterfree %s --resume %s`\n\n",
            rows, of, command_of(machine), run_folder);
}
