#include "allocator.h"

#include "error.h"

#include <string.h>

static const char *const POLICIES[] = {
    [ALLOCATOR_POLICY_DEFAULT] = "default", [ALLOCATOR_POLICY_EAGER] = "eager",
    [ALLOCATOR_POLICY_DELAYED] = "delayed", [ALLOCATOR_POLICY_LAZY] = "lazy",
    [ALLOCATOR_POLICY_NEVER] = "never",
};

const char *allocator_policy_name(enum allocator_policy policy)
{
    return POLICIES[policy];
}

bool allocator_policy_parse(const char *text, enum allocator_policy *policy)
{
    for (guint i = 0; i < G_N_ELEMENTS(POLICIES); i++) {
        if (strcmp(text, POLICIES[i]) == 0) {
            *policy = (enum allocator_policy)i;
            return true;
        }
    }
    return false;
}

bool allocator_matches(const struct allocator *allocator, const char *glob)
{
    return allocator->is_floor ? strcmp(glob, allocator->name) == 0
                               : g_pattern_match_simple(glob, allocator->name);
}

bool allocator_has_program(const struct allocator *allocator, const char *workload)
{
    return allocator->programs && g_strv_contains((const char *const *)allocator->programs, workload);
}

bool allocator_can_walk(const struct allocator *allocator, const char *phase)
{
    return strcmp(phase, "purge") == 0     ? allocator->purge != NULL
           : strcmp(phase, "collect") == 0 ? allocator->collect != NULL
                                           : true;
}

const char *allocator_role(const struct allocator *allocator)
{
    return allocator->is_floor ? "floor" : "";
}

static guint64 take_part(const char **at)
{
    if (!g_ascii_isdigit(**at))
        return 0;
    char *end;
    guint64 part = g_ascii_strtoull(*at, &end, 10);
    *at = *end == '.' ? end + 1 : "";
    return part;
}

int allocator_version_compare(const char *a, const char *b)
{
    a += strcspn(a, G_CSET_DIGITS);
    b += strcspn(b, G_CSET_DIGITS);
    while (g_ascii_isdigit(*a) || g_ascii_isdigit(*b)) {
        guint64 part_of_a = take_part(&a), part_of_b = take_part(&b);
        if (part_of_a != part_of_b)
            return part_of_a < part_of_b ? -1 : 1;
    }
    return 0;
}

static bool applies(const struct allocator_variable *variable, const char *version)
{
    if (!variable->low_version && !variable->high_version)
        return true;
    if (!version || !strpbrk(version, G_CSET_DIGITS))
        return false;
    return (!variable->low_version || allocator_version_compare(version, variable->low_version) >= 0) &&
           (!variable->high_version || allocator_version_compare(version, variable->high_version) <= 0);
}

GPtrArray *allocator_applying(const GPtrArray *variables, const char *version)
{
    GPtrArray *applying = g_ptr_array_new();
    for (guint i = 0; i < variables->len; i++)
        if (applies(variables->pdata[i], version))
            g_ptr_array_add(applying, variables->pdata[i]);
    return applying;
}

char **allocator_environment(const struct allocator_setting *setting, const char *version)
{
    g_autoptr(GPtrArray) applying = allocator_applying(setting->variables, version);
    GPtrArray *environment = g_ptr_array_new();
    for (guint i = 0; i < applying->len; i++) {
        const struct allocator_variable *variable = applying->pdata[i];
        g_ptr_array_add(environment, g_strdup_printf("%s=%s", variable->name, variable->value));
    }
    g_ptr_array_add(environment, NULL);
    return (char **)g_ptr_array_free(environment, FALSE);
}

/* --- all of some folders --- */

static void allocator_unref(gpointer data)
{
    allocator_free(data);
}

static int by_name(gconstpointer a, gconstpointer b)
{
    const struct allocator *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static bool has_allocator(const GPtrArray *allocators, const char *file_name)
{
    for (guint i = 0; i < allocators->len; i++) {
        const struct allocator *allocator = allocators->pdata[i];
        g_autofree char *known = g_path_get_basename(allocator->path);
        if (strcmp(known, file_name) == 0)
            return true;
    }
    return false;
}

static bool read_folder(const char *path, GPtrArray *allocators, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GDir) folder = g_dir_open(path, 0, &cause);
    if (!folder) {
        if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return true;
        g_set_error_literal(error, AFTERFREE_ERROR, EXIT_SYSTEM, cause->message);
        return false;
    }
    for (const char *name; (name = g_dir_read_name(folder));) {
        if (*name == '.' || !g_str_has_suffix(name, ".ini") || has_allocator(allocators, name))
            continue;
        g_autofree char *file = g_build_filename(path, name, NULL);
        struct allocator *allocator = allocator_read(file, error);
        if (!allocator)
            return false;
        g_ptr_array_add(allocators, allocator);
    }
    return true;
}

GPtrArray *allocator_read_all(const char *const *dirs, GError **error)
{
    g_autoptr(GPtrArray) allocators = g_ptr_array_new_with_free_func(allocator_unref);
    for (; *dirs; dirs++)
        if (!read_folder(*dirs, allocators, error))
            return NULL;
    g_ptr_array_sort(allocators, by_name);
    return g_steal_pointer(&allocators);
}
