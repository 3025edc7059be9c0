#include "paths.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "error.h"

/* NULL-terminated: `below` under each of `data`, then `last`. */
static char **search_list(const char *const *data, const char *below, const char *last)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (const char *const *dir = data; dir && *dir; dir++) {
        g_autofree char *path = g_build_filename(*dir, below, NULL);
        g_strv_builder_add(builder, path);
    }
    g_strv_builder_add(builder, last);
    return g_strv_builder_end(builder);
}

/* Descriptors and plans of `folder`, those of `data` first. */
static void find_data(struct paths *paths, const char *const *data, const char *folder)
{
    g_autofree char *allocators = g_build_filename(folder, "allocators", NULL);
    g_autofree char *plans = g_build_filename(folder, "plans", NULL);
    g_autofree char *answers = g_build_filename(folder, "expected.ini", NULL);
    paths->allocator_dirs = search_list(data, "allocators", allocators);
    paths->plan_dirs = search_list(data, "plans", plans);
    paths->answer_files = search_list(data, "expected.ini", answers);
}

static void find_in_build_tree(struct paths *paths, const char *build, const char *const *data, bool controls)
{
    g_autofree char *folder =
        g_build_filename(AFTERFREE_SOURCE_DIR, "bench", controls ? "test/controls" : NULL, NULL);
    g_autofree char *workloads = g_build_filename(build, "workloads", NULL);
    g_autofree char *tests = g_build_filename(build, "workloads", "test", NULL);
    paths->service_dir = g_build_filename(build, "services", NULL);
    g_autofree char *test_services = g_build_filename(paths->service_dir, "test", NULL);
    const char *const workload_dirs[] = {workloads, tests, paths->service_dir, test_services, NULL};
    find_data(paths, data, folder);
    paths->workload_dirs = g_strdupv((char **)(uintptr_t)workload_dirs);
    paths->control_dir = g_build_filename(build, "bench", "controls", NULL);
    paths->floor_dir = g_build_filename(build, "bench", "floor", NULL);
    paths->source_dir = g_strdup(AFTERFREE_SOURCE_DIR);
}

static void find_installed(struct paths *paths, const char *prefix, const char *const *data, bool controls)
{
    g_autofree char *folder =
        g_build_filename(prefix, "share", "afterfree", controls ? "controls" : NULL, NULL);
    g_autofree char *workloads = g_build_filename(prefix, "libexec", "afterfree", "workloads", NULL);
    paths->service_dir = g_build_filename(prefix, "libexec", "afterfree", "services", NULL);
    const char *const workload_dirs[] = {workloads, paths->service_dir, NULL};
    find_data(paths, data, folder);
    paths->workload_dirs = g_strdupv((char **)(uintptr_t)workload_dirs);
    paths->control_dir = g_build_filename(prefix, "libexec", "afterfree", "controls", NULL);
    paths->floor_dir = g_build_filename(prefix, "libexec", "afterfree", "floor", NULL);
    paths->source_dir = NULL;
}

/* What paths_find looks for in it; `answers`: the controls' are, too. */
static bool has_data(const char *dir, bool answers)
{
    static const char *const names[] = {"allocators", "plans", "expected.ini"};
    for (guint i = 0; i < G_N_ELEMENTS(names) - !answers; i++) {
        g_autofree char *path = g_build_filename(dir, names[i], NULL);
        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return true;
    }
    return false;
}

static bool is_data(const char *dir, bool answers, GError **error)
{
    if (!g_file_test(dir, G_FILE_TEST_IS_DIR)) {
        g_set_error(error, AFTERFREE_ERROR, EXIT_USAGE, "--data %s: no such folder", dir);
        return false;
    }
    if (has_data(dir, answers))
        return true;
    g_autofree char *whole = g_canonicalize_filename(dir, NULL);
    g_autofree char *above = g_path_get_dirname(whole);
    bool meant = has_data(above, answers);
    g_set_error(error, AFTERFREE_ERROR, EXIT_USAGE, "--data %s: it has neither allocators/ nor plans/%s%s%s",
                dir, meant ? "; did you mean " : "", meant ? above : "", meant ? "?" : "");
    return false;
}

static bool find(struct paths *paths, const char *const *data, bool controls, GError **error)
{
    for (const char *const *dir = data; dir && *dir; dir++)
        if (!is_data(*dir, controls, error))
            return false;
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *bin = g_path_get_dirname(program ? program : ".");
    g_autofree char *above = g_path_get_dirname(bin);
    g_autofree char *cache = g_build_filename(above, "CMakeCache.txt", NULL);
    if (g_file_test(cache, G_FILE_TEST_EXISTS))
        find_in_build_tree(paths, above, data, controls);
    else
        find_installed(paths, above, data, controls);
    return true;
}

bool paths_find(struct paths *paths, const char *const *data, GError **error)
{
    return find(paths, data, false, error);
}

bool paths_find_controls(struct paths *paths, const char *const *data, GError **error)
{
    return find(paths, data, true, error);
}

void paths_clear(struct paths *paths)
{
    g_strfreev(paths->allocator_dirs);
    g_strfreev(paths->plan_dirs);
    g_strfreev(paths->workload_dirs);
    g_strfreev(paths->answer_files);
    g_free(paths->source_dir);
    g_free(paths->control_dir);
    g_free(paths->floor_dir);
    g_free(paths->service_dir);
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, each once. */
static char *plan_names(const struct paths *paths)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    GString *names = g_string_new(NULL);
    for (char **dir = paths->plan_dirs; *dir; dir++) {
        g_autoptr(GDir) folder = g_dir_open(*dir, 0, NULL);
        const char *name;
        while (folder && (name = g_dir_read_name(folder)))
            if (g_str_has_suffix(name, ".ini"))
                g_ptr_array_add(found, g_strndup(name, strlen(name) - strlen(".ini")));
    }
    g_ptr_array_sort(found, by_text);
    for (guint i = 0; i < found->len; i++)
        if (i == 0 || strcmp(found->pdata[i], found->pdata[i - 1]) != 0)
            g_string_append_printf(names, " %s", (const char *)found->pdata[i]);
    return g_string_free(names, FALSE);
}

char *paths_plan(const struct paths *paths, const char *name, GError **error)
{
    if (strchr(name, '/') || g_str_has_suffix(name, ".ini")) {
        if (g_file_test(name, G_FILE_TEST_IS_REGULAR))
            return g_strdup(name);
        g_set_error(error, AFTERFREE_ERROR, EXIT_USAGE, "plan %s: no such file", name);
        return NULL;
    }
    g_autofree char *base = g_strconcat(name, ".ini", NULL);
    for (char **dir = paths->plan_dirs; *dir; dir++) {
        char *path = g_build_filename(*dir, base, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
            return path;
        g_free(path);
    }
    g_autofree char *names = plan_names(paths);
    g_set_error(error, AFTERFREE_ERROR, EXIT_USAGE, "there is no plan \"%s\"; there are:%s", name, names);
    return NULL;
}

char *paths_workload(const struct paths *paths, const char *name, GError **error)
{
    for (char **dir = paths->workload_dirs; *dir; dir++) {
        char *path = g_build_filename(*dir, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR) && access(path, X_OK) == 0)
            return path;
        g_free(path);
    }
    g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA, "there is no workload \"%s\" in %s", name,
                paths->workload_dirs[0]);
    return NULL;
}

bool paths_is_service(const struct paths *paths, const char *program)
{
    size_t length = strlen(paths->service_dir);
    return strncmp(program, paths->service_dir, length) == 0 && program[length] == '/';
}

char *paths_floor(const struct paths *paths, const char *name)
{
    g_autofree char *path = g_build_filename(paths->floor_dir, name, NULL);
    return g_file_test(path, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer(&path) : NULL;
}

char *paths_answers(const struct paths *paths, GError **error)
{
    char **file = paths->answer_files;
    while (file[1] && !g_file_test(*file, G_FILE_TEST_EXISTS))
        file++;
    if (g_file_test(*file, G_FILE_TEST_EXISTS))
        return g_strdup(*file);
    g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM, "%s: no such file: the installation is not whole",
                *file);
    return NULL;
}

char *paths_results(const struct paths *paths)
{
    return paths->source_dir ? g_build_filename(paths->source_dir, "results", NULL) : g_strdup("results");
}
