/* A descriptor: refused with its place, or taken as it stands and fit to become names and an environment. */
#include "allocator.h"
#include "fuzz_ini.h"

static void assert_is_name(const char *name)
{
    g_assert_true(g_ascii_islower(*name) || g_ascii_isdigit(*name));
    g_assert_cmpuint(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-"), ==, strlen(name));
    g_assert_cmpuint(strlen(name), <=, ALLOCATOR_NAME_MAX);
}

/* Strings as execve takes them, each variable once; none reaches the loader. */
static void assert_is_environment(const struct allocator_setting *setting, const char *version)
{
    g_auto(GStrv) environment = allocator_environment(setting, version);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (char **entry = environment; *entry; entry++) {
        size_t length = strspn(*entry, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_");
        g_assert_true(length > 0 && (*entry)[length] == '=' && !g_ascii_isdigit(**entry));
        g_assert_false(g_str_has_prefix(*entry, "LD_"));
        if (!g_hash_table_add(seen, g_strndup(*entry, length)))
            g_error("twice for version %s: %s", version ? version : "?", *entry);
    }
}

static void assert_compares_both_ways(const char *a, const char *b)
{
    if (a && b)
        g_assert_cmpint(allocator_version_compare(a, b), ==, -allocator_version_compare(b, a));
}

static void assert_setting(const struct allocator_setting *setting)
{
    static const char *const versions[] = {"0", "2.0.9", "5.3.0-0-gabc", "212", "no digits", NULL};
    assert_is_name(setting->name);
    g_assert_nonnull(allocator_policy_name(setting->policy));
    assert_is_environment(setting, NULL);
    for (const char *const *version = versions; *version; version++)
        assert_is_environment(setting, *version);
    for (guint i = 0; i < setting->variables->len; i++) { /* at the ends of ranges something changes */
        const struct allocator_variable *variable = setting->variables->pdata[i];
        assert_compares_both_ways(variable->low_version, variable->high_version);
        if (variable->low_version)
            assert_is_environment(setting, variable->low_version);
        if (variable->high_version)
            assert_is_environment(setting, variable->high_version);
    }
}

/* The file says nothing that was dropped. */
static void assert_nothing_is_lost(const struct allocator *allocator, const char *path)
{
    g_autoptr(ini_file) ini = ini_read(path, NULL);
    for (guint i = 0; i < allocator->settings->len; i++) {
        const struct allocator_setting *setting = allocator->settings->pdata[i];
        g_autofree char *group = g_strdup_printf("setting %s", setting->name);
        g_auto(GStrv) keys = g_key_file_get_keys(ini_values(ini), group, NULL, NULL);
        guint variables = 0;
        for (char **key = keys; *key; key++) {
            if (!g_str_has_prefix(*key, "env."))
                continue;
            const struct allocator_variable *variable = setting->variables->pdata[variables++];
            g_autofree char *value = ini_text(ini, group, *key, NULL);
            g_assert_cmpstr(variable->value, ==, value);
            g_assert_true(g_str_has_prefix(*key + strlen("env."), variable->name));
        }
        g_assert_cmpuint(variables, ==, setting->variables->len);
        g_autofree char *delay = ini_text(ini, group, "delay-ms", NULL);
        g_assert_true(setting->has_delay == (delay != NULL));
        if (delay)
            g_assert_cmpuint(strspn(delay, G_CSET_DIGITS), ==, strlen(delay));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const whole[] = {"[allocator]: missing", "[setting NAME]: no setting at all", NULL};
    const char *path = fuzz_file(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(allocator_descriptor) allocator = allocator_read(path, &error);
    if (!allocator) {
        fuzz_assert_ini_refused(error, path, data, size, whole);
        return 0;
    }
    g_assert_no_error(error);
    fuzz_assert_ini_is_whole(path);
    g_assert_cmpuint(allocator->settings->len, >, 0);
    g_assert_true(allocator->summary && *allocator->summary);
    if (allocator->preload)
        g_assert_true(*allocator->preload == '/' || !strchr(allocator->preload, '/'));
    g_assert_true(!allocator->programs ||
                  (*allocator->programs && !allocator->preload && !allocator->is_floor));
    g_assert_true(allocator->headroom >= 1 && allocator->headroom <= 100);
    for (guint i = 0; i < allocator->settings->len; i++)
        assert_setting(allocator->settings->pdata[i]);
    assert_nothing_is_lost(allocator, path);
    return 0;
}
