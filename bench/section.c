#include "section.h"

#include "error.h"

char *section_text(const struct section *in, const char *key)
{
    return ini_text(in->ini, in->group, key, NULL);
}

bool section_has_only(const struct section *in, const char *const *known, GError **error)
{
    g_auto(GStrv) keys = g_key_file_get_keys(ini_values(in->ini), in->group, NULL, NULL);
    for (char **key = keys; key && *key; key++)
        if (!g_strv_contains(known, *key)) {
            g_autofree char *list = g_strjoinv(", ", (char **)(uintptr_t)known);
            return section_refuse(in, *key, error, "unknown key; this group takes %s", list);
        }
    return true;
}

/* Parses a value through a units_parse_* function; an absent key leaves the default unless needed. */
#define READ_WITH(parse)                                                                                     \
    g_autofree char *text = section_text(in, key);                                                           \
    if (!text)                                                                                               \
        return !needed || section_refuse(in, key, error, "is missing");                                      \
    g_autoptr(GError) why = NULL;                                                                            \
    return parse(text, value, &why) || section_refuse(in, key, error, "%s", why->message)

bool section_count(const struct section *in, const char *key, bool needed, uint64_t *value, GError **error)
{
    READ_WITH(units_parse_count);
}

bool section_bytes(const struct section *in, const char *key, bool needed, uint64_t *value, GError **error)
{
    READ_WITH(units_parse_bytes);
}

/* A window is 32 bits in driver/params.c; and deadlines are added up in ns. */
static bool parse_window_ms(const char *text, uint64_t *ms, GError **error)
{
    if (!units_parse_duration_ms(text, ms, error))
        return false;
    if (*ms > G_MAXUINT32)
        g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA, "\"%s\" is more than 1193 h", text);
    return *ms <= G_MAXUINT32;
}

bool section_window_ms(const struct section *in, const char *key, bool needed, uint64_t *value,
                       GError **error)
{
    READ_WITH(parse_window_ms);
}

bool section_range(const struct section *in, const char *key, bool needed, struct units_range *value,
                   GError **error)
{
    READ_WITH(units_parse_range);
}

bool section_fraction(const struct section *in, const char *key, bool needed, double *value, GError **error)
{
    READ_WITH(units_parse_fraction);
}

bool section_word(const struct section *in, const char *key, bool needed, const char *const *words,
                  char **value, GError **error)
{
    g_autofree char *text = section_text(in, key);
    if (!text)
        return !needed || section_refuse(in, key, error, "is missing");
    if (!g_strv_contains(words, text)) {
        g_autofree char *list = g_strjoinv(", ", (char **)(uintptr_t)words);
        return section_refuse(in, key, error, "\"%s\" is none of %s", text, list);
    }
    g_free(*value);
    *value = g_steal_pointer(&text);
    return true;
}

char **section_list(const struct section *in, const char *key)
{
    g_autofree char *text = section_text(in, key);
    if (!text || !*text)
        return NULL;
    g_auto(GStrv) parts = g_strsplit_set(text, " \t", -1);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (char **part = parts; *part; part++)
        if (**part)
            g_strv_builder_add(builder, *part);
    return g_strv_builder_end(builder);
}
