#include "allocator.h"

#include "error.h"
#include "ini.h"
#include "units.h"

#include <string.h>

#define NAME_GRAMMAR "[a-z0-9][a-z0-9.-]*"

static const char *const POLICIES[] = {
    [ALLOCATOR_POLICY_DEFAULT] = "default", [ALLOCATOR_POLICY_EAGER] = "eager",
    [ALLOCATOR_POLICY_DELAYED] = "delayed", [ALLOCATOR_POLICY_LAZY] = "lazy",
    [ALLOCATOR_POLICY_NEVER] = "never",
};

static const struct {
    const char *key;
    size_t field;
} ALLOCATOR_KEYS[] = {
    {"summary", offsetof(struct allocator, summary)},
    {"preload", offsetof(struct allocator, preload)},
    {"package", offsetof(struct allocator, package)},
    {"purge", offsetof(struct allocator, purge)},
    {"version", offsetof(struct allocator, version)},
    {"written-for", offsetof(struct allocator, written_for)},
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

static void variable_free(gpointer data)
{
    struct allocator_variable *variable = data;
    g_free(variable->name);
    g_free(variable->value);
    g_free(variable->low_version);
    g_free(variable->high_version);
    g_free(variable);
}

static void setting_free(gpointer data)
{
    struct allocator_setting *setting = data;
    g_free(setting->name);
    g_ptr_array_unref(setting->variables);
    g_free(setting);
}

void allocator_free(struct allocator *allocator)
{
    if (!allocator)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(ALLOCATOR_KEYS); i++)
        g_free(G_STRUCT_MEMBER(char *, allocator, ALLOCATOR_KEYS[i].field));
    g_free(allocator->name);
    g_free(allocator->path);
    g_ptr_array_unref(allocator->settings);
    g_free(allocator);
}

static bool is_name(const char *text)
{
    return g_ascii_isalnum(*text) && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-") == strlen(text);
}

static bool is_variable_name(const char *text)
{
    return *text != '\0' && !g_ascii_isdigit(*text) &&
           strspn(text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_") == strlen(text);
}

static bool is_version(const char *text)
{
    for (;; text++) {
        if (!g_ascii_isdigit(*text))
            return false;
        while (g_ascii_isdigit(*text))
            text++;
        if (*text != '.')
            return *text == '\0';
    }
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

/* LOW..HIGH after the @; either may be missing, not both. */
static bool read_range(const char *text, struct allocator_variable *variable)
{
    g_auto(GStrv) ends = g_strsplit(text, "..", 2);
    if (g_strv_length(ends) != 2 || (*ends[0] == '\0' && *ends[1] == '\0'))
        return false;
    if ((*ends[0] != '\0' && !is_version(ends[0])) || (*ends[1] != '\0' && !is_version(ends[1])))
        return false;
    if (*ends[0] != '\0')
        variable->low_version = g_strdup(ends[0]);
    if (*ends[1] != '\0')
        variable->high_version = g_strdup(ends[1]);
    return !variable->low_version || !variable->high_version ||
           allocator_version_compare(variable->low_version, variable->high_version) <= 0;
}

static bool is_below(const struct allocator_variable *a, const struct allocator_variable *b)
{
    return a->high_version && b->low_version &&
           allocator_version_compare(a->high_version, b->low_version) < 0;
}

/* Two values of one variable for one version: which would count? */
static bool overlaps_another(const struct allocator_variable *variable, const GPtrArray *variables)
{
    for (guint i = 0; i < variables->len; i++) {
        const struct allocator_variable *other = variables->pdata[i];
        if (strcmp(variable->name, other->name) == 0 && !is_below(variable, other) &&
            !is_below(other, variable))
            return true;
    }
    return false;
}

static bool read_variable(const struct ini *ini, const char *group, const char *key, char *value,
                          GPtrArray *variables, GError **error)
{
    struct allocator_variable *variable = g_new0(struct allocator_variable, 1);
    const char *name = key + strlen("env."), *at = strchr(name, '@');
    variable->name = at ? g_strndup(name, (gsize)(at - name)) : g_strdup(name);
    variable->value = g_strdup(value);
    const char *problem = NULL;
    if (!is_variable_name(variable->name))
        problem = "no name of an environment variable (letters, digits and _)";
    else if (g_str_has_prefix(variable->name, "LD_"))
        problem = "variables of the loader are not a setting; the library is `preload`";
    else if (at && !read_range(at + 1, variable))
        problem = "the range after @ is LOW..HIGH, of versions like 2.0.9; one of them may be missing";
    else if (overlaps_another(variable, variables))
        problem = "the same variable is given for the same versions before";
    if (problem) {
        variable_free(variable);
        return ini_refuse(ini, group, key, error, "%s", problem);
    }
    g_ptr_array_add(variables, variable);
    return true;
}

static bool read_setting_key(const struct ini *ini, const char *group, const char *key,
                             struct allocator_setting *setting, GError **error)
{
    g_autofree char *text = ini_text(ini, group, key, error);
    g_autoptr(GError) cause = NULL;
    if (!text)
        return false;
    if (g_str_has_prefix(key, "env."))
        return read_variable(ini, group, key, text, setting->variables, error);
    if (strcmp(key, "policy") == 0) {
        if (!allocator_policy_parse(text, &setting->policy))
            return ini_refuse(ini, group, key, error, "\"%s\" is not default, eager, delayed, lazy or never",
                              text);
    } else if (strcmp(key, "delay-ms") == 0) {
        setting->has_delay = g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &setting->delay_ms, NULL);
        if (!setting->has_delay)
            return ini_refuse(ini, group, key, error, "\"%s\" is not a whole number, in ms without a unit",
                              text);
    } else if (strcmp(key, "own-thread") == 0) {
        if (!units_parse_boolean(text, &setting->own_thread, &cause))
            return ini_refuse(ini, group, key, error, "%s", cause->message);
    } else {
        return ini_refuse(
            ini, group, key, error,
            "unknown key; a setting has policy, delay-ms, own-thread, env.VARIABLE[@LOW..HIGH]");
    }
    return true;
}

static bool read_setting(const struct ini *ini, const char *group, struct allocator *allocator,
                         GError **error)
{
    struct allocator_setting *setting = g_new0(struct allocator_setting, 1);
    setting->variables = g_ptr_array_new_with_free_func(variable_free);
    setting->name = g_strdup(group + strlen("setting "));
    g_ptr_array_add(allocator->settings, setting);
    if (!is_name(setting->name))
        return ini_refuse(ini, group, NULL, error, "a setting's name is " NAME_GRAMMAR);
    g_auto(GStrv) keys = g_key_file_get_keys(ini_values(ini), group, NULL, NULL);
    for (char **key = keys; *key; key++)
        if (!read_setting_key(ini, group, *key, setting, error))
            return false;
    if (!g_key_file_has_key(ini_values(ini), group, "policy", NULL))
        return ini_refuse(ini, group, "policy", error, "missing");
    return true;
}

static char **find_field(struct allocator *allocator, const char *key)
{
    for (guint i = 0; i < G_N_ELEMENTS(ALLOCATOR_KEYS); i++)
        if (strcmp(key, ALLOCATOR_KEYS[i].key) == 0)
            return &G_STRUCT_MEMBER(char *, allocator, ALLOCATOR_KEYS[i].field);
    return NULL;
}

/* Blanks and colons separate libraries in LD_PRELOAD. */
static bool is_preload(const char *text)
{
    return (*text == '/' || !strchr(text, '/')) && !strpbrk(text, " \t:");
}

static bool read_allocator_group(const struct ini *ini, const char *group, struct allocator *allocator,
                                 GError **error)
{
    g_auto(GStrv) keys = g_key_file_get_keys(ini_values(ini), group, NULL, NULL);
    for (char **key = keys; *key; key++) {
        char **field = find_field(allocator, *key);
        if (!field)
            return ini_refuse(
                ini, group, *key, error,
                "unknown key; known are summary, preload, package, purge, version, written-for");
        g_autofree char *text = ini_text(ini, group, *key, error);
        if (!text)
            return false;
        if (*text != '\0')
            *field = g_steal_pointer(&text);
    }
    if (!allocator->summary)
        return ini_refuse(ini, group, "summary", error, "missing");
    if (allocator->preload && !is_preload(allocator->preload))
        return ini_refuse(ini, group, "preload", error, "\"%s\" is neither a soname nor an absolute path",
                          allocator->preload);
    return true;
}

static bool read_groups(const struct ini *ini, struct allocator *allocator, GError **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(ini_values(ini), NULL);
    for (char **group = groups; *group; group++) {
        bool good;
        if (strcmp(*group, "allocator") == 0)
            good = read_allocator_group(ini, *group, allocator, error);
        else if (g_str_has_prefix(*group, "setting "))
            good = read_setting(ini, *group, allocator, error);
        else
            good =
                ini_refuse(ini, *group, NULL, error, "unknown group; known are [allocator], [setting NAME]");
        if (!good)
            return false;
    }
    if (!g_key_file_has_group(ini_values(ini), "allocator"))
        return ini_refuse(ini, "allocator", NULL, error, "missing");
    if (allocator->settings->len == 0)
        return ini_refuse(ini, "setting NAME", NULL, error, "no setting at all");
    return true;
}

struct allocator *allocator_read(const char *path, GError **error)
{
    g_autoptr(allocator_descriptor) allocator = g_new0(struct allocator, 1);
    allocator->path = g_strdup(path);
    allocator->name = g_path_get_basename(path);
    allocator->settings = g_ptr_array_new_with_free_func(setting_free);
    if (g_str_has_suffix(allocator->name, ".ini"))
        allocator->name[strlen(allocator->name) - strlen(".ini")] = '\0';
    if (!is_name(allocator->name)) {
        g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA, "%s: an allocator's name is " NAME_GRAMMAR, path);
        return NULL;
    }
    g_autoptr(ini_file) ini = ini_read(path, error);
    if (!ini || !read_groups(ini, allocator, error))
        return NULL;
    return g_steal_pointer(&allocator);
}

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

static bool applies(const struct allocator_variable *variable, const char *version)
{
    if (!variable->low_version && !variable->high_version)
        return true;
    if (!version || !strpbrk(version, G_CSET_DIGITS))
        return false;
    return (!variable->low_version || allocator_version_compare(version, variable->low_version) >= 0) &&
           (!variable->high_version || allocator_version_compare(version, variable->high_version) <= 0);
}

char **allocator_environment(const struct allocator_setting *setting, const char *version)
{
    GPtrArray *environment = g_ptr_array_new();
    for (guint i = 0; i < setting->variables->len; i++) {
        const struct allocator_variable *variable = setting->variables->pdata[i];
        if (applies(variable, version))
            g_ptr_array_add(environment, g_strdup_printf("%s=%s", variable->name, variable->value));
    }
    g_ptr_array_add(environment, NULL);
    return (char **)g_ptr_array_free(environment, FALSE);
}
