/* fuzz_ini.h: what a refused INI file must say: FILE:LINE: [GROUP] KEY: problem, where the line does have that
 * key in that group. */
#ifndef AFTERFREE_FUZZ_INI_H
#define AFTERFREE_FUZZ_INI_H

#include "fuzz.h"
#include "ini.h"

/* "[GROUP]" or "[GROUP] KEY: " as that line says; the caller frees. */
static inline char *fuzz_ini_place(const uint8_t *data, size_t size, guint64 line)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    const char *group = "";
    for (guint64 i = 0; i < line; i++)
        if (*g_strstrip(lines[i]) == '[')
            group = lines[i];
    if (group == lines[line - 1])
        return g_strdup(group);
    g_auto(GStrv) pair = g_strsplit(lines[line - 1], "=", 2);
    g_assert_nonnull(pair[0]);
    return g_strdup_printf("%s %s: ", group, g_strchomp(pair[0]));
}

/* `whole`: how refusals begin that no line is to blame for, closed by NULL. */
static inline void fuzz_assert_ini_refused(const GError *error, const char *path, const uint8_t *data,
                                           size_t size, const char *const *whole)
{
    guint64 line;
    const char *place = fuzz_assert_error(error, EXIT_BAD_DATA, path);
    if (*place == ' ') {
        for (; *whole; whole++)
            if (g_str_has_prefix(place + 1, *whole))
                return;
        g_error("names no line: %s", error->message);
    }
    const char *problem = fuzz_assert_line(place, data, size, &line);
    g_autoptr(ini_file) ini = ini_read(path, NULL);
    if (!ini) /* no INI file at all: there need be no group and key */
        return;
    g_autofree char *expected = fuzz_ini_place(data, size, line);
    if (!g_str_has_prefix(problem, expected))
        g_error("line %" G_GUINT64_FORMAT " is %s: %s", line, expected, error->message);
}

/* What is taken has no value that cannot be read, which would be taken for an absent one. */
static inline void fuzz_assert_ini_is_whole(const char *path)
{
    g_autoptr(ini_file) ini = ini_read(path, NULL);
    g_auto(GStrv) groups = g_key_file_get_groups(ini_values(ini), NULL);
    for (char **group = groups; *group; group++) {
        g_auto(GStrv) keys = g_key_file_get_keys(ini_values(ini), *group, NULL, NULL);
        for (char **key = keys; *key; key++) {
            g_autofree char *text = ini_text(ini, *group, *key, NULL);
            g_assert_nonnull(text);
        }
    }
}

#endif
