#include "resume.h"

#include <string.h>

#include "error.h"

/* --- what the run began with --- */

static void store_list(GKeyFile *machine, const char *key, char **list)
{
    if (list && *list)
        g_key_file_set_string_list(machine, "run", key, (const char *const *)list, g_strv_length(list));
}

void resume_store(GKeyFile *machine, const struct options *options, GKeyFile *plan)
{
    gsize length;
    g_autofree char *text = g_key_file_to_data(plan, &length, NULL);
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, (gssize)length);
    g_autoptr(GStrvBuilder) preloads = g_strv_builder_new();
    GHashTableIter iter;
    gpointer name, path;
    g_hash_table_iter_init(&iter, options->preloads);
    while (g_hash_table_iter_next(&iter, &name, &path)) {
        g_autofree char *pair = g_strdup_printf("%s=%s", (char *)name, (char *)path);
        g_strv_builder_add(preloads, pair);
    }
    g_auto(GStrv) pairs = g_strv_builder_end(preloads);
    store_list(machine, "only", options->only);
    store_list(machine, "data", options->data);
    store_list(machine, "preload", pairs);
    g_key_file_set_uint64(machine, "run", "sample_hz", options->matrix.sample_hz);
    if (options->count_calls)
        g_key_file_set_string(machine, "run", "count_calls", "yes");
    g_key_file_set_string(machine, "run", "plan_sha256", sum);
    g_key_file_set_string(machine, "run", "pass", plan_pass_name(options->pass));
}

GKeyFile *resume_read_machine(const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "machine.ini", NULL);
    g_autoptr(GKeyFile) machine = g_key_file_new();
    g_autoptr(GError) why = NULL;
    if (g_key_file_load_from_file(machine, path, G_KEY_FILE_NONE, &why))
        return g_steal_pointer(&machine);
    if (g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        error_refuse(
            error, EXIT_USAGE,
            "%s: no run has begun here (there is no machine.ini), so none can be gone on with; start one "
            "with "
            "--out",
            folder);
    else
        error_refuse(error, EXIT_BAD_DATA, "%s: %s", path, why->message);
    return NULL;
}

static bool is_same_plan(const char *path, const char *expected_sum, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) why = NULL;
    gsize length;
    if (!g_file_get_contents(path, &text, &length, &why))
        return error_refuse(error, EXIT_BAD_DATA, "%s", why->message);
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, (gssize)length);
    return strcmp(sum, expected_sum) == 0 ||
           error_refuse(
               error, EXIT_BAD_DATA,
               "%s was changed since the run began: its rows answer another plan; run the new one into "
               "another folder",
               path);
}

/* A folder of before there were passes has none: it is a run's. */
static bool is_this_pass(GKeyFile *machine, const struct options *options, GError **error)
{
    enum plan_pass pass = PLAN_MEMORY;
    g_autofree char *name = g_key_file_get_string(machine, "run", "pass", NULL);
    if (name && !plan_parse_pass(name, &pass))
        return error_refuse(error, EXIT_BAD_DATA, "%s/machine.ini: [run] pass: there is no pass \"%s\"",
                            options->resume, name);
    return pass == options->pass ||
           error_refuse(error, EXIT_USAGE,
                        "%s: this is the %s pass of a plan: go on with `afterfree %s --resume`",
                        options->resume, plan_pass_name(pass), plan_pass_command(pass));
}

bool resume_restore(struct options *options, GError **error)
{
    g_autoptr(GKeyFile) machine = resume_read_machine(options->resume, error);
    if (!machine)
        return false;
    g_autofree char *sum = g_key_file_get_string(machine, "run", "plan_sha256", NULL);
    if (!sum)
        return error_refuse(
            error, EXIT_BAD_DATA,
            "%s/machine.ini: [run] plan_sha256 is missing: an afterfree made it that could not go on "
            "with a run; start it again",
            options->resume);
    if (!is_this_pass(machine, options, error))
        return false;
    g_free(options->plan);
    options->plan = g_build_filename(options->resume, "plan.ini", NULL);
    g_strfreev(options->only);
    g_strfreev(options->data);
    options->only = g_key_file_get_string_list(machine, "run", "only", NULL, NULL);
    options->data = g_key_file_get_string_list(machine, "run", "data", NULL, NULL);
    options->matrix.sample_hz = (guint)g_key_file_get_uint64(machine, "run", "sample_hz", NULL);
    g_autofree char *counts = g_key_file_get_string(machine, "run", "count_calls", NULL);
    options->count_calls = g_strcmp0(counts, "yes") == 0;
    for (char **dir = options->data; dir && *dir; dir++)
        if (!g_file_test(*dir, G_FILE_TEST_IS_DIR))
            return error_refuse(
                error, EXIT_USAGE,
                "--data %s, which this run began with, is not there: go on from the folder in which "
                "it was started",
                *dir);
    g_auto(GStrv) preloads = g_key_file_get_string_list(machine, "run", "preload", NULL, NULL);
    g_clear_pointer(&options->preloads, g_hash_table_unref);
    return is_same_plan(options->plan, sum, error) && options_read_preloads(options, preloads, error);
}

/* --- machine.ini --- */

static void copy_key(GKeyFile *to, const char *to_group, GKeyFile *from, const char *group, const char *key)
{
    g_autofree char *value = g_key_file_get_value(from, group, key, NULL);
    g_key_file_set_value(to, to_group, key, value ? value : "");
}

static void copy_what_differs(GKeyFile *to, const char *to_group, GKeyFile *now)
{
    g_auto(GStrv) keys = g_key_file_get_keys(now, "machine", NULL, NULL);
    for (char **key = keys; key && *key; key++) {
        g_autofree char *was = g_key_file_get_value(to, "machine", *key, NULL);
        g_autofree char *is = g_key_file_get_value(now, "machine", *key, NULL);
        if (g_strcmp0(was, is) != 0)
            copy_key(to, to_group, now, "machine", *key);
    }
}

char *resume_merge(GKeyFile *machine, GKeyFile *now)
{
    char *group = NULL;
    for (guint nth = 1; !group || g_key_file_has_group(machine, group); nth++) {
        g_free(group);
        group = g_strdup_printf("resumed %u", nth);
    }
    g_auto(GStrv) groups = g_key_file_get_groups(now, NULL);
    for (char **name = groups; *name; name++) {
        g_auto(GStrv) keys = g_key_file_get_keys(now, *name, NULL, NULL);
        for (char **key = keys; g_str_has_prefix(*name, "allocator ") && *key; key++)
            copy_key(machine, *name, now, *name, *key);
    }
    copy_what_differs(machine, group, now);
    copy_key(machine, group, now, "run", "command");
    copy_key(machine, group, now, "run", "fixed_addresses");
    return group;
}
