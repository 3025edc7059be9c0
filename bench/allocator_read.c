/* Descriptors as files: see allocator.h for what is refused. */
#include "allocator.h"

#include "calls.h"
#include "error.h"
#include "ini.h"
#include "section.h"
#include "units.h"

#include <string.h>

#define NAME_GRAMMAR "[a-z0-9][a-z0-9.-]*, at most " G_STRINGIFY(ALLOCATOR_NAME_MAX) " characters"

static const struct {
    const char *key;
    size_t field;
} ALLOCATOR_KEYS[] = {
    {"summary", offsetof(struct allocator, summary)},
    {"preload", offsetof(struct allocator, preload)},
    {"package", offsetof(struct allocator, package)},
    {"purge", offsetof(struct allocator, purge)},
    {"collect", offsetof(struct allocator, collect)},
    {"version", offsetof(struct allocator, version)},
    {"debug", offsetof(struct allocator, debug)},
    {"written-for", offsetof(struct allocator, written_for)},
};

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
    g_free(setting->behaves);
    g_ptr_array_unref(setting->variables);
    g_ptr_array_unref(setting->expectations);
    g_free(setting);
}

void allocator_free(struct allocator *allocator)
{
    if (!allocator)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(ALLOCATOR_KEYS); i++)
        g_free(G_STRUCT_MEMBER(char *, allocator, ALLOCATOR_KEYS[i].field));
    g_strfreev(allocator->programs);
    g_free(allocator->name);
    g_free(allocator->path);
    g_ptr_array_unref(allocator->reads);
    g_ptr_array_unref(allocator->settings);
    g_free(allocator);
}

#define NAME_CHARACTERS G_CSET_a_2_z G_CSET_DIGITS ".-"

static bool is_name_of(const char *characters, const char *text)
{
    return g_ascii_isalnum(*text) && strlen(text) <= ALLOCATOR_NAME_MAX &&
           strspn(text, characters) == strlen(text);
}

static bool is_name(const char *text)
{
    return is_name_of(NAME_CHARACTERS, text);
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

/* KEY is PREFIX.NAME or PREFIX.NAME@RANGE. */
static bool read_variable(const struct ini *ini, const char *group, const char *key, const char *value,
                          GPtrArray *variables, GError **error)
{
    struct allocator_variable *variable = g_new0(struct allocator_variable, 1);
    const char *name = strchr(key, '.') + 1, *at = strchr(name, '@');
    variable->name = at ? g_strndup(name, (gsize)(at - name)) : g_strdup(name);
    variable->value = g_strdup(value);
    const char *problem = NULL;
    bool is_environment = g_str_has_prefix(key, "env.");
    if (!is_variable_name(variable->name))
        problem = "no name (letters, digits and _)";
    else if (is_environment && g_str_has_prefix(variable->name, "LD_"))
        problem = "variables of the loader are not a setting; the library is `preload`";
    else if (!is_environment && *value == '\0')
        problem = "has no value";
    else if (at && !read_range(at + 1, variable))
        problem = "the range after @ is LOW..HIGH, of versions like 2.0.9; one of them may be missing";
    else if (overlaps_another(variable, variables))
        problem = "the same name is given for the same versions before";
    if (problem) {
        variable_free(variable);
        return ini_refuse(ini, group, key, error, "%s", problem);
    }
    g_ptr_array_add(variables, variable);
    return true;
}

static bool read_behaves(const struct ini *ini, const char *group, const char *text,
                         struct allocator_setting *setting, GError **error)
{
    static const char *const known[] = {"returns", "keeps", "lazy", NULL};
    if (!g_strv_contains(known, text))
        return ini_refuse(ini, group, "behaves", error, "\"%s\" is not returns, keeps or lazy", text);
    setting->behaves = g_strdup(text);
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
    if (g_str_has_prefix(key, "expect."))
        return read_variable(ini, group, key, text, setting->expectations, error);
    if (strcmp(key, "behaves") == 0)
        return read_behaves(ini, group, text, setting, error);
    if (strcmp(key, "policy") == 0) {
        if (!allocator_policy_parse(text, &setting->policy))
            return ini_refuse(ini, group, key, error, "\"%s\" is not default, eager, delayed, lazy or never",
                              text);
    } else if (strcmp(key, "delay-ms") == 0) {
        setting->has_delay = units_parse_digits(text, &setting->delay_ms);
        if (!setting->has_delay)
            return ini_refuse(ini, group, key, error, "\"%s\" is not a whole number, in ms without a unit",
                              text);
    } else if (strcmp(key, "own-thread") == 0) {
        if (!units_parse_boolean(text, &setting->own_thread, &cause))
            return ini_refuse(ini, group, key, error, "%s", cause->message);
    } else {
        return ini_refuse(
            ini, group, key, error,
            "unknown key; a setting has policy, delay-ms, own-thread, behaves, env.VARIABLE[@LOW..HIGH], "
            "expect.NAME[@LOW..HIGH]");
    }
    return true;
}

static bool read_setting(const struct ini *ini, const char *group, struct allocator *allocator,
                         GError **error)
{
    struct allocator_setting *setting = g_new0(struct allocator_setting, 1);
    setting->variables = g_ptr_array_new_with_free_func(variable_free);
    setting->expectations = g_ptr_array_new_with_free_func(variable_free);
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

/* An empty value is an absent one, or refused by who reads it. */
static const char *call_problem(const char *key, const char *text)
{
    static const char *const calls[] = {"purge", "collect", "version", "debug", NULL};
    bool is_call = g_str_has_prefix(key, "read.") || g_strv_contains(calls, key);
    return is_call && *text != '\0' ? calls_problem(key, text) : NULL;
}

static bool read_role(const struct ini *ini, const char *group, struct allocator *allocator, GError **error)
{
    g_autofree char *text = ini_text(ini, group, "role", error);
    if (!text)
        return false;
    allocator->is_floor = strcmp(text, "floor") == 0;
    return allocator->is_floor || *text == '\0' ||
           ini_refuse(ini, group, "role", error,
                      "\"%s\" is not floor, the only role; leave the key out for an allocator like others",
                      text);
}

/* Which are workloads is seen where they are run: what builds them may be missing. */
static bool read_programs(const struct ini *ini, const char *group, struct allocator *allocator,
                          GError **error)
{
    const struct section in = {.ini = ini, .group = group};
    allocator->programs = section_list(&in, "programs");
    for (char **name = allocator->programs; name && *name; name++)
        if (!is_name_of(NAME_CHARACTERS G_CSET_A_2_Z "_", *name))
            return ini_refuse(
                ini, group, "programs", error,
                "\"%s\" is no name of a workload: letters, digits, . - _, at most %d characters", *name,
                ALLOCATOR_NAME_MAX);
    return true;
}

static bool read_headroom(const struct ini *ini, const char *group, struct allocator *allocator,
                          GError **error)
{
    g_autofree char *text = ini_text(ini, group, "headroom", error);
    if (!text || *text == '\0')
        return text != NULL;
    char *end;
    allocator->headroom = g_ascii_strtod(text, &end);
    bool is_number = g_ascii_isdigit(*text) && *end == '\0';
    return (is_number && allocator->headroom >= 1 && allocator->headroom <= 100) ||
           ini_refuse(ini, group, "headroom", error,
                      "\"%s\" is no number from 1 to 100: how many times what the map asks for", text);
}

static bool read_allocator_key(const struct ini *ini, const char *group, const char *key,
                               struct allocator *allocator, GError **error)
{
    bool reads = g_str_has_prefix(key, "read.");
    char **field = find_field(allocator, key);
    if (strcmp(key, "role") == 0)
        return read_role(ini, group, allocator, error);
    if (strcmp(key, "programs") == 0)
        return read_programs(ini, group, allocator, error);
    if (strcmp(key, "headroom") == 0)
        return read_headroom(ini, group, allocator, error);
    if (!field && !reads)
        return ini_refuse(ini, group, key, error,
                          "unknown key; known are summary, preload, programs, package, role, headroom, "
                          "purge, collect, version, "
                          "debug, written-for, read.NAME[@LOW..HIGH]");
    g_autofree char *text = ini_text(ini, group, key, error);
    if (!text)
        return false;
    const char *problem = call_problem(key, text);
    if (problem)
        return ini_refuse(ini, group, key, error, "\"%s\": %s", text, problem);
    if (reads)
        return read_variable(ini, group, key, text, allocator->reads, error);
    if (*text != '\0')
        *field = g_steal_pointer(&text);
    return true;
}

static bool read_allocator_group(const struct ini *ini, const char *group, struct allocator *allocator,
                                 GError **error)
{
    g_auto(GStrv) keys = g_key_file_get_keys(ini_values(ini), group, NULL, NULL);
    for (char **key = keys; *key; key++)
        if (!read_allocator_key(ini, group, *key, allocator, error))
            return false;
    if (!allocator->summary)
        return ini_refuse(ini, group, "summary", error, "missing");
    if (allocator->preload && !is_preload(allocator->preload))
        return ini_refuse(ini, group, "preload", error, "\"%s\" is neither a soname nor an absolute path",
                          allocator->preload);
    if (allocator->programs && (allocator->preload || allocator->is_floor))
        return ini_refuse(ini, group, "programs", error, "an allocator that is built into programs has no %s",
                          allocator->preload ? "preload" : "role");
    return true;
}

static bool has_read(const struct allocator *allocator, const char *name)
{
    for (guint i = 0; i < allocator->reads->len; i++)
        if (strcmp(((struct allocator_variable *)allocator->reads->pdata[i])->name, name) == 0)
            return true;
    return false;
}

/* An expectation of what nothing reads would never be looked at. Last of all, for groups have no order. */
static bool expectations_are_read(const struct ini *ini, const struct allocator *allocator, GError **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(ini_values(ini), NULL);
    for (char **group = groups; *group; group++) {
        g_auto(GStrv) keys = g_key_file_get_keys(ini_values(ini), *group, NULL, NULL);
        for (char **key = keys; *key; key++) {
            if (!g_str_has_prefix(*key, "expect."))
                continue;
            const char *name = *key + strlen("expect.");
            g_autofree char *bare = g_strndup(name, strcspn(name, "@"));
            if (!has_read(allocator, bare))
                return ini_refuse(ini, *group, *key, error, "[allocator] has no read.%s", bare);
        }
    }
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
    return expectations_are_read(ini, allocator, error);
}

struct allocator *allocator_read(const char *path, GError **error)
{
    g_autoptr(allocator_descriptor) allocator = g_new0(struct allocator, 1);
    allocator->path = g_strdup(path);
    allocator->name = g_path_get_basename(path);
    allocator->headroom = ALLOCATOR_HEADROOM;
    allocator->reads = g_ptr_array_new_with_free_func(variable_free);
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
